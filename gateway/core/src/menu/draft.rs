//! A sale that is being put together.

use tillgate_store_core::commission::ChargeRules;
use tillgate_store_core::{
    AmountSource, BusinessDate, Lookup, Product, ProductId, Registry, Service, ServiceId,
};

use super::SaleContent;
use super::entry::Kept;

/// Bytes of a holder's name on the sealed link.
const HOLDER_BYTES_MAX: usize = tillgate_codec::limits::NAME_BYTES_MAX;
/// Bytes of an account on the sealed link.
const ACCOUNT_BYTES_MAX: usize = tillgate_codec::limits::SUBSCRIBER_BYTES_MAX;

/// What is known of a sale so far.
pub(super) struct Draft {
    pub(super) service: Option<ServiceId>,
    /// `None` until it is chosen, 0 for an open amount.
    pub(super) product: Option<ProductId>,
    /// Minor units; 0 until it is known.
    pub(super) amount: u64,
    pub(super) account: Kept<ACCOUNT_BYTES_MAX>,
    /// As the lookup found it.
    pub(super) holder: Kept<HOLDER_BYTES_MAX>,
    pub(super) token: u64,
    /// Whether the provider was asked, or need not be.
    pub(super) looked_up: bool,
    /// What the lookup allows, minor units.
    pub(super) bounds: Option<(u64, u64)>,
    /// What the lookup found to be due where the amount may be chosen.
    pub(super) due: u64,
    /// Fee and tax as they were shown, if they were.
    pub(super) charged_shown: Option<u64>,
    /// Whether it was shown that the same was ordered shortly before.
    pub(super) again_shown: bool,
}

/// What is asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Product,
    Account,
    /// Of the provider.
    Lookup,
    Amount,
}

impl Draft {
    pub(super) const fn new() -> Self {
        Self {
            service: None,
            product: None,
            amount: 0,
            account: Kept::new(),
            holder: Kept::new(),
            token: 0,
            looked_up: false,
            bounds: None,
            due: 0,
            charged_shown: None,
            again_shown: false,
        }
    }

    pub(super) fn service<'a>(&self, registry: &'a Registry) -> Option<&'a Service> {
        registry.service(self.service?)
    }

    /// The product, if it is not an open amount.
    pub(super) fn product<'a>(&self, service: &'a Service) -> Option<&'a Product> {
        service.product(self.product.filter(|id| id.0 != 0)?)
    }

    pub(super) fn choose(&mut self, product: &Product) {
        (self.product, self.amount) = (Some(product.id), product.amount_minor);
    }

    /// Takes an amount, if the service sells it.
    pub(super) fn set_amount(&mut self, service: &Service, amount: u64) -> bool {
        let (least, most) = self.bounds(service);
        if !(least..=most).contains(&amount) {
            return false;
        }
        if service.amount == AmountSource::Products {
            let mut of = service.products.iter().filter(|of| of.amount_minor == amount);
            // Two of one price are for the person to choose from.
            let (Some(product), None) = (of.next(), of.next()) else { return false };
            self.choose(product);
            return true;
        }
        (self.product, self.amount) = (Some(ProductId(0)), amount);
        true
    }

    /// Least and most that may be paid, minor units.
    pub(super) fn bounds(&self, service: &Service) -> (u64, u64) {
        let (least, most) = (service.amount_min_minor.max(1), service.amount_max_minor);
        self.bounds.map_or((least, most), |(low, high)| (low.max(least), high.min(most)))
    }

    /// What is asked next; `None`: nothing is missing.
    pub(super) fn missing(&self, service: &Service) -> Option<Missing> {
        let chooses = service.amount != AmountSource::Lookup && !service.products.is_empty();
        if chooses && self.product.is_none() {
            return Some(Missing::Product);
        }
        if service.account.is_some() && self.account.is_empty() {
            return Some(Missing::Account);
        }
        if looks_up(service) && !self.looked_up {
            return Some(Missing::Lookup);
        }
        (self.amount == 0).then_some(Missing::Amount)
    }

    /// Forgets the account, and what was found about it.
    pub(super) fn clear_account(&mut self) {
        self.account = Kept::new();
        self.clear_amount();
        (self.holder, self.token, self.looked_up) = (Kept::new(), 0, false);
        (self.bounds, self.due) = (None, 0);
    }

    /// Forgets an amount that is not a product's.
    pub(super) fn clear_amount(&mut self) {
        if self.product.is_none_or(|product| product.0 == 0) {
            self.amount = 0;
        }
    }

    /// Fee and tax on a date, minor units. What is too much to be posted is refused by the gateway.
    pub(super) fn charged(&self, service: &Service, date: BusinessDate) -> u64 {
        let charges = ChargeRules::of(service, date).charge(self.amount).unwrap_or_default();
        charges.fee_minor.saturating_add(charges.tax_minor)
    }

    /// As the orders of a terminal are compared.
    pub(super) fn content(&self) -> SaleContent<'_> {
        SaleContent {
            service: self.service.unwrap_or_default(),
            product: self.product.unwrap_or_default(),
            amount_minor: self.amount,
            account: self.account.as_str(),
        }
    }
}

/// Whether the provider is asked before anything is paid.
pub(super) fn looks_up(service: &Service) -> bool {
    service.account.is_some()
        && (service.lookup != Lookup::None || service.amount == AmountSource::Lookup)
}

/// Whether nothing is paid that the provider was not asked about.
pub(super) fn needs_lookup(service: &Service) -> bool {
    service.lookup == Lookup::Required || service.amount == AmountSource::Lookup
}
