//! Each rule, with a book and a journal that break it.

use super::super::handset::{Book, Event, Mark};
use super::super::short::Short;
use super::*;
use crate::audit::Kind;
use crate::time::Moment;

const MSISDN: u64 = 254_710_000_001;
const TERMINAL: u32 = 80_001;

fn ordered(account: &str, amount: &str) -> Event {
    Event::Ordered { account: Short::new(account), amount: Short::new(amount) }
}

fn seen(mark: Mark, reference: &str) -> Event {
    Event::Seen { mark, reference: Short::new(reference) }
}

fn notified(mark: Mark, reference: &str) -> Event {
    Event::Notified { mark, reference: Short::new(reference) }
}

fn book(events: impl IntoIterator<Item = Event>) -> Book {
    let mut book = Book::default();
    events.into_iter().for_each(|event| book.add(Moment(1), event));
    book
}

fn row(rrn: &str) -> Row {
    Row {
        terminal: TERMINAL,
        stan: 7,
        state: RowState::Approved,
        rrn: rrn.into(),
        account_masked: "******1234".into(),
        amount_minor: 1_000,
        decimals: 2,
    }
}

fn audit(books: &[&Book], rows: impl IntoIterator<Item = Row>) -> Verdict {
    let numbered = (MSISDN..).zip(TERMINAL..).zip(books);
    let mut auditor =
        Auditor::new(numbered.map(|((msisdn, terminal), book)| (msisdn, terminal, *book)));
    rows.into_iter().for_each(|row| auditor.row(row));
    auditor.finish()
}

fn kinds(
    events: impl IntoIterator<Item = Event>,
    rows: impl IntoIterator<Item = Row>,
) -> Vec<Kind> {
    let verdict = audit(&[&book(events)], rows);
    assert_eq!(verdict.is_exact(), verdict.offences().iter().all(|it| !it.kind.is_violation()));
    verdict.offences().iter().map(|offence| offence.kind).collect()
}

fn sale() -> [Event; 2] {
    [ordered("0700001234", "10"), seen(Mark::Approved, "A1")]
}

#[test]
fn what_was_seen_approved_is_in_the_journal_once_approved_and_alike() {
    assert_eq!(kinds(sale(), [row("A1")]), []);
    assert_eq!(kinds(sale(), []), [Kind::Lost]);
    assert_eq!(kinds(sale(), [row("A1"), row("A1")]), [Kind::Doubled]);
    for state in [RowState::Declined, RowState::Reversed] {
        assert_eq!(kinds(sale(), [Row { state, ..row("A1") }]), [Kind::Contradicted]);
    }
    let amount = Row { amount_minor: 1_001, ..row("A1") };
    let account = Row { account_masked: "******1235".into(), ..row("A1") };
    let longer = Row { account_masked: "*******1234".into(), ..row("A1") };
    for other in [amount, account, longer] {
        assert_eq!(kinds(sale(), [other]), [Kind::Mismatched]);
    }
    let late = || {
        let order = ordered("0700001234", "10");
        [order, seen(Mark::InProgress, "A1"), notified(Mark::Approved, "A1")]
    };
    assert_eq!(kinds(late(), [row("A1")]), []);
    assert_eq!(kinds(late(), []), [Kind::Lost], "its number was shown before");
    let declined = Row { state: RowState::Declined, ..row("A1") };
    assert_eq!(kinds(late(), [declined]), [Kind::Contradicted]);
    let decimals = Row { decimals: 0, amount_minor: 10, ..row("A1") };
    assert_eq!(kinds(sale(), [decimals]), []);
}

#[test]
fn what_was_not_typed_is_not_compared() {
    let events = [ordered("", ""), seen(Mark::Approved, "A1")];
    assert_eq!(kinds(events, [Row { amount_minor: 5, ..row("A1") }]), []);
}

#[test]
fn a_row_of_another_terminal_is_not_the_owners() {
    let foreign = Row { terminal: 70_001, ..row("A1") };
    assert_eq!(kinds(sale(), [foreign.clone()]), [Kind::Mismatched]);
    assert_eq!(kinds(sale(), [row("A1"), Row { rrn: "F".into(), ..foreign.clone() }]), []);
    assert_eq!(
        kinds(sale(), [row("A1"), foreign]),
        [Kind::Doubled],
        "the reference is there twice"
    );
}

#[test]
fn no_reference_is_in_two_books_or_twice_in_one() {
    let [first, second] = [book(sale()), book(sale())];
    let verdict = audit(&[&first, &second], [row("A1")]);
    let [offence] = verdict.offences() else { panic!("{verdict:?}") };
    assert_eq!(offence.kind, Kind::Doubled);
    assert!(offence.text.contains("to 254710000001"), "{offence}");
    assert!(
        offence.transaction.starts_with("254710000002 order 1 (10 to 0700001234)"),
        "{offence}"
    );
    assert_eq!(kinds([sale(), sale()].concat(), [row("A1")]), [Kind::Doubled]);
}

