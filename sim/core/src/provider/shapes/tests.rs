//! Each shape, honest and not.

mod profiles;
mod tillgate;

use http::Method;

use super::*;
use crate::provider::script::{Kind, Outage, Rule};

const REFERENCE: &str = "000102030405060708090a0b0c0d0e0f";
const LATER: Span = Span::s(30);

struct Peer {
    provider: ShapedProvider,
    now: Moment,
}

impl Peer {
    fn with(shape: Shape, script: Script) -> Self {
        let (currency, callback_secret) = ("EUR".to_owned(), "secret".to_owned());
        let settings = ShapeSettings { shape, currency, decimals: 2, callback_secret };
        let now = Moment(0).after(Span::s(1));
        Self { provider: ShapedProvider::new(settings, script, now), now }
    }

    fn doing(shape: Shape, effect: Effect) -> Self {
        let rules = vec![Rule { on: vec![Kind::Sale], effect, ..Rule::default() }];
        Self::with(shape, Script { rules, ..Script::default() })
    }

    fn new(shape: Shape) -> Self {
        Self::with(shape, Script::default())
    }

    fn send(&mut self, method: Method, path: &str, body: &Value) -> (Span, Delivery) {
        let request = Request::builder().method(method).uri(path);
        let request = request.body(body.to_string().into_bytes()).unwrap();
        self.provider.receive(self.now, &request)
    }

    /// The answer, which must be whole.
    fn ask(&mut self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        match self.send(method, path, body).1 {
            Delivery::Whole(response) => {
                let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
                (response.status().as_u16(), body)
            }
            other => panic!("{other:?}"),
        }
    }

    fn wait(&mut self, span: Span) {
        self.now = self.now.after(span);
    }

    fn status(&self) -> (&'static str, u32) {
        let deal = self.provider.deal(REFERENCE).unwrap();
        (deal.status_at(self.now).word(), deal.times)
    }
}

fn reloadly() -> Value {
    json!({
        "operatorId": 173, "amount": 5.0, "customIdentifier": REFERENCE,
        "recipientPhone": {"countryCode": "GH", "number": "233200000001"},
    })
}

fn ding() -> Value {
    json!({
        "SkuCode": "GH_5", "SendValue": 5.0, "SendCurrencyIso": "EUR",
        "AccountNumber": "233200000001", "DistributorRef": REFERENCE, "ValidateOnly": false,
    })
}

fn dtone(auto_confirm: bool) -> Value {
    json!({
        "external_id": REFERENCE, "product_id": 7, "auto_confirm": auto_confirm,
        "credit_party_identifier": {"mobile_number": "233200000001"},
        "source": {"amount": 5.0, "unit": "EUR", "unit_type": "CURRENCY"},
        "callback_url": "http://127.0.0.1:7777/callbacks/topup",
    })
}

const REPORT: &str =
    "/topups/reports/transactions?customIdentifier=000102030405060708090a0b0c0d0e0f&size=1";

#[test]
fn a_reloadly_top_up_is_done_once_and_found_by_both_names() {
    let mut peer = Peer::new(Shape::Reloadly);
    assert_eq!(peer.ask(Method::GET, REPORT, &json!({})).1["totalElements"], 0);
    let (status, body) = peer.ask(Method::POST, "/topups", &reloadly());
    assert_eq!((status, &body["status"]), (200, &json!("SUCCESSFUL")));
    assert_eq!(
        (&body["customIdentifier"], &body["requestedAmount"]),
        (&json!(REFERENCE), &json!(5.0))
    );
    let (status, again) = peer.ask(Method::POST, "/topups", &reloadly());
    assert_eq!((status, &again["errorCode"]), (400, &json!("CUSTOM_IDENTIFIER_ALREADY_USED")));
    assert_eq!(peer.status(), ("approved", 1));
    let report = peer.ask(Method::GET, REPORT, &json!({})).1;
    assert_eq!(report["content"][0]["status"], "SUCCESSFUL");
    let path = format!("/topups/{}/status", body["transactionId"]);
    assert_eq!(peer.ask(Method::GET, &path, &json!({})).1["status"], "SUCCESSFUL");
    assert_eq!(peer.ask(Method::GET, "/topups/1/status", &json!({})).0, 404);
}

