//! Providers: what the gateway asks of them and how it reads what they answer.
//!
//! ```text
//!   TransactionManager ──ProviderRequest──▶ Intake::admit ──▶ queue ──▶ Exchange ──▶ provider
//!           ◀─────────────────────── ProviderResult ────────────────────────┘
//! ```
//!
//! * [`Provider`] is a protocol: the message of a request and the meaning of an answer. One file
//!   for each, such as [`http_json`]; [`http_template`] speaks the protocols that operators
//!   describe.
//! * [`Exchange`] is one request on one connection: what a refused connection, a timeout or an
//!   answer about something else means for it.
//! * [`Awaited`] are the orders about which a provider may say something by itself.
//! * [`Intake`] is what a bridge takes: its queue has an end, and its breaker holds sales back from
//!   a provider that does not answer.
//!
//! None of them does I/O or knows the time: the gateway's shell lends connections, moments and
//! bytes, and the simulated world runs the same code. A *bridge* is the operator's word for a
//! configured connection to a provider.

mod answer;
mod awaited;
mod breaker;
mod exchange;
pub mod http_json;
pub mod http_template;
mod intake;
pub mod iso8583;

use std::fmt;

use tillgate_codec::limits::{LINES_BYTES_MAX, NAME_BYTES_MAX};
use tillgate_store_core::{Key, ProductId, ProviderOutcome, SellerId, ServiceId, Text};

pub use self::awaited::Awaited;
use self::breaker::Breaker;
pub use self::exchange::{Event, Exchange, Step};
pub use self::intake::{Intake, Refused};
use crate::time::UnixMillis;
use tillgate_types::ResponseCode;

/// A protocol that a provider speaks. An implementation has no state about requests: an answer is
/// read with the request that it has to be about.
pub trait Provider {
    /// What is sent for a request.
    type Message;
    /// What is received for it.
    type Answer;

    /// The message of a request. One that is sent again differs only in its attempt. `None` if the
    /// protocol has no form for it (a product without a code of the provider's): nothing is sent,
    /// and the result is [`ProviderRequest::inexpressible`].
    fn request(&self, request: &ProviderRequest) -> Option<Self::Message>;

    /// A message as it leaves at that moment: where the protocol asks for it, with a time or
    /// signature. `None` as of [`Provider::request`].
    fn seal(&self, message: Self::Message, _at: UnixMillis) -> Option<Self::Message> {
        Some(message)
    }

    /// The result that an answer states for this request. `None` unless the answer repeats the
    /// request's reference and amount and is one that the request can have: the outcome is then
    /// UNKNOWN, never approved and never declined.
    fn interpret(&self, request: &ProviderRequest, answer: &Self::Answer)
    -> Option<ProviderResult>;

    /// Why an answer that was read as nothing counts for nothing; without any of its values.
    fn doubt(&self, _request: &ProviderRequest, _answer: &Self::Answer) -> &'static str {
        "it does not repeat the reference and the amount, or says nothing that it can say"
    }

    /// Whether a sale is carried out in two steps: created, and never carried out before it is
    /// confirmed.
    fn has_two_steps(&self) -> bool {
        false
    }

    /// The sale as its confirmation names it, if this is the answer to a sale that was created.
    fn created(
        &self,
        _request: &ProviderRequest,
        _answer: &Self::Answer,
    ) -> Option<ProviderRequest> {
        None
    }

    /// The message that has a created sale carried out; `None` as of [`Provider::request`].
    fn confirmation(&self, _created: &ProviderRequest) -> Option<Self::Message> {
        None
    }

    /// As [`Provider::interpret`], of the answer to a confirmation.
    fn interpret_confirmation(
        &self,
        _created: &ProviderRequest,
        _answer: &Self::Answer,
    ) -> Option<ProviderResult> {
        None
    }
}

