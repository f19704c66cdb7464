//! Hostile peers, slow ones, many of them: each costs its own connection.

use tillgate_core::listener::limits::ListenerLimits;
use tillgate_core::listener::{CloseReason, ConnectionRefusal, Input};
use tillgate_core::online::PresenceChange;
use tillgate_core::time::Span;

use super::{Port, TERMINAL, request, sale};

fn limits() -> ListenerLimits {
    ListenerLimits::default()
}

fn why(port: &mut Port) -> Option<CloseReason> {
    port.closed.pop().map(|(_, why)| why)
}

impl Port {
    /// Requests that wait in the pool.
    fn in_pool(&self) -> usize {
        self.asked.len()
    }
}

#[test]
fn every_split_of_the_stream_gives_the_same_answer() {
    let mut port = Port::with(ListenerLimits { request_every: Span::ZERO, ..limits() });
    let whole = port.ask(&request("0800", "990000", 1)).unwrap();
    let frame = port.frame(&request("0800", "990000", 1));
    for at in 1..frame.len() {
        let session = port.connect(1);
        port.receive(session, &frame[..at]);
        port.work();
        assert!(port.sent.is_empty(), "half a frame is no request");
        port.receive(session, &frame[at..]);
        port.work();
        assert_eq!(port.sent.pop().unwrap().1, whole, "split at {at}");
        port.input(Input::Closed { session });
    }
}

#[test]
fn garbage_costs_its_own_connection_and_no_other() {
    let mut port = Port::new();
    let other = port.connect(2);
    let answer = as_answer(&port);
    let no_terminal = {
        let mut message = request("0800", "990000", 1);
        message.remove(41);
        port.frame(&message)
    };
    let mut letters = request("0800", "990000", 1);
    letters.set(41, "ABCDEFGH");
    let letters = port.frame(&letters);
    let cases: [&[u8]; 6] =
        [b"GET / HTTP/1.1\r\n\r\n", &[0xff; 64], &[0, 3, 1, 2, 3], &answer, &no_terminal, &letters];
    for bytes in cases {
        let session = port.connect(1);
        port.receive(session, bytes);
        assert_eq!(why(&mut port), Some(CloseReason::Malformed), "{bytes:02x?}");
        assert_eq!(port.troubles.pop(), Some((None, "malformed")));
        assert_eq!(port.in_pool(), 0);
    }
    let frame = port.frame(&request("0800", "990000", 1));
    port.receive(other, &frame);
    port.work();
    assert_eq!(port.sent.len(), 1, "the others are served");
}

/// An answer, which no terminal sends.
fn as_answer(port: &Port) -> Vec<u8> {
    port.frame(&super::as_type(&sale(1), "0210"))
}

#[test]
fn a_frame_that_announces_too_much_is_refused_before_it_comes() {
    let mut port = Port::new();
    let session = port.connect(1);
    port.receive(session, &[0x10, 0x01]);
    assert_eq!(why(&mut port), Some(CloseReason::Malformed), "4,097 bytes");
}

#[test]
fn keep_alives_are_dropped_however_many_and_keep_nobody_who_is_not_served() {
    let mut port = Port::new();
    let session = port.connect(1);
    for _ in 0..30 {
        port.receive(session, &[0; 4_096]);
        port.pass(Span::s(1));
    }
    assert_eq!(why(&mut port), Some(CloseReason::FirstTimeout));
    assert!(port.sent.is_empty());
}

#[test]
fn who_says_nothing_dribbles_or_falls_silent_is_closed_in_time() {
    let mut port = Port::new();
    port.connect(1);
    port.pass(limits().first);
    assert_eq!(why(&mut port), Some(CloseReason::FirstTimeout));
    // One that was served may be silent for long, but not in the middle of a frame.
    let session = port.connect(1);
    let frame = port.frame(&request("0800", "990000", 1));
    port.receive(session, &frame);
    port.work();
    port.pass(Span::s(500));
    assert_eq!(why(&mut port), None);
    for byte in &frame[..10] {
        port.receive(session, &[*byte]);
        port.pass(Span::s(1));
    }
    port.pass(Span::s(11));
    assert_eq!(why(&mut port), Some(CloseReason::FrameTimeout));
    let session = port.connect(1);
    port.receive(session, &frame);
    port.work();
    port.pass(limits().idle);
    assert_eq!(why(&mut port), Some(CloseReason::Idle));
}

