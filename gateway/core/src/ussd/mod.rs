//! USSD without sockets and clocks: links to USSD centres, and the dialogs of subscribers.
//!
//! ```text
//!   bytes ──▶ link ──▶ DialogEvent ──▶ dialogs: menus, sealed frames ──▶ requests, as of the sealed link
//!   bytes ◀── link ◀── Say ◀────────── dialogs                      ◀── answers
//! ```
//!
//! A link knows one centre's way of speaking and nothing of menus; the dialogs know nothing of PDUs
//! and bodies. Between them are the types of this module. What centres do differently is in a
//! link's [`profile`].

mod dialog;
pub mod dialogs;
mod frames;
pub mod http;
pub mod limits;
pub mod profile;
pub mod smpp;

pub use self::dialog::{
    DialogAddress, DialogEvent, EndReason, Say, SayKind, SayResult, SessionKey,
};
pub use crate::iso8583::fault::{ProfileError, ProfileFault};
