//! What those get who have proved nothing, and what a terminal gets that has.

use crate::link::{Rig, Seen, hello, sealed};
use tillgate_core::id::{Peer, SessionAge};
use tillgate_core::limits::SessionLimits;
use tillgate_core::processing::Effect;
use tillgate_core::session::{CloseReason, ConnectionRefusal, Input};
use tillgate_core::time::Span;
use tillgate_store_core::TerminalId;

const WHO: TerminalId = TerminalId(42);

#[test]
fn a_handshake_that_never_speaks_ends_at_the_handshake_deadline_not_when_it_is_idle() {
    let limits =
        SessionLimits { handshake: Span::s(5), idle: Span::s(600), ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    let mut sessions = Vec::new();
    for terminal in 0..200 {
        let session = rig.connect();
        rig.shake(session, terminal, 1);
        sessions.push(session);
    }
    let (spoke, _) = rig.online(999, 1);
    assert_eq!(rig.sessions.stats().unproven, 200);
    let ended = rig.pass(Span::s(5));
    assert_eq!(ended.len(), 200);
    let timeout = |session| Seen::Close(session, CloseReason::HandshakeTimeout);
    assert!(sessions.into_iter().all(|session| ended.contains(&timeout(session))));
    assert!(!ended.contains(&timeout(spoke)));
}

#[test]
fn a_newcomer_takes_the_place_of_the_oldest_who_has_said_nothing() {
    let limits = SessionLimits { sessions_max: 4, unproven_max: 2, ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    let (first, second) = (rig.connect_from(Peer(1)), rig.connect_from(Peer(2)));
    let seen = rig.give(Input::Opened { connection: 1, peer: Peer(3) });
    assert_eq!(seen[0], Seen::Close(first, CloseReason::Evicted));
    assert!(matches!(seen[1], Seen::Admit(..)));
    let seen = rig.give(Input::Opened { connection: 1, peer: Peer(3) });
    assert_eq!(seen[0], Seen::Close(second, CloseReason::Evicted));
}

#[test]
fn terminals_that_have_proved_themselves_are_never_evicted_and_their_slots_are_kept() {
    let limits = SessionLimits { sessions_max: 3, unproven_max: 2, ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    for terminal in 1..=3 {
        rig.online(terminal, 1);
    }
    assert!(matches!(
        rig.give(Input::Opened { connection: 7, peer: Peer(9) })[..],
        [Seen::Refuse(7, _)]
    ));
    let stats = rig.sessions.stats();
    assert_eq!((stats.online, stats.unproven, stats.refused), (3, 0, 1));
    let full = ConnectionRefusal::ALL
        .iter()
        .position(|reason| *reason == ConnectionRefusal::Full)
        .unwrap();
    assert_eq!(stats.refused_by[full], 1);
}

#[test]
fn an_address_competes_with_itself_once_it_has_its_share() {
    let limits = SessionLimits { unproven_per_peer_max: 2, ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    let (flood, calm) = (Peer(1), Peer(2));
    let other = rig.connect_from(calm);
    let first = rig.connect_from(flood);
    rig.connect_from(flood);
    for _ in 0..1_000 {
        let seen = rig.give(Input::Opened { connection: 1, peer: flood });
        assert!(matches!(seen[..], [Seen::Close(_, CloseReason::Evicted), Seen::Admit(..)]));
        assert!(!seen.contains(&Seen::Close(other, CloseReason::Evicted)));
    }
    assert!(rig.receive(first, b"x").is_empty(), "it is gone");
    rig.shake(other, 7, 1);
    assert_eq!(rig.sessions.stats().unproven, 3);
}

#[test]
fn who_waits_for_the_pool_is_not_evicted() {
    let limits = SessionLimits { unproven_max: 2, handshakes_max: 1, ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    let (shaking, waiting) = (rig.connect_from(Peer(1)), rig.connect_from(Peer(2)));
    let seen = rig.receive(shaking, &hello(1, 1).1);
    assert!(matches!(seen[..], [Seen::Handshake(..)]));
    assert_eq!(rig.receive(waiting, &hello(2, 1).1), [Seen::Pause(waiting)]);
    assert!(matches!(
        rig.give(Input::Opened { connection: 7, peer: Peer(3) })[..],
        [Seen::Refuse(7, _)]
    ));
}

#[test]
fn a_thousand_silent_sockets_a_second_leave_room_for_whoever_speaks() {
    let limits = SessionLimits { sessions_max: 18_000, ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    let mut answered = 0;
    for second in 0..30_u32 {
        let session = rig.connect_from(Peer(u64::from(second)));
        for silent in 0..1_000_u32 {
            rig.connect_from(Peer(u64::from(1_000_000 + silent % 7)));
        }
        rig.pass(Span::s(1));
        // A second later, on a slow network, the terminal says hello.
        let mut channel = rig.shake(session, second, 1);
        rig.pass(Span::ms(10));
        let seen = rig.receive(session, &sealed(&mut channel, b"logon"));
        answered += usize::from(seen.iter().any(|seen| matches!(seen, Seen::Request(..))));
    }
    assert_eq!((answered, rig.sessions.stats().refused), (30, 0));
}

#[test]
fn the_newer_hello_of_a_terminal_ends_the_session_that_has_proved_nothing_and_no_other() {
    let mut rig = Rig::new(SessionLimits::default());
    let silent = rig.connect();
    rig.shake(silent, 42, 1);
    let seen = rig.give(Input::Displaced { session: silent });
    assert_eq!(seen, [Seen::Close(silent, CloseReason::Superseded)]);
    let (online, _) = rig.online(42, 2);
    assert_eq!(rig.give(Input::Displaced { session: online }), []);
}

#[test]
fn a_key_that_is_not_in_force_any_more_ends_its_session_at_once() {
    let mut rig = Rig::new(SessionLimits::default());
    let (session, _) = rig.online(42, 1);
    let in_force = |keys: &[u32]| keys.iter().copied().collect();
    let both = in_force(&[0, 1]);
    assert_eq!(rig.give(Input::Rekeyed { terminal: WHO, generations: &both }), []);
    let newer = in_force(&[1]);
    let seen = rig.give(Input::Rekeyed { terminal: WHO, generations: &newer });
    assert_eq!(seen.last(), Some(&Seen::Close(session, CloseReason::KeyEnded)));
    assert!(matches!(seen[0], Seen::Offline(..)));
}

#[test]
fn a_request_that_finds_its_key_ended_ends_the_session() {
    let mut rig = Rig::new(SessionLimits::default());
    let (session, mut channel) = rig.online(42, 1);
    rig.receive(session, &sealed(&mut channel, b"a sale"));
    let seen = rig.give(Input::Replied { session, body: b"", effect: Effect::End });
    assert_eq!(seen.last(), Some(&Seen::Close(session, CloseReason::KeyEnded)));
    assert!(rig.sessions.is_drained());
}

#[test]
fn a_session_of_an_older_key_never_takes_the_place_of_one_of_a_newer_key() {
    let mut rig = Rig::new(SessionLimits::default());
    let (session, _) = rig.online(42, 1_000);
    let newer = SessionAge { generation: 1, counter: 1 };
    let seen = rig.give(Input::Superseded { terminal: WHO, age: newer });
    assert_eq!(seen.last(), Some(&Seen::Close(session, CloseReason::Superseded)));
    let (session, _) = rig.online(42, 1_001);
    let older = SessionAge { generation: 0, counter: 1_000 };
    assert_eq!(rig.give(Input::Superseded { terminal: WHO, age: older }), []);
    rig.give(Input::Closed { session });
}

#[test]
fn a_logon_that_was_answered_is_known_to_the_requests_behind_it() {
    let mut rig = Rig::new(SessionLimits::default());
    let session = rig.connect();
    let mut channel = rig.shake(session, 42, 1);
    let logged_on = |rig: &mut Rig, record: Vec<u8>| {
        rig.receive(session, &record);
        rig.logged_on.pop().unwrap()
    };
    assert!(!logged_on(&mut rig, sealed(&mut channel, b"logon")));
    assert!(!logged_on(&mut rig, sealed(&mut channel, b"a sale right behind it")));
    rig.give(Input::Replied { session, body: b"welcome", effect: Effect::LoggedOn });
    rig.give(Input::Replied { session, body: b"L1", effect: Effect::None });
    assert!(logged_on(&mut rig, sealed(&mut channel, b"a sale")));
    rig.give(Input::Replied { session, body: b"no", effect: Effect::LoggedOff });
    assert!(!logged_on(&mut rig, sealed(&mut channel, b"a sale")));
}

#[test]
fn a_terminal_is_read_at_its_rate_also_after_it_has_come_back() {
    let limits = SessionLimits {
        request_every: Span::ms(100),
        requests_burst: 5,
        requests_per_session_max: 200,
        ..SessionLimits::default()
    };
    let mut rig = Rig::new(limits);
    rig.pass(Span::s(1));
    let (session, mut channel) = rig.online(42, 1);
    let mut stream = Vec::new();
    for _ in 0..20 {
        stream.extend(sealed(&mut channel, b"a sale"));
    }
    let requests = |seen: &[Seen]| seen.iter().filter(|s| matches!(s, Seen::Request(..))).count();
    let seen = rig.receive(session, &stream);
    assert_eq!((requests(&seen), seen.last()), (4, Some(&Seen::Pause(session))), "and the logon");
    let mut passed = 4;
    for _ in 0..10 {
        passed += requests(&rig.pass(Span::ms(100)));
    }
    assert_eq!(passed, 14);
    assert_eq!(rig.sessions.stats().slowed, 11);
    rig.give(Input::Closed { session });
    let (session, mut channel) = rig.online(42, 2);
    let seen = rig.receive(session, &sealed(&mut channel, b"a sale"));
    assert_eq!(seen, [Seen::Pause(session)], "the bucket is as empty as it was");
    let (other, mut channel) = rig.online(43, 1);
    assert_eq!(requests(&rig.receive(other, &sealed(&mut channel, b"a sale"))), 1);
}

#[test]
fn a_record_that_was_tampered_with_takes_nothing_from_its_terminals_rate() {
    let limits = SessionLimits {
        request_every: Span::ms(100),
        requests_burst: 3,
        ..SessionLimits::default()
    };
    let mut rig = Rig::new(limits);
    rig.pass(Span::s(1));
    let (session, mut channel) = rig.online(42, 1);
    let mut record = sealed(&mut channel, b"a sale");
    *record.last_mut().unwrap() ^= 1;
    let seen = rig.receive(session, &record);
    assert_eq!(seen.last(), Some(&Seen::Close(session, CloseReason::Unsealed)));
    let (session, mut channel) = rig.online(42, 2);
    for _ in 0..2 {
        let seen = rig.receive(session, &sealed(&mut channel, b"a sale"));
        assert!(matches!(seen[..], [Seen::Request(..)]), "{seen:?}");
    }
}
