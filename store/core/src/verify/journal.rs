//! The journal: every number once, every row sound in itself, every reversal and its original
//! agreed, every open row remembered. That a row owes only what it can is [`dues`]'.

use super::accounts::{Postings, unbalanced};
use super::dues;
use super::each;
use super::report::{Promise, Report};
use super::seqs::Seqs;
use super::vouchers::Vouchers;
use crate::error::Result;
use crate::ids::{AccountId, AccountKind, Key};
use crate::journal;
use crate::record::{FollowUp, Fulfilment, Head, Kind, Legs, State, Transaction};
use crate::rows::{Family, ReadRows};

/// Reads the journal once; fills `postings` and `vouchers` for the families that follow.
pub(super) fn check(
    rows: &dyn ReadRows,
    head: &Head,
    postings: &mut Postings,
    vouchers: &mut Vouchers,
    report: &mut Report,
) {
    let mut seqs = Seqs::default();
    let mut look_up = LookUp { rows, buffer: Vec::new() };
    each(rows, report, |report, row: Transaction| {
        count(&row, report);
        check_number(&row, head, &mut seqs, report);
        check_money(&row, report);
        check_state(&row, report);
        dues::check(&row, report);
        look_up.check_links(&row, report);
        postings.add(&row);
        vouchers.add(&row);
    });
    seqs.gaps(head.seq, |from, to| {
        let subject = format_args!("transactions {from} to {to}");
        report.violated(Promise::Journalled, subject, "they are not in the journal");
    });
}

fn count(row: &Transaction, report: &mut Report) {
    let counts = &mut report.counts;
    counts.transactions += 1;
    if let Some(voucher) = &row.voucher {
        report.keks.entry(voucher.pin.kek_id).or_default().sold += 1;
    }
    match row.owes() {
        Some(FollowUp::Operator) => counts.operator += 1,
        Some(FollowUp::Reversal | FollowUp::Advice) => counts.owed += 1,
        None => {}
    }
    match (row.kind, row.state) {
        (Kind::Reversal, _) => counts.reversals += 1,
        (Kind::Tombstone, _) => counts.tombstones += 1,
        (Kind::Settlement, _) => counts.settlements += 1,
        (_, State::Intent | State::Unknown) => counts.open += 1,
        (_, State::Declined) => counts.declined += 1,
        (_, State::Approved) => {
            counts.approved += 1;
            report.sums_of(row.currency).sold_minor += i128::from(row.amount_minor);
        }
        (_, State::Reversed) => {
            counts.reversed += 1;
            report.sums_of(row.currency).reversed_minor += i128::from(row.amount_minor);
        }
    }
}

fn check_number(row: &Transaction, head: &Head, seqs: &mut Seqs, report: &mut Report) {
    if row.seq == 0 || row.seq > head.seq {
        let text = format_args!("its number {} is not among 1 to {}", row.seq, head.seq);
        report.violated(Promise::Journalled, row.key, text);
    } else if !seqs.insert(row.seq) {
        let text = format_args!("its number {} is another transaction's too", row.seq);
        report.violated(Promise::Journalled, row.key, text);
    }
}

fn check_money(row: &Transaction, report: &mut Report) {
    if let Some(text) = unbalanced(&row.legs, row.currency) {
        report.violated(Promise::Conserved, row.key, text);
    }
    let moves = row.posts() || !row.is_final();
    if row.kind.is_sale() && moves {
        let own = AccountId::float(row.seller, row.currency);
        let (mut taken, mut floats, mut foreign) = (0, 0, false);
        for leg in row.legs.iter().filter(|leg| leg.account.kind == AccountKind::SellerFloat) {
            floats += 1;
            foreign |= leg.account != own;
            taken -= i128::from(leg.amount_minor);
        }
        if floats == 0 && !row.legs.is_empty() {
            check_credit(row, report);
        } else if foreign || taken != i128::from(row.total_minor()) {
            let text = format_args!(
                "it costs {}, but its legs take {taken} from the seller's float",
                row.total_minor()
            );
            report.violated(Promise::Conserved, row.key, text);
        }
    }
}

/// A card sale: what its provider owes, less what is charged and earned, is the seller's.
fn check_credit(row: &Transaction, report: &mut Report) {
    let owed = row.legs.first().map_or(0, |leg| -i128::from(leg.amount_minor));
    let clearing = row.legs.first().map(|leg| leg.account.kind);
    if clearing != Some(AccountKind::ProviderClearing) || owed != i128::from(row.amount_minor) {
        let text = format_args!(
            "its amount is {}, but its legs take it neither from the seller nor its provider",
            row.amount_minor
        );
        report.violated(Promise::Conserved, row.key, text);
    }
}

/// What one row may not say, whatever the others do.
fn check_state(row: &Transaction, report: &mut Report) {
    let has_voucher = row.voucher.is_some();
    let given = row.kind.dispenses() && row.posts();
    if given != has_voucher {
        let text = if has_voucher { "a voucher was given for it" } else { "it has no voucher" };
        let text = format_args!("{:?} {:?}, and {text}", row.kind, row.state);
        report.violated(Promise::SoldOnce, row.key, text);
    }
    let possible = match row.kind {
        Kind::Sale(Fulfilment::Provider) => true,
        Kind::Sale(Fulfilment::Stock) => row.is_final(),
        Kind::Reversal if row.state == State::Intent => row.legs.is_empty(),
        Kind::Reversal => matches!(row.state, State::Approved | State::Declined),
        Kind::Tombstone => row.state == State::Reversed && row.legs.is_empty(),
        Kind::Settlement => matches!(row.state, State::Approved | State::Declined),
    };
    if !possible {
        let text = format_args!("a {:?} cannot be {:?}", row.kind, row.state);
        report.violated(Promise::Journalled, row.key, text);
    }
    let contradicts = match row.state {
        State::Approved => !row.code.is_approved(),
        State::Declined | State::Intent | State::Unknown => row.code.is_approved(),
        State::Reversed => false,
    };
    if contradicts {
        let text = format_args!("it is {:?}, but its response code is {}", row.state, row.code);
        report.violated(Promise::Journalled, row.key, text);
    }
}

