//! What is printed: nothing secret unless asked for, in JSON, in the listing, in errors.

use crate::iso8583::samples::{all, of, unhex};
use tillgate_codec::iso8583::{Dialect, Fields, Reveal, decode_json, encode_json, listing};

/// What no printed form may show of the samples: card numbers, tracks behind them, PIN blocks.
const SECRETS: [&str; 9] = [
    "5413330089601109",
    "340000000000009",
    "6011000000000000003",
    "6222000000000000003",
    "60110000000000049",
    "2512201123",
    "25122010000",
    "0123456789ABCDEF",
    "DEADBEEF42",
];

#[test]
fn no_sample_shows_card_data_unless_asked() {
    for (dialect, samples) in all() {
        for sample in samples {
            let shows = |text: &str| {
                let text = text.replace([' ', '\n'], "");
                SECRETS.iter().any(|secret| text.contains(secret))
            };
            let has_any = shows(sample.json);
            let masked = decode_json(dialect, &sample.bytes, Reveal::Masked).unwrap();
            let clear = listing(dialect, &sample.bytes, Reveal::Clear);
            let listed = listing(dialect, &sample.bytes, Reveal::Masked);
            assert!(!shows(&masked), "{masked}");
            assert!(!shows(&listed), "{listed}");
            assert_eq!(shows(&clear), has_any, "{clear}");
        }
    }
}

#[test]
fn card_numbers_keep_six_and_four_digits() {
    let (dialect, samples) = of("nac");
    let masked = decode_json(dialect, &samples[0].bytes, Reveal::Masked).unwrap();
    for part in [
        "\"2\":\"541333******1109\"",
        "\"35\":\"541333******1109=*******************\"",
        "\"52\":\"****************\"",
    ] {
        assert!(masked.contains(part), "{part} in {masked}");
    }
}

/// A message with these chip data in field 55.
fn chip(value: &str) -> Vec<u8> {
    let bytes = unhex(value);
    let length = format!("{:03}", bytes.len());
    [b"02000000000000000200".as_slice(), length.as_bytes(), &bytes].concat()
}

#[test]
fn chip_tags_with_card_data_are_hidden() {
    let dialect = Dialect::builtin("iso87a").unwrap();
    let message = chip(
        "5A085413330089601109 57115413330089601109D25122011234000012 9902ABCD 9F2701 80 \
         7104 5602AAAA",
    );
    let masked = decode_json(&dialect, &message, Reveal::Masked).unwrap();
    for part in [
        "\"5A\":\"541333******1109\"",
        "\"57\":\"541333******1109D*****************\"",
        "\"99\":\"****\"",
        "\"9F27\":\"80\"",
        "\"56\":\"****\"",
    ] {
        assert!(masked.contains(part), "{part} in {masked}");
    }
}

#[test]
fn hidden_tags_stay_hidden_where_bytes_stand_beside_the_field() {
    let dialect = Dialect::builtin("iso87a").unwrap();
    // An object cannot say that there are fillers between the tags.
    let message = chip("9F270180 00 5A085413330089601109");
    let masked = decode_json(&dialect, &message, Reveal::Masked).unwrap();
    let shown = "\"fields\":{\"55\":{\"9F27\":\"80\",\"5A\":\"541333******1109\"}},\
                 \"masked\":[\"55.5A\"]}";
    assert!(masked.ends_with(shown), "{masked}");
    let clear = decode_json(&dialect, &message, Reveal::Clear).unwrap();
    let shown = "\"wire\":{\"55\":\"9F270180005A085413330089601109\"}}";
    assert!(clear.ends_with(shown), "{clear}");
    assert_eq!(encode_json(&dialect, &clear).unwrap(), message);
}

