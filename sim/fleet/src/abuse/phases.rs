//! Honest terminals in calm and under each attack, and whether they noticed.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use strum::VariantArray;

use super::attacks::{Attack, Effort, Means, beside};
use super::honest::{Seen, Ware, sell};
use super::link::Door;
use crate::cpu;
use crate::exit::{Exit, Refusal};
use crate::network::Network;

/// Whose latencies are measured, and beside whom.
#[derive(Args)]
pub(crate) struct Honest {
    /// Honest terminals whose latencies are measured, phase by phase; needs --network
    #[arg(long, value_name = "N", default_value_t = 0, requires = "network")]
    pub(crate) honest: usize,
    /// Concurrent sockets of strangers, with --honest
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) strangers: usize,
    /// Rounds of all phases, with --honest; the median of each phase's p99 counts
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Largest allowed ratio of a p99 to that of the calm phase, with --honest
    #[arg(long, value_name = "FACTOR", default_value_t = 2.0)]
    pub(crate) factor: f64,
    /// The gateway's process on this machine: reports its processor time in each phase
    #[arg(long, value_name = "PID", requires = "honest")]
    pub(crate) pid: Option<u32>,
}

pub(crate) struct Measure<'a> {
    pub(crate) door: Door<'a>,
    /// The last terminal is the hostile one, the first are honest.
    pub(crate) network: &'a Network,
    /// Length of each phase.
    pub(crate) lasts: Duration,
    /// All phases are run in turns: a single stall of the disk is not the attack's.
    pub(crate) honest: &'a Honest,
}

pub(crate) struct Phase {
    /// `None` for the calm.
    pub(crate) attack: Option<Attack>,
    /// What the honest terminals saw, in all rounds.
    pub(crate) seen: Seen,
    /// Median and 99th percentile of each round, in microseconds.
    quantiles_us: Vec<(u64, u64)>,
    pub(crate) effort: Effort,
    /// Processor time of the gateway, in seconds, where its process is known.
    pub(crate) gateway_cpu_s: Option<f64>,
}

pub(crate) struct Report {
    /// The calm first; a second calm last.
    pub(crate) phases: Vec<Phase>,
    factor: f64,
}

/// Differences below this are the machine's: a p99 of a quiet gateway is a few milliseconds.
const NOISE_US: u64 = 2_000;
/// After an attack, before the next phase.
const REST: Duration = Duration::from_secs(1);

/// Runs every phase.
///
/// # Errors
/// [`Refusal`] when the network has too few terminals or no voucher.
pub(crate) fn measure(
    plan: &Measure<'_>,
    interrupted: impl Fn() -> bool + Sync,
) -> Result<Report, Refusal> {
    let door = plan.door;
    let ware = Ware::of(plan.network).ok_or_else(|| Refusal("no voucher is sold".to_owned()))?;
    let terminals = &plan.network.terminals;
    let Some(hostile) = terminals.get(plan.honest.honest..).and_then(<[_]>::last) else {
        let text = format!("{} terminals are too few: one is the hostile one", terminals.len());
        return Err(Refusal(text));
    };
    let means = Means { door, hostile, ware, strangers: plan.honest.strangers };
    let calm = [None];
    let attacks = Attack::VARIANTS.iter().copied().map(Some);
    let list: Vec<_> = calm.into_iter().chain(attacks).chain(calm).collect();
    let mut phases: Vec<Phase> = Vec::new();
    for turn in 0..list.len() * plan.honest.rounds.max(1) {
        let (place, attack) = (turn % list.len(), list[turn % list.len()]);
        if interrupted() {
            break;
        }
        let stop = AtomicBool::new(false);
        let cpu_s = || plan.honest.pid.and_then(cpu::of_process_s);
        let before_s = cpu_s();
        let (seen, effort) = beside(attack, means, || {
            scope(|scope| {
                let honest =
                    scope.spawn(|| sell(door, &terminals[..plan.honest.honest], ware, &stop));
                sleep(plan.lasts);
                stop.store(true, Ordering::Relaxed);
                honest.join().expect("the tills do not panic")
            })
        });
        let gateway_cpu_s = before_s.zip(cpu_s()).map(|(before, after)| after - before);
        let phase = Phase::new(attack, seen, effort, gateway_cpu_s);
        match phases.get_mut(place) {
            Some(earlier) => earlier.add(phase),
            None => phases.push(phase),
        }
        sleep(REST);
    }
    Ok(Report { phases, factor: plan.honest.factor })
}

impl Phase {
    fn new(attack: Option<Attack>, seen: Seen, effort: Effort, gateway_cpu_s: Option<f64>) -> Self {
        let [p50, p99] = [0.5, 0.99].map(|quantile| seen.sales.value_at_quantile(quantile));
        Self { attack, seen, quantiles_us: vec![(p50, p99)], effort, gateway_cpu_s }
    }

    /// Adds a later round of the same phase.
    fn add(&mut self, round: Self) {
        self.seen.add(round.seen);
        self.quantiles_us.extend(round.quantiles_us);
        self.effort.sent += round.effort.sent;
        self.effort.cpu_s += round.effort.cpu_s;
        let both = self.gateway_cpu_s.zip(round.gateway_cpu_s);
        self.gateway_cpu_s = both.map(|(before, now)| before + now);
    }

