//! Honest terminals in calm and under each attack, and whether they noticed.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use serde_json::{Value, json};

use super::attacks::{Attack, Effort, Means, beside};
use super::honest::{Seen, Ware, sell};
use super::link::Door;
use crate::cpu;
use crate::exit::{Exit, Refusal};
use crate::network::Network;

/// What is measured.
pub struct Measure<'a> {
    /// The gateway, its public key, and for the nonsense.
    pub door: (std::net::SocketAddr, Option<&'a tillgate_codec::link::channel::StaticPublic>, u64),
    /// Its network: the last terminal is the hostile one, the first are honest.
    pub network: &'a Network,
    /// Honest terminals.
    pub honest: usize,
    /// Strangers' sockets at once.
    pub strangers: usize,
    /// Length of each phase.
    pub lasts: Duration,
    /// By how much a p99 may exceed that of the calm.
    pub factor: f64,
    /// The gateway's process, where it runs on this machine.
    pub pid: Option<u32>,
}

/// One phase.
pub struct Phase {
    /// `None` for the calm.
    pub attack: Option<Attack>,
    /// What the honest terminals saw.
    pub seen: Seen,
    /// What the attack took.
    pub effort: Effort,
    /// Processor time of the gateway, in seconds, where its process is known.
    pub gateway_cpu_s: Option<f64>,
}

/// All of them.
pub struct Report {
    /// The calm first; a second calm last.
    pub phases: Vec<Phase>,
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
pub fn measure(
    plan: &Measure<'_>,
    interrupted: impl Fn() -> bool + Sync,
) -> Result<Report, Refusal> {
    let (target, public, seed) = plan.door;
    let door = Door { target, public, seed };
    let ware = Ware::of(plan.network).ok_or_else(|| Refusal("no voucher is sold".to_owned()))?;
    let terminals = &plan.network.terminals;
    let Some(hostile) = terminals.get(plan.honest..).and_then(<[_]>::last) else {
        let text = format!("{} terminals are too few: one is the hostile one", terminals.len());
        return Err(Refusal(text));
    };
    let means = Means { door, hostile, ware, strangers: plan.strangers };
    let calm = [None];
    let attacks = Attack::ALL.into_iter().map(Some);
    let mut phases = Vec::new();
    for attack in calm.into_iter().chain(attacks).chain(calm) {
        if interrupted() {
            break;
        }
        let stop = AtomicBool::new(false);
        let cpu_s = || plan.pid.and_then(cpu::of_process_s);
        let before_s = cpu_s();
        let (seen, effort) = beside(attack, means, || {
            scope(|scope| {
                let honest = scope.spawn(|| sell(door, &terminals[..plan.honest], ware, &stop));
                sleep(plan.lasts);
                stop.store(true, Ordering::Relaxed);
                honest.join().expect("the tills do not panic")
            })
        });
        let gateway_cpu_s = before_s.zip(cpu_s()).map(|(before, after)| after - before);
        phases.push(Phase { attack, seen, effort, gateway_cpu_s });
        sleep(REST);
    }
    Ok(Report { phases, factor: plan.factor })
}

impl Phase {
    fn us(&self, quantile: f64) -> u64 {
        self.seen.sales.value_at_quantile(quantile)
    }

    fn label(&self) -> &'static str {
        self.attack.map_or("calm", Attack::label)
    }
}

impl Report {
    /// The worse p99 of the two calms: what the machine does by itself.
    fn calm_us(&self) -> u64 {
        let calm = self.phases.iter().filter(|phase| phase.attack.is_none());
        calm.map(|phase| phase.us(0.99)).max().unwrap_or(0)
    }

    fn ratio(&self, phase: &Phase) -> f64 {
        let seconds = |us| Duration::from_micros(us).as_secs_f64();
        seconds(phase.us(0.99)) / seconds(self.calm_us().max(1))
    }

    /// Whether somebody honest noticed a phase.
    fn is_noticed(&self, phase: &Phase) -> bool {
        let slow = self.ratio(phase) > self.factor && phase.us(0.99) > self.calm_us() + NOISE_US;
        slow || phase.seen.cut > 0 || phase.seen.approved == 0
    }

    /// Pass, or an objective missed; invalid when the calm itself was none.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let (calm, attacked): (Vec<_>, Vec<_>) =
            self.phases.iter().partition(|phase| phase.attack.is_none());
        if calm.iter().any(|phase| phase.seen.approved == 0 || phase.seen.cut > 0) {
            return Exit::Invalid;
        }
        if attacked.len() < Attack::ALL.len() || attacked.iter().any(|phase| self.is_noticed(phase))
        {
            return Exit::Missed;
        }
        Exit::Pass
    }

    /// For scripts.
    #[must_use]
    pub fn json(&self) -> Value {
        let phases = self.phases.iter().map(|phase| {
            json!({
                "phase": phase.label(),
                "sent": phase.effort.sent,
                "attacker_cpu_s": phase.effort.cpu_s,
                "gateway_cpu_s": phase.gateway_cpu_s,
                "approved": phase.seen.approved,
                "declined": phase.seen.declined,
                "cut": phase.seen.cut,
                "p50_us": phase.us(0.5),
                "p99_us": phase.us(0.99),
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
            let ms = |quantile| Duration::from_micros(phase.us(quantile)).as_secs_f64() * 1_000.0;
            let noticed = if phase.attack.is_some() && self.is_noticed(phase) { "  !" } else { "" };
            writeln!(
                f,
                "{:<12} {:>9} {:>9} {:>4} {:>9.2} {:>9.2} {:>9.2} {:>14} {:>15.2}{noticed}",
                phase.label(),
                phase.effort.sent,
                phase.seen.approved,
                phase.seen.cut,
                ms(0.5),
                ms(0.99),
                self.ratio(phase),
                phase.gateway_cpu_s.map_or("-".to_owned(), |cpu_s| format!("{cpu_s:.2}")),
                phase.effort.cpu_s,
            )?;
        }
        write!(f, "{}", self.exit().label())
    }
}
