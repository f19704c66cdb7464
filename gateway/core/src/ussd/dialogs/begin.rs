//! Who dials, and what is typed.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;
use tillgate_store_core::{Handset, Status};
use tillgate_types::Moment;
use zeroize::Zeroizing;

use super::memory::Sold;
use super::slot::{Id, Open, Phase};
use super::{Clocks, DialogRecord, Dialogs, Queued};
use crate::directory::Directory;
use crate::menu::{Dialog, Notice, Step, View};
use crate::processing::verify::Now;
use crate::ussd::limits::{BEGINS_REMEMBERED_MAX, REDELIVERY};
use crate::ussd::{DialogAddress, EndReason};

impl Dialogs {
    pub(super) fn on_begin(
        &mut self,
        at: Clocks,
        (link, address): (u16, &DialogAddress),
        dialled: &str,
        directory: &Directory,
    ) {
        let digest = digest(dialled);
        if let Some(id) = self.live.get(&address.msisdn).copied() {
            if self.is_redelivery(at.now, id, (link, address), digest) {
                self.stats.redelivered += 1;
                return;
            }
            self.leave(at, id, EndReason::Replaced);
        }
        let refused = |notice, why| Err((notice, why));
        let found = if self.draining || !self.may_begin(at.now, address) {
            refused(Notice::Busy, EndReason::Overload)
        } else {
            match (handset(directory, address), self.menu_of(&address.service_code)) {
                (Some(handset), Some(menu)) => Ok((handset, menu)),
                (Some(_), None) => refused(Notice::WrongCode, EndReason::Unknown),
                (None, _) => refused(Notice::Unknown, EndReason::Unknown),
            }
        };
        match found {
            Ok((handset, menu)) => {
                self.begin(at, (link, address), (dialled, digest), (handset, menu), directory);
            }
            Err((notice, why)) => {
                self.dismiss(at, (link, address), notice, directory);
                self.stats.count_end(why);
                let handset = directory.registry.handset(address.msisdn);
                self.queue.push_back(Queued::Over(DialogRecord {
                    msisdn: address.msisdn,
                    link,
                    service_code: address.service_code,
                    terminal: handset.map(|handset| handset.terminal),
                    took: tillgate_types::Span::ZERO,
                    screens: 1,
                    sale: None,
                    why,
                }));
            }
        }
    }

    /// A centre that had no answer in time delivers a begin again: it is the same dialog. Where nothing
    /// names sessions, a subscriber who was cut off without a word looks the same, and waits for the
    /// first screen; so does the centre.
    fn is_redelivery(
        &self,
        now: Moment,
        id: Id,
        (link, address): (u16, &DialogAddress),
        dialled: u64,
    ) -> bool {
        self.slots.get(id).is_some_and(|open| {
            let is_same = (open.link, &open.at.key, open.dialled) == (link, &address.key, dialled);
            let is_certain = !address.key.is_empty() || matches!(open.phase, Phase::Asking(_));
            is_same && is_certain && now.since(open.began) < REDELIVERY
        })
    }

    /// Whether there is room, and the subscriber has not dialled too often.
    pub(super) fn may_begin(&mut self, now: Moment, address: &DialogAddress) -> bool {
        let open = u32::try_from(self.open()).unwrap_or(u32::MAX);
        if open >= self.limits.dialogs_max {
            return false;
        }
        let mut full_at = self.paces.take(address.msisdn).unwrap_or_default();
        let taken = self.pace.take(now, &mut full_at);
        self.paces.keep(now, BEGINS_REMEMBERED_MAX, address.msisdn, full_at);
        taken.is_ok()
    }

