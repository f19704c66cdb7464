//! When dialogs are looked at, and how they end.

use tillgate_types::Moment;

use super::slot::{Id, Phase};
use super::{Clocks, DialogRecord, Dialogs, Queued};
use crate::directory::Directory;
use crate::ussd::EndReason;

impl Dialogs {
    /// Looks at a dialog then, whatever was meant before.
    pub(super) fn set_due(&mut self, id: Id, due: Moment) {
        let Some(open) = self.slots.get_mut(id) else { return };
        open.due = due;
        if due < open.armed {
            open.armed = due;
            self.timers.arm(due, id.slot, id.generation);
        }
    }

    pub(super) fn on_deadline(&mut self, at: Clocks, directory: &Directory) {
        self.frames.on_deadline(at.now);
        while let Some((fired, slot, generation)) = self.timers.pop(at.now) {
            let id = Id { slot, generation };
            let Some(open) = self.slots.get_mut(id) else { continue };
            if open.armed != fired {
                continue;
            }
            open.armed = Moment(u64::MAX);
            let due = open.due;
            if due > at.now {
                self.set_due(id, due);
            } else {
                self.on_due(at, id, directory);
            }
        }
    }

    fn on_due(&mut self, at: Clocks, id: Id, directory: &Directory) {
        match self.slots.get(id).map(|open| open.phase) {
            Some(Phase::Showing) => self.leave(at, id, EndReason::SubscriberTimeout),
            Some(Phase::Asking(_)) => self.on_late(at, id, directory),
            // Its link owes a result, and has given none.
            Some(Phase::Ending(why)) => self.close(at, id, why),
            Some(Phase::Unseen(unseen)) => self.go_on_unseen(at, id, unseen),
            None => {}
        }
    }

    /// The subscriber is gone. A sale that is on its way goes on.
    pub(super) fn leave(&mut self, at: Clocks, id: Id, why: EndReason) {
        let Some(open) = self.slots.get(id) else { return };
        if open.phase.is_seen() && (open.undecided().is_some() || open.receipt.is_some()) {
            self.report(at, id, why);
            return self.unsee(at, id);
        }
        self.close(at, id, why);
    }

    /// Its subscriber has no dialog any more: says so, once.
    pub(super) fn report(&mut self, at: Clocks, id: Id, why: EndReason) {
        let Some(open) = self.slots.get(id) else { return };
        if let Some(live) = self.live.get(&open.msisdn())
            && *live == id
        {
            self.live.remove(&open.msisdn());
            self.stats.count_end(why);
            self.queue.push_back(Queued::Over(DialogRecord {
                msisdn: open.msisdn(),
                link: open.link,
                service_code: open.at.service_code,
                terminal: Some(open.terminal),
                took: at.now.since(open.began),
                screens: open.screens,
                sale: open.sale.map(|sale| (sale.date, sale.stan)),
                why,
            }));
        }
    }

    pub(super) fn close(&mut self, at: Clocks, id: Id, why: EndReason) {
        self.report(at, id, why);
        self.slots.remove(id);
    }
}
