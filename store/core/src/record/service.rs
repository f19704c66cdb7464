//! Services: records of properties ([`super::terms`]); whatever is sold is a row of these.

use super::account_field::{AccountField, masked_card};
use super::declare::{record, stored};
use super::terms::{
    AccountForm, AmountSource, ChargeRule, Fulfilment, Language, Lookup, MoneyFlow, ReceiptTag,
    ReversalRule, Rounding, SaleTerms,
};
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record, Seller, Status};
use crate::commission::Charges;
use crate::ids::Text;
use crate::limits::{ISSUER_BYTES_MAX, SUBSCRIBER_BYTES_MAX};
use crate::rows::Family;
use tillgate_types::{BusinessDate, ProductId, ServiceId};

/// What is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// From stock or by a provider.
    pub fulfilment: Fulfilment,
    /// What the terminal asks the customer for; `None`: nothing.
    pub account: Option<AccountField>,
    /// Whether the provider is asked about it first.
    pub lookup: Lookup,
    /// Which way the money flows.
    pub money: MoneyFlow,
    /// Who may take a sale back, and until when.
    pub reversal: ReversalRule,
    /// Blocked: nobody sells it.
    pub status: Status,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Name of the bridge to its provider; empty for what comes from stock.
    pub route: String,
    /// Least amount, minor units.
    pub amount_min_minor: u64,
    /// Greatest amount, minor units.
    pub amount_max_minor: u64,
    /// Which amounts between the two are sold.
    pub amount: AmountSource,
    /// When it is sold; `None`: always.
    pub hours: Option<Hours>,
    /// Its denominations.
    pub products: Vec<Product>,
    /// Who earns what, per level and date.
    pub commission: Vec<CommissionRule>,
    /// Limits per terminal.
    pub velocity: Velocity,
    /// Fees and taxes beside the amount.
    pub charges: Vec<ChargeRule>,
    /// How its receipts are printed, by language; the first one where a terminal's is not there.
    pub receipts: Vec<(Language, ReceiptTag)>,
    /// Who issues its vouchers: no serial of theirs is loaded twice, whichever of the issuer's
    /// services it is loaded for. Empty: an issuer of its own.
    pub issuer: Text<ISSUER_BYTES_MAX>,
}

/// Whose serials vouchers have: one of them is one card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IssuedBy {
    /// An issuer that several services may name.
    Named(Text<ISSUER_BYTES_MAX>),
    /// Nobody is named: the serials are the service's own.
    Service(ServiceId),
}

/// When a service is sold, local minutes of the day; `from > to` spans midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// First minute.
    pub from_min: u16,
    /// First minute that is too late.
    pub to_min: u16,
}

/// A denomination or plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id within the service; not 0.
    pub id: ProductId,
    /// Its name.
    pub name: String,
    /// Its price, minor units.
    pub amount_minor: u64,
    /// How its vouchers are kept.
    pub stock: StockRules,
}

/// How the vouchers of a product are kept; a zero is no rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StockRules {
    /// A voucher is sold only if this many days are left after the day of the sale.
    pub least_days: u16,
    /// With fewer than these that can be sold the stock is low.
    pub low: u32,
    /// Vouchers that are sold for no more than these days are near their expiry.
    pub near_days: u16,
}

/// What one level earns from a date on, until a later rule of that level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommissionRule {
    /// 0 the seller, 1 its distributor, 2 that one's parent, and so on.
    pub level: u8,
    /// Minor units, whatever the amount is.
    pub fixed_minor: u64,
    /// Hundredths of a percent of the amount, on top.
    pub basis_points: u32,
    /// Of the percentage.
    pub rounding: Rounding,
    /// First business date.
    pub from: BusinessDate,
}

/// Limits per terminal and service; a zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Velocity {
    /// Sales within any `window_s`.
    pub count_max: u32,
    /// Length of that window, seconds.
    pub window_s: u32,
    /// Sum of a business date's sales, minor units.
    pub day_amount_max_minor: u64,
}

impl Hours {
    /// Whether a minute of the day is within them; what ends before it begins runs past midnight.
    #[must_use]
    pub const fn contain(self, minute: u16) -> bool {
        let (begun, ends) = (minute >= self.from_min, minute < self.to_min);
        if self.from_min <= self.to_min { begun && ends } else { begun || ends }
    }
}

