//! What can go wrong below the ledger. All of it stops the store.

use crate::record::hex_of;
use crate::rows::Family;

/// What reads and writes of a store come to.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why a store cannot be read or written. None of these is a customer's fault; after any of
/// them from [`crate::Store::commit`] nothing may be acknowledged and the process restarts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A stored row is not what was written there.
    #[error(
        "damaged row in {}, key {}: {what}; restore from a backup", family.name(), hex_of(key)
    )]
    Damaged {
        /// Where it is.
        family: Family,
        /// Its key.
        key: Vec<u8>,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A newer program wrote it; what and which version. Nothing is damaged.
    #[error(
        "{0} was written by a newer version of the program; nothing is damaged: use the version \
         that wrote the store last, or a later one"
    )]
    Newer(String),
    /// Rows are sound one by one, but do not belong together: a part is lost.
    #[error("the store does not hold together: {0}")]
    Broken(String),
    /// The engine refused; its own words, and what to do.
    #[error("{0}")]
    Engine(String),
    /// An earlier error stopped this store.
    #[error("the store stopped at an earlier error; restart")]
    Stopped,
}

impl StoreError {
    /// A row that is not what was written there.
    pub(crate) fn damaged(family: Family, key: &[u8], what: &'static str) -> Self {
        Self::Damaged { family, key: key.to_vec(), what }
    }
}
