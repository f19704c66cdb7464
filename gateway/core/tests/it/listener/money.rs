//! What requests become: the same rows as those of the sealed link.

use tillgate_codec::iso8583::Message;
use tillgate_core::listener::CloseReason;
use tillgate_core::time::{Span, UnixMillis};
use tillgate_store_core::{
    BusinessDate, Change, Key, Kind, RegistryRecord, State, Status, Store, TerminalId, Transaction,
};

use super::{Port, TERMINAL, as_type, request, sale, voucher};
use crate::support::{NOON, answer, terminal, today, top_up_sale};

const DAY_MS: u64 = 86_400_000;

impl Port {
    /// Answers the order that a sale has sent, and gives the answer's bytes.
    fn sell(&mut self, message: &Message) -> Option<Vec<u8>> {
        let session = self.connect(1);
        let frame = self.frame(message);
        self.receive(session, &frame);
        self.work();
        if let Some(order) = self.rig.forwards.pop() {
            self.rig.approve(order.key);
            self.work();
        }
        std::mem::take(&mut self.sent).into_iter().next().map(|(_, bytes)| bytes)
    }

    fn row(&self, date: BusinessDate, stan: u32) -> Option<Transaction> {
        self.rig.book.transaction(&Key { date, terminal: TERMINAL, stan }).unwrap()
    }
}

fn field(port: &Port, framed: &[u8], number: u8) -> String {
    port.read(framed).text(number).unwrap_or_default().to_owned()
}

#[test]
fn a_terminal_logs_on_and_tests_the_line() {
    let mut port = Port::new();
    let logon = port.ask(&request("0800", "920000", 1)).unwrap();
    let logon = port.read(&logon);
    assert_eq!((logon.text(39), logon.text(12)), (Some("00"), Some("120000")));
    assert_eq!(logon.text(13), Some("1123"), "the date that its sales are to have");
    assert_eq!(port.code(&request("0800", "990000", 2)), "00");
    let unknown = port.ask(&request("0800", "950000", 3)).unwrap();
    assert_eq!(field(&port, &unknown, 39), "40", "no such message");
    assert_eq!(field(&port, &unknown, 11), "000003");
}

#[test]
fn a_sale_is_the_row_that_the_sealed_link_would_have_made() {
    let mut port = Port::new();
    let framed = port.sell(&sale(7)).unwrap();
    let row = port.row(today(), 7).unwrap();
    assert_eq!(field(&port, &framed, 39), "00");
    assert_eq!(field(&port, &framed, 37), row.rrn().as_str());
    assert_eq!(field(&port, &framed, 48), "P-1");
    let other = &top_up_sale(7);
    assert_eq!((row.kind.has_provider(), row.state), (true, State::Approved));
    assert_eq!((row.service.0, row.product.0), (other.service, other.product));
    assert_eq!((row.amount_minor, row.currency), (other.amount_minor, other.currency));
    assert_eq!(&*row.subscriber, other.subscriber);
    let slip = port.sell(&voucher(8)).unwrap();
    assert_eq!(field(&port, &slip, 39), "00");
    assert!(field(&port, &slip, 61).starts_with("1234-5678-"), "the PIN");
    assert!(!field(&port, &slip, 60).is_empty(), "the serial number");
}

#[test]
fn the_same_request_gets_the_same_bytes_also_as_a_repeat_and_after_a_restart() {
    let mut port = Port::new();
    let (first, slip) = (port.sell(&sale(7)).unwrap(), port.sell(&voucher(8)).unwrap());
    assert_eq!(port.sell(&sale(7)).unwrap(), first);
    port.rig.pass(Span::s(60));
    assert_eq!(port.sell(&as_type(&sale(7), "0201")).unwrap(), first);
    let mut port = port.restart();
    port.rig.pass(Span::s(60));
    assert_eq!(port.sell(&sale(7)).unwrap(), first);
    assert_eq!(port.sell(&voucher(8)).unwrap(), slip);
    assert!(port.rig.forwards.is_empty(), "nothing was forwarded again");
}

