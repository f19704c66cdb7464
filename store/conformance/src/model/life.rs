//! The outcome of a sale after its begin: findings, reversals, what is owed, verdicts.

use super::{Model, Row, minor};
use crate::answer::{Answer, Shape};
use tillgate_store_core::command::{
    Finish, ProviderOutcome, Reroute, Resolution, Resolve, Reverse,
};
use tillgate_store_core::ids::{BridgeTag, Key};
use tillgate_store_core::record::{FollowUp, Fulfilment, Kind, State};
use tillgate_types::ResponseCode;

impl Model {
    pub(super) fn finish(&mut self, finish: &Finish) -> Answer {
        let Some(row) = self.rows.get(&finish.key).cloned() else {
            return Answer::NotFound;
        };
        let (state, due) = (row.shape.state, row.shape.due);
        if has_left(&row, finish.by) {
            return self.claim(&finish.key, &finish.result);
        }
        match row.shape.kind {
            Kind::Sale(Fulfilment::Provider) => match &finish.result {
                ProviderOutcome::Approved { reference, .. } => {
                    self.found_done(&finish.key, reference)
                }
                ProviderOutcome::Declined { code, reference, .. } if row.shape.is_undecided() => {
                    self.name(&finish.key, 0, reference);
                    self.decide(&finish.key, State::Declined, *code)
                }
                ProviderOutcome::NotSent { code }
                    if row.shape.is_undecided() && !taken_back(&row) =>
                {
                    self.decide(&finish.key, State::Declined, *code)
                }
                ProviderOutcome::Unknown => self.edit(&finish.key, mark_unknown),
                ProviderOutcome::Reversed if state == State::Unknown && taken_back(&row) => {
                    self.decide(&finish.key, State::Declined, ResponseCode::REVERSED)
                }
                ProviderOutcome::Reversed if state == State::Declined => {
                    self.edit(&finish.key, |shape| shape.due = None)
                }
                ProviderOutcome::AdviceAcknowledged
                    if state == State::Approved
                        && (due == Some(FollowUp::Advice)
                            || row.shape.references[1].is_empty()) =>
                {
                    let kept = row.proposer.is_some().then_some(FollowUp::Operator);
                    self.edit(&finish.key, |shape| shape.due = kept)
                }
                told @ (ProviderOutcome::Declined { .. } | ProviderOutcome::Reversed)
                    if state == State::Approved
                        && row.shape.reversed_by.is_none()
                        && due != Some(FollowUp::Operator) =>
                {
                    if let ProviderOutcome::Declined { reference, .. } = told
                        && is_other(&row, reference)
                    {
                        self.name(&finish.key, 1, reference);
                    }
                    self.edit(&finish.key, |shape| shape.due = Some(FollowUp::Operator))
                }
                ProviderOutcome::ReversalDeclined if matches!(due, Some(what) if what != FollowUp::Operator) => {
                    self.edit(&finish.key, |shape| shape.due = Some(FollowUp::Operator))
                }
                _ => Answer::Done(row.shape),
            },
            Kind::Reversal if due.is_some() => match finish.result {
                ProviderOutcome::Reversed => self.end_reversal(&finish.key, true),
                ProviderOutcome::ReversalDeclined => self.end_reversal(&finish.key, false),
                _ => Answer::Done(row.shape),
            },
            Kind::Reversal => match finish.result {
                ProviderOutcome::Reversed if row.shape.code == ResponseCode::NOT_REVERSIBLE => {
                    self.contradict(&row)
                }
                ProviderOutcome::ReversalDeclined if row.shape.balance_minor.is_some() => {
                    self.contradict(&row)
                }
                _ => Answer::Done(row.shape),
            },
            _ => Answer::Done(row.shape),
        }
    }

