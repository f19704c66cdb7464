//! Promises 7 and 9: why a sale is granted or declined. The registry is not all there is to it:
//! its pace, its seller's funds, the stock and the room at the writer must have been so.

use tillgate_store_core::{ResponseCode, State, Transaction, Velocity};

use super::Checker;
use super::requests::Asked;
use super::rows::{Violations, Write};

impl Checker {
    /// A sale that came just now: some registry that may have ruled has ruled so.
    pub(super) fn read_sale(&self, new: &Transaction, write: &Write, found: &mut Violations) {
        let key = new.key;
        let Some(asked) = self.requests.sales.get(&key) else {
            return found.push((1, format!("{key}: no terminal asked for it")));
        };
        if new.state == State::Declined {
            if !self.is_declined_rightly(new, asked, write) {
                found.push((7, format!("{key}: declined with {}, for no reason", new.code)));
            }
            return;
        }
        let granted = || asked.iter().flat_map(|asked| &asked.rulings);
        if !granted().any(|(ruling, _)| ruling.is_ok()) {
            return found.push((7, format!("{key}: granted, and the operator had forbidden it")));
        }
        let alike = granted().filter(|(ruling, _)| ruling.as_ref() == Ok(&new.legs));
        let paces: Vec<Velocity> = alike.map(|(_, pace)| *pace).collect();
        if paces.is_empty() {
            return found.push((3, format!("{key}: posts {:?}, which no rule says", new.legs)));
        }
        if paces.iter().all(|pace| self.is_surely_beyond(pace, new, write)) {
            found.push((7, format!("{key}: granted beyond each of the paces {paces:?}")));
        }
        let room = |asked: &Asked| self.room.had_room(asked.since, new.bridge);
        if new.kind.has_provider() && !asked.iter().any(room) {
            found.push((9, format!("{key}: granted, and the writer had no room for it")));
        }
    }

    fn is_declined_rightly(&self, new: &Transaction, asked: &[Asked], write: &Write) -> bool {
        let rulings = || asked.iter().flat_map(|asked| &asked.rulings);
        let mut paces = rulings().filter(|(ruling, _)| ruling.is_ok()).map(|(_, pace)| *pace);
        match &new.code.0 {
            // That this is what it held is compared with the legs, as for any other row.
            b"51" => {
                let amount_minor = i64::try_from(new.total_minor()).unwrap_or(i64::MAX);
                paces.next().is_some() && new.balance_minor.is_some_and(|left| left < amount_minor)
            }
            b"65" => paces.any(|pace| self.may_be_beyond(&pace, new, write)),
            b"S1" => paces.next().is_some() && self.is_out_of_stock(new, write),
            b"91" if self.is_draining => paces.next().is_some(),
            b"91" if rulings().all(|(ruling, _)| *ruling != Err(new.code)) => {
                let full = |asked: &Asked| self.room.was_full(asked.since, new.bridge);
                new.kind.has_provider() && paces.next().is_some() && asked.iter().any(full)
            }
            code => rulings().any(|(ruling, _)| *ruling == Err(ResponseCode(*code))),
        }
    }

    /// Whether nothing of a product was there that could be sold: what this very write loaded may
    /// have come later.
    fn is_out_of_stock(&self, new: &Transaction, write: &Write) -> bool {
        let product = (new.service.0, new.product.0);
        let stock = self.stock.get(&product).into_iter().flatten();
        let mut left = stock.filter(|(expiry, _)| *expiry >= new.day);
        new.kind.dispenses()
            && left.all(|(_, serial)| write.loaded.contains(&(product.0, product.1, *serial)))
    }
}
