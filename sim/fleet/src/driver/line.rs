//! One connection: non-blocking, one read and one write per request.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// A station's connection, or the lack of one.
#[derive(Default)]
pub(super) struct Line {
    stream: Option<TcpStream>,
    standing: bool,
    /// Bytes that the socket did not take; empty but for a peer that does not read.
    unsent: Vec<u8>,
}

pub(super) enum Taken {
    /// This many bytes, and possibly more to come without another event.
    Some(usize),
    /// This many bytes, and no more for now.
    All(usize),
    /// Nothing.
    Nothing,
    /// The connection is gone.
    Closed(Lost),
}

/// How a connection was lost, in the operator's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Nobody listens there.
    Refused,
    /// Reset by the other end.
    Reset,
    /// Closed by the other end.
    Closed,
    /// The network gave no answer.
    Unanswered,
    /// This machine has no more local ports for that address.
    NoPorts,
    /// This process may open no more descriptors.
    NoDescriptors,
    /// Cut on purpose by a fault of the scenario.
    Cut,
    /// Something else.
    Other,
}

impl Lost {
    /// A few plain words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Refused => "connection refused",
            Self::Reset => "connection reset by the gateway",
            Self::Closed => "connection closed by the gateway",
            Self::Unanswered => "no answer to the connection attempt",
            Self::NoPorts => "no local port left (use more source addresses)",
            Self::NoDescriptors => "no descriptor left (raise the limit of open files)",
            Self::Cut => "cut by the scenario",
            Self::Other => "other connection error",
        }
    }

    fn of(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
                Self::Reset
            }
            ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                Self::Unanswered
            }
            ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse => Self::NoPorts,
            _ => match error.raw_os_error() {
                Some(libc::EMFILE | libc::ENFILE) => Self::NoDescriptors,
                _ => Self::Other,
            },
        }
    }
}

impl Line {
    /// Whether there is a socket, connected or about to be.
    #[must_use]
    pub(super) fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    /// Begins to connect to `target` from `source`, if one is given.
    ///
    /// # Errors
    /// [`Lost`] when the attempt failed at once.
    pub(super) fn connect(
        &mut self,
        target: SocketAddr,
        source: Option<Ipv4Addr>,
        registry: &Registry,
        token: Token,
    ) -> Result<(), Lost> {
        let opened = open(target, source).and_then(|mut stream| {
            registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            Ok(stream)
        });
        match opened {
            Ok(stream) => {
                *self = Self { stream: Some(stream), ..Self::default() };
                Ok(())
            }
            Err(error) => Err(Lost::of(&error)),
        }
    }

    /// The socket can be written: gives true when the connection has just been made.
    ///
    /// # Errors
    /// [`Lost`] when it failed.
    pub(super) fn writable(&mut self) -> Result<bool, Lost> {
        let Some(stream) = &self.stream else {
            return Ok(false);
        };
        if self.standing {
            self.flush()?;
            return Ok(false);
        }
        if let Ok(Some(error)) | Err(error) = stream.take_error() {
            return Err(Lost::of(&error));
        }
        match stream.peer_addr() {
            Ok(_) => {
                self.standing = true;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(Lost::of(&error)),
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Taken {
        let Some(stream) = &mut self.stream else {
            return Taken::Nothing;
        };
        loop {
            return match stream.read(buffer) {
                Ok(0) => Taken::Closed(Lost::Closed),
                // A short read has emptied the socket; new bytes make a new event (epoll(7), Q9).
                Ok(count) if count < buffer.len() => Taken::All(count),
                Ok(count) => Taken::Some(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => Taken::Nothing,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => Taken::Closed(Lost::of(&error)),
            };
        }
    }

    /// Writes `bytes`, keeping what the socket does not take.
    ///
    /// # Errors
    /// [`Lost`] when the connection is gone.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        let mut left = bytes;
        while self.unsent.is_empty() && !left.is_empty() {
            match stream.write(left) {
                Ok(count) => left = &left[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Lost::of(&error)),
            }
        }
        self.unsent.extend_from_slice(left);
        Ok(())
    }

    /// Closes the connection as a terminal that hangs up does.
    pub(super) fn close(&mut self) {
        *self = Self::default();
    }

    /// Ends the connection with a reset, as a modem that lost its network does after a while.
    pub(super) fn cut(&mut self) {
        if let Some(stream) = &self.stream {
            // Without the option the close is an ordinary one, which is a cut as well.
            drop(SockRef::from(stream).set_linger(Some(Duration::ZERO)));
        }
        self.close();
    }

    fn flush(&mut self) -> Result<(), Lost> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        let unsent = std::mem::take(&mut self.unsent);
        self.write(&unsent)
    }
}

fn open(target: SocketAddr, source: Option<Ipv4Addr>) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(target), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if let Some(source) = source {
        // Without it a bind to port 0 takes a port for every destination at once, and 28,000
        // connections are the end; with it each source address has all ports.
        setsockopt(&socket, IpBindAddressNoPort, &true).map_err(io::Error::from)?;
        socket.bind(&SocketAddr::new(IpAddr::V4(source), 0).into())?;
    }
    match socket.connect(&target.into()) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
        Err(error) => return Err(error),
    }
    Ok(TcpStream::from_std(socket.into()))
}