    /// A bridge that the sale has left speaks: if it says that it was done, a person has to know.
    fn claim(&mut self, key: &Key, result: &ProviderOutcome) -> Answer {
        let claimed = is_claimed(&self.rows[key]);
        self.edit(key, |shape| {
            if let ProviderOutcome::Approved { reference, .. } = result
                && !claimed
                && shape.due != Some(FollowUp::Reversal)
            {
                shape.due = Some(FollowUp::Operator);
                if shape.references[1].is_empty() {
                    let named = if reference.is_empty() { "unnamed" } else { reference };
                    shape.references[1] = named.to_owned();
                }
                mark_unknown(shape);
            }
        })
    }

    pub(super) fn reroute(&mut self, reroute: &Reroute) -> Answer {
        let Some(row) = self.rows.get(&reroute.key).cloned() else {
            return Answer::NotFound;
        };
        let way = &row.shape.way;
        if !row.shape.kind.has_provider() || way.last() != Some(&reroute.from) || is_claimed(&row) {
            return Answer::Done(row.shape);
        }
        let wanted = row.shape.due.is_none() && row.shape.reversed_by.is_none();
        if row.shape.state == State::Intent && wanted && way.len() < 4 && !way.contains(&reroute.to)
        {
            return self.edit(&reroute.key, |shape| shape.way.push(reroute.to));
        }
        if row.shape.is_undecided() && !taken_back(&row) {
            return self.decide(&reroute.key, State::Declined, reroute.code);
        }
        Answer::Done(row.shape)
    }

    /// A provider says the opposite of how a reversal ended: its sale is the operator's.
    fn contradict(&mut self, reversal: &Row) -> Answer {
        let original = reversal.original.expect("reversals name their originals");
        let sale = self.rows.get_mut(&original).expect("named by its reversal");
        let Shape { kind, state, due, reversed_by, .. } = sale.shape;
        let answered = state != State::Approved || reversed_by.is_none();
        if kind.has_provider() && due.is_none() && answered && !sale.shape.is_undecided() {
            sale.shape.due = Some(FollowUp::Operator);
        }
        Answer::Reversed(reversal.shape.clone(), Some(sale.shape.clone()))
    }

    /// The provider did a top-up: in time, too late, again under another reference, or when it no
    /// longer matters.
    fn found_done(&mut self, key: &Key, reference: &str) -> Answer {
        let row = self.rows[key].clone();
        let (state, due) = (row.shape.state, row.shape.due);
        if row.shape.is_undecided() && !taken_back(&row) {
            self.name(key, 0, reference);
            return self.decide(key, State::Approved, ResponseCode::APPROVED);
        }
        let listed = due == Some(FollowUp::Operator);
        if state == State::Declined && due.is_none() {
            if row.shape.references[0] != reference {
                self.name(key, 1, reference);
            }
            return self.edit(key, |shape| shape.due = Some(FollowUp::Reversal));
        }
        let first = !listed || row.shape.references[1].is_empty();
        if matches!(state, State::Approved | State::Reversed) && is_other(&row, reference) && first
        {
            self.name(key, 1, reference);
            return self.edit(key, |shape| shape.due = Some(FollowUp::Operator));
        }
        Answer::Done(row.shape)
    }

    fn name(&mut self, key: &Key, place: usize, reference: &str) {
        let row = self.rows.get_mut(key).expect("looked up by the caller");
        row.shape.references[place] = reference.to_owned();
    }

    fn edit(&mut self, key: &Key, edit: impl FnOnce(&mut Shape)) -> Answer {
        let row = self.rows.get_mut(key).expect("looked up by the caller");
        edit(&mut row.shape);
        Answer::Done(row.shape.clone())
    }

