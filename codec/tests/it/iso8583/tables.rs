//! Tables that are wrong: by line, with what is allowed.

use crate::iso8583::samples::of;
use proptest::prelude::*;
use tillgate_codec::iso8583::{Dialect, TableError};

const HEAD: &str = "name = \"x\"\n[fields]\n";

fn error(text: &str) -> TableError {
    Dialect::parse(text).err().unwrap_or_else(|| panic!("this table compiles:\n{text}"))
}

/// Checks place and words of the error that one row of a field gives: `here` is what it points at.
fn row_is_wrong(row: &str, here: &str, words: &[&str]) {
    let line = format!("3 = {{ {row} }}");
    let column = line.rfind(here).unwrap() + 1;
    let error = error(&format!("{HEAD}{line}\n"));
    assert_eq!((error.line, error.column), (3, column), "{row}: {error}");
    for word in words {
        assert!(error.message.contains(word), "{row}: `{word}` in {error}");
    }
}

#[test]
fn every_wrong_key_is_told_by_place_and_with_what_is_allowed() {
    for (row, here, words) in [
        ("format = 'n6', colour = 1", "colour", &["colour", "field 3", "encoding", "mask"][..]),
        ("format = 'q6'", "'q6'", &["`q6`", "x+n", "..19"]),
        ("format = 'n.......6'", "'n.", &["1 to 6"]),
        ("format = 'n0'", "'n0'", &["at most 65535"]),
        ("format = 'n99999'", "'n9", &["at most 65535"]),
        ("format = 6", "6", &["`format` of field 3", "a string"]),
        ("name = 'amount'", "{", &["field 3 needs a `format`"]),
        (
            "format = 'n6', encoding = 'utf8'",
            "'utf8'",
            &["an encoding", "ascii, cp037, cp500, cp1047"],
        ),
        ("format = 'ans6', encoding = 'bcd'", "'bcd'", &["field 3", "ascii, cp037, cp500, cp1047"]),
        ("format = 'b6', encoding = 'bcd'", "'bcd'", &["binary, hex, hex-lower, ebcdic-hex"]),
        ("format = 'n..6', unit = 'words'", "'words'", &["a unit of length", "digits, bytes"]),
        ("format = 'n6', pad = 'up'", "'up'", &["a side", "left, right"]),
        ("format = 'n6', digit = 'G'", "'G'", &["`digit`", "0 to 9 or A to F"]),
        ("format = 'n6', mask = 'all'", "'all'", &["a mask", "none, pan, track, secret"]),
        ("format = 'n..100'", "'n..100'", &["2 digits", "99 only"]),
        ("format = 'n..9', min = 10", "10", &["`min`", "9"]),
        ("format = 'n..9', min = -1", "-1", &["a number from 0"]),
        ("format = 'n..9', remove = 1", "1", &["true or false"]),
        ("format = 'ans6', layout = 'ber'", "'ber'", &["`ber`", "need b"]),
        ("format = 'x+n6', layout = 'positional'", "'pos", &["any but x+n"]),
        ("format = 'b6', layout = 'bitmap'", "'bitmap'", &["needs `parts`"]),
        ("format = 'b6', layout = 'tlv'", "'tlv'", &["`tag_bytes`", "`length_bytes`"]),
        ("format = 'b6', layout = 'ber', parts = 3", "3", &["a list"]),
        ("format = 'b....1999', encoding = 'hex', layout = 'ber'", "'ber'", &["at most 1024"]),
        ("format = 'ans6', parts = [{ format = 'n6' }]", "{ format = 'n6'", &["needs a `name`"]),
        (
            "format = 'ans6', parts = [{ name = 'a', format = 'n3' }, \
             { name = 'a', format = 'n2' }]",
            "{ name = 'a', format = 'n2'",
            &["written twice"],
        ),
        (
            "format = 'ans6', parts = [{ name = 'a', format = 'n*' }, \
             { name = 'b', format = 'n3' }]",
            "{ name = 'b'",
            &["no sub-field follows"],
        ),
        (
            "format = 'n6', encoding = 'bcd', parts = [{ name = 'a', format = 'n..3' }]",
            "{ name = 'a'",
            &["packed digits"],
        ),
        (
            "format = 'b9', layout = 'bitmap', parts = [{ number = 65, format = 'n1' }]",
            "{ number",
            &["`number`", "1 to 64"],
        ),
        ("format = 'b9', layout = 'ber', parts = [{ tag = 'XY' }]", "{ tag", &["`tag`"]),
        (
            "format = 'b9', layout = 'ber', parts = [{ tag = 'E1', format='b*', layout = 'ber' }]",
            "'ber' }",
            &["tag E1 is constructed"],
        ),
    ] {
        row_is_wrong(row, here, words);
    }
}

