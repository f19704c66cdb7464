//! What a host answers for the chip of a card, before it is kept: bytes that may be kept.

use tillgate_store_core::ChipAnswer;

/// Tags with cardholder data (EMV 4.3, book 3, annex A): tracks, card number, name, expiry. No host
/// has a reason to send them back, and what is journalled has none of them.
const CARDHOLDER: [u32; 9] = [0x56, 0x57, 0x5A, 0x5F20, 0x5F24, 0x9F0B, 0x9F1F, 0x9F20, 0x9F6B];

/// Issuer authentication data and scripts as the host sent them.
///
/// # Errors
/// Why they are not kept; the text shows no value.
pub(super) fn answer(bytes: &[u8]) -> Result<ChipAnswer, &'static str> {
    let kept = ChipAnswer::new(bytes).ok_or("it has more than 255 bytes")?;
    check(bytes)?;
    Ok(kept)
}

/// Looks at every value, also inside a template; 255 bytes bound how deep that goes.
fn check(bytes: &[u8]) -> Result<(), &'static str> {
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        // Filling between values. `FF` begins a private template as well, so it is filling only where
        // nothing else follows.
        if *first == 0x00 {
            rest = &rest[1..];
            continue;
        }
        if rest.iter().all(|byte| matches!(byte, 0x00 | 0xFF)) {
            break;
        }
        let value = (tag(rest), length(after_tag(rest)));
        let (Some(tag), Some((length, behind))) = value else {
            return Err("it is no BER-TLV");
        };
        if CARDHOLDER.contains(&tag) {
            return Err("it has cardholder data");
        }
        let Some((value, next)) = behind.split_at_checked(length) else {
            return Err("it is no BER-TLV");
        };
        if first & 0x20 != 0 {
            check(value)?;
        }
        rest = next;
    }
    Ok(())
}

/// One to three bytes.
fn tag(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [first, second, ..] if first & 0x1F == 0x1F && second & 0x80 == 0 => {
            Some(u32::from(u16::from_be_bytes([*first, *second])))
        }
        [first, ..] if first & 0x1F != 0x1F => Some(u32::from(*first)),
        [first, second, third, ..] if third & 0x80 == 0 => {
            Some(u32::from_be_bytes([0, *first, *second, *third]))
        }
        _ => None,
    }
}

fn after_tag(bytes: &[u8]) -> &[u8] {
    let length = match bytes {
        [first, ..] if first & 0x1F != 0x1F => 1,
        [_, second, ..] if second & 0x80 == 0 => 2,
        _ => 3,
    };
    bytes.get(length..).unwrap_or_default()
}

/// A length of one to three bytes, and what is behind it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [short @ 0..=0x7F, rest @ ..] => Some((usize::from(*short), rest)),
        [0x81, long, rest @ ..] => Some((usize::from(*long), rest)),
        [0x82, high, low, rest @ ..] => {
            Some((usize::from(u16::from_be_bytes([*high, *low])), rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_authentication_data_are_kept_as_they_came() {
        for hex in [
            "910a1122334455667788303000",
            "8a023030910811223344556677880000",
            "71109f1804aabbccdd860704840000020000ff",
            "71119f1804aabbccdd860704840000020000ffff00",
            "7281079f180100860100",
            "ff0103860107",
            "860107ff00ffff",
        ] {
            let bytes = hex::decode(hex).unwrap();
            assert_eq!(answer(&bytes).map(|kept| kept.as_bytes().to_vec()), Ok(bytes), "{hex}");
        }
    }

    #[test]
    fn cardholder_data_is_found_also_inside_a_template() {
        for hex in [
            "5a084111111111111111",
            "57114111111111111111d2512",
            "91021122570111",
            "9f1f0130",
            "5f200141",
            "70045a0241112",
            "9f6b0141",
            "72065f2403251231",
        ] {
            let even = &hex[..hex.len() / 2 * 2];
            assert_eq!(answer(&hex::decode(even).unwrap()), Err("it has cardholder data"), "{hex}");
        }
    }

    #[test]
    fn a_private_template_that_begins_with_ff_hides_no_card_number() {
        for hex in [
            "ff010a5a084111111111111111",
            "00ff010a5a084111111111111111",
            "ff01810a5a084111111111111111",
            "ff81010a5a084111111111111111",
            "ff010d ff020a5a084111111111111111",
            "710dff010a5a084111111111111111",
            "910102ff010a5a084111111111111111ff",
            // A value that reaches beyond its template does not hide what is behind the template.
            "71039f18085a084111111111111111",
        ] {
            let bytes = hex::decode(hex.replace(' ', "")).unwrap();
            let begin = bytes.iter().position(|byte| *byte == 0x5a).unwrap();
            assert!(answer(&bytes).is_err(), "{hex}");
            for cut in begin..bytes.len() {
                assert!(answer(&bytes[..cut]).is_err(), "{hex}, {cut} bytes");
            }
        }
        let bytes = hex::decode("ff010a5a084111111111111111").unwrap();
        assert_eq!(answer(&bytes), Err("it has cardholder data"));
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_not_kept_and_nothing_panics() {
        for hex in ["91", "9f", "9f36", "910a1122", "9f8f", "9f8f8f01", "918311", "9184"] {
            assert_eq!(answer(&hex::decode(hex).unwrap()), Err("it is no BER-TLV"), "{hex}");
        }
        assert!(answer(&[]).is_err());
        let long = [&[0x86, 0x82, 1, 0][..], &[7; 256]].concat();
        assert_eq!(answer(&long), Err("it has more than 255 bytes"));
        for seed in 0..=255_u8 {
            let bytes: Vec<u8> =
                (0..64_u8).map(|n| n.wrapping_mul(seed).wrapping_add(seed)).collect();
            drop(answer(&bytes));
        }
    }
}
