//! A menu from its document.

use std::collections::BTreeMap;

use tillgate_codec::ussd::gsm7;
use tillgate_store_core::{AccountForm, Fulfilment, Language, ServiceId};
use toml::Spanned;

use super::document::{ActionWord, Document, ItemDocument, SelectionDocument, SellDocument, Words};
use super::limits::{
    AGAIN_S, AGAIN_S_MAX, AGAIN_S_MIN, CODES_MAX, KEY_CHARS_MAX, MENU_DEPTH_MAX, MENU_ITEMS_MAX,
    MENU_LANGUAGES_MAX, TEXT_CHARS_MAX,
};
use super::shortcut::shortcuts;
use super::texts::{Key, Tongue};
use super::{Does, Menu, Node, Selection};
use crate::iso8583::fault::{Faults, ProfileError};
use crate::iso8583::template::Template;
use crate::time::Span;

pub(super) fn menu(source: &str, document: &Document) -> Result<Menu, ProfileError> {
    let mut faults = Faults::new(source);
    let tongues = tongues(document, &mut faults);
    let mut tree = Tree { tongues: &tongues, nodes: Vec::new(), faults: &mut faults };
    tree.root(&document.item);
    let nodes = tree.nodes;
    let (back, home, more) = keys(document, &mut faults);
    let shortcuts = shortcuts(&document.shortcut, &mut faults);
    let codes = codes(document, &mut faults);
    let again_s = document.again_s.as_ref().map_or(AGAIN_S, |again_s| {
        if !(AGAIN_S_MIN..=AGAIN_S_MAX).contains(again_s.get_ref()) {
            let text = format!("again_s: {AGAIN_S_MIN} to {AGAIN_S_MAX} seconds");
            faults.spanned(again_s, text);
        }
        *again_s.get_ref()
    });
    let menu = Menu {
        name: document.name.clone(),
        about: document.about.clone(),
        tongues,
        codes,
        again: Span::s(again_s.into()),
        back,
        home,
        more,
        nodes,
        shortcuts,
    };
    faults.result(Some(menu))
}

/// The languages in their order, each with the built-in texts and those of the file.
fn tongues(document: &Document, faults: &mut Faults<'_>) -> Vec<Tongue> {
    let listed = document.languages.get_ref();
    if listed.is_empty() || listed.len() > MENU_LANGUAGES_MAX {
        let text = format!("languages: 1 to {MENU_LANGUAGES_MAX}, the first for who has another");
        faults.spanned(&document.languages, text);
    }
    for (language, words) in &document.text {
        if !listed.iter().any(|known| known.get_ref() == language) {
            faults.spanned(words, format!("[text.{language}] is not one of `languages`"));
        }
    }
    let mut tongues: Vec<Tongue> = Vec::new();
    for name in listed {
        let Some(language) = Language::of(name.get_ref()) else {
            faults.spanned(name, "a language is two small letters, as \"en\"");
            continue;
        };
        if tongues.iter().any(|known| known.language == language) {
            faults.spanned(name, format!("language {:?} is there twice", name.get_ref()));
            continue;
        }
        tongues.push(tongue(language, name, document, faults));
    }
    tongues
}

fn tongue(
    language: Language,
    name: &Spanned<String>,
    document: &Document,
    faults: &mut Faults<'_>,
) -> Tongue {
    let builtin = Menu::builtin_texts(name.get_ref());
    let builtin: BTreeMap<String, String> =
        builtin.and_then(|text| toml::from_str(text).ok()).unwrap_or_default();
    let own = document.text.get(name.get_ref());
    let mut missing = Vec::new();
    let mut texts = Vec::new();
    let mut is_gsm = true;
    for key in Key::ALL {
        let said = own.and_then(|own| own.get_ref().get(key.name()));
        let text = said.map(|said| said.get_ref()).or(builtin.get(key.name()));
        let text = text.map_or("", String::as_str);
        if text.is_empty() {
            missing.push(key.name());
        }
        let at = said.map_or(name.span().start, |said| said.span().start);
        is_gsm &= gsm7::length(text).is_some();
        texts.push(template(*key, text, at, faults));
    }
    if !missing.is_empty() {
        let text = format!("[text.{}] lacks {}", name.get_ref(), missing.join(", "));
        faults.spanned(name, text);
    }
    for (said, text) in own.into_iter().flat_map(|own| own.get_ref()) {
        if Key::named(said).is_none() {
            faults
                .spanned(text, format!("there is no text {said:?}; docs/ussd.md has all of them"));
        }
    }
    Tongue { language, texts, is_gsm }
}

