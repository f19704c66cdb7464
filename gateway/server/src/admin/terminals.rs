//! Looking at terminals.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use serde_json::{Value, json};
use tillgate_store_core::{
    AccountRow, Family, ReadRows, Record, RegistryRecord, Seller, Services, Status, StoreError,
    Terminal, TerminalId,
};
use warp::reply::Response;

use super::App;
use super::answer;
use super::error::ApiError;
use super::keys;
use super::limits::{ROWS_PER_PAGE_MAX, TERMINALS_PER_PAGE_MAX};
use super::routes::blocking;
use crate::serve::view::View;

/// Terminals on a page unless asked otherwise.
const PAGE: usize = 100;

/// A terminal's id in a path, with or without leading zeros.
pub(super) fn id(text: Option<&String>) -> Result<TerminalId, ApiError> {
    let text = text.map_or("", String::as_str);
    let digits = !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
    let id = if digits { text.parse().ok() } else { None };
    id.map(TerminalId)
        .ok_or_else(|| ApiError::bad_request(format!("{text:.20?} is not a terminal's id")))
}

/// The record of a terminal, as of now.
///
/// # Errors
/// 404.
pub(super) fn find(app: &App, id: TerminalId) -> Result<Terminal, ApiError> {
    let directory = app.handle.directory.read().unwrap_or_else(PoisonError::into_inner);
    let found = directory.registry.terminal(id).cloned();
    found.ok_or_else(|| ApiError::not_found(format!("there is no terminal {id}")))
}

/// What a page of terminals is asked for.
#[derive(Clone, Copy)]
struct Page {
    state: Option<Wanted>,
    limit: usize,
    after: Option<u32>,
}

/// Which terminals.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Active,
    Blocked,
    Online,
    Offline,
}

/// A page of terminals by id.
pub(super) async fn list(app: Arc<App>, query: &str) -> Result<Response, ApiError> {
    let page = read_page(query)?;
    blocking(move || {
        let (terminals, next) =
            collect(&app.handle.reader, &app.handle.view, page).map_err(ApiError::internal)?;
        Ok(answer::json(&json!({ "terminals": terminals, "next": next })))
    })
    .await
}

fn read_page(query: &str) -> Result<Page, ApiError> {
    let mut page = Page { state: None, limit: PAGE, after: None };
    for (name, value) in pairs(query) {
        let wrong = |allowed: &str| {
            ApiError::bad_request(format!("{name}={value:.40}: allowed are {allowed}"))
        };
        match name {
            "state" => {
                page.state = Some(match value {
                    "active" => Wanted::Active,
                    "blocked" => Wanted::Blocked,
                    "online" => Wanted::Online,
                    "offline" => Wanted::Offline,
                    _ => return Err(wrong("active, blocked, online, offline")),
                });
            }
            "limit" => page.limit = limit(value, TERMINALS_PER_PAGE_MAX)?,
            "after" => page.after = Some(value.parse().map_err(|_| wrong("a terminal's id"))?),
            _ => return Err(unknown_parameter(name, "state, limit, after")),
        }
    }
    Ok(page)
}

/// `a=1&b=2`, without decoding: no parameter of ours needs it.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// A page length.
pub(super) fn limit(value: &str, most: usize) -> Result<usize, ApiError> {
    let limit = value.parse().ok().filter(|limit| (1..=most).contains(limit));
    limit.ok_or_else(|| ApiError::bad_request(format!("limit: allowed are 1 to {most}")))
}

/// A parameter that is not there.
pub(super) fn unknown_parameter(name: &str, known: &str) -> ApiError {
    ApiError::bad_request(format!("unknown parameter {name:.40}; known are {known}"))
}

/// The terminals of a page, and after which one the next page begins, if there may be one.
fn collect(
    rows: &dyn ReadRows,
    view: &View,
    page: Page,
) -> Result<(Vec<Value>, Option<u32>), StoreError> {
    let (mut found, mut looked_at, mut next) = (Vec::new(), 0_usize, None);
    let mut last = page.after;
    let mut failed = None;
    let first = page.after.map_or(Some(0), |after| after.checked_add(1));
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
        if found.len() == page.limit || looked_at == ROWS_PER_PAGE_MAX {
            next = last;
            return ControlFlow::Break(());
        }
        looked_at += 1;
        last = Some(terminal.id.0);
        let presence = view.presence(terminal.id);
        let wanted = match page.state {
            None => true,
            Some(Wanted::Active) => terminal.status == Status::Active,
            Some(Wanted::Blocked) => terminal.status == Status::Blocked,
            Some(Wanted::Online) => presence.is_some(),
            Some(Wanted::Offline) => presence.is_none(),
        };
        if wanted {
            found.push(json_of(&terminal, view));
        }
        ControlFlow::Continue(())
    })?;
    failed.map_or(Ok((found, next)), Err)
}

fn json_of(terminal: &Terminal, view: &View) -> Value {
    let presence = view.presence(terminal.id);
    let services = match &terminal.services {
        Services::All => json!("all"),
        Services::Only(only) => only.iter().map(|service| service.0).collect(),
    };
    json!({
        "terminal": terminal.id.0,
        "seller": terminal.seller.0,
        "status": status(terminal.status),
        "reason": terminal.reason,
        "online": presence.is_some(),
        "online_since_ms": presence.map(|presence| presence.since_ms),
        "services": services,
        "key_id": terminal.newest_key().id,
    })
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Blocked => "blocked",
    }
}

/// One terminal with its seller and float.
pub(super) async fn show(app: Arc<App>, id: TerminalId) -> Result<Response, ApiError> {
    blocking(move || {
        let terminal = find(&app, id)?;
        let mut shown = json_of(&terminal, &app.handle.view);
        let seller = {
            let directory = app.handle.directory.read().unwrap_or_else(PoisonError::into_inner);
            directory.registry.seller(terminal.seller).cloned()
        };
        if let (Some(seller), Some(object)) = (seller, shown.as_object_mut()) {
            object.insert("keys".to_owned(), keys::keys_of(&app, &terminal));
            object.insert("seller_name".to_owned(), json!(seller.name));
            object.insert("seller_status".to_owned(), json!(status(seller.status)));
            object.insert("currency".to_owned(), json!(seller.currency));
            object.insert("float_minor".to_owned(), json!(float(&app, &seller)?));
        }
        Ok(answer::json(&shown))
    })
    .await
}

/// What the seller may still sell for, as of the last batch.
fn float(app: &App, seller: &Seller) -> Result<i64, ApiError> {
    let key = AccountRow { id: seller.float(), account: Default::default() }.key();
    let mut value = Vec::new();
    let there = app.handle.reader.get(Family::Accounts, &key, &mut value);
    if there.map_err(ApiError::internal)? {
        let row = AccountRow::decode(&key, &value).map_err(ApiError::internal)?;
        return Ok(row.account.available());
    }
    Ok(0)
}

/// Whether a pushed command was acknowledged.
pub(super) fn command(
    app: &App,
    id: TerminalId,
    number: Option<&String>,
) -> Result<Response, ApiError> {
    let command = number.and_then(|text| text.parse().ok());
    let command = command.ok_or_else(|| ApiError::bad_request("a command's id is a number"))?;
    let entry = app.handle.view.acknowledged(id, command);
    let result = entry.map(|entry| match entry.result {
        0 => "done",
        1 => "refused",
        2 => "unsupported",
        _ => "unknown",
    });
    Ok(answer::json(&json!({
        "terminal": id.0,
        "command": command,
        "acknowledged": entry.is_some(),
        "result": result,
        "at_ms": entry.map(|entry| entry.at_ms),
    })))
}
