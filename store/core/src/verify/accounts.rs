//! Money: every balance is the sum of its postings, reserved is what is open, no float is below
//! its floor.

use rustc_hash::FxHashMap;

use super::each;
use super::registry::Credit;
use super::report::{Promise, Report, Sums};
use crate::ids::{AccountId, AccountKind};
use crate::record::{Account, AccountRow, Funding, Legs, Transaction};
use crate::rows::ReadRows;

/// What the accounts should hold, by the journal and the float loads.
#[derive(Default)]
pub(super) struct Postings(FxHashMap<AccountId, Tally>);

/// Wider than an account, so that no sum of damaged rows overflows.
#[derive(Clone, Copy, Default)]
struct Tally {
    posted_minor: i128,
    reserved_minor: i128,
}

impl Postings {
    /// Adds a journal row; [`Transaction::posts`] says whether its legs count.
    pub(super) fn add(&mut self, row: &Transaction) {
        if row.posts() {
            self.post(&row.legs);
        } else if row.kind.is_sale() && !row.is_final() {
            let float = AccountId::float(row.seller, row.currency);
            for leg in row.legs.iter().filter(|leg| leg.account == float) {
                self.tally(float).reserved_minor -= i128::from(leg.amount_minor);
            }
        }
    }

    fn post(&mut self, legs: &Legs) {
        for leg in legs {
            self.tally(leg.account).posted_minor += i128::from(leg.amount_minor);
        }
    }

    fn tally(&mut self, id: AccountId) -> &mut Tally {
        self.0.entry(id).or_default()
    }
}

/// Whether legs sum to zero in the one `currency`; what is wrong if not.
pub(super) fn unbalanced(legs: &Legs, currency: u16) -> Option<String> {
    let sum: i128 = legs.iter().map(|leg| i128::from(leg.amount_minor)).sum();
    if sum != 0 {
        return Some(format!("its legs sum to {sum}, not to zero"));
    }
    let foreign = legs.iter().find(|leg| leg.account.currency != currency)?;
    Some(format!("a leg moves {}, but its currency is {currency:03}", foreign.account))
}

/// Reads float loads and accounts and compares them with the journal's `postings`.
pub(super) fn check(
    rows: &dyn ReadRows,
    mut postings: Postings,
    credit: &Credit,
    report: &mut Report,
) {
    each(rows, report, |report, row: Funding| check_funding(&row, &mut postings, report));
    each(rows, report, |report, row: AccountRow| {
        let expected = postings.0.remove(&row.id).unwrap_or_default();
        check_account(row, expected, credit, report);
    });
    let mut missing: Vec<_> = postings.0.into_iter().collect();
    missing.retain(|(_, tally)| tally.posted_minor != 0 || tally.reserved_minor != 0);
    missing.sort_unstable_by_key(|(id, _)| *id);
    for (id, tally) in missing {
        let Tally { posted_minor, reserved_minor } = tally;
        let text = format_args!(
            "it has no balance, but {posted_minor} is posted to it and {reserved_minor} reserved"
        );
        report.violated(Promise::Conserved, id, text);
    }
}

fn check_funding(row: &Funding, postings: &mut Postings, report: &mut Report) {
    report.counts.fundings += 1;
    postings.post(&row.legs);
    let Some(float) = row.legs.first().map(|leg| leg.account) else {
        let text = "it has no legs, and loads nothing";
        return report.violated(Promise::Conserved, funding(row), text);
    };
    report.sums_of(float.currency).funded_minor += i128::from(row.amount_minor);
    if let Some(text) = unbalanced(&row.legs, float.currency) {
        report.violated(Promise::Conserved, funding(row), text);
    }
    let expected = AccountId::float(row.seller, float.currency);
    let loaded: i128 = row
        .legs
        .iter()
        .filter(|leg| leg.account == expected)
        .map(|leg| i128::from(leg.amount_minor))
        .sum();
    if loaded != i128::from(row.amount_minor) {
        let text = format_args!(
            "it says {} for seller {}, but its legs load {loaded}",
            row.amount_minor, row.seller
        );
        report.violated(Promise::Conserved, funding(row), text);
    }
}

fn funding(row: &Funding) -> String {
    format!("float load {}", row.reference)
}

fn check_account(row: AccountRow, expected: Tally, credit: &Credit, report: &mut Report) {
    report.counts.accounts += 1;
    let AccountRow { id, account } = row;
    let Account { posted_minor, reserved_minor, floor_minor } = account;
    add_sums(id, account, report.sums_of(id.currency));
    let mut wrong = |text: std::fmt::Arguments<'_>| report.violated(Promise::Conserved, id, text);
    if i128::from(posted_minor) != expected.posted_minor {
        let sum = expected.posted_minor;
        wrong(format_args!("its balance is {posted_minor}, its postings sum to {sum}"));
    }
    if i128::from(reserved_minor) != expected.reserved_minor {
        let sum = expected.reserved_minor;
        wrong(format_args!("{reserved_minor} is reserved, open transactions need {sum}"));
    }
    if id.kind != AccountKind::SellerFloat {
        return;
    }
    let limit = credit.get(&id).copied().unwrap_or(0);
    if i128::from(floor_minor) != -i128::from(limit) {
        wrong(format_args!("its floor is {floor_minor}, its seller's credit limit {limit}"));
    }
    let left = i128::from(posted_minor) - i128::from(reserved_minor) - i128::from(floor_minor);
    if left < 0 {
        wrong(format_args!(
            "it is {} below its floor: balance {posted_minor}, reserved {reserved_minor}, floor \
             {floor_minor}",
            -left
        ));
    }
}

fn add_sums(id: AccountId, account: Account, sums: &mut Sums) {
    let posted = i128::from(account.posted_minor);
    sums.reserved_minor += i128::from(account.reserved_minor);
    match id.kind {
        AccountKind::SellerFloat => sums.float_minor += posted,
        AccountKind::SellerCommission | AccountKind::DistributorCommission => {
            sums.commission_minor += posted;
        }
        AccountKind::ProviderClearing => sums.clearing_minor += posted,
        AccountKind::FeeIncome => sums.fees_minor += posted,
        AccountKind::Tax => sums.taxes_minor += posted,
        AccountKind::SellerSettlement => sums.settlement_minor += posted,
        AccountKind::Funding => {}
    }
}
