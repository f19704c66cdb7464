//! What bridges find out, and what is done while they have not.

use tillgate_store_core::{Finding, Key, State};

use super::pending::Alarm;
use super::{Content, Desk, Found, Output};
use crate::code;
use crate::time::{Moment, Span, Wall};

/// An order that its provider has not seen may still be on its way. A provider that cannot be
/// sent the same reference twice is believed only after this long.
const SETTLE: Span = Span::s(60);

impl Desk {
    pub(super) fn on_found(&mut self, now: Moment, wall: Wall, key: Key, found: Found) {
        // Nothing pending: an earlier finding has already settled it.
        let Some(pending) = self.pending.get_mut(&key) else { return };
        let first = pending.is_first_order();
        self.inquiries -= u32::from(pending.stop_asking());
        let state = pending.row.state;
        // That a repeat or a question never left says nothing about the order before it.
        let unsent = matches!(found, Found::Finding(Finding::NotSent { .. }));
        let found = if unsent && !first { Found::Finding(Finding::Unknown) } else { found };
        match found {
            Found::Finding(Finding::Unknown) | Found::Pending => {
                if state == State::Intent {
                    self.stage_finish(key, wall, Finding::Unknown);
                }
                self.ask_later(now, key);
            }
            Found::Finding(finding) => self.stage_finish(key, wall, finding),
            Found::NotSeen => self.on_not_seen(now, wall, key),
        }
    }

    pub(super) fn on_deadline(&mut self, now: Moment) {
        while let Some((key, alarm)) = self.alarms.pop(now) {
            match alarm {
                Alarm::Answer => self.answer_overdue(now, key),
                Alarm::Inquire => self.inquire(now, key),
            }
        }
    }

    /// Tells those who have waited long enough that the work goes on.
    fn answer_overdue(&mut self, now: Moment, key: Key) {
        let Some(pending) = self.pending.get_mut(&key) else { return };
        let row = pending.row.clone();
        for origin in pending.overdue(now) {
            self.reply(origin, Content::InProgress(row.clone()));
        }
    }

    fn inquire(&mut self, now: Moment, key: Key) {
        let Some(pending) = self.pending.get_mut(&key) else { return };
        if pending.is_asking() {
            return;
        }
        let capabilities = self.bridges[usize::from(pending.bridge)];
        if !capabilities.inquiry && !capabilities.idempotent {
            // Nobody to ask: it stays UNKNOWN and reserved, on the operator's list.
            return;
        }
        if self.inquiries >= self.limits.inquiries_max {
            self.alarms.inquire_soon(now, key, &self.limits);
            return;
        }
        self.inquiries += 1;
        pending.start_asking();
        let output = if capabilities.inquiry {
            Output::Inquire(pending.order(self.store_id))
        } else {
            pending.repeat();
            Output::Forward(pending.order(self.store_id))
        };
        self.outputs.push_back(output);
    }

    /// The provider has not seen our reference. An idempotent one gets the order again; another
    /// is believed once nothing can be on its way any more.
    fn on_not_seen(&mut self, now: Moment, wall: Wall, key: Key) {
        let Some(pending) = self.pending.get_mut(&key) else { return };
        if self.bridges[usize::from(pending.bridge)].idempotent {
            self.inquiries += 1;
            pending.start_asking();
            pending.repeat();
            self.outputs.push_back(Output::Forward(pending.order(self.store_id)));
            return;
        }
        let age_ms = wall.0.saturating_sub(pending.row.at_ms);
        if Span::ms(age_ms) >= SETTLE {
            let code = code::PROVIDER_UNAVAILABLE;
            self.stage_finish(key, wall, Finding::NotSent { code });
        } else {
            self.ask_later(now, key);
        }
    }

    fn ask_later(&mut self, now: Moment, key: Key) {
        if let Some(pending) = self.pending.get(&key) {
            self.alarms.inquire_later(now, key, pending.asked(), &self.limits);
        }
    }
}
