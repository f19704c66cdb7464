//! Vouchers that are loaded: of a voucher product, and never loaded before.

use std::collections::hash_map::Entry;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Rejections;
use super::view::View;
use crate::error::Result;
use crate::ids::Text;
use crate::limits::{ISSUER_BYTES_MAX, STOCK_DAYS_MAX};
use crate::record::{Card, Fulfilment, IssuedBy, Record, Service, Voucher};
use crate::rows::Family;
use tillgate_types::ServiceId;

/// The services of the vouchers, each looked up once, and those that share an issuer.
#[derive(Default)]
pub(super) struct Services {
    known: FxHashMap<ServiceId, Option<Service>>,
    issuers: Option<FxHashMap<Text<ISSUER_BYTES_MAX>, Vec<ServiceId>>>,
}

impl Services {
    pub(super) fn find(&mut self, view: &View<'_>, id: ServiceId) -> Result<Option<&Service>> {
        Ok(match self.known.entry(id) {
            Entry::Occupied(known) => known.into_mut().as_ref(),
            Entry::Vacant(vacant) => vacant.insert(view.service(id)?).as_ref(),
        })
    }

    /// Every service whose serials are those of `issuer`; all are read once, if any is asked for.
    pub(super) fn of_issuer(
        &mut self,
        view: &View<'_>,
        issuer: &IssuedBy,
    ) -> Result<Vec<ServiceId>> {
        let name = match issuer {
            IssuedBy::Service(id) => return Ok(vec![*id]),
            IssuedBy::Named(name) => name,
        };
        if self.issuers.is_none() {
            let mut issuers = FxHashMap::<_, Vec<_>>::default();
            view.each_service(|service| {
                issuers.entry(service.issuer).or_default().push(service.id)
            })?;
            self.issuers = Some(issuers);
        }
        Ok(self.issuers.iter().flat_map(|all| all.get(name)).flatten().copied().collect())
    }
}

pub(super) fn check(view: &View<'_>, vouchers: &[Voucher], refused: &mut Rejections) -> Result<()> {
    let (mut services, mut siblings) = (Services::default(), FxHashMap::default());
    let mut given = FxHashSet::default();
    for (index, voucher) in vouchers.iter().enumerate() {
        let what = || format!("voucher {} of service {}", voucher.serial, voucher.service);
        let service = services.find(view, voucher.service)?;
        let issuer = match check_product(service, voucher) {
            Ok(service) => service.issued_by(),
            Err(why) => {
                refused.add(index, what, why);
                continue;
            }
        };
        let siblings = match siblings.entry(issuer) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(services.of_issuer(view, &issuer)?),
        };
        if voucher.serial.is_empty() || voucher.pin.bytes.is_empty() {
            refused.add(index, what, "no serial or no PIN");
        } else if let Some(why) = loaded_before(view, siblings, voucher)? {
            refused.add(index, what, why);
        } else if !given.insert((issuer, voucher.serial)) {
            refused.add(index, what, "given twice");
        }
    }
    Ok(())
}

/// Where a card with this serial of the same issuer was loaded before: it is one card, whichever
/// of the issuer's services and products it is loaded for.
fn loaded_before(
    view: &View<'_>,
    services: &[ServiceId],
    voucher: &Voucher,
) -> Result<Option<String>> {
    let mut value = Vec::new();
    for service in services {
        let key = Card::key_of((voucher.serial, *service));
        if !view.rows().get(Family::Supply, &key, &mut value)? {
            continue;
        }
        let Card { product, .. } = Card::decode(&key, &value)?;
        return Ok(Some(if *service != voucher.service {
            format!("loaded before, as product {product} of service {service}")
        } else if product != voucher.product {
            format!("loaded before, as product {product}")
        } else {
            "loaded before".to_owned()
        }));
    }
    Ok(None)
}

fn check_product<'a>(
    service: Option<&'a Service>,
    voucher: &Voucher,
) -> Result<&'a Service, String> {
    let service = service.ok_or("no such service")?;
    if service.fulfilment != Fulfilment::Stock {
        return Err("the service does not sell vouchers".to_owned());
    }
    if service.product(voucher.product).is_none() {
        return Err(format!("the service has no product {}", voucher.product));
    }
    Ok(service)
}

/// What is wrong with the rules of a service's stock, if anything.
pub(super) fn fault_of_rules(service: &Service) -> Option<String> {
    service.products.iter().find_map(|product| {
        let (id, rules) = (product.id, product.stock);
        if rules.least_days.max(rules.near_days) > STOCK_DAYS_MAX {
            Some(format!("days of the stock of product {id} are above {STOCK_DAYS_MAX}"))
        } else if service.fulfilment != Fulfilment::Stock && rules != Default::default() {
            Some(format!("product {id} has rules of a stock, and comes from a provider"))
        } else {
            None
        }
    })
}
