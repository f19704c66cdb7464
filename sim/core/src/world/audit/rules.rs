//! Promise 7: which sales the registry of a moment grants, and what they post; written anew from
//! the rules, not from the gateway's code.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::rc::Rc;

use tillgate_codec::link::message::Sale;
use tillgate_store_core::{
    AccountId, AccountKind, AmountSource, ChargeBase, ChargeKind, ChargeRule, Distributor,
    Fulfilment, Hours, Leg, Legs, RegistryRecord, ResponseCode, Rounding, Seller, Service,
    Services, Status, Terminal, TerminalId, Velocity,
};

use super::requests::Ruling;
use crate::world::config::Config;

/// The registry as it was after one durable change.
#[derive(Clone, Default)]
struct View {
    terminals: BTreeMap<u32, Terminal>,
    sellers: BTreeMap<u32, Seller>,
    distributors: BTreeMap<u32, Distributor>,
    services: BTreeMap<u16, Service>,
}

/// Every state of the registry so far.
pub(super) struct Versions {
    views: Vec<Rc<View>>,
    acknowledged: usize,
    bridges: Vec<String>,
}

impl Versions {
    pub(super) fn new(config: &Config) -> Self {
        let bridges = config.bridges.iter().map(|bridge| bridge.name.clone()).collect();
        Self { views: vec![Rc::default()], acknowledged: 0, bridges }
    }

    /// A change is durable.
    pub(super) fn change(&mut self, records: Vec<RegistryRecord>) {
        let mut view = View::clone(self.latest());
        for record in records {
            match record {
                RegistryRecord::Terminal(record) => {
                    view.terminals.insert(record.id.0, record);
                }
                RegistryRecord::Seller(record) => {
                    view.sellers.insert(record.id.0, record);
                }
                RegistryRecord::Distributor(record) => {
                    view.distributors.insert(record.id.0, record);
                }
                RegistryRecord::Service(record) => {
                    view.services.insert(record.id.0, record);
                }
                RegistryRecord::Receipt(_) => {}
            }
        }
        self.views.push(Rc::new(view));
    }

    /// The operator has been notified of everything that is durable.
    pub(super) fn acknowledge(&mut self) {
        self.acknowledged = self.views.len() - 1;
    }

    /// The last state that the operator has been notified of.
    pub(super) fn acknowledged(&self) -> usize {
        self.acknowledged
    }

    /// A seller's credit limit now.
    pub(super) fn credit_limit(&self, seller: u32) -> i64 {
        self.latest().sellers.get(&seller).map_or(0, |seller| seller.credit_limit_minor)
    }

    /// What every state since one says to a sale, and at which pace a terminal may sell it.
    pub(super) fn rulings(
        &self,
        since: usize,
        terminal: TerminalId,
        sale: &Sale<'_>,
        now: &(RangeInclusive<u16>, u16),
    ) -> Vec<(Ruling, Velocity)> {
        let views = self.views.iter().skip(since);
        let rule = |view: &Rc<View>| {
            let pace = view.services.get(&sale.service);
            let pace = pace.map(|service| service.velocity).unwrap_or_default();
            (view.rule(terminal.0, sale, now, &self.bridges), pace)
        };
        views.map(rule).collect()
    }

    /// The generation of a terminal's key of this number, as the registry is now.
    pub(super) fn generation(&self, terminal: TerminalId, key_id: u8) -> Option<u32> {
        Some(self.latest().terminals.get(&terminal.0)?.key_named(key_id)?.generation)
    }

    /// Whether a terminal has this key now.
    pub(super) fn has_key(&self, terminal: TerminalId, generation: u32) -> bool {
        let terminal = self.latest().terminals.get(&terminal.0);
        terminal.is_some_and(|terminal| terminal.has_generation(generation))
    }

    /// The floats that a terminal may be answered, by every state since one.
    pub(super) fn floats(&self, since: usize, terminal: TerminalId) -> Vec<AccountId> {
        let float = |view: &Rc<View>| {
            let seller = view.sellers.get(&view.terminals.get(&terminal.0)?.seller.0)?;
            let (kind, owner) = (AccountKind::SellerFloat, seller.id.0);
            Some(AccountId { kind, owner, currency: seller.currency })
        };
        self.views.iter().skip(since).filter_map(float).collect()
    }

    fn latest(&self) -> &Rc<View> {
        self.views.last().expect("there is a first one")
    }
}

