//! Bills in a thief's hands: it looks them up, and pays with whatever token it comes across, its
//! own or another terminal's, once or more often.

use tillgate_codec::link::message::{BusinessDate, GatewayMessage, Lookup, Sale, TerminalMessage};
use tillgate_store_core::TerminalId;

use super::Thief;
use super::acts::{Sold, encoded};
use crate::firmware::OfferKind;

/// A lookup that somebody overheard, and the token that came of it; 0 until then.
#[derive(Clone)]
pub(in crate::world) struct Overheard {
    terminal: TerminalId,
    stan: u32,
    service: u16,
    product: u16,
    account: String,
    amount_minor: u64,
    token: u64,
    fee_minor: u64,
    currency: u16,
}

impl Overheard {
    /// A request, if it is a lookup.
    pub(in crate::world) fn asks(last: &mut Option<Self>, terminal: TerminalId, body: &[u8]) {
        if let Ok(TerminalMessage::Lookup(lookup)) = TerminalMessage::decode(body) {
            let Lookup { stan, service, product, subscriber, .. } = lookup;
            let (account, amount_minor) = (subscriber.to_owned(), 0);
            let (token, fee_minor, currency) = (0, 0, 0);
            *last = Some(Self {
                terminal,
                stan,
                service,
                product,
                account,
                amount_minor,
                token,
                fee_minor,
                currency,
            });
        }
    }

    /// An answer, if it is that of the last lookup.
    pub(in crate::world) fn learns(last: &mut Option<Self>, terminal: TerminalId, body: &[u8]) {
        let Some(last) = last else { return };
        if let Ok(GatewayMessage::Found(found)) = GatewayMessage::decode(body)
            && (last.terminal, last.stan) == (terminal, found.stan)
        {
            (last.token, last.amount_minor) = (found.token, found.amount_minor);
            (last.fee_minor, last.currency) = (found.fee_minor, found.currency);
        }
    }
}

impl Thief {
    /// One of the accounts that there are few of, so that several ask for the same.
    pub(super) fn lookup(&mut self) -> Option<Vec<u8>> {
        let offers = self.mix.offers().iter();
        let bills: Vec<u16> = offers
            .filter(|offer| offer.kind == OfferKind::Bill)
            .map(|offer| offer.service)
            .collect();
        let place = self.rng.below(u64::try_from(bills.len()).unwrap_or(0));
        let service = *bills.get(usize::try_from(place).unwrap_or(0))?;
        let subscriber = ["1000000008", "2000000006", "3000000004"]
            [usize::try_from(self.rng.below(3)).unwrap_or(0)];
        let (stan, date) = (self.next_stan(), BusinessDate(self.date));
        let (product, amount_minor) = (0, if self.rng.chance(300) { 700 } else { 0 });
        let lookup = Lookup { stan, date, service, product, amount_minor, subscriber };
        Some(encoded(TerminalMessage::Lookup(lookup)))
    }

    /// What was overheard is paid, or what was paid before; now and then twice in one go.
    pub(super) fn payment(&mut self, overheard: Option<&Overheard>) -> Vec<Vec<u8>> {
        let heard = overheard.filter(|heard| heard.token != 0).cloned();
        let old = self.paid.clone().filter(|_| self.rng.chance(250));
        let Some(paid) = old.or(heard) else { return Vec::new() };
        let times = if self.rng.chance(300) { 2 } else { 1 };
        let bodies = (0..times).map(|_| self.pay(&paid)).collect();
        self.paid = Some(paid);
        bodies
    }

    fn pay(&mut self, paid: &Overheard) -> Vec<u8> {
        let (stan, date) = (self.next_stan(), self.date);
        let Overheard { service, product, amount_minor, currency, token, fee_minor, .. } = *paid;
        let sale = Sale {
            stan,
            date: BusinessDate(date),
            service,
            product,
            amount_minor,
            currency,
            subscriber: &paid.account,
            token,
            fee_minor,
        };
        let body = encoded(TerminalMessage::Sale(sale));
        self.sold.push(Sold { stan, date, amount_minor, body: body.clone() });
        body
    }
}
