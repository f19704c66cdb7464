//! The acceptor of an HTTP server. Bytes of unauthenticated peers pass it before any router:
//!
//! ```text
//!  accept ─▶ Acceptor::enter ─▶ head (deadline; the oldest silent peer makes room)
//!                                 │ target checked, Router::admit: who, which class, how much body
//!                                 ▼
//!                               a place of its class ─▶ body (deadline, length) ─▶ Router::answer
//! ```
//!
//! * [`acceptor`]: one connection, over any stream of bytes, so that a test or a fuzzer needs no socket.
//! * [`places`]: who may wait and who may be answered at once, in all and per address.
//! * [`guard`]: a panic inside an edge ends one request or connection; elsewhere it ends the process.

pub mod acceptor;
pub mod guard;
pub mod places;
mod refusal;

pub use acceptor::{Acceptor, Admission, Limits, Router};
pub use places::{Class, Peer};
pub use refusal::{Counts, Refusal};
