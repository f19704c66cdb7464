//! What a provider posts by itself: only its own, of now, and about an order that was sent.

use http::request::Parts;
use ring::hmac;

use super::*;

const NOW_S: u64 = 1_795_000_000;
const NOW: UnixMillis = UnixMillis(NOW_S * 1_000);

fn reader() -> CallbackReader {
    builtin("dtone-confirm").callbacks().unwrap().unwrap()
}

fn signature(time: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"s3cret");
    hex::encode(hmac::sign(&key, format!("{time}.{body}").as_bytes()))
}

fn head(headers: &[(&str, &str)]) -> Parts {
    let mut builder = Request::post("/dtone");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(()).unwrap().into_parts().0
}

fn verified(time: &str, signature: &str, body: &str) -> Result<(), Unsigned> {
    let head = head(&[("X-Signature", signature), ("x-timestamp", time)]);
    reader().verify(&head, body.as_bytes(), NOW)
}

#[test]
fn a_callback_is_taken_from_whoever_has_the_key_and_near_its_time() {
    let body = dtone(7);
    for (apart, expected) in [
        (0_i64, Ok(())),
        (300, Ok(())),
        (-300, Ok(())),
        (301, Err(Unsigned::OutOfTime)),
        (-301, Err(Unsigned::OutOfTime)),
        (-1_700_000_000, Err(Unsigned::OutOfTime)),
    ] {
        let time = NOW_S.saturating_add_signed(apart).to_string();
        assert_eq!(verified(&time, &signature(&time, &body), &body), expected, "{apart}");
    }
}

#[test]
fn another_body_time_key_or_form_is_refused() {
    let (body, time) = (dtone(7), NOW_S.to_string());
    let right = signature(&time, &body);
    for bit in 0..right.len() * 4 {
        let mut bytes = hex::decode(&right).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verified(&time, &hex::encode(bytes), &body), Err(Unsigned::Wrong), "{bit}");
    }
    assert_eq!(verified(&time, &right, &dtone(9)), Err(Unsigned::Wrong));
    assert_eq!(verified(&(NOW_S + 1).to_string(), &right, &body), Err(Unsigned::Wrong));
    for short in [&right[..62], &right[..2], "", "00"] {
        let refused = verified(&time, short, &body);
        assert!(matches!(refused, Err(Unsigned::Wrong)), "{short}: {refused:?}");
    }
    for (time, signed) in [
        (time.as_str(), "not hexadecimal"),
        (&time, &format!("v1={right}")),
        ("", &signature("", &body)),
        ("now", &signature("now", &body)),
        ("+1795000000", &signature("+1795000000", &body)),
        ("99999999999999999999999", &signature("99999999999999999999999", &body)),
    ] {
        assert_eq!(verified(time, signed, &body), Err(Unsigned::Missing), "{time} {signed}");
    }
    let twice = [("x-signature", right.as_str()), ("x-signature", &right), ("x-timestamp", &time)];
    for headers in [&twice[1..2], &twice[2..], &twice[..]] {
        let refused = reader().verify(&head(headers), body.as_bytes(), NOW);
        assert_eq!(refused, Err(Unsigned::Missing), "{headers:?}");
    }
}

#[test]
fn a_callback_says_the_outcome_of_the_order_that_it_names_with_its_amount() {
    let reader = reader();
    assert_eq!(reader.reference(dtone(7).as_bytes()).unwrap().as_str(), OURS);
    for kind in [Authorize, Inquire] {
        let request = ProviderRequest { attempt: 3, ..order(kind) };
        let said = |body: &str| word(reader.read(&request, body.as_bytes()));
        let words: Vec<&str> = (1..=9).map(|class| said(&dtone(class))).collect();
        let expected = [
            "unknown", "unknown", "declined", "declined", "unknown", "unknown", "approved",
            "declined", "declined",
        ];
        assert_eq!(words, expected, "what is not final is no news");
        for lie in [
            dtone(7).replace(OURS, &OURS.replace("ff", "fe")),
            dtone(7).replace("25.00", "25.01"),
            dtone(7).replace("KES", "USD"),
            dtone(7).replace("\"amount\"", "\"amnt\""),
            format!("[{}]", dtone(7)),
            format!("{}{}", dtone(7), dtone(7)),
            dtone(7).replacen('{', "{\"external_id\":\"x\",", 1),
        ] {
            assert_eq!(said(&lie), "unknown", "{lie}");
        }
    }
    for end in 0..dtone(7).len() {
        let cut = &dtone(7)[..end];
        assert_eq!(reader.reference(cut.as_bytes()), None, "{end}");
        assert_eq!(reader.read(&order(Inquire), cut.as_bytes()), None, "{end}");
    }
}

const CALLBACK: &str = r#"
[callback]
algorithm = "hmac-sha512"
secret = "token"
text = "{time}.{body}"
signature = "X-S"
prefix = "v1="
time = "X-T"
window_s = 60
[callback.answer]
reference = "r"
amount = "a"
rule = [{ json = { s = "ok" }, is = "approved" }]
"#;

#[test]
fn what_makes_a_callback_unsafe_or_useless_is_refused() {
    let with = |text: &str| Profile::parse(&format!("{}{text}", super::profiles::MINIMAL));
    assert!(of(with(CALLBACK).unwrap()).callbacks().unwrap().is_some());
    assert!(builtin("dtone").callbacks().unwrap().is_none());
    for (from, to, what) in [
        ("{time}.", "", "has no {time}"),
        (".{body}", "", "has no {body}"),
        ("{body}", "{body}{bdy}", "{bdy} is not a placeholder of a callback's signature"),
        ("X-S", "X S", "is not a header's name"),
        ("= 60", "= 0", "allowed are 1 to 3600"),
        ("reference = \"r\"", "", "which order it is about"),
        ("amount = \"a\"", "", "needs answer.amount"),
        ("[{ json", "[{ http = [200], json", "has no HTTP status"),
        ("json = { s = \"ok\" }, ", "", "needs a value in json"),
        ("is = \"approved\"", "is = \"not_found\"", "[callback] is one of approved"),
        ("is = \"approved\"", "is = \"pending\"", "has no rule that is = \"approved\""),
        (
            "rule = [",
            "rule = [{ json = { s = \"p\" }, is = \"pending\", repeats = [] }, ",
            "without our reference",
        ),
        ("sha512", "md5", "unknown variant"),
        ("time = \"X-T\"", "", "missing field `time`"),
    ] {
        let text = CALLBACK.replace(from, to);
        let flaws = with(&text).unwrap_err();
        assert!(flaws.iter().any(|flaw| flaw.text.contains(what)), "{what}: {flaws:?}");
    }
    let none = Settings::default();
    let url = ("h:1".to_owned(), "/");
    let bare = HttpTemplate::new(with(CALLBACK).unwrap(), none, url, Capabilities::default());
    assert_eq!(bare.ok().unwrap().callbacks().err().unwrap().key, "secrets");
}
