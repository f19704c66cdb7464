//! Dialogs that their subscribers see to the end.

use tillgate_codec::ussd::Alphabet;
use tillgate_core::provider::ProviderResult;
use tillgate_core::time::Span;
use tillgate_core::ussd::dialogs::{DialogLimits, Input};
use tillgate_core::ussd::{DialogEvent, EndReason, SayKind, SayResult};
use tillgate_store_core::{Handset, ProviderOutcome, ResponseCode, State, Status, Text};

use super::phone::{PIN, Phone, handset, link, nth};
use crate::support::{Rig, top_up_key};

/// From the main menu to the question whether to sell the first voucher.
pub(super) fn to_confirm(phone: &mut Phone) -> String {
    let mut shown = phone.pick("Vouchers");
    while !shown.contains("Confirm") {
        shown = phone.say("1");
    }
    shown
}

#[test]
fn a_handset_sells_a_voucher_by_its_menu() {
    let mut phone = Phone::new();
    assert!(phone.dial("*123#").contains("PIN"));
    assert!(phone.say(PIN).contains("Vouchers"));
    to_confirm(&mut phone);
    let receipt = phone.pick("Confirm");
    assert!(receipt.contains("Sold"), "{receipt}");
    assert_eq!(phone.last().kind, SayKind::End);
    assert_eq!(phone.rig.row(nth(1)).state, State::Approved);
    let [over] = &phone.over[..] else { panic!("{:?}", phone.over) };
    assert_eq!((over.why, over.sale.map(|sale| sale.1)), (EndReason::Done, Some(nth(1))));
    assert_eq!(phone.stats().open, 0, "nothing is left of it");
    assert!(phone.shown.iter().all(|shown| fits(&shown.text)));
    let next = phone.home();
    assert!(next.contains("Vouchers"), "the next dialog has the next number: {next}");
    to_confirm(&mut phone);
    assert!(phone.pick("Confirm").contains("Sold"));
    assert_eq!(phone.rig.row(nth(2)).state, State::Approved);
}

fn fits(text: &str) -> bool {
    Alphabet::Gsm7.length(text).is_some_and(|length| length <= 182)
}

#[test]
fn an_answer_repeats_what_came_with_the_input_that_it_answers() {
    let mut phone = Phone::new();
    phone.dial("*123#");
    let mut at = phone.address(1);
    at.echo.try_extend_from_slice(&[0x13, 0x83, 0, 2, 1, 4]).unwrap();
    phone.event(0, DialogEvent::Input { at: &at, text: PIN });
    assert!(phone.last().text.contains("Vouchers"));
    assert_eq!(phone.last().at.echo, at.echo, "numbers of messages change with each");
}

#[test]
fn a_confirmation_that_comes_twice_sells_once() {
    let mut phone = Phone::new();
    phone.home();
    to_confirm(&mut phone);
    phone.holds = true;
    for _ in 0..3 {
        phone.pick("Confirm");
    }
    assert_eq!(phone.held.len(), 1, "what is delivered again orders nothing");
    phone.release();
    assert!(phone.last().text.contains("Sold"));
    assert_eq!(phone.rig.row_if_any(nth(2)), None);
}

#[test]
fn a_begin_that_comes_twice_is_one_dialog() {
    let mut phone = Phone::new();
    phone.holds = true;
    let dialled = format!("*123*1*20*254700000001*25*{PIN}#");
    let at = phone.address(1);
    for _ in 0..2 {
        phone.event(0, DialogEvent::Begin { at: &at, dialled: &dialled });
    }
    assert_eq!((phone.held.len(), phone.stats().redelivered), (1, 1));
    phone.pass(Span::s(1));
    phone.event(0, DialogEvent::Begin { at: &at, dialled: "*123#" });
    assert_eq!(phone.over[0].why, EndReason::Replaced, "another one in its place");
}

