use super::*;
use crate::ussd::limits::WAITING_MAX;

fn rig(window: usize, per_second: u32) -> (Rig, DialogAddress) {
    let mut rig = Rig::new(SmppConfig { window, per_second, ..config("standard") });
    let at = rig.begun(&[]);
    (rig, at)
}

#[test]
fn no_more_than_the_window_is_without_an_answer() {
    let (mut rig, at) = rig(3, 0);
    for _ in 0..5 {
        rig.say(&at, SayKind::Continue, "1");
    }
    let sent = rig.take(0);
    assert_eq!(sent.len(), 3);
    assert_eq!((rig.link.status().in_flight, rig.link.status().waiting), (3, 2));
    rig.accept(&sent[1]);
    assert_eq!(rig.report(), Report::Said(2, SayResult::Accepted));
    assert_eq!(rig.take(0).len(), 1);
}

#[test]
fn the_rate_is_kept_to_and_no_rate_sets_no_bound() {
    let (mut rig, at) = rig(1_000, 20);
    for _ in 0..100 {
        rig.say(&at, SayKind::Continue, "1");
    }
    assert_eq!(rig.take(0).len(), 2, "a tenth of a second's worth at once");
    for second in 1..=3 {
        rig.pass(Span::s(1));
        assert_eq!(rig.take(0).len(), 20, "second {second}");
    }
    let (mut rig, at) = self::rig(1_000, 0);
    for _ in 0..1_000 {
        rig.say(&at, SayKind::Continue, "1");
    }
    assert_eq!(rig.take(0).len(), 1_000);
}

#[test]
fn a_throttled_text_goes_again_oldest_first_with_a_new_number() {
    for status in [CommandStatus::THROTTLED, CommandStatus::QUEUE_FULL] {
        let (mut rig, at) = rig(3, 0);
        for text in ["1", "2", "3", "4"] {
            rig.say(&at, SayKind::Continue, text);
        }
        let sent = rig.take(0);
        for submit in sent.iter().rev() {
            rig.refuse(submit, status);
        }
        assert!(rig.reports.is_empty());
        assert_eq!(rig.link.status().state, LinkState::Throttled);
        assert!(rig.take(0).is_empty(), "it is held back");
        rig.pass(Span::ms(100));
        let again = rig.one();
        assert_eq!(again.submit().short_message, b"1");
        assert!(sent.iter().all(|first| first.pdu().sequence != again.pdu().sequence));
        rig.accept(&again);
        assert_eq!(rig.report(), Report::Said(1, SayResult::Accepted));
        assert_eq!(rig.link.status().state, LinkState::Bound);
        let texts: Vec<_> = rig.take(0).iter().map(|of| of.submit().short_message[0]).collect();
        assert_eq!(texts, b"234", "and then the others in their order");
        assert_eq!(rig.link.status().stats.throttled, 3);
    }
}

#[test]
fn what_is_throttled_beyond_its_time_is_late() {
    let (mut rig, at) = rig(1, 0);
    rig.say_by(&at, SayKind::Continue, "1", rig.now.after(Span::ms(1_500)));
    let mut attempts = 0;
    for _ in 0..40 {
        for submit in rig.take(0) {
            attempts += 1;
            rig.refuse(&submit, CommandStatus::THROTTLED);
        }
        rig.pass(Span::ms(50));
    }
    assert_eq!(rig.report(), Report::Said(1, SayResult::Late));
    assert!((3..=8).contains(&attempts), "{attempts} attempts, farther and farther apart");
    assert!(rig.reports.is_empty() && rig.take(0).is_empty());
}

#[test]
fn what_waits_for_the_window_beyond_its_time_is_late_and_never_sent() {
    let (mut rig, at) = rig(1, 0);
    rig.say(&at, SayKind::Continue, "1");
    rig.say_by(&at, SayKind::Continue, "2", rig.now.after(Span::s(1)));
    let first = rig.one();
    rig.now = rig.now.after(Span::s(1));
    // The window opens in the moment when it is too late.
    rig.accept(&first);
    assert_eq!(rig.report(), Report::Said(1, SayResult::Accepted));
    assert_eq!(rig.report(), Report::Said(2, SayResult::Late));
    assert!(rig.take(0).is_empty());
    rig.say_by(&at, SayKind::Continue, "3", rig.now);
    assert_eq!(rig.report(), Report::Said(3, SayResult::Late));
}

#[test]
fn a_refusal_is_final_and_counted_by_its_status() {
    let (mut rig, at) = rig(10, 0);
    for (n, status) in [0x45, 0x45, 0x4A7, 0xFFFF_FFFF].into_iter().enumerate() {
        let ticket = rig.say(&at, SayKind::End, "Bye");
        let submit = rig.one();
        // As a generic_nack or as an answer without a body.
        let command = [CommandId::SUBMIT_SM_RESP, CommandId::GENERIC_NACK][n % 2];
        rig.answer(0, command, CommandStatus(status), submit.pdu().sequence);
        assert_eq!(rig.report(), Report::Said(ticket, SayResult::Refused(status)));
    }
    rig.pass(Span::s(20));
    let submits = rig.take(0).into_iter().filter(|of| of.pdu().body != Body::EnquireLink);
    assert_eq!(submits.count(), 0, "nothing is tried again");
    let rows: Vec<_> = rig.link.status().stats.refused.rows().collect();
    let expected = [(0x45, 2), (0x4A7, 1), (0xFFFF_FFFF, 1)];
    assert_eq!(rows, expected.map(|(status, count)| (CommandStatus(status), count)));
}

