use super::*;

fn session(name: &str, value: &'static [u8]) -> Vec<Tlv<'static>> {
    let tag = profile(name).session.tag();
    tag.map(|tag| Tlv::new(tag, value)).into_iter().collect()
}

#[test]
fn a_pull_dialog_of_the_specification() {
    let mut rig = Rig::new(config("standard"));
    let its = |low| [7, low];
    let (first, second) = (its(0x02), its(0x04));
    rig.deliver(1, b"*123#", &[Tlv::new(Tag::ITS_SESSION_INFO, &first)]);
    let Report::Begin(mut at, dialled) = rig.report() else { panic!() };
    assert_eq!((dialled.as_str(), at.service_code.as_str()), ("*123#", "123"));
    assert_eq!((at.msisdn.to_string().as_str(), at.key.as_slice()), (SUBSCRIBER, &[7][..]));
    rig.say(&at, SayKind::Continue, "1. Airtime");
    let menu = rig.one();
    let fields = menu.submit();
    assert_eq!(fields.source, Address { ton: 0, npi: 1, number: Text::new("123") });
    assert_eq!(fields.destination, address_of(SUBSCRIBER));
    assert_eq!(
        (fields.service_type, fields.short_message),
        (Text::new("USSD"), &b"1. Airtime"[..])
    );
    assert_eq!(menu.tlv(Tag::USSD_SERVICE_OP).unwrap(), [0x02]);
    assert_eq!(menu.tlv(Tag::ITS_SESSION_INFO).unwrap(), [7, 0x02]);
    rig.accept(&menu);
    assert_eq!(rig.report(), Report::Said(1, SayResult::Accepted));
    rig.deliver(0x12, b"1", &[Tlv::new(Tag::ITS_SESSION_INFO, &second)]);
    let Report::Input(newest, text) = rig.report() else { panic!() };
    assert_eq!((text.as_str(), &newest.key), ("1", &at.key));
    at.renew(&newest);
    rig.say(&at, SayKind::End, "Thank you");
    let last = rig.one();
    assert_eq!(last.tlv(Tag::USSD_SERVICE_OP).unwrap(), [0x11], "not 0x17, which is decimal");
    assert_eq!(last.tlv(Tag::ITS_SESSION_INFO).unwrap(), [7, 0x05]);
    rig.accept(&last);
    assert_eq!(rig.report(), Report::Said(2, SayResult::Accepted));
    let stats = rig.link.status().stats;
    assert_eq!((stats.begins, stats.inputs, stats.ends, stats.submits), (1, 1, 1, 2));
}

/// Profile, parameter of the session, operations that go on and end, the parameter in both.
type Row = (&'static str, &'static [u8], [u8; 2], [&'static [u8]; 2]);

#[test]
fn every_variant_answers_in_its_own_way() {
    let rows: [Row; 9] = [
        ("sixdee", &[0x12, 0x34], [0x02, 0x11], [&[0x12, 0x34], &[0x12, 0x35]]),
        ("tata", &[0x12, 0xFF], [0x02, 0x02], [&[0x12, 0xFF], &[0x13, 0x00]]),
        ("mica", &[0, 9], [0x02, 0x11], [&[0, 9], &[0, 9]]),
        ("eyeline", &[0, 9], [0x02, 0x11], [&[0, 9], &[0, 9]]),
        ("comverse", &[1, 2, 3, 4], [0x02, 0x11], [&[1, 2, 3, 4], &[1, 2, 3, 4]]),
        ("aggregator", &[7, 3], [0x02, 0x11], [&[7, 3], &[7, 3]]),
        ("op32", &[], [0x02, 0x20], [&[], &[]]),
        ("huawei", &[], [0x02, 0x11], [&[], &[]]),
        // An odd length, which some vendor has somewhere.
        ("comverse", b"abcdefgh", [0x02, 0x11], [b"abcdefgh", b"abcdefgh"]),
    ];
    for (name, value, ops, values) in rows {
        let mut rig = Rig::new(config(name));
        let at = rig.begun(&session(name, value));
        for (n, kind) in [SayKind::Continue, SayKind::End].into_iter().enumerate() {
            rig.say(&at, kind, "Text");
            let submit = rig.one();
            assert_eq!(submit.submit().short_message, b"Text", "{name}");
            assert_eq!(submit.tlv(Tag::USSD_SERVICE_OP).unwrap(), [ops[n]], "{name}");
            let tag = profile(name).session.tag();
            let sent = tag.and_then(|tag| submit.tlv(tag)).unwrap_or_default();
            assert_eq!(sent, values[n], "{name}");
        }
    }
}

#[test]
fn a_centre_of_data_sm_is_answered_in_data_sm_with_what_it_wants_back() {
    let mut rig = Rig::new(config("glo"));
    let message = DataSm {
        service_type: Text::new("USSD"),
        source: address_of(SUBSCRIBER),
        destination: address_of("123"),
        ..DataSm::default()
    };
    let tlvs = [
        Tlv::new(Tag::MESSAGE_PAYLOAD, b"*123#"),
        Tlv::new(Tag::USSD_SERVICE_OP, &[1]),
        Tlv::new(Tag::USER_MESSAGE_REFERENCE, &[4, 5]),
        Tlv::new(Tag::LANGUAGE_INDICATOR, &[1]),
    ];
    let pdu = Pdu { tlvs: Tlvs::list(&tlvs), ..Pdu::new(3, Body::DataSm(message)) };
    rig.receive_pdu(0, &pdu);
    assert_eq!(rig.one().pdu(), Pdu::new(3, Body::DataSmResp(MessageResp::default())));
    let Report::Begin(at, dialled) = rig.report() else { panic!() };
    assert_eq!(dialled, "*123#");
    rig.say(&at, SayKind::Continue, "1. Airtime");
    let answer = rig.one();
    let Body::DataSm(_) = answer.pdu().body else { panic!() };
    assert_eq!(answer.pdu().message(), Some(&b"1. Airtime"[..]));
    assert_eq!(answer.tlv(Tag::USER_MESSAGE_REFERENCE).unwrap(), [4, 5]);
    assert_eq!(answer.tlv(Tag::LANGUAGE_INDICATOR), None, "unknown parameters are not echoed");
    rig.accept(&answer);
    assert_eq!(rig.report(), Report::Said(1, SayResult::Accepted));
}

#[test]
fn operations_in_service_type_need_no_parameter() {
    let mut rig = Rig::new(config("service-type"));
    let begin = ShortMessage { service_type: Text::new("BR"), ..message(b"*123#") };
    assert_eq!(rig.deliver_message(begin, &[]), CommandStatus::OK);
    let Report::Begin(at, _) = rig.report() else { panic!() };
    rig.say(&at, SayKind::Continue, "1. Airtime");
    let submit = rig.one();
    assert_eq!(submit.submit().service_type, Text::new("CR"));
    assert_eq!(submit.tlv(Tag::USSD_SERVICE_OP), None);
    assert_eq!(submit.tlv(Tag::DEST_BEARER_TYPE).unwrap(), [4]);
    rig.say(&at, SayKind::End, "Bye");
    assert_eq!(rig.one().submit().service_type, Text::new("EF"));
    let abort = ShortMessage { service_type: Text::new("AR"), ..message(b"") };
    rig.deliver_message(abort, &[]);
    assert_eq!(rig.report(), Report::Ended(at, EndReason::SubscriberAbort));
}

#[test]
fn a_text_in_message_payload_is_read_wherever_it_is_expected() {
    let mut rig = Rig::new(config("standard"));
    rig.deliver(1, b"", &[Tlv::new(Tag::MESSAGE_PAYLOAD, b"*123#")]);
    let Report::Begin(_, dialled) = rig.report() else { panic!() };
    assert_eq!(dialled, "*123#");
    let text = SmppProfile::builtin("standard").unwrap().replace(
        "[operations]",
        "[message]\ntext = \"message_payload\"\nsubscriber_prefix = \"+\"\n[operations]",
    );
    let own = Arc::new(SmppProfile::parse(&text).unwrap());
    let mut rig = Rig::new(SmppConfig { profile: own, ..config("standard") });
    let at = rig.begun(&[]);
    rig.say(&at, SayKind::End, "Bye");
    let submit = rig.one();
    assert_eq!(submit.submit().short_message, b"", "never both");
    assert_eq!(submit.pdu().message(), Some(&b"Bye"[..]));
    assert_eq!(submit.submit().destination.number, Text::new("+255712345678"));
}

#[test]
fn a_service_code_may_be_in_the_text_of_the_begin() {
    let text = SmppProfile::builtin("huawei").unwrap();
    let text = format!("{text}\n[message]\nservice_code = \"text\"\n");
    let own = Arc::new(SmppProfile::parse(&text).unwrap());
    let mut rig = Rig::new(SmppConfig { profile: own, ..config("huawei") });
    rig.deliver(1, b"*123*1*500#", &[]);
    let Report::Begin(mut at, dialled) = rig.report() else { panic!() };
    assert_eq!((dialled.as_str(), at.service_code.as_str()), ("*123*1*500#", "*123#"));
    rig.deliver(0x12, b"1", &[]);
    let Report::Input(newest, _) = rig.report() else { panic!() };
    at.renew(&newest);
    rig.say(&at, SayKind::End, "Bye");
    assert_eq!(rig.one().submit().source.number, Text::new("*123#"));
}

#[test]
fn whoever_ends_it_the_end_is_answered_and_nothing_is_said() {
    let ended = |name: &str, op: u8, text: &[u8], tlvs: &[Tlv<'_>]| {
        let mut rig = Rig::new(config(name));
        assert_eq!(rig.deliver(op, text, tlvs), CommandStatus::OK);
        assert!(rig.take(0).is_empty());
        assert_eq!(rig.link.status().stats.aborts, 1);
        match rig.report() {
            Report::Ended(_, why) => why,
            other => panic!("{other:?}"),
        }
    };
    let bit = [Tlv::new(Tag::ITS_SESSION_INFO, &[7, 3])];
    assert_eq!(ended("standard", 0x81, b"", &[]), EndReason::SubscriberAbort);
    assert_eq!(ended("standard", 0x12, b"", &bit), EndReason::SubscriberAbort);
    assert_eq!(ended("sixdee", 0x81, b"", &bit), EndReason::SubscriberAbort);
    assert_eq!(ended("glo", 0x41, b"", &[]), EndReason::SubscriberAbort);
    assert_eq!(ended("glo", 0x42, b"", &[]), EndReason::NetworkAbort);
    let text = SmppProfile::builtin("huawei").unwrap();
    let text = text.replace("[session]", "abort_texts = [\"Map Dialog User Abort\"]\n[session]");
    let own = Arc::new(SmppProfile::parse(&text).unwrap());
    let mut rig = Rig::new(SmppConfig { profile: own, ..config("huawei") });
    rig.deliver(0x12, b"Map Dialog User Abort", &[]);
    assert!(matches!(rig.report(), Report::Ended(_, EndReason::SubscriberAbort)));
    // Where the profile has no end bit, it is part of the number.
    let mut rig = Rig::new(config("aggregator"));
    rig.deliver(0x12, b"1", &bit);
    assert!(matches!(rig.report(), Report::Input(..)));
}

#[test]
fn an_input_that_is_the_last_is_an_input_and_an_end() {
    let mut rig = Rig::new(config("glo"));
    rig.deliver(0x92, b"1", &[]);
    let Report::Input(at, text) = rig.report() else { panic!() };
    assert_eq!(text, "1");
    assert_eq!(rig.report(), Report::Ended(at, EndReason::NetworkAbort));
}

#[test]
fn texts_have_the_coding_that_they_need_and_the_length_that_fits() {
    let mut rig = Rig::new(config("standard"));
    let at = rig.begun(&[]);
    rig.say(&at, SayKind::Continue, &"a".repeat(182));
    let submit = rig.one();
    assert_eq!(
        (submit.submit().data_coding, submit.submit().short_message.len()),
        (DataCoding(0), 182)
    );
    rig.say(&at, SayKind::Continue, "Пин");
    let submit = rig.one();
    assert_eq!(submit.submit().data_coding, DataCoding::UCS2);
    assert_eq!(submit.submit().short_message, [0x04, 0x1F, 0x04, 0x38, 0x04, 0x3D]);
    // Ten characters of the extension table count twice.
    rig.say(&at, SayKind::Continue, &"€".repeat(92));
    assert_eq!(rig.report(), Report::Said(3, SayResult::Unsayable));
    assert!(rig.take(0).is_empty());
    for (coding, octets, text) in [
        (0u8, &[0x00, 0x1B, 0x65][..], "@€"),
        (1, b"1", "1"),
        (8, &[0x04, 0x1F], "П"),
        (0x0F, b"2", "2"),
        (0x48, &[0x00, 0x33], "3"),
        (3, &[0xE9], "é"),
        (0x7B, b"4", "4"),
    ] {
        let input = ShortMessage { data_coding: DataCoding(coding), ..message(octets) };
        rig.deliver_message(input, &[Tlv::new(Tag::USSD_SERVICE_OP, &[0x12])]);
        let Report::Input(_, read) = rig.report() else { panic!() };
        assert_eq!(read, text, "{coding}");
    }
}

#[test]
fn a_notification_goes_as_the_profile_says() {
    let notify = |name: &str, how: &str| {
        let text = SmppProfile::builtin(name).unwrap();
        let line = text.lines().find(|line| line.starts_with("notify = \"")).unwrap_or("[session]");
        let own = text.replacen(line, &format!("notify = \"{how}\"\n"), 1);
        let own = Arc::new(SmppProfile::parse(&own).unwrap());
        let mut rig = Rig::new(SmppConfig { profile: own, ..config(name) });
        rig.say(&anywhere(), SayKind::Notify, "Sold");
        rig
    };
    let mut rig = notify("standard", "ussn");
    let submit = rig.one();
    assert_eq!(submit.tlv(Tag::USSD_SERVICE_OP).unwrap(), [0x03]);
    assert_eq!(submit.submit().source, Address { ton: 0, npi: 1, number: Text::new("100") });
    assert_eq!(submit.submit().destination, address_of(SUBSCRIBER));
    let submit = notify("eyeline", "ussr").one();
    assert_eq!(submit.tlv(Tag::USSD_SERVICE_OP).unwrap(), [0x02]);
    assert_eq!(submit.tlv(Tag::USER_MESSAGE_REFERENCE), None, "which begins a dialog");
    let submit = notify("standard", "sms").one();
    assert_eq!(submit.submit().service_type, Text::new(""));
    assert_eq!(submit.pdu().tlvs, Tlvs::NONE);
    let mut rig = notify("standard", "none");
    assert_eq!(rig.report(), Report::Said(1, SayResult::Unsayable));
    let mut rig = Rig::new(config("standard"));
    assert_eq!(rig.deliver(0x13, b"", &[]), CommandStatus::OK, "the notification was displayed");
    assert!(rig.reports.is_empty());
}

#[test]
fn receipts_and_short_messages_are_acknowledged_and_ignored() {
    let mut rig = Rig::new(config("standard"));
    let receipt = ShortMessage { esm_class: 0x04, ..message(b"id:1 stat:DELIVRD") };
    assert_eq!(rig.deliver_message(receipt, &[]), CommandStatus::OK);
    let op = [Tlv::new(Tag::USSD_SERVICE_OP, &[0x12])];
    assert_eq!(rig.deliver_message(receipt, &op), CommandStatus::OK);
    assert_eq!(rig.deliver_message(message(b"hello"), &[]), CommandStatus::OK);
    assert_eq!(rig.deliver(0x55, b"hello", &[]), CommandStatus::OK);
    assert!(rig.reports.is_empty());
    assert_eq!(rig.link.status().stats.ignored, 4);
}

#[test]
fn a_subscriber_is_known_by_the_international_number_however_it_is_written() {
    for number in [SUBSCRIBER, "+255712345678", "00255712345678"] {
        let mut rig = Rig::new(config("standard"));
        let begin = ShortMessage { source: address_of(number), ..message(b"*123#") };
        rig.deliver_message(begin, &[Tlv::new(Tag::USSD_SERVICE_OP, &[1])]);
        let Report::Begin(at, _) = rig.report() else { panic!("{number}") };
        assert_eq!(at.msisdn, Msisdn::of(SUBSCRIBER).unwrap());
    }
    let mut rig = Rig::new(config("standard"));
    for number in ["", "0712345678", "Tillgate", "1"] {
        let begin = ShortMessage { source: address_of(number), ..message(b"*123#") };
        let status = rig.deliver_message(begin, &[Tlv::new(Tag::USSD_SERVICE_OP, &[1])]);
        assert_eq!(status, CommandStatus::INVALID_SOURCE, "{number}");
    }
    assert!(rig.reports.is_empty());
}

#[test]
fn an_empty_begin_has_dialled_the_service_code() {
    let mut rig = Rig::new(config("standard"));
    rig.deliver(1, b"", &[]);
    let Report::Begin(_, dialled) = rig.report() else { panic!() };
    assert_eq!(dialled, "123");
}
