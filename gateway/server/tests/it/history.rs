//! The history of the registry, by the binary: an import moves a seller, and its past stays.

use serde_json::{Value, json};

use crate::installation::{Gateway, TestInstallation, demo, tillgate};

const SELLERS: &str = "id,distributor,name,currency,credit_limit,status\n";

fn imported(installation: &TestInstallation, dir: &str, update: &[&str]) {
    let config = installation.config();
    let said = tillgate(&[&["import", dir, &config], update].concat());
    assert_eq!(said.code, 0, "{}", said.err);
}

fn asked(installation: &TestInstallation, gateway: &Gateway, query: &str) -> Value {
    let path = format!("/api/v1/history?{query}");
    let answer = gateway.ask("GET", &path, &installation.token(), "");
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.json()
}

#[test]
fn a_moved_sellers_past_is_told_by_the_gateway_and_carried_by_its_backup() {
    let installation = TestInstallation::new();
    imported(&installation, &demo(), &[]);
    let gateway = installation.serve();
    let moved = format!("{SELLERS}101,4,Kiosk Harbour 1,EUR,0.00,active\n");
    imported(&installation, &installation.csv("moved", &[("sellers.csv", &moved)]), &["--update"]);

    let all = asked(&installation, &gateway, "kind=seller&id=101");
    let distributors: Vec<_> = all["versions"].as_array().unwrap().iter().collect();
    let above = |version: &Value| version["record"]["distributor"].clone();
    assert_eq!(
        distributors.iter().map(|v| above(v)).collect::<Vec<_>>(),
        [json!(4), json!(2), json!(null)]
    );
    assert_eq!((&distributors[0]["until"], &all["next"]), (&json!(null), &json!(null)));
    let moved_ms = distributors[1]["until_ms"].as_u64().unwrap();
    for (at_ms, expected) in [(moved_ms, json!([4, 3, 1])), (moved_ms - 1, json!([2, 1]))] {
        for subject in ["kind=seller&id=101", "kind=terminal&id=70001"] {
            let then = asked(&installation, &gateway, &format!("{subject}&at_ms={at_ms}"));
            assert_eq!(then["jurisdiction"], expected, "{subject} at {at_ms}");
            assert_eq!(then["versions"].as_array().unwrap().len(), 1);
        }
    }
    let first = asked(&installation, &gateway, "kind=seller&id=101&limit=1");
    let after = format!("kind=seller&id=101&limit=9&after={}", first["next"]);
    let rest = asked(&installation, &gateway, &after);
    assert_eq!(rest["versions"].as_array().unwrap()[..], all["versions"].as_array().unwrap()[1..]);
    let terminal =
        gateway.ask("GET", "/api/v1/history?kind=terminal&id=70001", &installation.token(), "");
    assert!(
        !terminal.body.contains("key") && !terminal.body.contains("sealed"),
        "{}",
        terminal.body
    );

    let backup = installation.dir.path().join("backup");
    let backup = backup.to_str().unwrap();
    let said = tillgate(&["backup", backup, &installation.config()]);
    assert_eq!(said.code, 0, "{}", said.err);
    let counted = |what: &str| {
        let said = tillgate(&["verify", what]);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        serde_json::from_str::<Value>(&said.out).unwrap()["counts"]["history"].as_u64().unwrap()
    };
    let carried = counted(backup);
    assert!(carried > 500, "the whole network was created: {carried}");
    drop(gateway);
    assert_eq!(counted(&installation.config()), carried);
}

#[test]
fn the_history_command_shows_versions_and_none_of_what_never_was() {
    let installation = TestInstallation::new();
    imported(&installation, &demo(), &[]);
    let gateway = installation.serve();
    let renamed = format!("{SELLERS}101,2,Kiosk Renamed,EUR,0.00,active\n");
    let dir = installation.csv("renamed", &[("sellers.csv", &renamed)]);
    imported(&installation, &dir, &["--update"]);
    let run = |args: &[&str]| tillgate(&[&["history", &installation.config()], args].concat());
    let said = run(&["seller", "101"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].starts_with("UNTIL") && lines[0].contains("DISTRIBUTOR"), "{}", said.out);
    assert!(lines[1].starts_with("- ") && lines[1].ends_with("Kiosk Renamed"), "{}", said.out);
    assert!(lines[2].contains('Z') && lines[2].ends_with("Kiosk Harbour 1"), "{}", said.out);
    assert_eq!(lines.len(), 4, "{}", said.out);
    let said = run(&["terminal", "70001", "--at", "2099-12-31"]);
    assert!(said.out.ends_with("Distributors above it then: 2 1\n"), "{}{}", said.out, said.err);
    let before = run(&["seller", "101", "--at", "2020-01-01", "--json"]);
    let before: Value = serde_json::from_str(&before.out).unwrap();
    assert_eq!(before["versions"][0]["record"], Value::Null, "it did not exist yet");

    assert_eq!(run(&["seller", "999"]).out, "No versions.\n");
    assert_eq!(run(&["kiosk", "101"]).code, 2);
    let token = installation.token();
    for (query, status) in [
        ("kind=service&id=70001", 200),
        ("kind=seller&id=999&at_ms=5", 200),
        ("kind=seller", 400),
        ("kind=seller&id=101&at_ms=-1", 400),
        ("kind=seller&id=101&at_ms=99999999999999999999", 400),
        ("kind=seller&id=101&limit=101", 400),
    ] {
        let answer = gateway.ask("GET", &format!("/api/v1/history?{query}"), &token, "");
        assert_eq!(answer.status, status, "{query}: {}", answer.body);
    }
}
