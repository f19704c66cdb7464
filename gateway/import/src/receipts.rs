//! Templates of receipts.

use tillgate_store_core::limits::RECEIPTS_MAX;
use tillgate_store_core::{Language, ReceiptTag, ReceiptTemplate, ServiceId};

use crate::draft::{Draft, Given};
use crate::prices::{Place, owner, put};
use crate::report::Faults;
use crate::row::Row;
use crate::{Context, Once};

const LANGUAGE: usize = 1;
const TEXT: usize = 2;

/// One row of receipts.csv. Services whose receipts have one text share its template.
pub(crate) fn receipt(
    row: &Row<'_>,
    context: &Context<'_>,
    draft: &mut Draft,
    faults: &mut Faults,
    given: &mut Once<(ServiceId, Language)>,
) {
    let language = row.language(faults, LANGUAGE);
    let template = ReceiptTemplate::of(&row.text(TEXT).replace("\\n", "\n"));
    let tag = template.tag;
    let is_known = match known_text(tag, context, draft) {
        Some(text) if text != template.text => {
            row.wrong(faults, TEXT, "has the checksum of another receipt; change a word".into());
            return;
        }
        known => known.is_some(),
    };
    if let Some(fault) = template.fault() {
        row.wrong(faults, TEXT, fault);
        return;
    }
    let Some(service) = owner(row, context, draft, faults) else { return };
    let Some(language) = language else { return };
    if !given.first(row, LANGUAGE, (service.id, language), faults) {
        return;
    }
    let place = Place { row, column: LANGUAGE, what: language.as_str(), max: RECEIPTS_MAX };
    let is_same = |(found, _): &(Language, ReceiptTag)| *found == language;
    put(&place, &mut service.receipts, (language, tag), is_same, context.existing, faults);
    if !is_known {
        draft.receipts.insert(tag, Given { place: row.place(), record: Some(template) });
    }
}

/// The text of the files' or of the store's template of a tag.
fn known_text(tag: ReceiptTag, context: &Context<'_>, draft: &Draft) -> Option<String> {
    let given = draft.receipts.get(&tag).and_then(|given| given.record.as_ref());
    given.map(|template| template.text.clone()).or_else(|| context.known.receipt(tag))
}
