//! Replays the committed corpora: what was once found is never found again.

use std::fs;
use std::path::PathBuf;

/// Runs `target` on every file of its corpus; gives how many there were.
fn replay(name: &str, target: fn(&[u8])) -> usize {
    replay_with(name, target)
}

fn replay_with(name: &str, target: impl Fn(&[u8])) -> usize {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("every target has a corpus")
        .map(|entry| entry.expect("a folder that can be read").path())
        .collect();
    files.sort();
    for file in &files {
        println!("{}", file.display());
        target(&fs::read(file).expect("a file that can be read"));
    }
    files.len()
}

#[test]
fn link_deframe_has_no_finding() {
    assert!(replay("link_deframe", tillgate_fuzz::link_deframe) > 5);
}

#[test]
fn link_channel_has_no_finding() {
    assert!(replay("link_channel", tillgate_fuzz::link_channel) > 5);
}

#[test]
fn link_body_has_no_finding() {
    assert!(replay("link_body", tillgate_fuzz::link_body) > 25);
}

#[test]
fn link_print_has_no_finding() {
    assert!(replay("link_print", tillgate_fuzz::link_print) > 40);
}

#[test]
fn smpp_has_no_finding() {
    assert!(replay("smpp", tillgate_fuzz::smpp) > 30);
}

#[test]
fn gsm7_has_no_finding() {
    assert!(replay("gsm7", tillgate_fuzz::gsm7) > 10);
}

#[test]
fn armour_has_no_finding() {
    assert!(replay("armour", tillgate_fuzz::armour) > 10);
}

#[test]
fn datagram_has_no_finding() {
    assert!(replay("datagram", tillgate_fuzz::datagram) > 10);
}

#[test]
fn iso8583_has_no_finding_in_any_dialect() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus/iso8583");
    let mut inputs = 0;
    for folder in fs::read_dir(corpus).expect("a corpus") {
        let folder = folder.expect("a folder that can be read").file_name();
        let name = folder.to_str().expect("the name of a built-in dialect");
        inputs += replay_with(&format!("iso8583/{name}"), |data| {
            tillgate_fuzz::iso8583_in(name, data);
        });
    }
    assert!(inputs > 300, "{inputs} inputs");
}

#[test]
fn iso8583_roundtrip_has_no_finding() {
    assert!(replay("iso8583_roundtrip", tillgate_fuzz::iso8583_roundtrip) > 30);
}

#[test]
fn dialect_table_has_no_finding() {
    assert!(replay("dialect_table", tillgate_fuzz::dialect_table) > 40);
}

#[test]
fn http_edge_has_no_finding() {
    assert!(replay("http_edge", tillgate_fuzz::http_edge) > 20);
}
