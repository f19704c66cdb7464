//! The books recomputed from nothing but rows, after every commit of every law.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use tillgate_store_core::LedgerStore;
use tillgate_store_core::ids::{AccountId, AccountKind, Key};
use tillgate_store_core::journal;
use tillgate_store_core::record::{
    Account, AccountRow, Funding, Leg, Serial, Transaction, Voucher, VoucherOf, Withdrawn,
};
use tillgate_store_core::rows::{Engine, Family, ReadRows};
use tillgate_store_core::store::Store;

/// Sums of everything posted and held.
#[derive(Default)]
struct Sums {
    posted: BTreeMap<AccountId, i64>,
    reserved: BTreeMap<AccountId, i64>,
}

impl Sums {
    fn post(&mut self, legs: &[Leg]) {
        assert_eq!(legs.iter().map(|leg| leg.amount_minor).sum::<i64>(), 0, "legs sum to zero");
        for leg in legs {
            *self.posted.entry(leg.account).or_default() += leg.amount_minor;
        }
    }
}

/// # Panics
/// If stored and live balances, numbers, the open index or the stock are not what the journal
/// and the float loads make them.
pub fn check<B: Engine>(book: &LedgerStore<B>) {
    let rows = book.backend();
    let (sums, transactions) = sums_of(rows);
    check_accounts(book, &sums);
    check_numbers(book, &transactions);
    check_open(rows, &transactions);
    check_stock(rows, &transactions);
}

fn each<R: tillgate_store_core::Record>(rows: &dyn ReadRows, mut visit: impl FnMut(R)) {
    let scanned = journal::records::<R>(rows, &[], |record| {
        visit(record);
        ControlFlow::Continue(())
    });
    scanned.expect("every row is sound");
}

fn sums_of(rows: &dyn ReadRows) -> (Sums, Vec<Transaction>) {
    let (mut sums, mut transactions) = (Sums::default(), Vec::new());
    each::<Funding>(rows, |funding| sums.post(&funding.legs));
    each::<Transaction>(rows, |row| {
        if row.posts() {
            sums.post(&row.legs);
        }
        if row.kind.is_sale() && !row.is_final() {
            let float = row.legs[0];
            *sums.reserved.entry(float.account).or_default() -= float.amount_minor;
        }
        transactions.push(row);
    });
    (sums, transactions)
}

fn check_accounts<B: Engine>(book: &LedgerStore<B>, sums: &Sums) {
    let mut stored: BTreeMap<AccountId, Account> = BTreeMap::new();
    each::<AccountRow>(book.backend(), |row| {
        stored.insert(row.id, row.account);
    });
    for (id, account) in &stored {
        assert_eq!(book.account(id), *account, "{id} in memory is as stored");
        let posted = sums.posted.get(id).copied().unwrap_or(0);
        assert_eq!(account.posted_minor, posted, "{id} is the sum of its postings");
        let reserved = sums.reserved.get(id).copied().unwrap_or(0);
        assert_eq!(account.reserved_minor, reserved, "{id} holds what is open");
        let float = id.kind == AccountKind::SellerFloat;
        assert!(!float || account.available() >= 0, "{id} is below its credit limit");
    }
    let moved = sums.posted.keys().chain(sums.reserved.keys());
    moved.for_each(|id| assert!(stored.contains_key(id), "{id} moved and has a row"));
}

fn check_numbers<B: Engine>(book: &LedgerStore<B>, transactions: &[Transaction]) {
    let numbers: BTreeSet<u64> = transactions.iter().map(|row| row.seq).collect();
    let head = book.head().seq;
    assert_eq!(numbers.len(), transactions.len(), "no number is given twice");
    assert!(numbers.iter().copied().eq(1..=head), "numbers run from 1 to the head's {head}");
}

fn check_open(rows: &dyn ReadRows, transactions: &[Transaction]) {
    let mut listed = Vec::new();
    let scanned = rows.scan(Family::Open, &[], &mut |key, _| {
        listed.extend(Key::from_bytes(key));
        ControlFlow::Continue(())
    });
    scanned.expect("the engine reads");
    let open = transactions.iter().filter(|row| row.is_open()).map(|row| row.key);
    assert!(open.eq(listed), "the open family lists exactly the open transactions");
}

fn check_stock(rows: &dyn ReadRows, transactions: &[Transaction]) {
    let (mut loaded, mut placed) = (BTreeSet::new(), BTreeSet::new());
    each::<Serial>(rows, |row| {
        loaded.insert((row.service, row.product, row.serial));
    });
    each::<Voucher>(rows, |row| {
        placed.insert((row.service, row.product, row.serial));
    });
    let read = Withdrawn::each(rows, VoucherOf::default(), |row| {
        let VoucherOf { service, product, serial } = row.of;
        let first = placed.insert((service, product, serial));
        assert!(first, "voucher {serial} is withdrawn and in stock");
        ControlFlow::Continue(())
    });
    read.expect("every row is sound");
    for row in transactions {
        if let Some(voucher) = &row.voucher {
            let first = placed.insert((row.service, row.product, voucher.serial));
            assert!(
                first,
                "voucher {} was sold twice, withdrawn or is still in stock",
                voucher.serial
            );
        }
    }
    assert_eq!(placed, loaded, "every voucher loaded is in stock, sold or withdrawn");
}
