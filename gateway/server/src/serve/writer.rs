//! The writer thread: the one writer. It owns the [`TransactionManager`] and the store and does,
//! again and again:
//!
//! ```text
//!   take whatever is queued ─▶ TransactionManager::handle ─▶ one commit of all of it ─▶ TransactionManager::committed
//!        ▲                                                                     │
//!        └──────── tick of the store ◀── replies, orders, directory ◀── TransactionManager::poll
//! ```
//!
//! It waits for nobody: a batch that the pool has no room for is held and added to, an order that
//! a bridge has no room for comes straight back as not sent. A store that fails ends the process:
//! nothing may be acknowledged after it.

use std::time::Duration;

use crossbeam_channel::{Receiver, Select, Sender, TrySendError};
use rustc_hash::FxHashMap;
use tillgate_core::provider::ProviderResult;
use tillgate_core::time::{Moment, UnixMillis};
use tillgate_core::transaction::{Content, Controlled, Input, Output, TransactionManager};
use tillgate_store_core::{Command, Key, LedgerStore, Outcome, Store};
use tillgate_store_rocks::RocksEngine;

use super::batch::{Outbound, OutboundItem, Recyclers, RequestBatch};
use super::bridge::Bridges;
use super::fail::{Stop, fail_stop};
use super::handle::{Ordered, ServeHandle};
use super::limits::{RETRY_AFTER, TICK_EVERY};
use super::pool::Job;
use super::view::Acknowledged;

pub(crate) enum WriterMessage {
    /// Verified requests.
    RequestBatch(Box<RequestBatch>),
    ProviderResult {
        key: Key,
        /// Index of the bridge.
        bridge: u16,
        found: ProviderResult,
    },
    /// Decline what is new.
    Drain {
        /// Sent once nobody waits for an answer.
        drained: Sender<()>,
    },
    /// Finish the batch and end.
    Stop,
}

pub(crate) struct WriterSetup {
    pub(crate) transactions: TransactionManager,
    pub(crate) store: LedgerStore<RocksEngine>,
    pub(crate) mail: Receiver<WriterMessage>,
    pub(crate) orders: Receiver<Ordered>,
    pub(crate) jobs: Sender<Job>,
    pub(crate) bridges: Bridges,
    pub(crate) recyclers: Recyclers,
    /// Most requests taken for one commit.
    pub(crate) batch_max: usize,
    /// The directory, changed right after a change is durable; acknowledgements, clock, counters.
    pub(crate) handle: ServeHandle,
}

pub(crate) struct Writer {
    setup: WriterSetup,
    outbound: Box<Outbound>,
    commands: Vec<Command>,
    outcomes: Vec<Outcome>,
    tickets: FxHashMap<u64, Sender<Controlled>>,
    bounced: Vec<(Key, u16, ProviderResult)>,
    ticked: Moment,
    drained: Option<Sender<()>>,
    stopped: bool,
}

impl Writer {
    pub(crate) fn new(setup: WriterSetup) -> Self {
        Self {
            outbound: setup.recyclers.outbound.take(),
            commands: Vec::new(),
            outcomes: Vec::new(),
            tickets: FxHashMap::default(),
            bounced: Vec::new(),
            ticked: setup.handle.clock.now(),
            drained: None,
            stopped: false,
            setup,
        }
    }

    /// Works until [`WriterMessage::Stop`]; closes the store on return.
    pub(crate) fn run(mut self) {
        // What recovering has set free.
        self.settle();
        while !self.stopped {
            self.wait();
            let (now, wall) = self.time();
            self.take_mail(now, wall);
            self.take_orders(now, wall);
            if self.setup.transactions.deadline().is_some_and(|at| at <= now) {
                self.handle(now, wall, Input::Deadline);
            }
            self.settle();
            self.tick(now);
            self.report_drained();
        }
    }

    fn time(&self) -> (Moment, UnixMillis) {
        (self.setup.handle.clock.now(), self.setup.handle.clock.wall())
    }

    /// Sleeps until there is something to do, and takes none of it.
    fn wait(&self) {
        let WriterSetup { mail, orders, .. } = &self.setup;
        if !mail.is_empty() || !orders.is_empty() {
            return;
        }
        let mut select = Select::new();
        select.recv(mail);
        select.recv(orders);
        // Which of them, or whether any, is found out by taking.
        select.ready_timeout(self.patience()).unwrap_or_default();
    }

    fn patience(&self) -> Duration {
        if !self.outbound.items.is_empty() {
            return RETRY_AFTER;
        }
        let tick = self.ticked.after(TICK_EVERY);
        let at = self.setup.transactions.deadline().map_or(tick, |at| at.min(tick));
        self.setup.handle.clock.until(at)
    }

