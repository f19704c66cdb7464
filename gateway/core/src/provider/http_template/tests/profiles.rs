//! Profiles: what is wrong with one, and what a bridge lacks for it.

use super::super::written::{PARTS, ProfileText};
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
fn a_misspelt_section_is_named_and_not_what_is_missing_for_it() {
    let text =
        format!("{MINIMAL}[inquire.query]\nid = \"{{reference}}\"\n[inquiry]\nmethod = \"GET\"\n");
    let flaws = Profile::parse(&text).unwrap_err();
    assert_eq!(flaws.len(), 1, "{flaws:?}");
    assert!(flaws[0].text.starts_with("unknown section `inquiry`; "), "{flaws:?}");
    assert!(text[flaws[0].at..].starts_with("inquiry"));
    // serde names every key when it knows one of them not.
    let known = toml::from_str::<ProfileText>("x = 1").err().unwrap().to_string();
    assert_eq!(known.matches('`').count(), 2 * (1 + PARTS.len()), "{known}");
    assert!(PARTS.iter().all(|part| known.contains(&format!("`{part}`"))), "{known}");
}

#[test]
fn what_a_bridge_has_to_add_is_listed() {
    let needs = |name: &str| {
        let text = BUILTIN.iter().find(|(known, _)| *known == name).unwrap().1;
        let needs = Profile::parse(text).unwrap().needs();
        needs.iter().map(|need| format!("{}: {}", need.key, need.text)).collect::<Vec<_>>()
    };
    let listed = needs("reloadly");
    assert_eq!(listed.len(), 3, "{listed:?}");
    for what in ["secrets: the profile needs {secret.token}", "{value.country}", "{product_code}"] {
        assert!(listed.iter().any(|need| need.contains(what)), "{what}: {listed:?}");
    }
    assert!(needs("dtone-confirm").iter().any(|need| need.contains("callback_key")));
}

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
        ("/p/{reference}", "/p%2/{reference}", "single %"),
        ("/p/{reference}", "//[/{reference}", "a path begins with /"),
        ("\"approved\" }", "\"approved\", code = \"14\" }", "code is of rules"),
        ("reference = \"r\"", "name = \"n\", reference = \"r\"", "is read of [lookup] only"),
        ("is = \"approved\"", "is = \"pending\"", "no sale is ever approved"),
        (
            "is = \"approved\" }",
            "is = \"approved\" }, { http = [200], json = { s = 1 }, is = \"declined\" }",
            "never reached",
        ),
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

#[test]
fn a_rule_behind_a_wider_one_is_never_reached_and_one_behind_a_narrower_one_is() {
    let rules = |rules: &str| {
        let text = MINIMAL.replace("[{ http = [200], is = \"approved\" }]", rules);
        Profile::parse(&text).map_err(|flaws| flaws[0].text.clone())
    };
    let said = |first: &str, second: &str| {
        rules(&format!("[{{ {first}, is = \"approved\" }}, {{ {second}, is = \"declined\" }}]"))
    };
    let json = "json = { s = [1, 2], t = \"x\" }";
    for (first, second) in [
        ("http = [200, 201]", "http = [201]"),
        ("json = { s = [1, 2, 3] }", json),
        (json, "http = [200], json = { s = 1, t = \"x\", u = true }"),
    ] {
        assert!(said(first, second).unwrap_err().contains("never reached"), "{first} {second}");
        assert!(said(second, first).is_ok(), "{first} {second}");
    }
    assert!(said("http = [200], json = { s = 1 }", "json = { s = 1 }").is_ok());
    assert!(said("json = { s = 1 }", "json = { s = \"1\" }").is_ok(), "a text is no number");
}

#[test]
fn what_has_no_use_is_warned_of_and_what_is_replaced_is_refused() {
    let pending = MINIMAL
        .replace("is = \"approved\" }", "is = \"approved\" }, { http = [202], is = \"pending\" }");
    assert!(parsed(&pending).warnings[0].text.contains("neither [inquire] nor [callback]"));
    let codes = format!("codes = {{ X = \"14\" }}\n{MINIMAL}");
    assert!(parsed(&codes).warnings[0].text.contains("[codes] has no use"));
    let replaced = format!(
        "headers = {{ X-Signature = \"x\" }}\n{MINIMAL}[sign]\nalgorithm = \"hmac-sha256\"\n\
         secret = \"token\"\ntext = \"{{body}}\"\n[sign.headers]\nx-signature = \"{{signature}}\"\n"
    );
    let flaws = Profile::parse(&replaced).unwrap_err();
    assert!(flaws[0].text.contains("which replaces it"), "{flaws:?}");
}

#[test]
fn a_configuration_that_gives_a_request_no_form_is_refused_at_the_start() {
    let unfit = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        let url = ("h:1".to_owned(), "/");
        let text = BUILTIN.iter().find(|(name, _)| *name == "reloadly").unwrap().1;
        let unfit = HttpTemplate::new(parsed(text), settings, url, Capabilities::default()).err();
        unfit
            .unwrap_or_default()
            .into_iter()
            .map(|unfit| (unfit.key, unfit.text))
            .collect::<Vec<_>>()
    };
    assert_eq!(unfit(|_| {}), []);
    let said = unfit(|settings| drop(settings.products.insert("20/9".to_owned(), "K9".to_owned())));
    assert_eq!((said.len(), said[0].0), (1, "profile"));
    assert!(said[0].1.contains("[authorize] of \"20/9\" makes no request"), "{said:?}");
    let said = unfit(|settings| drop(settings.products.insert("20-9".to_owned(), "9".to_owned())));
    assert!(said[0].0 == "products" && said[0].1.contains("\"20-9\" is neither"), "{said:?}");
    let said = unfit(|settings| {
        settings.secrets.insert("token".to_owned(), "gl\u{fc}ck".to_owned().into());
    });
    assert!(!said.is_empty() && !said[0].1.contains("gl\u{fc}ck"), "{said:?}");
}
