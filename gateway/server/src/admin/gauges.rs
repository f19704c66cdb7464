//! What `/metrics` says about the store: the operator's list, the stock, the disk. The rows are
//! counted on a thread of the admin, never on the writer's, a bounded number of them, and not again
//! before a hundred times as long as it took: a hundredth of a core, however large the store is.
//! A page never waits long for that; it then shows what was counted before.

use std::path::PathBuf;
use std::sync::Arc;

use nix::sys::statvfs::statvfs;
use parking_lot::Mutex;
use tillgate_core::report::{Stock, Waiting};
use tillgate_core::time::{Calendar, Moment, Span};
use tillgate_store_core::StoreError;

use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::limits::{
    GAUGES_AGAIN, GAUGES_PAUSE, GAUGES_TIME_MAX, GAUGES_WAIT, OPEN_COUNTED_MAX, STOCK_COUNTED_MAX,
};
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
    let stock = {
        let directory = handle.directory.read();
        Stock::of(&directory.registry)
    };
    let stock = stock.count(rows, gauges.calendar.date(wall), STOCK_COUNTED_MAX)?;
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

fn stock_in(page: &mut Page, stock: &Stock) {
    let names = [
        ("tillgate_stock_vouchers", "Vouchers for sale"),
        ("tillgate_stock_vouchers_expired", "Vouchers that have expired unsold"),
    ];
    for (which, (name, help)) in names.into_iter().enumerate() {
        let series = stock.products.iter().map(|(service, product, counts)| {
            let labels = format!("service=\"{}\",product=\"{}\"", service.0, product.0);
            (labels, counts[which])
        });
        page.each(name, help, series);
    }
    let help = "1 if all of the stock was counted, 0 if there is more";
    page.one("tillgate_stock_counted", help, u64::from(stock.complete));
}
