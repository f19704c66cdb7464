//! Taking a backup.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use tillgate_core::backup::limits::FILES_MAX;
use tillgate_core::backup::{MANIFEST, Manifest, ManifestKey, Part};
use tillgate_store_core::StoreError;
use tillgate_store_rocks::{Mark, Options, RocksReader};

use super::copy::{Pace, copy};
use super::{data_dir, manifest};
use crate::dirs::{self, io_failure};
use crate::exit::Failure;
use crate::files;
use crate::verify_store::{head_of, reading};

/// The one checkpoint of the store in `data`: hard links, to be copied from.
fn checkpoint_dir(data: &Path) -> PathBuf {
    data.join("checkpoint")
}

/// Makes the checkpoint, in the place of any that an earlier backup left behind. It holds every
/// batch that was durable when it began.
///
/// # Errors
/// The file system refuses.
pub(crate) fn checkpoint(reader: &RocksReader, data: &Path) -> Result<(PathBuf, Mark), StoreError> {
    let dir = checkpoint_dir(data);
    discard(data).map_err(|error| StoreError::Engine(format!("{}: {error}", dir.display())))?;
    let mark = reader.checkpoint(&dir)?;
    Ok((dir, mark))
}

/// Removes the checkpoint: its links would keep old tables on the disk.
///
/// # Errors
/// What the system says; that there is none is no error.
pub(crate) fn discard(data: &Path) -> io::Result<()> {
    match fs::remove_dir_all(checkpoint_dir(data)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The right to take a backup of the store in `data`; the system ends it with the process.
///
/// # Errors
/// Another backup of this store is being taken.
pub(crate) fn claim(data: &Path) -> Result<Flock<File>, Failure> {
    let place = data.join("checkpoint.lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&place).map_err(|error| io_failure(&place, &error))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
        Errno::EWOULDBLOCK => {
            let data = data.display();
            Failure::refused(format!("another backup of {data} is being taken; wait for it"))
        }
        error => io_failure(&place, &error.into()),
    })
}

/// Copies a checkpoint into a new backup at `to`; it appears there whole or not at all.
///
/// # Errors
/// `to` is there already, or a file system refuses; nothing is left behind.
pub(crate) fn take(
    checkpoint: &Path,
    to: &Path,
    begun_ms: u64,
    key: &ManifestKey,
    pace: &mut Pace,
) -> Result<Manifest, Failure> {
    if to.exists() {
        let text = format!("{} is there already; a backup goes to a new place", to.display());
        return Err(Failure::refused(text));
    }
    dirs::whole(to, "backup", |building| build(checkpoint, building, begun_ms, key, pace))
}

fn build(
    checkpoint: &Path,
    building: &Path,
    begun_ms: u64,
    key: &ManifestKey,
    pace: &mut Pace,
) -> Result<Manifest, Failure> {
    let data = data_dir(building);
    dirs::make(&data)?;
    dirs::make(&data.join("rows"))?;
    let mut files = Vec::new();
    for path in files_of(checkpoint).map_err(|error| io_failure(checkpoint, &error))? {
        let (from, to) = (checkpoint.join(&path), data.join(&path));
        let (source, _) = files::open_no_link(&from).map_err(|error| io_failure(&from, &error))?;
        let copied = copy(source.take(u64::MAX), &to, pace);
        let copied = copied.map_err(|error| io_failure(&to, &error))?;
        files.push(Part { path, bytes: copied.bytes, sha256: copied.sha256 });
    }
    if files.len() > FILES_MAX {
        let text = format!("the store has {} files, a backup at most {FILES_MAX}", files.len());
        return Err(Failure::refused(text));
    }
    dirs::sync(&data.join("rows"))?;
    dirs::sync(&data)?;
    // Read from the copy: what it says is what is in it.
    let reader = RocksReader::open(&data, &reading(Options::serving())).map_err(Failure::store)?;
    let manifest = Manifest::of(&head_of(&reader)?, begun_ms, files);
    manifest::write(&manifest, building, key)
        .map_err(|error| io_failure(&building.join(MANIFEST), &error))?;
    dirs::sync(building)?;
    Ok(manifest)
}

/// The files of a checkpoint: those beside `rows/` and those in it, by name.
fn files_of(checkpoint: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    for (dir, prefix) in [(checkpoint.to_owned(), ""), (checkpoint.join("rows"), "rows/")] {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                files.push(format!("{prefix}{}", entry.file_name().to_string_lossy()));
            }
        }
    }
    files.sort();
    Ok(files)
}
