//! The money verdict of the handsets in the report.

use serde_json::{Value, json};
use tillsim_core::audit::Kind;
use tillsim_core::ussdc::audit::Verdict;

use super::money::Money;
use crate::text::grouped;

impl Money {
    pub(super) fn is_wrong(&self) -> bool {
        matches!(self, Self::Checked(verdict) if !verdict.is_exact())
    }

    /// Why the money is not known to be right, although nothing is wrong.
    pub(super) fn missed(&self) -> Option<String> {
        match self {
            Self::NotChecked => None,
            Self::Unreadable(_) => Some("the journal could not be read".to_owned()),
            Self::Checked(verdict) if verdict.ordered == 0 => {
                Some("nothing was ordered".to_owned())
            }
            Self::Checked(verdict) => {
                let open = verdict.count(Kind::Unresolved);
                (open > 0).then(|| format!("{} sales are still open", grouped(open)))
            }
        }
    }
}

pub(super) fn text(money: &Money) -> String {
    let verdict = match money {
        Money::NotChecked => return "money: not checked (give --admin and --pins)\n".to_owned(),
        Money::Unreadable(why) => return format!("money: not checked: {why}\n"),
        Money::Checked(verdict) => verdict,
    };
    let Verdict { ordered, approved, declined, in_progress, unknown, .. } = verdict;
    let mut out = format!("money: {}\n", if verdict.is_exact() { "exact" } else { "WRONG" });
    out += &format!(
        "  handsets: {ordered} ordered; seen: {approved} approved, {declined} declined, {in_progress} in \
         progress, {unknown} not seen\n  not seen to the end: {} approved, {} not\n",
        verdict.unseen_approved, verdict.unseen_not_approved
    );
    out += &format!(
        "  journal: {} sales of these terminals, {} approved of {} minor units\n",
        grouped(verdict.rows),
        grouped(verdict.journal.count),
        grouped(verdict.journal.amount_minor)
    );
    let count = |kind: &Kind| format!("{} {}", grouped(verdict.count(*kind)), kind.label());
    out += &format!("  {}\n", Kind::ALL.iter().map(count).collect::<Vec<_>>().join(", "));
    for offence in verdict.offences() {
        out += &format!("  {offence}\n");
    }
    out
}

pub(super) fn json(money: &Money) -> Value {
    let verdict = match money {
        Money::NotChecked => return json!({"verdict": "not checked"}),
        Money::Unreadable(why) => {
            return json!({"verdict": "not checked", "error": why.to_string()});
        }
        Money::Checked(verdict) => verdict,
    };
    let mut json = json!({
        "verdict": if verdict.is_exact() { "exact" } else { "wrong" },
        "ordered": verdict.ordered,
        "approved": verdict.approved,
        "declined": verdict.declined,
        "in_progress": verdict.in_progress,
        "unknown": verdict.unknown,
        "unseen_approved": verdict.unseen_approved,
        "unseen_not_approved": verdict.unseen_not_approved,
        "journal_rows": verdict.rows,
        "journal": {
            "approved": verdict.journal.count,
            "amount_minor": verdict.journal.amount_minor,
        },
    });
    for kind in Kind::ALL {
        json[kind.label()] = json!(verdict.count(*kind));
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