#[test]
fn what_encloses_a_sub_field_hides_it_too() {
    let dialect = Dialect::parse(
        "name = \"x\"\nbase = \"iso87a\"\n[fields]\n55 = { mask = \"secret\" }\n90 = { mask = \
         \"secret\" }\n",
    )
    .unwrap();
    let masked = decode_json(&dialect, &chip("9F270180"), Reveal::Masked).unwrap();
    assert!(masked.contains("\"9F27\":\"**\""), "{masked}");
}

#[test]
fn hidden_values_cannot_be_sent() {
    let (dialect, samples) = of("nac");
    let masked = decode_json(dialect, &samples[0].bytes, Reveal::Masked).unwrap();
    let error = encode_json(dialect, &masked).unwrap_err();
    assert_eq!(error.field.as_deref(), Some("2"));
    assert!(error.message.contains("hidden"), "{}", error.message);
}

/// Field 48 as tags, of which 92 is secret.
fn with_secret_tag() -> Dialect {
    Dialect::parse(
        "name = \"x\"\nbase = \"iso87a\"\n[fields]\n\
         48 = { format = \"text...999\", layout = \"tlv\", \
         tag_bytes = 2, length_bytes = 3, parts = [{ tag = \"92\", mask = \"secret\" }] }\n",
    )
    .unwrap()
}

#[test]
fn a_hidden_sub_field_cannot_be_sent() {
    let dialect = with_secret_tag();
    let masked = decode_json(&dialect, b"0200000000000001000000892003123", Reveal::Masked).unwrap();
    assert!(masked.contains("{\"92\":\"***\"}"), "{masked}");
    let error = encode_json(&dialect, &masked).unwrap_err();
    assert_eq!((error.field.as_deref(), error.subfield.as_deref()), (Some("48"), Some("92")));
    assert!(error.message.contains("hidden"), "{}", error.message);
}

#[test]
fn hidden_sub_fields_that_come_back_cannot_be_sent() {
    let dialect = with_secret_tag();
    let message = b"020000000000000100000229200312393001x92003456";
    let masked = decode_json(&dialect, message, Reveal::Masked).unwrap();
    assert!(masked.contains("\"48\":{\"92\":[\"***\",\"***\"],\"93\":\"x\"}"), "{masked}");
    let error = encode_json(&dialect, &masked).unwrap_err();
    assert_eq!((error.field.as_deref(), error.subfield.as_deref()), (Some("48"), Some("92")));
    assert!(error.message.contains("hidden"), "{}", error.message);
    let clear = decode_json(&dialect, message, Reveal::Clear).unwrap();
    assert_eq!(encode_json(&dialect, &clear).unwrap(), message);
}

#[test]
fn sub_fields_that_their_field_hides_cannot_be_sent() {
    let dialect = Dialect::parse(
        "name = \"x\"\nbase = \"iso87a\"\n[fields]\n\
         48 = { format = \"text...999\", mask = \"secret\", layout = \"tlv\", \
         tag_bytes = 2, length_bytes = 3, parts = [] }\n",
    )
    .unwrap();
    let masked = decode_json(&dialect, b"0200000000000001000000892003abc", Reveal::Masked).unwrap();
    assert!(masked.contains("{\"92\":\"***\"}"), "{masked}");
    let error = encode_json(&dialect, &masked).unwrap_err();
    assert_eq!((error.field.as_deref(), error.subfield.as_deref()), (Some("48"), Some("92")));
}

#[test]
fn sub_fields_of_binary_fields_that_are_hidden_cannot_be_sent() {
    let dialect = Dialect::parse(
        "name = \"x\"\nbase = \"iso87a\"\n[fields]\n\
         55 = { format = \"b...999\", encoding = \"binary\", mask = \"secret\", \
         layout = \"ber\", parts = [{ tag = \"50\", format = \"text*\" }] }\n",
    )
    .unwrap();
    for (label, stars) in [("5004 56495341", "****"), ("5001 56", "*")] {
        let message = chip(label);
        let masked = decode_json(&dialect, &message, Reveal::Masked).unwrap();
        assert!(masked.contains(&format!("{{\"50\":\"{stars}\"}}")), "{masked}");
        let error = encode_json(&dialect, &masked).unwrap_err();
        assert_eq!((error.field.as_deref(), error.subfield.as_deref()), (Some("55"), Some("50")));
    }
}

