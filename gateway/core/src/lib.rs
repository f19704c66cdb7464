//! Every decision of the gateway, without a clock, a socket, a thread or a disk.
//!
//! A sale passes through three state machines; the shell (`gateway/server`) connects them:
//!
//! ```text
//!   bytes ──▶ SessionManager ──▶ decode_request ──▶ TransactionManager ──▶ Store::commit
//!             records, channels    decode, verify     commands                  │ durable
//!             (reactor)            (pool)             (writer thread)           ▼
//!   bytes ◀── SessionManager ◀── encode_reply ◀────── TransactionManager ◀── outcomes
//!             seal                 PIN, answer
//! ```
//!
//! * [`session::SessionManager`] owns the sessions of one reactor: records, sealed channels, deadlines,
//!   admission, back-pressure. One input in, outputs drained to `None`, one deadline out.
//! * [`processing`] holds the plain functions that pool threads and the simulator both call.
//! * [`access`] decides who may do what through the admin API, [`backup`] which backup is believed.
//! * [`startup`] says what forbids a start, [`clock`] when the system's clock is followed.
//! * [`drain`] is the order of going down, [`scrub`] says when the store counts as damaged.
//! * [`menu`] turns what a person at a handset types into what a terminal asks.
//! * [`report`] says what of the journal may be shown, and as which text.
//! * [`routing`] says which bridges a sale may go to, and why.
//! * [`ussd`] takes dialogs from USSD centres and says what subscribers see.
//! * [`transaction::TransactionManager`] owns every transaction between its intent and its answer: it turns requests
//!   into store commands, outcomes into orders for bridges and replies for terminals.
//!
//! No output of the transaction manager leaves before the batch that it depends on is durable: see
//! [`transaction::TransactionManager::stage`] and [`transaction::TransactionManager::committed`].
#![forbid(unsafe_code)]
#![expect(missing_docs, reason = "within the house a name may say all there is")]

pub mod access;
pub mod backup;
pub mod card;
pub mod claims;
pub mod clock;
pub mod directory;
pub mod drain;
pub mod id;
mod iso8583;
pub mod limits;
pub mod listener;
pub mod menu;
pub mod online;
pub mod orders;
pub mod processing;
pub mod provider;
mod rate;
pub mod reconcile;
pub mod report;
pub mod routing;
pub mod scrub;
pub mod session;
pub mod sockets;
pub mod startup;
pub mod time;
mod timers;
pub mod transaction;
pub mod ussd;
