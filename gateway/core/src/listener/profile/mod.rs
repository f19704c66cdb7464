//! Terminal profiles: how the messages of one kind of terminal carry requests and answers. A profile
//! is a TOML file over a dialect table; docs/iso8583.md explains its keys.
//!
//! `document` is the file as it is written, `build` makes a [`Profile`] of it, `check` compares what
//! it says with the dialect and with itself.

mod build;
mod check;
mod document;

use tillgate_codec::iso8583::{Dialect, MacKey, Mti, View};
use tillgate_store_core::{ProductId, ResponseCode, ServiceId};

use self::document::Document;
use super::answer::Template;
use super::limits::PROFILE_BYTES_MAX;
use crate::card::CardPart;
use crate::iso8583::fault::{ProfileError, document};
use crate::iso8583::mac::MacWord;

/// Names and texts of the profiles that are built in.
const BUILTINS: [(&str, &str); 1] =
    [("nac-terminal", include_str!("../../../profiles/nac-terminal.toml"))];

/// How the messages of one kind of terminal carry requests and answers; checked.
#[derive(Debug)]
pub struct Profile {
    name: String,
    about: String,
    pub(super) dialect: Dialect,
    pub(super) places: Places,
    /// Processing code, product field (empty without one), what it stands for.
    products: Vec<(String, String, (ServiceId, ProductId))>,
    /// What of a sale goes on to the host of the card, and where it is.
    pub(super) carry: Vec<(CardPart, u8)>,
    codes: Vec<(String, String)>,
    /// For codes that are not listed; without it they are sent as they are.
    other_code: Option<String>,
    messages: Vec<MessagePlan>,
    mac: Option<Mac>,
}

/// How messages are authenticated: the algorithm, and how many bytes of the terminal's key it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mac {
    word: MacWord,
    key_bytes: usize,
}

/// Where requests carry what.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) terminal: Place,
    pub(super) stan: Place,
    pub(super) date: Place,
    pub(super) time: Option<Place>,
    pub(super) processing: Place,
    pub(super) product: Option<Place>,
    pub(super) amount: Place,
    pub(super) currency: Option<Place>,
    /// ISO 4217 numeric, where the message does not say it.
    pub(super) default_currency: Option<u16>,
    pub(super) account: Vec<Place>,
}

/// A field, or some of its characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) field: u8,
    pub(super) part: Option<(usize, usize)>,
}

/// A message of the terminals, and what its answer is filled with.
#[derive(Debug)]
pub(super) struct MessagePlan {
    pub(super) kind: Kind,
    /// Without those of repeats.
    mtis: Vec<Mti>,
    when: Vec<(u8, String)>,
    /// Fields that the answer repeats; they are part of what makes two requests the same.
    pub(super) echo: Vec<u8>,
    pub(super) fields: Vec<(u8, Template)>,
    /// Of a reversal, an advice or a batch record.
    pub(super) original: Option<Original>,
    /// Of a settlement: count and amount of sales, of reversals.
    pub(super) totals: Option<[Place; 4]>,
    /// Whether it carries an authentication code.
    mac: bool,
}

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Logon,
    Echo,
    Sale,
    Reversal,
    /// The confirmation of a sale that was answered.
    Advice,
    /// A record of the terminal's batch.
    Upload,
    Settlement,
}

/// Where a reversal, an advice or a batch record names its sale.
#[derive(Debug)]
pub(super) struct Original {
    pub(super) stan: Place,
    pub(super) date: Place,
    pub(super) time: Option<Place>,
}

impl Profile {
    /// Reads and checks a profile. Its dialect is asked for by its name, which fails with what is
    /// wrong with it.
    ///
    /// # Errors
    /// It is not TOML, or all that is wrong with it, by line.
    pub fn parse(
        text: &str,
        dialect: impl FnOnce(&str) -> Result<Dialect, String>,
    ) -> Result<Self, ProfileError> {
        let document: Document = document(text, PROFILE_BYTES_MAX)?;
        build::profile(text, &document, dialect)
    }

