//! The disk runs full, and is given room again.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{SigHandler, Signal, signal};

use super::disk::Mount;
use super::gateway::{limit, serve};
use super::settle::settle;
use super::{Finding, Gateway, Load, Rig, TestInstallation};
use crate::exit::{About, Refusal};

/// The whole disk while the network is imported, and after it was given room.
const ROOMY_BYTES: u64 = 512 << 20;
/// What is left of it under load.
const LEFT_BYTES: u64 = 3 << 20;
/// Without mounts: no file may grow beyond this.
const FILE_BYTES: u64 = 2 << 20;
/// The disk is full within this, and the gateway has stopped.
const FULL_WITHIN: Duration = Duration::from_secs(120);
/// The gateway's exit code when a write failed.
const STOPPED: i32 = 70;
/// Exit codes of a gateway that does not start for want of room: the store cannot be used, or a
/// write failed.
const REFUSALS: [i32; 2] = [4, STOPPED];

pub(super) fn run(rig: &mut Rig<'_>) -> Result<(), Refusal> {
    let place = rig.dir.join("disk");
    // Where nothing can be mounted, the system can still refuse to let files grow.
    let mount = Mount::memory(&place, ROOMY_BYTES).ok();
    let house = TestInstallation::build(rig.plan, &rig.dir, &place.join("gate"), 40_000)?;
    let mut command = serve(&house, &house.config());
    ignore_size_signal(&mut command);
    let gateway = Gateway::start_as(&house, command)?;
    let mut gateway = gateway.map_err(|refused| Refusal(refused.said))?;
    let load = Load::start(&house, rig.plan.extent.seed, "0s")?;
    match &mount {
        Some(mount) => mount.resize(used(&place)? + LEFT_BYTES)?,
        None => limit(gateway.pid(), libc::RLIMIT_FSIZE, FILE_BYTES)?,
    }
    match gateway.wait_end(FULL_WITHIN) {
        Some(status) if status.code() == Some(STOPPED) => {}
        Some(status) => rig.finding.fail(format!("a gateway without room ended with {status}")),
        None => rig.finding.fail("the disk is full, and the gateway neither stopped nor refused"),
    }
    rig.finding.rounds += 1;
    if mount.is_some() {
        start_without_room(&house, &mut rig.finding)?;
    }
    if let Some(mount) = &mount {
        mount.resize(ROOMY_BYTES)?;
    }
    let gateway = Gateway::start(&house)?;
    rig.require_sales(&load, 1, "no sale is approved although there is room again");
    settle(&mut rig.finding, &house, load, gateway)?;
    rig.finding.note = match &mount {
        Some(_) => format!("tmpfs with {} MiB left", LEFT_BYTES >> 20),
        None => format!("no mounts here: no file beyond {} MiB", FILE_BYTES >> 20),
    };
    Ok(())
}

/// A gateway that starts on a full disk says so, or stops again; it never breaks.
fn start_without_room(house: &TestInstallation, finding: &mut Finding) -> Result<(), Refusal> {
    finding.rounds += 1;
    match Gateway::start_as(house, serve(house, &house.config()))? {
        Err(refused) if !refused.code.is_some_and(|code| REFUSALS.contains(&code)) => {
            finding.fail(format!("started on a full disk: {:?}, {}", refused.code, refused.said));
        }
        Err(_) => {}
        Ok(mut gateway) => {
            let end = gateway.wait_end(Duration::from_secs(5));
            if end.is_some_and(|status| status.code() != Some(STOPPED)) {
                finding.fail("started on a full disk, and did not stop in order");
            }
            gateway.kill();
        }
    }
    Ok(())
}

/// What a tmpfs holds, as `df` says.
fn used(place: &Path) -> Result<u64, Refusal> {
    let about = nix::sys::statvfs::statvfs(place).about(place.display())?;
    Ok((about.blocks() - about.blocks_free()) * about.fragment_size())
}

/// Lets writing fail, as on a full disk, where a file must not grow any more.
fn ignore_size_signal(command: &mut Command) {
    let before_exec = || {
        // SAFETY: no handler is installed; the signal is ignored, so that writing fails instead.
        unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }?;
        Ok(())
    };
    // SAFETY: between fork and exec only one system call is made, and nothing is allocated.
    unsafe { command.pre_exec(before_exec) };
}
