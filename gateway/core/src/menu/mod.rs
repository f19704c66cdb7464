//! Menus: what a person at a handset sees and types, turned into the messages of a terminal.
//!
//! ```text
//!   menu.toml ──▶ Menu::parse ──▶ Menu::check: every screen of the services in force fits
//!
//!   dialled ────▶ Dialog::begin ─┐                    ┌─▶ Continue, End: the screen
//!   typed ──────▶ Dialog::input ─┼─▶ Step, one of ────┼─▶ Ask: a log-on by PIN, a request
//!   answered ───▶ Dialog::answer ┤                    └─▶ Nothing
//!   no answer ──▶ Dialog::late ──┘
//! ```
//!
//! A handset is a terminal: what a [`Dialog`] asks are the bodies that a terminal of the sealed link
//! sends, and what it is answered are that terminal's answers. So one verification, one ledger and
//! one rule of duplicates hold for both. What is sold, and how it is asked for, comes from the
//! services of the registry; the menu file says which of them are where, and in which words.

mod amount;
mod build;
mod check;
mod dialog;
mod document;
mod draft;
mod entry;
pub mod limits;
mod notice;
mod offer;
mod page;
mod pin;
mod references;
mod screens;
mod shortcut;
#[cfg(test)]
mod tests;
mod texts;

use tillgate_codec::ussd::Room;
use tillgate_store_core::{
    AccountForm, Fulfilment, Language, ProductId, Registry, ServiceId, Terminal,
};

pub use self::check::MenuFault;
pub use self::dialog::{Ask, Dialog, Step};
use self::document::{ActionWord, Document, PartWord};
use self::limits::MENU_BYTES_MAX;
pub use self::notice::Notice;
pub use self::pin::Pin;
use self::texts::{Key, Tongue, Values};
use crate::iso8583::fault::document;
pub use crate::iso8583::fault::{ProfileError as MenuError, ProfileFault as MenuErrorFault};
use crate::processing::verify::Now;
use crate::time::Span;

/// The menu that comes with the gateway.
const DEFAULT: &str = include_str!("../../menus/default.toml");

/// The languages that come with the gateway, each with all texts.
const LANGUAGES: [(&str, &str); 4] = [
    ("en", include_str!("../../menus/en.toml")),
    ("sw", include_str!("../../menus/sw.toml")),
    ("fr", include_str!("../../menus/fr.toml")),
    ("ar", include_str!("../../menus/ar.toml")),
];

/// A menu; checked.
#[derive(Debug)]
pub struct Menu {
    name: String,
    about: String,
    tongues: Vec<Tongue>,
    codes: Vec<String>,
    again: Span,
    back: String,
    home: String,
    more: String,
    /// The first is the main menu.
    nodes: Vec<Node>,
    shortcuts: Vec<Shortcut>,
}

/// A menu or an item of one.
#[derive(Debug)]
struct Node {
    /// The menu that it is in; of the main menu itself.
    parent: u8,
    /// By language; empty: the built-in text.
    label: Vec<String>,
    does: Does,
}

#[derive(Debug)]
enum Does {
    /// Shows the menu of these.
    Menu(Vec<u8>),
    Sell(Selection),
    Action(ActionWord),
}

/// Which services an item sells; what is empty excludes none.
#[derive(Clone, Debug, Default)]
struct Selection {
    fulfilment: Option<Fulfilment>,
    account: Vec<Option<AccountForm>>,
    services: Vec<ServiceId>,
}

/// A dialled string that sells in one step.
#[derive(Debug)]
struct Shortcut {
    key: String,
    service: Option<ServiceId>,
    product: Option<ProductId>,
    parts: Vec<PartWord>,
}

/// What a dialog looks at in one step.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The registry in force.
    pub registry: &'a Registry,
    /// The handset's terminal.
    pub terminal: &'a Terminal,
    /// What its link carries in one string.
    pub room: Room,
    /// Business date and local minute.
    pub now: Now,
    /// What the terminal ordered before.
    pub sold: &'a dyn RecentSales,
    /// Whether the PIN has to be changed before anything is sold.
    pub must_change_pin: bool,
}

/// The latest orders of a terminal.
pub trait RecentSales {
    /// How long ago it ordered that; `None`: not, or too long ago to be remembered.
    fn sold(&self, sale: &SaleContent<'_>) -> Option<Span>;
}

/// What makes two sales of a terminal the same for a person.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SaleContent<'a> {
    /// What is sold.
    pub service: ServiceId,
    /// The denomination or plan; 0 for an open amount.
    pub product: ProductId,
    /// Minor units.
    pub amount_minor: u64,
    /// For whom; empty for a voucher.
    pub account: &'a str,
}

impl Menu {
    /// Reads and checks a menu.
    ///
    /// # Errors
    /// It is not TOML, or all that is wrong with it, by line.
    pub fn parse(text: &str) -> Result<Self, MenuError> {
        if text.len() > MENU_BYTES_MAX {
            let text = format!("{} bytes: a menu has at most {MENU_BYTES_MAX}", text.len());
            return Err(MenuError { faults: vec![MenuErrorFault { line: 1, text }] });
        }
        let read: Document = document(text, MENU_BYTES_MAX)?;
        build::menu(text, &read)
    }

    /// The text of the menu that comes with the gateway, to use or to start another from.
    #[must_use]
    pub fn builtin() -> &'static str {
        DEFAULT
    }

    /// All texts in one of the languages that come with the gateway, as the `[text.xx]` of a menu has
    /// them.
    #[must_use]
    pub fn builtin_texts(language: &str) -> Option<&'static str> {
        LANGUAGES.iter().find(|(known, _)| *known == language).map(|(_, text)| *text)
    }

    /// The languages that come with the gateway.
    pub fn builtin_languages() -> impl Iterator<Item = &'static str> {
        LANGUAGES.iter().map(|(language, _)| *language)
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

    /// Its languages; a terminal without one of these gets the first.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.tongues.iter().map(|tongue| tongue.language)
    }

    /// How old an order of the same may be that is asked about before it is ordered once more. What
    /// implements [`RecentSales`] remembers orders for so long.
    #[must_use]
    pub fn again(&self) -> Span {
        self.again
    }

    /// The place of a language among its own; the first where it is not.
    fn tongue_of(&self, language: Language) -> u8 {
        let at = self.tongues.iter().position(|tongue| tongue.language == language);
        at.and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
    }

    fn tongue(&self, at: u8) -> &Tongue {
        self.tongues.get(usize::from(at)).unwrap_or(&self.tongues[0])
    }

    fn node(&self, at: u8) -> &Node {
        self.nodes.get(usize::from(at)).unwrap_or(&self.nodes[0])
    }
}

impl Node {
    /// Appends its name in a language.
    fn name(&self, tongue: &Tongue, at: u8, out: &mut String) {
        if let Some(label) = self.label.get(usize::from(at)) {
            return out.push_str(label);
        }
        let key = match &self.does {
            Does::Menu(_) => Key::Title,
            Does::Sell(_) => Key::Sell,
            Does::Action(ActionWord::Balance) => Key::Balance,
            Does::Action(ActionWord::Last) => Key::Last,
            Does::Action(ActionWord::Repeat) => Key::Repeat,
            Does::Action(ActionWord::ChangePin) => Key::ChangePin,
            Does::Action(ActionWord::Language) => Key::Language,
        };
        tongue.put(key, &Values::default(), out);
    }
}
