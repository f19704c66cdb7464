//! Makes `docs/wire-vectors.json` and compares it with the committed one.
//!
//! Set `TILLGATE_WRITE_GOLDEN` to write it anew after a deliberate change of the protocol.
//! Handshakes are made twice, by the codec and by snow from the page alone, and must be the same.
#![expect(clippy::disallowed_methods, reason = "a test may write its own files when told to")]

use crate::vectors;

use std::fs;
use std::path::PathBuf;

use crate::common::{bodies, hex};
use serde_json::{Value, json};
use tillgate_codec::iso8583::Reveal;
use tillgate_codec::link::render::body_json;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/wire-vectors.json")
}

fn every_body() -> Vec<Value> {
    let body = |(name, bytes): (&str, Vec<u8>)| {
        let shown: Value =
            serde_json::from_str(&body_json(&bytes, Reveal::Clear).unwrap()).unwrap();
        json!({
            "name": name,
            "direction": shown["direction"],
            "message": shown["message"],
            "body": hex(&bytes),
            "fields": shown["fields"],
        })
    };
    bodies().into_iter().map(body).collect()
}

#[test]
fn the_committed_vectors_are_those_that_the_codec_makes() {
    let found = json!({
        "page": "docs/wire.md",
        "handshakes": vectors::handshakes(),
        "hellos_refused": vectors::hellos_refused(),
        "replies_refused": vectors::replies_refused(),
        "records_refused": vectors::records_refused(),
        "bodies": every_body(),
        "bodies_refused": vectors::bodies_refused(),
        "same_request": vectors::same_request(),
        "datagrams": vectors::datagrams(),
        "datagrams_refused": vectors::datagrams_refused(),
        "datagram_replies_refused": vectors::datagram_replies_refused(),
    });
    let found = format!("{}\n", serde_json::to_string_pretty(&found).unwrap());
    if std::env::var_os("TILLGATE_WRITE_GOLDEN").is_some() {
        fs::write(path(), &found).unwrap();
    }
    let committed = fs::read_to_string(path()).unwrap();
    for (number, (committed, found)) in (1..).zip(committed.lines().zip(found.lines())) {
        assert_eq!(committed, found, "docs/wire-vectors.json, line {number}");
    }
    assert_eq!(committed.lines().count(), found.lines().count());
}