#[test]
fn an_asynchronous_top_up_is_processing_until_it_is_done() {
    let mut peer = Peer::doing(Shape::Reloadly, Effect::Pending(LATER));
    let (status, body) = peer.ask(Method::POST, "/topups-async", &reloadly());
    let id = body["transactionId"].as_u64().unwrap();
    assert_eq!((status, body), (200, json!({"transactionId": id})));
    let path = format!("/topups/{id}/status");
    assert_eq!(peer.ask(Method::GET, &path, &json!({})).1["status"], "PROCESSING");
    peer.wait(LATER);
    assert_eq!(peer.ask(Method::GET, &path, &json!({})).1["status"], "SUCCESSFUL");
}

#[test]
fn a_decline_has_the_code_of_the_script_and_no_effect() {
    let mut peer = Peer::doing(Shape::Reloadly, Effect::Decline("INVALID_PHONE_NUMBER".into()));
    let (status, body) = peer.ask(Method::POST, "/topups", &reloadly());
    assert_eq!((status, &body["errorCode"]), (400, &json!("INVALID_PHONE_NUMBER")));
    assert_eq!(peer.status(), ("declined", 0));
    let mut peer = Peer::doing(Shape::DingConnect, Effect::Decline("AccountNumberInvalid".into()));
    let (status, body) = peer.ask(Method::POST, "/api/V1/SendTransfer", &ding());
    assert_eq!((status, &body["ResultCode"]), (200, &json!(4)));
    assert_eq!(body["ErrorCodes"][0]["Code"], "AccountNumberInvalid");
    assert_eq!(body["TransferRecord"]["ProcessingState"], "Failed");
}

#[test]
fn a_ding_transfer_is_found_by_its_distributor_ref() {
    let mut peer = Peer::new(Shape::DingConnect);
    let list = json!({"DistributorRef": REFERENCE, "Take": 1});
    let (status, body) = peer.ask(Method::POST, "/api/V1/ListTransferRecords", &list);
    assert_eq!((status, &body["Items"]), (200, &json!([])));
    let mut dry = ding();
    dry["ValidateOnly"] = json!(true);
    peer.ask(Method::POST, "/api/V1/SendTransfer", &dry);
    assert!(peer.provider.deal(REFERENCE).is_none());
    let (_, body) = peer.ask(Method::POST, "/api/V1/SendTransfer", &ding());
    assert_eq!(
        (&body["ResultCode"], &body["TransferRecord"]["ProcessingState"]),
        (&json!(1), &json!("Complete"))
    );
    let (status, again) = peer.ask(Method::POST, "/api/V1/SendTransfer", &ding());
    assert_eq!(
        (status, &again["ErrorCodes"][0]["Code"]),
        (200, &json!("DuplicateTransactionPrevented"))
    );
    let (_, body) = peer.ask(Method::POST, "/api/V1/ListTransferRecords", &list);
    let record = &body["Items"][0]["TransferRecord"];
    assert_eq!(record["TransferId"]["DistributorRef"], REFERENCE);
    assert_eq!(record["Price"]["SendValue"], 5.0);
    assert_eq!(peer.status(), ("approved", 1));
}

