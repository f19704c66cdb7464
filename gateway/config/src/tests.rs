use std::path::Path;

use tillgate_core::time::Calendar;

use super::{Config, InstallOptions, ProfileSource, Secret, template};

const GOOD: &str = r#"
[listen]
terminals = "127.0.0.1:7400"
[admin]
listen = "127.0.0.1:7401"
[store]
dir = "data"
kek = "keys/kek-1.key"
kek_id = 1
[link]
key = "keys/gateway.key"
[calendar]
utc_offset = "+05:30"
cutoff = "03:00"
[[bridge]]
name = "topup"
kind = "http"
url = "http://127.0.0.1:7402/topups"
"#;

fn load(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("/etc/tillgate/tillgate.toml"), text).map_err(|e| e.to_string())
}

fn fault(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "the sample has no {from:?}");
    load(&GOOD.replace(from, to)).unwrap_err()
}

#[test]
fn a_short_file_is_filled_up_with_defaults_and_its_paths_are_relative_to_it() {
    let config = load(GOOD).unwrap();
    assert_eq!(config.store.dir, Path::new("/etc/tillgate/data"));
    assert_eq!(config.link.sessions_max, 18_000);
    assert_eq!(config.calendar, Calendar::fixed(330, 180));
    assert_eq!(config.bridges.len(), 1);
    assert_eq!(config.bridges[0].url.to_string(), "http://127.0.0.1:7402/topups");
}

#[test]
fn a_capability_that_is_not_written_is_not_claimed() {
    let bridge = &load(GOOD).unwrap().bridges[0];
    let claimed = [bridge.idempotent, bridge.inquiry, bridge.reversal, bridge.confirmation];
    assert_eq!(claimed, [false; 4]);
}

#[test]
fn the_token_key_of_an_older_release_is_accepted_and_reported_as_without_effect() {
    let older = GOOD.replace("[admin]\n", "[admin]\ntoken = \"admin.token\"\n");
    let notices = load(&older).unwrap().notices;
    assert!(notices.len() == 1 && notices[0].contains("admin.token has no effect"), "{notices:?}");
    assert!(load(GOOD).unwrap().notices.is_empty());
}

#[test]
fn a_number_out_of_range_is_named_with_its_place_and_the_range() {
    let said = fault("kek_id = 1", "kek_id = 0");
    assert_eq!(
        said,
        "/etc/tillgate/tillgate.toml:9:10: store.kek_id is 0; allowed are 1 to 4294967295"
    );
}

#[test]
fn pins_are_told_again_for_1_to_365_days() {
    assert_eq!(load(GOOD).unwrap().transactions.reprint_days, 7);
    let with = |days: u32| {
        GOOD.replace("[calendar]", &format!("[transactions]\nreprint_days = {days}\n[calendar]"))
    };
    assert_eq!(load(&with(365)).unwrap().transactions.reprint_days, 365);
    for days in [0, 366] {
        let said = load(&with(days)).unwrap_err();
        assert!(
            said.contains(&format!("transactions.reprint_days is {days}; allowed are 1 to 365")),
            "{said}"
        );
    }
}

#[test]
fn an_unknown_key_is_named_with_those_that_are_known() {
    let said = fault("kek_id = 1", "kek_id = 1\nsync = false");
    assert!(said.starts_with("/etc/tillgate/tillgate.toml:10:1: unknown section or key `sync`"));
    assert!(said.contains("`dir`") && said.contains("`kek_id`"), "{said}");
}

#[test]
fn a_missing_section_and_a_missing_key_are_both_reported() {
    let cut = GOOD.split("[link]").next().unwrap().replace("dir = \"data\"", "");
    let said = load(&cut).unwrap_err();
    assert!(said.contains("section [link] is missing"), "{said}");
    assert!(said.contains("section [calendar] is missing"), "{said}");
    assert!(said.contains("store.dir is missing; for example dir = \"data\""), "{said}");
}

#[test]
fn bridges_that_the_journal_could_not_tell_apart_are_refused() {
    let bridge = GOOD.split("[[bridge]]").nth(1).unwrap();
    // Two names of one CRC-32C.
    let named = |name: &str| format!("[[bridge]]{}", bridge.replace("topup", name));
    let two = GOOD.replace(&named("topup"), &(named("ccaoacux") + &named("wcjifoae")));
    let said = load(&two).unwrap_err();
    assert!(said.contains("cannot be distinguished from \"ccaoacux\""), "{said}");
}

