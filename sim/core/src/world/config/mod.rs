//! What a seed makes of the world: its size, its troubles and how bad they are.
//!
//! Every part is drawn from a stream of its own, so that taking one kind of trouble away, or some
//! terminals, leaves the other parts as they were: that is what makes shrinking work.

mod bridges;
mod days;
mod handsets;
mod hosts;
mod limits;

use tillgate_core::limits::{SessionLimits, TransactionLimits};
use tillgate_core::listener::limits::ListenerLimits;
use tillgate_core::time::{Calendar, UnixMillis};

pub(super) use self::bridges::Bridge;
pub(super) use self::days::Days;
pub(super) use self::handsets::{Frames, Handsets, OWN_TERMINALS};
pub(super) use self::hosts::{Agreement, Host};
use super::cuts::Ware;
use super::fault::{Fault, Faults};
use crate::firmware::Habits;
use crate::rng::Rng;
use crate::time::Span;

/// What somebody fixed of a configuration that is drawn otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tweaks {
    /// How many terminals take part.
    pub terminals: Option<u16>,
    /// How long the chaos lasts, seconds.
    pub chaos_s: Option<u16>,
    /// Kinds of trouble that are taken away.
    pub without: Faults,
    /// Whether what happens is logged; changes nothing of what happens.
    pub story: bool,
}

/// A low and a high bound.
pub(super) type Between = (Span, Span);

/// A world's configuration, a function of seed and tweaks alone.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) seed: u64,
    pub(super) faults: Faults,
    pub(super) terminals: u16,
    /// Terminals beside them that are in hands that keep no rule.
    pub(super) thieves: u16,
    pub(super) reactors: u16,
    /// How long customers come and troubles last; then everything must finish.
    pub(super) chaos: Span,
    pub(super) think: Span,
    pub(super) wire: Wire,
    /// From one hand to the next, through the pool.
    pub(super) pool: Between,
    pub(super) disk: Disk,
    /// Mean time between crashes.
    pub(super) crash_every: Option<Span>,
    /// Mean time between orderly ends of the process.
    pub(super) drain_every: Option<Span>,
    pub(super) down: Between,
    pub(super) bridges: Vec<Bridge>,
    /// Mean time between the operator's orders.
    pub(super) operator_every: Option<Span>,
    pub(super) wall: UnixMillis,
    pub(super) days: Days,
    pub(super) calendar: Calendar,
    /// Mean time between jumps of the wall clock, and how far they go at most.
    pub(super) clock: Option<(Span, Span)>,
    /// Of 1000 terminals, how many are of another maker; 0: there is no listener.
    pub(super) iso_permille: u16,
    /// Through how many concentrators they come; 0: each has its own connection.
    pub(super) concentrators: u16,
    pub(super) listener: ListenerLimits,
    /// Handsets over USSD, and their centre.
    pub(super) handsets: Handsets,
    pub(super) sessions: SessionLimits,
    pub(super) writer: TransactionLimits,
    pub(super) shop: Shop,
    /// Whether top-ups and card sales may go on to another bridge.
    pub(super) routed: bool,
    /// One customer comes and wants that, and nothing is left to chance.
    pub(super) scripted: Option<Ware>,
}

/// Between terminals and gateway.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) latency: Between,
    /// Of 1000 sends, how many arrive in pieces.
    pub(super) split_permille: u16,
    /// Of 1000 connections, how many something befalls.
    pub(super) mishap_permille: u16,
    /// Longest standstill.
    pub(super) stall: Span,
    /// Bytes on their way to a terminal that the gateway's socket holds.
    pub(super) socket_bytes: usize,
}

/// Below the store.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    pub(super) sync: Between,
    /// Of 1000 commits, how many take up to `slow`.
    pub(super) slow_permille: u16,
    pub(super) slow: Span,
    /// Of 1000 commits, how many fail.
    pub(super) error_permille: u16,
    /// How long the disk is full after that, at most: every commit fails.
    pub(super) full: Span,
    /// Of 1000 commits, how many see the process end before they are durable.
    pub(super) crash_permille: u16,
}

