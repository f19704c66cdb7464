//! Power cuts: what was not synced is gone. And the control: a disk that lies must lose.
//!
//! ```text
//!   load ─▶ the gateway is stopped ─▶ the instant is caught ─▶ kill -9 ─▶ the disk as it was at
//!    ▲      (it can tell nobody more)                                      that instant ─┐
//!    └────────────────── the same fleet, with the same books ◀── verify, restart ◀───────┘
//! ```
//!
//! What the gateway had written and not synced is in the page cache alone, and is not in the disk
//! of the instant. The terminals go on with their books, so that a single lost sale is found.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use tillsim_core::rng::Rng;
use tillsim_core::time::Span;

use super::disk::{Disk, Way};
use super::gateway::serve;
use super::settle::{compare, settle, verify};
use super::shim::Shim;
use super::{Finding, Gateway, Load, Outcome, Plan, Rig, TestInstallation, alone};
use crate::exit::Refusal;
use crate::run::Interrupts;

const VOUCHERS_A_CUT: u64 = 500;
/// From a restart to the next cut.
const LIFE: (Span, Span) = (Span::ms(300), Span::ms(1_500));
/// Cuts of the control, and how long it sells before one.
const CONTROL_CUTS: u64 = 2;
const CONTROL_LIFE: Duration = Duration::from_millis(1_500);
/// Terminals pause so between two customers.
const THINK: &str = "exp:100ms";

pub(super) fn run(plan: &Plan, interrupts: &Interrupts) -> Vec<Finding> {
    let cuts = alone(plan, "power", |rig| cut_again_and_again(rig, interrupts));
    let control = match &cuts.outcome {
        Outcome::Skipped(why) => Finding::skipped("power control", why),
        // The result of the cuts is reported even if the control fails.
        Outcome::Passed | Outcome::Failed(_) => alone(plan, "power control", control),
    };
    vec![cuts, control]
}

fn cut_again_and_again(rig: &mut Rig<'_>, interrupts: &Interrupts) -> Result<(), Refusal> {
    let mut disk = match Disk::new(&rig.dir) {
        Ok(disk) => disk,
        Err(refusal) => {
            let why = format!("no file systems can be mounted here ({refusal}); run it as root");
            rig.finding.outcome = Outcome::Skipped(why);
            return Ok(());
        }
    };
    let (plan, mut rng) = (rig.plan, Rng::new(rig.plan.extent.seed, 2));
    let vouchers = 5_000 + VOUCHERS_A_CUT * u64::from(plan.extent.cuts);
    let house = TestInstallation::build(plan, &rig.dir, &disk.path().join("gate"), vouchers)?;
    disk.settle()?;
    let mut gateway = Gateway::start(&house)?;
    let load = Load::start(&house, plan.extent.seed, THINK)?;
    let mut stopped_by_itself = 0_u64;
    for number in 1..=plan.extent.cuts {
        sleep(Duration::from_nanos(rng.between(LIFE.0, LIFE.1).0));
        stopped_by_itself += u64::from(cut(&mut disk, gateway)?);
        rig.finding.rounds += 1;
        if let Some(wrong) = verify(&house, &house.data())? {
            rig.finding.fail(format!("after cut {number}: {wrong}"));
        }
        gateway = Gateway::start(&house)?;
        if interrupts.load(Ordering::Relaxed) > 0 {
            break;
        }
    }
    rig.require_sales(&load, 1, "no sale is approved any more after the last restart");
    settle(&mut rig.finding, &house, load, gateway)?;
    rig.finding.note = disk.way().name().to_owned();
    if disk.way() == Way::Shutdown {
        rig.finding.note += &format!("; {stopped_by_itself} times it stopped itself");
    }
    Ok(())
}

/// Cuts the power under a gateway; whether it had stopped itself because its disk was gone.
fn cut(disk: &mut Disk, mut gateway: Gateway) -> Result<bool, Refusal> {
    if disk.way() == Way::Reflink {
        gateway.freeze()?;
    }
    disk.cut()?;
    let itself = disk.way() == Way::Shutdown
        && gateway.wait_end(Duration::from_millis(200)).is_some_and(|end| end.code() == Some(70));
    gateway.kill();
    disk.swap()?;
    Ok(itself)
}

/// The same with a disk that does not sync: a rig that does not see it lose proves nothing.
fn control(rig: &mut Rig<'_>) -> Result<(), Refusal> {
    let mut disk = Disk::new(&rig.dir)?;
    let shim = Shim::build(&rig.dir)?;
    let house = TestInstallation::build(rig.plan, &rig.dir, &disk.path().join("gate"), 5_000)?;
    disk.settle()?;
    let lying = |mut command: Command| {
        shim.without_sync(&mut command);
        command
    };
    let mut refusals = Vec::new();
    let start = || Gateway::start_as(&house, lying(serve(&house, &house.config())));
    let fine = |refused: super::gateway::Refused| Refusal(refused.said);
    let mut gateway = start()?.map_err(fine)?;
    let load = Load::start(&house, rig.plan.extent.seed, THINK)?;
    for _ in 0..CONTROL_CUTS {
        sleep(CONTROL_LIFE);
        cut(&mut disk, gateway)?;
        rig.finding.rounds += 1;
        gateway = match start()? {
            Ok(gateway) => gateway,
            Err(refused) => {
                // That the store knows of its loss is what it should do. Here it is made to go on.
                refusals.push(refused.said);
                house.done(&["restore", "--accept", &house.gate.display().to_string()])?;
                start()?.map_err(fine)?
            }
        };
    }
    rig.require_sales(&load, 1, "no sale is approved any more after the last restart");
    let driven = load.stop()?;
    rig.finding.count(&compare(&house, &driven)?);
    if rig.finding.lost == 0 {
        rig.finding.fail("a disk that does not sync lost nothing: this rig sees no losses");
    }
    rig.finding.note = format!("as it must; {} times the store noticed by itself", refusals.len());
    drop(gateway);
    Ok(())
}
