use proptest::prelude::*;

use super::*;
use crate::ussd::limits::{REDELIVERY, REDELIVERY_UNCOUNTED};

fn begin_octets(sequence: u32) -> Vec<u8> {
    let op = [1];
    let tlvs = [Tlv::new(Tag::ITS_SESSION_INFO, &[7, 2]), Tlv::new(Tag::USSD_SERVICE_OP, &op)];
    let pdu =
        Pdu { tlvs: Tlvs::list(&tlvs), ..Pdu::new(sequence, Body::DeliverSm(message(b"*123#"))) };
    let mut octets = Vec::new();
    pdu.encode(&mut octets).unwrap();
    octets
}

#[test]
fn the_centre_is_answered_before_anything_is_said() {
    let mut rig = Rig::new(config("standard"));
    let begin = begin_octets(77);
    rig.receive(0, &begin);
    // The answer is there before the owner of the dialogs has said anything.
    assert_eq!(rig.one().pdu(), Pdu::new(77, Body::DeliverSmResp(MessageResp::default())));
}

#[test]
fn a_submit_may_be_answered_before_or_after_the_deliver() {
    let mut rig = Rig::new(config("standard"));
    let at = rig.begun(&[]);
    rig.say(&at, SayKind::Continue, "1. Airtime");
    let submit = rig.one();
    // The subscriber is faster than the answer.
    rig.deliver(0x12, b"1", &[]);
    assert!(matches!(rig.report(), Report::Input(..)));
    rig.accept(&submit);
    assert_eq!(rig.report(), Report::Said(1, SayResult::Accepted));
}

#[test]
fn any_sequence_number_is_echoed() {
    let mut rig = Rig::new(config("standard"));
    for sequence in [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
        rig.receive(0, &begin_octets(sequence));
        assert_eq!(rig.one().pdu().sequence, sequence);
        assert!(matches!(rig.report(), Report::Begin(..)));
    }
}

#[test]
fn a_body_that_cannot_be_read_is_nacked_with_its_number_and_the_link_lives_on() {
    let mut rig = Rig::new(config("standard"));
    let whole = begin_octets(0x1234_5678);
    for length in 16..whole.len() {
        let mut cut = whole[..length].to_vec();
        cut[..4].copy_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
        rig.receive(0, &cut);
        assert_eq!(rig.one().pdu().sequence, 0x1234_5678, "{length}");
    }
    let nacks = rig.link.status().stats.unparsable;
    assert!(nacks > 30, "{nacks}");
    rig.reports.clear();
    rig.receive(0, &whole);
    assert!(matches!(rig.report(), Report::Begin(..)));
    assert!(rig.link.is_ready() && rig.closed.is_empty());
}

#[test]
fn an_impossible_length_is_nacked_and_ends_the_connection() {
    for length in [0u32, 15, 8_193, 0xFFFF_FFFF] {
        let mut rig = Rig::new(config("standard"));
        let mut octets = begin_octets(9);
        octets[..4].copy_from_slice(&length.to_be_bytes());
        rig.receive(0, &octets);
        let nack = rig.one();
        assert_eq!(nack.pdu(), Pdu::nack(CommandStatus::INVALID_COMMAND_LENGTH, 9));
        assert_eq!((rig.closed.len(), rig.report()), (1, Report::Lost));
        assert_eq!(rig.link.status().down, Some(DownReason::InvalidLength));
    }
}

#[test]
fn an_unknown_command_is_nacked_and_an_unknown_answer_dropped() {
    let mut rig = Rig::new(config("standard"));
    rig.answer(0, CommandId(0x0000_4321), CommandStatus::OK, 5);
    assert_eq!(rig.one().pdu(), Pdu::nack(CommandStatus::INVALID_COMMAND_ID, 5));
    rig.answer(0, CommandId::QUERY_SM, CommandStatus::OK, 6);
    assert_eq!(rig.one().pdu(), Pdu::nack(CommandStatus::INVALID_COMMAND_ID, 6));
    rig.answer(0, CommandId(0x8000_4321), CommandStatus(0x4FF), 7);
    rig.answer(0, CommandId::SUBMIT_SM_RESP, CommandStatus(0x4FF), 8);
    rig.answer(0, CommandId::GENERIC_NACK, CommandStatus(0xFFFF_FFFF), 8);
    assert!(rig.take(0).is_empty());
    assert_eq!(rig.link.status().stats.unmatched, 3);
    // What only an application sends.
    let mut octets = Vec::new();
    Pdu::new(9, Body::SubmitSm(message(b"1"))).encode(&mut octets).unwrap();
    rig.receive(0, &octets);
    assert_eq!(rig.one().pdu(), Pdu::nack(CommandStatus::INVALID_BIND_STATUS, 9));
    assert!(rig.link.is_ready());
}

