//! Profiles: what is refused, by line, and that those that come with the gateway are good.

use tillgate_codec::iso8583::Dialect;

use super::Profile;

fn parse(text: &str) -> Result<Profile, String> {
    let dialect = |name: &str| Dialect::builtin(name).ok_or(format!("there is no {name:?}"));
    Profile::parse(text, dialect).map_err(|error| error.to_string())
}

fn good() -> &'static str {
    Profile::builtin("nac-terminal").unwrap()
}

/// What is said of the profile with one text in the place of another; each fault names a line.
fn fault(from: &str, to: &str) -> String {
    assert!(good().contains(from), "the profile has no {from:?}");
    let text = good().replacen(from, to, 1);
    let said = parse(&text).expect_err(to);
    for line in said.lines() {
        let number = line.split(':').next().and_then(|number| number.parse::<usize>().ok());
        assert!(number.is_some_and(|n| n >= 1 && n <= text.lines().count()), "{said}");
    }
    said
}

#[test]
fn every_built_in_profile_is_good_and_says_what_its_messages_are() {
    for name in Profile::builtin_names() {
        let profile = parse(Profile::builtin(name).unwrap()).unwrap();
        assert_eq!((profile.name(), profile.about().is_empty()), (name, false));
        assert!(profile.messages().iter().any(|line| line.starts_with("sale: 0200")));
    }
}

#[test]
fn what_is_wrong_with_a_profile_is_reported_by_line() {
    let cases = [
        ("dialect = \"nac\"", "dialect = \"nbc\"", "8: dialect: there is no \"nbc\""),
        ("terminal = 41", "terminal = 141", "12: field 141: dialect nac has no such field"),
        ("stan = 11", "stan = { field = 11, from = 4, length = 6 }", "up to 6 characters, not 10"),
        ("amount = 4", "amount = 64", "field 64 is binary"),
        ("amount = 4", "amont = 4", "unknown field `amont`"),
        ("currency = 49\n", "", "11: request: `currency` (a field) or `default_currency`"),
        ("currency = 49", "default_currency = \"ABC\"", "a currency of ISO 4217 is expected"),
        ("= \"20\"", "= \"twenty\"", "a service \"20\" (open amount) or \"20/3\""),
        ("D1 = \"03\"", "D9 = \"03\"", "\"D9\" is no response code of the gateway"),
        ("D1 = \"03\"", "D1 = \"003\"", "codes: field 39"),
        ("D1 = \"03\"", "D1 = \"00\"", "00 (approved) and D1"),
        ("kind = \"logon\"", "kind = \"login\"", "unknown variant `login`"),
        ("mti = [\"0200\"]", "mti = [\"0210\"]", "the four digits of a request or advice"),
        ("mti = [\"0200\"]", "mti = [\"0201\"]", "its repeat"),
        ("mti = [\"0200\"]", "mti = []", "at least one message type"),
        ("mti = [\"0400\", \"0420\"]", "mti = [\"0200\"]", "no field of `when` tells them apart"),
        ("when = { 3 = \"990000\" }", "when = { 3 = \"920000\" }", "logon and echo share"),
        ("when = { 3 = \"990000\" }", "when = { x = \"990000\" }", "no field number"),
        ("echo = [3, 4, 11, 12,", "echo = [3, 11, 12,", "field 4 (amount) is needed"),
        (
            "echo = [3, 4, 11, 12,",
            "echo = [2, 3, 4, 11, 12,",
            "field 2 (primary account number) is card",
        ),
        ("echo = [3, 4, 11, 12,", "echo = [3, 4, 11, 12, 39,", "the answer's own"),
        ("kind = \"sale\"", "kind = \"settlement\"", "totals: where are sales_count"),
        ("kind = \"settlement\"", "kind = \"reversal\"", "only a settlement has them"),
        (
            "from = 20, length = 12 }",
            "from = 20, length = 1200 }",
            "up to 999 characters, not 1220",
        ),
        ("dialect = \"nac\"", "dialect = \"nac\"\nmac = \"md5\"", "unknown variant `md5`"),
        ("dialect = \"nac\"", "dialect = \"nac\"\nmac_key_bytes = 16", "there is no `mac`"),
        (
            "dialect = \"nac\"",
            "dialect = \"nac\"\nmac = \"retail\"\nmac_key_bytes = 24",
            "a key of 32 hexadecimal digits",
        ),
        ("kind = \"sale\"", "kind = \"sale\"\nmac = false", "only a logon or a line test"),
        ("37 = \"{rrn}\"", "37 = \"{rnr}\"", "there is no source \"rnr\""),
        ("37 = \"{rrn}\"", "41 = \"{rrn}\"", "it is repeated"),
        ("chip = 55", "chip = 48", "48 is of type text; chip is bytes"),
        ("chip = 55", "chip = 129", "carry: field 129: dialect nac has no such field"),
        ("pin_block = 52", "pin_blok = 52", "unknown field `pin_blok`"),
        ("track2 = 35", "track2 = 55", "carry: field 55 is binary; track2 is text"),
        ("track2 = 35", "track2 = 14", "carry: field 14 is named twice"),
        ("expiry = 14", "expiry = 13", "carry: field 13 (expiry) is in an `echo`"),
        ("55 = \"{chip}\"", "55 = \"00{chip}\"", "alone in a binary field"),
        ("55 = \"{chip}\"", "44 = \"{chip}\"", "alone in a binary field"),
        ("55 = \"{chip}\"", "52 = \"{chip}\"", "alone in a binary field of up to 255"),
        ("63 = \"{receipt}\"", "63 = \"#{receipt}\"", "alone in its field"),
        (
            "[[message]]\nkind = \"sale\"",
            "[[message]]\nkind = \"sale\"\noriginal = {}",
            "only a reversal, an advice or an upload",
        ),
    ];
    for (from, to, expected) in cases {
        let said = fault(from, to);
        assert!(said.contains(expected), "{to}: {said}");
    }
}