/// Single rows that a row refers to; few rows refer to others.
struct LookUp<'a> {
    rows: &'a dyn ReadRows,
    buffer: Vec<u8>,
}

impl LookUp<'_> {
    fn check_links(&mut self, row: &Transaction, report: &mut Report) {
        if let Err(error) = self.check(row, report) {
            report.damaged(Family::Journal, &error);
        }
    }

    fn check(&mut self, row: &Transaction, report: &mut Report) -> Result<()> {
        if row.is_open() {
            self.check_remembered(row, report)?;
        }
        match (row.kind, row.state) {
            (Kind::Reversal, State::Intent) => self.check_waiting(row, report),
            (Kind::Reversal, _) => self.check_reversal(row, report),
            (_, State::Reversed) => self.check_reversed(row, report),
            _ => self.check_wanted_back(row, report),
        }
    }

    fn transaction(&mut self, key: &Key) -> Result<Option<Transaction>> {
        journal::record(self.rows, &key.to_bytes(), &mut self.buffer)
    }

    fn check_remembered(&mut self, row: &Transaction, report: &mut Report) -> Result<()> {
        if !self.rows.get(Family::Open, &row.key.to_bytes(), &mut self.buffer)? {
            let text = if row.is_final() {
                "something is owed for it, and it is not among the open ones"
            } else {
                "its outcome is not known, and it is not among the open ones"
            };
            report.violated(Promise::Remembered, row.key, text);
        }
        Ok(())
    }

    /// A reversal under way: its original names it, so there is no other one. The provider owes
    /// it if and only if the original is posted.
    fn check_waiting(&mut self, row: &Transaction, report: &mut Report) -> Result<()> {
        let mut wrong = |text: &str| report.violated(Promise::Remembered, row.key, text);
        let Some(key) = row.original else {
            wrong("a reversal of nothing");
            return Ok(());
        };
        let Some(original) = self.transaction(&key)? else {
            wrong("its original is not in the journal");
            return Ok(());
        };
        if original.reversed_by != Some(row.key) {
            wrong("it is open, but its original does not name it");
        }
        let posted = original.state == State::Approved && original.confirmed_ms == 0;
        if !original.kind.has_provider() || (original.is_final() && !posted) {
            wrong("it is open, but its original is not to be taken back");
        } else if original.is_final() != row.due.is_some() {
            wrong("it is owed if its original is posted, and waits if that is open: this does not");
        }
        Ok(())
    }

    /// A sale that stands and names a reversal is named by it, and that one is under way.
    fn check_wanted_back(&mut self, row: &Transaction, report: &mut Report) -> Result<()> {
        let Some(key) = row.reversed_by else { return Ok(()) };
        let reversal = self.transaction(&key)?;
        let agreed = row.state != State::Declined
            && reversal.is_some_and(|reversal| {
                let open = reversal.kind == Kind::Reversal && reversal.state == State::Intent;
                open && reversal.original == Some(row.key)
            });
        if !agreed {
            let text = format_args!("it names {key}, which is no open reversal of it");
            report.violated(Promise::Remembered, row.key, text);
        }
        Ok(())
    }

    /// A reversal that took something back did so to an original that knows of it.
    fn check_reversal(&mut self, row: &Transaction, report: &mut Report) -> Result<()> {
        let Some(key) = row.original else {
            report.violated(Promise::Journalled, row.key, "a reversal of nothing");
            return Ok(());
        };
        if row.state != State::Approved {
            return Ok(());
        }
        let Some(original) = self.transaction(&key)? else {
            let text = format_args!("{key}, which it reversed, is not in the journal");
            report.violated(Promise::Journalled, row.key, text);
            return Ok(());
        };
        if row.legs.is_empty() {
            return Ok(());
        }
        if original.state != State::Reversed || original.reversed_by != Some(row.key) {
            let text = format_args!("it took {key} back, which does not say so");
            report.violated(Promise::Conserved, row.key, text);
        }
        if !turned_round(&row.legs, &original.legs) {
            let text = format_args!("its legs are not those of {key} turned round");
            report.violated(Promise::Conserved, row.key, text);
        }
        Ok(())
    }

    /// A row that was reversed names the reversal, and that one names it.
    fn check_reversed(&mut self, row: &Transaction, report: &mut Report) -> Result<()> {
        let reversal = match row.reversed_by {
            Some(key) => self.transaction(&key)?,
            None => None,
        };
        let agreed = reversal.is_some_and(|reversal| {
            reversal.kind == Kind::Reversal
                && reversal.original == Some(row.key)
                && reversal.legs.is_empty() == row.legs.is_empty()
        });
        if !agreed {
            let text = "it is reversed, but the reversal is not in the journal";
            report.violated(Promise::Conserved, row.key, text);
        }
        Ok(())
    }
}

fn turned_round(legs: &Legs, original: &Legs) -> bool {
    legs.len() == original.len()
        && legs.iter().zip(original).all(|(leg, other)| {
            leg.account == other.account
                && leg.amount_minor.checked_neg() == Some(other.amount_minor)
        })
}
