//! The auditors: they keep books of their own, from what crossed a wire and from what became
//! durable, and never ask the gateway.
//!
//! | promise | where | what is compared |
//! |---|---|---|
//! | 1 once in the journal | `rows`, `answers`, `close` | answers and books with durable rows; references |
//! | 1 once in the journal | `receipts` | what is printed with the template of the sale's moment |
//! | 2 repeats | `answers`, `reads`, `hellos` | final answers with the first; who asks again; hellos |
//! | 3 money | `money`, `reads`, `reversals` | every balance, also as answered, with the durable legs |
//! | 4 PINs | `rows`, `answers` | serials and PINs with who got them, and with the stock |
//! | 4 PINs | `withdrawn` | what left the stock otherwise with what is sold; reprints with the audit log |
//! | 5 durable first | `answers`, `orders` | what leaves with what is durable at that moment |
//! | 6 silence | `orders`, `handed`, `close` | outcomes with reports, providers' books with the journal |
//! | 6 silence | `hosts` | what ISO 8583 hosts are sent with orders, what is reported with answers |
//! | 7 operator | `rules`, `reasons`, `keys`, `dates`, `clock` | grants, refusals, sessions with what is in force |
//! | 6 silence | `lookups` | what a terminal receives as found with what a provider said |
//! | 7 operator | `suspended` | bridges that sales go to, and what leaves, with orders about bridges |
//! | 7 operator | `tokens` | what pays with what was looked up, by whom, when, and how often |
//! | 7 operator | `history` | what is kept of a record with what it was before the change |
//! | 8 in time | `requests`, `sessions` | when an answer leaves with when its request came |
//! | 9 limits | `room`, `shunned`, `sessions`, `hellos` | counts and rates with their limits; one is served |
//! | 10 secrets | `secrets` | frames and rows with the mark that every secret bears |
//! | 1, 7, 10 | `listener` | messages of other makers' terminals with what is served and answered |
//! | 1, 5 | `listener/asides` | advices with what is confirmed, records of batches with the audit log |
//! | 1, 2, 7, 10 | `handsets` | orders with what was confirmed, screens with rows, PINs with who may enter |
//! | 1, 2, 7, 8 | `datagrams` | what is opened with keys and counters, what is replied with what was asked |
//! | 1, 10 | `listener/carried` | what hosts receive of a card with what its terminal sent, and back |
//! | 11 damage | `secrets` (flips), `verify` | a flipped bit with what opening and verifying say |

mod answers;
mod calendar;
mod clock;
mod close;
mod datagrams;
mod dates;
mod handed;
mod handsets;
mod hellos;
mod history;
mod host_frames;
mod hosts;
mod keys;
mod listener;
mod lookups;
mod money;
mod orders;
mod pace;
mod postings;
mod rates;
mod reads;
mod reasons;
mod receipts;
mod requests;
mod reversals;
mod room;
mod rows;
mod rules;
mod secrets;
mod sessions;
mod shunned;
mod suspended;
mod tokens;
mod totals;
mod withdrawn;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use tillgate_core::limits::SessionLimits;
use tillgate_core::session::SessionStats;
use tillgate_core::startup::ClockTrust;
use tillgate_core::time::UnixMillis;
use tillgate_core::transaction::{Controlled, Push};
use tillgate_store_core::{BusinessDate, Key, TerminalId, Text, Transaction};

use self::calendar::Calendar;
use self::clock::Clock;
use self::datagrams::Datagrams;
use self::dates::Dates;
use self::handed::Handed;
use self::handsets::Handsets;
use self::hellos::Hellos;
pub(super) use self::host_frames::HostFrames;
use self::hosts::Hosts;
use self::listener::Listener;
use self::lookups::Lookups;
use self::money::Money;
use self::orders::Orders;
use self::reads::Reads;
use self::receipts::Receipts;
use self::requests::Requests;
use self::room::Room;
use self::rules::Versions;
use self::sessions::Sessions;
use self::shunned::Shunned;
use self::suspended::Suspensions;
use self::withdrawn::Withdrawals;
use super::config::Config;
use super::disk::Change;
use super::fault::Fault;
use super::network::{TERMINAL_FIRST, VoucherName};
use super::report::Violation;
use crate::terminal::Trouble;
use crate::time::{Moment, Span};

/// Violations that a run lists; it ends soon after the first.
const VIOLATIONS_MAX: usize = 20;

