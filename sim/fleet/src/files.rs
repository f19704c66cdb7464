//! Reading files that a person names: regular ones only, so that a FIFO is not waited for; and what
//! is in a directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use crate::exit::{About, Refusal};

/// A regular file.
///
/// # Errors
/// What the system says, or that it is something else.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "expected a regular file"))
}

/// Its text.
///
/// # Errors
/// [`Refusal`] that names the file, as [`open`].
pub(crate) fn read_text(path: &Path) -> Result<String, Refusal> {
    let mut text = String::new();
    open(path).and_then(|mut file| file.read_to_string(&mut text)).about(path.display())?;
    Ok(text)
}

/// What is in a directory, each with its name, in the order of the names.
///
/// # Errors
/// [`Refusal`] that names the directory.
pub(crate) fn listed(directory: &Path) -> Result<Vec<(PathBuf, String)>, Refusal> {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let named =
        |entry: fs::DirEntry| (entry.path(), entry.file_name().to_string_lossy().into_owned());
    let mut listed: Vec<_> = entries.about(directory.display())?.into_iter().map(named).collect();
    listed.sort();
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifo_is_refused_and_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("scenario.toml");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(read_text(&fifo).unwrap_err().to_string().contains("regular file"));
        assert!(open(dir.path()).is_err());
        std::fs::write(dir.path().join("a"), "x").unwrap();
        assert_eq!(read_text(&dir.path().join("a")).unwrap(), "x");
    }
}
