//! Rows of the journal against the lines of a statement.

use serde::Serialize;
use tillgate_store_core::{BusinessDate, FollowUp, Key, Resolution, State, StoreId, Transaction};

use super::columns::{Absent, ColumnMap, Late, MatchBy, Rules};
use super::statement::{Stated, Statement};
use crate::report::show_key;
use crate::time::{Calendar, Span, UnixMillis};

/// How the journal and the statement have a sale. The first two need nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Both sides say the same.
    Matched,
    /// It was made so near the cut-off that another day's statement may have it.
    Edge,
    /// Its outcome was open here, and the statement says it.
    Resolved,
    /// It is open here, and the statement does not say more.
    Open,
    /// Approved here; the statement does not have it, or has it as not done or taken back.
    Missing,
    /// Carried out there; declined, taken back or another bridge's here.
    Surplus,
    /// Both have it, with different amounts or in another currency.
    AmountDiffers,
    /// Approved once here, carried out more often there.
    Repeated,
    /// The statement has a reference that is not in the journal.
    Stranger,
}

/// Sales and their sum, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Side {
    /// How many.
    pub count: u64,
    /// What they add up to.
    pub minor: u128,
}

/// One sale that is not simply the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What is the matter.
    pub class: Class,
    /// As `tillgate transaction show` takes it; none of a [`Class::Stranger`].
    pub transaction: Option<String>,
    /// By which the two sides are matched.
    pub reference: String,
    /// Line of the file, where it has the sale.
    pub line: Option<u32>,
    /// Its state here.
    pub state: Option<&'static str>,
    /// Approved here, minor units.
    pub ours_minor: u64,
    /// Carried out there, minor units.
    pub theirs_minor: u64,
    /// What the rules say about it: a word for `tillgate transaction resolve`.
    pub order: Option<String>,
    /// Whether a person has to act, now or once the order was carried out.
    pub is_left: bool,
    #[serde(skip)]
    resolves: Option<(Key, Resolution)>,
}

/// What came of it. The sums of all classes are the sums of both sides.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// By class: approved here, and carried out there.
    pub classes: Vec<(Class, Side, Side)>,
    /// Approved here.
    pub ours: Side,
    /// Carried out there.
    pub theirs: Side,
    /// Everything but what matches.
    pub items: Vec<Item>,
}

/// A statement that the rows are held against.
pub struct Reconciliation<'a> {
    rules: &'a Rules,
    currency: u16,
    calendar: &'a Calendar,
    period: (BusinessDate, BusinessDate),
    statement: Statement,
    report: Report,
}

impl<'a> Reconciliation<'a> {
    /// A statement of the business dates of `period`, both included.
    #[must_use]
    pub fn new(
        map: &'a ColumnMap,
        statement: Statement,
        calendar: &'a Calendar,
        period: (BusinessDate, BusinessDate),
    ) -> Self {
        let currency = map.currency().map_or(0, |currency| currency.number);
        Self { rules: &map.rules, currency, calendar, period, statement, report: Report::default() }
    }

    /// Business dates whose rows are wanted: a day more on both sides, because a statement may begin
    /// and end at another hour.
    #[must_use]
    pub fn wanted(&self) -> (BusinessDate, BusinessDate) {
        let (from, to) = self.period;
        (BusinessDate(from.0.saturating_sub(1)), BusinessDate(to.0.saturating_add(1)))
    }

    /// A sale of the bridge, of any of the wanted dates.
    pub fn row(&mut self, row: &Transaction, store: StoreId) {
        let (reference, stated) = self.stated(row, store);
        let (from, to) = self.period;
        if stated.is_none() && !(from..=to).contains(&row.key.date) {
            return;
        }
        let same = row.currency == self.currency;
        let judged = judge(row, stated, same, self.rules, || self.is_at_edge(row.at_ms));
        let ours_minor = if row.state == State::Approved { row.amount_minor } else { 0 };
        self.judged(row, (reference, stated), ours_minor, judged);
    }

    /// A sale, of any of the wanted dates, that the bridge was tried for and left with nothing sent:
    /// it is another bridge's.
    pub fn former_row(&mut self, row: &Transaction, store: StoreId) {
        let (reference, stated) = self.stated(row, store);
        if stated.is_some() {
            let stands = stated.is_some_and(|stated| stated.stands());
            // While its own bridge works on it, nothing can be said about it yet.
            let open = row.state == State::Intent || row.owes() == Some(FollowUp::Reversal);
            let order = (!open).then_some(Resolution::Disputed);
            let judged = if stands { (Class::Surplus, order) } else { (Class::Matched, None) };
            self.judged(row, (reference, stated), 0, judged);
        }
    }

    /// What the statement has of a row.
    fn stated(&mut self, row: &Transaction, store: StoreId) -> (String, Option<Stated>) {
        let reference = match self.rules.match_by {
            MatchBy::Reference => row.reference(store).as_str().to_owned(),
            MatchBy::Rrn => row.rrn().as_str().to_owned(),
            MatchBy::ProviderReference => row.done_reference().as_str().to_owned(),
        };
        let stated = self.statement.stated.get_mut(&reference).map(|stated| {
            stated.used = true;
            *stated
        });
        (reference, stated)
    }

