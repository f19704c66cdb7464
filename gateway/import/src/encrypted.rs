//! Files that came encrypted (age, X25519): they are opened in memory only.
//!
//! The file of an issuer is named `vouchers-17.csv.age`: what is in it is the file that its name
//! says without the ending. age proves that a file is whole and that only this installation reads
//! it; it does not prove who wrote it. That is what control totals are for, which come another way.

use std::io::{Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, x25519};
use zeroize::{Zeroize, Zeroizing};

use crate::limits::{ENCRYPTED_BYTES_MAX, IDENTITIES_MAX, RECIPIENTS_MAX};

/// The ending of an encrypted file's name.
pub const ENDING: &str = ".age";

/// The keys that open encrypted files. No `Debug`; wiped when dropped.
pub struct Identity(Vec<x25519::Identity>);

impl Identity {
    /// Reads the text of a key file, as `age-keygen` writes it: a key in each line, comments behind
    /// `#`.
    ///
    /// # Errors
    /// Which line is no such key; never what is in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut keys = Vec::new();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = line.parse().map_err(|_| {
                format!("line {number}: expected an age key (AGE-SECRET-KEY-1...) or a comment (#)")
            })?;
            keys.push(key);
        }
        match keys.len() {
            0 => Err("has no key; `age-keygen -o FILE` makes one".to_owned()),
            1..=IDENTITIES_MAX => Ok(Self(keys)),
            more => Err(format!("{more} keys; expected at most {IDENTITIES_MAX}")),
        }
    }

    /// Whom issuers encrypt for: the public half of each key.
    #[must_use]
    pub fn recipients(&self) -> Vec<String> {
        self.0.iter().map(|key| key.to_public().to_string()).collect()
    }
}

/// The bytes of an encrypted file as the text in which it is sent, which no secret is in.
///
/// # Errors
/// It is no such file, or longer than [`ENCRYPTED_BYTES_MAX`].
pub fn armored(bytes: &[u8]) -> Result<String, String> {
    let binary = dearmored(bytes)?;
    let mut writer = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)
        .map_err(|error| error.to_string())?;
    writer.write_all(&binary).map_err(|error| error.to_string())?;
    let text = writer.finish().map_err(|error| error.to_string())?;
    String::from_utf8(text).map_err(|error| error.to_string())
}

/// What is in an encrypted file, in memory that is wiped.
///
/// # Errors
/// Why it does not open, and what to do; nothing of what is in it.
pub(crate) fn open(bytes: &[u8], identity: &Identity) -> Result<Zeroizing<Vec<u8>>, String> {
    let binary = dearmored(bytes)?;
    let refused = |error: DecryptError| match error {
        DecryptError::NoMatchingKeys => format!(
            "is encrypted for somebody else; its issuer has to encrypt it for {}",
            identity.recipients().join(" or ")
        ),
        _ => "is damaged, cut off, or not of version 1 of age; have it sent again".to_owned(),
    };
    let keys = identity.0.iter().map(|key| -> &dyn age::Identity { key });
    let reader = Decryptor::new(binary.as_slice()).and_then(|opened| opened.decrypt(keys));
    // What is in it is shorter than the file. A buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(binary.len()));
    let read = reader.map_err(refused)?.read_to_end(&mut text);
    read.map_err(|_| "is damaged or cut off; have it sent again".to_owned())?;
    Ok(text)
}

/// The file in binary, whichever form it came in.
fn dearmored(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if bytes.len() > ENCRYPTED_BYTES_MAX {
        let found = bytes.len();
        return Err(format!(
            "{found} bytes; expected at most {ENCRYPTED_BYTES_MAX}; split the file"
        ));
    }
    let binary = if bytes.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
        let mut binary = Vec::new();
        let read = ArmoredReader::new(bytes).read_to_end(&mut binary);
        read.map_err(|_| "is damaged: its armor is not as age writes it".to_owned())?;
        binary
    } else {
        bytes.to_vec()
    };
    if !binary.starts_with(b"age-encryption.org/v1\n") {
        return Err("is not encrypted with age; expected a file of `age -r`".to_owned());
    }
    let end = binary.windows(4).position(|part| part == b"\n---").unwrap_or(binary.len());
    let header = binary.get(..end).unwrap_or_default();
    let recipients = header.windows(4).filter(|part| *part == b"\n-> ").count();
    if recipients > RECIPIENTS_MAX {
        return Err(format!("{recipients} recipients; expected at most {RECIPIENTS_MAX}"));
    }
    Ok(binary)
}

/// Bytes as text in the same memory; or the line that is not UTF-8, and the bytes are wiped.
pub(crate) fn text(mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, usize> {
    String::from_utf8(std::mem::take(&mut *bytes)).map(Zeroizing::new).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let mut bytes = error.into_bytes();
        let before = bytes.get(..good).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        bytes.zeroize();
        line
    })
}
