//! Connections of the admin API.
//!
//! `warp::serve` has no timer and so no deadline for a request's head; hence this loop of our own
//! around hyper, with a deadline for every stage, a bound on connections, and a pause when the
//! system refuses one.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use warp::reply::Response;

use super::App;
use super::error::ApiError;
use super::limits::{
    ACCEPT_PAUSE, CONNECTION_TIME_MAX, CONNECTIONS_MAX, HEAD_BYTES_MAX, HEADER_TIME_MAX,
    HEADERS_MAX, REQUEST_TIME_MAX,
};
use super::routes;

/// Accepts until `stop` is done, then waits at most `patience` for what is being answered.
pub(super) async fn run(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = Duration>,
) {
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut stop = pin!(stop);
    let patience = loop {
        // The seat comes first: whoever finds none waits in the kernel's queue.
        let seat = tokio::select! {
            patience = &mut stop => break patience,
            seat = Arc::clone(&seats).acquire_owned() => seat,
        };
        let Ok(seat) = seat else { return };
        tokio::select! {
            patience = &mut stop => break patience,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => serve(stream, peer, seat, Arc::clone(&app)),
                Err(error) => {
                    tracing::warn!(%error, "admin connection not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    };
    drop(listener);
    let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
    let done = tokio::time::timeout(patience, seats.acquire_many(all)).await;
    if done.is_err() {
        tracing::warn!("admin connections cut before they were done");
    }
}

fn serve(stream: TcpStream, peer: SocketAddr, seat: OwnedSemaphorePermit, app: Arc<App>) {
    tokio::spawn(async move {
        let talk = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .keep_alive(false)
            .serve_connection(
                TokioIo::new(stream),
                service_fn(move |request| answer(request, Arc::clone(&app))),
            );
        match tokio::time::timeout(CONNECTION_TIME_MAX, talk).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%peer, %error, "admin connection broke off"),
            Err(_) => tracing::debug!(%peer, "admin connection took too long"),
        }
        drop(seat);
    });
}

async fn answer(request: Request<Incoming>, app: Arc<App>) -> Result<Response, Infallible> {
    let routes = TowerToHyperService::new(warp::service(routes::filter(app)));
    match tokio::time::timeout(REQUEST_TIME_MAX, routes.call(request)).await {
        Ok(answered) => answered,
        Err(_) => {
            let text = "the request did not arrive, or could not be answered, in time";
            Ok(ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", text).response())
        }
    }
}
