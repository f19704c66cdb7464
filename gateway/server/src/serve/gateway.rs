//! A running gateway: which threads there are, and how they are connected.
//!
//! ```text
//!  reactor 0..n ─jobs─▶ pool 0..m ─▶ writer ─▶ bridges     supervisor (the first thread)
//!       ▲  ▲   ─hellos▶      │  ▲    │ ▲        │            ▲ signals, who is online
//!       │  └────letters──────┘  └────┘ └─found──┘            │
//!       └── superseded, drain                             admin: handle
//!
//!  iso8583 0..k: threads of listeners, and one of all USSD links, with the same ways to the pool and
//!  back; ussd-http has the sockets of those over HTTP
//! ```

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::RwLock;
use tillgate_core::processing::LinkParameters;
use tillgate_core::time::Span;
use tillgate_store_core::{LedgerStore, Registry, Store};
use tillgate_store_rocks::RocksEngine;

use super::batch::Recyclers;
use super::bridge::{self, Providers};
use super::claims::SharedClaims;
use super::clock::Clock;
use super::fail::{Stop, fail_stop};
use super::handle::{Ordered, ServeHandle, controls};
use super::limits::{HELLO_JOBS_MAX, JOBS_MAX, PRESENCE_MAX, WRITER_QUEUE_MAX};
use super::listeners::Listeners;
use super::mailbox::Mailbox;
use super::metrics::{BridgeMetrics, LinkKind, ListenerMetrics, Metrics, UssdMetrics};
use super::pool::{Tools, Worker};
use super::reactor::{Events, ListenerSetup, ListenerThread, Reactor, ReactorLinks, Setup, listen};
use super::scrub::Scrubber;
use super::startup;
use super::supervisor::Report;
use super::ussd::{HttpEdge, Ussd, UssdSetup, UssdThread};
use super::view::Stage;
use super::writer::{Writer, WriterMessage, WriterSetup};
use crate::config::{self, Budget, Config, Iso8583Listener};
use crate::entropy;
use crate::exit::Failure;
use crate::harden::raise_descriptors;

/// See the module. Dropping it does not stop it; [`Gateway::drain`] does.
pub(crate) struct Gateway {
    /// Where terminals connect; the port is a real one.
    pub(crate) address: SocketAddr,
    /// Where terminals of other makers connect, by listener.
    pub(crate) listeners: Vec<SocketAddr>,
    /// Their names.
    pub(super) names: Vec<String>,
    /// Names of the USSD links.
    pub(super) links: Vec<String>,
    pub(crate) handle: ServeHandle,
    pub(super) reports: Receiver<Report>,
    /// The way to tell it to go down, beside the signals.
    pub(crate) report: Sender<Report>,
    pub(super) mailboxes: Vec<Mailbox>,
    pub(super) writer: Sender<WriterMessage>,
    pub(super) threads: Threads,
    /// The scrubber ends when this is dropped.
    pub(super) scrub: Sender<()>,
    pub(super) answer: Span,
}

pub(super) struct Threads {
    running: Vec<JoinHandle<()>>,
    /// Not waited for: an order in flight may take longer than the drain.
    _bridges: JoinHandle<()>,
}

impl Threads {
    pub(super) fn join(self) {
        for thread in self.running {
            // A thread that panicked has ended the process.
            drop(thread.join());
        }
    }
}

