//! What a terminal sells: one request at a time, each kept until it is answered.
//!
//! ```text
//!   Free ─customer─▶ Sale ─ answer ─▶ [Retry] ─▶ [Clash] ─▶ [Reversal] or [Advice] ─▶ Free
//!                     │ ▲ 0201                                  │ ▲ 0421, 0221
//!       no answer, or ▼ │                          no answer    ▼ │
//!       line lost    Unsent ── or give it up ─────────────────▶ Unsent
//! ```
//!
//! The book, numbers, and a reversal, an advice or a batch that is under way survive a loss of power.

mod answers;
mod numbers;
mod settle;

use std::sync::Arc;

use tillgate_codec::iso8583::Message;
use tillgate_codec::link::message::BusinessDate;

use self::settle::Batch;
use super::Firmware;
use super::card::Card;
use super::clock::Local;
use super::link::TRACE_MAX;
use super::message::{self, Closing};
use crate::firmware::{LoadModel, OfferKind};
use crate::limits::ATTEMPTS_MAX;
use crate::rng::Rng;
use crate::sales_log::{Asked, Entry, SalesLog, State};
use crate::terminal::{Note, Trouble, subscriber};
use crate::time::Moment;

/// What a message of a sale has and the book has not.
#[derive(Clone, Copy)]
pub(super) struct Sold {
    /// What the clock showed: part of the content, also of its reversal.
    pub(super) local: Local,
    pub(super) currency: u16,
    /// The processing code.
    pub(super) code: [u8; 6],
    pub(super) account: Account,
    /// Whether its reversal is an advice (0420).
    pub(super) is_advice: bool,
}

/// Where the account of a sale is.
#[derive(Clone, Copy)]
pub(super) enum Account {
    None,
    /// In field 102.
    Named,
    Card(Card),
}

/// Keeps what a terminal does beside its sales apart from other draws.
const ASIDE: u64 = 0x4153_4944_0000_0000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sale,
    /// The sale once more, though it was answered.
    Retry,
    /// Other content under the sale's number.
    Clash,
    /// The sale once more, though it was taken back.
    Late,
    Reversal,
    /// It confirms the sale.
    Advice,
    /// The same of another amount, or of a sale that was declined.
    FalseAdvice,
    Settlement,
    /// A record of the batch.
    Upload,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for the line.
    Unsent,
    /// On its way; an answer is due by then.
    Sent(Moment),
    /// Sent again at that moment.
    Pause(Moment),
}

#[derive(Clone, Copy)]
struct Request {
    kind: Kind,
    entry: usize,
    stage: Stage,
    /// Whether it was sent before: then it is a repeat.
    was_sent: bool,
    /// Times that the gateway said that it is in progress.
    rounds: u8,
}

#[derive(Clone, Copy)]
enum Task {
    /// The next customer comes at that moment, if any is known.
    Free(Option<Moment>),
    Waiting(Request),
}

/// The selling half of a terminal.
pub(super) struct SaleFlow {
    firmware: Arc<Firmware>,
    pub(super) book: SalesLog,
    /// Of each entry of the book.
    sold: Vec<Sold>,
    task: Task,
    /// For advices, batches and cards: what is sold, and when, is drawn elsewhere.
    aside: Rng,
    date: Option<BusinessDate>,
    /// The highest date so far, and the highest number of any date before.
    high: (Option<BusinessDate>, u32),
    stan: u32,
    closing: Option<Closing>,
    batch: Batch,
    settled: bool,
    open: bool,
    stopping: bool,
    ready_told: bool,
    pub(super) notes: Vec<Note>,
}

impl Sold {
    /// What the chip of its card said, if it has one.
    fn chip(&self) -> Option<Vec<u8>> {
        match self.account {
            Account::Card(card) => card.chip(),
            Account::None | Account::Named => None,
        }
    }
}

impl SaleFlow {
    pub(super) fn new(terminal: u32, firmware: Arc<Firmware>, seed: u64) -> Self {
        Self {
            firmware,
            book: SalesLog::new(terminal),
            sold: Vec::new(),
            task: Task::Free(None),
            aside: Rng::new(seed, ASIDE | u64::from(terminal)),
            date: None,
            high: (None, 0),
            stan: 0,
            closing: None,
            batch: Batch::default(),
            settled: false,
            open: false,
            stopping: false,
            ready_told: false,
            notes: Vec::new(),
        }
    }

