//! Promise 6: what a bridge reported is what a top-up's outcome rests on; silence is no outcome.
//! And the operator gets only what the gateway cannot do: after its time has run out, when the
//! provider refuses, or when its bridge can do nothing about it.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use tillgate_core::provider::{Capabilities, ProviderResult as Report};
use tillgate_store_core::{
    BridgeTag, FollowUp, Key, Kind, ProviderOutcome, Resolution, ResponseCode, State, Transaction,
};

use super::Checker;
use super::reversals::is_forbidden;
use super::rows::{Violations, is_unknown};
use crate::time::{Moment, Span};
use crate::world::config::Config;

/// What bridges reported, and since when what is open is so.
pub(super) struct Handed {
    expire: Span,
    /// A bridge that has reported nothing for this long never will.
    bridge_silence: Span,
    bridges: FxHashMap<BridgeTag, Capabilities>,
    /// By index.
    tags: Vec<BridgeTag>,
    /// Of this life: what a crash took from the writer must be reported again.
    heard: FxHashMap<Key, Vec<Report>>,
    /// What the operator has said, or is saying.
    verdicts: BTreeSet<(Key, Resolution)>,
    /// Since when each transaction is owed what it is owed.
    began: FxHashMap<Key, Began>,
    /// When the gateway started last.
    started: Clock,
}

/// A moment, and the latest that the gateway's clock had shown by then, in milliseconds.
pub(super) type Clock = (Moment, u64);

struct Began {
    clock: Clock,
    since_ms: u64,
}

impl Handed {
    pub(super) fn new(config: &Config) -> Self {
        let bridges = config.bridges.iter();
        let bridges =
            bridges.map(|bridge| (BridgeTag::of(&bridge.name), bridge.capabilities)).collect();
        let tags = config.bridges.iter().map(|bridge| BridgeTag::of(&bridge.name)).collect();
        Self {
            tags,
            expire: config.writer.expire,
            bridge_silence: config.writer.bridge_silence,
            bridges,
            heard: FxHashMap::default(),
            verdicts: BTreeSet::new(),
            began: FxHashMap::default(),
            started: (Moment::default(), 0),
        }
    }

    pub(super) fn crashed(&mut self) {
        self.heard.clear();
    }

    /// The gateway starts, at the latest that its clock has shown.
    pub(super) fn started(&mut self, at: Moment, wall_ms: u64) {
        self.started = (at, wall_ms);
    }

    fn heard(&self, key: &Key, wanted: impl Fn(&Report) -> bool) -> bool {
        self.heard.get(key).is_some_and(|reports| reports.iter().any(wanted))
    }

    fn said(&self, key: &Key, verdict: Resolution) -> bool {
        self.verdicts.contains(&(*key, verdict))
    }

    /// Whether its time may have run out. It is counted by the wall clock up to when the gateway
    /// took it up, in this life or at its start, and from then on by passing time.
    fn may_have_expired(&self, now: Moment, key: &Key) -> bool {
        let Some(Began { clock, since_ms }) = self.began.get(key) else { return false };
        [*clock, self.started].iter().any(|(at, wall_ms)| {
            let age = Span::ms(wall_ms.saturating_sub(*since_ms));
            let left = Span(self.expire.0.saturating_sub(age.0));
            *at >= clock.0 && at.after(left) <= now
        })
    }
}

impl Checker {
    /// A bridge reports to the writer.
    pub(in super::super) fn heard(
        &mut self,
        at: Moment,
        (key, bridge): (Key, u16),
        report: &Report,
    ) {
        if let Report::Lookup(_) = report {
            return self.looked_up(at, &key, report);
        }
        // Only the bridge that its row names speaks for a sale.
        let row = self.journal.get(&key);
        let original = row.and_then(|row| self.journal.get(&row.original?));
        let named = original.or(row).map(|row| row.bridge);
        if named.is_some_and(|named| self.handed.tags.get(usize::from(bridge)) != Some(&named)) {
            return;
        }
        self.handed.heard.entry(key).or_default().push(report.clone());
        if is_not_sent(report) {
            self.weigh_again(at);
        }
    }

