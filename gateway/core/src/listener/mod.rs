//! ISO 8583 listeners: terminals of other makers, without sockets and clocks.
//!
//! ```text
//!   bytes ──▶ ListenerManager ──▶ decode_frame ─────────▶ TransactionManager ──▶ Store::commit
//!             frames, limits       profile, verification    as of the sealed link
//!   bytes ◀── ListenerManager ◀── encode_reply ◀──────── TransactionManager ◀── outcomes
//!             profile: the answer
//! ```
//!
//! * [`Profile`] is data: which fields of which dialect carry what in requests, and what answers
//!   are filled with.
//! * [`ListenerManager`] owns the connections of one listener: frames, one request in flight on each or,
//!   of a concentrator, a window of them, deadlines, limits of connections, addresses and terminals.
//!
//! A request becomes the very message that a terminal of the sealed link would send, and its answer
//! is made of the body that such a terminal would receive and of the fields that it repeats: a pure
//! function of the journal's row and the request. So the same request gets the same bytes again.

mod answer;
mod carry;
pub mod limits;
mod manager;
mod profile;
mod read;
#[cfg(test)]
mod tests;

pub use self::manager::{
    CloseReason, ConnectionRefusal, DropReason, Input, ListenerManager, ListenerStats, Output,
    Trouble,
};
pub use self::profile::Profile;
pub(crate) use self::read::{Named, Request, Unread};
pub use crate::iso8583::fault::{ProfileError, ProfileFault};
pub use tillgate_types::Subnet;

/// A listener as the configuration has it: its name in the registry, and what its terminals speak.
#[derive(Debug)]
pub struct Listener {
    /// What terminals are enabled for.
    pub name: String,
    pub profile: Profile,
}
