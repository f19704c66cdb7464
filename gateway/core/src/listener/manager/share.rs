//! Who has how much: connections and requests of each address, requests of each terminal.
//!
//! Nothing proves which terminal a plain message is from, so a terminal's share belongs to the
//! address too: whoever pretends to be another's terminal uses up its own.

use rustc_hash::FxHashMap;
use tillgate_store_core::TerminalId;

use crate::id::Peer;
use crate::listener::limits::{DEBTS_MAX, ListenerLimits};
use crate::rate::{Debts, Pace};
use crate::time::Moment;

/// See the module. What is counted is bounded by the connections.
pub(super) struct Shares {
    pace: Pace,
    /// Of new connections.
    connect_pace: Pace,
    per_address_max: u32,
    per_terminal_max: u32,
    peers: FxHashMap<Peer, PeerShare>,
    terminals: FxHashMap<(Peer, TerminalId), TerminalShare>,
    debts: Debts<(Peer, TerminalId)>,
    connect_debts: Debts<Peer>,
}

#[derive(Default)]
struct PeerShare {
    /// When its bucket of connections is full again.
    full_at: Moment,
    connections: u32,
    requests: u32,
}

#[derive(Default)]
struct TerminalShare {
    requests: u32,
    /// When its bucket is full again.
    full_at: Moment,
}

/// Why a request has to wait.
pub(super) enum Wait {
    /// For an answer to somebody of its address.
    Answer,
    /// For an answer to its own terminal.
    Terminal,
    /// For its rate, until then.
    Until(Moment),
}

impl Shares {
    pub(super) fn new(limits: &ListenerLimits) -> Self {
        Self {
            pace: Pace::new(limits.request_every, limits.requests_burst),
            connect_pace: Pace::new(limits.connect_every, limits.connects_burst),
            per_address_max: limits.requests_per_address_max,
            per_terminal_max: limits.requests_per_terminal_max,
            peers: FxHashMap::default(),
            terminals: FxHashMap::default(),
            debts: Debts::default(),
            connect_debts: Debts::default(),
        }
    }

    pub(super) fn connections(&self, peer: Peer) -> u32 {
        self.peers.get(&peer).map_or(0, |share| share.connections)
    }

    /// Counts a connection, if its address may have one now.
    pub(super) fn connect(&mut self, now: Moment, peer: Peer) -> bool {
        let known = self.peers.get(&peer).map(|share| share.full_at);
        let known = known.or_else(|| self.connect_debts.peek(peer));
        let mut full_at = known.unwrap_or_default();
        let may = self.connect_pace.take(now, &mut full_at).is_ok();
        if may {
            let share = self.peers.entry(peer).or_default();
            (share.connections, share.full_at) = (share.connections + 1, full_at);
        }
        may
    }

    pub(super) fn disconnect(&mut self, now: Moment, peer: Peer) {
        let share = self.peers.get_mut(&peer).expect("counted when it came");
        share.connections -= 1;
        self.forget(now, peer);
    }

    /// Whether an address has as many requests in flight as it may.
    pub(super) fn is_full(&self, peer: Peer) -> bool {
        self.peers.get(&peer).is_some_and(|share| share.requests >= self.per_address_max)
    }

    /// Takes room for a request; `paced` is the state of its connection, unless that is shared.
    pub(super) fn begin(
        &mut self,
        now: Moment,
        (peer, terminal): (Peer, TerminalId),
        paced: Option<&mut Moment>,
    ) -> Result<(), Wait> {
        if self.is_full(peer) {
            return Err(Wait::Answer);
        }
        let known = self.terminals.get(&(peer, terminal));
        if known.is_some_and(|share| share.requests >= self.per_terminal_max) {
            return Err(Wait::Terminal);
        }
        let mut own = paced.as_deref().copied().unwrap_or_default();
        if paced.is_some() {
            self.pace.take(now, &mut own).map_err(Wait::Until)?;
        }
        let mut full_at = match known {
            Some(share) => share.full_at,
            None => self.debts.peek((peer, terminal)).unwrap_or_default(),
        };
        self.pace.take(now, &mut full_at).map_err(Wait::Until)?;
        if let Some(paced) = paced {
            *paced = own;
        }
        let share = self.terminals.entry((peer, terminal)).or_default();
        (share.requests, share.full_at) = (share.requests + 1, full_at);
        self.peers.entry(peer).or_default().requests += 1;
        Ok(())
    }

    /// A request was answered.
    pub(super) fn end(&mut self, now: Moment, (peer, terminal): (Peer, TerminalId)) {
        let share = self.terminals.get_mut(&(peer, terminal)).expect("counted when it began");
        share.requests -= 1;
        if share.requests == 0 {
            let full_at = share.full_at;
            self.terminals.remove(&(peer, terminal));
            self.debts.keep(now, DEBTS_MAX, (peer, terminal), full_at);
        }
        self.peers.get_mut(&peer).expect("counted when it began").requests -= 1;
        self.forget(now, peer);
    }

    fn forget(&mut self, now: Moment, peer: Peer) {
        let is_gone = |share: &PeerShare| share.connections == 0 && share.requests == 0;
        if let Some(share) = self.peers.get(&peer).filter(|share| is_gone(share)) {
            self.connect_debts.keep(now, DEBTS_MAX, peer, share.full_at);
            self.peers.remove(&peer);
        }
    }
}
