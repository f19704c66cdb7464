//! The two chains, of batches and of audit rows: no row missing, none changed, the end where the
//! head says.

use std::fmt;

use super::each;
use super::report::{Promise, Report};
use crate::record::{Audit, Batch, Head};
use crate::rows::ReadRows;

/// One chain while it is read.
struct Chain {
    name: &'static str,
    /// Number and hash of the last row read.
    last: (u64, [u8; 32]),
}

/// One row of a chain.
struct Link {
    no: u64,
    prev_hash: [u8; 32],
    hash: [u8; 32],
    expected_hash: [u8; 32],
}

impl Chain {
    fn step(&mut self, link: &Link, report: &mut Report) {
        let (no, hash) = self.last;
        self.last = (link.no, link.hash);
        if link.hash != link.expected_hash {
            let text = "its hash is not that of its content";
            report.violated(Promise::Undamaged, self.row(link.no), text);
        }
        if link.no != no + 1 {
            let text = format_args!("the rows between {no} and {} are missing", link.no);
            report.violated(Promise::Undamaged, self.name, text);
        } else if link.prev_hash != hash {
            let text = "it does not follow the row before it: the chain is broken";
            report.violated(Promise::Undamaged, self.row(link.no), text);
        }
    }

    fn end(&self, no: u64, report: &mut Report) {
        let last = self.last.0;
        if last != no {
            let text = format_args!("the chain ends at {last}, the head says {no}");
            report.violated(Promise::Undamaged, self.name, text);
        }
    }

    fn row(&self, no: u64) -> impl fmt::Display + use<> {
        format!("{} row {no}", self.name)
    }
}

/// Reads the chain of batches.
pub(super) fn check_batches(rows: &dyn ReadRows, head: &Head, report: &mut Report) {
    let genesis = Head::genesis(head.store_id).hash;
    let mut chain = Chain { name: "batches", last: (0, genesis) };
    let mut seq_to = 0;
    each(rows, report, |report, row: Batch| {
        report.counts.batches += 1;
        let expected_hash = row.expected_hash();
        let Batch { no, prev_hash, hash, .. } = row;
        chain.step(&Link { no, prev_hash, hash, expected_hash }, report);
        if row.seq_to < seq_to {
            let text =
                format_args!("it ends at transaction {}, the one before at {seq_to}", row.seq_to);
            report.violated(Promise::Undamaged, chain.row(no), text);
        }
        seq_to = row.seq_to;
    });
    chain.end(head.batch_no, report);
    if chain.last == (head.batch_no, head.hash) && seq_to == head.seq {
        return;
    }
    let text = format_args!(
        "the last batch (transaction {seq_to}) is not the one the head names (transaction {})",
        head.seq
    );
    report.violated(Promise::Undamaged, "head", text);
}

/// Reads the audit log.
pub(super) fn check_audit(rows: &dyn ReadRows, head: &Head, report: &mut Report) {
    let mut chain = Chain { name: "audit", last: (0, [0; 32]) };
    each(rows, report, |report, row: Audit| {
        report.counts.audits += 1;
        let expected_hash = row.expected_hash();
        let Audit { no, prev_hash, hash, .. } = row;
        chain.step(&Link { no, prev_hash, hash, expected_hash }, report);
    });
    chain.end(head.audit_no, report);
}
