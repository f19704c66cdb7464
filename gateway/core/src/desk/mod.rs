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
//! The life of a top-up (a voucher is approved or declined by its first commit):
//!
//! ```text
//!   Begin ──▶ Intent ──Forward──▶ bridge ──▶ Approved | Declined | NotSent ──▶ Finish ──▶ answer
//!               │                    └─▶ Unknown | Pending ──▶ Inquire … (back-off) ──┘
//!               └─ answer deadline: 09 "in progress" to whoever waits; the work goes on
//! ```

mod commit;
mod control;
mod event;
mod found;
mod pending;
mod read;

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use tillgate_store_core::{
    Advice, Command, Confirm, Finding, Finish, Key, State, Store, StoreId, Transaction, Verdict,
};

use self::commit::Slip;
pub use self::event::{
    Answered, Ask, Asked, Content, Control, ControlOrder, Controlled, Found, Input, Order, Origin,
    Output, Push, PushOrder, Reply,
};
use self::pending::{Alarms, Pending};
use crate::code;
use crate::limits::DeskLimits;
use crate::time::{Moment, Wall};

/// What a bridge can do beyond carrying an order out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The same reference again has no second effect.
    pub idempotent: bool,
    /// It can be asked what became of a reference.
    pub inquiry: bool,
}

/// See the module.
pub struct Desk {
    limits: DeskLimits,
    bridges: Vec<Capabilities>,
    store_id: StoreId,
    staged: VecDeque<(Command, Slip)>,
    /// What the batch that is being committed was for, in its order.
    committing: VecDeque<Slip>,
    pending: FxHashMap<Key, Pending>,
    alarms: Alarms,
    outputs: VecDeque<Output>,
    /// Inquiries and repeats whose result is still to come.
    inquiries: u32,
    commands_pushed: u32,
    draining: bool,
}

impl Desk {
    /// An idle desk. `bridges` are the capabilities by bridge index; `seed` spreads the pauses
    /// between inquiries.
    #[must_use]
    pub fn new(
        limits: DeskLimits,
        bridges: Vec<Capabilities>,
        store_id: StoreId,
        seed: u64,
    ) -> Self {
        Self {
            limits,
            bridges,
            store_id,
            staged: VecDeque::new(),
            committing: VecDeque::new(),
            pending: FxHashMap::default(),
            alarms: Alarms::new(seed),
            outputs: VecDeque::new(),
            inquiries: 0,
            commands_pushed: 0,
            draining: false,
        }
    }

    /// Takes up a transaction that the store holds without an outcome, after a restart: nobody
    /// knows whether its order left, so it is UNKNOWN and its bridge is asked.
    pub fn recover(&mut self, now: Moment, wall: Wall, transaction: Transaction, bridge: u16) {
        assert!(transaction.is_open(), "only open transactions are recovered");
        if transaction.is_final() || !transaction.kind.is_sale() {
            return;
        }
        let key = transaction.key;
        if transaction.state == State::Intent {
            self.stage_finish(key, wall, Finding::Unknown);
        }
        self.pending.insert(key, Pending::recovered(transaction, bridge));
        self.alarms.inquire_soon(now, key, &self.limits);
    }

    /// Takes one input. Reads (balance, repeat, logon) are answered from `store` at once;
    /// everything else becomes a command for [`Desk::stage`].
    pub fn handle<S: Store>(&mut self, now: Moment, wall: Wall, input: Input, store: &S) {
        match input {
            Input::Ask(ask) => self.on_ask(now, wall, ask, store),
            Input::Found { key, found } => self.on_found(now, wall, key, found),
            Input::Control(control) => self.on_control(control),
            Input::Deadline => self.on_deadline(now),
            Input::Drain => self.draining = true,
        }
    }

    /// Moves at most [`DeskLimits::batch_max`] commands out for one commit; `false` when there
    /// are none. Each `true` must be followed by [`Desk::committed`].
    pub fn stage(&mut self, commands: &mut Vec<Command>) -> bool {
        assert!(self.committing.is_empty(), "one commit at a time");
        let count = self.staged.len().min(self.limits.batch_max);
        for (command, slip) in self.staged.drain(..count) {
            commands.push(command);
            self.committing.push_back(slip);
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

    /// Transactions between intent and outcome.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Nothing staged and nobody waiting. Unknowns stay in the store and are resolved later.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.staged.is_empty() && self.pending.values().all(|pending| pending.is_unattended())
    }

    fn on_ask<S: Store>(&mut self, now: Moment, wall: Wall, ask: Ask, store: &S) {
        let Ask { origin, asked } = ask;
        match asked {
            Asked::Sale { mut begin, bridge } => {
                let full = self.pending.len() >= self.limits.pending_max;
                if (self.draining || full) && matches!(begin.verdict, Verdict::Accepted { .. }) {
                    // Journalled like any decline, so that a retry hears the same again.
                    begin.verdict = Verdict::Refused(code::PROVIDER_UNAVAILABLE);
                }
                let key = begin.key;
                self.push_staged(Command::Begin(begin), Slip::Sale { origin, bridge, key });
            }
            Asked::Confirm { original } => {
                let advice = Advice::NotOwed;
                let command = Command::Confirm(Confirm { original, at_ms: wall.0, advice });
                self.push_staged(command, Slip::Confirm { origin, original });
            }
            Asked::Reverse(reverse) => {
                let key = reverse.key;
                self.push_staged(Command::Reverse(reverse), Slip::Reverse { origin, key });
            }
            Asked::Counter { counter } => {
                let terminal = origin.terminal;
                let command = Command::Logon { terminal, counter };
                self.push_staged(command, Slip::Counter { terminal, counter });
            }
            Asked::Repeat { original } => self.on_repeat(now, origin, original, store),
            Asked::Balance { stan, date, seller, currency } => {
                self.on_balance(origin, (stan, date), seller, currency, store);
            }
            Asked::Logon { code, date } => self.on_logon(origin, code, date, store),
            Asked::Acknowledged { command, result } => {
                let terminal = origin.terminal;
                self.outputs.push_back(Output::Acknowledged { terminal, command, result });
                self.reply(origin, Content::Nothing);
            }
        }
    }

    fn stage_finish(&mut self, key: Key, wall: Wall, result: Finding) {
        let command = Command::Finish(Finish { key, at_ms: wall.0, result });
        self.push_staged(command, Slip::Finish { key });
    }

    fn push_staged(&mut self, command: Command, slip: Slip) {
        self.staged.push_back((command, slip));
    }

    fn reply(&mut self, origin: Origin, content: Content) {
        self.outputs.push_back(Output::Reply(Reply { origin, content }));
    }
}
