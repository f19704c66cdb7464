//! Simulated terminals with their own books, a simulated provider, and the auditor over all books.
//!
//! Nothing here touches a clock, a socket or the system's randomness: time, bytes and seeds arrive
//! as arguments, so the same terminal runs over real sockets (`tillsim`) and in a simulated world.
//!
//! ```text
//!             Input                        Output
//!  driver ─────────────▶ Terminal ─────────────────▶ driver      Connect, Send, Close, Note
//!                         │    │
//!               link: records  till: sales, doubts, confirms
//!                              │
//!                         SalesLog ────┐
//!                    gateway's journal ├──▶ Auditor ──▶ AuditReport
//!                     provider's book ─┘
//! ```
//!
//! * [`terminal`] is one terminal: secured link, sales, repeats of sales in doubt, commands.
//! * [`iso_terminal`] is one of another maker: ISO 8583 messages to a listener.
//! * [`sales_log`] is what the merchant saw, sale by sale; it is the terminal's side of the audit.
//! * [`audit`] compares the three books and names every transaction that differs.
//! * [`ussdc`] is a USSD centre and its subscribers' handsets.
//! * [`provider`] is the other end: a top-up provider that may decline, be late or not respond.
#![forbid(unsafe_code)]
#![expect(missing_docs, reason = "within the house a name may say all there is")]

pub mod audit;
pub mod firmware;
pub mod iso_terminal;
mod issuer;
pub mod limits;
pub mod provider;
pub mod rng;
pub mod sales_log;
pub mod terminal;
pub mod time;
pub mod ussdc;
pub mod world;
