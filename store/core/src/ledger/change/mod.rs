//! Change: what an operator does to registry, stock and float, all of it or nothing.

mod batches;
mod float;
mod registry;
mod service;
mod view;
mod vouchers;

use super::Ledger;
use crate::command::Change;
use crate::error::Result;
use crate::journal;
use crate::limits::{ACTOR_BYTES_MAX, CHANGE_ITEMS_MAX, NOTE_BYTES_MAX, REJECTIONS_MAX};
use crate::outcome::{Outcome, Rejection};
use crate::record::{Card, Former, Handset, RegistryRecord, Serial, VoucherBatch};
use crate::rows::{Family, ReadRows};
use view::View;

/// Why a change is refused, as far as it was found out.
#[derive(Debug, Default)]
struct Rejections(Vec<Rejection>);

impl Rejections {
    fn add(&mut self, index: usize, what: impl FnOnce() -> String, why: impl Into<String>) {
        if self.0.len() < REJECTIONS_MAX {
            self.0.push(Rejection { what: what(), index, why: why.into() });
        }
    }
}

impl Ledger {
    /// Checks everything, then writes everything; with one row in the audit log, and one
    /// for each batch of vouchers.
    pub(super) fn change(&mut self, rows: &dyn ReadRows, mut change: Change) -> Result<Outcome> {
        let mut refused = Rejections::default();
        check_size(&change, &mut refused);
        if refused.0.is_empty() {
            let view = View::new(rows, &change.records);
            registry::check(&view, &change.records, &mut refused)?;
            // A batch that was loaded before is said once, before each of its serials.
            batches::check(&view, &change, &mut refused)?;
            vouchers::check(&view, &change.vouchers, &mut refused)?;
            let moved = float::check_loads(&view, change.at_ms, &mut change.funds, &mut refused)?;
            // Limits that are no limits would only be refused twice.
            if refused.0.is_empty() {
                float::check_floors(&self.accounts, &change.records, &moved, &mut refused);
            }
        }
        if !refused.0.is_empty() {
            return Ok(Outcome::Rejected(refused.0));
        }
        self.note_time(change.at_ms);
        self.write_change(rows, &change)?;
        let Change { at_ms, actor, note, batches, .. } = change;
        self.write_audit(at_ms, actor.clone(), note);
        for batch in &batches {
            self.write_audit(at_ms, actor.clone(), batches::note(batch));
        }
        Ok(Outcome::Applied)
    }

    fn write_change(&mut self, rows: &dyn ReadRows, change: &Change) -> Result<()> {
        for record in &change.records {
            self.write_former(rows, change.at_ms, record)?;
            if let RegistryRecord::Handset(handset) = record {
                // What repeats the record in force lifts no lock.
                let stored: Option<Handset> =
                    journal::record(rows, &record.key(), &mut self.buffer)?;
                if stored.as_ref() != Some(handset) {
                    self.forgive(rows, handset.msisdn)?;
                }
            }
            self.set.put(Family::Registry, &record.key(), |out| record.encode(out));
            if let RegistryRecord::Seller(seller) = record {
                self.accounts.set_floor(seller.float(), -seller.credit_limit_minor);
            }
        }
        let batch_no = self.head.batch_no + 1;
        for voucher in &change.vouchers {
            let (service, product, serial) = (voucher.service, voucher.product, voucher.serial);
            self.set.put_record(voucher);
            self.set.put_record(&Serial { service, product, serial, batch_no });
            self.set.put_record(&Card { of: (serial, service), product });
            self.levels.load_one((service, product), voucher.expiry);
            self.stock.forget((service, product));
        }
        for batch in &change.batches {
            self.set.put_record(&VoucherBatch { batch_no, ..*batch });
        }
        for funding in &change.funds {
            self.accounts.post(&funding.legs);
            self.set.put_record(funding);
        }
        Ok(())
    }

    /// Keeps what `record` replaces, under the number that the change's audit row will have. A
    /// change of keys alone leaves nothing: keys are not kept.
    fn write_former(
        &mut self,
        rows: &dyn ReadRows,
        until_ms: u64,
        record: &RegistryRecord,
    ) -> Result<()> {
        let (of, audit_no) = (record.key(), self.head.audit_no + 1);
        let record = if rows.get(Family::Registry, &of, &mut self.buffer)? {
            let stored = RegistryRecord::decode(&of, &self.buffer)?.without_keys();
            if stored == record.clone().without_keys() {
                return Ok(());
            }
            Some(stored)
        } else {
            None
        };
        self.set.put_record(&Former { of, audit_no, until_ms, record });
        Ok(())
    }
}

fn check_size(change: &Change, refused: &mut Rejections) {
    let items = change.records.len() + change.vouchers.len() + change.funds.len();
    let what = || "change".to_owned();
    if items > CHANGE_ITEMS_MAX {
        refused.add(0, what, format!("{items} items, at most {CHANGE_ITEMS_MAX} at once"));
    }
    if change.actor.len() > ACTOR_BYTES_MAX || change.note.len() > NOTE_BYTES_MAX {
        refused.add(0, what, "actor or note is too long");
    }
}
