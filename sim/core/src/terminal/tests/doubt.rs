//! Repeats, reversals, clashes and power cuts.

use tillgate_codec::link::message::{Repeat, Reversal};

use super::*;
use crate::firmware::Habits;
use crate::sales_log::Settlement;

const ALWAYS: u16 = 1_000;

fn with(habits: Habits) -> Pair {
    let mut pair =
        Pair::online(Firmware { habits, confirm_permille: ALWAYS, ..firmware(thinking()) });
    pair.until_deadline();
    pair
}

impl Pair {
    fn lose_link(&mut self) {
        self.channel = None;
        self.give(Input::Closed);
        self.log_on();
    }

    fn reversal(&mut self) -> Reversal {
        let body = self.bodies.remove(0);
        let Ok(TerminalMessage::Reversal(reversal)) = TerminalMessage::decode(&body) else {
            panic!("no reversal: {body:02x?}")
        };
        reversal
    }

    fn repeat(&mut self) -> Repeat {
        let body = self.bodies.remove(0);
        let Ok(TerminalMessage::Repeat(repeat)) = TerminalMessage::decode(&body) else {
            panic!("no repeat: {body:02x?}")
        };
        repeat
    }

    fn answer_reversal(&mut self, stan: u32, code: ResponseCode) {
        self.say(&GatewayMessage::Answer(answer(AnswerKind::Reversal, stan, code)));
    }
}

#[test]
fn a_sale_in_doubt_is_taken_back_and_its_late_answer_changes_nothing() {
    let mut pair = with(Habits { give_back_permille: ALWAYS, ..Habits::default() });
    let (stan, _) = pair.sale();
    pair.lose_link();
    let reversal = pair.reversal();
    assert_eq!((reversal.original_stan, reversal.stan), (stan, stan + 1));
    assert_eq!((reversal.reason, reversal.amount_minor), (Reversal::TIMEOUT, 500));
    pair.answer_reversal(reversal.stan, ResponseCode::APPROVED);
    assert_eq!((pair.state(0), pair.terminal.book().in_doubt()), (State::Reversed, 0));
    pair.answer(stan, ResponseCode::APPROVED);
    assert_eq!((pair.state(0), pair.terminal.book().in_doubt()), (State::Reversed, 0));
    assert!(!pair.terminal.book().entries()[0].wrong.answer_changed);
}

#[test]
fn an_answer_that_overtakes_the_reversal_leaves_the_sale_in_doubt_until_both_are_known() {
    let mut pair = with(Habits { give_back_permille: ALWAYS, ..Habits::default() });
    let (stan, _) = pair.sale();
    pair.lose_link();
    let reversal = pair.reversal();
    pair.answer(stan, ResponseCode::APPROVED);
    assert_eq!((pair.state(0), pair.terminal.book().in_doubt()), (State::Approved, 1));
    pair.answer_reversal(reversal.stan, ResponseCode::NOT_REVERSIBLE);
    assert_eq!((pair.state(0), pair.terminal.book().in_doubt()), (State::Approved, 0));
}

#[test]
fn a_sale_that_stands_is_asked_about_by_a_repeat() {
    let mut pair = with(Habits { give_back_permille: ALWAYS, ..Habits::default() });
    let (stan, _) = pair.sale();
    pair.lose_link();
    let reversal = pair.reversal();
    pair.answer_reversal(reversal.stan, ResponseCode::NOT_REVERSIBLE);
    assert_eq!((pair.state(0), pair.terminal.book().in_doubt()), (State::InDoubt, 1));
    assert_eq!(pair.repeat().stan, stan);
    pair.answer(stan, ResponseCode::APPROVED);
    assert_eq!((pair.state(0), pair.terminal.book().in_doubt()), (State::Approved, 0));
}

#[test]
fn a_repeat_that_finds_nothing_is_followed_by_the_sale_itself_with_the_same_bytes() {
    let mut pair = with(Habits { repeat_permille: ALWAYS, ..Habits::default() });
    let (stan, first) = pair.sale();
    pair.lose_link();
    assert_eq!(pair.repeat().stan, stan);
    pair.answer(stan, ResponseCode::UNABLE_TO_LOCATE);
    assert_eq!(pair.sale(), (stan, first));
    pair.answer(stan, ResponseCode::NOT_HONOURED);
    assert_eq!(pair.state(0), State::Declined(ResponseCode::NOT_HONOURED));
}

#[test]
fn an_approved_sale_is_cancelled_before_its_receipt_is_confirmed() {
    let mut pair = with(Habits { cancel_permille: ALWAYS, ..Habits::default() });
    let (stan, _) = pair.sale();
    pair.answer(stan, ResponseCode::APPROVED);
    let reversal = pair.reversal();
    assert_eq!((reversal.reason, pair.terminal.book().in_doubt()), (Reversal::CANCELLED, 1));
    pair.answer_reversal(reversal.stan, ResponseCode::IN_PROGRESS);
    pair.until_deadline();
    assert_eq!(pair.reversal(), reversal);
    pair.answer_reversal(reversal.stan, ResponseCode::APPROVED);
    assert_eq!((pair.state(0), pair.terminal.book().in_doubt()), (State::Reversed, 0));
    assert!(pair.notes.contains(&Note::Reversed));
}

