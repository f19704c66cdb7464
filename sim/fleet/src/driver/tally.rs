//! What a run counts: rates, latencies, troubles.

use hdrhistogram::Histogram;
use smart_default::SmartDefault;
use tillgate_codec::link::message::ResponseCode;
use tillsim_core::terminal::{Finished, Note};
use tillsim_core::time::Span;

use super::client::ClientKind;
use super::line::Lost;

/// Longest latency that is recorded exactly: ten minutes, in microseconds.
const LATENCY_US_MAX: u64 = 600_000_000;

/// A histogram of latencies in microseconds, to three digits; 144 KiB.
///
/// # Panics
/// Never: the bounds are constants that the histogram accepts.
#[must_use]
pub fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).expect("the bounds are valid")
}

/// Everything counted since the start of a run.
#[derive(Clone, SmartDefault)]
pub struct Tally {
    /// Connection attempts.
    pub connects: u64,
    /// Bytes handed to the network.
    pub sent_bytes: u64,
    /// Bytes taken from the network.
    pub received_bytes: u64,
    /// Terminals logged on now.
    pub online: u64,
    /// Of these, terminals of other makers.
    pub online_iso8583: u64,
    /// Customers that came, in open load.
    pub offered: u64,
    /// Customers that found the line too long and left, in open load.
    pub dropped: u64,
    /// Sales sent for the first time.
    pub started: u64,
    /// Sales approved.
    pub approved: u64,
    /// Sales declined, by code.
    pub declined: Vec<(ResponseCode, u64)>,
    /// Confirms accepted.
    pub confirmed: u64,
    /// Reversals sent, those that took a sale back, and those that found the sale unchanged.
    pub reversals: u64,
    /// See [`Tally::reversals`].
    pub reversed: u64,
    /// See [`Tally::reversals`].
    pub stands: u64,
    /// Terminals whose totals were the gateway's, and those whose were not.
    pub settled: u64,
    /// See [`Tally::settled`].
    pub totals_differ: u64,
    /// Times that a sale became doubtful.
    pub doubts: u64,
    /// Sales sent again.
    pub sent_again: u64,
    /// Answers "still in progress".
    pub asked_again: u64,
    /// Customers turned away by blocked terminals.
    pub turned_away: u64,
    /// Sales tried although blocked.
    pub tried_blocked: u64,
    /// Orders to sell no more, to sell again, and messages.
    pub orders: u64,
    /// Stations that logged off for good.
    pub stopped: u64,
    /// Troubles by their label, in the order of their first appearance.
    pub troubles: Vec<(&'static str, u64)>,
    /// From the intended start to the answer.
    #[default(latencies())]
    pub response: Histogram<u64>,
    /// From the first byte to the answer.
    #[default(latencies())]
    pub service: Histogram<u64>,
}

/// Adds these fields of another tally.
macro_rules! add {
    ($to:ident, $from:ident: $($field:ident),*) => { $($to.$field += $from.$field;)* };
}

impl Tally {
    /// Counts a note; gives the sale's response time if one has finished.
    pub fn note(&mut self, kind: ClientKind, note: Note) -> Option<Span> {
        let is_iso8583 = u64::from(kind == ClientKind::Iso8583);
        match note {
            Note::Online => {
                self.online += 1;
                self.online_iso8583 += is_iso8583;
            }
            Note::Offline => {
                self.online = self.online.saturating_sub(1);
                self.online_iso8583 = self.online_iso8583.saturating_sub(is_iso8583);
            }
            Note::Ready => {}
            Note::Started => self.started += 1,
            Note::Finished(finished) => {
                self.finished(finished);
                return Some(finished.response);
            }
            Note::Doubt => self.doubts += 1,
            Note::SentAgain => self.sent_again += 1,
            Note::AskedAgain => self.asked_again += 1,
            Note::Confirmed => self.confirmed += 1,
            Note::TookBack => self.reversals += 1,
            Note::Reversed => self.reversed += 1,
            Note::Stands => self.stands += 1,
            Note::Settled => self.settled += 1,
            Note::TotalsDiffer => self.totals_differ += 1,
            Note::TriedBlocked => self.tried_blocked += 1,
            Note::Blocked | Note::Unblocked | Note::Message => self.orders += 1,
            Note::TurnedAway => self.turned_away += 1,
            Note::Stopped => self.stopped += 1,
            Note::Trouble(trouble) => self.trouble(trouble.label()),
        }
        None
    }

    /// Counts a lost connection.
    pub fn lost(&mut self, lost: Lost) {
        self.trouble(lost.label());
    }

    /// Sales that have a final answer.
    #[must_use]
    pub fn completed(&self) -> u64 {
        self.approved + self.declined_total()
    }

    /// Sales declined, with any code.
    #[must_use]
    pub fn declined_total(&self) -> u64 {
        self.declined.iter().map(|(_, count)| count).sum()
    }

    /// Adds what another engine counted.
    ///
    /// # Panics
    /// Never: all histograms have the same bounds.
    pub fn add(&mut self, other: &Self) {
        add!(
            self, other: connects, sent_bytes, received_bytes, online, online_iso8583, offered, dropped, started,
            approved, confirmed, reversals, reversed, stands, settled, totals_differ, doubts,
            sent_again, asked_again, turned_away, tried_blocked, orders, stopped
        );
        for (code, count) in &other.declined {
            *slot(&mut self.declined, *code) += count;
        }
        for (label, count) in &other.troubles {
            *slot(&mut self.troubles, *label) += count;
        }
        self.response.add(&other.response).expect("histograms have the same bounds");
        self.service.add(&other.service).expect("histograms have the same bounds");
    }

    fn finished(&mut self, finished: Finished) {
        if finished.code.is_approved() {
            self.approved += 1;
        } else {
            *slot(&mut self.declined, finished.code) += 1;
        }
        self.response.saturating_record(finished.response.as_us());
        self.service.saturating_record(finished.service.as_us());
    }

    fn trouble(&mut self, label: &'static str) {
        *slot(&mut self.troubles, label) += 1;
    }
}

/// The count kept for `key`; the few keys there are do not pay for a map.
fn slot<K: PartialEq + Copy>(counts: &mut Vec<(K, u64)>, key: K) -> &mut u64 {
    let found = counts.iter().position(|(other, _)| *other == key);
    let place = found.unwrap_or_else(|| {
        counts.push((key, 0));
        counts.len() - 1
    });
    &mut counts[place].1
}
