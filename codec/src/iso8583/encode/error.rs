//! Why a message cannot be sent.

use super::parts::PartUnfit;
use crate::iso8583::dialect::Dialect;
use crate::iso8583::value::Unfit;
/// Values that a dialect cannot send. It never shows a value, so that it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EncodeError {
    /// A stable word for scripts, as for decoding.
    pub kind: &'static str,
    /// The data element to blame, if it is one.
    pub field: Option<u8>,
    /// Its sub-field: name, number or tag.
    pub subfield: Option<String>,
    /// Which character of the value is wrong (which byte, of binary), from 0.
    pub offset: usize,
    /// What is wrong, in words.
    pub message: String,
}

impl EncodeError {
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, field: None, subfield: None, offset: 0, message: message.into() }
    }

    pub(crate) fn of_field(mut self, number: u8) -> Self {
        self.field = Some(number);
        self
    }

    pub(crate) fn of_value(
        dialect: &Dialect,
        number: u8,
        subfield: Option<&str>,
        unfit: &Unfit,
    ) -> Self {
        Self::of_part(dialect, number, PartUnfit::of(subfield, unfit))
    }

    pub(super) fn of_part(dialect: &Dialect, number: u8, unfit: PartUnfit) -> Self {
        let PartUnfit { part, kind, at, text } = unfit;
        let name = dialect.field_name(number).unwrap_or("");
        let inside = part.as_ref().map_or_else(String::new, |part| format!(", sub-field {part}"));
        let message = format!("field {number} ({name}){inside}: {text}");
        Self { kind, field: Some(number), subfield: part, offset: at, message }
    }
}
