//! A terminal profile as it is written: the keys of its TOML, each value with its place.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::card::CardPart;
use crate::iso8583::mac::MacWord;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) dialect: Spanned<String>,
    pub(super) mac: Option<MacWord>,
    /// Of the key of an AES-CMAC: 16, 24 or 32.
    pub(super) mac_key_bytes: Option<Spanned<usize>>,
    pub(super) request: Spanned<RequestDocument>,
    /// Processing codes, or with a product field `CODE/VALUE`, to `SERVICE` or `SERVICE/PRODUCT`.
    #[serde(default)]
    pub(super) products: BTreeMap<String, Spanned<String>>,
    /// What of a sale goes on to the host of the card.
    #[serde(default)]
    pub(super) carry: CarryDocument,
    /// Response codes as the terminals know them.
    #[serde(default)]
    pub(super) codes: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) message: Vec<Spanned<MessageDocument>>,
}

/// Where requests carry what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestDocument {
    pub(super) terminal: Spanned<PlaceDocument>,
    pub(super) stan: Spanned<PlaceDocument>,
    pub(super) date: Spanned<PlaceDocument>,
    pub(super) time: Option<Spanned<PlaceDocument>>,
    pub(super) processing: Spanned<PlaceDocument>,
    pub(super) product: Option<Spanned<PlaceDocument>>,
    pub(super) amount: Spanned<PlaceDocument>,
    pub(super) currency: Option<Spanned<PlaceDocument>>,
    pub(super) default_currency: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) account: Vec<Spanned<PlaceDocument>>,
}

/// Fields that go on to the host of the card as they came.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CarryDocument {
    pin_block: Option<Spanned<u8>>,
    ksn: Option<Spanned<u8>>,
    chip: Option<Spanned<u8>>,
    entry_mode: Option<Spanned<u8>>,
    card_sequence: Option<Spanned<u8>>,
    track2: Option<Spanned<u8>>,
    expiry: Option<Spanned<u8>>,
}

impl CarryDocument {
    pub(super) fn parts(&self) -> impl Iterator<Item = (CardPart, &Spanned<u8>)> {
        let of = |part: CardPart| {
            let number = match part {
                CardPart::PinBlock => &self.pin_block,
                CardPart::Ksn => &self.ksn,
                CardPart::Chip => &self.chip,
                CardPart::EntryMode => &self.entry_mode,
                CardPart::CardSequence => &self.card_sequence,
                CardPart::Track2 => &self.track2,
                CardPart::Expiry => &self.expiry,
            };
            number.as_ref().map(|number| (part, number))
        };
        CardPart::ALL.into_iter().filter_map(of)
    }
}

#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "expected a field number, or { field, from, length }")]
pub(super) enum PlaceDocument {
    Field(u8),
    Part(PartDocument),
}

/// Some characters of a field.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartDocument {
    pub(super) field: u8,
    #[serde(default)]
    pub(super) from: usize,
    pub(super) length: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageDocument {
    pub(super) kind: KindWord,
    pub(super) mti: Spanned<Vec<Spanned<String>>>,
    /// Fields that tell messages of one type apart.
    #[serde(default)]
    pub(super) when: BTreeMap<String, Spanned<String>>,
    /// Whether it carries an authentication code, where the profile has one.
    pub(super) mac: Option<Spanned<bool>>,
    pub(super) echo: Spanned<Vec<Spanned<u8>>>,
    #[serde(default)]
    pub(super) answer: BTreeMap<String, Spanned<String>>,
    pub(super) original: Option<Spanned<OriginalDocument>>,
    pub(super) totals: Option<Spanned<TotalsDocument>>,
}

/// Where a reversal, an advice or a batch record names its sale.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OriginalDocument {
    pub(super) stan: Option<Spanned<PlaceDocument>>,
    pub(super) date: Option<Spanned<PlaceDocument>>,
    pub(super) time: Option<Spanned<PlaceDocument>>,
}

/// Where a settlement has what the terminal counted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TotalsDocument {
    pub(super) sales_count: Spanned<PlaceDocument>,
    pub(super) sales_amount: Spanned<PlaceDocument>,
    pub(super) reversals_count: Spanned<PlaceDocument>,
    pub(super) reversals_amount: Spanned<PlaceDocument>,
}

impl TotalsDocument {
    pub(super) fn places(&self) -> [&Spanned<PlaceDocument>; 4] {
        [&self.sales_count, &self.sales_amount, &self.reversals_count, &self.reversals_amount]
    }
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum KindWord {
    Logon,
    Echo,
    Sale,
    Reversal,
    Advice,
    Upload,
    Settlement,
}