#[test]
fn stars_of_the_sender_are_a_value_and_stars_of_ours_are_marked() {
    let dialect = Dialect::builtin("iso87a").unwrap();
    // Track 1 is secret, and of nothing but stars.
    let message = &b"080000000000000800000"[..];
    let message = [message, b"3***"].concat();
    let clear = decode_json(&dialect, &message, Reveal::Clear).unwrap();
    assert!(clear.ends_with("\"fields\":{\"45\":\"***\"}}"), "{clear}");
    assert_eq!(encode_json(&dialect, &clear).unwrap(), message);
    let masked = decode_json(&dialect, &message, Reveal::Masked).unwrap();
    assert!(masked.ends_with("{\"45\":\"***\"},\"masked\":[\"45\"]}"), "{masked}");
    let error = encode_json(&dialect, &masked).unwrap_err();
    assert_eq!((error.field.as_deref(), error.kind.as_str()), (Some("45"), "json"));
    // Another value in its place is sent once its name is taken out.
    let other = masked.replace("***", "B1^X").replace(",\"masked\":[\"45\"]", "");
    assert!(encode_json(&dialect, &other).is_ok(), "{other}");
}

#[test]
fn a_document_hidden_by_an_earlier_release_is_still_refused_where_no_value_has_stars() {
    let dialect = Dialect::builtin("iso87a").unwrap();
    let old = "{\"mti\":\"0800\",\"fields\":{\"2\":\"541333******1109\"}}";
    let error = encode_json(&dialect, old).unwrap_err();
    assert!(error.message.contains("hidden"), "{}", error.message);
}

#[test]
fn what_is_wrong_with_the_members_beside_the_fields_is_told() {
    let dialect = Dialect::builtin("iso87b").unwrap();
    let with = |more: &str| {
        format!("{{\"mti\":\"0800\",\"fields\":{{\"55\":{{\"9F27\":\"80\"}}}},{more}}}")
    };
    for (more, words) in [
        ("\"masked\":true", "a list of names"),
        ("\"masked\":[1]", "a list of names"),
        ("\"masked\":[\"55\"]", "hidden"),
        ("\"masked\":[\"55.9F27\"]", "hidden"),
        ("\"wire\":[]", "an object"),
        ("\"wire\":{\"55\":1}", "hexadecimal"),
        ("\"wire\":{\"55\":\"9F270181\"}", "say something else"),
        ("\"wire\":{\"55\":\"9F2701\"}", "say something else"),
        ("\"wire\":{\"63\":\"00\"}", "`fields` does not"),
    ] {
        let error = encode_json(&dialect, &with(more)).unwrap_err();
        assert!(error.message.contains(words), "{more}: {}", error.message);
    }
    for more in ["\"masked\":[\"5\"]", "\"wire\":{\"55\":\"009F27018000\"}", "\"masked\":[]"] {
        assert!(encode_json(&dialect, &with(more)).is_ok(), "{more}");
    }
}

#[test]
fn the_longest_chip_data_print_in_time() {
    // 21,838 tags, every other one a hidden one, none of which an object can say.
    let table = "name = \"x\"\nmti = \"bcd\"\nbitmap = \"binary\"\n[frame]\nlength = \"none\"\n\
                 max = 65535\n[fields]\n\
                 127 = { format = \"b*\", encoding = \"binary\", layout = \"ber\" }\n";
    let dialect = Dialect::parse(table).unwrap();
    let chip = unhex("5A0112 820101").repeat(10_919);
    let message = [unhex("0200 8000000000000000 0000000000000002"), chip].concat();
    let masked = decode_json(&dialect, &message, Reveal::Masked).unwrap();
    assert_eq!(masked.matches("\"**\"").count(), 10_919);
    let clear = decode_json(&dialect, &message, Reveal::Clear).unwrap();
    assert_eq!(encode_json(&dialect, &clear).unwrap(), message);
}

