use std::cell::RefCell;
use std::rc::Rc;

use super::*;

/// A socket that holds what its peer sent, and takes this many bytes more.
#[derive(Clone, Default)]
struct Socket {
    arrived: Rc<RefCell<Vec<u8>>>,
    room: Rc<RefCell<usize>>,
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut arrived = self.arrived.borrow_mut();
        if arrived.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = arrived.len().min(buffer.len());
        buffer[..length].copy_from_slice(&arrived.drain(..length).collect::<Vec<u8>>());
        Ok(length)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let takes = bytes.len().min(*self.room.borrow());
        *self.room.borrow_mut() -= takes;
        if takes == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(takes) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const READABLE: Readiness =
    Readiness { readable: true, writable: false, read_closed: false, broken: false };

fn session(slot: u32) -> SessionId {
    SessionId { reactor: 0, slot, generation: 1 }
}

fn sockets() -> Sockets<Socket> {
    let limits = SessionLimits { unsent_bytes_max: 100, ..SessionLimits::default() };
    Sockets::new(&limits)
}

/// A connection in this slot, and the peer's end of it.
fn connect(sockets: &mut Sockets<Socket>, slot: u32) -> Socket {
    let socket = Socket::default();
    sockets.insert(session(slot), socket.clone());
    socket
}

fn lost(sockets: &mut Sockets<Socket>, now: Moment) -> Option<(SessionId, &'static str)> {
    sockets.next_lost(now).map(|input| match input {
        Input::Closed { session } => (session, "closed"),
        Input::Overflowed { session } => (session, "overflowed"),
        _ => unreachable!("nothing else is lost"),
    })
}

#[test]
fn a_paused_session_is_not_read_however_much_comes_and_others_are() {
    let mut sockets = sockets();
    let flooding = connect(&mut sockets, 0);
    let honest = connect(&mut sockets, 1);
    sockets.pause(session(0));
    for _ in 0..1_000 {
        flooding.arrived.borrow_mut().extend_from_slice(b"flood");
        sockets.notice(session(0), READABLE);
    }
    assert_eq!(sockets.ready(), 0, "a turn has nothing to do for it");
    honest.arrived.borrow_mut().extend_from_slice(b"sale");
    sockets.notice(session(1), READABLE);
    assert_eq!((sockets.ready(), sockets.next_ready()), (1, Some(session(1))));
    assert_eq!(sockets.next_ready(), None);
    sockets.resume(session(0));
    assert_eq!(sockets.next_ready(), Some(session(0)), "what came meanwhile is not lost");
    assert_eq!(sockets.read(session(0), &mut [0; 64]), Taken::Bytes(64));
}

#[test]
fn a_socket_that_takes_nothing_is_not_read_and_ends_after_the_stall() {
    let (mut sockets, now) = (sockets(), Moment(0));
    let peer = connect(&mut sockets, 0);
    sockets.send(session(0), b"answer");
    sockets.flush(now);
    sockets.notice(session(0), READABLE);
    assert_eq!(sockets.next_ready(), None, "it does not read what it is sent");
    let end = sockets.deadline().expect("a stall ends");
    assert_eq!(lost(&mut sockets, Moment(end.0 - 1)), None);
    assert_eq!(lost(&mut sockets, end), Some((session(0), "overflowed")));
    // One that takes its bytes in time is read again.
    sockets.send(session(0), b"again");
    sockets.flush(end);
    *peer.room.borrow_mut() = 1_000;
    sockets.notice(session(0), Readiness { writable: true, ..Readiness::default() });
    sockets.flush(end);
    assert_eq!(sockets.next_ready(), Some(session(0)));
    assert_eq!(lost(&mut sockets, Moment(u64::MAX)), None);
}

#[test]
fn more_unsent_bytes_than_the_limit_end_the_session() {
    let mut sockets = sockets();
    connect(&mut sockets, 0);
    sockets.send(session(0), &[7; 100]);
    assert_eq!(lost(&mut sockets, Moment(0)), None);
    sockets.send(session(0), b"7");
    assert_eq!(lost(&mut sockets, Moment(0)), Some((session(0), "overflowed")));
}

#[test]
fn a_paused_session_whose_socket_breaks_is_told_closed() {
    let mut sockets = sockets();
    connect(&mut sockets, 0);
    sockets.pause(session(0));
    sockets.notice(session(0), Readiness { broken: true, ..READABLE });
    assert_eq!(lost(&mut sockets, Moment(0)), Some((session(0), "closed")));
}
