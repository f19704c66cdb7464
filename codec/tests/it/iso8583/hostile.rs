//! Bytes that were made to hurt: lengths, nesting, tags, and whatever proptest thinks of.

use crate::iso8583::golden::decodes_and_comes_back;
use crate::iso8583::samples::{dialects, of, unhex};
use proptest::prelude::*;
use tillgate_codec::iso8583::{Dialect, ErrorJson, Fields, Message, Mti, View, encode_json};

/// A message whose only field is 55 with these bytes.
fn chip_message(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len();
    let mut message = unhex("0200 0000000000000200");
    let digit = |place: usize| u8::try_from(length / place % 10).unwrap();
    message.extend([digit(1_000) << 4 | digit(100), digit(10) << 4 | digit(1)]);
    message.extend_from_slice(bytes);
    message
}

/// The error of a message whose only field is 55 with these bytes.
fn chip_data(bytes: &[u8]) -> Option<ErrorJson> {
    let dialect = Dialect::builtin("iso87b").unwrap();
    let message = chip_message(bytes);
    let error = dialect.decode(&message, &mut Fields::new()).err()?;
    assert!(error.offset() <= message.len());
    Some(ErrorJson::of_decoding(&dialect, &error))
}

#[test]
fn a_tag_longer_than_its_field_is_told_with_field_tag_and_offset() {
    let error = chip_data(&unhex("9F270180 9F26081122")).unwrap();
    assert_eq!((error.kind.as_str(), error.field.as_deref()), ("truncated", Some("55")));
    assert_eq!((error.subfield.as_deref(), error.offset), (Some("9F26"), 16));
    assert!(error.message.contains("needs 8 bytes, only 2 remain"), "{}", error.message);
}

#[test]
fn lengths_of_tags_that_reach_beyond_memory_are_refused() {
    for bytes in [
        "5A84FFFFFFFF",
        "5A88FFFFFFFFFFFFFFFF",
        "5A887FFFFFFFFFFFFFFF",
        "5A80",
        "5AFF",
        "5A8201",
        "5A847FFFFFFF00",
        "9F",
        "9FFF",
        "1FFFFFFFFF01",
        "5A",
        "5A81",
        "5A05",
        "7084FFFFFFFF",
    ] {
        assert!(chip_data(&unhex(bytes)).is_some(), "{bytes}");
    }
}

#[test]
fn nesting_is_bounded_and_costs_no_stack() {
    // 400 templates, each but the last with one more in it.
    let mut bomb = Vec::new();
    for _ in 0..400 {
        let mut outer = vec![0x70];
        match u8::try_from(bomb.len()) {
            Ok(short @ 0..=0x7f) => outer.push(short),
            _ => outer.extend(
                [0x82, u8::try_from(bomb.len() >> 8).unwrap()]
                    .into_iter()
                    .chain([u8::try_from(bomb.len() & 0xff).unwrap()]),
            ),
        }
        outer.append(&mut bomb);
        bomb = outer;
        if bomb.len() > 990 {
            break;
        }
    }
    assert_eq!(chip_data(&bomb).unwrap().kind, "nesting");
    let mut eight = Vec::new();
    for _ in 0..8 {
        let mut outer = vec![0x70, u8::try_from(eight.len()).unwrap()];
        outer.append(&mut eight);
        eight = outer;
    }
    assert_eq!(chip_data(&eight), None);
}

#[test]
fn a_field_length_over_its_bound_is_told_with_the_bound() {
    let (dialect, _) = of("iso87b");
    let error = dialect.decode(&unhex("0200 4000000000000000 20"), &mut Fields::new()).unwrap_err();
    assert_eq!((error.kind(), error.field(), error.offset()), ("length", Some(2), 10));
    assert!(dialect.explain(&error).contains("length 20, 0 to 19 are allowed"));
}

#[test]
fn a_length_that_is_no_number_is_told_by_its_byte() {
    let (dialect, _) = of("iso87b");
    let bytes = unhex("0200 0000000000000100 00A1");
    let error = dialect.decode(&bytes, &mut Fields::new()).unwrap_err();
    assert_eq!((error.kind(), error.field(), error.offset()), ("length", Some(56), 11));
}

