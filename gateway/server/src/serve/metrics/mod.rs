//! Counters that threads add to and [`Metrics::page`] reads. No locks, no labels made at run
//! time: every series is known from the start, so a stranger cannot grow the table.

mod histogram;
mod page;
mod render;
mod ussd;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smart_default::SmartDefault;
use tillgate_core::listener::{self, ListenerStats};
use tillgate_core::processing::HelloRefusal;
use tillgate_core::provider::Intake;
use tillgate_core::session::{CloseReason, ConnectionRefusal, SessionStats};
use tillgate_core::time::{Moment, Span};
use tillgate_core::transaction::Asked;
use tillgate_edge::Counts;
use tillgate_store_core::Transaction;

pub(crate) use self::histogram::Histogram;
pub(crate) use self::page::Page;
pub(crate) use self::ussd::{LinkKind, LinkMetrics, UssdMetrics};

#[derive(Default)]
pub(crate) struct Metrics {
    pub(crate) reactors: Vec<Arc<ReactorMetrics>>,
    pub(crate) pool: Arc<PoolMetrics>,
    pub(crate) writer: Arc<WriterMetrics>,
    pub(crate) bridges: Vec<Arc<BridgeMetrics>>,
    pub(crate) listeners: Vec<Arc<ListenerMetrics>>,
    pub(crate) ussd: Arc<UssdMetrics>,
    pub(crate) scrub: Arc<ScrubMetrics>,
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
    /// Panics of USSD links over HTTP; each ended one connection.
    pub(crate) ussd_panics: Count,
    /// Panics of the scrubber; it begins again.
    pub(crate) scrub_panics: Count,
}

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

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The numbers of one reactor: name and help, in the order of [`ReactorMetrics::publish`].
const REACTOR: [(&str, &str); 10] = [
    ("tillgate_sessions", "Sessions now"),
    ("tillgate_sessions_online", "Sessions whose terminal proved itself"),
    ("tillgate_sessions_unproven", "Sessions that have proved nothing"),
    ("tillgate_requests_in_flight", "Requests without an answer"),
    ("tillgate_reactor_mail", "Batches waiting for the reactor"),
    ("tillgate_connections_admitted_total", "Connections admitted"),
    ("tillgate_connections_refused_total", "Refused on arrival"),
    ("tillgate_connections_shed_total", "Closed for want of a descriptor"),
    ("tillgate_sessions_slowed_total", "Not read: rate used up"),
    ("tillgate_records_opened_total", "Sealed records opened"),
];

#[derive(Default)]
pub(crate) struct ReactorMetrics {
    numbers: [Count; REACTOR.len()],
    refused_by: [Count; ConnectionRefusal::ALL.len()],
    closed: [Count; CloseReason::ALL.len()],
}

impl ReactorMetrics {
    /// Called once a turn by the reactor.
    pub(crate) fn publish(&self, stats: &SessionStats, shed: u64, mail: usize) {
        let numbers = [
            u64::from(stats.sessions),
            u64::from(stats.online),
            u64::from(stats.unproven),
            u64::from(stats.requests),
            count(mail),
            stats.admitted,
            stats.refused,
            shed,
            stats.slowed,
            stats.records,
        ];
        set(&self.numbers, &numbers);
        set(&self.refused_by, &stats.refused_by);
        set(&self.closed, &stats.closed);
    }
}

fn set(counts: &[Count], numbers: &[u64]) {
    for (count, number) in counts.iter().zip(numbers) {
        count.set(*number);
    }
}

#[derive(SmartDefault)]
pub(crate) struct PoolMetrics {
    pub(crate) handshakes: Count,
    /// Of these, refused, by [`HelloRefusal::ALL`]'s order.
    handshakes_refused: [Count; HelloRefusal::ALL.len()],
    /// From a request's last byte to its encoded answer, whatever it waited for.
    #[default(Histogram::of_times())]
    pub(crate) answered: Histogram,
}

impl PoolMetrics {
    pub(super) fn count_refused(&self, refusal: HelloRefusal) {
        if let Some(at) = HelloRefusal::ALL.iter().position(|reason| *reason == refusal) {
            self.handshakes_refused[at].add(1);
        }
    }
}

#[derive(SmartDefault)]
pub(crate) struct WriterMetrics {
    asked: [Count; ASKED.len()],
    answers: [Count; ANSWERS.len()],
    answers_other: Count,
    #[default(Histogram::of_times())]
    commits: Histogram,
    #[default(Histogram::of_sizes())]
    batches: Histogram,
    pending: Count,
    mail: Count,
    clock_off_s: Count,
}

