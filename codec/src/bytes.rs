//! Bytes from the front of an input, as nom's parsers give them.
//!
//! They are our own because nom's `take` and its numbers are not inlined here and cost more than
//! everything else that is done with a short field.

use nom::IResult;

/// This many bytes.
#[inline]
pub(crate) fn take(count: usize, input: &[u8]) -> IResult<&[u8], &[u8], ()> {
    match input.split_at_checked(count) {
        Some((taken, rest)) => Ok((rest, taken)),
        None => Err(nom::Err::Error(())),
    }
}

/// `N` bytes.
#[inline]
pub(crate) fn chunk<const N: usize>(input: &[u8]) -> IResult<&[u8], [u8; N], ()> {
    match input.split_first_chunk() {
        Some((taken, rest)) => Ok((rest, *taken)),
        None => Err(nom::Err::Error(())),
    }
}