#[test]
fn a_dt_one_transaction_is_created_confirmed_and_called_back() {
    let mut peer = Peer::new(Shape::DtOne);
    let (status, body) = peer.ask(Method::POST, "/v1/async/transactions", &dtone(false));
    assert_eq!((status, &body["status"]["message"]), (201, &json!("CREATED")));
    assert_eq!(peer.status(), ("approved", 0));
    assert!(peer.provider.lines(peer.now).contains("\"status\":\"created\""));
    assert_eq!(peer.provider.deadline(), None, "nothing is done before it is confirmed");
    let path = format!("/v1/async/transactions/{}/confirm", body["id"]);
    let (status, body) = peer.ask(Method::POST, &path, &json!({}));
    assert_eq!((status, &body["status"]["class"]["message"]), (201, &json!("SUBMITTED")));
    peer.ask(Method::POST, &path, &json!({}));
    peer.wait(LATER);
    let callback = peer.provider.poll(peer.now).unwrap();
    assert_eq!(callback.url, "http://127.0.0.1:7777/callbacks/topup");
    let outcome: Value = serde_json::from_slice(&callback.body).unwrap();
    assert_eq!(
        (&outcome["external_id"], &outcome["status"]["message"]),
        (&json!(REFERENCE), &json!("COMPLETED"))
    );
    assert_ne!(callback.signature(1), callback.signature(2));
    assert_eq!(peer.provider.poll(peer.now), None);
    let path = format!("/v1/transactions?external_id={REFERENCE}");
    assert_eq!(peer.ask(Method::GET, &path, &json!({})).1[0]["status"]["id"], 70_000);
    assert_eq!(peer.ask(Method::POST, "/v1/async/transactions", &dtone(false)).0, 400);
    assert_eq!(peer.status(), ("approved", 1));
}

/// The outcomes that are called back, each with whether its signature is right.
fn called_back(effect: Effect) -> Vec<(String, bool)> {
    let mut peer = Peer::doing(Shape::DtOne, effect);
    // The answer may never come.
    drop(peer.send(Method::POST, "/v1/async/transactions", &dtone(true)));
    let mut outcomes = Vec::new();
    while let Some(at) = peer.provider.deadline() {
        peer.now = peer.now.max(at);
        let callback = peer.provider.poll(peer.now).unwrap();
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"secret");
        let right: Vec<u8> =
            ring::hmac::sign(&key, &[b"7.", &callback.body[..]].concat()).as_ref().to_vec();
        let right: String = right.iter().map(|byte| format!("{byte:02x}")).collect();
        let body: Value = serde_json::from_slice(&callback.body).unwrap();
        let word = body["status"]["class"]["message"].as_str().unwrap().to_owned();
        outcomes.push((word, callback.signature(7) == right));
    }
    outcomes
}

#[test]
fn callbacks_come_as_often_and_as_contradictory_as_the_script_says() {
    let said = |words: &[&str], is_right| -> Vec<(String, bool)> {
        words.iter().map(|word| ((*word).to_owned(), is_right)).collect()
    };
    for (effect, words, is_right) in [
        (Effect::Answer, &["COMPLETED"][..], true),
        (Effect::Decline("10505".into()), &["DECLINED"], true),
        (Effect::Silent, &[], true),
        (Effect::Pending(LATER), &["COMPLETED"], true),
        (Effect::Late(LATER), &["COMPLETED"], true),
        (Effect::Duplicate(LATER), &["COMPLETED", "COMPLETED"], true),
        (Effect::ApproveThenDecline(LATER), &["COMPLETED", "DECLINED"], true),
        (Effect::DeclineThenApprove(LATER), &["DECLINED", "COMPLETED"], true),
        (Effect::WrongMac, &["COMPLETED"], false),
    ] {
        let what = format!("{effect:?}");
        assert_eq!(called_back(effect), said(words, is_right), "{what}");
    }
}

#[test]
fn each_wrong_echo_is_wrong_in_what_it_is_named_after() {
    for (shape, path, order, reference, amount) in [
        (Shape::Reloadly, "/topups", reloadly(), "/customIdentifier", "/requestedAmount"),
        (
            Shape::DingConnect,
            "/api/V1/SendTransfer",
            ding(),
            "/TransferRecord/TransferId/DistributorRef",
            "/TransferRecord/Price/SendValue",
        ),
    ] {
        let at = |effect, pointer: &str| {
            let mut peer = Peer::doing(shape, effect);
            let body = peer.ask(Method::POST, path, &order).1;
            assert_eq!(peer.status(), ("approved", 1));
            body.pointer(pointer).unwrap().clone()
        };
        assert_eq!(at(Effect::WrongAmount, reference), REFERENCE);
        assert_eq!(at(Effect::WrongReference, amount), 5.0);
        assert_eq!(at(Effect::WrongAmount, amount), 5.01);
        assert_ne!(at(Effect::WrongReference, reference), REFERENCE);
    }
}

