//! What the ledger is asked to do.

use std::fmt;

use crate::ids::{BridgeTag, Key, Text};
use crate::limits::{REFERENCE_BYTES_MAX, SERIAL_BYTES_MAX, SUBSCRIBER_BYTES_MAX};
use crate::record::{
    ChipAnswer, FollowUp, Funding, Handset, Kind, Legs, RegistryRecord, SaleTerms, Totals,
    Velocity, Voucher, VoucherBatch,
};
pub use crate::request::{Asker, ContentDigest};
use crate::reseal::Reseal;
use tillgate_types::{
    BusinessDate, DistributorId, Msisdn, ProductId, ResponseCode, SellerId, ServiceId, TerminalId,
};

/// One command of a batch.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a sale is what nearly every one of them is")]
pub enum Command {
    /// A verified request to sell.
    Begin(Begin),
    /// What a bridge found out about a transaction that something is owed for.
    Finish(Finish),
    /// Nothing was sent to a sale's bridge: its order goes to another one.
    Reroute(Reroute),
    /// The terminal has printed the receipt.
    Confirm(Confirm),
    /// A record of a terminal's batch is compared with the journal.
    BatchRecord(BatchRecord),
    /// The terminal takes a sale back.
    Reverse(Reverse),
    /// The terminal asks for an answer again; nothing new is begun.
    Repeat(Repeat),
    /// Something is owed for a transaction from now on; see [`crate::DueFollowUp`]. Where it makes
    /// no sense, nothing changes.
    DueFollowUp {
        /// The transaction.
        key: Key,
        /// What is owed.
        what: FollowUp,
        /// Unix milliseconds.
        at_ms: u64,
    },
    /// The operator says the outcome of a transaction.
    Resolve(Resolve),
    /// Operators give a sale's money back, with four eyes.
    Refund(RefundOrder),
    /// The terminal closes a business date.
    Settle(Settle),
    /// A handshake was accepted; makes its counter durable.
    Logon {
        /// The terminal.
        terminal: TerminalId,
        /// The key it was made with; see [`crate::TerminalKey::generation`].
        generation: u32,
        /// Its handshake counter.
        counter: u64,
        /// Whether the terminal has logged on over it: keys of lower generations are void.
        proved: bool,
    },
    /// Whoever dials from a handset has entered a PIN.
    PinTry(PinTry),
    /// The holder of a handset changes its PIN.
    SetPin(SetPin),
    /// The operator changes the registry, loads float or vouchers.
    Change(Change),
    /// The operator takes vouchers out of sale.
    Withdraw(Withdraw),
    /// Secrets are sealed again, under another key-encryption key.
    Reseal(Reseal),
}

impl Command {
    /// Whether it is a batch of its own: a change reads registry and stock as stored, and what a
    /// person orders is one link of the chain, so that nothing else stands or falls with it.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        match self {
            Self::Change(_)
            | Self::SetPin(_)
            | Self::Resolve(_)
            | Self::Refund(_)
            | Self::Withdraw(_)
            | Self::Reseal(_) => true,
            Self::Begin(_)
            | Self::Finish(_)
            | Self::Reroute(_)
            | Self::Confirm(_)
            | Self::BatchRecord(_)
            | Self::Reverse(_)
            | Self::Repeat(_)
            | Self::DueFollowUp { .. }
            | Self::Settle(_)
            | Self::PinTry(_)
            | Self::Logon { .. } => false,
        }
    }
}

/// A request to sell, with what verification made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Begin {
    /// The request's key.
    pub key: Key,
    /// Of the request's content: same key with another digest is refused.
    pub digest: ContentDigest,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// The gateway's business date: what expiry and daily limits are judged by.
    pub today: BusinessDate,
    /// [`Kind::Sale`].
    pub kind: Kind,
    /// Who sells; pays from its float.
    pub seller: SellerId,
    /// What is sold.
    pub service: ServiceId,
    /// Which denomination.
    pub product: ProductId,
    /// Face value, minor units.
    pub amount_minor: u64,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// The account that it is for; empty where the service asks for none.
    pub subscriber: Text<SUBSCRIBER_BYTES_MAX>,
    /// The bridge to its provider; none for what comes from stock.
    pub bridge: BridgeTag,
    /// What its service and its seller are.
    pub terms: SaleTerms,
    /// What verification decided.
    pub verdict: VerificationResult,
}

