//! The loop: sockets and time around a [`Crowd`].

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use tillsim_core::terminal::UssdTerminal;
use tillsim_core::time::{Moment, Span};
use tillsim_core::ussdc::crowd::{Crowd, Input, Output};

use super::callers::Callers;
use super::connection::{Connection, Taken};
use super::log::Log;
use super::stage::Stage;
use super::tally::Tally;
use super::{Driven, Plan};
use crate::cpu;
use crate::driver::Alarm;
use crate::exit::{About, Refusal};
use crate::run::Interrupts;

const FAILED: &str = "the event loop failed";
const LISTENER: Token = Token(usize::MAX - 1);
/// Octets read at once: hundreds of PDUs.
const READ_BYTES: usize = 64 * 1024;
/// Reads of one connection before the others get their turn.
const READS_MAX: usize = 16;
/// Longest sleep: how late a signal may be noticed.
const SLEEP_MAX: Span = Span::ms(100);
pub(super) struct Engine {
    pub(super) plan: Plan,
    poll: Poll,
    alarm: Alarm,
    listener: TcpListener,
    connections: BTreeMap<u32, Connection>,
    next_link: u32,
    pub(super) crowd: Crowd,
    handsets: u32,
    pub(super) callers: Callers,
    epoch: Instant,
    pub(super) stage: Stage,
    begun: Moment,
    pub(super) ends: Option<Moment>,
    cpu_at_begin: f64,
    tally: Tally,
    log: Log,
    buffer: Vec<u8>,
    pub(super) driven: Driven,
}

