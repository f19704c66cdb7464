//! The bytes of every sample, as committed in `testdata/link`: they may never change.
//!
//! `bodies.txt` has one `name = hex` a line; `session_*.txt` are whole conversations with their
//! keys. Set `TILLGATE_WRITE_GOLDEN` to write them anew after a deliberate change of the protocol.
#![expect(clippy::disallowed_methods, reason = "a test may write its own files when told to")]

use crate::common;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use crate::common::{bodies, down_bytes, downward, ends, hex, sealed, testdata, up_bytes, upward};
use tillgate_codec::link::channel::Suite;
use tillgate_codec::link::message::{GatewayMessage, TerminalMessage};

/// Compares with the committed file, or writes it if asked to.
fn golden(name: &str, found: &str) {
    if std::env::var_os("TILLGATE_WRITE_GOLDEN").is_some() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/link").join(name);
        fs::write(path, found).unwrap();
    }
    let expected = testdata(name);
    for (expected, found) in expected.lines().zip(found.lines()) {
        assert_eq!(expected, found, "{name}");
    }
    assert_eq!(expected.lines().count(), found.lines().count(), "{name}");
}

/// A whole conversation of the worked example, as `name = hex` lines.
fn session(suite: Suite) -> String {
    let ends = ends(suite);
    let mut text = String::new();
    let mut line = |name: &str, bytes: &[u8]| writeln!(text, "{name} = {}", hex(bytes)).unwrap();
    line("psk", ends.psk.bytes());
    line("gateway_private", &common::counting(0x20));
    line("gateway_public", &ends.secret.public().0);
    line("terminal_ephemeral_private", &ends.entropy_terminal);
    line("gateway_ephemeral_private", &ends.entropy_gateway);
    let (initiator, hello) = ends.start();
    line("hello_record", &hello);
    let (accepted, reply) = ends.accept(&hello).unwrap();
    line("hello_reply_record", &reply);
    let mut gateway = accepted.channel;
    let mut terminal = initiator.finish(&reply[4..]).unwrap();
    for (name, up, down) in [("logon", 0, 0), ("sale", 2, 2)] {
        let (up, down) = (up_bytes(&upward()[up].1), down_bytes(&downward()[down].1));
        line(&format!("{name}_body"), &up);
        line(&format!("{name}_record"), &sealed(&mut terminal, &up));
        line(&format!("{name}_answer_body"), &down);
        line(&format!("{name}_answer_record"), &sealed(&mut gateway, &down));
    }
    text
}

#[test]
fn every_message_has_the_committed_bytes() {
    let found: String =
        bodies().iter().map(|(name, bytes)| format!("{name} = {}\n", hex(bytes))).collect();
    golden("bodies.txt", &found);
}

#[test]
fn every_message_is_read_back_from_its_bytes() {
    for (name, message) in upward() {
        assert_eq!(TerminalMessage::decode(&up_bytes(&message)), Ok(message), "{name}");
    }
    for (name, message) in downward() {
        assert_eq!(GatewayMessage::decode(&down_bytes(&message)), Ok(message), "{name}");
    }
}

#[test]
fn a_session_with_a_gateway_key_has_the_committed_bytes() {
    golden("session_nkpsk0.txt", &session(Suite::NkPsk0));
}

#[test]
fn a_session_without_a_gateway_key_has_the_committed_bytes() {
    golden("session_nnpsk0.txt", &session(Suite::NnPsk0));
}

/// The bodies are on the page by `wire_tables`.
#[test]
fn the_page_on_the_wire_shows_the_bytes_of_the_worked_example() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/wire.md");
    let shown: String = fs::read_to_string(path).unwrap().split_whitespace().collect();
    for line in testdata("session_nkpsk0.txt").lines() {
        let (name, bytes) = line.split_once(" = ").unwrap();
        assert!(shown.contains(bytes), "docs/wire.md lacks {name}");
    }
}
