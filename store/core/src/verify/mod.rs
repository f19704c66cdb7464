//! Checking a whole store against the promises, as far as rows can show them.
//!
//! Every family is read once, in key order, row by row; the store may be far larger than memory.
//! What has to be remembered on the way:
//!
//! | what | memory |
//! |---|---|
//! | transaction numbers seen | 1 bit each |
//! | postings per account | 48 bytes per account |
//! | vouchers sold, in stock and withdrawn | 8 bytes and 1 bit each |
//! | serials | 8 bytes and 1 bit each |
//! | control totals of batches | 150 bytes each |
//! | sellers and distributors | 32 bytes each |
//! | violations | [`crate::limits::VIOLATIONS_MAX`] texts |
//!
//! Rows of different families must agree, so the rows must be those of one instant: a store that
//! nobody writes to, or a snapshot.
//!
//! It computes everything anew from the journal and shares with the ledger only the records'
//! reading, so that it notices the ledger's mistakes too.

mod accounts;
mod chains;
mod dues;
mod fingerprints;
mod history;
mod journal;
mod keks;
mod open;
mod registry;
mod report;
mod seqs;
mod supply;
mod vouchers;

use std::ops::ControlFlow;

pub use report::{Counts, Keks, Promise, Report, Sums, Violation};

use crate::error::{Result, StoreError};
use crate::record::{Canary, Counter, Head, PinTries, Record, Versions};
use crate::rows::{Family, ReadRows};
use accounts::Postings;
use vouchers::Vouchers;

/// Checks every promise that `rows` can show. What is wrong is in the report; a family that
/// cannot be read to its end is one of the violations, and what follows from it may be others.
///
/// # Errors
/// [`StoreError`] if not even the head can be read: then there is nothing to compare with.
pub fn verify(rows: &dyn ReadRows) -> Result<Report> {
    let mut report = Report::default();
    let mut buffer = Vec::new();
    if !rows.get(Family::Meta, Head::KEY, &mut buffer)? {
        return Err(StoreError::Broken("there is no head: this is not a store".to_owned()));
    }
    Versions::check(rows)?;
    check_keys_of_meta(rows, &mut report);
    let head = Head::decode(Head::KEY, &buffer)?;

    let mut postings = Postings::default();
    let mut vouchers = Vouchers::default();
    let credit = registry::check(rows, &mut report);
    journal::check(rows, &head, &mut postings, &mut vouchers, &mut report);
    open::check(rows, &mut report);
    accounts::check(rows, postings, &credit, &mut report);
    vouchers::check(rows, vouchers, &mut report);
    keks::check(rows, &mut report);
    chains::check_batches(rows, &head, &mut report);
    chains::check_audit(rows, &head, &mut report);
    history::check(rows, &mut report);
    each(rows, &mut report, |report, _: Counter| report.counts.counters += 1);
    each(rows, &mut report, |report, _: PinTries| report.counts.pin_tries += 1);
    Ok(report)
}

/// Under a damaged key a row of the store itself would be one that is not there.
fn check_keys_of_meta(rows: &dyn ReadRows, report: &mut Report) {
    each_row(rows, Family::Meta, report, |report, key, _| {
        if key != Head::KEY && key != Versions::KEY && !key.starts_with(Canary::PREFIX) {
            let subject = format_args!("{} {key:x?}", Family::Meta.name());
            report.violated(Promise::Undamaged, subject, "no row of a store has this key");
        }
        Ok(())
    });
}

/// Visits every row of a family; that one cannot be read is a violation.
fn each_row(
    rows: &dyn ReadRows,
    family: Family,
    report: &mut Report,
    mut visit: impl FnMut(&mut Report, &[u8], &[u8]) -> Result<()>,
) {
    let read = rows.scan(family, &[], &mut |key, value| {
        if let Err(error) = visit(report, key, value) {
            report.damaged(family, &error);
        }
        ControlFlow::Continue(())
    });
    if let Err(error) = read {
        report.damaged(family, &error);
    }
}

/// As [`each_row`], of the records in them.
fn each<R: Record>(
    rows: &dyn ReadRows,
    report: &mut Report,
    mut visit: impl FnMut(&mut Report, R),
) {
    each_row(rows, R::FAMILY, report, |report, key, value| {
        R::decode(key, value).map(|record| visit(report, record))
    });
}
