//! What batches of all terminals may leave in the audit log.

use std::ops::ControlFlow;

use tillgate_store_core::limits::{BATCH_FINDINGS_DAY_MAX, BATCH_FINDINGS_MAX};
use tillgate_store_core::{BatchRecord, BusinessDate, Command, Family, Memory, Outcome, ReadRows};

use crate::shop::{self, AT_MS, TODAY};

/// A record of a sale that the journal does not have.
fn record(terminal: u32, stan: u32, today: BusinessDate) -> Command {
    let sale = shop::key(terminal, stan);
    Command::BatchRecord(BatchRecord { sale, amount_minor: 1, at_ms: AT_MS, today })
}

#[test]
fn the_day_s_last_batch_finding_says_that_no_more_are_said() {
    let mut book = shop::open(Memory::default(), 0);
    let before = book.head().audit_no;
    let per_terminal = u32::try_from(BATCH_FINDINGS_MAX).unwrap();
    let terminals = u32::try_from(BATCH_FINDINGS_DAY_MAX / BATCH_FINDINGS_MAX).unwrap();
    for terminal in 1..=terminals {
        let records = (1..=per_terminal).map(|stan| record(terminal, stan, TODAY)).collect();
        let said = shop::commit(&mut book, records);
        assert!(said.iter().all(|outcome| matches!(outcome, Outcome::Refused(_))));
    }
    let full = before + u64::from(terminals * per_terminal) + 1;
    assert_eq!(book.head().audit_no, full, "one row for each, and one that says it was the last");
    let mut last = 0;
    let mut visit = |_: &[u8], row: &[u8]| {
        let needle = b"no more differences of batches are said on";
        last += usize::from(row.windows(needle.len()).any(|part| part == needle));
        ControlFlow::Continue(())
    };
    book.backend().scan(Family::Audit, &[], &mut visit).unwrap();
    assert_eq!(last, 1);
    let more = vec![record(terminals + 1, 1, TODAY), record(1, 1, TODAY)];
    assert_eq!(shop::commit(&mut book, more), [Outcome::Applied, Outcome::Applied]);
    assert_eq!(book.head().audit_no, full, "it is said once");
    shop::commit(&mut book, vec![record(1, 1, BusinessDate(TODAY.0 + 1))]);
    assert_eq!(book.head().audit_no, full + 1, "the next day begins anew");
}
