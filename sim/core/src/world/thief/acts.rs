//! What a thief asks for: sales, and whatever may be said about them, in any order, at any time,
//! twice, for other amounts, of other dates.

use tillgate_codec::link::message::{
    Balance, BusinessDate, Confirm, Repeat, Reversal, Sale, Settle, TerminalMessage, Totals,
};

use super::Thief;
use super::bills::Overheard;
use crate::firmware::OfferKind;

/// Something that a thief asked for once; whether it was sold is not its concern.
pub(super) struct Sold {
    pub(super) stan: u32,
    pub(super) date: u16,
    pub(super) amount_minor: u64,
    pub(super) body: Vec<u8>,
}

/// Which of its sales a thief thinks of.
#[derive(Clone, Copy)]
struct Named {
    stan: u32,
    date: u16,
    amount_minor: u64,
}

impl Thief {
    /// One thing to do: the bodies to send, in one go.
    pub(super) fn act(&mut self, overheard: Option<&Overheard>) -> Vec<Vec<u8>> {
        match self.rng.below(100) {
            0..19 => vec![self.sale()],
            19..23 => self.lookup().into_iter().collect(),
            23..28 => self.payment(overheard),
            28..34 => self.same_sale(),
            34..44 => vec![self.repeat()],
            44..52 => vec![self.repeat_last()],
            52..63 => vec![self.confirm()],
            63..78 => vec![self.reversal()],
            78..84 => self.reversal_twice(),
            84..87 => self.reversal_before_sale(),
            87..97 => vec![self.balance()],
            _ => vec![self.settle()],
        }
    }

    fn sale(&mut self) -> Vec<u8> {
        let (stan, date) = (self.next_stan(), self.any_date());
        let Some((offer, amount_minor)) = self.mix.draw(&mut self.rng) else { return Vec::new() };
        let number = 200_000_000_000 + self.rng.below(1_000_000);
        let subscriber = match offer.kind {
            OfferKind::Voucher => String::new(),
            OfferKind::Card => "4000000000000002".to_owned(),
            OfferKind::TopUp | OfferKind::Bill => number.to_string(),
        };
        let sale = Sale {
            stan,
            date: BusinessDate(date),
            service: offer.service,
            product: offer.product,
            amount_minor,
            currency: offer.currency,
            subscriber: &subscriber,
            token: 0,
            fee_minor: 0,
        };
        let body = encoded(TerminalMessage::Sale(sale));
        self.sold.push(Sold { stan, date, amount_minor, body: body.clone() });
        body
    }

    /// The same bytes again, and what was being done about them meanwhile.
    fn same_sale(&mut self) -> Vec<Vec<u8>> {
        let place = self.any_place();
        let again = self.sold.get(place).map(|sold| sold.body.clone());
        again.into_iter().collect()
    }

    fn repeat(&mut self) -> Vec<u8> {
        let Named { stan, date, .. } = self.any_sale();
        encoded(TerminalMessage::Repeat(Repeat { stan, date: BusinessDate(date) }))
    }

    fn repeat_last(&mut self) -> Vec<u8> {
        let date = BusinessDate(self.any_date());
        encoded(TerminalMessage::Repeat(Repeat { stan: 0, date }))
    }

    fn confirm(&mut self) -> Vec<u8> {
        let Named { stan, date, .. } = self.any_sale();
        encoded(TerminalMessage::Confirm(Confirm { stan, date: BusinessDate(date) }))
    }

    fn reversal(&mut self) -> Vec<u8> {
        let named = self.any_sale();
        self.reversal_of(named)
    }

    /// Under two STANs, one of them perhaps for more than was sold.
    fn reversal_twice(&mut self) -> Vec<Vec<u8>> {
        let named = self.any_sale();
        vec![self.reversal_of(named), self.reversal_of(named)]
    }

    /// The sale comes after it was taken back.
    fn reversal_before_sale(&mut self) -> Vec<Vec<u8>> {
        let sale = self.sale();
        let Some(Sold { stan, date, amount_minor, .. }) = self.sold.last() else {
            return vec![sale];
        };
        let named = Named { stan: *stan, date: *date, amount_minor: *amount_minor };
        vec![self.reversal_of(named), sale]
    }

    fn reversal_of(&mut self, named: Named) -> Vec<u8> {
        let more = if self.rng.chance(250) { 1 + self.rng.below(500) } else { 0 };
        let reversal = Reversal {
            stan: self.next_stan(),
            date: BusinessDate(self.date),
            original_stan: named.stan,
            original_date: BusinessDate(named.date),
            amount_minor: named.amount_minor + more,
            reason: [Reversal::TIMEOUT, Reversal::CANCELLED, Reversal::PRINTER]
                [usize::try_from(self.rng.below(3)).unwrap_or(0)],
        };
        encoded(TerminalMessage::Reversal(reversal))
    }

    fn balance(&mut self) -> Vec<u8> {
        let (stan, date) = (self.next_stan(), BusinessDate(self.date));
        encoded(TerminalMessage::Balance(Balance { stan, date }))
    }

    fn settle(&mut self) -> Vec<u8> {
        let (stan, date) = (self.next_stan(), BusinessDate(self.date));
        let currency = self.mix.offers().first().map_or(0, |offer| offer.currency);
        let settled_date = BusinessDate(self.any_date());
        let totals = Totals { sales_count: 1, sales_minor: 1_000, ..Totals::default() };
        encoded(TerminalMessage::Settle(Settle { stan, date, settled_date, currency, totals }))
    }

    pub(super) fn next_stan(&mut self) -> u32 {
        self.stan += 1;
        self.stan
    }

    /// Today's, mostly; now and then one that is near, or far away.
    fn any_date(&mut self) -> u16 {
        match self.rng.below(20) {
            0 => self.date - 1,
            1 => self.date + 1,
            2 => self.date - 5,
            3 => self.date + 40,
            _ => self.date,
        }
    }

    /// One of its sales, late ones rather than early ones; now and then one that never was.
    fn any_sale(&mut self) -> Named {
        let never = Named { stan: 900_000 + self.stan, date: self.date, amount_minor: 1_000 };
        if self.rng.chance(120) {
            return never;
        }
        let place = self.any_place();
        self.sold.get(place).map_or(never, |Sold { stan, date, amount_minor, .. }| Named {
            stan: *stan,
            date: *date,
            amount_minor: *amount_minor,
        })
    }

    fn any_place(&mut self) -> usize {
        let count = u64::try_from(self.sold.len()).unwrap_or(0);
        let back = if self.rng.chance(600) { count.min(2) } else { count };
        usize::try_from(count - 1.min(count) - self.rng.below(back)).unwrap_or(0)
    }
}

pub(super) fn encoded(message: TerminalMessage<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    message.encode(&mut body);
    body
}
