//! Message authentication codes of fields 64 and 128.
//!
//! A code covers everything from the MTI to just before the field that carries it, the last of the
//! message; TPDU and header are outside. The ciphers are those of the RustCrypto project.

use super::decode::fields::Fields;
use super::dialect::Dialect;
use super::encode::error::EncodeError;
use super::hex;
use super::message::Message;
use super::value;
use super::view::View;
use aes::{Aes128, Aes192, Aes256};
use cmac::{Cmac, KeyInit, Mac};
use des::cipher::{Array, BlockCipherEncrypt};
use des::{Des, TdesEde2};
use retail_mac::RetailMac;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of a code; fields that carry fewer carry the first of them.
pub const MAC_BYTES: usize = 8;

/// How the last block is filled up (ISO/IEC 9797-1 section 6.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MacPadding {
    /// Method 1: zeros, none if the block is full. ANSI X9.19 has this.
    Zeros,
    /// Method 2: a one bit, then zeros; always at least one bit.
    OneAndZeros,
}

/// A key with its algorithm. It has no `Debug` and is wiped on drop.
pub struct MacKey(Algorithm);

enum Algorithm {
    AesCmac(Zeroizing<Vec<u8>>),
    Retail(Zeroizing<[u8; 16]>, MacPadding),
    Ecb(Zeroizing<Vec<u8>>),
}

/// The outcome of checking a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MacVerdict {
    /// The code is that of the message.
    Valid,
    /// It is not: the message, or the key, is another.
    Wrong,
    /// The message carries none.
    Missing,
}

impl MacKey {
    /// AES-CMAC (NIST SP 800-38B, RFC 4493) with 16, 24 or 32 bytes of key; `None` for others.
    #[must_use]
    pub fn aes_cmac(key: &[u8]) -> Option<Self> {
        let sized = matches!(key.len(), 16 | 24 | 32);
        sized.then(|| Self(Algorithm::AesCmac(Zeroizing::new(key.to_vec()))))
    }

    /// Retail MAC: DES in CBC mode, the last block with both halves of the key (ISO/IEC 9797-1
    /// algorithm 3, ANSI X9.19).
    #[must_use]
    pub fn retail(key: &[u8; 16], padding: MacPadding) -> Self {
        Self(Algorithm::Retail(Zeroizing::new(*key), padding))
    }

    /// The "ECB" code of UnionPay terminals, with 8 bytes of key (DES) or 16 (triple DES); `None`
    /// for others. It is text: eight hexadecimal digits.
    ///
    /// The message is folded to one block before the key comes in, so whoever may exchange two of
    /// its blocks keeps the code: only for terminals that know no other.
    #[must_use]
    pub fn unionpay_ecb(key: &[u8]) -> Option<Self> {
        matches!(key.len(), 8 | 16).then(|| Self(Algorithm::Ecb(Zeroizing::new(key.to_vec()))))
    }

    /// The code of what it covers.
    #[must_use]
    pub fn make(&self, covered: &[u8]) -> [u8; MAC_BYTES] {
        let mut code = [0; MAC_BYTES];
        let full = match &self.0 {
            Algorithm::AesCmac(key) => match key.len() {
                16 => run::<Cmac<Aes128>>(key, &[covered]),
                24 => run::<Cmac<Aes192>>(key, &[covered]),
                _ => run::<Cmac<Aes256>>(key, &[covered]),
            },
            Algorithm::Retail(key, MacPadding::Zeros) => {
                run::<RetailMac<Des>>(&key[..], &[covered])
            }
            Algorithm::Retail(key, MacPadding::OneAndZeros) => {
                run::<RetailMac<Des>>(&key[..], &[covered, &[0x80]])
            }
            Algorithm::Ecb(key) => match key.len() {
                8 => folded::<Des>(key, covered),
                _ => folded::<TdesEde2>(key, covered),
            },
        };
        for (byte, made) in code.iter_mut().zip(full) {
            *byte = made;
        }
        code
    }
}

