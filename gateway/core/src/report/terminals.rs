//! Terminals for people: a page of them, and what of each may be shown.

use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tillgate_store_core::{
    Family, ReadRows, RegistryRecord, Services, Status, StoreError, Terminal, TerminalId,
    TerminalKey,
};

use crate::directory::Directory;
use crate::online::Presence;

/// Which terminals.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Wanted")]
pub enum WantedTerminals {
    /// That may sell.
    Active,
    /// That may not.
    Blocked,
    /// With a proven session.
    Online,
    /// Without one.
    Offline,
}

/// A page of terminals by id.
#[derive(Serialize, JsonSchema)]
pub struct Terminals {
    terminals: Vec<TerminalRow>,
    /// The `after` of the next page, if there may be one.
    next: Option<u32>,
}

/// What is shown of a terminal; never its keys.
#[derive(Serialize, JsonSchema)]
pub struct TerminalRow {
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
    /// The ISO 8583 listener that it uses; empty: the sealed link.
    listener: String,
}

/// "all", or the ids of those it sells.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum ServicesSold {
    All(&'static str),
    Only(Vec<u16>),
}

impl TerminalRow {
    /// Of this terminal, which is online there.
    #[must_use]
    pub fn new(terminal: &Terminal, presence: Option<Presence>) -> Self {
        Self {
            terminal: terminal.id.0,
            seller: terminal.seller.0,
            status: terminal.status.label(),
            reason: terminal.reason.clone(),
            online: presence.is_some(),
            online_since_ms: presence.map(|presence| presence.since_ms),
            services: match &terminal.services {
                Services::All => ServicesSold::All("all"),
                Services::Only(only) => ServicesSold::Only(only.iter().map(|s| s.0).collect()),
            },
            key_id: terminal.newest_key().id,
            listener: terminal.listener.clone(),
        }
    }
}

/// A terminal's key for people: never the key itself.
#[derive(Serialize, JsonSchema)]
pub struct KeyRow {
    key_id: u8,
    generation: u64,
    in_force: bool,
}

impl KeyRow {
    /// Of every key of a terminal.
    #[must_use]
    pub fn all(terminal: &Terminal, directory: &Directory) -> Vec<Self> {
        let row = |key: &TerminalKey| Self {
            key_id: key.id,
            generation: key.generation.into(),
            in_force: directory.is_in_force(terminal.id, key),
        };
        terminal.keys().iter().map(row).collect()
    }
}

impl Terminals {
    /// The terminals behind one, up to a number of them, for which up to a number of rows is looked
    /// at.
    ///
    /// # Errors
    /// A damaged row.
    pub fn page(
        rows: &dyn ReadRows,
        presence: &dyn Fn(TerminalId) -> Option<Presence>,
        wanted: Option<WantedTerminals>,
        after: Option<TerminalId>,
        (found_max, looked_at_max): (usize, usize),
    ) -> Result<Self, StoreError> {
        let (mut page, mut looked_at) = (Self { terminals: Vec::new(), next: None }, 0_usize);
        let (mut last, mut failed) = (after.map(|after| after.0), None);
        let first = last.map_or(Some(0), |after| after.checked_add(1));
        let Some(first) = first else { return Ok(page) };
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
            if page.terminals.len() == found_max || looked_at == looked_at_max {
                page.next = last;
                return ControlFlow::Break(());
            }
            looked_at += 1;
            last = Some(terminal.id.0);
            let presence = presence(terminal.id);
            let is_wanted = wanted.is_none_or(|wanted| match wanted {
                WantedTerminals::Active => terminal.status == Status::Active,
                WantedTerminals::Blocked => terminal.status == Status::Blocked,
                WantedTerminals::Online => presence.is_some(),
                WantedTerminals::Offline => presence.is_none(),
            });
            if is_wanted {
                page.terminals.push(TerminalRow::new(&terminal, presence));
            }
            ControlFlow::Continue(())
        })?;
        failed.map_or(Ok(page), Err)
    }
}
