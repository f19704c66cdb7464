//! Bodies: every message comes back as it was, and everything wrong is named.

use crate::common::{VOUCHER, bodies, down_bytes, downward, up_bytes, upward};
use tillgate_codec::limits::BODY_BYTES_MAX;
use tillgate_codec::link::message::{Answer, BodyErrorKind, GatewayMessage, Ping, TerminalMessage};

/// Message, field, offset and what is wrong there.
type Place = (&'static str, &'static str, usize, BodyErrorKind);

/// Decodes in the direction that the first byte says.
fn refusal(body: &[u8]) -> Option<Place> {
    let error = match body.first() {
        Some(0x80..) => GatewayMessage::decode(body).err(),
        _ => TerminalMessage::decode(body).err(),
    };
    error.map(|error| (error.message, error.field, error.offset, error.kind))
}

#[test]
fn every_prefix_of_every_sample_is_refused() {
    for (name, bytes) in bodies() {
        assert_eq!(refusal(&bytes), None, "{name}");
        for length in 0..bytes.len() {
            assert!(refusal(&bytes[..length]).is_some(), "{name}, prefix of {length}");
        }
    }
}

#[test]
fn each_direction_refuses_the_messages_of_the_other() {
    for (name, message) in upward() {
        let kind = GatewayMessage::decode(&up_bytes(&message)).unwrap_err().kind;
        assert!(matches!(kind, BodyErrorKind::UnknownMessage { .. }), "{name}");
    }
    for (name, message) in downward() {
        let kind = TerminalMessage::decode(&down_bytes(&message)).unwrap_err().kind;
        assert!(matches!(kind, BodyErrorKind::UnknownMessage { .. }), "{name}");
    }
}

#[test]
fn unknown_tags_are_skipped_wherever_they_stand() {
    let ping = TerminalMessage::Ping(Ping { nonce: 5 });
    let long = [&[0x07, 0xFE, 0xFF, 0x01, 0x00][..], &[0xAA; 256], &[0x1B, 1, 5]].concat();
    for body in [
        &[0x07, 0x26, 0x00, 0x1B, 1, 5][..],
        &[0x07, 0x1B, 1, 5, 0xC8, 2, 9, 9, 0xC8, 0],
        &[0x07, 0x00, 1, 7, 0x1B, 1, 5],
        &long,
    ] {
        assert_eq!(TerminalMessage::decode(body), Ok(ping));
    }
}

#[test]
fn what_is_wrong_with_a_body_is_named_with_its_field_and_place() {
    use BodyErrorKind::{
        Duplicate, Empty, Missing, NotMinimal, NotText, TooLong, Truncated, UnknownMessage, Value,
    };
    let cases: [(&[u8], Place); 16] = [
        (&[], ("", "", 0, Empty)),
        (&[0x00], ("", "", 0, UnknownMessage { found: 0x00 })),
        (&[0x99], ("", "", 0, UnknownMessage { found: 0x99 })),
        (&[0x07], ("ping", "nonce", 1, Missing)),
        (&[0x07, 0x1B], ("ping", "nonce", 1, Truncated)),
        (&[0x07, 0x1B, 1], ("ping", "nonce", 1, Truncated)),
        (&[0x07, 0x1B, 0xFF, 0], ("ping", "nonce", 1, Truncated)),
        (&[0x07, 0x1B, 1, 5, 0xC8], ("ping", "unknown", 4, Truncated)),
        (&[0x07, 0x1B, 1, 5, 0x1B, 0], ("ping", "nonce", 4, Duplicate)),
        (&[0x07, 0x1B, 2, 0, 5], ("ping", "nonce", 3, NotMinimal)),
        (&[0x07, 0x1B, 0xFF, 0, 1, 5], ("ping", "nonce", 1, NotMinimal)),
        (
            &[0x07, 0x1B, 5, 1, 1, 1, 1, 1],
            ("ping", "nonce", 3, TooLong { length: 5, bytes_max: 4 }),
        ),
        (&[0x01, 0x15, 2, b'a', 0xFF, 0x17, 1, 1], ("logon", "firmware", 4, NotText)),
        (&[0x82, 0x14, 1, 9], ("answer", "kind", 3, Value)),
        (&[0x88, 0x1C, 1, 1, 0x1E, 1, 3], ("command", "text", 7, Missing)),
        (&[0x81, 0x03, 1, b'0'], ("welcome", "code", 3, Value)),
    ];
    for (body, expected) in cases {
        assert_eq!(refusal(body), Some(expected), "{body:02x?}");
    }
}

