//! How the mandatory fields of a PDU are declared: each once, in the order of the wire.
//!
//! ```text
//! body! {
//!     /// Who the application is.
//!     pub struct Bind<'a> {
//!         /// What it means.
//!         system_id: Text<'a> [16];               octets in the specification, which counts the NUL
//!         interface_version: u8;
//!         address_range: Text<'a> [41], last;     peers leave it out altogether
//!     }
//! }
//! ```
//!
//! The name of a field is that of the specification, except for addresses, which are three fields.

use super::Password;
use crate::smpp::coding::DataCoding;
use crate::smpp::error::EncodeError;
use crate::smpp::reader::Source;
use crate::smpp::text::Text;
use crate::smpp::writer::Writer;

/// A value that is a field, or several.
pub(super) trait Value<'a>: Sized {
    fn read<S: Source<'a>>(source: &mut S, field: &'static str) -> Result<Self, S::Error>;
    /// Writes it; `size` bounds a text.
    fn write(self, writer: &mut Writer<'_>, field: &'static str, size: usize) -> Written;
}

pub(super) type Written = Result<(), EncodeError>;

macro_rules! body {
    (
        $(#[$outer:meta])*
        pub struct $Body:ident<$a:lifetime> {
            $($(#[$doc:meta])* $field:ident: $type:ty $([$size:literal])? $(, $last:ident)?;)+
        }
    ) => {
        $(#[$outer])*
        pub struct $Body<$a> {
            $($(#[$doc])* pub $field: $type,)+
        }

        impl<$a> $Body<$a> {
            #[inline]
            pub(super) fn decode<S: Source<$a>>(source: &mut S) -> Result<Self, S::Error> {
                Ok(Self { $($field: read!(source, $field $(, $last)?)?,)+ })
            }

            pub(super) fn encode(&self, writer: &mut Writer<'_>) -> Written {
                $(self.$field.write(writer, stringify!($field), 0 $(+ $size)?)?;)+
                Ok(())
            }
        }
    };
}

macro_rules! read {
    ($source:ident, $field:ident) => {
        Value::read($source, stringify!($field))
    };
    ($source:ident, $field:ident, last) => {
        $source.last_text(stringify!($field))
    };
}

impl<'a> Value<'a> for u8 {
    #[inline]
    fn read<S: Source<'a>>(source: &mut S, field: &'static str) -> Result<Self, S::Error> {
        source.byte(field)
    }

    fn write(self, writer: &mut Writer<'_>, _: &'static str, _: usize) -> Written {
        writer.byte(self);
        Ok(())
    }
}

impl<'a> Value<'a> for DataCoding {
    #[inline]
    fn read<S: Source<'a>>(source: &mut S, field: &'static str) -> Result<Self, S::Error> {
        source.byte(field).map(Self)
    }

    fn write(self, writer: &mut Writer<'_>, field: &'static str, size: usize) -> Written {
        self.0.write(writer, field, size)
    }
}

impl<'a> Value<'a> for Text<'a> {
    #[inline]
    fn read<S: Source<'a>>(source: &mut S, field: &'static str) -> Result<Self, S::Error> {
        source.text(field)
    }

    fn write(self, writer: &mut Writer<'_>, field: &'static str, size: usize) -> Written {
        writer.text(field, size - 1, self)
    }
}

impl<'a> Value<'a> for Password<'a> {
    fn read<S: Source<'a>>(source: &mut S, field: &'static str) -> Result<Self, S::Error> {
        source.text(field).map(|text| Self(text.0))
    }

    fn write(self, writer: &mut Writer<'_>, field: &'static str, size: usize) -> Written {
        Text(self.0).write(writer, field, size)
    }
}

/// `short_message`, behind its length.
impl<'a> Value<'a> for &'a [u8] {
    fn read<S: Source<'a>>(source: &mut S, _: &'static str) -> Result<Self, S::Error> {
        source.short_message()
    }

    fn write(self, writer: &mut Writer<'_>, _: &'static str, _: usize) -> Written {
        writer.short_message(self)
    }
}
