//! Templates: what a field of a message is filled with.
//!
//! Text, and between braces the name of a source: `"{terminal}"`, `"REF{rrn}"`, `"{seller:015}"`.
//! Behind a colon there is a width: `:015` fills up with zeros on the left, `:15` with spaces on
//! the right. Nothing is ever cut off.

use std::fmt::Write as _;

use super::super::{ProviderRequest, ProviderRequestKind};
use crate::time::{UnixMillis, utc};

/// Text and sources, in the order of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Source(Source, Width),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Natural,
    Zeros(usize),
    Spaces(usize),
}

macro_rules! sources {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// Where a value comes from.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Source {
            $($(#[$doc])* $name,)*
        }

        /// Every source by its name.
        const SOURCES: &[(&str, Source)] = &[$(($word, Source::$name),)*];
    };
}

sources! {
    /// The amount in minor units.
    Amount = "amount",
    /// ISO 4217 numeric, three digits.
    Currency = "currency",
    /// The sale's trace number, six digits; of a network message the gateway's own.
    Stan = "stan",
    /// The terminal's number, eight digits.
    Terminal = "terminal",
    /// The seller's number.
    Seller = "seller",
    /// The sale's retrieval reference; a lookup has none.
    Rrn = "rrn",
    /// Our own reference of the sale, 32 hexadecimal digits.
    Reference = "reference",
    /// The provider's reference, where it has given one.
    ProviderReference = "provider_reference",
    /// Of a sale that pays what a lookup found: the lookup's reference.
    Lookup = "lookup",
    /// Number or account.
    Account = "account",
    /// The service's number.
    Service = "service",
    /// The product's number.
    Product = "product",
    /// What `processing` says for the service and product.
    Processing = "processing",
    /// MMDDhhmmss, UTC.
    Transmission = "transmission",
    /// hhmmss at the place of `utc_offset_min`.
    LocalTime = "local_time",
    /// MMDD at the place of `utc_offset_min`.
    LocalDate = "local_date",
    /// MTI, STAN and transmission time of the sale, and the institutions: field 90.
    Original = "original",
    /// The code of a network message: sign-on, sign-off, echo.
    Network = "network",
}

/// What sources are read from.
pub(super) struct Values<'a> {
    pub(super) of: Subject<'a>,
    pub(super) processing: &'a str,
    /// MTI of the sale, for field 90.
    pub(super) original_mti: &'a str,
    /// The institutions of field 90: 22 digits.
    pub(super) institutions: &'a str,
    pub(super) offset_min: i32,
}

/// What a message is about.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    Request(&'a ProviderRequest),
    /// A network message: its code, the gateway's STAN, Unix milliseconds.
    Network {
        code: &'a str,
        stan: u32,
        at_ms: u64,
    },
}

impl Source {
    /// Whether messages of this kind (`None`: network messages) have it.
    pub(super) fn is_of(self, kind: Option<ProviderRequestKind>) -> bool {
        use ProviderRequestKind::{Authorize, Lookup};
        let times = [Self::Stan, Self::Transmission, Self::LocalTime, Self::LocalDate];
        match kind {
            None => self == Self::Network || times.contains(&self),
            Some(_) if self == Self::Network => false,
            Some(Lookup) => {
                !matches!(self, Self::Rrn | Self::Original | Self::ProviderReference | Self::Lookup)
            }
            Some(Authorize) => !matches!(self, Self::Original | Self::ProviderReference),
            Some(_) => true,
        }
    }

    fn write(self, values: &Values<'_>, out: &mut String) {
        let (stan, at_ms, request) = match values.of {
            Subject::Request(request) => (request.sale.stan, request.at_ms, request),
            Subject::Network { code, stan, at_ms } => {
                return match self {
                    Self::Network => out.push_str(code),
                    _ => self.write_time(stan, at_ms, values.offset_min, out),
                };
            }
        };
        let number = |out: &mut String, number: u64, width: usize| {
            // Writing to a text cannot fail.
            _ = write!(out, "{number:0width$}");
        };
        match self {
            Self::Amount => number(out, request.amount_minor, 1),
            Self::Currency => number(out, request.currency.into(), 3),
            Self::Terminal => number(out, request.sale.terminal.0.into(), 8),
            Self::Seller => number(out, request.seller.0.into(), 1),
            Self::Service => number(out, request.service.0.into(), 1),
            Self::Product => number(out, request.product.0.into(), 1),
            Self::Rrn => out.push_str(&request.rrn),
            Self::Reference => out.push_str(&request.reference),
            Self::ProviderReference => out.push_str(&request.provider_reference),
            Self::Lookup => out.push_str(&request.lookup),
            Self::Account => out.push_str(&request.subscriber),
            Self::Processing => out.push_str(values.processing),
            Self::Original => {
                out.push_str(values.original_mti);
                Self::Stan.write_time(stan, at_ms, 0, out);
                Self::Transmission.write_time(stan, at_ms, 0, out);
                out.push_str(values.institutions);
            }
            Self::Network => {}
            Self::Stan | Self::Transmission | Self::LocalTime | Self::LocalDate => {
                self.write_time(stan, at_ms, values.offset_min, out);
            }
        }
    }