/// What a provider is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProviderRequestKind {
    /// Carry a sale out.
    Authorize,
    /// Report the outcome of a sale.
    Inquire,
    /// Undo a sale, also one that arrives later; sent until acknowledged.
    Reverse,
    /// A sale's receipt was confirmed; sent until acknowledged.
    Advise,
    /// Say what is to be paid on an account, and whose it is. Nothing is done, nothing is owed.
    Lookup,
}

/// A sale for a provider, or an inquiry, a reversal or an advice about one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ProviderRequest {
    /// What the provider is asked to do.
    pub kind: ProviderRequestKind,
    /// Ours, for [`Input::ProviderResult`](crate::transaction::Input::ProviderResult): the
    /// transaction that waits for the result. Of a terminal's reversal it is the reversal's.
    pub key: Key,
    /// The request that the sale was asked for with: its terminal, STAN and business date. Of a
    /// lookup its own.
    pub sale: Key,
    /// When the sale came, Unix milliseconds; of a lookup, when it came.
    pub at_ms: u64,
    /// Whose sale it is.
    pub seller: SellerId,
    /// Retrieval reference of the sale (ISO 8583 field 37); empty for a lookup.
    pub rrn: Text<12>,
    /// Index of the bridge.
    pub bridge: u16,
    /// Our own reference of the sale: the provider's idempotency key, the same on every attempt
    /// and whatever is said about the sale.
    pub reference: Text<32>,
    /// The provider's own reference, where it has given one.
    pub provider_reference: Text<32>,
    /// What is sold.
    pub service: ServiceId,
    /// Denomination or plan; 0 for an open amount.
    pub product: ProductId,
    /// In minor units.
    pub amount_minor: u64,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// MSISDN or account.
    pub subscriber: Text<24>,
    /// Of a sale that pays what a lookup found: [`Bill::reference`].
    pub lookup: Text<32>,
    /// 1 for the first attempt to say this; at least 2 if it may have been said before, also
    /// before a restart. The repeat indicator; of an inquiry just its number.
    pub attempt: u32,
}

/// Without the account, which may be the number of a card.
impl fmt::Debug for ProviderRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, key, bridge, reference, amount_minor, attempt, .. } = self;
        let mut shown = f.debug_struct("ProviderRequest");
        shown.field("kind", kind).field("key", key).field("bridge", bridge);
        shown.field("reference", reference).field("amount_minor", amount_minor);
        shown.field("attempt", attempt).finish_non_exhaustive()
    }
}

/// The result of a request: one for each, which may arrive once more, or late, at any time.
///
/// | request | possible results |
/// |---|---|
/// | `Authorize` | Approved, Declined, NotSent, Unknown, [`ProviderResult::Pending`] |
/// | `Inquire` | Approved, Declined, Unknown, [`ProviderResult::Pending`], [`ProviderResult::NotFound`] |
/// | `Reverse` | Reversed, ReversalDeclined, Unknown |
/// | `Advise` | AdviceAcknowledged, ReversalDeclined, Unknown |
/// | `Lookup` | [`ProviderResult::Lookup`] |
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderResult {
    /// A result the ledger can book (or [`ProviderOutcome::Unknown`]).
    Outcome(ProviderOutcome),
    /// The provider has it and is still working on it.
    Pending,
    /// Answer to an inquiry: the provider had not seen our reference when it was asked.
    NotFound {
        /// [`ProviderRequest::attempt`] of that inquiry, or of the earliest whose answer it may be:
        /// since then the order may have arrived.
        attempt: u32,
    },
    /// Answer to a lookup: what was found, or why nothing was (14 no such account, 91 nobody
    /// answered).
    Lookup(Result<Box<Bill>, ResponseCode>),
}

/// What a provider found about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// What the provider calls it; the payment names it.
    pub reference: Text<32>,
    /// What is to be paid, minor units; 0: the customer says it.
    pub amount_minor: u64,
    /// Least and most that may be paid, where the amount may be chosen; 0 and 0: it may not.
    pub amount_range_minor: (u64, u64),
    /// The account's holder; may be empty.
    pub name: Text<NAME_BYTES_MAX>,
    /// Text to show; may be empty.
    pub text: Text<LINES_BYTES_MAX>,
}

