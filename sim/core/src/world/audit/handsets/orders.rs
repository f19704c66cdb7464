//! Promises 1 and 2: an order was confirmed by its subscriber, who saw what it says; each confirmation
//! orders once; and whoever orders the same again was asked whether to.

use ring::digest::{SHA256, digest};
use tillgate_codec::link::message::{Answer, AnswerKind, Sale, TerminalMessage};
use tillgate_core::processing::HandsetOrigin;
use tillgate_core::transaction::Origin;
use tillgate_store_core::{Key, Transaction};

use super::super::Checker;
use super::super::rows::Violations;
use crate::time::{Moment, Span};
use crate::world::catalogue::{BILLS, TOP_UPS, VOUCHERS};

/// For how long an order is asked about before it is ordered again; docs/ussd.md.
const AGAIN: Span = Span::s(600);

/// Codes with which the outcome is still open.
const OPEN: [[u8; 2]; 3] = [*b"09", *b"68", *b"96"];

/// What a subscriber has confirmed: the text of the screens, until it has ordered.
pub(super) struct Credit {
    text: Option<String>,
    /// Dialled with all that an order needs: no text that follows takes it back.
    by_dial: bool,
}

/// What was ordered.
pub(super) struct Order {
    origin: Origin,
    key: Key,
    content: (u16, u16, u64, String),
    at: Moment,
    is_declined: bool,
}

impl Order {
    /// Whether it may count as sold lately.
    fn counts(&self, now: Moment) -> bool {
        !self.is_declined && now < self.at.after(AGAIN)
    }
}

fn content(sale: &Sale<'_>) -> (u16, u16, u64, String) {
    (sale.service, sale.product, sale.amount_minor, sale.subscriber.to_owned())
}

/// How the catalogue calls a service.
fn name(service: u16) -> String {
    match service {
        VOUCHERS => "vouchers".to_owned(),
        TOP_UPS..BILLS => format!("top-ups {service}"),
        BILLS..40 => format!("bills {service}"),
        _ => String::new(),
    }
}

/// Whether a screen says what a sale is about.
fn says(text: &str, sale: &Sale<'_>) -> bool {
    let amount = |minor: u64| format!("{}.{:02}", minor / 100, minor % 100);
    text.contains(&name(sale.service))
        && text.contains(sale.subscriber)
        && text.contains(&format!("Amount {}", amount(sale.amount_minor)))
        && (sale.fee_minor == 0 || text.contains(&format!("Fee {}", amount(sale.fee_minor))))
}

impl Checker {
    /// A subscriber dials, and orders by that alone, if the short-cut has everything in it.
    pub(in crate::world) fn dials(&mut self, msisdn: u64, dialled: &str, ordered: Option<String>) {
        if ordered.is_some()
            && let Some(pin) = dialled.trim_end_matches('#').rsplit('*').next()
        {
            self.types_pin(pin);
        }
        let credits = self.handsets.credits.entry(msisdn).or_default();
        credits.push(Credit { by_dial: ordered.is_some(), text: ordered });
        // What was confirmed in the dialog before may still be on its way.
        if credits.len() > 2 {
            credits.remove(0);
        }
    }

    /// A subscriber types; `confirmed` is all that was shown, if that is confirmed.
    pub(in crate::world) fn types(&mut self, msisdn: u64, confirmed: Option<String>) {
        if let Some(last) = self.handsets.credits.get_mut(&msisdn).and_then(|all| all.last_mut())
            && (confirmed.is_some() || !last.by_dial)
        {
            (last.text, last.by_dial) = (confirmed, false);
        }
    }