    /// An undecided top-up ends; a reversal that waits for it goes on.
    fn decide(&mut self, key: &Key, state: State, code: ResponseCode) -> Answer {
        let mut row = self.rows[key].clone();
        let amount = minor(row.amount_minor);
        let float = self.float(row.seller);
        float.reserved_minor -= amount;
        float.posted_minor -= if state == State::Approved { amount } else { 0 };
        row.shape.due = row.shape.due.filter(|_| is_claimed(&row));
        (row.shape.state, row.shape.code) = (state, code);
        row.shape.balance_minor = Some(self.available(row.seller));
        let waiting = row.shape.reversed_by;
        if state == State::Declined {
            row.shape.reversed_by = None;
        }
        self.rows.insert(*key, row.clone());
        let Some(waiting) = waiting else {
            return Answer::Done(row.shape);
        };
        let reversal = self.rows.get_mut(&waiting).expect("named by its original");
        if state == State::Declined {
            (reversal.shape.state, reversal.shape.code) = (State::Approved, ResponseCode::APPROVED);
        } else {
            reversal.shape.due = Some(FollowUp::Reversal);
        }
        Answer::Reversed(reversal.shape.clone(), Some(row.shape))
    }

    fn end_reversal(&mut self, key: &Key, taken_back: bool) -> Answer {
        let mut reversal = self.rows[key].clone();
        let original_key = reversal.original.expect("reversals name their originals");
        let mut original = self.rows[&original_key].clone();
        reversal.shape.due = None;
        if taken_back {
            self.float(original.seller).posted_minor += minor(original.amount_minor);
            reversal.shape.balance_minor = Some(self.available(original.seller));
            (reversal.shape.state, reversal.shape.code) = (State::Approved, ResponseCode::APPROVED);
            (original.shape.state, original.shape.code) = (State::Reversed, ResponseCode::REVERSED);
            original.proposer = None;
        } else {
            let refused = (State::Declined, ResponseCode::NOT_REVERSIBLE);
            (reversal.shape.state, reversal.shape.code) = refused;
            original.shape.reversed_by = None;
        }
        let answer = Answer::Reversed(reversal.shape.clone(), Some(original.shape.clone()));
        self.rows.insert(*key, reversal);
        self.rows.insert(original_key, original);
        answer
    }

    pub(super) fn mark_follow_up(&mut self, key: &Key, what: FollowUp) -> Answer {
        let Some(row) = self.rows.get(key).cloned() else {
            return Answer::NotFound;
        };
        let operator = what == FollowUp::Operator;
        let asked = row.shape.kind.has_provider() && row.shape.is_undecided();
        let allowed = match row.shape.due {
            None => asked && what != FollowUp::Advice,
            Some(FollowUp::Reversal | FollowUp::Advice) => operator,
            Some(FollowUp::Operator) => false,
        };
        if !allowed {
            return Answer::Done(row.shape);
        }
        self.edit(key, |shape| {
            shape.due = Some(what);
            if shape.kind.has_provider() && shape.state == State::Intent {
                (shape.state, shape.code) = (State::Unknown, ResponseCode::LATE_RESPONSE);
            }
            if asked && !operator {
                shape.code = ResponseCode::REVERSED;
            }
        })
    }

    pub(super) fn resolve(&mut self, resolve: &Resolve) -> Answer {
        let Some(row) = self.rows.get(&resolve.key).cloned() else {
            return Answer::Rejected;
        };
        let (key, due) = (&resolve.key, row.shape.due);
        let top_up = row.shape.kind.has_provider();
        let stated = top_up && matches!(due, None | Some(FollowUp::Advice));
        match (row.shape.state, resolve.verdict) {
            (State::Intent, Resolution::Approved) if !top_up && due.is_some() => {
                self.end_reversal(key, true)
            }
            (State::Intent, Resolution::Declined) if !top_up && due == Some(FollowUp::Operator) => {
                self.end_reversal(key, false)
            }
            (State::Intent, _) => Answer::Rejected,
            (State::Unknown, Resolution::Approved) if due != Some(FollowUp::Reversal) => {
                self.decide(key, State::Approved, ResponseCode::APPROVED)
            }
            (State::Unknown, Resolution::Declined) => {
                let code = if taken_back(&row) {
                    ResponseCode::REVERSED
                } else {
                    ResponseCode::NOT_HONOURED
                };
                self.decide(key, State::Declined, code)
            }
            (_, Resolution::Disputed) if stated => {
                self.edit(key, |shape| shape.due = Some(FollowUp::Operator))
            }
            (State::Declined, Resolution::LateApproval) if stated => {
                self.edit(key, |shape| shape.due = Some(FollowUp::Reversal))
            }
            (State::Unknown, _) => Answer::Rejected,
            (_, Resolution::Done) if due.is_some() && row.proposer.is_none() => {
                self.edit(key, |shape| shape.due = None)
            }
            _ => Answer::Rejected,
        }
    }