pub(super) struct Checker {
    pub(super) violations: Vec<Violation>,
    /// The durable journal.
    journal: FxHashMap<Key, Transaction>,
    /// The durable open family.
    open: FxHashSet<Key>,
    /// Which transaction got a voucher.
    sold: FxHashMap<VoucherName, Key>,
    /// Serials that were ever loaded, by their service.
    serials: FxHashSet<(u16, Text<24>)>,
    /// What is for sale, by service and product: last day and serial.
    stock: FxHashMap<(u16, u16), BTreeSet<(BusinessDate, Text<24>)>>,
    withdrawals: Withdrawals,
    seqs: FxHashMap<u64, Key>,
    hellos: Hellos,
    listener: Listener,
    money: Money,
    room: Room,
    shunned: Shunned,
    handed: Handed,
    handsets: Handsets,
    versions: Versions,
    registry: history::Registry,
    receipts: Receipts,
    lookups: Lookups,
    calendar: Calendar,
    clock: Clock,
    datagrams: Datagrams,
    dates: Dates,
    requests: Requests,
    reads: Reads,
    sessions: Sessions,
    /// Whose a retrieval reference is, as it was sent.
    references: FxHashMap<String, Key>,
    /// The first final answer to each request, by kind of answer.
    answers: FxHashMap<(Key, u8), Vec<u8>>,
    /// Since when a sale is named by a reversal, the last one.
    named: FxHashMap<Key, Moment>,
    /// Sales whose terminals were answered that they were reversed.
    told_reversed: FxHashSet<Key>,
    orders: Orders,
    hosts: Hosts,
    suspensions: Suspensions,
    /// Declined rows for which something was ever owed: that they were done after all was learned.
    owed: FxHashSet<Key>,
    /// Rows that are the operator's, and since when.
    manual: BTreeMap<Key, Moment>,
    /// Deals that the operator saw to by other means.
    by_hand: FxHashSet<Key>,
    /// Commands that must reach a session manager.
    untold: BTreeMap<u32, u32>,
    batch_no: u64,
    /// Whether the writer was ordered to end: it takes nothing new.
    is_draining: bool,
    /// Whether some of what is sold is paid in another currency.
    two_currencies: bool,
    /// The first terminal that no book is kept of.
    thieves_from: u32,
    /// The first behind them that only handsets sell for.
    thieves_to: u32,
    /// The opening is not a day's work: its rows are not counted.
    opening_rows: u64,
}

