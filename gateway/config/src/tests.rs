use std::path::Path;

use tillgate_core::time::Calendar;

use super::{BridgeKind, Config};

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
    let BridgeKind::Http { url } = &config.bridges[0].kind;
    assert_eq!(url.to_string(), "http://127.0.0.1:7402/topups");
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
        ("http://127.0.0.1:7402/topups", "https://p/topups", "write http://HOST:PORT/PATH"),
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
fn no_prefix_of_a_good_file_panics_or_passes_for_the_whole_of_it() {
    let bridge = GOOD.find("[[bridge]]").unwrap();
    for end in 0..bridge {
        if GOOD.is_char_boundary(end) && load(&GOOD[..end]).is_ok() {
            assert!(end > GOOD.find("utc_offset").unwrap(), "prefix of {end} bytes passed");
        }
    }
}

#[test]
fn every_key_is_explained_in_the_operators_page() {
    let page = include_str!("../../../../docs/operations.md");
    let mut section = String::new();
    for line in include_str!("raw.rs").lines() {
        if let Some(name) = line.strip_prefix("pub(super) struct ") {
            section = name.trim_end_matches(" {").to_lowercase();
        } else if let Some(rest) = line.trim().strip_prefix("pub(super) ") {
            let Some((key, _)) = rest.split_once(':') else { continue };
            if section != "root" && section != "kekold" {
                assert!(page.contains(&format!("| `{section}.{key}` |")), "{section}.{key}");
            }
        }
    }
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
