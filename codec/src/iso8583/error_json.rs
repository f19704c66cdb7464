//! Errors as the command line prints them.

use super::dialect::Dialect;
use super::encode::error::EncodeError;
use super::error::DecodeError;
use serde_json::json;
use std::fmt;

/// What is wrong, as scripts read it. [`fmt::Display`] gives the JSON of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorJson {
    /// A stable word: `truncated`, `length`, `content`, …
    pub kind: String,
    /// The data element to blame: `"0"` for the MTI, `"1"` for the bitmap.
    pub field: Option<String>,
    /// Its sub-field: name, number or tag.
    pub subfield: Option<String>,
    /// Decoding: byte of the input. Encoding: byte of the JSON text, or character of the value.
    pub offset: usize,
    /// In words.
    pub message: String,
}

impl fmt::Display for ErrorJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut error = json!({ "kind": self.kind });
        for (key, value) in [("field", &self.field), ("subfield", &self.subfield)] {
            if let Some(value) = value {
                error[key] = value.as_str().into();
            }
        }
        error["offset"] = self.offset.into();
        error["message"] = self.message.as_str().into();
        write!(f, "{}", json!({ "error": error }))
    }
}

impl std::error::Error for ErrorJson {}

impl ErrorJson {
    /// The error of decoding, with names.
    #[must_use]
    pub fn of_decoding(dialect: &Dialect, error: &DecodeError) -> Self {
        Self {
            kind: error.kind().to_owned(),
            field: error.field().map(|number| number.to_string()),
            subfield: dialect.subfield(error),
            offset: error.offset(),
            message: dialect.explain(error),
        }
    }

    pub(crate) fn of_encoding(error: EncodeError) -> Self {
        Self {
            kind: error.kind.to_owned(),
            field: error.field.map(|number| number.to_string()),
            subfield: error.subfield,
            offset: error.offset,
            message: error.message,
        }
    }

    pub(crate) fn of_text(message: impl Into<String>, offset: usize) -> Self {
        Self { offset, ..Self::of_kind("json", message) }
    }

    /// A text that is no JSON, and where.
    pub(crate) fn of_syntax(json: &str, error: &serde_json::Error) -> Self {
        // Line and column count from 1 on.
        let before = json.split_inclusive('\n').take(error.line().saturating_sub(1));
        let offset = before.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
        let offset = if error.is_eof() { json.len() } else { offset };
        Self::of_text(error.to_string(), offset)
    }

    /// An error of that kind that blames no field, at offset 0.
    #[must_use]
    pub fn of_kind(kind: &str, message: impl Into<String>) -> Self {
        let (kind, message) = (kind.to_owned(), message.into());
        Self { kind, field: None, subfield: None, offset: 0, message }
    }
}
