//! The keys of authentication codes, and how a new one travels.
//!
//! A session key travels in the answer to a key exchange (0800, DE70 161), in the field that the
//! settings name, as upper-case hexadecimal digits: the key, each cipher block encrypted with the
//! key-encryption key (AES for AES-CMAC, two-key triple DES for the retail MAC, ECB: a key has no
//! structure that equal blocks would show), then its check value, the first three bytes of a block
//! of zeros encrypted with the key itself (ANSI X9.24-1 section 7.6.2).

use aes::{Aes128, Aes192, Aes256};
use des::TdesEde2;
use des::cipher::{Array, BlockCipherEncrypt, KeyInit};
use strum::{EnumString, IntoStaticStr, VariantNames};
use tillgate_codec::iso8583::{MacKey, MacPadding};

/// How authentication codes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum MacAlgorithm {
    /// AES-CMAC (NIST SP 800-38B).
    AesCmac,
    /// Retail MAC filled up with zeros (ANSI X9.19).
    Retail,
    /// Retail MAC filled up with a one bit and zeros (ISO/IEC 9797-1 method 2).
    RetailOne,
}

/// Bytes of a session key.
pub const SESSION_KEY_BYTES: usize = 16;
/// Bytes of a key check value.
const CHECK_BYTES: usize = 3;

impl MacAlgorithm {
    /// The key for codes; `None` if the algorithm has none of that length.
    #[must_use]
    pub fn key(self, bytes: &[u8]) -> Option<MacKey> {
        let retail = |padding| Some(MacKey::retail(bytes.try_into().ok()?, padding));
        match self {
            Self::AesCmac => MacKey::aes_cmac(bytes),
            Self::Retail => retail(MacPadding::Zeros),
            Self::RetailOne => retail(MacPadding::OneAndZeros),
        }
    }

    /// Blocks encrypted one by one; `None` if the algorithm has no key of that length.
    fn encrypted(self, key: &[u8], clear: &[u8]) -> Option<Vec<u8>> {
        match (self, key.len()) {
            (Self::AesCmac, 16) => encrypted_by::<Aes128>(key, clear),
            (Self::AesCmac, 24) => encrypted_by::<Aes192>(key, clear),
            (Self::AesCmac, 32) => encrypted_by::<Aes256>(key, clear),
            (Self::Retail | Self::RetailOne, 16) => encrypted_by::<TdesEde2>(key, clear),
            _ => None,
        }
    }

    /// A session key as it travels; `None` if the key-encryption key has the wrong length.
    #[must_use]
    pub fn sealed(self, kek: &[u8], key: &[u8; SESSION_KEY_BYTES]) -> Option<String> {
        let sealed = self.encrypted(kek, key)?;
        let check = self.encrypted(key, &[0; SESSION_KEY_BYTES])?;
        let bytes = sealed.iter().chain(check.iter().take(CHECK_BYTES));
        Some(bytes.map(|byte| format!("{byte:02X}")).collect())
    }
}

fn encrypted_by<C: BlockCipherEncrypt + KeyInit>(key: &[u8], clear: &[u8]) -> Option<Vec<u8>> {
    let cipher = C::new_from_slice(key).ok()?;
    let mut out = Vec::with_capacity(clear.len());
    for piece in clear.chunks(C::block_size()) {
        let mut block = Array::default();
        block.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
        cipher.encrypt_block(&mut block);
        out.extend_from_slice(&block);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197 appendix C.1 for the sealing; the check value is that of the same key.
    #[test]
    fn a_session_key_travels_encrypted_with_its_check_value() {
        let kek: Vec<u8> = (0..16).collect();
        let key: Vec<u8> = (0..16).map(|digit| digit * 0x11).collect();
        let sealed = MacAlgorithm::AesCmac.sealed(&kek, &key.try_into().unwrap()).unwrap();
        assert!(sealed.starts_with("69C4E0D86A7B0430D8CDB78070B4C55A"), "{sealed}");
        assert_eq!(sealed.len(), 38);
        let des = MacAlgorithm::Retail.sealed(&[0x11; 16], &[0x22; 16]).unwrap();
        assert_eq!((des.len(), &des[..16]), (38, &des[16..32]));
    }

    #[test]
    fn a_key_of_another_length_is_no_key() {
        assert!(MacAlgorithm::AesCmac.key(&[0; 15]).is_none());
        assert!(MacAlgorithm::Retail.key(&[0; 24]).is_none());
        assert!(MacAlgorithm::RetailOne.sealed(&[0; 8], &[0; 16]).is_none());
    }
}
