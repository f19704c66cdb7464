//! Random walks of terminals over USSD: dialogs lost, requests held up, copies, retries over TCP and
//! restarts, then calm. Every sale that was ordered ends as one row, and both sides agree on it.

use std::collections::BTreeMap;

use tillgate_codec::link::message::TerminalMessage;
use tillgate_core::time::Span;
use tillgate_core::ussd::{DialogEvent, EndReason};
use tillgate_store_core::State;

use super::phone::Phone;
use super::terminal::{Sealed, Terminal, body_of, refusal};
use crate::support::{answer, top_up_key, top_up_sale};
use crate::walk::dice::Dice;

const WALKS: u64 = 60;
const STEPS: u32 = 120;
/// What the float allows.
const SALES_MAX: u32 = 30;

/// Two dialogs of one terminal, which has one counter and one row of numbers.
struct Walk {
    phone: Phone,
    dice: Dice,
    tills: Vec<Terminal>,
    /// Of each till the sale in doubt.
    doubts: [Option<u32>; 2],
    counter: u64,
    stan: u32,
    sent: Vec<Vec<u8>>,
    /// The bytes that a sale was answered with for good.
    answered: BTreeMap<u32, Vec<u8>>,
}

impl Walk {
    fn new(seed: u64) -> Self {
        Self {
            phone: Phone::new(),
            dice: Dice(seed),
            tills: [9, 8].map(|number| Terminal { number, ..Terminal::new() }).into(),
            doubts: [None; 2],
            counter: 0,
            stan: 0,
            sent: Vec::new(),
            answered: BTreeMap::new(),
        }
    }

    /// Orders or asks again in a dialog of its own.
    fn ask(&mut self, till: usize) {
        // Nobody dials more often.
        self.phone.pass(Span::s(3));
        let stan = match self.doubts[till] {
            Some(stan) => stan,
            None if self.stan == SALES_MAX => return,
            None => {
                self.stan += 1;
                self.stan
            }
        };
        self.doubts[till] = Some(stan);
        self.counter += 1;
        let terminal = &mut self.tills[till];
        terminal.counter = self.counter - 1;
        let is_last = self.dice.of(2);
        let body = body_of(&TerminalMessage::Sale(top_up_sale(stan)));
        let sealed = terminal.seal(&body, is_last);
        self.sent.push(sealed.frame.clone());
        terminal.send(&mut self.phone, &sealed);
        self.take(till, stan, &sealed);
    }

    /// What has come of the reply.
    fn take(&mut self, till: usize, stan: u32, sealed: &Sealed) {
        let Some(body) = self.tills[till].gather(&mut self.phone, &sealed.exchange) else { return };
        let found = answer(&body);
        assert_eq!(found.stan, stan, "the answer to its own request");
        if found.code.to_string() == "09" {
            return;
        }
        assert!(found.code.is_approved(), "{found:?}");
        let before = self.answered.entry(stan).or_insert_with(|| body.clone());
        assert_eq!(*before, body, "the same bytes each time");
        self.doubts[till] = None;
    }

    /// Somebody on the way sends a frame that was there before.
    fn copy(&mut self) {
        if self.sent.is_empty() || self.phone.holds {
            return;
        }
        self.phone.pass(Span::s(3));
        let place = self.dice.below(u32::try_from(self.sent.len()).unwrap());
        let frame = self.sent[usize::try_from(place).unwrap()].clone();
        let thief = Terminal { number: 7, session: 9, ..Terminal::new() };
        thief.dial(&mut self.phone, "*124#");
        thief.enter(&mut self.phone, &super::terminal::text(&frame));
    }

    /// The provider approves something.
    fn approve(&mut self) {
        if self.stan == 0 {
            return;
        }
        let stan = 1 + self.dice.below(self.stan);
        let row = self.phone.rig.row_if_any(stan);
        if row.is_some_and(|row| !row.is_answered()) {
            self.phone.rig.approve(top_up_key(stan));
            self.phone.answered();
        }
    }

    fn step(mut self) -> Self {
        let till = usize::try_from(self.dice.below(2)).unwrap();
        match self.dice.below(12) {
            0..=3 => self.ask(till),
            4 => {
                let at = self.tills[till].address(&self.phone);
                let why = EndReason::NetworkAbort;
                self.phone.event(0, DialogEvent::Ended { at: &at, why });
            }
            5 => {
                self.phone.event(0, DialogEvent::Lost);
                self.phone.event(0, DialogEvent::Ready);
            }
            6 => {
                let seconds = u64::from(self.dice.below(15));
                self.phone.pass(Span::s(seconds));
            }
            7 => self.phone.holds = true,
            8 => self.phone.release(),
            9 => self.copy(),
            10 if self.dice.of(4) => self.phone = self.phone.restart(),
            _ => match self.doubts[till] {
                // Over the other bearer, where nobody waits for the answer.
                Some(stan) if self.dice.of(4) => {
                    self.phone.rig.ask(100, &TerminalMessage::Sale(top_up_sale(stan)));
                    self.phone.answered();
                }
                _ => self.approve(),
            },
        }
        self
    }

    /// Everything finishes in the calm.
    fn calm(mut self) {
        self.phone.release();
        for _ in 0..20 {
            for stan in 1..=self.stan {
                if self.phone.rig.row_if_any(stan).is_some_and(|row| !row.is_answered()) {
                    self.phone.rig.approve(top_up_key(stan));
                    self.phone.answered();
                }
            }
            for till in 0..2 {
                if self.doubts[till].is_some() {
                    self.ask(till);
                }
            }
        }
        assert_eq!(self.doubts, [None; 2], "every doubt is resolved");
        let approved = (1..=self.stan)
            .filter(|stan| self.phone.rig.row_if_any(*stan).is_some())
            .inspect(|stan| assert_eq!(self.phone.rig.row(*stan).state, State::Approved))
            .count();
        assert_eq!(approved, self.answered.len(), "what was sold is what terminals know of");
        let spent = 2_500 * i64::try_from(approved).unwrap();
        assert_eq!(self.phone.rig.float().posted_minor, 100_000 - spent);
        self.phone.pass(Span::s(200));
        assert_eq!(self.phone.stats().open, 0, "no dialog is left");
        // A copy of each: whatever passes after a restart sells nothing.
        self.phone = self.phone.restart();
        for _ in 0..5 {
            self.copy();
            assert!(refusal(&self.phone) != Some(3), "a copy is a sound frame");
        }
        assert_eq!(self.phone.rig.float().posted_minor, 100_000 - spent);
    }
}

#[test]
fn whatever_is_lost_repeated_or_restarted_each_sale_is_sold_once_and_known_to_its_terminal() {
    let mut sold = 0;
    for seed in 0..WALKS {
        let mut walk = Walk::new(seed);
        for _ in 0..STEPS {
            walk = walk.step();
        }
        sold += walk.answered.len();
        walk.calm();
    }
    assert!(sold > 200, "{sold} sales: the walks do little");
}