    fn judged(
        &mut self,
        row: &Transaction,
        (reference, stated): (String, Option<Stated>),
        ours_minor: u64,
        (class, order): (Class, Option<Resolution>),
    ) {
        let listed = row.owes() == Some(FollowUp::Operator);
        // It says so once: what is on the operator's list stays there.
        let order = order.filter(|order| !(listed && *order == Resolution::Disputed));
        self.add(Item {
            class,
            transaction: Some(show_key(&row.key)),
            reference,
            line: stated.map(|stated| stated.line),
            state: Some(row.state.label()),
            ours_minor,
            theirs_minor: stated.map_or(0, |stated| stated.standing_minor()),
            order: order.map(|order| order.to_string()),
            is_left: class > Class::Resolved,
            resolves: order.map(|order| (row.key, order)),
        });
    }

    /// All rows have been there: what is left in the statement is nobody's.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let all = std::mem::take(&mut self.statement.stated);
        let mut strangers: Vec<_> = all.into_iter().filter(|(_, stated)| !stated.used).collect();
        strangers.sort_by_key(|(_, stated)| stated.line);
        for (reference, stated) in strangers {
            // What never came here and was not done there, or no longer, costs nobody anything.
            let class = if stated.stands() { Class::Stranger } else { Class::Matched };
            self.add(Item {
                class,
                transaction: None,
                reference,
                line: Some(stated.line),
                state: None,
                ours_minor: 0,
                theirs_minor: stated.standing_minor(),
                order: None,
                is_left: class == Class::Stranger,
                resolves: None,
            });
        }
        self.report.classes.sort_by_key(|(class, ..)| *class);
        self.report
    }

    fn is_at_edge(&self, at_ms: u64) -> bool {
        let edge_ms = Span::s(u64::from(self.rules.edge_minutes) * 60).0 / 1_000_000;
        let before = self.calendar.date(UnixMillis(at_ms.saturating_sub(edge_ms)));
        let after = self.calendar.date(UnixMillis(at_ms.saturating_add(edge_ms)));
        before < self.period.0 || after > self.period.1
    }

    fn add(&mut self, item: Item) {
        let report = &mut self.report;
        let at = report.classes.iter().position(|(class, ..)| *class == item.class);
        let at = at.unwrap_or_else(|| {
            report.classes.push((item.class, Side::default(), Side::default()));
            report.classes.len() - 1
        });
        let (_, ours, theirs) = &mut report.classes[at];
        for (side, minor) in [
            (ours, item.ours_minor),
            (theirs, item.theirs_minor),
            (&mut report.ours, item.ours_minor),
            (&mut report.theirs, item.theirs_minor),
        ] {
            side.count += u64::from(minor > 0);
            side.minor += u128::from(minor);
        }
        if item.class != Class::Matched {
            report.items.push(item);
        }
    }
}

impl Stated {
    /// Whether it was carried out and not taken back.
    fn stands(&self) -> bool {
        self.done > 0 && !self.reversed
    }

    fn standing_minor(&self) -> u64 {
        if self.stands() { self.done_minor } else { 0 }
    }
}

impl Report {
    /// The orders that the rules allow, with the note of each for the audit log.
    pub fn orders(&self, file: &str) -> impl Iterator<Item = (Key, Resolution, String)> {
        self.items.iter().filter_map(move |item| {
            let (key, order) = item.resolves?;
            let said = match item.line {
                Some(line) => format!("line {line}: {} minor units done", item.theirs_minor),
                None => "it is not there".to_owned(),
            };
            Some((key, order, format!("statement {file:.60}, {said}")))
        })
    }

    /// Items that a person has to see to.
    #[must_use]
    pub fn left(&self) -> usize {
        self.items.iter().filter(|item| item.is_left).count()
    }
}

/// What a row and what is stated about it make, and what the rules say to do.
fn judge(
    row: &Transaction,
    stated: Option<Stated>,
    same_currency: bool,
    rules: &Rules,
    at_edge: impl Fn() -> bool,
) -> (Class, Option<Resolution>) {
    use Resolution::{Approved, Declined, Disputed, LateApproval};
    let stands = stated.is_some_and(|stated| stated.stands());
    let repeated = stated.is_some_and(|stated| stated.done > 1);
    let agrees =
        same_currency && stated.is_some_and(|stated| stated.standing_minor() == row.amount_minor);
    let absent = stated.is_none();
    // Its order is on its way to the provider: nothing can be said about it yet.
    let waits = row.state == State::Intent;
    let taken_back = row.owes() == Some(FollowUp::Reversal);
    match row.state {
        State::Approved if stands && repeated => (Class::Repeated, Some(Disputed)),
        State::Approved if agrees => (Class::Matched, None),
        State::Approved if stands => (Class::AmountDiffers, Some(Disputed)),
        State::Approved if absent && at_edge() => (Class::Edge, None),
        State::Approved => (Class::Missing, Some(Disputed)),
        // The bridge is taking it back already.
        State::Declined | State::Reversed if stands && taken_back => (Class::Surplus, None),
        State::Declined if stands && rules.late == Late::TakeBack => {
            (Class::Surplus, Some(LateApproval))
        }
        State::Declined | State::Reversed if stands => (Class::Surplus, Some(Disputed)),
        State::Declined | State::Reversed => (Class::Matched, None),
        State::Intent | State::Unknown if waits || (taken_back && stands) => (Class::Open, None),
        State::Unknown | State::Intent if stands && (repeated || !agrees) => {
            (Class::AmountDiffers, Some(Disputed))
        }
        State::Unknown | State::Intent if stands => (Class::Resolved, Some(Approved)),
        State::Unknown | State::Intent if !absent => (Class::Resolved, Some(Declined)),
        State::Unknown | State::Intent if at_edge() => (Class::Edge, None),
        State::Unknown | State::Intent if rules.absent == Absent::Declined => {
            (Class::Resolved, Some(Declined))
        }
        State::Unknown | State::Intent => (Class::Open, Some(Disputed)),
    }
}