/// What there is to sell and to sell it with.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    /// Vouchers of each product at the start.
    pub(super) vouchers: u32,
    pub(super) float_minor: i64,
    pub(super) credit_minor: i64,
    /// Sales of one service by one terminal a minute; 0: no limit.
    pub(super) velocity: u32,
    /// Distributors above a seller.
    pub(super) levels: u32,
    pub(super) confirm_permille: u16,
    /// Of 1000 settlements of terminals of another maker that agree, how many are followed by the batch.
    pub(super) upload_permille: u16,
    /// Whether they settle, also where the others do not.
    pub(super) iso_settles: bool,
    pub(super) retry_permille: u16,
    /// Whether blocked terminals try on.
    pub(super) stubborn: bool,
    pub(super) habits: Habits,
    /// Of 1000 arrivals at a terminal, how many find it without power.
    pub(super) power_permille: u16,
    /// Of 1000 terminals, how many hold the gateway's public key.
    pub(super) nk_permille: u16,
}

/// The streams that the parts are drawn from; never renumbered, or old seeds are other worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Faults = 1,
    Size = 2,
    Wire = 3,
    Disk = 4,
    Crashes = 5,
    Bridges = 6,
    Operator = 7,
    Clock = 8,
    Limits = 9,
    Shop = 10,
    Ties = 11,
    WireRun = 12,
    PoolRun = 13,
    DiskRun = 14,
    CrashRun = 15,
    LineRun = 16,
    OperatorRun = 17,
    ClockRun = 18,
    Entropy = 19,
    TamperRun = 20,
    TransactionManager = 21,
    Habits = 22,
    PowerRun = 23,
    Forget = 24,
    ForgetRun = 25,
    AssortmentRun = 26,
    Thief = 27,
    ThiefRun = 28,
    Drain = 29,
    DrainRun = 30,
    MarketRun = 31,
    Dead = 32,
    Calendar = 33,
    KeysRun = 34,
    Flood = 35,
    Queue = 36,
    QueueRun = 37,
    Lies = 38,
    ConnectionRun = 39,
    CallersRun = 50,
    Room = 51,
    Routes = 52,
    RecallRun = 53,
    Pace = 54,
    Hosts = 60,
    HostRun = 61,
    SuspendRun = 62,
    Listener = 70,
    StrangerRun = 71,
    Concentrators = 74,
    ConcentratorRun = 75,
    Batches = 72,
    Handsets = 80,
    HandsetsRun = 81,
    Dialogs = 82,
    HandsetOrders = 83,
    Frames = 84,
    FramesRun = 85,
}

impl Stream {
    pub(super) fn rng(self, seed: u64) -> Rng {
        #[expect(clippy::as_conversions, reason = "a unit enum's number is its value")]
        Rng::new(seed, 0x574F_524C_4400 + self as u64)
    }
}

impl Config {
    pub(super) fn draw(seed: u64, tweaks: &Tweaks) -> Self {
        let faults = draw_faults(seed).minus(tweaks.without);
        let mut rng = Stream::Size.rng(seed);
        let terminals = 3 + number(&mut rng, 8);
        let reactors = 1 + number(&mut rng, 2);
        let chaos = Span::s(40 + rng.below(60));
        let think = rng.between(Span::s(2), Span::s(9));
        let pool = match faults.has(Fault::Pool) {
            true => (Span(1_000), rng.between(Span::ms(1), Span::ms(300))),
            false => (Span(20_000), Span(60_000)),
        };
        let mut clock = Stream::Clock.rng(seed);
        let wall = draw_wall(&mut clock);
        let days = days::draw(seed, faults, wall);
        let writer = limits::writer(seed, faults);
        let jumps = (clock.between(Span::s(15), Span::s(60)), draw_jump(&mut clock));
        let mut bridges = bridges::draw(seed, faults, writer.answer);
        let routed = bridges::routes(seed, faults, &mut bridges);
        let thieves = draw_thieves(seed, faults);
        let concentrators = draw_concentrators(seed);
        let writer = hosts::draw(seed, faults, &mut bridges, (writer, thieves));
        Self {
            seed,
            faults,
            terminals: tweaks.terminals.unwrap_or(terminals).max(1),
            thieves,
            reactors,
            chaos: tweaks.chaos_s.map_or(chaos, |s| Span::s(u64::from(s))),
            think,
            wire: Wire::draw(seed, faults),
            pool,
            disk: Disk::draw(seed, faults),
            crash_every: draw_crashes(seed, faults),
            drain_every: draw_drains(seed, faults),
            down: (Span::ms(50), Span::s(4)),
            bridges,
            routed,
            operator_every: draw_operator(seed, faults),
            wall,
            calendar: days.calendar(),
            days,
            clock: faults.has(Fault::Clock).then_some(jumps),
            sessions: limits::sessions(seed, faults),
            iso_permille: draw_iso(seed),
            concentrators,
            listener: limits::listener(seed, faults, concentrators > 0),
            handsets: handsets::draw(seed, faults),
            writer,
            shop: Shop::draw(seed, faults),
            scripted: None,
        }
    }
}