#[test]
fn an_answer_that_comes_twice_picks_nothing_on_the_next_screen() {
    let mut phone = Phone::new();
    phone.home();
    phone.pick("Vouchers");
    phone.answers_late = true;
    while !phone.last().text.contains("Confirm") {
        // Each arrives a second time before the centre has the screen that follows.
        let (screens, at) = (phone.shown.len(), phone.address(1));
        for _ in 0..2 {
            phone.event(0, DialogEvent::Input { at: &at, text: "1" });
        }
        assert_eq!(phone.shown.len(), screens + 1, "{:?}", phone.shown);
        phone.take_late();
    }
    assert_eq!(phone.rig.row_if_any(nth(1)), None, "nothing was confirmed");
    phone.answers_late = false;
    assert!(phone.pick("Confirm").contains("Sold"));
    assert!(phone.stats().redelivered > 0);
}

#[test]
fn a_receipt_that_the_centre_has_counts_as_printed() {
    let mut phone = Phone::new();
    phone.home();
    to_confirm(&mut phone);
    phone.pick("Confirm");
    assert!(phone.rig.row(nth(1)).confirmed_ms > 0);
    let mut phone = Phone::new();
    phone.home();
    to_confirm(&mut phone);
    phone.holds = true;
    phone.pick("Confirm");
    phone.result = SayResult::Late;
    phone.release();
    assert_eq!(phone.rig.row(nth(1)).confirmed_ms, 0, "nobody has it");
    phone.result = SayResult::Accepted;
    phone.pass(Span::s(60));
    assert_eq!(phone.stats().notified, 1);
    assert!(phone.rig.row(nth(1)).confirmed_ms > 0, "it came after");
}

#[test]
fn whoever_was_cut_off_dials_anew_also_where_nothing_names_sessions() {
    let mut phone = Phone::new();
    let mut at = phone.address(1);
    at.key.clear();
    for round in 0..2 {
        phone.event(0, DialogEvent::Begin { at: &at, dialled: "*123#" });
        assert!(phone.last().text.contains("PIN"));
        phone.event(0, DialogEvent::Input { at: &at, text: PIN });
        assert!(phone.last().text.contains("Vouchers"), "{round}");
    }
    assert_eq!(phone.over[0].why, EndReason::Replaced);
    phone.pass(Span::s(1));
    // What is on its way answers both.
    phone.holds = true;
    let dialled = format!("*123*1*20*254700000001*25*{PIN}#");
    for _ in 0..2 {
        phone.event(0, DialogEvent::Begin { at: &at, dialled: &dialled });
    }
    assert_eq!((phone.held.len(), phone.stats().redelivered), (1, 1));
}

#[test]
fn a_short_cut_sells_in_one_step_and_asks_before_it_sells_again() {
    let mut phone = Phone::new();
    let dialled = format!("*123*1*20*254700000001*25*{PIN}#");
    phone.dial(&dialled);
    phone.rig.approve(top_up_key(nth(1)));
    phone.answered();
    assert!(phone.last().text.contains("Sold"), "{}", phone.last().text);
    phone.session += 1;
    let again = phone.dial(&dialled);
    assert!(again.contains("Once more"), "{again}");
    assert_eq!(phone.rig.row_if_any(nth(2)), None);
    phone.pick("Confirm");
    assert_eq!(phone.rig.row(nth(2)).state, State::Intent);
}

#[test]
fn a_repeated_order_that_is_declined_leaves_the_sale_before_it_known() {
    let mut phone = Phone::new();
    let dialled = format!("*123*1*20*254700000001*25*{PIN}#");
    phone.dial(&dialled);
    phone.rig.approve(top_up_key(nth(1)));
    phone.answered();
    phone.session += 1;
    assert!(phone.dial(&dialled).contains("Once more"));
    phone.pick("Confirm");
    let (code, reference) = (ResponseCode(*b"51"), Text::new());
    let declined = ProviderOutcome::Declined { code, reference, chip: None };
    phone.rig.found(top_up_key(nth(2)), ProviderResult::Outcome(declined));
    phone.answered();
    assert!(!phone.last().text.contains("Sold"), "{}", phone.last().text);
    phone.session += 1;
    let third = phone.dial(&dialled);
    assert!(third.contains("Once more"), "{third}");
}