#[test]
fn other_content_under_the_same_stan_must_be_refused() {
    for (code, taken) in [(ResponseCode::DUPLICATE, false), (ResponseCode::APPROVED, true)] {
        let mut pair = with(Habits { clash_permille: ALWAYS, ..Habits::default() });
        let (stan, first) = pair.sale();
        pair.answer(stan, ResponseCode::NOT_HONOURED);
        let (again, other) = pair.sale();
        assert!(again == stan && other != first);
        pair.answer(stan, code);
        assert_eq!(pair.terminal.book().entries()[0].wrong.other_content_taken, taken);
    }
}

#[test]
fn a_sale_that_comes_late_though_it_was_taken_back_must_be_refused() {
    for (code, taken) in [(ResponseCode::REVERSED, false), (ResponseCode::APPROVED, true)] {
        let habits = Habits { cancel_permille: ALWAYS, late_permille: ALWAYS, ..Habits::default() };
        let mut pair = with(habits);
        let (stan, first) = pair.sale();
        pair.answer(stan, ResponseCode::APPROVED);
        let reversal = pair.reversal();
        pair.answer_reversal(reversal.stan, ResponseCode::APPROVED);
        assert_eq!(pair.sale(), (stan, first), "the same bytes");
        pair.answer(stan, code);
        let entry = &pair.terminal.book().entries()[0];
        assert_eq!((entry.state, entry.wrong.sold_late), (State::Reversed, taken));
    }
}

#[test]
fn a_power_cut_turns_a_sale_under_way_into_a_repeat_and_a_receipt_into_a_reversal() {
    let mut pair = with(Habits::default());
    let (stan, _) = pair.sale();
    let back = Moment(pair.now.0 + 9_000_000_000);
    pair.give(Input::PowerCut { back });
    assert!(pair.closed);
    assert_eq!(pair.terminal.deadline(), Some(back));
    pair.log_on();
    assert_eq!(pair.repeat().stan, stan);
    pair.answer(stan, ResponseCode::APPROVED);
    assert!(matches!(
        TerminalMessage::decode(&pair.bodies.remove(0)),
        Ok(TerminalMessage::Confirm(_))
    ));
    pair.give(Input::PowerCut { back });
    pair.log_on();
    let reversal = pair.reversal();
    assert_eq!((reversal.original_stan, reversal.reason), (stan, Reversal::PRINTER));
    // The confirm had come through: the sale stands.
    pair.answer_reversal(reversal.stan, ResponseCode::NOT_REVERSIBLE);
    assert_eq!((pair.state(0), pair.terminal.book().in_doubt()), (State::Approved, 0));
}

#[test]
fn a_reversal_under_way_survives_a_power_cut_with_the_same_bytes() {
    let mut pair = with(Habits { cancel_permille: ALWAYS, ..Habits::default() });
    let (stan, _) = pair.sale();
    pair.answer(stan, ResponseCode::APPROVED);
    let reversal = pair.reversal();
    pair.give(Input::PowerCut { back: pair.now });
    pair.log_on();
    assert_eq!(pair.reversal(), reversal);
}

#[test]
fn totals_are_compared_before_a_terminal_logs_off_for_good() {
    use tillgate_codec::link::message::{Settled, Totals};
    for (code, settlement) in [
        (ResponseCode::APPROVED, Settlement::Agreed),
        (ResponseCode::TOTALS_DIFFER, Settlement::Excused),
    ] {
        let mut pair = with(Habits { settles: true, ..Habits::default() });
        let (stan, _) = pair.sale();
        pair.answer(stan, ResponseCode::NOT_HONOURED);
        pair.give(Input::Stop);
        let body = pair.bodies.remove(0);
        let Ok(TerminalMessage::Settle(settle)) = TerminalMessage::decode(&body) else {
            panic!("no settlement: {body:02x?}")
        };
        assert_eq!((settle.stan, settle.totals), (stan + 1, Totals::default()));
        assert!(!pair.terminal.is_gone());
        pair.say(&GatewayMessage::Settled(Settled {
            stan: settle.stan,
            date: settle.date,
            settled_date: settle.settled_date,
            code,
            rrn: "632700000002",
            totals: Totals::default(),
            open_count: 0,
            time_s: 1,
        }));
        // The gateway knew of three earlier requests of the date, so a difference is no wonder.
        assert_eq!(pair.terminal.book().settlement(), settlement);
        assert!(pair.terminal.is_gone());
    }
}
