//! Connections whose segments are lost, doubled, late and cut.

use core::net::SocketAddr;

use super::{Connections, Direction, Event, Flags, Segment, What};
use crate::limits::{HELD_BYTES_MAX, HELD_SEGMENT_BYTES};

const SYN: Flags = Flags { syn: true, ack: false, fin: false, rst: false };
const ACK: Flags = Flags { syn: false, ack: true, fin: false, rst: false };
const FIN: Flags = Flags { syn: false, ack: true, fin: true, rst: false };
const RST: Flags = Flags { syn: false, ack: false, fin: false, rst: true };

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], port))
}

fn segment(sequence: u32, flags: Flags, payload: &[u8]) -> Segment<'_> {
    let (source, destination) = (at(40_000), at(7000));
    Segment { source, destination, sequence, flags, payload, cut: 0 }
}

/// The events of these segments, and of the end of the capture.
fn events(segments: &[Segment<'_>]) -> Vec<Event> {
    let (mut connections, mut out) = (Connections::default(), Vec::new());
    for segment in segments {
        connections.push(segment, Some(7), &mut out);
    }
    connections.end(&mut out);
    assert_eq!(connections.held_bytes, 0);
    out
}

/// What came of the segments, in short: bytes, `<n>` for a gap, `.` for the end.
fn told(segments: &[Segment<'_>]) -> String {
    let word = |event: Event| match event.what {
        What::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
        What::Gap(bytes) => format!("<{bytes}>"),
        What::End => ".".to_owned(),
    };
    events(segments).into_iter().map(word).collect()
}

#[test]
fn every_order_of_segments_gives_the_same_bytes() {
    let parts = [(1, "abc"), (4, "de"), (6, "fghi"), (10, "j")];
    let part = |index: usize| {
        let (sequence, text): (u32, &'static str) = parts[index];
        segment(sequence, ACK, text.as_bytes())
    };
    for order in 0..24 {
        let mut left = vec![0, 1, 2, 3];
        let mut segments = vec![segment(0, SYN, b"")];
        for radix in [6, 2, 1, 1] {
            segments.push(part(left.remove(order / radix % left.len())));
        }
        segments.push(segment(11, FIN, b""));
        assert_eq!(told(&segments), "abcdefghij.", "{order}");
    }
}

#[test]
fn what_was_sent_twice_comes_once() {
    let segments = [
        segment(0, SYN, b""),
        segment(0, SYN, b""),
        segment(1, ACK, b"abc"),
        segment(1, ACK, b"abc"),
        segment(2, ACK, b"bcde"),
        segment(5, ACK, b""),
        segment(6, FIN, b"f"),
        segment(6, FIN, b"f"),
    ];
    assert_eq!(told(&segments), "abcdef.");
}

#[test]
fn numbers_may_wrap_and_connections_may_be_old() {
    let near = u32::MAX - 1;
    assert_eq!(told(&[segment(near, ACK, b"abcd"), segment(2, ACK, b"ef")]), "abcdef.");
}

#[test]
fn what_was_never_captured_is_a_gap() {
    let lost = [segment(1, ACK, b"ab"), segment(5, ACK, b"ef"), segment(9, FIN, b"i")];
    assert_eq!(told(&lost), "ab<2>ef<2>i.");
    let cut = Segment { cut: 3, ..segment(3, ACK, b"c") };
    assert_eq!(told(&[segment(1, ACK, b"ab"), cut, segment(7, ACK, b"g")]), "abc<3>g.");
    assert_eq!(
        told(&[segment(1, ACK, b"a"), segment(3, ACK, b"c"), segment(9, RST, b"")]),
        "a<1>c."
    );
}

#[test]
fn what_waits_is_bounded() {
    let (mut connections, mut out) = (Connections::default(), Vec::new());
    connections.push(&segment(0, SYN, b""), None, &mut out);
    let payload = [7; 1000];
    let mut sequence = 5;
    while out.is_empty() {
        connections.push(&segment(sequence, ACK, &payload), None, &mut out);
        sequence += 1000;
        assert!(connections.held_bytes <= HELD_BYTES_MAX);
    }
    assert_eq!((&out[0].what, connections.held_bytes), (&What::Gap(4), 0));
}

#[test]
fn segments_of_one_byte_that_wait_count_with_what_they_cost() {
    let (mut connections, mut out) = (Connections::default(), Vec::new());
    connections.push(&segment(0, SYN, b""), None, &mut out);
    let mut waiting = 0;
    while out.is_empty() {
        waiting += 1;
        connections.push(&segment(3 + 2 * waiting, ACK, b"a"), None, &mut out);
    }
    let most = HELD_BYTES_MAX / (1 + HELD_SEGMENT_BYTES) + 1;
    assert_eq!((usize::try_from(waiting).unwrap(), connections.held_bytes), (most, 0));
}

#[test]
fn ports_that_are_used_again_are_another_connection() {
    let segments = [
        segment(0, SYN, b""),
        segment(1, ACK, b"a"),
        segment(500_000, SYN, b""),
        segment(500_001, ACK, b"b"),
    ];
    assert_eq!(told(&segments), "a.b.");
    let lanes: Vec<u64> = events(&segments).iter().map(|event| event.lane).collect();
    assert_eq!(lanes, [1, 1, 2, 2]);
    assert_eq!(told(&[segment(1, ACK, b"a"), segment(1 << 31, ACK, b"b")]), "a.b.");
}

#[test]
fn who_opened_the_connection_is_known_by_its_first_segment_or_its_port() {
    let back = |segment: Segment<'static>| Segment {
        source: segment.destination,
        destination: segment.source,
        ..segment
    };
    let direction = |segments: &[Segment<'_>]| {
        let found = events(segments);
        let bytes = found.iter().find(|event| matches!(event.what, What::Bytes(_)));
        bytes.unwrap().way.direction
    };
    assert_eq!(direction(&[segment(0, ACK, b"a")]), Direction::Up);
    assert_eq!(direction(&[back(segment(0, ACK, b"a"))]), Direction::Down);
    assert_eq!(
        direction(&[back(segment(0, SYN, b"")), back(segment(1, ACK, b"a"))]),
        Direction::Up
    );
    assert_eq!(direction(&[back(segment(0, SYN, b"")), segment(0, ACK, b"a")]), Direction::Down);
}
