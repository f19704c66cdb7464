//! The registry's history: each former version was ended by a change that the audit log has, at
//! its time; versions follow each other up to the record in force; none holds a secret.

use std::fmt;

use super::each;
use super::report::{Promise, Report};
use crate::history::current;
use crate::journal;
use crate::record::{Audit, Former, RegistryRecord, hex_of};
use crate::rows::ReadRows;

/// Reads the history; versions of one record come one after the other, oldest first.
pub(super) fn check(rows: &dyn ReadRows, report: &mut Report) {
    let mut last: Option<Former> = None;
    each(rows, report, |report, former: Former| {
        report.counts.history += 1;
        check_change(rows, &former, report);
        let keyless = |record: &RegistryRecord| *record == record.clone().without_keys();
        if !former.record.as_ref().is_none_or(keyless) {
            violated(report, &former, "it holds keys, which no former version may");
        }
        match last.take() {
            Some(before) if before.of == former.of => {
                if former.record.is_none() {
                    violated(report, &former, "it says that there was no record, after one");
                } else if before.record == former.record {
                    violated(report, &before, "the version that replaced it is the same");
                }
            }
            Some(before) => check_newest(rows, &before, report),
            None => {}
        }
        last = Some(former);
    });
    if let Some(last) = last {
        check_newest(rows, &last, report);
    }
}

fn check_change(rows: &dyn ReadRows, former: &Former, report: &mut Report) {
    let no = former.audit_no;
    match journal::record::<Audit>(rows, &no.to_be_bytes(), &mut Vec::new()) {
        Ok(Some(row)) if row.at_ms == former.until_ms => {}
        Ok(Some(row)) => {
            let until_ms = former.until_ms;
            let text = format_args!("it ended at {until_ms}, audit row {no} is of {}", row.at_ms);
            violated(report, former, text);
        }
        Ok(None) => violated(report, former, format_args!("there is no audit row {no}")),
        // The audit log's own check names it.
        Err(_) => {}
    }
}

/// The newest former version gave way to the record in force.
fn check_newest(rows: &dyn ReadRows, former: &Former, report: &mut Report) {
    match current(rows, &former.of) {
        Ok(Some(record)) if Some(&record) != former.record.as_ref() => {}
        Ok(Some(_)) => violated(report, former, "the version that replaced it is the same"),
        Ok(None) => violated(report, former, "the registry does not have its record"),
        // The registry's own check names it.
        Err(_) => {}
    }
}

fn violated(report: &mut Report, former: &Former, text: impl fmt::Display) {
    let (of, no) = (hex_of(&former.of), former.audit_no);
    let subject = format_args!("history of registry row {of} until change {no}");
    report.violated(Promise::Undamaged, subject, text);
}
