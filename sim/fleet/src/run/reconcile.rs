//! Reads the gateway's journal and the providers' books and lets the auditor compare.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde::Deserialize;
use tillgate_codec::link::message::BusinessDate;
use tillsim_core::audit::{AuditReport, Auditor, Kind, ProviderTransaction, Row};
use tillsim_core::sales_log::SalesLog;
use tillsim_core::time::Span;

use super::Admin;
use super::journal::{RowLine, TOP_UP, pages, text};
use crate::exit::{About, Refusal};
use crate::files::read_text;
use crate::http::Client;
use crate::network::Network;

/// Pause before the books are compared again because something was still open.
pub(crate) const AGAIN_AFTER: Duration = Duration::from_secs(2);

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
    /// The simulated providers, for their books: base addresses, or files of ISO 8583 hosts' logs.
    pub providers: Vec<String>,
    /// Where the vouchers imported are listed.
    pub network_dir: PathBuf,
}

/// Compares the terminals' books with the journal and the providers' books. What is still open, or
/// may only look wrong because others sell meanwhile, is looked at again, for as long as `patience` says.
pub fn reconcile(books: &[&SalesLog], sources: &Sources, patience: Span) -> Money {
    let Some(admin) = &sources.admin else { return Money::NotChecked };
    let began = Instant::now();
    let mut before = None;
    loop {
        let verdict = match compare(books, admin, sources) {
            Ok(verdict) => verdict,
            Err(refusal) => return Money::Unreadable(refusal),
        };
        let in_doubt: u64 = books.iter().map(|book| u64::from(book.in_doubt())).sum();
        let open = verdict.count(Kind::Unresolved) > in_doubt;
        let again = open || may_change(before.as_ref(), &verdict);
        if !again || began.elapsed() > Duration::from_nanos(patience.0) {
            return Money::Checked(verdict);
        }
        before = Some(verdict);
        sleep(AGAIN_AFTER);
    }
}

/// The books are read one after the other: what terminals that are not of this fleet sell meanwhile is
/// in one of them only. Whether that can be what is wrong.
fn may_change(before: Option<&AuditReport>, verdict: &AuditReport) -> bool {
    verdict.foreign > 0 && !verdict.is_exact() && before != Some(verdict)
}

fn compare(books: &[&SalesLog], admin: &Admin, sources: &Sources) -> Result<AuditReport, Refusal> {
    let mut auditor = Auditor::new(books.iter().copied());
    Network::vouchers(&sources.network_dir, |service, product, serial, pin| {
        auditor.voucher(service, product, serial, pin);
    })?;
    for source in &sources.providers {
        provider(source, &mut auditor)?;
    }
    journal(admin, &mut auditor)?;
    Ok(auditor.finish())
}

