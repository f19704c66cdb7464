//! The other shell: what `gateway/server` does with threads and sockets is done here with events.
//! It decides nothing; it starts, carries, and stops.
//!
//! ```text
//!   wire ─▶ SessionManager ─▶ pool: processing::decode_request ─▶ mailbox ─▶ TransactionManager ─▶ LedgerStore::commit ─▶ synced ─┐
//!     ◀──── SessionManager ◀─ pool: processing::encode_reply ◀──────────────────────── TransactionManager::committed ◀─────┘
//! ```

mod pool;
mod port;
mod retire;
mod sessions;
mod ussd;
mod writer;

use std::collections::VecDeque;

use tillgate_core::claims::Claims;
use tillgate_core::clock::SystemClock;
use tillgate_core::directory::{Directory, Rekeyed};
use tillgate_core::provider::Bridge;
use tillgate_core::session::{Input as SessionInput, SessionManager};
use tillgate_core::sockets::Sockets;
use tillgate_core::startup::{self, ClockTrust, StartError};
use tillgate_core::time::UnixMillis;
use tillgate_core::transaction::{Input, TransactionManager};
use tillgate_store_core::{
    Command, Counter, LedgerStore, Outcome, ReadRows, Record, Store, StoreError, verify,
};

pub(super) use self::pool::Job;
use self::port::Port;
pub(super) use self::port::listener;
pub(super) use self::retire::Retiring;
pub(super) use self::ussd::Cause;
use self::ussd::Ussd;
use super::World;
use super::config::Stream;
use super::disk::{Change, Disk};
use super::event::Event;
use super::socket::Socket;
use crate::time::{Moment, Span};

/// A running gateway. Dropping it is what a crash does.
pub(super) struct Process {
    clock: SystemClock,
    /// When it looked at the system's clock.
    looked: Moment,
    sessions: Vec<SessionManager>,
    /// Of each session manager.
    sockets: Vec<Sockets<Socket>>,
    sessions_armed: Vec<Option<Moment>>,
    /// Of terminals of another maker.
    port: Option<Port>,
    /// Of handsets.
    ussd: Option<Ussd>,
    directory: Directory,
    claims: Claims,
    writer: TransactionManager,
    store: LedgerStore<Disk>,
    mail: VecDeque<Input>,
    /// Jobs that wait for a pool thread.
    jobs: u32,
    /// Whether the writer thread waits for the disk.
    busy: bool,
    writer_armed: Option<Moment>,
    commands: Vec<Command>,
    outcomes: Vec<Outcome>,
}

/// What a start makes of the store.
struct Begun {
    directory: Directory,
    claims: Claims,
    writer: TransactionManager,
}

impl World {
    /// Opens the store and starts; a disk that was not damaged must open.
    pub(super) fn start(&mut self) {
        let Some(disk) = self.disk.take() else { return };
        self.life += 1;
        self.trace.note(self.now, b'S', &self.life.to_le_bytes());
        let (now, system, life) = (self.now, self.system(), self.life);
        let trust = std::mem::replace(&mut self.trust, ClockTrust::Checked);
        self.witness.starts(now, system, trust);
        self.say(|| format!("the gateway starts, life {life}"));
        let mut store = match LedgerStore::open(disk, self.config.seed.to_be_bytes()) {
            Ok(store) => store,
            Err(error) => return self.does_not_open(&error),
        };
        store.know_keks(self.network.keys.vault.kek_ids());
        let fails = self.is_disk_failing();
        store.backend_mut().failing = fails;
        let refused = match self.begin(&mut store, trust) {
            Ok(begun) => {
                self.witness.started(now, system, trust);
                return self.run_process(store, begun);
            }
            Err(StartError::Store(_)) if fails => {
                self.counts.disk_errors += 1;
                self.trust = trust;
                "the disk fails".to_owned()
            }
            Err(StartError::Store(error)) => return self.does_not_open(&error),
            Err(StartError::Clock(behind)) => {
                self.witness.refused(now, system);
                if self.calm || self.clock_rng.chance(500) {
                    self.set_clock_right();
                } else {
                    self.trust = ClockTrust::Believed;
                }
                behind.to_string()
            }
        };
        self.say(|| format!("it does not start: {refused}"));
        let mut disk = store.into_backend();
        let writes = disk.crashed(&mut self.disk_rng);
        self.end_life(disk, &writes);
    }

