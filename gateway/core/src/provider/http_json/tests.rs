//! Answers of honest and of lying providers.

use http::{Response, StatusCode};
use tillgate_store_core::{ProviderOutcome, Text};

use super::{HttpJson, code, reference};
use crate::provider::{Provider, ProviderRequest, ProviderRequestKind, ProviderResult, tests};

const OURS: &str = "0011223344556677";

fn order(kind: ProviderRequestKind) -> ProviderRequest {
    let reference = Text::from(OURS).unwrap();
    ProviderRequest { reference, attempt: 3, ..tests::request(kind) }
}

fn http_json() -> HttpJson {
    HttpJson { authority: "localhost:1".into(), path: "/topups/".into() }
}

fn said(kind: ProviderRequestKind, status: u16, body: &str) -> Option<ProviderResult> {
    let mut answer = Response::new(body.as_bytes().to_vec());
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    http_json().interpret(&order(kind), &answer)
}

/// An answer's members, with our reference and amount.
fn ours(rest: &str) -> String {
    format!(r#"{{"reference":"{OURS}","amount_minor":2500,{rest}}}"#)
}

#[test]
fn a_request_names_its_sale_in_the_path_or_with_its_idempotency_key() {
    use ProviderRequestKind::{Advise, Authorize, Inquire, Reverse};
    for (kind, method, path) in [
        (Authorize, "POST", "/topups/".to_owned()),
        (Inquire, "GET", format!("/topups/{OURS}")),
        (Reverse, "POST", format!("/topups/{OURS}/reversal")),
        (Advise, "POST", format!("/topups/{OURS}/confirmation")),
    ] {
        let message = http_json().request(&order(kind)).unwrap();
        assert_eq!((message.method().as_str(), message.uri().path()), (method, &*path));
        assert_eq!(message.headers()["host"], "localhost:1");
        assert_eq!(message.headers().contains_key("idempotency-key"), kind == Authorize);
        if kind != Inquire {
            let body: serde_json::Value = serde_json::from_slice(message.body()).unwrap();
            assert_eq!((&body["reference"], &body["attempt"]), (&OURS.into(), &3.into()));
            assert_eq!((&body["amount_minor"], &body["currency"]), (&2_500.into(), &404.into()));
        }
    }
}

#[test]
fn an_answer_that_names_its_order_counts_for_every_purpose() {
    use ProviderRequestKind::{Advise, Authorize, Inquire, Reverse};
    type Row = (ProviderRequestKind, u16, &'static str, fn(&ProviderResult) -> bool);
    let table: [Row; 9] = [
        (Authorize, 200, "approved", |f| {
            matches!(f, ProviderResult::Outcome(ProviderOutcome::Approved { .. }))
        }),
        (Authorize, 200, "declined", |f| {
            matches!(f, ProviderResult::Outcome(ProviderOutcome::Declined { .. }))
        }),
        (Authorize, 202, "pending", |f| matches!(f, ProviderResult::Pending)),
        (Inquire, 200, "approved", |f| {
            matches!(f, ProviderResult::Outcome(ProviderOutcome::Approved { .. }))
        }),
        (Inquire, 202, "pending", |f| matches!(f, ProviderResult::Pending)),
        (Inquire, 404, "unknown", |f| matches!(f, ProviderResult::NotFound { attempt: 3 })),
        (Reverse, 200, "reversed", |f| {
            matches!(f, ProviderResult::Outcome(ProviderOutcome::Reversed))
        }),
        (Reverse, 409, "refused", |f| {
            matches!(f, ProviderResult::Outcome(ProviderOutcome::ReversalDeclined))
        }),
        (Advise, 200, "noted", |f| {
            matches!(f, ProviderResult::Outcome(ProviderOutcome::AdviceAcknowledged))
        }),
    ];
    for (purpose, status, word, is) in table {
        let body = ours(&format!(r#""status":"{word}""#));
        assert!(said(purpose, status, &body).is_some_and(|f| is(&f)), "{purpose:?} {word}");
        // The same words of another order, of another amount, in another currency, of no order.
        for lie in [
            format!(r#"{{"status":"{word}","reference":"ff{OURS}","amount_minor":2500}}"#),
            format!(r#"{{"status":"{word}","reference":"{OURS}","amount_minor":2501}}"#),
            ours(&format!(r#""status":"{word}","currency":978"#)),
            format!(r#"{{"status":"{word}","amount_minor":2500}}"#),
            format!(r#"["{word}","{OURS}",2500]"#),
        ] {
            assert_eq!(said(purpose, status, &lie), None, "{purpose:?}: {lie}");
        }
        if word != "unknown" {
            let lie = format!(r#"{{"status":"{word}","reference":"{OURS}"}}"#);
            assert_eq!(said(purpose, status, &lie), None, "{purpose:?}: {lie}");
        }
    }
}

#[test]
fn what_is_not_one_object_of_the_right_types_approves_nothing() {
    let right = ours(r#""status":"approved""#);
    assert!(said(ProviderRequestKind::Authorize, 200, &right).is_some());
    assert!(
        said(ProviderRequestKind::Authorize, 200, &ours(r#""status":"approved","currency":404"#))
            .is_some()
    );
    assert!(
        said(ProviderRequestKind::Authorize, 200, &ours(r#""status":"approved","more":[{}]"#))
            .is_some()
    );
    // What is ignored is skipped without recursion: no depth overflows the stack.
    let deep = format!(r#""status":"approved","x":{}{}"#, "[".repeat(90_000), "]".repeat(90_000));
    assert!(said(ProviderRequestKind::Authorize, 200, &ours(&deep)).is_some());
    for lie in [
        r#"["approved"]"#.to_owned(),
        r#""approved""#.to_owned(),
        "null".to_owned(),
        String::new(),
        "<html>approved</html>".to_owned(),
        format!("{right}{right}"),
        format!("{right} x"),
        format!("[{right}]"),
        ours(r#""status":"approved","status":"declined""#),
        ours(r#""status":"approved","amount_minor":2500"#),
        ours(r#""status":["approved"]"#),
        ours(r#""status":"Approved""#),
        ours(r#""status":"approved","provider_reference":null"#),
        ours(r#""status":"approved","currency":70000"#),
        right.replace("2500", "2500.0"),
        right.replace("2500", "25e2"),
        right.replace("2500", "\"2500\""),
        right.replace("2500", "-2500"),
        right.replace("2500", "36893488147419105732"),
        right.replace("2500", "1e400"),
        right.replace(OURS, &OURS.to_uppercase().replace('0', "O")),
    ] {
        assert_eq!(said(ProviderRequestKind::Authorize, 200, &lie), None, "{lie:.80}");
    }
    for status in [100, 201, 204, 301, 302, 307, 400, 401, 404, 409, 500, 503] {
        assert_eq!(said(ProviderRequestKind::Authorize, status, &right), None, "{status}");
    }
}

#[test]
fn an_answer_to_another_question_is_no_answer() {
    use ProviderRequestKind::{Advise, Authorize, Inquire, Reverse};
    for (purpose, status, word) in [
        (Reverse, 200, "approved"),
        (Advise, 200, "approved"),
        (Authorize, 200, "reversed"),
        (Inquire, 200, "noted"),
        (Authorize, 404, "unknown"),
        (Reverse, 404, "unknown"),
    ] {
        let body = ours(&format!(r#""status":"{word}""#));
        assert_eq!(said(purpose, status, &body), None, "{purpose:?} {word}");
    }
}

#[test]
fn a_providers_reference_is_plain_or_not_kept_and_never_a_formula() {
    let table = [
        ("P-1", "P-1"),
        ("2026/11/23:7_a.b", "2026/11/23:7_a.b"),
        ("0123456789012345678901234567890123456789", "01234567890123456789012345678901"),
        ("", ""),
        ("=1+1", ""),
        ("+1", ""),
        ("-1", ""),
        ("@x", ""),
        ("\t=1", ""),
        ("a b", ""),
        ("a,b", ""),
        ("a\"b", ""),
        ("a\nb", ""),
        ("\u{e9}", ""),
        ("a\u{202e}b", ""),
    ];
    for (given, kept) in table {
        assert_eq!(&*reference(given), kept, "{given:?}");
    }
}

#[test]
fn a_decline_is_told_with_two_digits_that_end_it_and_otherwise_with_05() {
    let table = [
        ("14", "14"),
        ("51", "51"),
        ("91", "91"),
        ("00", "05"),
        ("09", "05"),
        ("68", "05"),
        ("R1", "05"),
        ("B1", "05"),
        ("1a", "05"),
        ("", "05"),
        ("1", "05"),
        ("114", "05"),
        ("\u{e9}", "05"),
    ];
    for (said, told) in table {
        assert_eq!(code(said).to_string(), told, "{said:?}");
    }
}
