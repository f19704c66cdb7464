//! A menu as it is written: the keys of its TOML, with places.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) languages: Spanned<Vec<Spanned<String>>>,
    /// What is dialled to reach the menu, `*123`; behind it are the parts of short-cuts.
    #[serde(default)]
    pub(super) codes: Vec<Spanned<String>>,
    pub(super) again_s: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) keys: KeysDocument,
    /// Texts in the place of the built-in ones, by language and name.
    #[serde(default)]
    pub(super) text: BTreeMap<String, Spanned<Words>>,
    pub(super) item: Spanned<Vec<Spanned<ItemDocument>>>,
    #[serde(default)]
    pub(super) shortcut: Vec<Spanned<ShortcutDocument>>,
}

/// Texts by name, or one text by language.
pub(super) type Words = BTreeMap<String, Spanned<String>>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysDocument {
    pub(super) back: Option<Spanned<String>>,
    pub(super) home: Option<Spanned<String>>,
    pub(super) more: Option<Spanned<String>>,
}

/// An item: one of `sell`, `action` and `item`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemDocument {
    pub(super) label: Option<Spanned<Words>>,
    pub(super) sell: Option<Spanned<SellDocument>>,
    pub(super) action: Option<ActionWord>,
    #[serde(default)]
    pub(super) item: Vec<Spanned<ItemDocument>>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "expected \"all\", or { fulfilment, account, service }")]
pub(super) enum SellDocument {
    All(AllWord),
    Some(SelectionDocument),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AllWord {
    All,
}

/// Services that have all of these properties.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SelectionDocument {
    pub(super) fulfilment: Option<String>,
    #[serde(default)]
    pub(super) account: Vec<String>,
    #[serde(default)]
    pub(super) service: Vec<u16>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum ActionWord {
    Balance,
    Last,
    Repeat,
    ChangePin,
    Language,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShortcutDocument {
    pub(super) key: Spanned<String>,
    pub(super) service: Option<Spanned<u16>>,
    pub(super) product: Option<Spanned<u16>>,
    pub(super) parts: Spanned<Vec<Spanned<PartWord>>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum PartWord {
    Service,
    Product,
    Account,
    Amount,
    Pin,
}
