//! Sub-fields in every layout: there and back, and what is wrong with them.

use crate::iso8583::golden::decodes_and_comes_back;
use crate::iso8583::samples::unhex;
use tillgate_codec::iso8583::{Dialect, Message, Mti, Reveal, Tree, decode_json, encode_json};

/// A dialect of one field, which is 48, in ASCII unless the row says otherwise.
fn dialect(row: &str) -> Dialect {
    let table = format!(
        "name = \"one\"\nmti = \"bcd\"\nbitmap = \"binary\"\n[defaults]\nbinary = \"binary\"\n\
         [fields]\n48 = {{ {row} }}\n"
    );
    Dialect::parse(&table).unwrap()
}

/// Checks that the value of field 48 and the JSON stand for each other.
fn same(dialect: &Dialect, value: &[u8], json: &str) {
    let message = [unhex("0200 0000000000010000"), value.to_vec()].concat();
    let decoded = decode_json(dialect, &message, Reveal::Clear).unwrap();
    let field = decoded.split_once("\"48\":").unwrap().1.trim_end_matches("}}").to_owned();
    let field = if field.starts_with('{') { format!("{field}}}") } else { field };
    assert_eq!(field.trim_end_matches('}'), json.trim_end_matches('}'));
    assert_eq!(encode_json(dialect, &decoded).unwrap(), message);
    assert!(decodes_and_comes_back(dialect, &message));
}

/// Kind, sub-field and offset within the field's prefix and value, of a value that is wrong.
fn wrong(dialect: &Dialect, value: &[u8]) -> (String, Option<String>, usize) {
    let message = [unhex("0200 0000000000010000"), value.to_vec()].concat();
    let error = decode_json(dialect, &message, Reveal::Clear).unwrap_err();
    assert_eq!(error.field.as_deref(), Some("48"), "{error}");
    (error.kind, error.subfield, error.offset - 10)
}

#[test]
fn text_is_cut_by_position_and_may_end_after_any_part() {
    let dialect = dialect(
        "format = \"ans...30\", parts = [{ name = \"kind\", format = \"an2\" }, \
         { name = \"count\", format = \"n3\" }, { name = \"note\", format = \"ans..9\" }]",
    );
    same(&dialect, b"010AB01203XYZ", "{\"kind\":\"AB\",\"count\":\"012\",\"note\":\"XYZ\"}");
    same(&dialect, b"005AB012", "{\"kind\":\"AB\",\"count\":\"012\"}");
    let part = |name: &str| Some(name.to_owned());
    assert_eq!(wrong(&dialect, b"004AB01"), ("truncated".to_owned(), part("count"), 5));
    assert_eq!(wrong(&dialect, b"005ABx12"), ("content".to_owned(), part("count"), 5));
    assert_eq!(wrong(&dialect, b"008AB01204X"), ("truncated".to_owned(), part("note"), 10));
    assert_eq!(wrong(&dialect, b"008AB01200X"), ("length".to_owned(), None, 10));
}

#[test]
fn packed_digits_are_cut_within_bytes() {
    let dialect = dialect(
        "format = \"n...9\", encoding = \"bcd\", prefix = \"bcd\", pad = \"right\", parts = [\
         { name = \"kind\", format = \"n2\" }, { name = \"batch\", format = \"n3\" }, \
         { name = \"rest\", format = \"n*\" }]",
    );
    same(
        &dialect,
        &unhex("0009 1234567890"),
        "{\"kind\":\"12\",\"batch\":\"345\",\"rest\":\"6789\"}",
    );
    same(&dialect, &unhex("0005 123450"), "{\"kind\":\"12\",\"batch\":\"345\"}");
    let short = wrong(&dialect, &unhex("0004 1234"));
    assert_eq!(short, ("length".to_owned(), Some("batch".to_owned()), 3));
}

