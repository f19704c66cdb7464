//! Orders of two steps: created, then confirmed.

use super::profiles::MINIMAL;
use super::*;

const TWO: &str = r#"
about = "a test"
authorize.method = "POST"
authorize.path = "/p/{reference}"
authorize.answer = { reference = "r", amount = "a", provider_reference = "id", rule = [{ json = { s = "new" }, is = "created" }] }
confirm.method = "POST"
confirm.path = "/p/{provider_reference}/confirm"
confirm.answer = { reference = "r", amount = "a", provider_reference = "id", rule = [{ json = { s = "done" }, is = "approved" }] }
"#;

fn answer(status: u16, body: &str) -> Response<Vec<u8>> {
    let mut answer = Response::new(body.as_bytes().to_vec());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

#[test]
fn a_created_order_is_confirmed_by_the_name_that_the_provider_gave_it() {
    let provider = builtin("dtone-confirm");
    assert!(provider.has_two_steps() && !builtin("dtone").has_two_steps());
    let request = order(Authorize);
    let created = provider.created(&request, &answer(201, &dtone(1))).unwrap();
    assert_eq!(created.provider_reference.as_str(), "99");
    assert_eq!(provider.interpret(&request, &answer(201, &dtone(1))), None, "no result yet");
    let message = provider.confirmation(&created).unwrap();
    assert_eq!(
        (message.method(), message.uri().path()),
        (&Method::POST, "/api/v1/async/transactions/99/confirm")
    );
    assert_eq!(message.headers()["authorization"], "Basic s3cret");
    let read = |class| word(provider.interpret_confirmation(&created, &answer(200, &dtone(class))));
    let said: Vec<&str> = (1..=9).map(read).collect();
    let expected = [
        "unknown", "pending", "declined", "declined", "pending", "unknown", "approved", "declined",
        "declined",
    ];
    assert_eq!(said, expected);
    assert_eq!(builtin("dtone").created(&request, &answer(201, &dtone(1))), None);
    assert_eq!(provider.created(&order(Inquire), &answer(200, &format!("[{}]", dtone(1)))), None);
}

#[test]
fn an_answer_about_another_order_creates_and_confirms_nothing() {
    let provider = builtin("dtone-confirm");
    let request = order(Authorize);
    let other = OURS.replace("ff", "fe");
    let created = provider.created(&request, &answer(201, &dtone(1))).unwrap();
    for lie in [
        dtone(1).replace(OURS, &other),
        dtone(1).replace("25.00", "25.01"),
        dtone(1).replace("KES", "USD"),
        dtone(1).replace("\"external_id\"", "\"x\""),
        dtone(1).replace("\"amount\"", "\"x\""),
        format!("{} x", dtone(1)),
    ] {
        assert_eq!(provider.created(&request, &answer(201, &lie)), None, "{lie}");
        let lie = lie.replace("\"id\":1}", "\"id\":7}");
        assert_eq!(provider.interpret_confirmation(&created, &answer(200, &lie)), None, "{lie}");
    }
    assert_eq!(provider.created(&request, &answer(500, &dtone(1))), None);
    let refused = r#"{"errors":[{"code":1003002,"message":"Transaction not found"}]}"#;
    assert_eq!(provider.interpret_confirmation(&created, &answer(404, refused)), None);
}

#[test]
fn a_name_of_the_provider_that_cannot_be_kept_whole_confirms_nothing() {
    let provider = of(parsed(TWO));
    let said = |id: &str| {
        let body = format!(r#"{{"r":"{OURS}","a":25,"s":"new","id":"{id}"}}"#);
        let created = provider.created(&order(Authorize), &answer(200, &body)).unwrap();
        provider.confirmation(&created).map(|message| message.uri().path().to_owned())
    };
    assert_eq!(said("P-1").unwrap(), "/api/p/P-1/confirm");
    for id in ["x".repeat(33).as_str(), "a b", "..", "", "=1"] {
        assert_eq!(said(id), None, "{id:?}");
    }
}

#[test]
fn an_inquiry_that_finds_an_order_created_never_counts_as_a_decline() {
    let (body, request) =
        (format!("[{}]", dtone(1)), ProviderRequest { attempt: 3, ..order(Inquire) });
    let claiming = |capabilities| {
        let profile =
            parsed(BUILTIN.iter().find(|(known, _)| *known == "dtone-confirm").unwrap().1);
        let profile = Profile { repeatable: true, ..profile };
        let url = ("provider.example:443".to_owned(), "/api/");
        let provider = HttpTemplate::new(profile, settings(), url, capabilities).ok().unwrap();
        provider.interpret(&request, &answer(200, &body))
    };
    let none = Capabilities::default();
    assert_eq!(claiming(none), Some(ProviderResult::Pending), "its confirmation may arrive");
    let unseen = Some(ProviderResult::NotFound { attempt: 3 });
    assert_eq!(claiming(Capabilities { idempotent: true, ..none }), unseen, "it goes out again");
}

#[test]
fn steps_that_do_not_belong_together_are_refused() {
    assert_eq!(parsed(TWO).warnings, []);
    let without: String =
        TWO.lines().filter(|line| !line.starts_with("confirm")).collect::<Vec<_>>().join("\n");
    let needs = Profile::parse(&without).unwrap_err();
    assert!(needs[0].text.contains("needs a section [confirm]"), "{needs:?}");
    let confirm: String =
        TWO.lines().filter(|line| line.starts_with("confirm")).collect::<Vec<_>>().join("\n");
    let never = Profile::parse(&format!("{MINIMAL}{confirm}")).unwrap_err();
    assert!(never.iter().any(|flaw| flaw.text.contains("[confirm] is never sent")), "{never:?}");
    for (from, to, what) in [
        (
            ", provider_reference = \"id\", rule = [{ json = { s = \"new\"",
            ", rule = [{ json = { s = \"new\"",
            "to take it from",
        ),
        ("{provider_reference}", "x", "says {reference} nowhere"),
        ("is = \"approved\"", "is = \"created\"", "an answer to [confirm] is one of approved"),
        ("is = \"approved\"", "is = \"declined\"", "[confirm] has no rule that is = \"approved\""),
        ("is = \"approved\"", "is = \"declined\", repeats = []", "about another order"),
    ] {
        let flaws = Profile::parse(&TWO.replace(from, to)).unwrap_err();
        assert!(flaws.iter().any(|flaw| flaw.text.contains(what)), "{what}: {flaws:?}");
    }
    let both = TWO.replace(
        "rule = [{ json = { s = \"new\"",
        "rule = [{ json = { s = \"ok\" }, is = \"approved\" }, { json = { s = \"new\"",
    );
    let both = Profile::parse(&both).unwrap_err();
    assert!(both[0].text.contains("counts as not sent"), "{both:?}");
}
