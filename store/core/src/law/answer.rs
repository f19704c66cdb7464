//! Outcomes reduced to what can be compared with a model's.

use crate::ids::Code;
use crate::outcome::Outcome;
use crate::record::{Kind, State, Transaction};

/// What is compared of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub(super) seq: u64,
    pub(super) kind: Kind,
    pub(super) state: State,
    pub(super) code: Code,
    pub(super) balance_minor: Option<i64>,
    pub(super) serial: Option<String>,
    pub(super) confirmed: bool,
}

/// What is compared of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// As [`Outcome::Done`].
    Done(Shape),
    /// As [`Outcome::Duplicate`].
    Duplicate(Shape),
    /// As [`Outcome::Conflict`].
    Conflict,
    /// As [`Outcome::Late`].
    Late,
    /// As [`Outcome::NotFound`].
    NotFound,
    /// As [`Outcome::Reversed`].
    Reversed(Shape, Option<Shape>),
    /// As [`Outcome::Applied`].
    Applied,
    /// As [`Outcome::Rejected`].
    Rejected,
}

impl Shape {
    /// Of a row.
    pub fn of(row: &Transaction) -> Self {
        Self {
            seq: row.seq,
            kind: row.kind,
            state: row.state,
            code: row.code,
            balance_minor: row.balance_minor,
            serial: row.voucher.as_ref().map(|voucher| voucher.serial.to_string()),
            confirmed: row.confirmed_ms > 0,
        }
    }

    /// Whether its outcome is not known.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Intent | State::Unknown)
    }
}

impl Answer {
    /// Of an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done(row) => Self::Done(Shape::of(row)),
            Outcome::Duplicate(row) => Self::Duplicate(Shape::of(row)),
            Outcome::Conflict => Self::Conflict,
            Outcome::Late(_) => Self::Late,
            Outcome::NotFound => Self::NotFound,
            Outcome::Reversed { reversal, original } => {
                Self::Reversed(Shape::of(reversal), original.as_ref().map(Shape::of))
            }
            Outcome::Applied => Self::Applied,
            Outcome::Rejected(_) => Self::Rejected,
        }
    }
}
