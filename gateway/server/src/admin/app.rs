//! What every request may use.

use std::path::PathBuf;
use std::sync::Arc;

use tillgate_core::report::Names;
use tillgate_core::time::Calendar;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::auth::Auth;
use super::gauges::Gauges;
use crate::config::{Config, Import};
use crate::exit::Failure;
use crate::serve::handle::ServeHandle;

pub(super) struct App {
    pub(super) handle: ServeHandle,
    pub(super) auth: Auth,
    pub(super) calendar: Calendar,
    pub(super) bridges: Vec<String>,
    /// Names of the configured ISO 8583 listeners.
    pub(super) listeners: Vec<String>,
    pub(super) names: Names,
    pub(super) import: Import,
    pub(super) data: PathBuf,
    pub(super) gauges: Arc<Gauges>,
    /// See [`App::alone`].
    changes: Arc<Mutex<()>>,
}

/// While it is held, nobody else changes anything through the admin API.
pub(super) type Alone = OwnedMutexGuard<()>;

impl App {
    /// Of this gateway.
    ///
    /// # Errors
    /// The token's hash or the people cannot be read.
    pub(super) fn new(config: &Config, handle: ServeHandle) -> Result<Self, Failure> {
        let (calendar, data) = (config.calendar.clone(), config.store.dir.clone());
        let bridges: Vec<String> =
            config.bridges.iter().map(|bridge| bridge.name.clone()).collect();
        Ok(Self {
            names: Names::new(handle.store_id, bridges.iter().cloned()),
            bridges,
            listeners: config.iso8583_listeners.iter().map(|of| of.name.clone()).collect(),
            auth: Auth::new(config)?,
            gauges: Arc::new(Gauges::new(handle.clone(), calendar.clone(), data.clone())),
            data,
            handle,
            calendar,
            import: config.import.clone(),
            changes: Arc::default(),
        })
    }

    /// Waits for the right to change something: from reading a record to having written it back,
    /// so that no change is lost to another, and while a checkpoint is made. It moves into the
    /// work itself, for a request ends when its client hangs up, and the work does not.
    pub(super) async fn alone(&self) -> Alone {
        Arc::clone(&self.changes).lock_owned().await
    }
}