#[test]
fn a_composite_has_a_bitmap_of_its_own() {
    for (encoding, bits) in [("binary", unhex("A0")), ("hex", b"A0".to_vec())] {
        let dialect = dialect(&format!(
            "format = \"b...99\", layout = \"bitmap\", bitmap_bytes = 1, \
             bitmap_encoding = \"{encoding}\", parts = [{{ number = 3, format = \"ans..9\" }}, \
             {{ number = 1, format = \"n4\", encoding = \"bcd\" }}]"
        ));
        let value = [bits, unhex("1234"), b"02OK".to_vec()].concat();
        let prefix = format!("{:03}", value.len()).into_bytes();
        same(&dialect, &[prefix, value].concat(), "{\"1\":\"1234\",\"3\":\"OK\"}");
    }
    let dialect = dialect(
        "format = \"b...99\", layout = \"bitmap\", bitmap_bytes = 1, \
         parts = [{ number = 1, format = \"n4\" }]",
    );
    assert_eq!(wrong(&dialect, b"001\x40"), ("unknown-field".to_owned(), None, 3));
    let short = wrong(&dialect, b"003\x8012");
    assert_eq!(short, ("truncated".to_owned(), Some("1".to_owned()), 4));
}

#[test]
fn tags_and_lengths_of_fixed_size_are_text_in_text() {
    let dialect = dialect(
        "format = \"text...99\", layout = \"tlv\", tag_bytes = 2, length_bytes = 2, \
         parts = [{ tag = \"01\", name = \"count\", format = \"n..3\" }]",
    );
    same(&dialect, b"01401030420203A-B", "{\"01\":\"042\",\"02\":\"A-B\"}");
    same(&dialect, b"010AA01xAA01y", "{\"AA\":[\"x\",\"y\"]}");
    let part = |name: &str| Some(name.to_owned());
    assert_eq!(wrong(&dialect, b"0070103x42"), ("content".to_owned(), part("01"), 7));
    assert_eq!(wrong(&dialect, b"0060209xy"), ("truncated".to_owned(), part("02"), 3));
    assert_eq!(wrong(&dialect, b"004020x"), ("length".to_owned(), part("02"), 6));
    assert_eq!(wrong(&dialect, b"00302"), ("truncated".to_owned(), None, 3));
}

#[test]
fn tags_and_lengths_of_fixed_size_are_bytes_in_binary() {
    let dialect = dialect(
        "format = \"b...99\", layout = \"tlv\", tag_bytes = 1, length_bytes = 2, \
         length_encoding = \"bcd\", \
         parts = [{ tag = \"5A\", format = \"n..8\", encoding = \"bcd\" }]",
    );
    let value = [b"011".to_vec(), unhex("5A0002 1234 FF0003 A1A2A3")].concat();
    same(&dialect, &value, "{\"5A\":\"1234\",\"FF\":\"A1A2A3\"}");
}

#[test]
fn listed_ber_tags_have_types_of_their_own() {
    let dialect = dialect(
        "format = \"b...99\", layout = \"ber\", parts = [\
         { tag = \"9F1E\", name = \"serial\", format = \"an8\", encoding = \"ascii\" }, \
         { tag = \"DF01\", name = \"code\", mask = \"secret\" }]",
    );
    let value = [b"016".to_vec(), unhex("9F1E08 5345523132333435 DF0102 ABCD")].concat();
    same(&dialect, &value, "{\"9F1E\":\"SER12345\",\"DF01\":\"ABCD\"}");
    let short = [b"007".to_vec(), unhex("9F1E04 53455231")].concat();
    assert_eq!(wrong(&dialect, &short), ("length".to_owned(), Some("9F1E".to_owned()), 6));
    let message = [unhex("0200 0000000000010000"), value].concat();
    let masked = decode_json(&dialect, &message, Reveal::Masked).unwrap();
    assert!(masked.contains("\"DF01\":\"****\""), "{masked}");
}

#[test]
fn chip_data_may_travel_as_hexadecimal_text() {
    let dialect =
        dialect("format = \"b...99\", encoding = \"hex\", unit = \"digits\", layout = \"ber\"");
    same(&dialect, b"0109F2702ABCD", "{\"9F27\":\"ABCD\"}");
    // Offsets are those of the text.
    let short = wrong(&dialect, b"0129F27015A0912");
    assert_eq!((short.0.as_str(), short.2), ("truncated", 11));
}