impl Gateway {
    /// Opens the store, recovers, listens and starts every thread.
    ///
    /// # Errors
    /// Which part could not be opened or started, and what to do about it.
    pub(crate) fn start(config: &Config, clock: Clock) -> Result<Self, Failure> {
        let options = config::options(&config.store);
        let table_files = u64::try_from(options.open_files_max).unwrap_or(0);
        let budget = Budget::of(config, table_files);
        budget.check(raise_descriptors()).map_err(Failure::config)?;
        let keys = Arc::new(startup::keys(config)?);
        let providers = Providers::load(config)?;
        let mut store = startup::store(config, &options, &keys, clock)?;
        let (directory, claims) = startup::directory(config, &store).map_err(Failure::store)?;
        let transactions = startup::transactions(config, &mut store, &directory, clock);
        let transactions = transactions.map_err(Failure::store)?;
        let recovered = transactions.pending();
        let address = config.listen.terminals;
        let listeners = listen(address, config.listen.backlog, config.listen.reactors)
            .map_err(|error| Failure::config(format!("listen.terminals {address}: {error}")))?;
        let iso8583 = Listeners::open(config)?;
        let ussd = Ussd::load(config)?;
        let metrics = metrics(config);
        let (controls, orders) = controls(clock);
        let handle = ServeHandle {
            controls,
            view: Arc::default(),
            directory: Arc::new(RwLock::new(directory)),
            reader: store.backend().reader(),
            store_id: store.store_id(),
            keys,
            metrics,
            clock,
        };
        warn_of_unknown_listeners(&handle.directory.read().registry, config);
        ussd.warn_of_long_screens(&handle.directory.read().registry);
        tracing::info!(recovered, "transactions without an outcome taken up again");
        let claims = Arc::new(claims);
        let parts =
            Parts { transactions, store, orders, listeners, claims, providers, iso8583, ussd };
        spawn(config, handle, parts)
            .map_err(|error| Failure::internal(format!("starting threads: {error}")))
    }
}

/// Terminals that name a listener which is not configured are answered nowhere.
fn warn_of_unknown_listeners(registry: &Registry, config: &Config) {
    let is_known = |name: &str| config.iso8583_listeners.iter().any(|of| of.name == name);
    let lost =
        || registry.terminals().filter(|of| !of.listener.is_empty() && !is_known(&of.listener));
    if let Some(first) = lost().min_by_key(|terminal| terminal.id) {
        let (count, terminal, listener) = (lost().count(), first.id.0, &first.listener);
        tracing::warn!(
            count,
            terminal,
            listener,
            "terminals use an ISO 8583 listener that is not configured: they are not answered"
        );
    }
}

/// What only one thread each will own.
struct Parts {
    transactions: tillgate_core::transaction::TransactionManager,
    store: LedgerStore<RocksEngine>,
    orders: Receiver<Ordered>,
    listeners: Vec<TcpListener>,
    claims: Arc<SharedClaims>,
    providers: Providers,
    iso8583: Listeners,
    ussd: Ussd,
}

fn spawn(config: &Config, handle: ServeHandle, parts: Parts) -> std::io::Result<Gateway> {
    let address = parts.listeners[0].local_addr()?;
    let (report, reports) = bounded(PRESENCE_MAX);
    let (jobs, jobs_out) = bounded(JOBS_MAX);
    let (hellos, hellos_out) = bounded(HELLO_JOBS_MAX);
    let (writer, mail) = bounded(WRITER_QUEUE_MAX);
    let recyclers = Recyclers::default();
    let Metrics { bridges, edge, .. } = &*handle.metrics;
    let (bridges, bridges_thread) =
        bridge::spawn(&config.bridges, parts.providers, bridges, edge, &writer, handle.clock)?;
    let setup = WriterSetup {
        transactions: parts.transactions,
        store: parts.store,
        mail,
        orders: parts.orders,
        jobs: jobs.clone(),
        bridges,
        recyclers: recyclers.clone(),
        batch_max: usize::try_from(config.transactions.batch_max).unwrap_or(usize::MAX),
        handle: handle.clone(),
    };
    let ways = ReactorLinks { jobs, hellos, peers: Vec::new(), reports: report.clone(), recyclers };
    let (reactors, mut mailboxes) = reactors(config, &handle, parts.listeners, &ways)?;
    let listeners = parts.iso8583.addresses()?;
    let names = Arc::clone(&parts.iso8583.listeners);
    let ports = ports(config, &handle, parts.iso8583, &ways)?;
    mailboxes.extend(ports.iter().map(|(_, mailbox)| mailbox.clone()));
    let ussd = ussd_thread(config, &handle, parts.ussd, (&ways, mailboxes.len()))?;
    mailboxes.extend(ussd.iter().map(|ussd| ussd.mailbox.clone()));
    let tools = Tools {
        jobs: jobs_out,
        hellos: hellos_out,
        writer: writer.clone(),
        mailboxes: mailboxes.clone(),
        claims: parts.claims,
        parameters: LinkParameters {
            idle_s: config.link.idle_s,
            answer_s: config.transactions.answer_s,
            catalogue: 0,
        },
        calendar: config.calendar.clone(),
        reactors: config.listen.reactors,
        listeners: names,
        recyclers: ways.recyclers,
        handle: handle.clone(),
    };
    let mut running = vec![start("writer".to_owned(), move || Writer::new(setup).run())?];
    for index in 0..config.workers.pool {
        let worker = Worker::new(tools.clone());
        running.push(start(format!("pool-{index}"), move || worker.run())?);
    }
    running.extend(start_edges(&report, reactors, ports, ussd)?);
    let (scrub, until) = bounded(0);
    let (dir, scrubbed) = (config.store.dir.clone(), handle.clone());
    running.push(start("scrub".to_owned(), move || Scrubber::new(scrubbed, dir, until).run())?);
    handle.view.enter(Stage::Serving);
    Ok(Gateway {
        address,
        listeners,
        names: config.iso8583_listeners.iter().map(|listener| listener.name.clone()).collect(),
        links: ussd_links(config).map(|(name, _)| name.to_owned()).collect(),
        handle,
        reports,
        report,
        mailboxes,
        writer,
        threads: Threads { running, _bridges: bridges_thread },
        scrub,
        answer: Span::s(u64::from(config.transactions.answer_s)),
    })
}

