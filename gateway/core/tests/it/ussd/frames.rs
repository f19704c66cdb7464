//! Terminals over USSD: one ledger, one set of keys, whatever is lost on the way.

use tillgate_codec::link::datagram::{COUNTER_MAX, TerminalFrame};
use tillgate_codec::link::message::{
    Acknowledge, Balance, GatewayMessage, Logon, Ping, Sale, TerminalMessage,
};
use tillgate_codec::ussd::Room;
use tillgate_core::claims::Claims;
use tillgate_core::limits::ClaimLimits;
use tillgate_core::processing::{DatagramRefusal, Effect};
use tillgate_core::time::Span;
use tillgate_core::ussd::dialogs::{DialogLimits, DialogLink, Input};
use tillgate_core::ussd::{DialogEvent, EndReason, SayKind};
use tillgate_store_core::vault::terminal_context;
use tillgate_store_core::{Change, RegistryRecord, State, Status, TerminalId};

use super::phone::{ANSWER, LIMITS, Phone, link};
use super::terminal::{Terminal, body_of, refusal, text};
use crate::support::{Rig, answer, confirm, keys, repeat, top_up_key, top_up_sale, voucher_sale};

const LOGON: TerminalMessage<'static> =
    TerminalMessage::Logon(Logon { firmware: "test", catalogue: 0, versions: 1 });

fn sale(stan: u32) -> TerminalMessage<'static> {
    TerminalMessage::Sale(voucher_sale(stan))
}

fn top_up(stan: u32) -> TerminalMessage<'static> {
    TerminalMessage::Sale(top_up_sale(stan))
}

/// On a link so narrow that the answer to a sale has two parts.
fn narrow() -> Phone {
    let room = Room { septets: 90, units: 40 };
    let links = vec![DialogLink { room, ..link("a", true) }, link("b", true)];
    Phone::with(Rig::new(), links, LIMITS)
}

/// Refusals that were counted under this label.
fn refused(phone: &Phone, label: &str) -> u64 {
    let place = DatagramRefusal::ALL.iter().position(|reason| reason.label() == label).unwrap();
    phone.stats().frames.refused[place]
}

#[test]
fn a_terminal_that_is_no_handset_logs_on_sells_and_confirms_over_ussd() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let body = terminal.asks(&mut phone, &LOGON);
    let Ok(GatewayMessage::Welcome(welcome)) = GatewayMessage::decode(&body) else {
        panic!("{body:?}");
    };
    assert_eq!((welcome.code.to_string().as_str(), welcome.date), ("00", voucher_sale(1).date));
    let body = terminal.asks(&mut phone, &sale(1));
    assert!(answer(&body).code.is_approved() && answer(&body).voucher.is_some());
    let body = terminal.asks(&mut phone, &confirm(1));
    assert!(answer(&body).code.is_approved());
    assert!(phone.rig.row(1).confirmed_ms > 0);
    assert!(phone.over.iter().all(|over| over.why == EndReason::Done), "{:?}", phone.over);
    assert_eq!(phone.over[1].terminal, Some(TerminalId(100)));
    assert_eq!((phone.stats().open, phone.stats().frames.opened), (0, 3), "nothing is left");
    assert!(phone.shown.iter().all(|shown| shown.text.len() <= 182));
}

