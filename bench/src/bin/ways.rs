//! `ways`: what `make ways` runs; see [`tillgate_bench::ways`].

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tillgate_bench::process::{Scratch, beside};
use tillgate_bench::ways::{WaysOptions, measure};
use tillsim::exit::{Exit, Refusal};

/// Sales per second by each way: from stock, through an ISO 8583 host, by a route of 1,000 rules,
/// over HTTP, and beside a provider that is dead
#[derive(Parser)]
#[command(after_help = "\
One line of JSON for each number of terminals on standard output, progress on standard error.
Exit codes: 0 all money was exact, 1 it was not, 4 nothing was measured.")]
struct Arguments {
    /// Terminals at once; several numbers are measured one after the other
    #[arg(long, value_delimiter = ' ', num_args = 1.., default_value = "1 64 1000")]
    terminals: Vec<u32>,
    /// How long each way is measured for each number of terminals
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Turns of each way
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

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            drop(error.print());
            return if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    match run(&arguments) {
        Ok(exit) => exit.into(),
        Err(refusal) => {
            eprintln!("ways: {refusal}");
            Exit::Usage.into()
        }
    }
}

fn run(arguments: &Arguments) -> Result<Exit, Refusal> {
    if !(0.1..=1e5).contains(&arguments.seconds) || !(1..=1_000).contains(&arguments.rounds) {
        return Err(Refusal("seconds are from 0.1 on, rounds from 1 to 1,000".to_owned()));
    }
    let mut exit = Exit::Pass;
    for terminals in &arguments.terminals {
        eprintln!("{terminals} terminals: installing a gateway and three providers");
        let directory = Scratch::new(arguments.directory.as_deref(), &format!("ways-{terminals}"))?;
        let options = WaysOptions {
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
