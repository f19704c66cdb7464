//! Float: loads by reference, and credit limits that cover what is used.

use rustc_hash::FxHashMap;

use super::Rejections;
use super::view::View;
use crate::error::Result;
use crate::ids::AccountId;
use crate::journal;
use crate::ledger::accounts::Accounts;
use crate::limits::AMOUNT_MINOR_MAX;
use crate::record::{Funding, Leg, Legs, Record, RegistryRecord, Seller};

/// Checks float loads; completes them and drops those that were done before. `moved` is what
/// they come to.
pub(super) fn check_loads(
    view: &View<'_>,
    at_ms: u64,
    funds: &mut Vec<Funding>,
    refused: &mut Rejections,
) -> Result<Moved> {
    let mut moved = Moved::default();
    let mut given: FxHashMap<_, (_, i64)> = FxHashMap::default();
    let mut fresh = Vec::with_capacity(funds.len());
    for (index, mut funding) in funds.drain(..).enumerate() {
        let what = || format!("float load {}", funding.reference);
        let seller = match fault_of(&funding, view.seller(funding.seller)?) {
            Ok(seller) => seller,
            Err(why) => {
                refused.add(index, what, why);
                continue;
            }
        };
        let content = (funding.seller, funding.amount_minor);
        let stored = journal::record::<Funding>(view.rows(), &funding.key(), &mut Vec::new())?;
        let before = stored.map(|stored| (stored.seller, stored.amount_minor));
        match before.or_else(|| given.get(&funding.reference).copied()) {
            Some(before) if before == content => continue,
            Some(_) => {
                refused.add(index, what, "the reference was used for another load");
                continue;
            }
            None => {}
        }
        given.insert(funding.reference, content);
        funding.at_ms = at_ms;
        funding.legs = legs_of(&seller, funding.amount_minor);
        *moved.sums.entry(seller.float()).or_default() += funding.amount_minor;
        moved.sellers.push((index, seller));
        fresh.push(funding);
    }
    *funds = fresh;
    Ok(moved)
}

/// What float loads come to.
#[derive(Default)]
pub(super) struct Moved {
    sums: FxHashMap<AccountId, i64>,
    /// Whose, with the place of the load.
    sellers: Vec<(usize, Seller)>,
}

/// Checks that every float that is loaded or limited anew ends at or above its floor.
pub(super) fn check_floors(
    accounts: &Accounts,
    records: &[RegistryRecord],
    moved: &Moved,
    refused: &mut Rejections,
) {
    let limited = records.iter().enumerate().filter_map(|(index, record)| match record {
        RegistryRecord::Seller(seller) => Some((index, seller)),
        _ => None,
    });
    let loaded = moved.sellers.iter().map(|(index, seller)| (*index, seller));
    for (index, seller) in limited.chain(loaded) {
        let mut account = accounts.find(&seller.float());
        account.posted_minor += moved.sums.get(&seller.float()).copied().unwrap_or(0);
        account.floor_minor = -seller.credit_limit_minor;
        let available = account.available();
        if available < 0 {
            let why = format!("float and credit limit would be {} short", -available);
            refused.add(index, || format!("seller {}", seller.id), why);
        }
    }
}

fn fault_of(funding: &Funding, seller: Option<Seller>) -> Result<Seller, &'static str> {
    let seller = seller.ok_or("no such seller")?;
    if funding.reference.is_empty() {
        return Err("no reference");
    }
    if funding.amount_minor == 0 || funding.amount_minor.unsigned_abs() > AMOUNT_MINOR_MAX {
        return Err("the amount is zero or too large");
    }
    Ok(seller)
}

fn legs_of(seller: &Seller, amount_minor: i64) -> Legs {
    let funding = AccountId::funding(seller.currency);
    let mut legs = Legs::new();
    legs.push(Leg { account: seller.float(), amount_minor });
    legs.push(Leg { account: funding, amount_minor: -amount_minor });
    legs
}
