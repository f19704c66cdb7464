//! Outcomes reduced to what can be compared with a model's.

use tillgate_store_core::ids::{BridgeTag, Key};
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{FollowUp, Kind, State, Totals, Transaction};
use tillgate_types::ResponseCode;

/// What is compared of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub(super) seq: u64,
    pub(super) kind: Kind,
    pub(super) state: State,
    pub(super) code: ResponseCode,
    pub(super) balance_minor: Option<i64>,
    pub(super) serial: Option<String>,
    pub(super) confirmed: bool,
    pub(super) due: Option<FollowUp>,
    pub(super) reversed_by: Option<Key>,
    pub(super) counted: Option<(Totals, u32)>,
    /// The provider's: the first, and another.
    pub(super) references: [String; 2],
    /// Of what a provider carries out: where its order went, the last bridge last.
    pub(super) way: Vec<BridgeTag>,
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
    /// As [`Outcome::Refused`].
    Late,
    /// As [`Outcome::NotFound`].
    NotFound,
    /// As [`Outcome::Reversed`].
    Reversed(Shape, Option<Shape>),
    /// As [`Outcome::Applied`].
    Applied,
    /// As [`Outcome::Withdrawn`].
    Withdrawn(u64),
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
            due: row.owes(),
            reversed_by: row.reversed_by,
            counted: row.settlement.as_ref().map(|totals| (totals.counted, totals.open_count)),
            references: [&row.provider_reference, &row.other_reference]
                .map(|text| text.to_string()),
            way: way(row),
        }
    }

    /// A row of which nothing is known yet.
    pub(super) fn blank(kind: Kind, state: State, code: ResponseCode) -> Self {
        Self {
            seq: 0,
            kind,
            state,
            code,
            balance_minor: None,
            serial: None,
            confirmed: false,
            due: None,
            reversed_by: None,
            counted: None,
            references: Default::default(),
            way: Vec::new(),
        }
    }

    /// Whether its outcome is not known.
    pub(super) fn is_undecided(&self) -> bool {
        matches!(self.state, State::Intent | State::Unknown)
    }

    /// Whether it is a sale.
    pub(super) fn is_sale(&self) -> bool {
        matches!(self.kind, Kind::Sale(_))
    }
}

fn way(row: &Transaction) -> Vec<BridgeTag> {
    let way = row.tried.iter().copied().chain([row.bridge]);
    way.filter(|_| row.kind.has_provider()).collect()
}

impl Answer {
    /// Of an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done(row) => Self::Done(Shape::of(row)),
            Outcome::Duplicate(row) => Self::Duplicate(Shape::of(row)),
            Outcome::Conflict => Self::Conflict,
            Outcome::Refused(_) => Self::Late,
            Outcome::NotFound => Self::NotFound,
            Outcome::Reversed { reversal, original } => {
                Self::Reversed(Shape::of(reversal), original.as_ref().map(Shape::of))
            }
            Outcome::Applied => Self::Applied,
            Outcome::Withdrawn(count) => Self::Withdrawn(*count),
            Outcome::Rejected(_) => Self::Rejected,
        }
    }
}
