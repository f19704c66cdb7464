//! What `/metrics` says about the store: the operator's list, the stock, the disk. The rows are
//! counted on a thread of the admin, never on the writer's, a bounded number of them, and not again
//! before a hundred times as long as it took: a hundredth of a core, however large the store is.
//! A page never waits long for that; it then shows what was counted before.

use std::path::PathBuf;
use std::sync::Arc;

use nix::sys::statvfs::statvfs;
use parking_lot::Mutex;
use tillgate_core::report::{ProductStock, StockAlarm, StockList, Waiting};
use tillgate_core::time::{Calendar, Moment, Span};
use tillgate_store_core::StoreError;

use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::limits::{GAUGES_AGAIN, GAUGES_PAUSE, GAUGES_TIME_MAX, GAUGES_WAIT, OPEN_COUNTED_MAX};
use crate::serve::handle::ServeHandle;
use crate::serve::metrics::Page;

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

impl Gauges {
    pub(super) fn new(handle: ServeHandle, calendar: Calendar, data: PathBuf) -> Self {
        Self { handle, calendar, data, state: Mutex::default() }
    }

    /// Whether it is time to count again, which is then this caller's work.
    fn begin(&self, now: Moment) -> bool {
        let mut state = self.state.lock();
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
    gauges.state.lock().page.clone()
}

fn count(gauges: &Gauges) -> Answer<()> {
    let clock = gauges.handle.clock;
    let begun = clock.now();
    let counted = counted(gauges);
    let took = clock.now().since(begun);
    let mut state = gauges.state.lock();
    state.next = clock.now().after(Span(took.0.saturating_mul(GAUGES_AGAIN)).max(GAUGES_PAUSE));
    state.page = counted.map_err(ApiError::internal)?.text();
    Ok(())
}

fn counted(gauges: &Gauges) -> Result<Page, StoreError> {
    let handle = &gauges.handle;
    let (rows, wall) = (&handle.reader, handle.clock.wall());
    let waiting = Waiting::count(rows, OPEN_COUNTED_MAX)?;
    let services = StockList::services(&handle.directory.read().registry);
    let stock = StockList::read(rows, &services, gauges.calendar.date(wall))?;
    let mut page = Page::default();
    waiting_in(&mut page, &waiting, wall.0);
    stock_in(&mut page, &stock);
    if let Ok(disk) = statvfs(&gauges.data) {
        let free = disk.blocks_available().saturating_mul(disk.fragment_size());
        page.one("tillgate_disk_free_bytes", "Free for the store's directory", free);
    }
    Ok(page)
}

/// Transactions that wait for a person, and for a provider.
fn waiting_in(page: &mut Page, waiting: &[Waiting; 2], now_ms: u64) {
    let waiting = || ["operator", "provider"].into_iter().zip(waiting);
    page.each(
        "tillgate_transactions_waiting",
        "Transactions that wait for a person or for a provider",
        waiting().flat_map(|(who, waiting)| {
            let label = move |kind| format!("for=\"{who}\",kind=\"{kind}\"");
            waiting.by_kind().map(move |(kind, count)| (label(kind), count))
        }),
    );
    page.by(
        "for",
        ("tillgate_transactions_waiting_oldest_seconds", "How long the oldest of them has waited"),
        waiting().map(|(who, waiting)| (who, waiting.oldest_s(now_ms))),
    );
}

/// What a series shows of a product's stock.
type Shown = fn(&ProductStock) -> u64;

const STOCK: [(&str, &str, Shown); 7] = [
    ("tillgate_stock_vouchers", "Vouchers for sale", |stock| stock.for_sale),
    ("tillgate_stock_vouchers_expired", "Vouchers that have expired unsold", |stock| stock.expired),
    (
        "tillgate_stock_vouchers_unsellable",
        "Vouchers that have expired or have too few days left",
        |stock| stock.unsellable,
    ),
    (
        "tillgate_stock_vouchers_near_expiry",
        "Vouchers for sale that expire within near_days of their product",
        |stock| stock.near_expiry,
    ),
    ("tillgate_stock_vouchers_sold", "Vouchers ever sold", |stock| stock.sold),
    ("tillgate_stock_vouchers_withdrawn", "Vouchers ever taken out of sale", |stock| {
        stock.withdrawn
    }),
    ("tillgate_stock_vouchers_loaded", "Vouchers ever loaded", |stock| stock.loaded),
];

fn stock_in(page: &mut Page, stock: &StockList) {
    let labels =
        |one: &ProductStock| format!("service=\"{}\",product=\"{}\"", one.service, one.product);
    for (name, help, shown) in STOCK {
        page.each(name, help, stock.products.iter().map(|one| (labels(one), shown(one))));
    }
    let alarms = [StockAlarm::Low, StockAlarm::NearExpiry, StockAlarm::Unsellable];
    let series = stock.products.iter().flat_map(|one| {
        alarms.into_iter().map(move |alarm| {
            let on = one.alarms.contains(&alarm);
            (format!("{},alarm=\"{alarm}\"", labels(one)), u64::from(on))
        })
    });
    page.each("tillgate_stock_alarm", "1 while a product's stock wants to be seen to", series);
    let help = "Always 1: the store counts all of its stock";
    page.one("tillgate_stock_counted", help, 1);
}
