//! A whole world in one thread and under one clock: the real gateway core over the store's model,
//! real terminals, simulated wires, disk, providers and operator, all drawn from one seed.
//!
//! ```text
//!            chaos                                    calm
//!   ├──────────────────────────────┼──────────────────────────────────────┤
//!    customers, faults, crashes      no new faults; everything must finish, then the auditors
//!
//!   Queue ─▶ Event ─▶ terminal | wire | session manager | pool | writer | disk | line | operator ─▶ Queue
//!                          └──────────── Checker: sees all, belongs to none ───────────┘
//! ```
//!
//! * [`Tweaks`] fix parts of what the seed draws; [`run`] gives a [`Report`] with a trace hash: the
//!   same seed and tweaks give the same hash, bit for bit.
//! * [`shrink`](fn@shrink) looks for fewer terminals, less time and fewer kinds of trouble that
//!   still break the same promise.
//! * [`trials`] lists every byte at which a connection can be cut and every event after which the
//!   process can be killed during one sale; [`attempt`] runs one of them.
//! * Auditors in `audit` keep their own books, from what crossed a wire and what became durable.

mod audit;
mod callers;
mod catalogue;
mod concentrator;
mod config;
mod cuts;
mod disk;
mod event;
mod fault;
mod fleet;
mod gateway;
mod handsets;
mod lines;
mod manual;
mod market;
mod network;
mod operator;
mod queue;
mod recall;
mod rekey;
mod report;
mod run;
mod shrink;
mod socket;
mod stranger;
mod suspend;
mod thief;
mod trace;
mod wire;

use std::sync::Arc;

use tillgate_core::listener::Listener;
use tillgate_core::provider::ProviderResult;
use tillgate_core::sockets::Readiness;
use tillgate_core::startup::ClockTrust;
use tillgate_core::time::UnixMillis;
use tillgate_core::transaction::Input;
use tillgate_store_core::Key;

use self::audit::Checker;
use self::callers::Callers;
use self::concentrator::Concentrators;
pub use self::config::Tweaks;
use self::config::{Config, Stream};
use self::cuts::Kill;
pub use self::cuts::{Trial, Ware, attempt, trials};
use self::disk::Disk;
use self::event::Event;
pub use self::fault::{Fault, Faults};
use self::fleet::Post;
use self::gateway::{Process, Retiring};
use self::handsets::Handsets;
use self::lines::Lines;
use self::network::Network;
use self::operator::Operator;
use self::queue::Queue;
use self::report::Counts;
pub use self::report::{Report, Violation};
pub use self::run::run;
pub use self::shrink::{Shrunk, shrink};
use self::stranger::Stranger;
use self::thief::{Overheard, Thief};
use self::trace::Trace;
use self::wire::Wire;
pub use self::wire::{Ill, Way};
use crate::rng::Rng;
use crate::time::{Moment, Span};

/// How wrong the system's clock may be. A voucher is printed again for a week, whose days are not
/// to be over before its terminal has asked.
const SYSTEM_OFF_MAX_MS: i64 = 3 * 86_400_000;

/// Everything there is.
struct World {
    config: Config,
    now: Moment,
    /// How far the system's clock has been put forward, or back, in milliseconds.
    system_off_ms: i64,
    /// What the operator says about it at the next start.
    trust: ClockTrust,
    queue: Queue,
    trace: Trace,
    witness: Checker,
    counts: Counts,
    network: Network,
    fleet: Vec<Post>,
    thieves: Vec<Thief>,
    /// Where terminals of another maker are served, if there are any.
    listener: Option<Arc<Listener>>,
    stranger: Stranger,
    concentrators: Concentrators,
    /// Subscribers of handsets and their centre, if there are any.
    handsets: Option<Handsets>,
    /// The last lookup that came, and what it found: whoever listens may want to pay with it.
    overheard: Option<Overheard>,
    wire: Wire,
    lines: Lines,
    operator: Operator,
    callers: Callers,
    process: Option<Process>,
    /// Whether it is ordered to end.
    retiring: Option<Retiring>,
    /// Which incarnation of the process runs, or ran last.
    life: u32,
    /// The disk while no process has it.
    disk: Option<Disk>,
    pool_rng: Rng,
    disk_rng: Rng,
    /// Until when every commit fails.
    disk_full_until: Moment,
    crash_rng: Rng,
    drain_rng: Rng,
    clock_rng: Rng,
    tamper_rng: Rng,
    power_rng: Rng,
    calm: bool,
    story: Option<Vec<String>>,
    /// Ends the process after that many events; see [`cuts`].
    kill: Option<Kill>,
}

