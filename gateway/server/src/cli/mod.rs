//! The command line: what it takes, and one file per command for what it does.

mod audit_row;
mod backup;
mod bridge;
mod codec;
mod csv_files;
mod gateway;
mod handset;
mod history;
mod import;
mod init;
mod journal;
mod listener;
mod menu;
mod print;
mod reconcile;
mod restore;
mod rewrap;
mod route;
mod serve;
mod stock;
mod store_dir;
mod table;
mod terminal;
mod transaction;
mod user;
mod ussd;
mod values;
mod verify;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::backup::Pace;
use crate::backup::limits::RATE_MIB_S;
use crate::config::{self, Config};
use crate::exit::Failure;

/// Transaction gateway for point-of-sale terminals
///
/// Tillgate takes sales from terminals over sealed links, verifies and journals each one, dispenses
/// vouchers or forwards top-ups to providers, and answers.
#[derive(Parser)]
#[command(name = "tillgate", version, arg_required_else_help = true, after_help = FIRST_STEPS)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const FIRST_STEPS: &str = "\
First steps:
  tillgate init /srv/tillgate                               make keys, configuration, store
  tillgate import demo --config /srv/tillgate/tillgate.toml load sellers, terminals, vouchers
  tillgate serve --config /srv/tillgate/tillgate.toml       answer terminals
  tillgate terminal list --config /srv/tillgate/tillgate.toml

Exit codes: 0 done, 1 refused or an invariant is violated, 2 wrong command line,
3 wrong configuration, 4 the store cannot be used, 70 a defect of this program.
docs/operations.md explains every command, file and metric.";

#[derive(Subcommand)]
enum Command {
    Init(init::Init),
    Import(import::Import),
    Serve(serve::Serve),
    Stock(stock::Stock),
    Verify(verify::Verify),
    Journal(journal::Journal),
    Export(journal::Export),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Rewrap(rewrap::Rewrap),
    Terminal(terminal::Terminal),
    Handset(handset::Handset),
    Transaction(transaction::Transaction),
    Reconcile(reconcile::Reconcile),
    History(history::History),
    Route(route::Route),
    User(user::User),
    Decode(codec::Decode),
    Encode(codec::Encode),
    Dialect(codec::DialectCommand),
    Bridge(bridge::Bridge),
    Listener(listener::Listener),
    Menu(menu::MenuCommand),
    Ussd(ussd::Ussd),
}

/// `--config`, the same for every command that has it.
#[derive(clap::Args)]
pub(crate) struct ConfigFile {
    /// The configuration file
    #[arg(long, short, global = true, value_name = "FILE", default_value = "tillgate.toml")]
    pub(crate) config: PathBuf,
}

impl ConfigFile {
    fn load(&self) -> Result<Config, Failure> {
        config::load(&self.config)
    }
}

/// `--rate`, the same for every command that copies a store.
#[derive(clap::Args)]
pub(crate) struct Rate {
    /// Copy rate limit in MiB/s (applies to reads and to writes)
    #[arg(long = "rate", value_name = "MIB", default_value_t = RATE_MIB_S,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    mib_s: u32,
}

impl Rate {
    fn pace(&self) -> Pace {
        Pace::mib_s(self.mib_s)
    }
}

pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Init(init) => init.run(),
        Command::Import(import) => import.run(),
        Command::Serve(serve) => serve.run(),
        Command::Stock(stock) => stock.run(),
        Command::Verify(verify) => verify.run(),
        Command::Journal(journal) => journal.run(),
        Command::Export(export) => export.run(),
        Command::Backup(backup) => backup.run(),
        Command::Restore(restore) => restore.run(),
        Command::Rewrap(rewrap) => rewrap.run(),
        Command::Terminal(terminal) => terminal.run(),
        Command::Transaction(transaction) => transaction.run(),
        Command::Reconcile(reconcile) => reconcile.run(),
        Command::History(history) => history.run(),
        Command::Route(route) => route.run(),
        Command::User(user) => user.run(),
        Command::Decode(decode) => decode.run(),
        Command::Encode(encode) => encode.run(),
        Command::Dialect(dialect) => dialect.run(),
        Command::Bridge(bridge) => bridge.run(),
        Command::Listener(listener) => listener.run(),
        Command::Menu(menu) => menu.run(),
        Command::Handset(handset) => handset.run(),
        Command::Ussd(ussd) => ussd.run(),
    }
}
