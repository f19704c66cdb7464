//! Listening as a script wants it: in an outage nothing listens.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tillsim_core::provider::script::Reach;
use tillsim_core::time::Moment;
use tokio::net::{TcpListener, TcpStream};

use super::ACCEPT_PAUSE;
use crate::exit::{About, Refusal};

/// How long something sleeps when nothing is due.
pub(super) const IDLE: Duration = Duration::from_secs(3_600);

/// What listens by a script.
pub(super) trait Scripted {
    fn now(&self) -> Moment;
    fn outage(&self, now: Moment) -> Option<(Reach, Moment)>;
    /// When it stops listening.
    fn next_outage(&self, now: Moment) -> Option<Moment>;
    fn accepted(self: &Rc<Self>, stream: TcpStream);
    /// Ends all connections.
    fn cut(&self);
}

/// From one moment to another.
pub(super) fn until(now: Moment, at: Moment) -> Duration {
    Duration::from_nanos(at.since(now).0)
}

/// Where something listens, for who started it.
pub(crate) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Refusal> {
    let what = || format!("cannot listen on {address}");
    let listener = TcpListener::bind(address).await.about(what())?;
    let bound = listener.local_addr().about(what())?;
    Ok((listener, bound))
}

/// Accepts connections; out of reach it does not even listen.
///
/// # Errors
/// When the address cannot be listened on, also after an outage.
pub(super) async fn accept<S: Scripted>(
    served: Rc<S>,
    listener: TcpListener,
) -> io::Result<Infallible> {
    let address = listener.local_addr()?;
    let mut listener = Some(listener);
    loop {
        let now = served.now();
        if let Some((Reach::Refuse, end)) = served.outage(now) {
            drop(listener.take());
            served.cut();
            tokio::time::sleep(until(now, end)).await;
            continue;
        }
        let listening = match listener.take() {
            Some(listening) => listening,
            None => TcpListener::bind(address).await?,
        };
        let calm = served.next_outage(now).map_or(IDLE, |at| until(now, at));
        let accepted = tokio::time::timeout(calm, listening.accept()).await;
        listener = Some(listening);
        match accepted {
            Ok(Ok((stream, _))) => {
                // Small answers must not wait for more of them.
                drop(stream.set_nodelay(true));
                served.accepted(stream);
            }
            Ok(Err(_)) => tokio::time::sleep(ACCEPT_PAUSE).await,
            Err(_) => {}
        }
    }
}
