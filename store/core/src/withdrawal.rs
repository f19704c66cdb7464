//! Which vouchers an operator means: found from the rows, outside the writer, a bounded piece at a
//! time.

use std::ops::ControlFlow;

use crate::error::{Result, StoreError};
use crate::ids::Text;
use crate::journal;
use crate::limits::{BATCH_NUMBER_BYTES_MAX, SERIAL_BYTES_MAX, WITHDRAW_ROWS_MAX, WITHDRAWN_MAX};
use crate::record::{Card, Record, Serial, Shelf, StockLevel, Voucher, VoucherBatch};
use crate::rows::{Family, ReadRows};
use tillgate_types::{BusinessDate, ProductId, ServiceId};

/// Vouchers of one product that are in stock, by what an operator knows of them. Every condition
/// holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The service.
    pub service: ServiceId,
    /// The product.
    pub product: ProductId,
    /// Only those of this batch of the issuer.
    pub batch: Option<Text<BATCH_NUMBER_BYTES_MAX>>,
    /// Only those whose last day is before this one.
    pub expiry_before: Option<BusinessDate>,
}

/// A voucher as the stock is sorted: by its last day, then its serial.
pub type Place = (BusinessDate, Text<SERIAL_BYTES_MAX>);

/// A piece of what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// At most [`WITHDRAWN_MAX`].
    pub vouchers: Vec<Place>,
    /// Where the next piece begins, behind this voucher; `None`: there is no more.
    pub next: Option<Place>,
}

/// The next vouchers behind `after` that are in stock: at most [`WITHDRAWN_MAX`] from at most
/// [`WITHDRAW_ROWS_MAX`] rows.
///
/// # Errors
/// A row cannot be read.
pub fn find(rows: &dyn ReadRows, chosen: &Chosen, after: Option<Place>) -> Result<Piece> {
    let Chosen { service, product, batch, expiry_before } = chosen;
    let loads = match batch {
        Some(number) => Some(loads_of(rows, (number, *service, *product))?),
        None => None,
    };
    let first = Voucher::key_from(*service, *product, BusinessDate(0));
    let from = after.map_or_else(
        || first.to_vec(),
        |(expiry, serial)| {
            let mut key = Voucher::key_at(*service, *product, expiry, &serial).to_vec();
            key.push(0);
            key
        },
    );
    let (mut piece, mut left, mut buffer) = (Piece::default(), WITHDRAW_ROWS_MAX, Vec::new());
    let mut last = None;
    rows.try_scan(Family::Stock, &from, |key, value| {
        if !key.starts_with(&first[..4]) {
            return Ok::<_, StoreError>(ControlFlow::Break(()));
        }
        let Voucher { serial, expiry, .. } = Voucher::decode(key, value)?;
        if expiry_before.is_some_and(|before| expiry >= before) {
            return Ok(ControlFlow::Break(()));
        }
        if left == 0 || piece.vouchers.len() == WITHDRAWN_MAX {
            piece.next = last;
            return Ok(ControlFlow::Break(()));
        }
        left -= 1;
        last = Some((expiry, serial));
        if let Some(loads) = &loads {
            let key = Serial { service: *service, product: *product, serial, batch_no: 0 }.key();
            let found = journal::record::<Serial>(rows, &key, &mut buffer)?;
            if found.is_none_or(|found| !loads.contains(&found.batch_no)) {
                return Ok(ControlFlow::Continue(()));
            }
        }
        piece.vouchers.push((expiry, serial));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(piece)
}

/// Those of a service's serials that are in stock, by product.
///
/// # Errors
/// A row cannot be read.
pub fn find_serials(
    rows: &dyn ReadRows,
    service: ServiceId,
    serials: &[Text<SERIAL_BYTES_MAX>],
) -> Result<Vec<(ProductId, Place)>> {
    let mut found = Vec::new();
    for serial in serials {
        let key = Card::key_of((*serial, service));
        let card = journal::record::<Card>(rows, &key, &mut Vec::new())?;
        let Some(Card { product, .. }) = card else { continue };
        if let Some(expiry) = expiry_in_stock(rows, (service, product), serial)? {
            found.push((product, (expiry, *serial)));
        }
    }
    Ok(found)
}

/// The store's batches that loaded a batch of the issuer.
fn loads_of(
    rows: &dyn ReadRows,
    (number, service, product): (&Text<BATCH_NUMBER_BYTES_MAX>, ServiceId, ProductId),
) -> Result<Vec<u64>> {
    let mut loads = Vec::new();
    VoucherBatch::each_of(rows, (number, service), |row| {
        if row.of.product == product {
            loads.push(row.batch_no);
        }
        ControlFlow::Continue(())
    })?;
    Ok(loads)
}

/// The last day of a voucher, if it is in stock: the counts say which days there are.
fn expiry_in_stock(
    rows: &dyn ReadRows,
    (service, product): (ServiceId, ProductId),
    serial: &Text<SERIAL_BYTES_MAX>,
) -> Result<Option<BusinessDate>> {
    let (mut found, mut failed) = (None, Ok(()));
    let from = Shelf { service, product, expiry: BusinessDate(0) };
    StockLevel::each_from(rows, from, |level| {
        let Shelf { expiry, .. } = level.of;
        if (level.of.service, level.of.product) != (service, product) {
            return ControlFlow::Break(());
        }
        let key = Voucher::key_at(service, product, expiry, serial);
        match rows.get(Family::Stock, &key, &mut Vec::new()) {
            Ok(false) => return ControlFlow::Continue(()),
            Ok(true) => found = Some(expiry),
            Err(error) => failed = Err(error),
        }
        ControlFlow::Break(())
    })?;
    failed.map(|()| found)
}
