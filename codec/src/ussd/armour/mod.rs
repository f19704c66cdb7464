//! Armour: a sealed frame as text that every USSD centre carries unchanged.
//!
//! ```text
//! +------+--------+--------------------------------- - -+
//! | form | length | frame | check                        |
//! +------+--------+--------------------------------- - -+
//!   1      2 or 3   in blocks of symbols
//! ```
//!
//! * **form**: `T` for text, `1` for digits. Another first symbol is another version, or no armour.
//! * **length** of the frame in bytes, a number in the symbols of the form: 2 symbols of text, 3
//!   digits. It comes first, so that whatever was cut off is missed with certainty.
//! * **check**: CRC-16 (polynomial 0x1021, start 0xFFFF; `123456789` gives 0x29B1) over the form
//!   symbol, the length in 2 bytes and the frame; high byte first. The sealed frame has a stronger
//!   tag of its own; this one tells damage on the way from a forgery.
//! * **blocks**: frame and check are cut into blocks, each a big-endian number that is written with
//!   a fixed number of symbols, the most significant first:
//!
//! | form | symbols | bytes of a block | symbols of a block of 1, 2, … bytes |
//! |---|---|---|---|
//! | text | `A-Z a-z 0-9 - .` stand for 0 to 63 | 3 | 2, 3, 4 |
//! | digits | `0-9` | 7 | 3, 5, 8, 10, 13, 15, 17 |
//!
//! All symbols have the same code in ASCII, Latin 1, IA5 and the GSM default alphabet, none is
//! `*` or `#`, and none is changed by URLs, forms, XML or JSON. Digits alone pass where a handset
//! dials them: `*123*1…#`.
//!
//! | form | characters | 160 of them carry | 182 carry |
//! |---|---|---|---|
//! | text | 4/3 of the bytes, and 6 | 115 bytes | 132 bytes |
//! | digits | 17/7 of the bytes, and 9 | 62 bytes | 71 bytes |

mod error;
mod form;

pub use error::{ArmourError, FrameTooLong};
pub use form::Form;

use form::BLOCK_BYTES_MAX;

/// Longest frame that is armoured, in bytes: what 182 symbols of text carry.
pub const FRAME_BYTES_MAX: usize = 132;

const CHECK_BYTES: usize = 2;

impl Form {
    /// Symbols that a frame of this many bytes takes.
    #[must_use]
    pub const fn symbols(self, frame_bytes: usize) -> usize {
        self.head_symbols() + self.block_symbols(frame_bytes + CHECK_BYTES)
    }

    /// Bytes of the longest frame that fits this many symbols; `None` if no frame does.
    #[must_use]
    pub const fn frame_bytes_max(self, symbols: usize) -> Option<usize> {
        let mut bytes = FRAME_BYTES_MAX;
        // Bound: FRAME_BYTES_MAX steps.
        while self.symbols(bytes) > symbols {
            match bytes.checked_sub(1) {
                Some(fewer) => bytes = fewer,
                None => return None,
            }
        }
        Some(bytes)
    }

    /// Symbols of form and length.
    const fn head_symbols(self) -> usize {
        1 + self.length_symbols()
    }
}

/// Appends the armoured frame to `out`.
///
/// # Errors
/// [`FrameTooLong`] when the frame has over [`FRAME_BYTES_MAX`] bytes.
pub fn encode(form: Form, frame: &[u8], out: &mut Vec<u8>) -> Result<(), FrameTooLong> {
    if frame.len() > FRAME_BYTES_MAX {
        return Err(FrameTooLong { length: frame.len() });
    }
    let length = u8::try_from(frame.len()).expect("FRAME_BYTES_MAX fits 8 bits");
    let start = out.len();
    out.push(form.mark());
    form.write_number(u64::from(length), form.length_symbols(), out);
    let check = crc16([&[form.mark(), 0, length], frame]).to_be_bytes();
    let mut bytes = frame.iter().chain(&check);
    loop {
        let (mut number, mut count) = (0, 0);
        for byte in bytes.by_ref().take(form.block_bytes()) {
            number = number << 8 | u64::from(*byte);
            count += 1;
        }
        if count == 0 {
            break;
        }
        form.write_number(number, form.block_symbols(count), out);
    }
    assert_eq!(out.len() - start, form.symbols(frame.len()), "as many symbols as announced");
    Ok(())
}

