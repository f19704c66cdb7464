//! What tables can say beyond the built-in ones: bases, code pages, leading parts, fillers, frames.

use crate::iso8583::golden::decodes_and_comes_back;
use crate::iso8583::samples::unhex;
use tillgate_codec::iso8583::{Dialect, Reveal, decode_json, encode_json};

fn dialect(head: &str, rows: &str) -> Dialect {
    Dialect::parse(&format!("name = \"x\"\n{head}\n[fields]\n{rows}\n")).unwrap()
}

/// Checks that the bytes and the JSON behind `"mti"` stand for each other; gives all of the JSON.
fn same(dialect: &Dialect, bytes: &[u8], fields: &str) -> String {
    let json = decode_json(dialect, bytes, Reveal::Clear).unwrap();
    assert!(json.contains(fields), "{fields} in {json}");
    assert_eq!(encode_json(dialect, &json).unwrap(), bytes, "{json}");
    json
}

#[test]
fn amounts_with_a_sign_have_as_many_digits_as_the_standard_says() {
    let table = dialect("base = \"iso87a\"", "28 = { format = \"x+n8\" }");
    assert_eq!(table.field(28).unwrap().units_max, 9);
    same(&table, b"02000000001000000000C00001500", "\"28\":\"C00001500\"");
    // As tables had it when the length counted the sign; no edition has nine digits.
    let old = dialect("base = \"iso87a\"", "28 = { format = \"x+n9\" }");
    same(&old, b"02000000001000000000C00001500", "\"28\":\"C00001500\"");
    assert!(old.notes()[0].contains("x+n8"), "{:?}", old.notes());
    assert!(table.notes().is_empty());
    let packed = "28 = { format = \"x+n7\", encoding = \"bcd\", sign = \"nibble\" }";
    let packed = dialect("bitmap = \"binary\"\nmti = \"bcd\"", packed);
    same(&packed, &unhex("0200 0000001000000000 C0001500"), "\"28\":\"C0001500\"");
}

#[test]
fn a_track_has_the_same_text_however_it_travels() {
    let (packed, ascii) =
        (Dialect::builtin("iso87b").unwrap(), Dialect::builtin("iso87a").unwrap());
    let bytes = unhex("0200 0000000020000000 21 4111111111111111D30110");
    let json = same(&packed, &bytes, "\"35\":\"4111111111111111=3011\"");
    let plain = json.replace("iso87b", "iso87a");
    let sent = encode_json(&ascii, &plain).unwrap();
    assert_eq!(sent, b"02000000000020000000214111111111111111=3011");
    // Documents of earlier releases have the nibble.
    assert_eq!(encode_json(&packed, &json.replace('=', "D")).unwrap(), bytes);
    let every = unhex("0200 0000000020000000 16 0123456789ABCDEF");
    same(&packed, &every, "\"35\":\"0123456789:;<=>?\"");
}

#[test]
fn track_3_of_unionpay_is_packed_as_track_2_is() {
    let dialect = Dialect::parse(Dialect::example_table("unionpay").unwrap()).unwrap();
    let head = "6000128001 603100310100 0200 0000000010000000";
    let bytes = unhex(&format!("{head} 0104 {}", "0123456789D".repeat(9) + "01234"));
    same(&dialect, &bytes, "\"36\":\"0123456789=0123456789=");
    let long = unhex(&format!("{head} 0105 {}", "00".repeat(53)));
    assert_eq!(decode_json(&dialect, &long, Reveal::Clear).unwrap_err().kind, "length");
}

#[test]
fn padding_between_tags_leaves_them_readable_and_comes_back() {
    let dialect = Dialect::builtin("iso87b").unwrap();
    for (chip, tags) in [
        ("0013 9F270180 0000 9A03240806 0000", "{\"9F27\":\"80\",\"9A\":\"240806\"}"),
        ("0006 9F278101 80 00", "{\"9F27\":\"80\"}"),
        ("0009 8A0100 9A0101 8A0102", "{\"8A\":[\"00\",\"02\"],\"9A\":\"01\"}"),
    ] {
        let bytes = unhex(&format!("0200 0000000000000200 {chip}"));
        let json = same(&dialect, &bytes, &format!("\"55\":{tags}"));
        assert!(json.contains("\"wire\":{\"55\":\""), "{json}");
    }
    let json = same(&dialect, &unhex("0200 0000000000000200 0004 9F270180"), "\"9F27\"");
    assert!(!json.contains("wire"), "{json}");
}

