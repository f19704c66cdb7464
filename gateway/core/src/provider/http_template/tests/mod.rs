//! Every profile with honest answers, and with those of another order, another amount, another
//! currency, and no order at all.

mod callback;
mod confirm;
mod profiles;
mod requests;

use http::StatusCode;
use proptest::prelude::{any, prop_assert_eq, proptest};
use tillgate_store_core::{ProviderOutcome, Text};

use super::*;
use crate::provider::http_json::HttpJson;
use crate::provider::tests::request;
use ProviderRequestKind::{Advise, Authorize, Inquire, Lookup, Reverse};

/// Every kind of request.
const KINDS: [ProviderRequestKind; 5] = [Authorize, Inquire, Reverse, Advise, Lookup];

const OURS: &str = "00112233445566778899aabbccddeeff";

fn order(kind: ProviderRequestKind) -> ProviderRequest {
    ProviderRequest { reference: Text::from(OURS).unwrap(), ..request(kind) }
}

fn settings() -> Settings {
    let words = |words: &[(&str, &str)]| {
        words.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect()
    };
    let secret = |name: &str| (name.to_owned(), Zeroizing::new("s3cret".to_owned()));
    Settings {
        secrets: ["token", "api_key", "basic", "callback_key"].map(secret).into(),
        values: words(&[
            ("country", "KE"),
            ("client", "tillgate"),
            ("callback_url", "https://us.example/dtone"),
        ]),
        products: words(&[("20", "520"), ("20/7", "521")]),
    }
}

fn parsed(text: &str) -> Profile {
    Profile::parse(text).unwrap_or_else(|flaws| panic!("{flaws:?}\n{text}"))
}

fn of(profile: Profile) -> HttpTemplate {
    let url = ("provider.example:443".to_owned(), "/api/");
    HttpTemplate::new(profile, settings(), url, Capabilities::default()).ok().unwrap()
}

fn builtin(name: &str) -> HttpTemplate {
    of(parsed(BUILTIN.iter().find(|(known, _)| *known == name).unwrap().1))
}

fn said(
    provider: &HttpTemplate,
    request: &ProviderRequest,
    status: u16,
    body: &str,
) -> Option<ProviderResult> {
    let mut answer = Response::new(body.as_bytes().to_vec());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    provider.interpret(request, &answer)
}

fn word(result: Option<ProviderResult>) -> &'static str {
    match result {
        None => "unknown",
        Some(ProviderResult::Pending) => "pending",
        Some(ProviderResult::NotFound { .. }) => "not found",
        Some(ProviderResult::Lookup(Ok(_))) => "found",
        Some(ProviderResult::Lookup(Err(_))) => "nothing found",
        Some(ProviderResult::Outcome(outcome)) => match outcome {
            ProviderOutcome::Approved { .. } => "approved",
            ProviderOutcome::Declined { .. } => "declined",
            ProviderOutcome::NotSent { .. } => "not sent",
            ProviderOutcome::Unknown => "unknown",
            ProviderOutcome::Reversed => "reversed",
            ProviderOutcome::ReversalDeclined => "refused",
            ProviderOutcome::AdviceAcknowledged => "noted",
        },
    }
}

/// Profile, kind, status and body of an answer about 25.00 KES, and what it says.
type Row = (&'static str, ProviderRequestKind, u16, String, &'static str);

fn reloadly(status: &str) -> String {
    format!(
        r#"{{"transactionId":4602843,"status":"{status}","customIdentifier":"{OURS}","requestedAmount":25,"requestedAmountCurrencyCode":"KES"}}"#
    )
}

fn ding(state: &str) -> String {
    format!(
        r#"{{"TransferRecord":{{"TransferId":{{"TransferRef":"71","DistributorRef":"{OURS}"}},"Price":{{"SendValue":25.0,"SendCurrencyIso":"KES"}},"ProcessingState":"{state}"}},"ResultCode":1,"ErrorCodes":[]}}"#
    )
}

fn dtone(class: u8) -> String {
    format!(
        r#"{{"id":99,"external_id":"{OURS}","source":{{"amount":25.00,"unit":"KES"}},"status":{{"class":{{"id":{class}}}}}}}"#
    )
}

fn bill(status: &str) -> String {
    format!(
        r#"{{"id":"{OURS}","status":"{status}","amounts":{{"request":{{"amount":2500,"currency":"KES"}}}}}}"#
    )
}