#[test]
fn what_was_seen_declined_is_not_approved() {
    for reference in ["", "A1", "7"] {
        let events = [ordered("0700001234", "10"), seen(Mark::Declined, reference)];
        assert_eq!(kinds(events.clone(), [row("A1")]), [Kind::Contradicted], "{reference}");
        assert_eq!(kinds(events.clone(), [Row { state: RowState::Declined, ..row("A1") }]), []);
        assert_eq!(kinds(events, []), []);
    }
}

#[test]
fn every_approved_row_belongs_to_an_order() {
    assert_eq!(kinds([], [row("A1")]), [Kind::Phantom]);
    assert_eq!(kinds([], [Row { state: RowState::Declined, ..row("A1") }]), []);
    assert_eq!(kinds(sale(), [row("A1"), row("A2")]), [Kind::Doubled], "a second one");
    let other = Row { amount_minor: 9, ..row("A2") };
    assert_eq!(kinds(sale(), [row("A1"), other]), [Kind::Phantom]);
}

#[test]
fn an_order_whose_end_nobody_saw_may_be_approved_once() {
    let doubt = || [ordered("0700001234", "10"), Event::Unknown];
    assert_eq!(kinds(doubt(), []), []);
    assert_eq!(kinds(doubt(), [row("A1")]), []);
    assert_eq!(kinds(doubt(), [row("A1"), row("A2")]), [Kind::Doubled]);
    assert_eq!(kinds(doubt(), [Row { amount_minor: 9, ..row("A1") }]), [Kind::Phantom]);
    // The order that was typed in full has the row; the other one gets what is left.
    let two = [[ordered("", ""), Event::Unknown], doubt()].concat();
    let left = Row { amount_minor: 9, ..row("A2") };
    assert_eq!(kinds(two.clone(), [row("A1"), left]), []);
    let verdict = audit(&[&book([sale().to_vec(), two].concat())], [row("A1"), row("A2")]);
    assert_eq!((verdict.unknown, verdict.unseen_approved, verdict.unseen_not_approved), (2, 1, 1));
    assert_eq!((verdict.ordered, verdict.approved), (3, 1));
    assert_eq!((verdict.rows, verdict.journal.count, verdict.journal.amount_minor), (2, 2, 2_000));
}

#[test]
fn an_order_in_progress_is_found_by_its_number() {
    let progress = || [ordered("0700001234", "10"), seen(Mark::InProgress, "7")];
    assert_eq!(kinds(progress(), []), []);
    assert_eq!(kinds(progress(), [row("A1")]), []);
    let other = Row { amount_minor: 9, ..row("A1") };
    assert_eq!(kinds(progress(), [other]), [Kind::Mismatched]);
    let verdict = audit(&[&book(progress())], [row("A1")]);
    assert_eq!((verdict.in_progress, verdict.unseen_approved), (1, 1));
}

#[test]
fn a_receipt_that_came_later_counts_as_seen() {
    for end in [Event::Unknown, seen(Mark::InProgress, "7")] {
        let events = [ordered("0700001234", "10"), end, notified(Mark::Approved, "A1")];
        let verdict = audit(&[&book(events.clone())], [row("A1")]);
        assert_eq!((verdict.approved, verdict.offences()), (1, &[][..]));
        assert_eq!(kinds(events, []), [Kind::Lost]);
    }
    let declined = [ordered("0700001234", "10"), Event::Unknown, notified(Mark::Declined, "")];
    assert_eq!(kinds(declined, [row("A1")]), [Kind::Contradicted]);
    // It says nothing new about what was seen.
    let again =
        [&[ordered("1", "1"), Event::Unknown][..], &sale(), &[notified(Mark::Approved, "A1")]];
    assert_eq!(kinds(again.concat(), [row("A1")]), []);
}

#[test]
fn a_later_receipt_of_one_of_several_orders_must_be_there_too() {
    let doubt = [ordered("0700001234", "10"), Event::Unknown];
    let events = [&doubt[..], &doubt, &[notified(Mark::Approved, "A1")]].concat();
    assert_eq!(kinds(events.clone(), [row("A1"), row("A2")]), []);
    assert_eq!(kinds(events.clone(), [row("A2")]), [Kind::Lost]);
    let declined = Row { state: RowState::Declined, ..row("A1") };
    assert_eq!(kinds(events.clone(), [declined]), [Kind::Contradicted]);
    assert_eq!(kinds(events, [Row { terminal: 9, ..row("A1") }]), [Kind::Mismatched]);
}

#[test]
fn an_approval_without_a_reference_needs_a_row_of_its_own() {
    let bare = || [ordered("0700001234", "10"), seen(Mark::Approved, "")];
    assert_eq!(kinds(bare(), [row("A1")]), []);
    assert_eq!(kinds(bare(), []), [Kind::Lost]);
    assert_eq!(kinds([bare(), sale()].concat(), [row("A1")]), [Kind::Lost], "it is another's");
}

#[test]
fn a_row_that_is_open_is_no_violation_but_is_named() {
    let open = Row { state: RowState::Open, ..row("A1") };
    let events = [ordered("0700001234", "10"), Event::Unknown];
    assert_eq!(kinds(events, [open.clone()]), [Kind::Unresolved]);
    assert_eq!(kinds(sale(), [open]), [Kind::Contradicted, Kind::Unresolved]);
}
