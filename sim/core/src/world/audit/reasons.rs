//! Promises 7 and 9: why a sale is granted or declined. The registry is not all there is to it:
//! its pace, its seller's funds, the stock and the room at the writer must have been so.

use tillgate_store_core::{
    AccountKind, BridgeTag, Legs, ResponseCode, SaleTerms, State, Transaction,
};

use super::Checker;
use super::requests::Asked;
use super::rows::{Violations, Write};
use super::rules::Ruled;
use crate::time::Moment;

impl Checker {
    /// A sale that came just now: some registry that may have ruled has ruled so.
    pub(super) fn read_sale(
        &self,
        at: Moment,
        new: &Transaction,
        write: &Write,
        found: &mut Violations,
    ) {
        let key = new.key;
        let Some(asked) = self.requests.sales.get(&key) else {
            return found.push((1, format!("{key}: no terminal asked for it")));
        };
        if new.state == State::Declined {
            if !self.is_declined_rightly(at, new, asked, write) {
                found.push((7, format!("{key}: declined with {}, for no reason", new.code)));
            }
            return;
        }
        let granted = || asked.iter().flat_map(|asked| &asked.rulings);
        if !granted().any(|ruled| ruled.ruling.is_ok()) {
            return found.push((7, format!("{key}: granted, and the operator had forbidden it")));
        }
        let alike = granted().filter(|ruled| ruled.ruling.as_ref() == Ok(&new.legs));
        let alike: Vec<&Ruled> = alike.collect();
        if alike.is_empty() {
            return found.push((3, format!("{key}: posts {:?}, which no rule says", new.legs)));
        }
        // What was looked up is no registry's to say.
        let lookup = new.terms.lookup;
        let same = |ruled: &&&Ruled| SaleTerms { lookup, ..ruled.terms } == new.terms;
        let alike: Vec<&&Ruled> = alike.iter().filter(same).collect();
        if alike.is_empty() {
            return found.push((7, format!("{key}: {:?}, which no rule says", new.terms)));
        }
        if alike.iter().all(|ruled| self.is_surely_beyond(&ruled.pace, new, write)) {
            found.push((7, format!("{key}: granted beyond each pace that is allowed")));
        }
        let least_days = || alike.iter().map(|ruled| ruled.least_days);
        if new.voucher.is_some() && !least_days().any(|days| self.is_the_oldest(new, days)) {
            found.push((4, format!("{key}: its voucher is not the oldest that may be sold")));
        }
        if let Some(why) = self.is_unpaid(at, new, asked) {
            found.push((7, format!("{key}: granted, {why}")));
        }
        let room = |asked: &Asked| self.room.had_room(asked.since, new.bridge);
        if new.kind.has_provider() && !asked.iter().any(room) {
            found.push((9, format!("{key}: granted, and the writer had no room for it")));
        }
        let goes = |ruled: &&&Ruled| {
            let way = ruled.way.iter().map(|name| BridgeTag::of(name));
            let before: Vec<BridgeTag> = way.clone().take_while(|tag| *tag != new.bridge).collect();
            let full = |asked: &Asked| {
                let may_pass = |bridge: &BridgeTag| {
                    self.may_be_passed_by(asked.since, *bridge)
                        || self.shunned.was((asked.since, at), *bridge)
                };
                before.iter().all(may_pass) && !self.is_shunned_in_vain(at, asked, ruled, new)
            };
            way.clone().any(|tag| tag == new.bridge) && asked.iter().any(full)
        };
        if new.kind.has_provider() && !alike.iter().any(goes) {
            found.push((7, format!("{key}: goes to a bridge out of its turn, or to a stranger")));
        }
    }

    fn is_declined_rightly(
        &self,
        at: Moment,
        new: &Transaction,
        asked: &[Asked],
        write: &Write,
    ) -> bool {
        let rulings = || asked.iter().flat_map(|asked| &asked.rulings);
        let refused = |code| rulings().any(|ruled| ruled.ruling == Err(code));
        let mut allowed =
            rulings().filter_map(|ruled| ruled.ruling.as_ref().ok().map(|legs| (legs, ruled.pace)));
        match &new.code.0 {
            // That this is what it held is compared with the legs, as for any other row.
            b"51" => {
                let left_minor = new.balance_minor.unwrap_or(i64::MAX);
                allowed.any(|(legs, _)| left_minor < taken(legs))
            }
            b"65" => allowed.any(|(_, pace)| self.may_be_beyond(&pace, new, write)),
            b"S1" => rulings()
                .filter(|ruled| ruled.ruling.is_ok())
                .any(|ruled| self.is_out_of_stock(new, ruled.least_days, write)),
            b"91" if self.is_draining => allowed.next().is_some(),
            b"91" if !refused(new.code) => {
                let full = |asked: &Asked| {
                    let full =
                        |name: &String| self.may_be_passed_by(asked.since, BridgeTag::of(name));
                    asked.rulings.iter().any(|ruled| ruled.way.iter().all(full))
                };
                new.kind.has_provider() && allowed.next().is_some() && asked.iter().any(full)
            }
            b"L2" => allowed.next().is_some() && self.is_to_be_looked_up(at, new, asked, write),
            b"13" if !refused(new.code) => {
                allowed.next().is_some() && self.is_of_another_amount(at, new, asked)
            }
            code => refused(ResponseCode(*code)),
        }
    }

    /// Whether the sale goes where nobody answers, though another bridge of its way was well. What
    /// was looked up is paid where it was found.
    fn is_shunned_in_vain(
        &self,
        at: Moment,
        asked: &Asked,
        ruled: &Ruled,
        new: &Transaction,
    ) -> bool {
        let span = (asked.since, at);
        let is_well = |name: &String| {
            let tag = BridgeTag::of(name);
            !self.may_be_passed_by(asked.since, tag) && !self.shunned.was(span, tag)
        };
        new.terms.lookup.is_empty()
            && self.shunned.was_throughout(span, new.bridge)
            && ruled.way.iter().any(is_well)
    }

    /// Whether a bridge may have had no room for a sale since then, or was kept from it.
    fn may_be_passed_by(&self, since: Moment, bridge: BridgeTag) -> bool {
        self.room.was_full(since, bridge) || self.suspensions.was_closed(since, bridge)
    }

    /// Whether nothing of a product was there that could be sold: what this very write loaded may
    /// have come later.
    fn is_out_of_stock(&self, new: &Transaction, least_days: u16, write: &Write) -> bool {
        let product = (new.service.0, new.product.0);
        let stock = self.stock.get(&product).into_iter().flatten();
        let mut left = stock.filter(|(expiry, _)| expiry.0 >= new.day.0 + least_days);
        new.kind.dispenses()
            && left.all(|(_, serial)| write.loaded.contains(&(product.0, product.1, *serial)))
    }

    /// Whether a sale was given a voucher that is good for the days asked, and left none that
    /// expires earlier.
    fn is_the_oldest(&self, new: &Transaction, least_days: u16) -> bool {
        let until = new.day.0 + least_days;
        let Some(given) = &new.voucher else { return false };
        let stock = self.stock.get(&(new.service.0, new.product.0)).into_iter().flatten();
        let mut older = stock.map(|(expiry, _)| expiry).filter(|expiry| **expiry < given.expiry);
        given.expiry.0 >= until && older.all(|expiry| expiry.0 < until)
    }
}

/// What legs take from a float; nothing of a card sale.
fn taken(legs: &Legs) -> i64 {
    let floats = legs.iter().filter(|leg| leg.account.kind == AccountKind::SellerFloat);
    floats.map(|leg| -leg.amount_minor).sum()
}
