//! The end of a run: what it was like, and its exit code.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tillsim_core::time::Span;
use tillsim_core::ussdc::centre::Status;
use tillsim_core::ussdc::crowd::Crowd;
use tillsim_core::ussdc::handset::Event;

use super::log::word;
use super::money::Money;
use super::tally::Tally;
use super::terminals::Sealed;
use super::{Driven, verdict};
use crate::exit::Exit;
use crate::number::float;
use crate::text::{grouped, shown};

/// The 99th percentile of how late arrivals are noticed, above which an open load says nothing.
const LAG_P99_US_MAX: u64 = 20_000;

/// The end of a run.
pub(crate) struct Report {
    pub(crate) exit: Exit,
    /// For people.
    pub(crate) text: String,
    /// For scripts.
    pub(crate) json: Value,
}

pub(super) struct Facts {
    pub(super) profile: String,
    pub(super) driven: Driven,
    pub(super) tally: Tally,
    pub(super) crowd: Crowd,
    pub(super) money: Money,
    /// Of terminals that send frames, if there were any.
    pub(super) sealed: Option<Sealed>,
    pub(super) p99: Option<Span>,
    pub(super) is_open_load: bool,
    pub(super) handsets: usize,
    /// Whether subscribers only held their dialogs.
    pub(super) holds: bool,
}

/// Sales in the books, by what was seen of them.
#[derive(Default)]
struct Sales {
    ordered: u64,
    approved: u64,
    declined: u64,
    in_progress: u64,
    unknown: u64,
    notified: u64,
}

impl Sales {
    fn of(crowd: &Crowd) -> Self {
        let mut sales = Self::default();
        for entry in crowd.handsets().flat_map(|(_, handset)| handset.book().entries()) {
            let count = match &entry.event {
                Event::Ordered { .. } => &mut sales.ordered,
                Event::Seen { mark, .. } => match word(*mark) {
                    "approved" => &mut sales.approved,
                    "declined" => &mut sales.declined,
                    _ => &mut sales.in_progress,
                },
                Event::Unknown => &mut sales.unknown,
                Event::Notified { .. } => &mut sales.notified,
            };
            *count += 1;
        }
        sales
    }
}

impl Facts {
    fn exit(&self) -> Exit {
        if self.tally.bad_sessions() > 0 || self.is_money_wrong() {
            Exit::Violated
        } else if self.is_open_load && self.tally.lag.value_at_quantile(0.99) > LAG_P99_US_MAX {
            Exit::Invalid
        } else if !self.missed().is_empty() {
            Exit::Missed
        } else {
            Exit::Pass
        }
    }

    fn is_money_wrong(&self) -> bool {
        self.money.is_wrong() || self.sealed.as_ref().is_some_and(Sealed::is_wrong)
    }

    /// Each objective that was missed.
    fn missed(&self) -> Vec<String> {
        let Self { tally, driven, .. } = self;
        let mut missed = Vec::new();
        if driven.binds == 0 {
            missed.push("no application has bound".to_owned());
        } else if tally.status(Status::Success) == 0
            && (!driven.interrupted || tally.ended() > 0)
            && self.handsets > 0
            && !self.holds
        {
            missed.push("no dialog succeeded".to_owned());
        }
        if self.holds && driven.open_at_end < self.handsets {
            let (open, all) = (driven.open_at_end, self.handsets);
            missed.push(format!("{open} of {all} dialogs were open at the end"));
        }
        if driven.unfinished > 0 {
            missed.push(format!("{} dialogs never ended", driven.unfinished));
        }
        for (number, step) in tally.steps.iter().enumerate() {
            let p99 = step.value_at_quantile(0.99);
            if let Some(limit) = self.p99.filter(|limit| p99 > limit.as_us()) {
                let (took, limit) = (shown(Span(p99.saturating_mul(1_000))), shown(limit));
                missed.push(format!("the p99 of step {number} is {took}, more than {limit}"));
            }
        }
        if tally.turned_away > 0 {
            let turned_away = grouped(tally.turned_away);
            missed.push(format!("{turned_away} customers found no free handset"));
        }
        if tally.strange > 0 {
            let strange = grouped(tally.strange);
            missed.push(format!("the script does not know {strange} screens"));
        }
        missed.extend(self.money.missed());
        missed.extend(self.sealed.iter().flat_map(|sealed| sealed.missed(&tally.frames)));
        missed
    }

    fn dialogs_per_s(&self) -> f64 {
        float(self.driven.ended_in_time) / self.driven.seconds.max(1e-9)
    }

    fn cpu_share(&self) -> f64 {
        self.driven.cpu_s / self.driven.seconds.max(1e-9)
    }
}

pub(super) fn report(facts: &Facts) -> Report {
    let exit = facts.exit();
    let sales = Sales::of(&facts.crowd);
    Report { exit, text: text(facts, &sales, exit), json: json(facts, &sales, exit) }
}