#[test]
fn errors_show_no_values() {
    let (dialect, samples) = of("nac");
    let mut bytes = samples[0].bytes.clone();
    let at = bytes.windows(8).position(|window| *window == unhex("5413330089601109")).unwrap();
    bytes[at + 3] = 0xaa;
    let error = decode_json(dialect, &bytes, Reveal::Masked).unwrap_err();
    assert_eq!((error.kind.as_str(), error.offset), ("content", at + 3));
    assert!(!error.to_string().contains("5413"), "{error}");
}

#[test]
fn the_error_of_the_command_line_is_json() {
    let dialect = Dialect::builtin("iso87a").unwrap();
    let error = decode_json(&dialect, b"01", Reveal::Masked).unwrap_err();
    assert_eq!(
        error.to_string(),
        "{\"error\":{\"kind\":\"truncated\",\"field\":\"0\",\"offset\":0,\
         \"message\":\"MTI (field 0) at offset 0: needs 4 bytes, only 2 remain\"}}"
    );
}

#[test]
fn a_listing_names_offset_bytes_field_and_value() {
    let (dialect, samples) = of("nac");
    let listed = listing(dialect, &samples[2].bytes, Reveal::Masked);
    let words: Vec<Vec<&str>> =
        listed.lines().map(|line| line.split_whitespace().collect()).collect();
    for row in [
        "0 60 80 01 00 12 TPDU 6080010012",
        "5 02 10 0 message type 0210",
        "7 00 20 00 00 06 80 02 00 1 bitmap 11 38 39 41 55",
        "15 00 01 23 11 system trace audit number 000123",
        "38 30 30 .8A authorisation response code 3030",
        "45 DE AD BE EF ..9F18 issuer script identifier DEADBEEF",
    ] {
        let row: Vec<&str> = row.split(' ').collect();
        assert!(words.contains(&row), "{row:?} in\n{listed}");
    }
}

#[test]
fn a_listing_of_a_refused_message_names_all_that_its_bitmap_announces() {
    let dialect = Dialect::builtin("iso87a").unwrap();
    // Field 41 is cut short, 61 is announced behind it.
    let listed = listing(&dialect, b"0210002000000080000800012341", Reveal::Masked);
    let bitmap = listed.lines().find(|line| line.contains("bitmap")).unwrap();
    assert!(bitmap.ends_with(" 11 41 61"), "{listed}");
    assert!(listed.lines().last().unwrap().contains("field 41"), "{listed}");
    // A bitmap that is wrong itself hides nothing before it.
    let listed = listing(&dialect, b"02100020000000800x08", Reveal::Masked);
    assert!(listed.contains("message type") && listed.lines().count() == 3, "{listed}");
    let listed = listing(&dialect, b"0x100020", Reveal::Masked);
    assert!(!listed.contains("message type"), "{listed}");
}

#[test]
fn a_listing_of_a_broken_message_ends_with_what_is_wrong() {
    let (dialect, samples) = of("iso87b");
    let message = samples[0].message(dialect);
    let listed = listing(dialect, &message[..40], Reveal::Masked);
    let last = listed.lines().last().unwrap();
    assert!(listed.contains("system trace audit number"), "{listed}");
    assert!(last.contains("wrong here") && last.contains("needs "), "{listed}");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let dialect = Dialect::builtin("iso87a").unwrap();
    let message = b"02000000000000010000007a\x1b[2Jb\x07";
    dialect.decode(message, &mut Fields::new()).unwrap();
    let listed = listing(&dialect, message, Reveal::Masked);
    assert!(listed.contains("a.[2Jb."), "{listed}");
}