impl View {
    fn rule(
        &self,
        terminal: u32,
        sale: &Sale<'_>,
        (dates, minute): &(RangeInclusive<u16>, u16),
        bridges: &[String],
    ) -> Ruling {
        let refused = |code: &[u8; 2]| Err(ResponseCode(*code));
        let active = |status: &Status| *status == Status::Active;
        let Some(terminal) = self.terminals.get(&terminal).filter(|one| active(&one.status)) else {
            return refused(b"58");
        };
        let Some(seller) = self.sellers.get(&terminal.seller.0).filter(|one| active(&one.status))
        else {
            return refused(b"03");
        };
        let mut chain = Vec::new();
        let mut above = Some(seller.distributor);
        while let Some(id) = above {
            let Some(distributor) = self.distributors.get(&id.0) else { return refused(b"D1") };
            if !active(&distributor.status) {
                return refused(b"D1");
            }
            chain.push(id.0);
            above = distributor.parent;
        }
        if !dates.contains(&sale.date.0) {
            return refused(b"B1");
        }
        let Some(service) = self.services.get(&sale.service) else { return refused(b"12") };
        let offers = match &terminal.services {
            Services::All => true,
            Services::Only(services) => services.contains(&service.id),
        };
        if !active(&service.status) || !offers {
            return refused(b"57");
        }
        // Open for so many minutes from its first one on, also past midnight.
        if service.hours.is_some_and(|Hours { from_min, to_min }| {
            let since = (1_440 + minute - from_min) % 1_440;
            since >= (1_440 + to_min - from_min) % 1_440
        }) {
            return refused(b"H1");
        }
        let offered = match sale.product {
            0 => service.amount == AmountSource::Open,
            product => service.products.iter().any(|offered| {
                offered.id.0 == product && offered.amount_minor == sale.amount_minor
            }),
        };
        if !offered || sale.currency != service.currency {
            return refused(b"13");
        }
        if sale.amount_minor < service.amount_min_minor
            || sale.amount_minor > service.amount_max_minor
        {
            return refused(b"61");
        }
        match &service.account {
            None if !sale.subscriber.is_empty() => return refused(b"30"),
            Some(_) if sale.subscriber.is_empty() => return refused(b"14"),
            Some(_) | None => {}
        }
        if service.currency != seller.currency {
            return refused(b"13");
        }
        if service.fulfilment == Fulfilment::Provider && !bridges.contains(&service.route) {
            return refused(b"91");
        }
        posting(service, seller, &chain, sale)
    }
}

/// The seller pays the amount and what is charged beside it; every level takes its share of the
/// amount, rounded down, by the latest of its rules that has begun; the provider is owed the rest.
fn posting(service: &Service, seller: &Seller, chain: &[u32], sale: &Sale<'_>) -> Ruling {
    let currency = service.currency;
    let amount = i64::try_from(sale.amount_minor).map_err(|_| ResponseCode(*b"13"))?;
    let mut legs = Legs::new();
    let mut leg = |kind, owner, amount_minor| {
        if amount_minor != 0 {
            legs.push(Leg { account: AccountId { kind, owner, currency }, amount_minor });
        }
    };
    let (fee, tax) = charged(service, amount, sale.date.0);
    leg(AccountKind::SellerFloat, seller.id.0, -amount - fee - tax);
    let mut rest = amount;
    let owners = [(AccountKind::SellerCommission, seller.id.0)];
    let above = chain.iter().map(|id| (AccountKind::DistributorCommission, *id));
    for (level, (kind, owner)) in (0_u8..).zip(owners.into_iter().chain(above)) {
        let mut rate = None;
        for rule in &service.commission {
            let begun = rule.level == level && rule.from.0 <= sale.date.0;
            if begun && rate.is_none_or(|(from, _)| rule.from.0 >= from) {
                rate = Some((rule.from.0, rule.basis_points));
            }
        }
        let share = amount * i64::from(rate.map_or(0, |(_, points)| points)) / 10_000;
        leg(kind, owner, share);
        rest -= share;
    }
    if rest < 0 {
        return Err(ResponseCode(*b"96"));
    }
    leg(AccountKind::ProviderClearing, u32::from(service.id.0), rest);
    leg(AccountKind::FeeIncome, u32::from(service.id.0), fee);
    leg(AccountKind::Tax, u32::from(service.id.0), tax);
    Ok(legs)
}

/// Fee and tax of an amount on a date: fixed and percentage, the tax of the fee or of the amount.
fn charged(service: &Service, amount: i64, date: u16) -> (i64, i64) {
    let of = |kind, base: &dyn Fn(ChargeBase) -> i64| {
        let mut latest: Option<&ChargeRule> = None;
        for rule in service.charges.iter().filter(|rule| rule.kind == kind && rule.from.0 <= date) {
            if latest.is_none_or(|other| rule.from >= other.from) {
                latest = Some(rule);
            }
        }
        latest.map_or(0, |rule| {
            let parts = base(rule.base) * i64::from(rule.basis_points);
            let (whole, rest) = (parts / 10_000, parts % 10_000);
            let more = match rule.rounding {
                Rounding::Down => false,
                Rounding::HalfUp => rest >= 5_000,
                Rounding::Up => rest > 0,
            };
            whole + i64::from(more) + i64::try_from(rule.fixed_minor).unwrap_or(i64::MAX)
        })
    };
    let fee = of(ChargeKind::Fee, &|_| amount);
    let tax = of(ChargeKind::Tax, &|base| if base == ChargeBase::Fee { fee } else { amount });
    (fee, tax)
}
