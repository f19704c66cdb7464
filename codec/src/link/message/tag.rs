//! The dictionary of tags: one number and one name, the same in every message.
//!
//! A body may carry any of them at most once; which ones a message reads is in that message's file.
//! Numbers are never reused. Tags from [`KNOWN`] on belong to later versions and are skipped.

use crate::limits::{
    FIRMWARE_BYTES_MAX, LINES_BYTES_MAX, PIN_BYTES_MAX, REFERENCE_BYTES_MAX, RRN_BYTES_MAX,
    SERIAL_BYTES_MAX, SUBSCRIBER_BYTES_MAX, TEXT_BYTES_MAX,
};

/// A tag of the dictionary: its number on the wire, its name in errors and docs, its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    /// The byte on the wire.
    pub(super) number: u8,
    /// The name that errors and `docs/wire.md` use.
    pub(super) name: &'static str,
    /// Longest value, in bytes.
    pub(super) bytes_max: usize,
}

/// One above the highest number of the dictionary.
pub(super) const KNOWN: usize = 0x20;

macro_rules! dictionary {
    ($($name:ident = $number:literal, $text:literal, $bytes_max:expr;)*) => {
        $(pub(super) const $name: Tag =
            Tag { number: $number, name: $text, bytes_max: $bytes_max };)*

        /// Every tag, in the order of their numbers from 1 on.
        pub(super) const ALL: [Tag; KNOWN - 1] = [$($name),*];
    };
}

dictionary! {
    STAN = 0x01, "stan", 4;
    DATE = 0x02, "date", 2;
    CODE = 0x03, "code", 2;
    TIME = 0x04, "time_s", 8;
    AMOUNT = 0x05, "amount_minor", 8;
    CURRENCY = 0x06, "currency", 2;
    SERVICE = 0x07, "service", 2;
    PRODUCT = 0x08, "product", 2;
    SUBSCRIBER = 0x09, "subscriber", SUBSCRIBER_BYTES_MAX;
    ORIGINAL_STAN = 0x0A, "original_stan", 4;
    ORIGINAL_DATE = 0x0B, "original_date", 2;
    REASON = 0x0C, "reason", 1;
    RRN = 0x0D, "rrn", RRN_BYTES_MAX;
    REFERENCE = 0x0E, "reference", REFERENCE_BYTES_MAX;
    BALANCE = 0x0F, "balance_minor", 8;
    VOUCHER_SERIAL = 0x10, "voucher_serial", SERIAL_BYTES_MAX;
    VOUCHER_PIN = 0x11, "voucher_pin", PIN_BYTES_MAX;
    VOUCHER_EXPIRY = 0x12, "voucher_expiry", 2;
    LINES = 0x13, "lines", LINES_BYTES_MAX;
    KIND = 0x14, "kind", 1;
    FIRMWARE = 0x15, "firmware", FIRMWARE_BYTES_MAX;
    CATALOGUE = 0x16, "catalogue", 4;
    VERSIONS = 0x17, "versions", 1;
    IDLE = 0x18, "idle_s", 2;
    ANSWER = 0x19, "answer_s", 2;
    STAN_LAST = 0x1A, "stan_last", 4;
    NONCE = 0x1B, "nonce", 4;
    COMMAND = 0x1C, "command", 4;
    RESULT = 0x1D, "result", 1;
    ORDER = 0x1E, "order", 1;
    TEXT = 0x1F, "text", TEXT_BYTES_MAX;
}

/// The tag of that number, if the dictionary has it.
pub(super) fn find(number: u8) -> Option<Tag> {
    ALL.get(usize::from(number).checked_sub(1)?).copied()
}

const _: () = {
    let mut index = 0;
    let mut number = 1;
    while index < ALL.len() {
        assert!(ALL[index].number == number, "the dictionary has no holes");
        index += 1;
        number += 1;
    }
};
