//! Vouchers that leave the stock without being sold, and the lists of them for their issuers.

use std::ops::ControlFlow;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tillgate_core::report::{self, Returns, Selection, VoidLine, WantedReturns, show_key};
use tillgate_core::transaction::{ControlOrder, Controlled};
use tillgate_store_core::limits::{BATCH_NUMBER_BYTES_MAX, SERIAL_BYTES_MAX, WITHDRAWN_MAX};
use tillgate_store_core::withdrawal::{self, Chosen, Piece, Place};
use tillgate_store_core::{
    BusinessDate, Key, ProductId, ServiceId, StoreError, Text, VoucherBatch, VoucherOf,
};

use super::app::App;
use super::blocking::blocking;
use super::control::carry;
use super::error::{Answer, ApiError};
use super::limits::{
    NOTE_BYTES_MAX, ORDER_TIME_MAX, ROWS_PER_PAGE_MAX, VOUCHERS_PER_PAGE_MAX,
    WITHDRAWAL_BODY_BYTES_MAX,
};
use super::query::{As, Line, PageLength};
use super::route::{Body, Call, Query};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WithdrawOrder {
    /// The service.
    service: u16,
    /// The product; not with `serials`.
    product: Option<u16>,
    /// Only those of this batch of the issuer.
    batch: Option<As<Line<BATCH_NUMBER_BYTES_MAX>>>,
    /// Only those whose last day is before this one.
    expiry_before: Option<As<BusinessDate>>,
    /// All that the product has in stock, where neither batch nor expiry is given.
    #[serde(default)]
    all: bool,
    /// These of the service, in the place of all the others; at most 500.
    serials: Option<Vec<As<Line<SERIAL_BYTES_MAX>>>>,
    /// Why, for the audit log.
    note: As<Line<NOTE_BYTES_MAX>>,
    /// Only those behind this one.
    after: Option<As<Place>>,
    /// Only count them.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct WithdrawAnswer {
    /// How many of them were in stock.
    found: usize,
    /// How many are out of sale now; others were sold in the meantime.
    withdrawn: u64,
    /// The `after` of the next order, if there may be more.
    next: Option<String>,
}

/// What is looked for.
enum Wanted {
    Chosen(Chosen, Option<Place>),
    Serials(ServiceId, Vec<Text<SERIAL_BYTES_MAX>>),
}

type Found = (Vec<(ProductId, Vec<Place>)>, Option<Place>);

/// Finds a bounded number of vouchers and orders that they are never sold; one order per product.
pub(super) async fn withdraw(
    call: Call,
    body: Body<WithdrawOrder, WITHDRAWAL_BODY_BYTES_MAX>,
) -> Answer<WithdrawAnswer> {
    let mut order = body.read()?;
    let (service, dry_run) = (ServiceId(order.service), order.dry_run);
    let note = std::mem::take(&mut order.note.0.0);
    let (app, wanted) = (Arc::clone(&call.app), wanted(order)?);
    let (found, next) = blocking(move || find(&app, &wanted)).await?;
    let mut answer = WithdrawAnswer {
        found: found.iter().map(|(_, vouchers)| vouchers.len()).sum(),
        withdrawn: 0,
        next: next.map(|(expiry, serial)| format!("{expiry}-{}", serial.as_str())),
    };
    for (product, vouchers) in found {
        if dry_run || vouchers.is_empty() {
            continue;
        }
        let order = ControlOrder::Withdraw { service, product, vouchers, note: note.clone() };
        match carry(&call, None, order, ORDER_TIME_MAX).await? {
            Controlled::Withdrawn(count) => answer.withdrawn += count,
            Controlled::Rejected(why) => {
                let why: Vec<String> =
                    why.iter().map(|r| format!("{}: {}", r.what, r.why)).collect();
                return Err(ApiError::refused(why.join("; ")));
            }
            Controlled::Applied { .. } => {
                return Err(ApiError::internal("a withdrawal, answered as another order"));
            }
        }
    }
    Ok(answer)
}

fn wanted(order: WithdrawOrder) -> Answer<Wanted> {
    let service = ServiceId(order.service);
    let conditions = order.batch.is_some() || order.expiry_before.is_some();
    match (order.product, order.serials) {
        (None, Some(serials)) if !conditions && !order.all && order.after.is_none() => {
            if serials.len() > WITHDRAWN_MAX {
                let text = format!("{} serials; expected at most {WITHDRAWN_MAX}", serials.len());
                return Err(ApiError::bad_request(text));
            }
            let text = |As(Line(serial)): As<Line<SERIAL_BYTES_MAX>>| Text::from(&serial).ok();
            Ok(Wanted::Serials(service, serials.into_iter().filter_map(text).collect()))
        }
        (Some(product), None) if conditions != order.all => {
            let batch = order.batch.and_then(|As(Line(number))| Text::from(&number).ok());
            let chosen = Chosen {
                service,
                product: ProductId(product),
                batch,
                expiry_before: order.expiry_before.map(|As(date)| date),
            };
            Ok(Wanted::Chosen(chosen, order.after.map(|As(place)| place)))
        }
        _ => Err(ApiError::bad_request(
            "expected serials alone, or a product with batch, expiry_before or both, or with all",
        )),
    }
}