#[test]
fn a_request_that_fits_is_sold_with_one_dialled_string() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let sealed = terminal.request(&TerminalMessage::Sale(voucher_sale(1)));
    terminal.dial_request(&mut phone, &sealed);
    let body = terminal.gather(&mut phone, &sealed.exchange).unwrap();
    assert!(answer(&body).code.is_approved());
    assert_eq!(phone.rig.row(1).state, State::Approved);
}

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
fn the_logon_of_a_newer_key_ends_the_older_one_on_both_bearers() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let mut record = phone.rig.directory.registry.terminal(TerminalId(100)).unwrap().clone();
    let sealed = keys().vault.seal(&terminal_context(TerminalId(100), 2), [3; 12], &[8; 32]);
    record.add_key(2, sealed.unwrap()).unwrap();
    let records = vec![RegistryRecord::Terminal(record)];
    phone.rig.change(Change { records, ..Change::default() });
    let mut newer = Terminal { key: (2, [8; 32]), number: 8, ..Terminal::new() };
    assert!(answer(&newer.asks(&mut phone, &sale(1))).code.is_approved());
    assert!(answer(&terminal.asks(&mut phone, &sale(2))).code.is_approved(), "both work");
    newer.asks(&mut phone, &LOGON);
    let rekeyed = phone.rig.rekeyed.pop().expect("sessions of the older one end");
    assert_eq!(rekeyed.generations.as_slice(), &[1]);
    let sealed = terminal.request(&sale(3));
    terminal.send(&mut phone, &sealed);
    assert_eq!((refusal(&phone), refused(&phone, "unknown_key")), (Some(4), 1));
    assert!(phone.rig.row_if_any(3).is_none());
    assert!(answer(&newer.asks(&mut phone, &sale(3))).code.is_approved());
}

#[test]
fn a_request_under_a_key_that_ends_while_it_is_asked_is_refused() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let sealed = terminal.request(&top_up(1));
    phone.holds = true;
    terminal.send(&mut phone, &sealed);
    let session = phone.datagrams[0].0;
    phone.release();
    phone.handle(Input::Replied { session, body: &[], effect: Effect::End });
    assert_eq!((refusal(&phone), phone.last().kind), (Some(4), SayKind::End));
}

#[test]
fn a_wrong_tag_locks_nobody_out() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let mut thief = Terminal { key: (1, [9; 32]), number: 8, ..Terminal::new() };
    for _ in 0..200 {
        let sealed = thief.seal(&body_of(&sale(1)), true);
        thief.send(&mut phone, &sealed);
        assert_eq!(refusal(&phone), Some(4));
        phone.pass(Span::s(3));
    }
    assert_eq!(refused(&phone, "wrong_tag"), 200);
    // The thief has said high counters, too; its own are low.
    assert!(answer(&terminal.asks(&mut phone, &sale(1))).code.is_approved());
}

#[test]
fn a_thief_with_the_key_uses_its_counters_up_until_the_operator_resets_them() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    assert!(answer(&terminal.asks(&mut phone, &sale(1))).code.is_approved());
    let mut thief = Terminal { counter: COUNTER_MAX - 1, number: 8, ..Terminal::new() };
    let balance = TerminalMessage::Balance(Balance { stan: 9, date: voucher_sale(1).date });
    thief.asks(&mut phone, &balance);
    let sealed = terminal.request(&sale(2));
    terminal.send(&mut phone, &sealed);
    assert_eq!((refusal(&phone), refused(&phone, "replayed")), (Some(4), 1));
    let mut record = phone.rig.directory.registry.terminal(TerminalId(100)).unwrap().clone();
    record.reset_counters().unwrap();
    let records = vec![RegistryRecord::Terminal(record)];
    phone.rig.change(Change { records, ..Change::default() });
    assert!(answer(&terminal.asks(&mut phone, &sale(2))).code.is_approved());
    assert!(phone.rig.row_if_any(3).is_none());
}

#[test]
fn one_subscriber_who_asks_too_fast_costs_the_pool_nothing_and_slows_nobody_else() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let mut loud = Terminal { key: (1, [9; 32]), number: 8, ..Terminal::new() };
    phone.holds = true;
    let mut seen = 0;
    for _ in 0..40 {
        loud.session += 1;
        let sealed = loud.seal(&body_of(&sale(1)), true);
        loud.dial_request(&mut phone, &sealed);
        seen = phone.datagrams.len();
    }
    assert!(seen <= 20, "{seen} of 40 went to the pool");
    phone.release();
    assert!(refused(&phone, "subscriber_too_fast") + refused(&phone, "busy") >= 20);
    assert!(answer(&terminal.asks(&mut phone, &sale(1))).code.is_approved());
}