fn template(
    key: Key,
    text: &str,
    at: usize,
    faults: &mut Faults<'_>,
) -> Template<super::texts::Source> {
    let mut fault = |what: String| faults.add(at, format!("{}: {what}", key.name()));
    if let Err(what) = plain(text) {
        fault(what);
    }
    match Template::parse(text) {
        Ok(template) => {
            if let Some(unknown) = template.sources().find(|used| !key.sources().contains(used)) {
                fault(format!("{} is not known there", unknown.placeholder()));
            }
            if let Some(required) = key.required().filter(|source| !template.has(*source))
                && !text.is_empty()
            {
                fault(format!("{} has to be in it", required.placeholder()));
            }
            template
        }
        Err(what) => {
            fault(what);
            Template::parse("").expect("an empty template")
        }
    }
}

/// Whether a text may be on a screen at all.
fn plain(text: &str) -> Result<(), String> {
    let long = text.chars().count();
    if long > TEXT_CHARS_MAX {
        return Err(format!("{long} characters; {TEXT_CHARS_MAX} are allowed"));
    }
    match text.chars().find(|c| c.is_control() && *c != '\n') {
        Some(c) => Err(format!("{c:?} cannot be shown")),
        None => Ok(()),
    }
}

fn keys(document: &Document, faults: &mut Faults<'_>) -> (String, String, String) {
    let mut seen: Vec<String> = Vec::new();
    let mut of = |name: &str, said: &Option<Spanned<String>>, usual: &str| {
        let key = said.as_ref().map_or(usual, |said| said.get_ref().as_str()).to_owned();
        let at = said.as_ref().map_or(document.languages.span().start, |said| said.span().start);
        let typed = key.chars().all(|c| c.is_ascii_digit() || "*#".contains(c));
        if key.is_empty() || key.len() > KEY_CHARS_MAX || !typed {
            faults.add(at, format!("{name}: 1 to {KEY_CHARS_MAX} of 0 to 9, * and #"));
        }
        if key.len() == 1 && ("1"..="9").contains(&key.as_str()) {
            faults.add(at, format!("{name}: 1 to 9 are the choices of a page"));
        }
        if seen.contains(&key) {
            faults.add(at, format!("{name}: {key:?} is another key already"));
        }
        seen.push(key.clone());
        key
    };
    let keys = &document.keys;
    (of("back", &keys.back, "0"), of("home", &keys.home, "00"), of("more", &keys.more, "98"))
}

fn codes(document: &Document, faults: &mut Faults<'_>) -> Vec<String> {
    if let Some(over) = document.codes.get(CODES_MAX) {
        faults.spanned(over, format!("codes: at most {CODES_MAX}"));
    }
    let code = |code: &Spanned<String>| {
        let text = code.get_ref().trim_end_matches('#').to_owned();
        let mut parts = text.strip_prefix('*').unwrap_or_default().split('*');
        if !parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())) {
            faults.spanned(code, "a service code is as it is dialled: \"*123\" or \"*123*4\"");
        }
        text
    };
    document.codes.iter().map(code).collect()
}

/// The tree of items, flattened.
struct Tree<'a, 'f> {
    tongues: &'a [Tongue],
    nodes: Vec<Node>,
    faults: &'a mut Faults<'f>,
}

impl Tree<'_, '_> {
    fn root(&mut self, items: &Spanned<Vec<Spanned<ItemDocument>>>) {
        if items.get_ref().is_empty() {
            self.faults.spanned(items, "the main menu has no item");
        }
        let root = Node { parent: 0, label: Vec::new(), does: Does::Menu(Vec::new()) };
        self.nodes.push(root);
        self.children(0, items.get_ref(), 1);
    }