fn find(app: &App, wanted: &Wanted) -> Answer<Found> {
    let rows = app.handle.reader.snapshot();
    let registry = |service, product: Option<ProductId>| {
        let directory = app.handle.directory.read();
        let found = directory.registry.service(service);
        let known = found.is_some_and(|it| product.is_none_or(|id| it.product(id).is_some()));
        let product = product.map(|id| format!(" with a product {id}")).unwrap_or_default();
        let text = format!("there is no service {service}{product}");
        if known { Ok(()) } else { Err(ApiError::bad_request(text)) }
    };
    match wanted {
        Wanted::Chosen(chosen, after) => {
            registry(chosen.service, Some(chosen.product))?;
            if let Some(number) = &chosen.batch {
                let loaded = is_loaded(&rows, chosen, number).map_err(ApiError::internal)?;
                let Chosen { service, product, .. } = chosen;
                let text =
                    format!("no batch {number} of service {service} product {product} was loaded");
                loaded.then_some(()).ok_or_else(|| ApiError::bad_request(text))?;
            }
            let found = withdrawal::find(&rows, chosen, *after).map_err(ApiError::internal)?;
            let Piece { vouchers, next } = found;
            Ok((vec![(chosen.product, vouchers)], next))
        }
        Wanted::Serials(service, serials) => {
            registry(*service, None)?;
            let found = withdrawal::find_serials(&rows, *service, serials);
            let mut found = found.map_err(ApiError::internal)?;
            found.sort_unstable();
            found.dedup();
            let groups = found.chunk_by(|one, next| one.0 == next.0);
            let group =
                |of: &[(ProductId, Place)]| (of[0].0, of.iter().map(|(_, place)| *place).collect());
            Ok((groups.map(group).collect(), None))
        }
    }
}

fn is_loaded(
    rows: &dyn tillgate_store_core::ReadRows,
    chosen: &Chosen,
    number: &Text<BATCH_NUMBER_BYTES_MAX>,
) -> Result<bool, StoreError> {
    let mut loaded = false;
    VoucherBatch::each_of(rows, (number, chosen.service), |batch| {
        loaded |= batch.of.product == chosen.product;
        ControlFlow::Continue(())
    })?;
    Ok(loaded)
}

type Limit = As<PageLength<1_000, VOUCHERS_PER_PAGE_MAX>>;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReturnsQuery {
    /// Only those of this service
    service: Option<As<u32>>,
    /// Only those that later changes (rows of the audit log) withdrew
    #[serde(default)]
    after_change: As<u64>,
    /// Only those behind this one
    after: Option<As<VoucherOf>>,
    /// At most this many
    #[serde(default)]
    limit: Limit,
}

/// A page of withdrawn vouchers.
pub(super) async fn returns(
    Call { app, .. }: Call,
    Query(query): Query<ReturnsQuery>,
) -> Answer<Returns> {
    let service = query.service.map(|As(id)| u16::try_from(id).map(ServiceId));
    let service =
        service.transpose().map_err(|_| ApiError::bad_request("there is no such service"));
    let wanted = WantedReturns {
        service: service?,
        after_change: query.after_change.0,
        after: query.after.map(|As(of)| of),
    };
    blocking(move || {
        let bounds = (query.limit.0.0, ROWS_PER_PAGE_MAX);
        let rows = app.handle.reader.snapshot();
        Returns::read(&rows, &wanted, bounds).map_err(ApiError::internal)
    })
    .await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VoidsQuery {
    /// First business date
    from: Option<As<BusinessDate>>,
    /// Last business date
    to: Option<As<BusinessDate>>,
    /// Only later keys
    after: Option<As<Key>>,
    /// At most this many
    #[serde(default)]
    limit: Limit,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Voids {
    vouchers: Vec<VoidLine>,
    /// The `after` of the next page, if there may be one.
    next: Option<String>,
}

/// A page of sold vouchers to void, by the transactions' keys.
pub(super) async fn voided(
    Call { app, .. }: Call,
    Query(query): Query<VoidsQuery>,
) -> Answer<Voids> {
    let selection = Selection {
        from: query.from.map(|As(date)| date),
        to: query.to.map(|As(date)| date),
        terminal: None,
        after: query.after.map(|As(key)| key),
    };
    blocking(move || {
        let (most, mut left) = (query.limit.0.0, ROWS_PER_PAGE_MAX);
        let (mut page, mut last) = (Voids { vouchers: Vec::new(), next: None }, None);
        let read = report::voids(&app.handle.reader, &selection, |row, line| {
            if left == 0 || page.vouchers.len() == most {
                page.next = last.as_ref().map(show_key);
                return ControlFlow::Break(());
            }
            left -= 1;
            last = Some(row.key);
            page.vouchers.extend(line);
            ControlFlow::Continue(())
        });
        read.map_err(ApiError::internal).map(|()| page)
    })
    .await
}
