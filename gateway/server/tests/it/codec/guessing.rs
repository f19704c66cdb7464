//! What `--guess` names, and whether it decodes.

use super::{ECHO, HELLO, WorkDir, capture, framed, lines, octets};
use crate::installation::tillgate;

#[test]
fn a_guess_names_the_options_to_decode_with() {
    let dir = WorkDir::new();
    let hex: String = framed(ECHO).iter().map(|byte| format!("{byte:02x}")).collect();
    let said = tillgate(&["decode", "--guess", &hex]);
    assert_eq!(said.code, 0, "{}", said.err);
    let best = said.out.lines().nth(1).unwrap();
    assert!(best.contains(" --dialect iso87b ") && best.contains("binary2"), "{best}");
    let file = dir.file("till.pcap", capture(&[(true, 1, [framed(ECHO), framed(ECHO)].concat())]));
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
    let dir = WorkDir::new();
    dir.file("host.toml", "name = \"host\"\nbase = \"nac\"\nheader = 2\n");
    let till = dir.file("till.toml", "name = \"till\"\nbase = \"host.toml\"\n");
    let read = tillgate(&["decode", "--dialect", &till, HEADED]);
    assert_eq!(lines(&read.out)[0]["fields"]["41"], "TERM0001", "{}", read.err);
    let old = "name = \"old\"\n[fields]\n28 = { format = \"x+n9\" }\n";
    let said = tillgate(&["dialect", "check", &dir.file("old.toml", old)]);
    assert!(said.out.contains("warning: field 28: `x+n9` is read as `x+n8`"), "{}", said.out);
}

#[test]
fn the_options_that_a_guess_names_are_enough_to_decode() {
    let dir = WorkDir::new();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let table =
        "name = \"short\"\nbase = \"iso87b\"\n[frame]\nlength = \"binary\"\nbytes = 2\nmax = 22\n";
    let short = dir.file("short.toml", table);
    let two = [framed(ECHO), framed(ECHO)].concat();
    let smpp = octets("00000010000000150000000000000007").repeat(3);
    let raw = dir.file("smpp.bin", &smpp);
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
