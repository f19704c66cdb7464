//! Random lives of shared connections, against a simple model: every request that is served gets one
//! answer of its own over its own connection, nobody gets another's, and nothing is left behind.

use std::collections::{BTreeMap, BTreeSet};

use tillgate_core::id::SessionId;
use tillgate_core::listener::Input;
use tillgate_core::listener::limits::ListenerLimits;
use tillgate_core::online::Online;
use tillgate_core::time::Span;
use tillgate_core::transaction::Origin;
use tillgate_store_core::TerminalId;

use super::Port;
use super::shared::{FIRST, UNKNOWN, test_of};
use crate::effort::cases;
use crate::walk::dice::Dice;

const SEEDS: u64 = 300;
const SEEDS_FEW: u64 = 30;
const STEPS: u32 = 400;
const TERMINALS: u32 = 6;

#[test]
fn every_request_that_is_served_gets_its_own_answer_once_and_nothing_is_left() {
    for seed in 0..cases(SEEDS, SEEDS_FEW) {
        Walk::new(seed).run();
    }
}

struct Walk {
    seed: u64,
    dice: Dice,
    port: Port,
    /// Live connections, with what is sent and has not arrived.
    open: BTreeMap<SessionId, Vec<u8>>,
    /// Where each number was sent from.
    sent: BTreeMap<u32, SessionId>,
    online: Online,
    /// Which terminals were answered over which connection.
    served: BTreeSet<(u32, SessionId)>,
    /// Where they are to be shown.
    shown: BTreeMap<u32, SessionId>,
    stan: u32,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let limits = ListenerLimits {
            connections_max: 1 + dice.below(4),
            connections_per_address_max: 1 + dice.below(4),
            window: 1 + dice.below(5),
            requests_max: 1 + dice.below(8),
            requests_per_address_max: 1 + dice.below(6),
            requests_per_terminal_max: 1 + dice.below(3),
            request_every: Span::ms(u64::from(dice.below(200))),
            requests_burst: 1 + dice.below(5),
            denied_burst: 1 + dice.below(5),
            ..ListenerLimits::shared()
        };
        Self {
            seed,
            port: Port::shared(TERMINALS, limits),
            dice,
            open: BTreeMap::new(),
            sent: BTreeMap::new(),
            online: Online::default(),
            served: BTreeSet::new(),
            shown: BTreeMap::new(),
            stan: 0,
        }
    }

    fn run(mut self) {
        for _ in 0..STEPS {
            self.step();
            self.look();
        }
        // Calm: whatever waits goes on until nothing is left.
        for _ in 0..2_000 {
            if !self.port.asked.is_empty() {
                self.reply(0);
            }
            let open: Vec<_> = self.open.keys().copied().collect();
            open.into_iter().for_each(|session| self.arrive(session, usize::MAX));
            self.look();
        }
        let Self { seed, port, open, .. } = &self;
        assert!(open.values().all(Vec::is_empty), "seed {seed}: a connection is not read again");
        assert_eq!(port.manager.stats().requests, 0, "seed {seed}");
        let open: Vec<_> = self.open.keys().copied().collect();
        open.into_iter().for_each(|session| self.close(session));
        self.look();
        assert!(self.port.manager.is_drained() && self.online.count() == 0, "seed {}", self.seed);
    }

    fn step(&mut self) {
        let open: Vec<_> = self.open.keys().copied().collect();
        let one = open.get(usize::try_from(self.dice.below(8)).unwrap()).copied();
        match (self.dice.below(12), one) {
            (0, _) => {
                if let Some(session) = self.port.try_connect(u64::from(self.dice.below(2))) {
                    self.open.insert(session, Vec::new());
                }
            }
            (1, Some(session)) if self.dice.of(4) => self.close(session),
            (2, _) => self.port.pass(Span::ms(u64::from(self.dice.below(300)))),
            (3..=6, Some(session)) => self.write(session),
            (7..=8, Some(session)) => {
                let most = 1 + usize::try_from(self.dice.below(200)).unwrap();
                self.arrive(session, most);
            }
            _ => {
                let count = u32::try_from(self.port.asked.len()).unwrap();
                if count > 0 {
                    let place = usize::try_from(self.dice.below(count)).unwrap();
                    self.reply(place);
                }
            }
        }
    }

    /// The concentrator has one more message, from somebody.
    fn write(&mut self, session: SessionId) {
        self.stan += 1;
        let terminal = match self.dice.below(4) {
            0 => UNKNOWN + self.dice.below(3),
            _ => FIRST + self.dice.below(TERMINALS),
        };
        let frame = match self.dice.below(10) {
            0 => vec![0, 2, 0x60, 0x00],
            1 => vec![0, 0],
            _ => self.port.frame(&test_of(terminal, self.stan)),
        };
        self.sent.insert(self.stan, session);
        self.open.get_mut(&session).unwrap().extend(frame);
    }

    /// Some of it arrives, if the connection is read.
    fn arrive(&mut self, session: SessionId, most: usize) {
        let paused = self.port.paused.iter().rfind(|(of, _)| *of == session);
        let Some(left) = self.open.get_mut(&session) else { return };
        if left.is_empty() || paused.is_some_and(|(_, paused)| *paused) {
            return;
        }
        let now: Vec<u8> = left.drain(..left.len().min(most).min(4_096)).collect();
        self.port.receive(session, &now);
    }

    /// The pool answers one of its requests.
    fn reply(&mut self, place: usize) {
        let (origin, message): (Origin, Vec<u8>) = self.port.asked.remove(place);
        let (terminal, stan) = (origin.terminal.0, self.port.stan_of(&message));
        let session = self.sent.remove(&stan).unwrap();
        assert_ne!(origin.session, session, "a lane is no session");
        self.port.serve((origin, message));
        self.port.deliver();
        let is_served = terminal >= FIRST && self.open.contains_key(&session);
        let expected = Vec::from_iter(is_served.then_some((session, terminal, stan)));
        assert_eq!(self.port.said(), expected, "seed {}", self.seed);
        let is_new = is_served && self.served.insert((terminal, session));
        if is_new || (is_served && !self.shown.contains_key(&terminal)) {
            self.shown.insert(terminal, session);
        }
    }

    fn close(&mut self, session: SessionId) {
        self.port.input(Input::Closed { session });
        self.look();
    }

    /// Presence and counters, and who was closed.
    fn look(&mut self) {
        for (session, _) in std::mem::take(&mut self.port.closed) {
            self.open.remove(&session);
            self.served.retain(|(_, of)| *of != session);
            self.shown.retain(|_, of| *of != session);
        }
        std::mem::take(&mut self.port.changes).iter().for_each(|change| self.online.note(change));
        for (terminal, session) in &self.shown {
            let presence = self.online.presence(TerminalId(*terminal)).map(|of| of.session);
            assert_eq!(presence, Some(*session), "seed {}", self.seed);
        }
        assert_eq!(self.online.count(), self.shown.len(), "seed {}", self.seed);
        let stats = self.port.manager.stats();
        let count = u32::try_from(self.port.asked.len()).unwrap();
        assert_eq!(stats.requests, count, "seed {}: what is in flight is in the pool", self.seed);
    }
}
