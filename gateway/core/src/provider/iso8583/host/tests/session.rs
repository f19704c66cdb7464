//! Sign-on, echo test, reconnect, sign-off, and what a connection costs when it fails.

use tillgate_codec::iso8583::Mti;

use super::{Bench, Note, ProviderRequestKind, answer, network, profile, request};
use crate::provider::ProviderRequestKind::{Authorize, Inquire};
use crate::provider::ProviderResult;

#[test]
fn requests_wait_for_the_sign_on_and_not_for_one_that_was_refused() {
    let mut bench = Bench::of(profile("iso87-host", |text| text), None, (1, 8));
    bench.ask(request(Authorize, 1));
    let first = bench.connection(0);
    bench.host.connected(bench.now(), first);
    let asked = bench.written(first);
    assert_eq!((asked.len(), asked[0].mti), (1, Mti::NETWORK_REQUEST));
    assert_eq!((asked[0].text(70), asked[0].text(11)), (Some("001"), Some("000001")));
    bench.say(first, &answer(&asked[0], "05"));
    assert_eq!(bench.closed, [first]);
    assert_eq!(bench.notes, [Note::Down(first, "the host refuses the sign-on")]);
    bench.wait(1_000);
    bench.sign_on(0);
    let second = bench.connection(0);
    assert_eq!((second.attempt, bench.written(second).len()), (2, 1));
    bench.wait(10_000);
    assert_eq!(*bench.result(), ProviderResult::UNKNOWN);
}

#[test]
fn a_sign_on_without_an_answer_costs_the_connection() {
    let mut bench = Bench::of(profile("iso87-host", |text| text), None, (1, 8));
    let first = bench.connection(0);
    bench.host.connected(bench.now(), first);
    bench.wait(9_999);
    assert!(bench.closed.is_empty());
    bench.wait(1);
    assert_eq!(bench.closed, [first]);
}

#[test]
fn an_idle_connection_is_tested_and_closed_when_the_test_has_no_answer() {
    let mut bench = Bench::up();
    let connection = bench.connection(0);
    bench.wait(59_999);
    assert!(bench.written(connection).is_empty());
    bench.wait(1);
    let asked = bench.written(connection);
    assert_eq!(asked[0].text(70), Some("301"));
    // An answer with another trace number is none.
    let mut other = answer(&asked[0], "00");
    other.set(11, "999999");
    bench.say(connection, &other);
    bench.wait(5_000);
    bench.say(connection, &answer(&asked[0], "00"));
    bench.wait(59_999);
    assert!(bench.written(connection).is_empty(), "it was alive a minute ago");
    bench.wait(1);
    assert_eq!(bench.written(connection).len(), 1);
    bench.wait(10_000);
    assert_eq!(bench.closed, [connection]);
    assert!(bench.notes.contains(&Note::EchoMissed(connection)));
}

#[test]
fn a_connection_is_tried_again_after_pauses_that_grow_and_are_drawn() {
    let mut bench = Bench::of(profile("iso87-host", |text| text), None, (1, 8));
    let mut pauses = Vec::new();
    for _ in 0..12 {
        let connection = bench.connection(0);
        bench.lose(connection);
        let began = bench.ms;
        while bench.connection(0) == connection {
            bench.wait(10);
        }
        pauses.push(bench.ms - began);
    }
    assert!(pauses[0] >= 250 && pauses[0] <= 510, "{pauses:?}");
    assert!(pauses[11] >= 15_000 && pauses[11] <= 30_010, "{pauses:?}");
    assert!(pauses[9..].iter().any(|pause| *pause != pauses[11]), "{pauses:?}");
    bench.sign_on(0);
    let connection = bench.connection(0);
    bench.lose(connection);
    bench.wait(510);
    assert_ne!(bench.connection(0), connection, "the pause begins small again");
}

