//! Refunds take two people, each with a password of its own.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::installation::{TestInstallation, demo, tillgate};

/// The command with a password on its standard input.
fn refund(installation: &TestInstallation, arguments: &[&str], password: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tillgate"))
        .args(["transaction", "refund", "2026-11-26-00070001-000001", "--note", "n"])
        .args(arguments)
        .arg(installation.config())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    child.wait_with_output().unwrap()
}

/// The password that the command shows once.
fn person(installation: &TestInstallation, name: &str) -> String {
    let said = tillgate(&["user", &installation.config(), "add", name, "--role=operator"]);
    assert_eq!(said.code, 0, "{}", said.err);
    said.out.split("password ").nth(1).unwrap().lines().next().unwrap().to_owned()
}

#[test]
fn whoever_holds_the_machine_and_the_token_is_not_two_people() {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    let password = person(&installation, "amina");
    let gateway = installation.serve();
    let path = "/api/v1/transactions/2026-11-26-00070001-000001/resolve";
    for step in ["refund", "approve-refund", "cancel-refund"] {
        let body = format!("{{\"as\":\"{step}\",\"void\":\"I-1\",\"note\":\"n\"}}");
        let answer = gateway.ask("POST", path, &installation.token(), &body);
        assert_eq!(answer.status, 403, "{step}: {}", answer.body);
    }
    // Without the name of a person, the command does not begin.
    let said = tillgate(&[
        "transaction",
        "refund",
        "2026-11-26-00070001-000001",
        "--approve",
        "--note=n",
        &installation.config(),
    ]);
    assert_eq!(said.code, 2, "{}", said.err);
    let error = |output: Output| String::from_utf8(output.stderr).unwrap();
    let wrong = error(refund(&installation, &["--user=amina", "--approve"], "guess"));
    assert!(wrong.contains("user or password is wrong"), "{wrong}");
    let right = error(refund(&installation, &["--user=amina", "--approve"], &password));
    assert!(right.contains("2026-11-26-00070001-000001"), "known, so it looks: {right}");
    assert!(!right.contains("two people"), "{right}");
    assert_eq!(gateway.stop(), 0);
}
