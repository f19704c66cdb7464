//! Templates of receipts.

use tillgate_store_core::limits::RECEIPTS_MAX;
use tillgate_store_core::{Language, ReceiptTag, ReceiptTemplate, ServiceId};

use crate::Once;
use crate::draft::{Draft, Given};
use crate::prices::{Place, owner, put};
use crate::row::Row;
use crate::source::receipt;

/// One row of receipts.csv. Services whose receipts have one text share its template.
pub(crate) fn receipt(row: &Row<'_>, draft: &mut Draft, given: &mut Once<(ServiceId, Language)>) {
    let language = row.language(receipt::LANGUAGE);
    let template = ReceiptTemplate::of(&row.text(receipt::TEXT).replace("\\n", "\n"));
    let tag = template.tag;
    let is_known = match known_text(tag, row, draft) {
        Some(text) if text != template.text => {
            row.wrong(receipt::TEXT, "has the checksum of another receipt; change a word".into());
            return;
        }
        known => known.is_some(),
    };
    if let Some(fault) = template.fault() {
        row.wrong(receipt::TEXT, fault);
        return;
    }
    let Some(service) = owner(row, draft) else { return };
    let Some(language) = language else { return };
    if !given.first(row, receipt::LANGUAGE, (service.id, language)) {
        return;
    }
    let place =
        Place { row, column: receipt::LANGUAGE, what: language.as_str(), max: RECEIPTS_MAX };
    let is_same = |(found, _): &(Language, ReceiptTag)| *found == language;
    put(&place, &mut service.receipts, (language, tag), is_same);
    if !is_known {
        draft.receipts.insert(tag, Given { place: row.place(), record: Some(template) });
    }
}

/// The text of the files' or of the store's template of a tag.
fn known_text(tag: ReceiptTag, row: &Row<'_>, draft: &Draft) -> Option<String> {
    let given = draft.receipts.get(&tag).and_then(|given| given.record.as_ref());
    given
        .map(|template| template.text.clone())
        .or_else(|| row.context.known.stored(|stored| stored.receipt(tag)))
}
