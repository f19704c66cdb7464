//! Handshake counters, claimed when a hello is accepted: the same hello opens one session, however
//! often and wherever it arrives, and a key cannot ask for curve arithmetic faster than its rate.
//! Beside them the counters of datagrams, each of which passes once.
//!
//! Plain data: the shell keeps several [`Claims`] by terminal ([`shard`]), each behind a short lock
//! of the pool, and no reactor ever waits for one.

mod window;

use std::hash::Hash;

use rustc_hash::FxHashMap;
use tillgate_store_core::{Counter, TerminalId};

use crate::id::{SessionAge, SessionId};
use crate::limits::{ClaimLimits, HANDSHAKE_FIRST_MAX, HANDSHAKE_STEP_MAX, RECENT_TERMINALS_MAX};
use crate::rate::Pace;
use crate::time::Moment;

use self::window::Window;

/// The counters of some of the terminals.
pub struct Claims {
    pace: Pace,
    /// The highest counter accepted, by terminal and generation of the key.
    highs: FxHashMap<(TerminalId, u32), u64>,
    /// Who has shaken hands lately.
    recent: Aged<TerminalId, Recent>,
    /// Datagrams that have come lately, by terminal and generation of the key.
    windows: Aged<(TerminalId, u32), Window>,
    /// Who has sent them.
    senders: Aged<TerminalId, Moment>,
}

/// What is remembered of [`RECENT_TERMINALS_MAX`] at least, in two ages so that forgetting costs
/// nothing.
struct Aged<K, V> {
    recent: FxHashMap<K, V>,
    before: FxHashMap<K, V>,
}

impl<K, V> Default for Aged<K, V> {
    fn default() -> Self {
        Self { recent: FxHashMap::default(), before: FxHashMap::default() }
    }
}

impl<K: Copy + Eq + Hash, V: Copy> Aged<K, V> {
    fn get(&self, of: K) -> Option<V> {
        self.recent.get(&of).or_else(|| self.before.get(&of)).copied()
    }

    fn insert(&mut self, of: K, value: V) {
        if self.recent.len() >= RECENT_TERMINALS_MAX && !self.recent.contains_key(&of) {
            self.before = std::mem::take(&mut self.recent);
        }
        self.recent.insert(of, value);
    }
}

#[derive(Clone, Copy)]
struct Recent {
    paced: Moment,
    /// The session of its last hello; it may be proved or gone by now.
    session: SessionId,
}

/// A hello whose MAC is right: it comes from somebody with the key, or is a copy of such a one.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The terminal that it names.
    pub terminal: TerminalId,
    /// Its key and counter.
    pub age: SessionAge,
    /// Over which session it arrived.
    pub session: SessionId,
}

/// Why a claim is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimRefusal {
    /// The counter is not above the highest one accepted.
    Replayed,
    /// The counter is further above it than [`HANDSHAKE_STEP_MAX`].
    TooFar,
    /// More handshakes of this terminal than its rate.
    TooFast,
}

/// In which of `count` shards a terminal's counters are.
#[must_use]
pub fn shard(terminal: TerminalId, count: usize) -> usize {
    usize::try_from(terminal.0).unwrap_or(0) % count.max(1)
}

impl Claims {
    /// Without counters.
    #[must_use]
    pub fn new(limits: ClaimLimits) -> Self {
        Self {
            pace: Pace::new(limits.every, limits.burst),
            highs: FxHashMap::default(),
            recent: Aged::default(),
            windows: Aged::default(),
            senders: Aged::default(),
        }
    }

    /// Takes in what was durable when the process started.
    pub fn load(&mut self, counter: &Counter) {
        for key in counter.keys() {
            self.highs.insert((counter.terminal, key.generation), key.high);
        }
    }

    /// The highest counter accepted from a key of a terminal; 0 for none.
    #[must_use]
    pub fn high(&self, terminal: TerminalId, generation: u32) -> u64 {
        self.highs.get(&(terminal, generation)).copied().unwrap_or(0)
    }

