//! Dialect tables as text.

use super::{PRINTED_PER_BYTE, deframed, message};
use tillgate_codec::iso8583::Dialect;

/// Most bytes that a row of the listing has beside the names of the table.
const ROW_BYTES: usize = 10;

/// Any text is refused with a line that it has, or compiles to a dialect that keeps every promise
/// the built-in ones keep.
///
/// What follows the first zero byte is a message, to be decoded by the table.
pub fn dialect_table(data: &[u8]) {
    let mut halves = data.splitn(2, |byte| *byte == 0);
    let (table, bytes) = (halves.next().unwrap_or(&[]), halves.next().unwrap_or(&[]));
    let Ok(text) = std::str::from_utf8(table) else {
        return;
    };
    match Dialect::parse(text) {
        Ok(dialect) => {
            described(&dialect);
            deframed(&dialect, bytes);
            message(&dialect, bytes, PRINTED_PER_BYTE + ROW_BYTES * text.len());
        }
        Err(error) => {
            let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
            assert!((1..=lines).contains(&error.line), "{error}");
            let line = text.split('\n').nth(error.line - 1).expect("one of the lines");
            assert!((1..=line.chars().count() + 1).contains(&error.column), "{error}");
            assert!(!error.message.is_empty());
        }
    }
}

/// What a table says of its fields is whole.
fn described(dialect: &Dialect) {
    assert!(!dialect.name().is_empty());
    assert!(dialect.header_bytes() <= 64 && dialect.framing().bytes <= 8);
    for number in dialect.fields() {
        assert!((2..=192).contains(&number));
        let field = dialect.field(number).expect("the dialect has it");
        assert!(field.units_min <= field.units_max, "field {number}");
        assert_eq!(dialect.field_name(number), Some(field.name));
        assert_eq!(dialect.is_masked(number), field.is_masked);
    }
}
