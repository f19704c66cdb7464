//! Sales whose subscribers do not see the end: they are made once, and the receipt follows.

use tillgate_core::time::Span;
use tillgate_core::ussd::dialogs::DialogLimits;
use tillgate_core::ussd::{DialogEvent, EndReason, SayKind, SayResult};
use tillgate_store_core::{Handset, State, Status};

use super::dialogs::to_confirm;
use super::phone::{ANSWER, PIN, Phone, handset, link, nth};
use crate::support::{Rig, code_of, confirm, repeat, reversal, top_up_key};

fn short_cut() -> String {
    format!("*123*1*20*254700000001*25*{PIN}#")
}

/// A top-up that its provider does not answer.
fn waiting() -> Phone {
    let mut phone = Phone::new();
    phone.dial(&short_cut());
    assert_eq!(phone.rig.row(nth(1)).state, State::Intent);
    phone
}

#[test]
fn a_late_provider_ends_the_dialog_in_time_and_the_receipt_follows() {
    let mut phone = waiting();
    phone.pass(Span(ANSWER.0 - 1));
    assert!(phone.shown.is_empty(), "{:?}", phone.shown);
    phone.pass(Span::ms(2));
    let late = phone.last();
    assert!(late.text.contains("In progress") && late.kind == SayKind::End, "{late:?}");
    assert_eq!(phone.over[0].why, EndReason::ApplicationTimeout);
    phone.rig.approve(top_up_key(nth(1)));
    phone.answered();
    let receipt = phone.last();
    assert!(receipt.text.contains("Sold") && receipt.kind == SayKind::Notify, "{receipt:?}");
    assert_eq!((phone.stats().open, phone.stats().notified), (0, 1));
    assert_eq!(phone.rig.forwards.len(), 1, "it was ordered once");
    // Where a notification begins a dialog of the network, its reader answers it.
    phone.session += 1;
    assert_eq!((phone.say("1").as_str(), phone.stats().strays), ("Thank you.", 0));
    assert!(phone.say("1").contains("Dial again"));
}

#[test]
fn a_subscriber_who_drops_in_the_middle_of_a_sale_gets_its_receipt_after() {
    let mut phone = waiting();
    phone.end(EndReason::SubscriberAbort);
    assert_eq!((phone.stats().open, phone.stats().unseen), (1, 1));
    let next = phone.dial("*123#");
    assert!(next.contains("PIN"), "a new dialog is not held up: {next}");
    phone.rig.approve(top_up_key(nth(1)));
    phone.answered();
    assert!(phone.shown.iter().all(|shown| shown.kind != SayKind::Notify), "it is no screen there");
    phone.end(EndReason::SubscriberAbort);
    phone.pass(Span::ms(1_001));
    assert_eq!(phone.last().kind, SayKind::Notify);
    assert!(phone.last().text.contains("Sold"));
}

#[test]
fn a_lost_link_in_the_middle_of_a_sale_sends_the_receipt_over_another_one() {
    let mut phone = waiting();
    phone.event(0, DialogEvent::Lost);
    phone.rig.approve(top_up_key(nth(1)));
    phone.answered();
    let receipt = phone.last();
    assert_eq!((receipt.link, receipt.kind), (1, SayKind::Notify));
}

#[test]
fn another_network_gets_no_receipts_of_this_one() {
    let mut other = link("b", true);
    other.network = "another".to_owned();
    let links = vec![link("a", false), other];
    let mut phone = Phone::with(Rig::new(), links, DialogLimits::default());
    phone.dial(&short_cut());
    phone.end(EndReason::NetworkAbort);
    phone.rig.approve(top_up_key(nth(1)));
    phone.answered();
    assert!(phone.shown.is_empty(), "{:?}", phone.shown);
    assert_eq!((phone.stats().open, phone.stats().not_notified), (0, 1));
}

#[test]
fn a_receipt_that_the_centre_does_not_take_is_sent_again_a_few_times() {
    let mut phone = Phone::new();
    phone.home();
    to_confirm(&mut phone);
    phone.holds = true;
    phone.pick("Confirm");
    phone.result = SayResult::Refused(0x45);
    phone.release();
    assert_eq!(phone.last().kind, SayKind::End);
    assert_eq!(phone.rig.row(nth(1)).state, State::Approved);
    phone.pass(Span::s(2));
    assert_eq!(phone.last().kind, SayKind::Notify, "{:?}", phone.shown);
    let tried = phone.shown.len();
    phone.pass(Span::s(31));
    assert_eq!(phone.shown.len(), tried + 1);
    phone.result = SayResult::Accepted;
    phone.pass(Span::s(301));
    assert_eq!((phone.stats().notified, phone.stats().open), (1, 0));
    let mut pins = phone.shown.iter().filter(|shown| shown.text.contains("PIN "));
    let first = pins.next().unwrap().text.clone();
    assert!(pins.all(|shown| shown.text == first), "the same voucher each time");
    assert_eq!(phone.rig.row_if_any(nth(2)), None);
}

#[test]
fn nobody_is_sent_a_receipt_for_ever() {
    let mut phone = Phone::new();
    phone.result = SayResult::Late;
    phone.dial(&format!("*123*1*10*{PIN}#"));
    phone.result = SayResult::Refused(0x45);
    let mut phone = waiting();
    phone.result = SayResult::Late;
    phone.end(EndReason::SubscriberAbort);
    phone.rig.approve(top_up_key(nth(1)));
    phone.answered();
    phone.pass(Span::s(20_000));
    assert_eq!((phone.stats().open, phone.stats().not_notified), (0, 1));
    assert!(phone.shown.len() < 8, "{}", phone.shown.len());
}

