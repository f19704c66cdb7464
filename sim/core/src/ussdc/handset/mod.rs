//! A handset and its owner: a seeded state machine that dials, reads, thinks, types and errs.
//!
//! ```text
//!   Idle ──dial──▶ Waiting ──screen──▶ Thinking ──answer──▶ Waiting ──last screen──▶ Idle
//!                                        └── hangs up, or the network is gone ──────▶ Idle
//! ```
//!
//! It decides when it is given a screen what it will type and whether it will; the crowd keeps the
//! time. A sale counts as ordered from the moment at which its last answer is typed.

mod book;
mod script;
#[cfg(test)]
mod tests;

pub use self::book::{Book, Entry, Event};
pub use self::script::{DEFAULT_SCRIPT, Mark, Marks, Script, Step};
use self::script::{Reply, ReplyKind};
use super::short::Short;
use crate::firmware::Delay;
use crate::rng::Rng;
use crate::time::{Moment, Span};

/// How owners of handsets behave; shares of 1000.
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    /// How long an owner reads and types.
    pub think: Delay,
    /// Of answers, how many have a wrong digit or are another choice.
    pub typo_permille: u16,
    /// Of steps, at how many the owner hangs up.
    pub abort_permille: u16,
    /// Of steps, at how many the network loses the handset: half of them instead of the answer, half
    /// right after it.
    pub drop_permille: u16,
}

/// What the owner does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Types; that long after it, perhaps, the network is gone.
    Type {
        after: Span,
        text: Short,
        dropped_ms: Option<u16>,
    },
    HangUp {
        after: Span,
    },
    /// The network loses the handset.
    Drop {
        after: Span,
    },
}

/// What is known of the sale of the present dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sale {
    None,
    Ordered,
    Seen,
}

/// What was typed in a dialog and holds so far, and at which step of the script.
#[derive(Clone, Copy, Debug, Default)]
struct Typed {
    text: Short,
    step: u8,
}

impl Typed {
    /// Whoever is back at an earlier step will be asked again.
    fn back_at(&mut self, step: u8) {
        if step < self.step {
            *self = Self::default();
        }
    }
}

/// Milliseconds from an answer to the loss of the handset, at most. Half of these losses come at once, so that
/// the quickest application is late, too.
const DROP_WITHIN_MS: u64 = 500;

/// Pages of one menu that are turned before the owner gives up.
const PAGES_MAX: u8 = 20;

/// A handset.
pub struct Handset {
    rng: Rng,
    /// What the owner means to sell.
    account: Short,
    amount: Short,
    typed_account: Typed,
    typed_amount: Typed,
    sale: Sale,
    /// Whether the answer that is being typed orders.
    orders: bool,
    /// The step that comes next.
    step: u8,
    pages: u8,
    /// Sales of which nobody has said how they went.
    doubts: u8,
    book: Book,
}

impl Handset {
    #[must_use]
    pub fn new(seed: u64, number: u32) -> Self {
        Self {
            rng: Rng::new(seed, u64::from(number)),
            account: Short::default(),
            amount: Short::default(),
            typed_account: Typed::default(),
            typed_amount: Typed::default(),
            sale: Sale::None,
            orders: false,
            step: 0,
            pages: 0,
            doubts: 0,
            book: Book::default(),
        }
    }

    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// A span of the owner's own.
    pub(super) fn draw(&mut self, delay: &Delay) -> Span {
        delay.draw(&mut self.rng)
    }

    /// Begins a dialog; gives what is dialled.
    pub fn dial(&mut self, now: Moment, script: &Script, code: &str, pin: Short) -> String {
        self.begin(script);
        let Some(dial) = &script.dial else { return code.to_owned() };
        if dial.contains("{account}") {
            self.typed_account = Typed { text: self.account, step: 0 };
        }
        if dial.contains("{amount}") {
            self.typed_amount = Typed { text: self.amount, step: 0 };
        }
        let dialled = dial.replace("{account}", self.account.as_str());
        let dialled = dialled.replace("{amount}", self.amount.as_str());
        let dialled = dialled.replace("{pin}", pin.as_str());
        if script.dial_orders {
            self.order(now);
        }
        dialled
    }

    /// The network begins a dialog.
    pub fn begin(&mut self, script: &Script) {
        self.account = script.account(&mut self.rng);
        self.amount = script.amount(&mut self.rng);
        self.typed_account = Typed::default();
        self.typed_amount = Typed::default();
        self.step = 0;
        self.pages = 0;
        self.orders = false;
        self.sale = Sale::None;
    }

