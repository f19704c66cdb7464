//! A message as a table that people read: offset, bytes, field, name, value.

use super::decode::fields::Fields;
use super::decode::head;
use super::decode::parts::{Called, Met, Visit, walk_field};
use super::dialect::Dialect;
use super::emv;
use super::error::DecodeError;
use super::hex;
use super::json::decode_either;
use super::mask::{Reveal, masked};
use super::schema::{Coding, Mask};
use super::tree::{called, mask_of};
use super::view::{View, printed};

/// Bytes shown of one row before they are cut short.
const BYTES_SHOWN: usize = 12;

/// Lists one message, with or without its frame length. A message that does not decode is listed up
/// to the place that is wrong, and the error comes last.
#[must_use]
pub fn table(dialect: &Dialect, bytes: &[u8], reveal: Reveal) -> String {
    let mut fields = Fields::new();
    let result = decode_either(dialect, bytes, &mut fields);
    let (place, stated) = match &result {
        Ok(place) => (place.clone(), None),
        Err(wrong) => (wrong.place.clone(), wrong.stated),
    };
    let start = place.start;
    let message = bytes.get(place).unwrap_or(&[]);
    let view = View { dialect, bytes: message, fields: &fields };
    let mut rows = Rows { out: String::new(), reveal, base: start };
    rows.row("offset", "bytes", "field", "name", "value");
    if start > 0 {
        let prefix = dump(bytes.get(..start).unwrap_or(&[]));
        let length = stated.unwrap_or(message.len()).to_string();
        rows.row("0", &prefix, "", "frame length", &length);
    }
    let announced = announced(dialect, message);
    let wrong = result.as_ref().err().map(|wrong| &wrong.error);
    rows.head(&view, &announced, Head::until(wrong));
    if wrong.is_none_or(|error| error.field() > Some(1) || error.is_behind()) {
        for number in view.numbers() {
            rows.field(&view, number);
        }
    }
    if let Err(wrong) = result {
        let wrong = wrong.told(dialect);
        rows.row(&wrong.offset.to_string(), "", "", "wrong here", &wrong.message);
    }
    rows.out
}

/// The numbers that the bitmaps announce, as far as they can be read: of a message that is refused
/// more than those of its fields that were found.
fn announced(dialect: &Dialect, message: &[u8]) -> String {
    let mut fields = Fields::new();
    match head::head(dialect, message, &mut fields) {
        Ok(_) => fields.numbers().map(|number| number.to_string()).collect::<Vec<_>>().join(" "),
        Err(_) => String::new(),
    }
}

/// How much of what precedes the fields was read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Head {
    Nothing,
    Headers,
    Mti,
    Whole,
}

impl Head {
    /// What was read before that error.
    fn until(error: Option<&DecodeError>) -> Self {
        match error.map(|error| (error.field(), error.is_behind())) {
            None | Some((Some(2..), _) | (None, true)) => Self::Whole,
            Some((Some(1), _)) => Self::Mti,
            Some((Some(0), _)) => Self::Headers,
            Some((None, false)) => Self::Nothing,
        }
    }
}

struct Rows {
    out: String,
    reveal: Reveal,
    /// Where the message starts in what was given.
    base: usize,
}

/// One value to list.
struct Item<'a> {
    at: usize,
    wire: &'a [u8],
    field: &'a str,
    name: &'a str,
    value: &'a str,
    mask: Mask,
}

