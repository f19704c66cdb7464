//! `tillgate decode`, `encode` and `dialect` as their users call them.

#![expect(clippy::unwrap_used, reason = "tests")]

mod house;

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use etherparse::PacketBuilder;
use house::{Said, tillgate};
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
struct Desk(TempDir);

impl Desk {
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
fn fed(args: &[&str], input: &[u8]) -> Said {
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

/// The same as `tcpdump -X` prints them.
fn printed(segments: &[Segment]) -> String {
    let mut text = String::new();
    for packet in segments.iter().map(packet) {
        text += "12:00:00.000001 IP 10.0.0.1.40001 > 10.0.0.2.7500: Flags [.], seq 1:26\n";
        for (index, row) in packet.chunks(16).enumerate() {
            let groups: Vec<String> = row
                .chunks(2)
                .map(|pair| pair.iter().map(|byte| format!("{byte:02x}")).collect())
                .collect();
            text += &format!("\t0x{:04x}:  {:<39}  E..<..ab 0800\n", index * 16, groups.join(" "));
        }
    }
    text
}

#[test]
fn one_message_is_one_line_and_one_error_is_one_line() {
    let said = tillgate(&["decode", "--dialect", "iso87b", ECHO]);
    assert_eq!((said.code, said.out.trim_end(), said.err.as_str()), (0, ECHO_JSON, ""));
    for wrong in [&ECHO[..44], "08 0x", "080", ""] {
        let said = tillgate(&["decode", "--dialect", "iso87b", wrong]);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{wrong}");
        let [error] = &lines(&said.err)[..] else { panic!("{}", said.err) };
        assert!(error["error"]["kind"].is_string() && error["error"]["offset"].is_u64());
    }
    let said = tillgate(&["encode", "--dialect", "iso87b", ECHO_JSON]);
    assert_eq!((said.code, said.out.trim_end()), (0, ECHO));
}

#[test]
fn dumps_of_every_kind_say_the_same() {
    let desk = Desk::new();
    let bytes = octets(ECHO);
    let spaced: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (first, second) = spaced.split_at(16);
    let canonical = format!(
        "00000000  {}  {}  |................|\n00000010  {:<49} |.......|\n00000017\n",
        first[..8].join(" "),
        first[8..].join(" "),
        second.join(" ")
    );
    let list = spaced.iter().map(|byte| format!("0x{byte}")).collect::<Vec<_>>().join(", ");
    for (name, content) in [
        ("plain.txt", ECHO.as_bytes()),
        ("canonical.txt", canonical.as_bytes()),
        ("list.h", list.as_bytes()),
        ("raw.bin", &bytes),
    ] {
        let said = tillgate(&["decode", "--dialect", "iso87b", &desk.file(name, content)]);
        assert_eq!((said.code, said.out.trim_end()), (0, ECHO_JSON), "{name}: {}", said.err);
        let said = fed(&["decode", "--dialect", "iso87b", "-"], content);
        assert_eq!((said.code, said.out.trim_end()), (0, ECHO_JSON), "{name}: {}", said.err);
    }
}

#[test]
fn a_wrong_message_in_a_stream_does_not_stop_the_others() {
    let desk = Desk::new();
    let stream = [framed(ECHO), framed("0800"), vec![0, 0], framed(ECHO)].concat();
    let file = desk.file("stream.bin", &stream);
    let said = tillgate(&["decode", "--dialect", "iso87b", "--stream", &file]);
    let offsets: Vec<u64> =
        lines(&said.out).iter().map(|line| line["offset"].as_u64().unwrap()).collect();
    assert_eq!((said.code, offsets), (1, vec![0, 31]));
    let errors = lines(&said.err);
    assert_eq!((&errors[0]["offset"], &errors[0]["error"]["field"]), (&25.into(), &"1".into()));
    assert_eq!(errors[1]["summary"]["wrong"], 1);
    let again = fed(&["encode", "--dialect", "iso87b", "-"], said.out.as_bytes());
    assert_eq!((again.code, again.out), (0, format!("0017{ECHO}\n").repeat(2)), "{}", again.err);
}

#[test]
fn a_capture_is_put_in_order_and_its_gaps_are_told() {
    let desk = Desk::new();
    let (first, second) = (framed(ECHO), framed(&ECHO.replace("0703", "0803")));
    let pieces = [
        (true, 1, first[..10].to_vec()),
        (true, 26, second.clone()),
        (true, 11, first[10..].to_vec()),
        (true, 1, first[..10].to_vec()),
        (false, 1, first.clone()),
        (true, 61, second.clone()),
    ];
    let file = desk.file("till.pcap", capture(&pieces));
    let said = tillgate(&["decode", "--dialect", "iso87b", "--port", "7500", &file]);
    assert_eq!(said.code, 1, "a gap was told");
    let found: Vec<String> = lines(&said.out)
        .iter()
        .map(|line| format!("{}{} {}", line["direction"], line["offset"], line["fields"]["11"]))
        .collect();
    let expected =
        [r#""up"0 "000007""#, r#""up"25 "000008""#, r#""down"0 "000007""#, r#""up"60 "000008""#];
    assert_eq!(found, expected);
    assert!(said.out.starts_with(concat!(
        r#"{"offset":0,"time":"2025-11-24T16:00:00.000000Z","source":"10.0.0.1:40001","#,
        r#""destination":"10.0.0.2:7500","direction":"up","dialect":"iso87b","length":23,"#
    )));
    assert_eq!(lines(&said.err)[0]["error"]["message"], "10 bytes were not captured");
    let none = tillgate(&["decode", "--dialect", "iso87b", "--port", "1", &file]);
    assert_eq!((none.code, none.out.as_str()), (1, ""));
    let cut = desk.file("cut.pcap", &capture(&pieces)[..150]);
    let said = tillgate(&["decode", "--dialect", "iso87b", &cut]);
    assert!(said.err.contains("the capture ends within a packet"), "{}", said.err);
}

#[test]
fn what_tcpdump_prints_is_put_together_like_a_capture() {
    let frame = framed(ECHO);
    let pieces =
        [(true, 1, frame[..9].to_vec()), (true, 10, frame[9..].to_vec()), (false, 1, frame)];
    let said = fed(&["decode", "--dialect", "iso87b", "-"], printed(&pieces).as_bytes());
    assert_eq!(said.code, 0, "{}", said.err);
    let directions: Vec<Value> =
        lines(&said.out).iter().map(|line| line["direction"].clone()).collect();
    assert_eq!(directions, ["up", "down"]);
}

#[test]
fn a_dump_whose_offsets_end_with_all_numbers_is_an_error_and_no_crash() {
    let said = tillgate(&["decode", "--dialect", "iso87b", "ffffffffffffffff: 00"]);
    assert_eq!((said.code, &lines(&said.err)[0]["error"]["kind"]), (1, &"hex".into()));
}

#[test]
fn a_guess_names_the_options_to_decode_with() {
    let desk = Desk::new();
    let hex: String = framed(ECHO).iter().map(|byte| format!("{byte:02x}")).collect();
    let said = tillgate(&["decode", "--guess", &hex]);
    assert_eq!(said.code, 0, "{}", said.err);
    let best = said.out.lines().nth(1).unwrap();
    assert!(best.contains(" --dialect iso87b ") && best.contains("binary2"), "{best}");
    let file = desk.file("till.pcap", capture(&[(true, 1, [framed(ECHO), framed(ECHO)].concat())]));
    let said = tillgate(&["decode", "--guess", "--json", &file]);
    let best = &lines(&said.out)[0];
    assert_eq!((&best["dialect"], &best["frame"]), (&"iso87b".into(), &"binary2".into()));
    assert_eq!((&best["messages"], &best["decoded"]), (&2.into(), &2.into()));
    let said = tillgate(&["decode", "--guess", "--json", HELLO]);
    assert_eq!(lines(&said.out)[0]["options"], "--protocol link");
    let said = tillgate(&["decode", "--guess", "00000010000000150000000000000007"]);
    assert!(said.out.lines().nth(1).unwrap().contains("--protocol smpp"), "{}", said.out);
    let ascii = "0800002000000080000000000100000042";
    let said = tillgate(&["decode", "--guess", "--json", ascii]);
    assert_eq!(lines(&said.out)[0]["options"], "--raw --dialect iso87a", "{}", said.err);
    let said = tillgate(&["decode", "--raw", "--dialect", "iso87a", ascii]);
    assert_eq!(lines(&said.out)[0]["fields"]["41"], "00000042", "{}", said.err);
    let said = tillgate(&["decode", "--guess", "no digits"]);
    assert_eq!((said.code, &lines(&said.err)[0]["error"]["kind"]), (1, &"hex".into()));
    let said = tillgate(&["decode", "--guess", "ffffffff"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("nothing reads these bytes"), "{}", said.err);
}

#[test]
fn a_guess_about_a_message_that_no_table_fits_names_the_nearest_first() {
    for (what, hex, words) in [
        ("cut short", "30323130002000000080000830303030313233".to_owned(), "switch"),
        ("terminals with a header of two bytes", HEADED.to_owned(), "--dialect nac --header 2"),
        ("a field with another length", "010000000000000002001101000E9A0324".to_owned(), "iso87b"),
        ("cards", "F0F8F0F00020000000000000F0F0F0F0F0F1".to_owned(), "cards-ebcdic"),
        ("nothing", "FFFEFDFC".to_owned(), "0 "),
    ] {
        let said = tillgate(&["decode", "--guess", &hex]);
        let best = said.out.lines().nth(1).unwrap();
        assert!(best.contains(words), "{what}: {best}");
    }
    let read = tillgate(&["decode", "--dialect", "nac", "--header", "2", HEADED]);
    assert_eq!(lines(&read.out)[0]["header"], "0100", "{}", read.err);
}

/// An echo of terminals with two bytes between TPDU and MTI.
const HEADED: &str = "60001280010100080020200000008000009900000000075445524D30303031";

#[test]
fn a_table_builds_on_another_file_beside_it() {
    let desk = Desk::new();
    desk.file("host.toml", "name = \"host\"\nbase = \"nac\"\nheader = 2\n");
    let till = desk.file("till.toml", "name = \"till\"\nbase = \"host.toml\"\n");
    let read = tillgate(&["decode", "--dialect", &till, HEADED]);
    assert_eq!(lines(&read.out)[0]["fields"]["41"], "TERM0001", "{}", read.err);
    let old = "name = \"old\"\n[fields]\n28 = { format = \"x+n9\" }\n";
    let said = tillgate(&["dialect", "check", &desk.file("old.toml", old)]);
    assert!(said.out.contains("warning: field 28: `x+n9` is read as `x+n8`"), "{}", said.out);
}

#[test]
fn the_options_that_a_guess_names_are_enough_to_decode() {
    let desk = Desk::new();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let table =
        "name = \"short\"\nbase = \"iso87b\"\n[frame]\nlength = \"binary\"\nbytes = 2\nmax = 22\n";
    let short = desk.file("short.toml", table);
    let two = [framed(ECHO), framed(ECHO)].concat();
    let smpp = octets("00000010000000150000000000000007").repeat(3);
    let raw = desk.file("smpp.bin", &smpp);
    for (given, dialect, stream) in [
        (hex(&two), None, true),
        (hex(&[&[0, 0][..], &framed(ECHO)].concat()), None, true),
        (hex(&framed(ECHO)), None, false),
        (hex(&framed(ECHO)), Some(&short), false),
        (hex(&smpp), None, true),
        (raw, None, true),
    ] {
        let added = dialect.map(|file| format!("--dialect={file}"));
        let words: Vec<&str> =
            ["decode", "--guess", "--json"].into_iter().chain(added.as_deref()).collect();
        let said = tillgate(&[&words[..], &[&given]].concat());
        let ranking = lines(&said.out);
        assert_eq!(said.code, 0, "{}", said.err);
        let best = ranking[0]["options"].as_str().unwrap();
        assert_eq!(best.contains(" --stream"), stream, "{given}: {best}");
        for ranked in ranking.iter().filter(|ranked| ranked["messages"] == ranked["decoded"]) {
            let options = ranked["options"].as_str().unwrap();
            let read = tillgate(
                &["decode"]
                    .into_iter()
                    .chain(options.split(' '))
                    .chain([&*given])
                    .collect::<Vec<_>>(),
            );
            assert_eq!(read.code, 0, "{options} {given}: {}", read.err);
        }
    }
    let said = tillgate(&["decode", "--guess", "--lines", "--json", &hex(&two)]);
    assert!(!said.out.contains("binary2"), "{}", said.out);
}

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
    let desk = Desk::new();
    let (right, other) = (desk.file("right.key", PSK), desk.file("other.key", "ab".repeat(32)));
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
    let desk = Desk::new();
    let key = desk.file("mac.key", "00112233445566778899aabbccddeeff");
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
    let desk = Desk::new();
    let file =
        desk.file("x.toml", "name = \"x\"\nbase = \"nac\"\n[fields]\n2 = { pad = \"up\" }\n");
    let said = tillgate(&["dialect", "check", &file]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("\n  4 | 2 = { pad = \"up\" }\n"), "{}", said.err);
    assert!(said.err.trim_end().ends_with('^'), "{}", said.err);
    let open =
        desk.file("y.toml", "name = \"y\"\nbase = \"nac\"\n[fields]\n2 = { mask = \"none\" }\n");
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
    let desk = Desk::new();
    let file = desk.file("till.pcap", capture(&[(true, 1, framed(ECHO))]));
    for (args, words) in [
        (&["decode", ECHO][..], "--guess finds out which"),
        (&["decode", "--dialect=nac", "--protocol=smpp", ECHO], "belong to --protocol iso8583"),
        (&["decode", "--dialect=nac", "--body", ECHO], "belong to --protocol link"),
        (&["decode", "--dialect=nac", "--dialect=iso87a", ECHO], "for --guess only"),
        (&["decode", "--dialect=nac", "--frame=none", "--stream", ECHO], "--frame gives"),
        (&["decode", "--dialect=nac", "--frame=hex2", ECHO], "binary1 to binary4"),
        (&["decode", "--dialect=nac", "--mac=cmac", ECHO], "TILLGATE_MAC_KEY"),
        (&["decode", "--dialect=nca", ECHO], "nca is no dialect"),
        (&["decode", "--dialect=nac", "-", ECHO], "- stands alone"),
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
    let desk = Desk::new();
    let file = desk.file("many.txt", format!("{ECHO}\n").repeat(20_000));
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
