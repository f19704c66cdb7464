//! What a backup says of itself.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use hex::FromHex;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::limits::{FILES_MAX, MANIFEST_BYTES_MAX, MANIFEST_SUM_BYTES_MAX};
use super::{MANIFEST, MANIFEST_MAC, MANIFEST_SUM};
use crate::secrets::ManifestKey;
use crate::{clock, files};

/// The only format there is.
const FORMAT: u32 = 1;

/// The store's mark, as checkpoints place it.
const MARK: &str = "high-water";

/// What makes a manifest believed.
pub(crate) enum ManifestTrust {
    /// Its code under one of these keys.
    Keys(Vec<ManifestKey>),
    /// The operator: it was kept where nobody else could write.
    Unkeyed,
}

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

    /// Writes it, its checksum and its code under `key` into the backup at `dir`, durably.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn write(&self, dir: &Path, key: &ManifestKey) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        text.push('\n');
        let sum = format!("{}  {MANIFEST}\n", sum_of(text.as_bytes()));
        let mac = key.line(text.as_bytes());
        for (name, content) in [(MANIFEST, &text), (MANIFEST_SUM, &sum), (MANIFEST_MAC, &mac)] {
            let mut file = File::create_new(dir.join(name))?;
            file.write_all(content.as_bytes())?;
            file.sync_all()?;
        }
        Ok(())
    }

    /// Reads the manifest of the backup at `dir` and checks it.
    ///
    /// # Errors
    /// It is not there, damaged, not by whoever has one of the keys, of another format, or names
    /// files that a backup cannot have.
    pub(crate) fn read(dir: &Path, trust: &ManifestTrust) -> Result<Self, String> {
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
            return Err(format!("{shown} is damaged: checksum mismatch"));
        }
        if let ManifestTrust::Keys(keys) = trust {
            let mac = dir.join(MANIFEST_MAC);
            let line = match read_whole(&mac, MANIFEST_SUM_BYTES_MAX) {
                Ok(line) => line,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(format!(
                        "{} has no {MANIFEST_MAC}: it was taken by an older version, or changed since. \
                     If nobody else could write where it was kept, restore it with --unkeyed",
                        dir.display()
                    ));
                }
                Err(error) => return Err(format!("{}: {error}", mac.display())),
            };
            check_mac(keys, &text, &line).map_err(|what| format!("{shown}: {what}"))?;
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
        if let Some(part) = self.files.iter().find(|part| !is_below(&part.path)) {
            return Err(format!("{:?} is not a file of a store", part.path));
        }
        let bytes = self.files.iter().try_fold(0_u64, |sum, part| sum.checked_add(part.bytes));
        bytes.map(|_| ()).ok_or_else(|| "its files have more bytes than can be counted".to_owned())
    }

    /// Length of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|part| part.bytes).sum()
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, batch_no, transactions, begun_ms, .. } = self;
        let begun = clock::utc(*begun_ms);
        write!(
            f,
            "the backup of store {store} of {begun}, which ends at batch {batch_no} with \
             {transactions} transactions"
        )
    }
}

/// The code of a manifest against the key that it names.
fn check_mac(keys: &[ManifestKey], text: &[u8], line: &[u8]) -> Result<(), String> {
    let mut words = line.split(u8::is_ascii_whitespace);
    let mut word = || words.next().and_then(|word| std::str::from_utf8(word).ok());
    let kek_id: Option<u32> = word().and_then(|word| word.parse().ok());
    let code = word().and_then(|word| <[u8; 32]>::from_hex(word).ok());
    let (Some(kek_id), Some(code)) = (kek_id, code) else {
        return Err(format!("its {MANIFEST_MAC} is not one of ours"));
    };
    match keys.iter().find(|key| key.kek_id == kek_id) {
        None => Err(format!(
            "it was taken under key-encryption key {kek_id}, which is not configured; add it to \
             [[store.kek_old]], or restore with --unkeyed if nobody else could write where the \
             backup was kept"
        )),
        Some(key) if key.is_by(text, &code) => Ok(()),
        Some(_) => Err(format!(
            "was changed after the backup was taken, or was taken under another \
             key-encryption key {kek_id}; take another backup"
        )),
    }
}

/// Whether a path is a file of a store: its mark, or a plain name in its database.
fn is_below(path: &str) -> bool {
    let plain = |name: &str| {
        let letters = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        !name.is_empty() && !name.starts_with('.') && name.bytes().all(letters)
    };
    path == MARK || path.strip_prefix("rows/").is_some_and(plain)
}

