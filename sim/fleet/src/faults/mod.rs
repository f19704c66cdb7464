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

use std::path::PathBuf;
use std::sync::atomic::Ordering;

pub use report::{Finding, Outcome, Summary};

use crate::exit::Refusal;
use crate::run::Interrupts;
use gateway::Gateway;
use installation::TestInstallation;
use load::Load;

/// What can be done to a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
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
    pub const ALL: [Self; 7] = [
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
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which faults.
    pub faults: Vec<Fault>,
    /// The gateway's program.
    pub tillgate: PathBuf,
    /// Where everything is put; emptied of each fault's files when it has passed.
    pub work: PathBuf,
    /// For everything random.
    pub seed: u64,
    /// Terminals that sell.
    pub terminals: u32,
    /// Kills of the gateway.
    pub kills: u32,
    /// Power cuts.
    pub cuts: u32,
    /// Damaged copies of each kind of file.
    pub damages: u32,
}

/// Does all of the plan, one fault after the other, and tells of each as it is done. A fault that
/// could not be done to its end, because the gateway does not start any more for one, has failed.
pub fn run(plan: &Plan, interrupts: &Interrupts, mut tell: impl FnMut(&Finding)) -> Summary {
    let mut summary = Summary::default();
    for fault in &plan.faults {
        if interrupts.load(Ordering::Relaxed) > 0 {
            break;
        }
        let (name, done) = match fault {
            Fault::Kill => ("kill", kill::run(plan, interrupts)),
            Fault::Power => ("power", power::run(plan, interrupts)),
            Fault::Full => ("full", full::run(plan)),
            Fault::Damage => ("damage", damage::run(plan)),
            Fault::Clock => ("clock", clock::run(plan)),
            Fault::Descriptors => ("descriptors", descriptors::run(plan)),
            Fault::Backup => ("backup", backup::run(plan)),
        };
        let broken = |Refusal(why)| {
            let mut finding = Finding::new(name);
            finding.fail(why);
            vec![finding]
        };
        for finding in done.unwrap_or_else(broken) {
            tell(&finding);
            summary.findings.push(finding);
        }
    }
    summary.interrupted = interrupts.load(Ordering::Relaxed) > 0;
    summary
}
