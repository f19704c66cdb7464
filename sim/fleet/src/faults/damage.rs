//! Files of a store are damaged while its gateway is down: bits flipped, ends cut off, files gone.
//!
//! Each case is a copy of one store, and ends in one of four ways:
//!
//! ```text
//!   refused    it does not serve, and says what to do
//!   stopped    it began to serve, read the damage, stopped, and did not serve again
//!   unharmed   it serves, and has every row it had: the bit meant nothing, or RocksDB made it good
//!   silent     it serves, and something is missing or different: a broken promise
//! ```

use std::fs::{self, OpenOptions};
use std::iter;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tillsim_core::rng::Rng;

use super::gateway::serve;
use super::{Gateway, Load, Rig, TestInstallation};
use crate::exit::{About, Refusal};
use crate::files::listed;
use crate::http::Client;

/// Sales in the store that is damaged.
const SALES: u64 = 1_500;
/// A gateway reads a store of this size to its end within this, or stops at its damage.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);
/// How often it is asked whether it has.
const LOOK: Duration = Duration::from_millis(50);
/// What it counts then.
const PASSES: &str = "tillgate_scrub_passes_total ";
/// What the provider is owed is settled within this.
const QUIET_WITHIN: Duration = Duration::from_secs(60);
/// What a row of the export has in it while the gateway acts on it. What waits for an operator, as
/// vouchers whose reversal was refused, stays as it is.
const OWED: [&str; 4] = [
    "\"state\":\"intent\"",
    "\"state\":\"unknown\"",
    "\"due\":{\"what\":\"reversal\"",
    "\"due\":{\"what\":\"advice\"",
];
/// Words of which a refusal has one, because it says what to do.
const CURES: [&str; 5] = ["restore", "Check", "check", "bring back", "Start the version"];
/// The exit code of a gateway that cannot use its store.
const REFUSES: i32 = 4;
/// The exit code of a gateway that stopped at what it read.
const STOPS: i32 = 70;

#[derive(Clone, Copy, Debug)]
enum Harm {
    /// A bit of the byte at this place.
    Flip(u64),
    /// The file ends here.
    Cut(u64),
    /// The file is not there.
    Gone,
}

enum End {
    Refused,
    Stopped,
    Unharmed,
    Silent(String),
}

pub(super) fn run(rig: &mut Rig<'_>) -> Result<(), Refusal> {
    let house = rig.build(5_000)?;
    sell(rig, &house)?;
    let sound = rig.dir.join("sound");
    copy(&house.data(), &sound).about(sound.display())?;
    let journal = export(&house, &sound)?.map_err(Refusal)?;
    let (plan, finding) = (rig.plan, &mut rig.finding);
    let mut rng = Rng::new(plan.extent.seed, 3);
    let (mut refused, mut stopped, mut unharmed) = (0, 0, 0);
    for file in files(&sound)? {
        for harm in harms(&sound.join(&file), plan.extent.damages, &mut rng) {
            finding.rounds += 1;
            match case(&house, &sound, &file, harm, &journal)? {
                End::Refused => refused += 1,
                End::Stopped => stopped += 1,
                End::Unharmed => unharmed += 1,
                End::Silent(what) => {
                    finding.fail(format!("{}, {harm:?}: {what}", file.display()));
                }
            }
        }
    }
    finding.note = format!("{refused} refused, {stopped} stopped, {unharmed} unharmed");
    if refused == 0 {
        finding.fail("no damage at all was refused: this rig damages nothing");
    }
    Ok(())
}

/// Fills the store, in two lives, so that it has tables as well as a log; the last one is killed.
fn sell(rig: &mut Rig<'_>, house: &TestInstallation) -> Result<(), Refusal> {
    let gateway = Gateway::start(house)?;
    let load = Load::start(house, rig.plan.extent.seed, "0s")?;
    let mut enough = load.wait_for(SALES / 2, Duration::from_secs(60));
    gateway.kill();
    let gateway = Gateway::start(house)?;
    enough &= load.wait_for(SALES / 2, Duration::from_secs(60));
    if !enough {
        rig.finding.fail("the store that is damaged has too few sales in it");
    }
    let driven = load.stop()?;
    rig.finding.settle(&super::settle::compare(house, &driven)?);
    quiet(house)?;
    gateway.kill();
    Ok(())
}

