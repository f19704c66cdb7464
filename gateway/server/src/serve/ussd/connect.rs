//! Connections to USSD centres: names are looked up and sockets opened on threads of their own, so
//! that no link waits for another's name server.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use tillgate_core::ussd::limits::CONNECT;
use tillgate_core::ussd::smpp::Connection;

use crate::config::Address;
use crate::serve::mailbox::{Mail, Mailbox};

/// Addresses of one name that are tried.
const ADDRESSES_MAX: u8 = 4;
/// For each of them: all together leave a third of the link's patience to the name server and to TLS.
const CONNECT_MAX: Duration = Duration::from_nanos(CONNECT.0 / 6);

/// The outcome of an attempt.
pub(crate) struct Opened {
    /// Which link, in the order of the configuration.
    pub(crate) link: u16,
    pub(crate) connection: Connection,
    pub(crate) stream: io::Result<TcpStream>,
}

/// Opens a connection and says so by mail. A link has one attempt at a time for each of its
/// connections, so there are few of these threads.
pub(super) fn open(link: u16, connection: Connection, address: Address, mailbox: Mailbox) {
    let report = move |stream| Mail::Opened(Opened { link, connection, stream });
    let failed = mailbox.clone();
    let opening = thread::Builder::new()
        .name("ussd-connect".to_owned())
        .spawn(move || mailbox.post(report(connect(&address))));
    if let Err(error) = opening {
        // A full box is a thread that turns; the link tries again when its time is up.
        drop(failed.try_post(report(Err(error))));
    }
}

fn connect(address: &Address) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let places = (address.host.as_str(), address.port).to_socket_addrs()?;
    for place in places.take(usize::from(ADDRESSES_MAX)) {
        match TcpStream::connect_timeout(&place, CONNECT_MAX) {
            Ok(stream) => {
                // With delays of small writes each step of a dialog costs 40 ms.
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                return Ok(stream);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}
