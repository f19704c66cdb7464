//! What messages are made of, for whoever shows, describes or makes up bodies.

use super::declare::Shape;
use super::tag::Tag;

/// A message and its fields, as declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The first byte of its body; from 0x80 on it is the gateway's.
    pub message_type: u8,
    /// Its name in errors and in `docs/wire.md`.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Whether two of it are compared when they name the same request.
    pub is_compared: bool,
    pub(super) members: &'static [&'static [Field]],
}

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its tag in the dictionary.
    pub tag: &'static Tag,
    /// Whether it must be there.
    pub presence: Presence,
    /// What it means in this message.
    pub doc: &'static str,
}

/// Whether a field must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It must.
    Required,
    /// It must, and with another value than this.
    RequiredNot(&'static str),
    /// It may be left out, and then is this: `zero`, `empty`, `none`, or the name of a field.
    Optional(&'static str),
}

impl Field {
    /// A field of that tag; does not compile if its type is not that of the tag.
    pub(super) const fn of<T: Shape>(
        tag: &'static Tag,
        presence: Presence,
        doc: &'static str,
    ) -> Self {
        assert!(tag.form.is(T::FORM), "the field's type has another form than its tag");
        if let Some(bytes) = T::BYTES {
            assert!(tag.bytes_max == bytes, "the field's type is wider or narrower than its tag");
        }
        Self { tag, presence, doc }
    }
}

impl Layout {
    /// Its fields in the order in which they are written: first those that may be left out.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        let fields = || self.members.iter().copied().flatten();
        let is_optional = |field: &&Field| matches!(field.presence, Presence::Optional(_));
        fields().filter(is_optional).chain(fields().filter(move |field| !is_optional(field)))
    }

    /// Length of its longest body: a field costs tag, length (1 byte, 3 from 255 on) and value.
    #[must_use]
    pub const fn bytes_max(&self) -> usize {
        let mut bytes = 1;
        let mut member = 0;
        while member < self.members.len() {
            let mut field = 0;
            while field < self.members[member].len() {
                let value = self.members[member][field].tag.bytes_max;
                bytes += value + if value < 0xFF { 2 } else { 4 };
                field += 1;
            }
            member += 1;
        }
        bytes
    }
}

/// Length of the longest body of these messages, or of those that are compared.
pub(in crate::link) const fn longest(layouts: &[Layout], compared_only: bool) -> usize {
    let (mut longest, mut index) = (0, 0);
    while index < layouts.len() {
        let layout = &layouts[index];
        if layout.bytes_max() > longest && (layout.is_compared || !compared_only) {
            longest = layout.bytes_max();
        }
        index += 1;
    }
    longest
}
