//! TCP connections of a capture: segments in any order become the bytes of each direction in order.
//!
//! Retransmissions are dropped, segments that came too early wait for those before them. What never
//! comes (a packet that was not captured) is a gap: reported and skipped. Everything that waits is
//! bounded by [`limits`](crate::limits).

use core::net::SocketAddr;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::packet::{Flags, Segment};
use crate::count;
use crate::limits::{
    HELD_BYTES_MAX, HELD_BYTES_TOTAL_MAX, HELD_SEGMENT_BYTES, LANES_MAX, WINDOW_BYTES_MAX,
};
use crate::place::{Direction, Way};

/// Something that happened in one direction of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// Number of the direction within the capture; never used again.
    pub(crate) lane: u64,
    pub(crate) way: Way,
    /// When: nanoseconds since 1970.
    pub(crate) time_ns: Option<u64>,
    pub(crate) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The next bytes, of one segment.
    Bytes(Vec<u8>),
    /// This many bytes were not captured.
    Gap(u64),
    End,
}

/// All connections of a capture.
#[derive(Default)]
pub(crate) struct Connections {
    lanes: FxHashMap<(SocketAddr, SocketAddr), Lane>,
    lanes_made: u64,
    segments: u64,
    held_bytes: usize,
}

/// One direction of a connection.
struct Lane {
    number: u64,
    way: Way,
    /// Sequence number of the next byte.
    expected: u32,
    /// Bytes and gaps given away; the position of `expected`.
    position: u64,
    /// Segments that came too early, by position.
    held: BTreeMap<u64, Held>,
    held_bytes: usize,
    /// Position behind the last byte, once it is known.
    end: Option<u64>,
    is_closed: bool,
    /// Number of its last segment, to find the one that is silent longest.
    used: u64,
}

struct Held {
    bytes: Vec<u8>,
    cut: usize,
    time_ns: Option<u64>,
}

impl Held {
    fn cost(&self) -> usize {
        HELD_SEGMENT_BYTES + self.bytes.len()
    }
}

impl Connections {
    /// Takes a segment; appends what it makes known.
    pub(crate) fn push(
        &mut self,
        segment: &Segment<'_>,
        time_ns: Option<u64>,
        out: &mut Vec<Event>,
    ) {
        self.segments += 1;
        let key = (segment.source, segment.destination);
        let begins = |lane: &Lane| {
            let (first, has_bytes) = (segment.sequence.wrapping_add(1), lane.position > 0);
            segment.flags.syn && (first != lane.expected || has_bytes || lane.is_closed)
        };
        let is_other = |lane: &Lane| lane.distance(segment).is_none() || begins(lane);
        if self.lanes.get(&key).is_some_and(is_other)
            && let Some(old) = self.lanes.remove(&key)
        {
            self.close(old, out);
        }
        if !self.lanes.contains_key(&key) {
            self.make_room(out);
            let lane = self.opened(segment);
            self.lanes.insert(key, lane);
        }
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        lane.used = self.segments;
        let held_before = lane.held_bytes;
        lane.take(segment, time_ns, out);
        self.held_bytes = self.held_bytes + lane.held_bytes - held_before;
        let is_full = self.held_bytes > HELD_BYTES_TOTAL_MAX || lane.held_bytes > HELD_BYTES_MAX;
        if is_full || segment.flags.rst {
            self.held_bytes -= lane.held_bytes;
            lane.pass_over(out);
        }
        if segment.flags.rst {
            lane.close(time_ns, out);
        }
    }

    /// The capture is over: what waits is given away.
    pub(crate) fn end(&mut self, out: &mut Vec<Event>) {
        let mut lanes: Vec<Lane> = self.lanes.drain().map(|(_, lane)| lane).collect();
        lanes.sort_by_key(|lane| lane.number);
        lanes.into_iter().for_each(|lane| self.close(lane, out));
    }

    fn close(&mut self, mut lane: Lane, out: &mut Vec<Event>) {
        self.held_bytes -= lane.held_bytes;
        lane.pass_over(out);
        lane.close(None, out);
    }

    fn opened(&mut self, segment: &Segment<'_>) -> Lane {
        let Segment { source, destination, flags, sequence, .. } = *segment;
        let other = self.lanes.get(&(destination, source));
        let direction = match (flags, other) {
            (Flags { syn: true, ack: true, .. }, _) => Direction::Down,
            (Flags { syn: true, .. }, _) => Direction::Up,
            (_, Some(other)) => match other.way.direction {
                Direction::Up => Direction::Down,
                Direction::Down => Direction::Up,
            },
            // Nobody saw it open: servers have the lower port numbers.
            _ if source.port() >= destination.port() => Direction::Up,
            _ => Direction::Down,
        };
        self.lanes_made += 1;
        Lane {
            number: self.lanes_made,
            way: Way { source, destination, direction },
            expected: if flags.syn { sequence.wrapping_add(1) } else { sequence },
            position: 0,
            held: BTreeMap::new(),
            held_bytes: 0,
            end: None,
            is_closed: false,
            used: self.segments,
        }
    }

