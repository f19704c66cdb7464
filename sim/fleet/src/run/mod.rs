//! A run from its beginning to its verdict.
//!
//! ```text
//!   connect ─▶ sell ─▶ stop, resolve doubts ─▶ reconcile three books ─▶ report
//! ```

pub(crate) mod journal;
mod live;
mod reconcile;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::message::BusinessDate;
use tillsim_core::firmware::Firmware;
use tillsim_core::iso_terminal::{self, IsoTerminal};
use tillsim_core::terminal::{Identity, Terminal};
use tillsim_core::time::{Moment, Span};

pub use live::Live;
pub(crate) use reconcile::AGAIN_AFTER;
pub use reconcile::{Money, Sources, reconcile};
pub use report::{Report, judge};
pub(crate) use report::{money_json, money_text};

use crate::driver::{Client, Done, Fleet, FleetSnapshot, Open, Plan, PointOfSale, Stage, Tally};
use crate::exit::{About, Refusal};
use crate::network::{IsoNetworkTerminal, NetworkTerminal};
use crate::scenario::Expect;

/// Descriptors besides those of the terminals.
const OTHER_DESCRIPTORS: u64 = 64;
/// How often the fleet is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Everything that a run needs; see [`crate::scenario::resolve`].
pub struct Order {
    /// How the fleet is taken through its stages.
    pub course: Course,
    /// Who takes part.
    pub terminals: Vec<NetworkTerminal>,
    /// What the terminals are like.
    pub firmware: Arc<Firmware>,
    /// Terminals of another maker that take part.
    pub iso8583: Option<IsoFleet>,
    /// What their books are compared with.
    pub sources: Sources,
    /// What must come out.
    pub expect: Expect,
}

impl Order {
    /// How many terminals take part, of either kind.
    #[must_use]
    pub fn terminals(&self) -> usize {
        self.terminals.len() + self.iso8583.as_ref().map_or(0, |iso| iso.terminals.len())
    }
}

/// Terminals of another maker, at one listener of the gateway.
pub struct IsoFleet {
    /// The listener's name.
    pub listener: String,
    /// Where it is.
    pub address: SocketAddr,
    /// Who takes part.
    pub terminals: Vec<IsoNetworkTerminal>,
    /// What they are like.
    pub firmware: Arc<iso_terminal::Firmware>,
}

/// The gateway's admin interface.
#[derive(Clone)]
pub struct Admin {
    /// Its base address.
    pub base: String,
    /// The bearer token.
    pub token: Option<String>,
}

/// What a driven fleet leaves behind.
pub struct Driven<S> {
    /// The stations, with their books if they are terminals, and the counts.
    pub done: Done<S>,
    /// Stations that were online when the selling began.
    pub online: u64,
    /// How long that took.
    pub online_after: Duration,
    /// The counts when the selling began and when it was stopped.
    pub window: (Tally, Tally),
    /// Whether every station resolved its doubts and logged off in time.
    pub drained: bool,
    /// What the moments in the books are counted from.
    pub epoch: Instant,
}

/// How a fleet is taken through its stages.
pub struct Course {
    /// How it connects.
    pub plan: Plan,
    /// Customers of an open load.
    pub open: Option<Open>,
    /// Threads of the generator.
    pub threads: usize,
    /// How long the fleet may take to be online.
    pub online_within: Span,
    /// How long it sells; until Ctrl-C if not given.
    pub sell: Option<Span>,
    /// How long doubts may take to be resolved afterwards.
    pub drain: Span,
}

/// Who receives the progress of a run.
pub trait Watcher {
    /// The fleet is looked at, many times a second.
    fn look(&mut self, stage: Stage, standing: &FleetSnapshot);
    /// All that are going to be are online; selling begins.
    fn begun(&mut self, standing: &FleetSnapshot);
    /// The selling is about to be stopped.
    fn ending(&mut self) {}
}

/// Times that the user asked for an end: once to stop, twice to drop everything.
pub type Interrupts = Arc<AtomicUsize>;

/// Takes the order's terminals through a run.
///
/// # Errors
/// [`Refusal`] when the system does not give what a fleet of this size needs, or when the journal,
/// which tells the numbers that terminals of other makers have used, cannot be read.
pub fn drive(
    order: &Order,
    interrupts: &Interrupts,
    watcher: &mut dyn Watcher,
) -> Result<Driven<PointOfSale>, Refusal> {
    let mut clients = terminals(order);
    clients.extend(iso_terminals(order)?);
    drive_stations(&order.course, clients, interrupts, watcher)
}

