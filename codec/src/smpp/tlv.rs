//! Optional parameters: tag, length, and the value as it lies on the wire.
//!
//! ```text
//!  0     2        4            4 + length
//! +-----+--------+------------+---- - -
//! | tag | length | value      | tag         both numbers of 16 bits, big-endian
//! +-----+--------+------------+---- - -
//! ```
//!
//! The length on the wire always counts, also for tags whose size the specification fixes: a codec
//! that takes the size from its own table can be made to read parameters that are not there.

use std::fmt;

use nom::IResult;

use super::session::{ItsSessionInfo, UssdServiceOp};
use super::tag::Tag;
use crate::bytes::{chunk, take};

/// One optional parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// What it is.
    pub tag: Tag,
    /// Its value, of any length.
    pub value: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// A parameter of ours.
    #[must_use]
    pub const fn new(tag: Tag, value: &'a [u8]) -> Self {
        Self { tag, value }
    }

    /// The value as a big-endian number, if it has one to four octets.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        match self.value {
            [] | [_, _, _, _, _, ..] => None,
            octets => Some(octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet))),
        }
    }
}

impl fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The value may be a text with a voucher's PIN in it.
        write!(f, "{}[{}]", self.tag, self.value.len())
    }
}

/// The optional parameters of a PDU, read one by one.
///
/// A parameter that is cut off, and whatever follows it, is left out; [`Self::ignored`] counts it.
#[derive(Clone, Copy)]
pub struct Tlvs<'a>(Kept<'a>);

#[derive(Clone, Copy)]
enum Kept<'a> {
    Wire(&'a [u8]),
    List(&'a [Tlv<'a>]),
}

impl<'a> Tlvs<'a> {
    /// No parameters.
    pub const NONE: Self = Self(Kept::List(&[]));

    /// The parameters that these octets hold.
    #[must_use]
    pub const fn wire(octets: &'a [u8]) -> Self {
        Self(Kept::Wire(octets))
    }

    /// Parameters to send, in this order.
    #[must_use]
    pub const fn list(tlvs: &'a [Tlv<'a>]) -> Self {
        Self(Kept::List(tlvs))
    }

    /// One after the other.
    #[must_use]
    pub const fn iter(&self) -> TlvIter<'a> {
        TlvIter(self.0)
    }

    /// The first parameter with that tag.
    #[must_use]
    pub fn find(&self, tag: Tag) -> Option<Tlv<'a>> {
        self.iter().find(|tlv| tlv.tag == tag)
    }

    /// How many octets at the end make no whole parameter.
    #[must_use]
    pub fn ignored(&self) -> usize {
        let mut rest = self.iter();
        rest.by_ref().for_each(drop);
        match rest.0 {
            Kept::Wire(octets) => octets.len(),
            Kept::List(_) => 0,
        }
    }

    /// What a USSD message does. Taken from any length of value whose number fits one octet.
    #[must_use]
    pub fn ussd_service_op(&self) -> Option<UssdServiceOp> {
        let number = self.find(Tag::USSD_SERVICE_OP)?.number()?;
        u8::try_from(number).ok().map(UssdServiceOp)
    }

    /// Session and dialogue numbers, where the value has its two octets.
    #[must_use]
    pub fn its_session_info(&self) -> Option<ItsSessionInfo> {
        match *self.find(Tag::ITS_SESSION_INFO)?.value {
            [high, low] => Some(ItsSessionInfo(u16::from_be_bytes([high, low]))),
            _ => None,
        }
    }
}

impl<'a> IntoIterator for &Tlvs<'a> {
    type Item = Tlv<'a>;
    type IntoIter = TlvIter<'a>;

    fn into_iter(self) -> TlvIter<'a> {
        self.iter()
    }
}

impl PartialEq for Tlvs<'_> {
    /// Equal if the same parameters come in the same order.
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Tlvs<'_> {}

impl fmt::Debug for Tlvs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// Gives the parameters of a [`Tlvs`] one by one.
#[derive(Clone)]
pub struct TlvIter<'a>(Kept<'a>);

impl<'a> Iterator for TlvIter<'a> {
    type Item = Tlv<'a>;

    #[inline]
    fn next(&mut self) -> Option<Tlv<'a>> {
        match &mut self.0 {
            Kept::Wire(octets) => {
                let (rest, tlv) = one(octets).ok()?;
                *octets = rest;
                Some(tlv)
            }
            Kept::List(tlvs) => {
                let (first, rest) = tlvs.split_first()?;
                *tlvs = rest;
                Some(*first)
            }
        }
    }
}

/// One whole parameter. Fails only if octets are missing.
#[inline]
fn one(octets: &[u8]) -> IResult<&[u8], Tlv<'_>, ()> {
    let (rest, [tag_high, tag_low, high, low]) = chunk(octets)?;
    let (rest, value) = take(usize::from(u16::from_be_bytes([high, low])), rest)?;
    Ok((rest, Tlv { tag: Tag(u16::from_be_bytes([tag_high, tag_low])), value }))
}
