//! What the core takes of a configuration.

use std::num::NonZeroU32;

use tillgate_core::limits::{ClaimLimits, SessionLimits, TransactionLimits};
use tillgate_core::listener::limits::{ListenerLimits, TLS_CONNECT_EVERY};
use tillgate_core::time::Span;

use super::{Config, Iso8583Listener};

impl Config {
    /// One reactor's share. The kernel spreads connections by hash, never evenly; a reactor that is
    /// full refuses though another may have room.
    #[must_use]
    pub fn session_limits(&self) -> SessionLimits {
        let (link, reactors) = (&self.link, u32::from(self.listen.reactors));
        let share = |of: u32, percent: u8| {
            let share = u64::from(of) * u64::from(percent) / 100;
            u32::try_from(share).unwrap_or(u32::MAX).max(1)
        };
        let sessions_max = link.sessions_max.div_ceil(reactors);
        let unproven_max = share(sessions_max, link.unproven_percent);
        SessionLimits {
            sessions_max,
            unproven_max,
            unproven_per_peer_max: share(unproven_max, link.unproven_address_percent),
            request_every: every(Span::s(1), link.requests_per_s),
            requests_burst: link.requests_burst,
            handshake: Span::s(u64::from(link.handshake_s)),
            record: Span::s(u64::from(link.record_s)),
            write_stall: Span::s(u64::from(link.record_s)),
            idle: Span::s(u64::from(link.idle_s)),
            ..SessionLimits::default()
        }
    }

    /// The pace of handshakes.
    #[must_use]
    pub fn claim_limits(&self) -> ClaimLimits {
        let every = every(Span::s(60), self.link.handshakes_per_min);
        ClaimLimits { every, burst: self.link.handshakes_burst }
    }

    /// Transactions in flight.
    #[must_use]
    pub fn transaction_limits(&self) -> TransactionLimits {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        TransactionLimits {
            batch_max: size(self.transactions.batch_max),
            pending_max: size(self.transactions.pending_max),
            answer: Span::s(u64::from(self.transactions.answer_s)),
            reprint_days: self.transactions.reprint_days,
            ..TransactionLimits::default()
        }
    }
}

impl Iso8583Listener {
    /// The bounds of this listener.
    #[must_use]
    pub fn limits(&self) -> ListenerLimits {
        let usual = if self.shared { ListenerLimits::shared() } else { ListenerLimits::default() };
        ListenerLimits {
            connections_max: self.connections_max,
            connections_per_address_max: self.connections_per_address,
            connect_every: self.tls.as_ref().map_or(Span::ZERO, |_| TLS_CONNECT_EVERY),
            request_every: every(Span::s(1), self.requests_per_s),
            first: Span::s(u64::from(self.first_s)),
            frame: Span::s(u64::from(self.frame_s)),
            write_stall: Span::s(u64::from(self.frame_s)),
            idle: Span::s(u64::from(self.idle_s)),
            ..usual
        }
    }
}

/// The pause between two of `count` in a span; none where there is no bound.
fn every(span: Span, count: Option<NonZeroU32>) -> Span {
    count.map_or(Span::ZERO, |count| Span(span.0 / u64::from(count.get())))
}
