//! Values in rows: big-endian, texts and lists behind their length. [`Stored`] says how each is
//! written and read; the rows themselves are declared with `record!`, their parts with `stored!`.

use arrayvec::ArrayVec;

use super::{KeyBytes, Language, ReceiptTag};
use crate::ids::{BridgeTag, Key, StoreId, Text};
use crate::vault::Sealed;
use tillgate_types::{
    BusinessDate, DistributorId, ProductId, ResponseCode, SellerId, ServiceId, TerminalId,
};

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw(pub &'static str);

/// A value that rows have: written as it is read.
pub trait Stored: Sized {
    /// Appends it.
    fn put(&self, out: &mut impl Sink);

    /// Takes it from the front.
    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw>;
}

/// Where rows are written to: a row key in place, or the buffer of a value.
pub trait Sink {
    /// Appends bytes.
    fn bytes(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Sink for KeyBytes {
    fn bytes(&mut self, bytes: &[u8]) {
        self.try_extend_from_slice(bytes).expect("row keys have room for their longest parts");
    }
}

/// Takes a row apart from its front.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// The version of the row.
    pub(super) version: u8,
}

impl<'a> Reader<'a> {
    /// Over all of `bytes` of a row of this version.
    pub fn new(bytes: &'a [u8], version: u8) -> Self {
        Self { rest: bytes, version }
    }

    /// The next value.
    pub fn get<T: Stored>(&mut self) -> Result<T, Flaw> {
        T::take(self)
    }

    /// The next value, or the one that rows before a version had.
    pub(super) fn since<T: Stored>(
        &mut self,
        version: u8,
        before: impl FnOnce() -> T,
    ) -> Result<T, Flaw> {
        if self.version >= version { self.get() } else { Ok(before()) }
    }

    /// The next `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Flaw> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Flaw("too short"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Takes what has to be there; `what` names what is wrong if it is not.
    pub(super) fn expect(&mut self, wanted: &[u8], what: &'static str) -> Result<(), Flaw> {
        match self.bytes(wanted.len()) {
            Ok(found) if found == wanted => Ok(()),
            _ => Err(Flaw(what)),
        }
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

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Stored for $number {
            fn put(&self, out: &mut impl Sink) {
                out.bytes(&self.to_be_bytes());
            }

            fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
                from.get().map(Self::from_be_bytes)
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, i64);

/// Names that are written as what they are made of.
macro_rules! names {
    ($($name:ident),*) => {$(
        impl Stored for $name {
            fn put(&self, out: &mut impl Sink) {
                self.0.put(out);
            }

            fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
                from.get().map(Self)
            }
        }
    )*};
}

names!(BusinessDate, ResponseCode, TerminalId, SellerId, DistributorId, ServiceId, ProductId);
names!(BridgeTag, StoreId, ReceiptTag, Language);

impl<const N: usize> Stored for [u8; N] {
    fn put(&self, out: &mut impl Sink) {
        out.bytes(self);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        let (taken, rest) = from.rest.split_first_chunk().ok_or(Flaw("too short"))?;
        from.rest = rest;
        Ok(*taken)
    }
}

impl Stored for bool {
    fn put(&self, out: &mut impl Sink) {
        u8::from(*self).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        match from.get()? {
            0_u8 => Ok(false),
            1 => Ok(true),
            _ => Err(Flaw("a flag that is neither 0 nor 1")),
        }
    }
}

impl<T: Stored> Stored for Option<T> {
    fn put(&self, out: &mut impl Sink) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        if from.get()? { from.get().map(Some) } else { Ok(None) }
    }
}

impl<T: Stored> Stored for Box<T> {
    fn put(&self, out: &mut impl Sink) {
        T::put(self, out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        from.get().map(Self::new)
    }
}

/// A list behind two length bytes.
impl<T: Stored> Stored for Vec<T> {
    /// # Panics
    /// If there are more than 65,535: the ledger refuses a change with longer lists.
    fn put(&self, out: &mut impl Sink) {
        u16::try_from(self.len()).expect("every list of a record has a bound").put(out);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        (0..from.get::<u16>()?).map(|_| from.get()).collect()
    }
}

impl<A: Stored, B: Stored> Stored for (A, B) {
    fn put(&self, out: &mut impl Sink) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        Ok((from.get()?, from.get()?))
    }
}

/// A text behind one length byte.
impl<const N: usize> Stored for Text<N> {
    fn put(&self, out: &mut impl Sink) {
        u8::try_from(self.len()).expect("inline texts are shorter than 256 bytes").put(out);
        out.bytes(self.as_bytes());
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        let length = from.get::<u8>()?;
        text(from.bytes(length.into())?)
    }
}

/// A text behind two length bytes.
impl Stored for String {
    /// # Panics
    /// If it is longer than 65,535 bytes: the ledger refuses a change with longer texts.
    fn put(&self, out: &mut impl Sink) {
        u16::try_from(self.len()).expect("texts are bounded before they are stored").put(out);
        out.bytes(self.as_bytes());
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        let length = from.get::<u16>()?;
        let bytes = from.bytes(length.into())?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Flaw("text is not UTF-8"))
    }
}

impl Stored for Key {
    fn put(&self, out: &mut impl Sink) {
        out.bytes(&self.to_bytes());
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        Self::from_bytes(from.bytes(Self::BYTES)?).ok_or(Flaw("too short"))
    }
}

impl Stored for Sealed {
    fn put(&self, out: &mut impl Sink) {
        self.kek_id.put(out);
        self.nonce.put(out);
        u8::try_from(self.bytes.len()).expect("sealed secrets have at most 64 bytes").put(out);
        out.bytes(&self.bytes);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        let (kek_id, nonce, length) = (from.get()?, from.get()?, from.get::<u8>()?);
        let bytes = ArrayVec::try_from(from.bytes(length.into())?);
        let bytes = bytes.map_err(|_| Flaw("sealed secret is too long"))?;
        Ok(Self { kek_id, nonce, bytes })
    }
}