    pub(super) fn terminal(&self) -> u32 {
        self.book.terminal()
    }

    pub(super) fn begin(&mut self, now: Moment, rng: &mut Rng) {
        self.open = true;
        self.free(now, rng);
    }

    /// A customer of the driver's has come.
    pub(super) fn customer(&mut self, intended: Moment) {
        self.ready_told = false;
        match self.task {
            Task::Free(_) if !self.stopping => self.task = Task::Free(Some(intended)),
            _ => self.notes.push(Note::TurnedAway),
        }
    }

    /// No more customers; what is under way is finished.
    pub(super) fn stop(&mut self) {
        self.stopping = true;
        if matches!(self.task, Task::Free(_)) {
            self.task = Task::Free(None);
        }
    }

    /// Whether nothing is left to do for good.
    pub(super) fn is_finished(&self, has_clock: bool) -> bool {
        let settles = self.firmware.habits.settles && has_clock && !self.settled;
        self.stopping && matches!(self.task, Task::Free(_)) && !settles
    }

    /// When the next customer comes, if nothing is under way and one is known.
    pub(super) fn next_customer(&self) -> Option<Moment> {
        match self.task {
            Task::Free(next) => next,
            Task::Waiting(_) => None,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.task, Task::Waiting(_))
    }

    /// When something is due that is not an answer to what is on the line beside it.
    pub(super) fn deadline(&self) -> Option<Moment> {
        match self.task {
            Task::Free(next) => next,
            Task::Waiting(Request { stage: Stage::Sent(at) | Stage::Pause(at), .. }) => Some(at),
            Task::Waiting(Request { stage: Stage::Unsent, .. }) => None,
        }
    }

    /// Whether an answer is overdue.
    pub(super) fn is_overdue(&self, now: Moment) -> bool {
        matches!(self.task, Task::Waiting(Request { stage: Stage::Sent(by), .. }) if by <= now)
    }

    /// The line is gone: what was on its way is in doubt, and asked about or taken back later.
    pub(super) fn offline(&mut self, rng: &mut Rng) {
        let Task::Waiting(request) = &mut self.task else { return };
        let was_out = matches!(request.stage, Stage::Sent(_));
        request.stage = Stage::Unsent;
        let (kind, entry) = (request.kind, request.entry);
        if kind == Kind::Sale && was_out {
            self.notes.push(Note::Doubt);
            if rng.chance(self.firmware.habits.give_back_permille) {
                self.take_back(entry, true);
            }
        }
    }

    /// After `offline`: only what is kept where power cannot reach it is left.
    pub(super) fn lose_power(&mut self, rng: &mut Rng) {
        let Task::Waiting(request) = self.task else { return };
        match request.kind {
            Kind::Reversal | Kind::Advice | Kind::Settlement | Kind::Upload => {}
            Kind::Sale if rng.chance(500) => {}
            // Half a receipt, or none, is printed.
            Kind::Sale | Kind::Retry => self.take_back(request.entry, true),
            Kind::Clash | Kind::Late | Kind::FalseAdvice => self.task = Task::Free(None),
        }
    }

