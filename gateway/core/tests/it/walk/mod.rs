//! Random lives: terminals that retry and reverse, providers of every ability that lose, delay and
//! double what is said to them, crashes between any two steps, an operator now and then. After the
//! trouble comes calm, and then provider, journal and terminals must agree.

pub(crate) mod dice;
mod provider;
use crate::effort::cases;
use crate::support;
mod till;

use dice::Dice;
use provider::Provider;
use support::{BLIND, Rig, bridge, top_up_key};
use till::Till;
use tillgate_core::limits::TransactionLimits;
use tillgate_core::provider::Capabilities;
use tillgate_core::time::Span;
use tillgate_core::transaction::{ControlOrder, Input, Output};
use tillgate_store_core::{Command, FollowUp, Outcome, Resolution, State, Store, verify};

/// Lives; the books are verified after every commit of each.
const SEEDS: u64 = 150;
const SEEDS_FEW: u64 = 20;
const STEPS: u32 = 150;

#[test]
fn after_any_trouble_provider_journal_and_terminals_agree() {
    for seed in 0..cases(SEEDS, SEEDS_FEW) {
        Walk::new(seed).run();
    }
}

struct Walk {
    seed: u64,
    dice: Dice,
    rig: Option<Rig>,
    provider: Provider,
    till: Till,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let capabilities = Capabilities {
            idempotent: dice.of(2),
            inquiry: dice.of(2),
            reversal: dice.of(2),
            advice: dice.of(2),
            lookup: false,
        };
        let limits = TransactionLimits {
            inquiries_max: 1 + dice.below(3),
            pending_max: if dice.of(4) { 2 } else { 100 },
            ..TransactionLimits::default()
        };
        let rig = Rig::over(limits, vec![bridge("topup", capabilities)]);
        Self {
            seed,
            provider: Provider::new(capabilities, dice.throw()),
            till: Till::default(),
            dice,
            rig: Some(rig),
        }
    }

    fn rig(&mut self) -> &mut Rig {
        self.rig.as_mut().unwrap()
    }

    fn run(mut self) {
        for _ in 0..STEPS {
            self.step();
        }
        self.provider.calm = true;
        for _ in 0..400 {
            self.pass(Span::s(30));
        }
        self.ask_about_everything();
        self.judge();
    }

    fn step(&mut self) {
        match self.dice.below(12) {
            0..=2 => self.ask(|till, _| till.sale()),
            3 => self.ask(Till::again),
            4 | 5 => self.ask(Till::reversal),
            6 => self.ask(Till::confirm),
            7 => self.resolve(),
            8 if self.dice.of(4) => self.crash(),
            _ => {
                let span = Span::ms(u64::from(self.dice.below(20_000)));
                self.pass(span);
            }
        }
    }

    fn ask(&mut self, message: impl FnOnce(&mut Till, &mut Dice) -> Option<till::Message>) {
        let Some(message) = message(&mut self.till, &mut self.dice) else { return };
        let asked = self.rig().verified(100, &message.upward());
        self.drive(Input::Ask(asked));
    }

    fn resolve(&mut self) {
        let verdicts = [Resolution::Approved, Resolution::Declined, Resolution::Done];
        let open = self.rig().book.open_transactions().unwrap();
        let owed: Vec<_> =
            open.iter().filter(|row| row.owes() == Some(FollowUp::Operator)).collect();
        let Some(row) = owed.first() else { return };
        // The operator knows what the provider's book says.
        let sale = row.original.unwrap_or(row.key);
        let sale = self.rig().book.transaction(&sale).unwrap().unwrap();
        let reference = sale.reference(self.rig().book.store_id());
        let stands = self.provider.has_done(&reference);
        let verdict = match (row.state, row.original.is_some()) {
            (State::Unknown, _) => verdicts[usize::from(!stands)],
            (State::Intent, true) => verdicts[usize::from(stands)],
            _ => Resolution::Done,
        };
        if row.state == State::Declined {
            self.provider.make_good(&reference);
        }
        // Nothing that is still on its way may contradict what the operator saw.
        if self.provider.is_quiet() {
            let order = ControlOrder::Resolve { key: row.key, verdict, note: String::new() };
            let control = self.rig().control_of(order);
            self.drive(Input::Control(control));
        }
    }

    fn pass(&mut self, span: Span) {
        let rig = self.rig();
        rig.now = rig.now.after(span);
        rig.wall.0 += span.0 / 1_000_000;
        let now = rig.now;
        if rig.transactions.deadline().is_some_and(|at| at <= now) {
            self.drive(Input::Deadline);
        }
        for (key, found) in self.provider.heard(now) {
            self.drive(Input::ProviderResult { key, bridge: 0, found });
        }
        let rig = self.rig();
        assert!(rig.transactions.deadline().is_none_or(|at| at > rig.now), "a deadline that stays");
    }

    /// One input, and everything that follows from it; a crash between any two of these.
    fn drive(&mut self, input: Input) {
        let fatal = !self.provider.calm && self.dice.of(40);
        let rig = self.rig.as_mut().unwrap();
        rig.transactions.handle(rig.now, rig.wall, input, &rig.book);
        let (mut commands, mut outcomes): (Vec<Command>, Vec<Outcome>) = Default::default();
        while rig.transactions.stage(&mut commands) {
            if fatal && self.dice.of(2) {
                return self.crash();
            }
            rig.book.commit(&mut commands, &mut outcomes).unwrap();
            let report = verify(rig.book.backend()).unwrap();
            assert!(report.holds(), "seed {}: {:?}", self.seed, report.violations);
            if fatal && self.dice.of(2) {
                return self.crash();
            }
            rig.transactions.committed(rig.now, &mut outcomes);
        }
        while let Some(output) = rig.transactions.poll() {
            if fatal && self.dice.of(4) {
                return self.crash();
            }
            let now = rig.now;
            match output {
                Output::Reply(reply) => self.till.hear(&rig.body_of(&reply), self.seed),
                Output::Provider(request, _) => self.provider.hear(now, &request),
                _ => {}
            }
        }
    }

    fn crash(&mut self) {
        let rig = self.rig.take().unwrap();
        self.provider.gateway_is_gone();
        self.rig = Some(rig.restart_silently());
        self.drive(Input::Deadline);
    }

    /// In the calm every terminal hears the end of everything it asked for.
    fn ask_about_everything(&mut self) {
        for message in self.till.everything() {
            let asked = self.rig().verified(100, &message.upward());
            self.drive(Input::Ask(asked));
        }
        for _ in 0..40 {
            self.pass(Span::s(30));
        }
    }

    fn judge(mut self) {
        let seed = self.seed;
        let rig = self.rig.take().unwrap();
        let can = rig.bridges[0].capabilities;
        let able = can.inquiry || can.idempotent || can.reversal;
        assert_eq!(rig.transactions.pending(), 0, "seed {seed}: everything ends in the calm");
        for stan in self.till.sales() {
            let Some(row) = rig.book.transaction(&top_up_key(stan)).unwrap() else { continue };
            let done = self.provider.has_done(&row.reference(rig.book.store_id()));
            let operators = row.owes() == Some(FollowUp::Operator)
                || row.reversed_by.is_some_and(|key| {
                    let reversal = rig.book.transaction(&key).unwrap().unwrap();
                    reversal.owes() == Some(FollowUp::Operator)
                });
            let name = format!("seed {seed}, {can:?}, {}: {:?}", row.key, row.state);
            match row.state {
                State::Approved => assert!(done || operators, "{name}, but it was never done"),
                State::Declined | State::Reversed => {
                    assert!(!done || operators, "{name}, but the provider did it");
                }
                State::Intent | State::Unknown => assert!(operators, "{name}, and forgotten"),
            }
            let refused = self.provider.refuses_to_take_back;
            let reason = !able || refused || can == Capabilities { advice: can.advice, ..BLIND };
            let late = !can.reversal;
            assert!(!operators || reason || late, "{name}: a person was not needed");
        }
        self.provider.judge(seed);
        self.till.judge(seed);
    }
}