    pub(super) fn reverse(&mut self, reverse: &Reverse) -> Answer {
        if let Some(answer) = self.find_duplicate(&reverse.key, &reverse.digest) {
            return answer;
        }
        let shape = Shape::blank(Kind::Reversal, State::Declined, ResponseCode::FORMAT_ERROR);
        let mut row = Row::blank(shape, reverse.digest.values, reverse.at_ms);
        (row.amount_minor, row.original) = (reverse.amount_minor, Some(reverse.original));
        if reverse.key == reverse.original || reverse.key.terminal != reverse.original.terminal {
            return Answer::Reversed(row.shape, None);
        }
        let Some(mut original) = self.rows.get(&reverse.original).cloned() else {
            (row.shape.state, row.shape.code) = (State::Approved, ResponseCode::APPROVED);
            let mut tombstone = row.clone();
            (tombstone.shape.kind, tombstone.shape.state) = (Kind::Tombstone, State::Reversed);
            tombstone.shape.code = ResponseCode::REVERSED;
            tombstone.shape.reversed_by = Some(reverse.key);
            let reversal = self.write(reverse.key, row);
            return Answer::Reversed(reversal, Some(self.write(reverse.original, tombstone)));
        };
        let shape = &mut original.shape;
        let refused = !shape.is_sale() && shape.kind != Kind::Tombstone;
        if refused {
            row.shape.code = ResponseCode::NOT_REVERSIBLE;
        } else if shape.is_sale() && original.amount_minor != reverse.amount_minor {
            row.shape.code = ResponseCode::FORMAT_ERROR;
        } else if matches!(shape.state, State::Declined | State::Reversed) {
            (row.shape.state, row.shape.code) = (State::Approved, ResponseCode::APPROVED);
        } else if shape.confirmed {
            row.shape.code = ResponseCode::NOT_REVERSIBLE;
        } else if shape.kind.dispenses() {
            row.shape.code = ResponseCode::NOT_REVERSIBLE;
            shape.due = Some(FollowUp::Operator);
        } else if shape.reversed_by.is_some() {
            row.shape.code = ResponseCode::IN_PROGRESS;
            return Answer::Reversed(row.shape, Some(original.shape));
        } else {
            (row.shape.state, row.shape.code) = (State::Intent, ResponseCode::IN_PROGRESS);
            row.shape.due = (shape.state == State::Approved).then_some(FollowUp::Reversal);
            shape.reversed_by = Some(reverse.key);
        }
        self.rows.insert(reverse.original, original.clone());
        Answer::Reversed(self.write(reverse.key, row), Some(original.shape))
    }
}

/// Whether a provider gives a reference where it has given others.
fn is_other(row: &Row, reference: &str) -> bool {
    let [first, other] = &row.shape.references;
    ![first.as_str(), other.as_str(), ""].contains(&reference) && !first.is_empty()
}

fn mark_unknown(shape: &mut Shape) {
    if shape.state == State::Intent {
        (shape.state, shape.code) = (State::Unknown, ResponseCode::LATE_RESPONSE);
    }
}

/// Whether a sale went on from a bridge.
fn has_left(row: &Row, bridge: BridgeTag) -> bool {
    row.shape.way.split_last().is_some_and(|(_, former)| former.contains(&bridge))
}

/// Whether a bridge that it has left says that it was done there too.
fn is_claimed(row: &Row) -> bool {
    let Shape { way, references, due, .. } = &row.shape;
    way.len() > 1 && !references[1].is_empty() && *due == Some(FollowUp::Operator)
}

fn taken_back(row: &Row) -> bool {
    row.shape.is_undecided() && row.shape.code == ResponseCode::REVERSED
}
