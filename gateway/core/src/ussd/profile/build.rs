//! From the document to the profile. All that is wrong is collected, so that it is reported at once.

use arrayvec::ArrayString;
use tillgate_codec::smpp::{DataCoding, Tag};
use tillgate_codec::ussd::{Alphabet, Room};
use toml::Spanned;

use super::super::limits::{ECHO_BYTES_MAX, FIXED_BYTES_MAX};
use super::document::{
    AlphabetWord, AnswerWord, ByWord, CodeWord, CodingDocument, Document, KeyWord, MessageDocument,
    OperationDocument, OperationsDocument, RoomDocument, SessionDocument,
};
use super::operations::{Operation, Operations, WORD_BYTES_MAX};
use super::session::{EndMark, KeyPlace, Session};
use super::{CodePlace, Coding, MessageKind, NotifyBy, SmppProfile, TextPlace};
use crate::iso8583::fault::{Faults, ProfileError};

/// Octets of a tag and a length.
const TLV_HEAD: usize = 4;

pub(super) fn profile(source: &str, document: &Document) -> Result<SmppProfile, ProfileError> {
    let mut found = Faults::new(source);
    let faults = &mut found;
    if document.name.get_ref().is_empty() {
        faults.spanned(&document.name, "name: a profile needs one");
    }
    let session = session(&document.session, faults);
    let message = &document.message;
    let pdu = message.pdu.as_ref().map_or(MessageKind::SubmitSm, |pdu| *pdu.get_ref());
    let usual = match pdu {
        MessageKind::SubmitSm => TextPlace::ShortMessage,
        MessageKind::DataSm => TextPlace::MessagePayload,
    };
    let text = message.text.as_ref().map_or(usual, |text| *text.get_ref());
    if let (MessageKind::DataSm, TextPlace::ShortMessage, Some(place)) = (pdu, text, &message.text)
    {
        faults.spanned(place, "text: a data_sm has no short_message; use \"message_payload\"");
    }
    let operations = operations(&document.operations, session.as_ref(), faults);
    let notify = notify(document, operations.as_ref(), faults);
    for abort in &document.abort_texts {
        if abort.get_ref().trim().is_empty() {
            faults.spanned(abort, "abort_texts: an empty text may be an input");
        }
    }
    let service_code = match message.service_code.as_ref().map(Spanned::get_ref) {
        Some(CodeWord::Text) => CodePlace::Text,
        Some(CodeWord::DestinationAddr) | None => CodePlace::DestinationAddr,
    };
    let service_type = service_type(message, document.operations.get_ref().by, faults);
    let subscriber_prefix = prefix(message, faults);
    let echo = echo(message, session.as_ref(), faults);
    let fixed = fixed(message, session.as_ref(), faults);
    let coding = coding(&document.coding, faults);
    let room = document.room.as_ref().map_or(Room::FULL, |of| room(of.get_ref(), faults));
    let profile = session.zip(operations).map(|(session, operations)| SmppProfile {
        name: document.name.get_ref().clone(),
        about: document.about.clone(),
        session,
        operations,
        pdu,
        text,
        service_type,
        service_code,
        subscriber_prefix,
        echo,
        fixed,
        coding,
        room,
        notify,
        abort_texts: document.abort_texts.iter().map(|text| text.get_ref().clone()).collect(),
    });
    found.result(profile)
}

fn session(document: &Spanned<SessionDocument>, faults: &mut Faults<'_>) -> Option<Session> {
    let said = document.get_ref();
    let length = said.length.as_ref().map(|length| *length.get_ref());
    if let Some(place) = said.length.as_ref().filter(|length| !(1..=32).contains(length.get_ref()))
    {
        faults.spanned(place, "length: 1 to 32 octets are expected");
    }
    let place = match (said.key, &said.tag) {
        (KeyWord::Tlv, Some(tag)) => Some(KeyPlace::Tlv { tag: Tag(*tag.get_ref()), length }),
        (KeyWord::Tlv, None) => {
            faults.spanned(document, "session: key \"tlv\" needs `tag`, such as 0x1501");
            None
        }
        (KeyWord::ItsHighOctet, _) => Some(KeyPlace::ItsHighOctet),
        (KeyWord::Its15Bit, _) => Some(KeyPlace::Its15Bit),
        (KeyWord::UserMessageReference, _) => Some(KeyPlace::UserMessageReference),
        (KeyWord::Msisdn, _) => Some(KeyPlace::Msisdn),
    };
    if said.key != KeyWord::Tlv {
        if let Some(tag) = &said.tag {
            faults.spanned(tag, "tag: only key \"tlv\" has one; remove it");
        }
        if let Some(length) = &said.length {
            faults.spanned(length, "length: only key \"tlv\" has one; remove it");
        }
    }
    let is_echoed = said.key != KeyWord::Msisdn
        && said.answer.as_ref().is_none_or(|answer| *answer.get_ref() == AnswerWord::Echo);
    let end = said.end.as_ref().map_or(EndMark::None, |end| *end.get_ref());
    if let Some(place) = said.end.as_ref().filter(|_| end != EndMark::None && !is_echoed) {
        faults.spanned(
            place,
            "end: answers have no parameter of the session to mark; leave it out, or let \
             `answer` be \"echo\"",
        );
    }
    Some(Session { place: place?, is_echoed, end })
}

