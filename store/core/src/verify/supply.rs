//! The index of serials, the counts of stock, control totals and reprints: all say what the other
//! rows do.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::fingerprints::{Prints, print};
use super::report::{Promise, Report};
use super::{each, each_row};
use crate::journal;
use crate::limits::VIOLATIONS_MAX;
use crate::record::{
    BatchOf, Card, Record, Reprint, Serial, Shelf, StockLevel, Transaction, Versions, Voucher,
    VoucherBatch, Withdrawn,
};
use crate::rows::{Family, ReadRows};
use tillgate_types::{ProductId, ServiceId};

/// What the rows of vouchers come to.
#[derive(Default)]
pub(super) struct Tally {
    in_stock: BTreeMap<Shelf, u64>,
    products: BTreeMap<(ServiceId, ProductId), Sums>,
    /// Prints of the cards that the serials belong to.
    cards: Vec<u64>,
    /// Vouchers of each batch: those that its totals have, and those that were found.
    batches: BTreeMap<(ServiceId, ProductId, u64), (VoucherBatch, u64)>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    loaded: u64,
    sold: u64,
    withdrawn: u64,
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
        if let Some((_, found)) = self.batches.get_mut(&(row.service, row.product, row.batch_no)) {
            *found += 1;
        }
    }

    pub(super) fn withdrawn(&mut self, row: &Withdrawn) {
        self.products.entry((row.of.service, row.of.product)).or_default().withdrawn += 1;
    }

    /// Before the serials.
    pub(super) fn batch(&mut self, row: VoucherBatch) {
        self.batches.insert((row.of.service, row.of.product, row.batch_no), (row, 0));
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
    let Tally { mut in_stock, products, cards, batches } = tally;
    batches.values().for_each(|(batch, found)| check_batch(report, batch, *found));
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
        match key.first() {
            // Read with the vouchers.
            Some(&VoucherBatch::LETTER | &Withdrawn::LETTER) => return Ok(()),
            Some(&Reprint::LETTER) => {
                return check_reprint(rows, report, &Reprint::decode(key, value)?);
            }
            _ => {}
        }
        let level = StockLevel::decode(key, value)?;
        let sums = counted.entry((level.of.service, level.of.product)).or_default();
        sums.loaded += level.loaded;
        sums.sold += level.sold;
        sums.withdrawn += level.withdrawn;
        let found = in_stock.remove(&level.of).unwrap_or(0);
        if found != level.in_stock() || level.sold + level.withdrawn > level.loaded {
            miscounted(report, &level.of, level.in_stock(), found);
        }
        Ok(())
    });
    in_stock.iter().for_each(|(of, found)| miscounted(report, of, 0, *found));
    for (of, sums) in products {
        let said = counted.remove(&of).unwrap_or_default();
        if said != sums {
            let text = format_args!(
                "{} loaded, {} sold and {} withdrawn are counted, {}, {} and {} found",
                said.loaded, said.sold, said.withdrawn, sums.loaded, sums.sold, sums.withdrawn
            );
            report.violated(Promise::SoldOnce, product(of), text);
        }
    }
    let missing: FxHashSet<u64> = serials.unmarked().take(VIOLATIONS_MAX).collect();
    if !missing.is_empty() {
        name_missing(rows, &missing, report);
    }
}

fn check_batch(report: &mut Report, batch: &VoucherBatch, found: u64) {
    if found != batch.count {
        let BatchOf { number, service, product: id } = batch.of;
        let subject = format_args!("batch {number} of {}", product((service, id)));
        let text = format_args!("{} vouchers were counted in, {found} found", batch.count);
        report.violated(Promise::SoldOnce, subject, text);
    }
}

/// Each is of a sale that counts it, and has its row in the audit log.
fn check_reprint(
    rows: &dyn ReadRows,
    report: &mut Report,
    reprint: &Reprint,
) -> crate::error::Result<()> {
    let ((key, audit_no), mut buffer) = (reprint.of, Vec::new());
    let sale = journal::record::<Transaction>(rows, &key.to_bytes(), &mut buffer)?;
    let counted = sale.map_or(0, |sale| usize::from(sale.reprints));
    let logged = rows.get(Family::Audit, &audit_no.to_be_bytes(), &mut buffer)?;
    if !logged || Reprint::all_of(rows, &key)?.len() > counted {
        let text =
            format_args!("sent again by audit row {audit_no}, which is not there or counted");
        report.violated(Promise::SoldOnce, format_args!("PIN of {key}"), text);
    }
    Ok(())
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
