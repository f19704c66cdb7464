//! Looking at terminals.

use std::ops::ControlFlow;
use std::sync::PoisonError;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tillgate_core::report::status;
use tillgate_store_core::{
    AccountRow, Family, ReadRows, Record, RegistryRecord, Seller, Services, Status, StoreError,
    Terminal, TerminalId, TerminalKey,
};

use super::app::App;
use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::limits::{ROWS_PER_PAGE_MAX, TERMINALS_PER_PAGE_MAX};
use super::query::{As, PageLength};
use super::route::{Call, Query};
use crate::serve::view::View;

/// The record of a terminal, as of now.
///
/// # Errors
/// 404.
pub(super) fn find(app: &App, id: TerminalId) -> Answer<Terminal> {
    let directory = app.handle.directory.read().unwrap_or_else(PoisonError::into_inner);
    let found = directory.registry.terminal(id).cloned();
    found.ok_or_else(|| ApiError::not_found(format!("there is no terminal {id}")))
}

/// Which terminals.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    Active,
    Blocked,
    Online,
    Offline,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TerminalsQuery {
    /// Only these
    state: Option<Wanted>,
    /// At most this many
    #[serde(default)]
    limit: As<PageLength<100, TERMINALS_PER_PAGE_MAX>>,
    /// Only those with a higher id
    after: Option<As<TerminalId>>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Terminals {
    terminals: Vec<TerminalRow>,
    /// The `after` of the next page, if there may be one.
    next: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct TerminalRow {
    terminal: u32,
    seller: u32,
    status: &'static str,
    /// Of a block.
    reason: String,
    online: bool,
    online_since_ms: Option<u64>,
    services: ServicesSold,
    /// Of its newest key.
    key_id: u8,
}

/// "all", or the ids of those it sells.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum ServicesSold {
    All(&'static str),
    Only(Vec<u16>),
}

impl TerminalRow {
    fn new(terminal: &Terminal, view: &View) -> Self {
        let presence = view.presence(terminal.id);
        Self {
            terminal: terminal.id.0,
            seller: terminal.seller.0,
            status: status(terminal.status),
            reason: terminal.reason.clone(),
            online: presence.is_some(),
            online_since_ms: presence.map(|presence| presence.since_ms),
            services: match &terminal.services {
                Services::All => ServicesSold::All("all"),
                Services::Only(only) => ServicesSold::Only(only.iter().map(|s| s.0).collect()),
            },
            key_id: terminal.newest_key().id,
        }
    }
}

/// A page of terminals by id.
pub(super) async fn list(
    Call { app, .. }: Call,
    Query(query): Query<TerminalsQuery>,
) -> Answer<Terminals> {
    blocking(move || {
        let (terminals, next) =
            collect(&app.handle.reader, &app.handle.view, &query).map_err(ApiError::internal)?;
        Ok(Terminals { terminals, next })
    })
    .await
}

/// The terminals of a page, and after which one the next page begins, if there may be one.
fn collect(
    rows: &dyn ReadRows,
    view: &View,
    query: &TerminalsQuery,
) -> Result<(Vec<TerminalRow>, Option<u32>), StoreError> {
    let (mut found, mut looked_at, mut next) = (Vec::new(), 0_usize, None);
    let mut last = query.after.map(|after| after.0.0);
    let mut failed = None;
    let first = last.map_or(Some(0), |after| after.checked_add(1));
    let Some(first) = first else { return Ok((found, None)) };
    let from = Terminal::key_of(TerminalId(first));
    rows.scan(Family::Registry, &from, &mut |key, value| {
        let terminal = match RegistryRecord::decode(key, value) {
            Ok(RegistryRecord::Terminal(terminal)) => terminal,
            Ok(_) => return ControlFlow::Break(()),
            Err(error) => {
                failed = Some(error);
                return ControlFlow::Break(());
            }
        };
        if found.len() == query.limit.0.0 || looked_at == ROWS_PER_PAGE_MAX {
            next = last;
            return ControlFlow::Break(());
        }
        looked_at += 1;
        last = Some(terminal.id.0);
        let presence = view.presence(terminal.id);
        let wanted = match query.state {
            None => true,
            Some(Wanted::Active) => terminal.status == Status::Active,
            Some(Wanted::Blocked) => terminal.status == Status::Blocked,
            Some(Wanted::Online) => presence.is_some(),
            Some(Wanted::Offline) => presence.is_none(),
        };
        if wanted {
            found.push(TerminalRow::new(&terminal, view));
        }
        ControlFlow::Continue(())
    })?;
    failed.map_or(Ok((found, next)), Err)
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

/// A terminal's key for people: never the key itself.
#[derive(Serialize, JsonSchema)]
pub(super) struct KeyRow {
    key_id: u8,
    generation: u64,
    in_force: bool,
}

/// The keys of a terminal.
pub(super) fn keys_of(app: &App, terminal: &Terminal) -> Vec<KeyRow> {
    let directory = app.handle.directory.read().unwrap_or_else(PoisonError::into_inner);
    let row = |key: &TerminalKey| KeyRow {
        key_id: key.id,
        generation: key.generation.into(),
        in_force: directory.holds_key(terminal.id, key.generation),
    };
    terminal.keys().iter().map(row).collect()
}

/// One terminal with its seller and float.
pub(super) async fn show(Call { app, .. }: Call, As(id): As<TerminalId>) -> Answer<TerminalCard> {
    blocking(move || {
        let terminal = find(&app, id)?;
        let seller = {
            let directory = app.handle.directory.read().unwrap_or_else(PoisonError::into_inner);
            directory.registry.seller(terminal.seller).cloned()
        };
        let more = seller.map(|seller| {
            Ok(TerminalMore {
                keys: keys_of(&app, &terminal),
                float_minor: float(&app, &seller)?,
                seller_name: seller.name,
                seller_status: status(seller.status),
                currency: seller.currency,
            })
        });
        let terminal = TerminalRow::new(&terminal, &app.handle.view);
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

/// Whether a pushed command was acknowledged.
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
