//! What is asked from a handset into a request for the transaction manager: what a terminal of the
//! sealed link would ask, through the same verification. A PIN is what a key is there.

use tillgate_codec::link::message::{Logon, TerminalMessage};
use tillgate_store_core::vault::Vault;
use tillgate_store_core::{Handset, PinHash, PinTry, ResponseCode};
use tillgate_types::Msisdn;
use zeroize::Zeroizing;

use super::request::{Via, process, standing_code};
use super::verify::Now;
use super::{Keys, Processed};
use crate::directory::Directory;
use crate::time::{Calendar, UnixMillis};
use crate::transaction::{Ask, Asked, Content, Origin, Reply};

/// Which dialog of which handset asks. Its origin has the handset's revision in the place of a key's
/// generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandsetOrigin {
    /// Who dials.
    pub msisdn: Msisdn,
    /// Of the dialog, at random: part of what makes two requests the same, because the numbers of
    /// requests are the gateway's and two dialogs may come to the same one.
    pub dialog: u64,
}

/// What is asked.
pub enum HandsetAsk<'a> {
    /// To be logged on with this PIN.
    LogOn {
        /// As it was typed.
        pin: &'a [u8],
    },
    /// To have another PIN.
    ChangePin {
        /// The one of now, as it was typed.
        old: &'a [u8],
        /// As it was typed.
        new: &'a [u8],
    },
    /// What this body of the sealed link asks.
    Message(&'a [u8]),
}

/// Bytes of randomness that a new PIN takes: a key and the nonce that it is sealed with.
pub const PIN_ENTROPY_BYTES: usize = 32 + 12;

/// Decodes and verifies what is asked. A number that is no handset's, and one whose record has changed
/// since its dialog began, ends with [`Content::KeyEnded`].
pub fn decode_handset(
    ask: &HandsetAsk<'_>,
    from: HandsetOrigin,
    origin: Origin,
    (wall, calendar): (UnixMillis, &Calendar),
    (directory, keys): (&Directory, &Keys),
    entropy: impl FnOnce() -> [u8; PIN_ENTROPY_BYTES],
) -> Processed {
    let now = Now::of(calendar, wall, directory);
    let Some(handset) = directory.handset(from.msisdn, origin) else {
        return Processed::Reply(Reply { origin, content: Content::KeyEnded });
    };
    let (msisdn, revision) = (handset.msisdn, handset.revision);
    let entered = |pin: &[u8]| {
        let is_its = |hash: &PinHash| hash.is_of(&keys.vault, msisdn, pin);
        let matched = handset.pin.as_ref().is_some_and(is_its);
        PinTry { msisdn, revision, matched, at_ms: wall.0 }
    };
    let date = now.date;
    let asked = match ask {
        HandsetAsk::LogOn { pin } => {
            let code = standing_code(directory, origin.terminal);
            Asked::PinLogon { entered: entered(pin), code, date }
        }
        HandsetAsk::ChangePin { old, new } => match changed(&keys.vault, handset, new, entropy()) {
            Some(handset) => Asked::PinChange { entered: entered(old), handset, date },
            None => {
                let code = ResponseCode::MALFUNCTION;
                let content = Content::Welcome { code, date, stan_last: 0 };
                return Processed::Reply(Reply { origin, content });
            }
        },
        HandsetAsk::Message(body) => {
            return message(body, (from, handset), origin, now, wall, directory);
        }
    };
    Processed::Ask(Ask { origin, asked })
}

/// A PIN that others know, too, has to be changed before it sells.
fn message(
    body: &[u8],
    (from, handset): (HandsetOrigin, &Handset),
    origin: Origin,
    now: Now,
    wall: UnixMillis,
    directory: &Directory,
) -> Processed {
    let logged_on = origin.logged_on && !handset.initial;
    let origin = Origin { logged_on, ..origin };
    let message = match TerminalMessage::decode(body) {
        // It would be answered without a PIN.
        Ok(TerminalMessage::Logon(Logon { .. })) | Err(_) => {
            let (message, stan, date) = (0, None, None);
            let code = ResponseCode::FORMAT_ERROR;
            let content = Content::Rejected { message, stan, date, code };
            return Processed::Reply(Reply { origin, content });
        }
        Ok(message) => message,
    };
    process(&message, Via::Handset(from.dialog), origin, now, wall, directory)
}

/// The handset with another PIN, chosen by its holder; `None`: nothing can be sealed.
fn changed(
    vault: &Vault,
    handset: &Handset,
    pin: &[u8],
    entropy: [u8; PIN_ENTROPY_BYTES],
) -> Option<Box<Handset>> {
    let revision = handset.revision.checked_add(1)?;
    let entropy = Zeroizing::new(entropy);
    let (key, nonce) = entropy.split_first_chunk::<32>()?;
    let pin = PinHash::of(vault, handset.msisdn, pin, key, nonce.try_into().ok()?).ok()?;
    let pin = Some(pin);
    Some(Box::new(Handset { revision, initial: false, pin, ..handset.clone() }))
}
