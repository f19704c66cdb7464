//! Where connections come in: listening sockets, and what happens when descriptors run out.
//!
//! mio reports edges. An acceptor that stops accepting on an error would never learn of the waiting
//! connections again, and one that goes on would spin. So a descriptor is held in reserve: it is
//! given up to take one connection, which is closed at once, and then taken again; where even that
//! does not work, a timer tries again after [`ACCEPT_PAUSE`].

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};

use mio::net::{TcpListener, TcpStream};
use nix::libc;
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tillgate_core::id::Peer;
use tillgate_core::time::Moment;
use tillgate_types::{Subnet, network};

use crate::serve::limits::{
    ACCEPT_PAUSE, ACCEPTS_PER_TURN_MAX, KEEPALIVE_AFTER, KEEPALIVE_COUNT, KEEPALIVE_EVERY,
    SOCKET_RECEIVE_BYTES, SOCKET_SEND_BYTES, UNACKNOWLEDGED_MAX,
};

pub(crate) struct Acceptor {
    listener: TcpListener,
    reserve: Option<File>,
    /// Whether somebody may be waiting.
    readable: bool,
    paused_until: Option<Moment>,
    /// Connections closed because there was no descriptor for them.
    shed: u64,
    /// Whom it lets in; `None`: everybody.
    networks: Option<Vec<Subnet>>,
    /// Connections closed because they came from elsewhere.
    foreign: u64,
    /// Makes [`Peer`]s of addresses, so that nobody can choose addresses that collide.
    peers: RandomState,
}

/// `count` sockets that listen on one address and share its connections.
///
/// # Errors
/// Those of the system, above all that the address is taken.
pub(crate) fn listen(
    address: SocketAddr,
    backlog: u16,
    count: u16,
) -> io::Result<Vec<std::net::TcpListener>> {
    refuse_taken(address)?;
    let first = listen_one(address, backlog)?;
    let bound = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..count {
        listeners.push(listen_one(bound, backlog)?);
    }
    Ok(listeners)
}

/// Sockets of one user that share a port would also share it with another gateway, which then got
/// half of our terminals; a socket that does not share finds out whether somebody is there.
fn refuse_taken(address: SocketAddr) -> io::Result<()> {
    let alone = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    alone.set_reuse_address(true)?;
    alone.bind(&address.into())
}

/// What is set here is inherited by every connection, so that accepting one costs no more calls.
fn listen_one(address: SocketAddr, backlog: u16) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_recv_buffer_size(SOCKET_RECEIVE_BYTES)?;
    socket.set_send_buffer_size(SOCKET_SEND_BYTES)?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new()
            .with_time(KEEPALIVE_AFTER)
            .with_interval(KEEPALIVE_EVERY)
            .with_retries(KEEPALIVE_COUNT),
    )?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::from(backlog))?;
    Ok(socket.into())
}

impl Acceptor {
    /// Opens the acceptor over a listening socket.
    ///
    /// # Errors
    /// No descriptor for the reserve.
    pub(crate) fn new(listener: std::net::TcpListener) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::from_std(listener),
            reserve: Some(open_reserve()?),
            readable: true,
            paused_until: None,
            shed: 0,
            networks: None,
            foreign: 0,
            peers: RandomState::new(),
        })
    }

    /// Lets in only who comes from one of these networks.
    pub(crate) fn only_from(self, networks: Vec<Subnet>) -> Self {
        Self { networks: Some(networks), ..self }
    }

    pub(crate) fn source(&mut self) -> &mut TcpListener {
        &mut self.listener
    }

    pub(crate) fn readable(&mut self) {
        self.readable = true;
    }

    /// Whether the next turn has somebody to let in without a new event.
    pub(crate) fn is_readable(&self) -> bool {
        self.readable && self.paused_until.is_none()
    }

    /// When to try again after the system was short of something.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        self.paused_until
    }

    /// Connections closed because there was no descriptor for them.
    pub(crate) fn shed(&self) -> u64 {
        self.shed
    }

    /// Connections closed because they came from networks that are not let in.
    pub(crate) fn foreign(&self) -> u64 {
        self.foreign
    }

    /// Takes at most one turn's worth of connections.
    pub(crate) fn accept(&mut self, now: Moment, newcomers: &mut Vec<(TcpStream, Peer)>) {
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
        }
        for _ in 0..ACCEPTS_PER_TURN_MAX {
            if !self.is_readable() {
                return;
            }
            match self.listener.accept() {
                Ok((_, from)) if self.is_foreign(from.ip()) => self.foreign += 1,
                Ok((stream, from)) => newcomers.push((stream, self.peer(from.ip()))),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(error) if is_out_of_descriptors(&error) => self.shed_one(now),
                Err(error) if is_peers_fault(&error) => {}
                Err(_) => self.paused_until = Some(now.after(ACCEPT_PAUSE)),
            }
        }
    }

    fn is_foreign(&self, address: IpAddr) -> bool {
        let contains = |networks: &Vec<Subnet>| networks.iter().any(|one| one.contains(address));
        !self.networks.as_ref().is_none_or(contains)
    }

    fn peer(&self, address: IpAddr) -> Peer {
        Peer(self.peers.hash_one(network(address)))
    }

    /// Without a descriptor the system does not even say whether somebody waits; with the reserve
    /// given up it does.
    fn shed_one(&mut self, now: Moment) {
        if self.reserve.take().is_some() {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    drop(stream);
                    self.shed += 1;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                // Another thread was quicker to take it.
                Err(_) => self.paused_until = Some(now.after(ACCEPT_PAUSE)),
            }
        }
        self.reserve = open_reserve().ok();
        if self.reserve.is_none() {
            self.paused_until = Some(now.after(ACCEPT_PAUSE));
        }
    }
}

