//! Liberal in what is accepted, strict in what is sent: each rule of `docs/smpp.md`.
use crate::smpp_common::{octets, raw, ussd_deliver_sm};
use tillgate_codec::smpp::limits::TEXT_BYTES_MAX;
use tillgate_codec::smpp::{
    Address, BindResp, Body, CommandId, CommandStatus, DecodeErrorKind, EncodeError,
    EncodeErrorKind, MessageResp, Pdu, ShortMessage, Tag, Text, Tlv, Tlvs, UssdServiceOp,
};

/// The fields of a deliver_sm up to the text, with this service type and validity period.
fn deliver_sm(service_type: &str, source: &str, validity: &str, after: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend_from_slice(service_type.as_bytes());
    body.extend_from_slice(b"\0\x01\x01");
    body.extend_from_slice(source.as_bytes());
    body.extend_from_slice(b"\0\0\x01737\0\0\0\0\0");
    body.extend_from_slice(validity.as_bytes());
    body.extend_from_slice(b"\0\0\0\0\0");
    body.extend_from_slice(after);
    raw(CommandId::DELIVER_SM.0, 7, &body)
}

fn message(octets: &[u8]) -> (ShortMessage<'_>, Tlvs<'_>) {
    let pdu = Pdu::decode(octets).unwrap();
    match pdu.body {
        Body::DeliverSm(message) => (message, pdu.tlvs),
        body => panic!("{body:?}"),
    }
}

#[test]
fn fields_that_are_longer_than_the_specification_allows_are_accepted() {
    let octets = deliver_sm("USSDGW2", "4917512345678901234567890", "1 day", b"\x011");
    let (message, _) = message(&octets);
    assert_eq!(message.service_type, *"USSDGW2");
    assert_eq!(message.source.number, *"4917512345678901234567890");
    assert_eq!(message.validity_period, *"1 day");
    assert_eq!(message.short_message, b"1");
}

#[test]
fn a_text_without_a_bound_is_refused_with_field_and_offset() {
    let octets = deliver_sm("USSD", &"9".repeat(TEXT_BYTES_MAX), "", b"\0");
    message(&octets);
    let octets = deliver_sm("USSD", &"9".repeat(TEXT_BYTES_MAX + 1), "", b"\0");
    let error = Pdu::decode(&octets).unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::TooLong { length: 129, bytes_max: 128 });
    assert_eq!((error.field, error.offset, error.sequence), ("source_addr", 23, 7));
}

#[test]
fn octets_that_are_not_ascii_are_accepted_and_shown_escaped() {
    let octets = deliver_sm("USSD", "Caf\u{e9}", "", b"\0");
    let (message, _) = message(&octets);
    assert_eq!(message.source.number.to_string(), "Caf\\xc3\\xa9");
    assert_eq!(message.source.number.as_str(), None);
}

#[test]
fn a_missing_nul_at_the_end_and_a_missing_last_text_are_accepted() {
    for (body, expected) in [(&b"8d1f"[..], "8d1f"), (b"8d1f\0", "8d1f"), (b"\0", ""), (b"", "")] {
        let octets = raw(CommandId::SUBMIT_SM_RESP.0, 1, body);
        let message_id = Text::new(expected);
        let expected = Body::SubmitSmResp(MessageResp { message_id });
        assert_eq!(Pdu::decode(&octets).unwrap().body, expected, "{body:?}");
        let octets = raw(CommandId::BIND_TRANSCEIVER_RESP.0, 1, body);
        let expected = Body::BindTransceiverResp(BindResp { system_id: message_id });
        assert_eq!(Pdu::decode(&octets).unwrap().body, expected, "{body:?}");
    }
    for body in [&b"a\0b\0c\0\x34\0\x017*\0"[..], b"a\0b\0c\0\x34\0\x017*", b"a\0b\0c\0\x34\0\x01"]
    {
        assert!(Pdu::decode(&raw(CommandId::BIND_RECEIVER.0, 1, body)).is_ok());
    }
}

