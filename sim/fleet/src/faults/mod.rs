//! Real faults on the real gateway: `tillsim faults`.
//!
//! Each fault is one module with a `run`. It makes a `TestInstallation` (an installation with a
//! network and a provider), starts the `Gateway`'s program, lets a `Load` sell, does its harm,
//! starts the gateway again, and then holds the terminals' books, the journal and the provider's
//! book against each other, and has `tillgate verify` read the whole store. What came out is a
//! `Finding`.
//!
//! ```text
//!   House ─▶ Gateway::start ─▶ Load::start ─▶ harm, restart, harm, restart ... ─▶ settle
//!                                                                                   │
//!                          terminals' books · journal · provider's book · verify ◀──┘
//! ```
//!
//! What a machine does not allow (mounts, mostly) is skipped and said so; it never counts as
//! passed. `docs/durability.md` tells what each fault proves and what it does not.

mod backup;
mod clock;
mod damage;
mod descriptors;
mod disk;
mod full;
mod gateway;
mod installation;
mod kill;
mod load;
mod power;
mod report;
mod settle;
mod shim;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::Args;
pub(crate) use report::{Finding, Outcome, Summary};

use crate::exit::{About, Refusal};
use crate::run::Interrupts;
use gateway::Gateway;
use installation::TestInstallation;
use load::Load;

/// Sales are approved within this while a gateway serves.
const SALES_WITHIN: Duration = Duration::from_secs(30);

/// What can be done to a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Fault {
    /// kill -9 at random moments, again and again
    Kill,
    /// Power cut: what was not synced is lost
    Power,
    /// The disk runs full
    Full,
    /// Bits flip and files lose their ends while the gateway is down
    Damage,
    /// The wall clock jumps by days
    Clock,
    /// No file descriptor is left
    Descriptors,
    /// No fault: a backup is taken under load and must hold what was sold before it
    Backup,
}

impl Fault {
    /// All of them, in the order in which they are run.
    pub(crate) const ALL: [Self; 7] = [
        Self::Backup,
        Self::Kill,
        Self::Power,
        Self::Full,
        Self::Damage,
        Self::Clock,
        Self::Descriptors,
    ];
}

/// How much is done.
#[derive(Args)]
pub(crate) struct Extent {
    /// Seed of all random decisions
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Number of terminals that sell
    #[arg(long, value_name = "N", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(5..=2000))]
    pub(crate) terminals: u32,
    /// Kills
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) kills: u32,
    /// Power cuts
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) cuts: u32,
    /// Damages to each file of a store: flipped bits, truncations, missing files
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) damages: u32,
}

pub(crate) struct Plan {
    pub(crate) faults: Vec<Fault>,
    /// The gateway's program.
    pub(crate) tillgate: PathBuf,
    /// Where everything is put; emptied of each fault's files when it has passed.
    pub(crate) work: PathBuf,
    pub(crate) extent: Extent,
}

/// Does all of the plan, one fault after the other, and tells of each as it is done. A fault that
/// could not be done to its end, because the gateway does not start any more for one, has failed.
pub(crate) fn run(plan: &Plan, interrupts: &Interrupts, mut tell: impl FnMut(&Finding)) -> Summary {
    let mut summary = Summary::default();
    for fault in &plan.faults {
        if interrupts.load(Ordering::Relaxed) > 0 {
            break;
        }
        let findings = match fault {
            Fault::Kill => vec![alone(plan, "kill", |rig| kill::run(rig, interrupts))],
            Fault::Power => power::run(plan, interrupts),
            Fault::Full => vec![alone(plan, "full", full::run)],
            Fault::Damage => vec![alone(plan, "damage", damage::run)],
            Fault::Clock => vec![alone(plan, "clock", clock::run)],
            Fault::Descriptors => vec![alone(plan, "descriptors", descriptors::run)],
            Fault::Backup => vec![alone(plan, "backup", backup::run)],
        };
        findings.iter().for_each(&mut tell);
        summary.findings.extend(findings);
    }
    summary.interrupted = interrupts.load(Ordering::Relaxed) > 0;
    summary
}

/// What one fault works with.
struct Rig<'a> {
    plan: &'a Plan,
    /// Of this fault alone; removed when it has passed.
    dir: PathBuf,
    finding: Finding,
}

impl Rig<'_> {
    /// An installation in this fault's directory, with this many vouchers.
    fn build(&self, vouchers: u64) -> Result<TestInstallation, Refusal> {
        TestInstallation::build(self.plan, &self.dir, &self.dir.join("gate"), vouchers)
    }

    /// The fault has failed unless this many more sales are approved soon.
    fn require_sales(&mut self, load: &Load, more: u64, otherwise: &str) {
        if !load.wait_for(more, SALES_WITHIN) {
            self.finding.fail(otherwise);
        }
    }
}

/// Does one fault in a directory of its own.
fn alone(
    plan: &Plan,
    name: &'static str,
    harm: impl FnOnce(&mut Rig<'_>) -> Result<(), Refusal>,
) -> Finding {
    let begun = Instant::now();
    let dir = plan.work.join(name.replace(' ', "-"));
    let mut rig = Rig { plan, dir, finding: Finding::new(name) };
    let made = fs::create_dir_all(&rig.dir).about(rig.dir.display());
    if let Err(Refusal(why)) = made.and_then(|()| harm(&mut rig)) {
        rig.finding.fail(why);
    }
    if rig.finding.outcome == Outcome::Passed {
        drop(fs::remove_dir_all(&rig.dir));
    }
    rig.finding.seconds = begun.elapsed().as_secs_f64();
    rig.finding
}
