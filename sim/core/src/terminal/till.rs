//! The till of a terminal: customers, sales, doubts, confirms. It knows nothing of the link.
//!
//! ```text
//!            customer                     final answer
//!   Free ───────────────▶ Errand: Sale ─────────────────▶ [Retry] ─▶ [Confirm] ─▶ Free
//!                          │   ▲    ▲
//!         link lost, or no │   │    │ pause
//!           answer in time ▼   │    │
//!                        Unsent┘   "still in progress"
//! ```
//!
//! The body of the errand under way is kept until it is answered, so that a sale in doubt is sent
//! again with the same bytes.

use std::sync::Arc;

use tillgate_codec::link::message::{
    Answer, AnswerKind, BusinessDate, Confirm, Order, ResponseCode, Sale, Upward, Welcome,
};

use super::event::{Finished, Note, Trouble};
use super::subscriber;
use crate::book::{Asked, Book, Settled};
use crate::dice::Dice;
use crate::firmware::{Custom, Firmware, OfferKind, WhenBlocked};
use crate::limits::{ANSWER_MARGIN, ASK_AGAIN_FIRST, ASK_AGAIN_LONGEST, ATTEMPTS_MAX};
use crate::time::{Moment, Span};

/// The selling half of a terminal.
pub(super) struct Till {
    firmware: Arc<Firmware>,
    pub(super) book: Book,
    task: Task,
    body: Vec<u8>,
    date: Option<BusinessDate>,
    stan: u32,
    answer: Span,
    open: bool,
    stopping: bool,
    blocked: bool,
    online: bool,
    ready_told: bool,
    pub(super) turn: Turn,
    pub(super) notes: Vec<Note>,
}

