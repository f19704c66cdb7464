//! `messages!`: what the messages of one direction are made of, said once.
//!
//! ```text
//! messages! {
//!     /// What a terminal says.
//!     pub enum TerminalMessage<'a>;
//!
//!     /// What it is for, and what answers it.
//!     Sale<'a> = 0x02 "sale", compared {
//!         /// What it means.
//!         stan: u32 = STAN, 1201;                    must be there
//!         versions: u8 = VERSIONS not zero, 1;       must be there, with another value than this
//!         product: u16 = PRODUCT or zero, 50;        may be left out, and is this then
//!         settled_date: BusinessDate = SETTLED_DATE or date, DAY;       as that other field then
//!         totals: Totals = parts, TOTALS;            several fields: a `Parts` says which
//!     }
//! }
//! ```
//!
//! From each come the struct with `TYPE` and `SAMPLE`, its reading and writing, a `Debug` without
//! what is secret, and the [`Layout`] that the tables of `docs/wire.md`, the renderer and the tests
//! are made of; from all of them the enum. What follows the comma is the sample's value.
//! A message that is `compared` has a canonical form.

use super::error::BodyError;
use super::layout::Field;
use super::reader::Fields;
use super::tag::{Form, Tag};
use super::writer::{Sink, Writer};

/// A message: the fields of a body, read and written.
pub(super) trait Body<'a>: Sized {
    fn read(fields: &Fields<'a>) -> Result<Self, BodyError>;
    fn write<S: Sink>(&self, out: &mut S);
}

/// Several fields of a body that are one field of a message.
pub(super) trait Parts<'a>: Group + Sized {
    fn read(fields: &Fields<'a>) -> Result<Self, BodyError>;
    /// Writes those that may be left out.
    fn write_optional<S: Sink>(&self, writer: &mut Writer<'_, S>);
    /// Writes those that must be there.
    fn write_required<S: Sink>(&self, _: &mut Writer<'_, S>) {}
}

/// Which fields [`Parts`] are.
pub(super) trait Group {
    const FIELDS: &'static [Field];
}

/// A value that a field of one tag carries.
pub(super) trait Value<'a>: Shape + Copy + PartialEq {
    fn read(fields: &Fields<'a>, tag: &'static Tag) -> Result<Option<Self>, BodyError>;
    fn write<S: Sink>(self, writer: &mut Writer<'_, S>, tag: &'static Tag);
}

/// Form and width of a [`Value`]; the compiler compares them with the dictionary.
pub(super) trait Shape {
    const FORM: Form;
    /// `None` for a text, which its tag bounds.
    const BYTES: Option<usize>;
}

macro_rules! messages {
    (
        $(#[$enum_meta:meta])*
        pub enum $Enum:ident<$a:lifetime>;
        $(
            $(#[doc = $doc:literal])+
            $Message:ident $(<$lt:lifetime>)? = $number:literal $name:literal $(, $flag:ident)? {
                $(
                    $(#[doc = $means:literal])+
                    $field:ident: $type:ty =
                        $tag:ident $(or $or:ident)? $(not $not:ident)?, $sample:expr;
                )+
            }
        )+
    ) => {
        use std::fmt;

        use super::declare::{Body, Group, Parts};
        use super::error::BodyError;
        use super::layout::{Field, Layout, Presence};
        use super::reader::{Fields, message_type, unknown};
        use super::tag;
        use super::writer::{Sink, Writer};

        $(#[$enum_meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $Enum<$a> {
            $(
                $(#[doc = $doc])+
                $Message($Message $(<$lt>)?),
            )+
        }

        impl<$a> $Enum<$a> {
            /// The messages of this direction.
            pub const LAYOUTS: &'static [Layout] = &[$($Message::LAYOUT),+];

            /// Reads a body.
            ///
            /// # Errors
            /// [`BodyError`] names message, field and offset of the first thing found wrong.
            pub fn decode(body: &$a [u8]) -> Result<Self, BodyError> {
                let mut fields = Fields::new(body);
                match message_type(body)? {
                    $(
                        $Message::TYPE =>
                            Body::read(fields.find($Message::LAYOUT.name)?).map(Self::$Message),
                    )+
                    found => Err(unknown(found)),
                }
            }

            /// Appends the body to `out`.
            ///
            /// # Panics
            /// If a text is over its bound in [`crate::limits`]: whoever took it from outside did
            /// not cut it.
            pub fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$Message(message) => message.write(out),)+
                }
            }

            /// A sample of each message, by its name.
            pub fn samples() -> impl Iterator<Item = (&'static str, Self)> {
                [$(($Message::LAYOUT.name, Self::$Message($Message::SAMPLE))),+].into_iter()
            }
        }

        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, PartialEq, Eq)]
            pub struct $Message $(<$lt>)? {
                $(
                    $(#[doc = $means])+
                    pub $field: $type,
                )+
            }

            impl $(<$lt>)? $Message $(<$lt>)? {
                /// The first byte of its body.
                pub const TYPE: u8 = $number;

                /// The one that `docs/wire.md` shows.
                pub const SAMPLE: Self = Self { $($field: $sample),+ };

                /// The fields that its body is made of.
                pub const LAYOUT: Layout = Layout {
                    message_type: $number,
                    name: $name,
                    doc: concat!($($doc),+),
                    is_compared: is_compared!($($flag)?),
                    members: &[$(
                        fields!($type, concat!($($means),+), $tag $(or $or)? $(not $not)?)
                    ),+],
                };

                $(canonical! { $flag })?
            }

            impl<$a> Body<$a> for $Message $(<$lt>)? {
                fn read(fields: &Fields<$a>) -> Result<Self, BodyError> {
                    $(let $field: $type = read!(fields, $tag $(or $or)? $(not $not)?)?;)+
                    Ok(Self { $($field),+ })
                }

                fn write<S: Sink>(&self, out: &mut S) {
                    let Self { $($field),+ } = *self;
                    let mut writer = Writer::start(Self::TYPE, out);
                    $(write_optional!(writer, $field, $tag $(or $or)? $(not $not)?);)+
                    $(write_required!(writer, $field, $tag $(or $or)? $(not $not)?);)+
                }
            }

            impl $(<$lt>)? fmt::Debug for $Message $(<$lt>)? {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    let mut shown = f.debug_struct(stringify!($Message));
                    $(show!(shown, stringify!($field), self.$field, $tag);)+
                    shown.finish()
                }
            }
        )+
    };
}

