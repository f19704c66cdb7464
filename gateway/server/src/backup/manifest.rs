//! What a backup says of itself.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::limits::{FILES_MAX, MANIFEST_BYTES_MAX, MANIFEST_SUM_BYTES_MAX};
use super::{MANIFEST, MANIFEST_SUM};
use crate::{hex, wall};

/// The only format there is.
const FORMAT: u32 = 1;

/// The content of `backup.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// 1.
    pub(crate) format: u32,
    /// Version of the program that took it.
    pub(crate) tillgate: String,
    /// The store's name, 16 hex digits.
    pub(crate) store: String,
    /// Last batch in it.
    pub(crate) batch_no: u64,
    /// Chain hash of that batch, hex.
    pub(crate) hash: String,
    /// Transactions in it.
    pub(crate) transactions: u64,
    /// Rows of the audit log in it.
    pub(crate) audits: u64,
    /// Unix milliseconds. Everything acknowledged before is in it.
    pub(crate) begun_ms: u64,
    /// Every file, by its path below `data/`.
    pub(crate) files: Vec<Part>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// Below `data/`.
    pub(crate) path: String,
    /// Its length.
    pub(crate) bytes: u64,
    /// Its SHA-256, hex.
    pub(crate) sha256: String,
}

impl Manifest {
    /// A manifest of this version.
    pub(super) const fn format() -> u32 {
        FORMAT
    }

    /// Writes it and its checksum into the backup at `dir`, durably.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        text.push('\n');
        let sum = format!("{}  {MANIFEST}\n", sum_of(text.as_bytes()));
        for (name, content) in [(MANIFEST, &text), (MANIFEST_SUM, &sum)] {
            let mut file = File::create_new(dir.join(name))?;
            file.write_all(content.as_bytes())?;
            file.sync_all()?;
        }
        Ok(())
    }

    /// Reads the manifest of the backup at `dir` and checks it.
    ///
    /// # Errors
    /// It is not there, damaged, of another format, or names files that a backup cannot have.
    pub(crate) fn read(dir: &Path) -> Result<Self, String> {
        let place = dir.join(MANIFEST);
        let shown = place.display();
        let text = read_whole(&place, MANIFEST_BYTES_MAX).map_err(|error| {
            format!("{} is no backup, or an incomplete one: {shown}: {error}", dir.display())
        })?;
        let sum = dir.join(MANIFEST_SUM);
        let sums = read_whole(&sum, MANIFEST_SUM_BYTES_MAX).map_err(|error| {
            format!("{} is incomplete: {}: {error}", dir.display(), sum.display())
        })?;
        if sums.split(u8::is_ascii_whitespace).next() != Some(sum_of(&text).as_bytes()) {
            return Err(format!("{shown} is damaged: its checksum is another one"));
        }
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|error| format!("{shown} is not a manifest of ours: {error}"))?;
        manifest.check().map_err(|what| format!("{shown}: {what}"))?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        if self.format != FORMAT {
            return Err(format!(
                "its format is {}, this version reads {FORMAT}; use the version that wrote it",
                self.format
            ));
        }
        if self.files.len() > FILES_MAX {
            return Err(format!("{} files; at most {FILES_MAX}", self.files.len()));
        }
        match self.files.iter().find(|part| !is_below(&part.path)) {
            Some(part) => Err(format!("{:?} is not a file of a store", part.path)),
            None => Ok(()),
        }
    }

    /// Length of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|part| part.bytes).sum()
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, batch_no, transactions, begun_ms, .. } = self;
        let begun = wall::utc(*begun_ms);
        write!(
            f,
            "the backup of store {store} of {begun}, which ends at batch {batch_no} with \
             {transactions} transactions"
        )
    }
}

/// Whether a path leads to a file in the store's directory or in one directly below it.
fn is_below(path: &str) -> bool {
    let mut parts = 0;
    let plain = Path::new(path).components().all(|part| {
        parts += 1;
        matches!(part, Component::Normal(_))
    });
    plain && (1..=2).contains(&parts)
}

/// A file of at most so many bytes, whatever it is said to be.
fn read_whole(place: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(place)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read <= bytes_max) {
        return Ok(bytes);
    }
    let text = format!("it is longer than the {bytes_max} bytes that it may have");
    Err(io::Error::new(io::ErrorKind::FileTooLarge, text))
}

fn sum_of(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn manifest(path: &str) -> Manifest {
        let (bytes, sha256) = (3, String::new());
        Manifest {
            format: FORMAT,
            tillgate: "0.1.0".to_owned(),
            store: "00ff".to_owned(),
            batch_no: 7,
            hash: "aa".to_owned(),
            transactions: 9,
            audits: 2,
            begun_ms: 1_795_476_600_000,
            files: vec![Part { path: path.to_owned(), bytes, sha256 }],
        }
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written_and_says_which_backup_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let written = manifest("rows/000012.sst");
        written.write(dir.path()).unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), written);
        let said = written.to_string();
        assert!(said.contains("2026-11-23T23:30:00Z") && said.contains("batch 7"), "{said}");
    }

    #[test]
    fn any_changed_byte_of_a_manifest_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        manifest("rows/CURRENT").write(dir.path()).unwrap();
        let file = dir.path().join(MANIFEST);
        let sound = fs::read(&file).unwrap();
        for at in 0..sound.len() {
            let mut changed = sound.clone();
            changed[at] ^= 1;
            fs::write(&file, changed).unwrap();
            assert!(Manifest::read(dir.path()).unwrap_err().contains("damaged"), "byte {at}");
        }
        fs::remove_file(dir.path().join(MANIFEST_SUM)).unwrap();
        assert!(Manifest::read(dir.path()).unwrap_err().contains("incomplete"));
    }

    #[test]
    fn neither_file_of_a_manifest_is_read_beyond_what_it_may_be() {
        for name in [MANIFEST, MANIFEST_SUM] {
            let dir = tempfile::tempdir().unwrap();
            manifest("rows/CURRENT").write(dir.path()).unwrap();
            fs::remove_file(dir.path().join(name)).unwrap();
            symlink("/dev/zero", dir.path().join(name)).unwrap();
            let refused = Manifest::read(dir.path()).unwrap_err();
            assert!(refused.contains("longer than"), "{name}: {refused}");
        }
    }

    #[test]
    fn a_manifest_leads_nowhere_but_into_the_store() {
        for path in ["/etc/passwd", "../keys", "rows/../../x", "rows/a/b", "", "."] {
            let dir = tempfile::tempdir().unwrap();
            manifest(path).write(dir.path()).unwrap();
            let refused = Manifest::read(dir.path()).unwrap_err();
            assert!(refused.contains("not a file of a store"), "{path}: {refused}");
        }
    }
}
