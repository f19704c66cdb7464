//! Connections of the admin API: over the network, and over the Unix socket of this machine. What
//! happens to one of them is the acceptor's affair ([`tillgate_edge`]).

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tillgate_edge::places::Share;
use tillgate_edge::{Acceptor, Limits, Peer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::limits::{
    ACCEPT_PAUSE, CONNECTION_TIME_MAX, CONNECTIONS_MAX, HEAD_BYTES_MAX, HEADER_TIME_MAX,
    HEADERS_MAX, HEALTH_MAX, HEALTH_PER_ADDRESS_MAX, HEALTH_TIME_MAX, KNOWN_MAX, LOCAL_MAX,
    REQUEST_TIME_MAX, STRANGER_TIME_MAX, STRANGERS_MAX, STRANGERS_PER_ADDRESS_MAX, WAITING_MAX,
    WAITING_PER_ADDRESS_MAX,
};
use super::routes::Api;
use super::socket::Socket;

/// Of the network's door.
pub(super) const NETWORK: Limits = Limits {
    waiting: Share { all: WAITING_MAX, address: WAITING_PER_ADDRESS_MAX },
    places: [
        Share { all: HEALTH_MAX, address: HEALTH_PER_ADDRESS_MAX },
        Share { all: STRANGERS_MAX, address: STRANGERS_PER_ADDRESS_MAX },
        Share { all: KNOWN_MAX, address: KNOWN_MAX },
    ],
    head_time: HEADER_TIME_MAX,
    request_time: REQUEST_TIME_MAX,
    connection_time: [HEALTH_TIME_MAX, STRANGER_TIME_MAX, CONNECTION_TIME_MAX],
    head_bytes: HEAD_BYTES_MAX,
    headers: HEADERS_MAX,
};

const EACH: Share = Share { all: LOCAL_MAX, address: LOCAL_MAX };
/// Of the Unix socket's, where everybody is an operator.
pub(super) const LOCAL: Limits = Limits { waiting: EACH, places: [EACH; 3], ..NETWORK };

/// How the accepting ends: once it knows how long to wait for what is being answered.
pub(super) type Stop = watch::Receiver<Option<Duration>>;

/// Accepts from the network until it is stopped, then waits for what is being answered.
pub(super) async fn network(listener: TcpListener, acceptor: Acceptor<Api>, stop: Stop) {
    let next = async move || {
        let (stream, peer) = listener.accept().await?;
        Ok(Some((stream, Peer::Remote(peer.ip()))))
    };
    accept(next, acceptor, CONNECTIONS_MAX, stop).await;
}

pub(super) async fn local(socket: Socket, acceptor: Acceptor<Api>, stop: Stop) {
    accept(async move || socket.accept().await, acceptor, LOCAL_MAX, stop).await;
}

async fn accept<S, N>(mut next: N, acceptor: Acceptor<Api>, seats_max: usize, mut stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    N: AsyncFnMut() -> std::io::Result<Option<(S, Peer)>>,
{
    let seats = Arc::new(Semaphore::new(seats_max));
    let mut stopped = pin!(patience(&mut stop));
    let patience = loop {
        // The seat comes first: whoever finds none waits in the kernel's queue.
        let seat = tokio::select! {
            patience = &mut stopped => break patience,
            seat = Arc::clone(&seats).acquire_owned() => seat,
        };
        let Ok(seat) = seat else { return };
        tokio::select! {
            patience = &mut stopped => break patience,
            accepted = next() => match accepted {
                Ok(Some((stream, peer))) => serve(&acceptor, stream, peer, seat),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "admin connection not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    };
    // Nobody new from here on.
    drop(next);
    let all = u32::try_from(seats_max).unwrap_or(u32::MAX);
    let done = tokio::time::timeout(patience, seats.acquire_many(all)).await;
    if done.is_err() {
        tracing::warn!("admin connections cut before they were done");
    }
}

async fn patience(stop: &mut Stop) -> Duration {
    match stop.wait_for(Option::is_some).await {
        Ok(patience) => patience.unwrap_or_default(),
        Err(_) => Duration::ZERO,
    }
}

fn serve<S>(acceptor: &Acceptor<Api>, stream: S, peer: Peer, seat: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (acceptor, entered) = (acceptor.clone(), acceptor.enter(peer));
    tokio::spawn(async move {
        acceptor.serve(stream, entered).await;
        drop(seat);
    });
}
