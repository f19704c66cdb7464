//! RocksDB behind Tillgate's [`Engine`](tillgate_store_core::Engine): the embedded store.
//!
//! Where to look:
//!
//! - [`Options`] are the sizes and places of a store; everything that decides about durability
//!   is fixed, option by option and with its reason, in `options.rs`.
//! - [`RocksEngine::open`] opens a directory for the one writer; [`OpenError`] says what is
//!   wrong, where, and what to do.
//! - [`RocksReader`] shares the open database for reading: the admin's single rows and, through
//!   [`RocksReader::snapshot`], export and verify at one instant while sales go on.
//! - The [`Mark`] beside the database detects a log whose end was lost.
//!
//! ```text
//! DIR/rows/        the database, RocksDB's files
//! DIR/high-water   the mark, unless Options::mark places it elsewhere
//! DIR/restored     only after a restore, and
//! DIR/damaged      after a damaged row was read: not served until accepted; see [`note`]
//! ```

mod engine;
mod mark;
pub mod note;
mod open;
mod open_error;
mod options;
mod reader;
mod tables;

pub use engine::RocksEngine;
pub use mark::Mark;
pub use note::Note;
pub use open_error::{Cause, MarkTrouble, OpenError};
pub use options::{Durability, Missing, Options};
pub use reader::{Progress, RocksReader, RocksSnapshot, Unreadable};
