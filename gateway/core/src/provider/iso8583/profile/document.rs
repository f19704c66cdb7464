//! A host profile as it is written: the keys of its TOML, each value with its place.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::super::super::ProviderRequestKind;
use crate::iso8583::mac::MacWord;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) dialect: Spanned<String>,
    pub(super) tpdu: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) utc_offset_min: Option<Spanned<i32>>,
    /// Acquiring and forwarding institution of field 90, up to 11 digits each.
    #[serde(default)]
    pub(super) institutions: Option<Spanned<[String; 2]>>,
    pub(super) mac: Option<MacWord>,
    pub(super) key: Spanned<Vec<Spanned<u8>>>,
    pub(super) echo: Spanned<Vec<Spanned<u8>>>,
    #[serde(default)]
    pub(super) reference: Vec<Spanned<u8>>,
    pub(super) network: Option<Spanned<NetworkDocument>>,
    #[serde(default)]
    pub(super) message: Vec<Spanned<MessageDocument>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetworkDocument {
    pub(super) mti: Spanned<String>,
    pub(super) sign_on: Option<String>,
    pub(super) sign_off: Option<String>,
    pub(super) echo: Option<String>,
    #[serde(default = "sixty")]
    pub(super) echo_s: Spanned<u16>,
    #[serde(default = "ten")]
    pub(super) answer_s: Spanned<u16>,
    pub(super) approved: Vec<String>,
    #[serde(default)]
    pub(super) mac: bool,
    pub(super) key_exchange: Option<Spanned<KeyExchangeDocument>>,
    pub(super) fields: Fields,
}

/// How the key of authentication codes is renewed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyExchangeDocument {
    pub(super) code: Spanned<String>,
    pub(super) request: Option<Spanned<String>>,
    pub(super) field: Spanned<u8>,
    #[serde(default = "day")]
    pub(super) every_s: Spanned<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageDocument {
    pub(super) kind: KindWord,
    pub(super) mti: Spanned<String>,
    pub(super) repeat: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) processing: BTreeMap<String, Spanned<String>>,
    pub(super) fields: Fields,
    pub(super) echo: Option<Spanned<Vec<Spanned<u8>>>>,
    pub(super) codes: BTreeMap<String, Spanned<Vec<Spanned<String>>>>,
    pub(super) found: Option<Spanned<FoundDocument>>,
    /// The field of the answer with what the chip of the card receives.
    pub(super) chip: Option<Spanned<u8>>,
}

/// Field numbers with their templates.
pub(super) type Fields = BTreeMap<String, Spanned<String>>;

/// Where a lookup's answer has what was found.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FoundDocument {
    pub(super) reference: Option<Spanned<u8>>,
    pub(super) amount: Option<Spanned<u8>>,
    pub(super) amount_min: Option<Spanned<u8>>,
    pub(super) amount_max: Option<Spanned<u8>>,
    pub(super) name: Option<Spanned<u8>>,
    pub(super) text: Option<Spanned<u8>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum KindWord {
    Authorize,
    Inquire,
    Reverse,
    Advise,
    Lookup,
}

impl From<KindWord> for ProviderRequestKind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::Authorize => Self::Authorize,
            KindWord::Inquire => Self::Inquire,
            KindWord::Reverse => Self::Reverse,
            KindWord::Advise => Self::Advise,
            KindWord::Lookup => Self::Lookup,
        }
    }
}

fn sixty() -> Spanned<u16> {
    Spanned::new(0..0, 60)
}

fn ten() -> Spanned<u16> {
    Spanned::new(0..0, 10)
}

fn day() -> Spanned<u32> {
    Spanned::new(0..0, 86_400)
}