/// Appends the frame of an armoured text to `out` and says which form it had. White space at the
/// end, with which some centres pad, is not looked at.
///
/// # Errors
/// [`ArmourError`] when it is no armour, or was cut or changed on the way; `out` is then as it was.
pub fn decode(text: &[u8], out: &mut Vec<u8>) -> Result<Form, ArmourError> {
    let start = out.len();
    let result = open(text.trim_ascii_end(), out);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn open(text: &[u8], out: &mut Vec<u8>) -> Result<Form, ArmourError> {
    let (&mark, _) = text.split_first().ok_or(ArmourError::Empty)?;
    let form = Form::of_mark(mark).ok_or(ArmourError::Form { found: mark })?;
    let head_symbols = form.head_symbols();
    let Some((head, body)) = text.split_at_checked(head_symbols) else {
        return Err(ArmourError::Truncated { needed: head_symbols, found: text.len() });
    };
    let length = form.read_number(head, 1)?;
    let length = u8::try_from(length).unwrap_or(u8::MAX);
    let frame_bytes = usize::from(length);
    if frame_bytes > FRAME_BYTES_MAX {
        return Err(ArmourError::TooLong);
    }
    let (needed, found) = (form.symbols(frame_bytes), text.len());
    if found < needed {
        return Err(ArmourError::Truncated { needed, found });
    }
    if found > needed {
        return Err(ArmourError::Trailing { offset: needed });
    }
    let start = out.len();
    let mut left = frame_bytes + CHECK_BYTES;
    let mut offset = head_symbols;
    for block in body.chunks(form.block_symbols(form.block_bytes())) {
        let count = left.min(form.block_bytes());
        let number = form.read_number(&text[..offset + block.len()], offset)?;
        let bytes = number.to_be_bytes();
        let (high, low) = bytes.split_at(bytes.len() - count);
        if high.iter().any(|byte| *byte != 0) {
            return Err(ArmourError::Block { offset });
        }
        out.extend_from_slice(low);
        left -= count;
        offset += block.len();
    }
    let (frame, check) = out[start..].split_at(frame_bytes);
    if check != crc16([&[mark, 0, length], frame]).to_be_bytes() {
        return Err(ArmourError::Check);
    }
    out.truncate(start + frame_bytes);
    Ok(form)
}

/// CRC-16 with polynomial 0x1021 and start 0xFFFF, not reflected (CRC-16/IBM-3740).
fn crc16(parts: [&[u8]; 2]) -> u16 {
    let mut crc = 0xFFFF_u16;
    for byte in parts.into_iter().flatten() {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            let carry = crc & 0x8000 != 0;
            crc <<= 1;
            if carry {
                crc ^= 0x1021;
            }
        }
    }
    crc
}

const _: () = assert!(BLOCK_BYTES_MAX < size_of::<u64>());
const _: () = assert!(FRAME_BYTES_MAX <= 0xFF);
const _: () = assert!(matches!(Form::Text.frame_bytes_max(182), Some(FRAME_BYTES_MAX)));
const _: () = assert!(matches!(Form::Text.frame_bytes_max(160), Some(115)));
const _: () = assert!(matches!(Form::Digits.frame_bytes_max(182), Some(71)));
const _: () = assert!(matches!(Form::Digits.frame_bytes_max(160), Some(62)));

#[cfg(test)]
mod tests {
    use super::crc16;

    #[test]
    fn the_check_has_the_value_of_the_catalogue() {
        assert_eq!(crc16([b"1234", b"56789"]), 0x29B1);
    }
}