#[test]
fn on_the_way_down_the_last_request_has_its_result_before_the_sign_off() {
    let mut bench = Bench::up();
    let connection = bench.connection(0);
    bench.ask(request(Authorize, 1));
    let asked = bench.written(connection);
    bench.host.drain(bench.now());
    assert!(bench.written(connection).is_empty());
    bench.say(connection, &answer(&asked[0], "00"));
    let last = bench.written(connection);
    assert_eq!((last.len(), last[0].text(70)), (1, Some("002")));
    assert!(!bench.host.is_drained());
    bench.say(connection, &answer(&last[0], "00"));
    assert!(bench.host.is_drained() && bench.closed == [connection]);
    assert_eq!(bench.host.deadline(), None);
}

#[test]
fn a_host_that_does_not_answer_the_sign_off_holds_nobody_up() {
    let mut bench = Bench::up();
    bench.host.drain(bench.now());
    bench.wait(2_000);
    assert!(bench.host.is_drained());
}

#[test]
fn garbage_costs_its_own_connection_and_what_was_in_flight_on_it_is_unknown() {
    for garbage in [[0xff_u8; 64].as_slice(), &[0, 0, 0, 0, 0, 3, 1, 2, 3], b"\x00\x05hello"] {
        let mut bench = Bench::of(profile("iso87-host", |text| text), None, (2, 8));
        bench.sign_on(0);
        bench.sign_on(1);
        bench.ask(request(Authorize, 1));
        bench.ask(request(Authorize, 2));
        let (first, second) = (bench.connection(0), bench.connection(1));
        let asked = [bench.written(first), bench.written(second)];
        bench.receive(first, garbage);
        let mine = answer(&asked[1][0], "00");
        bench.say(second, &mine);
        assert_eq!(bench.done.len(), 1 + usize::from(!bench.closed.is_empty()));
        bench.wait(10_000);
        let results: Vec<u32> = bench.done.iter().map(|(request, _)| request.sale.stan).collect();
        assert_eq!((results.len(), bench.closed.len() <= 1), (2, true));
        assert!(bench.done.iter().any(|(_, result)| *result == ProviderResult::UNKNOWN));
    }
}

#[test]
fn an_empty_frame_keeps_a_connection_alive_and_is_never_answered() {
    let mut bench = Bench::up();
    let connection = bench.connection(0);
    bench.wait(59_000);
    bench.receive(connection, &[0, 0, 0, 0]);
    bench.wait(1_000);
    assert!(bench.written(connection).is_empty() && bench.closed.is_empty());
}

#[test]
fn the_host_s_own_network_messages_are_answered_and_other_requests_refused() {
    let mut bench = Bench::up();
    let connection = bench.connection(0);
    for (asked, code) in [("301", "00"), ("001", "00"), ("161", "12")] {
        bench.say(connection, &network(asked));
        let said = bench.written(connection);
        assert_eq!((said[0].mti.as_str(), said[0].text(39)), ("0810", Some(code)), "{asked}");
        assert_eq!(said[0].text(11), Some("000009"));
    }
    let mut sale = network("301");
    sale.mti = Mti::FINANCIAL_REQUEST;
    sale.set(2, "4000000000000002");
    bench.say(connection, &sale);
    let said = bench.written(connection);
    assert_eq!((said[0].mti.as_str(), said[0].text(39)), ("0210", Some("12")));
    assert!(!said[0].has(2), "nothing of a card goes back");
}

#[test]
fn a_host_that_asks_without_reading_loses_its_connection() {
    let mut bench = Bench::up();
    let connection = bench.connection(0);
    for _ in 0..=64 {
        bench.say(connection, &network("301"));
    }
    assert_eq!(bench.closed, [connection]);
}

#[test]
fn without_sign_on_a_connection_is_up_at_once_and_connections_take_turns() {
    let edit = |text: String| text.replace("sign_on = \"001\"\n", "");
    let mut bench = Bench::of(profile("iso87-host", edit), None, (2, 1));
    for index in 0..2 {
        let connection = bench.connection(index);
        bench.host.connected(bench.now(), connection);
    }
    for stan in 1..=3 {
        bench.ask(request(Inquire, stan));
    }
    let (first, second) = (bench.connection(0), bench.connection(1));
    let (one, two) = (bench.written(first), bench.written(second));
    assert_eq!((one.len(), two.len()), (1, 1), "one in flight on each");
    bench.say(first, &answer(&one[0], "00"));
    assert_eq!(bench.written(first).len(), 1, "the third has its turn");
}

