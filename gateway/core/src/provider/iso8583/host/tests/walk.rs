//! Random walks: everything that networks and hosts do, at random, against what must hold.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bench, Message, answer, approved, copy, profile, request};
use crate::provider::ProviderRequestKind::{Authorize, Inquire, Reverse};
use crate::provider::{ProviderOutcome, ProviderResult};

/// A generator of the tests' own: the same run for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// The host's side of a walk.
struct Walk {
    bench: Bench,
    random: Random,
    /// Requests that came to the host, unanswered or to be answered again.
    open: Vec<(usize, Message)>,
    /// References of which a byte left.
    left: BTreeSet<(u32, u8)>,
    /// Trace numbers that the host has approved.
    approved: BTreeSet<(u32, u8)>,
    asked: BTreeMap<(u32, u8), usize>,
    next: u32,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let bench = Bench::of(profile("iso87-host", |text| text), None, (3, 4));
        let (open, left, approved) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let (asked, random) = (BTreeMap::new(), Random(seed));
        Self { bench, random, open, left, approved, asked, next: 1 }
    }

    fn step(&mut self) {
        let index = self.random.below(3);
        let connection = self.bench.connection(index);
        match self.random.below(12) {
            0..=3 => self.ask(),
            4 | 5 => self.read(index),
            6 | 7 => self.answer(index),
            8 => {
                self.bench.host.connected(self.bench.now(), connection);
                self.bench.turn();
                self.read(index);
            }
            9 if self.random.below(4) == 0 => self.bench.lose(connection),
            10 if self.random.below(6) == 0 => self.bench.receive(connection, &[0xff; 9]),
            _ => {
                let ms = [1, 10, 300, 3_000][self.random.below(4)];
                self.bench.wait(ms);
            }
        }
    }

    fn ask(&mut self) {
        if !self.bench.host.wants_request() {
            return;
        }
        let kind = [Authorize, Authorize, Inquire, Reverse][self.random.below(4)];
        // Now and then a trace number that was used before.
        let stan = if self.random.below(5) == 0 { self.next.max(2) - 1 } else { self.next };
        self.next = self.next.max(stan + 1);
        let request = request(kind, stan);
        let class = match kind {
            Authorize => b'2',
            Reverse => b'4',
            _ => b'1',
        };
        *self.asked.entry((stan, class)).or_default() += 1;
        self.bench.ask(request);
    }

    fn read(&mut self, index: usize) {
        let connection = self.bench.connection(index);
        for message in self.bench.written(connection) {
            if message.mti.class() == b'8' {
                let said = answer(&message, "00");
                self.bench.say(connection, &said);
                continue;
            }
            self.left
                .insert((u32::try_from(message.number(11).unwrap()).unwrap(), message.mti.class()));
            self.open.push((index, message));
        }
    }

    fn answer(&mut self, index: usize) {
        if self.open.is_empty() {
            return;
        }
        let at = self.random.below(self.open.len());
        let (_, asked) = &self.open[at];
        let code = ["00", "51", "96", "25", "09"][self.random.below(5)];
        let mut said = answer(asked, code);
        match self.random.below(6) {
            0 => said.set_number(4, 2_501),
            1 => said.set(41, "99999999"),
            2 => said.set(3, "999999"),
            _ => {
                let stan = u32::try_from(asked.number(11).unwrap()).unwrap();
                if code == "00" {
                    self.approved.insert((stan, asked.mti.class()));
                }
                &mut said
            }
        };
        let framed = self.bench.framed(&copy(&said));
        let cut = self.random.below(framed.len());
        let connection = self.bench.connection(index);
        self.bench.receive(connection, &framed[..cut]);
        self.bench.receive(connection, &framed[cut..]);
        if self.random.below(4) > 0 {
            self.open.remove(at);
        }
    }

    fn check(&mut self) {
        let results = self.bench.done.iter().chain(&self.bench.late);
        for (request, result) in results {
            let class = match request.kind {
                Authorize => b'2',
                Reverse => b'4',
                _ => b'1',
            };
            let named = (request.sale.stan, class);
            match result {
                ProviderResult::Outcome(ProviderOutcome::NotSent { .. }) => {
                    // Of two with the same key one may have left.
                    assert!(!self.left.contains(&named) || self.asked[&named] > 1, "{request:?}");
                }
                result if *result == approved() => {
                    assert!(self.approved.contains(&named), "approved by nobody: {request:?}");
                }
                _ => {}
            }
        }
        let deadline = self.bench.host.deadline();
        assert!(deadline.is_some_and(|at| at.0 > 0) || self.bench.host.is_drained());
    }
}

#[test]
fn no_walk_loses_a_request_answers_one_twice_or_believes_another_s_answer() {
    for seed in 1..=300 {
        let mut walk = Walk::new(seed);
        for _ in 0..400 {
            walk.step();
        }
        walk.check();
        walk.bench.host.drain(walk.bench.now());
        for _ in 0..100 {
            (0..3).for_each(|index| walk.read(index));
            walk.bench.wait(500);
        }
        walk.check();
        assert!(walk.bench.host.is_drained(), "seed {seed}");
        let asked: usize = walk.asked.values().sum();
        assert_eq!(walk.bench.done.len(), asked, "seed {seed}: one result for each request");
        assert!(asked > 50 && walk.left.len() > 10, "seed {seed}: the walk got somewhere");
    }
}
