//! One field of a body as a JSON value, and back.

use serde_json::Value;

use super::super::message::tag::{self, Form, Tag};
use super::super::message::writer::Writer;
use super::super::message::{BusinessDate, ResponseCode};
use crate::document::{octets, wrong};
use crate::iso8583::{ErrorJson, hex};

/// What begins the name of a field that has none: `tag_3F`, with its value in hexadecimal.
const UNNAMED: &str = "tag_";

/// Whether a field is hidden unless everything is shown.
pub(super) fn is_secret(number: u8) -> bool {
    tag::find(number).is_some_and(|tag| tag.is_secret)
}

/// Name and value of a field. One that is not in the dictionary, or not written as the dictionary
/// says (a later version's use of it), goes by its number.
pub(super) fn show(number: u8, wire: &[u8]) -> (String, Value) {
    match tag::find(number).and_then(|tag| Some((tag, typed(tag, wire)?))) {
        Some((tag, value)) => (tag.name.to_owned(), value),
        None => (format!("{UNNAMED}{number:02X}"), hex::text(wire).into()),
    }
}

/// The value, if it is written in just the way in which it would be written back.
fn typed(tag: &'static Tag, wire: &[u8]) -> Option<Value> {
    let value = match tag.form {
        Form::Unsigned => unsigned(wire)?.into(),
        Form::Signed => signed(wire)?.into(),
        Form::Date => BusinessDate(u16::try_from(unsigned(wire)?).ok()?).to_string().into(),
        Form::Code => {
            let code = std::str::from_utf8(wire).ok().filter(|_| wire.is_ascii())?;
            code.into()
        }
        Form::Text => std::str::from_utf8(wire).ok()?.into(),
    };
    let mut again = Vec::new();
    put(&mut Writer::start(0, &mut again), tag, &value).ok()?;
    (again.ends_with(wire) && again.len() == wire.len() + head_bytes(wire)).then_some(value)
}

/// Message type, tag and length before a value in a body of one field.
fn head_bytes(value: &[u8]) -> usize {
    if value.len() < 0xFF { 3 } else { 5 }
}

fn unsigned(wire: &[u8]) -> Option<u64> {
    (wire.len() <= 8).then(|| wire.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
}

fn signed(wire: &[u8]) -> Option<i64> {
    let sign = if wire.first().is_some_and(|first| *first >= 0x80) { -1 } else { 0 };
    (wire.len() <= 8).then(|| wire.iter().fold(sign, |sum, byte| (sum << 8) | i64::from(*byte)))
}

/// Appends the field of that name.
///
/// # Errors
/// A name that no field has, or a value that the field cannot carry.
pub(super) fn write(writer: &mut Writer<'_>, name: &str, value: &Value) -> Result<(), ErrorJson> {
    if let Some(tag) = tag::named(name) {
        return put(writer, tag, value);
    }
    let number = name.strip_prefix(UNNAMED).filter(|digits| digits.len() == 2);
    let Some(number) = number.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
        return Err(wrong(name, "no field has that name; others are given as tag_3F"));
    };
    match octets(value).filter(|octets| u16::try_from(octets.len()).is_ok()) {
        Some(octets) => writer.raw(number, &octets),
        None => return Err(wrong(name, "an even number of hexadecimal digits is expected")),
    }
    Ok(())
}

fn put(writer: &mut Writer<'_>, tag: &'static Tag, value: &Value) -> Result<(), ErrorJson> {
    let written = match tag.form {
        Form::Unsigned => {
            let number = value.as_u64().filter(|number| fits(*number, tag.bytes_max));
            number.map(|number| writer.unsigned(tag, number))
        }
        Form::Signed => value.as_i64().map(|number| writer.signed(tag, number)),
        Form::Date => {
            let date = value.as_str().and_then(BusinessDate::parse);
            date.map(|date| writer.date(tag, date))
        }
        Form::Code => {
            let code = value.as_str().and_then(|text| text.as_bytes().try_into().ok());
            code.map(|code| writer.code(tag, ResponseCode(code)))
        }
        Form::Text => {
            let text = value.as_str().filter(|text| text.len() <= tag.bytes_max);
            text.map(|text| writer.text(tag, text))
        }
    };
    written.ok_or_else(|| wrong(tag.name, format!("{} is expected", expected(tag))))
}

/// What a field of that tag carries.
fn expected(tag: &Tag) -> String {
    match tag.form {
        Form::Unsigned => format!("a number of at most {} bits", 8 * tag.bytes_max),
        Form::Signed => "a number of at most 64 bits with its sign".to_owned(),
        Form::Date => "a date from 2000-01-01 to 2179-06-06".to_owned(),
        Form::Code => "a code of two characters".to_owned(),
        Form::Text => format!("a text of at most {} bytes", tag.bytes_max),
    }
}

fn fits(number: u64, bytes_max: usize) -> bool {
    number.to_be_bytes().iter().take(8_usize.saturating_sub(bytes_max)).all(|byte| *byte == 0)
}

/// A value as tables show it: with what it means, where it does not say so itself.
pub(super) fn explained(name: &str, value: &Value) -> String {
    let tag = tag::named(name);
    let (plain, meaning) = match (value, tag) {
        (Value::String(text), Some(tag)) if tag.form == Form::Code => {
            let code = <[u8; 2]>::try_from(text.as_bytes()).ok().map(ResponseCode);
            (text.clone(), code.map_or("", ResponseCode::meaning).to_owned())
        }
        (Value::String(text), _) => (text.escape_debug().to_string(), String::new()),
        (Value::Number(number), Some(tag)) => {
            let meaning = number.as_u64().and_then(|number| meaning(tag, number));
            (number.to_string(), meaning.unwrap_or_default())
        }
        (other, _) => (other.to_string(), String::new()),
    };
    if meaning.is_empty() { plain } else { format!("{plain} ({meaning})") }
}

/// What a number of that field means, where it does not stand for itself.
fn meaning(tag: &'static Tag, number: u64) -> Option<String> {
    if tag == tag::TIME {
        return moment(number);
    }
    tag.words.iter().find(|(known, _)| *known == number).map(|(_, word)| (*word).to_owned())
}

/// Seconds since 1970 as a date and time of day in UTC; `None` beyond the last business date.
fn moment(unix_s: u64) -> Option<String> {
    let date = BusinessDate::of_unix(unix_s)?;
    let (hours, minutes, seconds) = (unix_s / 3600 % 24, unix_s / 60 % 60, unix_s % 60);
    Some(format!("{date} {hours:02}:{minutes:02}:{seconds:02} UTC"))
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_moment_is_shown_in_utc() {
        assert_eq!(moment(1_764_000_000).as_deref(), Some("2025-11-24 16:00:00 UTC"));
        assert_eq!(moment(946_684_799), None);
        assert_eq!(moment(u64::MAX), None);
    }
}
