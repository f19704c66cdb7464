//! What the metrics say about rows: who waits and since when.

use std::ops::ControlFlow;

use tillgate_store_core::{Fulfilment, Kind, ReadRows, StoreError, journal};

use super::page::Awaited;

/// Kinds of transactions that may wait, with their label.
const KINDS: [(Kind, &str); 3] = [
    (Kind::Sale(Fulfilment::Stock), "voucher"),
    (Kind::Sale(Fulfilment::Provider), "top_up"),
    (Kind::Reversal, "reversal"),
];

/// Transactions that wait for somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    counts: [u64; KINDS.len()],
    oldest_ms: Option<u64>,
}

impl Waiting {
    /// Those that wait for a person, and for a provider; at most this many rows are counted.
    ///
    /// # Errors
    /// A damaged row.
    pub fn count(rows: &dyn ReadRows, counted_max: usize) -> Result<[Self; 2], StoreError> {
        let mut waiting = <[Self; 2]>::default();
        let mut counted = 0;
        journal::open(rows, None, |row| {
            let of = &mut waiting[usize::from(Awaited::by(&row) == Awaited::Provider)];
            if let Some(kind) = KINDS.iter().position(|(kind, _)| *kind == row.kind) {
                of.counts[kind] += 1;
            }
            let since = row.due.map_or(row.at_ms, |due| due.since_ms);
            of.oldest_ms = Some(of.oldest_ms.map_or(since, |oldest| oldest.min(since)));
            counted += 1;
            if counted < counted_max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(waiting)
    }

    /// How many, by the label of their kind.
    pub fn by_kind(&self) -> impl Iterator<Item = (&'static str, u64)> {
        KINDS.iter().zip(self.counts).map(|((_, label), count)| (*label, count))
    }

    /// For how long the oldest has waited.
    #[must_use]
    pub fn oldest_s(&self, now_ms: u64) -> u64 {
        self.oldest_ms.map_or(0, |since| now_ms.saturating_sub(since) / 1_000)
    }
}
