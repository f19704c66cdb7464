//! A running gateway: which threads there are, and how they are connected.
//!
//! ```text
//!  reactor 0..n ─jobs─▶ pool 0..m ─▶ writer ─▶ bridges     supervisor (the first thread)
//!       ▲  ▲   ─hellos▶      │  ▲    │ ▲        │            ▲ signals, who is online
//!       │  └────letters──────┘  └────┘ └─found──┘            │
//!       └── superseded, drain                             admin: handle
//! ```

use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use tillgate_core::processing::LinkParameters;
use tillgate_core::time::Span;
use tillgate_store_core::{LedgerStore, Store};
use tillgate_store_rocks::RocksEngine;

use super::batch::{Inbound, Recyclers};
use super::bridge::{self, Bridges};
use super::claims::SharedClaims;
use super::clock::Clock;
use super::fail::{Stop, fail_stop};
use super::handle::{Ordered, ServeHandle, controls};
use super::limits::{HELLO_JOBS_MAX, JOBS_MAX, WRITER_QUEUE_MAX};
use super::mailbox::Mailbox;
use super::metrics::{BridgeMetrics, Metrics, PoolMetrics, ReactorMetrics, WriterMetrics};
use super::pool::{Job, Tools, Worker};
use super::reactor::{Listener, Prepared, Reactor, ReactorLinks, Setup, listen};
use super::scrub::Scrubber;
use super::startup;
use super::supervisor::{Report, reports};
use super::view::{Stage, View};
use super::writer::{Writer, WriterMessage, WriterSetup};
use crate::config::{self, Budget, Config};
use crate::exit::Failure;
use crate::harden::raise_descriptors;

/// See the module. Dropping it does not stop it; [`Gateway::drain`] does.
pub(crate) struct Gateway {
    /// Where terminals connect; the port is a real one.
    pub(crate) address: SocketAddr,
    /// For the admin.
    pub(crate) handle: ServeHandle,
    pub(super) reports: Receiver<Report>,
    pub(super) report: Sender<Report>,
    pub(super) mailboxes: Vec<Mailbox>,
    pub(super) writer: Sender<WriterMessage>,
    pub(super) threads: Threads,
    /// The scrubber ends when this is dropped.
    pub(super) scrub: Sender<()>,
    pub(super) answer: Span,
}

/// The threads that are waited for at the end.
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
        let mut store = startup::store(config, &options, &keys, clock)?;
        let (directory, claims) = startup::directory(config, &store).map_err(Failure::store)?;
        let transactions = startup::transactions(config, &mut store, &directory, clock);
        let transactions = transactions.map_err(Failure::store)?;
        let recovered = transactions.pending();
        let address = config.listen.terminals;
        let listeners = listen(address, config.listen.backlog, config.listen.reactors)
            .map_err(|error| Failure::config(format!("listen.terminals {address}: {error}")))?;
        let metrics = metrics(config);
        let (controls, orders) = controls(clock);
        let handle = ServeHandle {
            controls,
            view: Arc::new(View::new()),
            directory: Arc::new(RwLock::new(directory)),
            reader: store.backend().reader(),
            store_id: store.store_id(),
            keys,
            metrics,
            clock,
        };
        tracing::info!(recovered, "transactions without an outcome taken up again");
        let parts = Parts { transactions, store, orders, listeners, claims: Arc::new(claims) };
        spawn(config, handle, parts)
            .map_err(|error| Failure::internal(format!("starting threads: {error}")))
    }

    /// The way to tell it to go down, beside the signals.
    pub(crate) fn report(&self) -> Sender<Report> {
        self.report.clone()
    }
}

/// What only one thread each will own.
struct Parts {
    transactions: tillgate_core::transaction::TransactionManager,
    store: LedgerStore<RocksEngine>,
    orders: Receiver<Ordered>,
    listeners: Vec<Listener>,
    claims: Arc<SharedClaims>,
}

/// The channels and batches between threads.
struct Links {
    jobs: (Sender<Job>, Receiver<Job>),
    hellos: (Sender<Box<Inbound>>, Receiver<Box<Inbound>>),
    writer: (Sender<WriterMessage>, Receiver<WriterMessage>),
    recyclers: Recyclers,
}