    /// Whether a bridge has said of a sale, or of what it is about, that nothing was sent.
    pub(super) fn may_go_on(&self, key: &Key) -> bool {
        self.handed.heard(key, is_not_sent)
    }

    /// A sale goes on only from a bridge that said so, to another one of its way, and nothing else
    /// of it changes.
    fn read_way(&mut self, old: &Transaction, new: &Transaction, found: &mut Violations) {
        let key = new.key;
        if (old.bridge, &old.tried) == (new.bridge, &new.tried) {
            return;
        }
        let mut way = old.tried.to_vec();
        way.push(old.bridge);
        let once = !way.contains(&new.bridge) && way[..] == new.tried[..];
        let open = is_unknown(old) && is_unknown(new) && old.state == State::Intent;
        if !once || !open || old.owes().is_some() || new.owes().is_some() {
            found.push((6, format!("{key}: goes on from {:?} to {:?}", way, new.bridge)));
        }
        if old.reversed_by.is_some() {
            found.push((6, format!("{key}: goes on, and it is being taken back")));
        }
        let reports = self.handed.heard.remove(&key).unwrap_or_default();
        if reports.is_empty() || !reports.iter().all(is_not_sent) {
            found.push((6, format!("{key}: goes on, and its bridge reported {reports:?}")));
        }
    }

    /// An answer about another sale, or about none, was read as the result of a request.
    pub(in super::super) fn believed_a_lie(&mut self, now: Moment, key: Key, report: &Report) {
        let text = format!("{key}: an answer about something else was read as {report:?}");
        self.violate(now, 6, text);
    }

    /// The operator says what the outcome of a transaction is.
    pub(in super::super) fn verdict(&mut self, key: Key, verdict: Resolution) {
        self.handed.verdicts.insert((key, verdict));
    }

    /// A row took another's place: what it rests on, and who has to act from now on.
    pub(super) fn read_change_of(
        &mut self,
        clock: Clock,
        (old, new): (Option<&Transaction>, &Transaction),
        found: &mut Violations,
    ) {
        let key = new.key;
        if let Some(old) = old {
            self.read_way(old, new, found);
            if is_unknown(old) && !is_unknown(new) && !self.is_reported(new) {
                let text = format!("{key}: {:?} {}, which nobody reported", new.state, new.code);
                found.push((6, text));
            }
            let given = new.owes() == Some(FollowUp::Operator);
            // One write may have taken an outcome and what contradicts it.
            let at_once = new.is_final() && self.is_contradicted(new);
            let beyond = at_once || self.is_beyond_it(clock.0, old);
            if given && old.owes() != new.owes() && !beyond {
                found.push((6, format!("{key}: handed to the operator, for no reason")));
            }
        }
        if old.is_none_or(|old| old.due != new.due) {
            let since_ms = new.due.map_or(new.at_ms, |due| due.since_ms);
            self.handed.began.insert(key, Began { clock, since_ms });
        }
    }

