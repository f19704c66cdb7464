//! Promise 7: which sales the registry of a moment grants, and what they post; written anew from
//! the rules, not from the gateway's code.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::rc::Rc;

use tillgate_codec::link::message::{self, Sale};
use tillgate_core::provider::Capabilities;
use tillgate_store_core::{
    AccountCheck, AccountField, AccountForm, AccountId, AccountKind, AmountSource, ChargeRule,
    Distributor, Fulfilment, Hours, Language, Legs, Lookup, ReceiptTag, RegistryRecord,
    ResponseCode, SaleTerms, Seller, Service, Services, Status, Terminal, TerminalId, Text,
    Velocity,
};

use super::postings::{charged, posting};
use crate::world::config::Config;

/// What verification may come to: what to post, or why not.
pub(super) type Ruling = Result<Legs, ResponseCode>;

/// What one state of the registry says to a sale.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Ruled {
    pub(super) ruling: Ruling,
    /// The pace at which the terminal may sell it.
    pub(super) pace: Velocity,
    /// What goes into its row, but for what was looked up.
    pub(super) terms: SaleTerms,
    /// Whether it has to be looked up first.
    pub(super) lookup: Lookup,
    /// For how many days after its sale a voucher has to be good.
    pub(super) least_days: u16,
    /// The bridges that it may go to, in their order.
    pub(super) way: Vec<String>,
}

/// What one state of the registry says to a lookup that it allows.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Offered {
    /// Which bridge is asked.
    pub(super) bridge: u16,
    pub(super) currency: u16,
    pub(super) charges: Vec<ChargeRule>,
}

/// The registry as it was after one durable change.
#[derive(Clone, Default)]
struct View {
    terminals: BTreeMap<u32, Terminal>,
    sellers: BTreeMap<u32, Seller>,
    distributors: BTreeMap<u32, Distributor>,
    services: BTreeMap<u16, Service>,
    /// By name, the bridges of each in their order.
    routes: BTreeMap<String, Vec<String>>,
}

/// Every state of the registry so far.
pub(super) struct Versions {
    views: Vec<Rc<View>>,
    acknowledged: usize,
    bridges: Vec<(String, Capabilities)>,
}

