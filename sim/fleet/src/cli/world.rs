//! `tillsim world`

use std::num::NonZeroU16;
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;

use clap::Args;
use serde_json::{Value, json};
use tillsim_core::world::{
    Fault, Faults, Report, Trial, Tweaks, Ware, attempt, run, shrink, trials,
};

use super::{interrupts, print};
use crate::exit::{Exit, Refusal};
use crate::worlds::{Sum, run_each};

/// Runs that shrinking one failure may take.
const SHRINK_RUNS_MAX: u32 = 150;

/// Run the whole gateway in simulated worlds: virtual time, faulty network, disk and providers
#[derive(Args)]
#[command(after_help = "\
Examples:
  tillsim world --seed 42
  tillsim world --seeds 1..2000 --json > worlds.jsonl
  tillsim world --seed 42 --terminals 2 --chaos 30 --without cuts,crashes

A seed determines everything: the same seed and options give the same trace hash. The first failure
is reduced and printed as one command that repeats it. Kinds of faults: cuts, splits, stalls, tamper,
crashes, disk, flips, pool, provider, line, operator, habits, clock, limits, bridge, thief, drain,
market, dead, calendar, keys, flood, queue, ussd.")]
pub(super) struct World {
    /// Run one world
    #[arg(long, value_name = "N", required_unless_present_any = ["seeds", "cuts"])]
    seed: Option<u64>,
    /// Run worlds from the first to the last seed, both included
    #[arg(long, value_name = "A..B", conflicts_with = "seed", value_parser = seeds)]
    seeds: Option<RangeInclusive<u64>>,
    /// Instead of seeds: cut one sale of each kind at each byte and after each event
    #[arg(long, conflicts_with_all = ["seed", "seeds", "terminals", "chaos", "without", "story"])]
    cuts: bool,
    /// Number of terminals, instead of a random one
    #[arg(long, value_name = "N")]
    terminals: Option<NonZeroU16>,
    /// Duration of the chaos, instead of a random one
    #[arg(long, value_name = "S")]
    chaos: Option<NonZeroU16>,
    /// Leave out kinds of faults
    #[arg(long, value_name = "KIND,..", value_delimiter = ',', value_parser = fault)]
    without: Vec<Fault>,
    /// Threads; one per core by default
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroU16>,
    /// Print what happens, line by line
    #[arg(long)]
    story: bool,
    /// Continue after a failure
    #[arg(long)]
    keep_going: bool,
    /// Do not search for a smaller world with the same failure
    #[arg(long)]
    no_shrink: bool,
    /// One line of JSON for each seed
    #[arg(long)]
    json: bool,
}

