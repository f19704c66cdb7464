//! Concentrators: many terminals over one connection. What one of them does costs the others nothing.

use tillgate_codec::iso8583::{Fields, Message, Tpdu};
use tillgate_core::id::SessionId;
use tillgate_core::listener::limits::ListenerLimits;
use tillgate_core::listener::{CloseReason, DropReason, Input, Output};
use tillgate_core::online::{Online, PresenceChange};
use tillgate_core::processing::Effect;
use tillgate_core::time::Span;
use tillgate_store_core::{Change, RegistryRecord, TerminalId};

use super::mac::{KEY, retail, signed};
use super::{NAME, Port, as_type, request, sale, voucher};
use crate::counting::allocations;
use crate::support::terminal;

/// The first of the terminals behind the concentrators.
pub(super) const FIRST: u32 = 1_000;
/// One that is not enabled.
pub(super) const UNKNOWN: u32 = 77;

fn limits() -> ListenerLimits {
    ListenerLimits::shared()
}

/// A line test of a terminal, through its own port of the concentrator.
pub(super) fn test_of(terminal: u32, stan: u32) -> Message {
    of(terminal, request("0800", "990000", stan))
}

fn sale_of(terminal: u32, stan: u32) -> Message {
    of(terminal, sale(stan))
}

fn of(terminal: u32, mut message: Message) -> Message {
    message.set(41, &format!("{terminal:08}"));
    let [high, low] = u16::try_from(terminal).unwrap().to_be_bytes();
    message.with_tpdu(Tpdu([0x60, 0x00, 0x01, high, low]))
}

impl Port {
    /// With this many terminals of a concentrator.
    pub(super) fn shared(terminals: u32, limits: ListenerLimits) -> Self {
        let mut port = Self::with(limits);
        let enabled = |id| {
            let mut record = terminal(id);
            record.listener = NAME.to_owned();
            RegistryRecord::Terminal(record)
        };
        let records = (FIRST..FIRST + terminals).map(enabled).collect();
        port.rig.change(Change { records, ..Change::default() });
        port
    }

    fn send(&mut self, session: SessionId, message: &Message) {
        let frame = self.frame(message);
        self.receive(session, &frame);
    }

    /// Sends it, and gives how many answers there were.
    fn answers(&mut self, session: SessionId, message: &Message) -> usize {
        self.send(session, message);
        self.work();
        std::mem::take(&mut self.sent).len()
    }

    fn dropped(&self, why: DropReason) -> u64 {
        let place = DropReason::ALL.iter().position(|reason| *reason == why).unwrap();
        self.manager.stats().dropped[place]
    }

    /// Terminal and trace number of each answer, in their order.
    pub(super) fn said(&mut self) -> Vec<(SessionId, u32, u32)> {
        let sent = std::mem::take(&mut self.sent);
        let number = |answer: &Message, field| answer.text(field).unwrap().parse::<u32>().unwrap();
        let said = sent.iter().map(|(session, bytes)| {
            let answer = self.read(bytes);
            let (terminal, stan) = (number(&answer, 41), number(&answer, 11));
            let way = test_of(terminal, stan).tpdu.map(Tpdu::swapped);
            assert_eq!(answer.tpdu, way, "it goes back to its own terminal");
            (*session, terminal, stan)
        });
        said.collect()
    }

    /// The trace number of a message.
    pub(super) fn stan_of(&self, message: &[u8]) -> u32 {
        let mut fields = Fields::new();
        let number = self.dialect.view(message, &mut fields).unwrap().number(11);
        u32::try_from(number.unwrap()).unwrap()
    }

    fn is_paused(&self, session: SessionId) -> bool {
        self.paused.iter().rfind(|(of, _)| *of == session).is_some_and(|(_, paused)| *paused)
    }

    /// As a socket does: bytes come while the connection is read.
    fn feed(&mut self, session: SessionId, bytes: &mut &[u8]) {
        while !self.is_paused(session) && !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(4_096));
            *bytes = later;
            self.receive(session, now);
        }
    }
}

#[test]
fn answers_go_out_as_they_come_each_to_its_own_terminal() {
    let mut port = Port::shared(3, limits());
    let session = port.connect(1);
    let frames: Vec<u8> =
        (1..=3).flat_map(|place| port.frame(&test_of(FIRST + place - 1, place))).collect();
    port.receive(session, &frames);
    assert_eq!((port.asked.len(), port.paused.len()), (3, 0), "none waits for another");
    while let Some(last) = port.asked.pop() {
        port.serve(last);
        port.deliver();
    }
    let backwards: Vec<_> = (1..=3).rev().map(|n| (session, FIRST + n - 1, n)).collect();
    assert_eq!(port.said(), backwards);
}

