//! `tillsim faults`

use std::path::PathBuf;

use clap::Args;

use super::{interrupts, print};
use crate::exit::{About, Exit, Refusal};
use crate::faults::{Extent, Fault, Plan, run};

/// Kill, cut off and damage a real gateway, and report what is lost
#[derive(Args)]
#[command(after_help = "\
Example:
  tillsim faults                        every fault in a short form, about two minutes
  tillsim faults kill --kills 1000
  tillsim faults power --cuts 100       as root: it mounts file systems

Each fault runs its own gateway and fleet in its own directory, which is kept if the fault has
failed. At the end the terminals' books, the journal and the provider's book are compared, and
`tillgate verify` reads the store. Faults that this machine does not allow are reported as skipped.
docs/durability.md explains what each of them proves.")]
pub(super) struct Faults {
    /// Faults to inject; all of them by default
    #[arg(value_enum)]
    faults: Vec<Fault>,
    /// The gateway's program; the one beside this one by default
    #[arg(long, value_name = "FILE")]
    tillgate: Option<PathBuf>,
    /// Directory for installations; a new temporary directory by default
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    #[command(flatten)]
    extent: Extent,
    /// Write the summary as JSON; - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Faults {
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        let work = match &self.work {
            Some(work) => work.clone(),
            None => std::env::temp_dir().join(format!("tillsim-faults-{}", std::process::id())),
        };
        std::fs::create_dir_all(&work).about(work.display())?;
        let plan = Plan {
            faults: if self.faults.is_empty() { Fault::ALL.to_vec() } else { self.faults },
            tillgate: program(self.tillgate)?,
            work: std::path::absolute(&work).unwrap_or(work),
            extent: self.extent,
        };
        let interrupts = interrupts()?;
        let quiet = self.json.as_deref().is_some_and(|path| path.as_os_str() == "-");
        let summary = run(&plan, &interrupts, |finding| {
            if !quiet {
                print::line(&finding.to_string());
            }
        });
        match &self.json {
            Some(path) if !quiet => {
                std::fs::write(path, format!("{}\n", summary.json())).about(path.display())?
            }
            _ => print::line(&summary.json().to_string()),
        }
        if summary.exit() == Exit::Pass {
            // Empty by now, unless it was given and had something else in it.
            drop(std::fs::remove_dir(&plan.work));
        } else {
            eprintln!("tillsim: what is left of the failed faults is in {}", plan.work.display());
        }
        Ok(summary.exit())
    }
}

fn program(given: Option<PathBuf>) -> Result<PathBuf, Refusal> {
    let beside = || std::env::current_exe().map(|exe| exe.with_file_name("tillgate"));
    let program = match given {
        Some(program) => program,
        None => beside().about("this program's place")?,
    };
    let program = std::path::absolute(&program).unwrap_or(program);
    if program.is_file() {
        return Ok(program);
    }
    let text = "is not there; build it, or name it with --tillgate FILE";
    Err(Refusal::about(program.display(), text))
}
