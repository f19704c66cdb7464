//! What is paid after a lookup: the account is looked up, what was found is paid with its token.
//!
//! ```text
//!   Lookup ─▶ found ─▶ Sale with the token ─┬─ L2 ──▶ Lookup again, under a new number
//!      ▲        └─ not now: a pause ─┐      └─ any other answer: as of any sale
//!      └─────────────────────────────┘
//! ```

use tillgate_codec::link::message as codec;
use tillgate_codec::link::message::{BusinessDate, Found, ResponseCode, TerminalMessage};

use super::SaleFlow;
use super::request::{Kind, PendingRequest, Stage, Task};
use crate::limits::ASK_AGAIN_FIRST;
use crate::rng::Rng;
use crate::sales_log::Asked;
use crate::terminal::event::{Note, Trouble};
use crate::terminal::subscriber;
use crate::time::{Moment, Span};

/// How often a customer waits for an account to be looked up again.
const ROUNDS_MAX: u8 = 3;

/// How long customers who go for their money are away, at most; some stay away for as long as the
/// token is good, and a little longer or less.
const AWAY_MAX: Span = Span::s(40);
const AROUND: Span = Span::s(20);

/// A question about an account, and the sale that follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lookup {
    pub(super) intended: Moment,
    pub(super) service: u16,
    pub(super) product: u16,
    pub(super) currency: u16,
    pub(super) stan: u32,
    pub(super) date: BusinessDate,
    pub(super) subscriber: u64,
    /// How often it was asked before.
    pub(super) rounds: u8,
}

/// How the sale that is under way is paid; zeros if nothing was looked up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Payment {
    pub(super) token: u64,
    pub(super) fee_minor: u64,
    lookup: Option<Lookup>,
    /// Whether the same token is to pay once more.
    twice: bool,
}

impl SaleFlow {
    pub(super) fn look_up(&mut self, now: Moment, lookup: Lookup) {
        let Lookup { service, product, stan, date, subscriber, .. } = lookup;
        let mut digits = [0; subscriber::DIGITS_MAX];
        let subscriber = subscriber::text(subscriber, &mut digits);
        let amount_minor = 0;
        let message = codec::Lookup { stan, date, service, product, amount_minor, subscriber };
        self.body.clear();
        TerminalMessage::Lookup(message).encode(&mut self.body);
        self.begin_request(now, Kind::Lookup(lookup), 0);
    }

    /// The token was not good, or not any more: the account is looked up again, under the next
    /// number. Whether it is: a customer does not wait for ever.
    pub(super) fn look_up_again(&mut self, now: Moment) -> bool {
        let Some(lookup) = self.payment.lookup.filter(|lookup| lookup.rounds < ROUNDS_MAX) else {
            return false;
        };
        self.stan += 1;
        let (stan, date) = (self.stan, self.date.unwrap_or(lookup.date));
        self.look_up(now, Lookup { stan, date, rounds: lookup.rounds + 1, ..lookup });
        true
    }

    /// What was looked up: it is paid under the same number, or nothing is.
    pub(in crate::terminal) fn found(&mut self, now: Moment, found: &Found<'_>, rng: &mut Rng) {
        let request = match self.task {
            Task::PendingRequest(request) => request,
            Task::Free(_) => return self.notes.push(Note::Trouble(Trouble::Unmatched)),
        };
        let lookup = match request.kind {
            Kind::Lookup(lookup) if (lookup.date, lookup.stan) == (found.date, found.stan) => {
                lookup
            }
            _ => return self.notes.push(Note::Trouble(Trouble::Unmatched)),
        };
        if !found.code.is_approved() {
            let later = [ResponseCode::IN_PROGRESS, ResponseCode::PROVIDER_UNAVAILABLE];
            if !later.contains(&found.code) || lookup.rounds >= ROUNDS_MAX {
                return self.free(now, rng);
            }
            let kind = Kind::Lookup(Lookup { rounds: lookup.rounds + 1, ..lookup });
            let stage = Stage::Pause(now.after(ASK_AGAIN_FIRST));
            self.task = Task::PendingRequest(PendingRequest { kind, stage, ..request });
            return;
        }
        self.pay(now, lookup, found, rng);
    }

    fn pay(&mut self, now: Moment, lookup: Lookup, found: &Found<'_>, rng: &mut Rng) {
        let Lookup { intended, service, product, currency, stan, date, subscriber, .. } = lookup;
        let amount_minor = found.amount_minor.max(found.amount_min_minor);
        let mut asked = Asked { stan, date, service, product, amount_minor, subscriber };
        let (token, fee_minor) = (found.token, found.fee_minor);
        self.payment = Payment { token, fee_minor, lookup: Some(lookup), twice: false };
        let mut away = Span::ZERO;
        if lookup.rounds == 0 && rng.chance(self.firmware.habits.misuse_permille) {
            away = self.misuse(&mut asked, found, rng);
        }
        self.ask_to_sell(now, intended, &asked, (currency, away));
    }

    /// Pays otherwise than it was found; gives how long the customer is away before.
    fn misuse(&mut self, asked: &mut Asked, found: &Found<'_>, rng: &mut Rng) -> Span {
        match rng.below(9) {
            0 => asked.amount_minor += 1,
            1 => {
                // Less, which is right where the customer may choose; nothing was shown for that.
                asked.amount_minor = (asked.amount_minor - 1).max(found.amount_min_minor).max(1);
                self.payment.fee_minor = 0;
            }
            2 => self.payment.token = 0,
            3 => self.payment.token += 1,
            4 => asked.subscriber = subscriber::bill(rng),
            5 => self.payment.fee_minor += 1,
            6 => self.payment.twice = true,
            7 => return rng.between(Span(1), AWAY_MAX),
            _ => {
                let valid = Span::s(u64::from(found.valid_s));
                let soonest = Span(valid.0.saturating_sub(AROUND.0).max(1));
                return rng.between(soonest, Span(valid.0 + AROUND.0));
            }
        }
        Span::ZERO
    }

    /// The last sale once more, under the next number and with the same token. Whether there is
    /// one.
    pub(super) fn pay_twice(&mut self, now: Moment) -> bool {
        if !std::mem::take(&mut self.payment.twice) || self.stopping {
            return false;
        }
        let Some(last) = self.book.entries().last().map(|entry| entry.asked) else { return false };
        self.stan += 1;
        let asked = Asked { stan: self.stan, date: self.date.unwrap_or(last.date), ..last };
        let currency = self.currency_of(&asked);
        self.ask_to_sell(now, now, &asked, (currency, Span::ZERO));
        true
    }
}