fn spawn(config: &Config, handle: ServeHandle, parts: Parts) -> std::io::Result<Gateway> {
    let links = Links {
        jobs: bounded(JOBS_MAX),
        hellos: bounded(HELLO_JOBS_MAX),
        writer: bounded(WRITER_QUEUE_MAX),
        recyclers: Recyclers::new(),
    };
    let address = parts.listeners[0].address()?;
    let (report, reports) = reports();
    let (prepared, mailboxes) = reactors(config, &handle, parts.listeners)?;
    let Metrics { bridges, edge, .. } = &*handle.metrics;
    let (bridges, bridges_thread) =
        bridge::spawn(&config.bridges, bridges, edge, &links.writer.0, handle.clock)?;
    let setup = writer_setup(
        config,
        &handle,
        &links,
        bridges,
        parts.transactions,
        parts.store,
        parts.orders,
    );
    let mut running = vec![start("writer".to_owned(), move || Writer::new(setup).run())?];
    for index in 0..config.workers.pool {
        let worker = Worker::new(tools(config, &handle, &links, &mailboxes, &parts.claims));
        running.push(start(format!("pool-{index}"), move || worker.run())?);
    }
    for (index, reactor) in prepared.into_iter().enumerate() {
        let mut peers = mailboxes.clone();
        peers.remove(index);
        let ways = ReactorLinks {
            jobs: links.jobs.0.clone(),
            hellos: links.hellos.0.clone(),
            peers,
            reports: report.clone(),
            recyclers: links.recyclers.clone(),
        };
        let reactor = reactor.connect(ways);
        let done = report.clone();
        running.push(start(format!("reactor-{index}"), move || {
            if let Err(error) = reactor.run() {
                fail_stop(Stop::Reactor, &error);
            }
            // The supervisor waits for this, or has stopped waiting.
            drop(done.send(Report::ReactorDone));
        })?);
    }
    let (scrub, until) = bounded(0);
    let scrubber = Scrubber {
        reader: handle.reader.clone(),
        dir: config.store.dir.clone(),
        metrics: Arc::clone(&handle.metrics.scrub),
        panics: Arc::clone(&handle.metrics.edge),
        until,
    };
    running.push(start("scrub".to_owned(), move || scrubber.run())?);
    handle.view.enter(Stage::Serving);
    Ok(Gateway {
        address,
        handle,
        reports,
        report,
        mailboxes,
        writer: links.writer.0,
        threads: Threads { running, _bridges: bridges_thread },
        scrub,
        answer: Span::s(u64::from(config.transactions.answer_s)),
    })
}

fn reactors(
    config: &Config,
    handle: &ServeHandle,
    listeners: Vec<Listener>,
) -> std::io::Result<(Vec<Prepared>, Vec<Mailbox>)> {
    let prepare = |(index, listener): (u16, Listener)| {
        Reactor::prepare(Setup {
            index,
            clock: handle.clock,
            limits: config.session_limits(),
            write_stall: Span::s(u64::from(config.link.record_s)),
            listener,
            metrics: Arc::clone(&handle.metrics.reactors[usize::from(index)]),
        })
    };
    let prepared: Result<Vec<_>, _> = (0..).zip(listeners).map(prepare).collect();
    Ok(prepared?.into_iter().unzip())
}

fn start(name: String, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name).spawn(run)
}

fn writer_setup(
    config: &Config,
    handle: &ServeHandle,
    links: &Links,
    bridges: Bridges,
    transactions: tillgate_core::transaction::TransactionManager,
    store: LedgerStore<RocksEngine>,
    orders: Receiver<Ordered>,
) -> WriterSetup {
    WriterSetup {
        transactions,
        store,
        mail: links.writer.1.clone(),
        orders,
        jobs: links.jobs.0.clone(),
        bridges,
        directory: Arc::clone(&handle.directory),
        view: Arc::clone(&handle.view),
        clock: handle.clock,
        recyclers: links.recyclers.clone(),
        metrics: Arc::clone(&handle.metrics.writer),
        batch_max: usize::try_from(config.transactions.batch_max).unwrap_or(usize::MAX),
    }
}

fn tools(
    config: &Config,
    handle: &ServeHandle,
    links: &Links,
    mailboxes: &[Mailbox],
    claims: &Arc<SharedClaims>,
) -> Tools {
    Tools {
        jobs: links.jobs.1.clone(),
        hellos: links.hellos.1.clone(),
        writer: links.writer.0.clone(),
        mailboxes: mailboxes.to_vec(),
        directory: Arc::clone(&handle.directory),
        claims: Arc::clone(claims),
        keys: Arc::clone(&handle.keys),
        parameters: LinkParameters {
            idle_s: config.link.idle_s,
            answer_s: config.transactions.answer_s,
            catalogue: 0,
        },
        calendar: config.calendar.clone(),
        clock: handle.clock,
        recyclers: links.recyclers.clone(),
        metrics: Arc::clone(&handle.metrics.pool),
    }
}

fn metrics(config: &Config) -> Arc<Metrics> {
    let bridge = |bridge: &crate::config::Bridge| Arc::new(BridgeMetrics::new(bridge.name.clone()));
    Arc::new(Metrics {
        reactors: (0..config.listen.reactors)
            .map(|_| Arc::new(ReactorMetrics::default()))
            .collect(),
        pool: Arc::new(PoolMetrics::new()),
        writer: Arc::new(WriterMetrics::new()),
        bridges: config.bridges.iter().map(bridge).collect(),
        scrub: Arc::default(),
        edge: Arc::default(),
    })
}
