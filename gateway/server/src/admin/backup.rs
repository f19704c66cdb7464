//! `POST /api/v1/backup`: the gateway's part of a backup, a checkpoint made of hard links.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use tillgate_core::transaction::ControlOrder;
use tillgate_store_core::Change;

use super::blocking::blocking;
use super::control::{applied, result, send};
use super::error::{Answer, ApiError};
use super::limits::ORDER_TIME_MAX;
use super::route::Call;
use crate::backup;

#[derive(Serialize, JsonSchema)]
pub(super) struct Begun {
    checkpoint: PathBuf,
    batch_no: u64,
    /// Of that batch.
    hash: String,
    begun_ms: u64,
}

/// Notes the backup in the audit log, so that the backup has its own row, then makes the
/// checkpoint. Flushing and linking run in RocksDB's threads and one of ours; the writer goes on.
pub(super) async fn begin(call: Call, (): ()) -> Answer<Begun> {
    let app = &call.app;
    let alone = app.alone().await;
    let begun_ms = app.handle.clock.wall().0;
    let change = Change { note: "backup".to_owned(), ..Change::default() };
    let order = ControlOrder::Change { change, tell: Vec::new() };
    let receipt = send(&call, order)?;
    let app = Arc::clone(app);
    blocking(move || {
        // To the end of the checkpoint: the next backup begins with removing it.
        let _alone = alone;
        applied(result(&receipt, ORDER_TIME_MAX)?)?;
        let made = backup::checkpoint(&app.handle.reader, &app.data);
        let (checkpoint, mark) = made.map_err(ApiError::internal)?;
        // The command that copies it may run in another directory.
        let checkpoint = std::path::absolute(checkpoint).map_err(ApiError::internal)?;
        tracing::info!(batch = mark.batch_no, "checkpoint for a backup");
        let hash = hex::encode(mark.hash);
        Ok(Begun { checkpoint, batch_no: mark.batch_no, hash, begun_ms })
    })
    .await
}