#[test]
fn broken_parameters_are_ignored() {
    let mut rig = Rig::new(config("standard"));
    // The operation is whole; a parameter behind it runs past the end.
    for tail in [&[0x02][..], &[0x02, 0x04], &[0x02, 0x04, 0x00], &[0x02, 0x04, 0xFF, 0xFF, 1, 2]] {
        let mut octets = begin_octets(3);
        octets.extend_from_slice(tail);
        let length = u32::try_from(octets.len()).unwrap();
        octets[..4].copy_from_slice(&length.to_be_bytes());
        rig.receive(0, &octets);
        assert_eq!(rig.one().pdu().status, CommandStatus::OK);
        assert!(matches!(rig.report(), Report::Begin(..)));
    }
    // A reference of eight octets hides no second parameter.
    let long = [0x00, 0x01, 0x13, 0x83, 0x00, 0x02, 0x07, 0x01];
    rig.deliver(1, b"*123#", &[Tlv::new(Tag::USER_MESSAGE_REFERENCE, &long)]);
    let Report::Begin(at, _) = rig.report() else { panic!() };
    assert_eq!(at.key.as_slice(), b"");
}

#[test]
fn a_session_that_cannot_be_echoed_is_refused() {
    let mut rig = Rig::new(config("comverse"));
    let status = rig.deliver(1, b"*123#", &[Tlv::new(Tag::USSD_SESSION_ID, &[7; 45])]);
    assert_eq!(status, CommandStatus::INVALID_TLV_LENGTH);
    assert_eq!(
        rig.deliver(1, b"*123#", &[Tlv::new(Tag::USSD_SESSION_ID, &[7; 44])]),
        CommandStatus::OK
    );
    let Report::Begin(at, _) = rig.report() else { panic!() };
    assert_eq!(at.key.len(), crate::ussd::limits::SESSION_KEY_BYTES_MAX, "as a digest");
    rig.say(&at, SayKind::End, "Bye");
    assert_eq!(rig.one().tlv(Tag::USSD_SESSION_ID).unwrap(), [7; 44], "but echoed as it is");
    let text = [b'1'; 513];
    let status = rig.deliver(1, b"", &[Tlv::new(Tag::MESSAGE_PAYLOAD, &text)]);
    assert_eq!(status, CommandStatus::INVALID_MESSAGE_LENGTH);
    let far = ShortMessage { destination: address_of("1234567890123456789012"), ..message(b"1") };
    let mut octets = Vec::new();
    let pdu = Pdu::new(
        1,
        Body::DataSm(DataSm {
            source: far.source,
            destination: far.destination,
            ..DataSm::default()
        }),
    );
    let tlvs = [Tlv::new(Tag::USSD_SERVICE_OP, &[1])];
    Pdu { tlvs: Tlvs::list(&tlvs), ..pdu }.encode(&mut octets).unwrap();
    rig.receive(0, &octets);
    assert_eq!(rig.one().pdu().status, CommandStatus::INVALID_DESTINATION);
}

#[test]
fn a_message_before_the_bind_is_answered_begins_nothing() {
    let mut rig = Rig::unbound(config("standard"));
    let connection = rig.wanted.pop().unwrap();
    rig.connect(connection);
    rig.take(0);
    rig.receive(0, &begin_octets(3));
    assert_eq!(rig.one().pdu().status, CommandStatus::TEMPORARY_ERROR);
    assert!(rig.reports.is_empty());
}

#[test]
fn any_split_of_the_stream_gives_the_same_reports() {
    let mut octets = Vec::new();
    for n in 0..4 {
        octets.extend(begin_octets(n));
        Pdu::new(90 + n, Body::EnquireLink).encode(&mut octets).unwrap();
    }
    let run = |split: usize| {
        let mut rig = Rig::new(config("standard"));
        rig.split = split;
        rig.receive(0, &octets);
        (rig.reports, rig.sent)
    };
    let whole = run(usize::MAX);
    assert_eq!(whole.0.len(), 4);
    for split in 1..octets.len() {
        assert!(run(split) == whole, "{split}");
    }
}