impl CommissionRule {
    /// A percentage, whose fractions are dropped.
    #[must_use]
    pub const fn percent(level: u8, basis_points: u32, from: BusinessDate) -> Self {
        Self { level, fixed_minor: 0, basis_points, rounding: Rounding::Down, from }
    }
}

impl Service {
    /// A service of these that says nothing else: active, sold always, without limits per terminal,
    /// products, commission or charges.
    #[must_use]
    pub fn new(id: ServiceId, name: &str, fulfilment: Fulfilment, currency: u16) -> Self {
        Self {
            id,
            name: name.to_owned(),
            fulfilment,
            account: None,
            lookup: Lookup::None,
            money: MoneyFlow::Debit,
            reversal: ReversalRule::usual(fulfilment),
            status: Status::Active,
            currency,
            route: String::new(),
            amount_min_minor: 0,
            amount_max_minor: 0,
            amount: AmountSource::Products,
            hours: None,
            products: Vec::new(),
            commission: Vec::new(),
            velocity: Velocity::default(),
            charges: Vec::new(),
            receipts: Vec::new(),
            issuer: Text::new(),
        }
    }

    /// The terms of a sale by this seller, for what is charged beside the amount.
    #[must_use]
    pub fn terms(&self, seller: &Seller, charges: Charges, language: Language) -> SaleTerms {
        SaleTerms {
            distributor: seller.distributor,
            fee_minor: charges.fee_minor,
            tax_minor: charges.tax_minor,
            reversal: self.reversal,
            receipt: self.receipt(language),
            lookup: Text::new(),
            masked: self.masks_account(),
        }
    }

    /// Whether its accounts are cards: the journal has them masked.
    #[must_use]
    pub fn masks_account(&self) -> bool {
        self.account.as_ref().is_some_and(|field| field.form == AccountForm::Card)
    }

    /// An account as the journal has it.
    #[must_use]
    pub fn journalled(&self, account: Text<SUBSCRIBER_BYTES_MAX>) -> Text<SUBSCRIBER_BYTES_MAX> {
        if self.masks_account() { masked_card(&account) } else { account }
    }

    /// The template of its receipts in a language; the first one where that is not there.
    #[must_use]
    pub fn receipt(&self, language: Language) -> ReceiptTag {
        let of = |wanted: Language| self.receipts.iter().find(|(found, _)| *found == wanted);
        let found = of(language).or(self.receipts.first());
        found.map_or(ReceiptTag::NONE, |(_, receipt)| *receipt)
    }

    /// Whose serials its vouchers have.
    #[must_use]
    pub fn issued_by(&self) -> IssuedBy {
        if self.issuer.is_empty() {
            IssuedBy::Service(self.id)
        } else {
            IssuedBy::Named(self.issuer)
        }
    }

    /// The product of an id.
    pub fn product(&self, id: ProductId) -> Option<&Product> {
        self.products.iter().find(|product| product.id == id)
    }
}

record! { Service in Registry, version 4;
    letter b'v', id: ServiceId;
    // `amount` was a flag of the same two values before version 3; since 4 an account may be a card.
    body {
        name, fulfilment, status, currency, route, amount_min_minor, amount_max_minor, amount,
        hours, velocity, products, commission
    }
    since 3 {
        account = None,
        lookup = Lookup::None,
        money = MoneyFlow::Debit,
        reversal = ReversalRule::usual(fulfilment),
        charges = Vec::new(),
        receipts = Vec::new()
    }
    since 4 { issuer = Text::new() }
    then Self::with_account
}

impl Service {
    /// Version 2 ended with the form of the account; before that it was always a telephone number.
    fn with_account(mut self, body: &mut Reader<'_>) -> Result<Self, Flaw> {
        if body.version < 3 {
            let form = body.since(2, || AccountForm::Phone)?;
            let asked = self.fulfilment == Fulfilment::Provider;
            self.account = asked.then(|| AccountField::of(form));
        }
        Ok(self)
    }
}

stored! { Hours { from_min, to_min } }
stored! { Velocity { count_max, window_s, day_amount_max_minor } }
stored! { Product { id, name, amount_minor }
    since 4 { stock = StockRules::default() }
}
stored! { StockRules { least_days, low, near_days } }
stored! { CommissionRule { level, basis_points, from }
    since 3 { fixed_minor = 0, rounding = Rounding::Down }
}
stored! { ChargeRule { kind, base, rounding, fixed_minor, basis_points, from } }
