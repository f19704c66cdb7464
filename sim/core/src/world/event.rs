//! What can happen in a world.

use tillgate_core::provider::{self, ProviderResult};
use tillgate_core::transaction::Control;
use tillgate_store_core::Key;

use super::gateway::Job;
use super::handsets;
use super::lines::{HostEvent, Message};
use super::wire::{Item, Way};

/// Something that happens at a moment. What concerns a process names its incarnation: after a
/// crash nothing of the one before reaches the next.
pub(super) enum Event {
    /// A terminal's deadline.
    Terminal(usize),
    /// A thief's turn.
    Thief(usize),
    /// A terminal's connection request arrives at the gateway.
    Arrive { conn: usize },
    /// A terminal learns that its connection is open.
    Connected { conn: usize },
    /// Something arrives at an end of a connection.
    Deliver { conn: usize, way: Way, item: Item },
    /// A terminal that has received nothing more may not be served any longer.
    Stalled { conn: usize, receipts: u32 },
    /// A recorded connection is played again.
    Replay,
    /// A turn of the stranger at the listener.
    Stranger,
    /// A concentrator that is connected has put a call through.
    PutThrough { place: usize, call: u16 },
    /// Something happens to handsets, their centre, or the links to it.
    Handsets(handsets::Event),
    /// A session manager's deadline.
    SessionManager { life: u32, reactor: u16 },
    /// The listener's deadline.
    Listener { life: u32 },
    /// A pool thread has come to a job.
    Job { life: u32, job: Box<Job> },
    /// The writer thread wakes.
    TransactionManager { life: u32 },
    /// The transaction manager's commit is durable.
    Committed { life: u32 },
    /// A bridge reports to the writer.
    ProviderResult { life: u32, key: Key, bridge: u16, found: ProviderResult },
    /// A provider reports, unasked, that it has done a deal after all; again until it is read.
    Callback { key: Key, bridge: u16, found: ProviderResult },
    /// A request leaves the queue of a bridge, if the process lives that holds the queue.
    Leave { life: u32, ticket: usize },
    /// The connection of a request ends, or its time does.
    Connection { life: u32, ticket: usize, event: provider::Event },
    /// Something arrives at the provider's or the bridge's end of a line.
    Line(Message),
    /// Something happens to a bridge to a host; to its process, if that is of this life.
    Host { bridge: u16, life: u32, event: HostEvent },
    /// A technician has come to a terminal to enter its newest key.
    Rekey(usize),
    /// The operator thinks of something to do.
    Operator,
    /// The operator's order arrives at the writer.
    Control { life: u32, control: Box<Control> },
    /// The process of this life ends.
    Crash { life: u32 },
    /// Whatever process there is ends.
    Doom,
    /// The process is ordered to end in good order.
    Retire,
    /// Whether it may end now.
    Retired { life: u32 },
    /// The process starts.
    Start,
    /// The system's clock jumps.
    Jump,
    /// The chaos is over.
    Calm,
}