    fn children(&mut self, parent: u8, items: &[Spanned<ItemDocument>], depth: usize) {
        let mut children = Vec::new();
        for item in items {
            if depth > MENU_DEPTH_MAX {
                let text =
                    format!("a menu below {MENU_DEPTH_MAX} others is not reached in a dialog");
                return self.faults.spanned(item, text);
            }
            if self.nodes.len() > MENU_ITEMS_MAX {
                return self
                    .faults
                    .spanned(item, format!("a menu has at most {MENU_ITEMS_MAX} items"));
            }
            let at = u8::try_from(self.nodes.len()).expect("bounded by MENU_ITEMS_MAX");
            let inner = item.get_ref();
            let label = self.label(item);
            let does = self.does(item);
            if self.is_twice(&children, &label, &does) {
                self.faults.spanned(item, "this menu has the same item already");
            }
            self.nodes.push(Node { parent, label, does });
            children.push(at);
            self.children(at, &inner.item, depth + 1);
        }
        if let Some(Node { does: Does::Menu(of), .. }) = self.nodes.get_mut(usize::from(parent)) {
            *of = children;
        }
    }

    /// Whether the menu has an item of that name, or that action.
    fn is_twice(&self, children: &[u8], label: &[String], does: &Does) -> bool {
        let others = children.iter().filter_map(|at| self.nodes.get(usize::from(*at)));
        others.into_iter().any(|other| {
            let named = other.label.iter().zip(label).any(|(one, other)| one == other);
            let acts = matches!(
                (&other.does, does),
                (Does::Action(one), Does::Action(other)) if one == other
            );
            named || acts
        })
    }

    fn label(&mut self, item: &Spanned<ItemDocument>) -> Vec<String> {
        let Some(said) = &item.get_ref().label else { return Vec::new() };
        let words: &Words = said.get_ref();
        for (language, text) in words {
            if !self.tongues.iter().any(|tongue| tongue.language.as_str() == language) {
                self.faults.spanned(text, format!("label: {language} is not one of `languages`"));
            }
        }
        let mut labels = Vec::new();
        for tongue in self.tongues {
            let language = tongue.language.as_str();
            let text = words.get(language).filter(|text| !text.get_ref().is_empty());
            let Some(text) = text else {
                self.faults.spanned(said, format!("label: the one of {language} is missing"));
                continue;
            };
            if let Err(what) = plain(text.get_ref()) {
                self.faults.spanned(text, format!("label: {what}"));
            }
            if text.get_ref().contains('\n') {
                self.faults.spanned(text, "label: one line");
            }
            labels.push(text.get_ref().clone());
        }
        labels
    }

    fn does(&mut self, item: &Spanned<ItemDocument>) -> Does {
        let inner = item.get_ref();
        match (&inner.sell, inner.action, inner.item.is_empty()) {
            (Some(sell), None, true) => Does::Sell(self.selection(sell)),
            (None, Some(action), true) => {
                if action == ActionWord::Language && self.tongues.len() == 1 {
                    self.faults.spanned(item, "language: the menu has one, so there is no choice");
                }
                Does::Action(action)
            }
            (None, None, false) => {
                if inner.label.is_none() {
                    self.faults.spanned(item, "a menu in a menu needs a label");
                }
                Does::Menu(Vec::new())
            }
            _ => {
                let text = "an item has one of sell = .., action = .. and items of its own";
                self.faults.spanned(item, text);
                Does::Menu(Vec::new())
            }
        }
    }

    fn selection(&mut self, sell: &Spanned<SellDocument>) -> Selection {
        let SellDocument::Some(said) = sell.get_ref() else { return Selection::default() };
        let SelectionDocument { fulfilment, account, service } = said;
        let mut selection = Selection {
            services: service.iter().map(|id| ServiceId(*id)).collect(),
            ..Selection::default()
        };
        if let Some(word) = fulfilment {
            selection.fulfilment = Fulfilment::ALL.into_iter().find(|of| of.label() == word);
            if selection.fulfilment.is_none() {
                self.faults.spanned(sell, "fulfilment: \"stock\" or \"provider\"");
            }
        }
        for word in account {
            let form = AccountForm::ALL.into_iter().find(|form| form.label() == word);
            match form {
                Some(AccountForm::Card) | None if word != "none" => {
                    let text = "account: \"none\", \"phone\", \"meter\", \"contract\", \"bill\"";
                    self.faults.spanned(sell, text);
                }
                form => selection.account.push(form),
            }
        }
        selection
    }
}