#[test]
fn the_same_number_with_other_content_is_refused() {
    let mut port = Port::new();
    port.sell(&sale(7)).unwrap();
    // What the answer repeats (12, 25) is content too.
    for (field, text) in [(4, "2600"), (102, "254700000002"), (12, "120001"), (25, "08")] {
        let mut other = sale(7);
        other.set(field, text);
        assert_eq!(port.code(&other), "94", "field {field}");
    }
    let mut same = sale(7);
    same.set(22, "0021");
    assert_eq!(port.code(&same), "00", "what is neither used nor repeated is not content");
}

#[test]
fn a_repeat_in_flight_attaches_and_is_not_forwarded() {
    let mut port = Port::new();
    let (first, again) = (port.connect(1), port.connect(1));
    let (frame, repeat) = (port.frame(&sale(7)), port.frame(&as_type(&sale(7), "0201")));
    port.receive(first, &frame);
    port.work();
    port.receive(again, &repeat);
    port.work();
    assert_eq!((port.rig.forwards.len(), port.sent.len()), (1, 0));
    let key = port.rig.forwards[0].key;
    port.rig.approve(key);
    port.work();
    let (session, bytes) = port.sent.pop().unwrap();
    assert_eq!(
        (session, port.sent.len()),
        (again, 0),
        "the terminal waits on its newest connection"
    );
    assert_eq!(field(&port, &bytes, 39), "00");
    let frame = port.frame(&sale(8));
    port.receive(first, &frame);
    port.work();
    assert_eq!(port.rig.forwards.len(), 2, "the older one may go on");
}

#[test]
fn a_reversal_under_the_sale_s_own_number_takes_it_back_once() {
    let limits = tillgate_core::limits::TransactionLimits::default();
    let rig = crate::support::Rig::with(limits, crate::support::ABLE);
    let mut port = Port::over(rig, tillgate_core::listener::limits::ListenerLimits::default());
    port.sell(&sale(7)).unwrap();
    let float = port.rig.float();
    let reverse = as_type(&sale(7), "0400");
    let session = port.connect(1);
    let frame = port.frame(&reverse);
    port.receive(session, &frame);
    port.work();
    let order = port.rig.reversals.pop().expect("the provider is asked");
    let taken_back = tillgate_core::provider::ProviderResult::Outcome(
        tillgate_store_core::ProviderOutcome::Reversed,
    );
    port.rig.found(order.key, taken_back);
    port.work();
    let first = port.sent.pop().unwrap().1;
    assert_eq!(field(&port, &first, 39), "00");
    assert!(port.rig.float().posted_minor > float.posted_minor);
    let after = port.rig.float();
    for mti in ["0401", "0420", "0421", "0400"] {
        assert_eq!(port.code(&as_type(&reverse, mti)), "00", "{mti}");
    }
    assert_eq!(port.ask(&reverse).unwrap(), first, "byte for byte");
    assert_eq!(port.rig.float(), after, "no money moves twice");
    assert_eq!(port.code(&sale(7)), "12", "the sale is not sold again");
    assert_eq!(port.row(today(), 7).unwrap().state, State::Reversed);
}

#[test]
fn a_reversal_before_its_sale_is_acknowledged_and_the_sale_refused() {
    let mut port = Port::new();
    assert_eq!(port.code(&as_type(&sale(9), "0400")), "00");
    assert_eq!(port.code(&sale(9)), "12");
    assert!(port.rig.forwards.is_empty());
    assert_eq!(port.row(today(), 9).map(|row| row.kind), Some(Kind::Tombstone));
}

#[test]
fn a_reversal_is_acknowledged_whatever_date_its_terminal_has() {
    // Tomorrow, yesterday, last week, next year: the terminal repeats it until it is acknowledged.
    for (stan, date) in (20..).zip(["1124", "1122", "1116", "0101"]) {
        let mut port = Port::new();
        let mut sale = sale(stan);
        sale.set(13, date);
        assert_eq!(port.code(&sale), "12", "{date}: sales of other dates get no row");
        let reverse = as_type(&sale, "0400");
        assert_eq!(port.code(&reverse), "00", "{date}");
        assert_eq!(port.code(&as_type(&sale, "0401")), "00", "{date}: again");
        port.rig.wall = UnixMillis(NOON.0 + DAY_MS);
        assert_eq!(port.code(&reverse), "00", "{date}: on the next day");
        if date == "1124" {
            assert_eq!(port.code(&sale), "12", "its day has come, and it was taken back");
            assert!(port.rig.forwards.is_empty());
        }
    }
}

