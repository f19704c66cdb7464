//! What `/metrics` says about the store: the operator's list, the stock, the disk. The rows are
//! counted on a thread of the admin, never on the writer's, at most so many of them, and not again
//! before a hundred times as long as it took: a hundredth of a core, however large the store is.
//! A page never waits long for that; it then shows what was counted before.

use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::statvfs::statvfs;
use tillgate_core::time::{Calendar, Moment, Span};
use tillgate_store_core::{
    BusinessDate, Family, FollowUp, Fulfilment, Kind, ProductId, ReadRows, ServiceId, StoreError,
    Voucher, journal,
};

use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::limits::{
    GAUGES_AGAIN, GAUGES_PAUSE, GAUGES_TIME_MAX, GAUGES_WAIT, OPEN_COUNTED_MAX, STOCK_COUNTED_MAX,
};
use crate::serve::handle::ServeHandle;

/// The rows, and what was counted last.
pub(super) struct Gauges {
    handle: ServeHandle,
    calendar: Calendar,
    /// The data directory.
    data: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    page: String,
    /// Not counted again before.
    next: Moment,
}

/// Kinds of transactions that may wait, with their label.
const KINDS: [(Kind, &str); 3] = [
    (Kind::Sale(Fulfilment::Stock), "voucher"),
    (Kind::Sale(Fulfilment::Provider), "top_up"),
    (Kind::Reversal, "reversal"),
];

impl Gauges {
    /// Nothing is counted yet.
    pub(super) fn new(handle: ServeHandle, calendar: Calendar, data: PathBuf) -> Self {
        Self { handle, calendar, data, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time to count again, which is then this caller's work.
    fn begin(&self, now: Moment) -> bool {
        let mut state = self.state();
        let begin = state.next <= now;
        if begin {
            // So that one that never ends is followed by another.
            state.next = now.after(GAUGES_TIME_MAX);
        }
        begin
    }
}

/// The part of the page that comes from rows.
pub(super) async fn page(gauges: &Arc<Gauges>) -> String {
    if gauges.begin(gauges.handle.clock.now()) {
        let gauges = Arc::clone(gauges);
        let counted = blocking(move || count(&gauges));
        // A count that takes longer is on the next page.
        tokio::time::timeout(GAUGES_WAIT, counted).await.ok();
    }
    gauges.state().page.clone()
}

fn count(gauges: &Gauges) -> Answer<()> {
    let clock = gauges.handle.clock;
    let begun = clock.now();
    let counted = rendered(gauges);
    let took = clock.now().since(begun);
    let mut state = gauges.state();
    state.next = clock.now().after(Span(took.0.saturating_mul(GAUGES_AGAIN)).max(GAUGES_PAUSE));
    state.page = counted.map_err(ApiError::internal)?;
    Ok(())
}

fn rendered(gauges: &Gauges) -> Result<String, StoreError> {
    let wall = gauges.handle.clock.wall();
    let mut page = String::new();
    list(&gauges.handle.reader, wall.0, &mut page)?;
    stock(gauges, gauges.calendar.date(wall), &mut page)?;
    if let Ok(disk) = statvfs(&gauges.data) {
        let free = disk.blocks_available().saturating_mul(disk.fragment_size());
        head(&mut page, "tillgate_disk_free_bytes", "Free for the store's directory");
        line(&mut page, format_args!("tillgate_disk_free_bytes {free}"));
    }
    Ok(page)
}

/// Transactions that wait for a person, and for a provider.
fn list(rows: &dyn ReadRows, now_ms: u64, page: &mut String) -> Result<(), StoreError> {
    let mut counts = [[0_u64; KINDS.len()]; 2];
    let mut oldest = [None::<u64>; 2];
    let mut counted = 0;
    journal::open(rows, None, |row| {
        let operator = row.due.is_some_and(|due| due.what == FollowUp::Operator);
        let who = usize::from(!operator);
        if let Some(kind) = KINDS.iter().position(|(kind, _)| *kind == row.kind) {
            counts[who][kind] += 1;
        }
        let since = row.due.map_or(row.at_ms, |due| due.since_ms);
        oldest[who] = Some(oldest[who].map_or(since, |oldest| oldest.min(since)));
        counted += 1;
        if counted < OPEN_COUNTED_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    let name = "tillgate_transactions_waiting";
    head(page, name, "Transactions that wait for a person or for a provider");
    for (who, counts) in ["operator", "provider"].iter().zip(counts) {
        for ((_, kind), count) in KINDS.iter().zip(counts) {
            line(page, format_args!("{name}{{for=\"{who}\",kind=\"{kind}\"}} {count}"));
        }
    }
    let name = "tillgate_transactions_waiting_oldest_seconds";
    head(page, name, "How long the oldest of them has waited");
    for (who, oldest) in ["operator", "provider"].iter().zip(oldest) {
        let age = oldest.map_or(0, |since| now_ms.saturating_sub(since) / 1_000);
        line(page, format_args!("{name}{{for=\"{who}\"}} {age}"));
    }
    Ok(())
}

/// Vouchers on the shelf and expired ones, by product.
fn stock(gauges: &Gauges, today: BusinessDate, page: &mut String) -> Result<(), StoreError> {
    let products: Vec<(ServiceId, ProductId)> = {
        let directory = gauges.handle.directory.read().unwrap_or_else(PoisonError::into_inner);
        let services = directory.registry.services();
        services.flat_map(|s| s.products.iter().map(move |p| (s.id, p.id))).collect()
    };
    let mut left = STOCK_COUNTED_MAX;
    let mut lines = [String::new(), String::new()];
    for (service, product) in products {
        let from = |date| Voucher::key_from(service, product, date);
        let (first, today) = (from(BusinessDate(0)), from(today));
        let mut counts = [0_u64; 2];
        gauges.handle.reader.scan(Family::Stock, &first, &mut |key, _| {
            if left == 0 || key.get(..4) != first.get(..4) {
                return ControlFlow::Break(());
            }
            left -= 1;
            counts[usize::from(key < &today[..])] += 1;
            ControlFlow::Continue(())
        })?;
        for (line_of, count) in lines.iter_mut().zip(counts) {
            let labels = format!("service=\"{}\",product=\"{}\"", service.0, product.0);
            line(line_of, format_args!("{{{labels}}} {count}"));
        }
    }
    let names = [
        ("tillgate_stock_vouchers", "Vouchers for sale"),
        ("tillgate_stock_vouchers_expired", "Vouchers that have expired unsold"),
    ];
    for ((name, help), lines) in names.iter().zip(lines) {
        head(page, name, help);
        for series in lines.lines() {
            line(page, format_args!("{name}{series}"));
        }
    }
    let complete = u8::from(left > 0);
    head(page, "tillgate_stock_counted", "1 if all of the stock was counted, 0 if there is more");
    line(page, format_args!("tillgate_stock_counted {complete}"));
    Ok(())
}

fn head(page: &mut String, name: &str, help: &str) {
    line(page, format_args!("# HELP {name} {help}"));
    line(page, format_args!("# TYPE {name} gauge"));
}

fn line(page: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(page, "{line}").expect("writing to a String does not fail");
}
