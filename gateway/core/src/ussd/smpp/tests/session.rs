use super::*;

#[test]
fn a_link_binds_as_a_transceiver_of_version_3_4_and_is_ready() {
    let mut rig = Rig::unbound(config("standard"));
    assert_eq!(rig.link.status().state, LinkState::Connecting);
    let connection = rig.wanted.pop().unwrap();
    rig.connect(connection);
    let bind = rig.one();
    let Body::BindTransceiver(fields) = bind.pdu().body else { panic!() };
    assert_eq!((fields.system_id, fields.system_type), (Text::new("till"), Text::new("USSD")));
    assert_eq!((fields.password.0, fields.interface_version), (&b"secret99"[..], 0x34));
    assert_eq!(rig.link.status().state, LinkState::Binding);
    assert!(!rig.link.is_ready());
    rig.answer(0, CommandId::BIND_TRANSCEIVER_RESP, CommandStatus::OK, bind.pdu().sequence);
    assert_eq!(rig.report(), Report::Ready);
    assert_eq!(rig.link.status().state, LinkState::Bound);
}

#[test]
fn a_pair_is_ready_with_both_and_lost_with_either() {
    for lost in [0, 1] {
        let mut rig = Rig::unbound(SmppConfig { bind: BindAs::Pair, ..config("standard") });
        let (first, second) = (rig.wanted[0], rig.wanted[1]);
        rig.connect(first);
        let bind = rig.one();
        assert_eq!(bind.pdu().body.command(), CommandId::BIND_TRANSMITTER);
        rig.answer(0, CommandId::BIND_TRANSMITTER_RESP, CommandStatus::OK, bind.pdu().sequence);
        assert!(rig.reports.is_empty() && !rig.link.is_ready());
        rig.connect(second);
        let bind = rig.take(1).pop().unwrap();
        assert_eq!(bind.pdu().body.command(), CommandId::BIND_RECEIVER);
        rig.answer(1, CommandId::BIND_RECEIVER_RESP, CommandStatus::OK, bind.pdu().sequence);
        assert_eq!(rig.report(), Report::Ready);
        rig.wanted.clear();
        // A dialog: what comes arrives at the receiver, what is said leaves by the transmitter.
        let at = rig.begun(&[]);
        rig.say(&at, SayKind::End, "Bye");
        assert!(rig.sent[1].is_empty());
        let submit = rig.one();
        rig.accept(&submit);
        assert_eq!(rig.report(), Report::Said(1, SayResult::Accepted));
        let connection = rig.open[lost].unwrap();
        rig.handle(Input::Lost(connection));
        assert_eq!(rig.report(), Report::Lost);
        assert_eq!(rig.closed, [rig.open[1 - lost].unwrap_or([first, second][1 - lost])]);
        rig.pass(Span::s(2));
        assert_eq!(rig.wanted.len(), 2, "both are opened again");
    }
}

#[test]
fn a_refused_bind_is_kept_with_its_status_and_tried_again() {
    for status in
        [CommandStatus::INVALID_PASSWORD, CommandStatus(0x4A7), CommandStatus(0xFFFF_FFFF)]
    {
        let mut rig = Rig::unbound(config("standard"));
        let connection = rig.wanted.pop().unwrap();
        rig.connect(connection);
        let bind = rig.one();
        rig.answer(0, CommandId::BIND_TRANSCEIVER_RESP, status, bind.pdu().sequence);
        assert_eq!(rig.closed, [connection]);
        assert_eq!(rig.link.status().down, Some(DownReason::BindRefused(status)));
        assert!(rig.link.status().down.unwrap().to_string().contains("refuses the bind"));
        assert!(rig.reports.is_empty(), "it was not ready before");
        rig.pass(Span::s(2));
        rig.bind();
        assert_eq!(rig.report(), Report::Ready);
    }
    let mut rig = Rig::unbound(config("standard"));
    let connection = rig.wanted.pop().unwrap();
    rig.connect(connection);
    let bind = rig.one();
    rig.answer(0, CommandId::GENERIC_NACK, CommandStatus::OK, bind.pdu().sequence);
    assert_eq!(rig.link.status().state, LinkState::Waiting, "a nack binds nothing");
}