#[test]
fn answers_break_off_or_never_come_as_the_script_says() {
    let sent = |effect: &Effect| {
        let mut peer = Peer::doing(Shape::Reloadly, effect.clone());
        let (after, delivery) = peer.send(Method::POST, "/topups", &reloadly());
        let is_done = peer.provider.deal(REFERENCE).is_some();
        (after, delivery, is_done)
    };
    assert!(matches!(sent(&Effect::Cut), (_, Delivery::Cut(_), true)));
    assert!(matches!(sent(&Effect::Truncate), (_, Delivery::Cut(_), true)));
    assert!(matches!(sent(&Effect::Half), (_, Delivery::Half(_), true)));
    assert!(matches!(sent(&Effect::Disconnect), (_, Delivery::Disconnect, true)));
    assert!(matches!(sent(&Effect::Silent), (_, Delivery::Never, true)));
    assert!(matches!(sent(&Effect::Lose), (_, Delivery::Never, false)));
    assert!(matches!(sent(&Effect::Late(LATER)), (LATER, Delivery::Whole(_), true)));
    let (_, Delivery::Whole(garbage), true) = sent(&Effect::Garbage) else { panic!() };
    assert!(serde_json::from_slice::<Value>(garbage.body()).is_err());
}

#[test]
fn a_provider_contradicts_itself_when_it_is_asked_again() {
    for (effect, words) in [
        (Effect::ApproveThenDecline(LATER), ["SUCCESSFUL", "FAILED"]),
        (Effect::DeclineThenApprove(LATER), ["FAILED", "SUCCESSFUL"]),
    ] {
        let mut peer = Peer::doing(Shape::Reloadly, effect);
        peer.ask(Method::POST, "/topups", &reloadly());
        for word in words {
            let report = peer.ask(Method::GET, REPORT, &json!({})).1;
            assert_eq!(report["content"][0]["status"], word);
            peer.wait(LATER);
        }
        assert_eq!(peer.status(), ("approved", 1), "the book has the truth");
    }
}

#[test]
fn a_provider_that_does_repeats_again_has_them_twice_in_its_book() {
    let mut peer = Peer::with(Shape::Reloadly, Script { idempotent: false, ..Script::default() });
    peer.ask(Method::POST, "/topups", &reloadly());
    assert_eq!(peer.ask(Method::POST, "/topups", &reloadly()).0, 200);
    assert_eq!(
        (peer.status(), peer.provider.lines(peer.now).lines().count()),
        (("approved", 2), 2)
    );
}

#[test]
fn requests_that_make_no_sense_are_refused_and_book_nothing() {
    for (shape, path) in [
        (Shape::Reloadly, "/topups"),
        (Shape::DingConnect, "/api/V1/SendTransfer"),
        (Shape::DtOne, "/v1/async/transactions"),
        (Shape::Tillgate, "/topups"),
    ] {
        let mut peer = Peer::new(shape);
        for body in [json!({}), json!([]), json!({"amount": "x", "SendValue": -1}), json!(null)] {
            peer.ask(Method::POST, path, &body);
            peer.ask(Method::GET, path, &body);
            peer.ask(Method::DELETE, "/", &body);
        }
        let request =
            Request::builder().method(Method::POST).uri(path).body(b"{".to_vec()).unwrap();
        peer.provider.receive(peer.now, &request);
        assert!(peer.provider.lines(peer.now).is_empty(), "{shape:?}");
    }
}

#[test]
fn an_outage_swallows_requests() {
    let outage = Outage { from: Span::ZERO, to: LATER, reach: Reach::Silent };
    let mut peer =
        Peer::with(Shape::Reloadly, Script { outages: vec![outage], ..Script::default() });
    assert!(matches!(peer.send(Method::POST, "/topups", &reloadly()).1, Delivery::Never));
    assert!(peer.provider.lines(peer.now).is_empty());
}
