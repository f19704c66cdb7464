//! Vouchers whose reversal was refused because their PIN has left: on the operator's list, up to
//! a limit for each terminal.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use super::Ledger;
use crate::error::Result;
use crate::journal;
use crate::limits::EXPOSED_MAX;
use crate::record::{DueFollowUp, FollowUp, Transaction};
use crate::rows::ReadRows;
use tillgate_types::TerminalId;

/// How many vouchers of each terminal are on the list.
#[derive(Debug, Default)]
pub(super) struct Exposed {
    listed: FxHashMap<TerminalId, u16>,
}

impl Exposed {
    pub(super) fn load(rows: &dyn ReadRows) -> Result<Self> {
        let mut exposed = Self::default();
        journal::open(rows, None, |row| {
            if row.kind.dispenses() {
                *exposed.listed.entry(row.key.terminal).or_default() += 1;
            }
            ControlFlow::Continue(())
        })?;
        Ok(exposed)
    }
}

impl Ledger {
    /// Puts a sold voucher on the list, once, at its terminal's wish; not if that one has too many
    /// there already.
    pub(super) fn expose_voucher(&mut self, sale: &mut Transaction, since_ms: u64) {
        let listed = self.exposed.listed.get(&sale.key.terminal).copied().unwrap_or(0);
        if listed < EXPOSED_MAX {
            self.list_voucher(sale, since_ms);
        }
    }

    /// Puts a sold voucher on the list, once.
    pub(super) fn list_voucher(&mut self, sale: &mut Transaction, since_ms: u64) {
        if sale.due.is_none() {
            *self.exposed.listed.entry(sale.key.terminal).or_default() += 1;
            sale.due = Some(DueFollowUp { what: FollowUp::Operator, since_ms });
            self.staged.put(sale);
        }
    }

    /// Takes a voucher off the list; the caller stages the row.
    pub(super) fn unlist_voucher(&mut self, sale: &mut Transaction) {
        if sale.kind.dispenses() && sale.due.take().is_some() {
            let listed = self.exposed.listed.entry(sale.key.terminal).or_default();
            *listed = listed.saturating_sub(1);
            if *listed == 0 {
                self.exposed.listed.remove(&sale.key.terminal);
            }
        }
    }
}
