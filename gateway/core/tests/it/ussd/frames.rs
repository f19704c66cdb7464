//! Terminals over USSD: one ledger, one set of keys, whatever is lost on the way.

use tillgate_codec::link::datagram::{COUNTER_MAX, TerminalFrame};
use tillgate_codec::link::message::{
    Acknowledge, Balance, GatewayMessage, Logon, Ping, TerminalMessage,
};
use tillgate_core::claims::Claims;
use tillgate_core::limits::ClaimLimits;
use tillgate_core::processing::Effect;
use tillgate_core::time::Span;
use tillgate_core::ussd::dialogs::{DialogLimits, Input};
use tillgate_core::ussd::{EndReason, SayKind};
use tillgate_store_core::vault::terminal_context;
use tillgate_store_core::{Change, RegistryRecord, State, Status, TerminalId};

use super::phone::{ANSWER, LIMITS, Phone, link};
use super::terminal::{Terminal, body_of, refusal, refused, sale, text, top_up};
use crate::support::{Rig, answer, confirm, keys, voucher_sale};

const LOGON: TerminalMessage<'static> =
    TerminalMessage::Logon(Logon { firmware: "test", catalogue: 0, versions: 1 });

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
