//! Whether a terminal may sell what it asks to sell, check by check in the order of the rules,
//! each with a response code of its own. Velocity, float and stock are the ledger's to check:
//! they change with every sale.

use arrayvec::ArrayVec;
use tillgate_codec::link::message::Sale;
use tillgate_store_core::commission::{CommissionError, legs};
use tillgate_store_core::limits::CHAIN_MAX;
use tillgate_store_core::{
    AmountSource, BusinessDate, Distributor, DistributorId, Kind, ProductId, Registry,
    ResponseCode, SaleTerms, Seller, Service, Status, Terminal, TerminalId, VerificationResult,
};

use super::route::RouteQuestion;
use crate::directory::Directory;
use crate::limits::DATE_GRACE;
use crate::time::{Calendar, UnixMillis};

/// The terminal, its seller and everybody above, all of them active.
pub struct ActiveParties<'a> {
    /// Who asks.
    pub terminal: &'a Terminal,
    /// Who pays.
    pub seller: &'a Seller,
    /// The seller's distributor and everybody above it, bottom first.
    pub chain: ArrayVec<&'a Distributor, CHAIN_MAX>,
}

/// Checks the terminal, its seller and every distributor above.
///
/// # Errors
/// 58 terminal, 03 seller, D1 distributor: unknown or not active.
pub fn standing(registry: &Registry, id: TerminalId) -> Result<ActiveParties<'_>, ResponseCode> {
    let terminal = registry.terminal(id).ok_or(ResponseCode::TERMINAL_INACTIVE)?;
    if terminal.status != Status::Active {
        return Err(ResponseCode::TERMINAL_INACTIVE);
    }
    let seller = registry.seller(terminal.seller).ok_or(ResponseCode::SELLER_INACTIVE)?;
    Ok(ActiveParties { terminal, seller, chain: above(registry, seller)? })
}

/// A seller's distributor and everybody above it, when they and the seller are active.
fn above<'a>(
    registry: &'a Registry,
    seller: &Seller,
) -> Result<ArrayVec<&'a Distributor, CHAIN_MAX>, ResponseCode> {
    if seller.status != Status::Active {
        return Err(ResponseCode::SELLER_INACTIVE);
    }
    let chain =
        registry.chain(seller.distributor).map_err(|_| ResponseCode::DISTRIBUTOR_INACTIVE)?;
    if chain.iter().any(|distributor| distributor.status != Status::Active) {
        return Err(ResponseCode::DISTRIBUTOR_INACTIVE);
    }
    Ok(chain)
}

impl Now {
    /// By the operator's calendar and the date that is in force.
    #[must_use]
    pub fn of(calendar: &Calendar, wall: UnixMillis, directory: &Directory) -> Self {
        let date = directory.today(calendar.date(wall));
        // Where the clock is behind the date, the day before is over.
        let behind = date > calendar.date(wall);
        let grace_ms = if behind { 0 } else { DATE_GRACE.0 / 1_000_000 };
        let open_from = calendar.date(UnixMillis(wall.0.saturating_sub(grace_ms)));
        Self {
            date,
            open_from: if behind { date } else { open_from },
            minute: calendar.minute_of_day(wall),
        }
    }

    /// Whether a business date takes new requests: today, and shortly after the cut-off the day
    /// before. What it does not take gets no row, so that no money moves on a day that is over.
    #[must_use]
    pub fn takes(&self, date: BusinessDate) -> bool {
        (self.open_from..=self.date).contains(&date)
    }
}

/// When a request arrived, by the operator's calendar.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The business date in force.
    pub date: BusinessDate,
    /// The earliest one that still takes new requests.
    pub open_from: BusinessDate,
    /// Minutes after local midnight.
    pub minute: u16,
}

/// Checks a sale and computes what it posts.
///
/// # Errors
/// The code of the first check that fails: those of [`standing`]; 12 service
/// unknown; 57 not open to this terminal; H1 outside its hours; 13 amount or currency that the
/// product does not have; 61 amount beyond the service's limits; 14 subscriber; 30 a voucher
/// with a subscriber.
pub fn sale(
    registry: &Registry,
    id: TerminalId,
    sale: &Sale<'_>,
    service: Option<&Service>,
    now: Now,
) -> Result<(VerificationResult, SaleTerms), ResponseCode> {
    let standing = standing(registry, id)?;
    let service = offered(&standing, service, now)?;
    amount(service, sale)?;
    account(service, sale.subscriber)?;
    let chain: ArrayVec<DistributorId, CHAIN_MAX> =
        standing.chain.iter().map(|distributor| distributor.id).collect();
    let legs = legs(service, standing.seller, &chain, sale.amount_minor, sale.date);
    let (legs, charges) = legs.map_err(|error| match error {
        CommissionError::Amount | CommissionError::Currency => ResponseCode::INVALID_AMOUNT,
        CommissionError::TooMuch => ResponseCode::MALFUNCTION,
    })?;
    // What the customer was shown is what is charged.
    let charged_minor = charges.fee_minor + charges.tax_minor;
    if sale.fee_minor != 0 && sale.fee_minor != charged_minor {
        return Err(ResponseCode::INVALID_AMOUNT);
    }
    let terms = service.terms(standing.seller, charges, standing.terminal.language);
    let product = service.product(ProductId(sale.product));
    let least_days = product.map_or(0, |product| product.stock.least_days);
    Ok((VerificationResult::Accepted { legs, velocity: service.velocity, least_days }, terms))
}

