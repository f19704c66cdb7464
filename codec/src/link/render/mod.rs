//! Records and bodies for people: as JSON, as a table, and from JSON.
//!
//! A record is shown as far as it travels in clear. What is sealed stays sealed: its key comes from
//! a Diffie-Hellman of two ephemeral keys that neither a capture nor the pre-shared key holds.
//! Bodies are shown where an end gives them away before sealing or after opening.
//!
//! Unless asked for, the voucher's PIN and the receipt, which may carry it, are masked. A masked
//! document says so and cannot be encoded.

mod body;
mod document;
mod field;
mod record;

pub use body::{body_json, body_table};
pub use document::encode_json;
pub use record::{record_json, record_table};

use super::message::{BodyError, BodyErrorKind};
use super::record::{HEADER_BYTES, RecordError};
use crate::iso8583::ErrorJson;

impl From<BodyError> for ErrorJson {
    fn from(error: BodyError) -> Self {
        let kind = match error.kind {
            BodyErrorKind::Empty | BodyErrorKind::Truncated => "truncated",
            BodyErrorKind::UnknownMessage { .. } => "message",
            BodyErrorKind::TooLong { .. } => "too-long",
            BodyErrorKind::NotMinimal => "padding",
            BodyErrorKind::Duplicate => "duplicate",
            BodyErrorKind::Missing => "missing",
            BodyErrorKind::NotText | BodyErrorKind::Value => "content",
        };
        let field = Some(error.field.to_owned()).filter(|field| !field.is_empty());
        Self { field, offset: error.offset, ..Self::of_kind(kind, error.to_string()) }
    }
}

impl From<RecordError> for ErrorJson {
    fn from(error: RecordError) -> Self {
        let (field, offset) = match error {
            RecordError::UnknownType(_) => ("type", 0),
            RecordError::Version { .. } => ("version", 1),
            RecordError::TooLong { .. } => ("length", 2),
        };
        let field = Some(field.to_owned());
        Self { field, offset, ..Self::of_kind("frame", error.to_string()) }
    }
}

/// The error of a record's payload.
fn payload_error(kind: &str, field: Option<&str>, at: usize, message: String) -> ErrorJson {
    let (field, offset) = (field.map(str::to_owned), HEADER_BYTES + at);
    ErrorJson { field, offset, ..ErrorJson::of_kind(kind, message) }
}