/// Labels of the requests that the writer is asked.
const ASKED: [&str; 13] = [
    "sale",
    "confirm",
    "reversal",
    "repeat",
    "balance",
    "logon",
    "acknowledgement",
    "settlement",
    "lookup",
    "batch_record",
    "recent",
    "pin_logon",
    "pin_change",
];

/// Response codes with a series of their own; any other is counted together.
const ANSWERS: [&str; 24] = [
    "00", "03", "05", "09", "12", "13", "14", "21", "25", "30", "51", "57", "58", "61", "65", "68",
    "91", "94", "96", "B1", "D1", "H1", "R1", "S1",
];

impl WriterMetrics {
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
            Asked::BatchRecord(_) => 9,
            Asked::Recent { .. } => 10,
            Asked::PinLogon { .. } => 11,
            Asked::PinChange { .. } => 12,
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

#[derive(SmartDefault)]
pub(crate) struct BridgeMetrics {
    pub(crate) name: String,
    /// Results by [`RESULTS`]' order.
    pub(crate) results: [Count; RESULTS.len()],
    /// Orders and inquiries taken and not finished.
    pub(crate) in_flight: Count,
    /// Orders given back because the queue was full.
    pub(crate) bounced: Count,
    /// Orders given back because the breaker was open.
    pub(crate) held_back: Count,
    /// Orders given back because the bridge had its sales of this second.
    pub(crate) too_fast: Count,
    /// 1 while the breaker is open.
    pub(crate) open: Count,
    /// What the intake wants shunned, in nanoseconds of the gateway's clock.
    pub(crate) shun_until: Count,
    /// Connections to an ISO 8583 host that take requests.
    pub(crate) connections_up: Count,
    /// Messages of a host that belong to no request.
    pub(crate) unmatched: Count,
    /// Answers after their request had its result.
    pub(crate) late: Count,
    /// Echo tests without an answer.
    pub(crate) echo_missed: Count,
    /// Requests refused because one with the same key was in flight.
    pub(crate) duplicates: Count,
    /// Callbacks of its provider about an order that was sent.
    pub(crate) callbacks: Count,
    /// Callbacks with a wrong signature or about no order, and other requests to their listener.
    pub(crate) callbacks_refused: Count,
    /// From taking an order to its result.
    #[default(Histogram::of_times())]
    pub(crate) took: Histogram,
}

impl BridgeMetrics {
    /// Called whenever the intake may have changed, while it is locked.
    pub(super) fn note_intake(&self, intake: &Intake) {
        self.open.set(u64::from(intake.is_open()));
        self.shun_until.set(intake.shun_until().0);
    }

    /// Until when sales go to another bridge of their route first.
    pub(crate) fn shunned_until(&self) -> Moment {
        Moment(self.shun_until.read())
    }
}

/// The numbers of one ISO 8583 listener: name and help, in the order of
/// [`ListenerMetrics::publish`].
const LISTENER: [(&str, &str); 8] = [
    ("tillgate_listener_connections", "Connections of ISO 8583 terminals now"),
    ("tillgate_listener_in_flight", "Their requests without an answer"),
    ("tillgate_listener_admitted_total", "Connections admitted"),
    ("tillgate_listener_requests_total", "Messages that went to verification"),
    ("tillgate_listener_answers_total", "Answers sent"),
    ("tillgate_listener_slowed_total", "Not read: rate used up"),
    ("tillgate_listener_foreign_total", "Closed: from a network that is not let in"),
    ("tillgate_listener_shed_total", "Closed for want of a descriptor"),
];

#[derive(Default)]
pub(crate) struct ListenerMetrics {
    pub(crate) name: String,
    numbers: [Count; LISTENER.len()],
    refused_by: [Count; listener::ConnectionRefusal::ALL.len()],
    closed: [Count; listener::CloseReason::ALL.len()],
    dropped: [Count; listener::DropReason::ALL.len()],
}

impl ListenerMetrics {
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Called once a turn by the listener's thread.
    pub(crate) fn publish(&self, stats: &ListenerStats, (foreign, shed): (u64, u64)) {
        let numbers = [
            u64::from(stats.sessions),
            u64::from(stats.requests),
            stats.admitted,
            stats.frames,
            stats.answers,
            stats.slowed,
            foreign,
            shed,
        ];
        set(&self.numbers, &numbers);
        set(&self.refused_by, &stats.refused_by);
        set(&self.closed, &stats.closed);
        set(&self.dropped, &stats.dropped);
    }
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

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