#[test]
fn a_read_of_full_length_behind_a_cut_off_pdu_fits_the_buffer() {
    let mut rig = Rig::new(config("standard"));
    let capacity = rig.link.legs[0].inbound.capacity();
    let mut octets = Vec::new();
    let mut count = 0;
    while octets.len() < 3 * READ_BYTES_MAX {
        octets.extend(begin_octets(count));
        count += 1;
    }
    for part in octets.chunks(READ_BYTES_MAX) {
        rig.receive(0, part);
    }
    assert_eq!(rig.reports.len(), usize::try_from(count).unwrap());
    assert_eq!(rig.take(0).len(), rig.reports.len());
    assert_eq!(rig.link.legs[0].inbound.capacity(), capacity, "buffers do not grow");
}

proptest! {
    #[test]
    fn no_octets_of_a_centre_stop_the_program(
        parts in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                (0usize..200, any::<u8>()).prop_map(|(at, to)| {
                    let mut octets = begin_octets(7);
                    let at = at % octets.len();
                    octets[at] = to;
                    octets
                }),
            ],
            0..12,
        )
    ) {
        let mut rig = Rig::new(config("standard"));
        for part in parts {
            rig.receive(0, &part);
            rig.pass(Span::s(1));
            if rig.open[0].is_none() {
                rig.sent[0].clear();
                rig.pass(Span::s(70));
                rig.bind();
            }
        }
    }
}

/// A subscriber's *1*, with any sequence number.
fn input_octets(sequence: u32, text: &[u8]) -> Vec<u8> {
    let op = [0x12];
    let tlvs = [Tlv::new(Tag::USSD_SERVICE_OP, &op)];
    let pdu = Pdu { tlvs: Tlvs::list(&tlvs), ..Pdu::new(sequence, Body::DeliverSm(message(text))) };
    let mut octets = Vec::new();
    pdu.encode(&mut octets).unwrap();
    octets
}

#[test]
fn a_message_that_comes_twice_with_its_number_is_answered_twice_and_counts_once() {
    let mut rig = Rig::new(config("op32"));
    for sequence in [0, 5, 0xFFFF_FFFF] {
        rig.receive(0, &input_octets(sequence, b"1"));
        assert!(matches!(rig.report(), Report::Input(..)));
        rig.pass(Span::s(19));
        rig.receive(0, &input_octets(sequence, b"1"));
        assert!(rig.reports.is_empty(), "it would confirm the screen after it");
        let answers = rig.take(0);
        assert!(answers.iter().all(|answer| answer.pdu().sequence == sequence));
        assert_eq!(answers.len(), 2);
    }
    assert_eq!(rig.link.status().stats.ignored, 3);
    // The same with another number is another message, and so it is much later or of another link.
    rig.receive(0, &input_octets(6, b"1"));
    assert!(matches!(rig.report(), Report::Input(..)));
    rig.pass(REDELIVERY);
    rig.take(0);
    rig.receive(0, &input_octets(6, b"1"));
    assert!(matches!(rig.report(), Report::Input(..)));
}

#[test]
fn a_centre_that_does_not_count_may_say_the_same_twice() {
    let mut rig = Rig::new(config("op32"));
    for text in [&b"2"[..], b"1", b"1", b"1"] {
        rig.receive(0, &input_octets(1, text));
        assert!(matches!(rig.report(), Report::Input(..)), "{text:?}");
        rig.receive(0, &input_octets(1, text));
        assert!(rig.reports.is_empty(), "faster than anybody reads");
        rig.pass(if text == b"2" { Span::s(25) } else { REDELIVERY_UNCOUNTED });
        rig.take(0);
    }
}

#[test]
fn a_new_connection_remembers_no_numbers() {
    let mut rig = Rig::new(config("standard"));
    for _ in 0..2 {
        rig.receive(0, &begin_octets(8));
        assert!(matches!(rig.report(), Report::Begin(..)));
        rig.take(0);
        rig.handle(Input::Lost(rig.open[0].unwrap()));
        assert_eq!(rig.report(), Report::Lost);
        rig.pass(Span::s(10));
        rig.bind();
        assert_eq!(rig.report(), Report::Ready);
    }
}
