//! Bounds of backup and restore, with their reasons.

/// Bytes copied between two looks at the clock; the memory that a copy takes.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;
/// The manifest of this many files.
pub(crate) const MANIFEST_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// The manifest's checksum and its name.
pub(crate) const MANIFEST_SUM_BYTES_MAX: u64 = 1_024;
/// Copy rate in MiB/s (for reads and for writes) unless the command says otherwise:
/// half of what a slow disk can do, so that the log's sync finds room.
pub(crate) const RATE_MIB_S: u32 = 64;
