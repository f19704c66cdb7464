//! What commands read of a whole store: where it ends, and a verification: every promise that its
//! rows can show, and every block that they lie in.

use std::ops::ControlFlow;

use tillgate_store_core::Head;
use tillgate_store_core::journal::record;
use tillgate_store_core::verify::{Report, verify};
use tillgate_store_rocks::{Options, Progress, RocksReader, Unreadable};

use crate::exit::Failure;
use crate::harden::raise_descriptors;

/// Bytes read by one iterator.
const CHUNK_BYTES: usize = 8 << 20;

/// Descriptors of this process beside those of table files: streams, logs, manifest, locks.
const DESCRIPTORS_BESIDE: u64 = 128;
/// With fewer, tables would be opened and closed all the time.
const TABLES_LEAST: i32 = 32;

/// With as many tables open at a time as this process has descriptors for.
pub(crate) fn reading(options: Options) -> Options {
    let room = raise_descriptors().saturating_sub(DESCRIPTORS_BESIDE);
    let room = i32::try_from(room).unwrap_or(i32::MAX).max(TABLES_LEAST);
    Options { open_files_max: room, ..options }
}

/// Where the store ends.
///
/// # Errors
/// It cannot be read, or is no store of ours.
pub(crate) fn head_of(reader: &RocksReader) -> Result<Head, Failure> {
    let head = record::<Head>(reader, Head::KEY, &mut Vec::new()).map_err(Failure::store)?;
    head.ok_or_else(|| Failure::store("the store has no head"))
}

/// Verifies what `reader` reads. The rows alone would not do: what a newer row replaced is asked
/// for by nobody, but the scrubber of the gateway that serves from it reads it next.
///
/// # Errors
/// Not even the head can be read, or the system refuses to read on.
pub(crate) fn verified(reader: &RocksReader) -> Result<Report, Failure> {
    let mut report = verify(reader).map_err(Failure::store)?;
    let mut progress = Progress::default();
    match reader.read_all(&mut progress, CHUNK_BYTES, &mut || ControlFlow::Continue(())) {
        Ok(_) => Ok(report),
        Err(Unreadable::Damaged(what)) => {
            report.unreadable(what);
            Ok(report)
        }
        Err(Unreadable::Failed(what) | Unreadable::Starved(what)) => Err(Failure::store(what)),
    }
}
