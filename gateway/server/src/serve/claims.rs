//! The pool's handshake counters: [`Claims`] behind short locks, one for each shard of the
//! terminals.

use parking_lot::Mutex;
use tillgate_core::claims::{Claim, ClaimRefusal, Claims, shard};
use tillgate_core::id::{SessionAge, SessionId};
use tillgate_core::limits::ClaimLimits;
use tillgate_core::time::Moment;
use tillgate_store_core::{Counter, TerminalId};

use super::limits::CLAIM_SHARDS;

pub(crate) struct SharedClaims {
    shards: Vec<Mutex<Claims>>,
}

impl SharedClaims {
    pub(crate) fn new(limits: ClaimLimits) -> Self {
        Self { shards: (0..CLAIM_SHARDS).map(|_| Mutex::new(Claims::new(limits))).collect() }
    }

    /// Takes in what was durable when the process started.
    pub(crate) fn load(&mut self, counter: &Counter) {
        let shard = shard(counter.terminal, self.shards.len());
        self.shards[shard].get_mut().load(counter);
    }

    pub(crate) fn claim(
        &self,
        now: Moment,
        claim: &Claim,
    ) -> Result<Option<SessionId>, ClaimRefusal> {
        let shard = shard(claim.terminal, self.shards.len());
        self.shards[shard].lock().claim(now, claim)
    }

    pub(crate) fn claim_datagram(
        &self,
        now: Moment,
        terminal: TerminalId,
        age: SessionAge,
    ) -> Result<(), ClaimRefusal> {
        let shard = shard(terminal, self.shards.len());
        self.shards[shard].lock().claim_datagram(now, terminal, age)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_hello_that_several_threads_hold_is_accepted_by_one_of_them() {
        let claims = SharedClaims::new(ClaimLimits::default());
        for counter in 1..=10 {
            let accepted = AtomicU32::new(0);
            std::thread::scope(|scope| {
                for reactor in 0..8 {
                    let (claims, accepted) = (&claims, &accepted);
                    scope.spawn(move || {
                        let session = SessionId { reactor, slot: 0, generation: 0 };
                        let age = SessionAge { generation: 0, counter };
                        let claim = Claim { terminal: TerminalId(9), age, session };
                        if claims.claim(Moment(counter), &claim).is_ok() {
                            accepted.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
            });
            assert_eq!(accepted.into_inner(), 1);
        }
    }
}