#[test]
fn an_outcome_that_is_not_known_is_asked_for_by_repeats_which_sell_nothing() {
    let mut phone = waiting();
    phone.pass(ANSWER);
    phone.pass(Span::s(200));
    assert_eq!(phone.rig.forwards.len(), 1);
    assert_eq!(phone.rig.row_if_any(nth(2)), None);
    phone.rig.approve(top_up_key(nth(1)));
    phone.answered();
    phone.pass(Span::s(400));
    assert!(phone.last().text.contains("Sold"), "{:?}", phone.last());
    assert_eq!(phone.shown.iter().filter(|shown| shown.kind == SayKind::Notify).count(), 1);
}

#[test]
fn a_handset_that_was_blocked_meanwhile_gets_no_receipt() {
    let mut phone = waiting();
    phone.end(EndReason::SubscriberAbort);
    phone.pass(Span::s(14));
    phone.write(Handset { status: Status::Blocked, ..handset(1, 2) });
    phone.pass(Span::s(60));
    phone.rig.approve(top_up_key(nth(1)));
    phone.answered();
    phone.pass(Span::s(8_000));
    assert!(phone.shown.iter().all(|shown| shown.kind != SayKind::Notify));
    assert_eq!(phone.stats().open, 0);
}

#[test]
fn whatever_happens_at_any_step_nothing_is_sold_twice_or_half() {
    for step in 0..6 {
        for drop in [EndReason::SubscriberAbort, EndReason::LinkLost] {
            let mut phone = Phone::new();
            let mut steps = 0;
            let mut go = |phone: &mut Phone, act: &dyn Fn(&mut Phone)| {
                if steps < step {
                    act(phone);
                }
                steps += 1;
            };
            go(&mut phone, &|phone| drop_of(phone.dial("*123#")));
            go(&mut phone, &|phone| drop_of(phone.say(PIN)));
            go(&mut phone, &|phone| drop_of(phone.pick("Vouchers")));
            go(&mut phone, &|phone| drop_of(phone.say("1")));
            go(&mut phone, &|phone| {
                while !phone.last().text.contains("Confirm") {
                    phone.say("1");
                }
            });
            phone.holds = true;
            go(&mut phone, &|phone| drop_of(phone.say("1")));
            match drop {
                EndReason::LinkLost => phone.event(0, DialogEvent::Lost),
                why => phone.end(why),
            }
            phone.release();
            phone.pass(Span::s(10_000));
            let sold = u32::from(step == 5 && phone.rig.row_if_any(nth(1)).is_some());
            let receipts = phone.shown.iter().filter(|shown| shown.text.contains("Sold")).count();
            assert_eq!(u32::try_from(receipts).unwrap(), sold, "step {step}: {:?}", phone.shown);
            assert_eq!(phone.rig.row_if_any(nth(2)), None);
            assert_eq!(phone.stats().open, 0);
        }
    }
}

fn drop_of(_: String) {}

#[test]
fn whoever_asks_for_the_receipt_takes_no_sale_from_another_handset() {
    let mut phone = waiting();
    phone.write(Handset { terminal: handset(1, 1).terminal, ..handset(2, 2) });
    for text in ["*123#", PIN] {
        let at = phone.address(2);
        match text {
            "*123#" => phone.event(0, DialogEvent::Begin { at: &at, dialled: text }),
            _ => phone.event(0, DialogEvent::Input { at: &at, text }),
        }
    }
    let menu = phone.last().text;
    let line = menu.lines().find(|line| line.contains("Last receipt"));
    let digit = line.unwrap_or_else(|| panic!("{menu}")).chars().next().unwrap().to_string();
    let (at, shown) = (phone.address(2), phone.shown.len());
    phone.event(0, DialogEvent::Input { at: &at, text: &digit });
    let others: Vec<_> = phone.shown[shown..].iter().map(|shown| shown.at.msisdn).collect();
    assert!(!others.contains(&phone.address(1).msisdn), "its sale is not over");
    phone.pass(ANSWER);
    let late = phone.shown.iter().rfind(|shown| shown.at.msisdn == phone.address(1).msisdn);
    assert!(late.is_some_and(|late| late.text.contains("In progress")), "{late:?}");
    phone.session += 1;
    let again = phone.dial(&short_cut());
    assert!(again.contains("Once more"), "{again}");
    phone.end(EndReason::SubscriberAbort);
    phone.rig.approve(top_up_key(nth(1)));
    phone.pass(Span::s(60));
    assert_eq!(phone.rig.forwards.len(), 1, "it was ordered once");
    assert!(phone.stats().notified > 0, "its receipt came after");
}

#[test]
fn a_terminal_never_gets_what_its_handset_has_sold_under_its_number() {
    let mut phone = waiting();
    // Its own sale with this number never came; it asks for it, and gives the money back.
    phone.rig.ask(100, &repeat(nth(1)));
    assert_eq!(phone.rig.reply_code(), "25");
    phone.rig.approve(top_up_key(nth(1)));
    phone.answered();
    assert!(phone.last().text.contains("Sold"), "its own handset has it");
    phone.rig.ask(100, &repeat(nth(1)));
    assert_eq!(phone.rig.reply_code(), "25");
    assert_eq!(code_of(&mut phone.rig, &reversal(2, nth(1))), "21");
    assert_eq!(code_of(&mut phone.rig, &confirm(nth(1))), "25");
    assert_eq!(phone.rig.row(nth(1)).state, State::Approved);
}
