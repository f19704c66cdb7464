//! A report for scripts.

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};
use tillsim_core::audit::{AuditReport, Kind, Side};

use super::{Facts, KindFacts, QUANTILES, Rule, Settlements};
use crate::driver::PointOfSale;
use crate::exit::Exit;
use crate::run::{Driven, Money, Order};

/// Everything, as one object.
pub(super) fn json(
    order: &Order,
    driven: &Driven<PointOfSale>,
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
        "seed": order.course.plan.seed,
        "terminals": order.terminals(),
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
        "reversals": tally.reversals,
        "reversed": tally.reversed,
        "stands": tally.stands,
        "settlements": settlements(facts.settlements),
        "kinds": facts.kinds.iter().map(kind).collect::<Vec<_>>(),
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

fn settlements(Settlements { agree, excused, differ, not_compared }: Settlements) -> Value {
    json!({"agree": agree, "excused": excused, "differ": differ, "not_compared": not_compared})
}

fn kind(facts: &KindFacts) -> Value {
    json!({
        "kind": facts.name,
        "terminals": facts.terminals,
        "never_online": facts.never_online.len(),
        "approved": facts.approved,
        "approved_minor": facts.approved_minor,
        "declined": facts.declined,
        "reversed": facts.reversed,
        "in_doubt": facts.in_doubt,
        "settlements": settlements(facts.settlements),
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

pub(crate) fn money_json(money: &Money) -> Value {
    match money {
        Money::NotChecked => json!({"verdict": "not checked"}),
        Money::Unreadable(why) => json!({"verdict": "not checked", "error": why.to_string()}),
        Money::Checked(verdict) => verdict_json(verdict),
    }
}

fn verdict_json(verdict: &AuditReport) -> Value {
    let side = |side: Side| json!({"approved": side.count, "amount_minor": side.amount_minor});
    let providers = verdict.providers.iter().map(|sides| {
        json!({"name": sides.name, "done": side(sides.done), "journal": side(sides.journal)})
    });
    let providers: Vec<Value> = providers.collect();
    let mut json = json!({
        "verdict": if verdict.is_exact() { "exact" } else { "wrong" },
        "terminals": side(verdict.terminals),
        "journal": side(verdict.journal),
        "provider": side(verdict.provider),
        "providers": providers,
        "sales": verdict.sales,
        "declined": verdict.declined,
        "reversed": verdict.reversed,
        "settled": verdict.settled,
        "settled_with_excuse": verdict.excused,
        "journal_rows": verdict.rows,
        "rows_of_other_terminals": verdict.foreign,
        "rows_of_earlier_runs": verdict.earlier,
        "pins_checked": verdict.pins_checked,
    });
    for &kind in Kind::ALL {
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