    /// The text of a profile that is built in, to use or to start another from.
    #[must_use]
    pub fn builtin(name: &str) -> Option<&'static str> {
        BUILTINS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// Names of the profiles that are built in.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTINS.iter().map(|(name, _)| *name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The dialect of its messages.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// What each message is for, in words: for whoever checks a profile.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        let shown = |plan: &MessagePlan| {
            let mtis: Vec<&str> = plan.mtis.iter().map(Mti::as_str).collect();
            let when: Vec<String> =
                plan.when.iter().map(|(field, value)| format!("{field} = {value:?}")).collect();
            let when =
                if when.is_empty() { String::new() } else { format!(" where {}", when.join(", ")) };
            let echo: Vec<String> = plan.echo.iter().map(u8::to_string).collect();
            let fields: Vec<String> =
                plan.fields.iter().map(|(field, _)| field.to_string()).collect();
            let filled = if fields.is_empty() {
                String::new()
            } else {
                format!(", fills {}", fields.join(" "))
            };
            format!(
                "{}: {}{when}; the answer repeats {}, has the code in 39{filled}",
                plan.kind.word(),
                mtis.join(" "),
                echo.join(" ")
            )
        };
        self.messages.iter().map(shown).collect()
    }

    /// What a message is, by its type and fields.
    pub(super) fn plan(&self, message: &View<'_>) -> Option<&MessagePlan> {
        let mti = message.mti();
        self.messages.iter().find(|plan| {
            let is_it = |(field, value): &(u8, String)| {
                message.text(*field).is_some_and(|text| text.trim() == value)
            };
            plan.mtis.iter().any(|known| *known == mti || known.repeat() == mti)
                && plan.when.iter().all(is_it)
        })
    }

    /// Whether its messages carry authentication codes.
    #[must_use]
    pub fn has_mac(&self) -> bool {
        self.mac.is_some()
    }

    /// Whether a message must carry one. One that the profile does not know must.
    pub(crate) fn needs_mac(&self, message: &View<'_>) -> bool {
        self.mac.is_some() && self.plan(message).is_none_or(|plan| plan.mac)
    }

    /// The key of authentication codes from a terminal's key: its first bytes.
    pub(crate) fn mac_key(&self, key: &[u8]) -> Option<MacKey> {
        let mac = self.mac?;
        mac.word.key(key.get(..mac.key_bytes)?).ok()
    }

    /// The fields that the answer to a message repeats.
    pub(crate) fn repeated(&self, message: &View<'_>) -> Vec<u8> {
        self.plan(message).map(|plan| plan.echo.clone()).unwrap_or_default()
    }

    /// What a processing code and a product field stand for.
    pub(super) fn product(
        &self,
        processing: &str,
        product: &str,
    ) -> Option<(ServiceId, ProductId)> {
        let is_it = |row: &&(String, String, _)| row.0 == processing && row.1 == product;
        self.products.iter().find(is_it).map(|row| row.2)
    }

    /// A code as the terminals know it.
    pub(super) fn code(&self, code: ResponseCode) -> String {
        let text = code.to_string();
        let listed = self.codes.iter().find(|(known, _)| *known == text).map(|(_, shown)| shown);
        listed.or(self.other_code.as_ref()).cloned().unwrap_or(text)
    }
}

impl Kind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Logon => "logon",
            Self::Echo => "echo",
            Self::Sale => "sale",
            Self::Reversal => "reversal",
            Self::Advice => "advice",
            Self::Upload => "upload",
            Self::Settlement => "settlement",
        }
    }
}

impl Place {
    /// The text at the place, without spaces around it; `None` if there is none.
    pub(super) fn text(&self, message: &View<'_>) -> Option<zeroize::Zeroizing<String>> {
        let text = zeroize::Zeroizing::new(message.text(self.field)?);
        let part = match self.part {
            Some((from, length)) => text.get(from..from.checked_add(length)?)?,
            None => &text,
        };
        let part = part.trim();
        (!part.is_empty()).then(|| zeroize::Zeroizing::new(part.to_owned()))
    }

    /// The digits at the place as a number.
    pub(super) fn number(&self, message: &View<'_>) -> Option<u64> {
        let text = self.text(message)?;
        if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
    }
}
