//! The command line of the measurements: an installation for each number of terminals, a line of JSON
//! from each.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};
use serde_json::Value;
use tillsim::exit::{Exit, Refusal};

use crate::process::{Scratch, beside};

/// What is to be measured.
pub struct Options {
    /// The gateway's program.
    pub program: PathBuf,
    /// Terminals at once.
    pub terminals: u32,
    /// How long each side is measured, over all rounds.
    pub seconds: f64,
    /// Turns of each side.
    pub rounds: u32,
    /// Threads of the generator.
    pub threads: usize,
    /// Empty directory for the installation.
    pub directory: PathBuf,
}

#[derive(Parser)]
#[command(after_help = "\
One line of JSON for each number of terminals on standard output, progress on standard error.
Exit codes: 0 all money was exact, 1 it was not, 4 nothing was measured.")]
struct Arguments {
    /// Terminals at once; several numbers are measured one after the other
    #[arg(long, value_delimiter = ' ', num_args = 1.., default_value = "1 64 1000 5000")]
    terminals: Vec<u32>,
    /// How long each side is measured for each number of terminals
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Turns of each side
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Threads of the generator
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// The gateway's program; `tillgate` beside this one by default
    #[arg(long, value_name = "FILE")]
    gateway: Option<PathBuf>,
    /// Where to put the installations; the system's directory for temporary files by default
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Runs the program `name`, which is `about` that, with its arguments.
#[must_use]
pub fn main(
    name: &'static str,
    about: &'static str,
    measure: fn(&Options) -> Result<Value, Refusal>,
) -> ExitCode {
    let command = Arguments::command().name(name).about(about);
    let parsed = command.try_get_matches();
    let arguments = match parsed.and_then(|found| Arguments::from_arg_matches(&found)) {
        Ok(arguments) => arguments,
        Err(error) => {
            drop(error.print());
            return if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    match run(name, &arguments, measure) {
        Ok(exit) => exit.into(),
        Err(refusal) => {
            eprintln!("{name}: {refusal}");
            Exit::Usage.into()
        }
    }
}

fn run(
    name: &str,
    arguments: &Arguments,
    measure: fn(&Options) -> Result<Value, Refusal>,
) -> Result<Exit, Refusal> {
    if !(0.1..=1e5).contains(&arguments.seconds) || !(1..=1_000).contains(&arguments.rounds) {
        return Err(Refusal("seconds are from 0.1 on, rounds from 1 to 1,000".to_owned()));
    }
    let mut exit = Exit::Pass;
    for terminals in &arguments.terminals {
        eprintln!("{terminals} terminals: installing a gateway");
        let place = format!("{name}-{terminals}");
        let directory = Scratch::new(arguments.directory.as_deref(), &place)?;
        let options = Options {
            program: arguments.gateway.clone().map_or_else(|| beside("tillgate"), Ok)?,
            terminals: *terminals,
            seconds: arguments.seconds,
            rounds: arguments.rounds,
            threads: arguments.threads,
            directory: directory.0.clone(),
        };
        let line = measure(&options)?;
        println!("{line}");
        if line["verdict"] != "exact" {
            exit = Exit::Violated;
        }
    }
    Ok(exit)
}
