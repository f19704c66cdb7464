//! `ratio`: what `make ratio` runs; see [`tillgate_bench::ratio`].

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use clap::Parser;
use tillgate_bench::echo::Frames;
use tillgate_bench::ratio::{RatioOptions, measure};
use tillsim::exit::{Exit, Refusal};

/// Sales per second of the gateway beside a bare echo, in turns, under the same generator
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
            eprintln!("ratio: {refusal}");
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
        eprintln!("{terminals} terminals: installing a gateway");
        let directory = Scratch::new(arguments.directory.as_deref(), *terminals)?;
        let options = RatioOptions {
            program: arguments.gateway.clone().map_or_else(|| beside("tillgate"), Ok)?,
            terminals: *terminals,
            seconds: arguments.seconds,
            rounds: arguments.rounds,
            threads: arguments.threads,
            directory: directory.0.clone(),
        };
        let mut server = None;
        let mut echo = |frames| {
            let started = Server::start(frames)?;
            let address = started.address;
            server = Some(started);
            Ok(address)
        };
        let line = measure(&options, &mut echo)?;
        println!("{line}");
        if line["verdict"] != "exact" {
            exit = Exit::Violated;
        }
    }
    Ok(exit)
}

/// A program of the same build.
fn beside(name: &str) -> Result<PathBuf, Refusal> {
    let own = std::env::current_exe().map_err(|error| Refusal::about(name, error))?;
    Ok(own.with_file_name(name))
}

/// The echo, in a process of its own as the gateway is.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(frames: Frames) -> Result<Self, Refusal> {
        let program = beside("echo")?;
        let wrong = |error: &dyn std::fmt::Display| Refusal::about(program.display(), error);
        let mut child = Command::new(&program)
            .args(["127.0.0.1:0", &frames.request.to_string(), &frames.answer.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| wrong(&error))?;
        let mut line = String::new();
        let stdout = child.stdout.take().expect("the output is piped");
        BufReader::new(stdout).read_line(&mut line).map_err(|error| wrong(&error))?;
        let address = line.trim().parse().map_err(|error| wrong(&error))?;
        Ok(Self { child, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to lose.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A directory that is removed again.
struct Scratch(PathBuf);

impl Scratch {
    fn new(base: Option<&Path>, terminals: u32) -> Result<Self, Refusal> {
        let base = base.map_or_else(std::env::temp_dir, Path::to_owned);
        let path = base.join(format!("tillgate-ratio-{}-{terminals}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| Refusal::about(path.display(), error))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("ratio: {} is left behind: {error}", self.0.display());
        }
    }
}
