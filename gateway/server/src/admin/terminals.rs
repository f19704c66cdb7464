//! Looking at terminals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tillgate_core::report::{KeyRow, TerminalRow, Terminals, WantedTerminals};
use tillgate_store_core::{AccountRow, Family, ReadRows, Record, Seller, Terminal, TerminalId};

use super::app::App;
use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::limits::{ROWS_PER_PAGE_MAX, TERMINALS_PER_PAGE_MAX};
use super::query::{As, PageLength};
use super::route::{Call, Query};

/// The record of a terminal, as of now.
///
/// # Errors
/// 404.
pub(super) fn find(app: &App, id: TerminalId) -> Answer<Terminal> {
    let directory = app.handle.directory.read();
    let found = directory.registry.terminal(id).cloned();
    found.ok_or_else(|| ApiError::not_found(format!("there is no terminal {id}")))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TerminalsQuery {
    /// Only these
    state: Option<WantedTerminals>,
    /// At most this many
    #[serde(default)]
    limit: As<PageLength<100, TERMINALS_PER_PAGE_MAX>>,
    /// Only those with a higher id
    after: Option<As<TerminalId>>,
}

pub(super) async fn list(
    Call { app, .. }: Call,
    Query(query): Query<TerminalsQuery>,
) -> Answer<Terminals> {
    blocking(move || {
        let (rows, after) = (&app.handle.reader, query.after.map(|after| after.0));
        let place = |id| app.handle.view.presence(id);
        Terminals::page(rows, &place, query.state, after, (query.limit.0.0, ROWS_PER_PAGE_MAX))
            .map_err(ApiError::internal)
    })
    .await
}

#[derive(Serialize, JsonSchema)]
pub(super) struct TerminalCard {
    #[serde(flatten)]
    terminal: TerminalRow,
    #[serde(flatten)]
    more: Option<TerminalMore>,
}

/// What is not in a list.
#[derive(Serialize, JsonSchema)]
struct TerminalMore {
    keys: Vec<KeyRow>,
    seller_name: String,
    seller_status: &'static str,
    currency: u16,
    /// What the seller may still sell for, as of the last batch.
    float_minor: i64,
}

pub(super) fn keys_of(app: &App, terminal: &Terminal) -> Vec<KeyRow> {
    let directory = app.handle.directory.read();
    KeyRow::all(terminal, &directory)
}

pub(super) async fn show(Call { app, .. }: Call, As(id): As<TerminalId>) -> Answer<TerminalCard> {
    blocking(move || {
        let terminal = find(&app, id)?;
        let seller = {
            let directory = app.handle.directory.read();
            directory.registry.seller(terminal.seller).cloned()
        };
        let more = seller.map(|seller| {
            Ok(TerminalMore {
                keys: keys_of(&app, &terminal),
                float_minor: float(&app, &seller)?,
                seller_name: seller.name,
                seller_status: seller.status.label(),
                currency: seller.currency,
            })
        });
        let terminal = TerminalRow::new(&terminal, app.handle.view.presence(terminal.id));
        Ok(TerminalCard { terminal, more: more.transpose()? })
    })
    .await
}

/// What the seller may still sell for, as of the last batch.
fn float(app: &App, seller: &Seller) -> Answer<i64> {
    let key = AccountRow { id: seller.float(), account: Default::default() }.key();
    let mut value = Vec::new();
    let there = app.handle.reader.get(Family::Accounts, &key, &mut value);
    if there.map_err(ApiError::internal)? {
        let row = AccountRow::decode(&key, &value).map_err(ApiError::internal)?;
        return Ok(row.account.available());
    }
    Ok(0)
}

#[derive(Serialize, JsonSchema)]
pub(super) struct CommandShown {
    terminal: u32,
    command: u32,
    acknowledged: bool,
    /// done, refused, unsupported or unknown
    result: Option<&'static str>,
    at_ms: Option<u64>,
}

pub(super) async fn command(
    call: Call,
    (As(id), As(command)): (As<TerminalId>, As<u32>),
) -> Answer<CommandShown> {
    let entry = call.app.handle.view.acknowledged(id, command);
    Ok(CommandShown {
        terminal: id.0,
        command,
        acknowledged: entry.is_some(),
        result: entry.map(|entry| match entry.result {
            0 => "done",
            1 => "refused",
            2 => "unsupported",
            _ => "unknown",
        }),
        at_ms: entry.map(|entry| entry.at_ms),
    })
}
