//! A message of an ISO 8583 listener into a request for the transaction manager: what a terminal of
//! the sealed link would ask, through the same verification.

use tillgate_codec::iso8583::{Fields, View};
use zeroize::Zeroizing;

use super::Processed;
use super::request::{Via, process};
use super::verify::Now;
use crate::directory::Directory;
use crate::listener::{Listener, Named, Unread};
use crate::time::{Calendar, UnixMillis};
use crate::transaction::{Content, Origin, Reply};
use tillgate_store_core::ResponseCode;

/// Decodes and verifies one message. `origin` has the terminal that the message names; only one that
/// is enabled for this listener is answered at all.
pub fn decode_frame(
    message: &[u8],
    listener: &Listener,
    origin: Origin,
    wall: UnixMillis,
    calendar: &Calendar,
    directory: &Directory,
) -> Processed {
    let mut fields = Fields::new();
    let view = listener.profile.dialect().view(message, &mut fields);
    let terminal = directory.at_listener(origin.terminal, &listener.name);
    let (Ok(view), Some(terminal)) = (view, terminal) else {
        return Processed::Reply(Reply { origin, content: Content::KeyEnded });
    };
    let generation = terminal.newest_key().generation;
    let origin = Origin { generation, logged_on: true, ..origin };
    let now = Now::of(calendar, wall, directory);
    let content = match listener.profile.read(&view, calendar, now) {
        Ok(request) => {
            let repeated = repeated(&view, &listener.profile.repeated(&view));
            let via = Via::Listener(&repeated);
            return process(&request.message(), via, origin, now, wall, directory);
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
