//! The gateway's end of a connection, as the system lends it to a process: what has arrived and was
//! not read, and room for what the terminal has not received yet.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Result, Write};
use std::rc::Rc;

use super::wire::Item;

/// The same end for the wire and for the process that it was lent to.
#[derive(Clone, Default)]
pub(super) struct Socket(Rc<RefCell<End>>);

#[derive(Default)]
struct End {
    arrived: VecDeque<u8>,
    ended: bool,
    reset: bool,
    /// Bytes that it still takes.
    room: usize,
    written: Vec<u8>,
    /// Something did not fit since the terminal last received anything.
    blocked: bool,
    /// How often the terminal has received something.
    receipts: u32,
}

impl Socket {
    /// One that holds this many bytes on their way to the terminal.
    pub(super) fn new(room: usize) -> Self {
        Self(Rc::new(RefCell::new(End { room, ..End::default() })))
    }

    /// Something arrives from the terminal.
    pub(super) fn arrives(&self, item: Item) {
        let mut end = self.0.borrow_mut();
        match item {
            Item::Bytes(bytes) => end.arrived.extend(bytes),
            Item::End => end.ended = true,
            Item::Reset => end.reset = true,
        }
    }

    /// The terminal has received bytes: there is room for as many again, up to `most`.
    pub(super) fn received(&self, bytes: usize, most: usize) {
        let mut end = self.0.borrow_mut();
        end.room = (end.room + bytes).min(most);
        end.blocked = false;
        end.receipts += 1;
    }

    /// Whether something waits for room, and since which receipt.
    pub(super) fn blocked(&self) -> Option<u32> {
        let end = self.0.borrow();
        end.blocked.then_some(end.receipts)
    }

    /// What the process has written since it was last asked.
    pub(super) fn take_written(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut().written)
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut end = self.0.borrow_mut();
        match (end.reset, end.arrived.is_empty(), end.ended) {
            (true, ..) => Err(ErrorKind::ConnectionReset.into()),
            (false, true, false) => Err(ErrorKind::WouldBlock.into()),
            _ => end.arrived.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut end = self.0.borrow_mut();
        let takes = bytes.len().min(end.room);
        end.blocked |= takes < bytes.len();
        if takes == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        end.room -= takes;
        end.written.extend_from_slice(&bytes[..takes]);
        Ok(takes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
