//! A message of one's own: values by data element, to build and to keep.

use super::decode::fields::Bits;
use super::limits::FIELD_MAX;
use super::mti::Mti;
use super::tpdu::Tpdu;
use super::value;
use super::view::View;
use zeroize::{Zeroize, Zeroizing};

/// Values of a message, independent of any dialect: text as UTF-8, binary as bytes.
///
/// It holds card data, so it has no `Debug` and is wiped on drop.
pub struct Message {
    /// The message type.
    pub mti: Mti,
    /// The transport header; needed by dialects that have one, ignored by the others.
    pub tpdu: Option<Tpdu>,
    header: Vec<u8>,
    pub(crate) present: Bits,
    /// Fields whose odd digit has the other filler of its table beside it.
    pub(crate) other_fillers: Bits,
    /// At least this many bitmaps are sent, needed or not.
    pub(crate) bitmaps_min: usize,
    /// Where the values lie in the arena, in the order of their numbers.
    places: Vec<(usize, usize)>,
    arena: Zeroizing<Vec<u8>>,
}

impl Message {
    /// A message without fields.
    #[must_use]
    pub fn new(mti: Mti) -> Self {
        Self {
            mti,
            tpdu: None,
            header: Vec::new(),
            present: Bits::default(),
            other_fillers: Bits::default(),
            bitmaps_min: 1,
            places: Vec::new(),
            arena: Zeroizing::new(Vec::new()),
        }
    }

    /// The message type, headers and values of a decoded message.
    #[must_use]
    pub fn from_view(view: &View<'_>) -> Self {
        let fields = view.fields;
        // Most values are the bytes that came: they are copied at once, and the others made behind
        // them, each at most twice as long, or three times with euro signs. The arena must not
        // grow: it would leave card data.
        let longest = if view.dialect.has_euro { 4 } else { 3 };
        let mut arena = Vec::with_capacity(view.bytes.len() * longest);
        arena.extend_from_slice(view.bytes);
        let mut places = Vec::with_capacity(64);
        let mut other_fillers = Bits::default();
        for (number, span) in fields.placed() {
            let (range, start) = (span.range(), arena.len());
            let wire = view.bytes.get(range.clone()).unwrap_or(&[]);
            match view.dialect.plan(number).filter(|plan| !value::is_as_sent(plan, wire)) {
                None => places.push((range.start, range.end)),
                Some(plan) => {
                    value::read(plan, wire, usize::from(span.units), None, &mut arena);
                    if value::has_other_filler(plan, wire, usize::from(span.units)) {
                        other_fillers.set(number);
                    }
                    places.push((start, arena.len()));
                    // A field that is removed later is wiped where its value is, so only there.
                    arena.get_mut(range).unwrap_or_default().fill(0);
                }
            }
        }
        Self {
            mti: fields.mti(),
            tpdu: fields.tpdu(),
            header: view.header().to_vec(),
            present: fields.present,
            other_fillers,
            bitmaps_min: fields.bitmaps,
            places,
            arena: Zeroizing::new(arena),
        }
    }

    /// Gives the message a transport header.
    #[must_use]
    pub fn with_tpdu(mut self, tpdu: Tpdu) -> Self {
        self.tpdu = Some(tpdu);
        self
    }

    /// Gives the message the bytes between TPDU and MTI.
    #[must_use]
    pub fn with_header(mut self, header: &[u8]) -> Self {
        self.header = header.to_vec();
        self
    }

    /// The bytes between TPDU and MTI.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Sets the text of a field, replacing what was there. Encoding checks that it fits.
    ///
    /// # Panics
    /// If the number is not 2 to 192.
    pub fn set(&mut self, number: u8, text: &str) -> &mut Self {
        self.set_bytes(number, text.as_bytes())
    }

    /// Sets a field of digits. A fixed length is filled up with zeros on encoding.
    ///
    /// # Panics
    /// If the number is not 2 to 192.
    pub fn set_number(&mut self, number: u8, value: u64) -> &mut Self {
        self.set_bytes(number, value.to_string().as_bytes())
    }

    /// Sets the bytes of a binary field, or UTF-8 of another.
    ///
    /// # Panics
    /// If the number is not 2 to 192.
    pub fn set_bytes(&mut self, number: u8, value: &[u8]) -> &mut Self {
        assert!((2..=FIELD_MAX).contains(&number), "no message has a field {number}");
        self.remove(number);
        let start = self.arena.len();
        self.make_room(value.len());
        self.arena.extend_from_slice(value);
        self.places.insert(self.present.before(number), (start, self.arena.len()));
        self.present.set(number);
        self
    }

    /// Takes a field out of the message; its value is wiped.
    pub fn remove(&mut self, number: u8) {
        if !self.present.has(number) {
            return;
        }
        let (start, end) = self.places.remove(self.present.before(number));
        self.present.clear(number);
        self.other_fillers.clear(number);
        if let Some(value) = self.arena.get_mut(start..end) {
            value.zeroize();
        }
    }

    /// Whether the message has this data element.
    #[must_use]
    pub const fn has(&self, number: u8) -> bool {
        self.present.has(number)
    }

    /// The data elements that the message has, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u8> + use<> {
        self.present.numbers()
    }

    /// Every value with its number, ascending.
    pub(crate) fn values(&self) -> impl Iterator<Item = (u8, &[u8])> {
        let places = self.places.iter();
        self.present
            .numbers()
            .zip(places.map(|&(start, end)| self.arena.get(start..end).unwrap_or(&[])))
    }

    /// The bytes of a binary field; UTF-8 of another.
    #[must_use]
    pub fn bytes(&self, number: u8) -> Option<&[u8]> {
        if !self.has(number) {
            return None;
        }
        let (start, end) = *self.places.get(self.present.before(number))?;
        self.arena.get(start..end)
    }

    /// The text of a field; `None` for binary that is not UTF-8.
    #[must_use]
    pub fn text(&self, number: u8) -> Option<&str> {
        std::str::from_utf8(self.bytes(number)?).ok()
    }

    /// The value of a field of digits; `None` for anything else, or over 64 bits.
    #[must_use]
    pub fn number(&self, number: u8) -> Option<u64> {
        let text = self.text(number)?;
        if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
    }

    /// Makes the arena larger without leaving card data behind in freed memory.
    fn make_room(&mut self, bytes: usize) {
        if self.arena.capacity() - self.arena.len() >= bytes {
            return;
        }
        let mut larger = Vec::with_capacity((self.arena.len() + bytes).max(512) * 2);
        larger.extend_from_slice(&self.arena);
        self.arena = Zeroizing::new(larger);
    }
}

#[cfg(test)]
mod tests {
    use super::{Message, Mti};

    #[test]
    fn the_last_value_set_is_the_one_that_is_there() {
        let mut message = Message::new(Mti::FINANCIAL_REQUEST);
        message.set(41, "12345678").set_number(4, 1_500).set(41, "87654321");
        message.set_bytes(52, &[0xff; 8]);
        assert_eq!(message.numbers().collect::<Vec<_>>(), [4, 41, 52]);
        assert_eq!((message.text(41), message.number(4)), (Some("87654321"), Some(1_500)));
        assert_eq!((message.text(52), message.text(2)), (None, None));
        message.remove(4);
        assert_eq!((message.has(4), message.text(41)), (false, Some("87654321")));
    }

    #[test]
    #[should_panic(expected = "no message has a field 1")]
    fn the_bitmap_is_no_field() {
        Message::new(Mti::NETWORK_REQUEST).set(1, "");
    }
}