    fn take_mail(&mut self, now: Moment, wall: UnixMillis) {
        while let Some((bridge, until)) = self.setup.bridges.shunned() {
            self.handle(now, wall, Input::Shun { bridge, until });
        }
        let mut taken = 0;
        while taken < self.setup.batch_max {
            let Ok(mail) = self.setup.mail.try_recv() else { return };
            match mail {
                WriterMessage::RequestBatch(mut requests) => {
                    taken += requests.items.len();
                    for ask in requests.items.drain(..) {
                        self.setup.handle.metrics.writer.count_ask(&ask.asked);
                        self.handle(now, wall, Input::Ask(ask));
                    }
                    self.setup.recyclers.requests.give(requests);
                }
                WriterMessage::ProviderResult { key, bridge, found } => {
                    taken += 1;
                    self.handle(now, wall, Input::ProviderResult { key, bridge, found });
                }
                WriterMessage::Drain { drained } => {
                    self.drained = Some(drained);
                    self.handle(now, wall, Input::Drain);
                }
                WriterMessage::Stop => {
                    self.stopped = true;
                    return;
                }
            }
        }
    }

    fn take_orders(&mut self, now: Moment, wall: UnixMillis) {
        while let Ok(Ordered { control, result }) = self.setup.orders.try_recv() {
            self.tickets.insert(control.ticket, result);
            self.handle(now, wall, Input::Control(control));
        }
    }

    fn handle(&mut self, now: Moment, wall: UnixMillis, input: Input) {
        self.setup.transactions.handle(now, wall, input, &self.setup.store);
    }

    /// Commits everything that is staged and carries out what follows from it, batch by batch, so
    /// that an answer does not wait for the batches behind its own. Orders that a bridge bounced
    /// are booked in another round; a sale tries a few bridges at most,
    /// so the rounds end.
    fn settle(&mut self) {
        loop {
            let committed = self.commit();
            self.carry_out();
            // Before anybody hears of it, so that the numbers are never behind what was said.
            self.setup
                .handle
                .metrics
                .writer
                .publish(self.setup.transactions.pending(), self.setup.mail.len());
            self.hand_over();
            if !committed && self.bounced.is_empty() {
                return;
            }
            let (now, wall) = self.time();
            for (key, bridge, found) in std::mem::take(&mut self.bounced) {
                self.handle(now, wall, Input::ProviderResult { key, bridge, found });
            }
        }
    }

    /// One batch; `false` when nothing was staged.
    fn commit(&mut self) -> bool {
        if !self.setup.transactions.stage(&mut self.commands) {
            return false;
        }
        let count = self.commands.len();
        let began = self.setup.handle.clock.now();
        if let Err(error) = self.setup.store.commit(&mut self.commands, &mut self.outcomes) {
            fail_stop(Stop::Store, &error);
        }
        let now = self.setup.handle.clock.now();
        self.setup.handle.metrics.writer.count_commit(count, now.since(began));
        self.setup.transactions.committed(now, &mut self.outcomes);
        true
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.setup.transactions.poll() {
            match output {
                Output::Reply(reply) => {
                    if let Content::Journalled(row) = &reply.content {
                        self.setup.handle.metrics.writer.count_answer(row);
                    }
                    self.outbound.items.push(OutboundItem::Reply(reply));
                }
                Output::Push(push) => self.outbound.items.push(OutboundItem::Push(push)),
                Output::Provider(request, card) => {
                    if let Err(found) = self.setup.bridges.send(request, card) {
                        self.bounced.push((request.key, request.bridge, found));
                    }
                }
                Output::BatchDiffers { sale } => {
                    tracing::warn!(%sale, "a terminal's batch has a sale that the journal has otherwise");
                }
                Output::Changed(records) => {
                    let mut directory = self.setup.handle.directory.write();
                    let rekeyed = records.iter().filter_map(|record| directory.apply(record));
                    self.outbound.items.extend(rekeyed.map(OutboundItem::Rekeyed));
                }
                Output::Proved { terminal, generation } => {
                    let mut directory = self.setup.handle.directory.write();
                    let rekeyed = directory.prove(terminal, generation);
                    self.outbound.items.extend(rekeyed.map(OutboundItem::Rekeyed));
                }
                Output::Controlled { ticket, result } => {
                    if let Some(waiting) = self.tickets.remove(&ticket) {
                        // Whoever waited may have given up.
                        drop(waiting.try_send(result));
                    }
                }
                Output::Acknowledged { terminal, command, result } => {
                    let at_ms = self.setup.handle.clock.wall().0;
                    let entry = Acknowledged { terminal, command, result, at_ms };
                    self.setup.handle.view.note_acknowledged(entry);
                }
            }
        }
    }

    fn hand_over(&mut self) {
        let WriterSetup { jobs, recyclers, .. } = &self.setup;
        recyclers.outbound.hand_over(&mut self.outbound, |batch| {
            match jobs.try_send(Job::Outbound(batch)) {
                Err(TrySendError::Full(Job::Outbound(batch))) => Some(batch),
                _ => None,
            }
        });
    }

    fn tick(&mut self, now: Moment) {
        if self.ticked.after(TICK_EVERY) > now {
            return;
        }
        self.ticked = now;
        self.setup.handle.metrics.writer.publish_clock(self.setup.handle.clock.watch());
        if let Err(error) = self.setup.store.backend_mut().tick() {
            fail_stop(Stop::Store, &error);
        }
    }

    fn report_drained(&mut self) {
        if self.outbound.items.is_empty()
            && self.setup.transactions.is_drained()
            && let Some(drained) = self.drained.take()
        {
            // The supervisor may have given up waiting.
            drained.try_send(()).unwrap_or_default();
        }
    }
}
