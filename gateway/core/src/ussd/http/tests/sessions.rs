use super::*;
use proptest::prelude::*;
use tillgate_types::Subnet;

const SECRET: &str = "correct horse battery";

#[test]
fn a_request_again_gets_the_same_answer_and_does_nothing() {
    let mut rig = Rig::of("africas-talking");
    rig.post_text("s", "");
    let (at, _) = rig.begun();
    // While the answer is awaited it waits, too.
    rig.post_text("s", "");
    assert!(rig.answers.is_empty() && rig.reports.is_empty());
    rig.say(&at, SayKind::Continue, "1. Airtime");
    let (first, second) = (rig.answer(), rig.answer());
    assert_eq!((first.ticket, second.ticket), (1, 2));
    assert_eq!(first.body, second.body);
    rig.post_text("s", "");
    assert_eq!(rig.answer().body, first.body);
    rig.post_text("s", "1");
    assert_eq!(rig.input(), "1");
    rig.say(&at, SayKind::End, "Sold");
    rig.answer();
    for _ in 0..3 {
        rig.post_text("s", "1");
        assert_eq!(rig.answer().body, "END Sold");
    }
    assert!(rig.reports.is_empty());
    assert_eq!(rig.link.status().stats.repeats, 5);
    rig.post_text("s", "1*1");
    assert_eq!(rig.answer().body, "END This session is over. Please dial again.");
}

#[test]
fn another_request_of_a_session_that_waits_is_refused() {
    let mut rig = Rig::of("africas-talking");
    rig.post_text("s", "");
    let (at, _) = rig.begun();
    rig.post_text("s", "1");
    assert_eq!(rig.answer().status, 409);
    for _ in 0..3 {
        rig.post_text("s", "");
    }
    rig.post_text("s", "");
    assert_eq!(rig.answer().status, 409, "as many as may wait do");
    rig.say(&at, SayKind::Continue, "1. Airtime");
    assert_eq!(rig.answers.len(), 4);
    assert_eq!(rig.link.status().waiting, 0);
}

#[test]
fn an_answer_that_is_late_ends_the_session_with_a_text() {
    let mut rig = Rig::of("africas-talking");
    rig.post_text("s", "");
    let (at, _) = rig.begun();
    rig.pass(Span::ms(12_999));
    assert!(rig.answers.is_empty());
    rig.pass(Span::ms(1));
    assert_eq!(rig.answer().body, "END Your request is being processed. Please check later.");
    assert_eq!(rig.report(), Report::Ended(EndReason::ApplicationTimeout));
    assert_eq!(rig.say(&at, SayKind::End, "Sold"), SayResult::Late);
    rig.post_text("s", "");
    assert!(rig.answer().body.contains("processed"), "again the same");
    assert_eq!(rig.link.status().stats.late, 1);
}

#[test]
fn a_client_that_has_gone_may_ask_again() {
    let mut rig = Rig::of("africas-talking");
    rig.post_text("s", "");
    let (at, _) = rig.begun();
    rig.handle(Input::Gone { ticket: 1 });
    rig.handle(Input::Gone { ticket: 99 });
    assert_eq!(rig.say(&at, SayKind::Continue, "1. Airtime"), SayResult::Unknown);
    assert!(rig.answers.is_empty(), "there is nobody to answer");
    rig.post_text("s", "");
    assert_eq!(rig.answer().body, "CON 1. Airtime");
}

#[test]
fn a_session_without_a_request_is_forgotten() {
    let mut rig = Rig::of("africas-talking");
    rig.post_text("s", "");
    let (at, _) = rig.begun();
    rig.say(&at, SayKind::Continue, "1. Airtime");
    rig.answer();
    assert_eq!(rig.link.status().sessions, 1);
    rig.pass(Span::s(180));
    assert_eq!(rig.report(), Report::Ended(EndReason::SubscriberTimeout));
    assert!(rig.link.sessions.is_empty() && rig.link.due.is_empty());
    assert_eq!(rig.link.deadline(), None);
}

#[test]
fn inputs_of_a_session_from_before_a_start_are_not_done_again() {
    let mut rig = Rig::of("africas-talking");
    rig.post_text("old", "1*500*0712345678*1");
    assert!(rig.answer().body.starts_with("END This session is over"));
    assert!(rig.reports.is_empty());
    // When no session of before can go on, it is what was dialled behind the code.
    rig.pass(Span::s(181));
    rig.post_text("new", "1*500");
    assert_eq!(rig.begun().1, "*384*123*1*500#");
    let mut rig = Rig::of("crossgate");
    rig.pass(Span::s(181));
    rig.get("msisdn=255712345678&service_code=*123%23&session_id=9&ussd_string=1*2");
    assert!(rig.reports.is_empty(), "without a short-cut it never begins");
}

