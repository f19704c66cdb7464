//! Control totals of voucher batches: what the issuer counted, against what was read.

use std::cmp::{max_by_key, min_by_key};
use std::collections::BTreeMap;

use tillgate_store_core::limits::{BATCH_NUMBER_BYTES_MAX, CHANGE_ITEMS_MAX};
use tillgate_store_core::{
    BatchOf, Fulfilment, Product, ProductId, Service, ServiceId, Text, VoucherBatch,
};
use tillgate_types::Currency;

use crate::Once;
use crate::draft::{Draft, Look};
use crate::report::{Fault, Faults, RowPlace};
use crate::row::Row;
use crate::source::{Source, batch};
use crate::stock::Stock;

type Serial = Text<24>;

/// What was read of one product.
pub(crate) struct Read {
    count: usize,
    first: Serial,
    last: Serial,
    /// Its first voucher that came encrypted.
    encrypted: Option<RowPlace>,
}

/// Vouchers as they are read, and their control totals.
#[derive(Default)]
pub(crate) struct Batches {
    read: BTreeMap<(ServiceId, ProductId), Read>,
    given: Once<(ServiceId, ProductId)>,
    pub(crate) batches: Vec<VoucherBatch>,
    /// Of each of them.
    pub(crate) places: Vec<RowPlace>,
}

impl Batches {
    /// Counts a voucher.
    pub(crate) fn count(&mut self, row: &Row<'_>, of: (ServiceId, ProductId), serial: Serial) {
        let blank = Read { count: 0, first: serial, last: serial, encrypted: None };
        let read = self.read.entry(of).or_insert(blank);
        read.count += 1;
        // A shorter serial is lower, so that numbers are in their order.
        read.first = min_by_key(read.first, serial, |it| (it.len(), *it));
        read.last = max_by_key(read.last, serial, |it| (it.len(), *it));
        if row.is_encrypted() {
            read.encrypted.get_or_insert(row.place());
        }
    }

    /// A voucher that came encrypted has control totals: nobody has looked at its file.
    pub(crate) fn check_encrypted(&self, sources: &[Source], faults: &mut Faults) {
        for (of, read) in &self.read {
            let Some(place) = read.encrypted.filter(|_| !self.given.has(of)) else { continue };
            let (service, product) = of;
            let text = format!(
                "vouchers of service {service} product {product} came encrypted, expected their \
                 control totals in batch.csv"
            );
            let file = sources.get(usize::from(place.file)).map(|source| source.name.clone());
            let (file, line) = (file.unwrap_or_default(), place.line);
            faults.push(|| Fault { file, line, column: 0, name: "", text });
        }
    }
}

/// One row of batch.csv.
pub(crate) fn batch(row: &Row<'_>, draft: &Draft, stock: &mut Stock) {
    if row.is_encrypted() {
        // Anybody can encrypt for us: who made the vouchers may have made their totals, too.
        let text = "control totals came encrypted, expected in clear and by another way";
        return row.wrong(batch::BATCH, text.to_owned());
    }
    let number = row.code::<BATCH_NUMBER_BYTES_MAX>(batch::BATCH);
    let service = row.number(batch::SERVICE, 1..=u16::MAX).map(ServiceId);
    let product = row.number(batch::PRODUCT, 1..=u16::MAX).map(ProductId);
    let count = row.number(batch::COUNT, 1..=CHANGE_ITEMS_MAX);
    let (first, last) = (row.code::<24>(batch::FIRST), row.code::<24>(batch::LAST));
    let (Some(service), Some(product)) = (service, product) else { return };
    let Some((service, denomination)) = look_up(row, draft, (service, product)) else { return };
    let Some(currency) = Currency::numbered(service.currency) else { return };
    let amount_minor = row.money(batch::AMOUNT, currency, 0..=i64::MAX);
    let (Some(number), Some(count), Some(amount_minor)) = (number, count, amount_minor) else {
        return;
    };
    let (Some(first), Some(last)) = (first, last) else { return };
    let of = (service.id, product);
    // Vouchers that were wrong are not counted; what they are missing from is not wrong too.
    if !stock.batches.given.first(row, batch::PRODUCT, of) || row.faults() > 0 {
        return;
    }
    let Some(read) = stock.batches.read.get(&of) else {
        let text = format!("{count} vouchers expected, none found in the files of this import");
        return row.wrong(batch::COUNT, text);
    };
    if read.count != count {
        row.wrong(batch::COUNT, format!("{count} vouchers expected, {} found", read.count));
    }
    let face_minor = denomination.amount_minor;
    let found = u64::try_from(read.count).unwrap_or(u64::MAX).saturating_mul(face_minor);
    let found = i64::try_from(found).unwrap_or(i64::MAX);
    if found != amount_minor {
        let [expected, found, face] =
            [amount_minor, found, i64::try_from(face_minor).unwrap_or(i64::MAX)]
                .map(|minor| currency.major(minor));
        let text = format!("{expected} expected, {found} found: {} of {face}", read.count);
        row.wrong(batch::AMOUNT, text);
    }
    for (column, expected, found) in
        [(batch::FIRST, first, read.first), (batch::LAST, last, read.last)]
    {
        if expected != found {
            row.wrong(column, format!("serial {expected} expected, {found} found"));
        }
    }
    let of = BatchOf { number, service: service.id, product };
    let (count, currency) = (u64::try_from(count).unwrap_or(u64::MAX), service.currency);
    let batch = VoucherBatch { of, batch_no: 0, count, face_minor, currency, first, last };
    stock.batches.batches.push(batch);
    stock.batches.places.push(row.place());
}

/// The product of a service that comes from stock.
fn look_up(
    row: &Row<'_>,
    draft: &Draft,
    (id, product): (ServiceId, ProductId),
) -> Option<(Service, Product)> {
    match draft.service(row.context.known, id) {
        Look::Found(found) if found.fulfilment != Fulfilment::Stock => {
            row.refuse(batch::SERVICE, "a service of kind voucher")
        }
        Look::Found(found) => match found.product(product).cloned() {
            Some(denomination) => Some((found, denomination)),
            None => row.refuse(batch::PRODUCT, format!("a product of service {id}")),
        },
        Look::Faulty => None,
        Look::Unknown => row.refuse(batch::SERVICE, "a service that exists"),
    }
}
