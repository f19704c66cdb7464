//! Messages, dumps, streams and captures, read by `tillgate decode`.

use serde_json::Value;

use super::{ECHO, ECHO_JSON, Segment, WorkDir, capture, fed, framed, lines, octets, packet};
use crate::installation::tillgate;

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
    let dir = WorkDir::new();
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
        let said = tillgate(&["decode", "--dialect", "iso87b", &dir.file(name, content)]);
        assert_eq!((said.code, said.out.trim_end()), (0, ECHO_JSON), "{name}: {}", said.err);
        let said = fed(&["decode", "--dialect", "iso87b", "-"], content);
        assert_eq!((said.code, said.out.trim_end()), (0, ECHO_JSON), "{name}: {}", said.err);
    }
}

#[test]
fn a_wrong_message_in_a_stream_does_not_stop_the_others() {
    let dir = WorkDir::new();
    let stream = [framed(ECHO), framed("0800"), vec![0, 0], framed(ECHO)].concat();
    let file = dir.file("stream.bin", &stream);
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
    let dir = WorkDir::new();
    let (first, second) = (framed(ECHO), framed(&ECHO.replace("0703", "0803")));
    let pieces = [
        (true, 1, first[..10].to_vec()),
        (true, 26, second.clone()),
        (true, 11, first[10..].to_vec()),
        (true, 1, first[..10].to_vec()),
        (false, 1, first.clone()),
        (true, 61, second.clone()),
    ];
    let file = dir.file("till.pcap", capture(&pieces));
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
    let cut = dir.file("cut.pcap", &capture(&pieces)[..150]);
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
