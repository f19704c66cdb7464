//! The journal: one row per request of a terminal.

use arrayvec::ArrayVec;

use super::account::Leg;
use super::declare::{coded, record, stored};
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{
    ChipAnswer, DueFollowUp, FollowUp, Fulfilment, KeyBytes, Legs, Record, Refund, ReversalRule,
    SaleTerms, Settlement,
};
use crate::ids::{AccountKind, BridgeTag, Key, StoreId, Text};
use crate::limits::{REFERENCE_BYTES_MAX, SERIAL_BYTES_MAX, SUBSCRIBER_BYTES_MAX, TRIED_MAX};
use crate::rows::Family;
use crate::vault::Sealed;
use tillgate_types::{BusinessDate, ProductId, ResponseCode, SellerId, ServiceId};

/// What the digest of a row begins with that a handset's dialog has ordered. That of another request
/// does so once in 2^48.
pub(crate) const OF_HANDSET: [u8; 6] = *b"dialog";

/// One request of one terminal, and the outcome.
///
/// Its [`State`] says where the money is, [`Transaction::due`] who must act. Its legs move
/// balances if and only if [`Transaction::posts`]; while a sale's outcome is not known their
/// float leg is reserved. A reversal that took something back carries the original's legs turned
/// round, and the original keeps its own. The table of all that can happen is with
/// [`crate::ledger`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The request's key.
    pub key: Key,
    /// Its number: 1, 2, 3 without a gap, over all rows.
    pub seq: u64,
    /// What was asked for.
    pub kind: Kind,
    /// How far it is.
    pub state: State,
    /// Of the request's content.
    pub digest: [u8; 16],
    /// Whose float.
    pub seller: SellerId,
    /// What was sold.
    pub service: ServiceId,
    /// Which denomination.
    pub product: ProductId,
    /// Face value, minor units.
    pub amount_minor: u64,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Whom a top-up is for.
    pub subscriber: Text<SUBSCRIBER_BYTES_MAX>,
    /// As the terminal receives it once the outcome is known; before that 09, 68 when the bridge
    /// was silent, and R1 from when the sale is being taken back on: then it can no longer be
    /// approved by what a bridge found out earlier.
    pub code: ResponseCode,
    /// When it came, Unix milliseconds.
    pub at_ms: u64,
    /// When its outcome was known; 0 before.
    pub finished_ms: u64,
    /// The first reference that the provider gave it, for good: the terminal received it; may be
    /// empty.
    pub provider_reference: Text<REFERENCE_BYTES_MAX>,
    /// What the seller could still spend after it; `None` where no float was looked at.
    pub balance_minor: Option<i64>,
    /// The voucher it was given.
    pub voucher: Option<Dispensed>,
    /// What it posts, or would.
    pub legs: Legs,
    /// When the terminal confirmed the receipt; 0: not.
    pub confirmed_ms: u64,
    /// Of a reversal: what it takes back.
    pub original: Option<Key>,
    /// Of a reversed sale or a tombstone: by what. Of any other sale: by which reversal a
    /// terminal wants it taken back, as long as that one is open.
    pub reversed_by: Option<Key>,
    /// The bridge that a top-up goes through, the last one if it went on; zero before version 2 and
    /// for everything else.
    pub bridge: BridgeTag,
    /// What is still owed for it, and by whom.
    pub due: Option<DueFollowUp>,
    /// Of a settlement: the totals of both sides.
    pub settlement: Option<Box<Settlement>>,
    /// The gateway's business date when it came; before version 3 that of its key.
    pub day: BusinessDate,
    /// Of a reversal: the reason that the terminal gave; [`Transaction::BY_OPERATOR`] of a refund.
    pub reason: u8,
    /// How often its voucher's PIN was sent again after the first answer and its retries.
    pub reprints: u8,
    /// A refund that an operator proposed, or that two of them made.
    pub refund: Option<Box<Refund>>,
    /// The last other reference that its provider gave it later; empty: none did.
    pub other_reference: Text<REFERENCE_BYTES_MAX>,
    /// The bridges that it went on from, because nothing had been sent to them; the first one first.
    pub tried: ArrayVec<BridgeTag, TRIED_MAX>,
    /// What the chip of a card receives with the answer.
    pub chip: Option<ChipAnswer>,
    /// What its service and seller were; of a reversal and a settlement only the distributor.
    pub terms: SaleTerms,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something that a service sells.
    Sale(Fulfilment),
    /// Taking a sale back.
    Reversal,
    /// Nothing: keeps the place of a sale that was reversed before it came.
    Tombstone,
    /// A terminal's totals of a business date against the gateway's.
    Settlement,
}

