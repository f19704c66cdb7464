//! What a request holds as a word: in its path, its query or a member of its body.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use tillgate_core::report::{parse_key, parse_voucher};
use tillgate_store_core::withdrawal::Place;
use tillgate_store_core::{BusinessDate, Key, TerminalId, Text, VoucherOf};

/// The largest whole number that every reader of JSON has exactly.
const EXACT_MAX: u64 = (1 << 53) - 1;

pub(super) trait Word: Sized + Send + 'static {
    /// For whoever wrote another one.
    fn expected() -> String;
    fn parse(text: &str) -> Option<Self>;
    /// For the description of the API.
    fn schema() -> Schema;
}

#[derive(Clone, Copy, Default)]
pub(super) struct As<T>(pub(super) T);

pub(super) fn parse<T: Word>(text: &str) -> Result<As<T>, String> {
    T::parse(text).map(As).ok_or_else(|| format!("{text:.40?}: expected {}", T::expected()))
}

impl<'de, T: Word> Deserialize<'de> for As<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<T: Word> JsonSchema for As<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::expected().into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

impl Word for u32 {
    fn expected() -> String {
        "a number, as 70001".to_owned()
    }

    /// With or without leading zeros.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse().ok() } else { None }
    }

    fn schema() -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
    }
}

/// A time in Unix milliseconds, or the number of a row.
impl Word for u64 {
    fn expected() -> String {
        format!("a number from 0 to {EXACT_MAX}")
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| digits && *number <= EXACT_MAX)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": EXACT_MAX })
    }
}

impl Word for TerminalId {
    fn expected() -> String {
        "a terminal's id, as 70001".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        u32::parse(text).map(Self)
    }

    fn schema() -> Schema {
        u32::schema()
    }
}

impl Word for BusinessDate {
    fn expected() -> String {
        "a date as 2026-11-23".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

/// A voucher in the order of the stock.
impl Word for Place {
    fn expected() -> String {
        "a voucher as 2027-01-31-S00000001: its expiry, its serial".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        let (expiry, serial) = text.split_at_checked(10)?;
        let serial = Text::from(serial.strip_prefix('-')?).ok()?;
        Some((BusinessDate::parse(expiry)?, serial))
    }

    fn schema() -> Schema {
        let pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}-[!-~]{1,24}$";
        json_schema!({ "type": "string", "pattern": pattern, "description": Self::expected() })
    }
}

/// A voucher in the order of the serials.
impl Word for VoucherOf {
    fn expected() -> String {
        "a voucher as 10-1-S00000001: service, product, serial".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        parse_voucher(text)
    }

    fn schema() -> Schema {
        let pattern = "^[0-9]{1,5}-[0-9]{1,5}-[!-~]{1,24}$";
        json_schema!({ "type": "string", "pattern": pattern, "description": Self::expected() })
    }
}

/// Of a transaction.
impl Word for Key {
    fn expected() -> String {
        "DATE-TERMINAL-STAN as 2026-11-23-00070001-000012".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        parse_key(text)
    }

    fn schema() -> Schema {
        let pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{1,10}-[0-9]{1,10}$";
        json_schema!({ "type": "string", "pattern": pattern, "description": Self::expected() })
    }
}

#[derive(Clone, Copy)]
pub(super) struct PageLength<const USUAL: usize, const MOST: usize>(pub(super) usize);

impl<const USUAL: usize, const MOST: usize> Default for PageLength<USUAL, MOST> {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl<const USUAL: usize, const MOST: usize> Word for PageLength<USUAL, MOST> {
    fn expected() -> String {
        format!("a number from 1 to {MOST}")
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|length| (1..=MOST).contains(length)).map(Self)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL })
    }
}

/// A line that people read: its spaces at both ends are dropped.
pub(super) struct Line<const BYTES_MAX: usize>(pub(super) String);

impl<const BYTES_MAX: usize> Word for Line<BYTES_MAX> {
    fn expected() -> String {
        format!("1 to {BYTES_MAX} bytes of text, without control characters")
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let good = (1..=BYTES_MAX).contains(&text.len()) && !text.contains(char::is_control);
        good.then(|| Self(text.to_owned()))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": BYTES_MAX })
    }
}