#[test]
fn a_thousand_terminals_are_served_over_one_connection_within_its_window() {
    const TERMINALS: u32 = 1_000;
    let mut port = Port::shared(TERMINALS, limits());
    let session = port.connect(1);
    let all: Vec<u8> =
        (0..TERMINALS).flat_map(|n| port.frame(&test_of(FIRST + n, n + 1))).collect();
    let mut left = &all[..];
    let mut answered = Vec::new();
    loop {
        port.feed(session, &mut left);
        assert!(port.asked.len() <= usize::try_from(limits().window).unwrap());
        // The last first: the order does not matter.
        let Some(asked) = port.asked.pop() else { break };
        port.serve(asked);
        port.deliver();
        answered.extend(port.said().into_iter().map(|(_, terminal, _)| terminal));
    }
    answered.sort_unstable();
    assert!(answered.into_iter().eq(FIRST..FIRST + TERMINALS), "each once");
    let stats = port.manager.stats();
    assert_eq!((stats.requests, stats.dropped.iter().sum::<u64>()), (0, 0));
}

#[test]
fn a_full_window_is_not_read_and_goes_on_with_each_answer() {
    let mut port = Port::shared(9, ListenerLimits { window: 3, ..limits() });
    let session = port.connect(1);
    let frames: Vec<u8> = (0..9).flat_map(|n| port.frame(&test_of(FIRST + n, n + 1))).collect();
    port.receive(session, &frames);
    for left in (0..9).rev() {
        assert_eq!((port.asked.len(), port.is_paused(session)), (3.min(left + 1), left >= 2));
        let asked = port.asked.remove(0);
        port.serve(asked);
        port.deliver();
    }
    let stans: Vec<u32> = port.said().into_iter().map(|(_, _, stan)| stan).collect();
    assert!(stans.into_iter().eq(1..=9));
}

#[test]
fn a_terminal_over_its_rate_or_with_its_own_requests_open_holds_up_nobody() {
    let slow = ListenerLimits { request_every: Span::s(1), requests_burst: 3, ..limits() };
    let mut port = Port::shared(30, slow);
    let session = port.connect(1);
    for n in 1..30 {
        port.send(session, &test_of(FIRST, n));
        assert_eq!(port.answers(session, &test_of(FIRST + n, n)), 1 + usize::from(n <= 3));
    }
    assert_eq!(port.dropped(DropReason::TooFast), 26);
    port.pass(Span::s(1));
    assert_eq!(port.answers(session, &test_of(FIRST, 40)), 1, "one a second from then on");
    // One whose provider is slow has four in flight, and the fifth is dropped.
    let mut port = Port::shared(2, limits());
    let session = port.connect(1);
    (1..=5).for_each(|stan| port.send(session, &sale_of(FIRST, stan)));
    port.work();
    assert_eq!((port.rig.forwards.len(), port.dropped(DropReason::Busy)), (4, 1));
    assert_eq!(port.answers(session, &test_of(FIRST + 1, 1)), 1);
    assert!(port.paused.is_empty() && port.closed.is_empty());
    let key = port.rig.forwards[0].key;
    port.rig.approve(key);
    port.work();
    assert_eq!(port.said(), [(session, FIRST, 1)]);
}

#[test]
fn a_denied_terminal_gets_no_answer_and_the_connection_lives() {
    let mut port = Port::shared(1, limits());
    let session = port.connect(1);
    assert_eq!(port.answers(session, &sale_of(UNKNOWN, 1)), 0);
    assert_eq!(port.answers(session, &sale_of(101, 1)), 0, "a terminal of the sealed link");
    assert_eq!(port.answers(session, &test_of(FIRST, 1)), 1);
    assert_eq!((port.dropped(DropReason::Denied), port.closed.len()), (2, 0));
    let named = [UNKNOWN, 101].map(|id| (Some(TerminalId(id)), "denied"));
    assert_eq!(port.troubles, named);
    port.receive(session, &[0, 2, 0x60, 0x00]);
    assert_eq!(port.troubles.pop(), Some((None, "unreadable")));
    assert!(port.rig.forwards.is_empty());
}

