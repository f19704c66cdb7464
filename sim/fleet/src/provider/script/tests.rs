//! Scripts that are read, and scripts that are refused.

use tillsim_core::provider::script::{Effect, Kind};

use super::rule::{PLAIN, TIMED};
use super::*;

const GOOD: &str = r#"seed = 7
latency = "lognormal:40ms,0.5"
[iso8583]
listen = "127.0.0.1:0"
dialect = "iso87b"
log = "host.log"
[iso8583.mac]
algorithm = "retail"
key = "00112233445566778899aabbccddeeff"
[[rule]]
on = ["sale"]
account_prefix = "2332"
percent = 2.5
do = "decline"
code = "51"
[[rule]]
every = 10
do = "late"
after = "3s"
[[outage]]
from = "10s"
to = "20s"
reach = "silent"
"#;

fn read(text: &str) -> Result<Plan, String> {
    Plan::read(text, Path::new("/base"))
}

#[test]
fn a_script_is_read_with_its_paths_beside_it() {
    let plan = read(GOOD).unwrap();
    assert_eq!(plan.host.as_ref().unwrap().log, Some(PathBuf::from("/base/host.log")));
    assert_eq!(plan.summary(), "valid: iso8583 (iso87b), 2 rules, 1 outages");
    let [decline, late] = &plan.script.rules[..] else { panic!() };
    assert_eq!(decline.effect, Effect::Decline("51".to_owned()));
    assert_eq!((decline.permille, &decline.on[..]), (25, &[Kind::Sale][..]));
    assert_eq!((late.every, &late.effect), (10, &Effect::Late(Span::s(3))));
    let outage = Outage { from: Span::s(10), to: Span::s(20), reach: Reach::Silent };
    assert_eq!(plan.script.outages, [outage]);
}

#[test]
fn what_is_wrong_is_reported_with_its_line() {
    for (old, new, line, said) in [
        ("percent = 2.5", "percent = 101", "line 13", "not a percentage"),
        ("percent = 2.5", "per_cent = 2", "line 13", "per_cent"),
        ("do = \"decline\"", "do = \"declined\"", "line 10", "not one of decline, answer"),
        ("code = \"51\"", "code = \"5\"", "line 10", "two characters"),
        ("after = \"3s\"", "", "line 16", "needs a time"),
        ("after = \"3s\"", "after = \"3\"", "line 19", "not a duration"),
        ("do = \"late\"", "do = \"cut\"", "line 16", "takes no after"),
        ("do = \"late\"", "do = \"late\"\ncode = \"05\"", "line 16", "takes no code"),
        ("every = 10", "every = 0", "line 16", "every is 0"),
        ("every = 10", "amount_minor_min = 2\namount_minor_max = 1", "line 16", "over amount"),
        ("on = [\"sale\"]", "on = [\"sales\"]", "line 11", "not one of sale, lookup"),
        ("to = \"20s\"", "to = \"5s\"", "line 20", "ends after it begins"),
        ("reach = \"silent\"", "reach = \"dead\"", "line 23", "not one of refuse, silent"),
        ("\"iso87b\"", "\"iso99\"", "line 3", "neither a file"),
        ("\"iso87b\"", "\"iso93b\"", "line 3", "field 90 of dialect iso93b"),
        ("\"iso87b\"", "\"none.toml\"", "line 3", "/base/none.toml"),
        ("key = \"00", "key = \"0", "line 9", "hexadecimal"),
        ("key = \"0011", "key = \"", "line 3", "no key of 14 bytes"),
        ("\"retail\"", "\"cbc\"", "line 8", "not one of aes-cmac"),
    ] {
        assert!(GOOD.contains(old), "{old}");
        let error = read(&GOOD.replacen(old, new, 1)).unwrap_err();
        assert!(error.contains(line) && error.contains(said), "{new}: {error}");
    }
    assert!(read("seed = 1").unwrap_err().contains("nothing would be served"));
}

#[test]
fn every_effect_has_a_word() {
    for (word, after) in PLAIN
        .map(|(word, _)| (word, ""))
        .into_iter()
        .chain(TIMED.map(|(word, _)| (word, "after = \"1s\"")))
    {
        let text =
            GOOD.replace("do = \"late\"\nafter = \"3s\"", &format!("do = {word:?}\n{after}"));
        assert!(read(&text).is_ok(), "{word}");
    }
}

const HTTP: &str = r#"[http]
listen = "127.0.0.1:0"
shape = "reloadly"
currency = "TND"
[[rule]]
do = "decline"
code = "INVALID_PHONE_NUMBER"
"#;

#[test]
fn a_shape_is_read_with_the_decimals_of_its_currency() {
    let plan = read(HTTP).unwrap();
    assert_eq!(plan.http.as_ref().unwrap().settings.decimals, 3);
    assert_eq!(plan.summary(), "valid: http (reloadly), 1 rules, 0 outages");
    let with_host = format!("{}\n{HTTP}", GOOD.split("[[rule]]").next().unwrap());
    assert!(read(&with_host).unwrap_err().contains("two characters"));
}

#[test]
fn what_a_shape_cannot_do_is_refused_with_its_line() {
    for (old, new, line, said) in [
        ("\"TND\"", "\"XXQ\"", "line 1", "none of ISO 4217"),
        ("\"reloadly\"", "\"dtone\"", "line 1", "callback_secret is missing"),
        ("\"TND\"", "\"TND\"\ncallback_secret = \"x\"", "line 1", "belongs to shape dtone"),
        ("\"reloadly\"", "\"ding\"", "line 3", "not one of tillgate"),
        (
            "\"decline\"\ncode = \"INVALID_PHONE_NUMBER\"",
            "\"wrong-stan\"",
            "line 5",
            "not possible",
        ),
        (
            "\"decline\"\ncode = \"INVALID_PHONE_NUMBER\"",
            "\"duplicate\"\nafter = \"1s\"",
            "line 5",
            "not possible over HTTP in shape reloadly",
        ),
    ] {
        let error = read(&HTTP.replacen(old, new, 1)).unwrap_err();
        assert!(error.contains(line) && error.contains(said), "{new}: {error}");
    }
}
