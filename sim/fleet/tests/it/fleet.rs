//! A whole run over real sockets, against a stub of a gateway that may lie.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::stub::{Fault, Stub};
use serde_json::Value;
use tempfile::TempDir;
use tillsim::network::{Currency, Network, NetworkOptions, generate};

const TERMINALS: u32 = 20;

struct Run {
    dir: TempDir,
    output: Output,
}

impl Run {
    fn report(&self) -> Value {
        let text = std::fs::read_to_string(self.dir.path().join("report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn exit(&self) -> Option<i32> {
        let said = String::from_utf8_lossy(&self.output.stdout);
        eprintln!("{said}{}", String::from_utf8_lossy(&self.output.stderr));
        self.output.status.code()
    }
}

fn network(dir: &Path) -> PathBuf {
    let network = dir.join("network");
    let options = NetworkOptions {
        seed: 3,
        terminals: TERMINALS,
        iso8583: 0,
        sellers: 2,
        vouchers: 3_000,
        vouchers_from: 0,
        float_minor: 1_000_000,
        currency: Currency::parse("USD").unwrap(),
        bridge: None,
        stock_only: false,
    };
    generate(&network, &options).unwrap();
    network
}

fn tillsim() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tillsim"))
}

/// Half a second of a fleet that sells every few milliseconds, and its books beside the journal.
fn run(fault: Fault, arguments: &[&str]) -> Run {
    run_with(fault, "", arguments, true)
}

/// The same with more in its scenario; its books are compared if `audited`.
fn run_with(fault: Fault, more: &str, arguments: &[&str], audited: bool) -> Run {
    let dir = tempfile::tempdir().unwrap();
    let path = network(dir.path());
    let known = Network::read(&path).unwrap().terminals;
    let keys: BTreeMap<u32, [u8; 32]> = known.iter().map(|known| (known.id, known.psk)).collect();
    let mut vouchers = Vec::new();
    Network::vouchers(&path, |_, product, serial, pin| {
        vouchers.push((product, serial.to_owned(), pin.to_owned()));
    })
    .unwrap();
    let (stub, terminals, admin) = Stub::start(fault, keys, vouchers);
    let public = dir.path().join("gateway.pub");
    std::fs::write(&public, stub.public()).unwrap();
    let scenario = dir.path().join("scenario.toml");
    let text = "network = \"network\"\nseconds = 0.5\ndrain_seconds = 10\n\
                [gateway]\npublic_key = \"gateway.pub\"\n\
                [load]\nthink = \"exp:20ms\"\n\
                [terminal]\nreconnect_base = \"20ms\"\nretry_percent = 5\n";
    std::fs::write(&scenario, format!("{text}{more}")).unwrap();
    let admin = format!("http://{admin}");
    let output = tillsim()
        .arg("run")
        .arg(&scenario)
        .args(["--gateway", &terminals.to_string()])
        .args(audited.then_some(["--admin", &admin]).into_iter().flatten())
        .arg("--json")
        .arg(dir.path().join("report.json"))
        .args(arguments)
        .output()
        .unwrap();
    Run { dir, output }
}

#[test]
fn an_honest_gateway_passes_with_exact_money() {
    let run = run(Fault::None, &[]);
    assert_eq!(run.exit(), Some(0));
    let report = run.report();
    assert_eq!(report["money"]["verdict"], "exact");
    assert_eq!(report["online"], TERMINALS);
    let approved = report["approved"].as_u64().unwrap();
    assert!(approved > 100, "{approved}");
    assert_eq!(report["money"]["journal"]["approved"], approved);
    assert_eq!(report["money"]["pins_checked"], approved);
    assert_eq!(report["response_us"]["samples"], approved);
}

#[test]
fn answers_that_were_cut_off_are_asked_for_again_and_nothing_is_lost() {
    let run = run(Fault::CutAfterJournal, &["--cuts", "40"]);
    assert_eq!(run.exit(), Some(0));
    let report = run.report();
    assert!(report["sent_again"].as_u64().unwrap() > 5, "{report}");
    assert_eq!((&report["money"]["verdict"], &report["in_doubt"]), (&"exact".into(), &0.into()));
}

#[test]
fn a_gateway_that_lies_is_caught() {
    for (fault, kind) in [
        (Fault::Forget, "lost"),
        (Fault::OtherAmount, "mismatched"),
        (Fault::SameVoucher, "doubled"),
    ] {
        let run = run(fault, &[]);
        assert_eq!(run.exit(), Some(1), "{kind}");
        let money = &run.report()["money"];
        assert!(money[kind].as_u64().unwrap() > 0, "{kind}: {money}");
        assert_eq!(money["verdict"], "wrong");
        assert!(!money["offences"].as_array().unwrap().is_empty());
    }
}

#[test]
fn a_run_in_which_nothing_is_approved_does_not_pass_unless_it_was_to_be_so() {
    let run = run(Fault::Decline, &[]);
    assert_eq!(run.exit(), Some(2));
    let report = run.report();
    assert_eq!((&report["verdict"], &report["approved"]), (&"missed".into(), &0.into()));
    assert!(report["completed"].as_u64().unwrap() > 100, "{report}");
    let rule = &report["rules"][0];
    assert_eq!((&rule["name"], &rule["passed"]), (&"approved_min".into(), &false.into()));
    let said = String::from_utf8_lossy(&run.output.stdout);
    assert!(said.contains("rule MISSED approved_min: 0.000 (limit 1)"), "{said}");
    let meant = run_with(Fault::Decline, "[expect]\napproved_min = 0\n", &[], true);
    assert_eq!(meant.exit(), Some(0));
    assert_eq!(run_with(Fault::Decline, "", &["--load", "idle"], true).exit(), Some(0));
}

#[test]
fn totals_that_differ_are_a_violation_even_where_no_journal_is_read() {
    for (fault, exit, expected) in [
        (Fault::None, 0, "settlements: 20 agree, 0 differ"),
        (Fault::OtherTotals, 1, "settlements: 0 agree, 20 differ"),
        (Fault::EarlierSales, 0, "settlements: 0 agree, 0 differ\n  20 cannot agree: sales of"),
        (Fault::NoTotals, 2, "settlements: 0 agree, 0 differ\n  20 were not compared"),
    ] {
        let run = run_with(fault, "settles = true\n", &[], false);
        assert_eq!(run.exit(), Some(exit));
        let said = String::from_utf8_lossy(&run.output.stdout);
        assert!(said.contains(expected), "{said}");
        let settlements = &run.report()["settlements"];
        let excused = settlements["excused"].as_u64().unwrap();
        assert_eq!(excused, if expected.contains("cannot") { 20 } else { 0 });
        let none = settlements["not_compared"].as_u64().unwrap();
        assert_eq!(none, if expected.contains("not compared") { 20 } else { 0 });
    }
}

#[test]
fn an_open_load_offers_what_it_was_told_to() {
    let run = run(Fault::None, &["--rate", "400"]);
    let report = run.report();
    let offered = report["offered"].as_u64().unwrap();
    assert!((120..280).contains(&offered), "{offered} in half a second");
    assert_eq!(report["money"]["verdict"], "exact");
}

#[test]
fn a_gateway_that_is_not_there_misses_every_objective() {
    let dir = tempfile::tempdir().unwrap();
    network(dir.path());
    let scenario = dir.path().join("scenario.toml");
    let text = "network = \"network\"\n[connect]\nwithin_seconds = 0.3\n\
                [gateway]\naddress = \"127.0.0.1:9\"\n[expect]\np99_ms = 1000\n";
    std::fs::write(&scenario, text).unwrap();
    let output = tillsim().arg("run").arg(&scenario).args(["--drain", "0"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no terminal came online") && said.contains("no sample"), "{said}");
}

#[test]
fn what_cannot_be_run_exits_with_four_and_says_why() {
    for (arguments, expected) in [
        (&["run"][..], "no network"),
        (&["run", "--nonsense"], "unexpected argument"),
        (&["run", "/does/not/exist.toml"], "/does/not/exist.toml"),
        (&["provider", "--decline", "80", "--unanswered", "30"], "over 100"),
        (&["network", "/tmp", "--currency", "ZZZ"], "an ISO 4217 currency"),
    ] {
        let output = tillsim().args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}