impl Versions {
    pub(super) fn new(config: &Config) -> Self {
        let bridges = config.bridges.iter();
        let bridges = bridges.map(|bridge| (bridge.name.clone(), bridge.capabilities)).collect();
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
                RegistryRecord::Route(record) => {
                    let mut rules = record.rules;
                    rules.sort_by_key(|rule| rule.priority);
                    let way = rules.iter().map(|rule| rule.bridge.to_string()).collect();
                    view.routes.insert(record.name.to_string(), way);
                }
                RegistryRecord::Receipt(_)
                | RegistryRecord::Bridge(_)
                | RegistryRecord::Handset(_) => {}
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

    /// What every state since one says to a sale.
    pub(super) fn rulings(
        &self,
        since: usize,
        terminal: TerminalId,
        sale: &Sale<'_>,
        now: &(RangeInclusive<u16>, u16),
    ) -> Vec<Ruled> {
        let views = self.views.iter().skip(since);
        views.map(|view| view.ruled(terminal.0, sale, now, &self.bridges)).collect()
    }

    /// What every state since one says to a lookup at a minute of the day.
    pub(super) fn lookups(
        &self,
        since: usize,
        terminal: TerminalId,
        lookup: &message::Lookup<'_>,
        minute: u16,
    ) -> Vec<Result<Offered, ResponseCode>> {
        let views = self.views.iter().skip(since);
        views.map(|view| view.offers(terminal.0, lookup, minute, &self.bridges)).collect()
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
    fn ruled(
        &self,
        terminal: u32,
        sale: &Sale<'_>,
        now: &(RangeInclusive<u16>, u16),
        bridges: &[(String, Capabilities)],
    ) -> Ruled {
        let service = self.services.get(&sale.service);
        Ruled {
            ruling: self.rule(terminal, sale, now, bridges),
            pace: service.map(|service| service.velocity).unwrap_or_default(),
            terms: self.terms(terminal, sale, service).unwrap_or_default(),
            lookup: service.map_or(Lookup::None, |service| service.lookup),
            way: service.map(|service| self.way(service)).unwrap_or_default(),
            least_days: service
                .and_then(|service| service.products.iter().find(|one| one.id.0 == sale.product))
                .map_or(0, |product| product.stock.least_days),
        }
    }

    /// Who is who below the distributors, all of them active; with the numbers of those.
    fn parties(&self, terminal: u32) -> Result<(&Terminal, &Seller, Vec<u32>), ResponseCode> {
        let refused = |code: &[u8; 2]| ResponseCode(*code);
        let active = |status: &Status| *status == Status::Active;
        let terminal = self.terminals.get(&terminal).filter(|one| active(&one.status));
        let terminal = terminal.ok_or(refused(b"58"))?;
        let seller = self.sellers.get(&terminal.seller.0).filter(|one| active(&one.status));
        let seller = seller.ok_or(refused(b"03"))?;
        let mut chain = Vec::new();
        let mut above = Some(seller.distributor);
        while let Some(id) = above {
            let distributor = self.distributors.get(&id.0).filter(|one| active(&one.status));
            let distributor = distributor.ok_or(refused(b"D1"))?;
            chain.push(id.0);
            above = distributor.parent;
        }
        Ok((terminal, seller, chain))
    }

    /// A service that a terminal sells at a minute of the day.
    fn sold(&self, terminal: &Terminal, service: u16, minute: u16) -> Result<&Service, [u8; 2]> {
        let service = self.services.get(&service).ok_or(*b"12")?;
        let offers = match &terminal.services {
            Services::All => true,
            Services::Only(services) => services.contains(&service.id),
        };
        if service.status != Status::Active || !offers {
            return Err(*b"57");
        }
        // Open for so many minutes from its first one on, also past midnight.
        let closed = service.hours.is_some_and(|Hours { from_min, to_min }| {
            let since = (1_440 + minute - from_min) % 1_440;
            since >= (1_440 + to_min - from_min) % 1_440
        });
        if closed { Err(*b"H1") } else { Ok(service) }
    }

    fn rule(
        &self,
        terminal: u32,
        sale: &Sale<'_>,
        (dates, minute): &(RangeInclusive<u16>, u16),
        bridges: &[(String, Capabilities)],
    ) -> Ruling {
        let refused = |code: &[u8; 2]| Err(ResponseCode(*code));
        let (terminal, seller, chain) = self.parties(terminal)?;
        if !dates.contains(&sale.date.0) {
            return refused(b"B1");
        }
        let service = self.sold(terminal, sale.service, *minute).map_err(ResponseCode)?;
        let offered = match sale.product {
            0 => service.amount != AmountSource::Products,
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
        account(service, sale.subscriber)?;
        if service.currency != seller.currency {
            return refused(b"13");
        }
        let legs = posting(service, seller, &chain, sale)?;
        // The customer pays what the terminal has shown, or nothing.
        let (fee, tax) = charged(&service.charges, sale.amount_minor, sale.date.0);
        if sale.fee_minor != 0 && i64::try_from(sale.fee_minor) != Ok(fee + tax) {
            return refused(b"13");
        }
        let known = self.way(service).iter().any(|name| bridges.iter().any(|(one, _)| one == name));
        if service.fulfilment == Fulfilment::Provider && !known {
            return refused(b"91");
        }
        Ok(legs)
    }

    /// The bridges that a service's sales may go to, in their order.
    fn way(&self, service: &Service) -> Vec<String> {
        let way = self.routes.get(&service.route).cloned();
        way.unwrap_or_else(|| vec![service.route.clone()])
    }

    /// What a sale is to be known by later.
    fn terms(
        &self,
        terminal: u32,
        sale: &Sale<'_>,
        service: Option<&Service>,
    ) -> Option<SaleTerms> {
        let (terminal, service) = (self.terminals.get(&terminal)?, service?);
        let (fee, tax) = charged(&service.charges, sale.amount_minor, sale.date.0);
        Some(SaleTerms {
            masked: service.account.as_ref().is_some_and(|field| field.form == AccountForm::Card),
            distributor: self.sellers.get(&terminal.seller.0)?.distributor,
            fee_minor: u64::try_from(fee).ok()?,
            tax_minor: u64::try_from(tax).ok()?,
            reversal: service.reversal,
            receipt: receipt(&service.receipts, terminal.language),
            lookup: Text::new(),
        })
    }

    fn offers(
        &self,
        terminal: u32,
        lookup: &message::Lookup<'_>,
        minute: u16,
        bridges: &[(String, Capabilities)],
    ) -> Result<Offered, ResponseCode> {
        let (terminal, _, _) = self.parties(terminal)?;
        let service = self.sold(terminal, lookup.service, minute).map_err(ResponseCode)?;
        account(service, lookup.subscriber)?;
        if service.lookup == Lookup::None {
            return Err(ResponseCode(*b"40"));
        }
        let (bridge, (_, able)) = (0..)
            .zip(bridges)
            .find(|(_, (name, _))| *name == service.route)
            .ok_or(ResponseCode(*b"91"))?;
        if !able.lookup {
            return Err(ResponseCode(*b"40"));
        }
        let (currency, charges) = (service.currency, service.charges.clone());
        Ok(Offered { bridge, currency, charges })
    }
}

/// In the terminal's language, or else in the first one that there is.
fn receipt(receipts: &[(Language, ReceiptTag)], language: Language) -> ReceiptTag {
    let mut chosen = ReceiptTag::NONE;
    for (of, tag) in receipts.iter().rev() {
        chosen = *tag;
        if *of == language {
            return chosen;
        }
    }
    chosen
}

/// An account as the journal must have it: of a card the first six digits and the last four (PCI
/// DSS 4.0.1, 3.4.1), and of what is too short to be one nothing.
pub(super) fn journalled(account: &str, masked: bool) -> String {
    let length = account.len();
    let shown = |at: usize| !masked || (length >= 13 && (at < 6 || at + 4 >= length));
    account.chars().enumerate().map(|(at, c)| if shown(at) { c } else { '*' }).collect()
}

/// Whether an account is one that the service asks for, or none where it asks for none.
fn account(service: &Service, account: &str) -> Result<(), ResponseCode> {
    let Some(field) = &service.account else {
        return if account.is_empty() { Ok(()) } else { Err(ResponseCode(*b"30")) };
    };
    let AccountField { length_min, length_max, check, .. } = field;
    let long =
        (usize::from(*length_min).max(1)..=usize::from(*length_max)).contains(&account.len());
    // Worlds have no other checks, and no pictures.
    let checked = *check != AccountCheck::Luhn || has_check_digit(account);
    if long && checked { Ok(()) } else { Err(ResponseCode(*b"14")) }
}

/// Every second digit from the right counts twice, digit by digit (ISO/IEC 7812-1, annex B).
fn has_check_digit(account: &str) -> bool {
    let mut sum = 0;
    for (place, c) in account.chars().rev().enumerate() {
        let Some(digit) = c.to_digit(10) else { return false };
        let counted = digit * if place % 2 == 1 { 2 } else { 1 };
        sum += counted / 10 + counted % 10;
    }
    sum % 10 == 0
}
