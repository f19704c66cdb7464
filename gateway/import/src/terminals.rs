//! Terminals and their keys.

use tillgate_store_core::limits::SERVICES_MAX;
use tillgate_store_core::vault::terminal_context;
use tillgate_store_core::{
    Language, Secret, Seller, SellerId, ServiceId, Services, Status, Terminal, TerminalId,
};
use zeroize::Zeroizing;

use crate::Context;
use crate::draft::{Draft, Existing, Look, take};
use crate::limits::TERMINAL_ID_MAX;
use crate::report::Faults;
use crate::row::Row;

/// Column `id`.
pub(crate) const ID: usize = 0;
const SELLER: usize = 1;
/// Column `psk`.
pub(crate) const PSK: usize = 2;
const SERVICES: usize = 3;
const STATUS: usize = 4;
/// Column `key_id`, which need not be there.
pub(crate) const KEY_ID: usize = 5;
const LANGUAGE: usize = 6;
/// What terminals say in their hello by default.
pub(crate) const KEY_ID_DEFAULT: u8 = 1;

/// One row of terminals.csv.
pub(crate) fn terminal(
    row: &Row<'_>,
    context: &Context<'_>,
    draft: &mut Draft,
    faults: &mut Faults,
) {
    let before = faults.total;
    let id = row.number(faults, ID, 1..=TERMINAL_ID_MAX).map(TerminalId);
    let seller = row.number(faults, SELLER, 1..=u32::MAX).map(SellerId);
    let look = seller.map(|seller| draft.seller(context.known, seller));
    if let Some(Look::Unknown) = look {
        row.expected(faults, SELLER, "a seller that exists");
    }
    let owner = match &look {
        Some(Look::Found(owner)) => Some(owner),
        _ => None,
    };
    let stored = id.and_then(|id| context.known.terminal(id));
    let kept = context.kept(stored.as_ref());
    let services = match (kept, row.text(SERVICES)) {
        (Some(kept), "") => Some(kept.services.clone()),
        _ => services(row, context, draft, owner, faults),
    };
    let status = row.status(faults, STATUS, kept.map(|kept| kept.status));
    // Why it is blocked stays known for as long as it is.
    let reason = kept.filter(|kept| kept.status == Status::Blocked && status == Some(kept.status));
    let reason = reason.map(|kept| kept.reason.clone()).unwrap_or_default();
    let key_id = row.number_or(faults, KEY_ID, 0..=u8::MAX, KEY_ID_DEFAULT);
    let language = language(row, kept.map(|kept| kept.language), faults);
    let Some(id) = id else { return };
    let is_stored = stored.is_some();
    let keyed = key_id
        .zip(seller)
        .and_then(|(key_id, seller)| keyed(row, context, (id, seller, key_id), stored, faults));
    let record = match (services, status, language, keyed) {
        (Some(services), Some(status), Some(language), Some(mut record))
            if faults.total == before =>
        {
            (record.status, record.services, record.reason) = (status, services, reason);
            record.language = language;
            Some(record)
        }
        _ => None,
    };
    take(&mut draft.terminals, (row, faults), (id, record), (is_stored, context.existing));
}

/// Two letters; `none` or nothing: the first receipt of each service.
fn language(row: &Row<'_>, kept: Option<Language>, faults: &mut Faults) -> Option<Language> {
    match row.text(LANGUAGE) {
        "" => Some(kept.unwrap_or_default()),
        "none" => Some(Language::default()),
        _ => row.language(faults, LANGUAGE),
    }
}

/// The terminal with the key of the row; or, when the row has none and replaces a terminal, with
/// that one's. A key that the terminal has already stays what it is: its sessions go on.
fn keyed(
    row: &Row<'_>,
    context: &Context<'_>,
    (id, seller, key_id): (TerminalId, SellerId, u8),
    stored: Option<Terminal>,
    faults: &mut Faults,
) -> Option<Terminal> {
    let text = row.text(PSK);
    let stored = stored.filter(|_| context.existing == Existing::Replace);
    let stored = stored.map(|mut stored| {
        stored.seller = seller;
        stored
    });
    if text.is_empty() {
        if stored.is_none() {
            let text = "64 hexadecimal digits, or --keys-out FILE to have keys made";
            row.expected(faults, PSK, text);
        }
        return stored;
    }
    let mut psk = Zeroizing::new([0; 32]);
    if hex::decode_to_slice(text, &mut *psk).is_err() {
        row.expected(faults, PSK, "64 hexadecimal digits");
        return None;
    }
    if psk.iter().all(|byte| *byte == psk[0]) {
        row.wrong(faults, PSK, "found 32 equal bytes, expected a random key".to_owned());
        return None;
    }
    if let Some(stored) = &stored
        && is_only_key(context, stored, key_id, &psk)
    {
        return Some(stored.clone());
    }
    let place = terminal_context(id, key_id);
    let sealed = match context.vault.seal(&place, (context.nonce)(), &*psk) {
        Ok(sealed) => sealed,
        Err(error) => {
            row.wrong(faults, PSK, error.to_string());
            return None;
        }
    };
    let Some(mut stored) = stored else {
        return Some(Terminal::new(id, seller, Services::All, (key_id, sealed)));
    };
    if let Err(error) = stored.replace_keys(key_id, sealed) {
        row.wrong(faults, PSK, error.to_string());
        return None;
    }
    Some(stored)
}

fn is_only_key(context: &Context<'_>, stored: &Terminal, key_id: u8, psk: &[u8; 32]) -> bool {
    let [key] = stored.keys() else { return false };
    let mut plain = Secret::new();
    let opened = context.vault.open(&terminal_context(stored.id, key.id), &key.sealed, &mut plain);
    key.id == key_id && opened.is_ok() && plain.as_bytes() == psk
}

/// Nothing for all services, or ids between spaces or semicolons.
fn services(
    row: &Row<'_>,
    context: &Context<'_>,
    draft: &Draft,
    owner: Option<&Seller>,
    faults: &mut Faults,
) -> Option<Services> {
    let text = row.text(SERVICES);
    if text.is_empty() || text == "all" {
        return Some(Services::All);
    }
    let mut only = Vec::new();
    for part in text.split([' ', ';']).filter(|part| !part.is_empty()) {
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        let id = if digits { part.parse().ok().map(ServiceId) } else { None };
        let Some(id) = id.filter(|id| !only.contains(id) && only.len() < SERVICES_MAX) else {
            row.expected(faults, SERVICES, "all, or different service ids as 10;11;20");
            return None;
        };
        match draft.service(context.known, id) {
            Look::Found(service) if owner.is_some_and(|o| o.currency != service.currency) => {
                let text = format!("services in the seller's currency; {id} is in another one");
                row.expected(faults, SERVICES, text);
                return None;
            }
            Look::Found(_) | Look::Faulty => only.push(id),
            Look::Unknown => {
                row.expected(faults, SERVICES, format!("services that exist; {id} does not"));
                return None;
            }
        }
    }
    Some(Services::Only(only))
}