#[test]
fn attempts_are_farther_and_farther_apart_and_never_in_step() {
    let pauses = |seed| {
        let now = Moment(0);
        let mut link = SmppLink::new(config("standard"), seed, now);
        let mut at = now;
        let mut pauses = Vec::new();
        for _ in 0..12 {
            at = at.max(link.deadline().unwrap());
            link.handle(at, Input::Deadline);
            let Some(Output::Connect(connection)) = link.poll() else { panic!() };
            assert!(link.poll().is_none());
            link.handle(at, Input::Lost(connection));
            assert!(link.poll().is_none());
            pauses.push(link.deadline().unwrap().since(at));
        }
        pauses
    };
    let (one, other) = (pauses(1), pauses(2));
    assert_ne!(one, other);
    for (n, pause) in one.iter().enumerate() {
        let most = Span::s(60).0.min(Span::s(1).0 << n);
        assert!((most / 2..=most).contains(&pause.0), "{n}: {pause:?}");
    }
}

#[test]
fn a_centre_that_closes_after_each_bind_is_tried_more_and_more_seldom() {
    let mut rig = Rig::new(config("standard"));
    let mut lose = |bound: Span| {
        for _ in 0..bound.0 / Span::s(20).0 {
            rig.pass(Span::s(20));
            rig.receive_pdu(0, &Pdu::new(1, Body::EnquireLink));
        }
        rig.take(0);
        let connection = rig.open[0].take().unwrap();
        rig.handle(Input::Lost(connection));
        let from = rig.now;
        while rig.wanted.is_empty() {
            rig.pass(Span::ms(100));
        }
        let pause = rig.now.since(from);
        rig.bind();
        pause
    };
    let pauses: Vec<_> = (0..8).map(|_| lose(Span::ZERO)).collect();
    assert!(pauses[0] <= Span::s(1) && pauses[7] >= Span::s(30), "{pauses:?}");
    assert!(lose(Span::s(60)) <= Span::s(1), "a minute of peace is enough");
}

#[test]
fn what_cannot_be_opened_or_does_not_answer_the_bind_is_given_up() {
    let mut rig = Rig::unbound(config("standard"));
    rig.pass(Span::s(11));
    assert_eq!(rig.link.status().down, Some(DownReason::Unreachable));
    rig.pass(Span::s(2));
    let connection = rig.wanted.pop().unwrap();
    rig.connect(connection);
    rig.pass(Span::s(11));
    assert_eq!(rig.link.status().down, Some(DownReason::BindUnanswered));
    assert_eq!(rig.closed.last(), Some(&connection));
    assert_eq!(rig.closed.len(), 2);
}

#[test]
fn an_idle_link_enquires_and_a_dead_one_is_given_up() {
    let mut rig = Rig::new(config("standard"));
    rig.pass(Span::s(30));
    let enquire = rig.one();
    assert_eq!(enquire.pdu().body, Body::EnquireLink);
    rig.answer(0, CommandId::ENQUIRE_LINK_RESP, CommandStatus::OK, enquire.pdu().sequence);
    rig.pass(Span::s(30));
    assert_eq!(rig.one().pdu().body, Body::EnquireLink);
    // Something else came instead of the answer: the centre is there.
    rig.pass(Span::s(5));
    rig.deliver(1, b"*123#", &[]);
    rig.pass(Span::s(10));
    assert!(rig.link.is_ready());
    rig.reports.clear();
    rig.pass(Span::s(33));
    assert_eq!(rig.report(), Report::Lost);
    assert_eq!(rig.link.status().down, Some(DownReason::EnquireUnanswered));
}

#[test]
fn an_enquire_link_of_the_centre_is_answered_with_its_number() {
    let mut rig = Rig::new(config("standard"));
    for sequence in [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
        rig.receive_pdu(0, &Pdu::new(sequence, Body::EnquireLink));
        assert_eq!(rig.one().pdu(), Pdu::new(sequence, Body::EnquireLinkResp));
    }
}

