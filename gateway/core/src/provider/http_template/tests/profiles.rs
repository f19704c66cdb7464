//! Profiles: what is wrong with one, and what a bridge lacks for it.

use super::super::{BUILTIN, Capabilities, HttpTemplate, Profile, Settings};
use super::{parsed, settings};

/// A profile that has nothing but what it must have.
pub(super) const MINIMAL: &str = r#"
about = "a test"
authorize.method = "POST"
authorize.path = "/p/{reference}"
authorize.answer = { reference = "r", amount = "a", rule = [{ http = [200], is = "approved" }] }
"#;

#[test]
fn everything_wrong_with_a_profile_is_reported_where_it_is() {
    for (from, to, what) in [
        ("/p/{reference}", "/p/{refrence}", "{refrence} is not a placeholder"),
        ("/p/{reference}", "/p/{reference", "single brace"),
        ("/p/{reference}", "/p", "says {reference} nowhere"),
        ("/p/{reference}", "p/{reference}", "a path begins with /"),
        ("/p/{reference}", "/p?x={reference}", "no query"),
        ("POST", "BREW", "allowed: GET, POST"),
        ("\"r\"", "\"r..x\"", "is not a path"),
        ("reference = \"r\", ", "", "needs answer.reference"),
        ("amount = \"a\", ", "", "repeats = [\"reference\"]"),
        (
            "is = \"approved\"",
            "is = \"reversed\"",
            "is one of created, approved, declined, pending",
        ),
        ("is = \"approved\"", "is = \"approved\", repeats = []", "about another order"),
        ("is = \"approved\"", "is = \"aproved\"", "unknown variant"),
        ("is = \"approved\"", "is = \"declined\"", "has no rule that is = \"approved\""),
        ("http = [200]", "http = [99]", "is no HTTP status"),
        ("http = [200], ", "", "believe an error page"),
        ("[{ ", "[{ http = [400], is = \"declined\", repeats = [] }, { ", "needs a value in json"),
        ("[{ ", "[{ http = [400], is = \"declined\", code = \"09\" }, { ", "not 00, 09 or 68"),
        ("about", "abuot", "unknown field"),
        ("/p/{reference}", "/p/{reference}/{lookup_reference}", "may have none"),
        ("about", "headers = { Accept = \"x\" }\nabout", "is set by the gateway"),
        ("about", "headers = { X-Name = \"B\u{fc}cher\" }\nabout", "printable ASCII"),
    ] {
        let text = MINIMAL.replace(from, to);
        let flaws = Profile::parse(&text).unwrap_err();
        assert!(flaws.iter().any(|flaw| flaw.text.contains(what)), "{what}: {flaws:?}");
        assert!(flaws.iter().all(|flaw| flaw.at < text.len()), "{flaws:?}");
    }
}

#[test]
fn what_a_profile_does_not_repeat_is_a_warning_and_what_it_may_not_do_is_refused() {
    let text = MINIMAL.replace("is = ", "repeats = [\"reference\"], is = ");
    let text = text.replace("amount = \"a\", ", "");
    assert!(parsed(&text).warnings[0].text.contains("believed without our amount"));
    assert_eq!(parsed(MINIMAL).warnings, []);
    for (name, text) in BUILTIN {
        let unnamed = parsed(text).warnings.iter().filter(|w| w.text.contains("reference")).count();
        assert_eq!(
            unnamed > 0,
            ["reloadly", "dingconnect", "dtone", "dtone-confirm"].contains(name),
            "{name}"
        );
    }
}

#[test]
fn a_claim_without_its_section_and_a_placeholder_without_its_value_are_refused() {
    let claims = Capabilities {
        idempotent: true,
        inquiry: true,
        reversal: true,
        advice: true,
        lookup: true,
    };
    let url = || ("h:1".to_owned(), "/");
    let unfit = |text: &str, settings, claims| {
        let unfit = HttpTemplate::new(parsed(text), settings, url(), claims).err().unwrap();
        unfit.into_iter().map(|unfit| unfit.key).collect::<Vec<_>>()
    };
    let all = ["inquiry", "reversal", "confirmation", "lookup", "idempotent"];
    assert_eq!(unfit(MINIMAL, settings(), claims), all);
    let reloadly = BUILTIN.iter().find(|(name, _)| *name == "reloadly").unwrap().1;
    let empty = unfit(reloadly, Settings::default(), Capabilities::default());
    assert_eq!(empty, ["secrets", "products", "values"]);
    let tillgate = BUILTIN.iter().find(|(name, _)| *name == "tillgate").unwrap().1;
    assert!(HttpTemplate::new(parsed(tillgate), Settings::default(), url(), claims).is_ok());
}

#[test]
fn samples_show_every_request_and_no_secret() {
    for (name, text) in BUILTIN {
        let profile = parsed(text);
        let samples = profile.samples("h");
        assert_eq!(samples.len(), profile.operations.iter().flatten().count(), "{name}");
        let shown = format!("{samples:?}");
        assert!(!shown.contains("s3cret"), "{name}");
    }
}

#[test]
fn a_signature_has_its_key_its_header_and_a_body_or_the_profile_is_refused_or_warned_of() {
    let sign = "[sign]\nalgorithm = \"hmac-sha256\"\nsecret = \"token\"\ntext = \"{body}\"\n\
                [sign.headers]\nX-Signature = \"{signature}\"\n";
    let with = |sign: &str| Profile::parse(&format!("{MINIMAL}{sign}"));
    assert_eq!(with(sign).unwrap().warnings, []);
    assert!(with(&sign.replace("{body}", "{path}")).unwrap().warnings[0].text.contains("amount"));
    for (from, to, what) in [
        ("{signature}", "{sent}", "has no {signature}"),
        ("X-Signature", "\"X Signature\"", "is not a header's name"),
        ("{body}", "{bdoy}", "not a placeholder of a signature"),
        ("{body}", "{body}{signature}", "cannot be part of what is signed"),
        ("sha256", "md5", "unknown variant"),
    ] {
        let flaws = with(&sign.replace(from, to)).unwrap_err();
        assert!(flaws.iter().any(|flaw| flaw.text.contains(what)), "{what}: {flaws:?}");
    }
    let unfit = |settings| {
        let url = ("h:1".to_owned(), "/");
        HttpTemplate::new(with(sign).unwrap(), settings, url, Capabilities::default()).err()
    };
    assert_eq!(unfit(Settings::default()).unwrap()[0].key, "secrets");
    assert!(unfit(settings()).is_none());
}