#[test]
fn a_table_builds_on_any_other() {
    let file = "name = \"host\"\nbase = \"unionpay\"\n[fields]\n62 = { format = \"ans...512\" }\n";
    let mut asked = Vec::new();
    let table = "name = \"till\"\nbase = \"host.toml\"\ntpdu = false\n";
    let dialect = Dialect::parse_with(table, |name| {
        asked.push(name.to_owned());
        Ok(file.to_owned())
    });
    let dialect = dialect.unwrap();
    assert_eq!((asked.as_slice(), dialect.header_bytes()), (&["host.toml".to_owned()][..], 6));
    assert_eq!((dialect.field(62).unwrap().kind, dialect.has_tpdu()), ("ans", false));
    let circle = "name = \"a\"\nbase = \"a\"\n";
    let error = Dialect::parse_with(circle, |_| Ok(circle.to_owned())).unwrap_err();
    assert!(error.message.contains("in a circle") && error.line == 2, "{error}");
    let wrong = Dialect::parse_with(table, |_| Ok("name = \"b\"\nmti = \"x\"".to_owned()));
    let wrong = wrong.unwrap_err();
    assert!(wrong.message.starts_with("base `host.toml`: `mti`") && wrong.line == 2, "{wrong}");
}

#[test]
fn every_code_page_is_read_and_sent() {
    for (page, wire, text) in [
        ("cp037", "4A5AB0BABB9F", "¢!^[]¤"),
        ("cp500", "4A5AB0BABB9F", "[]¢¬|¤"),
        ("cp1047", "4A5AB0BABB9F", "¢!¬Ý¨¤"),
        ("cp1140", "4A5AB0BABB9F", "¢!^[]€"),
    ] {
        let row = format!("44 = {{ format = \"text6\", encoding = \"{page}\" }}");
        let dialect = dialect("mti = \"bcd\"\nbitmap = \"binary\"", &row);
        let bytes = unhex(&format!("0200 0000000000100000 {wire}"));
        same(&dialect, &bytes, &format!("\"44\":\"{text}\""));
        assert!(decodes_and_comes_back(&dialect, &bytes), "{page}");
    }
}

#[test]
fn lower_case_digits_are_those_of_a_dialect_of_its_own() {
    let lower = dialect(
        "bitmap = \"hex-lower\"",
        "52 = { format = \"b4\", encoding = \"hex-lower\" }\n\
         63 = { format = \"b2\", encoding = \"hex-lower\" }",
    );
    let bytes = b"08000000000000001002deadbeefcafe";
    same(&lower, bytes, "\"52\":\"DEADBEEF\",\"63\":\"CAFE\"");
    for (wrong, field) in [
        (&b"0800000000000000100ADEADBEEFcafe"[..], "1"),
        (b"08000000000000001002deadBEEFcafe", "52"),
    ] {
        let error = decode_json(&lower, wrong, Reveal::Clear).unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field));
        assert!(error.message.contains("lower-case"), "{error}");
    }
}

#[test]
fn leading_parts_may_be_left_out() {
    let dialect = dialect(
        "base = \"iso87a\"\ntpdu = \"optional\"\nheader = 12\nheader_starts = \"49534F\"",
        "3 = { format = \"n6\" }",
    );
    let message = b"08002000000000000000990000";
    let (tpdu, header) = (unhex("6000128001"), b"ISO025000077");
    same(&dialect, message, "\"mti\"");
    same(&dialect, &[&tpdu[..], message].concat(), "\"tpdu\":\"6000128001\",\"mti\"");
    same(&dialect, &[&header[..], message].concat(), "\"header\":\"49534F");
    same(&dialect, &[&tpdu[..], header, message].concat(), "\"tpdu\":\"6000128001\",\"header\"");
    for (more, kind) in [
        ("\"tpdu\":\"7000128001\"", "tpdu"),
        ("\"header\":\"\u{30}\u{31}\"", "header"),
        ("\"header\":\"30534F303235303030303737\u{30}\u{30}\"", "header"),
    ] {
        let json = format!("{{{more},\"mti\":\"0800\",\"fields\":{{}}}}");
        assert_eq!(encode_json(&dialect, &json).unwrap_err().kind, kind, "{json}");
    }
}

