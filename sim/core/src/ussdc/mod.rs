//! A simulated USSD centre and the handsets behind it.
//!
//! ```text
//!   application ◀── octets ──▶ Centre ── screens ──▶ Handset ── answers ──▶ Centre
//!                                 │                     │
//!                        rules of the profile         Book: what its owner saw
//! ```
//!
//! * [`variant`] is what vendors vary, from the centre's side.
//! * [`centre`] is the SMPP server: binds, dialogs, time limits, and the rules that an application
//!   must keep.
//! * [`handset`] is a subscriber's handset: script, think time, errors, and a book of its own.
//! * [`crowd`] is a centre with its handsets and their load; it has the four verbs.
//! * [`audit`] holds the books of the handsets against the gateway's journal.
//! * [`responder`] is an application without logic, the yardstick.

pub mod audit;
pub mod centre;
pub mod crowd;
pub mod handset;
pub mod responder;
pub mod short;
pub mod subscribers;
mod timers;
pub mod variant;