    /// What is wrong with an order, if its subscriber has not confirmed just that.
    pub(super) fn is_unconfirmed(
        &mut self,
        now: Moment,
        (origin, from): (Origin, HandsetOrigin),
        sale: &Sale<'_>,
    ) -> Option<(u8, String)> {
        let (terminal, what) = (origin.terminal, content(sale));
        let before = self.handsets.orders.iter().any(|order| {
            order.counts(now) && order.origin.terminal == terminal && order.content == what
        });
        let credits = self.handsets.credits.entry(from.msisdn.number()).or_default();
        let fits = credits.iter_mut().filter_map(|credit| {
            credit.text.as_ref().filter(|text| says(text, sale))?;
            Some(&mut credit.text)
        });
        // Of two that say the same, the one that was asked whether to order once more.
        let asks = |text: &&mut Option<String>| text.iter().any(|it| it.contains("Ordered "));
        let fits = fits.max_by_key(|text| before && asks(text));
        let Some(text) = fits.and_then(Option::take) else {
            return Some((2, format!("orders {:?}, and nobody has confirmed it", what)));
        };
        let key = Key { date: sale.date, terminal, stan: sale.stan };
        let order = Order { origin, key, content: what, at: now, is_declined: false };
        self.handsets.orders.push(order);
        let unasked = before && !text.contains("Ordered ");
        unasked.then(|| (2, format!("orders {key} once more, and was not asked whether to")))
    }

    /// Whether a subscriber's terminal has ordered something that a screen says.
    pub(super) fn was_ordered(&self, now: Moment, msisdn: u64, text: &str) -> bool {
        let Some(handset) = self.handsets.records.get(&msisdn) else { return false };
        self.handsets.orders.iter().any(|order| {
            let (_, _, minor, account) = &order.content;
            order.counts(now)
                && order.origin.terminal == handset.terminal
                && text.contains(account)
                && text.contains(&format!("Amount {}.{:02}", minor / 100, minor % 100))
        })
    }

    /// The outcome of a sale is asked for only in the dialog that ordered it.
    pub(super) fn is_of_another_order(&self, origin: Origin, key: Key) -> Option<(u8, String)> {
        let is_its = |order: &Order| order.key == key && order.origin.session == origin.session;
        let is_its = self.handsets.orders.iter().any(is_its);
        (!is_its).then(|| (2, format!("asks for {key}, which it has not ordered")))
    }

    pub(super) fn order_is_answered(&mut self, origin: Origin, answer: &Answer<'_>) {
        let is_of = |order: &&mut Order| {
            order.origin.session == origin.session
                && (order.key.date, order.key.stan) == (answer.date, answer.stan)
        };
        let is_open = OPEN.contains(&answer.code.0) || answer.code.is_approved();
        if answer.kind == AnswerKind::Sale
            && !is_open
            && let Some(order) = self.handsets.orders.iter_mut().find(is_of)
        {
            order.is_declined = true;
        }
    }

    /// Its dialog has ended: what it had ordered last was not.
    pub(super) fn order_has_ended(&mut self, origin: Origin) {
        let of = self.handsets.orders.iter_mut();
        if let Some(order) = of.rev().find(|order| order.origin.session == origin.session)
            && !self.journal.contains_key(&order.key)
        {
            order.is_declined = true;
        }
    }

    /// A sale that came just now: whether it is a handset's, by its digest.
    pub(in super::super) fn read_owner(&mut self, new: &Transaction, found: &mut Violations) {
        let asked = self.requests.sales.get(&new.key).map_or(&[][..], Vec::as_slice);
        let mut of_handsets = asked.iter().filter(|asked| asked.dialog.is_some()).peekable();
        if !new.kind.is_sale() || of_handsets.peek().is_none() {
            return;
        }
        let is_it = |asked: &&super::super::requests::Asked| {
            let Ok(TerminalMessage::Sale(sale)) = TerminalMessage::decode(&asked.body) else {
                return false;
            };
            let Some(dialog) = asked.dialog else { return false };
            let canonical = sale.canonical();
            let content = [canonical.as_bytes(), b"handset", &dialog.to_be_bytes()].concat();
            // The first octets say that it is a handset's.
            digest(&SHA256, &content).as_ref().get(6..16) == Some(&new.digest[6..])
        };
        let dialog = of_handsets.find(is_it).and_then(|asked| asked.dialog);
        let by_link = asked.iter().any(|asked| asked.dialog.is_none());
        let owner = self.handsets.dialogs.values().find(|from| Some(from.dialog) == dialog);
        match owner.copied() {
            Some(from) => drop(self.handsets.owners.insert(new.key, from)),
            None if by_link => {}
            None => found.push((2, format!("{}: of no dialog that has ordered it", new.key))),
        }
    }

    /// Whether a row was made by a handset.
    pub(in super::super) fn is_handsets(&self, key: &Key) -> bool {
        self.handsets.owners.contains_key(key)
    }
}
