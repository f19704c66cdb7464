//! Values of arguments that several commands take, read before anything is asked or opened.

use tillgate_store_core::{BusinessDate, Key};

use crate::transaction_line::parse_key;

/// A business date; what is wrong becomes clap's usage error.
pub(super) fn date(text: &str) -> Result<BusinessDate, String> {
    BusinessDate::parse(text).ok_or_else(|| "write it as 2026-11-23".to_owned())
}

/// A transaction's key; likewise.
pub(super) fn key(text: &str) -> Result<Key, String> {
    parse_key(text).ok_or_else(|| "write it as 2026-11-23-00070001-000012".to_owned())
}
