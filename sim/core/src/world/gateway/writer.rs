//! The writer thread's part: mail, commits, and what follows from them.

use tillgate_core::card::CardData;
use tillgate_core::provider::ProviderRequest;
use tillgate_core::transaction::{Input, Output};
use tillgate_store_core::Store;

use super::super::World;
use super::super::event::Event;
use super::pool::Job;
use crate::time::Span;

/// Mail taken for one commit.
const MAIL_MAX: usize = 64;

/// How often the system's clock is looked at.
const LOOK_EVERY: Span = Span::s(1);

impl World {
    /// Puts something into the writer's mailbox.
    pub(in super::super) fn mail_writer(&mut self, input: Input) {
        if let Some(process) = &mut self.process {
            if let Input::ProviderResult { key, bridge, found } = &input {
                self.witness.heard(self.now, (*key, *bridge), found);
            }
            if let Input::Drain = &input {
                self.witness.drains();
            }
            let wakes = process.mail.is_empty();
            process.mail.push_back(input);
            if wakes {
                self.wake_writer();
            }
        }
    }

    /// The writer thread takes its mail, unless it waits for the disk.
    pub(in super::super) fn run_writer(&mut self) {
        let (now, wall) = (self.now, self.wall());
        let Some(process) = &mut self.process else { return };
        if process.busy {
            return;
        }
        process.writer_armed = None;
        while let Some((bridge, until)) = self.lines.shunned(self.life) {
            self.witness.shuns(now, bridge, until);
            process.writer.handle(now, wall, Input::Shun { bridge, until }, &process.store);
        }
        for _ in 0..MAIL_MAX {
            let Some(input) = process.mail.pop_front() else { break };
            process.writer.handle(now, wall, input, &process.store);
        }
        if process.writer.deadline().is_some_and(|at| at <= now) {
            process.writer.handle(now, wall, Input::Deadline, &process.store);
        }
        // Whatever the writer says before its batch is durable leaves now: it must be nothing that
        // rests on the batch.
        self.carry_out();
        self.commit();
        self.look_at_clock();
        self.arm_writer();
    }

    fn look_at_clock(&mut self) {
        let (now, system) = (self.now, self.system());
        if let Some(process) = &mut self.process
            && process.looked.after(LOOK_EVERY) <= now
        {
            process.looked = now;
            process.clock.look(now, system);
            self.witness.looks(now, system);
        }
    }

    /// The batch is durable.
    pub(in super::super) fn committed(&mut self) {
        let now = self.now;
        let Some(process) = &mut self.process else { return };
        for write in process.store.backend_mut().synced() {
            self.witness.durable(now, &write);
        }
        process.busy = false;
        process.writer.committed(now, &mut process.outcomes);
        let pending = process.writer.pending();
        self.witness.writer(now, pending);
        self.carry_out();
        self.commit();
        self.wake_writer();
        self.arm_writer();
    }

    /// Wakes the writer thread soon; what comes meanwhile joins the batch.
    pub(super) fn wake_writer(&mut self) {
        let at = self.now.after(self.pool_rng.between(Span(1_000), Span::ms(2)));
        let life = self.life;
        self.queue.push(at, Event::TransactionManager { life });
    }

    /// Wakes the writer thread at its deadline.
    pub(super) fn arm_writer(&mut self) {
        let life = self.life;
        let Some(process) = &mut self.process else { return };
        let Some(at) = process.writer.deadline() else { return };
        if process.writer_armed.is_none_or(|armed| at < armed) {
            let at = at.max(self.now);
            process.writer_armed = Some(at);
            self.queue.push(at, Event::TransactionManager { life });
        }
    }

    fn commit(&mut self) {
        let Some(process) = &mut self.process else { return };
        if process.busy || !process.writer.stage(&mut process.commands) {
            return;
        }
        let fails = self.is_disk_failing();
        let Some(process) = &mut self.process else { return };
        process.store.backend_mut().failing = fails;
        let disk = &self.config.disk;
        let rng = &mut self.disk_rng;
        let troubled = !self.calm;
        let mut takes = rng.between(disk.sync.0, disk.sync.1);
        if troubled && rng.chance(disk.slow_permille) {
            takes = rng.between(takes, disk.slow);
        }
        let crashes = troubled && rng.chance(disk.crash_permille);
        let share = rng.between(Span::ZERO, takes);
        let (commands, outcomes) = (&mut process.commands, &mut process.outcomes);
        if process.store.commit(commands, outcomes).is_err() {
            // Nothing may be acknowledged any more: the process ends and is started again.
            self.counts.disk_errors += 1;
            return self.crash();
        }
        process.busy = true;
        let life = self.life;
        if crashes {
            self.queue.push(self.now.after(share), Event::Crash { life });
        }
        self.queue.push(self.now.after(takes), Event::Committed { life });
    }

    /// Whether the next writes fail.
    pub(super) fn is_disk_failing(&mut self) -> bool {
        let full = self.now < self.disk_full_until;
        let fails = !self.calm && (full || self.disk_rng.chance(self.config.disk.error_permille));
        if fails && !full {
            let full = self.disk_rng.between(Span::ZERO, self.config.disk.full);
            self.disk_full_until = self.now.after(full);
        }
        fails
    }

    pub(super) fn carry_out(&mut self) {
        while let Some(process) = &mut self.process
            && let Some(output) = process.writer.poll()
        {
            match output {
                Output::Reply(reply) => {
                    self.witness.said(self.now, &reply);
                    self.post(Job::Reply { reply, said: self.now });
                }
                Output::Push(push) => self.post(Job::Push(push)),
                Output::Provider(request, card) => self.order(request, card),
                Output::Proved { terminal, generation } => {
                    if let Some(rekeyed) = process.directory.prove(terminal, generation) {
                        self.rekeyed(&rekeyed);
                    }
                }
                Output::Changed(records) => {
                    let directory = &mut process.directory;
                    let rekeyed = records.iter().filter_map(|record| directory.apply(record));
                    for rekeyed in rekeyed.collect::<Vec<_>>() {
                        self.rekeyed(&rekeyed);
                    }
                }
                Output::Controlled { ticket, result } => self.controlled(ticket, &result),
                Output::BatchDiffers { sale } => self.witness.batch_differs(self.now, sale),
                Output::Acknowledged { .. } => self.counts.acknowledged += 1,
            }
        }
    }

    fn order(&mut self, order: ProviderRequest, card: Option<Box<CardData>>) {
        // An order for a bridge that is not there is nobody's.
        let Some(bridge) = self.config.bridges.get(usize::from(order.bridge)) else {
            let text = format!("{}: {:?} for no bridge", order.key, order.kind);
            return self.witness.violate(self.now, 6, text);
        };
        let capabilities = bridge.capabilities;
        self.trace.note(self.now, b'o', order.reference.as_bytes());
        self.say(|| {
            let ProviderRequest { kind, key, attempt, bridge, .. } = order;
            format!("{kind:?} {key}, attempt {attempt}, to bridge {bridge}")
        });
        self.witness.ordered(self.now, &order, capabilities);
        if !self.lines.order(&mut self.queue, self.now, self.life, (order, card)) {
            let text = "more requests wait for a bridge than its queue has room for".to_owned();
            self.witness.violate(self.now, 9, text);
        }
    }
}
