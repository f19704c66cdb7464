//! `tillgate serve`

use clap::Args;
use tillgate_core::startup::ClockTrust;
use tracing::level_filters::LevelFilter;

use super::ConfigFile;
use crate::admin;
use crate::config::{Log, LogFormat, LogLevel};
use crate::exit::Failure;
use crate::serve;

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
        serve::run(&config, serve::Clock::start(trust), admin::spawn)
    }
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
