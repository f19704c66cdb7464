//! What an application must keep to, rule by rule.

use tillgate_codec::smpp::{
    Address, Body, CommandId, CommandStatus, DataCoding, DataSm, Pdu, ShortMessage, Tag, Text, Tlv,
    Tlvs,
};

use super::{FIRST, Pair, settings};
use crate::limits::CENTRE_ANSWERS_MAX;
use crate::time::Span;
use crate::ussdc::centre::{Input, KEY_MISMATCH, Output, Status, Violation};
use crate::ussdc::variant::Variant;

/// A message of an application, to be spoilt.
struct Draft {
    sequence: u32,
    is_data: bool,
    service_type: &'static str,
    source: &'static str,
    destination: u64,
    coding: u8,
    text: Vec<u8>,
    tlvs: Vec<(Tag, Vec<u8>)>,
}

/// A correct answer in the first dialog of the first subscriber.
fn draft(ends: bool) -> Draft {
    let (op, end) = if ends { (0x11, 1) } else { (0x02, 0) };
    Draft {
        sequence: 77,
        is_data: false,
        service_type: "USSD",
        source: "123",
        destination: FIRST,
        coding: 0,
        text: b"Amount".to_vec(),
        tlvs: vec![(Tag::USSD_SERVICE_OP, vec![op]), (Tag::ITS_SESSION_INFO, vec![0, end])],
    }
}

fn octets(draft: &Draft) -> Vec<u8> {
    let digits = draft.destination.to_string();
    let source = Address { ton: 0, npi: 1, number: Text::new(draft.source) };
    let destination = Address { ton: 1, npi: 1, number: Text::new(&digits) };
    let service_type = Text::new(draft.service_type);
    let data_coding = DataCoding(draft.coding);
    let list: Vec<Tlv<'_>> = draft.tlvs.iter().map(|(tag, value)| Tlv::new(*tag, value)).collect();
    let body = if draft.is_data {
        let sm = DataSm { service_type, source, destination, data_coding, ..DataSm::default() };
        Body::DataSm(sm)
    } else {
        let sm = ShortMessage { service_type, source, destination, ..ShortMessage::default() };
        // A text in each place cannot be encoded; it is put in afterwards.
        let short_message = if draft.tlvs.iter().any(|(tag, _)| *tag == Tag::MESSAGE_PAYLOAD) {
            &[][..]
        } else {
            &draft.text[..]
        };
        Body::SubmitSm(ShortMessage { data_coding, short_message, ..sm })
    };
    let mut out = Vec::new();
    let pdu = Pdu { tlvs: Tlvs::list(&list), ..Pdu::new(draft.sequence, body) };
    pdu.encode(&mut out).unwrap();
    out
}

/// A dialog that waits for the application, which says nothing of itself.
fn waiting() -> Pair {
    let mut pair = Pair::bound(settings(Variant::standard()));
    pair.centre.handle(pair.now, Input::Dial { handset: 0, dialled: "*123#" });
    acknowledge(&mut pair);
    pair
}

/// The application takes what the centre sends, and answers it with nothing else.
fn acknowledge(pair: &mut Pair) {
    let sent = pair.drain();
    let mut rest = &sent[..];
    while let Some(header) = tillgate_codec::smpp::Header::decode(rest) {
        if !header.command.is_response() {
            let body = Body::DeliverSmResp(tillgate_codec::smpp::MessageResp::default());
            let mut out = Vec::new();
            Pdu::new(header.sequence, body).encode(&mut out).unwrap();
            pair.centre.handle(pair.now, Input::Received { link: 1, bytes: &out });
        }
        rest = &rest[usize::try_from(header.length).unwrap()..];
    }
    pair.sent.clear();
}

fn submit(pair: &mut Pair, draft: &Draft) -> CommandStatus {
    let bytes = octets(draft);
    pair.sent.clear();
    pair.centre.handle(pair.now, Input::Received { link: 1, bytes: &bytes });
    pair.drain();
    let is_resp = |(command, _): &&(CommandId, CommandStatus)| {
        matches!(*command, CommandId::SUBMIT_SM_RESP | CommandId::DATA_SM_RESP)
    };
    pair.sent.iter().find(is_resp).expect("a message is answered").1
}

