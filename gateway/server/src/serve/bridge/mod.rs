//! The bridges' thread: one async runtime that lends connections, time and bytes to the providers
//! of [`tillgate_core::provider`].
//!
//! ```text
//!   writer ──▶ Intake::admit ──▶ queue ──▶ one of the bridge's connections ──▶ provider
//!     ◀───── WriterMessage::ProviderResult ────────┘
//! ```
//!
//! Over HTTP a [`ProviderConnection`] is one connection and the task that owns it, so a bridge has
//! as many requests in flight as it has connections. Over ISO 8583 a [`HostTask`] owns all of a
//! bridge's connections, each with many requests in flight. Every request has one result.

mod callback;
mod http;
mod iso8583;
pub(crate) mod profile;
pub(crate) mod provider;
mod queue;
pub(crate) mod tls;

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;
use parking_lot::Mutex;
use tillgate_core::card::CardData;
use tillgate_core::provider::{
    Awaited, Bridge, Exchange, Intake, ProviderRequest, ProviderResult, Refused,
};
use tillgate_core::time::{Moment, Span};
use tokio::sync::{mpsc, watch};

use self::http::{ConnectionPool, HttpSetup, ProviderConnection};
use self::iso8583::HostTask;
pub(crate) use self::provider::Providers;
use self::provider::{Protocol, capabilities};
use self::queue::BridgeQueue;
#[cfg(test)]
pub(super) use self::tls::tests as tls_files;
use super::clock::Clock;
use super::limits::{BRIDGE_QUEUE_MAX, CALLBACK_ORDERS_MAX};
use super::metrics::{BridgeMetrics, EdgeMetrics};
use super::writer::WriterMessage;
use crate::config;

/// The writer's links to all bridges, by index.
pub(crate) struct Bridges {
    links: Vec<ProviderLink>,
    clock: Clock,
    /// Callbacks are taken while it is there.
    _callbacks: watch::Sender<()>,
}

struct ProviderLink {
    queue: mpsc::Sender<Exchange>,
    deadline: Span,
    intake: Arc<Mutex<Intake>>,
    metrics: Arc<BridgeMetrics>,
    /// What the writer received last.
    shunned_until: Moment,
}

/// What the writer needs to know about the configured bridges.
pub(crate) fn described(bridges: &[config::Bridge]) -> Vec<Bridge> {
    let of = |bridge: &config::Bridge| Bridge {
        name: bridge.name.clone(),
        capabilities: capabilities(bridge),
    };
    bridges.iter().map(of).collect()
}

impl Bridges {
    /// The next bridge whose [`Intake::shun_until`] is not what the writer received last.
    pub(super) fn shunned(&mut self) -> Option<(u16, Moment)> {
        for (bridge, link) in (0..).zip(&mut self.links) {
            let until = link.metrics.shunned_until();
            if std::mem::replace(&mut link.shunned_until, until) != until {
                return Some((bridge, until));
            }
        }
        None
    }

    /// Queues a request; never waits.
    ///
    /// # Errors
    /// The result of a request that its bridge does not take: its queue is full, or its breaker
    /// is open.
    pub(super) fn send(
        &self,
        request: ProviderRequest,
        card: Option<Box<CardData>>,
    ) -> Result<(), ProviderResult> {
        let Some(link) = self.links.get(usize::from(request.bridge)) else {
            return Err(request.not_sent());
        };
        let now = self.clock.now();
        let mut intake = link.intake.lock();
        let admitted = intake.admit(now, &request);
        link.metrics.note_intake(&intake);
        drop(intake);
        if let Err(refused) = admitted {
            match refused {
                Refused::Full => link.metrics.bounced.add(1),
                Refused::HeldBack => link.metrics.held_back.add(1),
                Refused::TooFast => link.metrics.too_fast.add(1),
            }
            return Err(request.not_sent());
        }
        // Counted first: the connection may be done before this thread goes on.
        link.metrics.in_flight.add(1);
        let exchange = Exchange::new(request, now, link.deadline).with_card(card);
        // There is room: the intake counts a request until the channel has given it up.
        link.queue.try_send(exchange).map_err(|_| {
            link.metrics.in_flight.take_off(1);
            request.not_sent()
        })
    }
}

/// Starts the thread; it ends by itself once [`Bridges`] is dropped and every request has its
/// result.
///
/// # Errors
/// Those of the system: no thread, no descriptors for the runtime.
pub(crate) fn spawn(
    configured: &[config::Bridge],
    providers: Providers,
    metrics: &[Arc<BridgeMetrics>],
    edge: &Arc<EdgeMetrics>,
    writer: &Sender<WriterMessage>,
    clock: Clock,
) -> std::io::Result<(Bridges, JoinHandle<()>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut links = Vec::new();
    let (mut connections, mut hosts, mut callbacks) = (Vec::new(), Vec::new(), Vec::new());
    let (stop, stopped) = watch::channel(());
    for ((bridge, protocol), metrics) in configured.iter().zip(providers.0).zip(metrics) {
        let (sender, queue) = mpsc::channel(BRIDGE_QUEUE_MAX);
        let intake = Arc::new(Mutex::new(Intake::new(BRIDGE_QUEUE_MAX, bridge.sales_per_s)));
        let queue = BridgeQueue {
            requests: tokio::sync::Mutex::new(queue),
            writer: writer.clone(),
            intake: Arc::clone(&intake),
            metrics: Arc::clone(metrics),
            edge: Arc::clone(edge),
            clock,
        };
        match protocol {
            Protocol::Http(setup) => {
                let HttpSetup { provider, tls, callback } = *setup;
                let (host, port) = (bridge.url.host.clone(), bridge.url.port);
                let address = config::Address { host, port };
                let orders = if callback.is_some() { CALLBACK_ORDERS_MAX } else { 0 };
                let awaited = Mutex::new(Awaited::new(orders));
                let pool = ConnectionPool {
                    provider,
                    address,
                    tls,
                    awaited,
                    queue,
                    complained: Mutex::default(),
                };
                let pool = Arc::new(pool);
                if let Some(setup) = callback {
                    callbacks.push(callback::serve(setup, Arc::clone(&pool), stopped.clone()));
                }
                let open = |_| ProviderConnection::new(Arc::clone(&pool));
                connections.extend((0..bridge.connections).map(open));
            }
            Protocol::Iso8583(setup) => hosts.push(HostTask::new(*setup, queue)),
        }
        let deadline = Span::s(u64::from(bridge.deadline_s));
        let (metrics, shunned_until) = (Arc::clone(metrics), Moment::default());
        links.push(ProviderLink { queue: sender, deadline, intake, metrics, shunned_until });
    }
    let run = move || {
        let local = tokio::task::LocalSet::new();
        for connection in connections {
            local.spawn_local(connection.run());
        }
        for host in hosts {
            local.spawn_local(host.run());
        }
        for callbacks in callbacks {
            local.spawn_local(callbacks);
        }
        runtime.block_on(local);
    };
    let thread = thread::Builder::new().name("bridges".to_owned()).spawn(run)?;
    Ok((Bridges { links, clock, _callbacks: stop }, thread))
}