/// Runs one algorithm over all pieces. Constructors have checked the key's length.
fn run<M: Mac + KeyInit>(key: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else {
        return Vec::new();
    };
    pieces.iter().for_each(|piece| mac.update(piece));
    mac.finalize().into_bytes().to_vec()
}

/// The blocks of the message, the last filled up with zeros, exclusive-ored to one; its sixteen
/// hexadecimal digits in CBC mode; the first eight digits of what comes of that.
fn folded<C: BlockCipherEncrypt + KeyInit>(key: &[u8], covered: &[u8]) -> Vec<u8> {
    let Ok(cipher) = C::new_from_slice(key) else {
        return Vec::new();
    };
    let mut fold = [0_u8; MAC_BYTES];
    for piece in covered.chunks(MAC_BYTES) {
        fold.iter_mut().zip(piece).for_each(|(sum, byte)| *sum ^= byte);
    }
    let mut block = Array::default();
    for half in hex::text(&fold).as_bytes().chunks(MAC_BYTES) {
        block.iter_mut().zip(half).for_each(|(sum, digit)| *sum ^= digit);
        cipher.encrypt_block(&mut block);
    }
    hex::text(&block).into_bytes()
}

/// The field that carries the code: the last of the message, 64 or 128.
fn carrier(numbers: impl Iterator<Item = u8>) -> Option<u8> {
    numbers.last().filter(|number| matches!(number, 64 | 128))
}

impl View<'_> {
    /// Checks the code of the message, in constant time.
    #[must_use]
    pub fn verify_mac(&self, key: &MacKey) -> MacVerdict {
        let found = carrier(self.numbers()).and_then(|number| {
            let covered = self.bytes.get(self.fields.body()..self.start_of(number)?)?;
            Some((self.value(number)?, covered))
        });
        let Some((carried, covered)) = found else {
            return MacVerdict::Missing;
        };
        let made = key.make(covered);
        match made.get(..carried.len()) {
            Some(made) if !made.is_empty() && bool::from(made.ct_eq(&carried)) => MacVerdict::Valid,
            _ => MacVerdict::Wrong,
        }
    }

    /// Where a field starts, with its length prefix.
    fn start_of(&self, number: u8) -> Option<usize> {
        let (plan, span, _) = self.found(number)?;
        usize::from(span.start).checked_sub(usize::from(plan.prefix_bytes))
    }
}

impl Dialect {
    /// Appends a message with its code in field 128 if any field lies beyond 64, else in 64.
    ///
    /// # Errors
    /// As [`Dialect::encode`], and if the dialect has no binary field of up to eight bytes there.
    pub fn encode_with_mac(
        &self,
        message: &mut Message,
        key: &MacKey,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let beyond = message.bitmaps_min > 1 || message.numbers().any(|number| number > 64);
        let number = if beyond { 128 } else { 64 };
        let length = self.plan(number).filter(|plan| plan.is_binary() && plan.min == plan.max);
        let length = length.map(|plan| usize::from(plan.max)).filter(|length| *length <= MAC_BYTES);
        let Some(length) = length else {
            let text = format!("field {number}: the dialect has no room for a code there");
            return Err(EncodeError::new("unknown-field", text).of_field(number));
        };
        message.set_bytes(number, &[0; MAC_BYTES][..length]);
        let start = out.len();
        self.encode(message, out)?;
        let mut fields = Fields::new();
        let written = out.get(start..).unwrap_or(&[]);
        let body = self.view(written, &mut fields).ok().and_then(|view| {
            Some((view.start_of(number)?, written.get(view.fields.body()..view.start_of(number)?)?))
        });
        let Some((end, covered)) = body else {
            out.truncate(start);
            let text = "the message cannot be read back";
            return Err(EncodeError::new("content", text));
        };
        let code = key.make(covered);
        message.set_bytes(number, &code[..length]);
        out.truncate(start + end);
        if let Some(plan) = self.plan(number) {
            value::write(plan, &code[..length], out)
                .map_err(|unfit| EncodeError::of_value(self, number, None, &unfit))?;
        }
        Ok(())
    }
}
