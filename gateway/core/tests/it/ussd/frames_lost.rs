//! What is lost, late, repeated or overtaken on the way of a terminal over USSD.

use tillgate_codec::link::datagram::TerminalFrame;
use tillgate_codec::link::message::{Sale, TerminalMessage};
use tillgate_core::time::Span;
use tillgate_core::ussd::{DialogEvent, EndReason, SayKind, SayResult};
use tillgate_store_core::State;

use super::phone::{ANSWER, LIMITS, Phone};
use super::terminal::{Terminal, body_of, narrow, refusal, refused, sale, text, top_up};
use crate::support::{answer, repeat, top_up_key, voucher_sale};

#[test]
fn a_sale_over_one_bearer_is_a_duplicate_over_the_other_with_the_same_answer() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let over_tcp = phone.rig.sell(100, &voucher_sale(1));
    assert_eq!(terminal.asks(&mut phone, &sale(1)), over_tcp);
    let over_ussd = terminal.asks(&mut phone, &sale(2));
    assert_eq!(phone.rig.sell(100, &voucher_sale(2)), over_ussd);
    assert_eq!(terminal.asks(&mut phone, &repeat(2)), over_ussd);
    let other = Sale { product: 3, amount_minor: 100, ..voucher_sale(1) };
    let body = terminal.asks(&mut phone, &TerminalMessage::Sale(other));
    assert_eq!(answer(&body).code.to_string(), "94", "another request under its number");
    assert_eq!(phone.rig.float().posted_minor, 100_000 - 2 * 5_000);
}

#[test]
fn a_datagram_that_comes_again_is_refused_and_asks_nothing() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let sealed = terminal.request(&sale(1));
    terminal.send(&mut phone, &sealed);
    assert!(terminal.gather(&mut phone, &sealed.exchange).is_some());
    let float = phone.rig.float();
    terminal.send(&mut phone, &sealed);
    assert_eq!((refusal(&phone), phone.last().kind), (Some(4), SayKind::End));
    assert_eq!((refused(&phone, "replayed"), phone.rig.float()), (1, float));
    assert_eq!(phone.over.last().unwrap().why, EndReason::Denied);
}

#[test]
fn a_datagram_that_comes_again_after_a_restart_posts_nothing_and_shows_nobody_anything() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let sealed = terminal.request(&sale(1));
    terminal.send(&mut phone, &sealed);
    let body = terminal.gather(&mut phone, &sealed.exchange).unwrap();
    let (row, float) = (phone.rig.row(1), phone.rig.float());
    let mut phone = phone.restart();
    terminal.send(&mut phone, &sealed);
    let again = terminal.gather(&mut phone, &sealed.exchange).expect("it passes once");
    assert_eq!(again, body, "the answer of the first time, for whoever has the key");
    assert_eq!((phone.rig.row(1), phone.rig.float()), (row, float));
    assert!(phone.rig.row_if_any(2).is_none());
    let pin = answer(&body).voucher.unwrap().pin.to_owned();
    assert!(phone.shown.iter().all(|shown| !shown.text.contains(&pin)));
    terminal.send(&mut phone, &sealed);
    assert_eq!(refusal(&phone), Some(4), "once");
}

#[test]
fn a_provider_that_is_late_is_answered_09_and_the_repeat_has_the_outcome() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let sealed = terminal.request(&top_up(1));
    terminal.send(&mut phone, &sealed);
    let shown = phone.shown.len();
    phone.pass(Span(ANSWER.0 - Span::ms(1).0));
    assert_eq!(phone.shown.len(), shown, "it waits as long as the centre does");
    phone.pass(Span::ms(1));
    let body = terminal.gather(&mut phone, &sealed.exchange).unwrap();
    let late = answer(&body);
    assert_eq!((late.code.to_string().as_str(), late.stan), ("09", 1));
    assert_eq!(phone.last().kind, SayKind::End);
    phone.rig.approve(top_up_key(1));
    let shown = phone.shown.len();
    phone.answered();
    assert_eq!(phone.shown.len(), shown, "nothing is sent after the dialog");
    let body = terminal.asks(&mut phone, &repeat(1));
    assert!(answer(&body).code.is_approved());
    assert_eq!(terminal.asks(&mut phone, &top_up(1)), body, "and so has the same again");
    assert_eq!(phone.rig.forwards.len(), 1, "the provider was asked once");
}