impl Checker {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            violations: Vec::new(),
            journal: FxHashMap::default(),
            open: FxHashSet::default(),
            sold: FxHashMap::default(),
            serials: FxHashSet::default(),
            stock: FxHashMap::default(),
            withdrawals: Withdrawals::default(),
            seqs: FxHashMap::default(),
            hellos: Hellos::new(config.seed),
            listener: Listener::new(config),
            money: Money::default(),
            room: Room::new(config),
            shunned: Shunned::default(),
            handed: Handed::new(config),
            handsets: Handsets::new(config),
            versions: Versions::new(config),
            registry: history::Registry::default(),
            receipts: Receipts::default(),
            lookups: Lookups::new(config),
            calendar: Calendar::new(config.days.clone()),
            clock: Clock::new(config.wall),
            datagrams: Datagrams::new(config),
            dates: Dates::default(),
            requests: Requests::new(config.writer.answer),
            reads: Reads::default(),
            sessions: Sessions::new(config),
            references: FxHashMap::default(),
            answers: FxHashMap::default(),
            named: FxHashMap::default(),
            told_reversed: FxHashSet::default(),
            orders: Orders::new(config),
            hosts: Hosts::default(),
            suspensions: Suspensions::default(),
            owed: FxHashSet::default(),
            manual: BTreeMap::new(),
            by_hand: FxHashSet::default(),
            untold: BTreeMap::new(),
            batch_no: 0,
            is_draining: false,
            two_currencies: config.faults.has(Fault::Market),
            thieves_from: TERMINAL_FIRST + u32::from(config.terminals),
            thieves_to: TERMINAL_FIRST + u32::from(config.terminals + config.thieves),
            opening_rows: 0,
        }
    }

    /// A promise was broken.
    pub(super) fn violate(&mut self, at: Moment, promise: u8, text: String) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { promise, at, text });
        }
    }

    /// One durable write, in the order of the writes.
    pub(super) fn durable(&mut self, now: Moment, write: &[Change]) {
        let clock = (now, self.clock.walls(now).1.0);
        let mut found = Vec::new();
        self.read_secrets(write, &mut found);
        self.read_cards(write, &mut found);
        self.registry.read(write, &mut found);
        self.read_write(clock, write, &mut found);
        for (promise, text) in found {
            self.violate(now, promise, text);
        }
    }

    /// The latest that the gateway's clock has ever shown.
    pub(super) fn wall_high(&self, now: Moment) -> UnixMillis {
        self.clock.ever(now)
    }

    /// The gateway is about to start by this clock.
    pub(super) fn starts(&mut self, now: Moment, system: UnixMillis, trust: ClockTrust) {
        self.clock.starts(now, system);
        self.clock.trusts(trust);
        self.handed.started(now, self.clock.walls(now).1.0);
    }

    /// The gateway has started by this clock.
    pub(super) fn started(&mut self, now: Moment, system: UnixMillis, trust: ClockTrust) {
        if trust == ClockTrust::Checked && self.is_behind(self.clock.durable(), system) {
            self.violate(now, 7, "it starts days before what is durable".to_owned());
        }
    }

    /// The gateway has refused to start by this clock.
    pub(super) fn refused(&mut self, now: Moment, system: UnixMillis) {
        if !self.is_behind(self.clock.walls(now).1, system) {
            self.violate(now, 7, "a start is refused for a clock that is right".to_owned());
        }
    }

    fn is_behind(&self, wall: UnixMillis, system: UnixMillis) -> bool {
        self.calendar.now(wall).0.saturating_sub(self.calendar.now(system).0) > 1
    }

    /// The gateway looks at the system's clock.
    pub(super) fn looks(&mut self, now: Moment, system: UnixMillis) {
        self.clock.looks(now, system);
    }

    /// The opening is durable: what follows is the run.
    pub(super) fn founded(&mut self) {
        self.opening_rows = self.transactions();
        self.versions.acknowledge();
    }

    /// Journal rows that became durable in the run.
    pub(super) fn transactions(&self) -> u64 {
        u64::try_from(self.journal.len()).unwrap_or(u64::MAX) - self.opening_rows
    }

    /// The process is gone, with everybody who waited.
    pub(super) fn crashed(&mut self) {
        self.requests.forget();
        self.reads.crashed();
        self.orders.crashed();
        self.hosts = Hosts::default();
        self.sessions.crashed();
        self.hellos.crashed();
        self.listener.crashed();
        self.datagrams.crashed();
        self.dates.crashed();
        self.lookups.crashed();
        self.untold.clear();
        self.is_draining = false;
        self.room.crashed();
        self.shunned.crashed();
        self.handed.crashed();
        self.handsets.crashed();
    }

    /// Time passes: somebody may have waited too long.
    pub(super) fn step(&mut self, at: Moment) {
        if let Some(waited) = self.overdue(at) {
            let ms = waited.0 / 1_000_000;
            self.violate(at, 8, format!("a request is not answered after {ms} ms"));
        }
        if let Some(waited) = self.datagrams.overdue(at) {
            let ms = waited.0 / 1_000_000;
            self.violate(at, 8, format!("a datagram is not answered after {ms} ms"));
        }
    }

    /// What a session manager says of itself after each input.
    pub(super) fn sessions(&mut self, at: Moment, stats: &SessionStats, limits: &SessionLimits) {
        let bounds = [
            ("sessions", stats.sessions, limits.sessions_max),
            ("requests", stats.requests, limits.requests_max),
            ("online", stats.online, stats.sessions),
        ];
        for (what, count, most) in bounds {
            if count > most {
                self.violate(at, 9, format!("{count} {what}, and {most} are the most"));
            }
        }
    }

    /// The operator has received a result.
    pub(super) fn controlled(&mut self, result: &Controlled) {
        if let Controlled::Applied { commands } = result {
            self.versions.acknowledge();
            for (terminal, command) in commands {
                self.untold.insert(*command, terminal.0);
            }
        }
    }

    /// A command is on its way to every session manager.
    pub(super) fn told(&mut self, push: &Push) {
        self.untold.remove(&push.command);
    }

    /// Whether a terminal is in hands that keep no book and no rule.
    fn is_thief(&self, terminal: TerminalId) -> bool {
        (self.thieves_from..self.thieves_to).contains(&terminal.0)
    }

    /// A terminal noticed something that must not happen, whatever the wire does.
    pub(super) fn trouble(&mut self, at: Moment, place: usize, trouble: Trouble) {
        let promise = match trouble {
            Trouble::AnswerChanged => 2,
            Trouble::GaveUp => 6,
            Trouble::ChipAnswer => 1,
            _ => return,
        };
        self.violate(at, promise, format!("terminal {place}: {}", trouble.label()));
    }
}

/// How much longer than the writer's limit an answer may take: both ways through the pool and the
/// slowest commits. A terminal waits longer still.
const ANSWER_SLACK: Span = Span(crate::limits::ANSWER_MARGIN.0);
