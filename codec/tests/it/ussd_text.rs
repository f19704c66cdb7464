//! Alphabets and septets: what is written can be read, and is as long as it was said to be.
use proptest::prelude::*;
use tillgate_codec::ussd::{Alphabet, TextError, gsm7, septets};

/// The alphabet's table as GSM 03.38 prints it, row by row; ESC shown as a space.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

const EXTENDED: &str = "\u{0C}^{}\\[~]|€";

fn encoded(alphabet: Alphabet, text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    alphabet.encode(text, &mut octets).unwrap();
    octets
}

fn decoded(alphabet: Alphabet, octets: &[u8]) -> String {
    let mut text = String::new();
    alphabet.decode(octets, &mut text);
    text
}

fn packed(septets: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    septets::pack(septets, &mut octets);
    octets
}

#[test]
fn the_basic_table_is_that_of_the_specification() {
    for (septet, character) in (0..=0x7F_u8).zip(BASIC.chars()) {
        assert_eq!(decoded(Alphabet::Gsm7, &[septet]), character.to_string());
        if septet != gsm7::ESCAPE {
            assert_eq!(encoded(Alphabet::Gsm7, &character.to_string()), [septet]);
        }
    }
    assert_eq!(BASIC.chars().count(), 128);
}

#[test]
fn the_extension_table_takes_an_escape() {
    let septets = [0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65];
    for (septet, character) in septets.into_iter().zip(EXTENDED.chars()) {
        let text = character.to_string();
        assert_eq!(encoded(Alphabet::Gsm7, &text), [gsm7::ESCAPE, septet]);
        assert_eq!(decoded(Alphabet::Gsm7, &[gsm7::ESCAPE, septet]), text);
        assert_eq!(gsm7::width(character), Some(2));
    }
}

#[test]
fn an_escape_that_means_nothing_shows_something_readable() {
    for (octets, shown) in [
        (&[0x1B, 0x41][..], "A"),
        (&[0x1B], " "),
        (&[0x1B, 0x1B], " "),
        (&[0x1B, 0x1B, 0x65], " e"),
        (&[0x41, 0x80, 0xFF], "A\u{FFFD}\u{FFFD}"),
        (&[0x1B, 0x80], "\u{FFFD}"),
    ] {
        assert_eq!(decoded(Alphabet::Gsm7, octets), shown, "{octets:02x?}");
    }
}

#[test]
fn the_escape_is_not_a_character() {
    let error = TextError { offset: 1, character: '\u{1B}' };
    let mut out = b"kept".to_vec();
    assert_eq!(gsm7::encode("a\u{1B}b", &mut out), Err(error));
    assert_eq!(out, b"kept");
}

#[test]
fn the_shorter_alphabet_is_chosen() {
    for (text, alphabet, length) in [
        ("", Alphabet::Gsm7, 0),
        ("1. Sale\n0. Exit", Alphabet::Gsm7, 15),
        ("5 €", Alphabet::Gsm7, 4),
        ("Да", Alphabet::Ucs2, 2),
        ("a`b", Alphabet::Ucs2, 3),
        ("ok 👍", Alphabet::Ucs2, 5),
    ] {
        assert_eq!(Alphabet::choose(text), alphabet, "{text}");
        assert_eq!(alphabet.length(text), Some(length), "{text}");
    }
}

#[test]
fn characters_that_an_alphabet_lacks_are_named_with_their_offset() {
    for (alphabet, text, offset, character) in [
        (Alphabet::Gsm7, "£5 ŝ", 4, 'ŝ'),
        (Alphabet::Ascii, "5 £", 2, '£'),
        (Alphabet::Latin1, "é €", 3, '€'),
    ] {
        let mut out = b"kept".to_vec();
        let error = TextError { offset, character };
        assert_eq!(alphabet.encode(text, &mut out), Err(error));
        assert_eq!((out, alphabet.length(text)), (b"kept".to_vec(), None));
    }
}

#[test]
fn half_characters_of_ucs2_are_shown_as_such() {
    let shown = decoded(Alphabet::Ucs2, &[0xD8, 0x3D, 0x00, 0x41, 0x42]);
    assert_eq!(shown, "\u{FFFD}A\u{FFFD}");
}

#[test]
fn septets_are_packed_as_the_specification_shows() {
    // GSM 03.38, 6.1.2.1.1, and "hellohello" as everybody prints it.
    assert_eq!(packed(b"1"), [0x31]);
    assert_eq!(packed(b"12"), [0x31, 0x19]);
    assert_eq!(packed(b"hellohello"), [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37]);
}

#[test]
fn seven_spare_bits_are_filled_with_a_carriage_return() {
    // Seven septets leave seven bits, which must not be read as `@`.
    let octets = packed(b"*737*1#");
    assert_eq!((octets.len(), octets[6] >> 1), (7, 0x0D));
    assert!(septets::unpack(&octets).eq(*b"*737*1#"));
    // A carriage return that ends there by itself gets another, and both come back.
    let octets = packed(b"1234567\r");
    assert_eq!(octets.len(), 8);
    assert!(septets::unpack(&octets).eq(*b"1234567\r\r"));
    assert_eq!(septets::unpack(&[]).count(), 0);
}

#[test]
fn a_string_of_the_greatest_length_fits_its_octets() {
    let octets = packed(&[b'x'; 182]);
    assert_eq!((octets.len(), septets::septets_max(160)), (160, 182));
    assert_eq!(septets::packed_bytes(182), 160);
    assert_eq!(septets::unpack(&octets).count(), 182);
}

proptest! {
    #[test]
    fn every_text_of_an_alphabet_comes_back(
        text in "[@£$¥èéÇ\nØø\rΔ_ΩΞÆß !#%*0-9:-?¡A-ZÄ§¿a-zà\u{0C}^{}\\\\\\[~\\]|€]{0,40}",
    ) {
        let octets = encoded(Alphabet::Gsm7, &text);
        prop_assert_eq!(Some(octets.len()), gsm7::length(&text));
        prop_assert_eq!(decoded(Alphabet::Gsm7, &octets), text);
    }

    #[test]
    fn every_text_comes_back_in_the_alphabet_chosen(text in "\\PC{0,40}") {
        let alphabet = Alphabet::choose(&text);
        prop_assert_eq!(decoded(alphabet, &encoded(alphabet, &text)), &text[..]);
        let unit = if alphabet == Alphabet::Ucs2 { 2 } else { 1 };
        let octets = encoded(alphabet, &text).len();
        prop_assert_eq!(alphabet.length(&text).map(|length| length * unit), Some(octets));
    }

    #[test]
    fn every_string_of_septets_comes_back(septets in proptest::collection::vec(0..0x80_u8, 0..80)) {
        let octets = packed(&septets);
        let found: Vec<u8> = septets::unpack(&octets).collect();
        let mut expected = septets.clone();
        if septets.len() % 8 == 0 && septets.last() == Some(&gsm7::CARRIAGE_RETURN) {
            expected.push(gsm7::CARRIAGE_RETURN);
        } else {
            prop_assert_eq!(octets.len(), septets::packed_bytes(septets.len()));
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_octets_are_shown_without_a_panic(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
        for alphabet in [Alphabet::Gsm7, Alphabet::Ascii, Alphabet::Latin1, Alphabet::Ucs2] {
            prop_assert!(decoded(alphabet, &octets).chars().count() <= octets.len());
        }
        let septets: Vec<u8> = septets::unpack(&octets).collect();
        prop_assert!(septets.iter().all(|septet| *septet < 0x80));
    }
}
