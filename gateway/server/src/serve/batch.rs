//! What goes from hand to hand between threads: batches, never single requests.
//!
//! ```text
//!            Inbound             RequestBatch            Outbound            ReplyBatch
//!  reactor ───────────▶ pool ───────────▶ writer ───────────▶ pool ───────────▶ reactor
//!                         └───────────────── Replies (handshakes, pings) ──────▲
//! ```
//!
//! A batch is a list of items and, where they carry bytes, one arena that the items point into.
//! Batches are boxed, so that a channel moves a pointer, and go back to a [`Recycler`], so that
//! the steady state does not allocate.

use std::ops::Range;

use crossbeam_channel::{Receiver, Sender, bounded};
use tillgate_codec::iso8583::MacKey;
use tillgate_codec::limits::PAYLOAD_BYTES_MAX;
use tillgate_core::card::{append, reserve};
use tillgate_core::directory::Rekeyed;
use tillgate_core::id::SessionId;
use tillgate_core::processing::{DatagramRefusal, Effect, HandsetOrigin, Opened, Opening};
use tillgate_core::time::Moment;
use tillgate_core::transaction::{Ask, Origin, Push, Reply};
use tillgate_store_core::{ChipAnswer, TerminalId};
use zeroize::Zeroize as _;

use super::limits::{SPARE_BATCH_BYTES_MAX, SPARE_BATCHES_MAX};

/// See the module.
pub(crate) struct Batch<T> {
    /// In the order of arrival, or in which they are to be sent.
    pub(crate) items: Vec<T>,
    /// What their ranges point into.
    pub(crate) bytes: Arena,
}

/// From a reactor to the pool.
pub(crate) type Inbound = Batch<InboundItem>;
/// From the pool to the writer.
pub(crate) type RequestBatch = Batch<Ask>;
/// From the writer to the pool.
pub(crate) type Outbound = Batch<OutboundItem>;
/// From the pool to one reactor.
pub(crate) type ReplyBatch = Batch<ReplyItem>;

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self { items: Vec::new(), bytes: Arena::default() }
    }
}

pub(crate) enum InboundItem {
    Hello {
        session: SessionId,
        /// Payload of the hello record.
        hello: Range<usize>,
    },
    Request {
        origin: Origin,
        body: Range<usize>,
    },
    /// From a handset.
    Handset {
        origin: Origin,
        from: HandsetOrigin,
        ask: HandsetItem,
    },
    /// A datagram of a terminal that has dialled.
    Datagram {
        session: SessionId,
        received: Moment,
        frame: Range<usize>,
    },
    /// A message of an ISO 8583 listener.
    Frame {
        origin: Origin,
        /// Which listener, in the order of the configuration.
        listener: u16,
        message: Range<usize>,
    },
}

/// What is asked from a handset: PINs as they were typed, or the body of a message.
pub(crate) enum HandsetItem {
    LogOn(Range<usize>),
    ChangePin(Range<usize>, Range<usize>),
    Message(Range<usize>),
}

#[expect(clippy::large_enum_variant, reason = "replies are what nearly every one of them is")]
pub(crate) enum OutboundItem {
    /// To the session that asked.
    Reply(Reply),
    /// To whichever reactor has the terminal.
    Push(Push),
    /// To every reactor: sessions of other keys end.
    Rekeyed(Rekeyed),
}

pub(crate) enum ReplyItem {
    /// A handshake is done, or refused.
    Handshaken {
        session: SessionId,
        /// The channel; `None` when refused.
        opened: Option<Opened>,
        reply: Range<usize>,
    },
    Replied {
        session: SessionId,
        /// Body to seal; may be empty.
        body: Range<usize>,
        /// Of a listener: what the answer is authenticated with.
        mac: Option<Box<MacKey>>,
        /// Of a listener: what the chip of the card receives.
        chip: Option<ChipAnswer>,
        /// What it means for the session.
        effect: Effect,
    },
    /// A datagram was opened, or refused; the answer follows if it was opened.
    Unsealed {
        session: SessionId,
        result: Result<Box<Opening>, DatagramRefusal>,
    },
    /// A newer hello of its terminal was accepted.
    Displaced {
        session: SessionId,
    },
    /// The keys of a terminal have changed.
    Rekeyed(Rekeyed),
    Push {
        terminal: TerminalId,
        body: Range<usize>,
    },
}

