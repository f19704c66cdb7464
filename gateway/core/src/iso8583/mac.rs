//! Which message authentication codes a profile has.

use serde::Deserialize;
use tillgate_codec::iso8583::{MacKey, MacPadding};

/// Algorithms of message authentication codes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MacWord {
    Retail,
    Retail2,
    Cmac,
}

impl MacWord {
    /// The key of codes from its bytes; the error says how many are expected.
    pub(crate) fn key(self, key: &[u8]) -> Result<MacKey, &'static str> {
        let retail = |padding| <&[u8; 16]>::try_from(key).map(|key| MacKey::retail(key, padding));
        let double = "a key of 32 hexadecimal digits is expected";
        match self {
            Self::Retail => retail(MacPadding::Zeros).map_err(|_| double),
            Self::Retail2 => retail(MacPadding::OneAndZeros).map_err(|_| double),
            Self::Cmac => {
                MacKey::aes_cmac(key).ok_or("a key of 32, 48 or 64 hexadecimal digits is expected")
            }
        }
    }
}