/// A regular file of at most this many bytes, and no link.
fn read_whole(place: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let (file, _) = files::open_no_link(place)?;
    let read = file.take(bytes_max + 1).read_to_end(&mut bytes)?;
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

    fn key(kek_id: u32) -> ManifestKey {
        ManifestKey::of(kek_id, &[7; 32])
    }

    fn trusted() -> ManifestTrust {
        ManifestTrust::Keys(vec![key(2), key(1)])
    }

    /// Changes a manifest and makes its checksum right again, as anybody can.
    fn doctor(dir: &Path, from: &str, to: &str) {
        let file = dir.join(MANIFEST);
        let text = fs::read_to_string(&file).unwrap().replace(from, to);
        fs::write(dir.join(MANIFEST_SUM), format!("{}  x\n", sum_of(text.as_bytes()))).unwrap();
        fs::write(file, text).unwrap();
    }

    #[test]
    fn a_doctored_manifest_is_refused_though_its_checksum_is_right() {
        let dir = tempfile::tempdir().unwrap();
        manifest("rows/CURRENT").write(dir.path(), &key(1)).unwrap();
        let read = |keys| Manifest::read(dir.path(), &ManifestTrust::Keys(keys));
        let missing = read(vec![key(2)]).unwrap_err();
        assert!(missing.contains("key-encryption key 1, which is not configured"), "{missing}");
        let other = read(vec![ManifestKey::of(1, &[8; 32])]).unwrap_err();
        assert!(other.contains("another key-encryption key 1"), "{other}");
        doctor(dir.path(), "\"transactions\": 9", "\"transactions\": 8");
        let refused = read(vec![key(1)]).unwrap_err();
        assert!(refused.contains("was changed after the backup was taken"), "{refused}");
        fs::remove_file(dir.path().join(MANIFEST_MAC)).unwrap();
        let refused = read(vec![key(1)]).unwrap_err();
        assert!(refused.contains("has no backup.json.hmac") && refused.contains("--unkeyed"));
        assert!(Manifest::read(dir.path(), &ManifestTrust::Unkeyed).is_ok(), "the operator's word");
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written_and_says_which_backup_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let written = manifest("rows/000012.sst");
        written.write(dir.path(), &key(1)).unwrap();
        for trust in [trusted(), ManifestTrust::Unkeyed] {
            assert_eq!(Manifest::read(dir.path(), &trust).unwrap(), written);
        }
        let said = written.to_string();
        assert!(said.contains("2026-11-23T23:30:00Z") && said.contains("batch 7"), "{said}");
    }

    #[test]
    fn any_changed_byte_of_a_manifest_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        manifest("rows/CURRENT").write(dir.path(), &key(1)).unwrap();
        let file = dir.path().join(MANIFEST);
        let sound = fs::read(&file).unwrap();
        for at in 0..sound.len() {
            let mut changed = sound.clone();
            changed[at] ^= 1;
            fs::write(&file, changed).unwrap();
            assert!(
                Manifest::read(dir.path(), &trusted()).unwrap_err().contains("damaged"),
                "byte {at}"
            );
        }
        fs::remove_file(dir.path().join(MANIFEST_SUM)).unwrap();
        assert!(Manifest::read(dir.path(), &trusted()).unwrap_err().contains("incomplete"));
    }

    #[test]
    fn neither_file_of_a_manifest_is_read_through_a_link_or_beyond_what_it_may_be() {
        for name in [MANIFEST, MANIFEST_SUM, MANIFEST_MAC] {
            let dir = tempfile::tempdir().unwrap();
            manifest("rows/CURRENT").write(dir.path(), &key(1)).unwrap();
            let (file, moved) = (dir.path().join(name), dir.path().join("moved"));
            fs::rename(&file, &moved).unwrap();
            symlink(&moved, &file).unwrap();
            let refused = Manifest::read(dir.path(), &trusted()).unwrap_err();
            assert!(refused.contains("symbolic link"), "{name}: {refused}");
            fs::remove_file(&file).unwrap();
            let long = File::create(&file).unwrap();
            long.set_len(MANIFEST_BYTES_MAX + 1).unwrap();
            let refused = Manifest::read(dir.path(), &trusted()).unwrap_err();
            assert!(refused.contains("longer than"), "{name}: {refused}");
        }
    }

    #[test]
    fn a_manifest_leads_nowhere_but_into_the_store() {
        for path in [
            "/etc/passwd",
            "../keys",
            "rows/../../x",
            "rows/a/b",
            "",
            ".",
            "rows/.",
            "rows/..",
            "rows/",
            "restored",
            "rows\\\\x",
            "rows//x",
            "./rows/x",
        ] {
            let dir = tempfile::tempdir().unwrap();
            manifest(path).write(dir.path(), &key(1)).unwrap();
            let refused = Manifest::read(dir.path(), &trusted()).unwrap_err();
            assert!(refused.contains("not a file of a store"), "{path}: {refused}");
        }
    }
}
