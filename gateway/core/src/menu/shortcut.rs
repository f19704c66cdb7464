//! Short-cuts: how a menu file says them, and which one a dialled string is.

use tillgate_store_core::{ProductId, ServiceId};
use toml::Spanned;

use super::document::{PartWord, ShortcutDocument};
use super::limits::{KEY_CHARS_MAX, SHORTCUTS_MAX};
use super::{Menu, Shortcut};
use crate::iso8583::fault::Faults;

/// What was dialled.
pub(super) enum Dialled<'m, 'd> {
    /// The menu.
    Menu,
    /// Something behind the service code that is no short-cut.
    Unknown,
    /// A short-cut, with as many of its parts as were dialled.
    Short(&'m Shortcut, Vec<&'d str>),
}

/// Reads a dialled string: the service code, the short-cut's key, its parts, each behind a `*`.
pub(super) fn read<'m, 'd>(menu: &'m Menu, dialled: &'d str) -> Dialled<'m, 'd> {
    let Some(rest) = behind_code(menu, dialled.strip_suffix('#').unwrap_or(dialled)) else {
        return Dialled::Menu;
    };
    if menu.shortcuts.is_empty() {
        return Dialled::Menu;
    }
    let mut parts = rest.split('*');
    let key = parts.next().unwrap_or_default();
    let Some(shortcut) = menu.shortcuts.iter().find(|shortcut| shortcut.key == key) else {
        return Dialled::Unknown;
    };
    let parts: Vec<&str> = parts.collect();
    if parts.len() > shortcut.parts.len() {
        return Dialled::Unknown;
    }
    Dialled::Short(shortcut, parts)
}

/// What is behind the service code: one of the menu's, else the first group of digits.
fn behind_code<'d>(menu: &Menu, dialled: &'d str) -> Option<&'d str> {
    let text = dialled.strip_prefix('*')?;
    let mut codes: Vec<&str> =
        menu.codes.iter().filter_map(|code| dialled.strip_prefix(code.as_str())).collect();
    codes.retain(|rest| rest.is_empty() || rest.starts_with('*'));
    // The longest code leaves the least.
    let rest = match codes.into_iter().min_by_key(|rest| rest.len()) {
        Some(rest) => rest,
        None => &text[text.find('*').unwrap_or(text.len())..],
    };
    rest.strip_prefix('*').filter(|rest| !rest.is_empty())
}

/// The short-cuts of a file, checked by themselves.
pub(super) fn shortcuts(
    said: &[Spanned<ShortcutDocument>],
    faults: &mut Faults<'_>,
) -> Vec<Shortcut> {
    if let Some(over) = said.get(SHORTCUTS_MAX) {
        faults.spanned(over, format!("a menu has at most {SHORTCUTS_MAX} short-cuts"));
    }
    let mut shortcuts: Vec<Shortcut> = Vec::new();
    for document in said {
        let read = shortcut(document, faults);
        if shortcuts.iter().any(|known| known.key == read.key) {
            let text = format!("key {:?} is another short-cut's already", read.key);
            faults.spanned(&document.get_ref().key, text);
        }
        shortcuts.push(read);
    }
    shortcuts
}

fn shortcut(said: &Spanned<ShortcutDocument>, faults: &mut Faults<'_>) -> Shortcut {
    let ShortcutDocument { key, service, product, parts } = said.get_ref();
    let digits = key.get_ref().bytes().all(|byte| byte.is_ascii_digit());
    if key.get_ref().is_empty() || key.get_ref().len() > KEY_CHARS_MAX || !digits {
        faults.spanned(key, format!("key: 1 to {KEY_CHARS_MAX} digits, dialled behind the code"));
    }
    let words: Vec<PartWord> = parts.get_ref().iter().map(|part| *part.get_ref()).collect();
    for (n, part) in parts.get_ref().iter().enumerate() {
        if words.iter().take(n).any(|before| before == part.get_ref()) {
            faults.spanned(part, "parts: each once");
        }
        if *part.get_ref() == PartWord::Pin && n + 1 < words.len() {
            faults.spanned(part, "parts: the PIN is the last, as it may be left out");
        }
    }
    let has = |word| words.contains(&word);
    if service.is_some() == has(PartWord::Service) {
        faults.spanned(said, "a short-cut has service = .. or \"service\" among its parts");
    }
    if product.is_some() && (has(PartWord::Product) || has(PartWord::Service)) {
        faults.spanned(said, "product = .. is of service = .., and the product no part then");
    }
    if has(PartWord::Amount) && (product.is_some() || has(PartWord::Product)) {
        faults.spanned(said, "parts: a product has its amount");
    }
    Shortcut {
        key: key.get_ref().clone(),
        service: service.as_ref().map(|service| ServiceId(*service.get_ref())),
        product: product.as_ref().map(|product| ProductId(*product.get_ref())),
        parts: words,
    }
}
