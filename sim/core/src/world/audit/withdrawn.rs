//! Promise 4 of batches, of what leaves the stock without a sale, and of PINs that are sent again: a
//! batch is loaded once, and is what it was said to be; a voucher that was withdrawn was in stock
//! and is never sold; each reprint is in the audit log.

use rustc_hash::FxHashSet;
use tillgate_store_core::{
    Record, Reprint, StoreError, Text, Transaction, VoucherBatch, VoucherOf, Withdrawn,
};

use super::rows::Violations;
use crate::world::network::VoucherName;

/// What became durable about them.
#[derive(Default)]
pub(super) struct Withdrawals {
    /// Every voucher that was ever withdrawn.
    all: FxHashSet<VoucherName>,
    /// Of the write at work: vouchers, rows of the audit log, and the rows that reprints name.
    now: Vec<VoucherName>,
    logged: Vec<u64>,
    reprints: Vec<u64>,
    /// And the batches, each with its product.
    batches: Vec<(VoucherBatch, (u16, u16))>,
    /// Numbers of every batch; the world has one issuer.
    numbers: FxHashSet<Text<24>>,
}

impl Withdrawals {
    /// A row of the audit log.
    pub(super) fn log(&mut self, audit_no: u64) {
        self.logged.push(audit_no);
    }

    /// A row of the supply.
    pub(super) fn read(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        match key.first() {
            Some(b'w') => {
                let VoucherOf { service, product, serial } = Withdrawn::decode(key, value)?.of;
                self.now.push((service.0, product.0, serial));
            }
            Some(b'b') => {
                let row = VoucherBatch::decode(key, value)?;
                self.batches.push((row, (row.of.service.0, row.of.product.0)));
            }
            Some(b'r') => self.reprints.push(Reprint::decode(key, value)?.of.1),
            _ => {}
        }
        Ok(())
    }

    /// Ends a write: `taken` left the stock, and no row of `rows` has it; `loaded` came.
    pub(super) fn end(
        &mut self,
        rows: &[(Option<Transaction>, Transaction)],
        (mut taken, loaded): (Vec<VoucherName>, &[VoucherName]),
        found: &mut Violations,
    ) {
        for (batch, (service, product)) in self.batches.drain(..) {
            let number = batch.of.number;
            if !self.numbers.insert(number) {
                found.push((4, format!("batch {number} is loaded a second time")));
            }
            let came = loaded.iter().filter(|name| (name.0, name.1) == (service, product)).count();
            if usize::try_from(batch.count) != Ok(came) {
                let text = format!("batch {number} has {} vouchers, and {came} came", batch.count);
                found.push((4, text));
            }
        }
        for name in self.now.drain(..) {
            let (service, product, serial) = name;
            match taken.iter().position(|taken| *taken == name) {
                Some(place) => drop(taken.swap_remove(place)),
                None => {
                    let text = format!("voucher {serial} of {service}/{product} is withdrawn");
                    found.push((4, text + ", and was not in stock"));
                }
            }
            self.all.insert(name);
        }
        if let Some((service, product, serial)) = taken.first() {
            let text = format!("voucher {serial} of {service}/{product} left for no transaction");
            found.push((4, text));
        }
        let sold = |row: &Transaction| {
            let serial = row.voucher.as_ref()?.serial;
            Some((row.service.0, row.product.0, serial))
        };
        for (old, new) in rows {
            if old.is_none() && sold(new).is_some_and(|name| self.all.contains(&name)) {
                found.push((4, format!("{}: its voucher was withdrawn", new.key)));
            }
        }
        let counted = |row: &Transaction| usize::from(row.reprints);
        let more = rows.iter().map(|(old, new)| counted(new) - old.as_ref().map_or(0, counted));
        let (logged, reprints) = (std::mem::take(&mut self.logged), &mut self.reprints);
        if more.sum::<usize>() != reprints.len() || !reprints.iter().all(|no| logged.contains(no)) {
            found.push((4, "a PIN is sent again, and the audit log has no row of it".to_owned()));
        }
        reprints.clear();
    }
}