    /// Begins a sale if a customer is there.
    pub(super) fn sell_if_due(&mut self, now: Moment, local: Local, rng: &mut Rng) {
        let Task::Free(Some(intended)) = self.task else { return };
        if intended > now || !self.open || self.stopping {
            return;
        }
        let date = self.number(local);
        let Some((offer, amount_minor)) = self.firmware.mix.draw(rng) else { return };
        if self.stan >= TRACE_MAX {
            // The last one is for the totals; there are no more of this date.
            self.stan = TRACE_MAX - 1;
            self.task = Task::Free(None);
            return self.notes.push(Note::TurnedAway);
        }
        let (subscriber, is_read) = match offer.kind {
            OfferKind::Voucher => (0, false),
            OfferKind::Card => (subscriber::card(rng), !rng.chance(500)),
            OfferKind::TopUp => (subscriber::draw(rng), false),
            OfferKind::Bill => (subscriber::bill(rng), false),
        };
        let (stan, service, product) = (self.stan, offer.service, offer.product);
        let asked = Asked { stan, date, service, product, amount_minor, subscriber };
        let entry = self.book.begin(asked, intended, now, false);
        let (currency, is_advice) = (offer.currency, rng.chance(500));
        let account = match offer.kind {
            OfferKind::Voucher => Account::None,
            OfferKind::Card if is_read => {
                Account::Card(Card::read(rng.throw().to_be_bytes(), &mut self.aside))
            }
            OfferKind::Card => Account::Card(Card::keyed()),
            OfferKind::TopUp | OfferKind::Bill => Account::Named,
        };
        let code = self.firmware.code(service, product);
        self.sold.push(Sold { local, currency, code, account, is_advice });
        self.notes.push(Note::Started);
        self.ask(Kind::Sale, entry);
    }

    fn ask(&mut self, kind: Kind, entry: usize) {
        let was_sent = matches!(kind, Kind::Retry | Kind::Late);
        let stage = Stage::Unsent;
        self.task = Task::Waiting(Request { kind, entry, stage, was_sent, rounds: 0 });
    }

    fn take_back(&mut self, entry: usize, is_advice: bool) {
        self.sold[entry].is_advice |= is_advice;
        self.book.reverse(entry);
        self.notes.push(Note::TookBack);
        self.ask(Kind::Reversal, entry);
    }

    /// What is to be sent now, if anything is.
    pub(super) fn next_message(&mut self, now: Moment) -> Option<Message> {
        let Task::Waiting(request) = &mut self.task else { return None };
        match request.stage {
            Stage::Unsent => {}
            Stage::Pause(at) if at <= now => {}
            _ => return None,
        }
        let (kind, entry, is_repeat) = (request.kind, request.entry, request.was_sent);
        request.was_sent = true;
        request.stage = Stage::Sent(now.after(self.firmware.answer));
        if kind == Kind::Sale {
            let attempts = self.book.entries()[entry].attempts;
            if attempts >= ATTEMPTS_MAX {
                self.notes.push(Note::Trouble(Trouble::GaveUp));
                self.task = Task::Free(None);
                return None;
            }
            if attempts > 0 {
                self.notes.push(Note::SentAgain);
            }
            self.book.sent(entry);
        }
        let terminal = self.terminal();
        if kind == Kind::Settlement {
            return Some(message::settlement(self.closing.as_ref()?, terminal, is_repeat));
        }
        let (asked, sold) = (self.asked(kind, entry), &self.sold[entry]);
        Some(match kind {
            Kind::Reversal => message::reversal(&asked, sold, terminal, is_repeat),
            Kind::Advice | Kind::FalseAdvice => message::advice(&asked, sold, terminal, is_repeat),
            Kind::Upload => {
                message::upload(self.batch.record()?, &asked, sold, (terminal, is_repeat))
            }
            _ => message::sale(&asked, sold, terminal, is_repeat),
        })
    }

    /// What a request says of its sale.
    fn asked(&self, kind: Kind, entry: usize) -> Asked {
        let Entry { asked, state, .. } = self.book.entries()[entry];
        let is_other = match kind {
            Kind::Clash => true,
            Kind::FalseAdvice => state == State::Approved,
            _ => false,
        };
        Asked { amount_minor: asked.amount_minor + u64::from(is_other), ..asked }
    }

    /// Nothing is under way any more: the next customer, if one is known.
    fn free(&mut self, now: Moment, rng: &mut Rng) {
        self.task = Task::Free(None);
        if !self.open || self.stopping {
            return;
        }
        match self.firmware.custom {
            LoadModel::Think(delay) => self.task = Task::Free(Some(now.after(delay.draw(rng)))),
            LoadModel::Sent if !self.ready_told => {
                self.ready_told = true;
                self.notes.push(Note::Ready);
            }
            LoadModel::Sent | LoadModel::None => {}
        }
    }
}
