//! Texts with `{placeholders}`, and how a value is escaped by where it is written.

use std::borrow::Cow;
use std::fmt::Write;

use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};
use tillgate_types::Currency;

use super::Settings;
use crate::provider::ProviderRequest;
use crate::time::{UnixMillis, utc};

/// A text that is written anew for each request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template<F = Field>(Vec<Piece<F>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece<F> {
    Text(String),
    Field(F),
}

/// What a placeholder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// Of the request.
    Of(Source),
    /// `{secret.NAME}`: of a file or a credential that the configuration names.
    Secret(String),
    /// `{value.NAME}`: of the configuration.
    Value(String),
}

/// What a request has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Source {
    Reference,
    ProviderReference,
    LookupReference,
    Rrn,
    Amount,
    AmountMinor,
    Currency,
    CurrencyNumber,
    Account,
    Service,
    Product,
    ProductCode,
    Terminal,
    Stan,
    Seller,
    Date,
    At,
    Attempt,
}

/// Where a value is written, which decides how it is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// One segment of a path.
    Path,
    /// A name or value of a query.
    Query,
    /// The value of a header.
    Header,
    /// Inside the quotes of a JSON text.
    Json,
}

impl<F> Default for Template<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<F> Template<F> {
    /// Takes a text apart: `{name}` is a placeholder, which `field` reads, `{{` and `}}` are
    /// braces.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse_by(
        text: &str,
        field: impl Fn(&str) -> Result<F, String>,
    ) -> Result<Self, String> {
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(brace) = ["{{", "}}"].into_iter().find(|two| rest.starts_with(two)) {
                plain.push_str(&brace[1..]);
                rest = &rest[2..];
                continue;
            }
            let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let Some((name, after)) = inside else {
                return Err(format!("{text:?} has a single brace; write {{{{ or }}}} for one"));
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Field(field(name)?));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &F> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Field(field) => Some(field),
            Piece::Text(_) => None,
        })
    }

    /// Its plain text, with nothing for the placeholders.
    pub(super) fn plain(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Field(_) => None,
        })
    }

    /// The one placeholder that it consists of.
    pub(super) fn only(&self) -> Option<&F> {
        match &*self.0 {
            [Piece::Field(field)] => Some(field),
            _ => None,
        }
    }

    /// Its bytes, with those that `value` has for each placeholder.
    pub(super) fn fill(&self, value: impl Fn(&F) -> Vec<u8>) -> Vec<u8> {
        let bytes = |piece: &Piece<F>| match piece {
            Piece::Text(text) => text.clone().into_bytes(),
            Piece::Field(field) => value(field),
        };
        self.0.iter().flat_map(bytes).collect()
    }
}

impl Template {
    /// A text of a request.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Self::parse_by(text, Field::parse)
    }

    /// Writes it for a request. `None` if it has no form there: a path or header without the
    /// value that it needs, or with one that would change its meaning.
    pub(super) fn write(
        &self,
        out: &mut String,
        place: Place,
        request: &ProviderRequest,
        settings: &Settings,
    ) -> Option<()> {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) if place == Place::Path => out.push_str(text),
                Piece::Text(text) => place.escape(out, text)?,
                Piece::Field(field) => {
                    let value = field.value(request, settings)?;
                    if value.is_empty() && place != Place::Json {
                        return None;
                    }
                    place.escape(out, &value)?;
                }
            }
        }
        Some(())
    }
}

impl Place {
    fn escape(self, out: &mut String, value: &str) -> Option<()> {
        match self {
            // It would be another resource: `a/../b` is `b`.
            Self::Path if value.bytes().all(|byte| byte == b'.') => return None,
            Self::Path | Self::Query => percent(out, value),
            Self::Header => {
                if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                    return None;
                }
                out.push_str(value);
            }
            Self::Json => {
                let quoted = serde_json::to_string(value).expect("a text is JSON");
                out.push_str(&quoted[1..quoted.len() - 1]);
            }
        }
        Some(())
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986 2.3).
pub(super) fn percent(out: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a String does not fail");
        }
    }
}

impl Field {
    fn parse(name: &str) -> Result<Self, String> {
        if let Ok(source) = name.parse() {
            return Ok(Self::Of(source));
        }
        match name.split_once('.') {
            Some(("secret", of)) if !of.is_empty() => Ok(Self::Secret(of.to_owned())),
            Some(("value", of)) if !of.is_empty() => Ok(Self::Value(of.to_owned())),
            _ => {
                let known: Vec<&str> = Source::iter().map(Into::into).collect();
                Err(format!(
                    "{{{name}}} is not a placeholder; there are {}, value.NAME and secret.NAME",
                    known.join(", ")
                ))
            }
        }
    }

    /// Whether it can be written as a JSON number.
    pub(super) fn may_be_number(&self) -> bool {
        use Source::{Amount, AmountMinor, Attempt, CurrencyNumber, Product, ProductCode, Seller};
        use Source::{Service, Stan};
        match self {
            Self::Of(source) => matches!(
                source,
                Amount
                    | AmountMinor
                    | Attempt
                    | CurrencyNumber
                    | Product
                    | ProductCode
                    | Seller
                    | Service
                    | Stan
            ),
            Self::Value(_) => true,
            Self::Secret(_) => false,
        }
    }

    /// As [`Field::value`], as a JSON number has it.
    pub(super) fn number<'a>(
        &self,
        request: &'a ProviderRequest,
        settings: &'a Settings,
    ) -> Option<Cow<'a, str>> {
        match self {
            // Three digits elsewhere; no number begins with a zero.
            Self::Of(Source::CurrencyNumber) => Some(request.currency.to_string().into()),
            _ => self.value(request, settings),
        }
    }

    /// Its value for a request; empty where the request has none. `None` if there is no value
    /// that the provider would understand: no code of the product, no such currency.
    pub(super) fn value<'a>(
        &self,
        request: &'a ProviderRequest,
        settings: &'a Settings,
    ) -> Option<Cow<'a, str>> {
        let currency = || Currency::numbered(request.currency);
        Some(match self {
            Self::Secret(name) => Cow::Borrowed(settings.secrets.get(name)?.as_str()),
            Self::Value(name) => Cow::Borrowed(settings.values.get(name)?.as_str()),
            Self::Of(source) => match source {
                Source::Reference => Cow::Borrowed(request.reference.as_str()),
                Source::ProviderReference => Cow::Borrowed(request.provider_reference.as_str()),
                Source::LookupReference => Cow::Borrowed(request.lookup.as_str()),
                Source::Rrn => Cow::Borrowed(request.rrn.as_str()),
                Source::Account => Cow::Borrowed(request.subscriber.as_str()),
                Source::Amount => currency()?.major(request.amount_minor).into(),
                Source::AmountMinor => request.amount_minor.to_string().into(),
                Source::Currency => Cow::Borrowed(currency()?.alpha),
                Source::CurrencyNumber => format!("{:03}", request.currency).into(),
                Source::Service => request.service.0.to_string().into(),
                Source::Product => request.product.0.to_string().into(),
                Source::ProductCode => Cow::Borrowed(settings.product_code(request)?),
                Source::Terminal => request.sale.terminal.to_string().into(),
                Source::Stan => request.sale.stan.to_string().into(),
                Source::Seller => request.seller.0.to_string().into(),
                Source::Date => request.sale.date.to_string().into(),
                Source::At => utc(UnixMillis(request.at_ms)).into(),
                Source::Attempt => request.attempt.to_string().into(),
            },
        })
    }
}