#[test]
fn sessions_of_two_subscribers_with_one_id_are_two() {
    let mut rig = Rig::of("safaricom");
    for number in ["255712345678", "255712345679"] {
        rig.get(&format!("ORIG={number}&DEST=*123%23&SESSION_ID=9&USSD_PARAMS="));
        assert_eq!(rig.begun().0.msisdn.to_string(), number);
    }
    assert_eq!(rig.link.status().sessions, 2);
}

#[test]
fn there_is_room_for_so_many_sessions_and_no_more() {
    let mut rig = Rig::new(HttpConfig { sessions_max: 2, ..config("africas-talking") });
    for session in ["a", "b"] {
        rig.post_text(session, "");
        let (at, _) = rig.begun();
        rig.say(&at, SayKind::Continue, "1. Airtime");
        rig.answer();
    }
    rig.post_text("c", "");
    assert_eq!(rig.answer().body, "END The service is busy. Please try again later.");
    rig.post_text("a", "1");
    assert_eq!(rig.input(), "1", "who is in goes on");
}

#[test]
fn on_the_way_down_sessions_go_on_and_none_begins() {
    let mut rig = Rig::of("africas-talking");
    rig.post_text("a", "");
    let (at, _) = rig.begun();
    rig.handle(Input::Drain);
    assert!(!rig.link.is_drained());
    rig.post_text("b", "");
    assert!(rig.answer().body.contains("busy"));
    rig.say(&at, SayKind::End, "Bye");
    assert!(rig.link.is_drained());
}

#[test]
fn the_end_of_a_session_that_waits_is_reported_and_answered() {
    let mut rig = Rig::of("africas-talking");
    rig.post_text("s", "");
    let (at, _) = rig.begun();
    rig.post(&format!("sessionId=s&phoneNumber=%2B{SUBSCRIBER}&status=Incomplete"));
    assert_eq!(rig.report(), Report::Ended(EndReason::SubscriberAbort));
    let answers: Vec<_> = rig.answers.drain(..).map(|answer| answer.ticket).collect();
    assert_eq!(answers, [2, 1]);
    assert_eq!(rig.say(&at, SayKind::End, "Sold"), SayResult::Late);
    assert_eq!(rig.say(&at, SayKind::Notify, "Sold"), SayResult::Unsayable);
}

#[test]
fn only_who_has_the_secret_is_served() {
    let header = SecretPlace::Header("x-key".parse().unwrap());
    let query = SecretPlace::Query("key".to_owned());
    for place in [header, query] {
        let secret = Some(SharedSecret::new(place.clone(), SECRET).unwrap());
        let mut rig = Rig::new(HttpConfig { secret, ..config("safaricom") });
        let plain = "ORIG=255712345678&DEST=*123%23&SESSION_ID=9&USSD_PARAMS=";
        for said in [None, Some(""), Some("correct horse batterx"), Some("correct horse batter")] {
            rig.headers.clear();
            let mut query = plain.to_owned();
            match (&place, said) {
                (SecretPlace::Header(name), Some(said)) => {
                    rig.headers.insert(name, said.parse().unwrap());
                }
                (SecretPlace::Query(name), Some(said)) => {
                    query = format!("{plain}&{name}={}", said.replace(' ', "+"));
                }
                _ => {}
            }
            rig.get(&query);
            assert_eq!((rig.answer().status, rig.reports.len()), (403, 0), "{said:?}");
        }
        rig.headers.insert("x-key", SECRET.parse().unwrap());
        rig.get(&format!("{plain}&key={}", SECRET.replace(' ', "%20")));
        rig.begun();
        assert_eq!(rig.link.status().stats.denied, 4);
        assert!(!format!("{:?}", rig.link.config).contains("horse"), "it is in no text");
    }
    assert!(SharedSecret::new(SecretPlace::Query("key".to_owned()), "short").is_err());
}

#[test]
fn only_who_is_in_a_network_is_served() {
    let networks = vec![Subnet::parse("10.1.0.0/16").unwrap()];
    let mut rig = Rig::new(HttpConfig { networks, ..config("africas-talking") });
    rig.peer = "10.2.0.1".parse().unwrap();
    rig.post_text("s", "");
    assert_eq!((rig.answer().status, rig.reports.len()), (403, 0));
    rig.peer = "::ffff:10.1.0.1".parse().unwrap();
    rig.post_text("s", "");
    rig.begun();
}

