//! `tillgate restore`

use clap::Args;
use tillgate_store_core::verify;
use tillgate_store_rocks::{Options, RocksBackend};

use super::print;
use super::store_dir::StoreDir;
use crate::exit::Failure;

/// Accept that a store ends where it ends, after a restore or a lost tail
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate restore --accept /srv/tillgate

A store remembers in its high-water mark how far it had come. When database and mark disagree, the
gateway refuses to serve: sales that terminals saw approved would be missing. Copy the directory
and book the missing sales from the terminals' and the providers' records; then this command sets
the mark to where the database ends, and verifies the store.")]
pub(crate) struct Restore {
    #[command(flatten)]
    store: StoreDir,
    /// Yes, what is missing is missing
    #[arg(long, required = true)]
    accept: bool,
}

impl Restore {
    pub(super) fn run(self) -> Result<(), Failure> {
        let dir = self.store.find()?;
        let mark = RocksBackend::accept(&dir, &Options::serving()).map_err(Failure::store)?;
        let backend = RocksBackend::open(&dir, &Options::serving()).map_err(Failure::store)?;
        let report = verify(&backend).map_err(Failure::store)?;
        if !report.holds() {
            return Err(Failure::refused(format!(
                "the mark of {} is set, but {} invariants are violated: `tillgate verify` lists \
                 them; do not serve from it",
                dir.display(),
                report.violations_total
            )));
        }
        print::line(&format!(
            "{} ends at batch {}, and every invariant holds.",
            dir.display(),
            mark.batch_no
        ))
    }
}
