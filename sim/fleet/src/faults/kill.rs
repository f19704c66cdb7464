//! kill -9 at random moments under load.

use std::fs;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tillsim_core::rng::Rng;
use tillsim_core::time::Span;

use super::settle::{settle, verify};
use super::{Finding, Gateway, Load, Plan, TestInstallation};
use crate::driver::latencies;
use crate::exit::Refusal;
use crate::run::Interrupts;

/// Kills of one installation: its journal stays small enough to be read in a moment.
const KILLS_A_HOUSE: u32 = 250;
/// After every this many kills the dead gateway's store is verified as it lies.
const VERIFY_EVERY: u32 = 10;
/// Vouchers for this many kills.
const VOUCHERS_A_KILL: u64 = 300;
/// A gateway lives at least and at most so long before it is killed.
const LIFE: (Span, Span) = (Span::ms(150), Span::ms(900));
/// Terminals pause so between two customers.
const THINK: &str = "exp:250ms";

pub(super) fn run(plan: &Plan, interrupts: &Interrupts) -> Result<Vec<Finding>, Refusal> {
    let begun = Instant::now();
    let mut finding = Finding::new("kill");
    let (mut rng, mut restarts) = (Rng::new(plan.seed, 1), latencies());
    while finding.rounds < u64::from(plan.kills) && interrupts.load(Ordering::Relaxed) == 0 {
        let left = plan.kills.saturating_sub(u32::try_from(finding.rounds).unwrap_or(u32::MAX));
        let kills = left.min(KILLS_A_HOUSE);
        let dir = plan.work.join(format!("kill-{}", finding.rounds));
        fs::create_dir_all(&dir).map_err(|error| Refusal::about(dir.display(), error))?;
        let vouchers = 5_000 + VOUCHERS_A_KILL * u64::from(kills);
        let house = TestInstallation::build(plan, &dir, &dir.join("gate"), vouchers)?;
        let mut gateway = Gateway::start(&house)?;
        let load = Load::start(&house, plan.seed + finding.rounds, THINK)?;
        for kill in 1..=kills {
            sleep(Duration::from_nanos(rng.between(LIFE.0, LIFE.1).0));
            gateway.kill();
            finding.rounds += 1;
            if kill % VERIFY_EVERY == 0
                && let Some(wrong) = verify(&house, &house.data())?
            {
                finding.fail(format!("after kill {}: {wrong}", finding.rounds));
            }
            gateway = Gateway::start(&house)?;
            let us = u64::try_from(gateway.ready_after.as_micros()).unwrap_or(u64::MAX);
            restarts.saturating_record(us);
            if interrupts.load(Ordering::Relaxed) > 0 {
                break;
            }
        }
        if !load.wait_for(1, Duration::from_secs(30)) {
            finding.fail("no sale is approved any more after the last restart");
        }
        finding.settle(&settle(&house, load, gateway)?);
        if finding.outcome == super::Outcome::Passed {
            drop(fs::remove_dir_all(&dir));
        }
    }
    finding.note = format!(
        "serving again after {} ms (half), {} ms (99 of 100)",
        restarts.value_at_quantile(0.5) / 1_000,
        restarts.value_at_quantile(0.99) / 1_000
    );
    Ok(vec![finding.done(begun)])
}
