//! Handsets and their PINs.

use tillgate_store_core::limits::{PIN_DIGITS_MAX, PIN_DIGITS_MIN};
use tillgate_store_core::{Handset, Msisdn, PinHash, TerminalId};

use crate::draft::{Draft, Look, take};
use crate::limits::TERMINAL_ID_MAX;
use crate::row::Row;
use crate::source::handset;

/// One row of handsets.csv. A row that says what is stored changes nothing, so that the dialogs of its
/// handset go on.
pub(crate) fn handset(row: &Row<'_>, draft: &mut Draft) {
    let before = row.faults();
    let msisdn = Msisdn::of(row.text(handset::MSISDN))
        .or_else(|| row.refuse(handset::MSISDN, "a number with its country code, as 255712345678"));
    let terminal = row.number(handset::TERMINAL, 1..=TERMINAL_ID_MAX).map(TerminalId);
    if let Some(id) = terminal
        && let Look::Unknown = draft.terminal(row.context.known, id)
    {
        row.expected(handset::TERMINAL, "a terminal that exists");
    }
    let stored =
        msisdn.and_then(|msisdn| row.context.known.stored(|stored| stored.handset(msisdn)));
    let kept = row.context.kept(stored.as_ref());
    let status = row.status(handset::STATUS, kept.map(|kept| kept.status));
    let pin = msisdn.and_then(|msisdn| pin(row, msisdn, kept));
    let initial = initial(row, kept);
    let Some(msisdn) = msisdn else { return };
    let build = || {
        let revision = kept.map_or(1, |kept| kept.revision);
        let (terminal, status) = (terminal?, status?);
        let (pin, initial) = (pin?, initial?);
        let handset = Handset { msisdn, terminal, status, revision, initial, pin };
        let Some(kept) = kept.filter(|kept| **kept != handset) else { return Some(handset) };
        match kept.revision.checked_add(1) {
            Some(revision) => Some(Handset { revision, ..handset }),
            None => row.refuse(handset::MSISDN, "a handset that has changed less often"),
        }
    };
    let record = if row.faults() == before { build() } else { None };
    take(&mut draft.handsets, row, (msisdn, record), stored.is_some());
}

/// The PIN of the row, or what is kept where it has none. One that is the PIN of now stays as it is.
fn pin(row: &Row<'_>, msisdn: Msisdn, kept: Option<&Handset>) -> Option<Option<PinHash>> {
    let text = row.text(handset::PIN);
    let kept = kept.and_then(|kept| kept.pin.as_ref());
    if text.is_empty() {
        return Some(kept.cloned());
    }
    let digits = text.bytes().all(|digit| digit.is_ascii_digit());
    if !digits || !(PIN_DIGITS_MIN..=PIN_DIGITS_MAX).contains(&text.len()) {
        let text = format!("{PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} digits, or nothing");
        return row.refuse(handset::PIN, text);
    }
    let vault = row.context.vault;
    if let Some(kept) = kept.filter(|kept| kept.is_of(vault, msisdn, text.as_bytes())) {
        return Some(Some(kept.clone()));
    }
    let (key, nonce) = ((row.context.random)(), (row.context.nonce)());
    let hash = PinHash::of(vault, msisdn, text.as_bytes(), &key, nonce);
    hash.map_err(|error| row.wrong(handset::PIN, error.to_string())).ok().map(Some)
}

/// Whether its holder has to change the PIN first: of a new PIN yes, if nothing else is said, because
/// it has been in a file.
fn initial(row: &Row<'_>, kept: Option<&Handset>) -> Option<bool> {
    let default = match kept {
        Some(kept) if row.text(handset::PIN).is_empty() => kept.initial,
        _ => true,
    };
    row.choice(handset::INITIAL, &[("yes", true), ("no", false), ("", default)])
}
