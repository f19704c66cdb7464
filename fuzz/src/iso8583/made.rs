//! Messages made from the tables: what is sent is what is read.

use super::{PRINTED_PER_BYTE, deframed, message};
use std::sync::OnceLock;
use tillgate_codec::iso8583::{Dialect, FieldInfo, Fields, MacKey, MacVerdict, Message, Mti, Tpdu};

/// Fields of one message; more of them find nothing new and cost time.
const FIELDS_MAX: usize = 64;
/// Deepest nesting of templates made: one more than decoding allows.
const TEMPLATES_MAX: usize = 9;

/// A message of any fields of any dialect, built in or example, is sent, and read as it was; one of
/// values that do not fit is refused for a field that it has.
///
/// ```text
/// dialect, how, type (2), TPDU (5), header (as long as the dialect's), then for each field:
/// number, length, value
///
/// how  bit 0: values as they are here, fitting or not; else made to fit the field
///      bit 1: with a code in field 64 or 128
/// ```
pub fn iso8583_roundtrip(data: &[u8]) {
    static DIALECTS: OnceLock<Vec<Dialect>> = OnceLock::new();
    let dialects = DIALECTS.get_or_init(|| {
        let table = |name| Dialect::builtin_table(name).or_else(|| Dialect::example_table(name));
        let compiled = |name| Dialect::parse(table(name)?).ok();
        let names = Dialect::builtin_names().chain(Dialect::example_names());
        names.map(|name| compiled(name).expect("a committed table")).collect()
    });
    let mut source = Source { rest: data };
    let dialect = &dialects[source.below(dialects.len())];
    let how = source.byte();
    let fits = how & 1 == 0;
    let mut made = head(dialect, &mut source);
    for _ in 0..FIELDS_MAX {
        if source.rest.is_empty() {
            break;
        }
        let number = source.byte();
        if let Some(field) = dialect.field(number) {
            let value = if fits { value(&field, &mut source) } else { source.some().to_vec() };
            made.set_bytes(number, &value);
        }
    }
    let bytes = sent(dialect, &mut made, fits);
    message(dialect, &bytes, PRINTED_PER_BYTE);
    if fits {
        read(dialect, &made, &bytes);
    }
    if how & 2 == 2 {
        authenticated(dialect, &mut made);
    }
    let length = bytes.len();
    let mut framed = Vec::new();
    if dialect.framing().append_frame(&bytes, &mut framed).is_ok() {
        deframed(dialect, &framed);
        let frame = dialect.framing().deframe(&framed).expect("a length of our own");
        assert_eq!(frame.map(|frame| frame.message.len()), Some(length));
    }
}

fn head(dialect: &Dialect, source: &mut Source<'_>) -> Message {
    let digits = [source.byte(), source.byte()].map(|byte| [byte >> 4, byte & 0xf]);
    let mti = [digits[0][0], digits[0][1], digits[1][0], digits[1][1]];
    let mut tpdu = [0; 5];
    tpdu.fill_with(|| source.byte());
    let header: Vec<u8> = (0..dialect.header_bytes()).map(|_| source.byte()).collect();
    let made = Message::new(Mti(mti.map(|digit| b'0' + digit % 10))).with_header(&header);
    if dialect.has_tpdu() { made.with_tpdu(Tpdu(tpdu)) } else { made }
}

/// The message as it travels, without the fields that are refused: where values fit, only those
/// with sub-fields may be, and those behind a field that takes all that is left.
fn sent(dialect: &Dialect, made: &mut Message, fits: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Every turn but the last takes a field away.
    while let Err(error) = dialect.encode(made, &mut bytes) {
        assert!(bytes.is_empty() && !error.message.is_empty());
        let number = error.field.unwrap_or_else(|| panic!("{error}"));
        assert!(made.has(number), "{error}");
        let info = dialect.field(number).expect("the dialect has it");
        assert!(!fits || info.has_parts || error.kind == "trailing", "{error}");
        made.remove(number);
    }
    bytes
}