#[test]
fn a_missing_field_is_named_with_its_offset() {
    for (body, field, offset) in [
        (&b""[..], "system_id", 16),
        (b"a\0", "password", 18),
        (b"a", "password", 17),
        (b"a\0b\0c\0", "interface_version", 22),
        (b"a\0b\0c\0\x34\0", "addr_npi", 24),
    ] {
        let octets = raw(CommandId::BIND_TRANSMITTER.0, 1, body);
        let error = Pdu::decode(&octets).unwrap_err();
        assert_eq!((error.field, error.offset), (field, offset));
        assert_eq!(error.kind, DecodeErrorKind::Truncated { needed: 1, left: 0 });
    }
    let octets = deliver_sm("USSD", "1", "", b"\x051234");
    let error = Pdu::decode(&octets).unwrap_err();
    assert_eq!((error.field, error.offset), ("short_message", octets.len() - 4));
    assert_eq!(error.kind, DecodeErrorKind::Truncated { needed: 5, left: 4 });
}

#[test]
fn a_parameter_that_is_cut_off_is_ignored_with_what_follows() {
    let whole = b"\0\x05\x01\0\x01\x12";
    for broken in [&b"\x13"[..], b"\x13\x83\0", b"\x13\x83\0\x02\x07", b"\x02\x04\xFF\xFF\0\x01"] {
        let octets = deliver_sm("USSD", "1", "", &[&whole[..], broken].concat());
        let (_, tlvs) = message(&octets);
        assert_eq!(tlvs.ussd_service_op(), Some(UssdServiceOp::USSR_CONFIRM));
        assert_eq!((tlvs.iter().count(), tlvs.ignored()), (1, broken.len()));
    }
}

#[test]
fn the_length_on_the_wire_counts_and_nothing_is_smuggled() {
    // A user_message_reference of eight octets that holds another parameter.
    let octets = deliver_sm(
        "USSD",
        "1",
        "",
        b"\0\x02\x04\0\x08\0\x01\x13\x83\0\x02\x07\x01\x05\x01\0\x01\x02",
    );
    let (_, tlvs) = message(&octets);
    let tags: Vec<Tag> = tlvs.iter().map(|tlv| tlv.tag).collect();
    assert_eq!(tags, [Tag::USER_MESSAGE_REFERENCE, Tag::USSD_SERVICE_OP]);
    assert_eq!(tlvs.its_session_info(), None);
}

#[test]
fn parameters_of_unusual_length_are_accepted() {
    let octets = deliver_sm("USSD", "1", "", b"\0\x05\x01\0\x02\0\x12\x13\x83\0\x01\x07");
    let (_, tlvs) = message(&octets);
    assert_eq!(tlvs.ussd_service_op(), Some(UssdServiceOp::USSR_CONFIRM));
    assert_eq!(tlvs.its_session_info(), None);
    assert_eq!(tlvs.find(Tag::ITS_SESSION_INFO).unwrap().number(), Some(7));
}

#[test]
fn parameters_are_read_from_any_pdu() {
    let octets = raw(CommandId::ENQUIRE_LINK_RESP.0, 1, b"\x04\x28\0\x01\x5C");
    let pdu = Pdu::decode(&octets).unwrap();
    assert_eq!(pdu.body, Body::EnquireLinkResp);
    assert_eq!(pdu.tlvs.find(Tag::CONGESTION_STATE).unwrap().number(), Some(92));
}

#[test]
fn unknown_commands_and_statuses_stay_visible() {
    let mut octets = raw(0x0001_0203, 1, b"anything");
    octets[8..12].copy_from_slice(&0x0000_0401_u32.to_be_bytes());
    let pdu = Pdu::decode(&octets).unwrap();
    assert_eq!(pdu.body.command().to_string(), "0x00010203");
    assert_eq!(pdu.status.to_string(), "0x00000401");
    assert!(matches!(pdu.body, Body::Other(other) if other.octets == b"anything"));
}

