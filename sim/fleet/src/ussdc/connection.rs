//! One socket of an application: batched reads and writes.

use std::io::{self, ErrorKind, Read, Write};

use mio::net::TcpStream;

/// Octets that wait for a slow reader; beyond it nothing more is read from it, so that it makes no
/// more work.
const UNSENT_BYTES_MAX: usize = 1024 * 1024;

/// How a read ended.
pub(super) enum Taken {
    /// That many octets; there may be more.
    Some(usize),
    Nothing,
    Closed,
}

/// A connection.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    unsent: Vec<u8>,
    /// It closes as soon as everything is sent.
    pub(super) is_closing: bool,
    /// It was not read to the end.
    pub(super) has_more: bool,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, unsent: Vec::new(), is_closing: false, has_more: false }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.unsent.is_empty()
    }

    /// Whether its reader keeps up.
    pub(super) fn may_read(&self) -> bool {
        self.unsent.len() < UNSENT_BYTES_MAX && !self.is_closing
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Taken {
        loop {
            return match self.stream.read(buffer) {
                Ok(0) => Taken::Closed,
                Ok(count) => Taken::Some(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => Taken::Nothing,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => Taken::Closed,
            };
        }
    }

    /// Writes, keeping what the socket does not take.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return Ok(());
        }
        let count = self.push(bytes)?;
        self.unsent.extend_from_slice(&bytes[count..]);
        Ok(())
    }

    /// The socket can be written again.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let unsent = std::mem::take(&mut self.unsent);
        let count = self.push(&unsent)?;
        self.unsent = unsent;
        self.unsent.drain(..count);
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut count = 0;
        while count < bytes.len() {
            match self.stream.write(&bytes[count..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => count += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }
}
