//! What is counted of the terminals' books, without any run.

use tillgate_codec::link::message::{Answer, AnswerKind, BusinessDate, ResponseCode};
use tillsim_core::sales_log::Asked;
use tillsim_core::time::Moment;

use super::*;

const DATE: BusinessDate = BusinessDate(9_000);

/// A book with one sale that was answered so.
fn book(code: ResponseCode) -> SalesLog {
    let mut book = SalesLog::new(7);
    book.open(DATE, 0);
    let asked =
        Asked { stan: 1, date: DATE, service: 10, product: 1, amount_minor: 500, subscriber: 0 };
    let index = book.begin(asked, Moment(0), Moment(0), false);
    let answer = Answer {
        kind: AnswerKind::Sale,
        stan: 1,
        date: DATE,
        code,
        rrn: "632700000001",
        reference: "",
        amount_minor: 500,
        balance_minor: None,
        voucher: None,
        time_s: 1,
        fee_minor: 0,
        tax_minor: 0,
        lines: "",
    };
    book.settle(index, Moment(1), &answer, b"answer");
    book
}

#[test]
fn a_terminal_that_was_to_settle_and_compared_nothing_is_counted() {
    let (none, mut agreed) = (book(ResponseCode::APPROVED), book(ResponseCode::APPROVED));
    agreed.compared(DATE, true);
    let never_online = SalesLog::new(8);
    let books = [none, agreed, never_online];
    let expected = Settlements { agree: 1, not_compared: 1, ..Settlements::default() };
    assert_eq!(Settlements::of(books.iter(), true), expected);
    assert_eq!(Settlements::of(books.iter(), false).not_compared, 0, "none was to");
}

#[test]
fn a_kind_of_terminal_that_sold_nothing_is_not_hidden_by_one_that_did() {
    let (sold, declined) = (book(ResponseCode::APPROVED), book(ResponseCode::INSUFFICIENT_FLOAT));
    let mut back = book(ResponseCode::APPROVED);
    back.reverse(0);
    back.reversed(0, Moment(2), ResponseCode::APPROVED);
    let kind = |book| KindFacts::of_books("a kind", [book].into_iter(), false);
    assert_eq!(approved_least(&[kind(&sold), kind(&declined)], 1), 0);
    assert_eq!(approved_least(&[kind(&sold), kind(&back)], 2), 1, "it was sold all the same");
    assert_eq!(approved_least(&[], 5), 5);
}

#[test]
fn whatever_a_merchant_noticed_counts_without_a_journal() {
    assert_eq!(complaints([book(ResponseCode::APPROVED)].iter()), 0);
    let mut refused = book(ResponseCode::APPROVED);
    refused.confirm(0, ResponseCode::DUPLICATE);
    let mut undone = book(ResponseCode::APPROVED);
    undone.confirm(0, ResponseCode::APPROVED);
    undone.reverse(0);
    undone.reversed(0, Moment(2), ResponseCode::APPROVED);
    assert_eq!(complaints([refused, undone].iter()), 2);
}