/// Says no: the refusal is sent if the socket takes it at once. What the peer has sent is read
/// first, or closing would reset the connection and the refusal would be lost with it.
pub(crate) fn refuse(mut stream: TcpStream, bytes: &[u8]) {
    let mut said = [0; 512];
    // Whether these succeed makes no difference: the connection ends here.
    drop(stream.read(&mut said));
    drop(stream.write(bytes));
}

fn open_reserve() -> io::Result<File> {
    File::open("/dev/null")
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// The connection ended before it was accepted; the next one may be well.
fn is_peers_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    ) || matches!(
        error.raw_os_error(),
        Some(
            libc::ENETDOWN
                | libc::EPROTO
                | libc::ENOPROTOOPT
                | libc::EHOSTDOWN
                | libc::ENONET
                | libc::EHOSTUNREACH
                | libc::ENETUNREACH
                | libc::EPERM
        )
    )
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use mio::{Events, Interest, Poll, Token};
    use nix::sys::resource::{Resource, setrlimit};

    use super::*;
    use crate::serve::clock::{Clock, ClockTrust};

    const DESCRIPTORS: u64 = 40;
    const CLIENTS: usize = 80;

    /// The gateway's side, in a process of its own because of its limit. It accepts for ever, says
    /// where, and then once a second how often it woke up and how many it has accepted.
    #[test]
    #[ignore = "started by out_of_descriptors_newcomers_are_shed_without_spinning_or_going_deaf"]
    fn an_acceptor_in_a_small_process() {
        setrlimit(Resource::RLIMIT_NOFILE, DESCRIPTORS, DESCRIPTORS).unwrap();
        let clock = Clock::start(ClockTrust::Checked);
        let listener = listen("127.0.0.1:0".parse().unwrap(), 128, 1).unwrap().remove(0);
        println!("\nat {}", listener.local_addr().unwrap());
        let mut poll = Poll::new().unwrap();
        let mut acceptor = Acceptor::new(listener).unwrap();
        poll.registry().register(acceptor.source(), Token(0), Interest::READABLE).unwrap();
        let mut events = Events::with_capacity(8);
        let (mut inside, mut wakes) = (Vec::new(), 0);
        let end = clock.now().after(tillgate_core::time::Span::s(20));
        while clock.now() < end {
            let patience = if acceptor.is_readable() {
                Duration::ZERO
            } else {
                acceptor.deadline().map_or(Duration::from_secs(1), |at| clock.until(at))
            };
            poll.poll(&mut events, Some(patience)).unwrap();
            wakes += 1;
            if !events.is_empty() {
                acceptor.readable();
            }
            let gone =
                |(stream, _): &(TcpStream, Peer)| matches!((&mut &*stream).read(&mut [0]), Ok(0));
            inside.retain(|newcomer| !gone(newcomer));
            acceptor.accept(clock.now(), &mut inside);
            println!("woke {wakes} inside {} shed {}", inside.len(), acceptor.shed());
        }
    }

    #[test]
    fn out_of_descriptors_newcomers_are_shed_without_spinning_or_going_deaf() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "serve::reactor::acceptor::tests::an_acceptor_in_a_small_process"])
            .args(["--ignored", "--nocapture", "--test-threads=1"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address: SocketAddr = lines
            .find_map(|line| line.strip_prefix("at ").map(str::to_owned))
            .unwrap()
            .parse()
            .unwrap();
        let crowd: Vec<_> =
            (0..CLIENTS).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        let number =
            |line: &str, at: usize| -> usize { line.split(' ').nth(at).unwrap().parse().unwrap() };
        let full = lines
            .find(|line| line.starts_with("woke") && number(line, 3) + number(line, 5) == CLIENTS)
            .unwrap();
        assert!(number(&full, 5) > CLIENTS / 3, "most are shed: {full}");
        assert!(number(&full, 1) < 4 * CLIENTS, "it spins: {full}");
        // Once there is room again, the next one is let in.
        drop(crowd);
        // The first may come before the crowd is noticed to be gone, and is shed too.
        let late: Vec<_> = (0..3)
            .map(|_| {
                std::thread::sleep(std::time::Duration::from_millis(100));
                std::net::TcpStream::connect(address).unwrap()
            })
            .collect();
        let few = 1..=late.len();
        let room = lines.find(|line| line.starts_with("woke") && few.contains(&number(line, 3)));
        assert!(room.is_some(), "it went deaf");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