/// What is refused is journalled with the distributor too.
pub(super) fn refused_terms(registry: &Registry, terminal: &Terminal, kind: Kind) -> SaleTerms {
    let distributor = registry.seller(terminal.seller).map(|seller| seller.distributor);
    SaleTerms {
        distributor: distributor.unwrap_or_default(),
        reversal: kind.usual_reversal(),
        ..SaleTerms::default()
    }
}

/// Checks that a service is sold at this terminal now.
pub(super) fn offered<'a>(
    standing: &ActiveParties<'_>,
    service: Option<&'a Service>,
    now: Now,
) -> Result<&'a Service, ResponseCode> {
    let service = service.ok_or(ResponseCode::INVALID_TRANSACTION)?;
    if !standing.terminal.services.allow(service.id) {
        return Err(ResponseCode::SERVICE_NOT_PERMITTED);
    }
    open(service, now.minute)?;
    Ok(service)
}

/// Checks that a service is sold at all at this minute of the day.
fn open(service: &Service, minute: u16) -> Result<(), ResponseCode> {
    if service.status != Status::Active {
        return Err(ResponseCode::SERVICE_NOT_PERMITTED);
    }
    if service.hours.is_none_or(|hours| hours.contain(minute)) {
        Ok(())
    } else {
        Err(ResponseCode::OUTSIDE_HOURS)
    }
}

/// Checks what is known of a sale before it happens: nothing of what is left out.
///
/// # Errors
/// As [`sale`].
pub(super) fn foreseen(
    registry: &Registry,
    service: &Service,
    asked: &RouteQuestion,
    amount_minor: Option<u64>,
) -> Result<(), ResponseCode> {
    if let Some(id) = asked.terminal.or(asked.key.map(|key| key.terminal)) {
        if !standing(registry, id)?.terminal.services.allow(service.id) {
            return Err(ResponseCode::SERVICE_NOT_PERMITTED);
        }
    } else if let Some(seller) = asked.seller.and_then(|id| registry.seller(id)) {
        above(registry, seller)?;
    }
    open(service, asked.minute)?;
    if let Some(amount) = amount_minor {
        let mut products = service.products.iter();
        let sold = products.any(|product| product.amount_minor == amount);
        if service.amount == AmountSource::Products && !sold {
            return Err(ResponseCode::INVALID_AMOUNT);
        }
        bounds(service, amount)?;
    }
    if asked.account.is_empty() { Ok(()) } else { account(service, &asked.account) }
}

fn amount(service: &Service, sale: &Sale<'_>) -> Result<(), ResponseCode> {
    if sale.currency != service.currency {
        return Err(ResponseCode::INVALID_AMOUNT);
    }
    if sale.product == 0 {
        if service.amount == AmountSource::Products {
            return Err(ResponseCode::INVALID_AMOUNT);
        }
    } else {
        let offered = service.product(ProductId(sale.product));
        if offered.is_none_or(|product| product.amount_minor != sale.amount_minor) {
            return Err(ResponseCode::INVALID_AMOUNT);
        }
    }
    bounds(service, sale.amount_minor)
}

fn bounds(service: &Service, amount_minor: u64) -> Result<(), ResponseCode> {
    if (service.amount_min_minor..=service.amount_max_minor).contains(&amount_minor) {
        Ok(())
    } else {
        Err(ResponseCode::AMOUNT_LIMIT)
    }
}

/// The account that the service asks for, or none if it asks for none.
pub(super) fn account(service: &Service, account: &str) -> Result<(), ResponseCode> {
    match &service.account {
        Some(field) if field.accepts(account) => Ok(()),
        Some(_) => Err(ResponseCode::NO_SUCH_SUBSCRIBER),
        None if account.is_empty() => Ok(()),
        None => Err(ResponseCode::FORMAT_ERROR),
    }
}
