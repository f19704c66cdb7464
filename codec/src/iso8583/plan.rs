//! The flat field plan that a table is compiled to: one small record a field, in one array.
//!
//! Everything that decoding asks of a field is decided here once: how many bytes a number of units
//! take, which check the bytes must pass, where its sub-fields are described.

use super::ebcdic::{character, from_latin1, latin1};
use super::hex;
use super::limits::BER_TAG_BYTES_MAX;
use super::schema::{Coding, Kind, Mask, PrefixCoding, Side, Sign};
use std::fmt;

/// Where a field's length comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Prefix {
    /// The table does not have this field.
    Undefined,
    /// Always `max` units.
    Fixed,
    /// All that is left of the message, or of the enclosing field.
    Rest,
    /// A prefix before the value.
    Coded(PrefixCoding),
}

/// How the number in a prefix becomes units: digits, characters, or bytes of binary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Count {
    /// It counts units.
    Units,
    /// It counts bytes of two digits.
    PackedBytes,
    /// It counts bytes: a sign, then two digits a byte.
    SignedBytes,
    /// It counts hexadecimal digits, two a unit.
    HexDigits,
}

/// How many bytes a number of units takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scale {
    /// One byte a unit.
    One,
    /// Two digits a byte, rounded up.
    Half,
    /// One byte for the sign, then as [`Scale::Half`].
    SignHalf,
    /// Two characters a unit: binary as hexadecimal text.
    Double,
}

/// What the bytes of a value must pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Check {
    /// Any bytes.
    Any,
    /// Packed decimal digits, filler included.
    Packed,
    /// Packed, any nibbles; only the filler is compared.
    PackedTrack,
    /// ASCII digits.
    Digits,
    /// Printable ASCII.
    Printable,
    /// ASCII letters, digits and spaces.
    Alphanumeric,
    /// Characters of one class of the code page.
    Class,
    /// A sign, then digits.
    Signed,
}

/// One field or sub-field, compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) prefix: Prefix,
    /// Bytes of the prefix.
    pub(crate) prefix_bytes: u8,
    pub(crate) count: Count,
    pub(crate) scale: Scale,
    pub(crate) check: Check,
    pub(crate) kind: Kind,
    pub(crate) coding: Coding,
    /// Side of the nibble that fills up an odd number of packed digits.
    pub(crate) pad: Side,
    /// That nibble.
    pub(crate) digit: u8,
    /// Another one that is read as well; the same if there is none.
    pub(crate) other: u8,
    pub(crate) sign: Sign,
    /// Where a value shorter than its fixed length is placed when it is sent.
    pub(crate) justify: Side,
    /// The character, ISO 8859-1, that fills it up.
    pub(crate) fill: u8,
    pub(crate) mask: Mask,
    /// Least and greatest length, in units; equal for a fixed field.
    pub(crate) min: u16,
    pub(crate) max: u16,
    /// Bytes of a fixed field.
    pub(crate) bytes: u16,
    /// Index among the dialect's names.
    pub(crate) name: u16,
    /// Index among the dialect's layouts plus one; 0 for none.
    pub(crate) layout: u16,
}

impl Plan {
    /// A field that the table does not have.
    pub(crate) const UNDEFINED: Self = Self {
        prefix: Prefix::Undefined,
        prefix_bytes: 0,
        count: Count::Units,
        scale: Scale::One,
        check: Check::Any,
        kind: Kind::Binary,
        coding: Coding::Binary,
        pad: Side::Left,
        digit: 0,
        other: 0,
        sign: Sign::Byte,
        justify: Side::Left,
        fill: b' ',
        mask: Mask::Shown,
        min: 0,
        max: 0,
        bytes: 0,
        name: 0,
        layout: 0,
    };

    /// A value of TLV layouts that the table says nothing of: whatever bytes there are.
    pub(crate) const OPAQUE: Self = Self { prefix: Prefix::Rest, max: u16::MAX, ..Self::UNDEFINED };

    /// Whether the table has this field.
    pub(crate) const fn is_defined(&self) -> bool {
        !matches!(self.prefix, Prefix::Undefined)
    }

    /// Bytes that this many units take.
    #[inline]
    pub(crate) const fn bytes_of(&self, units: usize) -> usize {
        match self.scale {
            Scale::One => units,
            Scale::Half => units.div_ceil(2),
            Scale::SignHalf => units.div_ceil(2) + (units + 1) % 2,
            Scale::Double => units.saturating_mul(2),
        }
    }