#[test]
fn what_would_break_the_specification_is_not_sent() {
    let refused = |change: fn(&mut ShortMessage<'_>)| {
        let mut pdu = ussd_deliver_sm();
        let Body::DeliverSm(message) = &mut pdu.body else { panic!("a deliver_sm") };
        change(message);
        let mut out = b"kept".to_vec();
        let error = pdu.encode(&mut out).unwrap_err();
        assert_eq!(out, b"kept");
        (error.field, error.kind)
    };
    let too_long = |length, bytes_max| EncodeErrorKind::TooLong { length, bytes_max };
    let found = refused(|message| message.service_type = Text::new("USSDGW"));
    assert_eq!(found, ("service_type", too_long(6, 5)));
    let found = refused(|message| message.source.number = Text::new("123456789012345678901"));
    assert_eq!(found, ("source_addr", too_long(21, 20)));
    let found = refused(|message| message.destination.number = Text(b"7\x0037"));
    assert_eq!(found, ("destination_addr", EncodeErrorKind::NotAscii { at: 1 }));
    let found = refused(|message| message.destination.number = Text(b"73\xFF"));
    assert_eq!(found, ("destination_addr", EncodeErrorKind::NotAscii { at: 2 }));
    let found = refused(|message| message.short_message = &[b'1'; 255]);
    assert_eq!(found, ("short_message", too_long(255, 254)));
}

#[test]
fn a_text_is_sent_in_one_place_only() {
    let payload = [Tlv::new(Tag::MESSAGE_PAYLOAD, b"2")];
    let mut pdu = Pdu { tlvs: Tlvs::list(&payload), ..ussd_deliver_sm() };
    let expected = EncodeError {
        command: CommandId::DELIVER_SM,
        field: "short_message",
        kind: EncodeErrorKind::TwoTexts,
    };
    assert_eq!(pdu.encode(&mut Vec::new()), Err(expected));
    assert_eq!(pdu.message(), Some(&b"*737*1#"[..]));
    let Body::DeliverSm(message) = &mut pdu.body else { panic!("a deliver_sm") };
    message.short_message = b"";
    assert_eq!(pdu.message(), Some(&b"2"[..]));
    assert!(pdu.encode(&mut Vec::new()).is_ok());
}

#[test]
fn a_pdu_over_the_bound_is_not_sent() {
    let value = [0; 5_000];
    let tlvs = [Tlv::new(Tag(0x1400), &value), Tlv::new(Tag(0x1401), &value)];
    let error = Pdu { tlvs: Tlvs::list(&tlvs), ..ussd_deliver_sm() }.encode(&mut Vec::new());
    assert_eq!(error.unwrap_err().field, "command_length");
    let value = [0; 9_000];
    let tlvs = [Tlv::new(Tag::MESSAGE_PAYLOAD, &value)];
    let pdu = Pdu { tlvs: Tlvs::list(&tlvs), ..Pdu::new(1, Body::Unbind) };
    assert_eq!(pdu.encode(&mut Vec::new()).unwrap_err().field, "message_payload");
}

#[test]
fn an_answer_with_an_error_has_no_body_unless_parameters_follow() {
    let nothing = Body::SubmitSmResp(MessageResp::default());
    let failed = Pdu { status: CommandStatus::THROTTLED, ..Pdu::new(1, nothing) };
    assert_eq!(octets(&failed).len(), 16);
    assert_eq!(octets(&Pdu::new(1, nothing)).len(), 17);
    let congested = [Tlv::new(Tag::CONGESTION_STATE, &[99])];
    let failed = Pdu { tlvs: Tlvs::list(&congested), ..failed };
    assert_eq!(octets(&failed).len(), 16 + 1 + 5);
    assert_eq!(Pdu::decode(&octets(&failed)).unwrap(), failed);
}

#[test]
fn a_user_data_header_is_cut_off_only_if_it_is_announced_and_whole() {
    let mut message = ShortMessage { source: Address::default(), ..ShortMessage::default() };
    let octets = b"\x05\0\x03\xFE\x02\x01text";
    assert_eq!(message.split_header(octets), (&b""[..], &octets[..]));
    message.esm_class = 0x43;
    assert_eq!(message.split_header(octets), (&octets[..6], &b"text"[..]));
    assert_eq!(message.split_header(b"\x05\0"), (&b""[..], &b"\x05\0"[..]));
    assert_eq!(message.split_header(b""), (&b""[..], &b""[..]));
}
