//! Every way in which three books can differ is found, and three that agree are let pass.

use tillgate_codec::link::message::{Answer, AnswerKind, BusinessDate, ResponseCode, VoucherSlip};

use super::*;
use crate::sales_log::Asked;
use crate::time::Moment;

const DATE: BusinessDate = BusinessDate(9_800);
const RRN: &str = "632700000001";

fn asked(stan: u32, subscriber: u64) -> Asked {
    Asked { stan, date: DATE, service: 10, product: 1, amount_minor: 500, subscriber }
}

fn answer(stan: u32, code: ResponseCode) -> Answer<'static> {
    let slip = VoucherSlip { serial: "S1", pin: "123456", expiry: BusinessDate(10_000) };
    Answer {
        kind: AnswerKind::Sale,
        stan,
        date: DATE,
        code,
        rrn: RRN,
        reference: "",
        amount_minor: 500,
        balance_minor: None,
        voucher: code.is_approved().then_some(slip),
        time_s: 1,
        fee_minor: 0,
        tax_minor: 0,
        lines: "",
    }
}

/// A book of terminal 7 that was opened after STAN 3, with one sale, STAN 4, answered by `code`.
fn book(code: Option<ResponseCode>) -> SalesLog {
    let mut book = SalesLog::new(7);
    book.open(DATE, 3);
    let index = book.begin(asked(4, 0), Moment(0), Moment(0), false);
    if let Some(code) = code {
        book.settle(index, Moment(1), &answer(4, code), b"answer");
    }
    book
}

fn approved_book() -> SalesLog {
    book(Some(ResponseCode::APPROVED))
}

fn row() -> Row<'static> {
    Row {
        date: DATE,
        terminal: 7,
        stan: 4,
        state: RowState::Approved,
        forwarded: false,
        code: "00",
        rrn: RRN,
        reference: "ref-4",
        provider_reference: "",
        service: 10,
        product: 1,
        amount_minor: 500,
        subscriber_masked: "",
        serial: "S1",
        confirmed: false,
    }
}

