//! What came out of a run: the exit code, text for people, JSON for scripts.

use std::fmt::Write;

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};
use tillsim_core::audit::{Kind, Side, Verdict};
use tillsim_core::terminal::Terminal;
use tillsim_core::time::Span;

use super::{Driven, Money, Order};
use crate::driver::{Share, Tally};
use crate::exit::Exit;
use crate::number::float;
use crate::text::{grouped, shown};

/// Lateness of the generator beyond which an open load is not the load that was asked for.
const LAG_P99_MS_MAX: f64 = 20.0;
/// What is told of a histogram.
const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)];

/// What came out of a run.
pub struct Report {
    /// How the command ends.
    pub exit: Exit,
    /// For people.
    pub text: String,
    /// For scripts.
    pub json: Value,
}

/// One rule and what came out.
struct Rule {
    name: &'static str,
    limit: f64,
    actual: Option<f64>,
    passed: bool,
}

/// Judges a run: money first, then whether it says anything, then the objectives.
#[must_use]
pub fn judge(order: &Order, driven: &Driven<Terminal>, money: &Money) -> Report {
    let facts = Facts::new(driven);
    let rules = rules(order, driven, &facts);
    let lag_limit = order.expect.generator_lag_p99_ms.unwrap_or(LAG_P99_MS_MAX);
    let invalid = order.open.is_some() && facts.lag_p99_ms > lag_limit;
    let unresolved = match money {
        Money::Checked(verdict) => verdict.count(Kind::Unresolved),
        _ => facts.in_doubt,
    };
    let missed = rules.iter().any(|rule| !rule.passed)
        || unresolved > 0
        || driven.online == 0
        || matches!(money, Money::Unreadable(_));
    let exit = match money {
        Money::Checked(verdict) if !verdict.is_exact() => Exit::Violated,
        _ if facts.complaints > 0 => Exit::Violated,
        _ if invalid => Exit::Invalid,
        _ if missed => Exit::Missed,
        _ => Exit::Pass,
    };
    let text = text(order, driven, money, &facts, &rules, exit);
    let json = json(order, driven, money, &facts, &rules, exit);
    Report { exit, text, json }
}

/// Numbers used in several places.
struct Facts {
    sold_s: f64,
    completed: u64,
    per_s: f64,
    offered_per_s: f64,
    started_per_s: f64,
    in_doubt: u64,
    /// Sales of which the merchant himself noticed that something was wrong.
    complaints: u64,
    cpu_s: f64,
    cpu_us_per_sale: f64,
    lag_p99_ms: f64,
    lag_max_ms: f64,
    stall_max_ms: f64,
}

impl Facts {
    fn new(driven: &Driven<Terminal>) -> Self {
        let shares = &driven.done.shares;
        let sold_s = shares.iter().map(|share| float(share.sold.0) / 1e9).fold(0.0, f64::max);
        let completed: u64 = shares.iter().map(|share| share.completed).sum();
        let (before, after) = &driven.window;
        let per_s = |count: u64| if sold_s > 0.0 { float(count) / sold_s } else { 0.0 };
        let cpu_s: f64 = shares.iter().map(|share| share.cpu_s).sum();
        let books = driven.done.stations.iter().map(|terminal| terminal.book());
        let wrong = books.clone().flat_map(|book| book.entries()).filter(|entry| {
            let wrong = entry.wrong;
            wrong.answer_changed || wrong.other_amount || wrong.while_blocked
        });
        let lag = |quantile| worst_ms(shares, |share| share.lag.value_at_quantile(quantile));
        Self {
            sold_s,
            completed,
            per_s: per_s(completed),
            offered_per_s: per_s(after.offered - before.offered),
            started_per_s: per_s(after.started - before.started),
            in_doubt: books.map(|book| u64::from(book.in_doubt())).sum(),
            complaints: u64::try_from(wrong.count()).unwrap_or(u64::MAX),
            cpu_s,
            cpu_us_per_sale: if completed > 0 { cpu_s * 1e6 / float(completed) } else { 0.0 },
            lag_p99_ms: lag(0.99),
            lag_max_ms: lag(1.0),
            stall_max_ms: worst_ms(shares, |share| share.stall_us_max),
        }
    }
}

fn worst_ms(shares: &[Share], of: impl Fn(&Share) -> u64) -> f64 {
    float(shares.iter().map(of).max().unwrap_or(0)) / 1e3
}

fn rules(order: &Order, driven: &Driven<Terminal>, facts: &Facts) -> Vec<Rule> {
    let expect = &order.expect;
    let tally = &driven.done.tally;
    let response = &tally.response;
    // A rule without a single sample is not kept.
    let samples = !response.is_empty();
    let ms = |quantile| samples.then(|| float(response.value_at_quantile(quantile)) / 1e3);
    let declined =
        samples.then(|| float(tally.declined_total()) * 100.0 / float(tally.completed().max(1)));
    let upper = [
        ("p50_ms", expect.p50_ms, ms(0.5)),
        ("p99_ms", expect.p99_ms, ms(0.99)),
        ("p999_ms", expect.p999_ms, ms(0.999)),
        ("declined_percent_max", expect.declined_percent_max, declined),
    ];
    let mut rules: Vec<Rule> = upper
        .into_iter()
        .filter_map(|(name, limit, actual)| {
            let limit = limit?;
            Some(Rule { name, limit, actual, passed: actual.is_some_and(|it| it <= limit) })
        })
        .collect();
    if let Some(limit) = expect.per_s_min {
        let actual = samples.then_some(facts.per_s);
        let passed = actual.is_some_and(|it| it >= limit);
        rules.push(Rule { name: "per_s_min", limit, actual, passed });
    }
    rules
}

