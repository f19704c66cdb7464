//! No file descriptor is left: not for terminals, not for the admin, not for the store.

use std::fs;
use std::time::{Duration, Instant};

use super::gateway::limit;
use super::settle::settle;
use super::{Finding, Gateway, Load, Outcome, Plan, TestInstallation};
use crate::exit::Refusal;

/// The gateway's exit code when its store could not get a descriptor.
const STOPPED: i32 = 70;
/// How long it has none to give.
const SHORT: Duration = Duration::from_secs(4);
/// Descriptors left beyond those open: none of them for long.
const LEFT: u64 = 2;

pub(super) fn run(plan: &Plan) -> Result<Vec<Finding>, Refusal> {
    let begun = Instant::now();
    let mut finding = Finding::new("descriptors");
    let dir = plan.work.join("descriptors");
    fs::create_dir_all(&dir).map_err(|error| Refusal::about(dir.display(), error))?;
    let house = TestInstallation::build(plan, &dir, &dir.join("gate"), 20_000)?;
    let mut gateway = Gateway::start(&house)?;
    let load = Load::start(&house, plan.seed, "exp:30ms")?;
    if !load.wait_for(100, Duration::from_secs(30)) {
        finding.fail("too few sales before there were no descriptors");
    }
    let open = fs::read_dir(format!("/proc/{}/fd", gateway.pid()))
        .map_err(|error| Refusal::about("the gateway's descriptors", error))?
        .count();
    let few = u64::try_from(open).unwrap_or(u64::MAX) + LEFT;
    limit(gateway.pid(), libc::RLIMIT_NOFILE, few)?;
    finding.rounds += 1;
    // As many strangers as there are terminals take what the terminals leave.
    let strangers: Vec<_> = (0..plan.terminals)
        .filter_map(|_| std::net::TcpStream::connect(house.terminals).ok())
        .collect();
    let before = load.approved();
    let end = gateway.wait_end(SHORT);
    let (online, sold) = (load.online(), load.approved() - before);
    drop(strangers);
    match end {
        // What is open stays open: the terminals that are there are served.
        None if sold == 0 => finding.fail("without descriptors nobody was served any more"),
        None => limit(gateway.pid(), libc::RLIMIT_NOFILE, few + 4_096)?,
        Some(status) if status.code() == Some(STOPPED) => gateway = Gateway::start(&house)?,
        Some(status) => {
            finding.fail(format!("without descriptors the gateway ended with {status}"));
            gateway = Gateway::start(&house)?;
        }
    }
    if !load.wait_for(1, Duration::from_secs(30)) {
        finding.fail("no sale is approved although there are descriptors again");
    }
    finding.settle(&settle(&house, load, gateway)?);
    finding.note = format!(
        "{few} descriptors and {} strangers: {online} terminals online, {sold} sales{}",
        plan.terminals,
        if end.is_some() { ", then it stopped and came back" } else { "" }
    );
    if finding.outcome == Outcome::Passed {
        drop(fs::remove_dir_all(&dir));
    }
    Ok(vec![finding.done(begun)])
}