#[test]
fn whoever_names_terminals_that_are_not_there_is_dropped_unverified_and_known_ones_are_served() {
    let few = ListenerLimits { denied_burst: 3, denied_every: Span::ms(20), ..limits() };
    let mut port = Port::shared(2, few);
    let session = port.connect(1);
    assert_eq!(port.answers(session, &test_of(FIRST, 1)), 1);
    for stan in 0..100 {
        assert_eq!(port.answers(session, &test_of(UNKNOWN + stan, 1)), 0);
        if stan % 10 == 0 {
            assert_eq!(port.answers(session, &test_of(FIRST, 2 + stan)), 1, "its neighbour");
        }
    }
    assert_eq!((port.dropped(DropReason::Denied), port.dropped(DropReason::Stranger)), (3, 97));
    assert_eq!(port.answers(session, &test_of(FIRST + 1, 1)), 0, "nobody knows it yet");
    let other = port.connect(1);
    assert_eq!(port.answers(other, &test_of(FIRST + 1, 2)), 1, "another connection has its own");
    assert_eq!(port.answers(session, &test_of(FIRST + 1, 3)), 1, "now it is known");
    port.pass(Span::ms(20));
    assert_eq!(port.answers(session, &test_of(UNKNOWN, 2)), 0);
    assert_eq!(port.dropped(DropReason::Denied), 4, "one in so long");
    assert!(port.closed.is_empty());
}