impl World {
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        if self.cuts {
            return self.run_cuts();
        }
        let seeds = match (self.seed, &self.seeds) {
            (Some(seed), _) => seed..=seed,
            (None, Some(seeds)) => seeds.clone(),
            (None, None) => return Err(Refusal("--seed or --seeds is missing".to_owned())),
        };
        let without = self.without.iter().copied().fold(Faults::NONE, Faults::with);
        let tweaks = Tweaks {
            terminals: self.terminals.map(NonZeroU16::get),
            chaos_s: self.chaos.map(NonZeroU16::get),
            without,
            story: self.story,
        };
        let interrupts = interrupts()?;
        let stop = || interrupts.load(Ordering::Relaxed) > 0;
        let mut failed = None;
        let mut tell = |report: Report| {
            if self.json {
                print::line(&line(&report).to_string());
            }
            for line in &report.story {
                print::line(line);
            }
            let fails = !report.passed();
            if fails && failed.is_none() {
                failed = Some(report);
            }
            !fails || self.keep_going
        };
        let one = |seed| run(seed, &tweaks);
        let sum = run_each(seeds, self.threads, &stop, &one, &mut tell);
        if let Some(failed) = failed {
            self.explain(failed);
        }
        self.conclude(&sum);
        Ok(match (sum.failed, sum.worlds, stop()) {
            (1.., _, _) => Exit::Violated,
            // Nothing was run that could have failed, or not all that was asked for.
            (0, 0, _) | (0, _, true) => Exit::Missed,
            (0, _, false) => Exit::Pass,
        })
    }

    /// Every cut of one sale of each kind; one line for each ware.
    fn run_cuts(&self) -> Result<Exit, Refusal> {
        let interrupts = interrupts()?;
        let stop = || interrupts.load(Ordering::Relaxed) > 0;
        let mut failed = 0;
        let wares = [
            ("voucher", Ware::Voucher),
            ("top-up", Ware::TopUp),
            ("rerouted", Ware::Rerouted),
            ("bill", Ware::Bill),
            ("host", Ware::Host),
            ("host-reversal", Ware::HostReversal),
            ("iso-voucher", Ware::IsoVoucher),
            ("iso-reversal", Ware::IsoReversal),
            ("iso-advice", Ware::IsoAdvice),
            ("iso-card", Ware::IsoCard),
            ("iso-card-host", Ware::IsoCardHost),
        ];
        for (name, ware) in wares {
            let list = trials(ware);
            let count = |wanted: fn(&Trial) -> bool| list.iter().filter(|one| wanted(one)).count();
            let cuts = count(|one| matches!(one, Trial::Cut { .. }));
            let kills = count(|one| matches!(one, Trial::Kill { .. }));
            let one = |number: u64| {
                let place = usize::try_from(number).unwrap_or(usize::MAX);
                list.get(place).map_or_else(Report::default, |trial| attempt(ware, *trial))
            };
            let mut number = 0_usize;
            let mut tell = |report: Report| {
                for violation in &report.violations {
                    eprintln!("tillsim: {name}, {:?}: {violation}", list.get(number));
                }
                number += 1;
                true
            };
            let last = u64::try_from(list.len()).unwrap_or(u64::MAX) - 1;
            let sum = run_each(0..=last, self.threads, &stop, &one, &mut tell);
            failed += sum.failed;
            let verdict = match (sum.failed, sum.worlds > last) {
                (0, true) => "pass",
                (0, false) => "interrupted",
                (1.., _) => "violated",
            };
            let value = json!({
                "ware": name, "cuts": cuts, "kills": kills, "run": sum.worlds,
                "failed": sum.failed, "cpu_s": sum.cpu_s, "verdict": verdict,
            });
            print::line(&value.to_string());
        }
        Ok(match (failed, stop()) {
            (1.., _) => Exit::Violated,
            (0, true) => Exit::Missed,
            (0, false) => Exit::Pass,
        })
    }

    fn explain(&self, failed: Report) {
        for violation in &failed.violations {
            eprintln!("tillsim: seed {}: {violation}", failed.seed);
        }
        eprintln!("tillsim: repeat it with: tillsim world {}", failed.repeat());
        if self.no_shrink {
            return;
        }
        let tweaks = Tweaks { story: false, ..failed.tweaks.clone() };
        let shrunk = shrink(Report { tweaks, ..failed }, SHRINK_RUNS_MAX);
        let report = &shrunk.report;
        let left: Vec<&str> = report.faults.iter().map(Fault::name).collect();
        eprintln!(
            "tillsim: smallest found in {} runs ({} transactions; trouble left: {}): \
             tillsim world {}",
            shrunk.runs,
            report.counts.transactions,
            if left.is_empty() { "none".to_owned() } else { left.join(", ") },
            report.repeat()
        );
        if let Some(first) = report.violations.first() {
            eprintln!("tillsim: there: {first}");
        }
    }

    fn conclude(&self, sum: &Sum) {
        let cpu_s = sum.cpu_s;
        let rate = |count: u64| {
            let count = crate::number::float(count);
            if cpu_s > 0.0 { count / cpu_s } else { 0.0 }
        };
        let text = format!(
            "{} worlds, {} failed; {} transactions, {} handshakes, {} crashes, {} flipped bits in \
             {:.1} s of processor time: {:.0} transactions and {:.0} worlds a second",
            sum.worlds,
            sum.failed,
            sum.transactions,
            sum.handshakes,
            sum.crashes,
            sum.flips,
            cpu_s,
            rate(sum.transactions),
            rate(sum.worlds)
        );
        if self.json {
            eprintln!("tillsim: {text}");
        } else {
            print::line(&text);
        }
    }
}

fn line(report: &Report) -> Value {
    let counts = &report.counts;
    let faults: Vec<&str> = report.faults.iter().map(Fault::name).collect();
    let violations: Vec<String> = report.violations.iter().map(ToString::to_string).collect();
    json!({
        "seed": report.seed,
        "trace_hash": format!("{:016x}", report.trace_hash),
        "transactions": counts.transactions,
        "verdict": if report.passed() { "pass" } else { "violated" },
        "sales": counts.sales,
        "handshakes": counts.handshakes,
        "logons": counts.logons,
        "crashes": counts.crashes,
        "disk_errors": counts.disk_errors,
        "flips": counts.flips,
        "orders": counts.orders,
        "acknowledged": counts.acknowledged,
        "advices": counts.advices,
        "batch_records": counts.batch_records,
        "batch_differences": counts.batch_differences,
        "chip_answers": counts.chip_answers,
        "handset_sales": counts.handset_sales,
        "screens": counts.screens,
        "dialogs": counts.dialogs,
        "notices": counts.notices,
        "frames": counts.frames,
        "copies": counts.copies,
        "events": counts.events,
        "virtual_s": report.lasted.0 / 1_000_000_000,
        "faults": faults,
        "promise": report.violations.first().map(|first| first.promise),
        "violations": violations,
        "repeat": format!("tillsim world {}", report.repeat()),
    })
}

fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let wrong = || format!("{text:?} is not a range of seeds such as 1..2000");
    let (first, last) = text.split_once("..").ok_or_else(wrong)?;
    let first: u64 = first.parse().map_err(|_| wrong())?;
    let last: u64 = last.trim_start_matches('=').parse().map_err(|_| wrong())?;
    if first > last { Err(wrong()) } else { Ok(first..=last) }
}

fn fault(name: &str) -> Result<Fault, String> {
    Fault::named(name).ok_or_else(|| {
        let names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        format!("no such kind of trouble; there are {}", names.join(", "))
    })
}
