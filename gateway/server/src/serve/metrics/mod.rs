//! Counters that threads add to and [`Metrics::page`] reads. No locks, no labels made at run
//! time: every series is known from the start, so a stranger cannot grow the table.

mod histogram;
mod page;
mod render;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tillgate_core::processing::HelloRefusal;
use tillgate_core::session::{CloseReason, ConnectionRefusal, SessionStats};
use tillgate_core::time::Span;
use tillgate_core::transaction::Asked;
use tillgate_edge::Counts;
use tillgate_store_core::Transaction;

pub(crate) use self::histogram::Histogram;
pub(crate) use self::page::Page;

/// Everything that is counted.
pub(crate) struct Metrics {
    /// By reactor.
    pub(crate) reactors: Vec<Arc<ReactorMetrics>>,
    /// Of all pool threads.
    pub(crate) pool: Arc<PoolMetrics>,
    /// Of the writer thread.
    pub(crate) writer: Arc<WriterMetrics>,
    /// By bridge.
    pub(crate) bridges: Vec<Arc<BridgeMetrics>>,
    /// Of the scrubber.
    pub(crate) scrub: Arc<ScrubMetrics>,
    /// Of what talks to strangers.
    pub(crate) edge: Arc<EdgeMetrics>,
}

/// Of the admin API's doors, logins, and panics that ended no more than what was guarded.
#[derive(Default)]
pub(crate) struct EdgeMetrics {
    /// Of the admin port.
    pub(crate) network: Arc<Counts>,
    /// Of the Unix socket.
    pub(crate) local: Arc<Counts>,
    /// Other users of this machine, turned away from the socket.
    pub(crate) local_refused: Count,
    /// Logins with a wrong name or password.
    pub(crate) logins_wrong: Count,
    /// Logins that had to wait because of earlier wrong passwords.
    pub(crate) logins_too_soon: Count,
    /// Logins refused because others were logging in.
    pub(crate) logins_busy: Count,
    /// Panics of bridges; each ended one connection to a provider.
    pub(crate) bridge_panics: Count,
    /// Panics of the scrubber; it begins again.
    pub(crate) scrub_panics: Count,
}

/// The scrubber's.
#[derive(Default)]
pub(crate) struct ScrubMetrics {
    /// Passes over the whole store that found nothing.
    pub(crate) passes: Count,
    /// Chunks of rows read.
    pub(crate) chunks: Count,
}

/// A number that goes up, or is set.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// Adds.
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// Takes off; for gauges.
    pub(crate) fn take_off(&self, count: u64) {
        self.0.fetch_sub(count, Ordering::Relaxed);
    }

    /// Sets; only by the one thread whose number it is.
    pub(crate) fn set(&self, count: u64) {
        self.0.store(count, Ordering::Relaxed);
    }

    /// Reads.
    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One reactor's.
#[derive(Default)]
pub(crate) struct ReactorMetrics {
    sessions: Count,
    online: Count,
    unproven: Count,
    requests: Count,
    admitted: Count,
    refused: Count,
    refused_by: [Count; ConnectionRefusal::ALL.len()],
    slowed: Count,
    records: Count,
    closed: [Count; CloseReason::ALL.len()],
    shed: Count,
    mail: Count,
}

impl ReactorMetrics {
    /// Called once a turn by the reactor.
    pub(crate) fn publish(&self, stats: &SessionStats, shed: u64, mail: usize) {
        self.sessions.set(u64::from(stats.sessions));
        self.online.set(u64::from(stats.online));
        self.unproven.set(u64::from(stats.unproven));
        self.requests.set(u64::from(stats.requests));
        self.admitted.set(stats.admitted);
        self.refused.set(stats.refused);
        for (count, refused) in self.refused_by.iter().zip(stats.refused_by) {
            count.set(refused);
        }
        self.slowed.set(stats.slowed);
        self.records.set(stats.records);
        for (count, closed) in self.closed.iter().zip(stats.closed) {
            count.set(closed);
        }
        self.shed.set(shed);
        self.mail.set(count(mail));
    }
}

/// The pool's.
pub(crate) struct PoolMetrics {
    /// Handshakes checked.
    pub(crate) handshakes: Count,
    /// Of these, refused, by [`HelloRefusal::ALL`]'s order.
    handshakes_refused: [Count; HelloRefusal::ALL.len()],
    /// From a request's last byte to its encoded answer, whatever it waited for.
    pub(crate) answered: Histogram,
}