#[test]
fn a_reversal_of_a_month_long_gone_is_acknowledged() {
    let mut port = Port::new();
    port.rig.wall = UnixMillis(NOON.0 - 160 * DAY_MS);
    let mut sale = sale(20);
    sale.set(13, "0101");
    assert_eq!(port.code(&sale), "12");
    for mti in ["0400", "0401", "0420"] {
        assert_eq!(port.code(&as_type(&sale, mti)), "00", "{mti}");
    }
    assert_eq!(port.code(&sale), "12", "and it is never sold");
}

#[test]
fn a_late_reversal_takes_no_number_of_today() {
    let mut port = Port::new();
    let (yesterday, today) = (sale(12), {
        let mut sale = sale(12);
        sale.set(13, "1124");
        sale
    });
    port.sell(&yesterday).unwrap();
    port.rig.wall = UnixMillis(NOON.0 + DAY_MS);
    port.sell(&today).unwrap();
    let taken = |port: &mut Port, message: &Message| {
        let code = port.code(&as_type(message, "0400"));
        assert!(["00", "09", "21"].contains(&code.as_str()), "{code}");
    };
    taken(&mut port, &today);
    taken(&mut port, &yesterday);
}

#[test]
fn the_sale_of_the_small_hours_is_of_the_business_date_that_the_cut_off_says() {
    let mut port = Port::new();
    let mut early = sale(7);
    early.set(12, "003000").set(13, "1124");
    port.calendar = tillgate_core::time::Calendar::fixed(0, 180);
    port.rig.wall = UnixMillis(NOON.0 + DAY_MS / 2 + 1_800_000);
    let framed = port.sell(&early).unwrap();
    assert_eq!(field(&port, &framed, 39), "00");
    assert!(port.row(today(), 7).is_some(), "half past midnight is still the 23rd");
}

#[test]
fn a_card_number_is_journalled_nowhere() {
    let mut port = Port::new();
    let mut card = sale(7);
    card.remove(102);
    card.set(35, "4111111111111111=29121010000012345678");
    // Service 20 sells to telephones.
    assert_eq!(port.code(&card), "14", "C1, as these terminals know it");
    assert!(port.row(today(), 7).is_none());
    let session = port.connect(1);
    let frame = port.frame(&card);
    port.receive(session, &frame);
    port.work();
    let sent = port.sent.pop().unwrap().1;
    assert_eq!((port.read(&sent).has(2), port.read(&sent).has(35)), (false, false));
}

#[test]
fn only_a_terminal_that_is_enabled_for_the_listener_is_answered() {
    let mut port = Port::new();
    // 101 uses the sealed link, 102 another listener, 999 is nobody.
    let mut elsewhere = terminal(102);
    elsewhere.listener = "other".to_owned();
    let records = vec![RegistryRecord::Terminal(elsewhere)];
    port.rig.change(Change { records, ..Change::default() });
    for id in ["00000101", "00000102", "00000999"] {
        for mut message in [request("0800", "990000", 1), sale(2), as_type(&sale(3), "0400")] {
            message.set(41, id);
            assert_eq!(port.ask(&message), None, "{id} {}", message.mti);
            let why = port.closed.pop().map(|(_, why)| why);
            assert_eq!(why, Some(CloseReason::Denied), "{id} {}", message.mti);
            let named = Some(TerminalId(id.parse().unwrap()));
            assert_eq!(port.troubles.pop(), Some((named, "denied")));
        }
    }
    assert_eq!(port.code(&request("0800", "990000", 1)), "00");
}

#[test]
fn a_terminal_of_a_listener_has_no_session_of_the_sealed_link() {
    let mut port = Port::new();
    let rekeyed = port.rig.rekeyed.pop().expect("its sessions end");
    assert_eq!((rekeyed.terminal, rekeyed.generations.len()), (TERMINAL, 0));
    assert!(port.rig.directory.key(TERMINAL, 1).is_none(), "a hello finds no key");
    port.rig.ask(100, &tillgate_codec::link::message::TerminalMessage::Sale(top_up_sale(1)));
    assert!(port.rig.replies.pop().is_some_and(|reply| {
        tillgate_core::processing::effect(&reply.content) == tillgate_core::processing::Effect::End
    }));
    port.rig.change(Change {
        records: vec![RegistryRecord::Terminal(terminal(100))],
        ..Change::default()
    });
    assert!(port.rig.directory.key(TERMINAL, 1).is_some());
    assert_eq!(port.ask(&sale(1)), None, "and the other way round");
}