coded! {
    /// How far a transaction is.
    ///
    /// ```text
    ///              reserved                        posted             posted and posted back
    ///   Begin --> Intent ------------------------> Approved --------> Reversed
    ///               |  \                           ^                  (terminal's reversal)
    ///        silent |   \------> Declined          |
    ///               v            nothing, released |
    ///             Unknown --------^----------------/
    ///                      (found out, taken back, or the operator's verdict)
    ///
    ///   reversal: Intent --> Approved (taken back, or nothing was to be) | Declined (it stands)
    ///   settlement: Approved (totals agree) | Declined (they do not)
    /// ```
    State, "state":
    /// A sale: float reserved, its order is leaving. A reversal: waits for its original, or for
    /// the provider.
    Intent = 1 "intent",
    /// The bridge was silent, or the row was open when the gateway started.
    Unknown = 2 "unknown",
    /// Done; its legs are posted.
    Approved = 3 "approved",
    /// Not done; nothing is posted.
    Declined = 4 "declined",
    /// Done and taken back.
    Reversed = 5 "reversed",
}

/// The voucher a transaction was given, for good: a repeat gets the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispensed {
    /// Its serial.
    pub serial: Text<SERIAL_BYTES_MAX>,
    /// Its last day.
    pub expiry: BusinessDate,
    /// Its PIN.
    pub pin: Sealed,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Sale(Fulfilment::Stock),
        Self::Sale(Fulfilment::Provider),
        Self::Reversal,
        Self::Tombstone,
        Self::Settlement,
    ];

    /// The byte for it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Sale(fulfilment) => fulfilment.code(),
            Self::Reversal => 3,
            Self::Tombstone => 4,
            Self::Settlement => 5,
        }
    }

    /// Whether it sells something.
    pub fn is_sale(self) -> bool {
        matches!(self, Self::Sale(_))
    }

    /// Whether it gives a voucher from stock.
    pub fn dispenses(self) -> bool {
        self == Self::Sale(Fulfilment::Stock)
    }

    /// What a row says about reversals if its service says nothing of its own.
    pub fn usual_reversal(self) -> ReversalRule {
        match self {
            Self::Sale(fulfilment) => ReversalRule::usual(fulfilment),
            Self::Reversal | Self::Tombstone | Self::Settlement => ReversalRule::default(),
        }
    }

    /// Whether a provider carries it out, so that its outcome may be unknown for a while.
    pub fn has_provider(self) -> bool {
        self == Self::Sale(Fulfilment::Provider)
    }
}

impl Transaction {
    /// [`Transaction::reason`] of a reversal that operators made.
    pub const BY_OPERATOR: u8 = u8::MAX;

    /// The row of a request that nothing was done for yet, and that says nothing more than this.
    #[must_use]
    pub fn blank(key: Key, kind: Kind, at_ms: u64, day: BusinessDate) -> Self {
        Self {
            key,
            seq: 0,
            kind,
            state: State::Intent,
            digest: [0; 16],
            seller: SellerId::default(),
            service: ServiceId::default(),
            product: ProductId::default(),
            amount_minor: 0,
            currency: 0,
            subscriber: Text::new(),
            code: ResponseCode::IN_PROGRESS,
            at_ms,
            finished_ms: 0,
            provider_reference: Text::new(),
            balance_minor: None,
            voucher: None,
            legs: Legs::new(),
            confirmed_ms: 0,
            original: None,
            reversed_by: None,
            bridge: BridgeTag::NONE,
            due: None,
            settlement: None,
            day,
            reason: 0,
            reprints: 0,
            refund: None,
            other_reference: Text::new(),
            tried: ArrayVec::new(),
            chip: None,
            terms: SaleTerms::default(),
        }
    }

    /// Whether a dialog of a handset has ordered it: then it is no row that its terminal counts, though the
    /// terminal may have given the same number to another request.
    pub fn is_of_handset(&self) -> bool {
        self.digest.starts_with(&OF_HANDSET)
    }

    /// Whether its answer tells a voucher's PIN.
    pub fn tells_pin(&self) -> bool {
        self.voucher.is_some() && self.state == State::Approved
    }

    /// Whether its outcome is known.
    pub fn is_final(&self) -> bool {
        !matches!(self.state, State::Intent | State::Unknown)
    }

    /// Whether somebody still has to act: the outcome is not known, or something is owed. The
    /// open family holds exactly these.
    pub fn is_open(&self) -> bool {
        !self.is_final() || self.due.is_some()
    }

    /// Whether the terminal may receive its code: the outcome is known, and no reversal of it is
    /// under way that could still change the answer.
    pub fn is_answered(&self) -> bool {
        self.is_final() && (self.state != State::Approved || self.reversed_by.is_none())
    }

    /// Whether its outcome is not known and it is to be undone whatever that is.
    pub fn is_being_taken_back(&self) -> bool {
        self.kind.is_sale() && !self.is_final() && self.code == ResponseCode::REVERSED
    }

    /// Whether it is a settlement whose totals are not the terminal's, or that was too long to be
    /// compared: what an operator looks into.
    pub fn differs(&self) -> bool {
        self.kind == Kind::Settlement && self.state == State::Declined
    }

