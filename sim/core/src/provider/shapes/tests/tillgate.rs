//! The gateway's own dialect.

use super::*;

fn own(attempt: u32) -> Value {
    json!({
        "reference": REFERENCE, "service": 20, "product": 3, "amount_minor": 500,
        "currency": "EUR", "subscriber": "233200000001", "attempt": attempt,
    })
}

#[test]
fn an_order_in_our_own_dialect_is_done_once_and_answered_alike() {
    let mut peer = Peer::new(Shape::Tillgate);
    let path = format!("/topups/{REFERENCE}");
    assert_eq!(peer.ask(Method::GET, &path, &json!({})).0, 404);
    let first = peer.ask(Method::POST, "/topups", &own(1));
    assert_eq!((first.0, &first.1["status"]), (200, &json!("approved")));
    assert_eq!((&first.1["reference"], &first.1["amount_minor"]), (&json!(REFERENCE), &json!(500)));
    assert_eq!(peer.ask(Method::POST, "/topups", &own(2)), first);
    assert_eq!(peer.ask(Method::GET, &path, &json!({})), first);
    let noted = peer.ask(Method::POST, &format!("{path}/confirmation"), &json!({}));
    assert_eq!(noted.1["status"], "noted");
    assert_eq!(peer.status(), ("approved", 1));
    for _ in 0..2 {
        let reversed = peer.ask(Method::POST, &format!("{path}/reversal"), &own(1));
        assert_eq!((reversed.0, &reversed.1["status"]), (200, &json!("reversed")));
    }
    assert_eq!(peer.ask(Method::POST, "/topups", &own(3)).1["code"], "R1");
    assert_eq!(peer.status().0, "reversed");
}

#[test]
fn an_order_that_comes_after_its_reversal_is_declined() {
    let mut peer = Peer::new(Shape::Tillgate);
    let reversal = format!("/topups/{REFERENCE}/reversal");
    assert_eq!(peer.ask(Method::POST, &reversal, &own(1)).1["status"], "reversed");
    assert_eq!(peer.ask(Method::POST, "/topups", &own(1)).1["code"], "R1");
    assert_eq!(peer.status(), ("reversed", 0));
}

#[test]
fn a_reversal_may_be_refused_and_an_account_looked_up() {
    let effect = Effect::Decline("21".into());
    let rules = vec![Rule { on: vec![Kind::Reversal], effect, ..Rule::default() }];
    let mut peer = Peer::with(Shape::Tillgate, Script { rules, ..Script::default() });
    peer.ask(Method::POST, "/topups", &own(1));
    let reversal = format!("/topups/{REFERENCE}/reversal");
    let (status, body) = peer.ask(Method::POST, &reversal, &own(1));
    assert_eq!((status, &body["status"]), (409, &json!("refused")));
    assert_eq!(peer.status(), ("approved", 1));
    let found = peer.ask(Method::POST, "/topups/lookup", &own(1)).1;
    assert_eq!((&found["status"], &found["reference"]), (&json!("found"), &json!(REFERENCE)));
    assert!(found["amount_minor"].as_u64().unwrap() > 0 && found["name"].is_string());
}