#[test]
fn an_order_that_is_declined_late_leaves_the_sale_after_it_known() {
    let mut phone = Phone::new();
    let dialled = format!("*123*1*20*254700000001*25*{PIN}#");
    phone.dial(&dialled);
    phone.end(EndReason::SubscriberAbort);
    phone.session += 1;
    phone.pass(Span::ms(1));
    assert!(phone.dial(&dialled).contains("Once more"));
    phone.pick("Confirm");
    phone.rig.approve(top_up_key(nth(2)));
    phone.answered();
    assert!(phone.last().text.contains("Sold"), "{}", phone.last().text);
    let (code, reference) = (ResponseCode(*b"51"), Text::new());
    let declined = ProviderOutcome::Declined { code, reference, chip: None };
    phone.rig.found(top_up_key(nth(1)), ProviderResult::Outcome(declined));
    phone.answered();
    phone.pass(Span::s(60));
    assert_eq!(phone.rig.row(nth(1)).state, State::Declined);
    phone.session += 1;
    let third = phone.dial(&dialled);
    assert!(third.contains("Once more"), "{third}");
}

#[test]
fn a_number_that_is_no_handset_is_shown_the_door() {
    let mut phone = Phone::new();
    let shown = phone.dial_as(7, "*123#");
    assert!(shown.contains("may not sell"), "{shown}");
    assert_eq!((phone.last().kind, phone.over[0].why), (SayKind::End, EndReason::Unknown));
    phone.write(Handset { status: Status::Blocked, ..handset(1, 2) });
    assert_eq!(phone.dial("*123#"), shown);
    assert_eq!(phone.stats().open, 0);
}

#[test]
fn a_block_in_the_middle_ends_the_dialog_and_sells_nothing() {
    let mut phone = Phone::new();
    phone.home();
    to_confirm(&mut phone);
    phone.write(Handset { status: Status::Blocked, ..handset(1, 2) });
    let shown = phone.pick("Confirm");
    assert!(shown.contains("Dial again"), "{shown}");
    assert_eq!(phone.over[0].why, EndReason::Changed);
    assert_eq!(phone.rig.row_if_any(nth(1)), None);
}

#[test]
fn a_block_that_overtakes_a_confirmation_sells_nothing_either() {
    let mut phone = Phone::new();
    phone.home();
    to_confirm(&mut phone);
    phone.holds = true;
    phone.pick("Confirm");
    phone.write(Handset { status: Status::Blocked, ..handset(1, 2) });
    phone.release();
    assert!(phone.last().text.contains("Dial again"), "{}", phone.last().text);
    assert_eq!((phone.rig.row_if_any(nth(1)), phone.stats().open), (None, 0));
}

#[test]
fn a_wrong_pin_is_asked_for_again_and_then_locked() {
    let mut phone = Phone::new();
    phone.dial("*123#");
    assert!(phone.say("2581").contains("Wrong PIN"));
    assert!(phone.say("2582").contains("Wrong PIN"));
    let locked = phone.say(PIN);
    assert!(locked.starts_with("Too many wrong PINs."), "{locked}");
    assert_eq!(phone.last().kind, SayKind::End);
    phone.pass(Span::s(60));
    assert!(phone.home().contains("Vouchers"), "after the wait");
    let other = phone.dial_as(2, "*123#");
    assert!(other.contains("PIN"), "others are not concerned");
}

#[test]
fn a_pin_that_others_know_is_changed_before_anything_is_sold() {
    let mut phone = Phone::new();
    phone.write(Handset { initial: true, ..handset(1, 2) });
    let shown = phone.home();
    assert!(shown.contains("of your own"), "{shown}");
    for text in [PIN, "7391"] {
        phone.say(text);
    }
    let menu = phone.say("7391");
    assert!(menu.contains("Vouchers"), "{menu}");
    to_confirm(&mut phone);
    assert!(phone.pick("Confirm").contains("Sold"));
    phone.dial("*123#");
    assert!(phone.say(PIN).contains("Wrong PIN"), "the old one is void");
}

