//! What came out of a run: the exit code, text for people, JSON for scripts.

mod json;
mod text;

use serde_json::Value;
use tillsim_core::audit::{Kind, own_complaints};
use tillsim_core::firmware::LoadModel;
use tillsim_core::sales_log::{SalesLog, Settlement, State};

pub(crate) use self::json::money_json;
pub(crate) use self::text::money_text;
use super::{Driven, Money, Order};
use crate::driver::{Client, ClientKind, PointOfSale, Share};
use crate::exit::Exit;
use crate::number::float;

/// Lateness of the generator beyond which an open load is not the load that was asked for.
const LAG_P99_MS_MAX: f64 = 20.0;
/// What is reported of a histogram.
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

struct Rule {
    name: &'static str,
    limit: f64,
    actual: Option<f64>,
    passed: bool,
}

/// Judges a run: money first, then whether it says anything, then the objectives.
#[must_use]
pub fn judge(order: &Order, driven: &Driven<PointOfSale>, money: &Money) -> Report {
    let facts = Facts::new(driven, order.firmware.habits.settles);
    let rules = rules(order, driven, &facts);
    let lag_limit = order.expect.generator_lag_p99_ms.unwrap_or(LAG_P99_MS_MAX);
    let invalid = order.course.open.is_some() && facts.lag_p99_ms > lag_limit;
    let unresolved = match money {
        Money::Checked(verdict) => verdict.count(Kind::Unresolved),
        _ => facts.in_doubt,
    };
    let missed = rules.iter().any(|rule| !rule.passed)
        || unresolved > 0
        || facts.settlements.not_compared > 0
        || driven.online == 0
        || facts.kinds.iter().any(|kind| kind.never_online.len() == kind.terminals)
        || matches!(money, Money::Unreadable(_));
    let exit = match money {
        Money::Checked(verdict) if !verdict.is_exact() => Exit::Violated,
        _ if facts.complaints > 0 || facts.settlements.differ > 0 => Exit::Violated,
        _ if invalid => Exit::Invalid,
        _ if missed => Exit::Missed,
        _ => Exit::Pass,
    };
    let text = text::text(order, driven, money, &facts, &rules, exit);
    let json = json::json(order, driven, money, &facts, &rules, exit);
    Report { exit, text, json }
}

struct Facts {
    sold_s: f64,
    started: u64,
    completed: u64,
    per_s: f64,
    offered_per_s: f64,
    started_per_s: f64,
    in_doubt: u64,
    /// Sales of which the merchant himself noticed that something was wrong.
    complaints: u64,
    settlements: Settlements,
    /// Where there are terminals of other makers: each kind of its own.
    kinds: Vec<KindFacts>,
    cpu_s: f64,
    cpu_us_per_sale: f64,
    lag_p99_ms: f64,
    lag_max_ms: f64,
    stall_max_ms: f64,
}

impl Facts {
    fn new(driven: &Driven<PointOfSale>, settles: bool) -> Self {
        let shares = &driven.done.shares;
        let sold_s = shares.iter().map(|share| float(share.sold.0) / 1e9).fold(0.0, f64::max);
        let completed: u64 = shares.iter().map(|share| share.completed).sum();
        let started: u64 = shares.iter().map(|share| share.started).sum();
        let (before, after) = &driven.window;
        let per_s = |count: u64| if sold_s > 0.0 { float(count) / sold_s } else { 0.0 };
        let cpu_s: f64 = shares.iter().map(|share| share.cpu_s).sum();
        let books = driven.done.clients.iter().map(|terminal| terminal.book());
        let lag = |quantile| worst_ms(shares, |share| share.lag.value_at_quantile(quantile));
        Self {
            sold_s,
            started,
            completed,
            per_s: per_s(completed),
            offered_per_s: per_s(after.offered - before.offered),
            started_per_s: per_s(started),
            settlements: Settlements::of(books.clone(), settles),
            kinds: KindFacts::of(&driven.done.clients, settles),
            complaints: complaints(books.clone()),
            in_doubt: books.map(|book| u64::from(book.in_doubt())).sum(),
            cpu_s,
            cpu_us_per_sale: if completed > 0 { cpu_s * 1e6 / float(completed) } else { 0.0 },
            lag_p99_ms: lag(0.99),
            lag_max_ms: lag(1.0),
            stall_max_ms: worst_ms(shares, |share| share.stall_us_max),
        }
    }
}

