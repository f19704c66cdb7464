//! The admin API: health, metrics, terminals, journal, imports, backups.
//!
//! It runs on one thread of its own with a small tokio runtime; reads of the store go to a few
//! blocking threads. It holds no state of the gateway: it reads rows and snapshots, and sends
//! orders to the writer through a bounded channel.
//!
//! [`routes`] is the table of everything it answers; [`openapi`] describes that same table, from
//! the types that its handlers take and answer.

mod accept;
mod app;
mod auth;
mod backup;
mod blocking;
mod bridges;
mod control;
mod error;
mod gauges;
mod handsets;
mod history;
mod import;
mod journal;
mod keys;
pub(crate) mod limits;
mod login;
mod openapi;
mod orders;
mod query;
mod route;
mod routes;
mod routing;
mod socket;
mod status;
mod stock;
mod terminals;
mod transactions;
mod ussd;
mod withdrawal;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tillgate_edge::Acceptor;
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::app::App;
use self::limits::BLOCKING_THREADS_MAX;
use self::routes::Api;
use self::socket::Socket;
use crate::config::Config;
use crate::exit::Failure;
use crate::serve::handle::ServeHandle;

pub(crate) struct AdminThread {
    pub(crate) address: SocketAddr,
    stop: watch::Sender<Option<Duration>>,
    thread: JoinHandle<()>,
}

/// Listens and starts answering.
///
/// # Errors
/// The address or the socket is taken or not ours, or the token's hash or the people cannot be
/// read.
pub(crate) fn spawn(config: &Config, handle: ServeHandle) -> Result<AdminThread, Failure> {
    let edge = Arc::clone(&handle.metrics.edge);
    let app = Arc::new(App::new(config, handle)?);
    let api = Arc::new(Api::new(Arc::clone(&app)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_name("admin-read")
        .build()
        .map_err(Failure::internal)?;
    let wanted = config.admin.listen;
    let listener = runtime
        .block_on(TcpListener::bind(wanted))
        .map_err(|error| Failure::config(cannot_listen(wanted, &error)))?;
    let address = listener.local_addr().map_err(Failure::internal)?;
    let socket = {
        let _inside = runtime.enter();
        Socket::listen(&config.admin.socket, Arc::clone(&edge))?
    };
    let network = Acceptor::new(Arc::clone(&api), accept::NETWORK, Arc::clone(&edge.network));
    let local = Acceptor::new(api, accept::LOCAL, Arc::clone(&edge.local));
    let (stop, stopped) = watch::channel(None);
    let run = move || {
        let network = accept::network(listener, network, stopped.clone());
        let stock = stock::watch(app, stopped.clone());
        let local = accept::local(socket, local, stopped);
        runtime.block_on(async { tokio::join!(network, local, stock) });
        // A read that hangs in the kernel must not hold up the way down.
        runtime.shutdown_background();
    };
    let thread = thread::Builder::new().name("admin".to_owned()).spawn(run);
    Ok(AdminThread { address, stop, thread: thread.map_err(Failure::internal)? })
}

fn cannot_listen(wanted: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "admin.listen {wanted} is in use by another process, perhaps another gateway; stop \
             that one or choose another port"
        ),
        io::ErrorKind::AddrNotAvailable => format!(
            "admin.listen {wanted} is not an address of this machine; choose one of its own, or \
             0.0.0.0 for all of them"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "admin.listen {wanted}: this user may not listen there; choose a port from 1024 on"
        ),
        _ => format!("admin.listen {wanted}: {error}"),
    }
}

impl AdminThread {
    /// Ends it; connections that are not done within `patience` are cut.
    pub(crate) fn stop(self, patience: Duration) {
        // A thread that is gone already needs no telling; one that panicked ended the process.
        self.stop.send(Some(patience)).unwrap_or_default();
        drop(self.thread.join());
    }
}
