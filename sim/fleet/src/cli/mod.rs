//! The commands, one file each.

mod abuse;
mod faults;
mod idle;
mod network;
mod print;
mod provider;
mod run;
mod ussd_responder;
mod ussdc;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Parser, Subcommand};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::{About, Exit, Refusal};
use crate::run::Interrupts;

/// Simulated fleets of terminals, and the providers behind the gateway
#[derive(Parser)]
#[command(
    name = "tillsim",
    version,
    after_help = "\
Exit codes: 0 all is as it should be; 1 money is wrong or a promise was broken; 2 an objective was
missed or something is not resolved; 3 the generator was the bottleneck; 4 nothing was run."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(Box<run::Run>),
    Provider(provider::Provider),
    Network(network::Network),
    Idle(idle::Idle),
    Abuse(abuse::Abuse),
    Faults(faults::Faults),
    World(world::World),
    Ussdc(Box<ussdc::Ussdc>),
    UssdResponder(ussd_responder::UssdResponder),
}

impl Cli {
    /// Carries out the command.
    ///
    /// # Errors
    /// [`Refusal`] when nothing was run.
    pub fn run(self) -> Result<Exit, Refusal> {
        match self.command {
            Command::Run(command) => command.run(),
            Command::Provider(command) => command.run(),
            Command::Network(command) => command.run(),
            Command::Idle(command) => command.run(),
            Command::Abuse(command) => command.run(),
            Command::Faults(command) => command.run(),
            Command::World(command) => command.run(),
            Command::Ussdc(command) => command.run(),
            Command::UssdResponder(command) => command.run(),
        }
    }
}

/// Counts SIGINT and SIGTERM; the third one ends the process.
fn interrupts() -> Result<Interrupts, Refusal> {
    let count: Interrupts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let mut signals = Signals::new([SIGINT, SIGTERM]).about("signals")?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for _ in signals.forever() {
                if counted.fetch_add(1, Ordering::Relaxed) >= 2 {
                    std::process::exit(i32::from(Exit::Missed.code()));
                }
            }
        })
        .about("signals")?;
    Ok(count)
}