#[test]
fn one_request_is_in_flight_on_a_connection_and_the_rest_waits_unread() {
    let mut port = Port::new();
    let session = port.connect(1);
    let frames: Vec<u8> =
        (1..4).flat_map(|stan| port.frame(&request("0800", "990000", stan))).collect();
    port.receive(session, &frames);
    assert_eq!((port.in_pool(), port.paused.pop()), (1, Some((session, true))));
    port.work();
    assert_eq!(port.sent.len(), 3, "each after the one before");
    assert_eq!(port.paused.pop(), Some((session, false)));
    let stans: Vec<_> = port.sent.iter().map(|(_, bytes)| port.read(bytes).number(11)).collect();
    assert_eq!(stans, [Some(1), Some(2), Some(3)]);
}

#[test]
fn an_address_has_its_share_of_connections_and_requests() {
    let few = ListenerLimits {
        connections_max: 8,
        connections_per_address_max: 3,
        requests_per_address_max: 2,
        ..limits()
    };
    let mut port = Port::with(few);
    let sessions: Vec<_> = (0..3).map(|_| port.connect(1)).collect();
    assert_eq!(port.try_connect(1), None);
    let refused = ConnectionRefusal::ALL.iter().position(|r| *r == ConnectionRefusal::Address);
    assert_eq!(port.manager.stats().refused_by[refused.unwrap()], 1);
    for (stan, session) in (1..).zip(&sessions) {
        let frame = port.frame(&sale(stan));
        port.receive(*session, &frame);
    }
    assert_eq!(port.in_pool(), 2, "the third waits for one of its own");
    let other = port.connect(2);
    let frame = port.frame(&sale(9));
    port.receive(other, &frame);
    assert_eq!(port.in_pool(), 3, "another address does not");
    port.work();
    assert_eq!(port.rig.forwards.len(), 3);
    let key = port.rig.forwards[0].key;
    port.rig.approve(key);
    port.work();
    assert_eq!(port.rig.forwards.len(), 4, "its turn has come");
}

#[test]
fn a_terminal_has_its_share_whatever_it_opens_and_nobody_else_can_use_it_up() {
    let mut port = Port::with(ListenerLimits { requests_per_terminal_max: 2, ..limits() });
    for stan in 1..=5 {
        let session = port.connect(1);
        let frame = port.frame(&sale(stan));
        port.receive(session, &frame);
    }
    assert_eq!(port.in_pool(), 2);
    // Somebody else who says the same terminal's number has a share of its own.
    let session = port.connect(2);
    let frame = port.frame(&sale(6));
    port.receive(session, &frame);
    assert_eq!(port.in_pool(), 3);
}

#[test]
fn a_terminal_gone_wild_is_slowed_over_all_its_connections() {
    let slow = ListenerLimits { request_every: Span::s(1), requests_burst: 3, ..limits() };
    let mut port = Port::with(slow);
    let mut answered = 0;
    for stan in 0..9 {
        let session = port.connect(1);
        let frame = port.frame(&request("0800", "990000", stan));
        port.receive(session, &frame);
        port.work();
        answered = port.sent.len();
    }
    assert_eq!((answered, port.manager.stats().slowed), (3, 6));
    port.pass(Span::s(1));
    port.work();
    assert_eq!(port.sent.len(), 4, "one a second from then on");
}

#[test]
fn the_whole_listener_has_a_bound_of_requests() {
    let mut port = Port::with(ListenerLimits { requests_max: 2, ..limits() });
    for peer in 1..=5 {
        let session = port.connect(peer);
        let frame = port.frame(&request("0800", "990000", 1));
        port.receive(session, &frame);
    }
    assert_eq!(port.in_pool(), 2);
    port.work();
    assert_eq!(port.sent.len(), 5, "nobody is forgotten");
}

#[test]
fn who_was_never_served_makes_room_and_who_was_served_does_not() {
    let few = ListenerLimits { connections_max: 2, ..limits() };
    let mut port = Port::with(few);
    let (served, silent) = (port.connect(1), port.connect(2));
    let frame = port.frame(&request("0800", "990000", 1));
    port.receive(served, &frame);
    port.work();
    let third = port.connect(3);
    assert_eq!(port.closed.pop(), Some((silent, CloseReason::Evicted)));
    port.receive(third, &frame);
    port.work();
    assert_eq!((port.try_connect(4), port.refused), (None, 1));
}

