//! Vouchers and float loads.

use std::collections::BTreeMap;

use ring::digest;
use tillgate_store_core::limits::AMOUNT_MINOR_MAX;
use tillgate_store_core::vault::voucher_context;
use tillgate_store_core::{
    Fulfilment, Funding, IssuedBy, Legs, ProductId, SellerId, ServiceId, Text, Voucher,
};
use tillgate_types::Currency;

use crate::Once;
use crate::batches::Batches;
use crate::draft::{Draft, Look};
use crate::limits::{PIN_CHARACTERS_MAX, PIN_CHARACTERS_MIN};
use crate::report::RowPlace;
use crate::row::Row;
use crate::source::{float, voucher};

/// What the voucher files gave so far.
#[derive(Default)]
pub(crate) struct Stock {
    /// Sealed.
    pub(crate) vouchers: Vec<Voucher>,
    /// Of each of them.
    pub(crate) places: Vec<RowPlace>,
    pub(crate) batches: Batches,
    serials: Once<(IssuedBy, Text<24>)>,
    /// Half a SHA-256 of service and PIN: the same PIN must not be sold twice.
    pins: Once<[u8; 16]>,
    /// Products that were looked up, if they are there: whose serials theirs are.
    products: BTreeMap<(ServiceId, ProductId), Option<IssuedBy>>,
}

/// One row of vouchers.csv.
pub(crate) fn voucher(row: &Row<'_>, draft: &Draft, stock: &mut Stock) {
    let before = row.faults();
    let service = row.number(voucher::SERVICE, 1..=u16::MAX).map(ServiceId);
    let product = row.number(voucher::PRODUCT, 1..=u16::MAX).map(ProductId);
    let serial = row.code::<24>(voucher::SERIAL);
    let pin = row.text(voucher::PIN);
    let length = PIN_CHARACTERS_MIN..=PIN_CHARACTERS_MAX;
    if !length.contains(&pin.len()) || !pin.bytes().all(|b| b.is_ascii_graphic()) {
        let (low, high) = (length.start(), length.end());
        row.expected(voucher::PIN, format!("{low} to {high} letters, digits or signs"));
    }
    let expiry = row.date(voucher::EXPIRY);
    if expiry.is_some_and(|expiry| expiry < row.context.today) {
        row.expected(voucher::EXPIRY, format!("{} or later", row.context.today));
    }
    let (Some(service), Some(product)) = (service, product) else { return };
    let Some(issuer) = issuer_of(row, draft, (service, product), stock) else { return };
    let (Some(serial), Some(expiry)) = (serial, expiry) else { return };
    if row.faults() > before
        || !stock.serials.first(row, voucher::SERIAL, (issuer, serial))
        || !stock.pins.first(row, voucher::PIN, pin_digest(service, pin))
    {
        return;
    }
    let place = voucher_context(service, product, &serial);
    match row.context.vault.seal(&place, (row.context.nonce)(), pin.as_bytes()) {
        Ok(pin) => {
            stock.vouchers.push(Voucher { service, product, serial, expiry, pin });
            stock.places.push(row.place());
            stock.batches.count(row, (service, product), serial);
        }
        Err(error) => row.wrong(voucher::PIN, error.to_string()),
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

/// Whose serials those of the voucher's product are, if it is there; each is looked up once, and
/// reported at its first row.
fn issuer_of(
    row: &Row<'_>,
    draft: &Draft,
    (service, product): (ServiceId, ProductId),
    stock: &mut Stock,
) -> Option<IssuedBy> {
    if let Some(there) = stock.products.get(&(service, product)) {
        return *there;
    }
    let there = match draft.service(row.context.known, service) {
        Look::Found(found) if found.fulfilment != Fulfilment::Stock => {
            row.expected(voucher::SERVICE, "a service of kind voucher");
            None
        }
        Look::Found(found) if found.product(product).is_none() => {
            let text = format!("a product of service {service}");
            row.expected(voucher::PRODUCT, text);
            None
        }
        Look::Found(found) => Some(found.issued_by()),
        Look::Faulty => None,
        Look::Unknown => {
            row.expected(voucher::SERVICE, "a service that exists");
            None
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
pub(crate) fn float(row: &Row<'_>, draft: &Draft, floats: &mut Floats) {
    let reference = row.code::<32>(float::REFERENCE);
    let Some(seller) = row.number(float::SELLER, 1..=u32::MAX).map(SellerId) else {
        return;
    };
    let owner = match draft.seller(row.context.known, seller) {
        Look::Found(owner) => owner,
        Look::Faulty => return,
        Look::Unknown => return row.expected(float::SELLER, "a seller that exists"),
    };
    let Some(currency) = Currency::numbered(owner.currency) else { return };
    let most = i64::try_from(AMOUNT_MINOR_MAX).unwrap_or(i64::MAX);
    let amount = row.money(float::AMOUNT, currency, -most..=most);
    if amount == Some(0) {
        return row.expected(float::AMOUNT, "an amount that is not zero");
    }
    let (Some(reference), Some(amount_minor)) = (reference, amount) else { return };
    if floats.references.first(row, float::REFERENCE, reference) {
        let legs = Legs::new();
        floats.funds.push(Funding {
            reference,
            seller,
            amount_minor,
            at_ms: row.context.at_ms,
            legs,
        });
        floats.places.push(row.place());
    }
}
