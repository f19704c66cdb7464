//! Every transaction between its intent and its answer. Sans-I/O, driven by one thread:
//!
//! ```text
//!   handle(input) ... handle(input)      requests, bridge results, orders of the operator
//!        │ commands pile up
//!        ▼
//!   stage(&mut commands) ──▶ Store::commit ──▶ committed(outcomes)     repeat until stage is false
//!                                                  │ only now may anything leave
//!                                                  ▼
//!   poll() ──▶ replies, orders for bridges, pushes, changes of the directory
//! ```
//!
//! The life of a top-up (a voucher is approved or declined by its first commit). What is in
//! capitals leaves for the bridge, only after what it rests on is durable:
//!
//! ```text
//!   Begin ─▶ Intent ─FORWARD─▶ bridge ─▶ Approved | Declined | NotSent ─▶ Finish ─▶ answer
//!              │                  └─▶ Unknown, Pending ─▶ INQUIRE … (back-off) ──┘
//!              │                        │ NotFound: FORWARD again | take back | believed later
//!              │                        └ nobody to ask: FORWARD again | take back | operator
//!              │                              take back = due Reversal ─▶ REVERSE … ─▶ R1
//!              ├─ NotSent, and its route has another bridge: Reroute ─FORWARD─▶ that one ─▶ …
//!              └─ answer deadline: 09 "in progress" to whoever waits; the work goes on
//!
//!   Declined ─ approved late ─▶ due Reversal ─▶ REVERSE … ─▶ nothing due
//!   Approved ─ confirmed ─▶ due Advice ─▶ ADVISE … ─▶ nothing due
//!   Approved ─ reversed by the terminal: the reversal waits (09), REVERSE … ─▶ R1 | it stands, 21
//! ```
//!
//! Whatever takes longer than [`TransactionLimits::expire`] is the operator's (`act` has the
//! table). It is then in the store only: what a bridge finds late, or a person says, ends it from
//! there. Everything is derived from rows, so that [`TransactionManager::recover`] goes on where a
//! crash interrupted.

mod bridges;
mod commit;
mod control;
mod event;
mod fail_over;
mod follow_up;
mod lookup;
mod pending;
mod pin;
mod provider_result;
mod read;
mod recover;
mod reply;
mod sale;
mod timers;

use std::collections::VecDeque;
use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;
use tillgate_store_core::{
    Advice, BridgeTag, BusinessDate, Command, Confirm, Finish, FollowUp, Key, ProviderOutcome,
    Registry, Repeat, ResponseCode, Store, StoreId, Transaction,
};

use self::bridges::Bridges;
use self::commit::CommitContext;
pub use self::event::{Ask, Asked, Control, ControlOrder, Controlled, Input, Origin, Output};
pub use self::lookup::LookupRequest;
use self::lookup::Lookups;
use self::pending::{Pending, Source, Task};
pub use self::reply::{Answered, Content, Push, PushedCommand, Reply};
use self::timers::Alarms;
use crate::limits::{SETTLEMENTS_PER_BATCH_MAX, TransactionLimits};
use crate::provider::{Bridge, ProviderResult};
use crate::time::{Moment, UnixMillis};

pub struct TransactionManager {
    limits: TransactionLimits,
    bridges: Bridges,
    store_id: StoreId,
    staged: VecDeque<(Command, CommitContext)>,
    /// What the batch that is being committed was for, in its order.
    committing: VecDeque<CommitContext>,
    pending: FxHashMap<Key, Pending>,
    alarms: Alarms,
    lookups: Lookups,
    outputs: VecDeque<Output>,
    /// The number of the last one; none since the start.
    commands_pushed: Option<u32>,
    draining: bool,
    /// As the last input said.
    wall: UnixMillis,
}

impl TransactionManager {
    /// An idle manager. `bridges` are those of the configuration, by bridge index; `registry` says
    /// where services are routed; `seed` spreads the pauses between inquiries.
    ///
    /// # Panics
    /// If two bridges have the same [`tillgate_store_core::BridgeTag`]: one has to be renamed.
    #[must_use]
    pub fn new(
        limits: TransactionLimits,
        bridges: Vec<Bridge>,
        registry: &Registry,
        store_id: StoreId,
        seed: u64,
    ) -> Self {
        Self {
            limits,
            bridges: Bridges::new(bridges, registry),
            store_id,
            staged: VecDeque::new(),
            committing: VecDeque::new(),
            pending: FxHashMap::default(),
            alarms: Alarms::new(seed),
            lookups: Lookups::default(),
            outputs: VecDeque::new(),
            commands_pushed: None,
            draining: false,
            wall: UnixMillis(0),
        }
    }