#[test]
fn layouts_lie_within_layouts() {
    let dialect = dialect(
        "format = \"b...99\", parts = [\
         { name = \"version\", format = \"n2\", encoding = \"bcd\" }, \
         { name = \"inner\", format = \"b..30\", layout = \"tlv\", \
         tag_bytes = 1, length_bytes = 1 }]",
    );
    let value = [b"010".to_vec(), unhex("07"), b"07".to_vec(), unhex("0101AA 0202BBCC")].concat();
    same(&dialect, &value, "{\"version\":\"07\",\"inner\":{\"01\":\"AA\",\"02\":\"BBCC\"}}");
    let bad = [b"006".to_vec(), unhex("07"), b"03".to_vec(), unhex("0105AA")].concat();
    assert_eq!(wrong(&dialect, &bad), ("truncated".to_owned(), Some("01".to_owned()), 6));
}

#[test]
fn a_message_is_built_from_a_tree() {
    let dialect = Dialect::builtin("iso87b").unwrap();
    let leaf = |key: &str, value: &str| (key.to_owned(), Tree::Leaf(value.to_owned()));
    let chip = Tree::Node(vec![leaf("9F27", "80"), leaf("5F2A", "0364")]);
    assert_eq!(dialect.compose(55, &chip).unwrap(), unhex("9F270180 5F2A020364"));
    let original = Tree::Node(vec![leaf("mti", "0200"), leaf("stan", "000123")]);
    assert_eq!(dialect.compose(90, &original).unwrap(), b"0200000123");
    for (field, tree, kind) in [
        (55, Tree::Node(vec![leaf("9F", "80")]), "subfield"),
        (55, Tree::Node(vec![leaf("9F27", "8")]), "content"),
        (55, Tree::Node(vec![("9F27".to_owned(), Tree::Node(vec![]))]), "subfield"),
        (90, Tree::Node(vec![leaf("mti", "020")]), "length"),
        (90, Tree::Node(vec![leaf("stan", "000123")]), "subfield"),
        (11, Tree::Node(vec![]), "subfield"),
        (11, Tree::List(vec![]), "subfield"),
        (200, Tree::Leaf(String::new()), "unknown-field"),
    ] {
        let error = dialect.compose(field, &tree).unwrap_err();
        assert_eq!((error.kind, error.field), (kind, Some(field)), "{error}");
    }
}

/// The error of sending one field, set without regard to its sub-fields.
fn unsent(dialect: &Dialect, value: &[u8]) -> (&'static str, Option<String>, usize) {
    let mut message = Message::new(Mti::FINANCIAL_REQUEST);
    message.set_bytes(48, value);
    let mut out = vec![7];
    let error = dialect.encode(&message, &mut out).unwrap_err();
    assert_eq!((error.field, out), (Some(48), vec![7]), "{error}");
    (error.kind, error.subfield, error.offset)
}

#[test]
fn sub_fields_that_a_peer_would_refuse_are_not_sent() {
    let part = |name: &str| Some(name.to_owned());
    let chip = dialect("format = \"b...99\", layout = \"ber\"");
    assert_eq!(unsent(&chip, &unhex("9F270180 5A811234")), ("truncated", part("5A"), 4));
    let text = dialect("format = \"b...99\", encoding = \"hex\", layout = \"ber\"");
    assert_eq!(unsent(&text, &unhex("9F270180 5A811234")), ("truncated", part("5A"), 4));
    let digits = dialect(
        "format = \"n...9\", encoding = \"bcd\", parts = [{ name = \"kind\", format = \"n2\" }, \
         { name = \"batch\", format = \"n4\" }]",
    );
    assert_eq!(unsent(&digits, b"1234"), ("length", part("batch"), 2));
    assert_eq!(unsent(&digits, b"1234567"), ("length", None, 0));
}

#[test]
fn nothing_is_sent_behind_a_field_that_takes_all_that_is_left() {
    let dialect = Dialect::parse(
        "name = 'open'\n[fields]\n48 = { format = 'text*' }\n49 = { format = 'an3' }\n",
    );
    let mut message = Message::new(Mti::FINANCIAL_REQUEST);
    message.set(48, "anything").set(49, "364");
    let error = dialect.unwrap().encode(&message, &mut Vec::new()).unwrap_err();
    assert_eq!((error.kind, error.field), ("trailing", Some(49)), "{error}");
}