#[test]
fn a_whole_frame_that_is_no_request_is_dropped_and_bytes_that_are_no_frame_end_the_connection() {
    let mut port = Port::shared(1, limits());
    let session = port.connect(1);
    let answer = port.frame(&as_type(&sale_of(FIRST, 1), "0210"));
    let mut unnamed = test_of(FIRST, 1);
    unnamed.remove(41);
    let unnamed = port.frame(&unnamed);
    let letters = port.frame(test_of(FIRST, 1).set(41, "ABCDEFGH"));
    let honest = port.frame(&test_of(FIRST, 2));
    let cases: [&[u8]; 5] = [&[0, 3, 1, 2, 3], &[0, 1, 0xff], &answer, &unnamed, &letters];
    for bytes in cases {
        let frames = [bytes, &honest, bytes].concat();
        port.receive(session, &frames);
        port.work();
        assert_eq!(port.said(), [(session, FIRST, 2)], "{bytes:02x?}");
    }
    let dropped = [DropReason::Unreadable, DropReason::NoRequest].map(|why| port.dropped(why));
    assert_eq!((dropped, port.closed.len()), ([4, 6], 0));
    let session = port.connect(1);
    port.receive(session, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(port.closed, [(session, CloseReason::Malformed)]);
}

#[test]
fn a_frame_that_is_too_long_is_left_out_of_a_connection_that_was_served() {
    let mut port = Port::shared(1, limits());
    let frame = port.frame(&test_of(FIRST, 1));
    let long = |bytes: u16| [&bytes.to_be_bytes()[..], &vec![0xee; bytes.into()]].concat();
    for bytes in [4_097, 4_200, 9_000, u16::MAX] {
        for piece in [1_000, 4_096] {
            let session = port.connect(1);
            assert_eq!(port.answers(session, &test_of(FIRST, 1)), 1);
            let stream = [&frame[..], &long(bytes), &long(bytes), &frame].concat();
            stream.chunks(piece).for_each(|piece| port.receive(session, piece));
            port.work();
            assert_eq!(port.said().len(), 2, "{bytes} in pieces of {piece}");
            port.input(Input::Closed { session });
            port.pass(Span::s(5));
        }
    }
    assert_eq!((port.dropped(DropReason::TooLong), port.closed.len()), (16, 8));
    // It has to end in time, and nobody who was not served is believed to be in step.
    for (is_served, why) in [(true, CloseReason::FrameTimeout), (false, CloseReason::Malformed)] {
        port.closed.clear();
        let session = port.connect(1);
        assert_eq!(
            port.answers(session, &test_of(if is_served { FIRST } else { UNKNOWN }, 1)),
            usize::from(is_served)
        );
        port.receive(session, &long(9_000)[..4_096]);
        for _ in 0..19 {
            port.pass(Span::s(1));
            port.receive(session, &[0xee]);
        }
        port.pass(Span::s(1));
        assert_eq!(port.closed, [(session, why)]);
    }
}

#[test]
fn a_connection_that_brings_only_denied_requests_ends_in_time_however_many_come() {
    let mut port = Port::shared(1, ListenerLimits { idle: Span::s(60), ..limits() });
    for (is_served, span, why) in
        [(false, 20, CloseReason::FirstTimeout), (true, 60, CloseReason::Idle)]
    {
        let session = port.connect(1);
        if is_served {
            assert_eq!(port.answers(session, &test_of(FIRST, 1)), 1);
        }
        for tenth in 0..span * 10 {
            assert!(port.closed.is_empty(), "{tenth}");
            // There is always one in flight.
            port.send(session, &test_of(UNKNOWN + tenth % 7, tenth));
            let last = (port.asked.len() > 1).then(|| port.asked.remove(0));
            last.into_iter().for_each(|asked| port.serve(asked));
            port.deliver();
            port.pass(Span::ms(100));
        }
        port.send(session, &test_of(UNKNOWN, 1));
        port.work();
        assert_eq!(std::mem::take(&mut port.closed), [(session, why)]);
    }
    assert_eq!(port.manager.stats().requests, 0);
}

#[test]
fn what_was_in_flight_when_the_connection_ended_is_counted_until_its_answers_come() {
    let mut port = Port::shared(50, limits());
    let session = port.connect(1);
    (0..50).for_each(|n| port.send(session, &test_of(FIRST + n, n + 1)));
    port.input(Input::Closed { session });
    assert_eq!((port.manager.stats().requests, port.manager.is_drained()), (50, false));
    let later = port.connect(1);
    port.send(later, &test_of(FIRST, 99));
    port.work();
    assert_eq!(port.said(), [(later, FIRST, 99)], "nobody else's answers");
    let stats = port.manager.stats();
    assert_eq!((stats.requests, stats.sessions), (0, 1));
}

#[test]
fn a_repeat_in_flight_gets_the_one_answer_and_the_first_request_none() {
    let mut port = Port::shared(2, limits());
    let session = port.connect(1);
    port.send(session, &sale_of(FIRST, 7));
    port.work();
    let repeat = of(FIRST, as_type(&sale_of(FIRST, 7), "0201"));
    assert_eq!(port.answers(session, &repeat), 0, "the sale is on its way");
    assert_eq!((port.rig.forwards.len(), port.manager.stats().requests), (1, 1));
    let key = port.rig.forwards[0].key;
    port.rig.approve(key);
    port.work();
    assert_eq!(port.said(), [(session, FIRST, 7)]);
    assert_eq!(port.answers(session, &repeat), 1, "and again as often as it asks");
    assert_eq!(port.manager.stats().requests, 0);
}

#[test]
fn connections_of_one_address_take_turns_when_its_share_is_used_up() {
    let few = ListenerLimits { requests_per_address_max: 4, window: 4, ..limits() };
    let mut port = Port::shared(60, few);
    let (busy, other) = (port.connect(1), port.connect(1));
    let all: Vec<u8> = (0..50).flat_map(|n| port.frame(&test_of(FIRST + n, n + 1))).collect();
    let mut left = &all[..];
    port.feed(busy, &mut left);
    port.send(other, &test_of(FIRST + 55, 1));
    assert_eq!((port.asked.len(), port.is_paused(other)), (4, true));
    for _ in 0..5 {
        let asked = port.asked.remove(0);
        port.serve(asked);
        port.deliver();
        port.feed(busy, &mut left);
    }
    let said = port.said();
    assert!(said.contains(&(other, FIRST + 55, 1)), "behind four at most: {said:?}");
    let stranger = port.connect(2);
    assert_eq!(port.answers(stranger, &test_of(FIRST + 56, 1)), 1 + 46, "all are served");
}

#[test]
fn connections_that_are_always_busy_get_equal_shares_of_what_is_full() {
    let few = ListenerLimits { requests_per_address_max: 9, window: 8, ..limits() };
    let mut port = Port::shared(200, few);
    let lines: Vec<SessionId> = (0..3).map(|_| port.connect(1)).collect();
    let all: Vec<Vec<u8>> = (0..3)
        .map(|line| (0..60).flat_map(|n| port.frame(&test_of(FIRST + line * 60 + n, 1))).collect())
        .collect();
    let mut left: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    let mut said = Vec::new();
    for _ in 0..90 {
        for (line, left) in lines.iter().zip(&mut left) {
            port.feed(*line, left);
        }
        let asked = port.asked.remove(0);
        port.serve(asked);
        port.deliver();
        said.extend(port.said().into_iter().map(|(session, ..)| session));
    }
    for line in &lines {
        let count = said.iter().filter(|session| *session == line).count();
        assert!((20..=40).contains(&count), "{line:?}: {count} of {}", said.len());
    }
}

#[test]
fn half_a_frame_is_given_up_in_time_also_while_others_are_in_flight() {
    let mut port = Port::shared(1, limits());
    let session = port.connect(1);
    port.send(session, &sale_of(FIRST, 1));
    port.work();
    let frame = port.frame(&test_of(FIRST, 2));
    port.receive(session, &frame[..9]);
    port.pass(Span::s(19));
    assert!(port.closed.is_empty());
    port.pass(Span::s(1));
    assert_eq!(port.closed, [(session, CloseReason::FrameTimeout)]);
}

#[test]
fn on_the_way_down_a_connection_ends_with_its_last_answer_and_takes_nothing_new() {
    let mut port = Port::shared(3, limits());
    let session = port.connect(1);
    (0..2).for_each(|n| port.send(session, &test_of(FIRST + n, 1)));
    port.input(Input::Drain);
    port.send(session, &test_of(FIRST + 2, 1));
    assert_eq!((port.asked.len(), port.is_paused(session), port.closed.len()), (2, true, 0));
    port.work();
    assert_eq!(port.said(), [(session, FIRST, 1), (session, FIRST + 1, 1)]);
    assert_eq!(port.closed, [(session, CloseReason::Draining)]);
    assert!(port.manager.is_drained());
}

#[test]
fn all_that_were_served_over_a_connection_are_online_with_it_and_those_that_moved_stay() {
    let mut port = Port::shared(3, limits());
    let (first, second) = (port.connect(1), port.connect(1));
    let mut online = Online::default();
    for n in [UNKNOWN, FIRST, FIRST + 1, FIRST + 2, FIRST, FIRST + 1] {
        port.answers(first, &test_of(n, 1));
    }
    // Two at the same moment.
    port.answers(second, &test_of(FIRST, 2));
    let note = |online: &mut Online, port: &mut Port| {
        std::mem::take(&mut port.changes).iter().for_each(|change| online.note(change));
    };
    assert_eq!(port.changes.len(), 4, "each comes once over each connection");
    note(&mut online, &mut port);
    let place = |online: &Online, n| online.presence(TerminalId(n)).map(|of| of.session);
    assert_eq!([FIRST, FIRST + 1].map(|n| place(&online, n)), [Some(second), Some(first)]);
    assert_eq!((online.count(), place(&online, UNKNOWN)), (3, None));
    port.input(Input::Closed { session: first });
    let left = port.changes.iter();
    assert!(left.clone().all(|of| matches!(of, PresenceChange::Offline { .. })));
    assert_eq!(left.count(), 2);
    note(&mut online, &mut port);
    assert_eq!((online.count(), place(&online, FIRST)), (1, Some(second)));
    port.input(Input::Closed { session: second });
    note(&mut online, &mut port);
    assert_eq!(online.count(), 0);
}

#[test]
fn a_wrong_code_costs_its_request_and_the_terminal_that_it_names_is_served() {
    let mac = "mac = \"retail\"";
    let mut port = Port::shared(2, limits()).and_mac(mac, limits());
    let session = port.connect(1);
    let good = retail(KEY);
    for (n, key, answers) in [(0, &retail([8; 32]), 0), (0, &good, 1), (1, &good, 1)] {
        let frame = signed(&mut of(FIRST + n, voucher(1)), key);
        port.receive(session, &frame);
        port.work();
        assert_eq!(std::mem::take(&mut port.sent).len(), answers);
    }
    assert_eq!((port.dropped(DropReason::Denied), port.closed.len()), (1, 0));
}

/// Allocations of a hundred rounds of a request of each of eight terminals, over one connection.
fn allocated(limits: ListenerLimits) -> u64 {
    let mut port = Port::shared(8, ListenerLimits { request_every: Span::ZERO, ..limits });
    let session = port.connect(1);
    let frames: Vec<Vec<u8>> = (0..8).map(|n| port.frame(&test_of(FIRST + n, n + 1))).collect();
    let (now, manager) = (port.rig.now, &mut port.manager);
    let mut lanes = Vec::with_capacity(8);
    let mut round = || {
        for frame in &frames {
            manager.handle(now, Input::Received { session, bytes: frame });
            while let Some(output) = manager.poll() {
                if let Output::Request { lane, .. } = output {
                    lanes.push(lane);
                }
            }
            if limits.shared && lanes.len() < frames.len() {
                continue;
            }
            for session in lanes.drain(..).rev() {
                let (body, chip, mac, effect) = (&[][..], &[][..], None, Effect::None);
                manager.handle(now, Input::Replied { session, body, chip, mac, effect });
                while manager.poll().is_some() {}
            }
        }
    };
    (0..50).for_each(|_| round());
    allocations(|| (0..100).for_each(|_| round()))
}

#[test]
fn a_request_of_a_shared_connection_allocates_no_more_than_another_s() {
    assert_eq!(allocated(limits()), allocated(ListenerLimits::default()));
}
