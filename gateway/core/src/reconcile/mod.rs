//! A provider's statement held against the journal.
//!
//! ```text
//!   file ──ColumnMap──▶ Statement ──┐
//!                                   ├─▶ Reconciliation ──▶ Report: sums, and what to do about each
//!   journal rows of the bridge ─────┘                      difference
//! ```
//!
//! * [`ColumnMap`] is data: which format the file has, where the reference, the amount and the
//!   status of a line are, and what the rules allow to be resolved without a person.
//! * [`Statement`] is what the file says about each reference, after its control totals were checked.
//! * [`Reconciliation`] takes the rows one after the other and says what is missing, what is too
//!   much, and what differs. Every minor unit of either side is in exactly one class of the
//!   [`Report`].
//!
//! What a difference means follows from the journal alone, see [`Class`]. Nothing is posted here: the
//! orders of a report are the words of an operator ([`Resolution`](tillgate_store_core::Resolution)),
//! and the ledger decides whether it takes them.

mod columns;
mod compare;
mod fields;
mod statement;

pub use self::columns::{Column, ColumnMap, Layout};
pub use self::compare::{Class, Item, Reconciliation, Report, Side};
pub use self::statement::{Line, Outcome, Statement};
