//! What can go wrong below the ledger. All of it stops the store.

use std::fmt;

use crate::rows::Family;

/// Why a store cannot be read or written. None of these is a customer's fault; after any of
/// them from [`crate::Store::commit`] nothing may be acknowledged and the process restarts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// A stored row is not what was written there.
    Damaged {
        /// Where it is.
        family: Family,
        /// Its key.
        key: Vec<u8>,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Rows are sound one by one, but do not belong together: a part is lost.
    Broken(String),
    /// The engine refused; its own words, and what to do.
    Engine(String),
    /// An earlier error stopped this store.
    Stopped,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { family, key, what } => {
                write!(f, "damaged row in {}, key ", family.name())?;
                for byte in key {
                    write!(f, "{byte:02x}")?;
                }
                write!(f, ": {what}; restore from a backup")
            }
            Self::Broken(what) => write!(f, "the store does not hold together: {what}"),
            Self::Engine(what) => write!(f, "{what}"),
            Self::Stopped => write!(f, "the store stopped at an earlier error; restart"),
        }
    }
}

impl std::error::Error for StoreError {}
