//! Connections between terminals and gateway: in order, and otherwise as bad as the seed wants.
//!
//! ```text
//!   terminal ──Up──▶ [ latency, pieces ] ──▶ session manager        one lane each way;
//!            ◀─Down─ [ mishap at byte n ] ◀──             a mishap befalls one lane at one byte
//! ```

use rustc_hash::FxHashMap;
use tillgate_core::id::SessionId;

use super::config::{self, Stream, number};
use super::event::Event;
use super::fault::{Fault, Faults};
use super::queue::Queue;
use super::socket::Socket;
use crate::rng::Rng;
use crate::time::{Moment, Span};

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the gateway.
    Up,
    /// To the terminal.
    Down,
}

/// What arrives.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Bytes(Vec<u8>),
    /// The other end closed, or the connection broke.
    End,
    /// The connection broke, and the system says so.
    Reset,
}

/// What befalls a connection at one byte of one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ill {
    /// Both ends learn that it broke.
    Reset,
    /// Neither end receives anything any more.
    Silence,
    /// Only the terminal receives that it ended.
    GatewayUnaware,
    /// Only the gateway learns that it ended.
    TerminalUnaware,
    /// A bit flips.
    Flip,
    /// The bytes come twice.
    Twice,
    /// The lane is stalled.
    Stall,
}

