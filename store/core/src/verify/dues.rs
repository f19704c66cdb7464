//! What one row may owe, and what a settlement must look like.

use super::report::{Promise, Report};
use crate::ids::BridgeTag;
use crate::limits::REPRINTS_MAX;
use crate::record::{FollowUp, Fulfilment, Kind, Settlement, State, Totals, Transaction};
use tillgate_types::{ResponseCode, TerminalId};

/// Checks one journal row by itself.
pub(super) fn check(row: &Transaction, report: &mut Report) {
    if let Some(due) = row.due
        && !may_owe(row, due.what)
    {
        let text =
            format_args!("a {:?} that is {:?} cannot owe {:?}", row.kind, row.state, due.what);
        report.violated(Promise::Remembered, row.key, text);
    }
    // Due or not, what is being undone says so: only then is a late approval no approval.
    let owes = row.owes() == Some(FollowUp::Reversal);
    if row.kind.has_provider() && row.state == State::Unknown && owes && !row.is_being_taken_back()
    {
        let text = "it is being taken back, but its response code does not say so";
        report.violated(Promise::Remembered, row.key, text);
    }
    check_refund(row, report);
    check_tried(row, report);
    let is_settlement = row.kind == Kind::Settlement;
    match &row.settlement {
        Some(settlement) if is_settlement => check_settlement(row, settlement, report),
        None if !is_settlement => {}
        Some(_) | None => {
            let text = "a settlement has totals, and nothing else has";
            report.violated(Promise::Journalled, row.key, text);
        }
    }
}

/// Two operators made each refund, one of them proposed it; PINs are sent again so often.
fn check_refund(row: &Transaction, report: &mut Report) {
    let mut wrong = |text: &str| report.violated(Promise::Conserved, row.key, text);
    let by_operator = |key: &crate::Key| key.terminal == TerminalId::OPERATOR;
    let refunded = row.kind.is_sale() && row.reversed_by.as_ref().is_some_and(by_operator);
    let (proposed, approved) = match &row.refund {
        Some(refund) if refund.approver == refund.proposer => {
            return wrong("the same operator proposed and approved its refund");
        }
        Some(refund) => (refund.approver.is_empty(), !refund.approver.is_empty()),
        None => (false, false),
    };
    if approved != refunded {
        wrong("a refund is approved by an operator and booked under the operators' number");
    }
    if proposed && !(row.kind.is_sale() && row.state == State::Approved && row.due.is_some()) {
        wrong("a refund is proposed for it, but it is no approved sale on the operator's list");
    }
    let by_reason = row.reason == Transaction::BY_OPERATOR;
    if by_reason != by_operator(&row.key) || (by_reason && row.kind != Kind::Reversal) {
        wrong("only the reversals of refunds are the operators'");
    }
    if row.reprints > REPRINTS_MAX || (row.reprints > 0 && row.voucher.is_none()) {
        let text = "its PIN was sent again more often than is allowed";
        report.violated(Promise::SoldOnce, row.key, text);
    }
}

/// A sale went on from other bridges only, and from each once.
fn check_tried(row: &Transaction, report: &mut Report) {
    let mut bridges = row.tried.clone();
    bridges.sort_unstable();
    let twice = bridges.windows(2).any(|pair| pair[0] == pair[1]);
    let provided = row.kind.has_provider() || bridges.is_empty();
    if twice || !provided || bridges.contains(&row.bridge) || bridges.contains(&BridgeTag::NONE) {
        let text = "the bridges that it went on from are not those of a sale's way";
        report.violated(Promise::Remembered, row.key, text);
    }
}

/// The table of [`crate::DueFollowUp`].
fn may_owe(row: &Transaction, what: FollowUp) -> bool {
    let confirmed = row.confirmed_ms > 0;
    match (row.kind, row.state, what) {
        // Its PIN has left and its reversal was refused, or its provider contradicts it, or a
        // refund of it is proposed.
        (Kind::Sale(_), State::Approved, FollowUp::Operator)
        | (Kind::Sale(Fulfilment::Provider), State::Reversed, FollowUp::Operator)
        | (
            Kind::Sale(Fulfilment::Provider),
            State::Unknown | State::Declined,
            FollowUp::Reversal,
        )
        | (
            Kind::Sale(Fulfilment::Provider),
            State::Unknown | State::Declined,
            FollowUp::Operator,
        )
        | (Kind::Reversal, State::Intent, FollowUp::Reversal | FollowUp::Operator) => true,
        (Kind::Sale(Fulfilment::Provider), State::Approved, FollowUp::Advice) => confirmed,
        _ => false,
    }
}

fn check_settlement(row: &Transaction, settlement: &Settlement, report: &mut Report) {
    let mut wrong = |text: &str| report.violated(Promise::Journalled, row.key, text);
    if !row.legs.is_empty() || row.amount_minor != 0 {
        wrong("a settlement moves no money");
    }
    let uncounted = settlement.counted == Totals::default() && settlement.open_count == 0;
    let expected = match row.code {
        ResponseCode::VELOCITY_LIMIT if uncounted => ResponseCode::VELOCITY_LIMIT,
        _ if settlement.agrees() => ResponseCode::APPROVED,
        _ => ResponseCode::TOTALS_DIFFER,
    };
    if row.code != expected {
        wrong("its response code does not say whether its totals agree");
    }
}
