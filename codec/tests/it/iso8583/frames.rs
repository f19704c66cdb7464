//! Messages behind frame lengths that do not fit: the error says so, where the length is.

use crate::iso8583::samples::unhex;
use tillgate_codec::iso8583::{Dialect, ErrorJson, Reveal, decode_json, listing};

/// An echo request of terminals, without its frame: 22 bytes.
const ECHO: &str = "6000128001 0800 2020000000800000 990000 000007 5445524D30303031";

fn refused(dialect: &str, bytes: &[u8]) -> ErrorJson {
    let dialect = Dialect::builtin(dialect).unwrap();
    decode_json(&dialect, bytes, Reveal::Masked).unwrap_err()
}

#[test]
fn a_frame_length_that_does_not_fit_is_told_at_the_length() {
    let message = unhex(ECHO);
    for (stated, place) in [(message.len() + 1, 0), (message.len() - 1, 0), (54, 0)] {
        let framed = [&u16::try_from(stated).unwrap().to_be_bytes()[..], &message].concat();
        let error = refused("nac", &framed);
        assert_eq!((error.kind.as_str(), error.offset), ("frame", place), "{error}");
        let words = format!("{stated} bytes are announced, {} follow", message.len());
        assert!(error.message.contains(&words), "{error}");
    }
}

#[test]
fn two_messages_are_told_by_the_length_of_the_first() {
    let message = unhex(ECHO);
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    let error = refused("nac", &[&length[..], &message, &length, &message].concat());
    assert_eq!((error.kind.as_str(), error.offset), ("frame", 0), "{error}");
}

#[test]
fn a_message_cut_short_behind_its_length_is_told_with_field_and_length() {
    let message = unhex(ECHO);
    let framed = [&[0, 30][..], &message[..message.len() - 3]].concat();
    let error = refused("nac", &framed);
    assert_eq!((error.kind.as_str(), error.field.as_deref()), ("truncated", Some("41")), "{error}");
    assert!(error.message.ends_with("announces 30 bytes, 26 follow"), "{error}");
    let listed = listing(&Dialect::builtin("nac").unwrap(), &framed, Reveal::Masked);
    assert!(listed.contains("system trace audit number"), "{listed}");
}

#[test]
fn a_message_without_a_length_is_blamed_for_itself() {
    let error = refused("nac", &unhex(ECHO)[..20]);
    assert_eq!((error.kind.as_str(), error.field.as_deref()), ("truncated", Some("11")), "{error}");
    assert!(!error.message.contains("announces"), "{error}");
    let error = refused("iso87a", b"0800 is no message");
    assert_eq!(error.field.as_deref(), Some("1"), "{error}");
}

#[test]
fn a_frame_over_the_bound_says_where_the_next_one_would_begin_and_no_other_does() {
    for name in Dialect::builtin_names() {
        let dialect = Dialect::builtin(name).unwrap();
        let (mut short, whole) = (dialect.framing(), dialect.framing());
        short.message_bytes_max = 99;
        for (bytes, is_long) in [(1, false), (99, false), (100, true), (700, true)] {
            let mut framed = Vec::new();
            whole.append_frame(&vec![0x31; bytes], &mut framed).unwrap();
            let end = is_long.then_some(framed.len());
            assert_eq!(short.deframe(&framed).is_err(), is_long, "{name}: {bytes}");
            assert_eq!(short.oversized(&framed), end, "{name}: {bytes}");
            assert_eq!(short.oversized(&framed[..1.min(framed.len())]), None);
        }
    }
}
