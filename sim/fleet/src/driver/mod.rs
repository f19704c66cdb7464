//! The engine: thousands of stations over real sockets, from one thread.
//!
//! ```text
//!   epoll ─▶ Line::read ─▶ Station::handle ─▶ Station::poll ─▶ Line::write
//!                ▲                                   │
//!   deadlines, arrivals, connects ───────────────────┴─▶ Tally
//! ```
//!
//! One read and one write a request, no allocation a sale in the steady state. Several engines may
//! run in threads of their own, each with its share of the fleet; [`Fleet`] starts them, tells them
//! when to sell and when to stop, and adds up what they count.

mod alarm;
mod arrivals;
mod client;
mod deadlines;
mod engine;
mod fleet;
mod line;
mod plain;
mod tally;

pub(crate) use alarm::Alarm;
pub use arrivals::{Arrivals, Phase};
pub use client::{Client, ClientKind, PointOfSale};
pub use engine::{Engine, Plan, Share};
pub use fleet::{Done, Fleet, FleetSnapshot, Open, Stage};
pub use line::Lost;
pub use plain::Plain;
pub use tally::{Tally, latencies};