#[test]
fn one_dialog_has_no_more_requests_than_its_subscriber_s_rate() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    terminal.dial(&mut phone, "*124#");
    let ping = TerminalMessage::Ping(Ping { nonce: 1 });
    for request in 1..=25 {
        // The key's own rate is that of another terminal each time.
        phone.claims = Claims::new(ClaimLimits::default());
        let sealed = terminal.seal(&body_of(&ping), false);
        terminal.enter(&mut phone, &sealed.text());
        let found = terminal.gather(&mut phone, &sealed.exchange);
        assert_eq!(found.is_some(), request <= 20, "{request}");
        if found.is_none() {
            break;
        }
    }
    assert_eq!((refusal(&phone), refused(&phone, "subscriber_too_fast")), (Some(4), 1));
}

#[test]
fn a_dialog_that_asks_for_parts_without_end_is_ended() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let sealed = terminal.seal(&body_of(&sale(1)), false);
    terminal.send(&mut phone, &sealed);
    let mut asked = 0;
    while phone.last().kind == SayKind::Continue {
        asked += 1;
        assert!(asked <= 256, "it goes on");
        terminal.enter(&mut phone, &text(&TerminalFrame::next(0)));
    }
    assert_eq!((refusal(&phone), phone.stats().open), (Some(4), 0));
}

#[test]
fn a_terminal_is_served_at_its_rate_and_a_copy_takes_nothing_of_it() {
    let mut phone = Phone::new();
    let mut terminals = [9, 8, 7].map(|number| Terminal { number, ..Terminal::new() });
    let mut served = 0;
    for counter in 1..=30 {
        let terminal = &mut terminals[usize::try_from(counter % 3).unwrap()];
        terminal.counter = counter;
        let sealed = terminal.seal(&body_of(&TerminalMessage::Ping(Ping { nonce: 1 })), true);
        terminal.send(&mut phone, &sealed);
        served += u32::from(terminal.gather(&mut phone, &sealed.exchange).is_some());
    }
    assert_eq!((served, refused(&phone, "too_fast")), (20, 10), "as its handshakes");
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
fn a_retry_over_tcp_takes_the_answer_and_the_dialog_is_told_to_ask_again() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let sealed = terminal.request(&top_up(1));
    terminal.send(&mut phone, &sealed);
    phone.rig.ask(100, &top_up(1));
    phone.rig.approve(top_up_key(1));
    let replies = phone.rig.replies.len();
    assert!(replies >= 1);
    phone.answered();
    let body = terminal.gather(&mut phone, &sealed.exchange).expect("one of both is there");
    assert!(["00", "09"].contains(&answer(&body).code.to_string().as_str()));
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
fn several_requests_go_in_one_dialog_until_the_last_one_says_so() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    terminal.dial(&mut phone, "*124#");
    for (stan, is_last) in [(1, false), (2, false), (3, true)] {
        let sealed = terminal.seal(&body_of(&sale(stan)), is_last);
        terminal.enter(&mut phone, &sealed.text());
        let body = terminal.gather(&mut phone, &sealed.exchange).unwrap();
        assert!(answer(&body).code.is_approved());
        assert_eq!(phone.last().kind == SayKind::End, is_last);
    }
    assert_eq!((phone.over.len(), phone.stats().open), (1, 0));
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
fn what_a_blocked_terminal_asks_is_refused_as_over_tcp() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let mut record = phone.rig.directory.registry.terminal(TerminalId(100)).unwrap().clone();
    record.status = Status::Blocked;
    let records = vec![RegistryRecord::Terminal(record)];
    phone.rig.change(Change { records, ..Change::default() });
    let body = terminal.asks(&mut phone, &sale(1));
    assert_eq!(answer(&body).code.to_string(), "58");
}

