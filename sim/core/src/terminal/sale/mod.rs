//! The till of a terminal: customers, sales, doubts, confirms. It knows nothing of the link.
//!
//! ```text
//!            customer                     final answer
//!   Free ───────────────▶ Request: Sale ────────────────▶ [Retry] ─▶ [Confirm] ─▶ Free
//!                          │   ▲    ▲
//!         link lost, or no │   │    │ pause
//!           answer in time ▼   │    │
//!                        Unsent┘   "still in progress"
//! ```
//!
//! The body of the request under way is kept until it is answered, so that a sale in doubt is sent
//! again with the same bytes. A doubt may also be resolved by a repeat, or the sale taken back: see
//! `doubt`.

mod bill;
mod doubt;
mod request;
mod settle;

use std::sync::Arc;

use tillgate_codec::link::message::{BusinessDate, TerminalCommand, Welcome};

use super::event::{Note, Trouble};
use crate::firmware::{Firmware, LoadModel, WhenBlocked};
use crate::limits::ANSWER_MARGIN;
use crate::rng::Rng;
use crate::sales_log::SalesLog;
use crate::time::{Moment, Span};
use bill::Payment;
use request::{Kind, PendingRequest, Stage, Task};
use settle::Takings;

/// The selling half of a terminal.
pub(super) struct SaleFlow {
    firmware: Arc<Firmware>,
    pub(super) book: SalesLog,
    task: Task,
    body: Vec<u8>,
    date: Option<BusinessDate>,
    /// The highest date so far, and the highest STAN of any date before.
    high: (Option<BusinessDate>, u32),
    stan: u32,
    payment: Payment,
    answer: Span,
    open: bool,
    stopping: bool,
    blocked: bool,
    online: bool,
    /// Whether any of its sales has gone by datagram: those may be delivered much later.
    datagrams: bool,
    ready_told: bool,
    takings: Takings,
    pub(super) turn: Turn,
    pub(super) notes: Vec<Note>,
}

/// What the link is to do next for the till.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing.
    Nothing,
    /// Send [`SaleFlow::body`].
    Send,
    /// Close the connection and come back: an answer did not come.
    Hangup,
}

impl SaleFlow {
    pub(super) fn new(terminal: u32, firmware: Arc<Firmware>) -> Self {
        Self {
            firmware,
            book: SalesLog::new(terminal),
            task: Task::Free(None),
            body: Vec::new(),
            date: None,
            high: (None, 0),
            stan: 0,
            payment: Payment::default(),
            answer: Span::s(30),
            open: false,
            stopping: false,
            blocked: false,
            online: false,
            datagrams: false,
            ready_told: false,
            takings: Takings::default(),
            turn: Turn::Nothing,
            notes: Vec::new(),
        }
    }

    /// From now on its requests go by datagram, or by either bearer.
    pub(super) fn uses_datagrams(&mut self) {
        self.datagrams = true;
    }

    /// The bytes that [`Turn::Send`] asks for.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether nothing is left to do before logging off for good.
    pub(super) fn is_finished(&self) -> bool {
        self.stopping && matches!(self.task, Task::Free(_)) && !self.is_to_settle()
    }

    /// Bytes held on the heap, without the book's entries.
    pub(super) fn heap_bytes(&self) -> usize {
        self.body.capacity() + self.notes.capacity() * size_of::<Note>()
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        match self.task {
            Task::Free(next) => next.filter(|_| self.serves()),
            Task::PendingRequest(PendingRequest {
                stage: Stage::Sent(at) | Stage::Pause(at),
                ..
            }) => Some(at),
            Task::PendingRequest(PendingRequest { stage: Stage::Unsent, .. }) => None,
        }
    }

    /// The shop opens.
    pub(super) fn begin(&mut self, now: Moment, rng: &mut Rng) {
        self.open = true;
        if matches!(self.task, Task::Free(_)) {
            self.free(now, rng);
        }
    }

    /// A customer of the driver's has come.
    pub(super) fn customer(&mut self, now: Moment, intended: Moment, rng: &mut Rng) {
        self.ready_told = false;
        if self.turns_away() || self.stopping {
            self.notes.push(Note::TurnedAway);
            return;
        }
        self.task = Task::Free(Some(intended));
        self.tick(now, rng);
    }