#[test]
fn letters_are_tried_where_a_value_may_have_them() {
    // A retrieval reference, a provider's reference and a PIN have letters; field 5 has digits only.
    for source in ["rrn", "reference", "serial", "pin"] {
        let said = fault("37 = \"{rrn}\"", &format!("5 = \"{{{source}}}\""));
        assert!(said.contains("field 5"), "{source}: {said}");
    }
    // The longest PIN has 32 characters.
    assert!(fault("61 = \"{pin}\"", "44 = \"{pin}\"").contains("field 44"));
    // Digits go where digits go.
    let text = good().replacen("37 = \"{rrn}\"", "5 = \"{fee}\"\n12 = \"{local_time}\"", 1);
    let text = text.replacen("echo = [3, 4, 11, 12, 13,", "echo = [3, 4, 11, 13,", 1);
    parse(&text).unwrap();
}

/// Those that are not for `other`.
const CODES: &str = "00 = \"000\"\n09 = \"109\"\n68 = \"109\"\n95 = \"195\"\n";

#[test]
fn codes_that_a_numeric_field_cannot_carry_need_another_one() {
    let parse = |text: &str| {
        let table =
            "name = \"n39\"\nabout = \"\"\nbase = \"nac\"\n[fields]\n39 = { format = \"n3\" }\n";
        Profile::parse(text, |_| Ok(Dialect::parse(table).unwrap())).map(|_| ())
    };
    let said = parse(&good().replace("D1 = \"03\"\n", "")).unwrap_err().to_string();
    assert!(said.contains("field 39 cannot carry the code"), "{said}");
    let (head, tail) = good().split_once("[codes]").unwrap();
    let (_, tail) = tail.split_once("[[message]]").unwrap();
    let text = format!("{head}[codes]\n{CODES}other = \"909\"\n[[message]]{tail}");
    assert_eq!(parse(&text), Ok(()));
    for (from, to, codes) in [
        ("09 = \"109\"\n", "", "09 (still in progress) and"),
        ("68 = \"109\"\n", "", "68 (the provider's answer came too late) and"),
        ("95 = \"195\"", "95 = \"000\"", "00 (approved) and 95"),
        ("00 = \"000\"\n", "", "00 (approved) and"),
        ("00 = \"000\"", "00 = \"000\"\n51 = \"109\"", "and 51 (float does not cover"),
    ] {
        let said = parse(&text.replace(from, to)).unwrap_err().to_string();
        assert!(said.contains(codes), "{codes}: {said}");
    }
}

#[test]
fn a_profile_without_a_sale_or_without_products_sells_nothing() {
    let (head, _) = good().split_once("[[message]]\nkind = \"sale\"").unwrap();
    assert!(parse(head).unwrap_err().contains("no [[message]] of kind \"sale\""));
    let text = good().replace("\"500000\" = \"20\"\n\"500001\" = \"10/1\"\n", "");
    assert!(parse(&text).unwrap_err().contains("[products] is empty"));
    assert!(parse(&"#".repeat(70_000)).unwrap_err().contains("at most 65536"));
    assert!(parse("name = 1").unwrap_err().starts_with("1: "));
}