    fn begin(
        &mut self,
        at: Clocks,
        (link, address): (u16, &DialogAddress),
        (dialled, digest): (&str, u64),
        (handset, menu): (&Handset, u16),
        directory: &Directory,
    ) {
        let Some(terminal) = directory.registry.terminal(handset.terminal) else {
            return self.dismiss(at, (link, address), Notice::Unknown, directory);
        };
        let mut out = Zeroizing::new(String::new());
        let nonce = self.next_random();
        let of = &self.menus[usize::from(menu)];
        let sold =
            Sold { memory: &self.memory, terminal: terminal.id, now: at.now, again: of.again() };
        let view = View {
            registry: &directory.registry,
            terminal,
            room: self.link(link).room,
            now: Now::of(&self.calendar, at.wall, directory),
            sold: &sold,
            must_change_pin: handset.initial,
        };
        let (dialog, step) = Dialog::begin(of, &view, dialled, &mut out);
        let id = self.slots.insert(Open {
            at: address.clone(),
            link,
            menu,
            terminal: terminal.id,
            revision: handset.revision,
            nonce,
            dialled: digest,
            logged_on: false,
            began: at.now,
            received: at.now,
            due: Moment(u64::MAX),
            armed: Moment(u64::MAX),
            typed: 0,
            is_shown: false,
            screens: 0,
            dialog,
            phase: Phase::Showing,
            sale: None,
            receipt: None,
        });
        self.live.insert(address.msisdn, id);
        self.carry_out(at, id, step, &out);
    }

    pub(super) fn on_input(
        &mut self,
        at: Clocks,
        (link, address): (u16, &DialogAddress),
        text: &str,
        directory: &Directory,
    ) {
        let Some(id) = self.dialog_at(link, address) else {
            let notice = match self.told.take(address.msisdn) {
                Some(until) if until > at.now => Notice::Read,
                _ => {
                    self.stats.strays += 1;
                    Notice::Expired
                }
            };
            return self.dismiss(at, (link, address), notice, directory);
        };
        let Some(open) = self.slots.get_mut(id) else { return };
        if open.phase != Phase::Showing {
            // Its answer is on the way: what was delivered again orders nothing.
            return;
        }
        let typed = digest(text);
        if !open.is_shown && typed == open.typed {
            // What was typed for the screen before, delivered again: it answers no screen that nobody
            // has seen yet.
            self.stats.redelivered += 1;
            return;
        }
        (open.typed, open.received) = (typed, at.now);
        open.at.renew(address);
        let is_as_it_began = is_as_it_began(directory, open);
        // Whoever answers the screen has seen it.
        self.confirm(id);
        if !is_as_it_began {
            return self.expire(at, id, directory);
        }
        let mut out = Zeroizing::new(String::new());
        let step = self
            .step(at, id, directory, |dialog, menu, view| dialog.input(menu, view, text, &mut out));
        self.carry_out(at, id, step, &out);
    }

    /// Something about the handset has changed since its dialog began.
    pub(super) fn expire(&mut self, at: Clocks, id: Id, directory: &Directory) {
        let Some(open) = self.slots.get(id) else { return };
        let (link, address) = (open.link, open.at.clone());
        self.dismiss(at, (link, &address), Notice::Expired, directory);
        self.close(at, id, EndReason::Changed);
    }

    /// Has a dialog take a step, over what is in force now.
    pub(super) fn step(
        &mut self,
        at: Clocks,
        id: Id,
        directory: &Directory,
        take: impl FnOnce(&mut Dialog, &crate::menu::Menu, &View<'_>) -> Step,
    ) -> Step {
        let (links, memory) = (&self.links, &self.memory);
        let Some(open) = self.slots.get_mut(id) else { return Step::Nothing };
        let registry = &directory.registry;
        let Some(terminal) = registry.terminal(open.terminal) else { return Step::Nothing };
        let menu = &self.menus[usize::from(open.menu)];
        let sold = Sold { memory, terminal: terminal.id, now: at.now, again: menu.again() };
        let handset = registry.handset(open.at.msisdn);
        let view = View {
            registry,
            terminal,
            room: links[usize::from(open.link)].0.room,
            now: Now::of(&self.calendar, at.wall, directory),
            sold: &sold,
            must_change_pin: handset.is_some_and(|handset| handset.initial),
        };
        take(&mut open.dialog, menu, &view)
    }
}

/// The handset that dials, if it may.
fn handset<'a>(directory: &'a Directory, address: &DialogAddress) -> Option<&'a Handset> {
    let held = directory.registry.handset(address.msisdn)?;
    (held.status == Status::Active).then_some(held)
}

fn is_as_it_began(directory: &Directory, open: &Open) -> bool {
    let held = handset(directory, &open.at);
    held.is_some_and(|held| (held.terminal, held.revision) == (open.terminal, open.revision))
}

fn digest(dialled: &str) -> u64 {
    let mut hasher = FxHasher::default();
    dialled.hash(&mut hasher);
    hasher.finish()
}