fn read(dialect: &Dialect, made: &Message, bytes: &[u8]) {
    let mut fields = Fields::new();
    let view = dialect.view(bytes, &mut fields).expect("it was sent");
    assert_eq!((view.mti(), view.header()), (made.mti, made.header()));
    assert!(view.tpdu() == made.tpdu && view.numbers().eq(made.numbers()));
    for number in made.numbers() {
        assert!(view.value(number).as_deref() == made.bytes(number), "field {number}");
    }
}

/// A code that was made is valid, and is that of no other message.
fn authenticated(dialect: &Dialect, made: &mut Message) {
    let key = MacKey::aes_cmac(&[1; 16]).expect("a key of 16 bytes");
    let mut bytes = Vec::new();
    if let Err(error) = dialect.encode_with_mac(made, &key, &mut bytes) {
        assert!(bytes.is_empty() && !error.message.is_empty());
        return;
    }
    let mut fields = Fields::new();
    let view = dialect.view(&bytes, &mut fields).expect("it was sent");
    assert_eq!(view.verify_mac(&key), MacVerdict::Valid);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    if let Ok(view) = dialect.view(&bytes, &mut fields) {
        assert_eq!(view.verify_mac(&key), MacVerdict::Wrong);
    }
}

/// A value that fits the field.
fn value(field: &FieldInfo<'_>, source: &mut Source<'_>) -> Vec<u8> {
    let length = source.byte();
    let spread = field.units_max.min(field.units_min + source.rest.len()) - field.units_min;
    let units = field.units_min + (usize::from(length) * (1 + spread / 256)).min(spread);
    if field.kind == "b" {
        if field.has_parts {
            return if length & 1 == 0 { objects(source, 0, 200) } else { source.some().to_vec() };
        }
        return (0..units).map(|_| source.byte()).collect();
    }
    let mut text = String::new();
    for place in 0..units {
        let byte = source.byte();
        text.push(match field.kind {
            "x+n" if place == 0 => char::from(b"CD"[usize::from(byte % 2)]),
            "n" | "x+n" => char::from(b'0' + byte % 10),
            "z" => char::from(b'0' + byte % 16),
            "a" => char::from(b"ABCXYZabcxyz "[usize::from(byte % 13)]),
            "an" => char::from(b"ABCXYZabcxyz 0189"[usize::from(byte % 17)]),
            "ans" => char::from(b' ' + byte % 95),
            "text" => char::from(byte),
            other => panic!("no values for type {other}"),
        });
    }
    text.into_bytes()
}

/// BER-TLV objects of at most this many bytes: short and long forms, fillers, templates.
fn objects(source: &mut Source<'_>, depth: usize, room: usize) -> Vec<u8> {
    let mut out = Vec::new();
    // Bound: every turn but one that ends it adds a byte.
    loop {
        let (kind, tag) = (source.byte(), source.byte());
        let left = (room - out.len()).saturating_sub(6);
        if kind % 8 == 0 || left == 0 {
            return out;
        }
        let value = if kind % 8 == 1 && depth < TEMPLATES_MAX {
            objects(source, depth + 1, left)
        } else {
            let bytes = source.some();
            bytes[..bytes.len().min(left)].to_vec()
        };
        match kind % 8 {
            1 => out.push(0x60 | tag & 0x9e),
            2 | 3 => out.extend([0x9f, tag & 0x7f]),
            4 => out.extend([0xdf, 0x80 | tag, tag & 0x7f]),
            5 => out.extend([0, tag & 0xde]),
            _ => out.push(0x80 | tag & 0x5e),
        }
        let length = u8::try_from(value.len()).expect("less than the room");
        if length > 0x7f || kind & 0x80 != 0 {
            out.push(0x81);
        }
        out.push(length);
        out.extend_from_slice(&value);
    }
}

/// The fuzzer's bytes, taken from the front; zeros behind their end.
struct Source<'d> {
    rest: &'d [u8],
}

impl<'d> Source<'d> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = rest;
        first
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    /// As many bytes as the first says.
    fn some(&mut self) -> &'d [u8] {
        let length = usize::from(self.byte()).min(self.rest.len());
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}