/// Connects, sells, stops and drains.
///
/// # Errors
/// [`Refusal`] when the system does not give what a fleet of this size needs.
pub fn drive_stations<S: Client + 'static>(
    course: &Course,
    clients: Vec<S>,
    interrupts: &Interrupts,
    watcher: &mut dyn Watcher,
) -> Result<Driven<S>, Refusal> {
    descriptors(clients.len())?;
    let count = u64::try_from(clients.len()).unwrap_or(u64::MAX);
    let fleet = Fleet::start(&course.plan, clients, course.open.as_ref(), course.threads)?;
    let mut steps = Steps { fleet: &fleet, interrupts, watcher };
    let began = Instant::now();
    steps.until(Stage::Connect, Some(course.online_within), |at| at.tally.online >= count);
    let online_after = began.elapsed();
    let first = steps.fleet.look();
    let online = first.tally.online;
    let is_wanted = interrupts.load(Ordering::Relaxed) == 0;
    if online > 0 && is_wanted {
        steps.watcher.begun(&first);
        fleet.tell(Stage::Sell);
        steps.until(Stage::Sell, course.sell, |_| false);
        steps.watcher.ending();
    }
    fleet.tell(Stage::Stop);
    let last = steps.fleet.look();
    let drained = steps.drain(course.drain);
    fleet.tell(Stage::Quit);
    let done = fleet.finish()?;
    let (window, epoch) = ((first.tally, last.tally), course.plan.epoch);
    Ok(Driven { done, online, online_after, window, drained, epoch })
}

struct Steps<'a, S> {
    fleet: &'a Fleet<S>,
    interrupts: &'a Interrupts,
    watcher: &'a mut dyn Watcher,
}

impl<S: Client + 'static> Steps<'_, S> {
    /// Looks at the fleet until `enough`, until the time is over, or until the user interrupts.
    fn until(
        &mut self,
        stage: Stage,
        within: Option<Span>,
        enough: impl Fn(&FleetSnapshot) -> bool,
    ) {
        let began = Instant::now();
        let within = within.map(|span| Duration::from_nanos(span.0));
        let was = self.interrupts.load(Ordering::Relaxed);
        loop {
            let standing = self.fleet.look();
            self.watcher.look(stage, &standing);
            let left = within.map(|within| within.saturating_sub(began.elapsed()));
            let over = left.is_some_and(|left| left.is_zero());
            let interrupted = self.interrupts.load(Ordering::Relaxed) > was;
            if over || enough(&standing) || interrupted || self.fleet.is_finished() {
                return;
            }
            sleep(left.unwrap_or(LOOK_EVERY).min(LOOK_EVERY));
        }
    }

    /// Waits for every terminal to log off; gives whether all did.
    fn drain(&mut self, within: Span) -> bool {
        self.until(Stage::Stop, Some(within), |_| false);
        self.fleet.is_finished()
    }
}

fn terminals(order: &Order) -> Vec<PointOfSale> {
    // Handshake counters must rise from run to run, and no run leaves anything behind: the clock
    // does. Microseconds leave room for more handshakes than a terminal can do.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let handshakes = u64::try_from(since.as_micros()).unwrap_or(0);
    let seed = order.course.plan.seed;
    let build = |terminal: &NetworkTerminal| {
        let psk = Psk::new(terminal.psk);
        let NetworkTerminal { id: terminal, key_id, .. } = *terminal;
        let identity = Identity { terminal, key_id, psk, handshakes };
        let terminal = Terminal::new(identity, Arc::clone(&order.firmware), seed, Moment(0));
        PointOfSale::Sealed(Box::new(terminal))
    };
    order.terminals.iter().map(build).collect()
}

/// Terminals of other makers. No logon tells them which numbers they have used: the journal does,
/// since yesterday in whatever time zone.
fn iso_terminals(order: &Order) -> Result<Vec<PointOfSale>, Refusal> {
    let Some(iso) = &order.iso8583 else { return Ok(Vec::new()) };
    let ids: BTreeSet<u32> = iso.terminals.iter().map(|terminal| terminal.id).collect();
    let used: BTreeMap<u32, (BusinessDate, u32)> = match &order.sources.admin {
        Some(admin) => {
            let from = BusinessDate(iso.firmware.day.0.saturating_sub(2));
            reconcile::numbers_used(admin, &ids, from)?
        }
        None => BTreeMap::new(),
    };
    let seed = order.course.plan.seed;
    let build = |IsoNetworkTerminal { id, psk, .. }: &IsoNetworkTerminal| {
        let (psk, firmware) = (psk.map(Psk::new), Arc::clone(&iso.firmware));
        let terminal = IsoTerminal::new(*id, psk.as_ref(), firmware, seed, Moment(0));
        PointOfSale::Iso(Box::new(match used.get(id) {
            Some((date, stan)) => terminal.resumed(*date, *stan),
            None => terminal,
        }))
    };
    Ok(iso.terminals.iter().map(build).collect())
}

/// Makes sure that the process may open enough descriptors.
///
/// # Errors
/// [`Refusal`] with the numbers and what to do.
pub fn descriptors(terminals: usize) -> Result<(), Refusal> {
    let needed = u64::try_from(terminals).unwrap_or(u64::MAX).saturating_add(OTHER_DESCRIPTORS);
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).about("limit of open files")?;
    if soft >= needed {
        return Ok(());
    }
    if hard >= needed && setrlimit(Resource::RLIMIT_NOFILE, needed, hard).is_ok() {
        return Ok(());
    }
    Err(Refusal(format!(
        "{terminals} terminals need {needed} open files, this process may have {hard}; raise the \
         limit (ulimit -n), or start several processes with --terminals and --first"
    )))
}
