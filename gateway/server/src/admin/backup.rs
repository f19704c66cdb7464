//! `POST /api/v1/backup`: the gateway's part of a backup, a checkpoint made of hard links.

use std::sync::Arc;

use serde_json::json;
use tillgate_core::transaction::ControlOrder;
use tillgate_store_core::Change;
use warp::reply::Response;

use super::App;
use super::answer;
use super::auth::Caller;
use super::error::ApiError;
use super::limits::ORDER_TIME_MAX;
use super::orders::{Carried, result, send};
use super::routes::blocking;
use crate::{backup, hex};

/// Notes the backup in the audit log, so that the backup has its own row, then makes the
/// checkpoint. Flushing and linking run in RocksDB's threads and one of ours; the writer goes on.
pub(super) async fn begin(app: Arc<App>, caller: &Caller) -> Result<Response, ApiError> {
    let alone = app.alone().await;
    let begun_ms = app.handle.clock.wall().0;
    let change = Change { note: "backup".to_owned(), ..Change::default() };
    let order = ControlOrder::Change { change, tell: Vec::new() };
    let receipt = send(&app, order, caller)?;
    blocking(move || {
        // To the end of the checkpoint: the next backup begins with removing it.
        let _alone = alone;
        match result(&receipt, ORDER_TIME_MAX)? {
            Carried::Applied(_) => {}
            Carried::Rejected(_) => return Err(ApiError::internal("an audit row was rejected")),
        }
        let made = backup::checkpoint(&app.handle.reader, &app.data);
        let (checkpoint, mark) = made.map_err(ApiError::internal)?;
        // The command that copies it may run in another directory.
        let checkpoint = std::path::absolute(checkpoint).map_err(ApiError::internal)?;
        tracing::info!(batch = mark.batch_no, "checkpoint for a backup");
        Ok(answer::json(&json!({
            "checkpoint": checkpoint,
            "batch_no": mark.batch_no,
            "hash": hex::encode(&mark.hash),
            "begun_ms": begun_ms,
        })))
    })
    .await
}
