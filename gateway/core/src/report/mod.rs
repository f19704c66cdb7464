//! The journal for people and auditors: which rows, as which text, with which totals.
//!
//! [`Selection`] walks the rows; [`line`](crate::transaction_line::line) says what of a row may be
//! shown; [`Format`] writes that as JSON lines or CSV, the same columns in the same order; and
//! [`Totals`] adds up what was written. `tillgate journal export` and `GET /api/v1/journal` are
//! made of the same parts, so that their rows are the same byte for byte.

mod format;
mod selection;
mod totals;

pub(crate) use format::Format;
pub(crate) use selection::Selection;
pub(crate) use totals::Totals;
