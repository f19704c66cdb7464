//! `tillsim ussdc`: a USSD centre and its subscribers over real sockets.
//!
//! ```text
//!   epoll ─▶ Connection::read ─▶ Crowd ─▶ Connection::write
//!              ▲                   │
//!   deadlines, arrivals ───────────┴─▶ Tally, Log ─▶ report
//! ```
//!
//! One thread. What the centre and its handsets do is in [`tillsim_core::ussdc`]; here are the
//! sockets, the clock and the files. `responder` is the application of `tillsim ussd-responder`.

mod callers;
mod connection;
mod engine;
mod log;
mod money;
mod report;
pub(crate) mod responder;
mod stage;
mod tally;
mod terminals;
mod verdict;

use std::net::SocketAddr;
use std::path::PathBuf;

use tillsim_core::time::Span;
use tillsim_core::ussdc::centre::Settings;
use tillsim_core::ussdc::crowd::Load;

pub(crate) use self::callers::Calling;
use self::engine::Engine;
use self::log::Log;
pub(crate) use self::money::Sources;
use self::money::{Before, Money};
pub(crate) use self::report::Report;
use self::terminals::Sealed;
pub(crate) use self::terminals::Terminals;
use crate::exit::Refusal;
use crate::run::Interrupts;

/// What is served and for how long.
pub(crate) struct Plan {
    pub(crate) listen: SocketAddr,
    pub(crate) settings: Settings,
    pub(crate) load: Load,
    pub(crate) calling: Calling,
    /// From the first bind on; `None` runs until it is interrupted.
    pub(crate) seconds: Option<Span>,
    /// How long the first bind may take.
    pub(crate) wait: Option<Span>,
    pub(crate) seed: u64,
    pub(crate) log: Option<PathBuf>,
    pub(crate) book: Option<PathBuf>,
    /// Objective: every step's 99th percentile.
    pub(crate) p99: Option<Span>,
    /// What the books are compared with at the end.
    pub(crate) sources: Option<Sources>,
    /// Subscribers that send frames: the last ones of the settings.
    pub(crate) terminals: Option<Terminals>,
}

impl Plan {
    /// How many subscribers have handsets.
    fn handsets(&self) -> usize {
        let terminals = self.terminals.as_ref().map_or(0, |terminals| terminals.list.len());
        self.settings.subscribers.count().saturating_sub(terminals)
    }
}

/// What a run was like, beside its counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Driven {
    pub(crate) interrupted: bool,
    pub(crate) binds: u64,
    /// Links of bound applications that were lost or closed.
    pub(crate) lost: u64,
    pub(crate) seconds: f64,
    pub(crate) cpu_s: f64,
    pub(crate) resident_bytes: u64,
    /// Dialogs that ended while the load ran.
    pub(crate) ended_in_time: u64,
    /// Dialogs that were open when the load stopped.
    pub(crate) open_at_end: usize,
    /// Dialogs that never ended.
    pub(crate) unfinished: usize,
}

/// Serves; tells `bound` where it listens.
///
/// # Errors
/// [`Refusal`] when it cannot listen, a file cannot be written, or the journal cannot be read before the run.
pub(crate) fn serve(
    mut plan: Plan,
    interrupts: &Interrupts,
    bound: impl FnOnce(SocketAddr),
) -> Result<Report, Refusal> {
    let before = plan.sources.take().map(Before::new).transpose()?;
    let log = Log::new(plan.log.as_deref())?;
    let epoch_ms = log.epoch_ms();
    let (book, p99) = (plan.book.clone(), plan.p99);
    let is_open_load = matches!(plan.calling, Calling::Open { .. });
    let profile = plan.settings.variant.name.clone();
    let (handsets, holds) = (plan.handsets(), plan.load.holds);
    let terminals = plan.terminals.take();
    let (list, sealed) = terminals.map(Terminals::split).unzip();
    let engine = Engine::new(plan, list.unwrap_or_default(), log)?;
    bound(engine.address()?);
    let (driven, tally, crowd) = engine.run(interrupts)?;
    if let Some(path) = book {
        log::books(&path, &crowd, epoch_ms)?;
    }
    let money = before.map_or(Money::NotChecked, |before| before.compare(&crowd, interrupts));
    let sealed = sealed.map(|sealed| Sealed::new(sealed, &crowd, &tally, driven.lost > 0));
    let facts = report::Facts {
        profile,
        driven,
        tally,
        crowd,
        money,
        sealed,
        p99,
        is_open_load,
        handsets,
        holds,
    };
    Ok(report::report(&facts))
}
