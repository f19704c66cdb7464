//! Session keys as a host sends them: encrypted with a key-encryption key, then a check value.
//!
//! Each cipher block of the key is encrypted by itself (ECB: a key has no structure that equal
//! blocks would show). The check value is the first three bytes of a block of zeros encrypted with
//! the session key itself (ANSI X9.24-1 section 7.6.2). It finds a wrong key-encryption key and
//! damage; it proves nothing about who sent the key.

use aes::{Aes128, Aes192, Aes256};
use cmac::KeyInit;
use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt};
use des::{TdesEde2, TdesEde3};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a check value.
pub const CHECK_VALUE_BYTES: usize = 3;

/// The key that session keys travel under. It has no `Debug` and is wiped on drop.
pub struct KeyEncryptionKey(Cipher, Zeroizing<Vec<u8>>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cipher {
    Aes,
    TripleDes,
}

/// Why a session key is not one to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionKeyError {
    /// Neither 16 nor (AES) 32 bytes with a check value behind them.
    #[error("expected a key of 16 bytes (AES: or 32) and a check value of 3, found {0} bytes")]
    Length(usize),
    /// It was encrypted with another key, or damaged.
    #[error(
        "the check value is not that of the key: it was encrypted with another key, or damaged"
    )]
    CheckValue,
    /// Its halves are equal, so that one of them is worth nothing; or it is all zeros.
    #[error("the key is weak: its halves are equal")]
    Weak,
}

impl KeyEncryptionKey {
    /// AES with 16, 24 or 32 bytes; `None` for others.
    #[must_use]
    pub fn aes(key: &[u8]) -> Option<Self> {
        let sized = matches!(key.len(), 16 | 24 | 32);
        sized.then(|| Self(Cipher::Aes, Zeroizing::new(key.to_vec())))
    }

    /// Triple DES with two keys (16 bytes) or three (24); `None` for others.
    #[must_use]
    pub fn triple_des(key: &[u8]) -> Option<Self> {
        let sized = matches!(key.len(), 16 | 24);
        sized.then(|| Self(Cipher::TripleDes, Zeroizing::new(key.to_vec())))
    }

    /// The session key of what a host sent: its encrypted blocks, then its check value.
    ///
    /// # Errors
    /// It has another length, its check value is wrong, or it is weak. Nothing of it is shown.
    pub fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SessionKeyError> {
        let wrong = SessionKeyError::Length(sealed.len());
        let length = sealed.len().checked_sub(CHECK_VALUE_BYTES).ok_or(wrong)?;
        let fits = length == 16 || (length == 32 && self.0 == Cipher::Aes);
        let (blocks, check) = sealed.split_at_checked(length).filter(|_| fits).ok_or(wrong)?;
        let key = self.decrypted(blocks).ok_or(wrong)?;
        let made = check_value(self.0, &key).ok_or(wrong)?;
        if !bool::from(made[..].ct_eq(check)) {
            return Err(SessionKeyError::CheckValue);
        }
        let (low, high) = key.split_at(length / 2);
        match bool::from(low.ct_eq(high)) {
            true => Err(SessionKeyError::Weak),
            false => Ok(key),
        }
    }

    fn decrypted(&self, blocks: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match (self.0, self.1.len()) {
            (Cipher::Aes, 16) => decrypted_by::<Aes128>(&self.1, blocks),
            (Cipher::Aes, 24) => decrypted_by::<Aes192>(&self.1, blocks),
            (Cipher::Aes, _) => decrypted_by::<Aes256>(&self.1, blocks),
            (Cipher::TripleDes, 16) => decrypted_by::<TdesEde2>(&self.1, blocks),
            (Cipher::TripleDes, _) => decrypted_by::<TdesEde3>(&self.1, blocks),
        }
    }
}

/// Blocks decrypted one by one.
fn decrypted_by<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    blocks: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = C::new_from_slice(key).ok()?;
    let mut out = Zeroizing::new(Vec::with_capacity(blocks.len()));
    for piece in blocks.chunks_exact(C::block_size()) {
        let mut block = Array::default();
        block.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
        cipher.decrypt_block(&mut block);
        out.extend_from_slice(&block);
        block.as_mut_slice().zeroize();
    }
    Some(out)
}

fn check_value(cipher: Cipher, key: &[u8]) -> Option<[u8; CHECK_VALUE_BYTES]> {
    match (cipher, key.len()) {
        (Cipher::Aes, 16) => zeros_by::<Aes128>(key),
        (Cipher::Aes, _) => zeros_by::<Aes256>(key),
        (Cipher::TripleDes, _) => zeros_by::<TdesEde2>(key),
    }
}

