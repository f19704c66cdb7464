//! Reseal: secrets are exchanged for the same ones sealed under another key-encryption key.

use super::Ledger;
use crate::error::Result;
use crate::journal;
use crate::outcome::Outcome;
use crate::record::{Canary, Handset, Terminal, Transaction, Voucher};
use crate::reseal::{Reseal, Resealed, SealedPlace};
use crate::rows::{Family, ReadRows};
use crate::vault::Sealed;

impl Ledger {
    /// A batch of its own. A secret that is not what was read any more stays as it is.
    pub(super) fn reseal(&mut self, rows: &dyn ReadRows, reseal: Reseal) -> Result<Outcome> {
        self.note_time(reseal.at_ms);
        for canary in &reseal.canaries {
            self.set.put_record(canary);
        }
        for secret in reseal.secrets {
            self.exchange(rows, secret)?;
        }
        for kek_id in reseal.retired {
            self.set.delete(Family::Meta, &Canary::key_of(kek_id));
        }
        if let Some((actor, note)) = reseal.audit {
            self.write_audit(reseal.at_ms, actor, note);
        }
        Ok(Outcome::Applied)
    }

    fn exchange(&mut self, rows: &dyn ReadRows, secret: Resealed) -> Result<()> {
        let Resealed { place, from, to } = secret;
        let swap = |sealed: &mut Sealed| {
            let same = *sealed == from;
            if same {
                *sealed = to.clone();
            }
            same
        };
        match place {
            SealedPlace::Terminal(id) => {
                // Two keys of one terminal may be exchanged in one batch: the later write of the
                // row must hold both.
                let stored = journal::record(rows, &Terminal::key_of(id), &mut self.buffer)?;
                let mut row: Option<Terminal> =
                    self.set.last_record(&Terminal::key_of(id)).or(stored);
                if let Some(row) = &mut row
                    && row.sealed_keys_mut().any(swap)
                {
                    self.set.put_record(row);
                }
            }
            SealedPlace::Handset(msisdn) => {
                let key = Handset::key_of(msisdn);
                let row: Option<Handset> = journal::record(rows, &key, &mut self.buffer)?;
                if let Some(mut row) = row
                    && row.pin.as_mut().is_some_and(|pin| swap(&mut pin.key))
                {
                    self.set.put_record(&row);
                }
            }
            SealedPlace::Stock(key) => {
                let row: Option<Voucher> = journal::record(rows, &key, &mut self.buffer)?;
                if let Some(mut row) = row
                    && swap(&mut row.pin)
                {
                    self.set.put_record(&row);
                    self.stock.forget((row.service, row.product));
                }
            }
            SealedPlace::Sold(key) => {
                let key = key.to_bytes();
                let row: Option<Transaction> = journal::record(rows, &key, &mut self.buffer)?;
                if let Some(mut row) = row
                    && row.voucher.as_mut().is_some_and(|voucher| swap(&mut voucher.pin))
                {
                    self.set.put_record(&row);
                }
            }
        }
        Ok(())
    }
}
