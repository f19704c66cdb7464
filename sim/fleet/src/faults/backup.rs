//! A backup is taken while terminals sell, and put back elsewhere: everything that was sold before
//! it began is in it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::settle::{compare, missing_before, verify};
use super::{Gateway, Load, Rig};
use crate::exit::{About, Refusal};

/// Backups that are taken.
const BACKUPS: u64 = 3;
/// Sales between two of them.
const SALES: u64 = 400;
/// MiB a second at which they are copied.
const RATE: &str = "16";

pub(super) fn run(rig: &mut Rig<'_>) -> Result<(), Refusal> {
    let house = rig.build(30_000)?;
    let gateway = Gateway::start(&house)?;
    let load = Load::start(&house, rig.plan.extent.seed, "exp:20ms")?;
    sleep(Duration::from_secs(1));
    drop(load.response());
    let stalled = "no sales beside the backups: they prove nothing";
    rig.require_sales(&load, SALES, stalled);
    let quiet = load.response();
    let (mut taken, mut busy) = (Vec::new(), crate::driver::latencies());
    let config = house.config().display().to_string();
    for number in 1..=BACKUPS {
        let to = rig.dir.join(format!("backup-{number}"));
        let instant = Instant::now();
        house.done(&["backup", &to.display().to_string(), "--config", &config, "--rate", RATE])?;
        busy.add(load.response()).about("latencies")?;
        taken.push((to, instant));
        rig.finding.rounds += 1;
        rig.require_sales(&load, SALES, stalled);
        drop(load.response());
    }
    let driven = load.stop()?;
    let finding = &mut rig.finding;
    finding.settle(&compare(&house, &driven)?);
    gateway.stop()?;
    for (backup, instant) in taken {
        let to = backup.with_extension("restored");
        let (from, place) = (backup.display().to_string(), to.display().to_string());
        house.done(&["restore", &from, &place, "--accept", "--unkeyed"])?;
        if let Some(wrong) = verify(&house, &to)? {
            finding.fail(wrong);
        }
        let missing = missing_before(&house, &driven, &to, instant)?;
        finding.lost += missing;
        if missing > 0 {
            finding.fail(format!("{missing} sales from before the backup are not in it"));
        }
    }
    let p99 = |of: &Histogram<u64>| crate::number::float(of.value_at_quantile(0.99)) / 1_000.0;
    finding.note =
        format!("p99 {:.1} ms without, {:.1} ms while a backup is taken", p99(&quiet), p99(&busy));
    Ok(())
}