fn operations(
    document: &Spanned<OperationsDocument>,
    session: Option<&Session>,
    faults: &mut Faults<'_>,
) -> Option<Operations> {
    let said = document.get_ref();
    let mut one = |name: &str, value: &Spanned<OperationDocument>| {
        let made = operation(value.get_ref(), said.by);
        made.map_err(|what| faults.spanned(value, format!("{name}: {what}"))).ok()
    };
    let mut several = |name: &str, values: &[Spanned<OperationDocument>]| -> Vec<Operation> {
        values.iter().filter_map(|value| one(name, value)).collect()
    };
    let begin = several("begin", &said.begin);
    let input = several("input", &said.input);
    let last_input = several("last_input", &said.last_input);
    let displayed = several("displayed", &said.displayed);
    let aborted = several("aborted", &said.aborted);
    let released = several("released", &said.released);
    let goes_on = one("continue", &said.goes_on);
    let end = one("end", &said.end);
    let notify = said.notify.as_ref().and_then(|value| one("notify", value));
    for (name, values) in [("begin", &said.begin), ("input", &said.input)] {
        if values.is_empty() {
            faults.spanned(document, format!("{name}: at least one operation is needed"));
        }
    }
    let lists = [
        &said.begin,
        &said.input,
        &said.last_input,
        &said.displayed,
        &said.aborted,
        &said.released,
    ];
    let mut seen = Vec::new();
    for value in lists.into_iter().flatten() {
        let Ok(made) = operation(value.get_ref(), said.by) else { continue };
        if seen.contains(&made) {
            let text = "an operation of the centre appears twice: what does it do?";
            faults.spanned(value, text);
        }
        seen.push(made);
    }
    if goes_on == end && goes_on.is_some() && session.is_some_and(|of| of.end == EndMark::None) {
        faults.spanned(
            &said.end,
            "end: it is the same as `continue`, and session.end marks no end; the centre could \
             not distinguish them",
        );
    }
    Some(Operations {
        begin,
        input,
        last_input,
        displayed,
        aborted,
        released,
        goes_on: goes_on?,
        end: end?,
        notify,
    })
}

fn operation(said: &OperationDocument, by: ByWord) -> Result<Operation, String> {
    match (by, said) {
        (ByWord::UssdServiceOp, OperationDocument::Code(code)) => Ok(Operation::Code(*code)),
        (ByWord::ServiceType, OperationDocument::Word(word)) => {
            let fits = !word.is_empty() && word.is_ascii();
            let word = ArrayString::<WORD_BYTES_MAX>::from(word).ok().filter(|_| fits);
            word.map(Operation::Word)
                .ok_or_else(|| "1 to 5 ASCII characters are expected, such as \"BR\"".to_owned())
        }
        (ByWord::UssdServiceOp, OperationDocument::Word(_)) => {
            Err("a number is expected, such as 0x11; words need by = \"service_type\"".to_owned())
        }
        (ByWord::ServiceType, OperationDocument::Code(_)) => {
            Err("a service_type is expected, such as \"BR\"".to_owned())
        }
    }
}

fn notify(
    document: &Document,
    operations: Option<&Operations>,
    faults: &mut Faults<'_>,
) -> NotifyBy {
    let Some(said) = &document.notify else { return NotifyBy::None };
    if *said.get_ref() == NotifyBy::Ussn && operations.is_some_and(|of| of.notify.is_none()) {
        faults.spanned(said, "notify: \"ussn\" needs operations.notify, such as 0x03");
    }
    *said.get_ref()
}