impl Rows {
    fn row(&mut self, offset: &str, bytes: &str, field: &str, name: &str, value: &str) {
        let width = 3 * BYTES_SHOWN + 1;
        let line = format!("{offset:>6}  {bytes:<width$}  {field:<8}  {name:<36}  {value}");
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    fn item(&mut self, item: &Item<'_>) {
        let hides = item.mask != Mask::Shown && self.reveal == Reveal::Masked;
        let (bytes, value) = if hides {
            (stars(item.wire.len()), masked(item.mask, item.value))
        } else {
            (dump(item.wire), item.value.to_owned())
        };
        let value: String = value.chars().map(|c| if c.is_control() { '.' } else { c }).collect();
        self.row(&(self.base + item.at).to_string(), &bytes, item.field, item.name, &value);
    }

    fn head(&mut self, view: &View<'_>, announced: &str, until: Head) {
        if until == Head::Nothing {
            return;
        }
        let fields = view.fields;
        let slice = |from: usize, to: usize| view.bytes.get(from..to).unwrap_or(&[]);
        let mut plain = |at, wire, field, name, value: &str| {
            self.item(&Item { at, wire, field, name, value, mask: Mask::Shown });
        };
        let tpdu = view.tpdu();
        if let Some(tpdu) = &tpdu {
            plain(0, &tpdu.0, "", "TPDU", &tpdu.to_string());
        }
        if !view.header().is_empty() {
            let header = hex::text(view.header());
            plain(fields.header().start, view.header(), "", "message header", &header);
        }
        if until == Head::Headers {
            return;
        }
        let body = fields.body();
        let end = body + if view.dialect.mti == Coding::Bcd { 2 } else { 4 };
        plain(body, slice(body, end), "0", "message type", view.mti().as_str());
        if until == Head::Mti {
            return;
        }
        let width = if view.dialect.bitmap == Coding::Binary { 8 } else { 16 };
        let bitmap = slice(end, end + width * fields.bitmaps);
        plain(end, bitmap, "1", "bitmap", announced);
    }

    fn field(&mut self, view: &View<'_>, number: u8) {
        let Some((plan, span, wire)) = view.found(number) else {
            return;
        };
        let (units, at) = (usize::from(span.units), usize::from(span.start));
        let (name, field) = (view.dialect.name_of(plan), number.to_string());
        let Some(layout) = view.dialect.layout(plan) else {
            let value = printed(plan, wire, units, None);
            let mask = plan.mask;
            self.item(&Item { at, wire, field: &field, name, value: &value, mask });
            return;
        };
        let value = format!("{} bytes, by sub-field:", wire.len());
        let mask = Mask::Shown;
        self.item(&Item { at, wire: &[], field: &field, name, value: &value, mask });
        let dialect = view.dialect;
        let mut lister = Lister { rows: self, dialect, at, masks: vec![plan.mask] };
        // Decoding has walked it before, so this cannot fail.
        let walked = walk_field::<(), _>(dialect, plan, layout, wire, units, &mut lister);
        debug_assert!(walked.is_ok(), "a field that decodes can be walked again");
    }
}

/// Lists the sub-fields along a walk.
struct Lister<'r> {
    rows: &'r mut Rows,
    dialect: &'r Dialect,
    /// Where the field's value starts in the message.
    at: usize,
    masks: Vec<Mask>,
}

impl Lister<'_> {
    fn list(&mut self, met: &Met<'_>, wire: &[u8], value: &str, mask: Mask) {
        let indent = ".".repeat(self.masks.len());
        let field = match met.called {
            Called::Name(_) => indent,
            Called::Number(_) | Called::Tag(_) => format!("{indent}{}", called(&met.called)),
        };
        let listed = match met.called {
            Called::Tag(tag) => emv::name(tag.wire()),
            Called::Name(_) | Called::Number(_) => None,
        };
        let name = Some(self.dialect.name_of(met.plan)).filter(|_| met.plan.name > 0);
        let name = name.or(listed).unwrap_or("");
        self.rows.item(&Item { at: self.at + met.at, wire, field: &field, name, value, mask });
    }
}

impl Visit for Lister<'_> {
    fn leaf(&mut self, met: &Met<'_>) {
        let mask = mask_of(met, self.masks.last());
        let value = printed(met.plan, met.wire, met.units, met.nibbles);
        // Digits that share bytes with their neighbours have no bytes of their own to show.
        let wire = if met.nibbles.is_some() { &[] } else { met.wire };
        self.list(met, wire, &value, mask);
    }

    fn open(&mut self, met: &Met<'_>) {
        let value = format!("{} bytes, by sub-field:", met.wire.len());
        self.list(met, &[], &value, Mask::Shown);
        self.masks.push(mask_of(met, self.masks.last()));
    }

    fn close(&mut self) {
        self.masks.pop();
    }
}

/// The first bytes, in hexadecimal.
fn dump(bytes: &[u8]) -> String {
    shorten(bytes.len(), bytes.iter().map(|byte| format!("{byte:02X}")))
}

fn stars(bytes: usize) -> String {
    shorten(bytes, (0..bytes).map(|_| "**".to_owned()))
}

fn shorten(bytes: usize, words: impl Iterator<Item = String>) -> String {
    let shown: Vec<String> = words.take(BYTES_SHOWN).collect();
    let more = if bytes > BYTES_SHOWN { ".." } else { "" };
    format!("{}{more}", shown.join(" "))
}