impl Config {
    /// The listener's number among the reactors.
    pub(super) fn port(&self) -> u16 {
        self.reactors
    }

    /// The number of the thread of the USSD links among the reactors.
    pub(super) fn ussd(&self) -> u16 {
        self.reactors + 1
    }

    /// The place of the terminal that a handset sells for: one of the fleet, or its own.
    pub(super) fn place_of_handset(&self, handset: u16) -> u16 {
        let mut rng = Stream::Handsets.rng(self.seed ^ (1 + u64::from(handset)) << 32);
        let (own, fleet) = (number(&mut rng, OWN_TERMINALS), number(&mut rng, self.terminals));
        let is_shared = rng.chance(self.handsets.shared_permille);
        if is_shared { fleet } else { self.terminals + self.thieves + own }
    }

    /// Terminals that only handsets sell for.
    pub(super) fn own_terminals(&self) -> u16 {
        if self.handsets.count > 0 { OWN_TERMINALS } else { 0 }
    }

    /// Terminals that have USSD and no TCP; their places are behind all others.
    pub(super) fn ussd_terminals(&self) -> std::ops::Range<u16> {
        let first = self.terminals + self.thieves + self.own_terminals();
        let some = self.handsets.count > 0;
        first..first + if some { self.handsets.frames.terminals } else { 0 }
    }

    /// The place in the fleet of the terminal that uses both bearers.
    pub(super) fn both_bearers(&self) -> Option<u16> {
        let has_any = self.handsets.count > 0 && self.handsets.frames.both.is_some();
        (0..self.terminals).find(|place| has_any && !self.is_iso(*place))
    }

    /// Whether the terminal in a place is of another maker.
    pub(super) fn is_iso(&self, place: u16) -> bool {
        let stream = self.seed ^ (1 + u64::from(place)) << 32;
        place < self.terminals && Stream::Listener.rng(stream).chance(self.iso_permille)
    }
}

/// In four worlds of ten there is a listener, and some of the terminals use it.
fn draw_iso(seed: u64) -> u16 {
    let mut rng = Stream::Listener.rng(seed);
    let some = 200 + number(&mut rng, 600);
    if rng.chance(400) { some } else { 0 }
}

/// In three of ten worlds with a listener its terminals come through one concentrator, or two.
fn draw_concentrators(seed: u64) -> u16 {
    let mut rng = Stream::Concentrators.rng(seed);
    let some = 1 + number(&mut rng, 2);
    if draw_iso(seed) > 0 && rng.chance(300) { some } else { 0 }
}

/// A world with no trouble at all is drawn now and then: it must pass, too.
fn draw_faults(seed: u64) -> Faults {
    let mut rng = Stream::Faults.rng(seed);
    let share = [0, 300, 500, 700, 1_000][usize::from(number(&mut rng, 5))];
    let drawn = Fault::ALL.iter().copied().filter(|_| rng.chance(share));
    drawn.fold(Faults::NONE, Faults::with)
}

fn draw_thieves(seed: u64, faults: Faults) -> u16 {
    let thieves = 1 + number(&mut Stream::Thief.rng(seed), 2);
    if faults.has(Fault::Thief) || faults.has(Fault::Flood) { thieves } else { 0 }
}

impl Wire {
    fn draw(seed: u64, faults: Faults) -> Self {
        let mut rng = Stream::Wire.rng(seed);
        let slowest = rng.between(Span::ms(1), Span::ms(800));
        let split = 50 + number(&mut rng, 900);
        let mishaps = 100 + number(&mut rng, 700);
        let stall = rng.between(Span::s(1), Span::s(40));
        let few_bytes = 60 + usize::from(number(&mut rng, 1_000));
        let any = [Fault::Cuts, Fault::Stalls, Fault::Tamper];
        let any = any.into_iter().any(|fault| faults.has(fault));
        Self {
            latency: (Span(slowest.0 / 4), slowest),
            split_permille: if faults.has(Fault::Splits) { split } else { 0 },
            mishap_permille: if any { mishaps } else { 0 },
            stall,
            socket_bytes: if faults.has(Fault::Stalls) { few_bytes } else { 64 * 1024 },
        }
    }
}

