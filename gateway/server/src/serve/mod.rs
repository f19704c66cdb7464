//! `tillgate serve`: the shell around the gateway's core. It lends threads, sockets, clock and
//! disk, and decides nothing.
//!
//! * [`gateway`] — which threads there are; [`startup`] — what is read before they start.
//! * [`reactor`] — terminals' sockets; [`pool`] — arithmetic; [`writer`] — the one writer.
//! * [`scrub`] — reads the store again and again, to find damage.
//! * [`bridge`] — providers' sockets; [`supervisor`] — signals and the way down.
//! * [`handle`] — all that the admin gets to see.

mod batch;
mod bridge;
mod claims;
mod clock;
mod fail;
mod gateway;
pub(crate) mod handle;
mod limits;
mod mailbox;
pub(crate) mod metrics;
mod pool;
mod reactor;
mod scrub;
mod startup;
mod supervisor;
#[cfg(test)]
mod tests;
pub(crate) mod view;
mod writer;

use std::net::SocketAddr;
use std::time::Duration;

use tillgate_core::drain::Drained;

pub(crate) use self::clock::Clock;
use self::gateway::Gateway;
use self::handle::ServeHandle;
pub(crate) use self::metrics::EdgeMetrics;
use self::supervisor::watch_signals;
use crate::config::Config;
use crate::exit::Failure;

/// The admin beside the gateway, as far as serving needs to know it.
pub(crate) trait AdminServer {
    /// Where it listens.
    fn address(&self) -> SocketAddr;
    /// Ends it; connections that are not done within `patience` are cut.
    fn stop(self, patience: Duration);
}

/// How long the admin may take to finish what it answers.
const ADMIN_PATIENCE: Duration = Duration::from_secs(2);

/// Serves until a signal says otherwise. `start_admin` is called once everything else runs; one
/// line on standard output then says where terminals and the admin are, for scripts that let the
/// system choose the ports.
///
/// # Errors
/// What could not be started, and what to do about it.
pub(crate) fn run<A: AdminServer>(
    config: &Config,
    clock: Clock,
    start_admin: impl FnOnce(&Config, ServeHandle) -> Result<A, Failure>,
) -> Result<(), Failure> {
    let gateway = Gateway::start(config, clock)?;
    let no_signals = |error| Failure::internal(format!("handling signals: {error}"));
    watch_signals(gateway.report()).map_err(no_signals)?;
    let admin = start_admin(config, gateway.handle.clone())?;
    let (terminals, admin_address) = (gateway.address, admin.address());
    println!("{}", serde_json::json!({ "terminals": terminals, "admin": admin_address }));
    tracing::info!(%terminals, admin = %admin_address, "serving");
    gateway.attend();
    let drained = gateway.drain();
    // Last, so that its health and metrics pages tell of the drain.
    admin.stop(ADMIN_PATIENCE);
    match drained {
        Drained::Fully => tracing::info!("drained"),
        Drained::Partly => tracing::warn!("drained in part; the next start recovers the rest"),
    }
    Ok(())
}
