//! ISO 8583 hosts: connections that carry many requests at once, each answer found by its key.
//!
//! ```text
//!   Exchange ──▶ Host::request ──▶ messages (profile, dialect) ──▶ take_output ──▶ socket
//!   Action::Done ◀── mux ◀── messages::interpret ◀── Host::received ◀────────────────┘
//! ```
//!
//! * [`Profile`] is data: which fields of which dialect carry what, and what answers mean.
//! * [`Host`] is one bridge's connections to a host: sign-on, echo test, window, the key by which
//!   answers find their requests, late answers, reconnects, sign-off.
//!
//! Neither does I/O nor knows the time.

mod chip;
mod host;
pub mod limits;
mod memory;
mod messages;
mod profile;
mod template;

pub use self::host::{Action, Connection, Host, HostSettings, Note, Now};
pub use self::profile::Profile;
pub use crate::iso8583::fault::{ProfileError, ProfileFault};
