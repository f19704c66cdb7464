//! A message of an ISO 8583 listener into a request for the transaction manager: what a terminal of
//! the sealed link would ask, through the same verification.

use tillgate_codec::iso8583::{Fields, MacKey, MacVerdict, View};
use tillgate_store_core::vault::{Secret, terminal_context};
use tillgate_store_core::{
    BatchRecord, ChipAnswer, ContentDigest, Key, ResponseCode, State, Terminal, TerminalKey,
    VerificationResult,
};
use zeroize::Zeroizing;

use super::request::{Via, again, process};
use super::verify::Now;
use super::{Keys, Processed};
use crate::card::CardData;
use crate::directory::Directory;
use crate::listener::{Listener, Named, Request, Unread};
use crate::time::{Calendar, UnixMillis};
use crate::transaction::{Answered, Ask, Asked, Content, Origin, Reply};

/// Decodes and verifies one message. `origin` has the terminal that the message names; only one that
/// is enabled for this listener, and has the key of its authentication code, is answered at all.
pub fn decode_frame(
    message: &[u8],
    listener: &Listener,
    origin: Origin,
    (wall, calendar): (UnixMillis, &Calendar),
    directory: &Directory,
    keys: &Keys,
) -> Processed {
    let mut fields = Fields::new();
    let view = listener.profile.dialect().view(message, &mut fields);
    let terminal = directory.at_listener(origin.terminal, &listener.name);
    let (Ok(view), Some(terminal)) = (view, terminal) else {
        return Processed::Reply(Reply { origin, content: Content::KeyEnded });
    };
    let needs_mac = listener.profile.needs_mac(&view);
    let generation = if needs_mac {
        let is_in_force = |key: &TerminalKey| directory.is_in_force(terminal.id, key);
        authentic(&view, listener, (terminal, is_in_force), keys)
    } else {
        Some(terminal.newest_key().generation)
    };
    let Some(generation) = generation else {
        return Processed::Reply(Reply { origin, content: Content::KeyEnded });
    };
    let origin = Origin { generation, logged_on: true, ..origin };
    let now = Now::of(calendar, wall, directory);
    let content = match listener.profile.read(&view, calendar, now) {
        Ok(request) => {
            let advised_minor = request.advised_minor();
            let repeated = repeated(&view, &listener.profile.repeated(&view));
            let via = Via::Listener { repeated: &repeated, has_proved: needs_mac };
            let Some(message) = request.message() else {
                return batch_record(&request, origin, (now, wall));
            };
            let processed = process(&message, via, origin, now, wall, directory);
            let carried = |account: &str| listener.profile.carried(&view, account);
            return match with_card(processed, carried) {
                Ok(processed) => with_amount(processed, advised_minor),
                // A sale of that number has its row's answer, whatever this message carries.
                Err((key, digest)) => {
                    let of = (Answered::Sale, key, digest);
                    again(of, ResponseCode::FORMAT_ERROR, origin, now, directory)
                }
            };
        }
        Err(Unread::Malformed(Named { kind, stan, date })) => {
            Content::Refused { kind, stan, date, code: ResponseCode::FORMAT_ERROR }
        }
        Err(Unread::Unknown) => Content::Rejected {
            message: 0,
            stan: None,
            date: None,
            code: ResponseCode::NOT_SUPPORTED,
        },
    };
    Processed::Reply(Reply { origin, content })
}

/// Card data goes with a sale of a card that is carried out, and with nothing else: of other requests
/// it is not even read.
///
/// # Errors
/// It cannot go with its sale.
fn with_card(
    mut processed: Processed,
    carried: impl FnOnce(&str) -> Option<Option<Box<CardData>>>,
) -> Result<Processed, (Key, ContentDigest)> {
    if let Processed::Ask(Ask { asked: Asked::Sale { begin, account, card, .. }, .. }) =
        &mut processed
        && matches!(begin.verdict, VerificationResult::Accepted { .. })
        && begin.terms.masked
        && begin.kind.has_provider()
    {
        *card = carried(account).ok_or((begin.key, begin.digest))?;
    }
    Ok(processed)
}

/// A record of a batch is compared with the journal, also a blocked terminal's: it moves no money.
fn batch_record(request: &Request, origin: Origin, (now, wall): (Now, UnixMillis)) -> Processed {
    let Request::Upload((stan, date), amount_minor) = *request else {
        return Processed::Reply(Reply { origin, content: Content::Nothing });
    };
    let sale = Key { date, terminal: origin.terminal, stan };
    let record = BatchRecord { sale, amount_minor, at_ms: wall.0, today: now.date };
    Processed::Ask(Ask { origin, asked: Asked::BatchRecord(record) })
}

/// A confirmation is one of the amount that it says.
fn with_amount(mut processed: Processed, advised_minor: Option<u64>) -> Processed {
    if let Processed::Ask(Ask { asked: Asked::Confirm { amount_minor, .. }, .. }) = &mut processed {
        *amount_minor = advised_minor;
    }
    processed
}

/// What the chip of a card receives with an answer: as the row has it, so that a repeat gets the same.
#[must_use]
pub fn chip_answer(content: &Content) -> Option<&ChipAnswer> {
    let Content::Journalled(row) = content else { return None };
    let tells = row.is_answered() && row.state != State::Reversed;
    row.chip.as_ref().filter(|_| tells)
}

/// The key that a message's code was made with, by its generation.
fn authentic(
    message: &View<'_>,
    listener: &Listener,
    (terminal, is_in_force): (&Terminal, impl Fn(&TerminalKey) -> bool),
    keys: &Keys,
) -> Option<u32> {
    let is_its = |key: &&TerminalKey| {
        let mac = mac_key(listener, terminal, key, keys);
        mac.is_some_and(|mac| message.verify_mac(&mac) == MacVerdict::Valid)
    };
    let mut newest_first = terminal.keys().iter().rev().filter(|key| is_in_force(key));
    newest_first.find(is_its).map(|key| key.generation)
}

/// What the answer to a request is authenticated with: the key of the request.
#[must_use]
pub fn answer_key(
    listener: &Listener,
    origin: &Origin,
    directory: &Directory,
    keys: &Keys,
) -> Option<MacKey> {
    let terminal = directory.at_listener(origin.terminal, &listener.name)?;
    let key = terminal.keys().iter().find(|key| key.generation == origin.generation)?;
    mac_key(listener, terminal, key, keys)
}

fn mac_key(
    listener: &Listener,
    terminal: &Terminal,
    key: &TerminalKey,
    keys: &Keys,
) -> Option<MacKey> {
    let mut plain = Secret::new();
    keys.vault.open(&terminal_context(terminal.id, key.id), &key.sealed, &mut plain).ok()?;
    listener.profile.mac_key(plain.as_bytes())
}

/// The fields that the answer repeats, each with its number and length: they are part of what makes
/// two requests the same, so that a repeat gets the same bytes.
fn repeated(message: &View<'_>, numbers: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut content = Zeroizing::new(Vec::with_capacity(512));
    for number in numbers {
        if let Some(wire) = message.wire(*number) {
            content.push(*number);
            content.extend_from_slice(&u32::try_from(wire.len()).unwrap_or(u32::MAX).to_be_bytes());
            content.extend_from_slice(wire);
        }
    }
    content
}
