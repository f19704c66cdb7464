//! `tillsim`: see [`tillsim::cli`].

use std::process::ExitCode;

use clap::Parser;
use tillsim::cli::Cli;
use tillsim::exit::Exit;

fn main() -> ExitCode {
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