#[test]
fn the_answer_to_a_connection_that_has_gone_frees_its_share() {
    let mut port = Port::with(ListenerLimits { requests_per_terminal_max: 1, ..limits() });
    let session = port.connect(1);
    let frame = port.frame(&sale(1));
    port.receive(session, &frame);
    port.input(Input::Closed { session });
    port.work();
    let key = port.rig.forwards[0].key;
    port.rig.approve(key);
    port.work();
    assert!(port.sent.is_empty());
    let session = port.connect(1);
    port.receive(session, &frame);
    port.work();
    assert_eq!(port.sent.len(), 1, "the repeat is answered");
    assert_eq!(port.manager.stats().requests, 0);
}

#[test]
fn on_the_way_down_what_is_in_flight_is_answered_and_nobody_let_in() {
    let mut port = Port::new();
    let (busy, idle) = (port.connect(1), port.connect(1));
    let frame = port.frame(&sale(1));
    port.receive(busy, &frame);
    port.work();
    port.input(Input::Drain);
    assert_eq!(port.closed.pop(), Some((idle, CloseReason::Draining)));
    assert_eq!((port.try_connect(1), port.manager.is_drained()), (None, false));
    let key = port.rig.forwards[0].key;
    port.rig.approve(key);
    port.work();
    assert_eq!(port.sent.len(), 1);
    assert_eq!(port.closed.pop(), Some((busy, CloseReason::Draining)));
    assert!(port.manager.is_drained());
}

#[test]
fn no_bytes_make_it_panic() {
    // Every message with each byte changed, and every prefix of it.
    let mut port = Port::new();
    let frame = port.frame(&sale(1));
    for at in 0..frame.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = frame.clone();
            bytes[at] ^= change;
            let session = port.connect(1);
            port.receive(session, &bytes);
            port.work();
            port.input(Input::Closed { session });
        }
    }
}

#[test]
fn a_terminal_is_online_from_its_first_answer_until_its_connection_ends() {
    let mut port = Port::new();
    let session = port.connect(1);
    let frame = port.frame(&request("0800", "990000", 1));
    let changes = |port: &mut Port| std::mem::take(&mut port.changes);
    port.receive(session, &frame);
    assert_eq!(changes(&mut port), [], "nothing has shown that it is enabled here");
    port.work();
    let [PresenceChange::Online { terminal, presence }] = changes(&mut port)[..] else {
        panic!("it is online")
    };
    assert_eq!((terminal, presence.session), (TERMINAL, session));
    port.receive(session, &frame);
    port.work();
    assert_eq!(changes(&mut port), [], "it is still there");
    port.input(Input::Closed { session });
    assert_eq!(changes(&mut port), [PresenceChange::Offline { terminal, session }]);
    // Who is not enabled for this listener is not.
    let session = port.connect(1);
    let mut foreign = request("0800", "990000", 1);
    foreign.set(41, "00000101");
    let frame = port.frame(&foreign);
    port.receive(session, &frame);
    port.work();
    assert_eq!(changes(&mut port), []);
}

#[test]
fn an_address_that_connects_again_and_again_is_slowed_down_and_no_other() {
    let slow = ListenerLimits { connect_every: Span::ms(50), connects_burst: 3, ..limits() };
    let mut port = Port::with(slow);
    for _ in 0..3 {
        let session = port.connect(1);
        port.input(Input::Closed { session });
    }
    assert_eq!(port.try_connect(1), None, "also once it has left");
    assert!(port.try_connect(2).is_some());
    let address = ConnectionRefusal::ALL.iter().position(|of| *of == ConnectionRefusal::Address);
    assert_eq!(port.manager.stats().refused_by[address.unwrap()], 1);
    port.pass(Span::ms(50));
    assert!(port.try_connect(1).is_some());
    assert_eq!(port.try_connect(1), None);
    port.pass(Span::s(10));
    for _ in 0..3 {
        assert!(port.try_connect(1).is_some(), "its burst is whole again");
    }
}