fn text(facts: &Facts, sales: &Sales, exit: Exit) -> String {
    let Facts { driven, tally, crowd, .. } = facts;
    let mut text = String::new();
    let mut line = |words: std::fmt::Arguments<'_>| {
        text.write_fmt(words).unwrap_or_default();
        text.push('\n');
    };
    let (ended, seconds) = (grouped(tally.ended()), driven.seconds);
    let rate = facts.dialogs_per_s();
    line(format_args!("{ended} dialogs in {seconds:.1} s, {rate:.0} a second ({})", facts.profile));
    for (status, count) in &tally.statuses {
        line(format_args!("  {status:20} {:>12}", grouped(*count)));
    }
    if driven.unfinished > 0 {
        line(format_args!("  {:20} {:>12}", "unfinished", driven.unfinished));
    }
    line(format_args!("bad sessions: {}", grouped(tally.bad_sessions())));
    for (violation, count) in &tally.bad {
        line(format_args!("  {violation:20} {:>12}", grouped(*count)));
    }
    for (number, step) in tally.steps.iter().enumerate() {
        let at = |quantile| shown(Span(step.value_at_quantile(quantile).saturating_mul(1_000)));
        let (p50, p99, max) = (at(0.5), at(0.99), at(1.0));
        line(format_args!("step {number:2}: p50 {p50}, p99 {p99}, max {max}"));
    }
    if tally.strange > 0 {
        line(format_args!("screens that the script does not know: {}", tally.strange));
        for screen in &tally.strange_texts {
            line(format_args!("  {screen:?}"));
        }
    }
    let Sales { ordered, approved, declined, in_progress, unknown, notified } = sales;
    line(format_args!(
        "sales: {ordered} ordered, {approved} approved, {declined} declined, {in_progress} in \
         progress, {unknown} unknown; {notified} notifications"
    ));
    let counts = crowd.counts();
    line(format_args!(
        "links: {} binds, {} ended; {} messages throttled, {} late",
        driven.binds, driven.lost, counts.throttled, counts.late
    ));
    line(format_args!(
        "this process: {:.0}% of one core, {} MiB, {} dialogs open at the end",
        facts.cpu_share() * 100.0,
        driven.resident_bytes / (1024 * 1024),
        grouped(u64::try_from(driven.open_at_end).unwrap_or(0))
    ));
    text += &verdict::text(&facts.money);
    text += &facts.sealed.as_ref().map(|sealed| sealed.text(&tally.frames)).unwrap_or_default();
    text += &match exit {
        Exit::Violated if tally.bad_sessions() == 0 => "VIOLATED: money is wrong".to_owned(),
        Exit::Violated => "VIOLATED: the application broke a rule".to_owned(),
        Exit::Invalid => "INVALID: this process was the bottleneck; offer less".to_owned(),
        Exit::Missed => format!("MISSED: {}", facts.missed().join("; ")),
        Exit::Pass | Exit::Usage => "PASS".to_owned(),
    };
    text
}

fn json(facts: &Facts, sales: &Sales, exit: Exit) -> Value {
    let Facts { driven, tally, crowd, .. } = facts;
    let counts = crowd.counts();
    let steps = tally.steps.iter().map(|step| {
        json!({
            "count": step.len(),
            "p50_us": step.value_at_quantile(0.5),
            "p99_us": step.value_at_quantile(0.99),
            "max_us": step.max(),
        })
    });
    json!({
        "verdict": exit.label(),
        "profile": facts.profile,
        "seconds": driven.seconds,
        "dialogs": tally.ended(),
        "dialogs_per_s": facts.dialogs_per_s(),
        "offered": tally.offered,
        "turned_away": tally.turned_away,
        "statuses": tally.statuses,
        "unfinished": driven.unfinished,
        "bad_sessions": tally.bad_sessions(),
        "bad": tally.bad,
        "steps": steps.collect::<Vec<_>>(),
        "screens_not_understood": tally.strange,
        "sales": {
            "ordered": sales.ordered, "approved": sales.approved, "declined": sales.declined,
            "in_progress": sales.in_progress, "unknown": sales.unknown,
            "notified": sales.notified,
        },
        "missed": facts.missed(),
        "money": verdict::json(&facts.money),
        "terminals": facts.sealed.as_ref().map(|sealed| sealed.json(&tally.frames)),
        "links": {
            "binds": driven.binds, "ended": driven.lost, "throttled": counts.throttled,
            "late": counts.late, "by_network": counts.by_network, "notices": counts.notices,
            "received_pdus": counts.received_pdus, "sent_pdus": counts.sent_pdus,
        },
        "generator": {
            "cpu_s": driven.cpu_s, "cpu_share": facts.cpu_share(),
            "resident_bytes": driven.resident_bytes, "open_at_end": driven.open_at_end,
            "lag_p99_us": tally.lag.value_at_quantile(0.99),
        },
    })
}
