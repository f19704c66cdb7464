//! A run from its founding to its last audit.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tillgate_core::limits::CLOCK_STEP_MS_MAX;
use tillgate_store_core::{Change, Command, LedgerStore, Store};

use super::config::{Config, Tweaks};
use super::disk::Disk;
use super::event::Event;
use super::fleet::PointOfSale;
use super::report::{Report, Violation};
use super::{Fault, World, handsets};
use crate::terminal::Input;
use crate::time::{Moment, Span};

/// How long everything may take to finish once the chaos is over: several of the longest pauses
/// between two inquiries.
const CALM_MAX: Span = Span::s(3_600);

/// Events of a run: a hundred times what the busiest seed needs. Beyond it something turns in a
/// circle.
const EVENTS_MAX: u64 = 3_000_000;

/// Runs the world of a seed to its end. A panic of the gateway is a violation like any other.
#[must_use]
pub fn run(seed: u64, tweaks: &Tweaks) -> Report {
    World::play(Config::draw(seed, tweaks), tweaks, |_| {}, |_| {})
}

impl World {
    /// Founds a world, prepares it, runs it to its end and looks at it.
    pub(super) fn play(
        config: Config,
        tweaks: &Tweaks,
        prepare: impl FnOnce(&mut Self),
        look: impl FnOnce(&mut Self),
    ) -> Report {
        let (seed, faults) = (config.seed, config.faults);
        let founded = catch_unwind(AssertUnwindSafe(|| Self::new(config, tweaks.story)));
        let mut world = match founded {
            Ok(world) => world,
            Err(panic) => {
                let violations = vec![panicked(Moment::default(), &*panic)];
                let tweaks = tweaks.clone();
                return Report { seed, tweaks, faults, violations, ..Report::default() };
            }
        };
        prepare(&mut world);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| world.run())) {
            world.witness.violations.push(panicked(world.now, &*panic));
        }
        look(&mut world);
        world.report(tweaks)
    }

    /// A new store, with the network in it, as an import would leave it.
    pub(super) fn found(&mut self, opening: Change) {
        let store = LedgerStore::open(Disk::default(), self.config.seed.to_be_bytes());
        let mut store = store.expect("an empty disk is a new store");
        let at_ms = self.wall().0;
        let mut commands = vec![Command::Change(Change { at_ms, ..opening })];
        let mut outcomes = Vec::new();
        store.commit(&mut commands, &mut outcomes).expect("memory takes every write");
        let mut disk = store.into_backend();
        for write in disk.synced() {
            self.witness.durable(self.now, &write);
        }
        self.witness.founded();
        self.disk = Some(disk);
        self.queue.push(self.now, Event::Start);
        for place in 0..self.fleet.len() {
            self.tell_terminal(place, Input::Begin);
        }
        self.begin_handsets();
        self.plan_troubles();
    }

    fn plan_troubles(&mut self) {
        let now = self.now;
        if let Some(every) = self.config.crash_every {
            self.queue.push(now.after(self.crash_rng.exponential(every)), Event::Doom);
        }
        if let Some(every) = self.config.drain_every {
            self.queue.push(now.after(self.drain_rng.exponential(every)), Event::Retire);
        }
        if let Some((every, _)) = self.config.clock {
            self.queue.push(now.after(self.clock_rng.exponential(every)), Event::Jump);
        }
        if self.config.faults.has(Fault::Tamper) {
            self.queue.push(now.after(Span::s(10)), Event::Replay);
        }
        if self.config.operator_every.is_some() {
            self.queue.push(now.after(Span::s(3)), Event::Operator);
        }
        for place in 0..self.thieves.len() {
            self.queue.push(now.after(Span::s(2)), Event::Thief(place));
        }
        if self.stranger.is_there() {
            self.queue.push(now.after(Span::s(4)), Event::Stranger);
        }
        self.queue.push(now.after(self.config.chaos), Event::Calm);
    }

    /// No new troubles and no new customers.
    pub(super) fn calm_down(&mut self) {
        self.set_clock_right();
        if self.system().0.abs_diff(self.wall().0) > CLOCK_STEP_MS_MAX.unsigned_abs() {
            // A gateway that does not follow its clock is started again once that is right.
            self.crash();
        }
        self.calm = true;
        self.say(|| "calm".to_owned());
        self.wire.calm = true;
        self.lines.calm_down();
        for place in 0..self.thieves.len() {
            self.queue.push(self.now, Event::Thief(place));
        }
        for place in 0..self.fleet.len() {
            self.tell_terminal(place, Input::Stop);
        }
        self.stop_ussd_posts();
        if self.config.operator_every.is_none() {
            self.operator.restored = true;
            self.queue.push(self.now, Event::Operator);
        }
    }

    fn run(&mut self) {
        let mut draining = false;
        while let Some((at, event)) = self.queue.pop() {
            self.now = at;
            self.counts.events += 1;
            self.trace.note(at, b'e', &[]);
            self.happen(event);
            self.kill_if_due();
            self.witness.step(at);
            let open = &self.wire.sessions;
            self.witness.end_keys(at, |session| open.contains_key(&session));
            if !self.witness.violations.is_empty() {
                return;
            }
            if self.counts.events > EVENTS_MAX {
                return self.witness.violate(at, 0, "it turns in a circle".to_owned());
            }
            if self.calm && at > Moment(self.config.chaos.0).after(CALM_MAX) {
                return self.too_long();
            }
            if !self.calm || !self.has_come_to_rest() {
                continue;
            }
            if !draining {
                draining = true;
                self.drain();
            } else if self.is_drained() {
                break;
            }
        }
        if !self.is_drained() {
            return self.too_long();
        }
        self.inspect_at_rest();
        self.settle_accounts();
    }

    /// Every terminal has logged off, every transaction has an outcome.
    fn has_come_to_rest(&self) -> bool {
        self.process.is_some()
            && self.operator.restored
            && self.pending() == 0
            && self.witness.is_settled()
            && self.lines.callbacks == 0
            && self.fleet.iter().all(|post| post.terminal.is_gone())
            && self.are_handsets_idle()
            && self.are_ussd_posts_gone()
    }

    /// The books of the terminals and of the providers, held against what is durable.
    fn settle_accounts(&mut self) {
        let books = self.fleet.iter().map(|post| post.terminal.book());
        let books = books.chain(handsets::books(self.handsets.as_ref()));
        self.witness.close_books(self.now, books);
        let deals = self.lines.books(self.now);
        self.witness.close_deals(self.now, &deals, &self.config.bridges);
    }

    /// What has no row of its own.
    fn count_asides(&mut self) {
        let iso = self.fleet.iter().filter(|post| matches!(post.terminal, PointOfSale::Iso(_)));
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        for book in iso.map(|post| post.terminal.book()) {
            let advised = book.entries().iter().filter(|entry| entry.confirmed);
            self.counts.advices += count(advised.count());
            self.counts.batch_records += count(book.uploads().len());
        }
        self.counts.handset_sales = count(self.witness.handset_sales());
        let (differences, chips) = self.witness.asides();
        (self.counts.batch_differences, self.counts.chip_answers) = (count(differences), chips);
    }

    fn too_long(&mut self) {
        let left = self.left_over();
        let away = self.fleet.iter().filter(|post| !post.terminal.is_gone());
        let away: Vec<u32> = away.map(|post| post.terminal.book().terminal()).collect();
        let restored = self.operator.restored;
        let text = format!(
            "an hour of calm is not enough: terminals {away:?} not finished, {left}, operator \
             restored: {restored}"
        );
        self.witness.violate(self.now, 6, text);
    }

    fn report(mut self, tweaks: &Tweaks) -> Report {
        self.counts.transactions = self.witness.transactions();
        self.count_asides();
        // A panic may have left no trace of its own.
        let broken = self.witness.violations.first().map_or(0, |first| first.promise);
        self.trace.note(self.now, b'.', &[broken]);
        let violations: Vec<Violation> = std::mem::take(&mut self.witness.violations);
        Report {
            seed: self.config.seed,
            tweaks: tweaks.clone(),
            faults: self.config.faults,
            trace_hash: self.trace.hash(),
            counts: self.counts,
            lasted: Span(self.now.0),
            violations,
            story: self.story.unwrap_or_default(),
        }
    }
}

fn panicked(at: Moment, panic: &(dyn Any + Send)) -> Violation {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
    Violation { promise: 0, at, text: format!("the gateway panicked: {text}") }
}
