//! Reads the gateway's journal and the provider's book and lets the auditor compare.

use std::borrow::Cow;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde::Deserialize;
use tillgate_codec::link::message::BusinessDate;
use tillsim_core::audit::{AuditReport, Auditor, Kind, ProviderTransaction, Row, RowState};
use tillsim_core::sales_log::SalesLog;
use tillsim_core::time::Span;

use super::Admin;
use crate::exit::{About, Refusal};
use crate::http::Client;
use crate::network::Network;

const PAGE_ROWS: usize = 5_000;
/// Pages of one journal: a hundred million rows.
const PAGES_MAX: usize = 20_000;
/// Pause before the books are compared again because something was still open.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Whether the money is right.
pub enum Money {
    /// No admin interface was given.
    NotChecked,
    /// The books could not be read.
    Unreadable(Refusal),
    /// They were compared.
    Checked(AuditReport),
}

/// What the terminals' books are compared with.
pub struct Sources {
    /// For the journal.
    pub admin: Option<Admin>,
    /// Base address of the simulated provider, for its book.
    pub provider: Option<String>,
    /// Where the vouchers imported are listed.
    pub network_dir: PathBuf,
}

/// Compares the terminals' books with the journal and the provider's book. What is still open is
/// looked at again, for as long as `patience` says.
pub fn reconcile(books: &[&SalesLog], sources: &Sources, patience: Span) -> Money {
    let Some(admin) = &sources.admin else { return Money::NotChecked };
    let began = Instant::now();
    loop {
        let verdict = match compare(books, admin, sources) {
            Ok(verdict) => verdict,
            Err(refusal) => return Money::Unreadable(refusal),
        };
        let in_doubt: u64 = books.iter().map(|book| u64::from(book.in_doubt())).sum();
        let open = verdict.count(Kind::Unresolved) > in_doubt;
        if !open || began.elapsed() > Duration::from_nanos(patience.0) {
            return Money::Checked(verdict);
        }
        sleep(AGAIN_AFTER);
    }
}

fn compare(books: &[&SalesLog], admin: &Admin, sources: &Sources) -> Result<AuditReport, Refusal> {
    let mut auditor = Auditor::new(books.iter().copied());
    Network::vouchers(&sources.network_dir, |service, product, serial, pin| {
        auditor.voucher(service, product, serial, pin);
    })?;
    if let Some(base) = &sources.provider {
        provider(base, &mut auditor)?;
    }
    journal(admin, &mut auditor)?;
    Ok(auditor.finish())
}

#[derive(Deserialize)]
struct DealLine<'a> {
    #[serde(borrow)]
    reference: Cow<'a, str>,
    amount_minor: u64,
    status: &'a str,
}

fn provider(base: &str, auditor: &mut Auditor<'_>) -> Result<(), Refusal> {
    let book = format!("{base}/book");
    let (status, body) = Client::new(base, None)?.get("/book")?;
    if status != StatusCode::OK {
        return Err(Refusal::about(book, status));
    }
    auditor.provider();
    for deal in serde_json::Deserializer::from_slice(&body).into_iter() {
        let DealLine { reference, amount_minor, status } = deal.about(&book)?;
        let (reference, approved) = (&*reference, status == "approved");
        auditor.deal(&ProviderTransaction { reference, amount_minor, approved });
    }
    Ok(())
}

/// A line of the journal. Texts that may be missing are `null` or not there.
#[derive(Deserialize)]
struct RowLine<'a> {
    date: &'a str,
    terminal: u32,
    stan: u32,
    kind: &'a str,
    state: &'a str,
    code: Option<String>,
    rrn: Option<String>,
    reference: Option<String>,
    #[serde(default)]
    service: u16,
    #[serde(default)]
    product: u16,
    amount_minor: u64,
    subscriber_masked: Option<String>,
    serial: Option<String>,
    provider_reference: Option<String>,
    #[serde(default)]
    confirmed: bool,
}

/// The kinds of rows that are sales; others are reversals and what they leave.
const VOUCHER: &str = "voucher";
const TOP_UP: &str = "topup";

fn journal(admin: &Admin, auditor: &mut Auditor<'_>) -> Result<(), Refusal> {
    let client = Client::new(&admin.base, admin.token.clone())?;
    let url = format!("{}/api/v1/journal", admin.base);
    let mut after = String::new();
    for _ in 0..PAGES_MAX {
        let path = format!("/api/v1/journal?limit={PAGE_ROWS}{after}");
        let (status, body) = client.get(&path)?;
        if status != StatusCode::OK {
            return Err(Refusal::about(url, status));
        }
        let mut last = None;
        for row in serde_json::Deserializer::from_slice(&body).into_iter() {
            let row: RowLine<'_> = row.about(&url)?;
            take(&row, auditor).about(&url)?;
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

fn take(line: &RowLine<'_>, auditor: &mut Auditor<'_>) -> Result<(), String> {
    if !matches!(line.kind, VOUCHER | TOP_UP) {
        return Ok(());
    }
    let date =
        BusinessDate::parse(line.date).ok_or_else(|| format!("{:?} is not a date", line.date))?;
    let state = RowState::parse(line.state)
        .ok_or_else(|| format!("{:?} is not a state of a transaction", line.state))?;
    auditor.row(&Row {
        date,
        terminal: line.terminal,
        stan: line.stan,
        state,
        forwarded: line.kind == TOP_UP,
        code: text(&line.code),
        rrn: text(&line.rrn),
        reference: text(&line.reference),
        provider_reference: text(&line.provider_reference),
        service: line.service,
        product: line.product,
        amount_minor: line.amount_minor,
        subscriber_masked: text(&line.subscriber_masked),
        serial: text(&line.serial),
        confirmed: line.confirmed,
    });
    Ok(())
}

fn text(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or_default()
}
