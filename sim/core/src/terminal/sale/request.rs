//! The request of a till: one request from its first byte to its final answer.

use tillgate_codec::link::message::{
    Answer, AnswerKind, BusinessDate, Confirm, ResponseCode, Reversal, Sale, TerminalMessage,
};

use super::bill::{Lookup, Payment};
use super::{SaleFlow, Turn};
use crate::firmware::{LoadModel, OfferKind};
use crate::limits::{ASK_AGAIN_FIRST, ASK_AGAIN_LONGEST, ATTEMPTS_MAX};
use crate::rng::Rng;
use crate::sales_log::{Asked, Settled};
use crate::terminal::event::{Finished, Note, Trouble};
use crate::terminal::subscriber;
use crate::time::{Moment, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// No request under way; the next customer comes at this moment, if any is known.
    Free(Option<Moment>),
    /// One request under way.
    PendingRequest(PendingRequest),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PendingRequest {
    pub(super) kind: Kind,
    pub(super) entry: usize,
    pub(super) stage: Stage,
    /// Times that the gateway said "still in progress".
    pub(super) rounds: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What is to be paid is asked for first; of no sale yet.
    Lookup(Lookup),
    Sale,
    Retry,
    /// The answer of the sale is asked for.
    Repeat,
    /// Other content under the sale's STAN.
    Clash,
    /// The sale, though it was taken back.
    Late,
    Confirm,
    /// The totals are compared; of no sale.
    Settlement {
        stan: u32,
        date: BusinessDate,
    },
    /// The sale is taken back by a request of its own.
    Reversal {
        stan: u32,
        date: BusinessDate,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Waits for the link.
    Unsent,
    /// On its way; an answer is due by then.
    Sent(Moment),
    /// Sent again at that moment.
    Pause(Moment),
}

impl SaleFlow {
    /// An answer; `body` is the whole of it as it came.
    pub(in crate::terminal) fn answered(
        &mut self,
        now: Moment,
        answer: &Answer<'_>,
        body: &[u8],
        rng: &mut Rng,
    ) {
        let request = match self.task {
            Task::PendingRequest(request)
                if !matches!(request.kind, Kind::Settlement { .. } | Kind::Lookup(_)) =>
            {
                request
            }
            _ => return self.unasked(now, answer, body),
        };
        let asked = self.book.entries()[request.entry].asked;
        let awaited = match request.kind {
            Kind::Reversal { stan, date } => (AnswerKind::Reversal, date, stan),
            Kind::Confirm => (AnswerKind::Confirm, asked.date, asked.stan),
            Kind::Sale
            | Kind::Retry
            | Kind::Repeat
            | Kind::Clash
            | Kind::Late
            | Kind::Lookup(_)
            | Kind::Settlement { .. } => (AnswerKind::Sale, asked.date, asked.stan),
        };
        if (answer.kind, answer.date, answer.stan) != awaited {
            return self.unasked(now, answer, body);
        }
        if answer.code == ResponseCode::IN_PROGRESS {
            return self.ask_again(now, request);
        }
        match request.kind {
            Kind::Sale if self.datagrams && answer.code == ResponseCode::WRONG_DATE => {
                // Its frame may still be on the way to a gateway that takes its date again.
                self.prepare_reversal(request.entry, Reversal::TIMEOUT);
                self.turn = Turn::Hangup;
            }
            Kind::Sale => {
                self.settle(request.entry, now, answer, body);
                self.after_sale(now, request.entry, answer, rng);
            }
            Kind::Retry => {
                self.settle(request.entry, now, answer, body);
                self.after_retry(now, request.entry, answer, rng);
            }
            Kind::Confirm => {
                self.book.confirm(request.entry, answer.code);
                if answer.code.is_approved() {
                    self.notes.push(Note::Confirmed);
                }
                self.free(now, rng);
            }
            Kind::Repeat => self.repeated(now, request.entry, answer, body, rng),
            Kind::Clash => {
                self.book.clashed(request.entry, answer.code);
                self.free(now, rng);
            }
            Kind::Late => {
                self.book.came_late(request.entry, answer.code);
                self.free(now, rng);
            }
            Kind::Reversal { .. } => self.reversed(now, request.entry, answer, rng),
            Kind::Settlement { .. } | Kind::Lookup(_) => self.unasked(now, answer, body),
        }
    }

    pub(super) fn sell(&mut self, now: Moment, intended: Moment, rng: &mut Rng) {
        let (Some(date), Some((offer, amount_minor))) = (self.date, self.firmware.mix.draw(rng))
        else {
            self.task = Task::Free(None);
            return;
        };
        self.stan += 1;
        let subscriber = match offer.kind {
            OfferKind::Voucher => 0,
            OfferKind::Card => subscriber::card(rng),
            OfferKind::TopUp => subscriber::draw(rng),
            OfferKind::Bill => subscriber::bill(rng),
        };
        let (stan, service, product) = (self.stan, offer.service, offer.product);
        let currency = offer.currency;
        if offer.kind == OfferKind::Bill {
            let rounds = 0;
            return self.look_up(
                now,
                Lookup { intended, service, product, currency, stan, date, subscriber, rounds },
            );
        }
        self.payment = Payment::default();
        let asked = Asked { stan, date, service, product, amount_minor, subscriber };
        self.ask_to_sell(now, intended, &asked, (currency, Span::ZERO));
    }

    /// Writes a sale down, and sends it when the customer is back.
    pub(super) fn ask_to_sell(
        &mut self,
        now: Moment,
        intended: Moment,
        asked: &Asked,
        (currency, away): (u16, Span),
    ) {
        let entry = self.book.begin(*asked, intended, now, self.blocked);
        if self.blocked {
            self.notes.push(Note::TriedBlocked);
        }
        self.encode_sale(asked, currency);
        self.notes.push(Note::Started);
        if away == Span::ZERO {
            return self.begin_request(now, Kind::Sale, entry);
        }
        let stage = Stage::Pause(now.after(away));
        let (kind, rounds) = (Kind::Sale, 0);
        self.task = Task::PendingRequest(PendingRequest { kind, entry, stage, rounds });
    }

    /// The body of a sale, the same bytes each time.
    pub(super) fn encode_sale(&mut self, asked: &Asked, currency: u16) {
        let mut digits = [0; subscriber::DIGITS_MAX];
        let subscriber = subscriber::text(asked.subscriber, &mut digits);
        let Asked { stan, date, service, product, amount_minor, .. } = *asked;
        let Payment { token, fee_minor, .. } = self.payment;
        let sale = Sale {
            stan,
            date,
            service,
            product,
            amount_minor,
            currency,
            subscriber,
            token,
            fee_minor,
        };
        self.body.clear();
        TerminalMessage::Sale(sale).encode(&mut self.body);
    }

    /// What is in the body becomes the request, and leaves if there is a link.
    pub(super) fn begin_request(&mut self, now: Moment, kind: Kind, entry: usize) {
        self.task =
            Task::PendingRequest(PendingRequest { kind, entry, stage: Stage::Unsent, rounds: 0 });
        self.send(now);
    }

    /// Puts the request's body on the wire, if there is a wire.
    pub(super) fn send(&mut self, now: Moment) {
        let Task::PendingRequest(request) = &mut self.task else {
            return;
        };
        if !self.online {
            request.stage = Stage::Unsent;
            return;
        }
        if matches!(request.kind, Kind::Sale | Kind::Repeat) {
            let attempts = self.book.entries()[request.entry].attempts;
            if attempts >= ATTEMPTS_MAX {
                return self.give_up(now);
            }
            if attempts > 0 {
                self.notes.push(Note::SentAgain);
            }
            self.book.sent(request.entry);
        }
        request.stage = Stage::Sent(now.after(self.answer));
        self.turn = Turn::Send;
    }

    /// Leaves the sale in doubt, for the audit to judge, and serves the next customer.
    fn give_up(&mut self, now: Moment) {
        self.notes.push(Note::Trouble(Trouble::GaveUp));
        let thinks = matches!(self.firmware.custom, LoadModel::Think(_));
        self.task = Task::Free(thinks.then_some(now));
        if self.firmware.custom == LoadModel::Sent && !self.stopping {
            self.ready_told = true;
            self.notes.push(Note::Ready);
        }
    }

    fn ask_again(&mut self, now: Moment, request: PendingRequest) {
        let factor = 1_u64.checked_shl(u32::from(request.rounds)).unwrap_or(u64::MAX);
        let pause = Span(ASK_AGAIN_FIRST.0.saturating_mul(factor).min(ASK_AGAIN_LONGEST.0));
        let rounds = request.rounds.saturating_add(1);
        let stage = Stage::Pause(now.after(pause));
        self.task = Task::PendingRequest(PendingRequest { stage, rounds, ..request });
        self.notes.push(Note::AskedAgain);
    }

    pub(super) fn settle(&mut self, entry: usize, now: Moment, answer: &Answer<'_>, body: &[u8]) {
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

    pub(super) fn after_sale(
        &mut self,
        now: Moment,
        entry: usize,
        answer: &Answer<'_>,
        rng: &mut Rng,
    ) {
        if answer.code == ResponseCode::WRONG_DATE {
            // Only a new logon tells the date in force.
            self.task = Task::Free(None);
            self.turn = Turn::Hangup;
        } else if rng.chance(self.firmware.retry_permille) {
            self.begin_request(now, Kind::Retry, entry);
        } else {
            self.after_retry(now, entry, answer, rng);
        }
    }

    fn after_retry(&mut self, now: Moment, entry: usize, answer: &Answer<'_>, rng: &mut Rng) {
        if rng.chance(self.firmware.habits.clash_permille) {
            return self.clash(now, entry);
        }
        if answer.code == ResponseCode::LOOK_UP_AGAIN && self.look_up_again(now) {
            return;
        }
        if !answer.code.is_approved() {
            return self.free(now, rng);
        }
        if rng.chance(self.firmware.habits.cancel_permille) {
            return self.take_back(now, entry, Reversal::CANCELLED);
        }
        if !rng.chance(self.firmware.confirm_permille) {
            return self.free(now, rng);
        }
        self.body.clear();
        TerminalMessage::Confirm(Confirm { stan: answer.stan, date: answer.date })
            .encode(&mut self.body);
        self.begin_request(now, Kind::Confirm, entry);
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
