//! A report for people.

use std::fmt::Write;

use hdrhistogram::Histogram;
use tillsim_core::audit::{Kind, ProviderSides, Side};
use tillsim_core::time::Span;

use super::{Facts, KindFacts, QUANTILES, Rule, Settlements};
use crate::driver::{PointOfSale, Share, Tally};
use crate::exit::Exit;
use crate::number::float;
use crate::run::{Driven, Money, Order};
use crate::text::{grouped, shown};

/// Everything, with the verdict in the last line.
pub(super) fn text(
    order: &Order,
    driven: &Driven<PointOfSale>,
    money: &Money,
    facts: &Facts,
    rules: &[Rule],
    exit: Exit,
) -> String {
    let tally = &driven.done.tally;
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("writing to a String never fails");
    line(format!(
        "{} terminals, {} online after {:.1} s, sold for {:.1} s",
        grouped(u64::try_from(order.terminals()).unwrap_or(0)),
        grouped(driven.online),
        driven.online_after.as_secs_f64(),
        facts.sold_s
    ));
    if order.course.open.is_some() {
        line(format!(
            "offered {:.0}/s, started {:.0}/s, completed {:.0}/s, {} customers left unserved",
            facts.offered_per_s,
            facts.started_per_s,
            facts.per_s,
            grouped(tally.dropped)
        ));
    } else {
        line(format!("completed {:.0}/s", facts.per_s));
    }
    sales(tally, facts).into_iter().for_each(&mut line);
    facts.kinds.iter().map(kind).for_each(&mut line);
    line(format!("response (from the intended start): {}", spread(&tally.response)));
    line(format!("service  (from the first byte):     {}", spread(&tally.service)));
    let each = |bytes: fn(&Share) -> u64, count: u64| {
        float(driven.done.shares.iter().map(bytes).sum()) / float(count.max(1))
    };
    line(format!(
        "link: {:.0} bytes up and {:.0} bytes down a sale",
        each(|share| share.sent_bytes, facts.started),
        each(|share| share.received_bytes, facts.completed)
    ));
    line(format!(
        "generator: {:.2} s of processor time, {:.1} us a sale, late p99 {:.1} ms, longest stall \
         {:.1} ms",
        facts.cpu_s, facts.cpu_us_per_sale, facts.lag_p99_ms, facts.stall_max_ms
    ));
    for rule in rules {
        let actual = rule.actual.map_or("no sample".to_owned(), |actual| format!("{actual:.3}"));
        let mark = if rule.passed { "kept  " } else { "MISSED" };
        line(format!("rule {mark} {}: {actual} (limit {})", rule.name, rule.limit));
    }
    out += &money_text(money);
    out += &unanswered(order, facts);
    out += other_cutoff(order, money);
    if driven.online == 0 {
        out += "no terminal came online: nothing was measured\n";
    }
    let word = match exit {
        Exit::Pass => "PASS",
        Exit::Violated => "FAIL: money is wrong or a promise was broken",
        Exit::Missed => "MISSED: a rule was missed, or something is not resolved",
        Exit::Invalid => "INVALID: the generator was the bottleneck",
        Exit::Usage => "USAGE",
    };
    writeln!(out, "{word} (seed {})", order.course.plan.seed)
        .expect("writing to a String never fails");
    out
}

/// The outcome of the sales, a line each.
fn sales(tally: &Tally, facts: &Facts) -> Vec<String> {
    let mut lines = vec![format!(
        "sales: {} approved, {} declined, {} in doubt; {} sent again, {} confirmed",
        grouped(tally.approved),
        grouped(tally.declined_total()),
        grouped(facts.in_doubt),
        grouped(tally.sent_again),
        grouped(tally.confirmed)
    )];
    if tally.reversals > 0 {
        lines.push(format!(
            "reversals: {} sent, {} taken back, {} stand",
            grouped(tally.reversals),
            grouped(tally.reversed),
            grouped(tally.stands)
        ));
    }
    let Settlements { agree, excused, differ, not_compared } = facts.settlements;
    if agree + excused + differ + not_compared > 0 {
        lines.push(format!("settlements: {} agree, {} differ", grouped(agree), grouped(differ)));
    }
    if excused > 0 {
        lines.push(format!(
            "  {} cannot agree: sales of the date from before this run, or in doubt",
            grouped(excused)
        ));
    }
    if not_compared > 0 {
        lines.push(format!(
            "  {} were not compared: no answer, another code, or no number left",
            grouped(not_compared)
        ));
    }
    let declined = tally.declined.iter();
    lines.extend(declined.map(|(code, n)| format!("  declined with {code}: {}", grouped(*n))));
    let troubles = tally.troubles.iter();
    lines.extend(troubles.map(|(label, n)| format!("  {label}: {}", grouped(*n))));
    lines
}

