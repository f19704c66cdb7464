//! Withdraw: vouchers that nobody bought are taken out of sale for good.
//!
//! Which ones is found outside the writer ([`crate::withdrawal`]); one that was sold or withdrawn in
//! the meantime is passed over. The PIN is deleted with the row of the stock: what is returned to
//! the issuer is a serial.

use std::collections::BTreeSet;

use super::Ledger;
use crate::command::Withdraw;
use crate::error::Result;
use crate::journal;
use crate::limits::{ACTOR_BYTES_MAX, NOTE_BYTES_MAX, WITHDRAWN_MAX};
use crate::outcome::{Outcome, Rejection};
use crate::record::{KeyBytes, Voucher, VoucherOf, Withdrawn};
use crate::rows::{Family, ReadRows};

impl Ledger {
    /// A batch of its own, with one row in the audit log unless there is nothing to do.
    pub(super) fn withdraw(&mut self, rows: &dyn ReadRows, order: Withdraw) -> Result<Outcome> {
        if let Err(why) = check(&order) {
            let what = format!("withdrawal of service {} product {}", order.service, order.product);
            return Ok(Outcome::Rejected(vec![Rejection { what, index: 0, why: why.to_owned() }]));
        }
        let Withdraw { at_ms, actor, note, service, product, vouchers } = order;
        let audit_no = self.head.audit_no + 1;
        let keys: BTreeSet<KeyBytes> = vouchers
            .into_iter()
            .map(|(expiry, serial)| Voucher::key_at(service, product, expiry, &serial))
            .collect();
        let mut count = 0_u64;
        for key in keys {
            let found = journal::record::<Voucher>(rows, &key, &mut self.buffer)?;
            let Some(Voucher { serial, expiry, .. }) = found else { continue };
            count += 1;
            self.set.delete(Family::Stock, &key);
            let of = VoucherOf { service, product, serial };
            self.set.put_record(&Withdrawn { of, expiry, audit_no });
            self.levels.withdraw((service, product), expiry);
        }
        if count > 0 {
            self.stock.forget((service, product));
            self.note_time(at_ms);
            let what = format!("vouchers of service {service} product {product} from sale");
            self.write_audit(at_ms, actor, format!("withdrew {count} {what}: {note}"));
        }
        Ok(Outcome::Withdrawn(count))
    }
}

/// Why an order makes no sense, if so.
fn check(order: &Withdraw) -> Result<(), &'static str> {
    if order.vouchers.len() > WITHDRAWN_MAX {
        return Err("too many vouchers for one command");
    }
    if order.actor.is_empty() || order.actor.len() > ACTOR_BYTES_MAX {
        return Err("the operator has no name, or one that is too long");
    }
    if order.note.len() > NOTE_BYTES_MAX {
        return Err("the note is too long");
    }
    Ok(())
}