#[test]
fn a_retry_over_tcp_takes_the_answer_and_the_dialog_asks_again() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let sealed = terminal.request(&top_up(1));
    terminal.send(&mut phone, &sealed);
    phone.rig.ask(100, &top_up(1));
    phone.rig.approve(top_up_key(1));
    let mut over_tcp = phone.rig.replies.iter().filter(|reply| reply.origin.session.slot == 100);
    let over_tcp = phone.rig.body_of(over_tcp.next().expect("it waits over TCP"));
    assert!(answer(&over_tcp).code.is_approved());
    phone.answered();
    let body = terminal.gather(&mut phone, &sealed.exchange).expect("one of both is there");
    assert_eq!(answer(&body).code.to_string(), "09");
    assert_eq!(phone.rig.forwards.len(), 1);
}

#[test]
fn a_dialog_that_is_lost_at_any_step_leaves_no_half_posted_payment() {
    for step in 0..5 {
        let (mut phone, mut terminal) = (narrow(), Terminal::new());
        let sealed = terminal.request(&sale(1));
        let lose = |phone: &mut Phone, terminal: &Terminal| {
            let at = terminal.address(phone);
            match step {
                2 => phone.event(0, DialogEvent::Lost),
                _ => {
                    let why = EndReason::NetworkAbort;
                    phone.event(0, DialogEvent::Ended { at: &at, why });
                }
            }
        };
        phone.holds = step < 4;
        match step {
            // Before anything was sent.
            0 => {
                terminal.dial(&mut phone, "*124#");
                lose(&mut phone, &terminal);
            }
            // While the pool opens it.
            1..=3 => {
                terminal.send(&mut phone, &sealed);
                if step == 3 {
                    // It goes on to the ledger without its dialog.
                    phone.holds = false;
                }
                lose(&mut phone, &terminal);
            }
            // After the first part of the reply.
            _ => {
                terminal.send(&mut phone, &sealed);
                assert_eq!(phone.last().kind, SayKind::Continue);
                lose(&mut phone, &terminal);
            }
        }
        phone.event(0, DialogEvent::Ready);
        let shown = phone.shown.len();
        phone.release();
        assert_eq!(phone.shown.len(), shown, "step {step}: nothing is sent after");
        assert_eq!(phone.stats().open, 0, "step {step}");
        let body = terminal.asks(&mut phone, &sale(1));
        assert!(answer(&body).code.is_approved(), "step {step}");
        assert_eq!(phone.rig.row(1).state, State::Approved);
        assert!(phone.rig.row_if_any(2).is_none());
        assert_eq!(phone.rig.float().posted_minor, 100_000 - 5_000, "step {step}");
    }
}

#[test]
fn a_part_is_sent_again_as_often_as_it_is_asked_for() {
    let (mut phone, mut terminal) = (narrow(), Terminal::new());
    let sealed = terminal.seal(&body_of(&sale(1)), false);
    terminal.send(&mut phone, &sealed);
    let first = phone.last().text;
    for _ in 0..3 {
        terminal.enter(&mut phone, &text(&TerminalFrame::next(1)));
        let second = phone.last();
        assert_eq!(second.kind, SayKind::Continue, "it is not the last request of its dialog");
        terminal.enter(&mut phone, &text(&TerminalFrame::next(0)));
        assert_eq!(phone.last().text, first);
        terminal.enter(&mut phone, &text(&TerminalFrame::next(0)));
        assert_eq!(phone.last().text, first, "delivered twice");
    }
    assert!(terminal.gather(&mut phone, &sealed.exchange).is_some());
    let repeats = phone.shown.len();
    terminal.enter(&mut phone, &text(&TerminalFrame::next(9)));
    assert_eq!((refusal(&phone), phone.shown.len()), (Some(3), repeats + 1), "there is no such");
}

#[test]
fn a_request_that_the_centre_delivers_twice_is_asked_once_and_replied_to_twice() {
    let (mut phone, mut terminal) = (narrow(), Terminal::new());
    let sealed = terminal.seal(&body_of(&sale(1)), false);
    phone.holds = true;
    terminal.send(&mut phone, &sealed);
    terminal.enter(&mut phone, &sealed.text());
    assert_eq!(phone.datagrams.len(), 1, "its reply is on the way");
    phone.release();
    let first = phone.last().text;
    terminal.enter(&mut phone, &sealed.text());
    assert_eq!((phone.last().text, phone.stats().frames.opened), (first, 1));
    let mut terminal = Terminal { number: 8, counter: 10, ..Terminal::new() };
    let sealed = terminal.request(&sale(2));
    for _ in 0..3 {
        terminal.dial_request(&mut phone, &sealed);
    }
    assert_eq!((phone.stats().redelivered, phone.stats().frames.opened), (2, 2));
    assert!(terminal.gather(&mut phone, &sealed.exchange).is_some());
}