impl Engine {
    /// Listens.
    pub(super) fn new(plan: Plan, terminals: Vec<UssdTerminal>, log: Log) -> Result<Self, Refusal> {
        let what = format!("--listen {}", plan.listen);
        let mut listener = TcpListener::bind(plan.listen).about(what)?;
        let poll = Poll::new().about(FAILED)?;
        let alarm = Alarm::new(poll.registry()).about(FAILED)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE).about(FAILED)?;
        let handsets = plan.settings.subscribers.count().saturating_sub(terminals.len());
        let handsets = u32::try_from(handsets).unwrap_or(u32::MAX);
        let (settings, load) = (plan.settings.clone(), plan.load.clone());
        let crowd = Crowd::with_terminals(settings, load, terminals, plan.seed);
        let callers = Callers::new(plan.calling, handsets, plan.seed);
        Ok(Self {
            plan,
            poll,
            alarm,
            listener,
            connections: BTreeMap::new(),
            next_link: 0,
            crowd,
            handsets,
            callers,
            epoch: Instant::now(),
            stage: Stage::Waiting,
            begun: Moment(0),
            ends: None,
            cpu_at_begin: 0.0,
            tally: Tally::default(),
            log,
            buffer: vec![0; READ_BYTES],
            driven: Driven::default(),
        })
    }

    pub(super) fn address(&self) -> Result<SocketAddr, Refusal> {
        self.listener.local_addr().about(FAILED)
    }

    /// Runs until its time is over or it is interrupted.
    pub(super) fn run(
        mut self,
        interrupts: &Interrupts,
    ) -> Result<(Driven, Tally, Crowd), Refusal> {
        let mut events = Events::with_capacity(1_024);
        loop {
            let now = self.now();
            if self.is_over(now, interrupts.load(Ordering::Relaxed)) {
                break;
            }
            let sleep = self.sleep(now)?;
            match self.poll.poll(&mut events, Some(sleep)) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Refusal::about(FAILED, error)),
            }
            for event in &events {
                let Token(token) = event.token();
                if event.token() == LISTENER {
                    self.accept();
                } else if let Ok(link) = u32::try_from(token) {
                    self.event(link, event.is_writable());
                }
            }
            self.read_on();
            self.turn()?;
        }
        self.finish();
        self.log.end()?;
        Ok((self.driven, self.tally, self.crowd))
    }

    fn now(&self) -> Moment {
        Moment(u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Notes what the run cost, once.
    pub(super) fn finish(&mut self) {
        if self.stage != Stage::Running {
            self.driven.unfinished = self.crowd.open();
            return;
        }
        self.driven.open_at_end = self.crowd.open();
        self.driven.seconds =
            std::time::Duration::from_nanos(self.now().since(self.begun).0).as_secs_f64();
        self.driven.cpu_s = cpu::of_this_thread_s() - self.cpu_at_begin;
        self.driven.resident_bytes = cpu::resident_bytes(std::process::id()).unwrap_or(0);
        self.driven.ended_in_time = self.tally.ended();
    }

    fn sleep(&mut self, now: Moment) -> Result<Duration, Refusal> {
        if self.connections.values().any(|connection| connection.has_more) {
            return Ok(Duration::ZERO);
        }
        let at =
            self.callers.deadline().into_iter().chain(self.crowd.deadline()).chain(self.ends).min();
        if at.is_some_and(|at| at <= now) {
            return Ok(Duration::ZERO);
        }
        self.alarm.set(now, at).about(FAILED)?;
        Ok(Duration::from_nanos(SLEEP_MAX.0))
    }

    fn accept(&mut self) {
        // An error is the peer's, or descriptors are short: the next event tries again.
        while let Ok((mut stream, _)) = self.listener.accept() {
            let link = self.next_link;
            self.next_link = self.next_link.wrapping_add(1);
            let Ok(token) = usize::try_from(link) else { continue };
            // Small PDUs must not wait for more of them.
            drop(stream.set_nodelay(true));
            let interest = Interest::READABLE | Interest::WRITABLE;
            if self.poll.registry().register(&mut stream, Token(token), interest).is_ok() {
                self.connections.insert(link, Connection::new(stream));
                let now = self.now();
                self.crowd.handle(now, Input::Opened { link });
            }
        }
    }

    fn event(&mut self, link: u32, is_writable: bool) {
        if is_writable && let Some(connection) = self.connections.get_mut(&link) {
            let is_lost = connection.flush().is_err();
            if is_lost || (connection.is_closing && connection.is_idle()) {
                return self.close(link);
            }
        }
        self.read(link);
    }

    /// Reads what was left for this turn.
    fn read_on(&mut self) {
        let more = self.connections.iter().filter(|(_, connection)| connection.has_more);
        let links: Vec<u32> = more.map(|(link, _)| *link).collect();
        for link in links {
            self.read(link);
        }
    }

    fn read(&mut self, link: u32) {
        for _ in 0..READS_MAX {
            let Some(connection) = self.connections.get_mut(&link) else { return };
            if !connection.may_read() {
                // It is read again once the reader has caught up.
                connection.has_more = false;
                return;
            }
            connection.has_more = true;
            match connection.read(&mut self.buffer) {
                Taken::Some(count) => {
                    let now = self.now();
                    let bytes = &self.buffer[..count];
                    self.crowd.handle(now, Input::Received { link, bytes });
                    self.outputs();
                }
                Taken::Nothing => {
                    connection.has_more = false;
                    return;
                }
                Taken::Closed => return self.close(link),
            }
        }
    }

    fn close(&mut self, link: u32) {
        if let Some(mut connection) = self.connections.remove(&link) {
            drop(self.poll.registry().deregister(&mut connection.stream));
            let now = self.now();
            self.crowd.handle(now, Input::Closed { link });
        }
    }

    /// What is due, and what follows from all that has happened.
    fn turn(&mut self) -> Result<(), Refusal> {
        let now = self.now();
        if let Some(due) = self.callers.deadline().filter(|due| *due <= now) {
            self.tally.lag.saturating_record(now.since(due).as_us());
        }
        let (offered, dropped) = self.callers.come(now);
        self.tally.offered += offered;
        self.tally.turned_away += dropped;
        self.serve(now);
        if self.crowd.deadline().is_some_and(|at| at <= now) {
            self.crowd.handle(now, Input::Tick);
        }
        self.outputs();
        // Handsets that have become free.
        self.serve(now);
        self.outputs();
        self.log.flush_if_full()
    }

    fn serve(&mut self, now: Moment) {
        // Without an application each dialog would end at once, and the next one begin.
        let is_read = self.crowd.receivers() > 0 || matches!(self.callers, Callers::Open(_));
        while let Some((handset, intended)) =
            is_read.then(|| self.callers.next(now, self.crowd.open())).flatten()
        {
            self.crowd.handle(now, Input::Dial { handset, intended });
        }
    }

    pub(super) fn outputs(&mut self) {
        while let Some(output) = self.crowd.poll() {
            match output {
                Output::Send { link, bytes } => self.send(link, &bytes),
                Output::Close { link } => match self.connections.get_mut(&link) {
                    Some(connection) if !connection.is_idle() && connection.may_read() => {
                        connection.is_closing = true;
                    }
                    _ => self.close(link),
                },
                Output::Bound { system_id, .. } => {
                    self.driven.binds += 1;
                    self.log.bound(&system_id);
                    self.start();
                }
                Output::Unbound { .. } => self.driven.lost += 1,
                Output::Dialog(record) => {
                    self.tally.record(&record);
                    self.log.dialog(&record);
                    if record.handset < self.handsets {
                        self.callers.ready(record.handset);
                    }
                }
                Output::Step { number, took } => self.tally.step(number, took),
                Output::Terminal(note) => self.tally.frames.note(note),
                Output::NotUnderstood { text, .. } => self.tally.not_understood(text),
                Output::Fault { violation, .. } => self.tally.fault(violation),
            }
        }
    }

    fn send(&mut self, link: u32, bytes: &[u8]) {
        let written = self.connections.get_mut(&link).map(|connection| connection.write(bytes));
        if written.is_some_and(|written: io::Result<()>| written.is_err()) {
            self.close(link);
        }
    }

    /// The first application that can receive begins the load.
    fn start(&mut self) {
        if self.stage != Stage::Waiting || self.crowd.receivers() == 0 {
            return;
        }
        self.stage = Stage::Running;
        self.begun = self.now();
        self.cpu_at_begin = cpu::of_this_thread_s();
        self.ends = self.plan.seconds.map(|seconds| self.begun.after(seconds));
        self.callers.begin(self.begun);
        self.crowd.handle(self.begun, Input::Start);
    }
}
