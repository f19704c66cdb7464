//! `tillgate serve`: the shell around the gateway's core. It lends threads, sockets, clock and
//! disk, and decides nothing.
//!
//! * [`gateway`] — which threads there are; [`startup`] — what is read before they start.
//! * [`reactor`] — terminals' sockets; [`pool`] — arithmetic; [`writer`] — the one writer.
//! * [`scrub`] — reads the store again and again, to find damage.
//! * [`listeners`] — profiles and sockets of terminals of other makers; their threads are beside
//!   the reactors.
//! * [`ussd`] — links to USSD centres, on one thread; those over HTTP have their sockets on another.
//! * [`bridge`] — providers' sockets; [`supervisor`] — signals and the way down.
//! * [`handle`] — all that the admin gets to see.

mod accept;
mod batch;
pub(crate) mod bridge;
mod claims;
mod clock;
mod fail;
mod gateway;
pub(crate) mod handle;
mod limits;
pub(crate) mod listeners;
mod mailbox;
pub(crate) mod metrics;
mod pool;
mod reactor;
mod scrub;
mod startup;
mod supervisor;
#[cfg(test)]
mod tests;
pub(crate) mod ussd;
pub(crate) mod view;
mod writer;

pub(crate) use self::clock::Clock;
pub(crate) use self::gateway::Gateway;
pub(crate) use self::metrics::EdgeMetrics;
pub(crate) use self::supervisor::watch_signals;
