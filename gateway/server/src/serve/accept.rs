//! Connections to the listeners of bridges and aggregators: [`tillgate_edge`] has their deadlines and
//! places, this loop takes them from the kernel.

use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tillgate_edge::{Acceptor, Peer, Router};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::bridge::tls::ServerStream;

/// A listener that is bound, and how connections are taken.
pub(super) struct HttpPort {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<TlsAcceptor>,
    /// Connections at once; one more waits in the kernel's queue.
    pub(super) seats: usize,
    /// Between two connections.
    pub(super) pause: Duration,
    /// What is under way at the end has so long for it.
    pub(super) rest: Duration,
}

/// Serves whoever `is_welcome` says until every sender of `stop` is gone.
pub(super) async fn serve<R: Router>(
    port: HttpPort,
    acceptor: Acceptor<R>,
    is_welcome: impl Fn(IpAddr) -> bool,
    mut stop: watch::Receiver<()>,
) {
    let HttpPort { listener, tls, seats, pause, rest } = port;
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "no connections are taken"),
    };
    let seats = Arc::new(Semaphore::new(seats));
    let mut tasks = JoinSet::new();
    let mut next = Instant::now();
    loop {
        // Whoever comes too soon, or finds no seat, waits in the kernel's queue.
        let turn = async {
            sleep_until(next).await;
            let seat = Arc::clone(&seats).acquire_owned().await;
            (seat, listener.accept().await)
        };
        let (seat, accepted) = tokio::select! {
            _ = stop.changed() => break,
            turn = turn => turn,
        };
        next = Instant::now() + pause;
        while tasks.try_join_next().is_some() {}
        match accepted {
            Ok((_, peer)) if !is_welcome(peer.ip()) => {}
            Ok((stream, peer)) => {
                let (acceptor, entered) =
                    (acceptor.clone(), acceptor.enter(Peer::Remote(peer.ip())));
                let tls = tls.clone();
                tasks.spawn_local(async move {
                    match tls {
                        None => acceptor.serve(stream, entered).await,
                        Some(tls) => acceptor.serve(ServerStream::of(&tls, stream), entered).await,
                    }
                    drop(seat);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    // Whoever is not done by then is cut.
    drop(timeout(rest, async { while tasks.join_next().await.is_some() {} }).await);
}