    /// A screen that wants an answer; gives what the owner does, and whether it was understood.
    pub fn screen(
        &mut self,
        now: Moment,
        text: &str,
        script: &Script,
        behaviour: &Behaviour,
        pin: Short,
    ) -> (Plan, bool) {
        self.read(now, text, script);
        let after = behaviour.think.draw(&mut self.rng);
        if self.rng.chance(behaviour.abort_permille) {
            return (Plan::HangUp { after }, true);
        }
        let is_dropped = self.rng.chance(behaviour.drop_permille);
        if is_dropped && self.rng.chance(500) {
            return (Plan::Drop { after }, true);
        }
        let Some(reply) = self.reply(text, script, pin) else {
            return (Plan::HangUp { after }, self.sale == Sale::Seen);
        };
        let text = self.typed(reply, behaviour);
        // Another choice is another thing: it orders nothing.
        self.orders = reply.orders && (reply.kind != ReplyKind::Choice || text == reply.text);
        let at_once = !is_dropped || self.rng.chance(500);
        let later = if at_once { 0 } else { self.rng.below(DROP_WITHIN_MS) };
        let dropped_ms = is_dropped.then(|| u16::try_from(later).unwrap_or(0));
        (Plan::Type { after, text, dropped_ms }, true)
    }

    /// The answer leaves the handset.
    pub fn typed_out(&mut self, now: Moment) {
        if self.orders {
            self.orders = false;
            self.order(now);
        }
    }

    /// The last text of a dialog.
    pub fn last(&mut self, now: Moment, text: &str, script: &Script) {
        self.read(now, text, script);
    }

    /// The dialog is over.
    pub fn over(&mut self, now: Moment) {
        if self.sale == Sale::Ordered {
            self.book.add(now, Event::Unknown);
            self.sale = Sale::None;
            self.doubts = self.doubts.saturating_add(1);
        }
    }

    /// A text beside any dialog. It is about a sale only while the outcome of one is not known.
    pub fn notice(&mut self, now: Moment, text: &str, script: &Script) {
        let Some(mark) = script.mark(text).filter(|_| self.doubts > 0) else { return };
        let reference = script.reference(text);
        self.book.add(now, Event::Notified { mark, reference });
        if mark != Mark::InProgress {
            self.doubts -= 1;
        }
    }

    /// Once for each sale: a PIN may follow the confirmation.
    fn order(&mut self, now: Moment) {
        let order =
            Event::Ordered { account: self.typed_account.text, amount: self.typed_amount.text };
        if self.sale == Sale::Ordered {
            let last = self.book.entries().iter().rfind(|entry| entry.event.is_order());
            if last.is_some_and(|entry| entry.event == order) {
                return;
            }
            // Something else is ordered instead.
            self.over(now);
        }
        self.sale = Sale::Ordered;
        self.book.add(now, order);
    }

    fn read(&mut self, now: Moment, text: &str, script: &Script) {
        let Some(mark) = script.mark(text).filter(|_| self.sale == Sale::Ordered) else { return };
        let reference = script.reference(text);
        self.book.add(now, Event::Seen { mark, reference });
        self.sale = Sale::Seen;
        if mark == Mark::InProgress {
            self.doubts = self.doubts.saturating_add(1);
        }
    }

    fn reply(&mut self, screen: &str, script: &Script, pin: Short) -> Option<Reply> {
        let Some((place, step, line)) = script.step(screen, usize::from(self.step)) else {
            let back = || script.back(screen).filter(|_| self.sale != Sale::Seen);
            let text = script.more(screen).or_else(back).filter(|_| self.pages < PAGES_MAX)?;
            self.pages += 1;
            return Some(Reply { text, kind: ReplyKind::Choice, orders: false });
        };
        self.step = u8::try_from(place + 1).unwrap_or(u8::MAX);
        let (text, kind) = match (step.send.as_str(), line) {
            (_, Some(line)) => (line, ReplyKind::Choice),
            ("{pin}", None) => (pin, ReplyKind::Pin),
            ("{account}", None) => (self.account, ReplyKind::Account),
            ("{amount}", None) => (self.amount, ReplyKind::Amount),
            (text, None) => (Short::new(text), ReplyKind::Fixed),
        };
        if kind != ReplyKind::Pin {
            self.typed_account.back_at(self.step);
            self.typed_amount.back_at(self.step);
        }
        Some(Reply { text, kind, orders: step.orders })
    }

    /// What is typed in fact. The owner takes what was typed for what was meant, until it is asked again.
    fn typed(&mut self, reply: Reply, behaviour: &Behaviour) -> Short {
        let mut text = reply.text;
        let length = u64::try_from(text.as_str().len()).unwrap_or(0);
        if reply.kind != ReplyKind::Fixed && self.rng.chance(behaviour.typo_permille) {
            let place = usize::try_from(self.rng.below(length)).unwrap_or(0);
            let digit = u32::try_from(self.rng.below(10)).unwrap_or(0);
            if text.as_str().as_bytes().get(place).is_some_and(u8::is_ascii_digit) {
                text.set(place, char::from_digit(digit, 10).unwrap_or('0'));
            }
        }
        match reply.kind {
            ReplyKind::Account => self.typed_account = Typed { text, step: self.step },
            ReplyKind::Amount => self.typed_amount = Typed { text, step: self.step },
            ReplyKind::Choice | ReplyKind::Pin | ReplyKind::Fixed => {}
        }
        text
    }
}
