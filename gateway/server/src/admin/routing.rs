//! Why a sale takes its route.

use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;
use tillgate_core::processing::{RouteExplained, RouteQuestion, explain_route};
use tillgate_store_core::limits::SUBSCRIBER_BYTES_MAX;
use tillgate_store_core::{Key, SellerId, ServiceId, TerminalId};

use super::error::{Answer, ApiError};
use super::limits::AMOUNT_BYTES_MAX;
use super::query::{As, Line, Word};
use super::route::{Call, Query};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteQuery {
    /// What is sold
    service: As<u32>,
    /// For which account
    account: Option<As<Line<SUBSCRIBER_BYTES_MAX>>>,
    /// In major units of the service's currency
    amount: Option<As<Line<AMOUNT_BYTES_MAX>>>,
    /// By this seller
    seller: Option<As<u32>>,
    /// By the seller of this terminal
    terminal: Option<As<TerminalId>>,
    /// At this time of day instead of now
    at: Option<As<TimeOfDay>>,
    /// As the transaction of this key: rules that are equal share sales out by it
    key: Option<As<Key>>,
}

/// Minutes after local midnight.
#[derive(Clone, Copy)]
struct TimeOfDay(u16);

impl Word for TimeOfDay {
    fn expected() -> String {
        "a time of day as 23:30".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let number = |text: &str, below: u16| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|number| digits && *number < below)
        };
        Some(Self(number(hour, 24)? * 60 + number(minute, 60)?))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" })
    }
}

pub(super) async fn explain(
    Call { app, .. }: Call,
    Query(query): Query<RouteQuery>,
) -> Answer<RouteExplained> {
    let no_service = || ApiError::bad_request(format!("there is no service {}", query.service.0));
    let service = u16::try_from(query.service.0).map(ServiceId).map_err(|_| no_service())?;
    let now = app.calendar.minute_of_day(app.handle.clock.wall());
    let asked = RouteQuestion {
        service,
        account: query.account.map(|As(Line(account))| account).unwrap_or_default(),
        amount: query.amount.map(|As(Line(amount))| amount),
        seller: query.seller.map(|As(seller)| SellerId(seller)),
        terminal: query.terminal.map(|As(terminal)| terminal),
        minute: query.at.map_or(now, |As(TimeOfDay(minute))| minute),
        key: query.key.map(|As(key)| key),
    };
    let explained = explain_route(&app.handle.directory.read(), &asked);
    let (bridges, at) = (&app.handle.metrics.bridges, app.handle.clock.now());
    let is_shunned = |name: &str| {
        bridges.iter().any(|bridge| bridge.name == name && at < bridge.shunned_until())
    };
    explained.map(|explained| explained.shunning(is_shunned)).map_err(ApiError::bad_request)
}
