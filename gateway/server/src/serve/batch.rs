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
use tillgate_core::directory::Rekeyed;
use tillgate_core::id::SessionId;
use tillgate_core::processing::{Effect, Opened};
use tillgate_core::transaction::{Ask, Origin, Push, Reply};
use tillgate_store_core::TerminalId;

use super::limits::{SPARE_BATCH_BYTES_MAX, SPARE_BATCHES_MAX};

/// From a reactor to the pool.
#[derive(Default)]
pub(crate) struct Inbound {
    /// In the order of arrival.
    pub(crate) items: Vec<InboundItem>,
    /// What their ranges point into.
    pub(crate) bytes: Arena,
}

/// One thing that arrived from a terminal.
pub(crate) enum InboundItem {
    /// A hello to be checked.
    Hello {
        /// Whose.
        session: SessionId,
        /// Payload of the hello record.
        hello: Range<usize>,
    },
    /// An opened request.
    Request {
        /// Whose, over which session and key.
        origin: Origin,
        /// The body.
        body: Range<usize>,
    },
}

/// From the pool to the writer.
#[derive(Default)]
pub(crate) struct RequestBatch {
    /// In the order of their batch.
    pub(crate) items: Vec<Ask>,
}

/// From the writer to the pool.
#[derive(Default)]
pub(crate) struct Outbound {
    /// In the order the writer said them.
    pub(crate) items: Vec<OutboundItem>,
}

/// One thing on its way to a terminal.
#[expect(clippy::large_enum_variant, reason = "replies are what nearly every one of them is")]
pub(crate) enum OutboundItem {
    /// To the session that asked.
    Reply(Reply),
    /// To whichever reactor has the terminal.
    Push(Push),
    /// To every reactor: sessions of other keys end.
    Rekeyed(Rekeyed),
}

/// From the pool to one reactor.
#[derive(Default)]
pub(crate) struct ReplyBatch {
    /// In the order they are to be sent.
    pub(crate) items: Vec<ReplyItem>,
    /// What their ranges point into.
    pub(crate) bytes: Arena,
}

/// One thing for a session manager.
pub(crate) enum ReplyItem {
    /// A handshake is done, or refused.
    Handshaken {
        /// Whose.
        session: SessionId,
        /// The channel; `None` when refused.
        opened: Option<Opened>,
        /// The reply record.
        reply: Range<usize>,
    },
    /// The one answer to one request.
    Replied {
        /// Whose.
        session: SessionId,
        /// Body to seal; may be empty.
        body: Range<usize>,
        /// What it means for the session.
        effect: Effect,
    },
    /// A newer hello of its terminal was accepted.
    Displaced {
        /// Whose.
        session: SessionId,
    },
    /// The keys of a terminal have changed.
    Rekeyed(Rekeyed),
    /// A command.
    Push {
        /// For whom.
        terminal: TerminalId,
        /// Body to seal.
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
        let from = self.bytes.len();
        let result = write(&mut self.bytes);
        (from..self.bytes.len(), result)
    }

    /// Appends a copy.
    pub(crate) fn copy(&mut self, bytes: &[u8]) -> Range<usize> {
        self.write(|out| out.extend_from_slice(bytes)).0
    }

    /// The bytes of one item of the same batch.
    pub(crate) fn at(&self, range: &Range<usize>) -> &[u8] {
        &self.bytes[range.clone()]
    }

    fn wipe(&mut self) {
        self.bytes.fill(0);
        self.bytes.clear();
    }
}

/// A list that can be emptied and used again.
pub(crate) trait Batch: Default {
    /// Forgets its items; bytes are overwritten.
    fn empty(&mut self);
    /// Whether it has grown too large to be kept.
    fn is_oversized(&self) -> bool;
}

impl Batch for Inbound {
    fn empty(&mut self) {
        self.items.clear();
        self.bytes.wipe();
    }
    fn is_oversized(&self) -> bool {
        self.bytes.bytes.capacity() > SPARE_BATCH_BYTES_MAX
    }
}

impl Batch for ReplyBatch {
    fn empty(&mut self) {
        self.items.clear();
        self.bytes.wipe();
    }
    fn is_oversized(&self) -> bool {
        self.bytes.bytes.capacity() > SPARE_BATCH_BYTES_MAX
    }
}

impl Batch for RequestBatch {
    fn empty(&mut self) {
        self.items.clear();
    }
    fn is_oversized(&self) -> bool {
        self.items.capacity().saturating_mul(size_of::<Ask>()) > SPARE_BATCH_BYTES_MAX
    }
}

impl Batch for Outbound {
    fn empty(&mut self) {
        self.items.clear();
    }
    fn is_oversized(&self) -> bool {
        self.items.capacity().saturating_mul(size_of::<OutboundItem>()) > SPARE_BATCH_BYTES_MAX
    }
}

/// Where empty batches of one kind wait to be used again, by any thread.
pub(crate) struct Recycler<T> {
    full: Sender<Box<T>>,
    spare: Receiver<Box<T>>,
}

impl<T> Clone for Recycler<T> {
    fn clone(&self) -> Self {
        Self { full: self.full.clone(), spare: self.spare.clone() }
    }
}

impl<T: Batch> Recycler<T> {
    /// One without batches; they are made as they are needed.
    pub(crate) fn new() -> Self {
        let (full, spare) = bounded(SPARE_BATCHES_MAX);
        Self { full, spare }
    }

    /// An empty batch.
    pub(crate) fn take(&self) -> Box<T> {
        self.spare.try_recv().unwrap_or_default()
    }

    /// Empties a batch and keeps it, unless enough are kept already.
    pub(crate) fn give(&self, mut batch: Box<T>) {
        batch.empty();
        if !batch.is_oversized() {
            // When enough are kept, this one is freed.
            drop(self.full.try_send(batch));
        }
    }
}

/// One recycler for each kind of batch.
#[derive(Clone)]
pub(crate) struct Recyclers {
    /// Reactor to pool.
    pub(crate) inbound: Recycler<Inbound>,
    /// Pool to writer.
    pub(crate) requests: Recycler<RequestBatch>,
    /// Writer to pool.
    pub(crate) outbound: Recycler<Outbound>,
    /// Pool to reactor.
    pub(crate) replies: Recycler<ReplyBatch>,
}

impl Recyclers {
    /// Empty ones.
    pub(crate) fn new() -> Self {
        Self {
            inbound: Recycler::new(),
            requests: Recycler::new(),
            outbound: Recycler::new(),
            replies: Recycler::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recycled_batch_comes_back_empty_with_its_memory() {
        let recycler: Recycler<ReplyBatch> = Recycler::new();
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
        let recycler: Recycler<RequestBatch> = Recycler::new();
        for _ in 0..SPARE_BATCHES_MAX + 1 {
            recycler.give(Box::default());
        }
        assert_eq!(recycler.spare.len(), SPARE_BATCHES_MAX);
    }
}