    /// Whether somebody who knows has said what a row now says.
    fn is_reported(&self, new: &Transaction) -> bool {
        let (key, handed) = (&new.key, &self.handed);
        let stands =
            |report: &Report| *report == Report::Outcome(ProviderOutcome::ReversalDeclined);
        let taken_back = |report: &Report| *report == Report::Outcome(ProviderOutcome::Reversed);
        match (new.kind, new.state) {
            (Kind::Reversal, State::Approved) => {
                let original = new.original.and_then(|original| self.journal.get(&original));
                let nothing = original.is_some_and(|original| original.state == State::Declined);
                let allowed = original.is_none_or(|original| !is_forbidden(new, original));
                nothing
                    || (allowed && handed.heard(key, taken_back))
                    || handed.said(key, Resolution::Approved)
            }
            (Kind::Reversal, _) => {
                let original = new.original.and_then(|original| self.journal.get(&original));
                let stood =
                    |sale: &Transaction| sale.state == State::Approved && is_forbidden(new, sale);
                original.is_some_and(stood)
                    || handed.heard(key, stands)
                    || handed.said(key, Resolution::Declined)
                    || !self.capabilities(new).reversal
            }
            (_, State::Declined) => {
                handed.said(key, Resolution::Declined)
                    || handed.heard(key, |report| match report {
                        Report::Outcome(ProviderOutcome::Declined { code, chip, .. }) => {
                            (code, chip) == (&new.code, &new.chip)
                        }
                        Report::Outcome(ProviderOutcome::NotSent { code }) => *code == new.code,
                        Report::Outcome(ProviderOutcome::Reversed) => {
                            new.code == ResponseCode::REVERSED
                        }
                        Report::NotFound { .. } => new.code == ResponseCode(*b"91"),
                        _ => false,
                    })
            }
            _ => {
                let told = |report: &Report| match report {
                    Report::Outcome(ProviderOutcome::Approved { reference, chip }) => {
                        (reference, chip) == (&new.provider_reference, &new.chip)
                    }
                    _ => false,
                };
                handed.heard(key, told) || handed.said(key, Resolution::Approved)
            }
        }
    }

    /// Whether the gateway can do nothing more about a row, as it was.
    fn is_beyond_it(&self, now: Moment, old: &Transaction) -> bool {
        let (key, handed) = (&old.key, &self.handed);
        if old.kind.dispenses() {
            return self.requests.reversals.contains_key(key);
        }
        if old.is_final() && self.is_contradicted(old) {
            return true;
        }
        let can = self.capabilities(old);
        let able = match old.owes() {
            Some(FollowUp::Advice) => can.advice,
            Some(_) => can.reversal,
            None => can.inquiry || (can.idempotent && !old.terms.masked) || can.reversal,
        };
        let since = handed.began.get(key).map_or(now, |began| began.clock.0);
        // Of an order that may still be reported on there is nothing to be found out.
        let tried = old.owes().is_some()
            || self.room.is_of_before(key)
            || handed.heard(key, |_| true)
            || since.after(handed.bridge_silence) <= now;
        (!able && tried)
            || handed
                .heard(key, |report| *report == Report::Outcome(ProviderOutcome::ReversalDeclined))
            || handed.may_have_expired(now, key)
            || self.room.was_crowded(since)
    }

    /// Whether a bridge reported otherwise than what is booked.
    fn is_contradicted(&self, sale: &Transaction) -> bool {
        let undone = |report: &Report| {
            matches!(
                report,
                Report::Outcome(ProviderOutcome::Declined { .. } | ProviderOutcome::Reversed)
            )
        };
        let stands =
            |report: &Report| *report == Report::Outcome(ProviderOutcome::ReversalDeclined);
        let reversal = self.requests.reversals.get(&sale.key);
        let of_reversal = |wanted: &dyn Fn(&Report) -> bool| {
            reversal.is_some_and(|reversal| self.handed.heard(reversal, wanted))
        };
        let renamed = |report: &Report| {
            matches!(report, Report::Outcome(ProviderOutcome::Approved { reference, .. })
                if sale.is_renamed(reference))
        };
        match sale.state {
            _ if self.handed.heard(&sale.key, renamed) => true,
            State::Approved => self.handed.heard(&sale.key, undone) || of_reversal(&undone),
            State::Reversed => of_reversal(&stands),
            _ => false,
        }
    }

    /// What the bridge of a sale can do, or of a reversal's original.
    fn capabilities(&self, row: &Transaction) -> Capabilities {
        let original = row.original.and_then(|original| self.journal.get(&original));
        let bridge = original.unwrap_or(row).bridge;
        self.handed.bridges.get(&bridge).copied().unwrap_or_default()
    }
}

fn is_not_sent(report: &Report) -> bool {
    matches!(report, Report::Outcome(ProviderOutcome::NotSent { .. }))
}
