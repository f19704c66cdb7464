//! Putting a backup back: every byte checked, nothing over another store, nothing half.

use std::fs::{self, DirBuilder};
use std::io::Read;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tillgate_core::backup::{Manifest, ManifestTrust, Part};
use tillgate_store_core::verify::Report;
use tillgate_store_rocks::{Note, Options, RocksReader};

use super::copy::{Pace, copy};
use super::{data_dir, manifest};
use crate::dirs::{self, io_failure};
use crate::exit::Failure;
use crate::files;
use crate::verify_store::{head_of, reading, verified};

/// RocksDB's file that names the manifest in force: without it there is no database.
const CURRENT: &str = "rows/CURRENT";

/// Restores the backup at `backup` into the store directory `to`, which is empty or not there,
/// and verifies what lies there then: which it was, and the findings. The store carries a note until an operator accepts its end.
///
/// # Errors
/// The backup is damaged or incomplete, `to` is in use, or a file system refuses. What was
/// written to `to` is removed again.
pub(crate) fn put_back(
    backup: &Path,
    to: &Path,
    trust: &ManifestTrust,
    pace: &mut Pace,
) -> Result<(Manifest, Report), Failure> {
    let manifest = manifest::read(backup, trust).map_err(Failure::refused)?;
    let data = data_dir(backup);
    for dir in [&data, &data.join("rows")] {
        let about = fs::symlink_metadata(dir).map_err(|error| io_failure(dir, &error))?;
        if !about.is_dir() {
            let text = format!("{} is not a directory: this is no backup of ours", dir.display());
            return Err(Failure::refused(text));
        }
    }
    let rule = "a backup is restored into a new or empty directory and never over a store. Move \
                what is there away first";
    dirs::refuse_used(to, rule)?;
    let done = fill(backup, to, &manifest, pace).and_then(|()| check(to, &manifest));
    match done {
        Ok(report) => Ok((manifest, report)),
        Err(failure) => {
            clear(to);
            Err(failure)
        }
    }
}

fn fill(backup: &Path, to: &Path, manifest: &Manifest, pace: &mut Pace) -> Result<(), Failure> {
    let rows = to.join("rows");
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&rows);
    made.map_err(|error| io_failure(&rows, &error))?;
    // Before the first row, so that a restore that breaks off is not taken for a store.
    let unfinished = format!("{manifest}; but that restore broke off: clear it and restore again");
    Note::Restored.write(to, &unfinished).map_err(|error| io_failure(to, &error))?;
    let data = data_dir(backup);
    // What makes a directory a database comes last: what breaks off before is no store at all.
    let (last, first): (Vec<&Part>, Vec<&Part>) =
        manifest.files.iter().partition(|part| Path::new(&part.path) == Path::new(CURRENT));
    for parts in [first, last] {
        for part in parts {
            fill_part(&data, to, part, pace)?;
        }
        dirs::sync(&rows)?;
        dirs::sync(to)?;
    }
    Note::Restored.write(to, &manifest.to_string()).map_err(|error| io_failure(to, &error))
}

fn fill_part(data: &Path, to: &Path, part: &Part, pace: &mut Pace) -> Result<(), Failure> {
    let from = data.join(&part.path);
    let damaged = |what: String| {
        let text = format!("the backup is damaged: {}: {what}. Take another one", from.display());
        Failure::refused(text)
    };
    let (source, length) = match files::open_no_link(&from) {
        Ok((source, about)) => (source, about.len()),
        Err(error) => return Err(damaged(error.to_string())),
    };
    if length != part.bytes {
        return Err(damaged(format!("{length} bytes, the manifest says {}", part.bytes)));
    }
    let target = to.join(&part.path);
    let copied = copy(source.take(part.bytes), &target, pace)
        .map_err(|error| io_failure(&target, &error))?;
    if (copied.bytes, &copied.sha256) != (part.bytes, &part.sha256) {
        return Err(damaged("its SHA-256 is not the manifest's".to_owned()));
    }
    Ok(())
}

/// Opens what was written, holds its end against the manifest, and verifies all of it.
fn check(to: &Path, manifest: &Manifest) -> Result<Report, Failure> {
    let reader = RocksReader::open(to, &reading(Options::serving())).map_err(Failure::store)?;
    manifest.check_end(&head_of(&reader)?).map_err(Failure::refused)?;
    verified(&reader)
}

/// Removes what a refused restore wrote; the directory itself stays.
fn clear(to: &Path) {
    let entries = fs::read_dir(to).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        if let Err(error) = removed {
            eprintln!("tillgate: {} stays behind: {error}", path.display());
        }
    }
}
