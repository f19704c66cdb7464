//! What a centre can do with frames that it holds back, or delivers more than once.

use tillgate_codec::link::datagram::TerminalFrame;
use tillgate_codec::link::message::TerminalMessage;
use tillgate_codec::ussd::Room;
use tillgate_core::time::Span;
use tillgate_core::ussd::dialogs::{DialogLink, Input};
use tillgate_core::ussd::{DialogEvent, EndReason, SayKind};
use tillgate_store_core::State;

use super::phone::{ANSWER, LIMITS, PIN, Phone, link, nth};
use super::terminal::{Terminal, body_of, refusal, text};
use crate::support::{Rig, answer, repeat, reversal, top_up_key, top_up_sale, voucher_sale};

/// The centre keeps a sale, the terminal is answered that it never came, and the seller gives the
/// money back.
#[test]
fn a_sale_that_was_held_back_is_not_sold_once_it_was_taken_back() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let float = phone.rig.float();
    let held = terminal.request(&TerminalMessage::Sale(top_up_sale(1)));
    let body = terminal.asks(&mut phone, &repeat(1));
    assert_eq!(answer(&body).code.to_string(), "25", "it never came");
    let body = terminal.asks(&mut phone, &reversal(2, 1));
    assert!(answer(&body).code.is_approved());
    let mut phone = phone.restart();
    terminal.send(&mut phone, &held);
    let body = terminal.gather(&mut phone, &held.exchange).expect("its counter is new");
    assert_eq!(answer(&body).code.to_string(), "R1");
    assert_eq!((phone.rig.float(), phone.rig.forwards.len()), (float, 0));
}

/// The gateway's clock is set back to where the date still takes requests.
#[test]
fn a_sale_of_a_date_that_was_over_is_not_sold_once_it_was_taken_back() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let float = phone.rig.float();
    let held = terminal.request(&TerminalMessage::Sale(top_up_sale(1)));
    phone.rig.wall.0 += (12 * 60 + 11) * 60_000;
    let body = terminal.asks(&mut phone, &TerminalMessage::Sale(top_up_sale(1)));
    assert_eq!(answer(&body).code.to_string(), "B1");
    let TerminalMessage::Reversal(mut taken_back) = reversal(2, 1) else { unreachable!() };
    taken_back.date.0 += 1;
    let body = terminal.asks(&mut phone, &TerminalMessage::Reversal(taken_back));
    assert!(answer(&body).code.is_approved());
    phone.rig.wall.0 -= 5 * 60_000;
    let mut phone = phone.restart();
    terminal.send(&mut phone, &held);
    let body = terminal.gather(&mut phone, &held.exchange).expect("its counter is new");
    assert_eq!(answer(&body).code.to_string(), "R1");
    assert_eq!((phone.rig.float(), phone.rig.forwards.len()), (float, 0));
}

#[test]
fn a_request_that_comes_again_behind_a_part_gets_the_reply_that_is_held() {
    let room = Room { septets: 90, units: 40 };
    let links = vec![DialogLink { room, ..link("a", true) }];
    let (mut phone, mut terminal) = (Phone::with(Rig::new(), links, LIMITS), Terminal::new());
    let sealed = terminal.seal(&body_of(&TerminalMessage::Sale(voucher_sale(1))), false);
    terminal.send(&mut phone, &sealed);
    let first = phone.last().text;
    terminal.enter(&mut phone, &text(&TerminalFrame::next(1)));
    assert_ne!(phone.last().text, first);
    terminal.enter(&mut phone, &sealed.text());
    assert_eq!((phone.last().text, phone.stats().frames.opened), (first, 1));
    assert!(terminal.gather(&mut phone, &sealed.exchange).is_some(), "from its first part on");
}

/// There it would be a screen, which the next entry answers.
#[test]
fn a_receipt_waits_while_its_subscriber_is_in_a_dialog_with_frames() {
    let mut phone = Phone::new();
    phone.dial(&format!("*123*1*20*254700000001*25*{PIN}#"));
    phone.end(EndReason::SubscriberAbort);
    let terminal = Terminal { number: 1, ..Terminal::new() };
    terminal.dial(&mut phone, "*124#");
    phone.rig.approve(top_up_key(nth(1)));
    phone.answered();
    assert_eq!(phone.last().text, "OK", "{:?}", phone.shown);
    let (at, why) = (terminal.address(&phone), EndReason::SubscriberAbort);
    phone.event(0, DialogEvent::Ended { at: &at, why });
    phone.pass(Span::ms(1_001));
    assert_eq!(phone.last().kind, SayKind::Notify);
}

#[test]
fn a_dialog_that_is_open_when_the_gateway_goes_down_asks_nothing_more() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let first = terminal.seal(&body_of(&TerminalMessage::Sale(voucher_sale(1))), false);
    terminal.send(&mut phone, &first);
    phone.handle(Input::Drain);
    assert!(phone.dialogs.is_drained());
    let second = terminal.seal(&body_of(&TerminalMessage::Sale(voucher_sale(2))), false);
    terminal.enter(&mut phone, &second.text());
    assert_eq!((refusal(&phone), phone.last().kind), (Some(1), SayKind::End));
    assert!(phone.rig.row_if_any(2).is_none());
    assert_eq!(phone.rig.row(1).state, State::Approved);
    phone.pass(ANSWER);
    assert!(phone.dialogs.is_drained());
}
