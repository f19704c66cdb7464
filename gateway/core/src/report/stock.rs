//! The voucher stock, product by product: what is left, until when, and whether somebody has to
//! act. It is read from the store's counts, a row per product and expiry, however many vouchers
//! there are.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::Serialize;
use tillgate_store_core::{
    BusinessDate, Fulfilment, Product, ReadRows, Registry, Service, StockLevel, StoreError,
};

/// What wants to be seen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockAlarm {
    /// Fewer can be sold than `low_stock` of its product.
    Low,
    /// Some that can be sold expire within `near_days`.
    NearExpiry,
    /// Some are not sold any more: they have expired, or have too few days left.
    Unsellable,
}

impl StockAlarm {
    /// Its word in metrics, logs and lists.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::NearExpiry => "near_expiry",
            Self::Unsellable => "unsellable",
        }
    }
}

impl fmt::Display for StockAlarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// The stock of one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProductStock {
    /// The service.
    pub service: u16,
    /// The product.
    pub product: u16,
    /// The product's name.
    pub name: String,
    /// Face value, minor units.
    pub amount_minor: u64,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Those that can be sold today.
    pub for_sale: u64,
    /// Of these, those that expire within `near_days` of the product.
    pub near_expiry: u64,
    /// Those that are kept and not sold any more: expired, or with too few days left.
    pub unsellable: u64,
    /// Of these, those that have expired.
    pub expired: u64,
    /// Ever sold.
    pub sold: u64,
    /// Ever taken out of sale.
    pub withdrawn: u64,
    /// Ever loaded.
    pub loaded: u64,
    /// The last day of the voucher that is sold next.
    pub oldest_expiry: Option<String>,
    /// What wants to be seen to.
    pub alarms: Vec<StockAlarm>,
}

/// The stock of every product that comes from stock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StockList {
    /// By service and product.
    pub products: Vec<ProductStock>,
}

impl StockList {
    /// The stock of these services as of a business date.
    ///
    /// # Errors
    /// A row cannot be read.
    pub fn read(
        rows: &dyn ReadRows,
        services: &[Service],
        today: BusinessDate,
    ) -> Result<Self, StoreError> {
        let mut products = BTreeMap::new();
        for service in services {
            for product in &service.products {
                products.insert((service.id, product.id), (product, blank(service, product)));
            }
        }
        StockLevel::each(rows, |level| {
            if let Some((product, stock)) = products.get_mut(&(level.of.service, level.of.product))
            {
                stock.add(product, &level, today);
            }
            ControlFlow::Continue(())
        })?;
        let products = products.into_values().map(|(product, stock)| stock.judged(product));
        Ok(Self { products: products.collect() })
    }

    /// The services of a registry that have a stock, for [`StockList::read`].
    #[must_use]
    pub fn services(registry: &Registry) -> Vec<Service> {
        let stocked = |service: &&Service| service.fulfilment == Fulfilment::Stock;
        registry.services().filter(stocked).cloned().collect()
    }

    /// Every alarm there is.
    pub fn alarms(&self) -> impl Iterator<Item = (&ProductStock, StockAlarm)> {
        self.products.iter().flat_map(|one| one.alarms.iter().map(move |alarm| (one, *alarm)))
    }
}

fn blank(service: &Service, product: &Product) -> ProductStock {
    ProductStock {
        service: service.id.0,
        product: product.id.0,
        name: product.name.clone(),
        amount_minor: product.amount_minor,
        currency: service.currency,
        for_sale: 0,
        near_expiry: 0,
        unsellable: 0,
        expired: 0,
        sold: 0,
        withdrawn: 0,
        loaded: 0,
        oldest_expiry: None,
        alarms: Vec::new(),
    }
}

