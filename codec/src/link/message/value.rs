//! The types that fields carry, each read and written in its one form.

use tillgate_types::{BusinessDate, ResponseCode};

use super::declare::{Shape, Value};
use super::error::{BodyError, BodyErrorKind};
use super::reader::Fields;
use super::tag::{Form, Tag};
use super::writer::{Sink, Writer};

macro_rules! unsigned {
    ($($type:ident),+) => {
        $(
            impl Shape for $type {
                const FORM: Form = Form::Unsigned;
                const BYTES: Option<usize> = Some(size_of::<$type>());
            }

            impl Value<'_> for $type {
                fn read(fields: &Fields<'_>, tag: Tag) -> Result<Option<Self>, BodyError> {
                    let wide = fields.unsigned(tag)?;
                    wide.map(|wide| Self::try_from(wide).map_err(|_| fields.undefined(tag)))
                        .transpose()
                }

                fn write<S: Sink>(self, writer: &mut Writer<'_, S>, tag: Tag) {
                    writer.unsigned(tag, self);
                }
            }
        )+
    };
}

unsigned!(u8, u16, u32, u64);

impl Shape for i64 {
    const FORM: Form = Form::Signed;
    const BYTES: Option<usize> = Some(8);
}

impl Value<'_> for i64 {
    fn read(fields: &Fields<'_>, tag: Tag) -> Result<Option<Self>, BodyError> {
        fields.signed(tag)
    }

    fn write<S: Sink>(self, writer: &mut Writer<'_, S>, tag: Tag) {
        writer.signed(tag, self);
    }
}

impl Shape for BusinessDate {
    const FORM: Form = Form::Date;
    const BYTES: Option<usize> = Some(2);
}

impl Value<'_> for BusinessDate {
    fn read(fields: &Fields<'_>, tag: Tag) -> Result<Option<Self>, BodyError> {
        Ok(u16::read(fields, tag)?.map(Self))
    }

    fn write<S: Sink>(self, writer: &mut Writer<'_, S>, tag: Tag) {
        writer.date(tag, self);
    }
}

impl Shape for ResponseCode {
    const FORM: Form = Form::Code;
    const BYTES: Option<usize> = Some(2);
}

impl Value<'_> for ResponseCode {
    fn read(fields: &Fields<'_>, tag: Tag) -> Result<Option<Self>, BodyError> {
        let code = fields.value(tag).map(|(_, value)| value.try_into().map(Self));
        code.transpose().map_err(|_| fields.undefined(tag))
    }

    fn write<S: Sink>(self, writer: &mut Writer<'_, S>, tag: Tag) {
        writer.code(tag, self);
    }
}

impl Shape for &str {
    const FORM: Form = Form::Text;
    const BYTES: Option<usize> = None;
}

impl<'a> Value<'a> for &'a str {
    fn read(fields: &Fields<'a>, tag: Tag) -> Result<Option<Self>, BodyError> {
        let Some((offset, value)) = fields.value(tag) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(value).map_err(|error| {
            fields.error(tag, offset + error.valid_up_to(), BodyErrorKind::NotText)
        })?;
        Ok(Some(text))
    }

    fn write<S: Sink>(self, writer: &mut Writer<'_, S>, tag: Tag) {
        writer.text(tag, self);
    }
}

/// A field that is distinguished from one that is zero or empty.
impl<T: Shape> Shape for Option<T> {
    const FORM: Form = T::FORM;
    const BYTES: Option<usize> = T::BYTES;
}

impl<'a, T: Value<'a>> Value<'a> for Option<T> {
    fn read(fields: &Fields<'a>, tag: Tag) -> Result<Option<Self>, BodyError> {
        Ok(T::read(fields, tag)?.map(Some))
    }

    fn write<S: Sink>(self, writer: &mut Writer<'_, S>, tag: Tag) {
        if let Some(value) = self {
            value.write(writer, tag);
        }
    }
}