impl Disk {
    fn draw(seed: u64, faults: Faults) -> Self {
        let mut rng = Stream::Disk.rng(seed);
        let slowest = rng.between(Span(200_000), Span::ms(20));
        let slow_permille = number(&mut rng, 60);
        let slow = rng.between(Span::ms(100), Span::s(3));
        let error_permille = number(&mut rng, 20);
        let full = if rng.chance(400) { rng.between(Span::s(1), Span::s(25)) } else { Span::ZERO };
        let crash_permille = 5 + number(&mut rng, 25);
        let bad = faults.has(Fault::Disk);
        Self {
            sync: (Span(100_000), slowest),
            slow_permille: if bad { slow_permille } else { 0 },
            slow,
            error_permille: if bad { error_permille } else { 0 },
            full,
            crash_permille: if faults.has(Fault::Crashes) { crash_permille } else { 0 },
        }
    }
}

fn draw_crashes(seed: u64, faults: Faults) -> Option<Span> {
    let mut rng = Stream::Crashes.rng(seed);
    let every = rng.between(Span::s(8), Span::s(60));
    faults.has(Fault::Crashes).then_some(every)
}

fn draw_drains(seed: u64, faults: Faults) -> Option<Span> {
    let every = Stream::Drain.rng(seed).between(Span::s(15), Span::s(60));
    faults.has(Fault::Drain).then_some(every)
}

fn draw_operator(seed: u64, faults: Faults) -> Option<Span> {
    let mut rng = Stream::Operator.rng(seed);
    let every = rng.between(Span::s(2), Span::s(15));
    let works = [Fault::Operator, Fault::Market, Fault::Keys];
    works.into_iter().any(|fault| faults.has(fault)).then_some(every)
}

/// Half of the worlds begin shortly before their business day ends.
fn draw_wall(rng: &mut Rng) -> UnixMillis {
    /// 2026-11-23T00:00:00Z: an hour before the day turns by the world's calendar.
    const MIDNIGHT_MS: u64 = 1_795_392_000_000;
    const HOUR_MS: u64 = 3_600_000;
    match rng.below(2) {
        0 => UnixMillis(MIDNIGHT_MS + HOUR_MS - rng.below(90_000)),
        _ => UnixMillis(MIDNIGHT_MS + HOUR_MS + rng.below(23 * HOUR_MS)),
    }
}

fn draw_jump(rng: &mut Rng) -> Span {
    [Span::s(3), Span::s(600), Span::s(80_000), Span::s(300_000)][usize::from(number(rng, 4))]
}

impl Shop {
    fn draw(seed: u64, faults: Faults) -> Self {
        let mut habits = Stream::Habits.rng(seed);
        let power_permille = number(&mut habits, 30);
        let mut share = |most| number(&mut habits, most);
        let mischief = Habits {
            repeat_permille: share(1_000),
            clash_permille: share(250),
            cancel_permille: share(300),
            give_back_permille: share(600),
            late_permille: share(500),
            settles: share(2) == 1,
            misuse_permille: share(700),
        };
        let wild = faults.has(Fault::Habits);
        let mut batches = Stream::Batches.rng(seed);
        let mut rng = Stream::Shop.rng(seed);
        let scarce = rng.chance(250);
        let poor = rng.chance(250);
        Self {
            vouchers: if scarce { u32::from(number(&mut rng, 12)) } else { 60 },
            float_minor: if poor { 30_000 } else { 5_000_000 },
            credit_minor: if rng.chance(500) { 10_000 } else { 0 },
            velocity: if rng.chance(300) { 2 + u32::from(number(&mut rng, 8)) } else { 0 },
            levels: 1 + u32::from(number(&mut rng, 4)),
            confirm_permille: [0, 500, 1_000][usize::from(number(&mut rng, 3))],
            upload_permille: [0, 500, 1_000][usize::from(number(&mut batches, 3))],
            iso_settles: batches.chance(600),
            retry_permille: number(&mut rng, 300),
            stubborn: rng.chance(500),
            habits: if wild { mischief } else { Habits::default() },
            power_permille: if wild { power_permille } else { 0 },
            nk_permille: [0, 500, 1_000][usize::from(number(&mut rng, 3))],
        }
    }
}

/// A number below `bound`.
pub(super) fn number(rng: &mut Rng, bound: u16) -> u16 {
    u16::try_from(rng.below(u64::from(bound))).expect("it is below a u16")
}