fn zeros_by<C: BlockCipherEncrypt + KeyInit>(key: &[u8]) -> Option<[u8; CHECK_VALUE_BYTES]> {
    let cipher = C::new_from_slice(key).ok()?;
    let mut block = Array::default();
    cipher.encrypt_block(&mut block);
    block.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        crate::iso8583::hex::parse(text.as_bytes()).unwrap()
    }

    /// FIPS 197 appendix C.1: this key-encryption key makes this block of that session key.
    const AES_KEK: &str = "000102030405060708090A0B0C0D0E0F";
    const AES_KEY: &str = "00112233445566778899AABBCCDDEEFF";
    const AES_SEALED: &str = "69C4E0D86A7B0430D8CDB78070B4C55A";

    fn aes_sealed() -> Vec<u8> {
        let mut sealed = bytes(AES_SEALED);
        sealed.extend(check_value(Cipher::Aes, &bytes(AES_KEY)).unwrap());
        sealed
    }

    #[test]
    fn a_session_key_is_decrypted_and_its_check_value_compared() {
        let kek = KeyEncryptionKey::aes(&bytes(AES_KEK)).unwrap();
        assert_eq!(*kek.open(&aes_sealed()).unwrap(), bytes(AES_KEY));
        // The check values of keys in ANSI X9.24 software everywhere: a block of zeros.
        let check = check_value(Cipher::TripleDes, &[0x01; 16]).unwrap();
        assert_eq!(check.to_vec(), bytes("8CA64D"));
        let check = check_value(Cipher::Aes, &[0; 16]).unwrap();
        assert_eq!(check.to_vec(), bytes("66E94B"));
    }

    #[test]
    fn two_and_three_keys_of_triple_des_open_what_they_sealed() {
        let session: Vec<u8> = (0x10..0x20).collect();
        for kek in [(1..17).collect::<Vec<u8>>(), (1..25).collect()] {
            let mut sealed = Vec::new();
            for piece in session.chunks(8) {
                let mut block = Array::default();
                block.copy_from_slice(piece);
                match kek.len() {
                    16 => TdesEde2::new_from_slice(&kek).unwrap().encrypt_block(&mut block),
                    _ => TdesEde3::new_from_slice(&kek).unwrap().encrypt_block(&mut block),
                }
                sealed.extend_from_slice(&block);
            }
            sealed.extend(check_value(Cipher::TripleDes, &session).unwrap());
            let key = KeyEncryptionKey::triple_des(&kek).unwrap();
            assert_eq!(*key.open(&sealed).unwrap(), session);
        }
    }

    #[test]
    fn any_other_bit_or_length_is_no_key() {
        let kek = KeyEncryptionKey::aes(&bytes(AES_KEK)).unwrap();
        let sealed = aes_sealed();
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(kek.open(&damaged).err(), Some(SessionKeyError::CheckValue), "bit {bit}");
        }
        for length in (0..sealed.len()).chain([20, 34, 36, 64]) {
            let other: Vec<u8> = sealed.iter().copied().cycle().take(length).collect();
            let error = kek.open(&other).err();
            let expected = match length {
                19 => None,
                _ => Some(SessionKeyError::Length(length)),
            };
            assert_eq!(error, expected, "{length}");
        }
        let other = KeyEncryptionKey::aes(&[9; 16]).unwrap();
        assert_eq!(other.open(&sealed).err(), Some(SessionKeyError::CheckValue));
    }

    #[test]
    fn a_key_with_equal_halves_is_refused_though_its_check_value_is_right() {
        let kek = KeyEncryptionKey::triple_des(&bytes(AES_KEK)).unwrap();
        let mut block = Array::default();
        TdesEde2::new_from_slice(&bytes(AES_KEK)).unwrap().encrypt_block(&mut block);
        let mut sealed = [block.as_slice(), block.as_slice()].concat();
        sealed.extend(check_value(Cipher::TripleDes, &[0; 16]).unwrap());
        assert_eq!(kek.open(&sealed).err(), Some(SessionKeyError::Weak));
    }

    #[test]
    fn a_key_encryption_key_of_another_length_is_none() {
        for length in (0..40).filter(|length| ![16, 24, 32].contains(length)) {
            assert!(KeyEncryptionKey::aes(&vec![1; length]).is_none());
            assert!(KeyEncryptionKey::triple_des(&vec![1; length]).is_none());
        }
        assert!(KeyEncryptionKey::triple_des(&[1; 32]).is_none());
    }
}