macro_rules! is_compared {
    () => {
        false
    };
    (compared) => {
        true
    };
}

macro_rules! canonical {
    (compared) => {
        /// What this request is compared by: the known fields that differ from their defaults, in
        /// the encoder's order, however they came.
        #[must_use]
        pub fn canonical(&self) -> super::Canonical {
            super::Canonical::of(|out| self.write(out))
        }
    };
}

/// What a field is if it is left out.
macro_rules! left_out {
    (zero) => {
        Default::default()
    };
    (empty) => {
        Default::default()
    };
    (none) => {
        Default::default()
    };
    ($field:ident) => {
        $field
    };
}

macro_rules! fields {
    ($type:ty, $means:expr, parts) => {
        <$type as Group>::FIELDS
    };
    ($type:ty, $means:expr, $tag:ident) => {
        &[Field::of::<$type>(tag::$tag, Presence::Required, $means)]
    };
    ($type:ty, $means:expr, $tag:ident not $zero:ident) => {
        &[Field::of::<$type>(tag::$tag, Presence::RequiredNot(stringify!($zero)), $means)]
    };
    ($type:ty, $means:expr, $tag:ident or $value:ident) => {
        &[Field::of::<$type>(tag::$tag, Presence::Optional(stringify!($value)), $means)]
    };
}

macro_rules! read {
    ($fields:ident, parts) => {
        Parts::read($fields)
    };
    ($fields:ident, $tag:ident) => {
        $fields.required(tag::$tag)
    };
    ($fields:ident, $tag:ident not $zero:ident) => {
        $fields.required_not(tag::$tag, left_out!($zero))
    };
    ($fields:ident, $tag:ident or $value:ident) => {
        $fields.optional(tag::$tag, left_out!($value))
    };
}

macro_rules! write_optional {
    ($writer:ident, $field:ident, parts) => {
        $field.write_optional(&mut $writer)
    };
    ($writer:ident, $field:ident, $tag:ident or $value:ident) => {
        $writer.unless(tag::$tag, $field, left_out!($value))
    };
    ($writer:ident, $field:ident, $($required:tt)+) => {};
}

macro_rules! write_required {
    ($writer:ident, $field:ident, parts) => {
        $field.write_required(&mut $writer)
    };
    ($writer:ident, $field:ident, $tag:ident or $value:ident) => {};
    ($writer:ident, $field:ident, $tag:ident $(not $zero:ident)?) => {
        $writer.value(tag::$tag, $field)
    };
}

macro_rules! show {
    ($shown:ident, $name:expr, $value:expr, parts) => {
        $shown.field($name, &$value)
    };
    ($shown:ident, $name:expr, $value:expr, $tag:ident) => {
        if tag::$tag.is_secret {
            $shown.field($name, &format_args!("(hidden)"))
        } else {
            $shown.field($name, &$value)
        }
    };
}
