//! Directories that appear whole or not at all, and directories that must be new or empty.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::entropy;
use crate::exit::Failure;

/// Makes a directory beside `to` (so that renaming stays on one file system), has it filled, and
/// renames it onto `to`. `what` is a part of its name until then.
///
/// # Errors
/// That of `fill`, or of the file system; nothing is left behind.
pub(crate) fn whole<T>(
    to: &Path,
    what: &str,
    fill: impl FnOnce(&Path) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let Some(name) = to.file_name() else {
        let text = format!("{} has no name; name the directory to make", to.display());
        return Err(Failure::usage(text));
    };
    let unique = hex::encode(entropy::bytes::<4>());
    let building = parent(to).join(format!(".{}.{what}-{unique}", name.to_string_lossy()));
    make(&building)?;
    let made = fill(&building).and_then(|filled| {
        fs::rename(&building, to).map_err(|error| io_failure(to, &error))?;
        sync(parent(to))?;
        Ok(filled)
    });
    if made.is_err()
        && let Err(error) = fs::remove_dir_all(&building)
        && error.kind() != io::ErrorKind::NotFound
    {
        eprintln!("tillgate: {} stays behind: {error}", building.display());
    }
    made
}

/// Refuses a directory that has anything in it; `rule` says why.
///
/// # Errors
/// What is in it, or that it cannot be read.
pub(crate) fn refuse_used(dir: &Path, rule: &str) -> Result<(), Failure> {
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io_failure(dir, &error)),
    };
    match entries.next() {
        None => Ok(()),
        Some(Ok(entry)) => Err(Failure::refused(format!(
            "{} is not empty (there is {:?}); {rule}",
            dir.display(),
            entry.file_name().to_string_lossy(),
        ))),
        Some(Err(error)) => Err(io_failure(dir, &error)),
    }
}

/// Makes a directory for its owner only.
pub(crate) fn make(dir: &Path) -> Result<(), Failure> {
    DirBuilder::new().mode(0o700).create(dir).map_err(|error| io_failure(dir, &error))
}

/// Makes the entries of a directory durable.
pub(crate) fn sync(dir: &Path) -> Result<(), Failure> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| io_failure(dir, &error))
}

/// A file system that refuses.
pub(crate) fn io_failure(path: &Path, error: &io::Error) -> Failure {
    Failure::refused(format!("{}: {error}", path.display()))
}

/// The directory that `path` is in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}
