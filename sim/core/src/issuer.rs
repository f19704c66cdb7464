//! What the issuer of test cards answers for a chip: a function of what the chip said, so that the host
//! that sends it and the terminal that receives it need not agree on anything beforehand.

use crate::sales_log::digest;

/// Before the cryptogram of a chip (tag 9F26), which test cards say first.
pub(crate) const CRYPTOGRAM: [u8; 3] = [0x9F, 0x26, 0x08];
/// Tag of a card's number, which no issuer has a reason to send back.
const CARD_NUMBER: u8 = 0x5A;

/// What the issuer answers; of one sale in four nothing, and of one in eight something that may not
/// be passed on.
pub(crate) fn answer(chip: &[u8]) -> Option<Vec<u8>> {
    let cryptogram = chip.strip_prefix(&CRYPTOGRAM)?.get(..8)?;
    let number = digest(cryptogram);
    let bytes = number.to_be_bytes();
    // Issuer authentication data, and the code that it decided with.
    let data = [&[0x91, 0x0A][..], &bytes, b"00"].concat();
    match number % 8 {
        0 | 1 => None,
        2 => Some([&[CARD_NUMBER, 0x08][..], cryptogram, &data].concat()),
        // With a script of one command.
        3 | 4 => Some([&data[..], &[0x72, 0x0A, 0x86, 0x08], &(!number).to_be_bytes()].concat()),
        _ => Some(data),
    }
}

/// What of an issuer's answer may be passed on to the terminal.
pub(crate) fn passed_on(answer: Option<Vec<u8>>) -> Option<Vec<u8>> {
    answer.filter(|answer| answer.first() != Some(&CARD_NUMBER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chip(number: u64) -> Vec<u8> {
        [&CRYPTOGRAM[..], &number.to_be_bytes(), &[0x9F, 0x27, 1, 0x80]].concat()
    }

    #[test]
    fn issuers_say_something_else_to_each_chip_and_the_same_to_the_same_one() {
        let answers: Vec<_> = (0..400).map(|number| answer(&chip(number))).collect();
        let mut said: Vec<_> = answers.iter().flatten().collect();
        let count = said.len();
        said.sort_unstable();
        said.dedup();
        assert!(said.len() == count && (200..400).contains(&count), "{count}");
        assert!(
            answers.iter().any(|answer| answer.is_some() && passed_on(answer.clone()).is_none())
        );
        assert_eq!(answer(&chip(7)), answer(&chip(7)));
        assert_eq!(answer(b"no chip"), None);
    }
}
