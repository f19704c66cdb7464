//! The journal over the gateway's admin interface.

use hyper::StatusCode;
use serde::Deserialize;
use tillgate_codec::link::message::BusinessDate;
use tillsim_core::audit::RowState;

use super::Admin;
use crate::exit::{About, Refusal};
use crate::http::Client;

const PAGE_ROWS: usize = 5_000;
/// Pages of one journal: a hundred million rows.
const PAGES_MAX: usize = 20_000;

/// A line of the journal. Texts that may be missing are `null` or not there.
#[derive(Deserialize)]
pub(crate) struct RowLine<'a> {
    date: &'a str,
    pub(crate) terminal: u32,
    pub(crate) stan: u32,
    /// 1, 2, 3 over all rows.
    #[serde(default)]
    pub(crate) seq: u64,
    pub(crate) kind: &'a str,
    state: &'a str,
    pub(crate) code: Option<String>,
    pub(crate) rrn: Option<String>,
    pub(crate) reference: Option<String>,
    #[serde(default)]
    pub(crate) service: u16,
    #[serde(default)]
    pub(crate) product: u16,
    pub(crate) amount_minor: u64,
    #[serde(default)]
    pub(crate) currency: u16,
    pub(crate) subscriber_masked: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) provider_reference: Option<String>,
    #[serde(default)]
    pub(crate) confirmed: bool,
}

/// The kinds of rows that are sales; others are reversals and what they leave.
const VOUCHER: &str = "voucher";
pub(super) const TOP_UP: &str = "topup";

impl RowLine<'_> {
    pub(crate) fn is_sale(&self) -> bool {
        matches!(self.kind, VOUCHER | TOP_UP)
    }

    pub(super) fn date(&self) -> Result<BusinessDate, String> {
        let Self { date, .. } = self;
        BusinessDate::parse(date).ok_or_else(|| format!("{date:?} is not a date"))
    }

    pub(crate) fn state(&self) -> Result<RowState, String> {
        let Self { state, .. } = self;
        RowState::parse(state).ok_or_else(|| format!("{state:?} is not a state of a transaction"))
    }
}

/// Gives every row of the journal that `query` selects.
pub(crate) fn pages(
    admin: &Admin,
    query: &str,
    mut take: impl FnMut(&RowLine<'_>) -> Result<(), String>,
) -> Result<(), Refusal> {
    let client = Client::new(&admin.base, admin.token.clone())?;
    let url = format!("{}/api/v1/journal", admin.base);
    let mut after = String::new();
    for _ in 0..PAGES_MAX {
        let path = format!("/api/v1/journal?limit={PAGE_ROWS}{query}{after}");
        let (status, body) = client.get(&path)?;
        if status != StatusCode::OK {
            return Err(Refusal::about(url, status));
        }
        let mut last = None;
        for row in serde_json::Deserializer::from_slice(&body).into_iter() {
            let row: RowLine<'_> = row.about(&url)?;
            take(&row).about(&url)?;
            last = Some(format!("&after={}-{}-{}", row.date, row.terminal, row.stan));
        }
        match last {
            Some(next) if next != after => after = next,
            Some(_) => return Err(Refusal::about(url, "the same page came twice")),
            None => return Ok(()),
        }
    }
    Err(Refusal::about(url, "the journal has no end"))
}

/// A text that may be missing.
pub(crate) fn text(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or_default()
}