/// What the link is to do next for the till.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing.
    Nothing,
    /// Send [`Till::body`].
    Send,
    /// Close the connection and come back: an answer did not come.
    Hangup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    /// No request under way; the next customer comes at this moment, if any is known.
    Free(Option<Moment>),
    /// One request under way.
    Errand(Errand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Errand {
    kind: Kind,
    entry: usize,
    stage: Stage,
    /// Times that the gateway said "still in progress".
    rounds: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sale,
    Retry,
    Confirm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Waits for the link.
    Unsent,
    /// On its way; an answer is due by then.
    Sent(Moment),
    /// Sent again at that moment.
    Pause(Moment),
}

impl Till {
    pub(super) fn new(terminal: u32, firmware: Arc<Firmware>) -> Self {
        Self {
            firmware,
            book: Book::new(terminal),
            task: Task::Free(None),
            body: Vec::new(),
            date: None,
            stan: 0,
            answer: Span::s(30),
            open: false,
            stopping: false,
            blocked: false,
            online: false,
            ready_told: false,
            turn: Turn::Nothing,
            notes: Vec::new(),
        }
    }

    /// The bytes that [`Turn::Send`] asks for.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether nothing is left to do before logging off for good.
    pub(super) fn is_finished(&self) -> bool {
        self.stopping && matches!(self.task, Task::Free(_))
    }

    /// Bytes held on the heap, without the book's entries.
    pub(super) fn heap_bytes(&self) -> usize {
        self.body.capacity() + self.notes.capacity() * size_of::<Note>()
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        match self.task {
            Task::Free(next) => next.filter(|_| self.serves()),
            Task::Errand(Errand { stage: Stage::Sent(at) | Stage::Pause(at), .. }) => Some(at),
            Task::Errand(Errand { stage: Stage::Unsent, .. }) => None,
        }
    }

    /// The shop opens.
    pub(super) fn begin(&mut self, now: Moment, dice: &mut Dice) {
        self.open = true;
        if matches!(self.task, Task::Free(_)) {
            self.free(now, dice);
        }
    }

    /// A customer of the driver's has come.
    pub(super) fn customer(&mut self, now: Moment, intended: Moment, dice: &mut Dice) {
        self.ready_told = false;
        if self.turns_away() || self.stopping {
            self.notes.push(Note::TurnedAway);
            return;
        }
        self.task = Task::Free(Some(intended));
        self.tick(now, dice);
    }

    /// No more customers; what is under way is finished.
    pub(super) fn stop(&mut self) {
        self.stopping = true;
        if matches!(self.task, Task::Free(_)) {
            self.task = Task::Free(None);
        }
    }

    /// The terminal has logged on.
    pub(super) fn online(&mut self, now: Moment, welcome: &Welcome, dice: &mut Dice) {
        self.online = true;
        self.blocked = !welcome.code.is_approved();
        if self.date.is_none_or(|date| date < welcome.date) {
            self.date = Some(welcome.date);
            self.stan = 0;
        }
        if self.date == Some(welcome.date) {
            self.stan = self.stan.max(welcome.stan_last);
        }
        self.book.open(welcome.date, welcome.stan_last);
        self.answer = Span(Span::s(u64::from(welcome.answer_s)).0 + ANSWER_MARGIN.0);
        match &mut self.task {
            Task::Errand(errand) => {
                errand.stage = Stage::Unsent;
                self.send(now);
            }
            Task::Free(None) => self.free(now, dice),
            Task::Free(Some(_)) => self.tick(now, dice),
        }
    }

    /// The link is gone.
    pub(super) fn offline(&mut self) {
        self.online = false;
        if let Task::Errand(errand) = &mut self.task {
            if errand.kind == Kind::Sale && matches!(errand.stage, Stage::Sent(_)) {
                self.notes.push(Note::Doubt);
            }
            errand.stage = Stage::Unsent;
        }
    }

    /// A deadline of the till has come.
    pub(super) fn tick(&mut self, now: Moment, dice: &mut Dice) {
        match self.task {
            Task::Free(Some(intended)) if intended <= now && self.serves() => {
                self.sell(now, intended, dice);
            }
            Task::Errand(Errand { stage: Stage::Pause(at), .. }) if at <= now => self.send(now),
            Task::Errand(Errand { stage: Stage::Sent(by), .. }) if by <= now => {
                self.notes.push(Note::Trouble(Trouble::AnswerTimeout));
                self.turn = Turn::Hangup;
            }
            _ => {}
        }
    }

    /// An order of the gateway; gives the result to acknowledge it with.
    pub(super) fn order(&mut self, now: Moment, order: &Order<'_>, dice: &mut Dice) -> u8 {
        const DONE: u8 = 0;
        const UNSUPPORTED: u8 = 2;
        match order {
            Order::Block { .. } => {
                self.blocked = true;
                self.notes.push(Note::Blocked);
                if self.turns_away() && matches!(self.task, Task::Free(Some(_))) {
                    self.task = Task::Free(None);
                    self.notes.push(Note::TurnedAway);
                }
                DONE
            }
            Order::Unblock => {
                self.blocked = false;
                self.notes.push(Note::Unblocked);
                if matches!(self.task, Task::Free(None)) {
                    self.free(now, dice);
                }
                DONE
            }
            Order::Message { .. } => {
                self.notes.push(Note::Message);
                DONE
            }
            Order::Unknown(_) => {
                self.notes.push(Note::Message);
                UNSUPPORTED
            }
        }
    }

    /// An answer; `body` is the whole of it as it came.
    pub(super) fn answered(
        &mut self,
        now: Moment,
        answer: &Answer<'_>,
        body: &[u8],
        dice: &mut Dice,
    ) {
        let Task::Errand(errand) = self.task else {
            return self.unasked(now, answer, body);
        };
        let asked = self.book.entries()[errand.entry].asked;
        let kind =
            if errand.kind == Kind::Confirm { AnswerKind::Confirm } else { AnswerKind::Sale };
        if (answer.kind, answer.date, answer.stan) != (kind, asked.date, asked.stan) {
            return self.unasked(now, answer, body);
        }
        if answer.code == ResponseCode::IN_PROGRESS {
            return self.ask_again(now, errand);
        }
        match errand.kind {
            Kind::Sale => {
                self.settle(errand.entry, now, answer, body);
                self.after_sale(now, errand.entry, answer, dice);
            }
            Kind::Retry => {
                self.settle(errand.entry, now, answer, body);
                self.after_retry(now, errand.entry, answer, dice);
            }
            Kind::Confirm => {
                self.book.confirm(errand.entry, answer.code);
                if answer.code.is_approved() {
                    self.notes.push(Note::Confirmed);
                }
                self.free(now, dice);
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
    fn free(&mut self, now: Moment, dice: &mut Dice) {
        self.task = Task::Free(None);
        if !self.open || self.stopping || self.turns_away() {
            return;
        }
        match self.firmware.custom {
            Custom::Think(delay) => {
                self.task = Task::Free(Some(now.after(delay.draw(dice))));
                self.tick(now, dice);
            }
            Custom::Sent if !self.ready_told => {
                self.ready_told = true;
                self.notes.push(Note::Ready);
            }
            Custom::Sent | Custom::None => {}
        }
    }

    fn sell(&mut self, now: Moment, intended: Moment, dice: &mut Dice) {
        let (Some(date), Some((offer, amount_minor))) = (self.date, self.firmware.mix.draw(dice))
        else {
            self.task = Task::Free(None);
            return;
        };
        self.stan += 1;
        let subscriber = match offer.kind {
            OfferKind::Voucher => 0,
            OfferKind::TopUp => subscriber::draw(dice),
        };
        let (stan, service, product) = (self.stan, offer.service, offer.product);
        let asked = Asked { stan, date, service, product, amount_minor, subscriber };
        let entry = self.book.begin(asked, intended, now, self.blocked);
        if self.blocked {
            self.notes.push(Note::TriedBlocked);
        }
        let mut digits = [0; subscriber::DIGITS_MAX];
        let subscriber = subscriber::text(subscriber, &mut digits);
        let currency = offer.currency;
        let sale = Sale { stan, date, service, product, amount_minor, currency, subscriber };
        self.body.clear();
        Upward::Sale(sale).encode(&mut self.body);
        self.notes.push(Note::Started);
        self.task =
            Task::Errand(Errand { kind: Kind::Sale, entry, stage: Stage::Unsent, rounds: 0 });
        self.send(now);
    }

    /// Puts the errand's body on the wire, if there is a wire.
    fn send(&mut self, now: Moment) {
        let Task::Errand(errand) = &mut self.task else {
            return;
        };
        if !self.online {
            errand.stage = Stage::Unsent;
            return;
        }
        let attempts = self.book.entries()[errand.entry].attempts;
        if errand.kind == Kind::Sale {
            if attempts >= ATTEMPTS_MAX {
                return self.give_up(now);
            }
            if attempts > 0 {
                self.notes.push(Note::SentAgain);
            }
            self.book.sent(errand.entry);
        }
        errand.stage = Stage::Sent(now.after(self.answer));
        self.turn = Turn::Send;
    }

    /// Leaves the sale in doubt, for the audit to judge, and serves the next customer.
    fn give_up(&mut self, now: Moment) {
        self.notes.push(Note::Trouble(Trouble::GaveUp));
        let thinks = matches!(self.firmware.custom, Custom::Think(_));
        self.task = Task::Free(thinks.then_some(now));
        if self.firmware.custom == Custom::Sent && !self.stopping {
            self.ready_told = true;
            self.notes.push(Note::Ready);
        }
    }

    fn ask_again(&mut self, now: Moment, errand: Errand) {
        let factor = 1_u64.checked_shl(u32::from(errand.rounds)).unwrap_or(u64::MAX);
        let pause = Span(ASK_AGAIN_FIRST.0.saturating_mul(factor).min(ASK_AGAIN_LONGEST.0));
        let rounds = errand.rounds.saturating_add(1);
        let stage = Stage::Pause(now.after(pause));
        self.task = Task::Errand(Errand { stage, rounds, ..errand });
        self.notes.push(Note::AskedAgain);
    }

    fn settle(&mut self, entry: usize, now: Moment, answer: &Answer<'_>, body: &[u8]) {
        match self.book.settle(entry, now, answer, body) {
            Settled::First => {
                let entry = &self.book.entries()[entry];
                let (response, service) = (entry.response(), entry.service());
                let code = answer.code;
                self.notes.push(Note::Finished(Finished { code, response, service }));
            }
            Settled::Same => {}
            Settled::Changed => self.notes.push(Note::Trouble(Trouble::AnswerChanged)),
        }
    }

    fn after_sale(&mut self, now: Moment, entry: usize, answer: &Answer<'_>, dice: &mut Dice) {
        if answer.code == ResponseCode::WRONG_DATE {
            // Only a new logon tells the date in force.
            self.task = Task::Free(None);
            self.turn = Turn::Hangup;
        } else if dice.chance(self.firmware.retry_permille) {
            let stage = Stage::Unsent;
            self.task = Task::Errand(Errand { kind: Kind::Retry, entry, stage, rounds: 0 });
            self.send(now);
        } else {
            self.after_retry(now, entry, answer, dice);
        }
    }

    fn after_retry(&mut self, now: Moment, entry: usize, answer: &Answer<'_>, dice: &mut Dice) {
        let printed = answer.code.is_approved() && answer.voucher.is_some();
        if !printed || !dice.chance(self.firmware.confirm_permille) {
            return self.free(now, dice);
        }
        self.body.clear();
        Upward::Confirm(Confirm { stan: answer.stan, date: answer.date }).encode(&mut self.body);
        let stage = Stage::Unsent;
        self.task = Task::Errand(Errand { kind: Kind::Confirm, entry, stage, rounds: 0 });
        self.send(now);
    }

    /// An answer to nothing that is under way: a late one is taken, anything else is trouble.
    fn unasked(&mut self, now: Moment, answer: &Answer<'_>, body: &[u8]) {
        let known = self.book.find(answer.date, answer.stan);
        match known.filter(|_| answer.kind == AnswerKind::Sale) {
            Some(entry) if answer.code != ResponseCode::IN_PROGRESS => {
                self.settle(entry, now, answer, body);
            }
            _ => self.notes.push(Note::Trouble(Trouble::Unmatched)),
        }
    }
}
