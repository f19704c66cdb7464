//! Bytes between a bridge and its host: connections that open or do not, writes, and what happens
//! to them on their way.

use tillgate_core::provider::iso8583::{Connection, Host};

use super::QUEUED_LATE_MAX;
use super::host::{HostEvent, HostLine, HostTurn, push};
use super::socket::Socket;
use crate::time::Span;
use crate::world::config;
use crate::world::wire::{Mishap, Way};

impl HostLine {
    pub(super) fn connect(&mut self, turn: &mut HostTurn<'_>, life: u32, connection: Connection) {
        self.opened += 1;
        let number = self.opened;
        let mishap = if turn.calm { None } else { self.draw_mishap() };
        let mishap = if number == 1 { self.fixed.or(mishap) } else { mishap };
        self.sockets.insert(number, Socket::new(connection, life, mishap));
        let is_dead = self.dead_from.is_some_and(|dead| dead <= turn.now);
        let rng = &mut self.rng;
        let is_unanswered = rng.chance(self.config.unanswered_permille) && !turn.calm;
        let is_refused = rng.chance(self.config.refused_permille) && !turn.calm;
        let at = turn.now.after(rng.between(Span::ms(1), Span::ms(60)));
        if !is_dead && !is_unanswered {
            let came = if is_refused { HostEvent::Refused } else { HostEvent::Opened };
            push(turn.queue, at, (self.bridge, life), came(number));
        }
    }

    fn draw_mishap(&mut self) -> Option<Mishap> {
        use crate::world::wire::Ill::{GatewayUnaware, Reset, Silence, TerminalUnaware};
        let rng = &mut self.rng;
        if !rng.chance(self.config.mishap_permille) {
            return None;
        }
        let way = if rng.chance(500) { Way::Up } else { Way::Down };
        let at = usize::try_from(rng.below(2_500)).unwrap_or(0);
        let ills = [Reset, Reset, Silence, GatewayUnaware, TerminalUnaware];
        let ill = ills[usize::from(config::number(rng, 5))];
        Some(Mishap { way, at, ill })
    }

    /// The gateway closes its end; what it has written is on its way.
    pub(super) fn close(&mut self, turn: &mut HostTurn<'_>, connection: Connection) {
        let mut sockets = self.sockets.iter_mut();
        let is_it = |socket: &Socket| socket.is_held && socket.connection == connection;
        let Some((number, socket)) = sockets.find(|(_, socket)| is_it(socket)) else { return };
        let (number, life) = (*number, socket.life);
        socket.is_held = false;
        let at = socket.after(turn.now, Way::Down, Span::ms(1));
        if socket.is_accepted && !socket.is_silent {
            push(turn.queue, at, (self.bridge, life), HostEvent::Ended(number, Way::Down));
        } else if !socket.is_accepted {
            self.sockets.remove(&number);
        }
    }

    /// One write for each socket that has something to write and takes it.
    pub(super) fn flush(&mut self, turn: &mut HostTurn<'_>, (life, host): (u32, &mut Host)) {
        let ready: Vec<Connection> = host.with_output().collect();
        for connection in ready {
            let is_it = |socket: &Socket| socket.is_held && socket.connection == connection;
            let found = self.sockets.iter_mut().find(|(_, socket)| is_it(socket));
            let Some((number, socket)) = found.filter(|(_, socket)| !socket.is_blocked) else {
                continue;
            };
            let number = *number;
            let mut bytes = Vec::new();
            host.take_output(connection, &mut bytes);
            if !turn.calm && self.rng.chance(self.config.blocked_permille) {
                socket.is_blocked = true;
                let at = turn.now.after(self.rng.between(Span::ms(1), Span::s(3)));
                push(turn.queue, at, (self.bridge, life), HostEvent::Written(number));
            }
            self.frames.written(turn.witness, (turn.now, self.bridge), &bytes);
            self.carry(turn, number, Way::Down, &bytes);
        }
    }

    /// Bytes of one end on their way to the other, as far as they come.
    pub(super) fn carry(&mut self, turn: &mut HostTurn<'_>, number: u64, way: Way, bytes: &[u8]) {
        let Some(socket) = self.sockets.get_mut(&number) else { return };
        let is_dead = self.dead_from.is_some_and(|dead| dead <= turn.now);
        if socket.is_silent || is_dead {
            return;
        }
        let (bytes, ill) = socket.pass(way, bytes);
        let (rng, config) = (&mut self.rng, &self.config);
        let stands_still = !turn.calm && rng.chance(config.stall_permille);
        let stall = rng.between(Span::ZERO, QUEUED_LATE_MAX);
        let in_pieces = !turn.calm && rng.chance(config.split_permille);
        let mut rest = bytes;
        while !rest.is_empty() {
            let some = 1 + rng.below(u64::try_from(rest.len()).unwrap_or(1));
            let some = usize::try_from(some).unwrap_or(1).min(rest.len());
            let (piece, left) = rest.split_at(if in_pieces { some } else { rest.len() });
            rest = left;
            let takes = rng.between(Span::ms(1), Span::ms(40));
            let takes = if stands_still { Span(takes.0 + stall.0) } else { takes };
            let at = socket.after(turn.now, way, takes);
            let piece = HostEvent::Bytes(number, way, piece.to_vec());
            push(turn.queue, at, (self.bridge, socket.life), piece);
        }
        let Some(ill) = ill else { return };
        socket.is_silent = true;
        for way in Socket::learn(ill) {
            let at = socket.after(turn.now, *way, Span::ms(5));
            push(turn.queue, at, (self.bridge, socket.life), HostEvent::Ended(number, *way));
        }
    }
}
