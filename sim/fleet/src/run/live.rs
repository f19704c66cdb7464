//! What a run shows while it goes: one line a second.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tillsim_core::time::Span;

use super::Watcher;
use crate::driver::{FleetSnapshot, Stage, Tally, latencies};
use crate::number::{float, whole};
use crate::text::{grouped, shown};

const EVERY: Duration = Duration::from_secs(1);

/// Writes a line a second to stderr; rewrites it where somebody watches.
pub struct Live {
    quiet: bool,
    rewrite: bool,
    began: Instant,
    told: Instant,
    before: Tally,
    interval: Histogram<u64>,
}

impl Live {
    /// A watcher that writes, unless it is to be `quiet`.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let now = Instant::now();
        let rewrite = stderr().is_terminal();
        let (before, interval) = (Tally::default(), latencies());
        Self { quiet, rewrite, began: now, told: now, before, interval }
    }

    /// Ends the line that was rewritten.
    pub fn end(&mut self) {
        if self.rewrite && !self.quiet {
            eprintln!();
        }
    }

    fn line(&self, stage: Stage, standing: &FleetSnapshot, elapsed: Duration) -> String {
        let now = &standing.tally;
        let rate = |count: u64, before: u64| {
            let per_s = float(count.saturating_sub(before)) / elapsed.as_secs_f64();
            grouped(whole(per_s.round()))
        };
        let word = match stage {
            Stage::Connect => "connecting",
            Stage::Sell => "selling",
            Stage::Stop | Stage::Quit => "draining",
        };
        let at = |quantile| shown(Span(self.interval.value_at_quantile(quantile) * 1_000));
        let mut line = format!(
            "{:>5}s {word:<10} online {}  ",
            self.began.elapsed().as_secs(),
            grouped(now.online)
        );
        if now.online_iso8583 > 0 {
            line += &format!("({} of them ISO 8583)  ", grouped(now.online_iso8583));
        }
        if now.offered > 0 {
            line += &format!("offered {}/s  ", rate(now.offered, self.before.offered));
        }
        line += &format!(
            "started {}/s  done {}/s  in doubt {}",
            rate(now.started, self.before.started),
            rate(now.completed(), self.before.completed()),
            grouped(standing.in_doubt),
        );
        if standing.waiting > 0 {
            line += &format!("  waiting {}", grouped(u64::try_from(standing.waiting).unwrap_or(0)));
        }
        if !self.interval.is_empty() {
            let longest = shown(Span(self.interval.max() * 1_000));
            line += &format!("  p50 {}  p99 {}  max {longest}", at(0.5), at(0.99));
        }
        if now.declined_total() > 0 {
            line += &format!("  declined {}", grouped(now.declined_total()));
        }
        for (label, count) in &now.troubles {
            let before = self.before.troubles.iter().find(|(other, _)| other == label);
            let new = count - before.map_or(0, |(_, count)| *count);
            if new > 0 {
                line += &format!("  [{label}: {}]", grouped(new));
            }
        }
        line
    }

    fn show(&mut self, line: &str) {
        let mut stderr = stderr().lock();
        let shown = match self.rewrite {
            true => {
                // A line that wraps cannot be rewritten.
                let width =
                    terminal_size::terminal_size_of(&stderr).map_or(80, |(width, _)| width.0);
                let cut: String = line.chars().take(usize::from(width.max(2) - 1)).collect();
                write!(stderr, "\r\x1b[K{cut}").and_then(|()| stderr.flush())
            }
            false => writeln!(stderr, "{line}"),
        };
        // A run is not given up because nobody listens any more.
        self.quiet |= shown.is_err();
    }
}

impl Watcher for Live {
    fn look(&mut self, stage: Stage, standing: &FleetSnapshot) {
        if self.interval.add(&standing.interval).is_err() {
            return;
        }
        let elapsed = self.told.elapsed();
        if self.quiet || elapsed < EVERY {
            return;
        }
        let line = self.line(stage, standing, elapsed);
        self.show(&line);
        self.told = Instant::now();
        self.before = standing.tally.clone();
        self.interval.reset();
    }

    fn begun(&mut self, standing: &FleetSnapshot) {
        if !self.quiet {
            let took = self.began.elapsed().as_secs_f64();
            let online = grouped(standing.tally.online);
            self.show(&format!("{online} terminals online after {took:.1} s; selling begins"));
            if self.rewrite {
                eprintln!();
            }
        }
    }
}