    /// Lets go of lanes that are closed, or of the quarter that was silent longest.
    fn make_room(&mut self, out: &mut Vec<Event>) {
        if self.lanes.len() < LANES_MAX {
            return;
        }
        self.lanes.retain(|_, lane| !lane.is_closed);
        let excess = self.lanes.len().saturating_sub(LANES_MAX * 3 / 4);
        let mut ages: Vec<_> = self.lanes.iter().map(|(key, lane)| (lane.used, *key)).collect();
        ages.sort_by_key(|(used, _)| *used);
        for (_, key) in ages.into_iter().take(excess) {
            if let Some(lane) = self.lanes.remove(&key) {
                self.close(lane, out);
            }
        }
    }
}

impl Lane {
    /// How far the segment lies from the byte that is expected; `None` if so far that it belongs to
    /// another connection.
    fn distance(&self, segment: &Segment<'_>) -> Option<i32> {
        let data = segment.sequence.wrapping_add(u32::from(segment.flags.syn));
        let distance = data.wrapping_sub(self.expected).cast_signed();
        (distance.unsigned_abs() <= WINDOW_BYTES_MAX).then_some(distance)
    }

    fn take(&mut self, segment: &Segment<'_>, time_ns: Option<u64>, out: &mut Vec<Event>) {
        let Some(distance) = self.distance(segment).filter(|_| !self.is_closed) else { return };
        let length = count(segment.payload.len() + segment.cut);
        if segment.flags.fin {
            self.end = self.position.checked_add_signed(distance.into()).map(|at| at + length);
        }
        let held = Held { bytes: segment.payload.to_vec(), cut: segment.cut, time_ns };
        match u64::try_from(distance) {
            Ok(ahead) if ahead > 0 && length > 0 => self.hold(self.position + ahead, held),
            Ok(_) => self.give(0, held, out),
            Err(_) => self.give(u64::from(distance.unsigned_abs()), held, out),
        }
        self.drain(out);
        if self.end.is_some_and(|end| end <= self.position) {
            self.close(time_ns, out);
        }
    }

    fn hold(&mut self, position: u64, held: Held) {
        let is_longer = |old: &Held| old.bytes.len() + old.cut < held.bytes.len() + held.cut;
        if self.held.get(&position).is_none_or(is_longer) {
            self.held_bytes += held.cost();
            if let Some(old) = self.held.insert(position, held) {
                self.held_bytes -= old.cost();
            }
        }
    }

    /// Gives away a segment of which this many bytes were given before.
    fn give(&mut self, known: u64, held: Held, out: &mut Vec<Event>) {
        let Held { mut bytes, cut, time_ns } = held;
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        if known >= bytes.len() + cut {
            return;
        }
        let cut = cut.min(bytes.len() + cut - known);
        bytes.drain(..known.min(bytes.len()));
        if !bytes.is_empty() {
            self.advance(count(bytes.len()));
            out.push(self.event(time_ns, What::Bytes(bytes)));
        }
        if cut > 0 {
            self.advance(count(cut));
            out.push(self.event(time_ns, What::Gap(count(cut))));
        }
    }

    /// Gives away what waited for the bytes that have come.
    fn drain(&mut self, out: &mut Vec<Event>) {
        while let Some(entry) =
            self.held.first_entry().filter(|entry| *entry.key() <= self.position)
        {
            let (position, held) = entry.remove_entry();
            self.held_bytes -= held.cost();
            self.give(self.position - position, held, out);
        }
    }

    /// Gives away everything that waits, and says what is missing between.
    fn pass_over(&mut self, out: &mut Vec<Event>) {
        while let Some((&position, held)) = self.held.first_key_value() {
            let (missing, time_ns) = (position.saturating_sub(self.position), held.time_ns);
            self.advance(missing);
            out.push(self.event(time_ns, What::Gap(missing)));
            self.drain(out);
        }
    }

    fn close(&mut self, time_ns: Option<u64>, out: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.is_closed, true) {
            self.held.clear();
            self.held_bytes = 0;
            out.push(self.event(time_ns, What::End));
        }
    }

    fn advance(&mut self, bytes: u64) {
        self.position += bytes;
        // Bound: nothing lies farther ahead than a window.
        self.expected = self.expected.wrapping_add(u32::try_from(bytes).unwrap_or(0));
    }

    fn event(&self, time_ns: Option<u64>, what: What) -> Event {
        Event { lane: self.number, way: self.way, time_ns, what }
    }
}

#[cfg(test)]
#[path = "tcp_tests.rs"]
mod tests;
