//! What one command reads does not grow with what its terminal has stored.

use crate::shop;

use std::cell::Cell;
use std::ops::ControlFlow;
use std::rc::Rc;

use crate::shop::{AT_MS, TODAY};
use tillgate_store_core::limits::{SCAN_ROWS_MAX, STOCK_AHEAD};
use tillgate_store_core::{
    Asker, Begin, BusinessDate, Command, Engine, Family, Key, Memory, Outcome, ReadRows, Repeat,
    ResponseCode, StoreError, Velocity, VerificationResult, WriteSet,
};

/// Counts the rows that scans and steps visit.
struct Counted {
    inner: Memory,
    visited: Rc<Cell<usize>>,
}

impl ReadRows for Counted {
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        self.inner.get(family, key, out)
    }

    fn scan(
        &self,
        family: Family,
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.inner.scan(family, from, &mut |key, value| {
            self.visited.set(self.visited.get() + 1);
            visit(key, value)
        })
    }

    fn last_before(
        &self,
        family: Family,
        key: &[u8],
        out_key: &mut Vec<u8>,
    ) -> Result<bool, StoreError> {
        self.visited.set(self.visited.get() + 1);
        self.inner.last_before(family, key, out_key)
    }
}

impl Engine for Counted {
    fn write(&mut self, set: &WriteSet, batch_no: u64) -> Result<(), StoreError> {
        self.inner.write(set, batch_no)
    }
}

fn begin(
    key: Key,
    verdict: impl FnOnce(VerificationResult) -> VerificationResult,
    at_ms: u64,
) -> Command {
    let Command::Begin(begin) = shop::sell(key) else { unreachable!("a sale begins") };
    let verdict = verdict(begin.verdict);
    Command::Begin(Begin { key, verdict, at_ms, ..begin })
}

/// A window is read once, and then a sale costs the same whichever date it names.
#[test]
fn a_sale_reads_few_rows_however_many_its_terminal_has() {
    const ROWS: u32 = 20_000;
    let velocity = Velocity { count_max: 1_000, window_s: 60, day_amount_max_minor: 0 };
    let visited = Rc::new(Cell::new(0));
    let counted = Counted { inner: Memory::new(), visited: Rc::clone(&visited) };
    let mut book = shop::open(counted, ROWS + 300);
    // Sold in bulk, so that the rows are there whatever the limit of refused ones.
    for from in (0..ROWS).step_by(1_000) {
        let sales = (from..from + 1_000).map(|stan| shop::sell(shop::key(42, 1 + stan)));
        shop::commit(&mut book, sales.collect());
    }
    let mut worst = 0;
    for round in 0..50 {
        let date = BusinessDate(TODAY.0 + u16::try_from(round % 2).unwrap());
        let key = Key { date, ..shop::key(42, 100_000 + round) };
        let limited = |verdict| match verdict {
            VerificationResult::Accepted { legs, .. } => {
                VerificationResult::Accepted { legs, velocity, least_days: 0 }
            }
            refused @ VerificationResult::Refused(_) => refused,
        };
        visited.set(0);
        shop::commit(&mut book, vec![begin(key, limited, AT_MS + 120_000)]);
        let read = visited.get();
        assert!(read <= 4 * SCAN_ROWS_MAX, "round {round} read {read} rows");
        worst = if round < 2 { 0 } else { worst.max(read) };
    }
    assert!(worst <= STOCK_AHEAD + 16, "a sale read {worst} rows");
}

/// Refusals, reversals of nothing and questions: a thief may send as many as the line carries.
#[test]
fn requests_that_cost_nothing_read_few_rows() {
    let visited = Rc::new(Cell::new(0));
    let counted = Counted { inner: Memory::new(), visited: Rc::clone(&visited) };
    let mut book = shop::open(counted, 10);
    let refused = |_| VerificationResult::Refused(ResponseCode(*b"61"));
    shop::commit(&mut book, vec![shop::sell(shop::key(42, 1))]);
    for stan in 2..3_000 {
        shop::commit(&mut book, vec![begin(shop::key(42, stan), refused, AT_MS)]);
    }
    assert_eq!(book.head().seq, 1 + u64::from(tillgate_store_core::limits::REFUSED_ROWS_MAX));
    let (standing, pins_from) = (ResponseCode::APPROVED, BusinessDate(0));
    for stan in 3_000..3_100 {
        visited.set(0);
        let original = shop::key(42, 0);
        let last = Repeat {
            asker: Asker::Terminal,
            original,
            digest: None,
            at_ms: AT_MS,
            standing,
            pins_from,
        };
        let outcomes = shop::commit(
            &mut book,
            vec![
                begin(shop::key(42, stan), refused, AT_MS),
                shop::reverse(shop::key(42, 10_000 + stan), shop::key(42, 20_000 + stan)),
                Command::Repeat(last),
            ],
        );
        assert!(matches!(outcomes[2], Outcome::Duplicate(_)), "{outcomes:?}");
        if stan > 3_000 {
            assert!(visited.get() <= 16, "{} rows were read for three requests", visited.get());
        }
    }
}
