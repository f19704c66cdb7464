//! The types that fields carry, each read and written in its one form.

use tillgate_types::{BusinessDate, ResponseCode};

use super::declare::{Shape, Value};
use super::error::{BodyError, BodyErrorKind};
use super::reader::Fields;
use super::tag::{Form, Tag};
use super::writer::{Sink, Writer};

/// Declares a type that is not borrowed: form and width, how it is read, the writer's own method.
macro_rules! value {
    ($($type:ty = $form:ident, $bytes:literal, $read:expr, $write:ident;)+) => {
        $(
            impl Shape for $type {
                const FORM: Form = Form::$form;
                const BYTES: Option<usize> = Some($bytes);
            }

            impl Value<'_> for $type {
                #[inline]
                fn read(fields: &Fields<'_>, tag: &'static Tag) -> Result<Option<Self>, BodyError> {
                    ($read)(fields, tag)
                }

                fn write<S: Sink>(self, writer: &mut Writer<'_, S>, tag: &'static Tag) {
                    writer.$write(tag, self);
                }
            }
        )+
    };
}

value! {
    u8 = Unsigned, 1, narrow, unsigned;
    u16 = Unsigned, 2, narrow, unsigned;
    u32 = Unsigned, 4, narrow, unsigned;
    u64 = Unsigned, 8, Fields::unsigned, unsigned;
    i64 = Signed, 8, Fields::signed, signed;
    BusinessDate = Date, 2, |fields, tag| Ok(narrow(fields, tag)?.map(BusinessDate)), date;
    ResponseCode = Code, 2, code, code;
}

/// An unsigned integer of fewer than 64 bits.
#[inline]
fn narrow<T: TryFrom<u64>>(fields: &Fields<'_>, tag: &'static Tag) -> Result<Option<T>, BodyError> {
    let wide = fields.unsigned(tag)?;
    wide.map(|wide| T::try_from(wide).map_err(|_| fields.undefined(tag))).transpose()
}

/// Exactly two bytes.
fn code(fields: &Fields<'_>, tag: &'static Tag) -> Result<Option<ResponseCode>, BodyError> {
    let code = fields.value(tag).map(|(_, value)| value.try_into().map(ResponseCode));
    code.transpose().map_err(|_| fields.undefined(tag))
}

impl Shape for &str {
    const FORM: Form = Form::Text;
    const BYTES: Option<usize> = None;
}

impl<'a> Value<'a> for &'a str {
    #[inline]
    fn read(fields: &Fields<'a>, tag: &'static Tag) -> Result<Option<Self>, BodyError> {
        let text = fields.value(tag).map(|(offset, value)| {
            let wrong = |at| fields.error(tag, offset + at, BodyErrorKind::NotText);
            std::str::from_utf8(value).map_err(|error| wrong(error.valid_up_to()))
        });
        text.transpose()
    }

    fn write<S: Sink>(self, writer: &mut Writer<'_, S>, tag: &'static Tag) {
        writer.text(tag, self);
    }
}

/// A field that is distinguished from one that is zero or empty.
impl<T: Shape> Shape for Option<T> {
    const FORM: Form = T::FORM;
    const BYTES: Option<usize> = T::BYTES;
}

impl<'a, T: Value<'a>> Value<'a> for Option<T> {
    fn read(fields: &Fields<'a>, tag: &'static Tag) -> Result<Option<Self>, BodyError> {
        Ok(T::read(fields, tag)?.map(Some))
    }

    fn write<S: Sink>(self, writer: &mut Writer<'_, S>, tag: &'static Tag) {
        if let Some(value) = self {
            value.write(writer, tag);
        }
    }
}