/// Starts what has sockets of its own.
fn start_edges(
    report: &Sender<Report>,
    reactors: Vec<Reactor>,
    ports: Vec<(ListenerThread, Mailbox)>,
    ussd: Option<UssdThreads>,
) -> std::io::Result<Vec<JoinHandle<()>>> {
    let mut running = Vec::new();
    for (index, reactor) in reactors.into_iter().enumerate() {
        running.push(start_turns(format!("reactor-{index}"), report, move || reactor.run())?);
    }
    for (index, (port, _)) in ports.into_iter().enumerate() {
        running.push(start_turns(format!("iso8583-{index}"), report, move || port.run())?);
    }
    if let Some(UssdThreads { links, edge, .. }) = ussd {
        running.push(start_turns("ussd".to_owned(), report, move || links.run())?);
        if let Some(edge) = edge {
            running.push(start("ussd-http".to_owned(), move || edge.run())?);
        }
    }
    Ok(running)
}

/// The reactors, each with the ways to the others, and the ways to all of them.
fn reactors(
    config: &Config,
    handle: &ServeHandle,
    listeners: Vec<TcpListener>,
    ways: &ReactorLinks,
) -> std::io::Result<(Vec<Reactor>, Vec<Mailbox>)> {
    let events: std::io::Result<Vec<_>> = listeners.iter().map(|_| Events::new()).collect();
    let (events, mailboxes): (Vec<_>, Vec<_>) = events?.into_iter().unzip();
    let make = |((index, listener), events): ((u16, TcpListener), Events)| {
        let setup = Setup {
            index,
            clock: handle.clock,
            limits: config.session_limits(),
            listener,
            metrics: Arc::clone(&handle.metrics.reactors[usize::from(index)]),
        };
        let mut peers = mailboxes.clone();
        peers.remove(usize::from(index));
        Reactor::new(setup, events, ReactorLinks { peers, ..ways.clone() })
    };
    let reactors: std::io::Result<Vec<_>> = (0..).zip(listeners).zip(events).map(make).collect();
    Ok((reactors?, mailboxes))
}

