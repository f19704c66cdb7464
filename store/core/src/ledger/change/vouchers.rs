//! Vouchers that are loaded: of a voucher product, and never loaded before.

use std::collections::hash_map::Entry;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Rejections;
use super::view::View;
use crate::error::Result;
use crate::record::{Fulfilment, Record, Serial, Service, Voucher};
use crate::rows::Family;
use tillgate_types::ServiceId;

pub(super) fn check(view: &View<'_>, vouchers: &[Voucher], refused: &mut Rejections) -> Result<()> {
    let mut services: FxHashMap<ServiceId, Option<Service>> = FxHashMap::default();
    let mut given = FxHashSet::default();
    let mut value = Vec::new();
    for (index, voucher) in vouchers.iter().enumerate() {
        let what = || format!("voucher {} of service {}", voucher.serial, voucher.service);
        let service = match services.entry(voucher.service) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => vacant.insert(view.service(voucher.service)?),
        };
        if let Err(why) = check_product(service.as_ref(), voucher) {
            refused.add(index, what, why);
            continue;
        }
        if voucher.serial.is_empty() || voucher.pin.bytes.is_empty() {
            refused.add(index, what, "no serial or no PIN");
            continue;
        }
        let serial = voucher.serial;
        // One card, whichever of the service's products it is loaded as.
        let products = service.iter().flat_map(|service| &service.products);
        let mut before = None;
        for product in products.map(|product| product.id) {
            let key = Serial { service: voucher.service, product, serial, batch_no: 0 }.key();
            if view.rows().get(Family::Serials, &key, &mut value)? {
                before = Some(product);
                break;
            }
        }
        match before {
            Some(other) if other != voucher.product => {
                refused.add(index, what, format!("loaded before, as product {other}"));
            }
            Some(_) => refused.add(index, what, "loaded before"),
            None if !given.insert((voucher.service, serial)) => {
                refused.add(index, what, "given twice");
            }
            None => {}
        }
    }
    Ok(())
}

fn check_product(service: Option<&Service>, voucher: &Voucher) -> Result<(), String> {
    let service = service.ok_or("no such service")?;
    if service.fulfilment != Fulfilment::Stock {
        return Err("the service does not sell vouchers".to_owned());
    }
    if service.product(voucher.product).is_none() {
        return Err(format!("the service has no product {}", voucher.product));
    }
    Ok(())
}
