//! The journal: one row per request of a terminal.

use super::account::{Leg, put_legs, read_legs};
use super::wire::{Flaw, Reader, put_i64, put_sealed, put_text, put_u16, put_u32, put_u64};
use super::{
    DueFollowUp, FollowUp, Fulfilment, KeyBytes, Legs, Record, Refund, ReversalRule, SaleTerms,
    Settlement, key_of,
};
use crate::ids::{AccountKind, BridgeTag, Key, StoreId, Text};
use crate::limits::{REFERENCE_BYTES_MAX, SERIAL_BYTES_MAX, SUBSCRIBER_BYTES_MAX};
use crate::rows::Family;
use crate::vault::Sealed;
use tillgate_types::BusinessDate;
use tillgate_types::{ProductId, ResponseCode, SellerId, ServiceId};

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
    /// The bridge that a top-up goes through; zero before version 2 and for everything else.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A sale: float reserved, its order is leaving. A reversal: waits for its original, or for
    /// the provider.
    Intent,
    /// The bridge was silent, or the row was open when the gateway started.
    Unknown,
    /// Done; its legs are posted.
    Approved,
    /// Not done; nothing is posted.
    Declined,
    /// Done and taken back.
    Reversed,
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

impl State {
    const ALL: [Self; 5] =
        [Self::Intent, Self::Unknown, Self::Approved, Self::Declined, Self::Reversed];

    /// The byte for it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Intent => 1,
            Self::Unknown => 2,
            Self::Approved => 3,
            Self::Declined => 4,
            Self::Reversed => 5,
        }
    }
}

impl Transaction {
    /// [`Transaction::reason`] of a reversal that operators made.
    pub const BY_OPERATOR: u8 = u8::MAX;

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

impl Record for Transaction {
    const FAMILY: Family = Family::Journal;
    /// 2: with `bridge`, `due` and `settlement`; 3: with `day`, `reason`, `reprints`, `refund`;
    /// 4: with `other_reference`; 5: with `terms`.
    const VERSION: u8 = 5;

    fn key(&self) -> KeyBytes {
        key_of(&[&self.key.to_bytes()])
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_u64(out, self.seq);
        out.extend_from_slice(&[self.kind.code(), self.state.code()]);
        out.extend_from_slice(&self.digest);
        put_u32(out, self.seller.0);
        put_u16(out, self.service.0);
        put_u16(out, self.product.0);
        put_u64(out, self.amount_minor);
        put_u16(out, self.currency);
        put_text(out, &self.subscriber);
        out.extend_from_slice(&self.code.0);
        put_u64(out, self.at_ms);
        put_u64(out, self.finished_ms);
        put_u64(out, self.confirmed_ms);
        put_text(out, &self.provider_reference);
        put_option(out, self.balance_minor.as_ref(), |out, balance| put_i64(out, *balance));
        put_option(out, self.voucher.as_ref(), |out, voucher| {
            put_text(out, &voucher.serial);
            put_u16(out, voucher.expiry.0);
            put_sealed(out, &voucher.pin);
        });
        put_legs(out, &self.legs);
        for key in [&self.original, &self.reversed_by] {
            put_option(out, key.as_ref(), |out, key| out.extend_from_slice(&key.to_bytes()));
        }
        put_u32(out, self.bridge.0);
        put_option(out, self.due.as_ref(), |out, due| due.write(out));
        put_option(out, self.settlement.as_ref(), |out, settlement| settlement.write(out));
        put_u16(out, self.day.0);
        out.extend_from_slice(&[self.reason, self.reprints]);
        put_option(out, self.refund.as_ref(), |out, refund| refund.write(out));
        put_text(out, &self.other_reference);
        self.terms.write(self.kind.usual_reversal(), out);
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, version: u8) -> Result<Self, Flaw> {
        let mut row = Self {
            key: key.key()?,
            seq: body.u64()?,
            kind: read_coded(body, &Kind::ALL, Kind::code, "unknown kind of transaction")?,
            state: read_coded(body, &State::ALL, State::code, "unknown state")?,
            digest: body.array()?,
            seller: SellerId(body.u32()?),
            service: ServiceId(body.u16()?),
            product: ProductId(body.u16()?),
            amount_minor: body.u64()?,
            currency: body.u16()?,
            subscriber: body.text()?,
            code: body.code()?,
            at_ms: body.u64()?,
            finished_ms: body.u64()?,
            confirmed_ms: body.u64()?,
            provider_reference: body.text()?,
            balance_minor: read_option(body, Reader::i64)?,
            voucher: read_option(body, |body| {
                let (serial, expiry) = (body.text()?, body.date()?);
                Ok(Dispensed { serial, expiry, pin: body.sealed()? })
            })?,
            legs: read_legs(body)?,
            original: read_option(body, Reader::key)?,
            reversed_by: read_option(body, Reader::key)?,
            bridge: BridgeTag::NONE,
            due: None,
            settlement: None,
            day: BusinessDate::default(),
            reason: 0,
            reprints: 0,
            refund: None,
            other_reference: Text::new(),
            terms: SaleTerms::default(),
        };
        row.terms.reversal = row.kind.usual_reversal();
        row.day = row.key.date;
        if version >= 2 {
            row.bridge = BridgeTag(body.u32()?);
            row.due = read_option(body, DueFollowUp::read)?;
            row.settlement = read_option(body, |body| Settlement::read(body).map(Box::new))?;
        }
        if version >= 3 {
            (row.day, row.reason, row.reprints) = (body.date()?, body.u8()?, body.u8()?);
            row.refund = read_option(body, |body| Refund::read(body).map(Box::new))?;
        }
        if version >= 4 {
            row.other_reference = body.text()?;
        }
        if version >= 5 {
            row.terms = SaleTerms::read(row.terms.reversal, body)?;
        }
        Ok(row)
    }
}

fn put_option<T>(out: &mut Vec<u8>, value: Option<&T>, put: impl FnOnce(&mut Vec<u8>, &T)) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        put(out, value);
    }
}

fn read_option<'a, T>(
    body: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Flaw>,
) -> Result<Option<T>, Flaw> {
    if body.flag()? { read(body).map(Some) } else { Ok(None) }
}

/// The value whose code is the next byte.
pub(super) fn read_coded<T: Copy>(
    body: &mut Reader<'_>,
    all: &[T],
    code: fn(T) -> u8,
    what: &'static str,
) -> Result<T, Flaw> {
    let byte = body.u8()?;
    all.iter().copied().find(|value| code(*value) == byte).ok_or(Flaw(what))
}
