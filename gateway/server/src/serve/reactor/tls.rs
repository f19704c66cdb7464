//! Sockets of listeners and of USSD links, plain or with TLS. A socket with TLS reads and writes as a plain one does
//! that fails with [`ErrorKind::WouldBlock`]; its handshake is done while it is read.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use mio::event::Source;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

/// Reads of one socket before its session's next turn, where they give no message: a handshake takes two.
const READS_PER_TURN_MAX: usize = 4;
/// Bytes that are held for a socket that takes none.
const UNSENT_BYTES_MAX: usize = 16 * 1024;

pub(crate) enum PortStream {
    Plain(TcpStream),
    Tls(Box<TlsStream>),
}

pub(crate) struct TlsStream {
    tls: Connection,
    socket: TcpStream,
}

impl PortStream {
    /// A new connection; `None` if TLS cannot begin.
    pub(super) fn new(socket: TcpStream, config: Option<&Arc<ServerConfig>>) -> Option<Self> {
        let Some(config) = config else { return Some(Self::Plain(socket)) };
        let tls = ServerConnection::new(Arc::clone(config)).ok()?;
        Some(Self::over(tls.into(), socket))
    }

    /// A connection that was opened to somebody else.
    ///
    /// # Errors
    /// TLS cannot begin.
    pub(crate) fn to(
        socket: TcpStream,
        config: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    ) -> io::Result<Self> {
        let Some((config, name)) = config else { return Ok(Self::Plain(socket)) };
        let tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        Ok(Self::over(tls.into(), socket))
    }

    fn over(mut tls: Connection, socket: TcpStream) -> Self {
        tls.set_buffer_limit(Some(UNSENT_BYTES_MAX));
        Self::Tls(Box::new(TlsStream { tls, socket }))
    }

    /// Where its peer is, while it is connected.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        let socket = match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.socket,
        };
        socket.peer_addr().ok()
    }

    /// Whether TLS is wanted and there is none yet.
    pub(crate) fn shakes_hands(&self) -> bool {
        matches!(self, Self::Tls(stream) if stream.tls.is_handshaking())
    }

    fn socket(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &mut stream.socket,
        }
    }
}

impl TlsStream {
    /// Offers what is encrypted to the socket.
    fn push(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            if self.tls.write_tls(&mut self.socket)? == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}

impl Read for TlsStream {
    /// [`ErrorKind::Interrupted`]: there may be more, in the session's next turn.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // What a socket did not take earlier is no fault of what is read.
        would_block_is_fine(self.push())?;
        for _ in 0..READS_PER_TURN_MAX {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                other => return other,
            }
            if self.tls.read_tls(&mut self.socket)? == 0 {
                return Ok(0);
            }
            let processed = self.tls.process_new_packets();
            // A handshake goes on, or an alert says why it does not.
            would_block_is_fine(self.push())?;
            processed.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        }
        Err(ErrorKind::Interrupted.into())
    }
}

fn would_block_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        other => other,
    }
}

impl Write for TlsStream {
    /// Takes less than there is only while the socket takes no more: then it reports when it does.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            match self.push() {
                Err(error) if error.kind() == ErrorKind::WouldBlock && taken > 0 => break,
                pushed => pushed?,
            }
            match self.tls.writer().write(rest)? {
                0 => break,
                length => taken += length,
            }
        }
        would_block_is_fine(self.push())?;
        if taken == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.push()
    }
}

impl Drop for TlsStream {
    fn drop(&mut self) {
        self.tls.send_close_notify();
        // Whatever the socket does not take now is lost with it.
        drop(self.push());
    }
}

impl Read for PortStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for PortStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl Source for PortStream {
    fn register(&mut self, to: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.socket().register(to, token, interest)
    }

    fn reregister(&mut self, to: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.socket().reregister(to, token, interest)
    }

    fn deregister(&mut self, from: &Registry) -> io::Result<()> {
        self.socket().deregister(from)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use rustls::{RootCertStore, StreamOwned};

    use super::*;
    use crate::serve::bridge::tls::{certificates, private_key};

    /// A server's end, and a client's that has sent a byte.
    fn pair() -> (TlsStream, StreamOwned<ClientConnection, std::net::TcpStream>) {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
        let dir = tempfile::TempDir::new().unwrap();
        let key = dir.path().join("host.key");
        fs::copy(data.join("host.key"), &key).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
        let chain = certificates(&data.join("host.pem")).ok().unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&ring))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, private_key(&key).ok().unwrap())
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificates(&data.join("ca.pem")).ok().unwrap().remove(0)).unwrap();
        let client = ClientConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let tls = ClientConnection::new(Arc::new(client), "host.example".try_into().unwrap());
        let mut client = StreamOwned::new(tls.unwrap(), socket);
        let (accepted, _) = listener.accept().unwrap();
        accepted.set_nonblocking(true).unwrap();
        let stream = PortStream::new(TcpStream::from_std(accepted), Some(&Arc::new(config)));
        let Some(PortStream::Tls(mut server)) = stream else { panic!("TLS begins") };
        let writing = std::thread::spawn(move || {
            client.write_all(&[1]).unwrap();
            client
        });
        while server.read(&mut [0; 9]).is_err() {}
        (*server, writing.join().unwrap())
    }

    #[test]
    fn a_write_takes_all_that_the_socket_takes_and_not_only_a_buffer_of_it() {
        let (mut server, mut client) = pair();
        let bytes = vec![7; 4 * UNSENT_BYTES_MAX];
        assert_eq!(server.write(&bytes).unwrap(), bytes.len(), "no edge would bring the rest");
        // Until the socket takes no more: then it reports when it does.
        let mut sent = bytes.len();
        loop {
            match server.write(&bytes) {
                Ok(length) => sent += length,
                Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert!(server.tls.wants_write());
        let reading = std::thread::spawn(move || {
            let mut all = vec![0; sent];
            client.read_exact(&mut all).map(|()| all)
        });
        while server.flush().is_err() {}
        assert!(reading.join().unwrap().unwrap().iter().all(|byte| *byte == 7));
    }
}