#[test]
fn events_of_an_earlier_attempt_are_ignored() {
    let mut bench = Bench::up();
    let old = bench.connection(0);
    bench.lose(old);
    bench.wait(1_000);
    bench.sign_on(0);
    let notes = bench.notes.len();
    bench.lose(old);
    bench.receive(old, &[0xff; 8]);
    bench.host.connected(bench.now(), old);
    bench.turn();
    assert_eq!(bench.notes.len(), notes);
    bench.ask(request(ProviderRequestKind::Lookup, 5));
    let connection = bench.connection(0);
    assert_eq!(bench.written(connection).len(), 1);
}

/// Opens every connection anew, and each attempt fails.
fn fail(bench: &mut Bench, times: u32) {
    for _ in 0..times {
        for index in 0..2 {
            let connection = bench.connection(index);
            bench.lose(connection);
        }
        let opened = bench.opened.len();
        while bench.opened.len() < opened + 2 {
            bench.wait(10);
        }
    }
}

#[test]
fn a_host_that_is_out_of_reach_refuses_at_once_and_one_that_closed_does_not() {
    let not_sent = request(Authorize, 1).not_sent();
    let two = || Bench::of(profile("iso87-host", |text| text), None, (2, 8));
    // Both were closed by the host, as idle ones are: the next attempt is worth waiting for.
    let mut bench = two();
    bench.sign_on(0);
    bench.sign_on(1);
    fail(&mut bench, 1);
    bench.ask(request(Authorize, 1));
    assert!(bench.done.is_empty());
    // That attempt fails, too.
    fail(&mut bench, 1);
    assert_eq!(*bench.result(), not_sent, "it waits no longer");
    bench.done.clear();
    bench.ask(request(Authorize, 2));
    assert_eq!(*bench.result(), not_sent, "at once");
    bench.done.clear();
    bench.ask(request(Inquire, 3));
    assert_eq!(*bench.result(), ProviderResult::UNKNOWN, "a question says nothing");
    // One connection is enough.
    bench.done.clear();
    bench.sign_on(1);
    bench.ask(request(Authorize, 4));
    let connection = bench.connection(1);
    assert_eq!((bench.done.len(), bench.written(connection).len()), (0, 1));
}

#[test]
fn a_connection_that_does_not_open_is_waited_for_two_seconds() {
    let mut bench = Bench::of(profile("iso87-host", |text| text), None, (1, 8));
    bench.ask(request(Authorize, 1));
    bench.wait(1_000);
    bench.ask(request(Authorize, 2));
    bench.wait(999);
    assert!(bench.done.is_empty());
    let due = bench.host.deadline().unwrap();
    bench.wait(1);
    assert_eq!((bench.done.len(), due), (2, bench.now().at), "long before the deadline of ten");
    bench.ask(request(Authorize, 3));
    assert_eq!(bench.done.len(), 3, "at once");
    bench.sign_on(0);
    bench.ask(request(Authorize, 4));
    assert_eq!(bench.done.len(), 3);
}

#[test]
fn requests_that_wait_for_room_wait_on_though_other_connections_fail() {
    let mut bench = Bench::of(profile("iso87-host", |text| text), None, (2, 1));
    bench.sign_on(0);
    let other = bench.connection(1);
    bench.lose(other);
    bench.ask(request(Authorize, 1));
    bench.ask(request(Authorize, 2));
    bench.wait(5_000);
    assert!(bench.done.is_empty(), "one is in flight, the other waits for it");
    let connection = bench.connection(0);
    let asked = bench.written(connection);
    bench.say(connection, &answer(&asked[0], "00"));
    assert_eq!((bench.done.len(), bench.written(connection).len()), (1, 1));
}
