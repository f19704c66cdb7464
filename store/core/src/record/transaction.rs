//! The journal: one row per request of a terminal.

use super::account::{put_legs, read_legs};
use super::wire::{Flaw, Reader, put_i64, put_sealed, put_text, put_u16, put_u32, put_u64};
use super::{KeyBytes, Legs, Record, key_of};
use crate::date::BusinessDate;
use crate::ids::{Code, Key, ProductId, SellerId, ServiceId, StoreId, Text};
use crate::limits::{REFERENCE_BYTES_MAX, SERIAL_BYTES_MAX, SUBSCRIBER_BYTES_MAX};
use crate::rows::Family;
use crate::vault::Sealed;

/// One request of one terminal, and what became of it.
///
/// Its legs move balances if and only if [`Transaction::posts`]; while it is open their float
/// leg is reserved. A reversal carries the original's legs turned round, and the original keeps
/// its own.
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
    /// As the terminal hears it; 09 and 68 while open.
    pub code: Code,
    /// When it came, Unix milliseconds.
    pub at_ms: u64,
    /// When its outcome was known; 0 while open.
    pub finished_ms: u64,
    /// The provider's reference; may be empty.
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
    /// Of a reversed sale or a tombstone: by what.
    pub reversed_by: Option<Key>,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A voucher from stock.
    Voucher,
    /// A top-up by a provider.
    TopUp,
    /// Taking a sale back.
    Reversal,
    /// Nothing: keeps the place of a sale that was reversed before it came.
    Tombstone,
}

/// How far a transaction is.
///
/// ```text
/// Intent -> Approved -> Reversed
///   |  \--> Declined
///   v         ^
/// Unknown ----+--> Approved
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Float reserved, outcome not known yet.
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
    const ALL: [Self; 4] = [Self::Voucher, Self::TopUp, Self::Reversal, Self::Tombstone];

    /// The byte that stands for it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Voucher => 1,
            Self::TopUp => 2,
            Self::Reversal => 3,
            Self::Tombstone => 4,
        }
    }

    /// Whether it sells something.
    pub fn is_sale(self) -> bool {
        matches!(self, Self::Voucher | Self::TopUp)
    }
}

impl State {
    const ALL: [Self; 5] =
        [Self::Intent, Self::Unknown, Self::Approved, Self::Declined, Self::Reversed];

    /// The byte that stands for it.
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
    /// Whether its outcome is known.
    pub fn is_final(&self) -> bool {
        !matches!(self.state, State::Intent | State::Unknown)
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

    /// Our own reference towards a provider, the idempotency key of every attempt: the store's
    /// id and the number, 16 hexadecimal digits each.
    pub fn reference(&self, store: StoreId) -> Text<REFERENCE_BYTES_MAX> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut reference = Text::new();
        for byte in store.0.into_iter().chain(self.seq.to_be_bytes()) {
            reference.push(char::from(DIGITS[usize::from(byte >> 4)]));
            reference.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        reference
    }
}

impl Record for Transaction {
    const FAMILY: Family = Family::Journal;
    const VERSION: u8 = 1;

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
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, _version: u8) -> Result<Self, Flaw> {
        Ok(Self {
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
        })
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

fn read_coded<T: Copy>(
    body: &mut Reader<'_>,
    all: &[T],
    code: fn(T) -> u8,
    what: &'static str,
) -> Result<T, Flaw> {
    let byte = body.u8()?;
    all.iter().copied().find(|value| code(*value) == byte).ok_or(Flaw(what))
}