#[test]
fn the_first_byte_of_a_header_may_be_its_length() {
    let dialect =
        dialect("base = \"cards-ebcdic\"\nheader = \"counted\"", "3 = { format = \"n6\" }");
    let message = "F0F8F0F0 2000000000000000 F9F9F0F0F0F0";
    for header in ["01", "040102FF", "16010200000000000000000000000000000000000000"] {
        same(&dialect, &unhex(&format!("{header}{message}")), &format!("\"header\":\"{header}\""));
    }
    for (bytes, kind) in
        [("00F0F8", "length"), ("41F0F8", "length"), ("05F0F8", "truncated"), ("", "truncated")]
    {
        assert_eq!(decode_json(&dialect, &unhex(bytes), Reveal::Clear).unwrap_err().kind, kind);
    }
    let wrong = "{\"header\":\"0301\",\"mti\":\"0800\",\"fields\":{}}";
    assert_eq!(encode_json(&dialect, wrong).unwrap_err().kind, "header");
}

#[test]
fn either_filler_is_read_and_comes_back() {
    let dialect = dialect(
        "base = \"iso87b\"\n[defaults]\ndigit = \"0F\"",
        "61 = { format = \"n...9\", pad = \"right\", parts = [{ name = \"a\", format = \"n2\" }, \
         { name = \"b\", format = \"n3\" }] }",
    );
    let zero = unhex("0200 4000000000000000 05 123450");
    let json = same(&dialect, &zero, "\"2\":\"12345\"");
    assert!(!json.contains("wire"), "{json}");
    let other = unhex("0200 4000000000000000 05 12345F");
    let json = same(&dialect, &other, "\"2\":\"12345\"");
    assert!(json.contains("\"wire\":{\"2\":\"12345F\"}"), "{json}");
    same(&dialect, &unhex("0200 0000000000000008 0005 12345F"), "{\"a\":\"12\",\"b\":\"345\"}");
    for bytes in [zero, other, unhex("0200 0000000000000008 0005 12345F")] {
        assert!(decodes_and_comes_back(&dialect, &bytes));
    }
    let wrong = unhex("0200 4000000000000000 05 123451");
    assert_eq!(decode_json(&dialect, &wrong, Reveal::Clear).unwrap_err().kind, "padding");
}

#[test]
fn bytes_may_lie_among_text() {
    let dialect = dialect(
        "base = \"iso87a\"",
        "48 = { format = \"ans...99\", parts = [{ name = \"kind\", format = \"an2\" }, \
         { name = \"key\", format = \"b3\", encoding = \"binary\" }, \
         { name = \"date\", format = \"n4\", encoding = \"bcd\" }, { name = \"note\", format = \"ans*\" }] }",
    );
    let bytes = [&b"02000000000000010000009AB"[..], &unhex("80FF00 1126"), b"ok"].concat();
    let fields = "{\"kind\":\"AB\",\"key\":\"80FF00\",\"date\":\"1126\",\"note\":\"ok\"}";
    same(&dialect, &bytes, fields);
    assert!(decodes_and_comes_back(&dialect, &bytes));
    let wrong = [&b"02000000000000010000009A\x01"[..], &unhex("80FF00 1126"), b"ok"].concat();
    let error = decode_json(&dialect, &wrong, Reveal::Clear).unwrap_err();
    assert_eq!((error.kind.as_str(), error.subfield.as_deref()), ("content", Some("kind")));
}

#[test]
fn a_message_in_marks_is_a_document_and_comes_back() {
    let serial = dialect(
        "base = \"iso87a\"\n[frame]\nlength = \"none\"\nstart = \"02\"\nend = \"03\"\nlrc = true",
        "3 = { format = \"n6\" }",
    );
    let message = b"08002000000000000000990000";
    let check = message.iter().fold(3, |sum, byte| sum ^ byte);
    same(&serial, &[&[2][..], message, &[3, check]].concat(), "\"length\":26");
    same(&serial, message, "\"dialect\":\"x\",\"mti\"");
    let vap = dialect("base = \"iso87a\"\n[frame]\nreserved = 2", "3 = { format = \"n6\" }");
    let json = same(&vap, &[&[0, 26, 0, 0][..], message].concat(), "\"length\":26");
    assert!(!json.contains("reserved"), "{json}");
    same(&vap, &[&[0, 26, 1, 2][..], message].concat(), "\"reserved\":\"0102\"");
}