    /// Takes one input. Reads (balance, logon) are answered from `store` at once;
    /// everything else becomes a command for [`TransactionManager::stage`].
    pub fn handle<S: Store>(&mut self, now: Moment, wall: UnixMillis, input: Input, store: &S) {
        self.wall = wall;
        match input {
            Input::Ask(ask) => self.on_ask(now, ask, store),
            Input::ProviderResult { key, found: ProviderResult::Lookup(result), .. } => {
                self.on_looked_up(now, key, result);
            }
            Input::ProviderResult { key, bridge, found } => self.on_found(now, key, bridge, found),
            Input::Shun { bridge, until } => self.bridges.shun(bridge, until),
            Input::Control(control) => self.on_control(control),
            Input::Deadline => self.on_deadline(now),
            Input::Drain => self.draining = true,
        }
    }

    /// Moves at most [`TransactionLimits::batch_max`] commands out for one commit, of these at most
    /// [`SETTLEMENTS_PER_BATCH_MAX`] settlements; `false` when there are none. Each `true` must be
    /// followed by [`TransactionManager::committed`].
    pub fn stage(&mut self, commands: &mut Vec<Command>) -> bool {
        assert!(self.committing.is_empty(), "one commit at a time");
        let mut settlements = 0;
        let fits = |(command, _): &&(Command, CommitContext)| {
            settlements += usize::from(matches!(command, Command::Settle(_)));
            settlements <= SETTLEMENTS_PER_BATCH_MAX
        };
        let count = self.staged.iter().take(self.limits.batch_max).take_while(fits).count();
        for (command, context) in self.staged.drain(..count) {
            commands.push(command);
            self.committing.push_back(context);
        }
        count > 0
    }