    /// The middle one of the rounds' medians.
    fn p50_us(&self) -> u64 {
        middle(self.quantiles_us.iter().map(|(p50, _)| *p50))
    }

    /// The middle one of the rounds' 99th percentiles.
    fn p99_us(&self) -> u64 {
        middle(self.quantiles_us.iter().map(|(_, p99)| *p99))
    }

    fn label(&self) -> &'static str {
        self.attack.map_or("calm", Into::into)
    }
}

/// The median; of an even number the greater of the middle two, of none 0.
fn middle(values: impl Iterator<Item = u64>) -> u64 {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

impl Report {
    /// The worse p99 of the two calms: what the machine does by itself.
    fn calm_us(&self) -> u64 {
        let calm = self.phases.iter().filter(|phase| phase.attack.is_none());
        calm.map(|phase| phase.p99_us()).max().unwrap_or(0)
    }

    fn ratio(&self, phase: &Phase) -> f64 {
        let seconds = |us| Duration::from_micros(us).as_secs_f64();
        seconds(phase.p99_us()) / seconds(self.calm_us().max(1))
    }

    /// Whether somebody honest noticed a phase.
    fn is_noticed(&self, phase: &Phase) -> bool {
        let slow = self.ratio(phase) > self.factor && phase.p99_us() > self.calm_us() + NOISE_US;
        slow || phase.seen.cut > 0 || phase.seen.approved == 0
    }

    /// Pass, or an objective missed; invalid when the calm itself was none.
    pub(crate) fn exit(&self) -> Exit {
        let (calm, attacked): (Vec<_>, Vec<_>) =
            self.phases.iter().partition(|phase| phase.attack.is_none());
        if calm.iter().any(|phase| phase.seen.approved == 0 || phase.seen.cut > 0) {
            return Exit::Invalid;
        }
        if attacked.len() < Attack::VARIANTS.len()
            || attacked.iter().any(|phase| self.is_noticed(phase))
        {
            return Exit::Missed;
        }
        Exit::Pass
    }

    pub(crate) fn json(&self) -> Value {
        let phases = self.phases.iter().map(|phase| {
            json!({
                "phase": phase.label(),
                "sent": phase.effort.sent,
                "attacker_cpu_s": phase.effort.cpu_s,
                "gateway_cpu_s": phase.gateway_cpu_s,
                "approved": phase.seen.approved,
                "declined": phase.seen.declined,
                "cut": phase.seen.cut,
                "p50_us": phase.p50_us(),
                "p99_us": phase.p99_us(),
                "ratio": self.ratio(phase),
                "noticed": phase.attack.is_some() && self.is_noticed(phase),
            })
        });
        json!({
            "phases": phases.collect::<Vec<_>>(),
            "factor": self.factor,
            "verdict": self.exit().label(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "phase             sent  approved  cut    p50 ms    p99 ms  p99/calm  gateway cpu s  \
             attacker cpu s"
        )?;
        for phase in &self.phases {
            let ms = |us| Duration::from_micros(us).as_secs_f64() * 1_000.0;
            let noticed = if phase.attack.is_some() && self.is_noticed(phase) { "  !" } else { "" };
            writeln!(
                f,
                "{:<12} {:>9} {:>9} {:>4} {:>9.2} {:>9.2} {:>9.2} {:>14} {:>15.2}{noticed}",
                phase.label(),
                phase.effort.sent,
                phase.seen.approved,
                phase.seen.cut,
                ms(phase.p50_us()),
                ms(phase.p99_us()),
                self.ratio(phase),
                phase.gateway_cpu_s.map_or("-".to_owned(), |cpu_s| format!("{cpu_s:.2}")),
                phase.effort.cpu_s,
            )?;
        }
        write!(f, "{}", self.exit().label())
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::super::honest::Seen;
    use super::{Attack, Effort, Exit, Phase, Report};

    fn phase(attack: Option<Attack>, rounds_us: [u64; 3]) -> Phase {
        let round = |us| {
            let mut seen = Seen::new();
            seen.sales.saturating_record(us);
            seen.approved = 1;
            Phase::new(attack, seen, Effort::default(), None)
        };
        let [first, second, third] = rounds_us.map(round);
        let mut phase = first;
        phase.add(second);
        phase.add(third);
        phase
    }

    fn report(attacked_us: [u64; 3]) -> Report {
        let calm = [7_000, 8_000, 200_000];
        let mut phases = vec![phase(None, calm)];
        phases.extend(Attack::VARIANTS.iter().map(|attack| phase(Some(*attack), attacked_us)));
        phases.push(phase(None, calm));
        Report { phases, factor: 2.0 }
    }

    #[test]
    fn one_stall_of_the_machine_is_no_attack_that_is_noticed() {
        assert_eq!(report([9_000, 500_000, 8_000]).exit(), Exit::Pass);
    }

    #[test]
    fn what_is_slow_in_two_of_three_rounds_is_noticed() {
        assert_eq!(report([9_000, 60_000, 50_000]).exit(), Exit::Missed);
    }
}