#[test]
fn what_cannot_be_read_is_refused_and_begins_nothing() {
    let mut rig = Rig::of("africas-talking");
    let long = "1".repeat(2_049);
    let many = "&x=1".repeat(100);
    for (body, status) in [
        (String::new(), 400),
        ("sessionId=s".to_owned(), 400),
        ("sessionId=&phoneNumber=255712345678&text=".to_owned(), 400),
        ("sessionId=s&phoneNumber=0712&text=".to_owned(), 400),
        (
            "sessionId=s&phoneNumber=255712345678&serviceCode=*1234567890123456789012%23"
                .to_owned(),
            400,
        ),
        (format!("sessionId=s&phoneNumber=255712345678&text={long}"), 413),
        (format!("sessionId=s&phoneNumber=255712345678&text={many}"), 413),
        ("x".repeat(8_193), 413),
    ] {
        rig.post(&body);
        assert_eq!(rig.answer().status, status, "{}", &body[..body.len().min(60)]);
    }
    rig.send(&Method::PUT, "", b"");
    assert_eq!(rig.answer().status, 405);
    let mut rig = Rig::of("oltranz");
    for body in ["", "[]", "{", "null", "{\"sessionId\":{}}"] {
        rig.post(body);
        assert_eq!(rig.answer().status, 400, "{body}");
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(4_000), "]".repeat(4_000));
    rig.post(&deep);
    assert_eq!(rig.answer().status, 400);
    assert!(rig.reports.is_empty());
}

#[test]
fn more_than_may_be_repeated_is_refused_and_begins_nothing() {
    use crate::ussd::limits::HTTP_REPEATED_BYTES_MAX;
    let body = |padding: usize| {
        format!(
            "{{\"msisdn\":\"{SUBSCRIBER}\",\"newRequest\":\"1\",\"phoneNumber\":\"{SUBSCRIBER}\",\
             \"serviceCode\":\"*123#\",\"sessionId\":\"s\",\"text\":\"\",\"x\":\"{}\"}}",
            "y".repeat(padding)
        )
    };
    let padding = HTTP_REPEATED_BYTES_MAX - body(0).len();
    let mut rig = Rig::of("oltranz");
    rig.post(&body(padding + 1));
    assert_eq!((rig.answer().status, rig.reports.len()), (413, 0));
    rig.post(&body(padding));
    let (at, _) = rig.begun();
    assert_eq!(rig.say(&at, SayKind::Continue, "Enter your PIN"), SayResult::Accepted);
    assert!(rig.answer().body.contains(&"y".repeat(padding)));
    // A dialect that repeats nothing takes it.
    let mut rig = Rig::of("africas-talking");
    let padded = "y".repeat(padding + 1);
    rig.post(&format!(
        "sessionId=s&phoneNumber=%2B{SUBSCRIBER}&serviceCode=*123%23&text=&x={padded}"
    ));
    assert_eq!(rig.reports.len(), 1);
}

proptest! {
    #[test]
    fn every_request_has_exactly_one_answer(
        steps in prop::collection::vec((0u8..4, 0usize..3, 0usize..5, 0u64..20), 1..60)
    ) {
        let mut rig = Rig::of("africas-talking");
        let mut at = Vec::new();
        let mut count = 0;
        let (sessions, texts) = (["a", "b", "c"], ["", "1", "1*2", "1*2*3", "9"]);
        for (kind, session, text, seconds) in steps {
            match kind {
                0 | 1 => {
                    rig.post_text(sessions[session], texts[text]);
                    count += 1;
                }
                2 => if let Some(at) = at.get(session) {
                    let kind = [SayKind::Continue, SayKind::End][text % 2];
                    rig.say(at, kind, "1. Airtime");
                },
                _ => rig.pass(Span::s(seconds)),
            }
            for report in rig.reports.drain(..) {
                if let Report::Begin(of, _) = report {
                    at.push(of);
                }
            }
        }
        rig.pass(Span::s(400));
        let mut tickets: Vec<_> = rig.answers.iter().map(|answer| answer.ticket).collect();
        tickets.sort_unstable();
        prop_assert_eq!(tickets, (1..=count).collect::<Vec<u64>>());
        prop_assert!(rig.link.sessions.is_empty() && rig.link.due.is_empty());
        prop_assert!(rig.link.waiting.is_empty());
    }

    #[test]
    fn no_octets_of_an_aggregator_stop_the_program(
        name in prop::sample::select(HttpProfile::builtin_names().collect::<Vec<_>>()),
        query in ".{0,80}",
        body in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        let mut rig = Rig::of(name);
        rig.send(&Method::POST, &query, &body);
        rig.send(&Method::GET, &query, &body);
        rig.pass(Span::s(400));
        prop_assert_eq!(rig.answers.len(), 2);
    }
}
