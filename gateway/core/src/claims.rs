//! Handshake counters, claimed when a hello is accepted: the same hello opens one session, however
//! often and wherever it arrives, and a key cannot ask for curve arithmetic faster than its rate.
//!
//! Plain data: the shell keeps several [`Claims`] by terminal ([`shard`]), each behind a short lock
//! of the pool, and no reactor ever waits for one.

use rustc_hash::FxHashMap;
use tillgate_store_core::{Counter, TerminalId};

use crate::id::{SessionAge, SessionId};
use crate::limits::{ClaimLimits, HANDSHAKE_FIRST_MAX, HANDSHAKE_STEP_MAX, RECENT_TERMINALS_MAX};
use crate::rate::Pace;
use crate::time::Moment;

/// The counters of some of the terminals.
pub struct Claims {
    pace: Pace,
    /// The highest counter accepted, by terminal and generation of the key.
    highs: FxHashMap<(TerminalId, u32), u64>,
    /// Who has shaken hands lately, in two ages so that forgetting costs nothing.
    recent: FxHashMap<TerminalId, Recent>,
    before: FxHashMap<TerminalId, Recent>,
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
            recent: FxHashMap::default(),
            before: FxHashMap::default(),
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
        let recent = self.recent.get(&terminal).or_else(|| self.before.get(&terminal)).copied();
        let mut paced = recent.map_or(Moment::default(), |recent| recent.paced);
        if self.pace.take(now, &mut paced).is_err() {
            return Err(ClaimRefusal::TooFast);
        }
        self.highs.insert((terminal, generation), counter);
        if self.recent.len() >= RECENT_TERMINALS_MAX && !self.recent.contains_key(&terminal) {
            self.before = std::mem::take(&mut self.recent);
        }
        self.recent.insert(terminal, Recent { paced, session });
        Ok(recent.map(|recent| recent.session))
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
}