#[test]
fn every_broken_rule_ends_the_dialog_with_its_reason() {
    let long = "x".repeat(183);
    type Spoil<'a> = &'a dyn Fn(&mut Draft);
    let cases: &[(Violation, Spoil<'_>)] = &[
        (Violation::TextTooLong, &|it| it.text = long.clone().into_bytes()),
        (Violation::TextTooLong, &|it| (it.coding, it.text) = (8, vec![0; 162])),
        (Violation::TextMissing, &|it| it.text.clear()),
        (Violation::TextPlace, &|it| it.tlvs.push((Tag::MESSAGE_PAYLOAD, vec![b'x']))),
        (Violation::Alphabet, &|it| it.coding = 4),
        (Violation::Alphabet, &|it| it.text = vec![0xE9]),
        (Violation::Alphabet, &|it| (it.coding, it.text) = (8, vec![0; 3])),
        (Violation::Operation, &|it| it.tlvs[0].1 = vec![0x17]),
        (Violation::Operation, &|it| drop(it.tlvs.remove(0))),
        (Violation::EndMarker, &|it| it.tlvs[1].1 = vec![0, 1]),
        (Violation::EndMarker, &|it| it.tlvs[0].1 = vec![0x11]),
        (Violation::Key, &|it| it.tlvs[1].1 = vec![9, 0]),
        (Violation::Key, &|it| drop(it.tlvs.remove(1))),
        (Violation::Source, &|it| it.source = "124"),
        (Violation::ServiceType, &|it| it.service_type = "CMT"),
        (Violation::Pdu, &|it| {
            it.is_data = true;
            it.tlvs.push((Tag::MESSAGE_PAYLOAD, vec![b'x']));
        }),
    ];
    for (place, (violation, spoil)) in cases.iter().enumerate() {
        let mut pair = waiting();
        let mut spoilt = draft(false);
        spoil(&mut spoilt);
        let status = submit(&mut pair, &spoilt);
        assert_ne!(status, CommandStatus::OK, "case {place}");
        assert_eq!(pair.statuses(), [Status::Bad(*violation)], "case {place}");
        assert_eq!(status == KEY_MISMATCH, *violation == Violation::Key, "case {place}");
    }
    let mut pair = waiting();
    assert_eq!(submit(&mut pair, &draft(false)), CommandStatus::OK, "none is broken");
}

#[test]
fn a_text_of_182_septets_or_80_units_fits() {
    for (coding, text) in [(0, vec![b'x'; 182]), (8, vec![0; 160])] {
        let mut pair = waiting();
        let full = Draft { coding, text, ..draft(false) };
        assert_eq!(submit(&mut pair, &full), CommandStatus::OK);
    }
}

#[test]
fn two_texts_in_one_message_are_a_fault() {
    let mut pair = waiting();
    let mut bytes = octets(&draft(false));
    bytes.extend_from_slice(&[0x04, 0x24, 0, 1, b'x']);
    let length = u32::try_from(bytes.len()).unwrap();
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    pair.centre.handle(pair.now, Input::Received { link: 1, bytes: &bytes });
    pair.drain();
    assert_eq!(pair.statuses(), [Status::Bad(Violation::TwoTexts)]);
}

#[test]
fn a_second_menu_before_the_answer_is_out_of_turn_and_an_early_end_is_not() {
    let mut pair = waiting();
    submit(&mut pair, &draft(false));
    submit(&mut pair, &draft(false));
    assert_eq!(pair.statuses(), [Status::Bad(Violation::Turn)]);
    let mut pair = waiting();
    submit(&mut pair, &draft(false));
    assert_eq!(submit(&mut pair, &draft(true)), CommandStatus::OK);
    assert_eq!(pair.statuses(), [Status::Success]);
}

#[test]
fn what_crosses_the_end_is_late_once_and_a_fault_the_second_time() {
    let mut pair = waiting();
    pair.centre.handle(pair.now, Input::Drop { handset: 0 });
    acknowledge(&mut pair);
    assert_eq!(submit(&mut pair, &draft(false)), CommandStatus::SUBMIT_FAILED);
    assert_eq!((pair.centre.counts().late, pair.faults()), (1, vec![]));
    assert_eq!(submit(&mut pair, &draft(false)), CommandStatus::SUBMIT_FAILED);
    assert_eq!(pair.faults(), [Violation::AfterRelease]);
}

#[test]
fn what_crosses_the_end_and_the_next_begin_is_late_once_too() {
    let mut pair = waiting();
    pair.centre.handle(pair.now, Input::Drop { handset: 0 });
    pair.centre.handle(pair.now, Input::Dial { handset: 0, dialled: "*123#" });
    acknowledge(&mut pair);
    assert_eq!(submit(&mut pair, &draft(false)), CommandStatus::SUBMIT_FAILED);
    assert_eq!((pair.centre.counts().late, pair.statuses()), (1, vec![Status::NetworkDrop]));
    assert_eq!(submit(&mut pair, &draft(false)), KEY_MISMATCH);
    assert_eq!(pair.statuses()[1], Status::Bad(Violation::Key));
}

#[test]
fn a_text_for_no_dialog_is_a_fault_and_for_no_subscriber_too() {
    let mut pair = waiting();
    let other = Draft { destination: FIRST + 1, ..draft(true) };
    assert_eq!(submit(&mut pair, &other), CommandStatus::SUBMIT_FAILED);
    let nobody = Draft { destination: 1, ..draft(true) };
    assert_eq!(submit(&mut pair, &nobody), CommandStatus::SUBMIT_FAILED);
    assert_eq!(pair.faults(), [Violation::NoDialog; 2]);
    assert_eq!(pair.statuses(), [], "the other dialog goes on");
}

#[test]
fn no_answer_within_15_seconds_is_a_fault() {
    let mut pair = waiting();
    pair.now = pair.now.after(Span::s(15));
    pair.centre.handle(pair.now, Input::Tick);
    pair.drain();
    assert_eq!(pair.statuses(), [Status::ApplicationTimeout]);
    assert_eq!(Status::ApplicationTimeout.violation(), Some(Violation::NoAnswer));
    assert_eq!(submit(&mut pair, &draft(false)), CommandStatus::SUBMIT_FAILED);
    assert_eq!(pair.centre.counts().late, 1);
}

#[test]
fn a_deliver_sm_without_an_answer_is_a_fault() {
    let mut pair = Pair::bound(settings(Variant::standard()));
    pair.centre.handle(pair.now, Input::Dial { handset: 0, dialled: "*123#" });
    pair.drain();
    pair.now = pair.now.after(Span::s(10));
    pair.centre.handle(pair.now, Input::Tick);
    pair.drain();
    assert_eq!(pair.statuses(), [Status::Bad(Violation::DeliverUnanswered)]);
}

#[test]
fn a_dialog_lasts_three_minutes_at_most() {
    let mut pair = waiting();
    for _ in 0..4 {
        submit(&mut pair, &draft(false));
        pair.now = pair.now.after(Span::s(45));
        pair.centre.handle(pair.now, Input::Tick);
        pair.centre.handle(pair.now, Input::Answer { handset: 0, text: "1" });
        acknowledge(&mut pair);
    }
    assert_eq!(pair.statuses(), [Status::SessionTimeout]);
}

#[test]
fn throttled_messages_do_nothing_and_are_refused_with_either_status() {
    let mut always = settings(Variant::standard());
    always.throttle_permille = 1_000;
    let mut pair = Pair::bound(always);
    pair.centre.handle(pair.now, Input::Dial { handset: 0, dialled: "*123#" });
    acknowledge(&mut pair);
    assert_eq!(submit(&mut pair, &draft(false)), CommandStatus::THROTTLED);
    assert_eq!(submit(&mut pair, &draft(false)), CommandStatus::QUEUE_FULL);
    assert_eq!((pair.centre.counts().throttled, pair.seen.len()), (2, 0));
}

#[test]
fn more_messages_than_the_window_are_a_fault() {
    let mut slow = settings(Variant::standard());
    (slow.submit_window, slow.answer_after) = (1, Span::ms(50));
    let mut pair = Pair::bound(slow);
    pair.centre.handle(pair.now, Input::Dial { handset: 0, dialled: "*123#" });
    acknowledge(&mut pair);
    for draft in [draft(false), draft(true)] {
        let bytes = octets(&draft);
        pair.centre.handle(pair.now, Input::Received { link: 1, bytes: &bytes });
    }
    pair.drain();
    assert_eq!((pair.faults(), pair.sent.len()), (vec![Violation::Window], 0));
    pair.now = pair.centre.deadline().unwrap();
    pair.centre.handle(pair.now, Input::Tick);
    pair.drain();
    let [(_, CommandStatus::OK), (_, CommandStatus::THROTTLED)] = pair.sent[..] else {
        panic!("{:?}", pair.sent)
    };
}

#[test]
fn a_slow_centre_that_owes_too_many_answers_refuses_the_next_message_at_once() {
    let mut slow = settings(Variant::standard());
    slow.answer_after = Span::s(5);
    let mut pair = Pair::bound(slow);
    let mut sms = draft(false);
    (sms.service_type, sms.source) = ("", "Shop");
    sms.tlvs.clear();
    let bytes = octets(&sms);
    for _ in 0..CENTRE_ANSWERS_MAX {
        pair.centre.handle(pair.now, Input::Received { link: 1, bytes: &bytes });
    }
    pair.drain();
    assert_eq!(pair.sent.len(), 0);
    sms.sequence += 1;
    assert_eq!(submit(&mut pair, &sms), CommandStatus::QUEUE_FULL);
    pair.wait(Span::s(5));
    assert_eq!(pair.sent.len(), CENTRE_ANSWERS_MAX + 1);
    assert_eq!(submit_in_time(&mut pair, &sms), CommandStatus::OK);
    assert_eq!((pair.centre.counts().throttled, pair.faults()), (1, vec![]));
}

/// Submits, and waits for the answer of a slow centre.
fn submit_in_time(pair: &mut Pair, draft: &Draft) -> CommandStatus {
    let bytes = octets(draft);
    pair.centre.handle(pair.now, Input::Received { link: 1, bytes: &bytes });
    pair.wait(Span::s(5));
    pair.sent.last().unwrap().1
}

#[test]
fn the_application_may_begin_a_dialog_notify_and_send_a_short_message() {
    let mut pair = Pair::bound(settings(Variant::standard()));
    let mut ask = draft(false);
    ask.tlvs.truncate(1);
    assert_eq!(submit(&mut pair, &ask), CommandStatus::OK);
    assert_eq!(pair.seen, [Output::Screen { handset: 0, text: "Amount".to_owned() }]);
    let mut notify = draft(false);
    notify.tlvs = vec![(Tag::USSD_SERVICE_OP, vec![0x03])];
    assert_eq!(submit(&mut pair, &notify), CommandStatus::SUBMIT_FAILED, "the subscriber is busy");
    notify.destination += 1;
    assert_eq!(submit(&mut pair, &notify), CommandStatus::OK);
    assert!(pair.sent.contains(&(CommandId::DELIVER_SM, CommandStatus::OK)), "it was displayed");
    let mut sms = draft(false);
    (sms.service_type, sms.source) = ("", "Shop");
    sms.tlvs.clear();
    assert_eq!(submit(&mut pair, &sms), CommandStatus::OK);
    sms.destination = 99;
    assert_eq!(submit(&mut pair, &sms), CommandStatus::INVALID_DESTINATION);
    assert_eq!((pair.centre.counts().by_network, pair.centre.counts().notices), (1, 2));
    assert_eq!(pair.faults(), []);
}
