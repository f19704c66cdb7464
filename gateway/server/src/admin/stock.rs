//! The voucher stock: what is left of it, and the alarms about it in the log.

use std::collections::BTreeSet;
use std::sync::Arc;

use tillgate_core::report::{StockAlarm, StockList};
use tillgate_edge::guard;
use tillgate_store_core::StoreError;
use tokio::sync::watch;
use tracing::{info, warn};

use super::app::App;
use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::limits::STOCK_WATCH_PAUSE;
use super::route::Call;

/// The stock of every product, as of the last batch.
pub(super) async fn list(Call { app, .. }: Call, (): ()) -> Answer<StockList> {
    blocking(move || read(&app).map_err(ApiError::internal)).await
}

fn read(app: &App) -> Result<StockList, StoreError> {
    let services = StockList::services(&app.handle.directory.read().registry);
    StockList::read(&app.handle.reader, &services, app.calendar.date(app.handle.clock.wall()))
}

/// Looks at the stock now and then until the gateway goes down, and says in the log once what has
/// come up, and once that it is over.
pub(super) async fn watch(
    app: Arc<App>,
    mut stopped: watch::Receiver<Option<std::time::Duration>>,
) {
    let mut known = BTreeSet::new();
    loop {
        let looking = Arc::clone(&app);
        let read = guard::future(blocking(move || read(&looking).map_err(ApiError::internal)));
        tokio::select! {
            looked = read => match looked {
                Ok(Ok(stock)) => known = say(&stock, &known),
                Ok(Err(_)) | Err(_) => warn!("the stock cannot be read; no alarm is seen meanwhile"),
            },
            _ = stopped.changed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(STOCK_WATCH_PAUSE) => {}
            _ = stopped.changed() => return,
        }
    }
}

type Known = BTreeSet<(u16, u16, StockAlarm)>;

fn say(stock: &StockList, known: &Known) -> Known {
    let of = |(one, alarm): (&tillgate_core::report::ProductStock, StockAlarm)| {
        (one.service, one.product, alarm)
    };
    let now: Known = stock.alarms().map(of).collect();
    for (one, alarm) in stock.alarms().filter(|found| !known.contains(&of(*found))) {
        let (service, product, for_sale) = (one.service, one.product, one.for_sale);
        let (near_expiry, unsellable) = (one.near_expiry, one.unsellable);
        warn!(service, product, %alarm, for_sale, near_expiry, unsellable, "stock alarm");
    }
    for (service, product, alarm) in known.difference(&now) {
        info!(service, product, %alarm, "stock alarm is over");
    }
    now
}
