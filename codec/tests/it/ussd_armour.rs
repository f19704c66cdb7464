//! Armour: every frame comes back, and whatever happens to it on the way is seen.
#![expect(clippy::disallowed_methods, reason = "a test may write its own files when told to")]

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tillgate_codec::ussd::armour::{
    ArmourError, FRAME_BYTES_MAX, Form, FrameTooLong, decode, encode,
};
use tillgate_codec::ussd::gsm7;

const FORMS: [(&str, Form); 2] = [("text", Form::Text), ("digits", Form::Digits)];

fn armoured(form: Form, frame: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    encode(form, frame, &mut text).unwrap();
    text
}

fn opened(text: &[u8]) -> Result<(Form, Vec<u8>), ArmourError> {
    let mut frame = b"kept".to_vec();
    let result = decode(text, &mut frame);
    assert_eq!(frame[..4], *b"kept");
    assert!(result.is_ok() || frame.len() == 4, "nothing is left behind after an error");
    result.map(|form| (form, frame.split_off(4)))
}

/// A frame of so many bytes that looks sealed.
fn frame(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|index| u8::try_from((index * 151 + 89) % 256).unwrap()).collect()
}

#[test]
fn every_length_comes_back_in_the_symbols_announced() {
    for (_, form) in FORMS {
        for bytes in 0..=FRAME_BYTES_MAX {
            for frame in [frame(bytes), vec![0; bytes], vec![0xFF; bytes]] {
                let text = armoured(form, &frame);
                assert_eq!(text.len(), form.symbols(bytes));
                assert_eq!(form.frame_bytes_max(text.len()), Some(bytes));
                assert_eq!(opened(&text), Ok((form, frame)));
            }
        }
    }
}

#[test]
fn the_samples_have_the_committed_symbols() {
    let samples = FORMS.iter().flat_map(|(name, form)| {
        [0, 1, 2, 7, 24, 62].map(|bytes| {
            let text = String::from_utf8(armoured(*form, &frame(bytes))).unwrap();
            format!("{name} {bytes} = {text}\n")
        })
    });
    let found: String = samples.collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/ussd/armour.txt");
    if std::env::var_os("TILLGATE_WRITE_GOLDEN").is_some() {
        fs::write(&path, &found).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), found);
}

#[test]
fn a_frame_over_the_bound_is_refused() {
    let long = vec![0; FRAME_BYTES_MAX + 1];
    let error = encode(Form::Text, &long, &mut Vec::new()).unwrap_err();
    assert_eq!(error, FrameTooLong { length: 133 });
    assert_eq!((Form::Text.frame_bytes_max(5), Form::Digits.frame_bytes_max(8)), (None, None));
    assert_eq!(
        (Form::Text.frame_bytes_max(6), Form::Digits.frame_bytes_max(9)),
        (Some(0), Some(0))
    );
}

#[test]
fn every_symbol_is_the_same_in_ascii_and_the_gsm_alphabet() {
    for (_, form) in FORMS {
        let text = String::from_utf8(armoured(form, &frame(FRAME_BYTES_MAX))).unwrap();
        let mut septets = Vec::new();
        gsm7::encode(&text, &mut septets).unwrap();
        assert_eq!(septets, text.as_bytes());
        assert!(!text.contains(['*', '#']));
    }
}

#[test]
fn every_prefix_is_known_to_be_cut_off() {
    for (_, form) in FORMS {
        for bytes in [0, 1, 20, FRAME_BYTES_MAX] {
            let text = armoured(form, &frame(bytes));
            assert_eq!(opened(b""), Err(ArmourError::Empty));
            for length in 1..text.len() {
                let found = opened(&text[..length]);
                let is_truncated =
                    matches!(found, Err(ArmourError::Truncated { found, .. }) if found == length);
                assert!(is_truncated, "{length} of {}: {found:?}", text.len());
            }
        }
    }
}

#[test]
fn white_space_at_the_end_is_not_looked_at_and_anything_else_is() {
    let text = armoured(Form::Text, &frame(9));
    let padded = [&text[..], b"\r\n "].concat();
    assert_eq!(opened(&padded), Ok((Form::Text, frame(9))));
    let longer = [&text[..], b"A"].concat();
    assert_eq!(opened(&longer), Err(ArmourError::Trailing { offset: text.len() }));
}

#[test]
fn what_is_wrong_is_said_with_its_offset() {
    for (text, error) in [
        (&b"X"[..], ArmourError::Form { found: b'X' }),
        (b"*123#", ArmourError::Form { found: b'*' }),
        (b"1000", ArmourError::Truncated { needed: 9, found: 4 }),
        (b"10x0", ArmourError::Symbol { offset: 2, found: b'x' }),
        (b"1133", ArmourError::TooLong),
        (b"1999", ArmourError::TooLong),
        (b"T..", ArmourError::TooLong),
        (b"100065536", ArmourError::Block { offset: 4 }),
        (b"1000999_9", ArmourError::Symbol { offset: 7, found: b'_' }),
        (b"100000000", ArmourError::Check),
        (b"TAA...", ArmourError::Block { offset: 3 }),
        (b"TAA+AA", ArmourError::Symbol { offset: 3, found: b'+' }),
    ] {
        assert_eq!(opened(text), Err(error), "{}", text.escape_ascii());
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn every_changed_symbol_is_seen() {
    for (_, form) in FORMS {
        let text = armoured(form, &frame(20));
        for at in 0..text.len() {
            for other in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-. *#" {
                let mut changed = text.clone();
                changed[at] = *other;
                assert_eq!(opened(&changed).is_ok(), changed == text, "{at} {other}");
            }
        }
    }
}

proptest! {
    #[test]
    fn every_frame_comes_back(
        frame in proptest::collection::vec(any::<u8>(), 0..=FRAME_BYTES_MAX), digits in any::<bool>(),
    ) {
        let form = if digits { Form::Digits } else { Form::Text };
        prop_assert_eq!(opened(&armoured(form, &frame)), Ok((form, frame)));
    }

    #[test]
    fn whatever_is_opened_is_the_only_armour_of_its_frame(
        text in "(T[A-F.]{2}[A-Za-z0-9.-]{3,6})|(100[0-3][0-9]{5,11})",
    ) {
        if let Ok((form, frame)) = opened(text.as_bytes()) {
            prop_assert_eq!(armoured(form, &frame), text.as_bytes());
        }
    }
}
