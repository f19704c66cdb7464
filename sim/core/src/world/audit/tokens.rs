//! Promise 7: what a token pays, from docs/wire.md 6.4. It pays once, for the terminal that it was
//! given to, the service and the account that were looked up, an amount that was found, while it is
//! good, and before the gateway starts anew; what pays otherwise is answered L2, or 13 for its
//! amount.

use tillgate_codec::link::message::{Sale, TerminalMessage};
use tillgate_core::provider::Bill;
use tillgate_store_core::{BridgeTag, Key, Lookup, ResponseCode, State, Transaction};

use super::Checker;
use super::requests::Asked;
use super::rows::Write;
use super::rules::journalled;
use crate::time::Moment;

/// One that a terminal was given.
pub(super) struct Token {
    pub(super) number: u64,
    pub(super) service: u16,
    pub(super) product: u16,
    pub(super) account: String,
    pub(super) bill: Bill,
    pub(super) charged_minor: u64,
    /// Where the account was looked up.
    pub(super) bridge: BridgeTag,
    pub(super) from: Moment,
    /// First moment at which it is no good any more.
    pub(super) until: Moment,
    /// What it has paid, or would have.
    pub(super) spent: Option<Key>,
}

impl Token {
    /// Whether it is of what a row sells.
    fn is_of(&self, row: &Transaction) -> bool {
        (self.service, self.product) == (row.service.0, row.product.0)
            && self.account == row.subscriber[..]
            && self.bridge == row.bridge
            && self.spent.is_none_or(|key| key == row.key)
    }

    fn pays(&self, amount_minor: u64) -> bool {
        match (self.bill.amount_minor, self.bill.amount_range_minor) {
            (0, (0, 0)) => true,
            (amount, (0, 0)) => amount_minor == amount,
            (_, (low, high)) => (low..=high).contains(&amount_minor),
        }
    }
}

/// The sale of a body, if it is what a row says.
fn sale_of<'a>(asked: &'a Asked, row: &Transaction) -> Option<Sale<'a>> {
    let Ok(TerminalMessage::Sale(sale)) = TerminalMessage::decode(&asked.body) else { return None };
    let same = (sale.service, sale.product, sale.amount_minor, sale.currency)
        == (row.service.0, row.product.0, row.amount_minor, row.currency)
        && journalled(sale.subscriber, row.terms.masked) == row.subscriber[..];
    same.then_some(sale)
}

impl Checker {
    fn tokens_of(&self, row: &Transaction) -> impl DoubleEndedIterator<Item = &Token> {
        self.lookups.tokens.get(&row.key.terminal).into_iter().flatten()
    }

    /// Why a sale that was granted now may not be paid so, if it may not.
    pub(super) fn is_unpaid(
        &self,
        at: Moment,
        new: &Transaction,
        asked: &[Asked],
    ) -> Option<&'static str> {
        let mut why = "and it came otherwise";
        for one in asked {
            let Some(sale) = sale_of(one, new) else { continue };
            let has_to =
                |one: &Asked| one.rulings.iter().all(|ruled| ruled.lookup == Lookup::Required);
            if sale.token == 0 {
                match (has_to(one), new.terms.lookup.is_empty()) {
                    (false, true) => return None,
                    (true, _) => why = "and nothing was looked up",
                    (false, false) => why = "and it pays what nobody looked up",
                }
                continue;
            }
            let token = self.tokens_of(new).find(|token| token.number == sale.token);
            why = match token {
                None => "with a token that it was not given, or not by this process",
                Some(token) if !token.is_of(new) => "with the token of something else, or spent",
                Some(token) if !token.pays(new.amount_minor) => "of an amount that was not found",
                Some(token) if token.from > at || token.until <= one.since => {
                    "with a token that is no good any more"
                }
                Some(token) if token.bill.reference != new.terms.lookup => {
                    "and its row does not say what it pays"
                }
                Some(_) => return None,
            };
        }
        Some(why)
    }

    /// Whether a sale that came just now had to be looked up, or to be looked up again.
    pub(super) fn is_to_be_looked_up(
        &self,
        at: Moment,
        new: &Transaction,
        asked: &[Asked],
        write: &Write,
    ) -> bool {
        asked.iter().any(|one| {
            let Some(sale) = sale_of(one, new) else { return false };
            let needs =
                |one: &Asked| one.rulings.iter().any(|ruled| ruled.lookup == Lookup::Required);
            if sale.token == 0 {
                return needs(one);
            }
            let surely_good = self.tokens_of(new).any(|token| {
                let good = token.from <= one.since && at < token.until;
                token.number == sale.token && token.is_of(new) && good && token.spent.is_none()
            });
            !surely_good
                || self.is_paid_beside(new, sale.token, write)
                || self.has_paid_nothing(new, sale.token)
        })
    }

    /// Whether another sale may have used a token up and have no row of its own: it came after its
    /// reversal, or under the number of something else.
    fn has_paid_nothing(&self, new: &Transaction, token: u64) -> bool {
        let Some(given) = self.tokens_of(new).find(|given| given.number == token) else {
            return false;
        };
        let granted = |one: &Asked| one.rulings.iter().any(|ruled| ruled.ruling.is_ok());
        let names = |one: &Asked| {
            matches!(TerminalMessage::decode(&one.body), Ok(TerminalMessage::Sale(sale))
                if (sale.token, sale.service, sale.product) == (token, given.service, given.product)
                    && sale.subscriber == given.account)
        };
        let has_row = |key: &Key, one: &Asked| {
            self.journal.get(key).is_some_and(|row| sale_of(one, row).is_some())
        };
        self.requests.sales.iter().any(|(key, asked)| {
            let others = key.terminal == new.key.terminal && *key != new.key;
            others && asked.iter().any(|one| granted(one) && names(one) && !has_row(key, one))
        })
    }

    /// Whether another row of the same write may have used a token up.
    fn is_paid_beside(&self, new: &Transaction, token: u64, write: &Write) -> bool {
        write.rows.iter().any(|(old, row)| {
            let beside =
                old.is_none() && row.key.terminal == new.key.terminal && row.key != new.key;
            beside && self.token_of(row) == Some(token)
        })
    }

    /// Whether an amount is none that a token pays, which may be good.
    pub(super) fn is_of_another_amount(
        &self,
        at: Moment,
        new: &Transaction,
        asked: &[Asked],
    ) -> bool {
        asked.iter().any(|one| {
            let Some(sale) = sale_of(one, new) else { return false };
            self.tokens_of(new).any(|token| {
                let good = token.from <= at && one.since < token.until;
                token.number == sale.token
                    && token.is_of(new)
                    && good
                    && !token.pays(new.amount_minor)
            })
        })
    }

    /// The token that a sale names.
    fn token_of(&self, row: &Transaction) -> Option<u64> {
        let mut asked = self.requests.sales.get(&row.key)?.iter();
        asked.find_map(|one| sale_of(one, row)).map(|sale| sale.token)
    }

    /// A sale that came just now has used its token up, whatever its outcome.
    pub(super) fn spend(&mut self, new: &Transaction) {
        let after = [ResponseCode(*b"51"), ResponseCode(*b"65")];
        let redeemed = new.state != State::Declined || after.contains(&new.code);
        let Some(number) = self.token_of(new).filter(|_| redeemed) else { return };
        let tokens = self.lookups.tokens.get_mut(&new.key.terminal);
        for token in tokens.into_iter().flatten().filter(|token| token.number == number) {
            token.spent.get_or_insert(new.key);
        }
    }
}
