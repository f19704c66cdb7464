//! Promises 1, 7 and 10 about what crosses the wire: an answer says what the gateway decided, repeats
//! what was asked, and proves itself with the key of the request.

use std::collections::BTreeMap;

use tillgate_codec::iso8583::{Fields, MacVerdict, View};
use tillgate_codec::link::message::{Answer, AnswerKind, GatewayMessage, Totals};
use tillgate_store_core::TerminalId;

use super::AskedFrame;
use crate::world::audit::Checker;
use crate::world::catalogue::nac;

/// Fields that answers repeat.
const BASE: [u8; 4] = [3, 11, 24, 41];
const SALE: [u8; 10] = [3, 4, 11, 12, 13, 24, 25, 41, 42, 49];
const CLOSE: [u8; 8] = [3, 11, 12, 13, 24, 41, 42, 49];

impl Checker {
    /// What is wrong with an answer.
    pub(super) fn frame_otherwise(&self, asked: &AskedFrame, bytes: &[u8]) -> Option<(u8, String)> {
        let (dialect, mut fields, mut of) = (nac(), Fields::new(), Fields::new());
        let request = dialect.view(&asked.message, &mut of).ok()?;
        let whole = dialect.framing().deframe(bytes).ok().flatten();
        let message = whole.filter(|frame| frame.end == bytes.len()).map(|frame| frame.message);
        let answer = message.and_then(|message| dialect.view(&bytes[message], &mut fields).ok());
        let Some(answer) = answer else {
            return Some((1, "the answer is no message".to_owned()));
        };
        let terminal = request.text(41).and_then(|text| text.parse().ok());
        let terminal = TerminalId(terminal.unwrap_or_default());
        let Some(key_id) = asked.key_id else {
            return Some((7, format!("{terminal} is answered, and has not proved who it is")));
        };
        if answer.verify_mac(&self.listener.key(terminal, key_id)) != MacVerdict::Valid {
            return Some((7, format!("{terminal}: its answer has no code of key {key_id}")));
        }
        let header = (request.mti().answer(), request.tpdu().map(|tpdu| tpdu.swapped()));
        if header != (Some(answer.mti()), answer.tpdu()) {
            return Some((1, format!("{terminal}: answered to somebody, or something, else")));
        }
        if [2, 14, 22, 23, 35, 52, 53, 102].into_iter().any(|field| answer.has(field)) {
            return Some((10, format!("{terminal}: its customer's account is sent back")));
        }
        let mut says = self.says(&request, asked);
        says.insert(if answer.has(128) { 128 } else { 64 }, None);
        says.extend(asked.chip.as_ref().map(|_| (55, None)));
        let numbers: Vec<u8> = answer.numbers().collect();
        if !numbers.iter().copied().eq(says.keys().copied()) {
            let wanted: Vec<u8> = says.keys().copied().collect();
            return Some((1, format!("{terminal}: answered with {numbers:?}, not {wanted:?}")));
        }
        if answer.value(55) != asked.chip {
            return Some((1, format!("{terminal}: its chip receives what is another's")));
        }
        let other = says.into_iter().find(|(field, text)| {
            text.as_ref().is_some_and(|text| answer.text(*field).as_ref() != Some(text))
        });
        other.map(|(field, text)| {
            let told = answer.text(field);
            (1, format!("{terminal}: field {field} is {told:?} and not {text:?}"))
        })
    }

    /// The fields of an answer: what it repeats of the request, and what the gateway decided.
    fn says(&self, request: &View<'_>, asked: &AskedFrame) -> BTreeMap<u8, Option<String>> {
        let (mut repeated, mut own, mut code) = (&SALE[..], Vec::new(), *b"12");
        match GatewayMessage::decode(&asked.said) {
            Ok(GatewayMessage::Answer(answer)) => {
                code = answer.code.0;
                match answer.kind {
                    AnswerKind::Sale => own = slip(&answer),
                    // A reversal is acknowledged, however old the sale is.
                    AnswerKind::Reversal if code == *b"B1" => code = *b"00",
                    _ => {}
                }
            }
            Ok(GatewayMessage::Welcome(welcome)) => {
                (repeated, code) = (&BASE, welcome.code.0);
                own = self.calendar.shows(welcome.time_s).to_vec();
            }
            Ok(GatewayMessage::Pong(_)) => (repeated, code) = (&BASE, *b"00"),
            Ok(GatewayMessage::Settled(settled)) => {
                (repeated, code) = (&CLOSE, settled.code.0);
                let Totals { sales_count, sales_minor, reversals_count, reversals_minor } =
                    settled.totals;
                let totals = format!(
                    "{sales_count:04}{sales_minor:012}{reversals_count:04}{reversals_minor:012}"
                );
                // What was not counted has no totals.
                let totals = if [*b"00", *b"95"].contains(&code) { totals } else { String::new() };
                own = vec![(37, settled.rrn.to_owned()), (63, totals)];
            }
            _ => repeated = &[11, 41],
        }
        let repeated = repeated.iter().filter(|field| request.has(**field));
        let repeated = repeated.map(|field| (*field, request.text(*field)));
        let own = own.into_iter().filter(|(_, text)| !text.is_empty());
        let own = own.map(|(field, text)| (field, Some(text)));
        repeated.chain(own).chain([(39, Some(shown(code)))]).collect()
    }
}

/// What the answer to a sale has of its own.
fn slip(answer: &Answer<'_>) -> Vec<(u8, String)> {
    let (serial, pin) = answer.voucher.as_ref().map_or(("", ""), |slip| (slip.serial, slip.pin));
    let own =
        [(37, answer.rrn), (48, answer.reference), (60, serial), (61, pin), (63, answer.lines)];
    own.map(|(field, text)| (field, text.to_owned())).to_vec()
}

/// A response code as these terminals know it.
fn shown(code: [u8; 2]) -> String {
    let shown = match &code {
        b"D1" => b"03",
        b"H1" | b"L1" => b"58",
        b"S1" => b"51",
        b"C1" => b"14",
        b"L2" | b"B1" | b"R1" => b"12",
        other => other,
    };
    String::from_utf8_lossy(shown).into_owned()
}
