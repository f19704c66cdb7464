//! `tillgate journal export`, and `tillgate export`, which is short for it.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use tillgate_core::report::{Format, Names, Selection, Totals};
use tillgate_store_core::{BusinessDate, Key, TerminalId};
use tillgate_store_rocks::RocksReader;

use super::store_dir::{Place, StoreDir};
use super::values;
use crate::exit::Failure;
use crate::verify_store::head_of;

/// Read the journal
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate journal export /srv/tillgate --format csv --from 2026-11-01 --to 2026-11-30 > nov.csv")]
pub(crate) struct Journal {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Export(Export),
}

/// Print transactions as CSV or JSON lines, never a PIN
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate journal export /srv/tillgate --format csv --from 2026-11-01 --to 2026-11-30 > nov.csv
  tillgate journal export /srv/tillgate --terminal 70001 --totals totals.json > 70001.jsonl
  tillgate export /srv/tillgate --after 2026-11-23-00070001-000012

Rows are in the order of date, terminal and STAN; docs/operations.md lists the columns, which are
those of GET /api/v1/journal. The command only reads, row by row; it works on a backup and with a
running gateway, on the state when it started. Subscribers are masked. --totals writes counts and
sums, the store's last batch and the SHA-256 of the output, so that whoever receives both can tell
that nothing is missing.")]
pub(crate) struct Export {
    #[command(flatten)]
    store: StoreDir,
    /// Output format
    #[arg(long, value_parser = values::format(), default_value = "jsonl")]
    format: Format,
    /// First business date
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    from: Option<BusinessDate>,
    /// Last business date
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    to: Option<BusinessDate>,
    /// Only transactions of this terminal
    #[arg(long, value_name = "ID")]
    terminal: Option<u32>,
    /// Only transactions after this one
    #[arg(long, value_name = "DATE-TERMINAL-STAN", value_parser = values::key)]
    after: Option<Key>,
    /// Write counts, sums and a checksum to this file, as JSON
    #[arg(long, value_name = "FILE")]
    totals: Option<PathBuf>,
}

impl Journal {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Verb::Export(export) = self.command;
        export.run()
    }
}

impl Export {
    pub(super) fn run(self) -> Result<(), Failure> {
        let selection = Selection {
            from: self.from,
            to: self.to,
            terminal: self.terminal.map(TerminalId),
            after: self.after,
        };
        let Place { dir, options, config } = self.store.find()?;
        let reader = RocksReader::open(&dir, &options).map_err(Failure::store)?;
        let head = head_of(&reader)?;
        let bridges = config.into_iter().flat_map(|config| config.bridges);
        let names = Names::new(head.store_id, bridges.map(|bridge| bridge.name));
        let mut out = BufWriter::new(io::stdout().lock());
        let mut totals = Totals::default();
        let header = self.format.header();
        totals.text(&header);
        let mut written = out.write_all(header.as_bytes());
        selection
            .visit(&reader, |transaction| {
                let row = self.format.row(&transaction, &names);
                totals.row(&transaction);
                totals.text(&row);
                written = out.write_all(row.as_bytes());
                if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
            .map_err(Failure::store)?;
        match written.and_then(|()| out.flush()) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Failure::refused(format!("standard output: {error}"))),
            Ok(()) => {}
        }
        let Some(file) = self.totals else { return Ok(()) };
        let text = serde_json::to_string_pretty(&totals.json(&selection, &head));
        let text = format!("{}\n", text.map_err(Failure::internal)?);
        std::fs::write(&file, text)
            .map_err(|error| Failure::refused(format!("{}: {error}", file.display())))
    }
}