#[test]
fn nobody_leaves_the_change_of_a_known_pin_for_the_menu() {
    let mut phone = Phone::new();
    phone.write(Handset { initial: true, ..handset(1, 2) });
    phone.home();
    for text in ["0", "00", "*", "98", "1"] {
        let shown = phone.say(text);
        assert!(!shown.contains("Vouchers"), "{text} leads to {shown}");
    }
}

#[test]
fn a_subscriber_who_ends_it_is_told_nothing_more() {
    let mut phone = Phone::new();
    phone.home();
    let shown = phone.shown.len();
    phone.end(EndReason::SubscriberAbort);
    assert_eq!((phone.shown.len(), phone.stats().open), (shown, 0));
    assert_eq!(phone.over[0].why, EndReason::SubscriberAbort);
    let stray = phone.say("1");
    assert!(stray.contains("Dial again"), "{stray}");
    assert_eq!(phone.stats().strays, 1);
}

#[test]
fn a_dialog_that_nobody_answers_is_forgotten() {
    let mut phone = Phone::new();
    phone.home();
    phone.pass(Span::s(179));
    assert_eq!(phone.stats().open, 1);
    phone.pass(Span::s(2));
    assert_eq!((phone.stats().open, phone.over[0].why), (0, EndReason::SubscriberTimeout));
    assert_eq!(phone.deadline(), None, "nor does a timer wait for it");
}

#[test]
fn an_answer_of_another_session_reaches_no_dialog() {
    let mut phone = Phone::new();
    phone.home();
    phone.session += 1;
    assert!(phone.say("1").contains("Dial again"));
    phone.session -= 1;
    assert_eq!(phone.stats().open, 1, "the one that is there goes on");
}

#[test]
fn what_the_centre_refuses_ends_the_dialog() {
    let mut phone = Phone::new();
    phone.result = SayResult::Refused(0x45);
    phone.dial("*123#");
    assert_eq!((phone.stats().open, phone.over[0].why), (0, EndReason::Refused));
}

#[test]
fn a_lost_link_ends_its_dialogs_and_no_others() {
    let mut phone = Phone::new();
    phone.home();
    let at = phone.address(2);
    phone.event(1, DialogEvent::Begin { at: &at, dialled: "*123#" });
    phone.event(0, DialogEvent::Lost);
    assert_eq!((phone.stats().open, phone.over[0].why), (1, EndReason::LinkLost));
}

#[test]
fn at_the_limit_others_are_told_to_wait_and_a_flood_costs_only_itself() {
    let limits = DialogLimits { dialogs_max: 1, ..DialogLimits::default() };
    let mut phone = Phone::with(Rig::new(), vec![link("a", true)], limits);
    phone.home();
    let busy = phone.dial_as(2, "*123#");
    assert!(busy.contains("busy"), "{busy}");
    assert_eq!(phone.stats().open, 1);
    let mut phone = Phone::new();
    for _ in 0..30 {
        phone.session = phone.session.wrapping_add(1);
        phone.dial("*123#");
    }
    assert!(phone.last().text.contains("busy"));
    assert!(phone.dial_as(2, "*123#").contains("PIN"));
    phone.pass(Span::s(3));
    assert!(phone.dial("*123#").contains("PIN"), "and only for a while");
}

#[test]
fn a_drain_begins_nothing_and_finishes_what_was_asked() {
    let mut phone = Phone::new();
    phone.home();
    to_confirm(&mut phone);
    phone.holds = true;
    phone.pick("Confirm");
    phone.handle(Input::Drain);
    assert!(!phone.dialogs.is_drained());
    assert!(phone.dial_as(2, "*123#").contains("busy"));
    phone.release();
    assert!(phone.last().text.contains("Sold"));
    assert!(phone.dialogs.is_drained());
}
