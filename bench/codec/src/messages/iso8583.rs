//! ISO 8583: the four messages that jPOS and moov were measured with, and one for peers that read
//! nothing but ASCII under a binary bitmap.

use tillgate_codec::iso8583::{Dialect, Message, Mti, Tpdu};

/// A message as values and as bytes.
pub struct Golden {
    /// How it is written.
    pub dialect: Dialect,
    /// Its values.
    pub message: Message,
    /// Its bytes, without frame length.
    pub bytes: Vec<u8>,
}

/// Text to cut values from.
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH";
const DIGITS: &str = "1234567890123456789012345678901234567890123";

/// Chip data of a sale: 21 objects, 157 bytes.
const CHIP: &str = "5F2A020978820238008407A000000003101095050080008000\
    9A032611239C01009F02060000000150009F03060000000000009F090200969F101C\
    06010A03A0000000000000000000000000000000000000000000000000\
    9F1A0202769F1E0854494C4C303030319F2608A1B2C3D4E5F607089F2701809F3303E0F8C8\
    9F34034203009F3501229F360200429F3704DEADBEEF9F4104000001239F530152";

fn bytes_of(hex: &str) -> Vec<u8> {
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let (pairs, _) = hex.as_bytes().as_chunks::<2>();
    pairs.iter().filter_map(|&[high, low]| Some(nibble(high)? << 4 | nibble(low)?)).collect()
}

fn golden(table: &str, message: Message) -> Golden {
    let dialect = Dialect::parse(table).unwrap_or_else(|error| panic!("{error}"));
    let mut bytes = Vec::with_capacity(1_024);
    dialect.encode(&message, &mut bytes).unwrap_or_else(|error| panic!("{error}"));
    Golden { dialect, message, bytes }
}

/// A message with every field from 2 to 64, but for those whose length the caller chooses.
fn sixty_four() -> Message {
    let mut message = Message::new(Mti::FINANCIAL_REQUEST);
    for (number, digits) in [
        (3, 6),
        (4, 12),
        (5, 12),
        (6, 12),
        (7, 10),
        (8, 8),
        (9, 8),
        (10, 8),
        (11, 6),
        (12, 6),
        (25, 2),
        (26, 2),
        (27, 1),
        (53, 16),
        (2, 16),
        (32, 8),
        (33, 6),
        (35, 37),
    ] {
        message.set(number, &DIGITS[..digits]);
    }
    for number in 13..=18 {
        message.set(number, "1123");
    }
    for number in 19..=24 {
        message.set(number, "276");
    }
    for (number, letters) in [
        (37, 12),
        (38, 6),
        (39, 2),
        (40, 3),
        (41, 8),
        (42, 15),
        (43, 40),
        (34, 28),
        (44, 10),
        (45, 40),
    ] {
        message.set(number, &LETTERS[..letters]);
    }
    for number in 49..=51 {
        message.set(number, "978");
    }
    for number in (46..=48).chain(56..=63) {
        message.set(number, &DIGITS[..10]);
    }
    message.set(36, &DIGITS[..20]).set(48, &DIGITS[..26]).set(54, &DIGITS[..20]);
    message.set_bytes(52, &[0xA1; 8]).set_bytes(64, &[0x5C; 8]);
    message
}

fn with_signs(mut message: Message) -> Message {
    for number in 28..=31 {
        message.set(number, "C12345678");
    }
    message.set_bytes(55, &bytes_of("9F02060000000123455F340102"));
    message
}

/// 64 fields, packed digits and binary: 546 bytes.
#[must_use]
pub fn bcd64() -> Golden {
    golden("name = 'bcd64'\nbase = 'iso87b'", with_signs(sixty_four()))
}

/// 64 fields, ASCII, hexadecimal bitmap: 714 bytes.
#[must_use]
pub fn ascii64() -> Golden {
    golden("name = 'ascii64'\nbase = 'iso87a'", with_signs(sixty_four()))
}

/// 54 fields, ASCII under a binary bitmap, amounts without sign, no BER: what every peer reads.
#[must_use]
pub fn open_ascii() -> Golden {
    let table = "name = 'open'\nbase = 'iso87a'\nbitmap = 'binary'\n[fields]\n\
        28 = { format = 'n8' }\n29 = { format = 'n8' }\n30 = { format = 'n8' }\n\
        31 = { format = 'n8' }\n52 = { format = 'b8', encoding = 'binary' }\n\
        55 = { format = 'text...999', encoding = 'ascii' }\n";
    let mut message = sixty_four();
    for number in 28..=31 {
        message.set(number, &DIGITS[..8]);
    }
    message.set(55, &LETTERS[..26]).set_bytes(52, &[0x21; 8]);
    // iso8583-core's table has no rows for 56 to 63, so that those of other fields take their
    // place.
    for number in 56..=64 {
        message.remove(number);
    }
    golden(table, message)
}

/// A card sale in ASCII with chip data: 287 bytes.
#[must_use]
pub fn mixed() -> Golden {
    let mut message = Message::new(Mti::FINANCIAL_REQUEST);
    for (number, text) in [
        (2, "5413330089601109"),
        (3, "000000"),
        (4, "000000015000"),
        (7, "1123101530"),
        (11, "000123"),
        (12, "101530"),
        (13, "1123"),
        (14, "2512"),
        (18, "5411"),
        (22, "051"),
        (23, "001"),
        (24, "012"),
        (25, "00"),
        (26, "06"),
        (37, "632710000123"),
        (41, "TERM0001"),
        (49, "978"),
    ] {
        message.set(number, text);
    }
    message.set_bytes(55, &bytes_of(CHIP));
    golden("name = 'mixed'\nbase = 'iso87a'", message)
}

/// A sale of a terminal behind a network access controller, with chip data: 273 bytes.
#[must_use]
pub fn nac_sale() -> Golden {
    let mut message = Message::new(Mti::FINANCIAL_REQUEST);
    for (number, text) in [
        (3, "003000"),
        (4, "000000015000"),
        (11, "000123"),
        (22, "0051"),
        (23, "0001"),
        (24, "0008"),
        (25, "00"),
        (35, "5413330089601109D25122011234000012340"),
        (41, "TERM0001"),
        (42, "SHOP00000000001"),
        (58, "DF0108TILL"),
    ] {
        message.set(number, text);
    }
    message.set_bytes(52, &[0xA1; 8]).set_bytes(55, &bytes_of(CHIP));
    message.set_bytes(62, b"000042").set_bytes(64, &[0; 8]);
    golden("name = 'sale'\nbase = 'nac'", message.with_tpdu(Tpdu([0x60, 0, 0x12, 0x80, 0x01])))
}

#[cfg(test)]
mod tests {
    use super::{ascii64, bcd64, mixed, nac_sale, open_ascii};

    #[test]
    fn the_messages_have_the_sizes_of_those_that_peers_were_measured_with() {
        let sizes = [bcd64(), ascii64(), mixed(), nac_sale()].map(|golden| golden.bytes.len());
        assert_eq!(sizes, [546, 714, 287, 273]);
        for golden in [bcd64(), ascii64()] {
            assert!(golden.message.numbers().eq(2..=64));
        }
        assert!(open_ascii().message.numbers().eq(2..=55));
    }
}