    /// Claims a hello's counter: nobody else can claim it afterwards. The session of the terminal's
    /// hello before it is returned, to be ended if it has not proved itself.
    ///
    /// # Errors
    /// Why not; nothing is claimed then.
    pub fn claim(&mut self, now: Moment, claim: &Claim) -> Result<Option<SessionId>, ClaimRefusal> {
        let Claim { terminal, age: SessionAge { generation, counter }, session } = *claim;
        let high = self.high(terminal, generation);
        if counter <= high {
            return Err(ClaimRefusal::Replayed);
        }
        if counter > high.max(HANDSHAKE_FIRST_MAX).saturating_add(HANDSHAKE_STEP_MAX) {
            return Err(ClaimRefusal::TooFar);
        }
        let recent = self.recent.get(terminal);
        let mut paced = recent.map_or(Moment::default(), |recent| recent.paced);
        if self.pace.take(now, &mut paced).is_err() {
            return Err(ClaimRefusal::TooFast);
        }
        self.highs.insert((terminal, generation), counter);
        self.recent.insert(terminal, Recent { paced, session });
        Ok(recent.map(|recent| recent.session))
    }

    /// Claims the counter of a datagram whose tag is right: the same one passes once.
    ///
    /// # Errors
    /// Why not; nothing is claimed then.
    pub fn claim_datagram(
        &mut self,
        now: Moment,
        terminal: TerminalId,
        SessionAge { generation, counter }: SessionAge,
    ) -> Result<(), ClaimRefusal> {
        let of = (terminal, generation);
        let window = self.windows.get(of).unwrap_or_default().with(counter);
        let window = window.ok_or(ClaimRefusal::Replayed)?;
        let mut paced = self.senders.get(terminal).unwrap_or_default();
        self.pace.take(now, &mut paced).map_err(|_| ClaimRefusal::TooFast)?;
        self.senders.insert(terminal, paced);
        self.windows.insert(of, window);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    const WHO: TerminalId = TerminalId(7);

    fn claims() -> Claims {
        Claims::new(ClaimLimits { every: Span::s(2), burst: 3 })
    }

    fn claim(
        claims: &mut Claims,
        at_s: u64,
        generation: u32,
        counter: u64,
    ) -> Result<(), ClaimRefusal> {
        let session = SessionId { reactor: 0, slot: 1, generation: 1 };
        let claim = Claim { terminal: WHO, age: SessionAge { generation, counter }, session };
        claims.claim(Moment(at_s * 1_000_000_000), &claim).map(drop)
    }

    #[test]
    fn a_hello_copied_to_many_sockets_is_accepted_once() {
        let mut claims = claims();
        let accepted = (0..250).filter(|_| claim(&mut claims, 1, 0, 9).is_ok()).count();
        assert_eq!(accepted, 1);
        assert_eq!(claim(&mut claims, 1, 0, 9), Err(ClaimRefusal::Replayed));
    }

    #[test]
    fn the_newer_hello_names_the_session_of_the_older_one() {
        let mut claims = claims();
        let session = |slot| SessionId { reactor: 0, slot, generation: 1 };
        let mut ask = |slot, counter| {
            let age = SessionAge { generation: 0, counter };
            claims.claim(Moment(1), &Claim { terminal: WHO, age, session: session(slot) })
        };
        assert_eq!(ask(1, 1), Ok(None));
        assert_eq!(ask(2, 2), Ok(Some(session(1))));
    }

    #[test]
    fn no_counter_is_so_high_that_the_next_one_does_not_fit() {
        let mut claims = claims();
        assert_eq!(claim(&mut claims, 1, 0, u64::MAX), Err(ClaimRefusal::TooFar));
        // What docs/wire.md suggests, and a clock of microseconds.
        assert_eq!(claim(&mut claims, 1, 0, 1_800_000_000 << 16), Ok(()));
        assert_eq!(claim(&mut claims, 1, 0, 1_800_000_000_000_000), Ok(()));
        let far = HANDSHAKE_FIRST_MAX + HANDSHAKE_STEP_MAX;
        assert_eq!(claim(&mut claims, 9, 0, far + 1), Err(ClaimRefusal::TooFar));
        assert_eq!(claim(&mut claims, 9, 0, far), Ok(()));
        assert_eq!(claim(&mut claims, 9, 0, far + HANDSHAKE_STEP_MAX), Ok(()));
    }

    #[test]
    fn a_new_key_begins_at_0_whatever_was_done_under_the_old_one() {
        let mut claims = claims();
        let mut counter = Counter::new(WHO);
        counter.raise(0, u64::MAX, false);
        claims.load(&counter);
        assert_eq!(claim(&mut claims, 1, 0, u64::MAX), Err(ClaimRefusal::Replayed));
        assert_eq!(claim(&mut claims, 1, 1, 1), Ok(()));
    }

    #[test]
    fn a_key_cannot_shake_hands_faster_than_its_rate() {
        let mut claims = claims();
        for counter in 1..=3 {
            assert_eq!(claim(&mut claims, 10, 0, counter), Ok(()));
        }
        assert_eq!(claim(&mut claims, 10, 0, 4), Err(ClaimRefusal::TooFast));
        assert_eq!(
            claim(&mut claims, 10, 1, 4),
            Err(ClaimRefusal::TooFast),
            "nor with another key"
        );
        assert_eq!(claim(&mut claims, 12, 0, 4), Ok(()));
        assert_eq!(claim(&mut claims, 12, 0, 5), Err(ClaimRefusal::TooFast));
    }
    fn datagram(
        claims: &mut Claims,
        at_s: u64,
        generation: u32,
        counter: u64,
    ) -> Result<(), ClaimRefusal> {
        let at = Moment(at_s * 1_000_000_000);
        claims.claim_datagram(at, WHO, SessionAge { generation, counter })
    }

    #[test]
    fn a_datagram_passes_once_and_its_counter_is_not_that_of_handshakes() {
        let mut claims = claims();
        assert_eq!(claim(&mut claims, 1, 0, 9), Ok(()));
        assert_eq!(datagram(&mut claims, 1, 0, 9), Ok(()));
        assert_eq!(datagram(&mut claims, 1, 0, 9), Err(ClaimRefusal::Replayed));
        assert_eq!(datagram(&mut claims, 1, 0, 8), Ok(()), "it was late");
        assert_eq!(datagram(&mut claims, 1, 1, 9), Ok(()), "a key of its own");
        assert_eq!(claim(&mut claims, 1, 0, 10), Ok(()));
    }

    #[test]
    fn datagrams_beyond_the_rate_are_refused_and_use_up_no_counter() {
        let mut claims = claims();
        for counter in 1..=3 {
            assert_eq!(datagram(&mut claims, 10, 0, counter), Ok(()));
        }
        for counter in [4, 5] {
            let found = datagram(&mut claims, 10, 1, counter);
            assert_eq!(found, Err(ClaimRefusal::TooFast), "nor with another key");
        }
        assert_eq!(datagram(&mut claims, 10, 0, 3), Err(ClaimRefusal::Replayed));
        assert_eq!(datagram(&mut claims, 12, 0, 4), Ok(()), "a copy has taken nothing of the rate");
    }

    #[test]
    fn what_is_remembered_of_datagrams_is_bounded() {
        let mut claims = Claims::new(ClaimLimits { every: Span::ZERO, burst: 1 });
        let most = u32::try_from(2 * RECENT_TERMINALS_MAX).unwrap();
        for terminal in 0..most + 10 {
            let age = SessionAge { generation: 0, counter: 1 };
            assert_eq!(claims.claim_datagram(Moment(1), TerminalId(terminal), age), Ok(()));
        }
        let Aged { recent, before } = &claims.windows;
        assert!(recent.len() + before.len() <= 2 * RECENT_TERMINALS_MAX);
    }
}
