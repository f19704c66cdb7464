//! The dictionary of tags: one number and one name, the same in every message.
//!
//! A body may carry any of them at most once; which ones a message reads, its declaration says.
//! Numbers are never reused. Tags from [`KNOWN`] on belong to later versions and are skipped; those
//! from e0 on are given to nobody, for firmware to use among its own.

use crate::limits::{
    FIRMWARE_BYTES_MAX, LINES_BYTES_MAX, NAME_BYTES_MAX, PIN_BYTES_MAX, REFERENCE_BYTES_MAX,
    RRN_BYTES_MAX, SERIAL_BYTES_MAX, SUBSCRIBER_BYTES_MAX, TEXT_BYTES_MAX,
};

/// A tag of the dictionary: its number on the wire, its name in errors and docs, its form and
/// bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// The byte on the wire.
    pub number: u8,
    /// The name that errors and `docs/wire.md` use.
    pub name: &'static str,
    /// How its value is written.
    pub form: Form,
    /// Longest value, in bytes.
    pub bytes_max: usize,
    /// Whether it is shown only to whoever asks for it: a PIN, and what may carry one.
    pub is_secret: bool,
    /// What each number of a closed set means, in words.
    pub words: &'static [(u64, &'static str)],
}

/// How a value is written (`docs/wire.md`, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Big-endian without leading zero bytes.
    Unsigned,
    /// Two's complement of the fewest bytes that keep the sign.
    Signed,
    /// Days since 2000-01-01, as [`Form::Unsigned`].
    Date,
    /// Two characters.
    Code,
    /// UTF-8.
    Text,
}

impl Form {
    /// Whether it is the same one: a constant may ask.
    pub(super) const fn is(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Unsigned, Unsigned) | (Signed, Signed) | (Date, Date) | (Code, Code) | (Text, Text)
        )
    }
}

use Form::{Code, Date, Signed, Text, Unsigned};

macro_rules! dictionary {
    ($($name:ident = $number:literal, $text:literal, $form:ident, $bytes_max:expr
        $(, $secret:ident)? $(, [$($value:literal = $word:literal),+])?;)*) => {
        $(pub(in crate::link) const $name: &Tag = &Tag {
            number: $number,
            name: $text,
            form: $form,
            bytes_max: $bytes_max,
            is_secret: secret!($($secret)?),
            words: &[$($(($value, $word)),+)?],
        };)*

        /// One above the highest number of the dictionary.
        pub(super) const KNOWN: usize = 1 + [$($number),*].len();

        /// Every tag, in the order of their numbers from 1 on.
        pub const DICTIONARY: [&Tag; KNOWN - 1] = [$($name),*];
    };
}

macro_rules! secret {
    () => {
        false
    };
    (secret) => {
        true
    };
}

dictionary! {
    STAN = 0x01, "stan", Unsigned, 4;
    DATE = 0x02, "date", Date, 2;
    CODE = 0x03, "code", Code, 2;
    TIME = 0x04, "time_s", Unsigned, 8;
    AMOUNT = 0x05, "amount_minor", Unsigned, 8;
    CURRENCY = 0x06, "currency", Unsigned, 2;
    SERVICE = 0x07, "service", Unsigned, 2;
    PRODUCT = 0x08, "product", Unsigned, 2;
    SUBSCRIBER = 0x09, "subscriber", Text, SUBSCRIBER_BYTES_MAX;
    ORIGINAL_STAN = 0x0A, "original_stan", Unsigned, 4;
    ORIGINAL_DATE = 0x0B, "original_date", Date, 2;
    REASON = 0x0C, "reason", Unsigned, 1, [
        1 = "no answer in time", 2 = "cancelled by customer or seller", 3 = "receipt not printed"
    ];
    RRN = 0x0D, "rrn", Text, RRN_BYTES_MAX;
    REFERENCE = 0x0E, "reference", Text, REFERENCE_BYTES_MAX;
    BALANCE = 0x0F, "balance_minor", Signed, 8;
    VOUCHER_SERIAL = 0x10, "voucher_serial", Text, SERIAL_BYTES_MAX;
    VOUCHER_PIN = 0x11, "voucher_pin", Text, PIN_BYTES_MAX, secret;
    VOUCHER_EXPIRY = 0x12, "voucher_expiry", Date, 2;
    LINES = 0x13, "lines", Text, LINES_BYTES_MAX, secret;
    KIND = 0x14, "kind", Unsigned, 1, [1 = "sale", 2 = "confirm", 3 = "reversal", 4 = "balance"];
    FIRMWARE = 0x15, "firmware", Text, FIRMWARE_BYTES_MAX;
    CATALOGUE = 0x16, "catalogue", Unsigned, 4;
    VERSIONS = 0x17, "versions", Unsigned, 1;
    IDLE = 0x18, "idle_s", Unsigned, 2;
    ANSWER = 0x19, "answer_s", Unsigned, 2;
    STAN_LAST = 0x1A, "stan_last", Unsigned, 4;
    NONCE = 0x1B, "nonce", Unsigned, 4;
    COMMAND = 0x1C, "command", Unsigned, 4;
    RESULT = 0x1D, "result", Unsigned, 1, [0 = "done", 1 = "refused", 2 = "unsupported"];
    ORDER = 0x1E, "order", Unsigned, 1, [1 = "block", 2 = "unblock", 3 = "message"];
    TEXT = 0x1F, "text", Text, TEXT_BYTES_MAX;
    SETTLED_DATE = 0x20, "settled_date", Date, 2;
    SALES_COUNT = 0x21, "sales_count", Unsigned, 4;
    SALES = 0x22, "sales_minor", Unsigned, 8;
    REVERSALS_COUNT = 0x23, "reversals_count", Unsigned, 4;
    REVERSALS = 0x24, "reversals_minor", Unsigned, 8;
    OPEN_COUNT = 0x25, "open_count", Unsigned, 4;
    MESSAGE = 0x26, "message", Unsigned, 1;
    TOKEN = 0x27, "token", Unsigned, 8;
    AMOUNT_MIN = 0x28, "amount_min_minor", Unsigned, 8;
    AMOUNT_MAX = 0x29, "amount_max_minor", Unsigned, 8;
    FEE = 0x2A, "fee_minor", Unsigned, 8;
    TAX = 0x2B, "tax_minor", Unsigned, 8;
    NAME = 0x2C, "name", Text, NAME_BYTES_MAX, secret;
    VALID = 0x2D, "valid_s", Unsigned, 2;
    COUNT = 0x2E, "count", Unsigned, 1;
}

/// The tag of that number, if the dictionary has it.
#[inline]
pub(in crate::link) fn find(number: u8) -> Option<&'static Tag> {
    DICTIONARY.get(usize::from(number).checked_sub(1)?).copied()
}

/// The tag of that name.
pub(in crate::link) fn named(name: &str) -> Option<&'static Tag> {
    DICTIONARY.into_iter().find(|tag| tag.name == name)
}

const _: () = {
    let mut index = 0;
    let mut number = 1;
    while index < DICTIONARY.len() {
        assert!(DICTIONARY[index].number == number, "the dictionary has no holes");
        index += 1;
        number += 1;
    }
};
