//! Handles: slot and generation, so that a stale event never reaches the wrong session.

/// One session of one reactor. The slot is reused, the generation never is with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// Which reactor, and so which [`crate::front::Front`], owns the session.
    pub reactor: u16,
    /// Index into that reactor's tables.
    pub slot: u32,
    /// Counts the sessions that have used the slot.
    pub generation: u32,
}