#[test]
fn a_time_zone_stands_in_the_place_of_an_offset_and_is_known_by_name() {
    let zoned = GOOD.replace("utc_offset = \"+05:30\"", "time_zone = \"Europe/Berlin\"");
    assert_ne!(load(&zoned).unwrap().calendar, Calendar::fixed(60, 180));
    let said = fault("utc_offset = \"+05:30\"", "time_zone = \"Berlin\"");
    assert!(said.contains("\"Europe/Berlin\""), "{said}");
    let said = fault("cutoff", "time_zone = \"Africa/Accra\"\ncutoff");
    assert!(said.contains("give one"), "{said}");
}

#[test]
fn a_line_cut_in_the_middle_is_a_syntax_error_with_its_place() {
    let at = GOOD.find("127.0.0.1:7401").unwrap();
    let said = load(&GOOD[..at + 4]).unwrap_err();
    assert!(said.starts_with("/etc/tillgate/tillgate.toml:5:"), "{said}");
}

#[test]
fn a_bridge_that_outlives_the_terminals_patience_is_refused() {
    let said = fault("kind = \"http\"", "kind = \"http\"\ndeadline_s = 25");
    assert!(said.contains("allowed are 1 to 24"), "{said}");
}

#[test]
fn wrong_words_addresses_urls_and_times_say_what_is_allowed() {
    for (from, to, expected) in [
        ("\"http\"", "\"smtp\"", "allowed: \"http\""),
        ("\"127.0.0.1:7400\"", "\"7400\"", "for example \"127.0.0.1:7400\""),
        ("http://127.0.0.1:7402/topups", "ftp://p/topups", "write http://HOST:PORT/PATH"),
        ("\"03:00\"", "\"3:00\"", "allowed are \"00:00\" to \"23:59\""),
        ("\"+05:30\"", "\"05:30\"", "with the sign"),
        ("\"topup\"", "\"Top up\"", "1 to 32 of a-z 0-9 _ -"),
        ("kek_id = 1", "kek_id = \"one\"", "expected a whole number"),
    ] {
        let said = fault(from, to);
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn an_https_url_needs_pinned_authorities_and_an_http_url_has_none() {
    let url = "http://127.0.0.1:7402/topups";
    let https =
        |keys: &str| GOOD.replacen(&format!("{url}\""), &format!("https://p/t\"\n{keys}"), 1);
    let bridge =
        load(&https("tls = { ca = \"c\", name = \"p.example\" }")).unwrap().bridges.remove(0);
    assert_eq!((bridge.url.port, bridge.url.to_string().as_str()), (443, "https://p:443/t"));
    assert_eq!(bridge.tls.unwrap().ca, Path::new("/etc/tillgate/c"));
    let said = load(&https("")).unwrap_err();
    assert!(said.contains("those of the system are not trusted"), "{said}");
    assert!(said.contains("tillgate.toml:"), "{said}");
    let said = load(&https("tls = { name = \"p.example\" }")).unwrap_err();
    assert!(said.contains("bridge.tls.ca is missing"), "{said}");
    let said = load(&format!("{GOOD}tls = {{ ca = \"c\" }}\n")).unwrap_err();
    assert!(said.contains("begins with http: write https"), "{said}");
    // The scheme of one bridge says nothing about the next.
    let two = format!(
        "{}{}",
        https("tls = { ca = \"c\" }"),
        with_host("addresses = [\"h:1\"]\nprofile = \"nac-host\"\n")
            .split_once("[[bridge]]")
            .map(|(_, b)| format!("\n[[bridge]]{b}"))
            .unwrap()
    );
    assert_eq!(load(&two).unwrap().bridges.len(), 2);
}

#[test]
fn an_http_bridge_may_listen_for_its_provider_and_a_host_s_may_not() {
    let bridge = load(&format!("{GOOD}callback = {{ listen = \"127.0.0.1:7403\" }}\n"));
    let callback = bridge.unwrap().bridges.remove(0).callback.unwrap();
    assert_eq!(callback.listen, "127.0.0.1:7403".parse().unwrap());
    let said = load(&format!("{GOOD}callback = {{}}\n")).unwrap_err();
    assert!(said.contains("bridge.callback.listen is missing"), "{said}");
    let keys =
        "profile = \"nac-host\"\naddresses = [\"h:1\"]\ncallback = { listen = \"127.0.0.1:1\" }";
    let said = load(&with_host(keys)).unwrap_err();
    assert!(said.contains("bridge.callback is of bridges of kind \"http\""), "{said}");
}

#[test]
fn no_prefix_of_a_good_file_panics_or_passes_for_the_whole_of_it() {
    let bridge = GOOD.find("[[bridge]]").unwrap();
    for end in 0..bridge {
        if GOOD.is_char_boundary(end) && load(&GOOD[..end]).is_ok() {
            assert!(end > GOOD.find("utc_offset").unwrap(), "prefix of {end} bytes passed");
        }
    }
}

/// The rows of the operator's page against the table of keys: each is there, with its range.
#[test]
fn every_key_is_explained_in_the_operators_page() {
    let page = include_str!("../../../docs/operations.md");
    let (mut section, mut keys) = (String::new(), 0);
    let table = include_str!("sections.rs").split("\nsections! {").nth(1).unwrap();
    for line in table.split("\n}\n").next().unwrap().lines() {
        if let Some(name) = line.strip_suffix(" {").and_then(|line| line.strip_prefix("    ")) {
            section = name.to_lowercase();
            if ["tls", "callback"].contains(&section.as_str()) {
                section = format!("bridge.{section}");
            }
            if section == "listenertls" {
                section = "iso8583_listener.tls".to_owned();
            }
            if section == "ussdlink" {
                section = "ussd_link".to_owned();
            }
            if let Some(part) =
                section.strip_prefix("ussd").filter(|it| ["http", "secret"].contains(it))
            {
                let of = if part == "http" { "" } else { ".secret" };
                section = format!("ussd_http{of}");
            }
            if section == "iso8583listener" {
                section = "iso8583_listener".to_owned();
            }
        } else if let Some((key, rule)) =
            line.trim().split_once(": ").filter(|_| line.contains(" = "))
        {
            if section == "kekold"
                || ["tls", "callback", "choice", "secret"].contains(&key)
                || key.starts_with("//")
            {
                continue;
            }
            let row = page.lines().find(|row| row.starts_with(&format!("| `{section}.{key}` |")));
            let row = row.unwrap_or_else(|| panic!("{section}.{key}"));
            keys += 1;
            let numbers = rule.split_once("number(").or(rule.split_once("bound("));
            if let Some((range, usual)) = numbers.and_then(|(_, rule)| rule.split_once(", ")) {
                let range = range.replace("..=", " to ").replace('_', "");
                let usual = usual.trim_end_matches("),").replace('_', "");
                assert!(row.contains(&format!("| {range} | {usual} |")), "{row}");
            }
        }
    }
    assert!(keys >= 40, "{keys}: the table is read");
}

#[test]
fn all_that_is_wrong_is_reported_at_once() {
    let wrong = GOOD.replace("kek_id = 1", "kek_id = 0x0\nsync = false").replace("[link]", "[lnk]");
    let said = load(&wrong).unwrap_err();
    for part in [
        "9:10: store.kek_id is 0; allowed are 1 to",
        "10:1: unknown section or key `sync`, expected `dir`, `kek`, `kek_id`",
        ": section [link] is missing",
        "11:2: unknown section or key `lnk`",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn old_keys_are_told_apart_and_few() {
    let with =
        |old: &str| load(&GOOD.replace("kek_id = 1", &format!("kek_id = 1\nkek_old = [{old}]")));
    let key = |id: u32| format!("{{ id = {id}, file = \"k\" }}, ");
    let old = with(&key(2)).unwrap().store.kek_old;
    assert_eq!((old[0].id, old[0].file.to_str()), (2, Some("/etc/tillgate/k")));
    let said = with(&key(1)).unwrap_err();
    assert!(said.contains(":10:19: key number 1 is already taken"), "{said}");
    let said = with("{ id = 2 }").unwrap_err();
    assert!(said.contains("store.kek_old.file is missing; for example file ="), "{said}");
    let said = with(&(2..10).map(key).collect::<String>()).unwrap_err();
    assert!(said.contains("at most 7 earlier keys can be open"), "{said}");
}

#[test]
fn the_old_name_of_a_section_is_read_for_one_release_and_said() {
    let with = |sections: &str| GOOD.replace("[calendar]", &format!("{sections}\n[calendar]"));
    let config = load(&with("[desk]\nanswer_s = 30")).unwrap();
    assert_eq!(config.transactions.answer_s, 30);
    assert!(config.notices.iter().any(|notice| notice.contains("[transactions]")));
    let said = load(&with("[desk]\n[transactions]")).unwrap_err().to_string();
    assert!(said.contains("[desk] is the old name of [transactions]: keep only one"), "{said}");
}

#[test]
fn a_new_installation_shows_the_defaults_that_are_in_force() {
    let options = InstallOptions {
        terminals: "127.0.0.1:7400".parse().unwrap(),
        admin: "127.0.0.1:7401".parse().unwrap(),
        descriptors: u64::MAX,
        bridges: Vec::new(),
    };
    let text = template(&options);
    let (keys, _) = text.split_once("# [[bridge]]").unwrap();
    let shown = |line: &str| {
        let shown = line.strip_prefix("# ").filter(|line| {
            let key = line.split_once(" = ").map(|(key, _)| key);
            let special = ["kek_old", "high_water", "age_identity", "give time_zone"];
            key.is_some_and(|key| !special.contains(&key) && !key.contains(' '))
        });
        shown.unwrap_or(line).to_owned() + "\n"
    };
    let uncommented: String = keys.lines().map(shown).collect();
    assert!(uncommented.contains("\nreprint_days = 7\n") && uncommented.contains("\nlevel ="));
    let written = format!("{:?}", load(&uncommented).unwrap());
    assert_eq!(written, format!("{:?}", load(&text).unwrap()));
}

/// The sample with an ISO 8583 host in the place of its bridge, and these further keys.
fn with_host(keys: &str) -> String {
    let at = GOOD.find("[[bridge]]").unwrap();
    let host = "[[bridge]]\nname = \"acquirer\"\nkind = \"iso8583\"\n";
    format!("{}{host}{keys}", &GOOD[..at])
}

#[test]
fn a_host_has_a_connection_to_each_address_unless_stated_otherwise() {
    let keys = "profile = \"nac-host\"\naddresses = [\"10.0.0.1:8583\", \"[::1]:9\"]\n";
    let bridge = &load(&with_host(keys)).unwrap().bridges[0];
    assert_eq!((bridge.connections, bridge.window, bridge.deadline_s), (2, 64, 10));
    assert_eq!(bridge.addresses[1].host, "::1");
    let keys =
        format!("{keys}connections = 5\nwindow = 8\nmac_key = \"m\"\ntls = {{ ca = \"c\" }}\n");
    let bridge = &load(&with_host(&keys)).unwrap().bridges[0];
    assert_eq!((bridge.connections, bridge.window), (5, 8));
    assert_eq!(bridge.tls.as_ref().unwrap().ca, Path::new("/etc/tillgate/c"));
}

#[test]
fn keys_of_the_other_kind_of_bridge_and_wrong_addresses_are_refused_with_their_line() {
    let good = "profile = \"nac-host\"\naddresses = [\"10.0.0.1:8583\"]\n";
    for (keys, expected) in [
        (format!("{good}url = \"http://h/\""), "bridge.url is of bridges of kind \"http\""),
        ("profile = \"nac-host\"".to_owned(), "bridge.addresses is missing; for example"),
        ("addresses = [\"h:1\"]".to_owned(), "bridge.profile is missing"),
        ("profile = \"p\"\naddresses = []".to_owned(), "a list of texts"),
        ("profile = \"p\"\naddresses = [7]".to_owned(), "a text in quotes"),
        ("profile = \"p\"\naddresses = [\"::1:80\"]".to_owned(), "write HOST:PORT"),
        ("profile = \"p\"\naddresses = [\"h:0\"]".to_owned(), "write HOST:PORT"),
        (format!("{good}connections = 65"), "allowed are 1 to 64"),
        (format!("{good}window = 0"), "allowed are 1 to 1024"),
        (format!("{good}tls = {{ name = \"h\" }}"), "bridge.tls.ca is missing"),
        (format!("{good}tls = {{ ca = \"c\", cert = \"d\" }}"), "unknown section or key `cert`"),
    ] {
        let said = load(&with_host(&keys)).unwrap_err();
        assert!(said.contains(expected) && said.contains("tillgate.toml:"), "{keys}: {said}");
    }
    for key in
        ["window = 3", "addresses = [\"h:1\"]", "mac_key = \"m\"", "key_encryption_key = \"k\""]
    {
        let said = load(&format!("{GOOD}{key}\n")).unwrap_err();
        assert!(said.contains("is of bridges of kind \"iso8583\", this one is \"http\""), "{said}");
    }
}

#[test]
fn a_bridge_with_a_profile_says_where_it_and_its_secrets_are() {
    let of = |more: &str| load(&format!("{GOOD}{more}\n"));
    let more = "profile = \"p/acme.toml\"\nproducts = { \"20/5\" = \"S5\" }\n\
                secrets = { a = { file = \"keys/a\" }, b = { credential = \"b\" } }";
    let bridge = of(more).unwrap().bridges.remove(0);
    let profile = bridge.profile.unwrap();
    assert_eq!(profile.source, ProfileSource::File("/etc/tillgate/p/acme.toml".into()));
    assert_eq!(profile.place, (19, 11));
    assert_eq!(bridge.secrets["a"], Secret::File("/etc/tillgate/keys/a".into()));
    assert_eq!(bridge.secrets["b"], Secret::Credential("b".to_owned()));
    assert_eq!(bridge.products["20/5"], "S5");
    let builtin = of("profile = \"reloadly\"").unwrap().bridges.remove(0).profile.unwrap();
    assert_eq!(builtin.source, ProfileSource::Builtin("reloadly".to_owned()));
    for wrong in
        ["{ a = \"hunter2\" }", "{ a = { fiel = \"hunter2\" } }", "\"hunter2\"", "{ a = 1 }"]
    {
        let said = of(&format!("secrets = {wrong}")).unwrap_err();
        assert!(said.contains("tillgate.toml:19:") && !said.contains("hunter2"), "{said}");
    }
    assert!(of("values = { a = 1 }").unwrap_err().contains("bridge.values.a is a integer"));
}

const LISTENER: &str = "[[iso8583_listener]]\nname = \"pos\"\naddress = \"0.0.0.0:7410\"\n\
                        profile = \"nac-terminal\"\nnetworks = [\"10.20.0.0/16\", \"::1\"]\n";

#[test]
fn a_listener_says_who_may_connect_and_what_they_speak() {
    let config = load(&format!("{GOOD}{LISTENER}")).unwrap();
    let listener = &config.iso8583_listeners[0];
    assert_eq!((listener.name.as_str(), listener.networks.len()), ("pos", 2));
    let profile = listener.profile.as_ref().unwrap();
    assert_eq!(profile.source, ProfileSource::Builtin("nac-terminal".to_owned()));
    assert_eq!(listener.limits().connections_per_address_max, 200);
    assert!(load(GOOD).unwrap().iso8583_listeners.is_empty());
    assert!(!listener.limits().shared && listener.limits().window == 1);
    let shared = load(&format!("{GOOD}{LISTENER}shared = true\nidle_s = 90\n")).unwrap();
    let limits = shared.iso8583_listeners[0].limits();
    assert!(limits.shared && limits.window > 1 && limits.requests_max > limits.window);
    assert_eq!(limits.idle.0, 90_000_000_000, "what the file says is as for others");
    let said = load(&format!("{GOOD}{LISTENER}shared = 1\n")).unwrap_err();
    assert!(
        said.contains("iso8583_listener.shared is a integer: expected true or false"),
        "{said}"
    );
}

#[test]
fn what_is_wrong_with_a_listener_is_named() {
    for (from, to, expected) in [
        ("name = \"pos\"", "name = \"none\"", "iso8583_listener.name is \"none\""),
        ("name = \"pos\"", "name = \"P O S\"", "iso8583_listener.name is"),
        ("\"10.20.0.0/16\", ", "\"10.20.0.1/16\", ", "networks has \"10.20.0.1/16\""),
        ("networks = [\"10.20.0.0/16\", \"::1\"]\n", "", "iso8583_listener.networks is missing"),
        ("profile = \"nac-terminal\"\n", "", "iso8583_listener.profile is missing"),
        ("address = \"0.0.0.0:7410\"\n", "port = 1\n", "unknown section or key `port`"),
    ] {
        let said = load(&format!("{GOOD}{}", LISTENER.replace(from, to))).unwrap_err();
        assert!(said.contains(expected), "{to}: {said}");
    }
    let said = load(&format!("{GOOD}{LISTENER}{LISTENER}")).unwrap_err();
    assert!(said.contains("two listeners are called \"pos\""), "{said}");
}

const AGGREGATOR: &str = "[[ussd_http]]\nname = \"at\"\nlisten = \"127.0.0.1:7404\"\n\
                          profile = \"africas-talking\"\n";
const SECRET_LINE: &str = "secret = { header = \"X-Secret\", file = \"keys/at\" }\n";

#[test]
fn a_link_over_http_says_who_may_call() {
    let of = |more: &str| load(&format!("{GOOD}{AGGREGATOR}{more}"));
    let said = of("").unwrap_err();
    assert!(said.contains("tillgate.toml:22:") && said.contains("anybody could call it"), "{said}");
    let tls = "tls = { certificate = \"c\", key = \"k\" }\n";
    assert!(of(tls).unwrap_err().contains("anybody could call it"), "TLS alone names nobody");
    let link = of(SECRET_LINE).unwrap().ussd_http.remove(0);
    let secret = link.secret.unwrap();
    assert_eq!(secret.header.as_deref(), Some("X-Secret"));
    assert_eq!(secret.file, Path::new("/etc/tillgate/keys/at"));
    assert_eq!(of("networks = [\"10.20.0.0/16\"]\n").unwrap().ussd_http[0].networks.len(), 1);
    let mutual = "tls = { certificate = \"c\", key = \"k\", client_ca = \"ca\" }\n";
    assert!(of(mutual).is_ok());
}

#[test]
fn what_is_wrong_with_a_link_over_http_is_named() {
    let good = format!("{AGGREGATOR}{SECRET_LINE}");
    for (from, to, expected) in [
        ("header = \"X-Secret\", ", "", "ussd_http.secret: say where a request has it"),
        ("header = ", "query = \"s\", header = ", "ussd_http.secret: say where a request has it"),
        (", file = \"keys/at\"", "", "ussd_http.secret.file is missing"),
        ("name = \"at\"", "name = \"A T\"", "ussd_http.name is \"A T\""),
        ("profile = \"africas-talking\"\n", "", "ussd_http.profile is missing"),
        ("secret =", "networks = [\"10.0.0.1/8\"]\nsecret =", "ussd_http.networks has"),
    ] {
        let said = load(&format!("{GOOD}{}", good.replace(from, to))).unwrap_err();
        assert!(said.contains(expected), "{to}: {said}");
    }
    let smpp = "[[ussd_link]]\nname = \"at\"\naddress = \"[::1]:2775\"\nprofile = \"standard\"\n\
                password = \"p\"\n";
    let said = load(&format!("{GOOD}{smpp}{good}")).unwrap_err();
    assert!(said.contains("two USSD links are called \"at\""), "{said}");
}

#[test]
fn service_codes_of_terminals_are_digits_and_named_once() {
    let of = |codes: &str| {
        let text = format!("{GOOD}{AGGREGATOR}{SECRET_LINE}terminals = {codes}\n");
        load(&text).map(|mut config| config.ussd_http.remove(0).terminals)
    };
    let codes = of("[\"124\", \"*384*7#\"]").unwrap();
    let codes: Vec<&str> = codes.iter().map(|of| of.code.as_str()).collect();
    assert_eq!(codes, ["124", "384*7"]);
    assert!(
        load(&format!("{GOOD}{AGGREGATOR}{SECRET_LINE}")).unwrap().ussd_http[0]
            .terminals
            .is_empty()
    );
    for (said, expected) in [
        ("[\"12a\"]", "ussd_http.terminals has \"12a\"; write what terminals dial"),
        ("[\"\"]", "ussd_http.terminals has \"\""),
        ("[\"12345678901234567890\"]", "1 to 19 digits"),
        ("[\"124\", \"*124#\"]", "ussd_http.terminals has \"*124#\" twice"),
        ("[]", "a list of texts"),
        ("\"124\"", "a list of texts"),
    ] {
        let found = of(said).unwrap_err();
        assert!(found.contains(expected), "{said}: {found}");
    }
}
