use tillgate_codec::smpp::{DataCoding, Tag, Tlv, Tlvs, UssdServiceOp};
use tillgate_codec::ussd::{Alphabet, Room};

use super::*;
use crate::ussd::SayKind;

/// Profile, value, key, value of the last message, whether the value itself ends.
type SessionRow<'a> = (&'a str, &'a [u8], &'a [u8], &'a [u8], bool);

fn builtin(name: &str) -> SmppProfile {
    SmppProfile::parse(SmppProfile::builtin(name).unwrap()).unwrap()
}

fn faults(text: &str) -> String {
    SmppProfile::parse(text).unwrap_err().to_string()
}

/// The profile `standard` with a line replaced.
fn with(from: &str, to: &str) -> String {
    let text = SmppProfile::builtin("standard").unwrap();
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

#[test]
fn every_profile_that_is_built_in_is_valid_and_has_the_name_of_its_file() {
    for name in SmppProfile::builtin_names() {
        let profile = builtin(name);
        assert_eq!(profile.name, name);
        assert!(!profile.about.is_empty(), "{name}");
    }
    assert!(SmppProfile::builtin("nobody").is_none());
}

#[test]
fn the_end_is_0x11_on_the_wire_where_the_centre_has_no_other() {
    for name in SmppProfile::builtin_names() {
        let end = builtin(name).operations.end;
        let expected = match name {
            "op32" => Operation::Code(0x20),
            "tata" => Operation::Code(0x02),
            "service-type" => Operation::Word(ArrayString::from("EF").unwrap()),
            _ => Operation::Code(0x11),
        };
        assert_eq!(end, expected, "{name}");
    }
}

#[test]
fn sessions_have_the_key_and_the_end_mark_of_their_centre() {
    let rows: [SessionRow<'_>; 9] = [
        ("standard", &[0x07, 0x02], &[0x07], &[0x07, 0x03], false),
        ("standard", &[0x07, 0x03], &[0x07], &[0x07, 0x03], true),
        ("sixdee", &[0x12, 0x35], &[0x12, 0x34], &[0x12, 0x35], true),
        ("tata", &[0x12, 0xff], &[0x12, 0xfe], &[0x13, 0x00], false),
        ("mica", &[0x00, 0x07], &[0x00, 0x07], &[0x00, 0x07], false),
        ("comverse", &[1, 2, 3, 4], &[1, 2, 3, 4], &[1, 2, 3, 4], false),
        ("comverse", b"of any length", b"of any length", b"of any length", false),
        ("aggregator", &[0x07, 0x03], &[0x07], &[0x07, 0x03], false),
        ("standard", &[], &[], &[], false),
    ];
    for (name, value, key, last, ends) in rows {
        let session = builtin(name).session;
        assert_eq!(session.key(value).as_slice(), key, "{name}");
        let mut marked = value.to_vec();
        session.mark_end(&mut marked);
        assert_eq!(marked, last, "{name}");
        assert_eq!(session.is_end(value), ends, "{name}");
    }
    let session = builtin("standard").session;
    let mut value = [0x07, 0x03];
    session.mark_open(&mut value);
    assert_eq!(value, [0x07, 0x02]);
    assert_eq!(builtin("huawei").session.tag(), None);
    assert!(!builtin("huawei").session.is_echoed);
}

#[test]
fn a_session_key_that_is_too_long_is_a_digest_that_differs_with_every_octet() {
    let session = builtin("comverse").session;
    let (one, other) = ([7; 40], [8; 40]);
    assert_eq!(session.key(&one).len(), crate::ussd::limits::SESSION_KEY_BYTES_MAX);
    assert_ne!(session.key(&one), session.key(&other));
    assert_ne!(session.key(&one), session.key(&one[..39]));
}

#[test]
fn the_value_of_a_session_is_that_of_its_own_parameter() {
    let tlvs = [
        Tlv::new(Tag::ITS_SESSION_INFO, &[1, 2]),
        Tlv::new(Tag::USER_MESSAGE_REFERENCE, &[3, 4]),
        Tlv::new(Tag::USSD_SESSION_ID, &[5, 6, 7, 8]),
    ];
    let tlvs = Tlvs::list(&tlvs);
    let rows: [(&str, &[u8]); 4] =
        [("sixdee", &[1, 2]), ("eyeline", &[3, 4]), ("comverse", &[5, 6, 7, 8]), ("op32", &[])];
    for (name, value) in rows {
        assert_eq!(builtin(name).session.value(&tlvs), value, "{name}");
        assert_eq!(builtin(name).session.value_bytes(), value.len(), "{name}");
    }
    assert_eq!(builtin("sixdee").session.value(&Tlvs::NONE), [0; 0]);
}

#[test]
fn operations_mean_what_their_centre_means() {
    let read = |name: &str, op: u8| builtin(name).operations.read(b"USSD", Some(UssdServiceOp(op)));
    for name in SmppProfile::builtin_names().filter(|name| *name != "service-type") {
        assert_eq!(read(name, 0x01), Some(FromCentre::Begin), "{name}");
        assert_eq!(read(name, 0x12), Some(FromCentre::Input), "{name}");
        assert_eq!(read(name, 0x13), Some(FromCentre::Displayed), "{name}");
        assert_eq!(read(name, 0x81), Some(FromCentre::Aborted), "{name}");
        assert_eq!(read(name, 0x55), None, "{name}");
    }
    assert_eq!(read("glo", 0x92), Some(FromCentre::LastInput));
    assert_eq!(read("glo", 65), Some(FromCentre::Aborted));
    for released in [66, 67, 68] {
        assert_eq!(read("glo", released), Some(FromCentre::Released));
    }
    assert_eq!(builtin("standard").operations.read(b"BR", None), None, "an ordinary message");
    let coded = builtin("service-type").operations;
    assert_eq!(coded.read(b"BR", None), Some(FromCentre::Begin));
    assert_eq!(coded.read(b"CA", Some(UssdServiceOp(0x01))), Some(FromCentre::Input));
    assert_eq!(coded.read(b"AR", None), Some(FromCentre::Aborted));
    assert_eq!(coded.read(b"USSD", Some(UssdServiceOp(0x01))), None);
    assert_eq!(coded.said(b"EF", None), Some(SayKind::End));
    let tata = builtin("tata").operations;
    assert_eq!(tata.of_say(SayKind::Continue), tata.of_say(SayKind::End));
    assert_eq!(tata.of_say(SayKind::Notify), None);
    let standard = builtin("standard").operations;
    assert_eq!(standard.said(b"", Some(UssdServiceOp(0x11))), Some(SayKind::End));
    assert_eq!(
        standard.said(b"", Some(UssdServiceOp(0x17))),
        None,
        "decimal 17 read as hexadecimal"
    );
}

#[test]
fn the_first_alphabet_that_fits_is_written_and_every_one_is_read() {
    let usual = builtin("standard");
    let choose = |text: &str| usual.coding.choose(text, usual.room);
    assert_eq!(choose("1. Airtime"), Some((Alphabet::Gsm7, DataCoding(0))));
    assert_eq!(choose("Пополнить"), Some((Alphabet::Ucs2, DataCoding(8))));
    assert!(choose(&"a".repeat(182)).is_some() && choose(&"a".repeat(183)).is_none());
    assert!(choose(&"я".repeat(80)).is_some() && choose(&"я".repeat(81)).is_none());
    for (coding, alphabet) in [
        (0, Alphabet::Gsm7),
        (1, Alphabet::Ascii),
        (3, Alphabet::Latin1),
        (8, Alphabet::Ucs2),
        (0x0F, Alphabet::Gsm7),
        (0x48, Alphabet::Ucs2),
        (0x77, Alphabet::Gsm7),
    ] {
        assert_eq!(usual.coding.alphabet(DataCoding(coding)), alphabet, "{coding:#04x}");
    }
    let coding = "\n[coding.read]\n\"0\" = \"latin1\"\n\"0x44\" = \"ucs2\"\n\
                  [coding.write]\nucs2 = 0x48\nascii = 1\n[room]\nseptets = 160\nunits = 70\n";
    let own = format!("{}{coding}", SmppProfile::builtin("standard").unwrap());
    let own = SmppProfile::parse(&own).unwrap();
    assert_eq!(own.coding.alphabet(DataCoding(0)), Alphabet::Latin1);
    assert_eq!(own.coding.alphabet(DataCoding(0x44)), Alphabet::Ucs2);
    assert_eq!(own.coding.choose("Pay", own.room), Some((Alphabet::Ascii, DataCoding(1))));
    assert_eq!(own.coding.choose("é", own.room), Some((Alphabet::Ucs2, DataCoding(0x48))));
    assert_eq!(own.room, Room::SHORT);
}

#[test]
fn what_is_wrong_with_a_profile_is_reported_by_line() {
    let rows = [
        (with("key = \"its-high-octet\"", "key = \"tlv\""), "9: session: key \"tlv\" needs `tag`"),
        (
            with("key = \"its-high-octet\"", "key = \"msisdn\""),
            "11: end: answers have no parameter of the session to mark",
        ),
        (with("end = \"bit\"", "length = 4"), "11: length: only key \"tlv\" has one"),
        (with("end = 0x11", "end = 0x02").replace("end = \"bit\"", ""), "20: end: it is the same"),
        (with("input = [0x12]", "input = []"), "13: input: at least one operation is needed"),
        (with("input = [0x12]", "input = [0x01]"), "15: an operation of the centre appears twice"),
        (with("input = [0x12]", "input = [\"CA\"]"), "15: input: a number is expected"),
        (with("input = [0x12]", "input = [300]"), "15: expected an operation"),
        (with("notify = 0x03", ""), "7: notify: \"ussn\" needs operations.notify"),
        (with("[session]", "[sessions]"), "sessions"),
        (
            with(
                "[operations]",
                "[message]\npdu = \"data_sm\"\ntext = \"short_message\"\n[operations]",
            ),
            "15: text: a data_sm has no short_message",
        ),
        (
            with("[operations]", "[message]\nservice_type = \"TOOLONG\"\n[operations]"),
            "14: service_type: at most 5 ASCII characters",
        ),
        (
            with("[operations]", "[message]\necho = [0x1383]\n[operations]"),
            "14: echo: its_session_info is set already",
        ),
        (
            with("[operations]", "[message]\nfixed = [{ tag = 7, value = \"4\" }]\n[operations]"),
            "14: value: hexadecimal digits are expected",
        ),
        (
            with("[operations]", "[message]\nsubscriber_prefix = \"x\"\n[operations]"),
            "14: subscriber_prefix",
        ),
        (
            with("[operations]", "[room]\nseptets = 183\nunits = 80\n[operations]"),
            "14: septets: 1 to 182",
        ),
        (
            with("[operations]", "[coding.read]\n\"0x100\" = \"gsm7\"\n[operations]"),
            "14: coding.read: \"0x100\" is no data_coding",
        ),
        (with("[session]", "abort_texts = [\" \"]\n[session]"), "abort_texts: an empty text"),
    ];
    for (text, expected) in rows {
        let said = faults(&text);
        assert!(said.contains(expected), "expected {expected:?}, found {said:?} in\n{text}");
    }
    let both = with("input = [0x12]", "input = []").replace("notify = 0x03", "");
    assert_eq!(faults(&both).lines().count(), 2, "all that is wrong is reported at once");
    assert!(faults(&"#".repeat(PROFILE_BYTES_MAX + 1)).contains("at most"));
}

#[test]
fn a_service_code_is_what_was_dialled_up_to_the_second_star() {
    let rows = [
        ("*123#", Some("*123#")),
        ("*123*1*500#", Some("*123#")),
        ("#100*2#", Some("#100#")),
        ("*#06#", Some("*#06#")),
        ("123", None),
        ("123#", None),
        ("*", None),
        ("", None),
        ("**#", None),
        ("*123456789012345678901234567890#", None),
    ];
    for (dialled, code) in rows {
        assert_eq!(service_code_of(dialled).as_deref(), code, "{dialled}");
    }
}

#[test]
fn texts_that_mean_an_abort_are_known_in_any_case() {
    let text = with("[session]", "abort_texts = [\"Map Dialog User Abort\"]\n\n[session]");
    let profile = SmppProfile::parse(&text).unwrap();
    assert!(profile.is_abort_text("map dialog user abort "));
    assert!(!profile.is_abort_text("1"));
}