/// What verification decided about a request.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "accepted is what nearly every one of them is")]
pub enum VerificationResult {
    /// Journal it as declined with this code; no money moves.
    Refused(ResponseCode),
    /// Sell it, if velocity, float and stock allow.
    Accepted {
        /// What to post; from [`crate::commission::legs`], the seller's float first.
        legs: Legs,
        /// The service's limits per terminal.
        velocity: Velocity,
        /// Of what comes from stock: days that the voucher must be sold for after today.
        least_days: u16,
    },
}

/// What a bridge found out.
#[derive(Clone, Debug, PartialEq)]
pub struct Finish {
    /// The key of the transaction that something is owed for: the sale's, or of a terminal's
    /// reversal the reversal's own.
    pub key: Key,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// The bridge that found it out; none of what no bridge said.
    pub by: BridgeTag,
    /// The outcome of it.
    pub result: ProviderOutcome,
}

/// A sale goes on to the next bridge of its route. Only while nothing was sent: a provider that may
/// have received the order is asked, never passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reroute {
    /// The sale's key.
    pub key: Key,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// The bridge that not a byte left for.
    pub from: BridgeTag,
    /// The bridge that receives the order next.
    pub to: BridgeTag,
    /// What the terminal receives if the sale may not go on any more.
    pub code: ResponseCode,
}

/// The outcome of a forwarded sale, of a reversal or an advice at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderOutcome {
    /// The provider did it.
    Approved {
        /// The provider's reference; may be empty.
        reference: Text<REFERENCE_BYTES_MAX>,
        /// What the chip of the card receives.
        chip: Option<ChipAnswer>,
    },
    /// The provider definitely did not do it.
    Declined {
        /// Why, as the terminal receives it.
        code: ResponseCode,
        /// The provider's reference; may be empty.
        reference: Text<REFERENCE_BYTES_MAX>,
        /// What the chip of the card receives.
        chip: Option<ChipAnswer>,
    },
    /// Not a byte left for the provider: definite.
    NotSent {
        /// Why, as the terminal receives it.
        code: ResponseCode,
    },
    /// The provider was silent. The money stays reserved.
    Unknown,
    /// The provider has taken it back, or never did it and will not do it any more.
    Reversed,
    /// The provider refuses for good to take it back (or to accept the advice).
    ReversalDeclined,
    /// The provider has received the confirmation.
    AdviceAcknowledged,
}

/// The receipt is printed: the sale can no longer be reversed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// Whose sale it may be.
    pub asker: Asker,
    /// The sale's key.
    pub original: Key,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// What the terminal says that was sold; `None`: it does not say. Another amount confirms nothing.
    pub amount_minor: Option<u64>,
    /// Whether the provider of a top-up is notified of it.
    pub advice: Advice,
}

/// One record of a terminal's batch, sent after totals that differ: a witness, not a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchRecord {
    /// The sale that the terminal has.
    pub sale: Key,
    /// What it has sold it for, minor units.
    pub amount_minor: u64,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// The gateway's business date, by which findings are bounded.
    pub today: BusinessDate,
}

/// Whether a provider is notified of a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// It is owed an advice.
    Owed,
    /// It does not ask for any.
    NotOwed,
}

/// A reversal, itself a request with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reverse {
    /// The reversal's own key.
    pub key: Key,
    /// Of the reversal's content.
    pub digest: ContentDigest,
    /// The sale to take back; of the same terminal.
    pub original: Key,
    /// The sale's amount as the terminal knows it, minor units.
    pub amount_minor: u64,
    /// Why, as the terminal says: 1 no answer in time, 2 cancelled, 3 receipt not printed.
    pub reason: u8,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// The gateway's business date.
    pub today: BusinessDate,
}