#[test]
fn an_acknowledgement_is_answered_with_no_body_and_a_balance_with_one() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let done = Acknowledge { command: 7, result: Acknowledge::DONE };
    assert!(terminal.asks(&mut phone, &TerminalMessage::Acknowledge(done)).is_empty());
    let date = voucher_sale(1).date;
    let body = terminal.asks(&mut phone, &TerminalMessage::Balance(Balance { stan: 4, date }));
    assert_eq!(answer(&body).balance_minor, Some(110_000));
    let sealed = terminal.seal(&[0x7F], true);
    terminal.send(&mut phone, &sealed);
    let body = terminal.gather(&mut phone, &sealed.exchange).unwrap();
    let Ok(GatewayMessage::Reject(reject)) = GatewayMessage::decode(&body) else { panic!() };
    assert_eq!(reject.code.to_string(), "40");
}

#[test]
fn what_is_no_frame_is_refused_and_ends_its_dialog() {
    let (mut phone, mut terminal) = (Phone::new(), Terminal::new());
    let sealed = terminal.request(&sale(1));
    let cut = &sealed.text()[..60];
    let later = text(&[&[0x61][..], &sealed.frame[1..]].concat());
    let next = text(&TerminalFrame::next(0));
    for (typed, code) in [("1", 3), ("", 3), (cut, 3), ("€", 3), (&later, 2), (&next, 3)] {
        phone.pass(Span::s(3));
        terminal.session += 1;
        terminal.dial(&mut phone, "*124#");
        terminal.enter(&mut phone, typed);
        assert_eq!(refusal(&phone), Some(code), "{typed}");
        assert_eq!((phone.last().kind, phone.stats().open), (SayKind::End, 0));
    }
    for dialled in ["*124*1#", "*124*7*8#", "*124*1999999999#"] {
        phone.pass(Span::s(3));
        terminal.session += 1;
        terminal.dial(&mut phone, dialled);
        assert_eq!(refusal(&phone), Some(3), "{dialled}");
    }
    assert!(phone.datagrams.is_empty() && phone.rig.row_if_any(1).is_none());
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
fn menus_and_terminals_of_one_link_do_not_disturb_each_other() {
    let (mut phone, terminal) = (Phone::new(), Terminal { number: 1, ..Terminal::new() });
    assert!(phone.home().contains("Vouchers"));
    terminal.dial(&mut phone, "*124#");
    assert_eq!((phone.last().text.as_str(), phone.over[0].why), ("OK", EndReason::Replaced));
    assert!(phone.dial("*123#").contains("PIN"));
    assert_eq!(phone.over[1].why, EndReason::Replaced);
    assert_eq!(phone.stats().open, 1);
}

#[test]
fn a_full_gateway_and_one_that_goes_down_take_no_more_terminals() {
    let limits = DialogLimits { dialogs_max: 2, ..LIMITS };
    let mut phone = Phone::with(Rig::new(), vec![link("a", true)], limits);
    let mut terminals = [7, 8, 9].map(|number| Terminal { number, ..Terminal::new() });
    for terminal in &terminals {
        terminal.dial(&mut phone, "*124#");
    }
    assert_eq!((refusal(&phone), phone.stats().open), (Some(1), 2));
    let sealed = terminals[0].seal(&body_of(&top_up(1)), true);
    terminals[0].enter(&mut phone, &sealed.text());
    phone.handle(Input::Drain);
    assert!(!phone.dialogs.is_drained(), "what was asked is answered");
    let shown = phone.shown.len();
    terminals[2].dial(&mut phone, "*124#");
    assert_eq!((refusal(&phone), phone.shown.len()), (Some(1), shown + 1));
    phone.pass(ANSWER);
    assert!(terminals[0].gather(&mut phone, &sealed.exchange).is_some());
    assert!(phone.dialogs.is_drained());
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