#[test]
fn two_dialogs_of_one_terminal_get_each_its_own_answer() {
    let (mut phone, mut one) = (narrow(), Terminal::new());
    let mut other = Terminal { number: 8, counter: 50, ..Terminal::new() };
    phone.holds = true;
    let (first, second) = (one.request(&sale(1)), other.request(&sale(2)));
    one.send(&mut phone, &first);
    other.send(&mut phone, &second);
    phone.release();
    let shown: Vec<_> = phone.shown.iter().filter(|shown| shown.text != "OK").cloned().collect();
    assert_eq!((shown[0].at.msisdn, shown.len()), (one.address(&phone).msisdn, 2));
    let body = other.gather(&mut phone, &second.exchange).unwrap();
    assert_eq!(answer(&body).stan, 2);
    assert!(phone.rig.row_if_any(1).is_some(), "both were sold");
    one.enter(&mut phone, &text(&TerminalFrame::next(0)));
    let body = one.gather(&mut phone, &first.exchange).unwrap();
    assert_eq!(answer(&body).stan, 1);
}

#[test]
fn an_answer_that_comes_late_is_not_taken_for_the_one_to_the_next_request() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    terminal.dial(&mut phone, "*124#");
    let first = terminal.seal(&body_of(&top_up(1)), false);
    terminal.enter(&mut phone, &first.text());
    phone.pass(ANSWER);
    let body = terminal.gather(&mut phone, &first.exchange).unwrap();
    assert_eq!(answer(&body).code.to_string(), "09");
    let second = terminal.seal(&body_of(&top_up(2)), true);
    terminal.enter(&mut phone, &second.text());
    let shown = phone.shown.len();
    phone.rig.approve(top_up_key(1));
    phone.answered();
    assert_eq!(phone.shown.len(), shown, "the answer to the first is for nobody");
    phone.rig.approve(top_up_key(2));
    phone.answered();
    let body = terminal.gather(&mut phone, &second.exchange).unwrap();
    assert_eq!((answer(&body).stan, answer(&body).code.is_approved()), (2, true));
}

#[test]
fn a_terminal_that_sends_nothing_more_is_given_up() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    terminal.dial(&mut phone, "*124#");
    phone.pass(LIMITS.idle);
    assert_eq!(phone.over[0].why, EndReason::SubscriberTimeout);
    let sealed = terminal.seal(&body_of(&sale(1)), false);
    terminal.send(&mut phone, &sealed);
    phone.pass(LIMITS.idle);
    assert_eq!((phone.over[1].why, phone.stats().open), (EndReason::SubscriberTimeout, 0));
    assert_eq!(phone.deadline().filter(|at| *at <= phone.rig.now), None);
}

#[test]
fn a_pool_that_is_not_there_in_time_is_answered_busy() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    phone.holds = true;
    let sealed = terminal.request(&sale(1));
    terminal.send(&mut phone, &sealed);
    phone.pass(ANSWER);
    assert_eq!(refusal(&phone), Some(1));
    let shown = phone.shown.len();
    phone.release();
    assert_eq!((phone.shown.len(), phone.stats().open), (shown, 0));
    assert!(answer(&terminal.asks(&mut phone, &sale(1))).code.is_approved());
}

#[test]
fn a_frame_in_a_dialog_that_is_over_is_refused_in_a_frame_and_asks_nothing() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    terminal.dial(&mut phone, "*124#");
    let sealed = terminal.seal(&body_of(&sale(1)), false);
    let at = terminal.address(&phone);
    phone.event(0, DialogEvent::Ended { at: &at, why: EndReason::SubscriberAbort });
    terminal.enter(&mut phone, &sealed.text());
    assert_eq!((refusal(&phone), phone.last().kind), (Some(1), SayKind::End));
    assert_eq!((phone.stats().strays, phone.stats().open), (1, 0));
    assert!(phone.rig.row_if_any(1).is_none());
}

#[test]
fn a_text_that_comes_twice_before_its_reply_is_taken_is_answered_once() {
    let (mut phone, mut terminal) = (narrow(), Terminal::new());
    let sealed = terminal.seal(&body_of(&sale(1)), false);
    phone.answers_late = true;
    terminal.send(&mut phone, &sealed);
    let (texts, reply) = (phone.shown.len(), phone.last().text);
    terminal.enter(&mut phone, &sealed.text());
    assert_eq!((phone.shown.len(), phone.stats().redelivered), (texts, 1));
    phone.take_late();
    terminal.enter(&mut phone, &sealed.text());
    assert_eq!((phone.shown.len(), phone.last().text), (texts + 1, reply), "it was lost");
    phone.result = SayResult::Unknown;
    phone.take_late();
    terminal.enter(&mut phone, &sealed.text());
    assert_eq!(phone.shown.len(), texts + 2, "nobody knows whether the centre has it");
    assert_eq!(phone.stats().frames.opened, 1);
}