/// A request for an answer that was given before, or would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Whose request it may be.
    pub asker: Asker,
    /// The request whose answer is wanted; STAN 0 is the asker's last sale of the date.
    pub original: Key,
    /// Of a whole request that came again, whose date takes no new ones any more: its content.
    pub digest: Option<ContentDigest>,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// [`ResponseCode::APPROVED`], or why the terminal may not trade: then it receives no PIN.
    pub standing: ResponseCode,
    /// PINs of sales of earlier business dates are not disclosed any more.
    pub pins_from: BusinessDate,
}

/// One step of a refund, with one audit row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundOrder {
    /// The sale.
    pub key: Key,
    /// What is done.
    pub step: RefundStep,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// The gateway's business date: the refund is booked on it.
    pub today: BusinessDate,
    /// Who.
    pub actor: String,
    /// Why, in words for the audit log; never a secret.
    pub note: String,
}

/// The steps of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundStep {
    /// One operator proposes it.
    Propose {
        /// The issuer's or provider's reference of the void: of a voucher, that its serial can no
        /// longer be redeemed.
        reference: Text<REFERENCE_BYTES_MAX>,
    },
    /// Another operator approves it: the money is posted back.
    Approve,
    /// The proposal is withdrawn.
    Cancel,
}

/// What a person found out about a transaction, with one audit row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The transaction.
    pub key: Key,
    /// The outcome of it.
    pub verdict: Resolution,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Who.
    pub actor: String,
    /// Why, in words for the audit log; never a secret.
    pub note: String,
}

/// The outcome of a transaction as a person reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// The provider did it: the sale, or of a reversal, the taking back.
    Approved,
    /// The provider did not and will not do it.
    Declined,
    /// What was owed beside the outcome has been seen to (a late approval taken back by other
    /// means, an advice given by telephone), or is given up.
    Done,
    /// A statement of the provider has a sale that was declined here: it is taken back.
    LateApproval,
    /// A statement of the provider says otherwise than what is booked: a person has to look into
    /// it.
    Disputed,
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Done => "done",
            Self::LateApproval => "late-approval",
            Self::Disputed => "disputed",
        })
    }
}

/// A terminal's totals of a business date, itself a request with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settle {
    /// The settlement's own key.
    pub key: Key,
    /// Of the settlement's content.
    pub digest: ContentDigest,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Whose terminal it is.
    pub seller: SellerId,
    /// Whom that one hangs below.
    pub distributor: DistributorId,
    /// The date to settle.
    pub date: BusinessDate,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// What the terminal counted.
    pub claimed: Totals,
}

/// A PIN that was entered at a handset, compared with the one in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinTry {
    /// Which handset.
    pub msisdn: Msisdn,
    /// Of the record that it was compared with.
    pub revision: u32,
    /// Whether it was the right one.
    pub matched: bool,
    /// Unix milliseconds.
    pub at_ms: u64,
}

/// A handset with a PIN that its holder has chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct SetPin {
    /// As it is to be, of the next revision.
    pub handset: Handset,
    /// Unix milliseconds.
    pub at_ms: u64,
}

/// An operator's change: all of it or nothing, with one audit row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Who.
    pub actor: String,
    /// Why, in words for the audit log; never a secret.
    pub note: String,
    /// Registry records, written as given, in the place of any of the same id. They may refer
    /// to each other in any order; an id given twice is refused.
    pub records: Vec<RegistryRecord>,
    /// Vouchers to put on sale.
    pub vouchers: Vec<Voucher>,
    /// Control totals that they must agree with, one row for each product of a batch; the ledger
    /// sets their `batch_no`.
    pub batches: Vec<VoucherBatch>,
    /// Float loads; the ledger computes their legs and time, whatever is given.
    pub funds: Vec<Funding>,
}

/// Vouchers of one product that are never to be sold, with one audit row. Those that are not in
/// stock any more are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withdraw {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Who.
    pub actor: String,
    /// Why, in words for the audit log; never a secret.
    pub note: String,
    /// The service.
    pub service: ServiceId,
    /// The product.
    pub product: ProductId,
    /// The vouchers, by expiry and serial: at most
    /// [`WITHDRAWN_MAX`](crate::limits::WITHDRAWN_MAX).
    pub vouchers: Vec<(BusinessDate, Text<SERIAL_BYTES_MAX>)>,
}
