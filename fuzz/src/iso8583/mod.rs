//! ISO 8583: bytes in every built-in dialect, dialect tables, and messages made from tables.

mod made;
mod table;

use std::sync::OnceLock;
use tillgate_codec::iso8583::{
    Dialect, ErrorJson, Fields, MacKey, MacPadding, MacVerdict, Message, Reveal, View, decode_json,
    encode_json, guess, listing,
};

pub use made::iso8583_roundtrip;
pub use table::dialect_table;

/// Bytes of JSON, or of the listing, that a byte of a message may become in a built-in dialect: a
/// row of the listing is the widest, and the least object in BER-TLV has two bytes.
const PRINTED_PER_BYTE: usize = 160;
/// Bytes of print that do not depend on the message: names, keys, the head of the listing.
const PRINTED_BESIDES: usize = 4_096;

/// Any bytes in the built-in dialect that the environment's `DIALECT` names, so that what the fuzzer
/// learns of one does not hide what it has not tried of another; without it, in all of them.
pub fn iso8583(data: &[u8]) {
    static DIALECTS: OnceLock<Vec<Dialect>> = OnceLock::new();
    let dialects = DIALECTS.get_or_init(|| match std::env::var("DIALECT") {
        Ok(name) => vec![built_in(&name)],
        Err(_) => Dialect::builtin_names().map(built_in).collect(),
    });
    for dialect in dialects {
        in_dialect(dialect, data);
    }
}

/// Any bytes in one built-in dialect.
pub fn iso8583_in(name: &str, data: &[u8]) {
    in_dialect(&built_in(name), data);
}

fn built_in(name: &str) -> Dialect {
    Dialect::builtin(name).unwrap_or_else(|| panic!("`{name}` is no built-in dialect"))
}

fn in_dialect(dialect: &Dialect, data: &[u8]) {
    deframed(dialect, data);
    message(dialect, data, PRINTED_PER_BYTE);
    for guess in guess(data, std::slice::from_ref(dialect)) {
        assert!(guess.score <= 100 && (guess.score < 50) == guess.error.is_some());
    }
}

/// A message that decodes comes back byte for byte, from its values and from its JSON, and all that
/// may be asked of it is answered; one that does not is refused with a place in its bytes.
///
/// No printed form has more than `printed_per_byte` bytes for one of the message.
fn message(dialect: &Dialect, bytes: &[u8], printed_per_byte: usize) {
    let mut fields = Fields::new();
    let printed_max = (bytes.len() + 1) * printed_per_byte + PRINTED_BESIDES;
    let listed = listing(dialect, bytes, Reveal::Masked);
    assert!(listed.len() <= printed_max, "{} bytes of listing", listed.len());
    let view = match dialect.view(bytes, &mut fields) {
        Ok(view) => view,
        Err(error) => {
            let told = ErrorJson::of_decoding(dialect, &error);
            assert!(told.offset <= bytes.len() && !told.message.is_empty());
            return;
        }
    };
    asked(&view);
    let mut again = Vec::new();
    dialect.encode(&Message::from_view(&view), &mut again).expect("it was decoded");
    assert!(again == bytes, "other bytes from the values");
    let json = decode_json(dialect, bytes, Reveal::Clear).expect("it was decoded");
    assert!(json.len() <= printed_max, "{} bytes of JSON", json.len());
    // A message whose first bytes happen to be its own length is printed without them.
    let framed = matches!(
        dialect.framing().deframe(bytes), Ok(Some(frame))
            if frame.message.start > 0 && frame.end == bytes.len() && !frame.message.is_empty()
    );
    let back = encode_json(dialect, &json).unwrap_or_else(|error| panic!("{error} of {json}"));
    assert!(framed || back == bytes, "other bytes from the JSON");
    let masked = decode_json(dialect, bytes, Reveal::Masked).expect("hiding is decoding too");
    // What hides something says so, and is never sent.
    assert_eq!(encode_json(dialect, &masked).is_ok(), masked == json, "{masked}");
}

/// Every question to a decoded message has an answer that agrees with the others.
fn asked(view: &View<'_>) {
    let kept = Message::from_view(view);
    for number in 0..=u8::MAX {
        assert_eq!(view.has(number), view.wire(number).is_some());
        assert_eq!(view.has(number), view.tree(number, Reveal::Masked).is_some());
        assert!(view.value(number).as_deref() == kept.bytes(number), "field {number}");
        if let Some(value) = view.number(number) {
            assert_eq!(kept.number(number), Some(value), "field {number}");
        }
    }
    let carries_code = view.numbers().last().is_some_and(|last| matches!(last, 64 | 128));
    for key in [MacKey::aes_cmac(&[7; 16]), Some(MacKey::retail(&[7; 16], MacPadding::Zeros))] {
        let verdict = view.verify_mac(&key.expect("a key of 16 bytes"));
        assert_eq!(verdict == MacVerdict::Missing, !carries_code);
    }
}

/// A stream is cut into the same frames whether it comes whole or byte by byte.
fn deframed(dialect: &Dialect, stream: &[u8]) {
    let framing = dialect.framing();
    if !framing.is_delimited() {
        // Whatever came is the message.
        return;
    }
    let (mut at, mut kept, mut came) = (0, 0, 0);
    // Bound: every turn takes a byte in, or a frame of at least its length out.
    loop {
        let early = framing.deframe(&stream[at..came]);
        let whole = framing.deframe(&stream[at..]);
        match (early, whole) {
            (Ok(Some(frame)), whole) => {
                assert_eq!(Ok(Some(frame.clone())), whole);
                assert!(frame.message.len() <= framing.message_bytes_max);
                assert!(frame.end > 0);
                at += frame.end;
                kept += 1;
                if kept > 16 {
                    return;
                }
            }
            (Err(error), whole) => return assert_eq!(Err(error), whole),
            (Ok(None), _) if came < stream.len() => came += 1,
            (Ok(None), whole) => return assert_eq!(whole, Ok(None)),
        }
    }
}
