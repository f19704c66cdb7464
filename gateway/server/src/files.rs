//! Reading files that an operator names: regular files only, of bounded length, and where it
//! matters, files that nobody else could have written or read.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use zeroize::Zeroizing;

use crate::dirs::parent;

/// Whom a file must be safe from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Nobody: it is checked for what it says.
    Anybody,
    /// Nobody else may write it, nor put another one in its place.
    Unwritten,
    /// And nobody else may read it.
    Secret,
}

/// Permission bits of group and others.
const OTHERS: u32 = 0o077;
/// Of these, those that allow a change.
const OTHERS_WRITE: u32 = 0o022;
/// In a directory with this bit only its owner replaces a file.
const STICKY: u32 = 0o1000;

/// A regular file at `path`. A FIFO or a device is refused and never waited for.
///
/// # Errors
/// What the system says, or what the file is instead.
pub(crate) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    open_with(path, OFlag::empty())
}

/// As [`open`], and `path` itself is not a link.
///
/// # Errors
/// As there.
pub(crate) fn open_no_link(path: &Path) -> io::Result<(File, Metadata)> {
    open_with(path, OFlag::O_NOFOLLOW).map_err(|error| match error.raw_os_error() {
        Some(code) if nix::errno::Errno::from_raw(code) == nix::errno::Errno::ELOOP => {
            io::Error::new(ErrorKind::InvalidInput, "is a symbolic link, expected a regular file")
        }
        _ => error,
    })
}

fn open_with(path: &Path, more: OFlag) -> io::Result<(File, Metadata)> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY | more;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    let about = file.metadata()?;
    let kind = about.file_type();
    let what = match kind {
        _ if kind.is_file() => return Ok((file, about)),
        _ if kind.is_dir() => "a directory",
        _ if kind.is_fifo() => "a FIFO",
        _ => "a device or socket",
    };
    Err(io::Error::new(ErrorKind::InvalidInput, format!("is {what}, expected a regular file")))
}

/// The content of a file of at most `bytes_max` bytes; wiped when dropped.
///
/// # Errors
/// It cannot be read, is not regular, is too long, or others can touch it; with the remedy.
pub(crate) fn read(path: &Path, bytes_max: u64, trust: Trust) -> io::Result<Zeroizing<Vec<u8>>> {
    let (file, about) = open(path)?;
    check_trust(path, &about, trust)?;
    let too_long = |length: u64| {
        let text = format!("{length} bytes; expected at most {bytes_max}");
        io::Error::new(ErrorKind::FileTooLarge, text)
    };
    if about.len() > bytes_max {
        return Err(too_long(about.len()));
    }
    // Of its whole length from the beginning: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::new());
    bytes.reserve_exact(usize::try_from(about.len()).unwrap_or(usize::MAX).saturating_add(1));
    let room = u64::try_from(bytes.capacity()).unwrap_or(u64::MAX);
    let read = file.take(room).read_to_end(&mut bytes)?;
    match u64::try_from(read) {
        Ok(length) if length <= about.len() => Ok(bytes),
        _ => Err(io::Error::new(ErrorKind::InvalidData, "grew while it was read; try again")),
    }
}

/// As [`read`], as text.
///
/// # Errors
/// As there, and that it is not UTF-8.
pub(crate) fn read_text(
    path: &Path,
    bytes_max: u64,
    trust: Trust,
) -> io::Result<Zeroizing<String>> {
    text(read(path, bytes_max, trust)?).map_err(|line| {
        io::Error::new(ErrorKind::InvalidData, format!("is not UTF-8 in line {line}"))
    })
}

