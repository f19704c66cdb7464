//! Terminals that send frames: what they did, and what their books, the journal and the providers say.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tillsim_core::audit::{Kind, own_complaints};
use tillsim_core::sales_log::Settlement;
use tillsim_core::terminal::{UssdNote, UssdTerminal};
use tillsim_core::time::Span;
use tillsim_core::ussdc::crowd::Crowd;

use super::tally::Tally;
use crate::driver::{self, ClientKind};
use crate::run::{Money, Sources, money_json, money_text, reconcile};
use crate::text::grouped;

/// Who they are, and what their books are compared with.
pub(crate) struct Terminals {
    pub(crate) list: Vec<UssdTerminal>,
    pub(crate) sources: Sources,
    pub(crate) patience: Span,
}

impl Terminals {
    /// Those who take part, and what is needed afterwards.
    pub(super) fn split(self) -> (Vec<UssdTerminal>, (Sources, Span)) {
        (self.list, (self.sources, self.patience))
    }
}

/// What they do, counted.
#[derive(Default)]
pub(super) struct Frames {
    /// What happened at their tills.
    till: driver::Tally,
    requested: u64,
    parts_again: u64,
    replies_lost: u64,
    replayed: u64,
    replays_refused: u64,
    replays_answered: u64,
}

impl Frames {
    pub(super) fn note(&mut self, note: UssdNote) {
        match note {
            UssdNote::Till(note) => {
                self.till.note(ClientKind::Sealed, note);
            }
            UssdNote::Requested => self.requested += 1,
            UssdNote::PartAgain => self.parts_again += 1,
            UssdNote::ReplyLost => self.replies_lost += 1,
            UssdNote::Replayed => self.replayed += 1,
            UssdNote::ReplayRefused => self.replays_refused += 1,
            UssdNote::ReplayAnswered => self.replays_answered += 1,
        }
    }
}

/// The end of a run, as far as terminals are concerned.
pub(super) struct Sealed {
    terminals: usize,
    in_doubt: u64,
    /// Sales of which the merchant himself noticed that something was wrong.
    complaints: u64,
    totals_differ: u64,
    /// Copied frames that were answered although the gateway was there all the time.
    replays_believed: u64,
    money: Money,
}

impl Sealed {
    /// Compares the books; a gateway that was started again may answer a copied frame once.
    pub(super) fn new(
        (sources, patience): (Sources, Span),
        crowd: &Crowd,
        tally: &Tally,
        was_lost: bool,
    ) -> Self {
        let books: Vec<_> = crowd.books().collect();
        let money = reconcile(&books, &sources, patience);
        let entries = books.iter().flat_map(|book| book.entries());
        let differs = |settlement| settlement == Settlement::Differed;
        Self {
            terminals: books.len(),
            in_doubt: books.iter().map(|book| u64::from(book.in_doubt())).sum(),
            complaints: entries.flat_map(own_complaints).map(|_| 1).sum(),
            totals_differ: books.iter().filter(|book| differs(book.settlement())).map(|_| 1).sum(),
            replays_believed: if was_lost { 0 } else { tally.frames.replays_answered },
            money,
        }
    }

    pub(super) fn is_wrong(&self) -> bool {
        let is_wrong = matches!(&self.money, Money::Checked(verdict) if !verdict.is_exact());
        is_wrong || self.complaints + self.totals_differ > 0 || self.replays_believed > 0
    }

    /// What is not known to be right, although nothing is wrong.
    pub(super) fn missed(&self, frames: &Frames) -> Vec<String> {
        let mut missed = Vec::new();
        if frames.till.approved == 0 {
            missed.push("no terminal has sold anything".to_owned());
        }
        let open = match &self.money {
            Money::Checked(verdict) => verdict.count(Kind::Unresolved),
            Money::NotChecked => self.in_doubt,
            Money::Unreadable(_) => {
                missed.push("the journal could not be read for the terminals".to_owned());
                0
            }
        };
        if open > 0 {
            missed.push(format!("{} sales of terminals are still open", grouped(open)));
        }
        missed
    }