/// The threads of ISO 8583 listeners, behind the reactors, each with the way to it.
fn ports(
    config: &Config,
    handle: &ServeHandle,
    iso8583: Listeners,
    ways: &ReactorLinks,
) -> std::io::Result<Vec<(ListenerThread, Mailbox)>> {
    let Listeners { listeners, sockets, tls } = iso8583;
    let sockets = sockets.into_iter().zip(tls);
    let made = (0..).zip(&config.iso8583_listeners).zip(listeners.iter().zip(sockets));
    let make =
        |((index, of), (listener, (socket, tls))): ((u16, &Iso8583Listener), (&Arc<_>, _))| {
            let (events, mailbox) = Events::new()?;
            let setup = ListenerSetup {
                reactor: config.listen.reactors + index,
                index,
                listener: Arc::clone(listener),
                limits: of.limits(),
                calendar: config.calendar.clone(),
                socket,
                tls,
                networks: of.networks.clone(),
                clock: handle.clock,
                metrics: Arc::clone(&handle.metrics.listeners[usize::from(index)]),
                jobs: ways.jobs.clone(),
                recyclers: ways.recyclers.clone(),
                reports: ways.reports.clone(),
            };
            Ok((ListenerThread::new(setup, events)?, mailbox))
        };
    made.map(make).collect()
}

/// The thread of all USSD links, the way to it, and the listeners of those over HTTP.
struct UssdThreads {
    links: UssdThread,
    mailbox: Mailbox,
    edge: Option<HttpEdge>,
}

/// Names of the USSD links, in their order.
fn ussd_links(config: &Config) -> impl Iterator<Item = (&str, LinkKind)> {
    let smpp = config.ussd_links.iter().map(|link| (&*link.name, LinkKind::Smpp));
    smpp.chain(config.ussd_http.iter().map(|link| (&*link.name, LinkKind::Http)))
}

/// The thread of all USSD links, behind the listeners; none without links.
fn ussd_thread(
    config: &Config,
    handle: &ServeHandle,
    mut ussd: Ussd,
    (ways, reactor): (&ReactorLinks, usize),
) -> std::io::Result<Option<UssdThreads>> {
    if ussd.links.is_empty() {
        return Ok(None);
    }
    let (events, mailbox) = Events::new()?;
    let Metrics { ussd: metrics, edge, .. } = &*handle.metrics;
    let (edge, stop) = ussd.take_edge(&mailbox, (metrics, edge))?.unzip();
    let setup = UssdSetup {
        reactor: u16::try_from(reactor).map_err(std::io::Error::other)?,
        ussd,
        calendar: config.calendar.clone(),
        seed: u64::from_le_bytes(entropy::bytes()),
        clock: handle.clock,
        directory: Arc::clone(&handle.directory),
        metrics: Arc::clone(metrics),
        mailbox: mailbox.clone(),
        jobs: ways.jobs.clone(),
        recyclers: ways.recyclers.clone(),
        reports: ways.reports.clone(),
        edge: stop,
    };
    Ok(Some(UssdThreads { links: UssdThread::new(setup, events), mailbox, edge }))
}

/// Starts a thread that turns until it is to end; the supervisor waits for its report.
fn start_turns(
    name: String,
    report: &Sender<Report>,
    run: impl FnOnce() -> std::io::Result<()> + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    let done = report.clone();
    start(name, move || {
        if let Err(error) = run() {
            fail_stop(Stop::Reactor, &error);
        }
        // Or it has stopped waiting.
        drop(done.send(Report::ReactorDone));
    })
}

fn start(name: String, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name).spawn(run)
}

fn metrics(config: &Config) -> Arc<Metrics> {
    let bridge = |bridge: &config::Bridge| {
        Arc::new(BridgeMetrics { name: bridge.name.clone(), ..BridgeMetrics::default() })
    };
    let listener = |of: &Iso8583Listener| Arc::new(ListenerMetrics::named(&of.name));
    Arc::new(Metrics {
        reactors: (0..config.listen.reactors).map(|_| Arc::default()).collect(),
        bridges: config.bridges.iter().map(bridge).collect(),
        listeners: config.iso8583_listeners.iter().map(listener).collect(),
        ussd: Arc::new(UssdMetrics::named(ussd_links(config))),
        ..Metrics::default()
    })
}
