//! Services.

use std::ops::RangeInclusive;

use tillgate_store_core::limits::{
    AMOUNT_MINOR_MAX, NAME_BYTES_MAX, VELOCITY_COUNT_MAX, VELOCITY_WINDOW_S_MAX,
};
use tillgate_store_core::{AmountSource, Fulfilment, Hours, Service, ServiceId, Velocity};
use tillgate_types::Currency;

use crate::Context;
use crate::draft::{Draft, take};
use crate::report::Faults;
use crate::row::Row;
use crate::terms;

/// Columns of services.csv.
pub(crate) mod service {
    pub(crate) const ID: usize = 0;
    pub(crate) const NAME: usize = 1;
    pub(crate) const KIND: usize = 2;
    pub(crate) const CURRENCY: usize = 3;
    pub(crate) const ROUTE: usize = 4;
    pub(crate) const AMOUNT_MIN: usize = 5;
    pub(crate) const AMOUNT_MAX: usize = 6;
    pub(crate) const OPEN_AMOUNT: usize = 7;
    pub(crate) const HOURS: usize = 8;
    pub(crate) const STATUS: usize = 9;
    pub(crate) const VELOCITY_COUNT: usize = 10;
    pub(crate) const VELOCITY_WINDOW: usize = 11;
    pub(crate) const VELOCITY_DAY_AMOUNT: usize = 12;
    pub(crate) const ACCOUNT: usize = 13;
    pub(crate) const ACCOUNT_LABEL: usize = 14;
    pub(crate) const ACCOUNT_LENGTH: usize = 15;
    pub(crate) const ACCOUNT_PICTURE: usize = 16;
    pub(crate) const ACCOUNT_CHECK: usize = 17;
    pub(crate) const LOOKUP: usize = 18;
    pub(crate) const MONEY: usize = 19;
    pub(crate) const REVERSAL: usize = 20;
}

/// What a kind is called: as the properties are, or as it was when there were two kinds.
const KINDS: &[(&str, Fulfilment)] = &[
    ("voucher", Fulfilment::Stock),
    ("stock", Fulfilment::Stock),
    ("topup", Fulfilment::Provider),
    ("provider", Fulfilment::Provider),
];

/// One row of services.csv. Products, commissions, charges and receipts that the store has stay.
pub(crate) fn service(
    row: &Row<'_>,
    context: &Context<'_>,
    draft: &mut Draft,
    faults: &mut Faults,
) {
    let id = row.number(faults, service::ID, 1..=u16::MAX).map(ServiceId);
    let before = faults.total;
    let stored = id.and_then(|id| context.known.service(id));
    let kept = context.kept(stored.as_ref());
    let name = row.words(faults, service::NAME, NAME_BYTES_MAX);
    let kind = row.choice(faults, service::KIND, KINDS);
    let currency = row.currency(faults, service::CURRENCY);
    let route = kind.and_then(|kind| route(row, context, kind, faults));
    let amounts = currency.and_then(|currency| amounts(row, currency, faults));
    let amount = kind.and_then(|kind| amount_source(row, kind, kept, faults));
    let hours = hours(row, kept, faults);
    let status = row.status(faults, service::STATUS, kept.map(|kept| kept.status));
    let velocity = currency.and_then(|currency| velocity(row, currency, kept, faults));
    let terms = kind.zip(amount).and_then(|what| terms::terms(row, what, kept, faults));
    let Some(id) = id else { return };
    let build = || {
        let currency = currency?;
        let (amount_min_minor, amount_max_minor) = amounts?;
        let (name, fulfilment, terms) = (name?, kind?, terms?);
        let rest = stored.clone();
        let rest = rest.unwrap_or_else(|| Service::new(id, &name, fulfilment, currency.number));
        Some(Service {
            name,
            fulfilment,
            status: status?,
            currency: currency.number,
            route: route?,
            amount_min_minor,
            amount_max_minor,
            amount: amount?,
            hours: hours?,
            velocity: velocity?,
            account: terms.account,
            lookup: terms.lookup,
            money: terms.money,
            reversal: terms.reversal,
            ..rest
        })
    };
    let record = if faults.total == before { build() } else { None };
    take(&mut draft.services, (row, faults), (id, record), (stored.is_some(), context.existing));
}

