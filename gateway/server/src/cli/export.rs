//! `tillgate export`

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;

use clap::Args;
use tillgate_store_core::Head;
use tillgate_store_core::journal::{record, transactions};
use tillgate_store_rocks::{Options, RocksReader};

use super::store_dir::StoreDir;
use crate::exit::Failure;
use crate::transaction_line::{following, line, parse_key};

/// Print the journal, one JSON object a line and never a PIN
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate export /srv/tillgate > journal.ndjson
  tillgate export /srv/tillgate --after 2026-11-23-00070001-000012

The lines are those of GET /api/v1/journal, in the order of date, terminal and STAN. It only
reads, and works on a backup and beside a serving gateway.")]
pub(crate) struct Export {
    #[command(flatten)]
    store: StoreDir,
    /// Only transactions behind this one
    #[arg(long, value_name = "DATE-TERMINAL-STAN")]
    after: Option<String>,
}

impl Export {
    pub(super) fn run(self) -> Result<(), Failure> {
        let from = match self.after.as_deref() {
            None => None,
            Some(text) => match parse_key(text).map(following) {
                Some(Some(from)) => Some(from),
                Some(None) => return Ok(()),
                None => {
                    let text = format!("--after {text}: write it as 2026-11-23-00070001-000012");
                    return Err(Failure::usage(text));
                }
            },
        };
        let reader = RocksReader::open(&self.store.find()?, &Options::serving());
        let reader = reader.map_err(Failure::store)?;
        let head = record::<Head>(&reader, Head::KEY, &mut Vec::new()).map_err(Failure::store)?;
        let head = head.ok_or_else(|| Failure::store("the store has no head"))?;
        let mut out = BufWriter::new(io::stdout().lock());
        let mut written = Ok(());
        transactions(&reader, from, |transaction| {
            written = writeln!(out, "{}", line(&transaction, head.store_id));
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .map_err(Failure::store)?;
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::refused(format!("standard output: {error}")))
            }
            _ => Ok(()),
        }
    }
}