/// Who called, by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    Terminal(usize),
    Thief(usize),
    Concentrator(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Mishap {
    pub(super) way: Way,
    pub(super) at: usize,
    pub(super) ill: Ill,
}

#[derive(Default)]
struct Lane {
    last: Moment,
    sent: usize,
    dead: bool,
}

/// One connection, from the call to its end; never used again.
pub(super) struct Conn {
    /// `None`: somebody who plays a recording.
    pub(super) caller: Option<Caller>,
    pub(super) reactor: u16,
    pub(super) session: Option<SessionId>,
    /// Whether the gateway's end is open.
    pub(super) served: bool,
    /// Whether the caller's end is open.
    pub(super) held_open: bool,
    /// Whether its session manager wants nothing from it now.
    pub(super) paused: bool,
    /// The gateway's end.
    pub(super) socket: Socket,
    lanes: [Lane; 2],
    mishap: Option<Mishap>,
    /// What the caller sent, for whoever listens.
    recorded: Vec<u8>,
}

/// Bytes of a connection that an eavesdropper keeps.
const RECORDED_BYTES_MAX: usize = 1_024;

/// Every connection there was.
pub(super) struct Wire {
    config: config::Wire,
    /// How long a terminal may take nothing of what it is sent.
    write_stall: Span,
    faults: Faults,
    rng: Rng,
    pub(super) conns: Vec<Conn>,
    pub(super) sessions: FxHashMap<SessionId, usize>,
    /// Connections that the gateway may have written to since their bytes last left.
    writing: Vec<usize>,
    pub(super) calm: bool,
    /// What befalls the first connection, whatever is drawn.
    pub(super) fixed: Option<Mishap>,
}

impl Wire {
    pub(super) fn new(config: config::Wire, write_stall: Span, faults: Faults, seed: u64) -> Self {
        let rng = Stream::WireRun.rng(seed);
        let (conns, sessions, writing) = (Vec::new(), FxHashMap::default(), Vec::new());
        let (calm, fixed) = (false, None);
        Self { config, write_stall, faults, rng, conns, sessions, writing, calm, fixed }
    }

    /// A new connection; it arrives at the gateway after a while.
    pub(super) fn call(
        &mut self,
        queue: &mut Queue,
        now: Moment,
        caller: Option<Caller>,
        reactors: u16,
    ) -> usize {
        self.open(queue, now, caller, |rng| number(rng, reactors))
    }

    /// A new connection to a port of its own, as a reactor's number.
    pub(super) fn call_port(
        &mut self,
        queue: &mut Queue,
        now: Moment,
        caller: Option<Caller>,
        port: u16,
    ) -> usize {
        self.open(queue, now, caller, |_| port)
    }

    fn open(
        &mut self,
        queue: &mut Queue,
        now: Moment,
        caller: Option<Caller>,
        reactor: impl FnOnce(&mut Rng) -> u16,
    ) -> usize {
        let conn = self.conns.len();
        let mishap = self.draw_mishap();
        let mishap = if conn == 0 { self.fixed.or(mishap) } else { mishap };
        self.conns.push(Conn {
            caller,
            reactor: reactor(&mut self.rng),
            session: None,
            served: false,
            held_open: true,
            paused: false,
            socket: Socket::new(self.config.socket_bytes),
            lanes: Default::default(),
            mishap,
            recorded: Vec::new(),
        });
        let at = now.after(self.latency());
        queue.push(at, Event::Arrive { conn });
        conn
    }

    /// One crossing of the wire.
    pub(super) fn latency(&mut self) -> Span {
        let (low, high) = self.config.latency;
        self.rng.between(low, high)
    }

    /// Sends bytes, in one or more pieces, through whatever befalls the connection.
    pub(super) fn send(
        &mut self,
        queue: &mut Queue,
        now: Moment,
        (conn, way): (usize, Way),
        bytes: &[u8],
    ) {
        let records = self.faults.has(Fault::Tamper);
        let place = &mut self.conns[conn];
        if way == Way::Up && records && place.recorded.len() < RECORDED_BYTES_MAX {
            place.recorded.extend_from_slice(bytes);
        }
        let sent = place.lanes[index(way)].sent;
        let due = place
            .mishap
            .filter(|mishap| mishap.way == way && (sent..sent + bytes.len()).contains(&mishap.at));
        let Some(mishap) = due.filter(|_| !self.calm) else {
            return self.pass(queue, now, (conn, way), bytes);
        };
        let (before, after) = bytes.split_at(mishap.at - sent);
        self.pass(queue, now, (conn, way), before);
        self.befall(queue, now, (conn, way), mishap.ill, after);
    }

    /// An end closes.
    pub(super) fn end(&mut self, queue: &mut Queue, now: Moment, conn: usize, way: Way) {
        if !self.conns[conn].lanes[index(way)].dead {
            self.put(queue, now, (conn, way), Item::End);
            self.conns[conn].lanes[index(way)].dead = true;
        }
    }

    /// Nothing passes any more, and neither end learns it.
    pub(super) fn silence(&mut self, conn: usize) {
        for lane in &mut self.conns[conn].lanes {
            lane.dead = true;
        }
    }

    /// A connection is a session of the gateway from now on; its socket.
    pub(super) fn admit(&mut self, conn: usize, session: SessionId) -> Socket {
        let place = &mut self.conns[conn];
        place.session = Some(session);
        self.sessions.insert(session, conn);
        place.socket.clone()
    }

    /// The gateway may write to a connection in this turn.
    pub(super) fn writes(&mut self, conn: usize) {
        self.writing.push(conn);
    }

    /// What the gateway has written leaves.
    pub(super) fn send_written(&mut self, queue: &mut Queue, now: Moment) {
        for conn in std::mem::take(&mut self.writing) {
            let bytes = self.conns[conn].socket.take_written();
            self.send(queue, now, (conn, Way::Down), &bytes);
            if let Some(receipts) = self.conns[conn].socket.blocked() {
                let at = now.after(self.write_stall).after(Span::ms(1));
                queue.push(at, Event::Stalled { conn, receipts });
            }
        }
    }

    /// Whether a connection is served although its terminal has received nothing since then.
    pub(super) fn is_served_blocked(&self, conn: usize, receipts: u32) -> bool {
        let Conn { served, ref socket, .. } = self.conns[conn];
        served && socket.blocked() == Some(receipts)
    }

    /// A terminal has received something: whether the gateway's socket takes more again.
    pub(super) fn landed(&mut self, conn: usize, item: &Item) -> bool {
        let Item::Bytes(bytes) = item else { return false };
        self.conns[conn].socket.received(bytes.len(), self.config.socket_bytes);
        true
    }

    /// Bytes that were put on a lane.
    pub(super) fn sent(&self, conn: usize, way: Way) -> usize {
        self.conns[conn].lanes[index(way)].sent
    }

    /// What somebody who listened could play again, and to whom it was sent.
    pub(super) fn recording(&mut self) -> Option<(Vec<u8>, u16)> {
        let recorded: Vec<&Conn> =
            self.conns.iter().filter(|conn| !conn.recorded.is_empty()).collect();
        let place = self.rng.below(u64::try_from(recorded.len()).unwrap_or(0));
        let conn = recorded.get(usize::try_from(place).unwrap_or(0))?;
        Some((conn.recorded.clone(), conn.reactor))
    }

    fn befall(
        &mut self,
        queue: &mut Queue,
        now: Moment,
        (conn, way): (usize, Way),
        ill: Ill,
        rest: &[u8],
    ) {
        match ill {
            Ill::Reset => {
                self.put(queue, now, (conn, Way::Up), Item::Reset);
                self.end(queue, now, conn, Way::Down);
            }
            Ill::Silence => {}
            Ill::GatewayUnaware => self.end(queue, now, conn, Way::Down),
            Ill::TerminalUnaware => self.end(queue, now, conn, Way::Up),
            Ill::Flip => {
                let mut flipped = rest.to_vec();
                if let Some(byte) = flipped.first_mut() {
                    *byte ^= 1 << self.rng.below(8);
                }
                return self.pass(queue, now, (conn, way), &flipped);
            }
            Ill::Twice => {
                self.pass(queue, now, (conn, way), rest);
                return self.pass(queue, now, (conn, way), rest);
            }
            Ill::Stall => {
                let stall = self.rng.between(Span::ms(100), self.config.stall);
                let lane = &mut self.conns[conn].lanes[index(way)];
                lane.last = lane.last.max(now.after(stall));
                return self.pass(queue, now, (conn, way), rest);
            }
        }
        self.silence(conn);
    }

    fn pass(&mut self, queue: &mut Queue, now: Moment, lane: (usize, Way), bytes: &[u8]) {
        let mut left = bytes;
        while !left.is_empty() {
            let piece = if !self.calm && self.rng.chance(self.config.split_permille) {
                let most = u64::try_from(left.len()).unwrap_or(u64::MAX);
                usize::try_from(1 + self.rng.below(most)).unwrap_or(left.len())
            } else {
                left.len()
            };
            let (bytes, rest) = left.split_at(piece);
            self.put(queue, now, lane, Item::Bytes(bytes.to_vec()));
            left = rest;
        }
    }

    fn put(&mut self, queue: &mut Queue, now: Moment, (conn, way): (usize, Way), item: Item) {
        let latency = self.latency();
        let lane = &mut self.conns[conn].lanes[index(way)];
        if lane.dead {
            return;
        }
        if let Item::Bytes(bytes) = &item {
            lane.sent += bytes.len();
        }
        // Later than everything before it: what arrives is in the order of what was sent.
        let at = now.after(latency).max(lane.last.after(Span(1)));
        lane.last = at;
        queue.push(at, Event::Deliver { conn, way, item });
    }

    fn draw_mishap(&mut self) -> Option<Mishap> {
        let happens = self.rng.chance(self.config.mishap_permille);
        let way = if self.rng.chance(500) { Way::Up } else { Way::Down };
        // A hello has 81 bytes and its reply 51; a sale about 60, its answer about 100.
        let at = usize::from(number(&mut self.rng, 900));
        let mut ills = Vec::new();
        if self.faults.has(Fault::Cuts) {
            ills.extend([Ill::Reset, Ill::Silence, Ill::GatewayUnaware, Ill::TerminalUnaware]);
        }
        if self.faults.has(Fault::Tamper) {
            ills.extend([Ill::Flip, Ill::Twice]);
        }
        if self.faults.has(Fault::Stalls) {
            ills.push(Ill::Stall);
        }
        let place = number(&mut self.rng, u16::try_from(ills.len()).unwrap_or(0));
        let ill = ills.get(usize::from(place)).copied()?;
        happens.then_some(Mishap { way, at, ill })
    }
}

const fn index(way: Way) -> usize {
    match way {
        Way::Up => 0,
        Way::Down => 1,
    }
}
