//! What the admin is given of the running gateway: things to read, and one bounded way to order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::RwLock;
use tillgate_core::access::Caller;
use tillgate_core::directory::Directory;
use tillgate_core::orders;
use tillgate_core::processing::Keys;
use tillgate_core::transaction::{Control, ControlOrder, Controlled};
use tillgate_store_core::StoreId;
use tillgate_store_rocks::RocksReader;

use super::clock::Clock;
use super::limits::CONTROLS_MAX;
use super::metrics::Metrics;
use super::view::View;

/// Everything the admin holds; cheap to clone.
#[derive(Clone)]
pub(crate) struct ServeHandle {
    pub(crate) controls: ControlSender,
    /// Who is online, acknowledged commands, readiness.
    pub(crate) view: Arc<View>,
    /// The registry; read it shortly, the writer waits for readers.
    pub(crate) directory: Arc<RwLock<Directory>>,
    /// The rows; reads block, so not on an async thread.
    pub(crate) reader: RocksReader,
    pub(crate) store_id: StoreId,
    /// To seal what is imported.
    pub(crate) keys: Arc<Keys>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) clock: Clock,
}

/// Sends operator's orders to the writer, at most [`CONTROLS_MAX`] at a time.
#[derive(Clone)]
pub(crate) struct ControlSender {
    orders: Sender<Ordered>,
    tickets: Arc<AtomicU64>,
    clock: Clock,
}

/// An order on its way to the writer thread, with where its result goes.
pub(crate) struct Ordered {
    pub(super) control: Control,
    pub(super) result: Sender<Controlled>,
}

/// Too many orders wait, or the gateway shuts down: nothing was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy;

pub(super) fn controls(clock: Clock) -> (ControlSender, Receiver<Ordered>) {
    let (orders, receiver) = bounded(CONTROLS_MAX);
    (ControlSender { orders, tickets: Arc::default(), clock }, receiver)
}

impl ControlSender {
    /// Orders something in the name of `caller`; never waits. Where the result will be: once the
    /// order is durable and in force, or refused.
    ///
    /// # Errors
    /// [`Busy`] when nothing was ordered.
    pub(crate) fn send(
        &self,
        order: ControlOrder,
        caller: &Caller,
        origin: &str,
    ) -> Result<Receiver<Controlled>, Busy> {
        let (sender, result) = bounded(1);
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let control = orders::signed(order, caller, origin, (ticket, self.clock.wall()));
        let sent = self.orders.try_send(Ordered { control, result: sender });
        sent.map(|()| result).map_err(|_| Busy)
    }
}
