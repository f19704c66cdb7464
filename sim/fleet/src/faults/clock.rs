//! The wall clock jumps by days while terminals sell.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::gateway::serve;
use super::settle::{exported, settle};
use super::shim::{Offset, Shim};
use super::{Gateway, Load, Outcome, Rig, TestInstallation};
use crate::exit::Refusal;

const DAY_S: i64 = 24 * 3_600;
/// By how much the clock is off while the gateway runs, one after the other: two days ahead, a day
/// behind, right again. The gateway keeps its own time, and no business date changes.
const JUMPS_S: [i64; 3] = [2 * DAY_S, -DAY_S, 0];
/// By how much it is off when the gateway is started again, which then knows no better: a day
/// behind, right, a day ahead, and right. Terminals may be a day off, and go on; they never go
/// back to a date before one that they have received.
const RESTARTS_S: [i64; 4] = [-DAY_S, 0, DAY_S, 0];
/// Business dates that there may be then: a day behind to a day ahead, and midnight may pass.
const DATES_MAX: usize = 4;
/// How long terminals sell between two jumps.
const LIFE: Duration = Duration::from_secs(2);
/// No answer is later than this, whatever the wall clock says: deadlines are monotonic. The
/// longest is what a terminal receives of a silent provider.
const RESPONSE_S_MAX: u64 = 12;

pub(super) fn run(rig: &mut Rig<'_>) -> Result<(), Refusal> {
    let (shim, clock) = match (Shim::build(&rig.dir), Offset::new(&rig.dir)) {
        (Ok(shim), Ok(clock)) => (shim, clock),
        (Err(Refusal(why)), _) | (_, Err(Refusal(why))) => {
            rig.finding.outcome = Outcome::Skipped(why);
            return Ok(());
        }
    };
    let house = rig.build(30_000)?;
    let start = || {
        let mut command = serve(&house, &house.config());
        shim.with_clock(&mut command, &clock);
        Gateway::start_as(&house, command)?.map_err(|refused| Refusal(refused.said))
    };
    let mut gateway = start()?;
    let load = Load::start(&house, rig.plan.extent.seed, "exp:50ms")?;
    drop(load.response());
    let mut sold = Vec::new();
    for jump in JUMPS_S {
        let before = load.approved();
        clock.set(jump)?;
        sleep(LIFE);
        rig.finding.rounds += 1;
        sold.push(load.approved() - before);
        if let Some(status) = gateway.ended() {
            rig.finding
                .fail(format!("a clock that jumped by {jump} s ended the gateway: {status}"));
            gateway = start()?;
        }
    }
    let dates_of_one_life = dates(&house)?;
    // Midnight may pass meanwhile.
    if dates_of_one_life.len() > 2 {
        rig.finding.fail(format!("business dates followed the clock: {dates_of_one_life:?}"));
    }
    for off in RESTARTS_S {
        gateway.kill();
        clock.set(off)?;
        gateway = start()?;
        rig.finding.rounds += 1;
        let before = load.approved();
        sleep(LIFE);
        sold.push(load.approved() - before);
    }
    if sold.contains(&0) {
        rig.finding.fail(format!("a jump of the clock stopped the sales: {sold:?} after each"));
    }
    let slowest_s = load.response().max() / 1_000_000;
    if slowest_s > RESPONSE_S_MAX {
        rig.finding
            .fail(format!("an answer took {slowest_s} s: a deadline followed the wall clock"));
    }
    rig.require_sales(&load, 1, "no sale is approved although the clock is right again");
    settle(&mut rig.finding, &house, load, gateway)?;
    let dates = dates(&house)?;
    if dates.len() > DATES_MAX {
        rig.finding.fail(format!("business dates that never were: {dates:?}"));
    }
    rig.finding.note = format!(
        "approved after each jump {sold:?}; dates {}; slowest answer {slowest_s} s",
        dates.into_iter().collect::<Vec<_>>().join(" ")
    );
    Ok(())
}

/// The business dates in the journal.
fn dates(house: &TestInstallation) -> Result<BTreeSet<String>, Refusal> {
    let date = |row: &Value| row["date"].as_str().map(str::to_owned);
    Ok(exported(house, &house.gate)?.iter().filter_map(date).collect())
}
