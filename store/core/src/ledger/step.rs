//! What a finding, a verdict or an obligation does to a row: the table of [`super`] as code.

use crate::command::{ProviderOutcome, Resolution};
use crate::ids::Text;
use crate::limits::REFERENCE_BYTES_MAX;
use crate::record::{FollowUp, Fulfilment, Kind, State, Transaction};
use tillgate_types::ResponseCode;

/// What happens to a top-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Stay,
    /// Its reserved money is posted.
    Approve { reference: Text<REFERENCE_BYTES_MAX> },
    /// Its reserved money is released.
    Decline { code: ResponseCode, reference: Text<REFERENCE_BYTES_MAX> },
    /// The bridge was silent; the money stays reserved.
    Silence,
    /// Somebody else has to act.
    Owe(FollowUp),
    /// What was owed is done.
    Clear,
    /// Done after it was declined: it is owed back, under the provider's reference.
    Undo { reference: Text<REFERENCE_BYTES_MAX> },
    /// The provider contradicts what is booked, or calls it otherwise: a person has to look into
    /// it.
    Contradict { reference: Text<REFERENCE_BYTES_MAX> },
}

/// What happens to a terminal's reversal that waits for the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing yet.
    Stay,
    /// The original is posted back.
    Reversed,
    /// The original stands.
    ReversalDeclined,
}

/// What a finding does to a top-up.
pub(super) fn of_finding(sale: &Transaction, finding: &ProviderOutcome) -> Step {
    let (taken_back, owes) = (sale.is_being_taken_back(), sale.owes());
    match (sale.state, finding) {
        // Once it is being taken back, that it was done is no news: it will be undone.
        (State::Intent | State::Unknown, ProviderOutcome::Approved { reference, .. })
            if !taken_back =>
        {
            Step::Approve { reference: *reference }
        }
        (State::Intent | State::Unknown, ProviderOutcome::Declined { code, reference, .. }) => {
            Step::Decline { code: *code, reference: *reference }
        }
        (State::Intent | State::Unknown, ProviderOutcome::NotSent { code }) if !taken_back => {
            Step::Decline { code: *code, reference: Text::new() }
        }
        (State::Intent, ProviderOutcome::Unknown) => Step::Silence,
        (State::Unknown, ProviderOutcome::Reversed) if taken_back => {
            Step::Decline { code: ResponseCode::REVERSED, reference: Text::new() }
        }
        // The terminal has heard that it was declined: what was done late is undone.
        (State::Declined, ProviderOutcome::Approved { reference, .. }) if owes.is_none() => {
            Step::Undo { reference: *reference }
        }
        (State::Declined, ProviderOutcome::Reversed) if owes.is_some() => Step::Clear,
        // A person who looks into another reference goes on.
        (State::Approved, ProviderOutcome::AdviceAcknowledged)
            if owes == Some(FollowUp::Advice)
                || (owes.is_some() && sale.other_reference.is_empty()) =>
        {
            Step::Clear
        }
        (State::Unknown | State::Declined, ProviderOutcome::ReversalDeclined)
            if owes == Some(FollowUp::Reversal) =>
        {
            Step::Owe(FollowUp::Operator)
        }
        (State::Approved, ProviderOutcome::ReversalDeclined) if owes == Some(FollowUp::Advice) => {
            Step::Owe(FollowUp::Operator)
        }
        (State::Approved, ProviderOutcome::Declined { .. } | ProviderOutcome::Reversed)
            if sale.reversed_by.is_none() && owes != Some(FollowUp::Operator) =>
        {
            let ProviderOutcome::Declined { reference, .. } = finding else {
                return Step::Contradict { reference: Text::new() };
            };
            Step::Contradict { reference: *reference }
        }
        // One order has one reference: two may be two deliveries.
        (State::Approved | State::Reversed, ProviderOutcome::Approved { reference, .. })
            if sale.is_renamed(reference) && has_room_for_another(sale) =>
        {
            Step::Contradict { reference: *reference }
        }
        _ => Step::Stay,
    }
}

/// Whether one more reference of a provider is noted: as long as a person looks into one, the
/// others say no more.
fn has_room_for_another(sale: &Transaction) -> bool {
    sale.owes() != Some(FollowUp::Operator) || sale.other_reference.is_empty()
}

