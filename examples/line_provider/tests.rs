//! What the tests of a provider are: `docs/bridges.md` section 5.

use tillgate_core::provider::{Provider, ProviderRequest, ProviderRequestKind, ProviderResult};
use tillgate_store_core::{ProviderOutcome, ResponseCode, Text};

use super::{Settings, carry_out, configured, sale};

#[test]
fn a_table_that_would_change_what_is_sent_is_refused_with_its_key() {
    let table = include_str!("bridge.toml");
    for (from, to, told) in [
        ("merchant = \"M7\"", "merchant = \"M7 X\"", "merchant"),
        ("merchant = \"M7\"", "", "merchant"),
        ("deadline_s = 10", "deadline_s = 0", "deadline_s"),
        ("deadline_s = 10", "deadline = 10", "deadline"),
    ] {
        assert!(table.contains(from), "{from}");
        let error = Settings::read(&table.replace(from, to)).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
}

fn answered(kind: ProviderRequestKind, answer: &str) -> Option<ProviderResult> {
    let request = ProviderRequest { kind, ..sale() };
    let answer = answer.replace("REF", &sale().reference);
    configured().unwrap().interpret(&request, &answer.into_bytes())
}

#[test]
fn an_answer_counts_only_if_it_repeats_reference_and_amount() {
    use ProviderRequestKind::{Authorize, Inquire};
    let reference = Text::from("L-1").unwrap();
    let approved = ProviderResult::Outcome(ProviderOutcome::Approved { reference, chip: None });
    assert_eq!(answered(Authorize, "REF 2500 APPROVED L-1\n"), Some(approved));
    assert_eq!(answered(Inquire, "REF 2500 PENDING\n"), Some(ProviderResult::Pending));
    let not_found = ProviderResult::NotFound { attempt: 1 };
    assert_eq!(answered(Inquire, "REF 0 UNKNOWN\n"), Some(not_found));
    for lie in [
        "REF0 2500 APPROVED L-1\n",
        "REF 2501 APPROVED L-1\n",
        "REF 02500 APPROVED L-1\n",
        "REF 2500 APPROVED\n",
        "REF 2500 APPROVED L-1 again\n",
        "REF 2500 approved L-1\n",
        "REF 2500 APPROVED L-1",
        "REF 0 UNKNOWN\n",
        "REF\n",
        "\n",
        "",
    ] {
        assert_eq!(answered(Authorize, lie), None, "{lie:?}");
    }
}

#[test]
fn a_decline_never_has_a_code_that_approves_or_makes_a_terminal_ask_again() {
    for (code, kept) in [("14", *b"14"), ("00", *b"05"), ("09", *b"05"), ("R1", *b"05")] {
        let result =
            answered(ProviderRequestKind::Authorize, &format!("REF 2500 DECLINED {code}\n"));
        let declined = ProviderOutcome::Declined {
            code: ResponseCode(kept),
            reference: Text::new(),
            chip: None,
        };
        assert_eq!(result, Some(ProviderResult::Outcome(declined)), "{code}");
    }
}

#[test]
fn an_answer_that_is_cut_off_or_never_ends_leaves_the_outcome_unknown() {
    let provider = configured().unwrap();
    let answer = format!("{} 2500 APPROVED L-1\n", sale().reference).into_bytes();
    for length in 0..answer.len() {
        let received = answer[..length].to_vec();
        let result = carry_out(&provider, sale(), |_| Some(received.clone()));
        assert_eq!(result, ProviderResult::UNKNOWN, "{length} bytes");
    }
    assert_ne!(carry_out(&provider, sale(), |_| Some(answer.clone())), ProviderResult::UNKNOWN);
    assert_eq!(carry_out(&provider, sale(), |_| Some(vec![b'x'; 9_999])), ProviderResult::UNKNOWN);
    assert_eq!(carry_out(&provider, sale(), |_| None), ProviderResult::UNKNOWN);
}