    /// Whether a bridge that it went on from says that it carried it out as well: while its outcome is
    /// open, nothing else gives it another reference.
    pub(crate) fn is_claimed(&self) -> bool {
        !self.tried.is_empty()
            && !self.other_reference.is_empty()
            && self.owes() == Some(FollowUp::Operator)
    }

    /// What is owed for it.
    pub fn owes(&self) -> Option<FollowUp> {
        self.due.map(|due| due.what)
    }

    /// Whether its provider calls it otherwise than it has before. No reference is no other one.
    pub fn is_renamed(&self, reference: &str) -> bool {
        let known = [&*self.provider_reference, &*self.other_reference];
        !known[0].is_empty() && !reference.is_empty() && !known.contains(&reference)
    }

    /// What the customer pays, minor units: the amount and what is charged beside it. Of a card
    /// sale that was granted the amount alone: what is charged there is kept from the seller.
    pub fn total_minor(&self) -> u64 {
        let is_float = |leg: &Leg| leg.account.kind == AccountKind::SellerFloat;
        let is_credited = !self.legs.is_empty() && !self.legs.iter().any(is_float);
        let beside_minor = if is_credited { 0 } else { self.terms.charged_minor() };
        self.amount_minor.saturating_add(beside_minor)
    }

    /// Whether its terminal may take it back at this time, if it was approved. A PIN that has left
    /// is not taken back on the terminal's word, whatever the rule says.
    pub fn is_reversible(&self, at_ms: u64) -> bool {
        !self.tells_pin() && self.terms.reversal.allows_terminal(self.at_ms, at_ms)
    }

    /// What its provider calls what it did: of a declined sale, what it did late.
    pub fn done_reference(&self) -> Text<REFERENCE_BYTES_MAX> {
        let late = self.state == State::Declined && !self.other_reference.is_empty();
        if late { self.other_reference } else { self.provider_reference }
    }

    /// Whether its legs are part of the balances.
    pub fn posts(&self) -> bool {
        matches!(self.state, State::Approved | State::Reversed)
    }

    /// The retrieval reference (ISO 8583 field 37): last digit of the business year, day of the
    /// year, and the number in eight characters of Crockford's base 32. Unique within ten years
    /// and 2^40 transactions.
    pub fn rrn(&self) -> Text<12> {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let (year, _, _) = self.key.date.ymd();
        let day = self.key.date.day_of_year();
        let mut rrn = Text::new();
        for digit in [year % 10, day / 100, day / 10 % 10, day % 10] {
            rrn.push(char::from(ALPHABET[usize::from(digit)]));
        }
        for place in (0..8).rev() {
            let digit = usize::try_from(self.seq >> (5 * place) & 31).unwrap_or(0);
            rrn.push(char::from(ALPHABET[digit]));
        }
        rrn
    }

    /// Our own reference towards a provider, the idempotency key of every attempt.
    pub fn reference(&self, store: StoreId) -> Text<REFERENCE_BYTES_MAX> {
        store.reference(self.seq)
    }
}

record! { Transaction in Journal, version 8;
    key key;
    body {
        seq, kind, state, digest, seller, service, product, amount_minor, currency, subscriber,
        code, at_ms, finished_ms, confirmed_ms, provider_reference, balance_minor, voucher, legs,
        original, reversed_by
    }
    since 2 { bridge = BridgeTag::NONE, due = None, settlement = None }
    since 3 { day = { let Key { date, .. } = key; date }, reason = 0, reprints = 0, refund = None }
    since 4 { other_reference = Text::new() }
    since 7 { tried = ArrayVec::new() }
    since 8 { chip = None }
    ends terms by put_terms, take_terms(kind)
}

stored! { Dispensed { serial, expiry, pin } }

/// Behind their count.
impl Stored for ArrayVec<BridgeTag, TRIED_MAX> {
    fn put(&self, out: &mut impl Sink) {
        u8::try_from(self.len()).expect("bounded by TRIED_MAX").put(out);
        self.iter().for_each(|bridge| bridge.put(out));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        let mut tried = Self::new();
        for _ in 0..from.get::<u8>()? {
            tried.try_push(from.get()?).map_err(|_| Flaw("too many bridges"))?;
        }
        Ok(tried)
    }
}

impl Transaction {
    fn put_terms(&self, out: &mut Vec<u8>) {
        self.terms.put(self.kind.usual_reversal(), out);
    }

    /// Since version 5.
    fn take_terms(kind: Kind, body: &mut Reader<'_>) -> Result<SaleTerms, Flaw> {
        let reversal = kind.usual_reversal();
        if body.version >= 5 {
            return SaleTerms::take(reversal, body);
        }
        Ok(SaleTerms { reversal, ..SaleTerms::default() })
    }
}

impl Stored for Kind {
    fn put(&self, out: &mut impl Sink) {
        self.code().put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        let code: u8 = from.get()?;
        let kind = Self::ALL.into_iter().find(|kind| kind.code() == code);
        kind.ok_or(Flaw("unknown kind of transaction"))
    }
}