/// What a batch's ranges point into. Bodies carry voucher PINs, so what was in it is overwritten
/// before it is used again.
#[derive(Default)]
pub(crate) struct Arena {
    bytes: Vec<u8>,
}

impl Arena {
    /// Appends what `write` appends, and says where it lies.
    pub(crate) fn write<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> (Range<usize>, T) {
        // What it leaves when it grows is wiped.
        reserve(&mut self.bytes, PAYLOAD_BYTES_MAX);
        let from = self.bytes.len();
        let result = write(&mut self.bytes);
        (from..self.bytes.len(), result)
    }

    /// Appends a copy.
    pub(crate) fn copy(&mut self, bytes: &[u8]) -> Range<usize> {
        self.write(|out| append(out, bytes)).0
    }

    /// The bytes of one item of the same batch.
    pub(crate) fn at(&self, range: &Range<usize>) -> &[u8] {
        &self.bytes[range.clone()]
    }

    /// What is behind the length was never written: what the arena leaves when it grows is wiped there,
    /// and nothing shortens it.
    fn wipe(&mut self) {
        self.bytes.as_mut_slice().zeroize();
        self.bytes.clear();
    }
}

impl<T> Batch<T> {
    /// Forgets its items; bytes are overwritten.
    fn empty(&mut self) {
        self.items.clear();
        self.bytes.wipe();
    }

    fn is_oversized(&self) -> bool {
        let items_bytes = self.items.capacity().saturating_mul(size_of::<T>());
        items_bytes.max(self.bytes.bytes.capacity()) > SPARE_BATCH_BYTES_MAX
    }
}

/// Where empty batches of one kind wait to be used again, by any thread.
pub(crate) struct Recycler<T> {
    full: Sender<Box<Batch<T>>>,
    spare: Receiver<Box<Batch<T>>>,
}

impl<T> Clone for Recycler<T> {
    fn clone(&self) -> Self {
        Self { full: self.full.clone(), spare: self.spare.clone() }
    }
}

/// One without batches; they are made as they are needed.
impl<T> Default for Recycler<T> {
    fn default() -> Self {
        let (full, spare) = bounded(SPARE_BATCHES_MAX);
        Self { full, spare }
    }
}

impl<T> Recycler<T> {
    pub(crate) fn take(&self) -> Box<Batch<T>> {
        self.spare.try_recv().unwrap_or_default()
    }

    /// Sends what was gathered, if there is anything. A batch that `send` gives back is kept, to be
    /// added to and offered again.
    pub(crate) fn hand_over(
        &self,
        gathered: &mut Box<Batch<T>>,
        send: impl FnOnce(Box<Batch<T>>) -> Option<Box<Batch<T>>>,
    ) {
        if gathered.items.is_empty() {
            return;
        }
        let batch = std::mem::replace(gathered, self.take());
        if let Some(held) = send(batch) {
            self.give(std::mem::replace(gathered, held));
        }
    }

    /// Empties a batch and keeps it, unless enough are kept already.
    pub(crate) fn give(&self, mut batch: Box<Batch<T>>) {
        batch.empty();
        if !batch.is_oversized() {
            // When enough are kept, this one is freed.
            drop(self.full.try_send(batch));
        }
    }
}

/// One recycler for each kind of batch.
#[derive(Clone, Default)]
pub(crate) struct Recyclers {
    pub(crate) inbound: Recycler<InboundItem>,
    pub(crate) requests: Recycler<Ask>,
    pub(crate) outbound: Recycler<OutboundItem>,
    pub(crate) replies: Recycler<ReplyItem>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recycled_batch_comes_back_empty_with_its_memory() {
        let recycler: Recycler<ReplyItem> = Recycler::default();
        let mut batch = recycler.take();
        let body = batch.bytes.copy(b"pin 1234");
        batch.items.push(ReplyItem::Push { terminal: TerminalId(7), body });
        recycler.give(batch);
        let again = recycler.take();
        assert!(again.items.is_empty() && again.bytes.bytes.is_empty());
        assert!(again.bytes.bytes.capacity() >= 8, "its memory is used again");
    }

    #[test]
    fn no_more_batches_are_kept_than_the_limit() {
        let recycler: Recycler<Ask> = Recycler::default();
        for _ in 0..SPARE_BATCHES_MAX + 1 {
            recycler.give(Box::default());
        }
        assert_eq!(recycler.spare.len(), SPARE_BATCHES_MAX);
    }
}
