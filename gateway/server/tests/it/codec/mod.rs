//! `tillgate decode`, `encode` and `dialect` as their users call them.

mod guessing;
mod options;
mod streams;

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::installation::Said;
use etherparse::PacketBuilder;
use serde_json::Value;
use tempfile::TempDir;

/// An echo of iso87b, and what is to be said of it.
const ECHO: &str = "0800802000000000000004000000000000000000070301";
const ECHO_JSON: &str = r#"{"dialect":"iso87b","mti":"0800","fields":{"11":"000007","70":"301"}}"#;
/// The HELLO of the worked example in docs/wire.md, and its key.
const HELLO: &str = "0101004e01010001119a00000000000001023b3f7642f2ad16a52ba308b68987\
                     d0a779a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85\
                     a51a8049d54f310da75c269fff89d2e53614";
const PSK: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Files that go away.
struct WorkDir(TempDir);

impl WorkDir {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Runs `tillgate` with that on standard input.
pub(crate) fn fed(args: &[&str], input: &[u8]) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tillgate"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end without reading everything.
    let _written = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A message behind its length of two bytes.
fn framed(hex: &str) -> Vec<u8> {
    let message = octets(hex);
    [&u16::try_from(message.len()).unwrap().to_be_bytes()[..], &message].concat()
}

/// Up or down, sequence number, payload.
type Segment = (bool, u32, Vec<u8>);

fn packet((is_up, sequence, payload): &Segment) -> Vec<u8> {
    let (up, down) = (([10, 0, 0, 1], 40_001), ([10, 0, 0, 2], 7_500));
    let (from, to) = if *is_up { (up, down) } else { (down, up) };
    let mut packet = Vec::new();
    let builder = PacketBuilder::ipv4(from.0, to.0, 64).tcp(from.1, to.1, *sequence, 1024);
    builder.ack(1).write(&mut packet, payload).unwrap();
    packet
}

/// A capture of raw IP with these segments.
fn capture(segments: &[Segment]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend(word.to_le_bytes());
    }
    for (index, packet) in segments.iter().map(packet).enumerate() {
        let length = u32::try_from(packet.len()).unwrap();
        for word in [1_764_000_000, u32::try_from(index).unwrap(), length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}