fn text(
    order: &Order,
    driven: &Driven<Terminal>,
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
        grouped(u64::try_from(order.terminals.len()).unwrap_or(0)),
        grouped(driven.online),
        driven.online_after.as_secs_f64(),
        facts.sold_s
    ));
    if order.open.is_some() {
        line(format!(
            "offered {:.0}/s, started {:.0}/s, completed {:.0}/s, waiting customers left {}",
            facts.offered_per_s,
            facts.started_per_s,
            facts.per_s,
            grouped(tally.dropped)
        ));
    } else {
        line(format!("completed {:.0}/s", facts.per_s));
    }
    line(format!(
        "sales: {} approved, {} declined, {} in doubt; {} sent again, {} confirmed",
        grouped(tally.approved),
        grouped(tally.declined_total()),
        grouped(facts.in_doubt),
        grouped(tally.sent_again),
        grouped(tally.confirmed)
    ));
    for (code, count) in &tally.declined {
        line(format!("  declined with {code}: {}", grouped(*count)));
    }
    for (label, count) in &tally.troubles {
        line(format!("  {label}: {}", grouped(*count)));
    }
    line(format!("response (from the intended start): {}", spread(&tally.response)));
    line(format!("service  (from the first byte):     {}", spread(&tally.service)));
    let bytes = |of: fn(&Tally) -> u64| {
        float(of(&driven.window.1) - of(&driven.window.0)) / float(facts.completed.max(1))
    };
    line(format!(
        "link: {:.0} bytes up and {:.0} bytes down a sale",
        bytes(|tally| tally.sent_bytes),
        bytes(|tally| tally.received_bytes)
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
    writeln!(out, "{word} (seed {})", order.seed).expect("writing to a String never fails");
    out
}

fn money_text(money: &Money) -> String {
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

fn json(
    order: &Order,
    driven: &Driven<Terminal>,
    money: &Money,
    facts: &Facts,
    rules: &[Rule],
    exit: Exit,
) -> Value {
    let tally = &driven.done.tally;
    let declined: Map<String, Value> =
        tally.declined.iter().map(|(code, count)| (code.to_string(), json!(count))).collect();
    let troubles: Map<String, Value> =
        tally.troubles.iter().map(|(label, count)| ((*label).to_owned(), json!(count))).collect();
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| {
            let Rule { name, limit, actual, passed } = rule;
            json!({"name": name, "limit": limit, "actual": actual, "passed": passed})
        })
        .collect();
    json!({
        "verdict": exit.label(),
        "exit_code": exit.code(),
        "seed": order.seed,
        "terminals": order.terminals.len(),
        "online": driven.online,
        "online_after_s": driven.online_after.as_secs_f64(),
        "seconds": facts.sold_s,
        "drained": driven.drained,
        "offered": tally.offered,
        "dropped": tally.dropped,
        "started": tally.started,
        "completed": tally.completed(),
        "completed_while_selling": facts.completed,
        "per_s": facts.per_s,
        "approved": tally.approved,
        "declined": declined,
        "in_doubt": facts.in_doubt,
        "sent_again": tally.sent_again,
        "asked_again": tally.asked_again,
        "confirmed": tally.confirmed,
        "turned_away": tally.turned_away,
        "tried_blocked": tally.tried_blocked,
        "orders": tally.orders,
        "connects": tally.connects,
        "sent_bytes": tally.sent_bytes,
        "received_bytes": tally.received_bytes,
        "troubles": troubles,
        "response_us": latencies(&tally.response),
        "service_us": latencies(&tally.service),
        "generator": {
            "cpu_s": facts.cpu_s,
            "cpu_us_per_sale": facts.cpu_us_per_sale,
            "threads": driven.done.shares.len(),
            "lag_p99_ms": facts.lag_p99_ms,
            "lag_max_ms": facts.lag_max_ms,
            "stall_max_ms": facts.stall_max_ms,
        },
        "rules": rules,
        "money": money_json(money),
    })
}

fn latencies(histogram: &Histogram<u64>) -> Value {
    let mut quantiles: Map<String, Value> = QUANTILES
        .into_iter()
        .map(|(name, quantile)| (name.to_owned(), json!(histogram.value_at_quantile(quantile))))
        .collect();
    quantiles.insert("samples".to_owned(), json!(histogram.len()));
    Value::Object(quantiles)
}

/// The money's part of a report.
#[must_use]
pub(super) fn money_json(money: &Money) -> Value {
    match money {
        Money::NotChecked => json!({"verdict": "not checked"}),
        Money::Unreadable(why) => json!({"verdict": "not checked", "error": why.to_string()}),
        Money::Checked(verdict) => verdict_json(verdict),
    }
}

fn verdict_json(verdict: &Verdict) -> Value {
    let side = |side: Side| json!({"approved": side.count, "amount_minor": side.amount_minor});
    let mut json = json!({
        "verdict": if verdict.is_exact() { "exact" } else { "wrong" },
        "terminals": side(verdict.terminals),
        "journal": side(verdict.journal),
        "provider": side(verdict.provider),
        "sales": verdict.sales,
        "declined": verdict.declined,
        "journal_rows": verdict.rows,
        "rows_of_other_terminals": verdict.foreign,
        "rows_of_earlier_runs": verdict.earlier,
        "pins_checked": verdict.pins_checked,
    });
    for kind in Kind::ALL {
        json[kind.label()] = json!(verdict.count(kind));
    }
    let offences = verdict.offences().iter().map(|offence| {
        json!({
            "kind": offence.kind.label(),
            "transaction": offence.transaction,
            "text": offence.text,
        })
    });
    json["offences"] = offences.collect();
    json
}
