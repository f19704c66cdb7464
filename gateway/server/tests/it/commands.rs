//! The command line: exit codes and words when something is wrong.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::installation::{TestInstallation, demo, tillgate};

#[test]
fn exit_codes_are_those_that_scripts_rely_on() {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["--help"]).code, 0);
    assert_eq!(tillgate(&["--version"]).code, 0);
    assert_eq!(tillgate(&["terminal", "list", "--colour"]).code, 2);
    assert_eq!(tillgate(&["no-such-command"]).code, 2);
    assert_eq!(tillgate(&["init", installation.file("").to_str().unwrap()]).code, 1);
    assert_eq!(tillgate(&["serve", "--config=/nonexistent/tillgate.toml"]).code, 3);
    assert_eq!(tillgate(&["verify", "/nonexistent"]).code, 4);
    assert_eq!(tillgate(&["verify", &installation.config()]).code, 0);
}

#[test]
fn every_command_explains_itself_with_an_example() {
    for command in [
        "init",
        "import",
        "serve",
        "verify",
        "stock",
        "export",
        "journal",
        "backup",
        "restore",
        "terminal",
        "transaction",
        "reconcile",
        "history",
        "user",
        "decode",
        "encode",
        "dialect",
    ] {
        let said = tillgate(&[command, "--help"]);
        assert_eq!(said.code, 0);
        assert!(said.out.contains("Example:\n  tillgate "), "{command}: {}", said.out);
    }
}

#[test]
fn a_date_or_key_that_is_none_is_a_wrong_command_line_and_says_how_to_write_it() {
    let installation = TestInstallation::new();
    for call in [
        ["transaction", "differences", "yesterday"],
        ["transaction", "differences", "2026-02-30"],
        ["transaction", "show", "2026-11-23 1 1"],
        ["transaction", "open", "--after=70001"],
        ["export", "--from=23.11.2026", "--format=csv"],
    ] {
        let said = tillgate(&[&call[..], &[&installation.config()]].concat());
        assert_eq!(said.code, 2, "{call:?}: {}", said.err);
        assert!(said.err.contains("write it as 2026-11-23"), "{call:?}: {}", said.err);
    }
    let resolve = ["transaction", "resolve", "12", "--as=done", "--note=n", &installation.config()];
    let said = tillgate(&resolve);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("2026-11-23-00070001-000012"), "{}", said.err);
}

