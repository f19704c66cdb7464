//! Keys that codes of messages are checked with and made with.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hex::FromHex;
use tillgate_codec::iso8583::{MacKey, MacPadding};
use tillgate_codec::link::channel::Psk;
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::keyfile;

/// Algorithms of authentication codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Mac {
    /// AES-CMAC (NIST SP 800-38B); 16, 24 or 32 bytes of key
    Cmac,
    /// Retail MAC (ANSI X9.19, ISO 9797-1 algorithm 3), last block filled with zeros; 16 bytes
    Retail,
    /// The same, filled with a one bit and zeros (padding method 2)
    Retail2,
    /// The "ECB" code of UnionPay terminals; 8 or 16 bytes
    Unionpay,
}

/// How the authentication code of an ISO 8583 message is checked or made.
#[derive(Args)]
pub(super) struct MacOptions {
    /// Check (or make) the code in field 64 or 128
    #[arg(long, value_enum, value_name = "ALGORITHM")]
    mac: Option<Mac>,
    /// The key, in hexadecimal, in a file that only its owner reads; without it, the environment
    /// variable TILLGATE_MAC_KEY
    #[arg(long, value_name = "FILE", requires = "mac")]
    mac_key_file: Option<PathBuf>,
}

/// The environment variable that holds the key where no file is given.
const VARIABLE: &str = "TILLGATE_MAC_KEY";

impl MacOptions {
    /// The key with its algorithm, if codes are asked for.
    pub(super) fn key(&self) -> Result<Option<MacKey>, Failure> {
        let Some(mac) = self.mac else { return Ok(None) };
        let (text, from) = match (&self.mac_key_file, std::env::var(VARIABLE)) {
            (Some(file), _) => (read(file)?, file.display().to_string()),
            (None, Ok(text)) => (Zeroizing::new(text), VARIABLE.to_owned()),
            (None, Err(_)) => {
                let text = format!("--mac needs --mac-key-file FILE, or the key in {VARIABLE}");
                return Err(Failure::usage(text));
            }
        };
        let key = bytes(text.trim()).and_then(|key| match mac {
            Mac::Cmac => MacKey::aes_cmac(&key),
            Mac::Retail => retail(&key, MacPadding::Zeros),
            Mac::Retail2 => retail(&key, MacPadding::OneAndZeros),
            Mac::Unionpay => MacKey::unionpay_ecb(&key),
        });
        let needed = match mac {
            Mac::Cmac => "32, 48 or 64",
            Mac::Retail | Mac::Retail2 => "32",
            Mac::Unionpay => "16 or 32",
        };
        key.map(Some).ok_or_else(|| {
            Failure::usage(format!("{from}: a key of {needed} hexadecimal digits is expected"))
        })
    }

    pub(super) fn is_given(&self) -> bool {
        self.mac.is_some()
    }
}

fn retail(key: &[u8], padding: MacPadding) -> Option<MacKey> {
    key.try_into().ok().map(|key| MacKey::retail(key, padding))
}

fn bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    match text.len() {
        16 => array::<8>(text),
        32 => array::<16>(text),
        48 => array::<24>(text),
        64 => array::<32>(text),
        _ => None,
    }
}

/// The digits go through an array, which is wiped as well.
fn array<const N: usize>(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut array = Zeroizing::new([0; N]);
    hex::decode_to_slice(text, &mut *array).ok()?;
    Some(Zeroizing::new(array.to_vec()))
}

fn read(file: &Path) -> Result<Zeroizing<String>, Failure> {
    keyfile::read_text_of(file).map_err(Failure::usage)
}

pub(super) fn psk(file: &Path) -> Result<Psk, Failure> {
    let text = read(file)?;
    let key = <[u8; 32]>::from_hex(text.trim()).ok().map(Psk::new);
    key.ok_or_else(|| {
        Failure::usage(format!("{}: a key of 64 hexadecimal digits is expected", file.display()))
    })
}
