//! A bare mio echo: the cheapest server there can be with the same event library.
//!
//! It reads frames of one size and answers each with a frame of another, without looking at a byte
//! of it: what is left is the price of the sockets, to which everything the gateway does is added.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(usize::MAX);
const READ_BYTES: usize = 64 * 1024;
const EVENTS_MAX: usize = 1024;
/// Answers written at once; enough for one read.
const ANSWERS_MAX: usize = 512;

struct Peer {
    stream: TcpStream,
    /// Bytes of a request whose end has not come.
    come: usize,
    /// Bytes of answers that the socket did not take.
    owed: usize,
}

/// Frame sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Frames {
    /// Of a request.
    pub request: usize,
    /// Of an answer.
    pub answer: usize,
}

/// Listens on `address`, tells `bound` where, and echoes until the process ends.
///
/// # Errors
/// Whatever the listener or the event queue fails with.
pub fn serve(
    address: SocketAddr,
    frames: Frames,
    bound: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(address)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    bound(listener.local_addr()?);
    let mut peers: Vec<Option<Peer>> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut events = Events::with_capacity(EVENTS_MAX);
    let mut buffer = vec![0; READ_BYTES];
    let answers = vec![b'.'; frames.answer * ANSWERS_MAX];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &poll, &mut peers, &mut free)?;
                continue;
            }
            let Token(slot) = event.token();
            let Some(peer) = peers.get_mut(slot).and_then(Option::as_mut) else { continue };
            let gone = event.is_read_closed() || event.is_error();
            if peer.turn(frames, &mut buffer, &answers, gone).is_err() {
                peers[slot] = None;
                free.push(slot);
            }
        }
    }
}

fn accept(
    listener: &TcpListener,
    poll: &Poll,
    peers: &mut Vec<Option<Peer>>,
    free: &mut Vec<usize>,
) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nodelay(true)?;
        let slot = free.pop().unwrap_or_else(|| {
            peers.push(None);
            peers.len() - 1
        });
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(slot), both)?;
        peers[slot] = Some(Peer { stream, come: 0, owed: 0 });
    }
}

impl Peer {
    /// Reads what has come and answers it; an error ends the connection.
    fn turn(
        &mut self,
        frames: Frames,
        buffer: &mut [u8],
        answers: &[u8],
        gone: bool,
    ) -> io::Result<()> {
        loop {
            self.pay(answers)?;
            match self.stream.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.come += count;
                    self.owed += self.come / frames.request * frames.answer;
                    self.come %= frames.request;
                    self.pay(answers)?;
                    if count < buffer.len() && !gone {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn pay(&mut self, answers: &[u8]) -> io::Result<()> {
        while self.owed > 0 {
            match self.stream.write(&answers[..self.owed.min(answers.len())]) {
                Ok(count) => self.owed -= count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