/// Waits until the gateway owes nothing to anybody: from then on its journal stays as it is.
fn quiet(house: &TestInstallation) -> Result<(), Refusal> {
    let begun = Instant::now();
    while begun.elapsed() < QUIET_WITHIN {
        let rows = export(house, &house.data())?.map_err(Refusal)?;
        let rows = String::from_utf8_lossy(&rows);
        let owes = |row: &str| OWED.iter().any(|owed| row.contains(owed));
        if !rows.lines().any(owes) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    Err(Refusal("the gateway still owes something to the provider".to_owned()))
}

/// Files of a store that mean something, by their path below it.
fn files(data: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let means_something = |(path, name): &(PathBuf, String)| {
        let log_of_its_own = name.starts_with("LOG") || name == "LOCK" || name == "IDENTITY";
        !log_of_its_own && fs::metadata(path).is_ok_and(|about| about.len() > 0)
    };
    let rows = listed(&data.join("rows"))?.into_iter().filter(means_something);
    let rows = rows.map(|(_, name)| Path::new("rows").join(name));
    Ok(iter::once(PathBuf::from("high-water")).chain(rows).collect())
}

fn harms(file: &Path, count: u32, rng: &mut Rng) -> Vec<Harm> {
    let length = fs::metadata(file).map_or(0, |about| about.len());
    let draw = |rng: &mut Rng| match rng.below(8) {
        0 => Harm::Gone,
        1 => Harm::Cut(length.saturating_sub(1)),
        2 => Harm::Cut(rng.below(length)),
        _ => Harm::Flip(rng.below(length)),
    };
    (0..count).map(|_| draw(rng)).collect()
}

fn case(
    house: &TestInstallation,
    sound: &Path,
    file: &Path,
    harm: Harm,
    journal: &[u8],
) -> Result<End, Refusal> {
    let data = house.data();
    fs::remove_dir_all(&data).about(data.display())?;
    copy(sound, &data).about(data.display())?;
    hurt(&data.join(file), harm).about(data.display())?;
    let mut gateway = match Gateway::start_as(house, serve(house, &house.config()))? {
        Ok(gateway) => gateway,
        Err(refused) => {
            let says = CURES.iter().any(|cure| refused.said.contains(cure));
            return Ok(match refused.code {
                Some(REFUSES) if says => End::Refused,
                code => End::Silent(format!(
                    "refused, but with {code:?} and these words: {}",
                    refused.said
                )),
            });
        }
    };
    // Whether it has everything, while it serves and before it can put anything right.
    let seen = match export(house, &data)? {
        Ok(rows) if rows != journal => Some("its journal differs".to_owned()),
        Ok(_) => super::settle::verify(house, &data)?,
        Err(said) => Some(said),
    };
    // What the gateway itself makes of every block: it has read all of them, or it has ended.
    match (read_all(house, &mut gateway)?, seen) {
        (Read::Stopped, _) => again(house),
        (Read::Sound, None) => {
            gateway.stop()?;
            Ok(End::Unharmed)
        }
        (Read::Sound | Read::Ended(_), Some(seen)) => {
            gateway.kill();
            Ok(End::Silent(format!("it serves, but {seen}")))
        }
        (Read::Ended(how), None) => Ok(End::Silent(format!("it ended with {how}"))),
    }
}

/// How far a gateway came with reading its whole store.
enum Read {
    /// To the end, and nothing was wrong.
    Sound,
    /// It stopped at what it read.
    Stopped,
    /// It ended otherwise, or did not come to an end of it in time.
    Ended(String),
}

/// Waits until the scrubber has been through everything, or has stopped the gateway.
fn read_all(house: &TestInstallation, gateway: &mut Gateway) -> Result<Read, Refusal> {
    let admin = house.api()?;
    let admin = Client::new(&admin.base, admin.token)?;
    let begun = Instant::now();
    while begun.elapsed() < NOTICED_WITHIN {
        if let Some(status) = gateway.wait_end(LOOK) {
            let stopped = status.code() == Some(STOPS);
            return Ok(if stopped { Read::Stopped } else { Read::Ended(status.to_string()) });
        }
        // One that is going down does not answer; how it ended is seen the next time.
        if let Ok((_, page)) = admin.get("/metrics")
            && String::from_utf8_lossy(&page)
                .lines()
                .any(|line| line.strip_prefix(PASSES).is_some_and(|passes| passes.trim() != "0"))
        {
            return Ok(Read::Sound);
        }
    }
    Ok(Read::Ended(format!("nothing: its store is not read after {NOTICED_WITHIN:?}")))
}

/// Who stopped at damage must not serve from it the next time either.
fn again(house: &TestInstallation) -> Result<End, Refusal> {
    match Gateway::start_as(house, serve(house, &house.config()))? {
        Err(refused) if refused.code == Some(REFUSES) => Ok(End::Stopped),
        Err(refused) => Ok(End::Silent(format!(
            "it stopped, and then ended with {:?}: {}",
            refused.code, refused.said
        ))),
        Ok(gateway) => {
            gateway.kill();
            Ok(End::Silent("it stopped, and then served again".to_owned()))
        }
    }
}

/// The journal as text; or, in the gateway's words, why it cannot be read to its end.
fn export(house: &TestInstallation, data: &Path) -> Result<Result<Vec<u8>, String>, Refusal> {
    let output = house.call(&["journal", "export", &data.display().to_string()])?;
    if output.status.success() {
        return Ok(Ok(output.stdout));
    }
    Ok(Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

fn hurt(file: &Path, harm: Harm) -> std::io::Result<()> {
    if let Harm::Gone = harm {
        return fs::remove_file(file);
    }
    let open = OpenOptions::new().read(true).write(true).open(file)?;
    match harm {
        Harm::Cut(length) => open.set_len(length),
        Harm::Flip(at) => {
            let mut byte = [0];
            open.read_exact_at(&mut byte, at)?;
            open.write_all_at(&[byte[0] ^ 0x10], at)
        }
        Harm::Gone => Ok(()),
    }
}

/// Copies a directory and everything in it.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