impl World {
    fn new(config: Config, story: bool) -> Self {
        let seed = config.seed;
        let mut network = Network::new(seed);
        let opening = network.opening(&config);
        let mut world = Self {
            now: Moment::default(),
            system_off_ms: 0,
            trust: ClockTrust::Checked,
            queue: Queue::new(Stream::Ties.rng(seed)),
            trace: Trace::new(seed),
            witness: Checker::new(&config),
            counts: Counts::default(),
            fleet: fleet::fleet(&config, network.keys.secret.public()),
            listener: gateway::listener(&config),
            stranger: Stranger::new(&config),
            concentrators: Concentrators::new(&config),
            handsets: handsets::handsets(&config),
            thieves: thief::thieves(&config, network.keys.secret.public(), network::today(&config)),
            wire: {
                let stall = config.sessions.write_stall;
                Wire::new(config.wire.clone(), stall, config.faults, seed)
            },
            lines: Lines::new(&config.bridges, seed),
            operator: Operator::new(&config, &opening),
            callers: Callers::new(seed),
            overheard: None,
            process: None,
            retiring: None,
            life: 0,
            disk: None,
            pool_rng: Stream::PoolRun.rng(seed),
            disk_rng: Stream::DiskRun.rng(seed),
            disk_full_until: Moment::default(),
            crash_rng: Stream::CrashRun.rng(seed),
            drain_rng: Stream::DrainRun.rng(seed),
            clock_rng: Stream::ClockRun.rng(seed),
            tamper_rng: Stream::TamperRun.rng(seed),
            power_rng: Stream::PowerRun.rng(seed),
            calm: false,
            story: story.then(Vec::new),
            kill: None,
            network,
            config,
        };
        world.found(opening);
        world
    }

