//! `tillsim`: see [`tillsim::cli`].

use std::process::ExitCode;

use clap::Parser;
use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, setrlimit};
use tillsim::cli::Cli;
use tillsim::exit::Exit;

fn main() -> ExitCode {
    // Keys of terminals are in its memory: no core files, no debuggers.
    let hardened = setrlimit(Resource::RLIMIT_CORE, 0, 0).and_then(|()| set_dumpable(false));
    if let Err(error) = hardened {
        eprintln!("tillsim: core files cannot be switched off: {error}");
        return Exit::Usage.into();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; a reader that went away is not one either.
            drop(error.print());
            return if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    match cli.run() {
        Ok(exit) => exit.into(),
        Err(refusal) => {
            eprintln!("tillsim: {refusal}");
            Exit::Usage.into()
        }
    }
}
