//! The session manager, driven by a terminal's end of the link and a clock that the tests turn.

use crate::link::{Rig, Seen, sealed};
use tillgate_codec::link::channel::HELLO_BYTES;
use tillgate_codec::link::record::{HEADER_BYTES, RecordType, Refusal, deframe};
use tillgate_core::id::Peer;
use tillgate_core::limits::SessionLimits;
use tillgate_core::processing::Effect;
use tillgate_core::session::{CloseReason, Input};
use tillgate_core::time::Span;
use tillgate_store_core::TerminalId;

#[test]
fn a_terminal_gets_through_to_the_pool_and_back() {
    let mut rig = Rig::new(SessionLimits::default());
    let (session, mut channel) = rig.online(42, 1);
    let seen = rig.receive(session, &sealed(&mut channel, b"a sale"));
    assert_eq!(seen, [Seen::Request(session, TerminalId(42), b"a sale".to_vec())]);
    let seen = rig.give(Input::Replied { session, body: b"approved", effect: Effect::None });
    let [Seen::Send(to, record)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(*to, session);
    assert_eq!(channel.open(&mut record.clone()).unwrap(), b"approved");
}

#[test]
fn every_split_of_a_stream_gives_the_same_requests() {
    for cut in 1..3 * (HELLO_BYTES + HEADER_BYTES) {
        let mut rig = Rig::new(SessionLimits::default());
        let session = rig.connect();
        let mut channel = rig.shake(session, 42, 1);
        let mut stream = sealed(&mut channel, b"first");
        stream.extend(sealed(&mut channel, b"second"));
        stream.extend(sealed(&mut channel, b"third"));
        let mut bodies = Vec::new();
        for part in stream.chunks(cut) {
            for seen in rig.receive(session, part) {
                if let Seen::Request(_, _, body) = seen {
                    bodies.push(body);
                }
            }
        }
        assert_eq!(bodies, [b"first".to_vec(), b"second".to_vec(), b"third".to_vec()]);
    }
}

#[test]
fn a_replayed_flipped_or_foreign_record_closes_the_link_and_reaches_nobody() {
    let damage: [fn(&mut Vec<u8>); 3] = [
        |record| *record.last_mut().unwrap() ^= 1,
        |record| record[1] ^= 0x40,
        |record| record[HEADER_BYTES] ^= 1,
    ];
    for spoil in damage {
        let mut rig = Rig::new(SessionLimits::default());
        let (session, mut channel) = rig.online(42, 1);
        let mut record = sealed(&mut channel, b"a sale");
        spoil(&mut record);
        let seen = rig.receive(session, &record);
        assert!(matches!(seen.last(), Some(Seen::Close(closed, _)) if *closed == session));
        assert!(!seen.iter().any(|seen| matches!(seen, Seen::Request(..))));
    }
    let mut rig = Rig::new(SessionLimits::default());
    let (session, mut channel) = rig.online(42, 1);
    let record = sealed(&mut channel, b"a sale");
    rig.receive(session, &record);
    let seen = rig.receive(session, &record);
    assert_eq!(seen.last(), Some(&Seen::Close(session, CloseReason::Unsealed)));
}

#[test]
fn a_dribbling_terminal_is_closed_when_its_record_is_due_however_often_it_writes() {
    let limits = SessionLimits { record: Span::s(10), ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    let (session, mut channel) = rig.online(42, 1);
    let record = sealed(&mut channel, b"a long sale that never ends");
    let mut closed = None;
    for (second, byte) in record.iter().take(record.len() - 1).enumerate() {
        rig.receive(session, &[*byte]);
        if let Some(Seen::Close(_, why)) = rig.pass(Span::s(1)).last() {
            closed = Some((second, *why));
            break;
        }
    }
    assert_eq!(closed, Some((9, CloseReason::RecordTimeout)));
}

#[test]
fn a_silent_stranger_is_closed_at_the_handshake_deadline() {
    let limits = SessionLimits { handshake: Span::s(5), ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    let session = rig.connect();
    assert_eq!(rig.pass(Span::s(4)), []);
    let seen = rig.pass(Span::s(1));
    assert_eq!(seen, [Seen::Close(session, CloseReason::HandshakeTimeout)]);
    assert!(rig.sessions.is_drained());
}

#[test]
fn pings_keep_a_session_and_silence_ends_it() {
    let limits = SessionLimits { idle: Span::s(60), ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    let (session, mut channel) = rig.online(42, 1);
    for _ in 0..5 {
        assert_eq!(rig.pass(Span::s(50)), []);
        rig.receive(session, &sealed(&mut channel, b"ping"));
        rig.give(Input::Replied { session, body: b"pong", effect: Effect::None });
    }
    let seen = rig.pass(Span::s(60));
    let offline = Seen::Offline(session, TerminalId(42));
    assert_eq!(seen, [offline, Seen::Close(session, CloseReason::Idle)]);
}

#[test]
fn a_newer_session_of_a_terminal_ends_the_older_one() {
    let mut rig = Rig::new(SessionLimits::default());
    let (older, _) = rig.online(42, 1);
    let newer = rig.connect();
    let mut channel = rig.shake(newer, 42, 2);
    let seen = rig.receive(newer, &sealed(&mut channel, b"logon"));
    assert_eq!(seen[0], Seen::Offline(older, TerminalId(42)));
    assert_eq!(seen[1], Seen::Close(older, CloseReason::Superseded));
    assert_eq!(seen[2], Seen::Online(newer, TerminalId(42), 2));
}

#[test]
fn a_handshake_that_says_nothing_more_leaves_the_session_of_its_terminal_alone() {
    let mut rig = Rig::new(SessionLimits::default());
    let (session, mut channel) = rig.online(42, 1);
    let stranger = rig.connect();
    rig.shake(stranger, 42, 2);
    let seen = rig.receive(session, &sealed(&mut channel, b"a sale"));
    assert_eq!(seen, [Seen::Request(session, TerminalId(42), b"a sale".to_vec())]);
}

#[test]
fn an_older_session_that_speaks_after_the_newer_one_is_closed_unheard() {
    let mut rig = Rig::new(SessionLimits::default());
    let older = rig.connect();
    let mut channel = rig.shake(older, 42, 1);
    let (newer, _) = rig.online(42, 2);
    let seen = rig.receive(older, &sealed(&mut channel, b"logon"));
    assert_eq!(seen, [Seen::Close(older, CloseReason::Superseded)]);
    let pushed = rig.give(Input::Push { terminal: TerminalId(42), body: b"block" });
    assert!(matches!(pushed.as_slice(), [Seen::Send(to, _)] if *to == newer));
}

#[test]
fn a_session_with_enough_in_flight_is_not_read_until_it_is_answered() {
    let limits = SessionLimits { requests_per_session_max: 2, ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    let (session, mut channel) = rig.online(42, 1);
    let mut stream = Vec::new();
    for body in [b"1", b"2", b"3"] {
        stream.extend(sealed(&mut channel, body));
    }
    let seen = rig.receive(session, &stream);
    assert_eq!(seen.last(), Some(&Seen::Pause(session)));
    assert_eq!(seen.len(), 3);
    let seen = rig.give(Input::Replied { session, body: b"", effect: Effect::None });
    let third = Seen::Request(session, TerminalId(42), b"3".to_vec());
    assert_eq!(seen, [third, Seen::Resume(session)]);
}

#[test]
fn sessions_wait_for_the_pool_in_turn() {
    let limits = SessionLimits { requests_max: 1, ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    let (first, mut first_channel) = rig.online(1, 1);
    let (second, mut second_channel) = rig.online(2, 1);
    let seen = rig.receive(first, &sealed(&mut first_channel, b"a"));
    assert_eq!(seen.len(), 1);
    let seen = rig.receive(second, &sealed(&mut second_channel, b"b"));
    assert_eq!(seen, [Seen::Pause(second)]);
    let seen = rig.give(Input::Replied { session: first, body: b"", effect: Effect::None });
    let request = Seen::Request(second, TerminalId(2), b"b".to_vec());
    assert_eq!(seen, [request, Seen::Resume(second)]);
}

#[test]
fn a_full_house_refuses_at_the_door_with_a_reason() {
    let limits = SessionLimits { sessions_max: 1, ..SessionLimits::default() };
    let mut rig = Rig::new(limits);
    let (session, _) = rig.online(42, 1);
    let seen = rig.give(Input::Opened { connection: 7, peer: Peer(1) });
    let [Seen::Refuse(7, bytes)] = seen.as_slice() else { panic!("{seen:?}") };
    let record = deframe(bytes).unwrap().unwrap();
    assert_eq!(record.kind, RecordType::REFUSAL);
    assert!(Refusal::decode(&bytes[record.range]).unwrap().retry_after_s > 0);
    rig.give(Input::Closed { session });
    rig.connect();
}

#[test]
fn a_reply_for_a_session_that_is_gone_reaches_nobody() {
    let mut rig = Rig::new(SessionLimits::default());
    let (session, mut channel) = rig.online(42, 1);
    rig.receive(session, &sealed(&mut channel, b"a sale"));
    rig.give(Input::Closed { session });
    let other = rig.connect();
    assert_eq!(other.slot, session.slot, "the slot is used again");
    assert_eq!(rig.give(Input::Replied { session, body: b"approved", effect: Effect::None }), []);
}

#[test]
fn draining_refuses_newcomers_and_lets_the_last_answer_out() {
    let mut rig = Rig::new(SessionLimits::default());
    let (idle, _) = rig.online(1, 1);
    let (busy, mut channel) = rig.online(2, 1);
    rig.receive(busy, &sealed(&mut channel, b"a sale"));
    let seen = rig.give(Input::Drain);
    assert!(seen.contains(&Seen::Close(idle, CloseReason::Draining)));
    assert!(matches!(
        rig.give(Input::Opened { connection: 9, peer: Peer(1) }).as_slice(),
        [Seen::Refuse(9, _)]
    ));
    let seen = rig.give(Input::Replied { session: busy, body: b"approved", effect: Effect::None });
    assert!(matches!(seen[0], Seen::Send(..)), "the answer goes out first");
    assert_eq!(seen.last(), Some(&Seen::Close(busy, CloseReason::Draining)));
    assert!(rig.sessions.is_drained());
}