impl ProviderRequest {
    /// The result when no byte of this request left. Only a first attempt is certainly unknown to
    /// the provider; a repeated one, or a question, says nothing about the attempt before it.
    #[must_use]
    pub fn not_sent(&self) -> ProviderResult {
        if self.kind == ProviderRequestKind::Lookup {
            return self.unknown();
        }
        if self.kind == ProviderRequestKind::Authorize && self.attempt <= 1 {
            let code = ResponseCode::PROVIDER_UNAVAILABLE;
            return ProviderResult::Outcome(ProviderOutcome::NotSent { code });
        }
        ProviderResult::UNKNOWN
    }

    /// The result when the provider's protocol has no form for this request: no byte left. A first
    /// attempt is declined and not [`ProviderRequest::not_sent`], for it says nothing about the
    /// provider's health.
    #[must_use]
    pub fn inexpressible(&self) -> ProviderResult {
        let code = ResponseCode::INVALID_TRANSACTION;
        match self.kind {
            ProviderRequestKind::Lookup => ProviderResult::Lookup(Err(code)),
            ProviderRequestKind::Authorize if self.attempt <= 1 => {
                let reference = Text::new();
                ProviderResult::Outcome(ProviderOutcome::Declined { code, reference, chip: None })
            }
            _ => ProviderResult::UNKNOWN,
        }
    }

    /// The result when nobody answered, or with something that says nothing about this request.
    #[must_use]
    pub fn unknown(&self) -> ProviderResult {
        if self.kind == ProviderRequestKind::Lookup {
            return ProviderResult::Lookup(Err(ResponseCode::PROVIDER_UNAVAILABLE));
        }
        ProviderResult::UNKNOWN
    }
}

impl ProviderResult {
    /// Nothing is known: the request may have been received and carried out.
    pub const UNKNOWN: Self = Self::Outcome(ProviderOutcome::Unknown);
}

/// A bridge as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// What services are routed by; rows remember its
    /// [`BridgeTag`](tillgate_store_core::BridgeTag).
    pub name: String,
    /// What it can do.
    pub capabilities: Capabilities,
}

/// What a bridge can do beyond carrying an order out once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The same reference again has no second effect.
    pub idempotent: bool,
    /// It can be asked the outcome of a reference.
    pub inquiry: bool,
    /// It takes a reference back; one it has never seen it acknowledges and remembers, so that
    /// the late original is refused.
    pub reversal: bool,
    /// It takes confirmations.
    pub advice: bool,
    /// It says what is to be paid on an account.
    pub lookup: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_log_would_show_of_a_request_has_no_account() {
        let number = "4000001448346403";
        let subscriber = Text::from(number).unwrap();
        let request = ProviderRequest { subscriber, ..request(ProviderRequestKind::Authorize) };
        let exchange = Exchange::new(request, crate::time::Moment(0), crate::time::Span(1));
        for shown in [format!("{request:?}"), format!("{exchange:?}")] {
            assert!(shown.contains("00112233") && !shown.contains(number), "{shown}");
        }
    }

    /// A first attempt of a request of this kind.
    pub(super) fn request(kind: ProviderRequestKind) -> ProviderRequest {
        ProviderRequest {
            kind,
            key: Key::default(),
            sale: Key::default(),
            at_ms: 1_795_000_000_000,
            seller: SellerId(7),
            rrn: Text::from("632600000001").unwrap(),
            bridge: 0,
            reference: Text::from("00112233").unwrap(),
            provider_reference: Text::new(),
            service: ServiceId(20),
            product: ProductId(0),
            amount_minor: 2_500,
            currency: 404,
            subscriber: Text::from("254700000000").unwrap(),
            lookup: Text::new(),
            attempt: 1,
        }
    }
}
