//! The journal for people and auditors: which rows, as which text, with which totals.
//!
//! [`Selection`] walks the rows; [`line()`] says what of a row may be shown; [`Format`] writes that
//! as JSON lines or CSV, the same columns in the same order; and [`Totals`] adds up what was
//! written. `tillgate journal export` and `GET /api/v1/journal` are made of the same parts, so that
//! their rows are the same byte for byte. [`Page`] is a part of a list, [`Waiting`] and [`StockList`]
//! are what the metrics say about rows. [`Returns`] and [`VoidLine`] are lists for issuers of vouchers. [`History`] is the versions of one registry record,
//! [`Terminals`] a page of terminals.

mod counts;
mod format;
mod history;
mod line;
mod page;
mod reprints;
mod returns;
mod selection;
mod stock;
mod terminals;
mod totals;
mod voids;

pub use counts::Waiting;
pub use format::{Format, csv_header, csv_row};
pub use history::{History, RecordKind, version_at, versions};
pub use line::{Names, TransactionLine, following, kind, line, parse_key, show_key};
pub use page::{Awaited, Page, differences, open};
pub use reprints::{Reprinted, TransactionDetail, detail};
pub use returns::{ReturnLine, Returns, WantedReturns, parse_voucher};
pub use selection::Selection;
pub use stock::{ProductStock, StockAlarm, StockList};
pub use terminals::{KeyRow, TerminalRow, Terminals, WantedTerminals};
pub use totals::Totals;
pub use voids::{VoidLine, VoidState, voids};
