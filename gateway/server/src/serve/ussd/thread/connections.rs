//! The connections of links over SMPP: what comes and goes over their sockets.

use mio::Interest;
use mio::net::TcpStream;
use parking_lot::RwLock;
use tillgate_core::directory::Directory;
use tillgate_core::id::SessionId;
use tillgate_core::session;
use tillgate_core::sockets::{Readiness, Taken};
use tillgate_core::time::Moment;
use tillgate_core::ussd::dialogs::Clocks;
use tillgate_core::ussd::smpp::{Connection, Input};
use zeroize::Zeroize;

use super::UssdThread;
use crate::serve::reactor::{PortStream, WAKER, readiness, session_of, token_of};
use crate::serve::supervisor::Report;
use crate::serve::ussd::connect::Opened;

impl UssdThread {
    /// A connection is there, or not.
    pub(super) fn opened(&mut self, opened: Opened, clocks: Clocks, directory: &Directory) {
        let Opened { link, connection, stream } = opened;
        let (index, session) = (usize::from(link), session(self.reactor, link, connection));
        let Some(end) = self.smpp(index) else { return };
        if end.wanted[connection.index] != Some(connection.attempt) {
            // The link has given it up.
            return;
        }
        let tls = end.tls.clone();
        let made = stream.and_then(|stream| {
            let mut stream = PortStream::to(TcpStream::from_std(stream), tls)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.events.poll.registry().register(&mut stream, token_of(session), interest)?;
            Ok(stream)
        });
        match made {
            Ok(stream) => {
                let shakes = stream.shakes_hands();
                self.sockets.insert(session, stream);
                if shakes {
                    self.smpp(index).into_iter().for_each(|end| end.shaking.push(session));
                    let readiness = Readiness { readable: true, ..Readiness::default() };
                    return self.sockets.notice(session, readiness);
                }
                self.feed(index, Input::Connected(connection), clocks, directory);
            }
            Err(error) => {
                let report = Report::LinkFault { link, text: error.to_string() };
                // The link's state is shown all the same.
                drop(self.reports.try_send(report));
                self.feed(index, Input::Lost(connection), clocks, directory);
            }
        }
    }

    /// Only notes what the events say; reading follows for all of them alike.
    pub(super) fn take_events(&mut self) {
        for event in &self.events.ready {
            if event.token() == WAKER {
                continue;
            }
            let session = session_of(self.reactor, event.token());
            let mut readiness = readiness(event);
            // What TLS has left to write, it writes when it is read.
            readiness.readable |= readiness.writable;
            self.sockets.notice(session, readiness);
        }
        self.events.ready.clear();
    }

    pub(super) fn read_sockets(&mut self, clocks: Clocks, directory: &Directory) {
        let mut buffer = std::mem::take(&mut self.buffer);
        for _ in 0..self.sockets.ready() {
            let Some(session) = self.sockets.next_ready() else { break };
            self.read_socket(session, &mut buffer, clocks, directory);
        }
        self.buffer = buffer;
    }

    /// Of a pair the receiver is read first and heeded last: the transmitter says that a screen was
    /// taken before the receiver has what was entered on it, or the same entry as before would count as
    /// delivered twice.
    fn read_socket(
        &mut self,
        session: SessionId,
        buffer: &mut [u8],
        clocks: Clocks,
        directory: &Directory,
    ) {
        let (index, connection) = parts(session);
        let transmitter = self.transmitter_of(session);
        let half = if transmitter.is_some() { buffer.len() / 2 } else { buffer.len() };
        let (buffer, rest) = buffer.split_at_mut(half);
        let taken = self.sockets.read(session, buffer);
        if let Some(transmitter) = transmitter {
            self.read_socket(transmitter, rest, clocks, directory);
        }
        match taken {
            Taken::Bytes(length) => {
                let bytes = &mut buffer[..length];
                self.shaken(session, clocks, directory);
                self.feed(index, Input::Received(connection, bytes), clocks, directory);
                if self.smpp(index).is_some_and(|end| end.tls.is_some()) {
                    // A short read is not the end of what there is.
                    let readiness = Readiness { readable: true, ..Readiness::default() };
                    self.sockets.notice(session, readiness);
                }
                // A PIN may have been in it.
                bytes.zeroize();
            }
            Taken::Nothing => self.shaken(session, clocks, directory),
            Taken::End => {
                self.feed(index, Input::Lost(connection), clocks, directory);
                self.forget(session);
            }
        }
    }

    /// The transmitter of a pair whose receiver this is.
    fn transmitter_of(&mut self, session: SessionId) -> Option<SessionId> {
        let (index, connection) = parts(session);
        let attempt = self.smpp(index).filter(|_| connection.index == 1)?.wanted[0]?;
        Some(SessionId { slot: session.slot - 1, generation: attempt, ..session })
    }

    /// A connection is usable as soon as its TLS is there.
    fn shaken(&mut self, session: SessionId, clocks: Clocks, directory: &Directory) {
        let (index, connection) = parts(session);
        let is_open = self.sockets.stream(session).is_some_and(|stream| !stream.shakes_hands());
        let Some(end) = self.smpp(index) else { return };
        let Some(place) = end.shaking.iter().position(|other| *other == session) else { return };
        if is_open {
            end.shaking.swap_remove(place);
            self.feed(index, Input::Connected(connection), clocks, directory);
        }
    }

    /// Sends what the turn has gathered, and gives up who does not take it.
    pub(super) fn flush(&mut self, now: Moment, directory: &RwLock<Directory>) {
        self.sockets.flush(now);
        while let Some(lost) = self.sockets.next_lost(now) {
            let (session, is_full) = match lost {
                session::Input::Overflowed { session } => (session, true),
                session::Input::Closed { session } => (session, false),
                _ => continue,
            };
            let (index, connection) = parts(session);
            let input =
                if is_full { Input::Overflowed(connection) } else { Input::Lost(connection) };
            let clocks = Clocks { now, wall: self.clock.wall() };
            self.feed(index, input, clocks, &directory.read());
            self.forget(session);
        }
    }

    /// Its peer or the system has ended it, so its link asks for no close.
    fn forget(&mut self, session: SessionId) {
        let (index, _) = parts(session);
        if let Some(end) = self.smpp(index) {
            end.shaking.retain(|other| *other != session);
        }
        self.sockets.close(session);
    }
}

/// The name of a link's connection among sockets.
pub(super) fn session(reactor: u16, link: u16, connection: Connection) -> SessionId {
    let index = u32::try_from(connection.index).unwrap_or(u32::MAX);
    SessionId { reactor, slot: u32::from(link) * 2 + index, generation: connection.attempt }
}

/// The link and the connection of that name.
fn parts(session: SessionId) -> (usize, Connection) {
    let slot = usize::try_from(session.slot).unwrap_or(usize::MAX);
    (slot / 2, Connection { index: slot % 2, attempt: session.generation })
}