    /// No more customers; what is under way is finished.
    pub(super) fn stop(&mut self, now: Moment) {
        self.stopping = true;
        if matches!(self.task, Task::Free(_)) {
            self.task = Task::Free(None);
            self.settle_up(now);
        }
    }

    /// The terminal has logged on.
    pub(super) fn online(&mut self, now: Moment, welcome: &Welcome, rng: &mut Rng) {
        self.online = true;
        self.blocked = !welcome.code.is_approved();
        if self.date != Some(welcome.date) {
            // On a date that was before it goes on above all that it has used on any.
            let (date, stan) = self.high;
            self.high = (date.max(Some(welcome.date)), stan.max(self.stan));
            self.stan = if date < Some(welcome.date) { 0 } else { self.high.1 };
            self.date = Some(welcome.date);
        }
        self.stan = self.stan.max(welcome.stan_last);
        self.book.open(welcome.date, welcome.stan_last);
        self.answer = Span(Span::s(u64::from(welcome.answer_s)).0 + ANSWER_MARGIN.0);
        match &mut self.task {
            Task::PendingRequest(request) => {
                request.stage = Stage::Unsent;
                self.send(now);
            }
            Task::Free(None) => self.free(now, rng),
            Task::Free(Some(_)) => self.tick(now, rng),
        }
    }

    /// The link is gone.
    pub(super) fn offline(&mut self, rng: &mut Rng) {
        self.online = false;
        if let Task::PendingRequest(request) = &mut self.task {
            let sent = matches!(request.stage, Stage::Sent(_));
            request.stage = Stage::Unsent;
            if request.kind == Kind::Sale && sent {
                self.notes.push(Note::Doubt);
                self.doubt(rng);
            }
        }
    }

    /// A deadline of the till has come.
    pub(super) fn tick(&mut self, now: Moment, rng: &mut Rng) {
        match self.task {
            Task::Free(Some(intended)) if intended <= now && self.serves() => {
                self.sell(now, intended, rng);
            }
            Task::PendingRequest(PendingRequest { stage: Stage::Pause(at), .. }) if at <= now => {
                self.send(now)
            }
            Task::PendingRequest(PendingRequest { stage: Stage::Sent(by), .. }) if by <= now => {
                self.notes.push(Note::Trouble(Trouble::AnswerTimeout));
                self.turn = Turn::Hangup;
            }
            _ => {}
        }
    }

    /// An order of the gateway; gives the result to acknowledge it with.
    pub(super) fn order(&mut self, now: Moment, order: &TerminalCommand<'_>, rng: &mut Rng) -> u8 {
        const DONE: u8 = 0;
        const UNSUPPORTED: u8 = 2;
        match order {
            TerminalCommand::Block { .. } => {
                self.blocked = true;
                self.notes.push(Note::Blocked);
                if self.turns_away() && matches!(self.task, Task::Free(Some(_))) {
                    self.task = Task::Free(None);
                    self.notes.push(Note::TurnedAway);
                }
                DONE
            }
            TerminalCommand::Unblock => {
                self.blocked = false;
                self.notes.push(Note::Unblocked);
                if matches!(self.task, Task::Free(None)) {
                    self.free(now, rng);
                }
                DONE
            }
            TerminalCommand::Message { .. } => {
                self.notes.push(Note::Message);
                DONE
            }
            TerminalCommand::Unknown(_) => {
                self.notes.push(Note::Message);
                UNSUPPORTED
            }
        }
    }

    /// Whether a customer would be served now.
    fn serves(&self) -> bool {
        self.online && self.open && !self.stopping && !self.turns_away()
    }

    fn turns_away(&self) -> bool {
        self.blocked && self.firmware.when_blocked == WhenBlocked::Obey
    }

    /// Nothing is under way any more: the next customer, if one is known.
    fn free(&mut self, now: Moment, rng: &mut Rng) {
        self.task = Task::Free(None);
        if self.pay_twice(now) {
            return;
        }
        self.settle_up(now);
        if !self.open || self.stopping || self.turns_away() {
            return;
        }
        match self.firmware.custom {
            LoadModel::Think(delay) => {
                self.task = Task::Free(Some(now.after(delay.draw(rng))));
                self.tick(now, rng);
            }
            LoadModel::Sent if !self.ready_told => {
                self.ready_told = true;
                self.notes.push(Note::Ready);
            }
            LoadModel::Sent | LoadModel::None => {}
        }
    }
}