    fn write_time(self, stan: u32, at_ms: u64, offset_min: i32, out: &mut String) {
        let digits = |at_ms: u64, out: &mut String, from: usize, to: usize| {
            let text = utc(UnixMillis(at_ms));
            let part = text.get(from..to).unwrap_or("");
            out.extend(part.chars().filter(char::is_ascii_digit));
        };
        let local = at_ms.saturating_add_signed(i64::from(offset_min) * 60_000);
        // `2026-11-23T23:30:00Z`: the date from 5 to 10, the time from 11 to 19.
        match self {
            Self::Stan => _ = write!(out, "{stan:06}"),
            Self::Transmission => digits(at_ms, out, 5, 19),
            Self::LocalTime => digits(local, out, 11, 19),
            Self::LocalDate => digits(local, out, 5, 10),
            _ => {}
        }
    }
}

impl Template {
    /// Reads a template; the error is a sentence for the operator.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(open) = rest.find(['{', '}']) {
            let (before, behind) = rest.split_at(open);
            let inner = behind.strip_prefix('{').and_then(|behind| behind.split_once('}'));
            let Some((inner, behind)) = inner else {
                return Err(format!("{text:?} has a brace without the other one"));
            };
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::source(inner)?);
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = Source> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Source(source, _) => Some(*source),
            Piece::Text(_) => None,
        })
    }

    pub(super) fn has(&self, wanted: Source) -> bool {
        self.sources().any(|source| source == wanted)
    }

    /// Whether it is this source and nothing else.
    pub(super) fn is_only(&self, wanted: Source) -> bool {
        matches!(self.0.as_slice(), [Piece::Source(source, Width::Natural)] if *source == wanted)
    }

    /// The whole text, where it has no sources.
    pub(super) fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub(super) fn write(&self, values: &Values<'_>, out: &mut String) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Source(source, width) => {
                    let start = out.len();
                    source.write(values, out);
                    let long = out.len() - start;
                    match *width {
                        Width::Natural => {}
                        Width::Zeros(width) => {
                            (long..width).for_each(|_| out.insert(start, '0'));
                        }
                        Width::Spaces(width) => (long..width).for_each(|_| out.push(' ')),
                    }
                }
            }
        }
    }
}

impl Piece {
    fn source(inner: &str) -> Result<Self, String> {
        let (name, width) = inner.split_once(':').unwrap_or((inner, ""));
        let source = SOURCES.iter().find(|(word, _)| *word == name).map(|(_, source)| *source);
        let Some(source) = source else {
            let known: Vec<&str> = SOURCES.iter().map(|(word, _)| *word).collect();
            return Err(format!("there is no source {name:?}; there are {}", known.join(", ")));
        };
        let number = width.parse().ok().filter(|width| (1..=999).contains(width));
        let width = match number {
            _ if width.is_empty() => Width::Natural,
            Some(number) if width.starts_with('0') => Width::Zeros(number),
            Some(number) => Width::Spaces(number),
            None => return Err(format!("the width of {{{inner}}} is not 1 to 999")),
        };
        Ok(Self::Source(source, width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::request;

    fn filled(text: &str) -> String {
        let mut request = request(ProviderRequestKind::Reverse);
        (request.sale.stan, request.sale.terminal.0) = (42, 70_001);
        let values = Values {
            of: Subject::Request(&request),
            processing: "500000",
            original_mti: "0200",
            institutions: "0000000000000000000000",
            offset_min: 180,
        };
        let mut out = String::new();
        Template::parse(text).unwrap().write(&values, &mut out);
        out
    }

    #[test]
    fn sources_are_written_as_the_standard_has_them() {
        // 1,795,000,000 s is 2026-11-18T11:06:40Z.
        for (text, filled_with) in [
            ("{stan}", "000042"),
            ("{terminal}", "00070001"),
            ("{currency}", "404"),
            ("{amount}", "2500"),
            ("{seller:015}", "000000000000007"),
            ("{seller:4}|", "7   |"),
            ("{transmission}", "1118110640"),
            ("{local_time}{local_date}", "1406401118"),
            ("{original}", "020000004211181106400000000000000000000000"),
            ("A{rrn}B", "A632600000001B"),
            ("{processing}", "500000"),
            ("plain", "plain"),
        ] {
            assert_eq!(filled(text), filled_with, "{text}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused_in_words() {
        for (text, word) in [
            ("{amonut}", "there is no source \"amonut\"; there are amount, "),
            ("{amount", "brace"),
            ("amount}", "brace"),
            ("{amount:x}", "width"),
            ("{amount:0}", "width"),
            ("{amount:1000}", "width"),
        ] {
            let said = Template::parse(text).unwrap_err();
            assert!(said.contains(word), "{text}: {said}");
        }
    }
}