    fn does_not_open(&mut self, error: &StoreError) {
        self.witness.violate(self.now, 11, format!("a sound store does not open: {error}"));
    }

    /// What the gateway's own start makes of the store.
    fn begin(&self, store: &mut LedgerStore<Disk>, trust: ClockTrust) -> Result<Begun, StartError> {
        let (config, system) = (&self.config, self.system());
        startup::check_clock(store, &config.calendar, system, trust)?;
        let names: Vec<String> = config.bridges.iter().map(|bridge| bridge.name.clone()).collect();
        let mut claims = Claims::new(tillgate_core::limits::ClaimLimits::default());
        let load = |counter: &Counter| claims.load(counter);
        let directory = startup::directory(store, &config.calendar, &names, load)?;
        let bridges = config
            .bridges
            .iter()
            .map(|bridge| Bridge { name: bridge.name.clone(), capabilities: bridge.capabilities });
        let seed = Stream::TransactionManager.rng(config.seed ^ u64::from(self.life)).throw();
        let begins = (self.now, system, seed);
        let bridges = bridges.collect();
        let writer = startup::transactions(store, config.writer, bridges, &directory, begins)?;
        Ok(Begun { directory, claims, writer })
    }

    /// Everything is recovered: sessions may come.
    fn run_process(&mut self, mut store: LedgerStore<Disk>, begun: Begun) {
        let Begun { directory, claims, writer } = begun;
        let crashes = !self.calm && self.disk_rng.chance(self.config.disk.crash_permille);
        if !crashes {
            for write in store.backend_mut().synced() {
                self.witness.durable(self.now, &write);
            }
        }
        let sessions = |reactor| SessionManager::new(self.config.sessions, reactor, self.now);
        let sessions: Vec<SessionManager> = (0..self.config.reactors).map(sessions).collect();
        self.witness.writer(self.now, writer.pending());
        self.process = Some(Process {
            sessions_armed: vec![None; sessions.len()],
            sockets: sessions.iter().map(|_| Sockets::new(&self.config.sessions)).collect(),
            port: Port::new(&self.config, self.listener.as_ref()),
            ussd: Ussd::new(&self.config, self.life, self.now),
            clock: SystemClock::start(self.now, self.system()),
            looked: self.now,
            sessions,
            directory,
            claims,
            writer,
            store,
            mail: VecDeque::new(),
            jobs: 0,
            busy: false,
            writer_armed: None,
            commands: Vec::new(),
            outcomes: Vec::new(),
        });
        if crashes {
            return self.crash();
        }
        self.hosts_started();
        self.carry_out();
        self.arm_writer();
        self.wake_writer();
        self.arm_ussd();
    }

    /// The process ends at once: everything but the disk is gone.
    pub(super) fn crash(&mut self) {
        let Some(process) = &mut self.process else { return };
        self.counts.crashes += 1;
        let writes = process.store.backend_mut().crashed(&mut self.disk_rng);
        self.end_process(&writes);
    }

    /// The process is gone; what survives of its last writes is durable.
    fn end_process(&mut self, writes: &[Vec<Change>]) {
        let Some(process) = self.process.take() else { return };
        self.trace.note(self.now, b'X', &self.life.to_le_bytes());
        self.say(|| "the gateway is gone".to_owned());
        self.end_life(process.store.into_backend(), writes);
    }

    fn end_life(&mut self, disk: Disk, writes: &[Vec<Change>]) {
        for write in writes {
            self.witness.durable(self.now, write);
        }
        self.retiring = None;
        self.drop_connections();
        self.drop_centre();
        self.lines.ended(&mut self.queue, self.now);
        self.witness.crashed();
        self.inspect(&disk);
        self.disk = Some(disk);
        let down = self.disk_rng.between(self.config.down.0, self.config.down.1);
        self.queue.push(self.now.after(down), Event::Start);
    }

