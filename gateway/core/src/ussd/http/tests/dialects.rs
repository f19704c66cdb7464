use serde_json::Value;

use super::*;

/// The answer to a begin.
fn menu(rig: &mut Rig) -> Answer {
    let (at, _) = rig.begun();
    assert_eq!(rig.say(&at, SayKind::Continue, "1. Airtime"), SayResult::Accepted);
    rig.answer()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let found = answer.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

#[test]
fn africas_talking_sends_all_inputs_and_gets_con_and_end() {
    let mut rig = Rig::of("africas-talking");
    rig.post_text("ATUid_0123456789abcdef", "");
    let (at, dialled) = rig.begun();
    assert_eq!((dialled.as_str(), at.service_code.as_str()), ("*384*123#", "*384*123#"));
    assert_eq!((at.msisdn.to_string().as_str(), at.key.len()), (SUBSCRIBER, 16), "a digest");
    assert!(rig.answers.is_empty(), "the answer waits");
    rig.say(&at, SayKind::Continue, "Amount?");
    let answer = rig.answer();
    assert_eq!((answer.ticket, answer.status), (1, 200));
    assert_eq!((answer.content_type.as_str(), answer.body.as_str()), ("text/plain", "CON Amount?"));
    // An input may have a star of its own.
    for (text, input) in [("1", "1"), ("1*2*3", "2*3"), ("1*2*3*", ""), ("1*2*3**", "")] {
        rig.post_text("ATUid_0123456789abcdef", text);
        assert_eq!(rig.input(), input, "{text}");
        rig.say(&at, SayKind::Continue, "Next");
        rig.answer();
    }
    rig.post_text("ATUid_0123456789abcdef", "1*2*3****9");
    assert_eq!(rig.input(), "*9");
    rig.say(&at, SayKind::End, "Bye");
    assert_eq!(rig.answer().body, "END Bye");
    // The notification of the end says nothing new.
    rig.post(&format!(
        "sessionId=ATUid_0123456789abcdef&phoneNumber=%2B{SUBSCRIBER}&status=Success"
    ));
    assert_eq!((rig.answer().status, rig.reports.len()), (200, 0));
}

#[test]
fn safaricom_and_crossgate_ask_in_a_query() {
    for (name, query) in [
        ("safaricom", "ORIG=255712345678&DEST=*123%23&SESSION_ID=9&USSD_PARAMS="),
        ("crossgate", "mobile_number=255712345678&service_code=*123%23&session_id=9&ussd_string="),
        ("crossgate", "msisdn=+255712345678&service_code=*123%23&session_id=9&ussd_string="),
    ] {
        let mut rig = Rig::of(name);
        rig.get(query);
        let (at, dialled) = rig.begun();
        assert_eq!((dialled.as_str(), at.key.as_slice()), ("*123#", &b"9"[..]), "{name}");
        rig.say(&at, SayKind::Continue, "1. Airtime");
        assert_eq!(rig.answer().body, "CON 1. Airtime");
        rig.get(&format!("{query}1"));
        assert_eq!(rig.input(), "1");
        rig.say(&at, SayKind::End, "Bye");
        assert_eq!(rig.answer().body, "END Bye");
        rig.post("");
        assert_eq!(rig.answer().status, 405);
    }
}

#[test]
fn airtel_reads_headers_and_cleans_up() {
    let mut rig = Rig::of("airtel");
    let query = "SessionID=13697502734175597&MSISDN=255712345678&MSC=1&input=";
    rig.get(&format!("{query}*121%23"));
    let (at, dialled) = rig.begun();
    assert_eq!((dialled.as_str(), at.service_code.as_str()), ("*121#", "*121#"));
    rig.say(&at, SayKind::Continue, "1. Airtime");
    let answer = rig.answer();
    assert_eq!((answer.body.as_str(), header(&answer, "freeflow")), ("1. Airtime", Some("FC")));
    // The same input twice is two inputs.
    for _ in 0..2 {
        rig.get(&format!("{query}1"));
        assert_eq!(rig.input(), "1");
        rig.say(&at, SayKind::Continue, "Next");
        rig.answer();
    }
    rig.get("SessionID=13697502734175597&msisdn=255712345678&clean=clean-session&error=522");
    assert_eq!(rig.answer().status, 200);
    assert_eq!(rig.report(), Report::Ended(EndReason::SubscriberAbort));
    rig.get(&format!("{query}1"));
    assert_eq!(header(&rig.answer(), "freeflow"), Some("FB"), "it is over");
    assert!(rig.reports.is_empty());
}

#[test]
fn imimobile_has_one_session_of_a_subscriber_and_a_text_that_aborts() {
    let mut rig = Rig::of("imimobile");
    let query =
        |msg: &str, tid: u32| format!("msisdn=255712345678&code=*123%23&dcs=0&tid={tid}&msg={msg}");
    rig.get(&query("*123%23", 1));
    let (at, _) = rig.begun();
    assert!(at.key.is_empty());
    rig.say(&at, SayKind::Continue, "1. Airtime");
    assert_eq!(header(&rig.answer(), "x-ussd-session"), Some("1"));
    rig.get(&query("1", 2));
    assert_eq!(rig.input(), "1");
    // Dials again while the answer is awaited.
    rig.get(&query("*123%23", 3));
    assert_eq!(header(&rig.answer(), "x-ussd-session"), Some("0"));
    let (at, _) = rig.begun();
    rig.say(&at, SayKind::Continue, "1. Airtime");
    let first = rig.answer();
    // The same request again, and then another with the same text.
    rig.get(&query("*123%23", 3));
    assert_eq!(rig.answer().body, first.body);
    assert!(rig.reports.is_empty());
    rig.get(&query("Map Dialog User Abort", 4));
    assert_eq!(rig.report(), Report::Ended(EndReason::SubscriberAbort));
    rig.answer();
    rig.get(&query("*123%23", 5));
    let (at, _) = rig.begun();
    rig.say(&at, SayKind::End, "Bye");
    assert_eq!(header(&rig.answer(), "x-ussd-session"), Some("0"));
}

#[test]
fn dmark_says_what_answers_a_menu_and_reads_an_object() {
    let mut rig = Rig::of("dmark");
    let query = "transactionId=55&msisdn=255712345678&ussdServiceCode=*123%23&ussdRequestString=";
    rig.get(&format!("{query}*123%23&response=false"));
    let first = menu(&mut rig);
    assert_eq!(first.body, r#"{"responseString":"1. Airtime","action":"request"}"#);
    assert_eq!(first.content_type, "application/json");
    // Its answer was lost.
    rig.get(&format!("{query}*123%23&response=false"));
    assert_eq!((rig.answer().body, rig.reports.len()), (first.body, 0));
    rig.get(&format!("{query}1&response=true"));
    let Report::Input(at, text) = rig.report() else { panic!() };
    assert_eq!(text, "1");
    rig.say(&at, SayKind::End, "Say \"bye\"");
    assert_eq!(rig.answer().body, r#"{"responseString":"Say \"bye\"","action":"end"}"#);
    // An input of a session that is not known begins nothing.
    rig.get("transactionId=56&msisdn=255712345678&ussdRequestString=1&response=true");
    assert!(rig.answer().body.contains("over") && rig.reports.is_empty());
}

#[test]
fn oltranz_gets_its_object_back() {
    let mut rig = Rig::of("oltranz");
    let object = |text: &str, new: &str| {
        format!(
            "{{\"sessionId\":\"s-1\",\"serviceCode\":\"*123#\",\"phoneNumber\":255712345678,\
             \"text\":\"{text}\",\"newRequest\":{new},\"action\":\"\",\"more\":[1]}}"
        )
    };
    rig.post(&object("", "true"));
    let first = menu(&mut rig);
    let read: Value = serde_json::from_str(&first.body).unwrap();
    assert_eq!(
        (&read["sessionId"], &read["phoneNumber"]),
        (&"s-1".into(), &255_712_345_678_u64.into())
    );
    assert_eq!((&read["response"], &read["action"]), (&"1. Airtime".into(), &"CON".into()));
    assert_eq!(read["more"][0], 1);
    rig.post(&object("1", "false"));
    let Report::Input(at, _) = rig.report() else { panic!() };
    rig.say(&at, SayKind::End, "Bye");
    let read: Value = serde_json::from_str(&rig.answer().body).unwrap();
    assert_eq!(read["action"], "END");
}

#[test]
fn hollatags_says_its_operations() {
    let mut rig = Rig::of("hollatags");
    let fields = |operation: &str, text: &str| {
        format!(
            "session_msisdn=255712345678&session_operation={operation}&session_msg={text}&\
             session_id=5456657676&session_from=*7006%23&session_type=1&session_mno=MTN"
        )
    };
    // A GET with a form, as their own example has it.
    rig.send(&Method::GET, "", fields("begin", "*7006%23").as_bytes());
    let first = menu(&mut rig);
    let read: Value = serde_json::from_str(&first.body).unwrap();
    let expected = r#"{"session_id":"5456657676","session_msg":"1. Airtime","session_operation":"continue","session_type":1}"#;
    assert_eq!(read, serde_json::from_str::<Value>(expected).unwrap());
    rig.get(&fields("continue", "1"));
    assert_eq!(rig.input(), "1");
    rig.pass(Span::s(13));
    let read: Value = serde_json::from_str(&rig.answer().body).unwrap();
    assert_eq!((&read["session_operation"], &read["session_type"]), (&"end".into(), &4.into()));
    assert_eq!(rig.report(), Report::Ended(EndReason::ApplicationTimeout));
    rig.get(&fields("end", ""));
    assert_eq!(rig.answer().status, 200);
}

#[test]
fn sendexa_reads_should_close() {
    let mut rig = Rig::of("sendexa");
    rig.post(r#"{"sessionId":"a","msisdn":"255712345678","serviceCode":"*123#","text":""}"#);
    let first = menu(&mut rig);
    assert_eq!(first.body, r#"{"message":"1. Airtime","shouldClose":false}"#);
    rig.post(r#"{"sessionId":"a","msisdn":"255712345678","text":"1"}"#);
    let Report::Input(at, _) = rig.report() else { panic!() };
    assert_eq!(rig.say(&at, SayKind::End, &"a".repeat(161)), SayResult::Unsayable);
    rig.say(&at, SayKind::End, "Bye");
    assert_eq!(rig.answer().body, r#"{"message":"Bye","shouldClose":true}"#);
}
