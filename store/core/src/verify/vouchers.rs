//! Vouchers: each that was ever loaded is in stock, sold to one transaction, or withdrawn.
//!
//! The first reading takes a hash of each and compares hashes; only if something is suspicious,
//! a second reading looks for the rows behind it and names them.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use rustc_hash::FxHashSet;

use super::fingerprints::{Prints, print};
use super::report::{Promise, Report};
use super::supply::Tally;
use super::{each, supply};
use crate::ids::Key;
use crate::limits::VIOLATIONS_MAX;
use crate::record::{
    KeyBytes, Record, Serial, Transaction, Voucher, VoucherBatch, VoucherOf, Withdrawn,
};
use crate::rows::{Family, ReadRows};

/// Prints of the vouchers that the journal gives away.
#[derive(Default)]
pub(super) struct Vouchers {
    sold: Vec<u64>,
    tally: Tally,
}

impl Vouchers {
    /// Adds a journal row.
    pub(super) fn add(&mut self, row: &Transaction) {
        if let Some(serial) = serial_of(row) {
            self.sold.push(print(&serial.key()));
            self.tally.sold(row);
        }
    }
}

/// Reads stock and serials and compares them with what the journal gave away.
pub(super) fn check(rows: &dyn ReadRows, vouchers: Vouchers, report: &mut Report) {
    let Vouchers { sold, mut tally } = vouchers;
    let mut sold = Prints::new(sold);
    let mut stock = Vec::new();
    each(rows, report, |report, row: Voucher| {
        report.kek(row.pin.kek_id).stock += 1;
        tally.in_stock(&row);
        stock.push(print(&serial_of_stock(&row).key()));
    });
    report.counts.vouchers_in_stock = count(stock.len());
    report.counts.vouchers_sold = count(sold.len());
    let mut withdrawn = Vec::new();
    each_withdrawn(rows, report, |row| {
        tally.withdrawn(&row);
        withdrawn.push(print(&serial_of_withdrawn(&row).key()));
    });
    report.counts.vouchers_withdrawn = count(withdrawn.len());
    let mut suspects = Suspects::default();
    stock.iter().filter(|print| sold.contains(**print)).for_each(|print| suspects.add(*print));
    let mut stock = Prints::new(stock);
    let elsewhere = |print: &&u64| sold.contains(**print) || stock.contains(**print);
    withdrawn.iter().filter(elsewhere).for_each(|print| suspects.add(*print));
    let mut withdrawn = Prints::new(withdrawn);
    each_batch(rows, report, |row| tally.batch(row));
    each(rows, report, |report, row: Serial| {
        report.counts.vouchers_loaded += 1;
        tally.loaded(&row);
        let print = print(&row.key());
        let (was_sold, in_stock) = (sold.mark(print), stock.mark(print));
        if !withdrawn.mark(print) && !was_sold && !in_stock {
            let text = "neither in stock nor sold nor withdrawn";
            report.violated(Promise::SoldOnce, name(&row), text);
        }
    });
    sold.doubles().chain(stock.doubles()).for_each(|print| suspects.add(print));
    let unmarked = sold.unmarked().chain(stock.unmarked()).chain(withdrawn.unmarked());
    unmarked.for_each(|print| suspects.add(print));
    if !suspects.0.is_empty() {
        accuse(rows, &suspects, report);
    }
    supply::check(rows, tally, report);
}

/// Prints to look at again; as many as could be reported.
#[derive(Default)]
struct Suspects(FxHashSet<u64>);

impl Suspects {
    fn add(&mut self, print: u64) {
        if self.0.len() < VIOLATIONS_MAX {
            self.0.insert(print);
        }
    }
}

/// Where a suspicious voucher was found.
#[derive(Default)]
struct Found {
    name: String,
    sold_to: Vec<Key>,
    in_stock: usize,
    withdrawn: bool,
    loaded: bool,
}

fn accuse(rows: &dyn ReadRows, suspects: &Suspects, report: &mut Report) {
    // Damaged rows were reported by the first reading.
    let mut ignored = Report::default();
    let mut found: BTreeMap<KeyBytes, Found> = BTreeMap::new();
    let mut look = |serial: &Serial, note: &dyn Fn(&mut Found)| {
        let key = serial.key();
        if suspects.0.contains(&print(&key)) {
            let entry = found.entry(key).or_default();
            entry.name = name(serial);
            note(entry);
        }
    };
    each(rows, &mut ignored, |_, row: Transaction| {
        if let Some(serial) = serial_of(&row) {
            look(&serial, &|found| found.sold_to.push(row.key));
        }
    });
    each(rows, &mut ignored, |_, row: Voucher| {
        look(&serial_of_stock(&row), &|found| found.in_stock += 1);
    });
    each_withdrawn(rows, &mut ignored, |row| {
        look(&serial_of_withdrawn(&row), &|found| found.withdrawn = true);
    });
    each(rows, &mut ignored, |_, row: Serial| look(&row, &|found| found.loaded = true));
    for (_, voucher) in found {
        judge(&voucher, report);
    }
}

fn judge(voucher: &Found, report: &mut Report) {
    let Found { name, sold_to, in_stock, withdrawn, loaded } = voucher;
    let mut wrong = |text: std::fmt::Arguments<'_>| {
        report.violated(Promise::SoldOnce, name, text);
    };
    if let [first, second, ..] = sold_to[..] {
        wrong(format_args!("sold to {} transactions, {first} and {second}", sold_to.len()));
    }
    if let (Some(first), true) = (sold_to.first(), *in_stock > 0) {
        wrong(format_args!("sold to {first}, and still in stock"));
    }
    if *withdrawn && *in_stock > 0 {
        wrong(format_args!("withdrawn, and still in stock"));
    }
    if let (Some(first), true) = (sold_to.first(), *withdrawn) {
        wrong(format_args!("sold to {first}, and withdrawn"));
    }
    if *in_stock > 1 {
        wrong(format_args!("in stock {in_stock} times, with different expiry dates"));
    }
    if !loaded {
        wrong(format_args!("sold, in stock or withdrawn, but never loaded"));
    }
}

fn serial_of(row: &Transaction) -> Option<Serial> {
    let voucher = row.voucher.as_ref()?;
    Some(Serial { service: row.service, product: row.product, serial: voucher.serial, batch_no: 0 })
}

fn serial_of_stock(row: &Voucher) -> Serial {
    Serial { service: row.service, product: row.product, serial: row.serial, batch_no: 0 }
}

fn serial_of_withdrawn(row: &Withdrawn) -> Serial {
    let VoucherOf { service, product, serial } = row.of;
    Serial { service, product, serial, batch_no: 0 }
}

fn each_withdrawn(rows: &dyn ReadRows, report: &mut Report, mut visit: impl FnMut(Withdrawn)) {
    let read = Withdrawn::each(rows, VoucherOf::default(), |row| {
        visit(row);
        ControlFlow::Continue(())
    });
    read.unwrap_or_else(|error| report.damaged(Family::Supply, &error));
}

fn each_batch(rows: &dyn ReadRows, report: &mut Report, mut visit: impl FnMut(VoucherBatch)) {
    let read = VoucherBatch::each(rows, |row| {
        visit(row);
        ControlFlow::Continue(())
    });
    read.unwrap_or_else(|error| report.damaged(Family::Supply, &error));
}

fn name(serial: &Serial) -> String {
    let Serial { service, product, serial, .. } = serial;
    format!("voucher {serial} of service {service} product {product}")
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
