//! Card data goes from the terminal to the first order and nowhere else; what the host answers for the
//! chip goes back.

use std::ops::ControlFlow;

use tillgate_codec::iso8583::Message;
use tillgate_core::card::{CardData, CardPart};
use tillgate_core::limits::{CARD_BYTES_MAX, TransactionLimits};
use tillgate_core::listener::limits::ListenerLimits;
use tillgate_core::provider::{Bridge, ProviderResult};
use tillgate_store_core::{
    AccountField, AccountForm, Change, ChipAnswer, Family, ProviderOutcome, ReadRows,
    RegistryRecord, ResponseCode, Route, RouteRule, Service, Text,
};

use super::{Port, as_type, sale, voucher};
use crate::support::{KIND, Rig, top_up_key, top_ups};

const TRACK: &str = "4111111111111111=25121011234567890123";
const PIN_BLOCK: [u8; 8] = [0x3c, 0x9a, 0x11, 0xf0, 0x77, 0x52, 0xee, 0x04];
const KSN: &str = "9876543210123456";
const CHIP: [u8; 17] =
    [0x9f, 0x26, 8, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18, 0x82, 2, 0x19, 0x80, 0x9a, 0];
const ANSWER: [u8; 12] = [0x91, 10, 9, 8, 7, 6, 5, 4, 3, 2, 0x30, 0x30];

/// Two bridges, and a service whose accounts are cards.
fn port() -> Port {
    let named = |name: &str| Bridge { name: name.to_owned(), capabilities: KIND };
    let rig = Rig::over(TransactionLimits::default(), vec![named("topup"), named("other")]);
    let mut port = Port::over(rig, ListenerLimits::default());
    let to = |priority, name| RouteRule { priority, ..RouteRule::to(Text::from(name).unwrap()) };
    let rules = vec![to(1, "topup"), to(2, "other")];
    let route = Route { name: Text::from("cards").unwrap(), rules };
    let account = Some(AccountField::of(AccountForm::Card));
    let service = Service { route: "cards".to_owned(), account, ..top_ups() };
    let records = vec![RegistryRecord::Route(route), RegistryRecord::Service(service)];
    port.rig.change(Change { records, ..Change::default() });
    port
}

fn card_sale(stan: u32) -> Message {
    let mut message = sale(stan);
    message.remove(102);
    message.set(14, "2512").set(22, "0051").set(23, "0001").set(35, TRACK);
    message.set_bytes(52, &PIN_BLOCK).set(53, KSN).set_bytes(55, &CHIP);
    message
}

fn send(port: &mut Port, message: &Message) {
    let session = port.connect(1);
    let frame = port.frame(message);
    port.receive(session, &frame);
    port.work();
}

fn is_whole(card: &CardData) -> bool {
    [
        (CardPart::PinBlock, &PIN_BLOCK[..]),
        (CardPart::Ksn, KSN.as_bytes()),
        (CardPart::Chip, &CHIP),
        (CardPart::EntryMode, b"51"),
        (CardPart::CardSequence, b"1"),
        (CardPart::Track2, TRACK.as_bytes()),
        (CardPart::Expiry, b"2512"),
    ]
    .into_iter()
    .all(|(part, value)| card.part(part) == Some(value))
}

fn keeps(rig: &Rig, secret: &[u8]) -> bool {
    let has = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
    let mut found = false;
    for family in Family::ALL {
        let mut visit = |key: &[u8], value: &[u8]| {
            found |= has(key) || has(value);
            ControlFlow::Continue(())
        };
        rig.book.backend().scan(family, &[], &mut visit).unwrap();
    }
    found
}

fn found(port: &mut Port, stan: u32, outcome: ProviderOutcome) -> Vec<u8> {
    port.sent.clear();
    port.rig.found(top_up_key(stan), ProviderResult::Outcome(outcome));
    port.work();
    port.sent.pop().expect("it is answered").1
}

fn approved() -> ProviderOutcome {
    ProviderOutcome::Approved { reference: Text::new(), chip: ChipAnswer::new(&ANSWER) }
}

#[test]
fn card_data_goes_with_the_first_order_and_is_kept_nowhere() {
    let mut port = port();
    send(&mut port, &card_sale(7));
    assert_eq!(&*port.rig.forwards[0].subscriber, "4111111111111111");
    assert!(is_whole(port.rig.cards[0].as_ref().unwrap()));
    found(&mut port, 7, approved());
    for secret in [&PIN_BLOCK[..], KSN.as_bytes(), &CHIP, TRACK.as_bytes(), &TRACK.as_bytes()[17..]]
    {
        assert!(!keeps(&port.rig, secret));
    }
    send(&mut port, &as_type(&card_sale(7), "0201"));
    assert_eq!(port.rig.forwards.len(), 1, "a repeat orders nothing");
}

#[test]
fn the_next_bridge_receives_it_too_while_nothing_was_sent_and_no_order_after_that() {
    let mut port = port();
    send(&mut port, &card_sale(7));
    let code = ResponseCode::PROVIDER_UNAVAILABLE;
    port.rig.found(top_up_key(7), ProviderResult::Outcome(ProviderOutcome::NotSent { code }));
    assert_eq!(port.rig.forwards.len(), 2);
    assert!(is_whole(port.rig.cards[1].as_ref().unwrap()));
    // What that one was sent may have arrived: it is asked, and never ordered again.
    port.rig.found(top_up_key(7), ProviderResult::UNKNOWN);
    port.rig.pass(tillgate_core::time::Span::s(1));
    assert!(!port.rig.inquiries.is_empty());
    port.rig.not_seen(top_up_key(7));
    assert_eq!(port.rig.forwards.len(), 2, "an order without the card would be another one");
}

