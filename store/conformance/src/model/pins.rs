//! Answers that are sent again, and refunds.

use super::{Model, Row, minor};
use crate::answer::{Answer, Shape};
use tillgate_store_core::command::{RefundOrder, RefundStep, Repeat};
use tillgate_store_core::ids::Key;
use tillgate_store_core::limits::{REPRINTS_MAX, RETRY_MS, TERMINAL_REPRINTS_MAX};
use tillgate_store_core::record::{FollowUp, Kind, State};
use tillgate_types::{ResponseCode, TerminalId};

impl Model {
    pub(super) fn repeat(&mut self, repeat: &Repeat) -> Answer {
        let Key { date, terminal, stan } = repeat.original;
        let wanted = |(key, row): &(&Key, &Row)| {
            let of_date = (key.date, key.terminal) == (date, terminal);
            of_date && (key.stan == stan || (stan == 0 && row.shape.is_sale()))
        };
        let Some(key) = self.rows.iter().filter(wanted).map(|(key, _)| *key).next_back() else {
            return Answer::NotFound;
        };
        self.tell(&key, repeat.at_ms)
    }

    pub(super) fn tell(&mut self, key: &Key, at_ms: u64) -> Answer {
        let row = self.rows.get_mut(key).expect("found by the caller");
        let pin = row.shape.serial.is_some() && row.shape.state == State::Approved;
        if pin && (row.shape.confirmed || at_ms > row.at_ms + RETRY_MS) {
            let day = (key.terminal, at_ms / 86_400_000);
            let told = self.reprints.entry(day).or_default();
            if row.reprints == REPRINTS_MAX || *told == TERMINAL_REPRINTS_MAX {
                return Answer::Late;
            }
            *told += 1;
            row.reprints += 1;
        }
        Answer::Duplicate(row.shape.clone())
    }

    pub(super) fn refund(&mut self, order: &RefundOrder) -> Answer {
        let Some(row) = self.rows.get_mut(&order.key) else { return Answer::Rejected };
        let approved = row.shape.is_sale() && row.shape.state == State::Approved;
        let free = row.shape.reversed_by.is_none();
        match (&order.step, row.proposer.as_deref()) {
            (RefundStep::Propose { .. }, None) if approved && free => {
                row.proposer = Some(order.actor.clone());
                row.shape.due = row.shape.due.or(Some(FollowUp::Operator));
                Answer::Done(row.shape.clone())
            }
            (RefundStep::Cancel, Some(_)) if approved => {
                row.proposer = None;
                Answer::Done(row.shape.clone())
            }
            (RefundStep::Approve, Some(proposer))
                if approved && free && proposer != order.actor =>
            {
                self.give_back(order)
            }
            _ => Answer::Rejected,
        }
    }

    fn give_back(&mut self, order: &RefundOrder) -> Answer {
        let terminal = TerminalId::OPERATOR;
        let before =
            self.rows.keys().filter(|key| (key.date, key.terminal) == (order.today, terminal));
        let stan = before.map(|key| key.stan).max().unwrap_or(0) + 1;
        let own = Key { date: order.today, terminal, stan };
        let mut sale = self.rows[&order.key].clone();
        (sale.shape.state, sale.shape.code) = (State::Reversed, ResponseCode::REVERSED);
        (sale.shape.due, sale.shape.reversed_by) = (None, Some(own));
        self.float(sale.seller).posted_minor += minor(sale.amount_minor);
        let mut shape = Shape::blank(Kind::Reversal, State::Approved, ResponseCode::APPROVED);
        shape.balance_minor = Some(self.available(sale.seller));
        let mut row = Row::blank(shape, [0; 16], order.at_ms);
        (row.amount_minor, row.original) = (sale.amount_minor, Some(order.key));
        self.rows.insert(order.key, sale.clone());
        Answer::Reversed(self.write(own, row), Some(sale.shape))
    }
}