/// The kinds of offences that these rows give against this book.
fn kinds(book: &SalesLog, rows: &[Row<'_>]) -> Vec<Kind> {
    let mut auditor = Auditor::new([book]);
    rows.iter().for_each(|row| auditor.row(row));
    auditor.finish().offences().iter().map(|offence| offence.kind).collect()
}

#[test]
fn books_that_agree_are_exact() {
    let book = approved_book();
    let mut auditor = Auditor::new([&book]);
    auditor.voucher(10, 1, "S1", "123456");
    auditor.row(&row());
    let verdict = auditor.finish();
    assert!(verdict.is_exact() && verdict.offences().is_empty(), "{verdict:?}");
    assert_eq!(verdict.terminals, Side { count: 1, amount_minor: 500 });
    assert_eq!(verdict.journal, verdict.terminals);
    assert_eq!(verdict.pins_checked, 1);
}

#[test]
fn an_approved_sale_without_its_row_is_lost() {
    assert_eq!(kinds(&approved_book(), &[]), [Kind::Lost]);
    let declined = Row { state: RowState::Declined, serial: "", ..row() };
    assert_eq!(kinds(&approved_book(), &[declined]), [Kind::Lost]);
    let reversed = Row { state: RowState::Reversed, ..row() };
    assert_eq!(kinds(&approved_book(), &[reversed]), [Kind::Lost]);
}

#[test]
fn a_request_that_is_in_the_journal_twice_is_doubled() {
    let again = Row { rrn: "632700000002", serial: "S2", ..row() };
    assert_eq!(kinds(&approved_book(), &[row(), again]), [Kind::Doubled]);
}

#[test]
fn a_serial_or_a_retrieval_reference_used_twice_is_doubled() {
    let foreign = Row { terminal: 8, rrn: "632700000002", ..row() };
    assert_eq!(kinds(&approved_book(), &[row(), foreign]), [Kind::Doubled]);
    let foreign = Row { terminal: 8, serial: "S2", ..row() };
    assert_eq!(kinds(&approved_book(), &[row(), foreign]), [Kind::Doubled]);
}

#[test]
fn two_terminals_with_the_same_voucher_are_found_without_the_journal() {
    let (one, mut two) = (approved_book(), SalesLog::new(8));
    two.open(DATE, 0);
    let index = two.begin(asked(4, 0), Moment(0), Moment(0), false);
    two.settle(index, Moment(1), &answer(4, ResponseCode::APPROVED), b"answer");
    let verdict = Auditor::new([&one, &two]).finish();
    assert_eq!((verdict.count(Kind::Doubled), verdict.count(Kind::Lost)), (1, 2));
}

#[test]
fn every_field_that_differs_is_mismatched() {
    let changed = [
        Row { amount_minor: 501, ..row() },
        Row { service: 11, ..row() },
        Row { product: 2, ..row() },
        Row { rrn: "632700000009", ..row() },
        Row { serial: "S9", ..row() },
        Row { provider_reference: "X", ..row() },
        Row { subscriber_masked: "27****01", ..row() },
    ];
    for row in changed {
        assert_eq!(kinds(&approved_book(), &[row]), [Kind::Mismatched], "{row:?}");
    }
}

#[test]
fn a_pin_that_is_not_the_imported_one_is_mismatched() {
    let book = approved_book();
    for (serial, pin) in [("S1", "999999"), ("S2", "123456")] {
        let mut auditor = Auditor::new([&book]);
        auditor.voucher(10, 1, serial, pin);
        auditor.row(&row());
        assert_eq!(auditor.finish().count(Kind::Mismatched), 1, "{serial} {pin}");
    }
}

#[test]
fn declined_at_the_terminal_and_approved_in_the_journal_is_a_contradiction() {
    let declined = book(Some(ResponseCode::NOT_HONOURED));
    assert_eq!(kinds(&declined, &[row()]), [Kind::Contradicted]);
    assert_eq!(kinds(&declined, &[]), []);
}

#[test]
fn an_approved_row_that_no_terminal_asked_for_is_a_phantom() {
    let unasked = Row { stan: 5, serial: "S2", rrn: "632700000002", ..row() };
    assert_eq!(kinds(&approved_book(), &[row(), unasked]), [Kind::Phantom]);
}

#[test]
fn rows_from_before_the_run_are_left_alone() {
    let earlier = Row { stan: 3, serial: "S2", rrn: "632700000002", ..row() };
    assert_eq!(kinds(&approved_book(), &[earlier, row()]), []);
    assert_eq!(kinds(&SalesLog::new(7), &[row()]), [], "a terminal that never logged on");
}

#[test]
fn a_sale_in_doubt_is_listed_but_is_no_violation() {
    let doubtful = book(None);
    for rows in [&[][..], &[row()]] {
        let mut auditor = Auditor::new([&doubtful]);
        rows.iter().for_each(|row| auditor.row(row));
        let verdict = auditor.finish();
        assert!(verdict.is_exact());
        assert_eq!(verdict.count(Kind::Unresolved), 1);
    }
}

#[test]
fn the_provider_did_exactly_what_the_journal_says() {
    let forwarded = Row { forwarded: true, ..row() };
    let declined = Row { state: RowState::Declined, serial: "", ..forwarded };
    let open = Row { state: RowState::Open, ..forwarded };
    let deal =
        |approved, amount_minor| ProviderTransaction { reference: "ref-4", amount_minor, approved };
    let cases: [(Row<'_>, Option<ProviderTransaction<'_>>, &[Kind]); 6] = [
        (forwarded, Some(deal(true, 500)), &[]),
        (forwarded, None, &[Kind::Phantom]),
        (forwarded, Some(deal(false, 500)), &[Kind::Phantom]),
        (forwarded, Some(deal(true, 499)), &[Kind::Mismatched]),
        (declined, Some(deal(true, 500)), &[Kind::Lost]),
        (open, Some(deal(true, 500)), &[Kind::Unresolved]),
    ];
    for (row, deal, expected) in cases {
        let mut auditor = Auditor::new([]);
        auditor.provider("one");
        if let Some(deal) = &deal {
            auditor.deal(deal);
        }
        auditor.row(&row);
        let verdict = auditor.finish();
        let kinds: Vec<Kind> = verdict.offences().iter().map(|offence| offence.kind).collect();
        assert_eq!(kinds, expected, "{row:?} {deal:?}");
    }
    let mut auditor = Auditor::new([]);
    auditor.provider("one");
    auditor.deal(&deal(true, 500));
    assert_eq!(auditor.finish().count(Kind::Lost), 1, "paid, and the journal does not know");
}

#[test]
fn a_sale_that_failed_over_is_done_by_one_provider_and_counted_at_that_one() {
    let forwarded = Row { forwarded: true, ..row() };
    let audited = |books: [Option<bool>; 2]| {
        let mut auditor = Auditor::new([]);
        for (name, approved) in ["one", "two"].into_iter().zip(books) {
            auditor.provider(name);
            let deal =
                |approved| ProviderTransaction { reference: "ref-4", amount_minor: 500, approved };
            approved.into_iter().for_each(|approved| auditor.deal(&deal(approved)));
        }
        auditor.row(&forwarded);
        auditor.finish()
    };
    for books in [[Some(false), Some(true)], [Some(true), Some(false)], [None, Some(true)]] {
        let report = audited(books);
        assert!(report.offences().iter().all(|offence| offence.kind == Kind::Phantom));
        for (sides, approved) in report.providers.iter().zip(books) {
            let is_done = u64::from(approved == Some(true));
            assert_eq!((sides.done.count, sides.journal.count), (is_done, is_done), "{books:?}");
        }
    }
    assert_eq!(audited([Some(true), Some(true)]).count(Kind::Doubled), 1);
    assert_eq!(audited([Some(false), Some(false)]).count(Kind::Phantom), 1);
}

#[test]
fn a_deal_without_our_reference_is_found_by_its_rrn() {
    let mut auditor = Auditor::new([]);
    auditor.provider("host");
    let forwarded = Row { forwarded: true, ..row() };
    let reference = forwarded.rrn;
    auditor.deal(&ProviderTransaction { reference, amount_minor: 500, approved: true });
    auditor.row(&forwarded);
    let report = auditor.finish();
    assert_eq!((report.providers[0].journal.count, report.count(Kind::Lost)), (1, 0));
}

#[test]
fn a_masked_subscriber_fits_only_his_own_number() {
    let mut book = SalesLog::new(7);
    book.open(DATE, 3);
    let index = book.begin(asked(4, 27_123_456), Moment(0), Moment(0), false);
    book.settle(index, Moment(1), &answer(4, ResponseCode::APPROVED), b"answer");
    for (masked, fits) in [("27****56", true), ("27****57", false), ("27***456", true), ("", false)]
    {
        let row = Row { subscriber_masked: masked, ..row() };
        assert_eq!(kinds(&book, &[row]).is_empty(), fits, "{masked}");
    }
}

#[test]
fn a_confirm_that_was_accepted_is_in_the_journal() {
    let mut book = approved_book();
    book.confirm(0, ResponseCode::APPROVED);
    assert_eq!(kinds(&book, &[Row { confirmed: true, ..row() }]), []);
    assert_eq!(kinds(&book, &[row()]), [Kind::Mismatched]);
}

#[test]
fn a_sale_is_not_taken_back_once_its_confirm_was_acknowledged() {
    for (confirmed, expected) in [(false, vec![]), (true, vec![Kind::Contradicted])] {
        let mut book = approved_book();
        if confirmed {
            book.confirm(0, ResponseCode::APPROVED);
        }
        book.reverse(0);
        book.reversed(0, Moment(2), ResponseCode::APPROVED);
        let row = Row { state: RowState::Reversed, confirmed, ..row() };
        assert_eq!(kinds(&book, &[row]), expected);
    }
}

#[test]
fn what_a_merchant_noticed_by_himself_is_in_the_verdict() {
    let mut book = approved_book();
    book.settle(0, Moment(2), &answer(4, ResponseCode::APPROVED), b"another answer");
    assert_eq!(kinds(&book, &[row()]), [Kind::Mismatched]);
}
