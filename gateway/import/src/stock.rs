//! Vouchers and float loads.

use std::collections::BTreeMap;

use ring::digest;
use tillgate_store_core::limits::AMOUNT_MINOR_MAX;
use tillgate_store_core::vault::voucher_context;
use tillgate_store_core::{
    Fulfilment, Funding, Legs, ProductId, SellerId, ServiceId, Text, Voucher,
};
use tillgate_types::Currency;

use crate::draft::{Draft, Look};
use crate::limits::{PIN_CHARACTERS_MAX, PIN_CHARACTERS_MIN};
use crate::report::{Faults, RowPlace};
use crate::row::Row;
use crate::{Context, Once};

/// Columns of vouchers.csv.
mod voucher {
    pub(crate) const SERVICE: usize = 0;
    pub(crate) const PRODUCT: usize = 1;
    pub(crate) const SERIAL: usize = 2;
    pub(crate) const PIN: usize = 3;
    pub(crate) const EXPIRY: usize = 4;
}

/// Columns of floats.csv.
mod float {
    pub(crate) const REFERENCE: usize = 0;
    pub(crate) const SELLER: usize = 1;
    pub(crate) const AMOUNT: usize = 2;
}

/// What the voucher files gave so far.
#[derive(Default)]
pub(crate) struct Stock {
    /// Sealed.
    pub(crate) vouchers: Vec<Voucher>,
    /// Of each of them.
    pub(crate) places: Vec<RowPlace>,
    serials: Once<(ServiceId, ProductId, Text<24>)>,
    /// Half a SHA-256 of service and PIN: the same PIN must not be sold twice.
    pins: Once<[u8; 16]>,
    /// Products that were looked up: whether they are there.
    products: BTreeMap<(ServiceId, ProductId), bool>,
}

/// One row of vouchers.csv.
pub(crate) fn voucher(
    row: &Row<'_>,
    context: &Context<'_>,
    draft: &Draft,
    faults: &mut Faults,
    stock: &mut Stock,
) {
    let before = faults.total;
    let service = row.number(faults, voucher::SERVICE, 1..=u16::MAX).map(ServiceId);
    let product = row.number(faults, voucher::PRODUCT, 1..=u16::MAX).map(ProductId);
    let serial = row.code::<24>(faults, voucher::SERIAL);
    let pin = row.text(voucher::PIN);
    let length = PIN_CHARACTERS_MIN..=PIN_CHARACTERS_MAX;
    if !length.contains(&pin.len()) || !pin.bytes().all(|b| b.is_ascii_graphic()) {
        let (low, high) = (length.start(), length.end());
        row.expected(faults, voucher::PIN, format!("{low} to {high} letters, digits or signs"));
    }
    let expiry = row.date(faults, voucher::EXPIRY);
    if expiry.is_some_and(|expiry| expiry < context.today) {
        row.expected(faults, voucher::EXPIRY, format!("{} or later", context.today));
    }
    let (Some(service), Some(product)) = (service, product) else { return };
    if !has_product(row, context, draft, (service, product), faults, stock) {
        return;
    }
    let (Some(serial), Some(expiry)) = (serial, expiry) else { return };
    if faults.total > before
        || !stock.serials.first(row, voucher::SERIAL, (service, product, serial), faults)
        || !stock.pins.first_secret(row, voucher::PIN, pin_digest(service, pin), faults)
    {
        return;
    }
    let place = voucher_context(service, product, &serial);
    match context.vault.seal(&place, (context.nonce)(), pin.as_bytes()) {
        Ok(pin) => {
            stock.vouchers.push(Voucher { service, product, serial, expiry, pin });
            stock.places.push(row.place());
        }
        Err(error) => row.wrong(faults, voucher::PIN, error.to_string()),
    }
}

fn pin_digest(service: ServiceId, pin: &str) -> [u8; 16] {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(&service.0.to_be_bytes());
    hash.update(pin.as_bytes());
    let mut half = [0; 16];
    half.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
    half
}

/// Whether the voucher's product is there; each is looked up once, and reported at its first row.
fn has_product(
    row: &Row<'_>,
    context: &Context<'_>,
    draft: &Draft,
    (service, product): (ServiceId, ProductId),
    faults: &mut Faults,
    stock: &mut Stock,
) -> bool {
    if let Some(there) = stock.products.get(&(service, product)) {
        return *there;
    }
    let there = match draft.service(context.known, service) {
        Look::Found(found) if found.fulfilment != Fulfilment::Stock => {
            row.expected(faults, voucher::SERVICE, "a service of kind voucher");
            false
        }
        Look::Found(found) if found.product(product).is_none() => {
            let text = format!("a product of service {service}");
            row.expected(faults, voucher::PRODUCT, text);
            false
        }
        Look::Found(_) => true,
        Look::Faulty => false,
        Look::Unknown => {
            row.expected(faults, voucher::SERVICE, "a service that exists");
            false
        }
    };
    stock.products.insert((service, product), there);
    there
}

/// What the float files gave so far.
#[derive(Default)]
pub(crate) struct Floats {
    /// Without legs: the ledger computes them.
    pub(crate) funds: Vec<Funding>,
    /// Of each of them.
    pub(crate) places: Vec<RowPlace>,
    references: Once<Text<32>>,
}

/// One row of floats.csv. A negative amount takes back.
pub(crate) fn float(
    row: &Row<'_>,
    context: &Context<'_>,
    draft: &Draft,
    faults: &mut Faults,
    floats: &mut Floats,
) {
    let reference = row.code::<32>(faults, float::REFERENCE);
    let Some(seller) = row.number(faults, float::SELLER, 1..=u32::MAX).map(SellerId) else {
        return;
    };
    let owner = match draft.seller(context.known, seller) {
        Look::Found(owner) => owner,
        Look::Faulty => return,
        Look::Unknown => return row.expected(faults, float::SELLER, "a seller that exists"),
    };
    let Some(currency) = Currency::numbered(owner.currency) else { return };
    let most = i64::try_from(AMOUNT_MINOR_MAX).unwrap_or(i64::MAX);
    let amount = row.money(faults, float::AMOUNT, currency, -most..=most);
    if amount == Some(0) {
        return row.expected(faults, float::AMOUNT, "an amount that is not zero");
    }
    let (Some(reference), Some(amount_minor)) = (reference, amount) else { return };
    if floats.references.first(row, float::REFERENCE, reference, faults) {
        let legs = Legs::new();
        floats.funds.push(Funding { reference, seller, amount_minor, at_ms: context.at_ms, legs });
        floats.places.push(row.place());
    }
}