/// A line of a provider's book or log.
#[derive(Deserialize)]
struct DealLine {
    #[serde(default)]
    reference: String,
    /// The place of a reference that the host's messages do not carry.
    #[serde(default)]
    rrn: String,
    amount_minor: u64,
    status: String,
    /// In a log: later lines of the same deal replace earlier ones.
    deal: Option<String>,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// Takes the book of a provider that is served at a base address, or the log that a host left.
fn provider(source: &str, auditor: &mut Auditor<'_>) -> Result<(), Refusal> {
    let is_served = source.contains("://");
    let (from, bytes) = match is_served {
        true => {
            let book = format!("{source}/book");
            let (status, body) = Client::new(source, None)?.get("/book")?;
            if status != StatusCode::OK {
                return Err(Refusal::about(book, status));
            }
            (book, body)
        }
        false => (source.to_owned(), whole_lines(read_text(Path::new(source))?)),
    };
    auditor.provider(source);
    let lines = serde_json::Deserializer::from_slice(&bytes).into_iter::<DealLine>();
    let mut logged = BTreeMap::new();
    for line in lines {
        let line = line.about(&from)?;
        match &line.deal {
            Some(deal) if !is_served => {
                logged.insert(deal.clone(), line);
            }
            _ => take_deal(&line, auditor),
        }
    }
    for line in logged.values() {
        (0..line.times.max(1)).for_each(|_| take_deal(line, auditor));
    }
    Ok(())
}

/// A log without the line that a killed host was writing.
fn whole_lines(mut log: String) -> Vec<u8> {
    log.truncate(log.rfind('\n').map_or(0, |end| end + 1));
    log.into_bytes()
}

fn take_deal(line: &DealLine, auditor: &mut Auditor<'_>) {
    let reference = if line.reference.is_empty() { &line.rrn } else { &line.reference };
    let (amount_minor, approved) = (line.amount_minor, line.status == "approved");
    auditor.deal(&ProviderTransaction { reference, amount_minor, approved });
}

/// The highest trace number of a terminal.
const TRACE_MAX: u32 = 999_999;

/// The last date on which each of these terminals has rows in the journal, and its highest number
/// of that date. What the gateway counts under numbers of its own is above all of a terminal's.
pub(super) fn numbers_used(
    admin: &Admin,
    terminals: &BTreeSet<u32>,
    from: BusinessDate,
) -> Result<BTreeMap<u32, (BusinessDate, u32)>, Refusal> {
    let mut used = BTreeMap::new();
    pages(admin, &format!("&from={from}"), |row| {
        if row.stan > TRACE_MAX || !terminals.contains(&row.terminal) {
            return Ok(());
        }
        let number = (row.date()?, row.stan);
        let high = used.entry(row.terminal).or_insert(number);
        *high = number.max(*high);
        Ok(())
    })?;
    Ok(used)
}

fn journal(admin: &Admin, auditor: &mut Auditor<'_>) -> Result<(), Refusal> {
    pages(admin, "", |row| take(row, auditor))
}

fn take(line: &RowLine<'_>, auditor: &mut Auditor<'_>) -> Result<(), String> {
    if !line.is_sale() {
        return Ok(());
    }
    auditor.row(&Row {
        date: line.date()?,
        terminal: line.terminal,
        stan: line.stan,
        state: line.state()?,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_a_killed_host_is_read_with_the_last_state_of_each_deal() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("host.log");
        let line = |deal: &str, rrn: &str, status: &str, times: u32| {
            format!(
                "{{\"deal\":\"{deal}\",\"reference\":\"\",\"rrn\":\"{rrn}\",\"amount_minor\":500,\
                 \"status\":\"{status}\",\"times\":{times}}}\n"
            )
        };
        let lines = [
            line("a", "1", "approved", 1),
            line("b", "2", "approved", 1),
            line("a", "1", "reversed", 1),
            line("c", "3", "approved", 2),
            line("d", "4", "approved", 1).split_at(20).0.to_owned(),
        ];
        std::fs::write(&log, lines.concat()).unwrap();
        let mut auditor = Auditor::new([]);
        provider(&log.display().to_string(), &mut auditor).unwrap();
        let report = auditor.finish();
        assert_eq!((report.provider.count, report.providers[0].done.amount_minor), (3, 1_500));
        assert_eq!(report.count(Kind::Doubled), 1, "one was done twice");
    }

    #[test]
    fn what_others_sell_between_the_books_is_looked_at_again_until_it_stays() {
        let report = |rows: u32, is_done: bool| {
            let mut auditor = Auditor::new([]);
            auditor.provider("host");
            for stan in 1..=rows {
                let reference = stan.to_string();
                let reference = reference.as_str();
                if is_done {
                    let deal = ProviderTransaction { reference, amount_minor: 5, approved: true };
                    auditor.deal(&deal);
                }
                let line = format!(
                    "{{\"date\":\"2026-11-28\",\"terminal\":9,\"stan\":{stan},\"kind\":\"topup\",\
                     \"state\":\"approved\",\"reference\":\"{reference}\",\"amount_minor\":5}}"
                );
                take(&serde_json::from_str(&line).unwrap(), &mut auditor).unwrap();
            }
            auditor.finish()
        };
        let wrong = report(1, false);
        assert!(may_change(None, &wrong), "the provider's book was read too early");
        assert!(may_change(Some(&wrong), &report(2, false)), "they still sell");
        assert!(!may_change(Some(&wrong), &report(1, false)), "it stays");
        assert!(!may_change(None, &report(1, true)), "nothing is wrong");
        assert!(!may_change(None, &report(0, false)), "nobody else sells");
    }

    #[test]
    fn a_provider_without_a_book_is_named_in_the_refusal() {
        let said = provider("/nowhere/host.log", &mut Auditor::new([])).unwrap_err().to_string();
        assert!(said.contains("/nowhere/host.log"), "{said}");
    }
}