#[test]
fn answers_with_an_odd_body_count() {
    let (mut rig, at) = rig(10, 0);
    for body in [&b""[..], b"\0", b"1234\0", b"no end"] {
        let ticket = rig.say(&at, SayKind::Continue, "1");
        let sequence = rig.one().pdu().sequence;
        let length = u32::try_from(16 + body.len()).unwrap();
        let command = CommandId::SUBMIT_SM_RESP;
        let header = Header { length, command, status: CommandStatus::OK, sequence };
        rig.receive(0, &[&header.encode()[..], body].concat());
        assert_eq!(rig.report(), Report::Said(ticket, SayResult::Accepted));
    }
}

#[test]
fn a_text_without_an_answer_is_unknown_and_a_late_answer_changes_nothing() {
    let (mut rig, at) = rig(1, 0);
    rig.say(&at, SayKind::End, "Bye");
    let submit = rig.one();
    rig.pass(Span::s(10));
    assert_eq!(rig.report(), Report::Said(1, SayResult::Unknown));
    rig.accept(&submit);
    assert!(rig.reports.is_empty());
    assert_eq!(rig.link.status().stats.unmatched, 1);
    rig.say(&at, SayKind::End, "Bye");
    assert_eq!(rig.one().submit().short_message, b"Bye", "its place in the window is free again");
}

#[test]
fn a_lost_link_gives_everything_its_result_at_once() {
    let (mut rig, at) = rig(2, 0);
    for _ in 0..3 {
        rig.say(&at, SayKind::Continue, "1");
    }
    let sent = rig.take(0);
    let connection = rig.open[0].unwrap();
    rig.handle(Input::Lost(connection));
    let mut results: Vec<_> = std::iter::from_fn(|| rig.reports.pop_front()).collect();
    assert_eq!(results.pop(), Some(Report::Lost));
    let expected = [(1, SayResult::Unknown), (2, SayResult::Unknown), (3, SayResult::Late)];
    assert_eq!(results, expected.map(|(ticket, result)| Report::Said(ticket, result)));
    rig.say(&at, SayKind::Continue, "1");
    assert_eq!(rig.report(), Report::Said(4, SayResult::Late), "there is no link to wait for");
    rig.pass(Span::s(2));
    rig.bind();
    assert_eq!(rig.report(), Report::Ready);
    rig.accept(&sent[0]);
    assert!(rig.take(0).is_empty() && rig.reports.is_empty(), "nothing of it comes back");
}

#[test]
fn the_queue_is_bounded() {
    let (mut rig, at) = rig(1, 0);
    for _ in 0..WAITING_MAX + 1 {
        rig.say(&at, SayKind::Continue, "1");
    }
    assert!(rig.reports.is_empty());
    let ticket = rig.say(&at, SayKind::Continue, "1");
    assert_eq!(rig.report(), Report::Said(ticket, SayResult::Late));
}

#[test]
fn the_load_of_the_centre_is_shown() {
    let (mut rig, at) = rig(10, 0);
    let mut answer = |load: &[u8]| {
        rig.say(&at, SayKind::Continue, "1");
        let sequence = rig.one().pdu().sequence;
        let tlvs = [Tlv::new(Tag::CONGESTION_STATE, load)];
        let body = Body::SubmitSmResp(MessageResp::default());
        rig.receive_pdu(0, &Pdu { tlvs: Tlvs::list(&tlvs), ..Pdu::new(sequence, body) });
        rig.link.status().congestion
    };
    assert_eq!(answer(&[85]), Some(85));
    assert_eq!(answer(&[101]), Some(85));
    assert_eq!(answer(&[]), Some(85));
    assert_eq!(answer(&[0, 90]), Some(90));
}

#[test]
fn sequence_numbers_begin_again_after_the_last() {
    let (mut rig, at) = rig(10, 0);
    rig.link.sequence = 0x7FFF_FFFE;
    let mut numbers = [0; 2];
    for number in &mut numbers {
        rig.say(&at, SayKind::Continue, "1");
        *number = rig.one().pdu().sequence;
    }
    assert_eq!(numbers, [0x7FFF_FFFF, 1]);
}

#[test]
fn a_text_of_the_dialog_before_is_not_said_in_the_next_where_nothing_names_sessions() {
    let mut rig = Rig::new(SmppConfig { window: 1, ..config("op32") });
    let at = rig.begun(&[]);
    rig.say(&at, SayKind::Continue, "1. Confirm");
    rig.say(&at, SayKind::Continue, "it waits for the window");
    rig.say(&at, SayKind::Notify, "Sold");
    let sent = rig.one();
    rig.deliver(1, b"*123#", &[]);
    let reports = [rig.report(), rig.report()];
    assert!(reports.contains(&Report::Said(2, SayResult::Late)), "{reports:?}");
    rig.refuse(&sent, CommandStatus::THROTTLED);
    assert_eq!(rig.report(), Report::Said(1, SayResult::Late));
    rig.say(&at, SayKind::Continue, "the next");
    rig.pass(Span::s(1));
    assert_eq!(rig.one().submit().short_message, b"Sold");
}