#[test]
fn a_block_is_in_force_with_the_next_request() {
    let mut port = Port::new();
    let mut blocked = terminal(100);
    (blocked.listener, blocked.status) = (super::NAME.to_owned(), Status::Blocked);
    let records = vec![RegistryRecord::Terminal(blocked)];
    port.rig.change(Change { records, ..Change::default() });
    assert_eq!(port.code(&sale(1)), "58");
    assert_eq!(port.code(&request("0800", "920000", 2)), "58");
    assert_eq!(port.code(&as_type(&sale(3), "0400")), "00", "what gives money back is taken");
}

#[test]
fn what_cannot_be_read_is_answered_with_30_and_an_unknown_service_with_12() {
    let mut port = Port::new();
    for number in [4, 13, 12] {
        let mut message = sale(7);
        message.remove(number);
        let framed = port.ask(&message).unwrap();
        assert_eq!(field(&port, &framed, 39), "30", "without field {number}");
    }
    let long = "1234567890123456789012345678";
    for (field, text) in [(13, "1332"), (12, "256000"), (49, "ZZZ"), (11, "000000"), (102, long)] {
        let mut message = sale(7);
        message.set(field, text);
        assert_eq!(port.code(&message), "30", "field {field}");
    }
    let mut message = sale(7);
    message.set(3, "990001");
    assert_eq!(port.code(&message), "12");
    assert_eq!(port.row(today(), 7).map(|row| row.state), Some(State::Declined));
}

#[test]
fn an_answer_of_the_sealed_link_is_one_of_the_listener_s() {
    // The body is what the sealed link would seal: its tests hold here too.
    let mut port = Port::new();
    port.sell(&sale(7)).unwrap();
    let row = port.row(today(), 7).unwrap();
    let content = tillgate_core::transaction::Content::Journalled(row);
    let session = tillgate_core::id::SessionId { reactor: 0, slot: 0, generation: 0 };
    let (received, generation, logged_on) = (port.rig.now, 0, true);
    let origin = tillgate_core::transaction::Origin {
        session,
        terminal: TERMINAL,
        received,
        generation,
        logged_on,
    };
    let body = port.rig.body_of(&tillgate_core::transaction::Reply { origin, content });
    assert_eq!(answer(&body).code.to_string(), "00");
}

#[test]
fn a_settlement_is_compared_with_the_journal_and_answered_with_its_totals() {
    let mut port = Port::new();
    port.sell(&voucher(1)).unwrap();
    port.sell(&sale(2)).unwrap();
    let settle = |stan: u32, totals: &str| {
        let mut message = request("0500", "920000", stan);
        message.set(12, "120000").set(13, "1123").set(49, "404").set(63, totals);
        message
    };
    let counted = "00020000000075000000000000000000";
    let first = port.ask(&settle(3, counted)).unwrap();
    assert_eq!(
        (field(&port, &first, 39).as_str(), field(&port, &first, 63).as_str()),
        ("00", counted)
    );
    assert_eq!(port.ask(&settle(3, counted)).unwrap(), first, "the same bytes again");
    let other = settle(4, "00010000000050000000000000000000");
    let framed = port.ask(&other).unwrap();
    assert_eq!(field(&port, &framed, 39), "95", "totals differ");
    assert_eq!(field(&port, &framed, 63), counted, "the gateway's own");
    let framed = port.ask(&settle(5, "0002")).unwrap();
    assert_eq!(field(&port, &framed, 39), "30");
    assert!(!port.read(&framed).has(63), "nothing was counted");
    // On the next day, of the day before.
    port.rig.wall = UnixMillis(NOON.0 + DAY_MS);
    let framed = port.ask(&settle(6, counted)).unwrap();
    assert_eq!(
        (field(&port, &framed, 39).as_str(), field(&port, &framed, 63).as_str()),
        ("00", counted)
    );
}

fn advice(stan: u32) -> Message {
    as_type(&sale(stan), "0220")
}