#[test]
fn a_terminal_command_without_a_gateway_says_how_to_start_one() {
    let installation = TestInstallation::new();
    let said = tillgate(&["terminal", "list", &installation.config()]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no gateway answers at"), "{}", said.err);
    assert!(said.err.contains("admin.sock") && said.err.contains("tillgate serve --config"));
}

#[test]
fn a_second_gateway_on_the_same_store_is_refused() {
    let installation = TestInstallation::new();
    let _gateway = installation.serve();
    let said = tillgate(&["serve", &installation.config()]);
    assert_eq!(said.code, 4);
    assert!(said.err.contains("in use by another process"), "{}", said.err);
}

#[test]
fn a_port_that_is_taken_is_named_with_its_key() {
    let (installation, other) = (TestInstallation::new(), TestInstallation::new());
    let gateway = installation.serve();
    for (key, address) in [("listen.terminals", gateway.terminals), ("admin.listen", gateway.admin)]
    {
        let file = other.file("tillgate.toml");
        let before = fs::read_to_string(&file).unwrap();
        let line = if key == "admin.listen" { "listen = " } else { "terminals = " };
        let taken =
            before.replacen(&format!("{line}\"127.0.0.1:0\""), &format!("{line}\"{address}\""), 1);
        assert_ne!(before, taken);
        fs::write(&file, &taken).unwrap();
        let said = tillgate(&["serve", &other.config()]);
        fs::write(&file, before).unwrap();
        assert_eq!(said.code, 3, "{}", said.err);
        assert!(said.err.contains(key) && said.err.contains("in use"), "{}", said.err);
    }
}

#[test]
fn a_half_written_configuration_and_a_readable_key_are_named_before_anything_starts() {
    let installation = TestInstallation::new();
    let file = installation.file("tillgate.toml");
    let whole = fs::read_to_string(&file).unwrap();
    let at = whole.find("kek_id").unwrap() + 4;
    fs::write(&file, &whole[..at]).unwrap();
    let said = tillgate(&["serve", &installation.config()]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("tillgate.toml:"), "{}", said.err);
    fs::write(&file, &whole).unwrap();
    fs::set_permissions(installation.file("keys/kek-1.key"), Permissions::from_mode(0o644))
        .unwrap();
    let said = tillgate(&["serve", &installation.config()]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("chmod 0400"), "{}", said.err);
}

#[test]
fn a_data_directory_that_is_gone_never_becomes_an_empty_store() {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    fs::remove_dir_all(installation.file("data")).unwrap();
    for said in [
        tillgate(&["serve", &installation.config()]),
        tillgate(&["import", &demo(), &installation.config()]),
        tillgate(&["verify", &installation.config()]),
    ] {
        assert_eq!(said.code, 4, "{}", said.err);
        assert!(said.err.contains("there is no store in"), "{}", said.err);
    }
}

#[test]
fn keys_are_made_for_terminals_without_one_and_only_kept_when_the_import_is() {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    let keys = installation.dir.path().join("terminal-keys.csv");
    let flag = format!("--keys-out={}", keys.display());
    let header = "id,seller,psk,services,status\n";
    let bad = installation.csv("bad", &[("terminals.csv", &format!("{header}9001,9999,,,\n"))]);
    let refused = tillgate(&["import", &bad, &installation.config(), &flag]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(!keys.exists(), "no keys of a refused import");
    let good = installation.csv("good", &[("terminals.csv", &format!("{header}9001,101,,,\n"))]);
    let without = tillgate(&["import", &good, &installation.config()]);
    assert!(without.err.contains("--keys-out FILE"), "{}", without.err);
    let done = tillgate(&["import", &good, &installation.config(), &flag]);
    assert_eq!(done.code, 0, "{}", done.err);
    let text = fs::read_to_string(&keys).unwrap();
    assert!(text.starts_with("terminal,key_id,psk\n9001,1,"), "{text}");
    assert_eq!(fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o400);
    assert!(!done.out.contains(&text[24..40]), "no key on the screen");
}

#[test]
fn a_dry_run_changes_nothing() {
    let installation = TestInstallation::new();
    let said = tillgate(&["import", &demo(), &installation.config(), "--dry-run"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("580 terminals"), "{}", said.out);
    let verified = tillgate(&["verify", &installation.config()]);
    assert!(verified.out.contains("\"terminals\": 0"), "{}", verified.out);
}

#[test]
fn a_store_whose_mark_is_lost_serves_only_after_its_end_was_accepted() {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    fs::remove_file(installation.file("data/high-water")).unwrap();
    let refused = tillgate(&["serve", &installation.config()]);
    assert_eq!(refused.code, 4);
    assert!(refused.err.contains("tillgate restore --accept"), "{}", refused.err);
    let bare = tillgate(&["restore", &installation.config()]);
    assert_eq!(bare.code, 2, "{}", bare.err);
    let accepted = tillgate(&["restore", "--accept", &installation.config()]);
    assert_eq!(accepted.code, 0, "{}", accepted.err);
    assert!(accepted.out.contains("ends at batch 2"), "{}", accepted.out);
    assert_eq!(installation.serve().stop(), 0);
}

#[test]
fn an_empty_journal_exports_as_nothing() {
    let installation = TestInstallation::new();
    let said = tillgate(&["export", &installation.config()]);
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
    assert_eq!(tillgate(&["export", &installation.config(), "--after=yesterday"]).code, 2);
}

#[test]
fn a_statement_is_read_whole_or_not_at_all_and_strangers_in_it_are_listed() {
    let installation = TestInstallation::new();
    let write = |name: &str, text: &str| {
        let file = installation.file(name);
        fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let map = "format = \"csv\"\ncurrency = \"EUR\"\n[columns]\nreference = 1\namount = 2\n";
    let columns = format!("--columns={}", write("columns.toml", map));
    let run = |text: &str, bridge: &str, columns: &str| {
        let file = write("statement.csv", text);
        let bridge = format!("--bridge={bridge}");
        let config = installation.config();
        tillgate(&["reconcile", &file, columns, &bridge, "--from=2026-11-26", &config])
    };
    let empty = run("", "topup", &columns);
    assert_eq!(empty.code, 0, "{}", empty.err);
    let stranger = run("X-1,1250\n", "topup", &columns);
    assert_eq!(stranger.code, 1, "{}", stranger.err);
    assert!(
        stranger.out.contains("stranger") && stranger.out.contains("12.50"),
        "{}",
        stranger.out
    );
    let cut = run("X-1,1250\nX-2\n", "topup", &columns);
    assert_eq!(
        (cut.code, cut.err.contains("line 2: the amount is \"\"")),
        (1, true),
        "{}",
        cut.err
    );
    let nowhere = run("", "cards", &columns);
    assert_eq!(
        (nowhere.code, nowhere.err.contains("there are: topup")),
        (2, true),
        "{}",
        nowhere.err
    );
    let unknown = format!("--columns={}", write("other.toml", &map.replace("format", "kind")));
    let unknown = run("", "topup", &unknown);
    assert_eq!((unknown.code, unknown.err.contains("line 1")), (3, true), "{}", unknown.err);
}
