//! The check of an armoured frame.

/// CRC-16 with polynomial 0x1021 and start 0xFFFF, not reflected (CRC-16/IBM-3740).
pub(super) fn crc16(parts: [&[u8]; 2]) -> u16 {
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

#[cfg(test)]
mod tests {
    use super::crc16;

    #[test]
    fn the_check_has_the_value_of_the_catalogue() {
        assert_eq!(crc16([b"1234", b"56789"]), 0x29B1);
    }
}