#[test]
fn an_advice_confirms_its_sale_once_and_gets_the_same_bytes_again_also_days_later() {
    let mut port = Port::new();
    port.sell(&sale(7)).unwrap();
    let first = port.ask(&advice(7)).unwrap();
    assert_eq!(
        (field(&port, &first, 39), port.read(&first).mti.as_str()),
        ("00".to_owned(), "0230")
    );
    let confirmed = port.row(today(), 7).unwrap().confirmed_ms;
    assert!(confirmed > 0);
    port.rig.wall = UnixMillis(port.rig.wall.0 + 9 * DAY_MS);
    let mut port = port.restart();
    assert_eq!(port.ask(&as_type(&advice(7), "0221")).unwrap(), first, "of a date that is closed");
    assert_eq!(port.row(today(), 7).unwrap().confirmed_ms, confirmed);
}

#[test]
fn an_advice_of_another_amount_or_of_a_sale_that_is_not_there_confirms_nothing() {
    let mut port = Port::new();
    port.sell(&sale(7)).unwrap();
    let mut other = advice(7);
    other.set_number(4, 2_400);
    assert_eq!(port.code(&other), "13");
    assert_eq!(port.code(&advice(8)), "25");
    assert_eq!(port.row(today(), 7).unwrap().confirmed_ms, 0);
    assert!(port.row(today(), 8).is_none(), "nothing is journalled");
    let mut blocked = port.rig.directory.registry.terminal(TERMINAL).unwrap().clone();
    blocked.status = Status::Blocked;
    let records = vec![RegistryRecord::Terminal(blocked)];
    port.rig.change(Change { records, ..Change::default() });
    assert_eq!(port.code(&advice(7)), "00", "also from a blocked terminal");
}

#[test]
fn an_advice_before_the_outcome_of_its_sale_is_to_be_sent_again() {
    let mut port = Port::new();
    let session = port.connect(2);
    let frame = port.frame(&sale(7));
    port.receive(session, &frame);
    port.work();
    assert_eq!(port.code(&advice(7)), "09");
    let order = port.rig.forwards.pop().unwrap();
    port.rig.approve(order.key);
    port.work();
    port.sent.clear();
    assert_eq!(port.code(&advice(7)), "00");
    assert_eq!(port.code(&as_type(&sale(7), "0400")), "21", "it is confirmed");
}

/// A record of the terminal's batch.
fn record(stan: u32, of: u32, amount_minor: u64) -> Message {
    let mut message = as_type(&sale(stan), "0320");
    message.set_number(4, amount_minor).set(60, &format!("0200{of:06}            "));
    message
}

#[test]
fn a_batch_is_acknowledged_and_what_the_journal_has_otherwise_is_said_once() {
    let mut port = Port::new();
    port.sell(&sale(7)).unwrap();
    port.sell(&sale(8)).unwrap();
    let (before, money) = (port.rig.book.head().audit_no, port.rig.float());
    assert_eq!(port.code(&record(20, 7, 2_500)), "00");
    assert_eq!(port.rig.book.head().audit_no, before, "the journal has it too");
    let first = port.ask(&record(21, 8, 2_600)).unwrap();
    assert_eq!(port.ask(&as_type(&record(21, 8, 2_600), "0321")).unwrap(), first);
    assert_eq!(port.code(&record(22, 9, 2_500)), "00");
    assert_eq!(port.rig.book.head().audit_no, before + 2, "once each");
    assert_eq!(port.rig.float(), money, "nothing is booked");
    assert!(port.row(today(), 9).is_none());
    let mut closing = as_type(&request("0500", "960000", 23), "0500");
    closing.set(12, "120000").set(13, "1123").set(49, "404");
    closing.set(63, "00020000000050000000000000000000");
    assert_eq!(port.code(&closing), "00", "it settles again");
}

#[test]
fn what_a_terminal_may_have_said_of_its_batches_is_bounded_by_the_day() {
    let mut port = Port::new();
    let before = port.rig.book.head().audit_no;
    for stan in 1..=130 {
        assert_eq!(port.code(&record(200_000 + stan, stan, 2_500)), "00");
        port.rig.pass(Span::s(1));
    }
    assert_eq!(port.rig.book.head().audit_no, before + 100);
}
