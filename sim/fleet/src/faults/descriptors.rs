//! No file descriptor is left: not for terminals, not for the admin, not for the store.

use std::fs;
use std::time::Duration;

use super::gateway::limit;
use super::settle::settle;
use super::{Gateway, Load, Rig};
use crate::exit::{About, Refusal};

/// The gateway's exit code when its store could not get a descriptor.
const STOPPED: i32 = 70;
/// How long it has none to give.
const SHORT: Duration = Duration::from_secs(4);
/// Descriptors left beyond those open: none of them for long.
const LEFT: u64 = 2;

pub(super) fn run(rig: &mut Rig<'_>) -> Result<(), Refusal> {
    let house = rig.build(20_000)?;
    let mut gateway = Gateway::start(&house)?;
    let load = Load::start(&house, rig.plan.extent.seed, "exp:30ms")?;
    rig.require_sales(&load, 100, "too few sales before there were no descriptors");
    let open = fs::read_dir(format!("/proc/{}/fd", gateway.pid()));
    let open = open.about("the gateway's descriptors")?.count();
    let few = u64::try_from(open).unwrap_or(u64::MAX) + LEFT;
    limit(gateway.pid(), libc::RLIMIT_NOFILE, few)?;
    rig.finding.rounds += 1;
    // As many strangers as there are terminals take what the terminals leave.
    let strangers: Vec<_> = (0..rig.plan.extent.terminals)
        .filter_map(|_| std::net::TcpStream::connect(house.terminals).ok())
        .collect();
    let before = load.approved();
    let end = gateway.wait_end(SHORT);
    let (online, sold) = (load.online(), load.approved() - before);
    drop(strangers);
    match end {
        // What is open stays open: the terminals that are there are served.
        None if sold == 0 => rig.finding.fail("without descriptors nobody was served any more"),
        None => limit(gateway.pid(), libc::RLIMIT_NOFILE, few + 4_096)?,
        Some(status) if status.code() == Some(STOPPED) => gateway = Gateway::start(&house)?,
        Some(status) => {
            rig.finding.fail(format!("without descriptors the gateway ended with {status}"));
            gateway = Gateway::start(&house)?;
        }
    }
    rig.require_sales(&load, 1, "no sale is approved although there are descriptors again");
    settle(&mut rig.finding, &house, load, gateway)?;
    rig.finding.note = format!(
        "{few} descriptors and {} strangers: {online} terminals online, {sold} sales{}",
        rig.plan.extent.terminals,
        if end.is_some() { ", then it stopped and came back" } else { "" }
    );
    Ok(())
}
