//! Services.

use std::ops::RangeInclusive;

use tillgate_store_core::limits::{
    AMOUNT_MINOR_MAX, ISSUER_BYTES_MAX, NAME_BYTES_MAX, VELOCITY_COUNT_MAX, VELOCITY_WINDOW_S_MAX,
};
use tillgate_store_core::{AmountSource, Fulfilment, Hours, Service, ServiceId, Text, Velocity};
use tillgate_types::Currency;

use crate::draft::{Draft, take};
use crate::row::Row;
use crate::source::{Column, service};
use crate::terms;

/// What a kind is called: as the properties are, or as it was when there were two kinds.
const KINDS: &[(&str, Fulfilment)] = &[
    ("voucher", Fulfilment::Stock),
    ("stock", Fulfilment::Stock),
    ("topup", Fulfilment::Provider),
    ("provider", Fulfilment::Provider),
];

/// One row of services.csv. Products, commissions, charges and receipts that the store has stay.
pub(crate) fn service(row: &Row<'_>, draft: &mut Draft) {
    let id = row.number(service::ID, 1..=u16::MAX).map(ServiceId);
    let before = row.faults();
    let stored = id.and_then(|id| row.context.known.stored(|stored| stored.service(id)));
    let kept = row.context.kept(stored.as_ref());
    let name = row.words(service::NAME, NAME_BYTES_MAX);
    let kind = row.choice(service::KIND, KINDS);
    let currency = row.currency(service::CURRENCY);
    let route = kind.and_then(|kind| route(row, draft, kind));
    let amounts = currency.and_then(|currency| amounts(row, currency));
    let amount = kind.and_then(|kind| amount_source(row, kind, kept));
    let hours = hours(row, kept);
    let status = row.status(service::STATUS, kept.map(|kept| kept.status));
    let velocity = currency.and_then(|currency| velocity(row, currency, kept));
    let terms = kind.zip(amount).and_then(|what| terms::terms(row, what, kept));
    let issuer = kind.and_then(|kind| issuer(row, kind, kept));
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
            issuer: issuer?,
            ..rest
        })
    };
    let record = if row.faults() == before { build() } else { None };
    take(&mut draft.services, row, (id, record), stored.is_some());
}

/// The bridge or the route of what a provider does; vouchers have none.
fn route(row: &Row<'_>, draft: &Draft, kind: Fulfilment) -> Option<String> {
    let text = row.text(service::ROUTE);
    match kind {
        Fulfilment::Stock if text.is_empty() => Some(String::new()),
        Fulfilment::Stock => row.refuse(service::ROUTE, "nothing: vouchers come from stock"),
        Fulfilment::Provider if row.context.bridges.iter().any(|bridge| bridge == text) => {
            Some(text.to_owned())
        }
        Fulfilment::Provider if draft.has_route(row.context.known, text) => Some(text.to_owned()),
        Fulfilment::Provider => {
            let bridges = row.context.configured_bridges();
            row.refuse(service::ROUTE, format!("{bridges}; or a route of routes.csv"))
        }
    }
}

/// Who issues its vouchers; `none` for an issuer of its own.
fn issuer(
    row: &Row<'_>,
    kind: Fulfilment,
    kept: Option<&Service>,
) -> Option<Text<ISSUER_BYTES_MAX>> {
    match (row.text(service::ISSUER), kind) {
        ("", _) => Some(kept.map_or_else(Text::new, |kept| kept.issuer)),
        (_, Fulfilment::Provider) => {
            row.refuse(service::ISSUER, "nothing: only vouchers have an issuer")
        }
        ("none", Fulfilment::Stock) => Some(Text::new()),
        (_, Fulfilment::Stock) => row.code(service::ISSUER),
    }
}

/// Which amounts between the two are sold.
fn amount_source(row: &Row<'_>, kind: Fulfilment, kept: Option<&Service>) -> Option<AmountSource> {
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
    let amount = row.choice(service::OPEN_AMOUNT, &words)?;
    if kind == Fulfilment::Stock && amount != AmountSource::Products {
        return row.refuse(service::OPEN_AMOUNT, "no: vouchers have denominations");
    }
    Some(amount)
}

/// Amounts of one sale, minor units.
pub(crate) fn amount_range(from: i64) -> RangeInclusive<i64> {
    from..=i64::try_from(AMOUNT_MINOR_MAX).unwrap_or(i64::MAX)
}

fn amounts(row: &Row<'_>, currency: Currency) -> Option<(u64, u64)> {
    let low = row.money(service::AMOUNT_MIN, currency, amount_range(1))?;
    let high = row.money(service::AMOUNT_MAX, currency, amount_range(1))?;
    if low > high {
        let text = format!("at least the amount_min of {}", currency.major(low));
        return row.refuse(service::AMOUNT_MAX, text);
    }
    Some((u64::try_from(low).ok()?, u64::try_from(high).ok()?))
}

/// Nothing or `always`, or `06:00-22:00`; `22:00-06:00` spans midnight.
fn hours(row: &Row<'_>, kept: Option<&Service>) -> Option<Option<Hours>> {
    match row.text(service::HOURS) {
        "" => return Some(kept.and_then(|kept| kept.hours)),
        "always" => return Some(None),
        _ => {}
    }
    parse_hours(row, service::HOURS).map(Some)
}

/// `06:00-22:00`.
pub(crate) fn parse_hours(row: &Row<'_>, column: Column) -> Option<Hours> {
    let parsed = row
        .text(column)
        .split_once('-')
        .and_then(|(from, to)| Some(Hours { from_min: clock(from)?, to_min: clock(to)? }));
    let parsed = parsed.filter(|hours| hours.from_min != hours.to_min);
    parsed.or_else(|| row.refuse(column, "always, or hours as 06:00-22:00"))
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

fn velocity(row: &Row<'_>, currency: Currency, kept: Option<&Service>) -> Option<Velocity> {
    let count = service::VELOCITY_COUNT;
    let window = service::VELOCITY_WINDOW;
    let stored = kept.map(|kept| kept.velocity).unwrap_or_default();
    let count_max = row.number_or(count, 0..=VELOCITY_COUNT_MAX, stored.count_max)?;
    let window_s = row.number_or(window, 0..=VELOCITY_WINDOW_S_MAX, stored.window_s)?;
    if (count_max == 0) != (window_s == 0) {
        return row.refuse(window, "a count and a window, or neither");
    }
    let day_amount_max_minor = match row.text(service::VELOCITY_DAY_AMOUNT) {
        "" => stored.day_amount_max_minor,
        _ => {
            let day = service::VELOCITY_DAY_AMOUNT;
            u64::try_from(row.money(day, currency, amount_range(0))?).ok()?
        }
    };
    Some(Velocity { count_max, window_s, day_amount_max_minor })
}
