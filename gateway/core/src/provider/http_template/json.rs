//! The JSON of requests, written from a table of the profile, and of answers, read strictly: one
//! object or list, no key twice, numbers as they are written. No number goes through floating point.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use toml::Spanned;

use super::Settings;
use super::text::{Field, Place, Template};
use crate::provider::ProviderRequest;

/// A value of a body as the profile writes it.
#[derive(Clone, Debug)]
pub(super) enum BodyText {
    Text(String),
    /// A number or a truth value, as JSON writes it.
    Literal(String),
    List(Vec<Spanned<BodyText>>),
    Object(BTreeMap<String, Spanned<BodyText>>),
}

impl<'de> Deserialize<'de> for BodyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = BodyText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, true or false, a list or a table")
    }

    fn visit_str<E>(self, text: &str) -> Result<BodyText, E> {
        Ok(BodyText::Text(text.to_owned()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<BodyText, E> {
        Ok(BodyText::Literal(number.to_string()))
    }

    fn visit_bool<E>(self, is: bool) -> Result<BodyText, E> {
        Ok(BodyText::Literal(is.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<BodyText, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(BodyText::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BodyText, A::Error> {
        let mut object = BTreeMap::new();
        while let Some((key, value)) = map.next_entry()? {
            object.insert(key, value);
        }
        Ok(BodyText::Object(object))
    }
}

/// A value of a body, ready to be written.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Text(Template),
    /// `{name:number}`: without quotes.
    Number(Field),
    Literal(String),
    List(Vec<Body>),
    Object(Vec<(String, Body)>),
}

impl Body {
    /// Of what the profile writes; every fault goes to `fault` with its place.
    pub(super) fn compile(text: &Spanned<BodyText>, fault: &mut impl FnMut(usize, String)) -> Self {
        let at = text.span().start;
        match text.as_ref() {
            BodyText::Literal(literal) => Self::Literal(literal.clone()),
            BodyText::List(list) => {
                Self::List(list.iter().map(|value| Self::compile(value, fault)).collect())
            }
            BodyText::Object(object) => Self::Object(
                object
                    .iter()
                    .map(|(key, value)| (key.clone(), Self::compile(value, fault)))
                    .collect(),
            ),
            BodyText::Text(text) => match Self::text(text) {
                Ok(body) => body,
                Err(why) => {
                    fault(at, why);
                    Self::Literal("null".to_owned())
                }
            },
        }
    }

    fn text(text: &str) -> Result<Self, String> {
        let Some(name) = text.strip_suffix(":number}") else {
            return Template::parse(text).map(Self::Text);
        };
        let template = Template::parse(&format!("{name}}}"))?;
        match template.only() {
            Some(field) if field.may_be_number() => Ok(Self::Number(field.clone())),
            _ => Err(format!("{text:?} is not one placeholder whose value is a number")),
        }
    }

    pub(super) fn fields<'a>(&'a self, found: &mut Vec<&'a Field>) {
        match self {
            Self::Text(template) => found.extend(template.fields()),
            Self::Number(field) => found.push(field),
            Self::Literal(_) => {}
            Self::List(list) => list.iter().for_each(|value| value.fields(found)),
            Self::Object(object) => object.iter().for_each(|(_, value)| value.fields(found)),
        }
    }

    /// Writes it for a request; `None` if it has no form for this one.
    pub(super) fn write(
        &self,
        out: &mut String,
        request: &ProviderRequest,
        settings: &Settings,
    ) -> Option<()> {
        match self {
            Self::Literal(literal) => out.push_str(literal),
            Self::Number(field) => {
                let value = field.number(request, settings)?;
                out.push_str(number(&value)?);
            }
            Self::Text(template) => {
                out.push('"');
                template.write(out, Place::Json, request, settings)?;
                out.push('"');
            }
            Self::List(list) => {
                out.push('[');
                for (n, value) in list.iter().enumerate() {
                    out.push_str(if n > 0 { "," } else { "" });
                    value.write(out, request, settings)?;
                }
                out.push(']');
            }
            Self::Object(object) => {
                out.push('{');
                let mut separator = "";
                for (key, value) in object {
                    if value.is_absent(request, settings) {
                        continue;
                    }
                    out.push_str(separator);
                    out.push_str(&serde_json::to_string(key).expect("a text is JSON"));
                    out.push(':');
                    value.write(out, request, settings)?;
                    separator = ",";
                }
                out.push('}');
            }
        }
        Some(())
    }

    /// Whether it is one placeholder that has no value: its member is left out.
    fn is_absent(&self, request: &ProviderRequest, settings: &Settings) -> bool {
        let Self::Text(template) = self else { return false };
        let value = template.only().and_then(|field| field.value(request, settings));
        value.is_some_and(|value| value.is_empty())
    }
}

/// A text that is a JSON number (RFC 8259 6), without an exponent.
fn number(text: &str) -> Option<&str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    (plain && serde_json::from_str::<serde_json::Number>(text).is_ok()).then_some(text)
}

/// Where a value is in an answer: names of members and positions in lists, from the outside in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<String>);

impl Path {
    /// `transaction.items.0.id`, or `$` for the whole answer.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text == "$" {
            return Ok(Self(Vec::new()));
        }
        let steps: Vec<String> = text.split('.').map(str::to_owned).collect();
        if steps.iter().any(String::is_empty) {
            return Err(format!("{text:?} is not a path; for example \"transaction.items.0.id\""));
        }
        Ok(Self(steps))
    }
}

/// One value of an answer, as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a>(&'a str);

/// The answer is no JSON that counts.
#[derive(Debug)]
pub(super) struct Malformed;

impl<'a> Value<'a> {
    /// An answer: one object or list, and nothing else.
    pub(super) fn document(body: &'a [u8]) -> Option<Self> {
        body.trim_ascii_start().first().filter(|byte| matches!(byte, b'{' | b'['))?;
        serde_json::from_slice::<&RawValue>(body).ok().map(|raw| Self(raw.get()))
    }

    /// The value at a path; `None` if it is not there.
    ///
    /// # Errors
    /// A key on the way is there twice.
    pub(super) fn at(self, path: &Path) -> Result<Option<Self>, Malformed> {
        let mut value = self;
        for step in &path.0 {
            let inside = match value.0.as_bytes().first() {
                Some(b'{') => value.members()?.remove(step),
                Some(b'[') => step.parse().ok().and_then(|n| value.elements()?.into_iter().nth(n)),
                _ => None,
            };
            let Some(inside) = inside else { return Ok(None) };
            value = Self(inside.get());
        }
        Ok((value.0 != "null").then_some(value))
    }

    fn members(self) -> Result<BTreeMap<String, &'a RawValue>, Malformed> {
        serde_json::from_str::<Members<'a>>(self.0).map(|members| members.0).map_err(|_| Malformed)
    }

    /// Of a list.
    pub(super) fn elements(self) -> Option<Vec<&'a RawValue>> {
        serde_json::from_str(self.0).ok()
    }

    /// The text of a JSON text.
    pub(super) fn text(self) -> Option<String> {
        serde_json::from_str(self.0).ok()
    }

    /// The text of a JSON text, or a number or truth value as it is written.
    pub(super) fn word(self) -> Option<String> {
        match self.0.as_bytes().first()? {
            b'"' => self.text(),
            b'{' | b'[' => None,
            _ => Some(self.0.to_owned()),
        }
    }

    /// As it is written.
    pub(super) fn raw(self) -> &'a str {
        self.0
    }
}

struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    if members.insert(key, value).is_some() {
                        return Err(A::Error::custom("a key is there twice"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}
