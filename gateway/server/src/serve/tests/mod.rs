//! The whole gateway over real sockets and a real store in a temporary directory.

mod abuse;
mod callback;
mod card;
mod concentrator;
mod confirm;
mod dates;
mod dialects;
mod host;
mod https;
mod lies;
mod listener;
mod network;
mod old;
mod owed;
mod panics;
mod profile;
mod provider;
mod sales;
mod terminal;
mod top_ups;
mod ussd;
mod ussd_http;
mod ussd_terminal;
mod way_down;

use std::net::SocketAddr;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use tempfile::TempDir;
use tillgate_core::drain::Drained;
use tillgate_store_core::verify::{Report as StoreReport, verify};
use tillgate_store_core::{
    Change, Command, Key, LedgerStore, Outcome, RegistryRecord, State, Store,
};
use tillgate_store_rocks::{Options, RocksEngine, RocksReader};

use self::terminal::Till;
use super::clock::{Clock, ClockTrust};
use super::gateway::Gateway;
use super::handle::ServeHandle;
use super::supervisor::Report;
use crate::config::{self, Config, HttpUrl, InstallOptions};
use crate::init::install;

/// Long enough for a slow machine, short enough for a person.
const PATIENCE: Duration = Duration::from_secs(20);

/// An installation with a small network in its store.
struct Installation {
    _dir: TempDir,
    config: Config,
}

/// A gateway that serves in this process.
struct Served {
    address: SocketAddr,
    /// Of ISO 8583 listeners.
    listeners: Vec<SocketAddr>,
    handle: ServeHandle,
    report: Sender<Report>,
    supervisor: JoinHandle<Drained>,
}

impl Installation {
    /// One pool thread, one reactor, `link` settings short enough for tests; no bridge.
    fn new() -> Self {
        Self::with_provider(None)
    }

    /// As [`Installation::new`], with the bridge `topup` to this provider.
    fn with_provider(provider: Option<SocketAddr>) -> Self {
        let dir = TempDir::new().unwrap();
        let home = dir.path().join("tillgate");
        let url = |at: SocketAddr| HttpUrl::parse(&format!("http://{at}/topups")).unwrap();
        let options = InstallOptions {
            terminals: "127.0.0.1:0".parse().unwrap(),
            admin: "127.0.0.1:0".parse().unwrap(),
            descriptors: u64::MAX,
            bridges: provider.map(|at| ("topup".to_owned(), url(at))).into_iter().collect(),
        };
        install(&home, &options).unwrap();
        let mut config = config::load(&home.join("tillgate.toml")).unwrap();
        config.link.sessions_max = 256;
        config.link.record_s = 2;
        config.link.handshake_s = 2;
        config.transactions.answer_s = 4;
        for bridge in &mut config.bridges {
            bridge.deadline_s = 1;
            bridge.connections = 4;
            // What the tests' own provider can do.
            (bridge.idempotent, bridge.inquiry) = (true, true);
        }
        let keys = super::startup::keys(&config).unwrap();
        let backend = RocksEngine::open(&config.store.dir, &Options::creating()).unwrap();
        let mut book = LedgerStore::open(backend, [1; 8]).unwrap();
        let change = Command::Change(network::change(&keys.vault));
        book.commit(&mut vec![change], &mut Vec::new()).unwrap();
        Self { _dir: dir, config }
    }

    /// Puts records into the store, as an import does.
    fn change(&self, records: Vec<RegistryRecord>) {
        let backend = RocksEngine::open(&self.config.store.dir, &Options::serving()).unwrap();
        let mut book = LedgerStore::open(backend, [1; 8]).unwrap();
        let (change, mut outcomes) = (Change { records, ..Change::default() }, Vec::new());
        book.commit(&mut vec![Command::Change(change)], &mut outcomes).unwrap();
        assert!(matches!(outcomes[..], [Outcome::Applied]), "{outcomes:?}");
    }

    /// A top-up whose intent is durable, and nothing after it: what a crash leaves.
    fn leave_intent(&self, stan: u32) -> Key {
        let backend = RocksEngine::open(&self.config.store.dir, &Options::serving()).unwrap();
        let mut book = LedgerStore::open(backend, [1; 8]).unwrap();
        let registry = book.load_registry().unwrap();
        let begin = network::intent(&registry, stan);
        let (key, mut outcomes) = (begin.key, Vec::new());
        book.commit(&mut vec![Command::Begin(begin)], &mut outcomes).unwrap();
        assert!(matches!(&outcomes[0], Outcome::Done(row) if row.state == State::Intent));
        key
    }

    fn serve(&self) -> Served {
        self.serve_by(Clock::start(ClockTrust::Checked))
    }

    fn serve_by(&self, clock: Clock) -> Served {
        let gateway = Gateway::start(&self.config, clock).unwrap();
        let (address, handle) = (gateway.address, gateway.handle.clone());
        let listeners = gateway.listeners.clone();
        let report = gateway.report.clone();
        let supervisor = thread::spawn(move || {
            gateway.attend();
            gateway.drain()
        });
        Served { address, listeners, handle, report, supervisor }
    }

    /// Checks every invariant of the stopped store.
    fn verify(&self) -> StoreReport {
        verify_dir(&self.config.store.dir)
    }
}

fn verify_dir(dir: &Path) -> StoreReport {
    let reader = RocksReader::open(dir, &Options::serving()).unwrap();
    let verdict = verify(&reader).unwrap();
    assert!(verdict.violations.is_empty(), "{:?}", verdict.violations);
    verdict
}

impl Served {
    fn till(&self, terminal: u32) -> Till {
        Till::connect(self.address, terminal)
    }

    /// Tells the supervisor to go down, as a signal would.
    fn signal(&self) {
        self.report.send(Report::GoDown).unwrap();
    }

    /// Goes down and waits for it.
    fn stop(self) -> Drained {
        self.signal();
        self.join()
    }

    fn join(self) -> Drained {
        // The store closes only when nobody reads it any more.
        let Self { handle, supervisor, .. } = self;
        drop(handle);
        supervisor.join().unwrap()
    }

    /// The value of a series on the metrics page.
    fn metric(&self, series: &str) -> u64 {
        let page = self.handle.metrics.page(&self.handle.view).text();
        let line = page.lines().find_map(|line| line.strip_prefix(series)).unwrap_or_else(|| {
            panic!("no series {series} in\n{page}");
        });
        line.trim().parse().unwrap()
    }
}

/// Waits until something has become true.
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < give_up, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