#[test]
fn a_field_that_the_table_lacks_is_told_by_number() {
    let dialect = Dialect::parse("name = \"few\"\n[fields]\n3 = { format = \"n6\" }\n").unwrap();
    let bytes = b"020030000000000000000000001234";
    let error = dialect.decode(bytes, &mut Fields::new()).unwrap_err();
    assert_eq!((error.kind(), error.field(), error.offset()), ("unknown-field", Some(4), 26));
}

#[test]
fn a_message_longer_than_any_is_refused_before_it_is_read() {
    let error = of("nac").0.decode(&vec![0; 65_536], &mut Fields::new()).unwrap_err();
    assert_eq!(error.kind(), "too-long");
}

#[test]
fn values_of_the_longest_message_have_offsets_of_their_own() {
    let dialect = Dialect::parse(
        "name = \"long\"\nmti = \"bcd\"\nbitmap = \"binary\"\n[fields]\n2 = { format = \"n*\", \
         encoding = \"bcd\" }\n3 = { format = \"b*\", encoding = \"binary\" }\n",
    )
    .unwrap();
    let mut message = unhex("0200 2000000000000000");
    message.resize(65_535, 0x11);
    let mut fields = Fields::new();
    dialect.decode(&message, &mut fields).unwrap();
    assert_eq!(fields.span(3).unwrap().range(), 10..65_535);
    // So many digits exceed the greatest length, which is that of the longest message.
    message[2] = 0x40;
    assert_eq!(dialect.decode(&message, &mut fields).unwrap_err().kind(), "length");
}

/// Everything that may be asked of a message.
fn ask(view: &View<'_>) {
    for number in 0..=u8::MAX {
        let (text, wire) = (view.text(number), view.wire(number));
        assert_eq!((text.is_some(), wire.is_some()), (view.has(number), view.has(number)));
        let kept = view.number(number);
        assert_eq!(kept, kept.and_then(|_| Message::from_view(view).number(number)));
    }
}

/// Bytes that look like a message: a type, a bitmap, then digits more often than not.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => (0_u8..10, 0_u8..10).prop_map(|(high, low)| high << 4 | low),
        4 => b'0'..=b'9',
        2 => b' '..=b'~',
        1 => any::<u8>(),
    ];
    let head = prop_oneof![Just(b"0200".to_vec()), Just(vec![0x02, 0x00]), Just(vec![0x12, 0x10])];
    (head, any::<u64>(), prop::collection::vec(byte, 0..300)).prop_map(|(head, bits, tail)| {
        let bitmap = (bits & bits >> 7).to_be_bytes();
        [head, bitmap.to_vec(), tail].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_fail_or_come_back_the_same(bytes in prop_oneof![likely(), any::<Vec<u8>>()]) {
        for dialect in dialects() {
            if decodes_and_comes_back(dialect, &bytes) {
                let mut fields = Fields::new();
                ask(&dialect.view(&bytes, &mut fields).unwrap());
            }
        }
    }

    #[test]
    fn any_chip_data_fails_or_comes_back_the_same(bytes in prop::collection::vec(
        prop_oneof![Just(0x9f), Just(0x70), Just(0x81), Just(0x02), Just(0x00), any::<u8>()], 0..80
    )) {
        let (dialect, _) = of("iso87b");
        let received = chip_message(&bytes);
        let is_sound = decodes_and_comes_back(dialect, &received);
        // What would be refused is not sent either.
        let mut message = Message::new(Mti::FINANCIAL_REQUEST);
        message.set_bytes(55, &bytes);
        let mut sent = Vec::new();
        match dialect.encode(&message, &mut sent) {
            Ok(()) => prop_assert!(is_sound && sent == received),
            Err(error) => prop_assert!(!is_sound && error.field == Some(55) && sent.is_empty()),
        }
    }
}

#[test]
fn what_is_no_json_is_placed_in_texts_with_either_kind_of_line_end() {
    let dialect = Dialect::builtin("iso87a").unwrap();
    for (json, offset) in [("{\n\"mti\": x", 9), ("{\r\n\"mti\": x", 10), ("{\"mti\":", 7)] {
        let error = encode_json(&dialect, json).unwrap_err();
        assert_eq!((error.kind.as_str(), error.offset), ("json", offset), "{json}");
    }
}
