//! PDUs for people: as JSON, as a table, and from JSON.
//!
//! Unless asked for, passwords and bodies that are not read here are masked, and so are numbers in
//! texts that are long enough to be a card's or a voucher's. A masked document says so and cannot
//! be encoded.

mod document;
mod json;
mod mask;
mod message;
mod rows;
mod table;

pub use json::{encode_json, render_json};
pub use table::table;

use super::error::{DecodeError, EncodeError};
use crate::iso8583::ErrorJson;

impl From<DecodeError> for ErrorJson {
    fn from(error: DecodeError) -> Self {
        Self {
            field: Some(error.field.to_owned()),
            offset: error.offset,
            ..Self::of_kind(error.kind.word(), error.to_string())
        }
    }
}

impl From<EncodeError> for ErrorJson {
    fn from(error: EncodeError) -> Self {
        let field = Some(error.field.to_owned());
        Self { field, ..Self::of_kind(error.kind.word(), error.to_string()) }
    }
}