    /// The next thing to do, in order.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to send [`Input::Deadline`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.alarms.next()
    }

    /// Transactions that the gateway itself has to act on.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Nothing staged and nobody waiting. Unknowns stay in the store and are resolved later.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.staged.is_empty()
            && self.lookups.is_idle()
            && self.pending.values().all(|pending| pending.is_unattended())
    }

    fn on_ask<S: Store>(&mut self, now: Moment, ask: Ask, store: &S) {
        let Ask { origin, asked } = ask;
        match asked {
            Asked::Lookup(request) => self.on_lookup(now, origin, request),
            Asked::Sale { begin, account, card, bridges, token, lookup } => {
                self.on_sale(now, origin, (begin, account, card), (bridges, token, lookup));
            }
            Asked::Confirm { asker, original, amount_minor } => {
                let advice = self.advice_of(&original, store);
                let at_ms = self.wall.0;
                let confirm = Confirm { asker, original, at_ms, amount_minor, advice };
                self.push_staged(
                    Command::Confirm(confirm),
                    CommitContext::Confirm { origin, original },
                );
            }
            Asked::BatchRecord(record) => {
                let context = CommitContext::BatchRecord { origin, sale: record.sale };
                self.push_staged(Command::BatchRecord(record), context);
            }
            Asked::Reverse(reverse) if self.is_crowded() => {
                self.refuse(origin, Answered::Reversal, reverse.key, ResponseCode::IN_PROGRESS);
            }
            Asked::Reverse(reverse) => {
                let key = reverse.key;
                self.push_staged(Command::Reverse(reverse), CommitContext::Reverse { origin, key });
            }
            Asked::Settle(settle) => {
                let key = settle.key;
                self.push_staged(Command::Settle(settle), CommitContext::Settle { origin, key });
            }
            Asked::Counter { counter } => {
                let Origin { terminal, generation, .. } = origin;
                let command = Command::Logon { terminal, generation, counter, proved: false };
                self.push_staged(command, CommitContext::Counter);
            }
            Asked::Repeat { asker, kind, original, digest, new, standing, today } => {
                let pins_from = BusinessDate(today.0.saturating_sub(self.limits.reprint_days));
                let at_ms = self.wall.0;
                let repeat = Repeat { asker, original, digest, at_ms, standing, pins_from };
                let context = CommitContext::Repeat { origin, kind, original, new };
                self.push_staged(Command::Repeat(repeat), context);
            }
            Asked::Balance { stan, date, seller, currency } => {
                self.on_balance(origin, (stan, date), seller, currency, store);
            }
            Asked::Recent { stan, date, count, ahead_min } => {
                self.on_recent(origin, (stan, date), count, ahead_min, store);
            }
            Asked::PinLogon { entered, code, date } => {
                self.on_pin_logon(origin, entered, (code, date), store);
            }
            Asked::PinChange { entered, handset, date } => {
                let context = CommitContext::PinChange { origin, handset, date };
                self.push_staged(Command::PinTry(entered), context);
            }
            Asked::Logon { code, date, ends_a_key } => {
                if ends_a_key {
                    self.prove(origin);
                }
                self.on_logon(origin, code, date, store);
            }
            Asked::Acknowledged { command, result } => {
                let terminal = origin.terminal;
                self.outputs.push_back(Output::Acknowledged { terminal, command, result });
                self.reply(origin, Content::Nothing);
            }
        }
    }

    /// The terminal holds its new key: its older ones end once that is durable.
    fn prove(&mut self, origin: Origin) {
        let Origin { terminal, generation, .. } = origin;
        let command = Command::Logon { terminal, generation, counter: 0, proved: true };
        self.push_staged(command, CommitContext::Proved { terminal, generation });
    }

    /// Whether the provider of a sale wants to be informed that it was confirmed. Its row is there
    /// as soon as it can be approved, and says through which bridge it went.
    fn advice_of<S: Store>(&self, original: &Key, store: &S) -> Advice {
        if !self.bridges.any_advice() {
            return Advice::NotOwed;
        }
        // A row that cannot be read stops the store with the command that follows.
        let row = store.transaction(original).ok().flatten();
        let wants = |row: Transaction| {
            row.kind.has_provider() && self.bridges.capabilities(self.bridges.of(&row)).advice
        };
        if row.is_some_and(wants) { Advice::Owed } else { Advice::NotOwed }
    }

    /// Whether even what is owed has no more room here.
    fn is_crowded(&self) -> bool {
        self.pending.len() >= self.limits.pending_max.saturating_mul(2)
    }

    /// Takes a transaction in, to act on.
    fn pend(
        &mut self,
        now: Moment,
        row: Transaction,
        task: Task,
        original: Option<&Transaction>,
        source: Source,
    ) -> &mut Pending {
        let key = row.key;
        let bridge = self.bridges.of(original.unwrap_or(&row));
        let mut pending = Pending::new(row, task, original, (self.store_id, bridge), source);
        pending.set_expiry(now, self.wall, &self.limits);
        self.bridges.hold(bridge);
        match self.pending.entry(key) {
            Entry::Vacant(vacant) => vacant.insert(pending),
            Entry::Occupied(_) => panic!("{key} is pending twice"),
        }
    }

    /// Forgets a transaction; the store remembers what is to be remembered.
    fn let_go(&mut self, now: Moment, key: &Key) -> Option<Pending> {
        let mut pending = self.pending.remove(key)?;
        self.bridges.let_go(pending.bridge());
        if pending.stop() {
            self.bridges.leave(pending.bridge());
            self.feed(now, pending.bridge());
        }
        Some(pending)
    }

    /// Of what a bridge found out; `by` is its tag, none of what follows from time alone.
    fn stage_finish(&mut self, key: Key, by: BridgeTag, result: ProviderOutcome) {
        self.note_staged(&key);
        let command = Command::Finish(Finish { key, at_ms: self.wall.0, by, result });
        self.push_staged(command, CommitContext::Row { key });
    }

    fn stage_due(&mut self, key: Key, what: FollowUp) {
        self.note_staged(&key);
        let command = Command::DueFollowUp { key, what, at_ms: self.wall.0 };
        self.push_staged(command, CommitContext::Row { key });
    }

    fn note_staged(&mut self, key: &Key) {
        if let Some(pending) = self.pending.get_mut(key) {
            pending.staged = true;
        }
    }

    fn push_staged(&mut self, command: Command, context: CommitContext) {
        self.staged.push_back((command, context));
    }

    fn reply(&mut self, origin: Origin, content: Content) {
        self.outputs.push_back(Output::Reply(Reply { origin, content }));
    }
}