    /// Units in this many bytes, for values whose length is that of what encloses them.
    pub(crate) const fn units_of(&self, bytes: usize) -> usize {
        match self.scale {
            Scale::One => bytes,
            Scale::Half => bytes.saturating_mul(2),
            Scale::SignHalf => bytes.saturating_mul(2).saturating_sub(1),
            Scale::Double => bytes / 2,
        }
    }

    /// Whether any bytes would do.
    pub(crate) const fn is_opaque(&self) -> bool {
        matches!(self.check, Check::Any)
    }

    /// Whether the value is shown as hexadecimal, not as text.
    pub(crate) const fn is_binary(&self) -> bool {
        matches!(self.kind, Kind::Binary)
    }
}

/// How a sub-field is distinguished from its neighbours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    /// By its place; shown by its name.
    Place,
    /// By its bit in the composite's bitmap.
    Number(u16),
    /// By its tag.
    Tag(Tag),
}

/// The tag of a sub-field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tag {
    /// Its bytes, as they travel; the rest is zero.
    bytes: [u8; BER_TAG_BYTES_MAX],
    length: u8,
    /// The encoding that makes characters of them; shown as hexadecimal if it makes none.
    coding: Coding,
}

impl Tag {
    /// The tag of this many bytes; `None` if they are too many.
    pub(crate) fn new(wire: &[u8], coding: Coding) -> Option<Self> {
        let mut bytes = [0; BER_TAG_BYTES_MAX];
        bytes.get_mut(..wire.len())?.copy_from_slice(wire);
        Some(Self { bytes, length: u8::try_from(wire.len()).ok()?, coding })
    }

    /// The tag that is written so in a table or in JSON.
    pub(crate) fn parse(text: &str, coding: Coding) -> Option<Self> {
        if coding.is_characters() {
            let wire: Vec<u8> = text
                .chars()
                .map(|character| Some(from_latin1(coding, latin1(coding, character)?)))
                .collect::<Option<_>>()?;
            Self::new(&wire, coding)
        } else {
            Self::new(&hex::parse(text.as_bytes()).ok()?, coding)
        }
    }

    pub(crate) fn wire(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&[])
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wire().iter().try_for_each(|&byte| {
            if self.coding.is_characters() {
                write!(f, "{}", character(self.coding, byte))
            } else {
                write!(f, "{byte:02X}")
            }
        })
    }
}

/// One sub-field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) key: Key,
    pub(crate) plan: Plan,
}

/// How the sub-fields of a field lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) form: Form,
    /// First of its parts among all parts of the dialect.
    pub(crate) first: u16,
    /// How many parts it has.
    pub(crate) count: u16,
}

/// The forms of layouts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// Digits of a packed value, cut by position: parts need not start at a byte.
    Digits,
    /// Parts one after another, each by its own plan.
    Sequence,
    /// A bitmap, then those parts whose bit is set.
    Bitmap {
        /// Bytes of the bitmap before encoding.
        bytes: u8,
        coding: Coding,
    },
    /// Tag, length, value; both of fixed size.
    Tlv {
        tag_bytes: u8,
        tag: Coding,
        length_bytes: u8,
        length: PrefixCoding,
        /// Values of tags that the table does not list.
        other: Plan,
    },
    /// BER-TLV (ISO 8825-1, EMV book 3 annex B).
    Ber,
}

#[cfg(test)]
mod tests {
    use super::{Plan, Scale};

    #[test]
    fn bytes_and_units_agree_for_every_scale() {
        for scale in [Scale::One, Scale::Half, Scale::SignHalf, Scale::Double] {
            let plan = Plan { scale, ..Plan::OPAQUE };
            for bytes in (2..40).step_by(2) {
                assert_eq!(plan.bytes_of(plan.units_of(bytes)), bytes, "{scale:?}");
            }
        }
    }

    #[test]
    fn a_sign_of_its_own_byte_stands_before_packed_digits() {
        let plan = Plan { scale: Scale::SignHalf, ..Plan::OPAQUE };
        assert_eq!((plan.bytes_of(9), plan.bytes_of(17), plan.bytes_of(8)), (5, 9, 5));
    }
}
