//! Messages made from the dialects themselves: what is sent is what is read, byte for byte.

use crate::iso8583::golden::decodes_and_comes_back;
use crate::iso8583::samples::dialects;
use proptest::prelude::*;
use tillgate_codec::iso8583::{Dialect, FieldInfo, Fields, Message, Mti, Tpdu};

/// A value for a field: as much of the source's entropy as the field takes.
fn value(number: u8, field: &FieldInfo<'_>, dialect: &str, source: &[u8]) -> Vec<u8> {
    let longest = field.units_max.min(40);
    let lengths = field.units_min.min(longest)..=longest;
    let picked = usize::from(source[0]) % (lengths.end() - lengths.start() + 1) + lengths.start();
    // Digits cut by position end after a part.
    let units = match (dialect, number) {
        ("unionpay", 60) => [0, 2, 8, 11, 12, 13, 14, 17][usize::from(source[0] % 8)],
        ("unionpay", 61) => [0, 6, 12, 16, 18, 29][usize::from(source[0] % 6)],
        _ if field.units_min == field.units_max => field.units_max,
        _ => picked,
    };
    let mut bytes = source.iter().cycle().skip(1).copied();
    let mut pick = |alphabet: &[u8]| {
        let index = usize::from(bytes.next().unwrap()) % alphabet.len();
        alphabet[index]
    };
    let mut text = |alphabet: &[u8]| (0..units).map(|_| pick(alphabet)).collect::<Vec<u8>>();
    match field.kind {
        "n" => text(b"0123456789"),
        "z" => text(b"0123456789:;<=>?"),
        "a" => text(b"ABCxyz "),
        "an" => text(b"ABCxyz 019"),
        "ans" => text(b"ABCxyz 019-[]^~!\""),
        "text" => text(b"AB\x00\x7f09\x1b").into_iter().collect(),
        "x+n" => {
            let mut amount = text(b"0123456789");
            amount[0] = if source[0].is_multiple_of(2) { b'C' } else { b'D' };
            amount
        }
        "b" if field.has_parts => chip_data(source),
        "b" => text(&(0..=u8::MAX).collect::<Vec<_>>()),
        other => panic!("no values for type {other}"),
    }
}

/// Some BER-TLV, nested and plain.
fn chip_data(source: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, &byte) in source.iter().take(6).enumerate() {
        let length = byte % 9;
        let value = vec![byte; usize::from(length)];
        match index % 3 {
            0 => out.extend([0x9f, 0x10 + byte % 16, length]),
            1 => out.extend([0x80 + byte % 16, length]),
            _ => out.extend([0x71, length + 2, 0x81 + byte % 8, length]),
        }
        out.extend_from_slice(&value);
    }
    out
}

/// A message of those fields of the dialect that the bits choose.
fn message(dialect: &Dialect, chosen: [u64; 3], source: &[u8], mti: [u8; 4]) -> Message {
    let mti = Mti(mti.map(|digit| b'0' + digit % 10));
    let mut message = Message::new(mti).with_header(&source[..dialect.header_bytes()]);
    if dialect.has_tpdu() {
        message.tpdu = Some(Tpdu([0x60, source[1], source[2], source[3], source[4]]));
    }
    for number in dialect.fields() {
        let (word, bit) = (usize::from((number - 1) / 64), (number - 1) % 64);
        let field = dialect.field(number).unwrap();
        // What takes all that is left stands alone at the end.
        let open_end = field.units_max == usize::from(u16::MAX);
        if chosen[word] >> bit & 1 == 1 && !open_end {
            let from = usize::from(number) % (source.len() / 2);
            let value = value(number, &field, dialect.name(), &source[from..]);
            message.set_bytes(number, &value);
        }
    }
    message
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::effort::cases(200, 30), ..ProptestConfig::default() })]

    #[test]
    fn what_is_sent_is_what_is_read(
        chosen in any::<[u64; 3]>(),
        thinner in any::<[u64; 3]>(),
        source in prop::collection::vec(any::<u8>(), 160),
        mti in any::<[u8; 4]>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let chosen = [0, 1, 2].map(|word| chosen[word] & thinner[word]);
        for dialect in dialects() {
            let message = message(dialect, chosen, &source, mti);
            let mut bytes = Vec::new();
            let sent = dialect.encode(&message, &mut bytes);
            prop_assert!(sent.is_ok(), "{}: {:?}", dialect.name(), sent);
            let mut fields = Fields::new();
            let view = dialect.view(&bytes, &mut fields).unwrap();
            prop_assert_eq!(view.mti(), message.mti);
            prop_assert_eq!(view.tpdu(), message.tpdu);
            prop_assert_eq!(view.header(), message.header());
            prop_assert!(view.numbers().eq(message.numbers()));
            for number in message.numbers() {
                let read = view.value(number);
                prop_assert_eq!(read.as_deref(), message.bytes(number), "field {}", number);
                prop_assert_eq!(view.number(number), match dialect.field(number).unwrap().kind {
                    "n" => message.number(number).filter(|_| {
                        message.text(number).is_some_and(|text| text.len() <= 19)
                    }),
                    _ => None,
                });
            }
            prop_assert!(decodes_and_comes_back(dialect, &bytes));
            // Its frame, and the same bytes again behind it.
            let mut framed = Vec::new();
            dialect.encode_framed(&message, &mut framed).unwrap();
            let frame = dialect.framing().deframe(&framed).unwrap().unwrap();
            prop_assert_eq!(&framed[frame.message], &bytes[..]);
            // A part of it is no message, and no frame.
            let error = dialect.decode(&bytes[..cut.index(bytes.len())], &mut fields).unwrap_err();
            prop_assert_eq!(error.kind(), "truncated");
            let part = cut.index(framed.len());
            prop_assert_eq!(dialect.framing().deframe(&framed[..part]), Ok(None));
        }
    }
}
