//! `tillgate serve`

use std::time::Duration;

use clap::Args;
use serde_json::json;
use tillgate_core::drain::Drained;
use tillgate_core::startup::ClockTrust;
use tracing::level_filters::LevelFilter;

use super::ConfigFile;
use crate::admin;
use crate::config::{Config, Log, LogFormat, LogLevel};
use crate::exit::Failure;
use crate::serve::{Clock, Gateway, watch_signals};

/// Run the gateway until it receives a signal
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate serve --config /srv/tillgate/tillgate.toml

Once it serves, it prints one line of JSON with the addresses for terminals and the admin API:
  {\"terminals\":\"127.0.0.1:7400\",\"admin\":\"127.0.0.1:7401\"}
The log goes to standard error. SIGTERM or SIGINT (Ctrl-C) drains: new connections are refused, what
is in flight is answered, then it ends with exit code 0.")]
pub(crate) struct Serve {
    #[command(flatten)]
    config: ConfigFile,
    /// Start although the store's last batch is dated a day later than the clock
    #[arg(long)]
    clock_is_right: bool,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = self.config.load()?;
        start_log(&config.log);
        for notice in &config.notices {
            tracing::warn!(config = %config.file.display(), "{notice}");
        }
        let trust = if self.clock_is_right { ClockTrust::Believed } else { ClockTrust::Checked };
        serve(&config, Clock::start(trust))
    }
}

/// How long the admin may take to finish what it answers.
const ADMIN_PATIENCE: Duration = Duration::from_secs(2);

/// Serves until a signal says otherwise. The admin is started once everything else runs; one line
/// on standard output then says where terminals and the admin are, for scripts that let the system
/// choose the ports.
fn serve(config: &Config, clock: Clock) -> Result<(), Failure> {
    let gateway = Gateway::start(config, clock)?;
    let no_signals = |error| Failure::internal(format!("handling signals: {error}"));
    watch_signals(gateway.report.clone()).map_err(no_signals)?;
    let admin = admin::spawn(config, gateway.handle.clone())?;
    let (terminals, admin_address) = (gateway.address, admin.address);
    let mut line = json!({ "terminals": terminals, "admin": admin_address });
    if !gateway.listeners.is_empty() {
        line["iso8583"] = json!(gateway.listeners);
    }
    println!("{line}");
    tracing::info!(%terminals, admin = %admin_address, "serving");
    gateway.attend();
    let drained = gateway.drain();
    // Last, so that its health and metrics pages tell of the drain.
    admin.stop(ADMIN_PATIENCE);
    match drained {
        Drained::Fully => tracing::info!("drained"),
        Drained::Partly => tracing::warn!("drained in part; the next start recovers the rest"),
    }
    Ok(())
}

fn start_log(log: &Log) {
    let level = match log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false);
    match log.format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
}
