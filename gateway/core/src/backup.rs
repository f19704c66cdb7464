//! What a backup says of itself, and when that is believed: the manifest, its checksum, and its
//! code under a key that is derived from the store's.

pub mod limits;

use std::fmt;

use hex::FromHex;
use ring::digest::{SHA256, digest};
use ring::hmac;
use serde::{Deserialize, Serialize};
use tillgate_store_core::Head;

use self::limits::FILES_MAX;
use crate::time::{UnixMillis, utc};

/// The manifest's file in a backup; its presence makes a directory a backup.
pub const MANIFEST: &str = "backup.json";
/// The manifest's checksum.
pub const MANIFEST_SUM: &str = "backup.json.sha256";
/// The manifest's code: who has no key-encryption key cannot make one.
pub const MANIFEST_MAC: &str = "backup.json.hmac";

/// The only format there is.
const FORMAT: u32 = 1;
/// The store's mark, as checkpoints place it.
const MARK: &str = "high-water";

/// What makes a backup's manifest ours; derived from a key-encryption key.
pub struct ManifestKey {
    kek_id: u32,
    key: hmac::Key,
}

impl ManifestKey {
    /// Of one key-encryption key.
    #[must_use]
    pub fn of(kek_id: u32, kek: &[u8; 32]) -> Self {
        let kek = hmac::Key::new(hmac::HMAC_SHA256, kek);
        let derived = hmac::sign(&kek, b"tillgate backup manifest");
        Self { kek_id, key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()) }
    }
}

/// What makes a manifest believed.
pub enum ManifestTrust {
    /// Its code under one of these keys.
    Keys(Vec<ManifestKey>),
    /// The operator: it was kept where nobody else could write.
    Unkeyed,
}

/// The content of `backup.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// 1.
    format: u32,
    /// Version of the program that took it.
    pub tillgate: String,
    /// The store's name, 16 hex digits.
    pub store: String,
    /// Last batch in it.
    pub batch_no: u64,
    /// Chain hash of that batch, hex.
    pub hash: String,
    pub transactions: u64,
    /// Rows of the audit log in it.
    pub audits: u64,
    /// Unix milliseconds. Everything acknowledged before is in it.
    pub begun_ms: u64,
    /// Every file, by its path below `data/`.
    pub files: Vec<Part>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Below `data/`.
    pub path: String,
    pub bytes: u64,
    /// Its SHA-256, hex.
    pub sha256: String,
}

impl Manifest {
    /// Of these files and the store whose end is `head`.
    #[must_use]
    pub fn of(head: &Head, begun_ms: u64, files: Vec<Part>) -> Self {
        Self {
            format: FORMAT,
            tillgate: env!("CARGO_PKG_VERSION").to_owned(),
            store: head.store_id.to_string(),
            batch_no: head.batch_no,
            hash: hex::encode(head.hash),
            transactions: head.seq,
            audits: head.audit_no,
            begun_ms,
            files,
        }
    }

    /// The files that say it: name and content.
    ///
    /// # Errors
    /// A defect of the JSON writer.
    pub fn texts(
        &self,
        key: &ManifestKey,
    ) -> Result<[(&'static str, String); 3], serde_json::Error> {
        let text = format!("{}\n", serde_json::to_string_pretty(self)?);
        let sum = format!("{}  {MANIFEST}\n", sum_of(text.as_bytes()));
        let code = hmac::sign(&key.key, text.as_bytes());
        let code = format!("{} {}\n", key.kek_id, hex::encode(code.as_ref()));
        Ok([(MANIFEST, text), (MANIFEST_SUM, sum), (MANIFEST_MAC, code)])
    }

    /// Reads a manifest with its checksum, and with the line of its code unless the operator
    /// trusts it without.
    ///
    /// # Errors
    /// It is damaged, not by whoever has one of the keys, of another format, or names files that a
    /// backup cannot have.
    pub fn read(
        text: &[u8],
        sums: &[u8],
        by: Option<(&[ManifestKey], &[u8])>,
    ) -> Result<Self, String> {
        if sums.split(u8::is_ascii_whitespace).next() != Some(sum_of(text).as_bytes()) {
            return Err("is damaged: checksum mismatch".to_owned());
        }
        if let Some((keys, line)) = by {
            check_mac(keys, text, line)?;
        }
        let manifest: Self = serde_json::from_slice(text)
            .map_err(|error| format!("is not a manifest of ours: {error}"))?;
        manifest.check()?;
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
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|part| part.bytes).sum()
    }

