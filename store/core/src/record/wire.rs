//! Numbers and texts in rows: big-endian, texts behind their length.

use arrayvec::ArrayVec;

use crate::ids::{Key, Text};
use crate::vault::Sealed;
use tillgate_types::BusinessDate;
use tillgate_types::ResponseCode;

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw(pub &'static str);

/// Takes a row apart from its front.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Over all of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Flaw> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Flaw("too short"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Flaw("too short"))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, Flaw> {
        self.array().map(u8::from_be_bytes)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Result<u16, Flaw> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, Flaw> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Result<u64, Flaw> {
        self.array().map(u64::from_be_bytes)
    }

    /// Eight bytes, two's complement.
    pub fn i64(&mut self) -> Result<i64, Flaw> {
        self.array().map(i64::from_be_bytes)
    }

    /// 0 or 1.
    pub fn flag(&mut self) -> Result<bool, Flaw> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Flaw("a flag that is neither 0 nor 1")),
        }
    }

    /// A date.
    pub fn date(&mut self) -> Result<BusinessDate, Flaw> {
        self.u16().map(BusinessDate)
    }

    /// A response code.
    pub fn code(&mut self) -> Result<ResponseCode, Flaw> {
        self.array().map(ResponseCode)
    }

    /// A transaction's key.
    pub fn key(&mut self) -> Result<Key, Flaw> {
        Key::from_bytes(self.bytes(Key::BYTES)?).ok_or(Flaw("too short"))
    }

    /// A text behind one length byte.
    pub fn text<const N: usize>(&mut self) -> Result<Text<N>, Flaw> {
        let length = usize::from(self.u8()?);
        text(self.bytes(length)?)
    }

    /// A text behind two length bytes.
    pub fn string(&mut self) -> Result<String, Flaw> {
        let length = usize::from(self.u16()?);
        let bytes = self.bytes(length)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Flaw("text is not UTF-8"))
    }

    /// A sealed secret.
    pub fn sealed(&mut self) -> Result<Sealed, Flaw> {
        let (kek_id, nonce, length) = (self.u32()?, self.array()?, usize::from(self.u8()?));
        let bytes = ArrayVec::try_from(self.bytes(length)?);
        let bytes = bytes.map_err(|_| Flaw("sealed secret is too long"))?;
        Ok(Sealed { kek_id, nonce, bytes })
    }

    /// Whether everything was taken; `what` names what is wrong if not.
    pub fn finish(&self, what: &'static str) -> Result<(), Flaw> {
        if self.rest.is_empty() { Ok(()) } else { Err(Flaw(what)) }
    }
}

/// The text of all of `bytes`.
pub fn text<const N: usize>(bytes: &[u8]) -> Result<Text<N>, Flaw> {
    let text = std::str::from_utf8(bytes).map_err(|_| Flaw("text is not UTF-8"))?;
    Text::from(text).map_err(|_| Flaw("text is too long"))
}

/// Appends two bytes.
pub fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends four bytes.
pub fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends eight bytes.
pub fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends eight bytes, two's complement.
pub fn put_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends a text behind one length byte.
///
/// # Panics
/// If it is longer than 255 bytes: every [`Text`] is shorter.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    out.push(u8::try_from(text.len()).expect("inline texts are shorter than 256 bytes"));
    out.extend_from_slice(text.as_bytes());
}

/// Appends a text behind two length bytes.
///
/// # Panics
/// If it is longer than 65,535 bytes: the ledger refuses a change with longer texts.
pub fn put_string(out: &mut Vec<u8>, text: &str) {
    put_u16(out, u16::try_from(text.len()).expect("texts are bounded before they are stored"));
    out.extend_from_slice(text.as_bytes());
}

/// Appends a sealed secret.
pub fn put_sealed(out: &mut Vec<u8>, sealed: &Sealed) {
    put_u32(out, sealed.kek_id);
    out.extend_from_slice(&sealed.nonce);
    out.push(u8::try_from(sealed.bytes.len()).expect("sealed secrets have at most 64 bytes"));
    out.extend_from_slice(&sealed.bytes);
}
