//! Bodies of the terminals' protocol: a sale read, an answer written.

use tillgate_codec::link::message::{Answer, BusinessDate, DICTIONARY, Sale};

/// The message type of a sale, and of an answer.
const SALE: u8 = 0x02;
const ANSWER: u8 = 0x82;
/// The byte that announces a length of 16 bits.
const LONG: u8 = 0xff;
/// Longest value of every tag known; there is no tag 0.
const BYTES_MAX: [usize; DICTIONARY.len() + 1] = {
    let (mut bytes, mut index) = ([2_048; DICTIONARY.len() + 1], 0);
    while index < DICTIONARY.len() {
        bytes[index + 1] = DICTIONARY[index].bytes_max;
        index += 1;
    }
    bytes
};

/// Reads a sale.
#[must_use]
pub fn sale(body: &[u8]) -> Option<Sale<'_>> {
    let (&SALE, mut rest) = body.split_first()? else { return None };
    let (mut stan, mut date, mut service, mut amount, mut currency) =
        (None, None, None, None, None);
    let (mut product, mut subscriber, mut token, mut fee) = (0, "", 0, 0);
    let mut seen = 0_u64;
    while let Some((&tag, after)) = rest.split_first() {
        let (&length, after) = after.split_first()?;
        let (length, after) = if length == LONG {
            let (&long, after) = after.split_first_chunk()?;
            let long = u16::from_be_bytes(long);
            (usize::from(if long < u16::from(LONG) { return None } else { long }), after)
        } else {
            (usize::from(length), after)
        };
        let (value, after) = after.split_at_checked(length)?;
        rest = after;
        if let Some(&bytes_max) = BYTES_MAX.get(usize::from(tag)) {
            let bit = if tag == 0 { 0 } else { 1 << tag };
            if seen & bit != 0 || length > bytes_max {
                return None;
            }
            seen |= bit;
        }
        match tag {
            1 => stan = Some(u32::try_from(number(value)?).ok()?),
            2 => date = Some(u16::try_from(number(value)?).ok()?),
            5 => amount = Some(number(value)?),
            6 => currency = Some(u16::try_from(number(value)?).ok()?),
            7 => service = Some(u16::try_from(number(value)?).ok()?),
            8 => product = u16::try_from(number(value)?).ok()?,
            9 => subscriber = std::str::from_utf8(value).ok()?,
            0x27 => token = number(value)?,
            0x2a => fee = number(value)?,
            _ => {}
        }
    }
    Some(Sale {
        stan: stan?,
        date: BusinessDate(date?),
        service: service?,
        product,
        amount_minor: amount?,
        currency: currency?,
        subscriber,
        token,
        fee_minor: fee,
    })
}

/// A big-endian number without leading zeros.
#[inline]
fn number(value: &[u8]) -> Option<u64> {
    if value.first() == Some(&0) {
        return None;
    }
    Some(value.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// Writes an approved sale's answer.
#[must_use]
pub fn answer(answer: &Answer<'_>, out: &mut Vec<u8>) -> Option<()> {
    out.push(ANSWER);
    bytes(0x0d, answer.rrn.as_bytes(), out)?;
    if !answer.reference.is_empty() {
        bytes(0x0e, answer.reference.as_bytes(), out)?;
    }
    unsigned(5, answer.amount_minor, out)?;
    if answer.fee_minor != 0 || answer.tax_minor != 0 {
        unsigned(0x2a, answer.fee_minor, out)?;
        unsigned(0x2b, answer.tax_minor, out)?;
    }
    if let Some(balance) = answer.balance_minor {
        signed(0x0f, balance, out)?;
    }
    if let Some(slip) = &answer.voucher {
        bytes(0x10, slip.serial.as_bytes(), out)?;
        bytes(0x11, slip.pin.as_bytes(), out)?;
        unsigned(0x12, u64::from(slip.expiry.0), out)?;
    }
    if !answer.lines.is_empty() {
        bytes(0x13, answer.lines.as_bytes(), out)?;
    }
    out.extend_from_slice(&[0x14, 1, 1]);
    unsigned(1, u64::from(answer.stan), out)?;
    unsigned(2, u64::from(answer.date.0), out)?;
    bytes(3, &answer.code.0, out)?;
    unsigned(4, answer.time_s, out)
}

#[inline]
fn unsigned(tag: u8, value: u64, out: &mut Vec<u8>) -> Option<()> {
    let zeros = usize::try_from(value.leading_zeros() / 8).ok()?;
    bytes(tag, &value.to_be_bytes()[zeros..], out)
}

#[inline]
fn signed(tag: u8, value: i64, out: &mut Vec<u8>) -> Option<()> {
    let same = (value ^ (value >> 63)).leading_zeros() - 1;
    let spare = if value == 0 { 8 } else { usize::try_from(same / 8).ok()? };
    bytes(tag, &value.to_be_bytes()[spare..], out)
}

#[inline]
fn bytes(tag: u8, value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let length = u8::try_from(value.len()).ok().filter(|length| *length < LONG);
    match length {
        Some(length) => out.extend_from_slice(&[tag, length]),
        None => {
            let [high, low] = u16::try_from(value.len()).ok()?.to_be_bytes();
            out.extend_from_slice(&[tag, LONG, high, low]);
        }
    }
    out.extend_from_slice(value);
    Some(())
}
