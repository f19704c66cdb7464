//! kill -9 at random moments under load.

use std::fs;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use tillsim_core::rng::Rng;
use tillsim_core::time::Span;

use super::settle::{settle, verify};
use super::{Gateway, Load, Outcome, Rig, TestInstallation};
use crate::driver::latencies;
use crate::exit::Refusal;
use crate::run::Interrupts;

/// Kills of one installation: its journal stays small enough to be read in a moment.
const KILLS_A_HOUSE: u32 = 250;
/// After every this many kills the dead gateway's store is verified as it lies.
const VERIFY_EVERY: u32 = 10;
const VOUCHERS_A_KILL: u64 = 300;
/// A gateway lives at least and at most so long before it is killed.
const LIFE: (Span, Span) = (Span::ms(150), Span::ms(900));
/// Terminals pause so between two customers.
const THINK: &str = "exp:250ms";

pub(super) fn run(rig: &mut Rig<'_>, interrupts: &Interrupts) -> Result<(), Refusal> {
    let (mut rng, mut restarts) = (Rng::new(rig.plan.extent.seed, 1), latencies());
    while rig.finding.rounds < u64::from(rig.plan.extent.kills)
        && interrupts.load(Ordering::Relaxed) == 0
    {
        let done = u32::try_from(rig.finding.rounds).unwrap_or(u32::MAX);
        let kills = rig.plan.extent.kills.saturating_sub(done).min(KILLS_A_HOUSE);
        let dir = rig.dir.join(done.to_string());
        let vouchers = 5_000 + VOUCHERS_A_KILL * u64::from(kills);
        let house = TestInstallation::build(rig.plan, &dir, &dir.join("gate"), vouchers)?;
        let mut gateway = Gateway::start(&house)?;
        let load = Load::start(&house, rig.plan.extent.seed + rig.finding.rounds, THINK)?;
        for kill in 1..=kills {
            sleep(Duration::from_nanos(rng.between(LIFE.0, LIFE.1).0));
            gateway.kill();
            rig.finding.rounds += 1;
            if kill % VERIFY_EVERY == 0
                && let Some(wrong) = verify(&house, &house.data())?
            {
                let text = format!("after kill {}: {wrong}", rig.finding.rounds);
                rig.finding.fail(text);
            }
            gateway = Gateway::start(&house)?;
            let us = u64::try_from(gateway.ready_after.as_micros()).unwrap_or(u64::MAX);
            restarts.saturating_record(us);
            if interrupts.load(Ordering::Relaxed) > 0 {
                break;
            }
        }
        rig.require_sales(&load, 1, "no sale is approved any more after the last restart");
        settle(&mut rig.finding, &house, load, gateway)?;
        if rig.finding.outcome == Outcome::Passed {
            drop(fs::remove_dir_all(&dir));
        }
    }
    rig.finding.note = format!(
        "serving again after {} ms (half), {} ms (99 of 100)",
        restarts.value_at_quantile(0.5) / 1_000,
        restarts.value_at_quantile(0.99) / 1_000
    );
    Ok(())
}
