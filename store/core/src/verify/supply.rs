//! The index of serials and the counts of stock: both say what the other families do.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::fingerprints::{Prints, print};
use super::report::{Promise, Report};
use super::{each, each_row};
use crate::limits::VIOLATIONS_MAX;
use crate::record::{Card, Record, Serial, Shelf, StockLevel, Transaction, Versions, Voucher};
use crate::rows::{Family, ReadRows};
use tillgate_types::{ProductId, ServiceId};

/// What the rows of vouchers come to.
#[derive(Default)]
pub(super) struct Tally {
    in_stock: BTreeMap<Shelf, u64>,
    products: BTreeMap<(ServiceId, ProductId), Sums>,
    /// Prints of the cards that the serials belong to.
    cards: Vec<u64>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    loaded: u64,
    sold: u64,
}

impl Tally {
    pub(super) fn sold(&mut self, row: &Transaction) {
        self.products.entry((row.service, row.product)).or_default().sold += 1;
    }

    pub(super) fn in_stock(&mut self, row: &Voucher) {
        let Voucher { service, product, expiry, .. } = *row;
        *self.in_stock.entry(Shelf { service, product, expiry }).or_default() += 1;
    }

    pub(super) fn loaded(&mut self, row: &Serial) {
        self.products.entry((row.service, row.product)).or_default().loaded += 1;
        self.cards.push(print(&card_of(row)));
    }
}

fn card_of(row: &Serial) -> crate::record::KeyBytes {
    Card::key_of((row.serial, row.service))
}

/// Compares; a store that an older program wrote has neither until it is opened.
pub(super) fn check(rows: &dyn ReadRows, tally: Tally, report: &mut Report) {
    let indexed = Versions::check(rows).ok().flatten().is_some_and(|stored| stored.has("card"));
    if !indexed {
        return;
    }
    let Tally { mut in_stock, products, cards } = tally;
    let (mut serials, mut counted) = (Prints::new(cards), BTreeMap::<_, Sums>::new());
    each_row(rows, Family::Supply, report, |report, key, value| {
        if key.first() == Some(&Card::LETTER) {
            let card = Card::decode(key, value)?;
            if !serials.mark(print(key)) {
                let name = format_args!("serial {} of service {}", card.of.0, card.of.1);
                report.violated(Promise::SoldOnce, name, "in the index, but never loaded");
            }
            return Ok(());
        }
        let level = StockLevel::decode(key, value)?;
        let sums = counted.entry((level.of.service, level.of.product)).or_default();
        sums.loaded += level.loaded;
        sums.sold += level.sold;
        let found = in_stock.remove(&level.of).unwrap_or(0);
        if found != level.in_stock() || level.sold > level.loaded {
            miscounted(report, &level.of, level.in_stock(), found);
        }
        Ok(())
    });
    in_stock.iter().for_each(|(of, found)| miscounted(report, of, 0, *found));
    for (of, sums) in products {
        let said = counted.remove(&of).unwrap_or_default();
        if said != sums {
            let text = format_args!(
                "{} loaded and {} sold are counted, {} and {} found",
                said.loaded, said.sold, sums.loaded, sums.sold
            );
            report.violated(Promise::SoldOnce, product(of), text);
        }
    }
    let missing: FxHashSet<u64> = serials.unmarked().take(VIOLATIONS_MAX).collect();
    if !missing.is_empty() {
        name_missing(rows, &missing, report);
    }
}

fn miscounted(report: &mut Report, of: &Shelf, said: u64, found: u64) {
    let subject = format_args!("{} expiring {}", product((of.service, of.product)), of.expiry);
    report.violated(
        Promise::SoldOnce,
        subject,
        format_args!("{said} in stock are counted, {found} found"),
    );
}

fn product((service, product): (ServiceId, ProductId)) -> String {
    format!("product {product} of service {service}")
}

/// Without its card a serial could be loaded again.
fn name_missing(rows: &dyn ReadRows, missing: &FxHashSet<u64>, report: &mut Report) {
    let mut named = Vec::new();
    // Damaged rows were reported by the first reading.
    each(rows, &mut Report::default(), |_, row: Serial| {
        if missing.contains(&print(&card_of(&row))) {
            named.push(format!("serial {} of service {}", row.serial, row.service));
        }
    });
    for name in named {
        report.violated(Promise::SoldOnce, name, "loaded, but not in the index of serials");
    }
}
