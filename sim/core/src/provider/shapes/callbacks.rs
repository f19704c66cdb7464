//! Outcomes that a provider posts by itself, signed.

use std::collections::BTreeMap;

use ring::hmac;

use super::super::DealStatus;
use super::super::script::Effect;
use super::deal::Deals;
use super::{ShapeSettings, distorted, dtone};
use crate::limits::HOST_ANSWERS_MAX;
use crate::time::{Moment, Span};

/// Header of the signature: HMAC-SHA256 of the [`TIMESTAMP`], a dot and the body, in hexadecimal
/// digits.
pub const SIGNATURE: &str = "X-Signature";
/// Header of when it was signed, Unix seconds.
pub const TIMESTAMP: &str = "X-Timestamp";

/// One outcome to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    pub url: String,
    pub body: Vec<u8>,
    secret: String,
    is_wrongly_signed: bool,
}

impl Callback {
    /// The value of the header [`SIGNATURE`] at that time; each attempt has its own.
    #[must_use]
    pub fn signature(&self, sent_s: u64) -> String {
        let text = [format!("{sent_s}.").as_bytes(), &self.body].concat();
        let mut signature = signed(&self.secret, &text);
        if self.is_wrongly_signed {
            let first = if signature.starts_with('0') { "1" } else { "0" };
            signature.replace_range(..1, first);
        }
        signature
    }
}

/// Callbacks that wait for their time.
#[derive(Default)]
pub(super) struct Callbacks {
    due: BTreeMap<(Moment, u64), Planned>,
    count: u64,
}

struct Planned {
    reference: String,
    effect: Effect,
}

impl Callbacks {
    /// Plans what the script wants for a deal that is carried out in `takes`.
    pub(super) fn plan(&mut self, now: Moment, reference: &str, effect: &Effect, takes: Span) {
        let at = now.after(takes);
        let moments = match effect {
            Effect::Silent => vec![],
            Effect::Late(after) | Effect::Pending(after) => vec![now.after(*after)],
            Effect::Duplicate(after) => vec![at, at.after(*after)],
            Effect::ApproveThenDecline(after) | Effect::DeclineThenApprove(after) => {
                vec![at, now.after(*after).max(at)]
            }
            _ => vec![at],
        };
        for at in moments {
            if self.due.len() < HOST_ANSWERS_MAX {
                self.count += 1;
                let (reference, effect) = (reference.to_owned(), effect.clone());
                self.due.insert((at, self.count), Planned { reference, effect });
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn next(
        &mut self,
        now: Moment,
        deals: &Deals,
        settings: &ShapeSettings,
    ) -> Option<Callback> {
        let first = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), Planned { reference, effect }) = first.remove_entry();
        let deal = deals.get(&reference)?;
        let status = match deal.said_at(at) {
            // What is done late is reported as it is now.
            DealStatus::Pending(_) => deal.said_at(now),
            status => status,
        };
        let body = dtone::record(&distorted(deal, &effect), status, settings);
        let (url, secret) = (deal.order.callback_url.clone(), settings.callback_secret.clone());
        let is_wrongly_signed = effect == Effect::WrongMac;
        Some(Callback { url, body: body.to_string().into_bytes(), secret, is_wrongly_signed })
    }
}

/// HMAC-SHA256 (RFC 2104) in hexadecimal digits.
fn signed(secret: &str, text: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::sign(&key, text).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    /// RFC 4231, test case 2.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let signed = super::signed("Jefe", b"what do ya want for nothing?");
        assert_eq!(signed, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