/// The outcome at the terminals of one kind.
struct KindFacts {
    name: &'static str,
    terminals: usize,
    /// Those that never logged on.
    never_online: Vec<u32>,
    approved: u64,
    /// Approved, whether or not it was taken back afterwards.
    sold: u64,
    approved_minor: u64,
    declined: u64,
    reversed: u64,
    in_doubt: u64,
    settlements: Settlements,
}

impl KindFacts {
    /// Nothing where all are of the sealed link.
    fn of(clients: &[PointOfSale], settles: bool) -> Vec<Self> {
        let kinds = [(ClientKind::Sealed, "the sealed link"), (ClientKind::Iso8583, "ISO 8583")];
        let books = |kind| clients.iter().filter(move |client| client.kind() == kind);
        if books(ClientKind::Iso8583).next().is_none() {
            return Vec::new();
        }
        let kinds = kinds.into_iter().filter(|(kind, _)| books(*kind).next().is_some());
        let of = |(kind, name)| Self::of_books(name, books(kind).map(PointOfSale::book), settles);
        kinds.map(of).collect()
    }

    fn of_books<'a>(
        name: &'static str,
        books: impl Iterator<Item = &'a SalesLog> + Clone,
        settles: bool,
    ) -> Self {
        let settlements = Settlements::of(books.clone(), settles);
        let silent = books.clone().filter(|book| book.opening().is_none());
        let mut facts = Self {
            name,
            terminals: books.clone().count(),
            never_online: silent.map(SalesLog::terminal).collect(),
            approved: 0,
            sold: 0,
            approved_minor: 0,
            declined: 0,
            reversed: 0,
            in_doubt: 0,
            settlements,
        };
        for book in books {
            facts.in_doubt += u64::from(book.in_doubt());
            for entry in book.entries() {
                match entry.state {
                    State::Approved => {
                        facts.approved += 1;
                        facts.sold += 1;
                        facts.approved_minor += entry.asked.amount_minor;
                    }
                    State::Declined(_) => facts.declined += 1,
                    State::Reversed => {
                        facts.reversed += 1;
                        facts.sold += u64::from(entry.answer != 0);
                    }
                    State::InDoubt => {}
                }
            }
        }
        facts
    }
}

/// Terminals that compared their totals with the gateway's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Settlements {
    agree: u64,
    /// Not the same, with reason: sales of the date from before the run, or in doubt.
    excused: u64,
    differ: u64,
    /// Of those that were to settle and logged on: no comparison came off.
    not_compared: u64,
}

impl Settlements {
    fn of<'a>(books: impl Iterator<Item = &'a SalesLog>, settles: bool) -> Self {
        let mut all = Self::default();
        for book in books {
            match book.settlement() {
                Settlement::None => {
                    let was_to = settles && book.opening().is_some();
                    all.not_compared += u64::from(was_to);
                }
                Settlement::Agreed => all.agree += 1,
                Settlement::Excused => all.excused += 1,
                Settlement::Differed => all.differ += 1,
            }
        }
        all
    }
}

/// Sales of which the merchant himself noticed that something was wrong.
fn complaints<'a>(books: impl Iterator<Item = &'a SalesLog>) -> u64 {
    let entries = books.flat_map(SalesLog::entries);
    let wrong = entries.filter(|entry| own_complaints(entry).next().is_some());
    u64::try_from(wrong.count()).unwrap_or(u64::MAX)
}

fn worst_ms(shares: &[Share], of: impl Fn(&Share) -> u64) -> f64 {
    float(shares.iter().map(of).max().unwrap_or(0)) / 1e3
}

fn rules(order: &Order, driven: &Driven<PointOfSale>, facts: &Facts) -> Vec<Rule> {
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
    // Where nothing is approved, no other rule says much.
    let (least, approved) = match expect.approved_min {
        Some(least) => (least, tally.approved),
        None => (u64::from(is_to_sell(order)), approved_least(&facts.kinds, tally.approved)),
    };
    if least > 0 {
        let limit = float(least);
        let actual = Some(float(approved));
        rules.push(Rule { name: "approved_min", limit, actual, passed: approved >= least });
    }
    rules
}

/// Sales approved at the kind of terminal that has the fewest; of one kind, all of them.
fn approved_least(kinds: &[KindFacts], all: u64) -> u64 {
    kinds.iter().map(|kind| kind.sold).min().unwrap_or(all)
}

/// Whether customers are to come at all.
fn is_to_sell(order: &Order) -> bool {
    match (order.firmware.custom, &order.course.open) {
        (LoadModel::None, _) => false,
        (_, Some(open)) => {
            open.phases.iter().any(|phase| phase.from_per_s > 0.0 || phase.to_per_s > 0.0)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
