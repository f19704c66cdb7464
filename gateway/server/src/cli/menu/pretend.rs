//! A gateway that approves everything, to try menus with.

use tillgate_codec::link::message::{
    Answer, AnswerKind, BusinessDate, Found, GatewayMessage, Listing, Lookup, Recent, Reject,
    Repeat, ResponseCode, Sale, TerminalMessage, VoucherSlip, Welcome,
};
use tillgate_core::menu::{RecentSales, SaleContent};
use tillgate_core::time::Span;
use tillgate_store_core::{Fulfilment, Registry, ServiceId};
use tillgate_types::Currency;

/// What it remembers.
#[derive(Clone)]
pub(super) struct Pretend {
    date: BusinessDate,
    balance_minor: i64,
    sold: Vec<Sold>,
}

/// A sale that was approved.
#[derive(Clone)]
struct Sold {
    stan: u32,
    service: ServiceId,
    product: u16,
    amount_minor: u64,
    fee_minor: u64,
    account: String,
    is_voucher: bool,
    balance_minor: i64,
}

impl RecentSales for Pretend {
    fn sold(&self, sale: &SaleContent<'_>) -> Option<Span> {
        let is_same = |sold: &Sold| {
            sold.service == sale.service
                && sold.product == sale.product.0
                && sold.amount_minor == sale.amount_minor
                && sold.account == sale.account
        };
        self.sold.iter().any(is_same).then_some(Span::ZERO)
    }
}

impl Pretend {
    pub(super) fn new(date: BusinessDate) -> Self {
        Self { date, balance_minor: 100_000, sold: Vec::new() }
    }

