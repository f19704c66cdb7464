//! Terminals and their keys.

use tillgate_store_core::limits::SERVICES_MAX;
use tillgate_store_core::vault::terminal_context;
use tillgate_store_core::{
    Language, Secret, Seller, SellerId, ServiceId, Services, Status, Terminal, TerminalId, Vault,
};
use zeroize::Zeroizing;

use crate::draft::{Draft, Existing, Look, take};
use crate::limits::TERMINAL_ID_MAX;
use crate::row::Row;
use crate::source::terminal;

/// What terminals say in their hello by default.
pub(crate) const KEY_ID_DEFAULT: u8 = 1;

/// One row of terminals.csv.
pub(crate) fn terminal(row: &Row<'_>, draft: &mut Draft) {
    let before = row.faults();
    let id = row.number(terminal::ID, 1..=TERMINAL_ID_MAX).map(TerminalId);
    let seller = row.number(terminal::SELLER, 1..=u32::MAX).map(SellerId);
    let look = seller.map(|seller| draft.seller(row.context.known, seller));
    if let Some(Look::Unknown) = look {
        row.expected(terminal::SELLER, "a seller that exists");
    }
    let owner = match &look {
        Some(Look::Found(owner)) => Some(owner),
        _ => None,
    };
    let stored = id.and_then(|id| row.context.known.stored(|stored| stored.terminal(id)));
    let kept = row.context.kept(stored.as_ref());
    let services = match (kept, row.text(terminal::SERVICES)) {
        (Some(kept), "") => Some(kept.services.clone()),
        _ => services(row, draft, owner),
    };
    let status = row.status(terminal::STATUS, kept.map(|kept| kept.status));
    // Why it is blocked stays known for as long as it is.
    let reason = kept.filter(|kept| kept.status == Status::Blocked && status == Some(kept.status));
    let reason = reason.map(|kept| kept.reason.clone()).unwrap_or_default();
    let key_id = row.number_or(terminal::KEY_ID, 0..=u8::MAX, KEY_ID_DEFAULT);
    let language = language(row, kept.map(|kept| kept.language));
    let listener = listener(row, kept.map(|kept| kept.listener.as_str()));
    let Some(id) = id else { return };
    let is_stored = stored.is_some();
    let keyed =
        key_id.zip(seller).and_then(|(key_id, seller)| keyed(row, (id, seller, key_id), stored));
    let build = || {
        let mut record = keyed?;
        (record.status, record.services, record.reason) = (status?, services?, reason);
        (record.language, record.listener) = (language?, listener?);
        Some(record)
    };
    let record = if row.faults() == before { build() } else { None };
    take(&mut draft.terminals, row, (id, record), is_stored);
}

/// Two letters; `none` or nothing: the first receipt of each service.
fn language(row: &Row<'_>, kept: Option<Language>) -> Option<Language> {
    match row.text(terminal::LANGUAGE) {
        "" => Some(kept.unwrap_or_default()),
        "none" => Some(Language::default()),
        _ => row.language(terminal::LANGUAGE),
    }
}

/// The name of an ISO 8583 listener; `none` or nothing: the sealed link.
fn listener(row: &Row<'_>, kept: Option<&str>) -> Option<String> {
    match row.text(terminal::LISTENER) {
        "" => Some(kept.unwrap_or_default().to_owned()),
        "none" => Some(String::new()),
        name if row.context.listeners.iter().any(|known| known == name) => Some(name.to_owned()),
        _ => row.refuse(terminal::LISTENER, row.context.configured_listeners()),
    }
}

/// The terminal with the key of the row; or, when the row has none and replaces a terminal, with
/// that one's. A key that the terminal has already stays what it is: its sessions go on.
fn keyed(
    row: &Row<'_>,
    (id, seller, key_id): (TerminalId, SellerId, u8),
    stored: Option<Terminal>,
) -> Option<Terminal> {
    let text = row.text(terminal::PSK);
    let mut stored = stored.filter(|_| row.context.existing == Existing::Replace);
    if let Some(stored) = &mut stored {
        stored.seller = seller;
    }
    if text.is_empty() {
        if stored.is_none() {
            let text = "64 hexadecimal digits, or --keys-out FILE to have keys made";
            row.expected(terminal::PSK, text);
        }
        return stored;
    }
    let mut psk = Zeroizing::new([0; 32]);
    if hex::decode_to_slice(text, &mut *psk).is_err() {
        return row.refuse(terminal::PSK, "64 hexadecimal digits");
    }
    if psk.iter().all(|byte| *byte == psk[0]) {
        row.wrong(terminal::PSK, "found 32 equal bytes, expected a random key".to_owned());
        return None;
    }
    if let Some(stored) = &stored
        && is_only_key(row.context.vault, stored, key_id, &psk)
    {
        return Some(stored.clone());
    }
    let place = terminal_context(id, key_id);
    let sealed = row.context.vault.seal(&place, (row.context.nonce)(), &*psk);
    let sealed = sealed.map_err(|error| row.wrong(terminal::PSK, error.to_string())).ok()?;
    let Some(mut stored) = stored else {
        return Some(Terminal::new(id, seller, Services::All, (key_id, sealed)));
    };
    let replaced = stored.replace_keys(key_id, sealed);
    replaced.map_err(|error| row.wrong(terminal::PSK, error.to_string())).ok()?;
    Some(stored)
}

fn is_only_key(vault: &Vault, stored: &Terminal, key_id: u8, psk: &[u8; 32]) -> bool {
    let [key] = stored.keys() else { return false };
    let mut plain = Secret::new();
    let opened = vault.open(&terminal_context(stored.id, key.id), &key.sealed, &mut plain);
    key.id == key_id && opened.is_ok() && plain.as_bytes() == psk
}

/// Nothing for all services, or ids between spaces or semicolons.
fn services(row: &Row<'_>, draft: &Draft, owner: Option<&Seller>) -> Option<Services> {
    let text = row.text(terminal::SERVICES);
    if text.is_empty() || text == "all" {
        return Some(Services::All);
    }
    let mut only = Vec::new();
    for part in text.split([' ', ';']).filter(|part| !part.is_empty()) {
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        let id = if digits { part.parse().ok().map(ServiceId) } else { None };
        let Some(id) = id.filter(|id| !only.contains(id) && only.len() < SERVICES_MAX) else {
            return row.refuse(terminal::SERVICES, "all, or different service ids as 10;11;20");
        };
        match draft.service(row.context.known, id) {
            Look::Found(service) if owner.is_some_and(|o| o.currency != service.currency) => {
                let text = format!("services in the seller's currency; {id} is in another one");
                return row.refuse(terminal::SERVICES, text);
            }
            Look::Found(_) | Look::Faulty => only.push(id),
            Look::Unknown => {
                let text = format!("services that exist; {id} does not");
                return row.refuse(terminal::SERVICES, text);
            }
        }
    }
    Some(Services::Only(only))
}
