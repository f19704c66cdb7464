//! The gateway's limits in a world: as configured by default, or small enough to be met.

use tillgate_core::limits::{SessionLimits, TransactionLimits};
use tillgate_core::listener::limits::ListenerLimits;

use super::{Stream, number};
use crate::time::Span;
use crate::world::fault::{Fault, Faults};

/// A reactor's.
pub(super) fn sessions(seed: u64, faults: Faults) -> SessionLimits {
    let mut rng = Stream::Limits.rng(seed);
    let small = SessionLimits {
        sessions_max: 3 + u32::from(number(&mut rng, 10)),
        unproven_max: 1 + u32::from(number(&mut rng, 6)),
        unproven_per_peer_max: 1 + u32::from(number(&mut rng, 4)),
        request_every: Span::ms(u64::from(number(&mut rng, 1_000))),
        requests_burst: 1 + u32::from(number(&mut rng, 5)),
        handshakes_max: 1 + u32::from(number(&mut rng, 3)),
        requests_per_session_max: 1 + u8::from(rng.chance(500)),
        requests_max: 1 + u32::from(number(&mut rng, 4)),
        unsent_bytes_max: 200 + u32::from(number(&mut rng, 2_000)),
        ..usual_sessions()
    };
    if faults.has(Fault::Limits) { small } else { usual_sessions() }
}

fn usual_sessions() -> SessionLimits {
    SessionLimits {
        sessions_max: 64,
        handshake: Span::s(20),
        record: Span::s(20),
        write_stall: Span::s(20),
        idle: Span::s(120),
        ..SessionLimits::default()
    }
}

/// A listener's.
pub(super) fn listener(seed: u64, faults: Faults, shared: bool) -> ListenerLimits {
    let limits = own_listener(seed, faults);
    if !shared {
        return limits;
    }
    let mut rng = Stream::Limits.rng(seed ^ 3);
    let usual = ListenerLimits { window: 64, requests_max: 256, ..limits };
    let small = ListenerLimits {
        window: 1 + u32::from(number(&mut rng, 4)),
        denied_burst: 1 + u32::from(number(&mut rng, 4)),
        requests_max: 2 + u32::from(number(&mut rng, 4)),
        requests_per_address_max: 2 + u32::from(number(&mut rng, 3)),
        // What is beyond them is dropped, and comes again only when its terminal has waited.
        requests_burst: 8 + u32::from(number(&mut rng, 20)),
        unsent_bytes_max: 4_000 + u32::from(number(&mut rng, 4_000)),
        ..limits
    };
    let limits = if faults.has(Fault::Limits) { small } else { usual };
    ListenerLimits { shared: true, ..limits }
}

fn own_listener(seed: u64, faults: Faults) -> ListenerLimits {
    let mut rng = Stream::Limits.rng(seed ^ 2);
    let usual = ListenerLimits {
        connections_max: 64,
        connections_per_address_max: 40,
        write_stall: usual_sessions().write_stall,
        idle: Span::s(120),
        ..ListenerLimits::default()
    };
    let small = ListenerLimits {
        connections_max: 4 + u32::from(number(&mut rng, 10)),
        connections_per_address_max: 3 + u32::from(number(&mut rng, 6)),
        requests_max: 1 + u32::from(number(&mut rng, 4)),
        requests_per_address_max: 1 + u32::from(number(&mut rng, 4)),
        requests_per_terminal_max: 1 + u32::from(number(&mut rng, 3)),
        request_every: Span::ms(u64::from(number(&mut rng, 1_000))),
        requests_burst: 1 + u32::from(number(&mut rng, 5)),
        unsent_bytes_max: 800 + u32::from(number(&mut rng, 2_000)),
        ..usual
    };
    if faults.has(Fault::Limits) { small } else { usual }
}

/// The transaction manager's.
pub(super) fn writer(seed: u64, faults: Faults) -> TransactionLimits {
    let mut rng = Stream::Limits.rng(seed ^ 1);
    let usual = TransactionLimits { answer: Span::s(15), ..TransactionLimits::default() };
    let expire = rng.between(Span::s(30), Span::s(600));
    let small = TransactionLimits {
        batch_max: 1 + usize::from(number(&mut rng, 8)),
        pending_max: 1 + usize::from(number(&mut rng, 6)),
        answer: rng.between(Span::s(4), Span::s(15)),
        inquiries_max: 1 + u32::from(number(&mut rng, 3)),
        expire,
        ..usual
    };
    let drawn = if faults.has(Fault::Limits) { small } else { usual };
    // What a dead provider is owed is the operator's before the world ends.
    let short = Stream::Dead.rng(seed ^ 1).between(Span::s(30), Span::s(600));
    let expire = if faults.has(Fault::Dead) { short } else { drawn.expire };
    TransactionLimits { expire, ..drawn }
}
