//! Distributors and sellers: the tree.

use tillgate_store_core::limits::{CHAIN_MAX, CREDIT_LIMIT_MINOR_MAX, NAME_BYTES_MAX};
use tillgate_store_core::{Distributor, DistributorId, Seller, SellerId};

use crate::draft::{Draft, Existing, Look, take};
use crate::row::Row;
use crate::source::{distributor, seller};

/// A parent in an update that means: none.
const TOP: &str = "none";

/// One row of distributors.csv. Parents are looked at by [`check_parents`], because a parent may
/// come later in the file.
pub(crate) fn distributor(row: &Row<'_>, draft: &mut Draft) {
    let id = row.number(distributor::ID, 1..=u32::MAX).map(DistributorId);
    let stored = id.and_then(|id| row.context.known.stored(|stored| stored.distributor(id)));
    let kept = row.context.kept(stored.as_ref());
    let parent = match row.text(distributor::PARENT) {
        "" => Some(kept.and_then(|kept| kept.parent)),
        TOP => Some(None),
        _ => {
            row.number(distributor::PARENT, 1..=u32::MAX).map(|parent| Some(DistributorId(parent)))
        }
    };
    let name = row.words(distributor::NAME, NAME_BYTES_MAX);
    let status = row.status(distributor::STATUS, kept.map(|kept| kept.status));
    let Some(id) = id else { return };
    let build = || Some(Distributor { id, parent: parent?, name: name?, status: status? });
    take(&mut draft.distributors, row, (id, build()), stored.is_some());
}

/// Second pass over distributors.csv: parents that are not there, circles, too many levels.
pub(crate) fn check_parents(row: &Row<'_>, draft: &Draft) {
    let id = row.text(distributor::ID).parse().ok().map(DistributorId);
    let given = id.and_then(|id| draft.distributors.get(&id));
    let Some(record) = given.filter(|g| g.place == row.place()).and_then(|g| g.record.as_ref())
    else {
        return;
    };
    let mut path = vec![record.id];
    let mut next = record.parent;
    while let Some(id) = next {
        if path.contains(&id) {
            let text = format!("hangs below itself: {}", arrows(&path, id));
            return row.wrong(distributor::PARENT, text);
        }
        path.push(id);
        if path.len() > CHAIN_MAX {
            let text = format!("is more than {CHAIN_MAX} levels deep: {}", arrows(&path, id));
            return row.wrong(distributor::PARENT, text);
        }
        next = match draft.distributor(row.context.known, id) {
            Look::Found(above) => above.parent,
            Look::Faulty => None,
            Look::Unknown if path.len() == 2 => {
                return row.expected(distributor::PARENT, "a distributor that exists");
            }
            // The row that names it says so.
            Look::Unknown => None,
        };
    }
}

fn arrows(path: &[DistributorId], last: DistributorId) -> String {
    let mut ids: Vec<String> = path.iter().map(ToString::to_string).collect();
    if path.last() != Some(&last) {
        ids.push(last.to_string());
    }
    ids.join(" -> ")
}

/// One row of sellers.csv.
pub(crate) fn seller(row: &Row<'_>, draft: &mut Draft) {
    let id = row.number(seller::ID, 1..=u32::MAX).map(SellerId);
    let above = row.number(seller::DISTRIBUTOR, 1..=u32::MAX).map(DistributorId);
    let above = above.filter(|above| match draft.distributor(row.context.known, *above) {
        Look::Found(_) | Look::Faulty => true,
        Look::Unknown => {
            row.expected(seller::DISTRIBUTOR, "a distributor that exists");
            false
        }
    });
    let name = row.words(seller::NAME, NAME_BYTES_MAX);
    let currency = row.currency(seller::CURRENCY);
    let stored = id.and_then(|id| row.context.known.stored(|stored| stored.seller(id)));
    let kept = row.context.kept(stored.as_ref());
    let credit = currency.and_then(|currency| match row.text(seller::CREDIT_LIMIT) {
        "" => Some(kept.map_or(0, |kept| kept.credit_limit_minor)),
        _ => row.money(seller::CREDIT_LIMIT, currency, 0..=CREDIT_LIMIT_MINOR_MAX),
    });
    let status = row.status(seller::STATUS, kept.map(|kept| kept.status));
    let Some(id) = id else { return };
    if let (Some(stored), Some(currency), Existing::Replace) =
        (&stored, currency, row.context.existing)
        && stored.currency != currency.number
    {
        let text = format!("{:03}: a seller's currency never changes", stored.currency);
        row.expected(seller::CURRENCY, text);
    }
    let build = || {
        let (distributor, name, status) = (above?, name?, status?);
        let (currency, credit_limit_minor) = (currency?.number, credit?);
        Some(Seller { id, distributor, name, status, currency, credit_limit_minor })
    };
    take(&mut draft.sellers, row, (id, build()), stored.is_some());
}