fn service_type(message: &MessageDocument, by: ByWord, faults: &mut Faults<'_>) -> String {
    let Some(said) = &message.service_type else { return "USSD".to_owned() };
    if by == ByWord::ServiceType {
        faults.spanned(said, "service_type: it holds the operation here; remove it");
    }
    if said.get_ref().len() > WORD_BYTES_MAX || !said.get_ref().is_ascii() {
        faults.spanned(said, "service_type: at most 5 ASCII characters are allowed");
    }
    said.get_ref().clone()
}

fn prefix(message: &MessageDocument, faults: &mut Faults<'_>) -> String {
    let Some(said) = &message.subscriber_prefix else { return String::new() };
    if !matches!(said.get_ref().as_str(), "" | "+" | "00") {
        faults.spanned(said, "subscriber_prefix: \"\", \"+\" or \"00\" is expected");
    }
    said.get_ref().clone()
}

/// Parameters that a profile may neither echo nor set.
fn is_taken(tag: Tag, session: Option<&Session>) -> bool {
    matches!(tag, Tag::USSD_SERVICE_OP | Tag::MESSAGE_PAYLOAD)
        || session.and_then(Session::tag) == Some(tag)
}

fn echo(message: &MessageDocument, session: Option<&Session>, faults: &mut Faults<'_>) -> Vec<Tag> {
    let mut tags = Vec::new();
    for said in &message.echo {
        let tag = Tag(*said.get_ref());
        if is_taken(tag, session) || tags.contains(&tag) {
            let text = format!("echo: {tag} is set already; remove it");
            faults.spanned(said, text);
        }
        if tags.len() >= ECHO_BYTES_MAX / (TLV_HEAD + 1) {
            faults.spanned(said, format!("echo: at most {ECHO_BYTES_MAX} octets are echoed"));
        }
        tags.push(tag);
    }
    tags
}

fn fixed(message: &MessageDocument, session: Option<&Session>, faults: &mut Faults<'_>) -> Vec<u8> {
    let mut octets = Vec::new();
    for said in &message.fixed {
        let tag = Tag(said.get_ref().tag);
        if is_taken(tag, session) || message.echo.iter().any(|echo| *echo.get_ref() == tag.0) {
            faults.spanned(said, format!("fixed: {tag} is set already; remove it"));
        }
        let value = hex::decode(&said.get_ref().value).unwrap_or_else(|_| {
            faults.spanned(said, "value: hexadecimal digits are expected, such as \"04\"");
            Vec::new()
        });
        octets.extend_from_slice(&tag.0.to_be_bytes());
        octets.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_be_bytes());
        octets.extend_from_slice(&value);
        if octets.len() > FIXED_BYTES_MAX {
            let text = format!("fixed: at most {FIXED_BYTES_MAX} octets are allowed in all");
            faults.spanned(said, text);
        }
    }
    octets
}

fn coding(document: &CodingDocument, faults: &mut Faults<'_>) -> Coding {
    let mut read = Vec::new();
    for (value, alphabet) in &document.read {
        let number = match value.strip_prefix("0x") {
            Some(digits) => u8::from_str_radix(digits, 16).ok(),
            None => value.parse().ok(),
        };
        match number {
            Some(number) => read.push((DataCoding(number), alphabet_of(*alphabet.get_ref()))),
            None => faults.spanned(
                alphabet,
                format!("coding.read: {value:?} is no data_coding, 0 to 255 or 0x00 to 0xff"),
            ),
        }
    }
    let write = document.write.iter();
    let mut write: Vec<_> =
        write.map(|(word, value)| (alphabet_of(*word), DataCoding(*value))).collect();
    if write.is_empty() {
        write = vec![(Alphabet::Gsm7, DataCoding::DEFAULT), (Alphabet::Ucs2, DataCoding::UCS2)];
    }
    Coding { read, write }
}

const fn alphabet_of(word: AlphabetWord) -> Alphabet {
    match word {
        AlphabetWord::Gsm7 => Alphabet::Gsm7,
        AlphabetWord::Ascii => Alphabet::Ascii,
        AlphabetWord::Latin1 => Alphabet::Latin1,
        AlphabetWord::Ucs2 => Alphabet::Ucs2,
    }
}

/// Also of a profile over HTTP.
pub(crate) fn room(said: &RoomDocument, faults: &mut Faults<'_>) -> Room {
    let full = Room::FULL;
    let bounds = [("septets", &said.septets, full.septets), ("units", &said.units, full.units)];
    for (name, value, most) in bounds {
        if !(1..=most).contains(value.get_ref()) {
            let text = format!("{name}: 1 to {most}, which is what a USSD string holds");
            faults.spanned(value, text);
        }
    }
    Room { septets: *said.septets.get_ref(), units: *said.units.get_ref() }
}