#[test]
fn an_unbind_of_the_centre_is_answered_and_ends_every_dialog() {
    let mut rig = Rig::new(config("standard"));
    let at = rig.begun(&[]);
    let sent = rig.say(&at, SayKind::Continue, "1. Airtime");
    rig.take(0);
    rig.receive_pdu(0, &Pdu::new(9, Body::Unbind));
    assert_eq!(rig.one().pdu(), Pdu::new(9, Body::UnbindResp));
    assert_eq!(rig.report(), Report::Said(sent, SayResult::Unknown));
    assert_eq!(rig.report(), Report::Lost);
    assert_eq!(rig.closed.len(), 1);
    assert_eq!(rig.link.status().down, Some(DownReason::UnboundByCentre));
    rig.pass(Span::s(2));
    rig.bind();
    assert_eq!(rig.report(), Report::Ready);
}

#[test]
fn a_drain_finishes_what_is_in_flight_then_unbinds_and_closes() {
    for bind in [BindAs::Transceiver, BindAs::Pair] {
        let mut rig = Rig::new(SmppConfig { bind, ..config("standard") });
        let at = rig.begun(&[]);
        rig.say(&at, SayKind::End, "Bye");
        rig.handle(Input::Drain);
        let submit = rig.one();
        assert_eq!(submit.submit().short_message, b"Bye");
        assert_eq!(rig.deliver(1, b"*123#", &[]), CommandStatus::TEMPORARY_ERROR);
        rig.say(&at, SayKind::End, "Too late");
        assert_eq!(rig.report(), Report::Said(2, SayResult::Late));
        rig.accept(&submit);
        assert_eq!(rig.report(), Report::Said(1, SayResult::Accepted));
        let legs = bind.roles().len();
        for index in 0..legs {
            assert!(!rig.link.is_drained());
            let unbind = rig.take(index).pop().unwrap();
            assert_eq!(unbind.pdu().body, Body::Unbind);
            let sequence = unbind.pdu().sequence;
            rig.answer(index, CommandId::UNBIND_RESP, CommandStatus::OK, sequence);
        }
        assert_eq!(rig.report(), Report::Lost);
        assert!(rig.link.is_drained() && rig.reports.is_empty());
        assert_eq!((rig.closed.len(), rig.link.deadline()), (legs, None));
    }
}

#[test]
fn a_drain_does_not_wait_for_a_centre_that_is_silent_or_not_there() {
    let mut rig = Rig::new(config("standard"));
    let at = rig.begun(&[]);
    rig.say(&at, SayKind::End, "Bye");
    rig.handle(Input::Drain);
    rig.pass(Span::s(13));
    assert_eq!(rig.report(), Report::Said(1, SayResult::Unknown));
    assert!(rig.link.is_drained());
    let mut rig = Rig::unbound(config("standard"));
    rig.handle(Input::Drain);
    assert!(rig.link.is_drained());
}

#[test]
fn events_of_an_earlier_attempt_are_ignored() {
    let mut rig = Rig::new(config("standard"));
    let old = rig.open[0].unwrap();
    rig.handle(Input::Lost(old));
    rig.pass(Span::s(2));
    rig.bind();
    rig.reports.clear();
    rig.handle(Input::Lost(old));
    rig.handle(Input::Overflowed(old));
    rig.handle(Input::Connected(old));
    rig.handle(Input::Received(old, &[0; 64]));
    assert!(rig.link.is_ready() && rig.reports.is_empty() && rig.take(0).is_empty());
}

#[test]
fn a_centre_that_does_not_read_loses_its_connection() {
    let mut rig = Rig::new(config("standard"));
    let connection = rig.open[0].unwrap();
    rig.handle(Input::Overflowed(connection));
    assert_eq!((rig.report(), rig.closed.len()), (Report::Lost, 1));
    assert_eq!(rig.link.status().down, Some(DownReason::NotReading));
}

#[test]
fn the_password_is_in_no_debug_text() {
    assert!(!format!("{:?}", config("standard")).contains("secret99"));
}

#[test]
fn credentials_that_do_not_fit_a_bind_are_refused_beforehand() {
    let long = |of: &str| SmppConfig::new(profile("standard"), of, "secret99").check();
    assert!(long("fifteen-octets-").is_ok());
    assert!(long("sixteen-octets--").unwrap_err().to_string().contains("system_id"));
    let password = SmppConfig::new(profile("standard"), "till", "secret-99").check();
    let error = password.unwrap_err().to_string();
    assert!(error.contains("password") && !error.contains("secret"), "{error}");
    let sender = SmppConfig { sender: "é".to_owned(), ..config("standard") };
    assert!(sender.check().is_err());
}
