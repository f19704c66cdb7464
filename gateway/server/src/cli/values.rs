//! Values of arguments that several commands take, read before anything is asked or opened.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use tillgate_core::report::{Format, parse_key};
use tillgate_store_core::{BusinessDate, Key};

/// A business date; what is wrong becomes clap's usage error.
pub(super) fn date(text: &str) -> Result<BusinessDate, String> {
    BusinessDate::parse(text).ok_or_else(|| "write it as 2026-11-23".to_owned())
}

/// A transaction's key; likewise.
pub(super) fn key(text: &str) -> Result<Key, String> {
    parse_key(text).ok_or_else(|| "write it as 2026-11-23-00070001-000012".to_owned())
}

/// Output format; likewise.
pub(super) fn format() -> impl TypedValueParser<Value = Format> {
    let jsonl = PossibleValue::new("jsonl").help("One JSON object a line");
    let csv = PossibleValue::new("csv")
        .help("Comma-separated values with a header, as in RFC 4180 but for the line ends");
    PossibleValuesParser::new([jsonl, csv])
        .map(|word| if word == "csv" { Format::Csv } else { Format::Jsonl })
}
