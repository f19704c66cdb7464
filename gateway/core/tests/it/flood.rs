//! What one terminal that sends without end costs the gateway: counted, not timed.

use crate::link::{Rig, Seen, sealed};
use tillgate_codec::link::channel::Channel;
use tillgate_core::id::SessionId;
use tillgate_core::limits::SessionLimits;
use tillgate_core::processing::Effect;
use tillgate_core::session::Input;
use tillgate_core::time::Span;

/// What the shell reads at once.
const READ_BYTES: usize = 4_096;
/// Of a rate of ten requests a second, and 30 at once.
const LIMITS: fn() -> SessionLimits =
    || SessionLimits { requests_per_session_max: 200, ..SessionLimits::default() };

fn read(rig: &mut Rig, session: SessionId, channel: &mut Channel) -> Vec<Seen> {
    let mut flood = Vec::new();
    while flood.len() < READ_BYTES {
        flood.extend(sealed(channel, b"a sale of a service that there is not"));
    }
    rig.receive(session, &flood)
}

#[test]
fn a_flooding_terminal_is_not_read_and_none_of_its_records_is_opened_before_its_time() {
    let mut rig = Rig::new(LIMITS());
    rig.pass(Span::s(60));
    let (session, mut channel) = rig.online(42, 1);
    // Its socket never runs dry, and the shell reads whenever it may, for ten seconds.
    let (begun, mut reads, mut wakes, mut paused) = (rig.now, 0, 0, false);
    while rig.now.since(begun) < Span::s(10) {
        let seen = if paused {
            wakes += 1;
            rig.now = rig.sessions.deadline().expect("its next request is due some time");
            rig.give(Input::Deadline)
        } else {
            reads += 1;
            read(&mut rig, session, &mut channel)
        };
        for seen in seen {
            match seen {
                Seen::Pause(_) => paused = true,
                Seen::Resume(_) => paused = false,
                _ => {}
            }
        }
        let due = 30 + rig.now.since(begun).0 / Span::ms(100).0;
        assert_eq!(rig.sessions.stats().records, due, "each at its time, and none before it");
    }
    // Each read has 40 records and more: a fifth of a read a second.
    assert!(reads <= 4, "{reads} reads for 130 requests");
    assert!(wakes <= 101, "woken {wakes} times for 100 requests");
}

#[test]
fn the_request_and_the_answer_of_another_terminal_do_not_wait_behind_a_flood() {
    let mut rig = Rig::new(LIMITS());
    rig.pass(Span::s(60));
    let (flooding, mut flood) = rig.online(42, 1);
    let (honest, mut channel) = rig.online(43, 1);
    for _ in 0..100 {
        read(&mut rig, flooding, &mut flood);
        let seen = rig.receive(honest, &sealed(&mut channel, b"a sale"));
        assert!(matches!(seen[..], [Seen::Request(session, ..)] if session == honest), "{seen:?}");
        let body = b"approved";
        let seen = rig.give(Input::Replied { session: honest, body, effect: Effect::None });
        assert!(matches!(seen[..], [Seen::Send(session, _)] if session == honest), "{seen:?}");
        rig.pass(Span::ms(100));
    }
}