fn answers() -> Vec<Row> {
    let listed = |of: &str| format!(r#"{{"content":[{of}],"totalElements":1}}"#);
    let items = |of: &str| format!(r#"{{"ResultCode":1,"Items":[{of}]}}"#);
    vec![
        ("reloadly", Authorize, 200, reloadly("SUCCESSFUL"), "approved"),
        ("reloadly", Authorize, 200, reloadly("PROCESSING"), "pending"),
        ("reloadly", Authorize, 200, reloadly("REFUNDED"), "declined"),
        ("reloadly", Inquire, 200, listed(&reloadly("SUCCESSFUL")), "approved"),
        ("reloadly", Inquire, 200, listed(&reloadly("FAILED")), "declined"),
        ("dingconnect", Authorize, 200, ding("Complete"), "approved"),
        ("dingconnect", Authorize, 200, ding("Submitted"), "pending"),
        ("dingconnect", Authorize, 200, ding("Failed"), "declined"),
        ("dingconnect", Inquire, 200, items(&ding("Complete")), "approved"),
        ("dingconnect", Inquire, 200, items(&ding("Failed")), "declined"),
        ("dtone", Authorize, 201, dtone(5), "pending"),
        ("dtone", Authorize, 201, dtone(9), "declined"),
        ("dtone", Inquire, 200, format!("[{}]", dtone(7)), "approved"),
        ("dtone", Inquire, 200, format!("[{}]", dtone(8)), "declined"),
        ("dtone-confirm", Authorize, 201, dtone(9), "declined"),
        ("dtone-confirm", Inquire, 200, format!("[{}]", dtone(1)), "pending"),
        ("dtone-confirm", Inquire, 200, format!("[{}]", dtone(7)), "approved"),
        ("bills", Authorize, 201, bill("PAID"), "approved"),
        ("bills", Inquire, 200, bill("REVERSED"), "declined"),
        ("bills", Reverse, 202, bill("REVERSED"), "reversed"),
        ("bills", Reverse, 409, bill("FINAL"), "refused"),
        ("bills", Advise, 202, bill("CONFIRMED"), "noted"),
    ]
}

#[test]
fn an_answer_counts_only_for_the_reference_amount_and_currency_of_its_request() {
    for (name, kind, status, body, means) in answers() {
        let provider = builtin(name);
        let read = |body: &str| said(&provider, &order(kind), status, body);
        assert_eq!(word(read(&body)), means, "{name}: {body}");
        let other = OURS.replace("ff", "fe");
        for lie in [
            body.replace(OURS, &other),
            body.replace("25", "26"),
            body.replace("KES", "USD"),
            body.replace(&format!("\"{OURS}\""), "null"),
            body.replace(&format!("\"{OURS}\""), "25"),
            format!("{body}{body}"),
            format!("{body} x"),
        ] {
            assert_eq!(read(&lie), None, "{name}: {lie}");
        }
        if means != "pending" {
            let without = body.replace("amount\"", "amnt\"").replace("Amount\"", "Amnt\"");
            assert_eq!(read(&without.replace("SendValue", "Value")), None, "{name}: {without}");
        }
        for status in [100, 204, 301, 418, 500, 502, 503, 504] {
            let result = said(&provider, &order(kind), status, &body);
            assert!(result.is_none(), "{name} {status}: {body}");
        }
    }
}

#[test]
fn an_answer_that_is_cut_off_anywhere_says_nothing() {
    for (name, kind, status, body, _) in answers() {
        let provider = builtin(name);
        for end in 0..body.len() {
            assert_eq!(said(&provider, &order(kind), status, &body[..end]), None, "{name} {end}");
        }
    }
}

#[test]
fn amounts_are_exact_decimals_of_the_currency_and_never_floating_point() {
    let provider = builtin("reloadly");
    let read = |amount: &str| {
        let body = reloadly("SUCCESSFUL").replace(":25,", &format!(":{amount},"));
        word(said(&provider, &order(Authorize), 200, &body))
    };
    for same in ["25", "25.0", "25.00", "25.000000", "\"25.00\""] {
        assert_eq!(read(same), "approved", "{same}");
    }
    for other in [
        "2500",
        "25.001",
        "24.9999999999999999999",
        "25e0",
        "2.5e1",
        "-25",
        "25.0000000001",
        "true",
        "36893488147419103232",
        "[25]",
        "{\"a\":25}",
        "\"25,00\"",
        "\" 25\"",
        "\"\"",
        "25.",
    ] {
        assert_eq!(read(other), "unknown", "{other}");
    }
}

#[test]
fn a_currency_without_decimals_or_with_three_has_its_own_amounts() {
    let provider = builtin("reloadly");
    for (currency, alpha, amount, other) in
        [(392, "JPY", "2500", "25"), (414, "KWD", "2.5", "25.00"), (414, "KWD", "2.500", "2500")]
    {
        let request = ProviderRequest { currency, ..order(Authorize) };
        let body = reloadly("SUCCESSFUL").replace("KES", alpha);
        let read = |amount: &str| {
            let body = body.replace(":25,", &format!(":{amount},"));
            word(said(&provider, &request, 200, &body))
        };
        assert_eq!((read(amount), read(other)), ("approved", "unknown"), "{alpha}");
    }
}

#[test]
fn an_answer_that_counts_for_nothing_says_why() {
    let provider = builtin("tillgate");
    let why = |status: u16, body: &str| {
        let answer = Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap();
        assert!(provider.interpret(&order(Authorize), &answer).is_none(), "{body}");
        provider.doubt(&order(Authorize), &answer)
    };
    let approved = |of: &str| {
        let head = r#"{"status":"approved","provider_reference":"1","#;
        format!("{head}{of}}}")
    };
    assert_eq!(why(200, "<html>"), "its body is no JSON");
    assert_eq!(why(500, "{}"), "no rule matches it");
    let nameless = approved(r#""amount_minor":2500"#);
    assert_eq!(why(200, &nameless), "it has no reference where the profile has it");
    let free = approved(&format!(r#""reference":"{OURS}""#));
    assert_eq!(why(200, &free), "it has no amount where the profile has it");
    let other = approved(&format!(r#""reference":"{OURS}","amount_minor":2501"#));
    assert_eq!(why(200, &other), "it has another reference, amount or currency");
}

#[test]
fn a_key_that_is_there_twice_makes_an_answer_nothing() {
    let provider = builtin("reloadly");
    for more in [r#""status":"FAILED""#, r#""customIdentifier":"x""#, r#""requestedAmount":25"#] {
        let body = reloadly("SUCCESSFUL").replacen('{', &format!("{{{more},"), 1);
        assert_eq!(said(&provider, &order(Authorize), 200, &body), None, "{body}");
    }
}

#[test]
fn a_refusal_without_our_reference_is_believed_of_a_first_attempt_only() {
    let refused = r#"{"errorCode":"INVALID_RECIPIENT_PHONE"}"#;
    let provider = builtin("reloadly");
    let read = |attempt, body: &str| {
        let request = ProviderRequest { attempt, ..order(Authorize) };
        said(&provider, &request, 400, body)
    };
    let Some(ProviderResult::Outcome(ProviderOutcome::Declined { code, .. })) = read(1, refused)
    else {
        panic!("declined");
    };
    assert_eq!(code, ResponseCode::NO_SUCH_SUBSCRIBER);
    assert_eq!(read(2, refused), None, "the first attempt may have been carried out");
    let duplicate = r#"{"errorCode":"CUSTOM_IDENTIFIER_ALREADY_USED"}"#;
    assert_eq!(read(1, duplicate), None);
    let other =
        format!(r#"{{"errorCode":"INVALID_RECIPIENT_PHONE","customIdentifier":"x{OURS}"}}"#);
    assert_eq!(read(1, &other), None, "it names another order");
}

#[test]
fn what_was_never_received_is_an_empty_list_and_no_error_page() {
    for (name, body) in [
        ("reloadly", r#"{"content":[],"totalElements":0}"#),
        ("dingconnect", r#"{"ResultCode":1,"Items":[ ]}"#),
        ("dtone", "[]"),
        ("dtone-confirm", "[]"),
    ] {
        let provider = builtin(name);
        let request = ProviderRequest { attempt: 4, ..order(Inquire) };
        let found = said(&provider, &request, 200, body);
        assert_eq!(found, Some(ProviderResult::NotFound { attempt: 4 }), "{name}");
        for page in ["", "{}", "null", "<html>", "[{}]", r#"{"content":{},"Items":{}}"#] {
            assert_eq!(said(&provider, &request, 404, page), None, "{name}: {page}");
            assert_eq!(said(&provider, &request, 200, page), None, "{name}: {page}");
        }
    }
}

/// The profile of our own API against the provider that is written in code.
fn both() -> (HttpTemplate, HttpJson) {
    let (authority, path) = ("provider.example:443".to_owned(), "/api".to_owned());
    (builtin("tillgate"), HttpJson { authority, path })
}

#[test]
fn the_profile_of_our_own_api_says_what_the_code_says() {
    let (template, code) = both();
    for (kind, currency) in KINDS.into_iter().zip([404, 36, 404, 8, 404]) {
        let request = ProviderRequest { currency, ..order(kind) };
        let ours = template.request(&request).unwrap();
        let theirs = code.request(&request).unwrap();
        assert_eq!((ours.method(), ours.uri()), (theirs.method(), theirs.uri()), "{kind:?}");
        assert_eq!(ours.headers(), theirs.headers(), "{kind:?}");
        let json = |body: &[u8]| serde_json::from_slice::<serde_json::Value>(body).ok();
        let sorted = |body: &[u8]| {
            let mut members: Vec<_> = json(body)?.as_object()?.clone().into_iter().collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Some(members)
        };
        assert_eq!(sorted(ours.body()), sorted(theirs.body()), "{kind:?}");
    }
}

proptest! {
    #[test]
    fn the_profile_of_our_own_api_reads_what_the_code_reads(
        kind in 0_usize..5,
        status in proptest::sample::select(vec![200_u16, 202, 404, 409, 500]),
        said in proptest::sample::select(vec![
            "approved", "declined", "pending", "unknown", "reversed", "refused", "noted", "found",
        ]),
        ours in any::<bool>(),
        amount in proptest::sample::select(vec!["2500", "2501", "25.00", "\"x\"", "null"]),
        currency in proptest::sample::select(vec!["", ",\"currency\":404", ",\"currency\":840"]),
        code in proptest::sample::select(vec!["14", "00", "09", "A1", ""]),
    ) {
        let (template, by_code) = both();
        let reference = if ours { OURS } else { "ff" };
        let body = format!(
            r#"{{"status":"{said}","reference":"{reference}","amount_minor":{amount},"lookup_reference":"b","provider_reference":"P-1","code":"{code}"{currency}}}"#
        );
        let mut answer = Response::new(body.into_bytes());
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        let request = order(KINDS[kind]);
        let (found, expected) =
            (template.interpret(&request, &answer), by_code.interpret(&request, &answer));
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_bytes_make_a_panic_or_an_approval(bytes: Vec<u8>, kind in 0_usize..5) {
        for (name, _) in BUILTIN {
            let found = builtin(name).interpret(&order(KINDS[kind]), &Response::new(bytes.clone()));
            prop_assert_eq!(word(found), "unknown");
        }
    }
}

#[test]
fn a_lookup_is_read_with_its_bounds_and_pays_what_it_found() {
    let provider = builtin("bills");
    let body = format!(
        r#"{{"id":"{OURS}","status":"FOUND","bill":{{"id":"B-81"}},"account":{{"holder":"A. Otieno"}},"amounts":{{"due":{{"amount":9000,"currency":"KES"}},"minimum":{{"amount":1000}},"maximum":{{"amount":9000}}}}}}"#
    );
    let Some(ProviderResult::Lookup(Ok(found))) = said(&provider, &order(Lookup), 200, &body)
    else {
        panic!("found");
    };
    assert_eq!((&*found.reference, found.amount_minor), ("B-81", 9_000));
    assert_eq!((found.amount_range_minor, &*found.name), ((1_000, 9_000), "A. Otieno"));
    for lie in [
        body.replace(OURS, "x"),
        body.replace("KES", "USD"),
        body.replace("\"bill\"", "\"bll\""),
        body.replace(":1000", ":9001"),
    ] {
        assert_eq!(said(&provider, &order(Lookup), 200, &lie), None, "{lie}");
    }
    let pay = ProviderRequest { lookup: Text::from("B-81").unwrap(), ..order(Authorize) };
    let message = provider.request(&pay).unwrap();
    let body: serde_json::Value = serde_json::from_slice(message.body()).unwrap();
    assert_eq!(body["billId"], "B-81");
    let without = provider.request(&order(Authorize)).unwrap();
    assert!(!String::from_utf8_lossy(without.body()).contains("billId"), "left out");
}