    /// An orderly end: new connections are refused, everybody is answered, then nothing is left.
    pub(super) fn drain(&mut self) {
        for reactor in 0..self.config.reactors {
            self.tell_sessions(reactor, tillgate_core::session::Input::Drain);
        }
        self.tell_port(tillgate_core::listener::Input::Drain);
        self.drain_ussd();
        self.mail_writer(Input::Drain);
    }

    /// Whether nothing is in flight in a gateway that was ordered to drain.
    pub(super) fn is_drained(&self) -> bool {
        self.process.as_ref().is_some_and(|process| {
            process.sessions.iter().all(SessionManager::is_drained)
                && process.port.as_ref().is_none_or(|port| port.manager.is_drained())
                && process.ussd.as_ref().is_none_or(Ussd::is_drained)
                && process.writer.is_drained()
                && process.writer.pending() == 0
                && process.mail.is_empty()
                && !process.busy
                && process.jobs == 0
        })
    }

    /// What is still in flight, in words.
    pub(super) fn left_over(&self) -> String {
        let Some(process) = &self.process else { return "no process".to_owned() };
        let stats: Vec<_> = process.sessions.iter().map(SessionManager::stats).collect();
        let sessions: u32 = stats.iter().map(|stats| stats.sessions).sum();
        let requests: u32 = stats.iter().map(|stats| stats.requests).sum();
        format!(
            "{sessions} sessions, {requests} requests, {} transactions pending, {} mails",
            process.writer.pending(),
            process.mail.len()
        )
    }

    /// Whether transactions wait for their outcome.
    pub(super) fn pending(&self) -> usize {
        self.process.as_ref().map_or(0, |process| process.writer.pending())
    }

    /// Checks every promise over the rows on the disk.
    pub(super) fn inspect(&mut self, disk: &Disk) {
        assert!(disk.is_synced(), "the auditor looks at what is durable");
        match verify(disk.rows()) {
            Ok(report) => {
                for violation in &report.violations {
                    let number = violation.promise.number();
                    self.witness.violate(self.now, number, format!("verify: {violation}"));
                }
            }
            Err(error) => self.witness.violate(self.now, 11, format!("verify: {error}")),
        }
        self.try_flips(disk);
    }

    /// The end of the world: the durable rows of a process that has come to rest.
    pub(super) fn inspect_at_rest(&mut self) {
        let Some(process) = self.process.take() else { return };
        let disk = process.store.into_backend();
        self.inspect(&disk);
        self.disk = Some(disk);
    }

    /// Runs a job or an event of this life only.
    pub(super) fn lives(&self, life: u32) -> bool {
        self.process.is_some() && self.life == life
    }

    /// Tells every session manager which sessions of a terminal may stay.
    pub(super) fn rekeyed(&mut self, rekeyed: &Rekeyed) {
        let Rekeyed { terminal, generations } = rekeyed;
        for reactor in 0..self.config.reactors {
            let terminal = *terminal;
            self.tell_sessions(reactor, SessionInput::Rekeyed { terminal, generations });
        }
    }

    pub(super) fn pool_delay(&mut self) -> Span {
        let (low, high) = self.config.pool;
        self.pool_rng.between(low, high)
    }
}

impl Process {
    /// The registry and the keys in force, as the admin reads them.
    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The gateway's clock.
    pub(super) fn wall(&self, now: Moment) -> UnixMillis {
        self.clock.wall(now)
    }

    /// Whether the coming crash loses what is not synced.
    pub(super) fn decide_loss(&mut self, kept: bool) {
        self.store.backend_mut().keeps = Some(kept);
    }

    /// What a flipped bit must not get past: every read that a start does.
    pub(super) fn opens(rows: tillgate_store_core::Memory) -> Result<(), StoreError> {
        let store = LedgerStore::open(rows, [0; 8])?;
        store.load_registry()?;
        store.open_transactions()?;
        let counters = |_: Counter| std::ops::ControlFlow::Continue(());
        tillgate_store_core::journal::records(store.backend(), &[], counters)?;
        let mut key = Vec::new();
        // The end of the journal is what repeats read first.
        store.backend().last_before(Counter::FAMILY, &[0xFF; 41], &mut key).map(|_| ())
    }
}
