//! The gateway's binary: parse, dispatch, exit codes.

mod admin;
mod backup;
mod cli;
mod client;
mod clock;
mod config;
mod dirs;
mod entropy;
mod exit;
mod files;
mod harden;
mod init;
mod keyfile;
mod password;
mod secrets;
mod serve;
mod socket_path;
mod verify_store;
mod wiped;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use tillgate_edge::guard;

use crate::exit::Exit;

fn main() -> ExitCode {
    exit_70_on_panic();
    // Before anything is read: every command may meet keys, PINs or passwords.
    if let Err(error) = harden::harden() {
        writeln!(std::io::stderr(), "tillgate: {error}").ok();
        return Exit::Internal.into();
    }
    harden::raise_descriptors();
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked_for = !error.use_stderr();
            // When even the terminal is gone there is nobody left to tell.
            error.print().ok();
            return if asked_for { ExitCode::SUCCESS } else { Exit::Usage.into() };
        }
    };
    match cli::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let who = if failure.exit == Exit::Reported { "" } else { "tillgate: " };
            if !failure.text.is_empty() {
                // Nobody is left to tell when standard error is gone.
                writeln!(std::io::stderr(), "{who}{failure}").ok();
            }
            failure.exit.into()
        }
    }
}

/// A panic is a broken invariant of ours, and nothing may be acknowledged after it: the process
/// ends. Only what is guarded, because it talks to strangers, ends alone.
fn exit_70_on_panic() {
    let tell = std::panic::take_hook();
    guard::install(move |panic| {
        tell(panic);
        // At once: other threads run on, and the store's destructors must not run under them.
        signal_hook::low_level::exit(i32::from(Exit::Internal.code()));
    });
}