    /// Holds the end of what was restored against what it says.
    ///
    /// # Errors
    /// They differ.
    pub fn check_end(&self, head: &Head) -> Result<(), String> {
        let found = Self::of(head, self.begun_ms, Vec::new());
        let end = |of: &Self| (of.store.clone(), of.batch_no, of.hash.clone(), of.transactions);
        if end(&found) == end(self) {
            return Ok(());
        }
        Err(format!(
            "the backup does not end where its manifest says: batch {} of store {}, the manifest \
             says batch {}",
            found.batch_no, found.store, self.batch_no
        ))
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, batch_no, transactions, begun_ms, .. } = self;
        let begun = utc(UnixMillis(*begun_ms));
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
        Some(key) if hmac::verify(&key.key, text, &code).is_ok() => Ok(()),
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

fn sum_of(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
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

    /// Reads it as it was written, by these keys or on the operator's word.
    fn read(texts: &[(&str, String); 3], keys: Option<&[ManifestKey]>) -> Result<Manifest, String> {
        let [text, sum, mac] = texts.each_ref().map(|(_, text)| text.as_bytes());
        Manifest::read(text, sum, keys.map(|keys| (keys, mac)))
    }

    #[test]
    fn a_doctored_manifest_is_refused_though_its_checksum_is_right() {
        let mut texts = manifest("rows/CURRENT").texts(&key(1)).unwrap();
        let missing = read(&texts, Some(&[key(2)])).unwrap_err();
        assert!(missing.contains("key-encryption key 1, which is not configured"), "{missing}");
        let other = read(&texts, Some(&[ManifestKey::of(1, &[8; 32])])).unwrap_err();
        assert!(other.contains("another key-encryption key 1"), "{other}");
        // Its checksum made right again, as anybody can.
        texts[0].1 = texts[0].1.replace("\"transactions\": 9", "\"transactions\": 8");
        texts[1].1 = format!("{}  x\n", sum_of(texts[0].1.as_bytes()));
        let refused = read(&texts, Some(&[key(1)])).unwrap_err();
        assert!(refused.contains("was changed after the backup was taken"), "{refused}");
        assert!(read(&texts, None).is_ok(), "the operator's word");
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written_and_says_which_backup_it_is() {
        let written = manifest("rows/000012.sst");
        let texts = written.texts(&key(1)).unwrap();
        assert_eq!(read(&texts, Some(&[key(2), key(1)])).unwrap(), written);
        assert_eq!(read(&texts, None).unwrap(), written);
        let said = written.to_string();
        assert!(said.contains("2026-11-23T23:30:00Z") && said.contains("batch 7"), "{said}");
    }

    #[test]
    fn any_changed_byte_of_a_manifest_is_noticed() {
        let texts = manifest("rows/CURRENT").texts(&key(1)).unwrap();
        let (sound, sum) = (texts[0].1.as_bytes(), texts[1].1.as_bytes());
        for at in 0..sound.len() {
            let mut changed = sound.to_vec();
            changed[at] ^= 1;
            assert!(Manifest::read(&changed, sum, None).unwrap_err().contains("damaged"), "{at}");
        }
        assert!(Manifest::read(sound, &sum[1..], None).unwrap_err().contains("damaged"));
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
            let texts = manifest(path).texts(&key(1)).unwrap();
            let refused = read(&texts, None).unwrap_err();
            assert!(refused.contains("not a file of a store"), "{path}: {refused}");
        }
    }
}