    pub(super) fn text(&self, frames: &Frames) -> String {
        let Frames { till, requested, parts_again, replies_lost, .. } = frames;
        let Frames { replayed, replays_refused, replays_answered, .. } = frames;
        let declined: u64 = till.declined.iter().map(|(_, count)| count).sum();
        let mut text = String::new();
        let mut line = |words: std::fmt::Arguments<'_>| {
            text.write_fmt(words).unwrap_or_default();
            text.push('\n');
        };
        line(format_args!(
            "terminals: {} with sealed frames, {} requests; {} sales approved, {declined} declined, {} taken \
             back, {} doubts",
            self.terminals,
            grouped(*requested),
            grouped(till.approved),
            till.reversed,
            till.doubts
        ));
        line(format_args!(
            "  {parts_again} parts asked for again, {replies_lost} replies lost; {replayed} frames copied, \
             {replays_refused} of them refused, {replays_answered} answered"
        ));
        for (trouble, count) in &till.troubles {
            line(format_args!("  {} times: {trouble}", grouped(*count)));
        }
        for (count, what) in [
            (self.complaints, "sales were not as their merchants had asked for"),
            (self.totals_differ, "terminals have other totals than the gateway"),
            (self.replays_believed, "copied frames were answered: VIOLATED"),
        ] {
            if count > 0 {
                line(format_args!("  {count} {what}"));
            }
        }
        text + "terminals' " + &money_text(&self.money)
    }

    pub(super) fn json(&self, frames: &Frames) -> Value {
        let till = &frames.till;
        json!({
            "terminals": self.terminals,
            "requests": frames.requested,
            "sales": {
                "started": till.started, "approved": till.approved, "confirmed": till.confirmed,
                "reversed": till.reversed, "doubts": till.doubts, "sent_again": till.sent_again,
                "in_doubt": self.in_doubt, "complaints": self.complaints,
            },
            "totals_differ": self.totals_differ,
            "parts_again": frames.parts_again,
            "replies_lost": frames.replies_lost,
            "copied": {
                "sent": frames.replayed, "refused": frames.replays_refused,
                "answered": frames.replays_answered,
            },
            "troubles": till.troubles,
            "money": money_json(&self.money),
        })
    }
}

#[cfg(test)]
mod tests {
    use tillsim_core::terminal::{Finished, Note};

    use super::*;

    const RIGHT: Sealed = Sealed {
        terminals: 1,
        in_doubt: 0,
        complaints: 0,
        totals_differ: 0,
        replays_believed: 0,
        money: Money::NotChecked,
    };

    #[test]
    fn a_copy_that_was_answered_a_complaint_and_other_totals_are_violations() {
        assert!(!RIGHT.is_wrong());
        assert!(Sealed { replays_believed: 1, ..RIGHT }.is_wrong());
        assert!(Sealed { complaints: 1, ..RIGHT }.is_wrong());
        assert!(Sealed { totals_differ: 1, ..RIGHT }.is_wrong());
    }

    #[test]
    fn terminals_that_sold_nothing_or_have_doubts_have_missed_something() {
        let mut frames = Frames::default();
        assert_eq!(RIGHT.missed(&frames), ["no terminal has sold anything"]);
        let code = tillgate_codec::link::message::ResponseCode::APPROVED;
        let (response, service) = (Span::ms(1), Span::ms(1));
        let sold = Note::Finished(Finished { code, response, service });
        frames.note(UssdNote::Till(sold));
        assert!(RIGHT.missed(&frames).is_empty());
        let doubtful = Sealed { in_doubt: 2, ..RIGHT };
        assert_eq!(doubtful.missed(&frames), ["2 sales of terminals are still open"]);
    }
}
