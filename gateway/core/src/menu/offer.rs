//! What a terminal may sell, and in which order it is shown.

use tillgate_store_core::{AccountForm, AmountSource, Fulfilment, MoneyFlow, Service, Status};
use tillgate_types::Currency;

use super::{Selection, View};

/// Whether a service can be sold by menu at all. A payment card is not asked for: its number would
/// cross the network's signalling in clear, and be in the memory of the handset.
pub(super) fn is_for_menus(service: &Service) -> bool {
    let form = service.account.as_ref().map(|field| field.form);
    let has_amounts = service.amount != AmountSource::Products || !service.products.is_empty();
    let open_stock = service.fulfilment == Fulfilment::Stock && service.products.is_empty();
    service.money == MoneyFlow::Debit
        && form != Some(AccountForm::Card)
        && has_amounts
        && !open_stock
        && Currency::numbered(service.currency).is_some()
}

/// Whether the terminal may sell it now.
pub(super) fn is_sold(service: &Service, view: &View<'_>) -> bool {
    let seller = view.registry.seller(view.terminal.seller);
    is_for_menus(service)
        && view.terminal.services.allow(service.id)
        && service.status == Status::Active
        && service.hours.is_none_or(|hours| hours.contain(view.now.minute))
        && seller.is_some_and(|seller| seller.currency == service.currency)
}

impl Selection {
    /// Whether it has a service.
    pub(super) fn has(&self, service: &Service) -> bool {
        let form = service.account.as_ref().map(|field| field.form);
        self.fulfilment.is_none_or(|fulfilment| fulfilment == service.fulfilment)
            && (self.account.is_empty() || self.account.contains(&form))
            && (self.services.is_empty() || self.services.contains(&service.id))
    }

    /// Whether any of its services is sold now.
    pub(super) fn sells(&self, view: &View<'_>) -> bool {
        view.registry.services().any(|service| self.has(service) && is_sold(service, view))
    }

    /// Its services that are sold now: as the item lists them, else by number.
    pub(super) fn sold<'a>(&self, view: &View<'a>) -> Vec<&'a Service> {
        let registry = view.registry;
        let sold = |service: &&Service| self.has(service) && is_sold(service, view);
        if !self.services.is_empty() {
            return self
                .services
                .iter()
                .filter_map(|id| registry.service(*id))
                .filter(sold)
                .collect();
        }
        let mut services: Vec<&Service> = registry.services().filter(sold).collect();
        services.sort_by_key(|service| service.id);
        services
    }
}