/// Bytes as text in the same memory; or the line that is not UTF-8.
pub(crate) fn text(mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, usize> {
    if let Err(error) = std::str::from_utf8(&bytes) {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        return Err(good.iter().filter(|byte| **byte == b'\n').count() + 1);
    }
    let text = String::from_utf8(std::mem::take(&mut *bytes));
    Ok(Zeroizing::new(text.expect("checked above")))
}

/// Writes a new file of this mode, and makes it durable.
///
/// # Errors
/// The file is already there, or the file system refuses.
pub(crate) fn write_new(file: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut out = OpenOptions::new().write(true).create_new(true).mode(mode).open(file)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()
}

fn check_trust(path: &Path, about: &Metadata, trust: Trust) -> io::Result<()> {
    if trust == Trust::Anybody {
        return Ok(());
    }
    let us = geteuid().as_raw();
    let refuse = |text: String| Err(io::Error::new(ErrorKind::PermissionDenied, text));
    if let Some(what) = fault_of(path, (about.uid(), about.mode()), us, trust) {
        return refuse(what);
    }
    let parent = fs::canonicalize(parent(path))?;
    for (level, dir) in parent.ancestors().enumerate() {
        let about = fs::metadata(dir)?;
        let immediate = level == 0;
        if let Some(what) = fault_of_dir(dir, (about.uid(), about.mode()), us, immediate) {
            return refuse(what);
        }
    }
    Ok(())
}

/// What is wrong with owner and mode of a file that user `us` is to trust.
fn fault_of(path: &Path, (owner, mode): (u32, u32), us: u32, trust: Trust) -> Option<String> {
    let (name, mode) = (path.display(), mode & 0o7777);
    if owner != us && owner != 0 {
        return Some(format!(
            "it belongs to user {owner}, and this process is user {us}: run it as that user, or \
             `chown {us} {name}`"
        ));
    }
    match trust {
        Trust::Secret if mode & OTHERS != 0 => Some(format!(
            "its mode {mode:04o} lets others read or change this secret; allowed are 0400 and \
             0600: chmod 0400 {name}"
        )),
        Trust::Unwritten if mode & OTHERS_WRITE != 0 => {
            Some(format!("its mode {mode:04o} lets others change it: chmod go-w {name}"))
        }
        _ => None,
    }
}

/// What is wrong with a directory on the way to such a file. In the one that holds it, neither
/// group nor others may exchange it; further up, what counts is that not just anybody may.
fn fault_of_dir(dir: &Path, (owner, mode): (u32, u32), us: u32, immediate: bool) -> Option<String> {
    let (name, mode) = (dir.display(), mode & 0o7777);
    if immediate && owner != us && owner != 0 {
        return Some(format!(
            "its directory {name} belongs to user {owner}, who may exchange it: `chown {us} {name}`"
        ));
    }
    let forbidden = if immediate { OTHERS_WRITE } else { 0o002 };
    let open = mode & forbidden != 0 && mode & STICKY == 0;
    open.then(|| {
        format!(
            "the mode {mode:04o} of the directory {name} lets others exchange it: chmod go-w {name}"
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const US: u32 = 1_000;

    #[test]
    fn a_fifo_a_directory_and_a_device_are_refused_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("vouchers.csv");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for (path, what) in [
            (fifo.as_path(), "a FIFO"),
            (dir.path(), "a directory"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let said = read(path, 10, Trust::Anybody).unwrap_err().to_string();
            assert!(said.contains(what) && said.contains("expected a regular file"), "{said}");
        }
    }

    #[test]
    fn a_link_is_followed_only_where_that_is_allowed() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("a"), dir.path().join("b"));
        fs::write(&file, "x").unwrap();
        symlink(&file, &link).unwrap();
        assert_eq!(**read(&link, 10, Trust::Anybody).unwrap(), *b"x");
        assert!(open_no_link(&file).is_ok());
        let said = open_no_link(&link).unwrap_err().to_string();
        assert!(said.contains("symbolic link"), "{said}");
    }

    #[test]
    fn whoever_else_owns_or_may_touch_a_file_is_named_with_the_remedy() {
        let path = Path::new("/srv/x/users.toml");
        let of = |owner, mode, trust| fault_of(path, (owner, mode), US, trust);
        for (owner, mode) in [(US, 0o400), (US, 0o600), (0, 0o400), (0, 0o600)] {
            assert_eq!(of(owner, mode, Trust::Secret), None, "{owner} {mode:o}");
            assert_eq!(of(owner, mode | 0o044, Trust::Unwritten), None, "{owner} {mode:o}");
        }
        for mode in [0o440, 0o404, 0o602, 0o620, 0o666, 0o601] {
            let said = of(US, mode, Trust::Secret).unwrap();
            assert!(said.contains("chmod 0400 /srv/x/users.toml"), "{said}");
        }
        for mode in [0o664, 0o646, 0o602] {
            let said = of(US, mode, Trust::Unwritten).unwrap();
            assert!(said.contains("chmod go-w /srv/x/users.toml"), "{said}");
        }
        for trust in [Trust::Secret, Trust::Unwritten] {
            let said = of(1_001, 0o400, trust).unwrap();
            assert!(said.contains("belongs to user 1001") && said.contains("chown"), "{said}");
        }
    }

    #[test]
    fn a_directory_that_others_may_write_makes_its_files_untrusted() {
        let dir = Path::new("/srv/x");
        let of = |owner, mode, immediate| fault_of_dir(dir, (owner, mode), US, immediate);
        for mode in [0o700, 0o755, 0o1777, 0o1775] {
            assert_eq!(of(US, mode, true), None, "{mode:o}");
            assert_eq!(of(0, mode, true), None, "{mode:o}");
        }
        assert_eq!(of(1_001, 0o775, false), None, "further up a group may write");
        for (owner, mode, immediate) in
            [(US, 0o775, true), (US, 0o777, true), (1_001, 0o755, true), (US, 0o777, false)]
        {
            let said = of(owner, mode, immediate).unwrap();
            assert!(said.contains("/srv/x") && said.contains(" exchange it"), "{said}");
        }
    }

    #[test]
    fn the_modes_of_real_files_and_directories_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        let set = |path: &Path, mode| {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        };
        fs::write(&file, "x").unwrap();
        set(&file, 0o600);
        assert!(read(&file, 10, Trust::Secret).is_ok());
        set(&file, 0o644);
        assert!(
            read(&file, 10, Trust::Secret).is_err() && read(&file, 10, Trust::Unwritten).is_ok()
        );
        set(&file, 0o666);
        assert!(
            read(&file, 10, Trust::Unwritten).is_err() && read(&file, 10, Trust::Anybody).is_ok()
        );
        set(&file, 0o600);
        set(dir.path(), 0o777);
        assert!(read(&file, 10, Trust::Secret).is_err());
        set(dir.path(), 0o700);
    }

    #[test]
    fn a_file_is_read_whole_or_refused_and_its_memory_is_not_copied() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        fs::write(&file, "12345").unwrap();
        assert!(read(&file, 4, Trust::Anybody).is_err());
        let bytes = read(&file, 5, Trust::Anybody).unwrap();
        let (place, room) = (bytes.as_ptr(), bytes.capacity());
        assert!(room >= 6, "it never had to grow");
        let text = text(bytes).unwrap();
        assert_eq!((text.as_str(), text.as_ptr()), ("12345", place));
        fs::write(&file, b"a\nb\xff").unwrap();
        let said = read_text(&file, 9, Trust::Anybody).unwrap_err().to_string();
        assert!(said.contains("line 2"), "{said}");
    }
}
