//! Bounds on backups.

/// Files of one backup: at 64 MiB a table, 6 TiB.
pub const FILES_MAX: usize = 100_000;
