//! What a host's messages are filled with: the sources of their templates.

use std::fmt::Write as _;

use super::super::{ProviderRequest, ProviderRequestKind};
use crate::card::CardPart;
use crate::iso8583::template::{self, sources};
use crate::time::{UnixMillis, utc};

/// The template of a field.
pub(super) type Template = template::Template<Source>;

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
    /// Of a card sale of a terminal of another maker, as the terminal sent it: the encrypted PIN.
    CardPinBlock = "card.pin_block",
    /// Of such a sale: which key encrypted the PIN.
    CardKsn = "card.ksn",
    /// Of such a sale: what the chip says.
    CardChip = "card.chip",
    /// Of such a sale: how the card was read.
    CardEntryMode = "card.entry_mode",
    /// Of such a sale: which of the cards with one number it is.
    CardSequence = "card.card_sequence",
    /// Of such a sale: track 2.
    CardTrack2 = "card.track2",
    /// Of such a sale: YYMM.
    CardExpiry = "card.expiry",
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
    /// Of a source of card data: which.
    pub(super) fn card_part(self) -> Option<CardPart> {
        Some(match self {
            Self::CardPinBlock => CardPart::PinBlock,
            Self::CardKsn => CardPart::Ksn,
            Self::CardChip => CardPart::Chip,
            Self::CardEntryMode => CardPart::EntryMode,
            Self::CardSequence => CardPart::CardSequence,
            Self::CardTrack2 => CardPart::Track2,
            Self::CardExpiry => CardPart::Expiry,
            _ => return None,
        })
    }

    /// Whether messages of this kind (`None`: network messages) have it.
    pub(super) fn is_of(self, kind: Option<ProviderRequestKind>) -> bool {
        use ProviderRequestKind::{Authorize, Lookup};
        let times = [Self::Stan, Self::Transmission, Self::LocalTime, Self::LocalDate];
        match kind {
            None => self == Self::Network || times.contains(&self),
            Some(_) if self == Self::Network => false,
            // What follows a sale names it by reference: nothing of the card is kept.
            Some(kind) if self.card_part().is_some() => kind == Authorize,
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
            // Bytes of a field of their own.
            Self::CardPinBlock
            | Self::CardKsn
            | Self::CardChip
            | Self::CardEntryMode
            | Self::CardSequence
            | Self::CardTrack2
            | Self::CardExpiry
            | Self::Network => {}
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

/// The card data that a field is, and nothing else.
pub(super) fn card_part(template: &Template) -> Option<CardPart> {
    let source = template.sources().next().filter(|source| template.is_only(*source));
    source.and_then(Source::card_part)
}

/// Appends what a template is filled with.
pub(super) fn write(template: &Template, values: &Values<'_>, out: &mut String) {
    template.fill(out, |source, out| source.write(values, out));
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
        write(&Template::parse(text).unwrap(), &values, &mut out);
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
