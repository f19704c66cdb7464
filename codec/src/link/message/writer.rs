//! Writing a body: the inverse of [`super::reader`], appending to the caller's buffer.

use super::declare::Value;
use super::reader::LONG_LENGTH;
use super::tag::Tag;
use tillgate_types::BusinessDate;
use tillgate_types::ResponseCode;

/// What a body is written into.
pub(in crate::link) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Appends one body to a buffer. Does not allocate if the buffer has room.
pub(in crate::link) struct Writer<'o, S = Vec<u8>> {
    out: &'o mut S,
}

impl<'o, S: Sink> Writer<'o, S> {
    /// Starts a body with its message type.
    pub(in crate::link) fn start(message_type: u8, out: &'o mut S) -> Self {
        out.put(&[message_type]);
        Self { out }
    }

    /// A value, in its form.
    #[inline]
    pub(super) fn value<'a, T: Value<'a>>(&mut self, tag: &'static Tag, value: T) {
        value.write(self, tag);
    }

    /// As [`Self::value`], unless it is what it would be if it were left out.
    #[inline]
    pub(super) fn unless<'a, T: Value<'a>>(&mut self, tag: &'static Tag, value: T, left_out: T) {
        if value != left_out {
            value.write(self, tag);
        }
    }

    /// Big-endian without leading zero bytes; zero has no bytes.
    pub(in crate::link) fn unsigned(&mut self, tag: &'static Tag, value: impl Into<u64>) {
        let value = value.into();
        let bytes = value.to_be_bytes();
        let zeros = usize::try_from(value.leading_zeros() / 8).expect("there are 8 bytes");
        self.field(tag, &bytes[zeros..]);
    }

    /// Two's complement, big-endian, without leading bytes that only repeat the sign; zero has
    /// none.
    pub(in crate::link) fn signed(&mut self, tag: &'static Tag, value: i64) {
        let bytes = value.to_be_bytes();
        let sign = if value < 0 { 0xFF } else { 0x00 };
        let mut start = bytes.iter().take_while(|byte| **byte == sign).count();
        let lost_sign = bytes.get(start).is_none_or(|byte| (*byte >= 0x80) != (value < 0));
        if value != 0 && lost_sign {
            start -= 1;
        }
        self.field(tag, &bytes[start..]);
    }

    pub(in crate::link) fn text(&mut self, tag: &'static Tag, value: &str) {
        self.field(tag, value.as_bytes());
    }

    /// A date, in days.
    pub(in crate::link) fn date(&mut self, tag: &'static Tag, value: BusinessDate) {
        self.unsigned(tag, value.0);
    }

    /// A response code, two bytes.
    pub(in crate::link) fn code(&mut self, tag: &'static Tag, value: ResponseCode) {
        self.field(tag, &value.0);
    }

    fn field(&mut self, tag: &'static Tag, value: &[u8]) {
        assert!(
            value.len() <= tag.bytes_max,
            "{} of ours has {} bytes, over its bound of {}",
            tag.name,
            value.len(),
            tag.bytes_max
        );
        self.raw(tag.number, value);
    }

    /// A field of any tag, as it is.
    ///
    /// # Panics
    /// If the value has more than 65,535 bytes.
    pub(in crate::link) fn raw(&mut self, number: u8, value: &[u8]) {
        match u8::try_from(value.len()) {
            Ok(short) if short < LONG_LENGTH => self.out.put(&[number, short]),
            _ => {
                let long = u16::try_from(value.len()).expect("a value fits 16 bits");
                let [high, low] = long.to_be_bytes();
                self.out.put(&[number, LONG_LENGTH, high, low]);
            }
        }
        self.out.put(value);
    }
}
