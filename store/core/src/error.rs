//! What can go wrong below the ledger. All of it stops the store.

use std::fmt;

use crate::record::hex_of;
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
    /// A newer program wrote it; what and which version. Nothing is damaged.
    Newer(String),
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
                let (family, key) = (family.name(), hex_of(key));
                write!(f, "damaged row in {family}, key {key}: {what}; restore from a backup")
            }
            Self::Newer(what) => write!(
                f,
                "{what} was written by a newer version of the program; nothing is damaged: use \
                 the version that wrote the store last, or a later one"
            ),
            Self::Broken(what) => write!(f, "the store does not hold together: {what}"),
            Self::Engine(what) => write!(f, "{what}"),
            Self::Stopped => write!(f, "the store stopped at an earlier error; restart"),
        }
    }
}

impl std::error::Error for StoreError {}
