//! Vouchers that were sold and that their issuer has to void, or has voided: those of refunds, and
//! those that wait for one because their terminal says that it did not hand them out.

use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::Serialize;
use tillgate_store_core::{ReadRows, State, StoreError, Transaction};

use super::line::show_key;
use super::selection::Selection;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VoidState {
    /// Its terminal wanted to take the sale back: void it, then propose the refund.
    Claimed,
    /// The issuer has voided it; the refund waits for a second operator.
    Proposed,
    /// The money was given back.
    Refunded,
}

impl VoidState {
    /// Of a transaction; `None`: there is nothing to void.
    #[must_use]
    pub fn of(row: &Transaction) -> Option<Self> {
        row.voucher.as_ref()?;
        match (row.state, &row.refund) {
            (State::Reversed, _) => Some(Self::Refunded),
            (State::Approved, Some(_)) => Some(Self::Proposed),
            (State::Approved, None) if row.due.is_some() => Some(Self::Claimed),
            _ => None,
        }
    }

    /// Its word in lists.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Proposed => "proposed",
            Self::Refunded => "refunded",
        }
    }
}

/// A voucher to void; never its PIN.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VoidLine {
    /// The sale.
    pub transaction: String,
    /// The service.
    pub service: u16,
    /// The product.
    pub product: u16,
    /// The serial.
    pub serial: String,
    /// Face value, minor units.
    pub face_minor: u64,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Last day on which it would have been sold.
    pub expiry: String,
    /// How far it has come.
    pub state: VoidState,
    /// The issuer's reference of the void, once a refund is proposed.
    pub void: String,
}

/// Visits the vouchers to void among the selected transactions, with their keys, until the visitor
/// breaks; `None`: a transaction with nothing to void, so that whoever reads can bound the rows.
///
/// # Errors
/// A row cannot be read.
pub fn voids(
    rows: &dyn ReadRows,
    selection: &Selection,
    mut visit: impl FnMut(&Transaction, Option<VoidLine>) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    selection.visit(rows, |row| {
        let line = void_line(&row);
        visit(&row, line)
    })
}

fn void_line(row: &Transaction) -> Option<VoidLine> {
    let (state, voucher) = (VoidState::of(row)?, row.voucher.as_ref()?);
    Some(VoidLine {
        transaction: show_key(&row.key),
        service: row.service.0,
        product: row.product.0,
        serial: voucher.serial.as_str().to_owned(),
        face_minor: row.amount_minor,
        currency: row.currency,
        expiry: voucher.expiry.to_string(),
        state,
        void: row.refund.as_ref().map_or_else(String::new, |it| it.reference.as_str().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tillgate_store_core::{
        BusinessDate, Dispensed, DueFollowUp, Engine, FollowUp, Fulfilment, Key, Kind, Memory,
        Refund, Sealed, TerminalId, Text, WriteSet,
    };

    const DATE: BusinessDate = BusinessDate(9_556);

    fn sale(stan: u32) -> Transaction {
        let key = Key { date: DATE, terminal: TerminalId(7), stan };
        let bytes = [1; 20].into_iter().collect();
        let pin = Sealed { kek_id: 1, nonce: [0; 12], bytes };
        let serial = Text::from(&format!("S{stan}")).unwrap();
        Transaction {
            state: State::Approved,
            amount_minor: 500,
            voucher: Some(Dispensed { serial, expiry: DATE, pin }),
            ..Transaction::blank(key, Kind::Sale(Fulfilment::Stock), 5, DATE)
        }
    }

    #[test]
    fn a_voucher_to_void_is_listed_from_the_claim_to_the_refund() {
        let refund = |approver: &str| {
            let reference = Text::from("V-1").unwrap();
            let (proposer, approver) = ("ann".to_owned(), approver.to_owned());
            Some(Box::new(Refund { proposer, reference, at_ms: 5, approver }))
        };
        let due = Some(DueFollowUp { what: FollowUp::Operator, since_ms: 5 });
        let rows = [
            sale(1),
            Transaction { due, ..sale(2) },
            Transaction { due, refund: refund(""), ..sale(3) },
            Transaction { state: State::Reversed, refund: refund("bob"), ..sale(4) },
            Transaction { voucher: None, due, ..sale(5) },
        ];
        let (mut memory, mut set) = (Memory::new(), WriteSet::new());
        rows.iter().for_each(|row| set.put_record(row));
        memory.write(&set, 0).unwrap();
        let (mut found, mut looked_at) = (Vec::new(), 0);
        voids(&memory, &Selection::default(), |_, line| {
            looked_at += 1;
            found.extend(line);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(looked_at, 5);
        let short: Vec<_> =
            found.iter().map(|line| (&*line.serial, line.state.label(), &*line.void)).collect();
        let expected =
            [("S2", "claimed", ""), ("S3", "proposed", "V-1"), ("S4", "refunded", "V-1")];
        assert_eq!(short, expected);
        assert_eq!(found[0].face_minor, 500);
    }
}