impl ProductStock {
    /// Takes a count in; they come by expiry.
    fn add(&mut self, product: &Product, level: &StockLevel, today: BusinessDate) {
        let (rules, expiry, left) = (product.stock, level.of.expiry, level.in_stock());
        self.sold += level.sold;
        self.withdrawn += level.withdrawn;
        self.loaded += level.loaded;
        let after = |days: u16| BusinessDate(today.0.saturating_add(days));
        if left == 0 {
            return;
        }
        if expiry < after(rules.least_days) {
            self.unsellable += left;
            self.expired += if expiry < today { left } else { 0 };
            return;
        }
        self.for_sale += left;
        self.oldest_expiry.get_or_insert_with(|| expiry.to_string());
        if rules.near_days > 0 && expiry <= after(rules.near_days) {
            self.near_expiry += left;
        }
    }

    fn judged(mut self, product: &Product) -> Self {
        let alarms = [
            (StockAlarm::Low, self.for_sale < u64::from(product.stock.low)),
            (StockAlarm::NearExpiry, self.near_expiry > 0),
            (StockAlarm::Unsellable, self.unsellable > 0),
        ];
        self.alarms = alarms.into_iter().filter(|(_, on)| *on).map(|(alarm, _)| alarm).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tillgate_store_core::{
        Engine, Memory, ProductId, RegistryRecord, ServiceId, Shelf, StockRules, WriteSet,
    };

    const TODAY: u16 = 9_800;

    fn services(stock: StockRules) -> Vec<Service> {
        let mut service = Service::new(ServiceId(10), "Talk", Fulfilment::Stock, 978);
        let name = "Talk 5".to_owned();
        service.products = vec![Product { id: ProductId(1), name, amount_minor: 500, stock }];
        let mut registry = Registry::new();
        registry.apply(&RegistryRecord::Service(service));
        StockList::services(&registry)
    }

    /// Counts by expiry: days from today, loaded, sold.
    fn stock(rules: StockRules, counts: &[(i32, u64, u64)]) -> ProductStock {
        let (mut memory, mut set) = (Memory::new(), WriteSet::new());
        for (days, loaded, sold) in counts {
            let expiry = BusinessDate(u16::try_from(i32::from(TODAY) + days).unwrap());
            let of = Shelf { service: ServiceId(10), product: ProductId(1), expiry };
            let (loaded, sold, withdrawn) = (*loaded, *sold, 1);
            // One of each shelf was taken out of sale.
            set.put_record(&StockLevel { of, loaded: loaded + 1, sold, withdrawn });
        }
        memory.write(&set, 0).unwrap();
        let list = StockList::read(&memory, &services(rules), BusinessDate(TODAY)).unwrap();
        let [one] = list.products.try_into().unwrap();
        one
    }

    #[test]
    fn vouchers_are_counted_by_what_can_still_be_done_with_them() {
        let rules = StockRules { least_days: 2, low: 0, near_days: 10 };
        let found = stock(rules, &[(-1, 5, 1), (0, 3, 3), (1, 7, 0), (2, 9, 8), (11, 20, 0)]);
        assert_eq!((found.loaded, found.sold, found.withdrawn), (49, 12, 5));
        assert_eq!((found.unsellable, found.expired), (11, 4));
        assert_eq!((found.for_sale, found.near_expiry), (21, 1));
        assert_eq!(found.oldest_expiry, Some(BusinessDate(TODAY + 2).to_string()));
        assert_eq!(found.alarms, [StockAlarm::NearExpiry, StockAlarm::Unsellable]);
    }

    #[test]
    fn a_stock_is_low_below_its_threshold_and_not_on_it() {
        let rules = StockRules { low: 10, ..StockRules::default() };
        assert_eq!(stock(rules, &[(5, 10, 0)]).alarms, []);
        assert_eq!(stock(rules, &[(5, 10, 1)]).alarms, [StockAlarm::Low]);
        assert_eq!(stock(rules, &[]).alarms, [StockAlarm::Low], "none at all is low");
        assert_eq!(stock(StockRules::default(), &[]).alarms, [], "no rule, no alarm");
    }
}
