//! Files with secrets: 32 bytes as 64 hexadecimal digits, readable by their owner only.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::hex;

/// A key and a line end fit; whatever is longer is another file.
const FILE_BYTES_MAX: u64 = 256;
/// Group and others may do nothing with a secret.
const MODE_FORBIDDEN: u32 = 0o077;
/// What new files get: the owner reads, nobody writes.
const MODE_SECRET: u32 = 0o400;

/// Why a key file cannot be used.
#[derive(Debug)]
pub(crate) struct KeyFileError {
    file: PathBuf,
    what: String,
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.what)
    }
}

impl std::error::Error for KeyFileError {}

/// Reads a key; wiped when dropped.
pub(crate) fn read(file: &Path) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let text = read_text(file, Access::OwnerOnly)?;
    let wrong = || {
        let found = text.trim_end().len();
        format!("expected 64 hexadecimal digits, found {found} characters that are not that")
    };
    match hex::decode::<32>(text.trim_end()) {
        Some(bytes) => Ok(Zeroizing::new(bytes)),
        None => Err(KeyFileError { file: file.to_owned(), what: wrong() }),
    }
}

/// Reads a secret that need not be one of an installation, as text; wiped when dropped.
pub(crate) fn read_text_of(file: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    if !file.exists() {
        let what = "there is no such file".to_owned();
        return Err(KeyFileError { file: file.to_owned(), what });
    }
    read_text(file, Access::OwnerOnly)
}

/// Reads 32 bytes that are no secret (a hash); its mode does not matter.
pub(crate) fn read_public(file: &Path) -> Result<[u8; 32], KeyFileError> {
    let text = read_text(file, Access::Anybody)?;
    hex::decode(text.trim_end()).ok_or_else(|| KeyFileError {
        file: file.to_owned(),
        what: "expected 64 hexadecimal digits".to_owned(),
    })
}

/// Writes a new file that only its owner reads, and makes it durable.
///
/// # Errors
/// The file is already there, or the file system refuses.
pub(crate) fn write_new(file: &Path, text: &str) -> io::Result<()> {
    let mut out = OpenOptions::new().write(true).create_new(true).mode(MODE_SECRET).open(file)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    OwnerOnly,
    Anybody,
}

fn read_text(file: &Path, access: Access) -> Result<Zeroizing<String>, KeyFileError> {
    let fail = |what: String| KeyFileError { file: file.to_owned(), what };
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            fail("there is no such file; `tillgate init DIR` makes the keys".to_owned())
        }
        io::ErrorKind::PermissionDenied => {
            fail("this user may not read it; run as the user that owns the installation".to_owned())
        }
        _ => fail(format!("cannot be read: {error}")),
    };
    let open = fs::File::open(file).map_err(unreadable)?;
    let about = open.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(fail("is not a file".to_owned()));
    }
    let mode = about.mode() & 0o7777;
    if access == Access::OwnerOnly && mode & MODE_FORBIDDEN != 0 {
        let name = file.display();
        return Err(fail(format!(
            "its mode {mode:04o} lets others read or change this secret; allowed are 0400 and \
             0600: chmod 0400 {name}"
        )));
    }
    if about.len() > FILE_BYTES_MAX {
        return Err(fail(format!("{} bytes are too long for a key", about.len())));
    }
    let mut text = Zeroizing::new(String::new());
    open.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::{read, write_new};
    use crate::hex;

    #[test]
    fn a_written_key_reads_back_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.key");
        write_new(&file, &format!("{}\n", hex::encode(&[7; 32]))).unwrap();
        assert_eq!(*read(&file).unwrap(), [7; 32]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o400);
        assert!(write_new(&file, "x").is_err());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused_with_the_cure() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.key");
        fs::write(&file, hex::encode(&[7; 32])).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let said = read(&file).unwrap_err().to_string();
        assert!(said.contains("0644") && said.contains("chmod 0400"), "{said}");
    }

    #[test]
    fn an_error_about_a_key_never_shows_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.key");
        write_new(&file, "deadbeefdeadbeef").unwrap();
        let said = read(&file).unwrap_err().to_string();
        assert!(said.contains("16 characters") && !said.contains("dead"), "{said}");
        let missing = read(&dir.path().join("no.key")).unwrap_err().to_string();
        assert!(missing.contains("no such file"), "{missing}");
    }
}