impl PoolMetrics {
    pub(crate) fn new() -> Self {
        Self {
            handshakes: Count::default(),
            handshakes_refused: Default::default(),
            answered: Histogram::of_times(),
        }
    }

    pub(super) fn count_refused(&self, refusal: HelloRefusal) {
        if let Some(at) = HelloRefusal::ALL.iter().position(|reason| *reason == refusal) {
            self.handshakes_refused[at].add(1);
        }
    }
}

/// The writer thread's.
pub(crate) struct WriterMetrics {
    asked: [Count; ASKED.len()],
    answers: [Count; ANSWERS.len()],
    answers_other: Count,
    commits: Histogram,
    batches: Histogram,
    pending: Count,
    mail: Count,
    clock_off_s: Count,
}

/// Labels of the requests that the writer is asked.
const ASKED: [&str; 9] = [
    "sale",
    "confirm",
    "reversal",
    "repeat",
    "balance",
    "logon",
    "acknowledgement",
    "settlement",
    "lookup",
];

/// Response codes with a series of their own; any other is counted together.
const ANSWERS: [&str; 24] = [
    "00", "03", "05", "09", "12", "13", "14", "21", "25", "30", "51", "57", "58", "61", "65", "68",
    "91", "94", "96", "B1", "D1", "H1", "R1", "S1",
];

impl WriterMetrics {
    pub(crate) fn new() -> Self {
        Self {
            asked: Default::default(),
            answers: Default::default(),
            answers_other: Count::default(),
            commits: Histogram::of_times(),
            batches: Histogram::of_sizes(),
            pending: Count::default(),
            mail: Count::default(),
            clock_off_s: Count::default(),
        }
    }

    /// By how much the system's clock is off, either way.
    pub(super) fn publish_clock(&self, off_s: u64) {
        self.clock_off_s.set(off_s);
    }

    pub(super) fn count_ask(&self, asked: &Asked) {
        let label = match asked {
            Asked::Sale { .. } => 0,
            Asked::Confirm { .. } => 1,
            Asked::Reverse(_) => 2,
            Asked::Repeat { .. } => 3,
            Asked::Balance { .. } => 4,
            Asked::Logon { .. } => 5,
            Asked::Acknowledged { .. } => 6,
            Asked::Settle(_) => 7,
            Asked::Lookup(_) => 8,
            Asked::Counter { .. } => return,
        };
        self.asked[label].add(1);
    }

    /// A journalled answer is on its way; repeats count again.
    pub(super) fn count_answer(&self, row: &Transaction) {
        match ANSWERS.iter().position(|code| code.as_bytes() == row.code.0) {
            Some(index) => self.answers[index].add(1),
            None => self.answers_other.add(1),
        }
    }

    pub(super) fn count_commit(&self, commands: usize, took: Span) {
        self.batches.record_number(count(commands));
        self.commits.record(took);
    }

    /// Transactions between intent and outcome, or with something due at a provider.
    pub(crate) fn pending(&self) -> u64 {
        self.pending.read()
    }

    pub(super) fn publish(&self, pending: usize, mail: usize) {
        self.pending.set(count(pending));
        self.mail.set(count(mail));
    }
}

/// One bridge's.
pub(crate) struct BridgeMetrics {
    /// As configured.
    pub(crate) name: String,
    /// Results by [`RESULTS`]' order.
    pub(crate) results: [Count; RESULTS.len()],
    /// Orders and inquiries taken and not finished.
    pub(crate) in_flight: Count,
    /// Orders given back because the queue was full.
    pub(crate) bounced: Count,
    /// Orders given back because the breaker was open.
    pub(crate) held_back: Count,
    /// 1 while the breaker is open.
    pub(crate) open: Count,
    /// From taking an order to its result.
    pub(crate) took: Histogram,
}

/// Labels of what a bridge finds.
pub(crate) const RESULTS: [&str; 11] = [
    "approved",
    "declined",
    "not_sent",
    "unknown",
    "pending",
    "not_seen",
    "taken_back",
    "stands",
    "advised",
    "found",
    "nothing_found",
];

impl BridgeMetrics {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            results: Default::default(),
            in_flight: Count::default(),
            bounced: Count::default(),
            held_back: Count::default(),
            open: Count::default(),
            took: Histogram::of_times(),
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