#[test]
fn a_body_over_its_bound_is_refused_before_it_is_read() {
    let mut body = vec![0xC8; BODY_BYTES_MAX + 1];
    body[0] = 0x07;
    let expected = BodyErrorKind::TooLong { length: body.len(), bytes_max: BODY_BYTES_MAX };
    assert_eq!(refusal(&body), Some(("ping", "", 0, expected)));
}

#[test]
fn a_voucher_comes_whole_or_not_at_all() {
    let (_, whole) = bodies().into_iter().find(|(name, _)| *name == "answer").unwrap();
    for (tag, field) in [(0x10, "voucher_serial"), (0x11, "voucher_pin"), (0x12, "voucher_expiry")]
    {
        // Of the three tags of a voucher one becomes an unknown tag.
        let place = whole.windows(2).position(|pair| pair[0] == tag && pair[1] < 32).unwrap();
        let mut body = whole.clone();
        body[place] = 0xE0;
        let expected = ("answer", field, whole.len(), BodyErrorKind::Missing);
        assert_eq!(refusal(&body), Some(expected));
    }
}

#[test]
fn integers_take_as_few_bytes_as_they_need() {
    for (nonce, expected) in [
        (0, &[0x07, 0x1B, 0][..]),
        (255, &[0x07, 0x1B, 1, 0xFF]),
        (256, &[0x07, 0x1B, 2, 1, 0]),
        (u32::MAX, &[0x07, 0x1B, 4, 0xFF, 0xFF, 0xFF, 0xFF]),
    ] {
        assert_eq!(up_bytes(&TerminalMessage::Ping(Ping { nonce })), expected);
    }
}

#[test]
fn a_signed_balance_takes_as_few_bytes_as_its_sign_allows() {
    for (balance, expected) in [
        (0_i64, &[][..]),
        (1, &[1]),
        (-1, &[0xFF]),
        (127, &[0x7F]),
        (128, &[0, 0x80]),
        (-128, &[0x80]),
        (-129, &[0xFF, 0x7F]),
        (i64::MAX, &[0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        (i64::MIN, &[0x80, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        let message = GatewayMessage::Answer(Answer { balance_minor: Some(balance), ..VOUCHER });
        let bytes = down_bytes(&message);
        let field = [&[0x0F, u8::try_from(expected.len()).unwrap()], expected].concat();
        assert!(bytes.windows(field.len()).any(|window| window == field), "{balance}");
        assert_eq!(GatewayMessage::decode(&bytes), Ok(message));
    }
}

#[test]
fn a_padded_balance_is_refused() {
    let (_, whole) = bodies().into_iter().find(|(name, _)| *name == "answer_balance").unwrap();
    for padded in [&[0x0F, 1, 0][..], &[0x0F, 2, 0, 1], &[0x0F, 2, 0xFF, 0x80]] {
        let place = whole.windows(3).position(|window| window == [0x0F, 1, 0x80]).unwrap();
        let body = [&whole[..place], padded, &whole[place + 3..]].concat();
        let expected = ("answer", "balance_minor", place + 2, BodyErrorKind::NotMinimal);
        assert_eq!(refusal(&body), Some(expected));
    }
}

#[test]
fn neither_debug_nor_an_error_shows_a_voucher_pin() {
    for (name, message) in downward() {
        let shown = format!("{message:?}");
        assert!(!shown.contains("4711"), "{name}: {shown}");
    }
    let mut body = down_bytes(&downward()[2].1);
    body.extend_from_slice(&[0x11, 4, b'4', b'7', b'1', b'1']);
    let error = GatewayMessage::decode(&body).unwrap_err();
    assert_eq!(error.kind, BodyErrorKind::Duplicate);
    assert!(!format!("{error} {error:?}").contains("4711"));
}

#[test]
#[should_panic(expected = "reference of ours has 33 bytes, over its bound of 32")]
fn a_text_that_we_did_not_cut_is_a_bug_of_ours() {
    let reference = "123456789012345678901234567890123";
    down_bytes(&GatewayMessage::Answer(Answer { reference, ..VOUCHER }));
}