/// The outcome at the terminals of one kind.
fn kind(facts: &KindFacts) -> String {
    let terminals = u64::try_from(facts.terminals).unwrap_or(u64::MAX);
    format!(
        "  {} terminals of {}: {} approved ({} minor units), {} declined, {} taken back, {} in doubt",
        grouped(terminals),
        facts.name,
        grouped(facts.approved),
        grouped(facts.approved_minor),
        grouped(facts.declined),
        grouped(facts.reversed),
        grouped(facts.in_doubt)
    )
}

/// Terminals of other makers to which the listener did not answer, and what to look at.
fn unanswered(order: &Order, facts: &Facts) -> String {
    let Some((iso, kind)) = order.iso8583.as_ref().zip(facts.kinds.last()) else {
        return String::new();
    };
    let (silent, address) = (&kind.never_online, iso.address);
    let Some(first) = silent.first() else { return String::new() };
    let count = grouped(u64::try_from(silent.len()).unwrap_or(0));
    format!(
        "{count} terminals of ISO 8583 never logged on at {address}, the first is {first}: is \
         that listener {:?} of the gateway, is its profile this one, is `listener` imported for \
         them, and are these their keys? tillgate_listener_closed_total counts reasons\n",
        iso.listener
    )
}

/// What sales that are in both books, under two dates, may come from.
fn other_cutoff(order: &Order, money: &Money) -> &'static str {
    let Money::Checked(verdict) = money else { return "" };
    let is_moved = verdict.count(Kind::Lost) > 0 && verdict.count(Kind::Phantom) > 0;
    match order.iso8583.is_some() && is_moved {
        true => {
            "if sales are lost on one date and phantom on the next, iso8583.cutoff is not the \
             gateway's calendar.cutoff\n"
        }
        false => "",
    }
}

pub(crate) fn money_text(money: &Money) -> String {
    let verdict = match money {
        Money::NotChecked => return "money: not checked (give --admin)\n".to_owned(),
        Money::Unreadable(why) => return format!("money: not checked: {why}\n"),
        Money::Checked(verdict) => verdict,
    };
    let side = |name: &str, side: Side| {
        let amount = side.amount_minor;
        format!(
            "  {name:<10} {:>12} approved  {:>18} minor units\n",
            grouped(side.count),
            grouped(amount)
        )
    };
    let mut out = format!("money: {}\n", if verdict.is_exact() { "exact" } else { "WRONG" });
    out += &side("terminals", verdict.terminals);
    out += &side("journal", verdict.journal);
    if verdict.provider.count > 0 {
        out += &side("provider", verdict.provider);
    }
    if verdict.providers.len() > 1 {
        for ProviderSides { name, done, journal } in &verdict.providers {
            let (done, journal) = (grouped(done.amount_minor), grouped(journal.amount_minor));
            out += &format!("  {name}: did {done} minor units, the journal has {journal} of it\n");
        }
    }
    if verdict.pins_checked > 0 {
        out += &format!("  {} PINs are those imported\n", grouped(verdict.pins_checked));
    }
    let counts: Vec<String> = Kind::ALL
        .iter()
        .map(|kind| format!("{} {}", grouped(verdict.count(*kind)), kind.label()))
        .collect();
    out += &format!("  {}\n", counts.join(", "));
    for offence in verdict.offences() {
        out += &format!("  {offence}\n");
    }
    out
}

fn spread(histogram: &Histogram<u64>) -> String {
    if histogram.is_empty() {
        return "no sample".to_owned();
    }
    let part = |(name, quantile): (&str, f64)| {
        format!("{name} {}", shown(Span(histogram.value_at_quantile(quantile) * 1_000)))
    };
    QUANTILES.map(part).join("  ")
}