#[test]
fn every_wrong_key_of_the_head_is_told_by_place() {
    for (text, line, column, words) in [
        ("nom = \"x\"", 1, 1, &["no key `nom`", "name, about, base"][..]),
        ("about = \"x\"", 1, 1, &["needs a `name`"]),
        ("name = \"\"", 1, 8, &["empty"]),
        ("name = \"x\"\nbase = \"iso99\"", 2, 8, &["iso87a, iso87b, iso93a, iso93b, nac"]),
        (
            "name = \"x\"\nmti = \"hex\"",
            2,
            7,
            &["`mti`", "ascii, cp037, cp500, cp1047, cp1140, bcd"],
        ),
        (
            "name = \"x\"\nbitmap = \"bcd\"",
            2,
            10,
            &["`bitmap`", "binary, hex, hex-lower, ebcdic-hex"],
        ),
        ("name = \"x\"\nbitmaps = 4", 2, 11, &["from 1 to 3"]),
        ("name = \"x\"\nheader = 1000", 2, 10, &["from 0 to 64"]),
        ("name = \"x\"\n[frame]\nlength = \"hex\"", 3, 10, &["none, binary, bcd, ascii"]),
        ("name = \"x\"\n[frame]\nlength = \"bcd\"\nbytes = 5", 4, 9, &["at most 4 bytes"]),
        ("name = \"x\"\ntpdu = \"maybe\"", 2, 8, &["true, false or \"optional\""]),
        ("name = \"x\"\nheader = \"long\"", 2, 10, &["from 0 to 64", "counted"]),
        ("name = \"x\"\nheader = 1\nheader_starts = \"4953\"", 3, 17, &["more bytes than"]),
        ("name = \"x\"\n[frame]\nend = \"3\"", 3, 7, &["`end`", "8 bytes in hexadecimal"]),
        ("name = \"x\"\n[frame]\nlength = \"none\"\nlrc = true", 2, 1, &["needs an `end`"]),
        ("name = \"x\"\n[frame]\nlength = \"none\"\nreserved = 2", 2, 1, &["need a length"]),
        ("name = \"x\"\n[defaults]\ndigit = \"0FF\"", 3, 9, &["0 to 9 or A to F"]),
        ("name = \"x\"\n[frame]\nsize = 2", 3, 1, &["length, bytes, counts_itself, max"]),
        (
            "name = \"x\"\n[defaults]\ntext = \"bcd\"",
            3,
            8,
            &["ascii, cp037, cp500, cp1047, cp1140"],
        ),
        ("name = \"x\"\n[fields]\n1 = { format = \"b8\" }", 3, 1, &["2 to 192"]),
        ("name = \"x\"\n[fields]\npan = { format = \"n6\" }", 3, 1, &["`pan` is no field"]),
        ("name = \"x\"\n[fields]\n130 = { format = \"n6\" }", 3, 7, &["ends at 128"]),
        ("name = \"x\"\n[fields]\n3 = \"n6\"", 3, 5, &["a table"]),
        ("name = \"x\"\nfields = 3", 2, 10, &["a table"]),
        ("name = \"x\"\nname = \"y\"", 2, 1, &["duplicate"]),
        ("name = \"x\"\nmti = ", 2, 7, &[]),
    ] {
        let error = error(text);
        assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
        assert!(words.iter().all(|word| error.message.contains(word)), "{text}: {error}");
    }
}

#[test]
fn a_row_over_the_base_is_blamed_in_the_table_not_in_the_base() {
    let error = error("name = \"x\"\nbase = \"iso87a\"\n[fields]\n\n41 = { encoding = \"bcd\" }\n");
    assert_eq!((error.line, error.column), (5, 19), "{error}");
}

#[test]
fn a_row_over_the_base_changes_only_what_it_says() {
    let (base, _) = of("iso87a");
    let dialect = Dialect::parse(
        "name = \"x\"\nbase = \"iso87a\"\n[fields]\n2 = { format = \"n..16\" }\n\
         3 = { name = \"what\" }\n4 = { remove = true }\n",
    )
    .unwrap();
    let (pan, base_pan) = (dialect.field(2).unwrap(), base.field(2).unwrap());
    assert_eq!((pan.units_max, pan.name, pan.is_masked), (16, base_pan.name, true));
    assert_eq!(dialect.field(3).unwrap().units_max, 6);
    assert_eq!((dialect.field_name(3), dialect.field_name(4)), (Some("what"), None));
    assert_eq!(dialect.field(5), base.field(5));
}

#[test]
fn tables_nested_to_any_depth_are_refused() {
    let deep = format!("{HEAD}3 = {}{}", "{ parts = [".repeat(5_000), "] }".repeat(5_000));
    assert!(Dialect::parse(&deep).is_err());
    let part = "{ name = \"a\", format = \"b..30\", parts = [";
    let deep = format!("{HEAD}3 = {}{}", part.repeat(4), "] }".repeat(4));
    assert!(error(&deep).message.contains("too deep"));
    assert!(error(&" ".repeat(300_000)).message.contains("over 262144 bytes"));
}

#[test]
fn the_tables_of_the_page_compile() {
    let page = include_str!("../../../../docs/codec.md");
    let tables: Vec<&str> =
        page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(tables.len(), 2);
    let whole = Dialect::parse(tables[0]).unwrap();
    assert_eq!((whole.name(), whole.header_bytes(), whole.field_name(5)), ("maker-x", 6, None));
    let rows = Dialect::parse(&format!("name = 'x'\nbase = 'iso87b'\n[fields]\n{}", tables[1]));
    assert!(
        [48, 55, 60, 63].iter().all(|field| rows
            .as_ref()
            .unwrap()
            .field(*field)
            .unwrap()
            .has_parts)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::effort::cases(300, 60), ..ProptestConfig::default() })]

    #[test]
    fn any_text_compiles_or_is_refused(text in ".{0,200}") {
        // The error, if there is one, has a place in the text.
        if let Err(error) = Dialect::parse(&text) {
            prop_assert!(error.line <= text.matches('\n').count() + 1);
        }
    }

    #[test]
    fn a_built_in_table_with_a_change_compiles_or_is_refused(
        at in any::<prop::sample::Index>(), byte in b' '..=b'~',
    ) {
        let text = Dialect::builtin_table("nac").unwrap();
        let mut changed = text.as_bytes().to_vec();
        let at = at.index(changed.len());
        changed[at] = byte;
        if let Err(error) = Dialect::parse(&String::from_utf8(changed).unwrap()) {
            prop_assert!(error.line >= 1 && error.column >= 1);
        }
    }
}