    /// What welcomes a log-on, and answers the change of a PIN.
    pub(super) fn welcome(&self, code: ResponseCode) -> GatewayMessage<'static> {
        GatewayMessage::Welcome(Welcome {
            code,
            date: self.date,
            time_s: 0,
            catalogue: 0,
            idle_s: 180,
            answer_s: 13,
            stan_last: self.sold.iter().map(|sold| sold.stan).max().unwrap_or(0),
        })
    }

    /// Answers a body with a code; `then` gets the answer.
    pub(super) fn answer<T>(
        &mut self,
        registry: &Registry,
        body: &[u8],
        code: ResponseCode,
        then: impl FnOnce(&GatewayMessage<'_>) -> T,
    ) -> T {
        match TerminalMessage::decode(body) {
            Ok(TerminalMessage::Sale(sale)) => self.sale(registry, &sale, code, then),
            Ok(TerminalMessage::Lookup(lookup)) => then(&found(registry, &lookup, code)),
            Ok(TerminalMessage::Repeat(repeat)) => self.repeat(&repeat, code, then),
            Ok(TerminalMessage::Balance(balance)) => {
                let blank = blank(AnswerKind::Balance, balance.stan, balance.date, code);
                let balance_minor = Some(self.balance_minor);
                then(&GatewayMessage::Answer(Answer { balance_minor, ..blank }))
            }
            Ok(TerminalMessage::Recent(recent)) => {
                let lines = self.lines(registry, recent.count);
                let Recent { stan, date, .. } = recent;
                then(&GatewayMessage::Listing(Listing { stan, date, code, lines: &lines }))
            }
            _ => then(&GatewayMessage::Reject(Reject {
                message: 0,
                code: ResponseCode::NOT_SUPPORTED,
                stan: None,
                date: None,
                time_s: 0,
            })),
        }
    }

    /// The last sales, as the gateway lists them.
    fn lines(&self, registry: &Registry, count: u8) -> String {
        let line = |sold: &Sold| {
            let service = registry.service(sold.service);
            let name = service.map_or("", |service| &service.name);
            let currency = service.and_then(|service| Currency::numbered(service.currency));
            let minor = i128::from(sold.amount_minor);
            let amount = currency.map_or(minor.to_string(), |currency| currency.major(minor));
            format!("12:00 {name} {amount} {} OK\n", sold.account)
        };
        self.sold.iter().rev().take(count.into()).map(line).collect()
    }

    fn sale<T>(
        &mut self,
        registry: &Registry,
        sale: &Sale<'_>,
        code: ResponseCode,
        then: impl FnOnce(&GatewayMessage<'_>) -> T,
    ) -> T {
        if !code.is_approved() {
            return then(&GatewayMessage::Answer(blank(
                AnswerKind::Sale,
                sale.stan,
                sale.date,
                code,
            )));
        }
        let paid = sale.amount_minor.saturating_add(sale.fee_minor);
        self.balance_minor -= i64::try_from(paid).unwrap_or(i64::MAX);
        let service = registry.service(ServiceId(sale.service));
        let sold = Sold {
            stan: sale.stan,
            service: ServiceId(sale.service),
            product: sale.product,
            amount_minor: sale.amount_minor,
            fee_minor: sale.fee_minor,
            account: sale.subscriber.to_owned(),
            is_voucher: service.is_some_and(|of| of.fulfilment == Fulfilment::Stock),
            balance_minor: self.balance_minor,
        };
        self.sold.push(sold);
        self.repeat(&Repeat { stan: sale.stan, date: sale.date }, code, then)
    }

    /// The answer of a sale; of the last one for number 0.
    fn repeat<T>(
        &self,
        repeat: &Repeat,
        code: ResponseCode,
        then: impl FnOnce(&GatewayMessage<'_>) -> T,
    ) -> T {
        let is_it = |sold: &&Sold| repeat.stan == 0 || sold.stan == repeat.stan;
        let blank = |stan| blank(AnswerKind::Sale, stan, repeat.date, code);
        let Some(sold) = self.sold.iter().rfind(is_it) else {
            let none = Answer { code: ResponseCode::UNABLE_TO_LOCATE, ..blank(repeat.stan) };
            return then(&GatewayMessage::Answer(none));
        };
        let (rrn, reference) = (format!("6327{:08}", sold.stan), format!("P-{:06}", sold.stan));
        let (serial, pin) =
            (format!("89445012{:05}", sold.stan), format!("4711-0815-2342-{:04}", sold.stan));
        let expiry = BusinessDate(self.date.0.saturating_add(365));
        let slip = VoucherSlip { serial: &serial, pin: &pin, expiry };
        then(&GatewayMessage::Answer(Answer {
            rrn: &rrn,
            reference: if sold.is_voucher { "" } else { &reference },
            amount_minor: sold.amount_minor,
            fee_minor: sold.fee_minor,
            balance_minor: Some(sold.balance_minor),
            voucher: sold.is_voucher.then_some(slip),
            ..blank(sold.stan)
        }))
    }
}

/// An account whose holder and bill are made up.
fn found(registry: &Registry, lookup: &Lookup<'_>, code: ResponseCode) -> GatewayMessage<'static> {
    let service = registry.service(ServiceId(lookup.service));
    let bounds = service.map_or((0, 0), |of| (of.amount_min_minor, of.amount_max_minor));
    let due = if lookup.amount_minor > 0 { lookup.amount_minor } else { 8_740 };
    GatewayMessage::Found(Found {
        stan: lookup.stan,
        date: lookup.date,
        code,
        token: 1,
        amount_minor: due.clamp(bounds.0, bounds.1.max(bounds.0)),
        amount_min_minor: 0,
        amount_max_minor: 0,
        fee_minor: 0,
        currency: 0,
        name: "A. Mustermann",
        lines: "",
        valid_s: 300,
    })
}

fn blank(kind: AnswerKind, stan: u32, date: BusinessDate, code: ResponseCode) -> Answer<'static> {
    Answer {
        kind,
        stan,
        date,
        code,
        rrn: "",
        reference: "",
        amount_minor: 0,
        fee_minor: 0,
        tax_minor: 0,
        balance_minor: None,
        voucher: None,
        time_s: 0,
        lines: "",
    }
}