/// What an obligation does to a top-up or a terminal's reversal.
pub(super) fn of_due(row: &Transaction, what: FollowUp) -> Step {
    use FollowUp::{Advice, Operator, Reversal};
    match (row.kind, row.state, row.owes(), what) {
        (
            Kind::Sale(Fulfilment::Provider),
            State::Intent | State::Unknown,
            None,
            Reversal | Operator,
        )
        | (
            Kind::Sale(Fulfilment::Provider),
            State::Unknown | State::Declined,
            Some(Reversal),
            Operator,
        )
        | (Kind::Sale(Fulfilment::Provider), State::Approved, Some(Advice), Operator)
        | (Kind::Reversal, State::Intent, Some(Reversal), Operator) => Step::Owe(what),
        _ => Step::Stay,
    }
}

/// What a person's verdict does to a top-up.
///
/// # Errors
/// Why it makes no sense.
pub(super) fn of_verdict(sale: &Transaction, verdict: Resolution) -> Result<Step, &'static str> {
    let reference = Text::new();
    match (sale.state, sale.owes(), verdict) {
        (State::Intent, ..) => Err("its order is on its way to the provider; wait"),
        (_, _, Resolution::Disputed | Resolution::LateApproval) => of_statement(sale, verdict),
        (State::Unknown, Some(FollowUp::Reversal), Resolution::Approved) => {
            Err("it is being taken back; it can only be declared declined")
        }
        (State::Unknown, _, Resolution::Approved) => Ok(Step::Approve { reference }),
        (State::Unknown, _, Resolution::Declined) => {
            let taken_back = sale.is_being_taken_back();
            let code = if taken_back { ResponseCode::REVERSED } else { ResponseCode::NOT_HONOURED };
            Ok(Step::Decline { code, reference })
        }
        (State::Unknown, _, Resolution::Done) => {
            Err("its outcome is not known; it is either approved or declined")
        }
        (_, Some(_), Resolution::Done) => Ok(Step::Clear),
        (_, Some(_), _) => Err("its outcome is known; what is owed for it can only be done"),
        (_, None, _) => Err("nothing is to be resolved about it"),
    }
}

/// What a provider's statement does to a sale, where it says otherwise than the journal.
fn of_statement(sale: &Transaction, verdict: Resolution) -> Result<Step, &'static str> {
    let reference = Text::new();
    match (sale.state, sale.owes(), verdict) {
        _ if !sale.kind.has_provider() => Err("no provider has carried it out"),
        (_, Some(FollowUp::Operator), _) => Err("it is on the operator's list already"),
        (_, Some(FollowUp::Reversal), _) => Err("it is being taken back; wait for that"),
        (State::Declined, _, Resolution::LateApproval) => Ok(Step::Undo { reference }),
        (_, _, Resolution::LateApproval) => {
            Err("it was not declined; only a declined sale is taken back as approved late")
        }
        (State::Unknown, ..) => Ok(Step::Owe(FollowUp::Operator)),
        _ => Ok(Step::Contradict { reference }),
    }
}

/// What a finding does to a terminal's reversal.
pub(super) fn ending_of_finding(reversal: &Transaction, finding: &ProviderOutcome) -> Ending {
    match finding {
        _ if reversal.due.is_none() => Ending::Stay,
        ProviderOutcome::Reversed => Ending::Reversed,
        ProviderOutcome::ReversalDeclined => Ending::ReversalDeclined,
        _ => Ending::Stay,
    }
}

/// Whether a finding says the opposite of how a reversal that the provider was asked for ended.
pub(super) fn is_contradicted(reversal: &Transaction, finding: &ProviderOutcome) -> bool {
    match (reversal.state, finding) {
        (State::Declined, ProviderOutcome::Reversed) => {
            reversal.code == ResponseCode::NOT_REVERSIBLE
        }
        (State::Approved, ProviderOutcome::ReversalDeclined) => !reversal.legs.is_empty(),
        _ => false,
    }
}

/// What a person's verdict does to a terminal's reversal.
///
/// # Errors
/// Why it makes no sense.
pub(super) fn ending_of_verdict(
    reversal: &Transaction,
    verdict: Resolution,
) -> Result<Ending, &'static str> {
    match (reversal.state, reversal.owes(), verdict) {
        (State::Intent, None, _) => Err("it waits for the outcome of its sale; resolve that"),
        (State::Intent, Some(_), Resolution::Approved) => Ok(Ending::Reversed),
        (State::Intent, Some(FollowUp::Operator), Resolution::Declined) => {
            Ok(Ending::ReversalDeclined)
        }
        (State::Intent, Some(_), Resolution::Declined) => {
            Err("the provider is being asked to take it back; it can only be declared approved")
        }
        (State::Intent, Some(_), Resolution::Done) => {
            Err("it is either approved (taken back) or declined (the sale stands)")
        }
        _ => Err("nothing is to be resolved about it"),
    }
}
