//! Handles: slot and generation, so that a stale event never reaches the wrong session.

/// One session of one reactor, or one request in flight of a shared connection of an ISO 8583
/// listener. The slot is reused, the generation never is with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// Which reactor, and so which [`crate::session::SessionManager`], owns the session.
    pub reactor: u16,
    /// Index into that reactor's tables.
    pub slot: u32,
    /// Counts the sessions that have used the slot.
    pub generation: u32,
}

/// Orders the sessions of one terminal: the greater one is the newer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionAge {
    /// Of the key it was opened with; see [`tillgate_store_core::TerminalKey::generation`].
    pub generation: u32,
    /// The handshake counter.
    pub counter: u64,
}

/// Where a connection comes from: an address, or a keyed hash of one. Terminals behind one address
/// of their network operator are one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Peer(pub u64);
