//! Files with secrets: 32 bytes as 64 hexadecimal digits, readable by their owner only.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use hex::FromHex;
use zeroize::Zeroizing;

use crate::files::{self, Trust};

/// A key and a line end fit; whatever is longer is another file.
const FILE_BYTES_MAX: u64 = 256;
/// A token of a provider fits, such as a signed one with its claims (RFC 7519).
const SECRET_BYTES_MAX: u64 = 16 * 1024;
/// Longer names are not shown: they may be a secret in the place of its file.
const FILE_NAME_BYTES_MAX: usize = 64;
/// Of the keys of an installation.
const ABSENT_KEY: &str = "there is no such file; `tillgate init DIR` makes the keys";
/// Of what somebody else gives, such as a provider.
const ABSENT: &str = "there is no such file: write what it holds into it, mode 0400";
/// What new files get: the owner reads, nobody writes.
const MODE_SECRET: u32 = 0o400;

#[derive(Debug)]
pub(crate) struct KeyFileError {
    file: PathBuf,
    what: String,
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Where a key was written into the configuration instead of its file's name.
        let name = self.file.file_name().unwrap_or_default().as_encoded_bytes();
        if name.len() >= 32 && name.iter().all(u8::is_ascii_hexdigit) {
            let text = "expected the name of a file, found hexadecimal digits: if that is a key, \
                        write it into a file of mode 0400 and name the file";
            return f.write_str(text);
        }
        if name.len() > FILE_NAME_BYTES_MAX {
            let text = "expected the name of a file, found a long text: if that is a secret, \
                        write it into a file of mode 0400 and name the file";
            return f.write_str(text);
        }
        write!(f, "{}: {}", self.file.display(), self.what)
    }
}

/// Reads a key; wiped when dropped.
pub(crate) fn read(file: &Path) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let text = read_text(file, FILE_BYTES_MAX, Trust::Secret, ABSENT_KEY)?;
    let wrong = || {
        let found = text.trim_end().len();
        format!("expected 64 hexadecimal digits, found {found} characters that are not that")
    };
    let mut key = Zeroizing::new([0; 32]);
    if hex::decode_to_slice(text.trim_end(), &mut *key).is_ok() {
        return Ok(key);
    }
    Err(KeyFileError { file: file.to_owned(), what: wrong() })
}

/// Reads a secret that need not be one of an installation, as text; wiped when dropped.
pub(crate) fn read_text_of(file: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    read_text(file, FILE_BYTES_MAX, Trust::Secret, ABSENT)
}

/// Reads a secret of any form, without the line end behind it; wiped when dropped.
pub(crate) fn read_secret(file: &Path, trust: Trust) -> Result<Zeroizing<String>, KeyFileError> {
    let mut text = read_text(file, SECRET_BYTES_MAX, trust, ABSENT)?;
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    if text.is_empty() || text.contains(char::is_control) {
        let what = "expected a secret in one line".to_owned();
        return Err(KeyFileError { file: file.to_owned(), what });
    }
    Ok(text)
}

/// Reads 32 bytes that are no secret (a hash), from a file that only its owner changes.
pub(crate) fn read_public(file: &Path) -> Result<[u8; 32], KeyFileError> {
    let text = read_text(file, FILE_BYTES_MAX, Trust::Unwritten, ABSENT_KEY)?;
    <[u8; 32]>::from_hex(text.trim_end()).map_err(|_| KeyFileError {
        file: file.to_owned(),
        what: "expected 64 hexadecimal digits".to_owned(),
    })
}

/// Writes a new file that only its owner reads, and makes it durable.
///
/// # Errors
/// The file is already there, or the file system refuses.
pub(crate) fn write_new(file: &Path, text: &str) -> io::Result<()> {
    files::write_new(file, text, MODE_SECRET)
}

/// What is said where a file is not there: `absent`.
fn read_text(
    file: &Path,
    bytes_max: u64,
    trust: Trust,
    absent: &str,
) -> Result<Zeroizing<String>, KeyFileError> {
    files::read_text(file, bytes_max, trust).map_err(|error| {
        let what = match error.kind() {
            ErrorKind::NotFound => absent.to_owned(),
            // The system's own words name no remedy; ours do.
            ErrorKind::PermissionDenied if error.raw_os_error().is_some() => {
                "this user may not read it; run as the user that owns the installation".to_owned()
            }
            _ => error.to_string(),
        };
        KeyFileError { file: file.to_owned(), what }
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::{Trust, read, read_secret, write_new};

    #[test]
    fn a_written_key_reads_back_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.key");
        write_new(&file, &format!("{}\n", hex::encode([7; 32]))).unwrap();
        assert_eq!(*read(&file).unwrap(), [7; 32]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o400);
        assert!(write_new(&file, "x").is_err());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused_with_the_cure() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.key");
        fs::write(&file, hex::encode([7; 32])).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let said = read(&file).unwrap_err().to_string();
        assert!(said.contains("0644") && said.contains("chmod 0400"), "{said}");
    }

    #[test]
    fn a_secret_of_a_provider_is_one_line_of_any_text() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let file = dir.path().join(name);
            write_new(&file, text).unwrap();
            read_secret(&file, Trust::Secret)
        };
        let token = "eyJ.".repeat(500);
        assert_eq!(file("a", &format!("{token}\r\n")).unwrap().as_str(), token);
        for (name, wrong) in [("b", ""), ("c", "\n"), ("d", "two\nlines")] {
            let said = file(name, wrong).unwrap_err().to_string();
            assert!(said.contains("in one line") && !said.contains("two"), "{said}");
        }
        let pasted =
            read_secret(&dir.path().join(&token[..200]), Trust::Secret).unwrap_err().to_string();
        assert!(pasted.contains("name of a file") && !pasted.contains("eyJ"), "{pasted}");
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
        let pasted = read(&dir.path().join("ab".repeat(32))).unwrap_err().to_string();
        assert!(pasted.contains("name of a file") && !pasted.contains("abab"), "{pasted}");
    }
}