#[test]
fn nothing_is_carried_for_a_service_without_cards_or_a_sale_that_is_refused() {
    let mut port = port();
    let mut dear = card_sale(1);
    dear.set_number(4, 999_999_999);
    send(&mut port, &dear);
    assert!(port.rig.forwards.is_empty());
    port.rig
        .change(Change { records: vec![RegistryRecord::Service(top_ups())], ..Change::default() });
    let mut phone = card_sale(2);
    phone.set(102, "254700000001");
    send(&mut port, &phone);
    assert_eq!((port.rig.forwards.len(), port.rig.cards[0].is_none()), (1, true));
}

/// The message with more chip data than there is room for beside what it has else.
fn overfull(mut long: Message) -> Message {
    long.set_bytes(55, &[&[0x86, 0x82, 0x03, 0xe3][..], &[7; 995]].concat());
    long.set(22, "0051").set(53, KSN).set_bytes(52, &PIN_BLOCK);
    assert!(999 + 4 + KSN.len() + PIN_BLOCK.len() > CARD_BYTES_MAX);
    long
}

#[test]
fn more_than_there_is_room_for_is_a_format_error() {
    let mut port = port();
    assert_eq!(port.code(&overfull(card_sale(1))), "30");
    assert!(port.rig.forwards.is_empty());
    send(&mut port, &card_sale(1));
    assert_eq!(port.rig.forwards.len(), 1, "nothing was kept of the one that was refused");
}

#[test]
fn a_sale_without_a_card_s_service_sells_whatever_card_data_it_has() {
    let mut port = port();
    assert_eq!(port.code(&overfull(voucher(1))), "00", "its card data is not even read");
    port.rig
        .change(Change { records: vec![RegistryRecord::Service(top_ups())], ..Change::default() });
    let mut phone = overfull(card_sale(2));
    phone.set(102, "254700000001");
    send(&mut port, &phone);
    assert_eq!((port.rig.forwards.len(), port.rig.cards[0].is_none()), (1, true));
}

#[test]
fn a_sale_that_is_refused_is_refused_for_its_reason_whatever_card_data_it_has() {
    let mut port = port();
    let mut dear = card_sale(1);
    dear.set_number(4, 999_999_999);
    let code = port.code(&dear);
    dear.set_number(11, 2);
    assert_eq!((port.code(&overfull(dear)), code == "30"), (code, false));
}

#[test]
fn a_repeat_with_more_card_data_than_there_is_room_for_gets_the_first_answer() {
    let mut port = port();
    send(&mut port, &card_sale(7));
    let first = found(&mut port, 7, approved());
    let repeat = as_type(&overfull(card_sale(7)), "0201");
    assert_eq!(port.ask(&repeat).unwrap(), first);
    let mut port = port.restart();
    assert_eq!(port.ask(&repeat).unwrap(), first);
    assert_eq!(port.code(&as_type(&overfull(card_sale(8)), "0201")), "30");
}

#[test]
fn a_track_of_another_card_than_the_account_is_a_format_error() {
    let mut port = port();
    let mut other = card_sale(1);
    other.set(102, "5500000000000004");
    assert_eq!(port.code(&other), "30");
    assert!(port.rig.forwards.is_empty());
    let mut same = card_sale(2);
    same.set(102, "4111111111111111");
    send(&mut port, &same);
    assert_eq!(&*port.rig.forwards[0].subscriber, "4111111111111111");
    assert!(is_whole(port.rig.cards[0].as_ref().unwrap()));
    let first = found(&mut port, 2, approved());
    let mut repeat = as_type(&same, "0201");
    repeat.set(35, "5500000000000004=25121011234567890123");
    assert_eq!(port.ask(&repeat).unwrap(), first, "it repeats a sale that has its answer");
}

#[test]
fn the_chip_receives_the_same_with_every_answer_also_after_a_restart_and_with_a_decline() {
    let mut port = port();
    send(&mut port, &card_sale(7));
    let first = found(&mut port, 7, approved());
    assert_eq!(port.read(&first).bytes(55), Some(&ANSWER[..]));
    send(&mut port, &card_sale(8));
    let (code, reference) = (ResponseCode::NOT_HONOURED, Text::new());
    let chip = ChipAnswer::new(&ANSWER);
    let declined = found(&mut port, 8, ProviderOutcome::Declined { code, reference, chip });
    let message = port.read(&declined);
    assert_eq!((message.text(39), message.bytes(55)), (Some("05"), Some(&ANSWER[..])));
    let mut port = port.restart();
    for (stan, answer) in [(7, first), (8, declined)] {
        assert_eq!(port.ask(&as_type(&card_sale(stan), "0201")).unwrap(), answer);
    }
    send(&mut port, &card_sale(9));
    let reference = Text::new();
    let plain = found(&mut port, 9, ProviderOutcome::Approved { reference, chip: None });
    assert!(!port.read(&plain).has(55));
}