    /// Adds a line to the log, if one is kept.
    fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            let ms = self.now.0 / 1_000_000;
            story.push(format!("{:>5}.{:03} {}", ms / 1_000, ms % 1_000, line()));
        }
    }

    /// The system's clock.
    fn system(&self) -> UnixMillis {
        let passed_ms = i64::try_from(self.now.0 / 1_000_000).unwrap_or(i64::MAX);
        UnixMillis(self.config.wall.0.saturating_add_signed(passed_ms + self.system_off_ms))
    }

    /// The gateway's clock; while it is down, the system's.
    fn wall(&self) -> UnixMillis {
        self.process.as_ref().map_or_else(|| self.system(), |process| process.wall(self.now))
    }

    /// Carries one event out.
    fn happen(&mut self, event: Event) {
        match event {
            Event::Terminal(place) => self.terminal_due(place),
            Event::Thief(place) => self.thief_turn(place),
            Event::Arrive { conn } => self.arrive(conn),
            Event::Connected { conn } => self.terminal_connected(conn),
            Event::Deliver { conn, way, item } => match way {
                Way::Up => self.gateway_receives(conn, item),
                Way::Down => {
                    let writable = self.wire.landed(conn, &item);
                    self.terminal_receives(conn, item);
                    self.notice(conn, Readiness { writable, ..Readiness::default() });
                }
            },
            Event::Stalled { conn, receipts } => self.look_at_stalled(conn, receipts),
            Event::Replay => self.replay(),
            Event::Stranger => self.stranger_turn(),
            Event::PutThrough { place, call } => self.put_through(place, call),
            Event::Handsets(event) => self.happen_to_handsets(event),
            Event::SessionManager { life, reactor } if self.lives(life) => {
                self.sessions_due(reactor)
            }
            Event::Listener { life } if self.lives(life) => self.port_due(),
            Event::Job { life, job } if self.lives(life) => self.work(*job),
            Event::TransactionManager { life } if self.lives(life) => self.run_writer(),
            Event::Committed { life } if self.lives(life) => self.committed(),
            Event::ProviderResult { life, key, bridge, found } if self.lives(life) => {
                self.say(|| format!("found {key}: {found:?}, by bridge {bridge}"));
                self.mail_writer(Input::ProviderResult { key, bridge, found });
            }
            Event::Callback { key, bridge, found } => self.call_back(key, bridge, found),
            Event::Leave { life, ticket } if self.lives(life) => {
                self.lines.left(&mut self.queue, self.now, ticket);
            }
            Event::Connection { life, ticket, event } if self.lives(life) => {
                self.lines.happened(&mut self.queue, self.now, ticket, event);
            }
            Event::Line(message) => {
                if let Some(request) = self.lines.reaches(&message) {
                    self.witness.reached_without_card(self.now, &request);
                }
                if let Some((key, result)) = self.lines.arrived(&mut self.queue, self.now, message)
                {
                    self.witness.believed_a_lie(self.now, key, &result);
                }
            }
            Event::Host { bridge, life, event } => self.host(bridge, life, event),
            Event::Rekey(place) => self.enter_key(place),
            Event::Operator => self.operate(),
            Event::Control { life, control } if self.lives(life) => {
                self.mail_writer(Input::Control(*control));
            }
            Event::Crash { life } if self.lives(life) => self.crash(),
            Event::Doom => self.doom(),
            Event::Retire => self.retire(),
            Event::Retired { life } => self.retired(life),
            Event::Start => self.start(),
            Event::Jump => self.jump(),
            Event::Calm => self.calm_down(),
            // Of an earlier life, or a crash that came too late.
            Event::SessionManager { .. }
            | Event::Listener { .. }
            | Event::Job { .. }
            | Event::TransactionManager { .. }
            | Event::Committed { .. }
            | Event::ProviderResult { .. }
            | Event::Leave { .. }
            | Event::Connection { .. }
            | Event::Control { .. }
            | Event::Crash { .. } => {}
        }
    }

    /// A terminal has taken nothing for too long, unless it has received something, or its session has
    /// ended.
    fn look_at_stalled(&mut self, conn: usize, receipts: u32) {
        if self.wire.is_served_blocked(conn, receipts) {
            let text = "a terminal that takes nothing keeps its session".to_owned();
            self.witness.violate(self.now, 9, text);
        }
    }

    /// A provider that said no tells what it did, until the journal shows that it was received.
    fn call_back(&mut self, key: Key, bridge: u16, found: ProviderResult) {
        if !self.witness.is_unheard(&key) {
            self.lines.callbacks -= 1;
            return;
        }
        self.say(|| format!("callback {key}: {found:?}"));
        self.mail_writer(Input::ProviderResult { key, bridge, found: found.clone() });
        self.queue.push(self.now.after(Span::s(15)), Event::Callback { key, bridge, found });
    }

    /// Somebody plays a recorded connection again.
    fn replay(&mut self) {
        if self.calm {
            return;
        }
        if let Some((bytes, to)) = self.wire.recording() {
            let (queue, reactors) = (&mut self.queue, self.config.reactors);
            let conn = match to == self.config.port() {
                true => self.wire.call_port(queue, self.now, None, to),
                false => self.wire.call(queue, self.now, None, reactors),
            };
            let later = self.now.after(Span::ms(900));
            self.wire.send(&mut self.queue, later, (conn, Way::Up), &bytes);
            self.wire.end(&mut self.queue, later.after(Span::s(3)), conn, Way::Up);
        }
        let pause = self.tamper_rng.between(Span::s(1), Span::s(20));
        self.queue.push(self.now.after(pause), Event::Replay);
    }

    /// The process is killed, and will be again.
    fn doom(&mut self) {
        let Some(every) = self.config.crash_every else { return };
        if self.calm {
            return;
        }
        self.crash();
        self.queue.push(self.now.after(self.crash_rng.exponential(every)), Event::Doom);
    }

    /// The system's clock is put forward or back.
    fn jump(&mut self) {
        let Some((every, most)) = self.config.clock else { return };
        if self.calm {
            return;
        }
        let most_ms = most.0 / 1_000_000;
        let ms = i64::try_from(self.clock_rng.below(2 * most_ms)).unwrap_or(0);
        let off_ms = self.system_off_ms + ms - i64::try_from(most_ms).unwrap_or(0);
        self.system_off_ms = off_ms.clamp(-SYSTEM_OFF_MAX_MS, SYSTEM_OFF_MAX_MS);
        let off_ms = self.system_off_ms;
        self.say(|| format!("the system's clock is {off_ms} ms off"));
        self.queue.push(self.now.after(self.clock_rng.exponential(every)), Event::Jump);
    }

    /// Somebody sets the system's clock right: no earlier than the gateway's has ever been.
    fn set_clock_right(&mut self) {
        let behind_ms = self.witness.wall_high(self.now).0.saturating_sub(self.system().0);
        self.system_off_ms += i64::try_from(behind_ms).unwrap_or(0);
    }
}
