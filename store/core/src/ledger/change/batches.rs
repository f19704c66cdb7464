//! Control totals of voucher batches: what is loaded is what the issuer counted, and no batch is
//! loaded twice.

use std::cmp::{max_by_key, min_by_key};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::ControlFlow;

use super::Rejections;
use super::view::View;
use super::vouchers::Services;
use crate::command::Change;
use crate::error::Result;
use crate::ids::Text;
use crate::limits::{SERIAL_BYTES_MAX, VOUCHER_BATCHES_MAX};
use crate::record::{BatchOf, Service, Voucher, VoucherBatch};
use tillgate_types::{ProductId, ServiceId};

type Serial = Text<SERIAL_BYTES_MAX>;

/// What is loaded of one product.
struct Loaded {
    count: u64,
    first: Serial,
    last: Serial,
}

pub(super) fn check(view: &View<'_>, change: &Change, refused: &mut Rejections) -> Result<()> {
    let batches = &change.batches;
    if batches.len() > VOUCHER_BATCHES_MAX {
        let text = format!("{} batches, at most {VOUCHER_BATCHES_MAX} at once", batches.len());
        refused.add(0, || "change".to_owned(), text);
        return Ok(());
    }
    let loaded = tally(if batches.is_empty() { &[] } else { &change.vouchers });
    let (mut services, mut given) = (Services::default(), BTreeSet::new());
    for (index, batch) in batches.iter().enumerate() {
        let BatchOf { number, service, product } = batch.of;
        let what = || format!("batch {number} of service {service} product {product}");
        let Some(found) = services.find(view, service)?.cloned() else {
            refused.add(index, what, "no such service");
            continue;
        };
        let fault = if number.is_empty() {
            Some("it has no number".to_owned())
        } else if !given.insert((service, product)) {
            Some("another batch of this product is given beside it; load one at a time".to_owned())
        } else if let Some(text) = loaded_before(view, &mut services, (&found, batch))? {
            Some(text)
        } else {
            disagreement(&found, batch, loaded.get(&(service, product)))
        };
        if let Some(text) = fault {
            refused.add(index, what, text);
        }
    }
    Ok(())
}

fn tally(vouchers: &[Voucher]) -> BTreeMap<(ServiceId, ProductId), Loaded> {
    let mut loaded = BTreeMap::<_, Loaded>::new();
    for Voucher { service, product, serial, .. } in vouchers {
        let of = loaded.entry((*service, *product));
        let of = of.or_insert(Loaded { count: 0, first: *serial, last: *serial });
        of.count += 1;
        of.first = min_by_key(of.first, *serial, order);
        of.last = max_by_key(of.last, *serial, order);
    }
    loaded
}

fn order(serial: &Serial) -> (usize, Serial) {
    (serial.len(), *serial)
}

/// Whether a batch of this number of the same issuer is in the store, for whichever of the issuer's
/// services and products.
fn loaded_before(
    view: &View<'_>,
    services: &mut Services,
    (service, batch): (&Service, &VoucherBatch),
) -> Result<Option<String>> {
    for service in services.of_issuer(view, &service.issued_by())? {
        let mut before = None;
        VoucherBatch::each_of(view.rows(), (&batch.of.number, service), |found| {
            before = Some(found.of.product);
            ControlFlow::Break(())
        })?;
        if let Some(product) = before {
            return Ok(Some(format!("loaded before, as service {service} product {product}")));
        }
    }
    Ok(None)
}

/// Where the control totals are not what is loaded, if anywhere.
fn disagreement(
    service: &Service,
    batch: &VoucherBatch,
    loaded: Option<&Loaded>,
) -> Option<String> {
    let Some(product) = service.product(batch.of.product) else {
        return Some("the service has no such product".to_owned());
    };
    let Some(Loaded { count, first, last }) = loaded else {
        return Some("no voucher of it is loaded".to_owned());
    };
    let mut text = String::new();
    if batch.count != *count {
        write!(text, "{} vouchers expected, {count} found; ", batch.count).ok();
    }
    if (batch.first, batch.last) != (*first, *last) {
        let (low, high) = (batch.first, batch.last);
        write!(text, "serials {low} to {high} expected, {first} to {last} found; ").ok();
    }
    if (batch.face_minor, batch.currency) != (product.amount_minor, service.currency) {
        let (face, now) = (batch.face_minor, product.amount_minor);
        write!(text, "face value {face} expected, {now} found (minor units); ").ok();
    }
    text.truncate(text.trim_end_matches("; ").len());
    (!text.is_empty()).then_some(text)
}

/// What the audit log says of a batch that is loaded.
pub(super) fn note(batch: &VoucherBatch) -> String {
    let VoucherBatch { of, count, face_minor, currency, first, last, .. } = batch;
    let BatchOf { number, service, product } = of;
    format!(
        "loaded batch {number} of service {service} product {product}: {count} vouchers, serials \
         {first} to {last}, {} of {face_minor} each in minor units of currency {currency:03}",
        batch.total_minor()
    )
}