/// The bridge of a top-up; vouchers have none.
fn route(
    row: &Row<'_>,
    context: &Context<'_>,
    kind: Fulfilment,
    faults: &mut Faults,
) -> Option<String> {
    let text = row.text(service::ROUTE);
    match kind {
        Fulfilment::Stock if text.is_empty() => Some(String::new()),
        Fulfilment::Stock => {
            row.expected(faults, service::ROUTE, "nothing: vouchers come from stock");
            None
        }
        Fulfilment::Provider if context.bridges.iter().any(|bridge| bridge == text) => {
            Some(text.to_owned())
        }
        Fulfilment::Provider => {
            let names = context.bridges.join(" or ");
            let allowed = if names.is_empty() { "none is".to_owned() } else { names };
            let text = format!("a bridge of the configuration; configured: {allowed}");
            row.expected(faults, service::ROUTE, text);
            None
        }
    }
}

/// Which amounts between the two are sold.
fn amount_source(
    row: &Row<'_>,
    kind: Fulfilment,
    kept: Option<&Service>,
    faults: &mut Faults,
) -> Option<AmountSource> {
    let none = kept.map_or(AmountSource::Products, |kept| kept.amount);
    let (open, listed) = (AmountSource::Open, AmountSource::Products);
    let words = [
        ("yes", open),
        ("no", listed),
        ("true", open),
        ("false", listed),
        ("lookup", AmountSource::Lookup),
        ("", none),
    ];
    let amount = row.choice(faults, service::OPEN_AMOUNT, &words)?;
    if kind == Fulfilment::Stock && amount != AmountSource::Products {
        row.expected(faults, service::OPEN_AMOUNT, "no: vouchers have denominations");
        return None;
    }
    Some(amount)
}

/// Amounts of one sale, minor units.
pub(crate) fn amount_range(from: i64) -> RangeInclusive<i64> {
    from..=i64::try_from(AMOUNT_MINOR_MAX).unwrap_or(i64::MAX)
}

fn amounts(row: &Row<'_>, currency: Currency, faults: &mut Faults) -> Option<(u64, u64)> {
    let low = row.money(faults, service::AMOUNT_MIN, currency, amount_range(1))?;
    let high = row.money(faults, service::AMOUNT_MAX, currency, amount_range(1))?;
    if low > high {
        let text = format!("at least the amount_min of {}", currency.major(low));
        row.expected(faults, service::AMOUNT_MAX, text);
        return None;
    }
    Some((u64::try_from(low).ok()?, u64::try_from(high).ok()?))
}

/// Nothing or `always`, or `06:00-22:00`; `22:00-06:00` spans midnight.
fn hours(row: &Row<'_>, kept: Option<&Service>, faults: &mut Faults) -> Option<Option<Hours>> {
    let text = row.text(service::HOURS);
    match text {
        "" => return Some(kept.and_then(|kept| kept.hours)),
        "always" => return Some(None),
        _ => {}
    }
    let parsed = text
        .split_once('-')
        .and_then(|(from, to)| Some(Hours { from_min: clock(from)?, to_min: clock(to)? }));
    if parsed.is_none_or(|hours| hours.from_min == hours.to_min) {
        row.expected(faults, service::HOURS, "always, or hours as 06:00-22:00");
        return None;
    }
    Some(parsed)
}

/// `HH:MM` as minutes; `24:00` is the end of the day.
fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str| {
        let shaped = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if shaped { part.parse::<u16>().ok() } else { None }
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minute_of_day = hours * 60 + minutes;
    (minutes < 60 && minute_of_day <= 24 * 60).then_some(minute_of_day)
}

fn velocity(
    row: &Row<'_>,
    currency: Currency,
    kept: Option<&Service>,
    faults: &mut Faults,
) -> Option<Velocity> {
    let count = service::VELOCITY_COUNT;
    let window = service::VELOCITY_WINDOW;
    let stored = kept.map(|kept| kept.velocity).unwrap_or_default();
    let count_max = row.number_or(faults, count, 0..=VELOCITY_COUNT_MAX, stored.count_max)?;
    let window_s = row.number_or(faults, window, 0..=VELOCITY_WINDOW_S_MAX, stored.window_s)?;
    if (count_max == 0) != (window_s == 0) {
        row.expected(faults, window, "a count and a window, or neither");
        return None;
    }
    let day_amount_max_minor = match row.text(service::VELOCITY_DAY_AMOUNT) {
        "" => stored.day_amount_max_minor,
        _ => {
            let day = service::VELOCITY_DAY_AMOUNT;
            u64::try_from(row.money(faults, day, currency, amount_range(0))?).ok()?
        }
    };
    Some(Velocity { count_max, window_s, day_amount_max_minor })
}
