//! Limits, keys, tables and options that do not fit.

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use super::{ECHO, ECHO_JSON, HELLO, PSK, WorkDir, capture, fed, framed, lines};
use crate::installation::tillgate;

#[test]
fn lines_that_are_too_long_are_named_and_not_cut() {
    let long = format!("{}{}\n", ECHO, " ".repeat(1024 * 1024));
    let text = format!("{ECHO}\n{long}{ECHO}\n");
    let said = fed(&["decode", "--dialect=iso87b", "--lines", "-"], text.as_bytes());
    assert_eq!((said.code, lines(&said.out).len()), (1, 2), "{}", said.err);
    let wrong = &lines(&said.err)[0];
    assert_eq!((&wrong["line"], &wrong["error"]["kind"]), (&2.into(), &"hex".into()));
    assert!(wrong["error"]["message"].as_str().unwrap().contains("over 1048576 bytes"), "{wrong}");
    let said = fed(&["decode", "--dialect=iso87b", "-"], long.as_bytes());
    assert_eq!((said.code, said.out.as_str()), (1, ""));
}

#[test]
fn the_link_is_read_as_far_as_it_travels_in_clear() {
    let dir = WorkDir::new();
    let (right, other) = (dir.file("right.key", PSK), dir.file("other.key", "ab".repeat(32)));
    let hello = |key: &str| tillgate(&["decode", "--protocol=link", "--psk-file", key, HELLO]);
    assert_eq!(lines(&hello(&right).out)[0]["mac"], "ok");
    let said = hello(&other);
    assert_eq!((said.code, &lines(&said.out)[0]["mac"]), (1, &"wrong".into()));
    assert_eq!(lines(&said.err)[0]["error"]["kind"], "mac");
    let said = tillgate(&["decode", "--protocol=link", "--body", "071b0105"]);
    let json =
        r#"{"protocol":"link","message":"ping","direction":"up","length":4,"fields":{"nonce":5}}"#;
    assert_eq!(said.out.trim_end(), json);
    let said = tillgate(&["encode", "--protocol=link", json]);
    assert_eq!(said.out.trim_end(), "071B0105");
}

#[test]
fn codes_are_made_and_checked_with_keys_that_others_cannot_read() {
    let dir = WorkDir::new();
    let key = dir.file("mac.key", "00112233445566778899aabbccddeeff");
    let options = ["--dialect=iso87b", "--mac=retail", "--mac-key-file", &key];
    let made = tillgate(&[&["encode"], &options[..], &[ECHO_JSON]].concat());
    assert_eq!(made.code, 0, "{}", made.err);
    let hex = made.out.trim_end();
    let read = tillgate(&[&["decode"], &options[..], &[hex]].concat());
    assert_eq!((read.code, &lines(&read.out)[0]["mac"]), (0, &"ok".into()));
    let changed = hex.replace("0000070301", "0000080301");
    let read = tillgate(&[&["decode"], &options[..], &[&changed]].concat());
    assert_eq!((read.code, &lines(&read.out)[0]["mac"]), (1, &"wrong".into()));
    for algorithm in ["--mac=cmac", "--mac=retail2", "--mac=unionpay"] {
        let options = ["--dialect=iso87b", algorithm, "--mac-key-file", &key];
        let made = tillgate(&[&["encode"], &options[..], &[ECHO_JSON]].concat()).out;
        let read = tillgate(&[&["decode"], &options[..], &[made.trim_end()]].concat());
        assert_eq!(lines(&read.out)[0]["mac"], "ok", "{algorithm}");
    }
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let read = tillgate(&[&["decode"], &options[..], &[hex]].concat());
    assert_eq!(read.code, 2);
    assert!(read.err.contains("chmod 0400"), "{}", read.err);
}

#[test]
fn a_wrong_table_is_shown_with_the_place() {
    let dir = WorkDir::new();
    let file = dir.file("x.toml", "name = \"x\"\nbase = \"nac\"\n[fields]\n2 = { pad = \"up\" }\n");
    let said = tillgate(&["dialect", "check", &file]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("\n  4 | 2 = { pad = \"up\" }\n"), "{}", said.err);
    assert!(said.err.trim_end().ends_with('^'), "{}", said.err);
    let open =
        dir.file("y.toml", "name = \"y\"\nbase = \"nac\"\n[fields]\n2 = { mask = \"none\" }\n");
    let said = tillgate(&["dialect", "check", &open]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("warning: field 2"), "{}", said.out);
    for name in ["nac", "unionpay"] {
        assert!(tillgate(&["dialect", "list"]).out.contains(name));
        assert!(tillgate(&["dialect", "show", name]).out.contains(&format!("name = \"{name}\"")));
        assert!(tillgate(&["dialect", "fields", name]).out.contains("masked"));
    }
}

#[test]
fn options_that_do_not_fit_are_refused_in_words() {
    let dir = WorkDir::new();
    let file = dir.file("till.pcap", capture(&[(true, 1, framed(ECHO))]));
    for (args, words) in [
        (&["decode", ECHO][..], "--guess finds out which"),
        (&["decode", "--dialect=nac", "--protocol=smpp", ECHO], "belong to --protocol iso8583"),
        (&["decode", "--dialect=nac", "--body", ECHO], "belong to --protocol link"),
        (&["decode", "--dialect=nac", "--dialect=iso87a", ECHO], "for --guess only"),
        (&["decode", "--dialect=nac", "--frame=none", "--stream", ECHO], "--frame gives"),
        (&["decode", "--dialect=nac", "--frame=hex2", ECHO], "binary1 to binary4"),
        (&["decode", "--dialect=nac", "--mac=cmac", ECHO], "TILLGATE_MAC_KEY"),
        (&["decode", "--dialect=nca", ECHO], "nca is no dialect"),
        (&["decode", "--dialect=nac", "-", ECHO], "- cannot be combined"),
        (&["decode", "--dialect=nac", "/"], "is a directory"),
        (&["decode", "--dialect=nac", "no-such.pcap"], "no-such.pcap"),
        (&["decode", "--protocol=link", "--body", &file], "where a body ends"),
    ] {
        let said = tillgate(args);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}");
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let dir = WorkDir::new();
    let file = dir.file("many.txt", format!("{ECHO}\n").repeat(20_000));
    let mut child = Command::new(env!("CARGO_BIN_EXE_tillgate"))
        .args(["decode", "--dialect", "iso87b", "--lines", &file])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}
