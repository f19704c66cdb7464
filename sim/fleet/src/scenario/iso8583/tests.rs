//! What the section says, and what is refused.

use std::fs;

use tempfile::TempDir;
use tillsim_core::iso_terminal::{Mac, ProductCode};
use tillsim_core::provider::iso8583::MacAlgorithm;

use super::*;

/// Two terminals of listener `pos`, one of the sealed link; service 10 with products and service 20.
fn network(listeners: [&str; 2]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let key = "0f".repeat(32);
    let [first, second] = listeners;
    let terminals = format!(
        "id,seller,psk,services,status,listener\n1,1,{key},all,active,\n\
         2,1,{key},all,active,{first}\n3,1,,all,active,{second}\n4,1,{key},all,blocked,pos\n"
    );
    let services = "id,kind,currency,amount_min,amount_max,open_amount,status,lookup\n\
                    10,voucher,EUR,,,no,active,\n20,topup,EUR,1,50,yes,active,\n\
                    30,provider,EUR,1,50,lookup,active,required\n";
    for (name, text) in [
        ("terminals.csv", &*terminals),
        ("services.csv", services),
        ("products.csv", "service,id,amount\n10,1,5\n10,2,10\n"),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn profile(dir: &TempDir, from: &str, to: &str) -> String {
    let text = tillsim_core::iso_terminal::Profile::builtin("nac-terminal").unwrap();
    assert!(text.contains(from), "{from}");
    let file = dir.path().join("pos.toml");
    fs::write(&file, text.replacen(from, to, 1)).unwrap();
    file.display().to_string()
}

const MAC: (&str, &str) =
    ("dialect = \"nac\"", "dialect = \"nac\"\nmac = \"cmac\"\nmac_key_bytes = 32");

fn fleet(dir: &TempDir, iso: Iso8583) -> Result<IsoFleet, String> {
    let network = Some(dir.path().to_owned());
    let scenario = Scenario { network, iso8583: Some(iso), ..Scenario::default() };
    let order = crate::scenario::resolve(&scenario).map_err(|error| error.to_string())?;
    assert_eq!(order.terminals.len(), 1, "of the sealed link");
    Ok(order.iso8583.unwrap())
}

#[test]
fn terminals_that_the_network_enables_for_a_listener_sell_what_its_profile_has_codes_for() {
    let dir = network(["pos", "pos"]);
    let iso = fleet(&dir, Iso8583::default()).unwrap();
    let ids: Vec<u32> = iso.terminals.iter().map(|terminal| terminal.id).collect();
    assert_eq!((ids, iso.listener.as_str()), (vec![2, 3], "pos"));
    let sold: Vec<(u16, u16)> =
        iso.firmware.mix.offers().iter().map(|offer| (offer.service, offer.product)).collect();
    assert_eq!(sold, [(10, 1), (20, 0)], "as nac-terminal has them");
    assert!(iso.firmware.codes.contains(&ProductCode {
        service: 10,
        product: 1,
        code: *b"500001"
    }));
    assert_eq!(iso.firmware.mac, None);
    let last = fleet(&dir, Iso8583 { first: 1, ..Iso8583::default() }).unwrap();
    assert_eq!((last.terminals.len(), last.terminals[0].id), (1, 3));
}

#[test]
fn a_profile_with_codes_needs_keys_which_may_come_in_a_file_of_their_own() {
    let dir = network(["pos", "pos"]);
    let profile = profile(&dir, MAC.0, MAC.1);
    let iso = Iso8583 { profile, ..Iso8583::default() };
    let said = fleet(&dir, iso.clone()).err().unwrap();
    assert!(said.contains("terminal 3 has no key") && said.contains("--keys-out"), "{said}");
    let keys = dir.path().join("keys.csv");
    fs::write(&keys, format!("terminal,key_id,psk\n3,1,{}\n", "0a".repeat(32))).unwrap();
    let found = fleet(&dir, Iso8583 { keys: Some(keys), ..iso.clone() }).unwrap();
    let mac = Mac { algorithm: MacAlgorithm::AesCmac, key_bytes: 32 };
    assert_eq!(found.firmware.mac, Some(mac));
    let said = fleet(&dir, Iso8583 { keys: Some("/nowhere.csv".into()), ..iso }).err().unwrap();
    assert!(said.starts_with("/nowhere.csv: No such file"), "{said}");
}

#[test]
fn what_is_wrong_with_the_section_is_named_with_what_to_do() {
    let dir = network(["pos", "pos"]);
    let usual = Iso8583::default;
    let mix = |service, product| vec![Offer { service, product, weight: 1 }];
    let file = |text: &str| Iso8583 { profile: text.to_owned(), ..usual() };
    for (iso, expected) in [
        (file("nac"), "iso8583.profile is \"nac\"; there is nac-terminal, or a file as pos.toml"),
        (file("/nowhere/pos.toml"), "/nowhere/pos.toml: No such file"),
        (file(&profile(&dir, "stan = 11", "stan = 11\nstand = 1")), "pos.toml:"),
        (
            Iso8583 { listener: Some("till".to_owned()), ..usual() },
            "iso8583.listener is till; the network has terminals of pos",
        ),
        (
            Iso8583 { terminals: Some(3), ..usual() },
            "3 terminals from place 0 on: listener pos has 2",
        ),
        (Iso8583 { first: 2, ..usual() }, "0 terminals from place 2 on: listener pos has 2"),
        (Iso8583 { cutoff: "25:00".to_owned(), ..usual() }, "iso8583.cutoff is \"25:00\""),
        (Iso8583 { answer: "soon".to_owned(), ..usual() }, "iso8583.answer: "),
        (Iso8583 { address: "127.0.0.1".to_owned(), ..usual() }, "iso8583.address: 127.0.0.1"),
        (Iso8583 { mix: mix(10, 2), ..usual() }, "iso8583.mix: 10/2 has no processing code"),
        (Iso8583 { mix: mix(30, 0), ..usual() }, "iso8583.mix: 30/0 needs a lookup"),
        (Iso8583 { mix: mix(11, 0), ..usual() }, "iso8583.mix: service 11 has no product 0"),
    ] {
        let said = fleet(&dir, iso).err().unwrap();
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let several = network(["pos", "till"]);
    let said = fleet(&several, usual()).err().unwrap();
    assert!(said.contains("listener is missing; the network has terminals of pos, till"), "{said}");
    let none = network(["none", "none"]);
    let scenario = Scenario {
        network: Some(none.path().to_owned()),
        iso8583: Some(usual()),
        ..Scenario::default()
    };
    let said = crate::scenario::resolve(&scenario).err().unwrap().to_string();
    assert!(said.contains("no active terminal of the network is enabled for a listener"), "{said}");
}

#[test]
fn a_profile_that_the_terminals_do_not_speak_is_refused_by_its_key() {
    let dir = network(["pos", "pos"]);
    for (from, to, expected) in [
        ("time = 12", "time = { field = 12, length = 4 }", "request.time is {"),
        ("account = [102, 2, 35]", "account = [102]", "request.account is [102], not"),
        ("when = { 3 = \"920000\" }", "when = { 3 = \"920001\" }", "when of logon is"),
        ("60 = \"{serial}\"", "62 = \"{serial}\"", "field 60 of the answer to sale is missing"),
        ("mti = [\"0400\", \"0420\"]", "mti = [\"0400\"]", "mti of reversal is"),
        ("500001", "50", "products"),
        ("D1 = \"03\"", "D1 = \"03\"\n95 = \"77\"", "codes.95 is shown as \"77\", not \"95\""),
        ("R1 = \"12\"", "R1 = \"13\"", "codes.R1 is shown as \"13\", not \"12\""),
        ("D1 = \"03\"", "D1 = \"94\"", "codes.D1 is shown as \"94\", not \"03\""),
        (
            "[codes]\n",
            "[codes]\n00 = \"00\"\n09 = \"09\"\n68 = \"68\"\n95 = \"95\"\nother = \"05\"\n",
            "is shown as \"05\", not",
        ),
    ] {
        let profile = profile(&dir, from, to);
        let said = fleet(&dir, Iso8583 { profile, ..Iso8583::default() }).err().unwrap();
        assert!(said.contains("pos.toml:") && said.contains(expected), "{expected}: {said}");
    }
    let usual = fleet(&dir, Iso8583 { upload_percent: 5.0, ..Iso8583::default() }).unwrap();
    assert_eq!((usual.firmware.confirm_permille, usual.firmware.upload_permille), (1_000, 50));
    let advice = "[[message]]\nkind = \"advice\"\nmti = [\"0220\"]\n\
                  echo = [3, 4, 11, 12, 13, 24, 25, 41, 42, 49]\n";
    let without = self::profile(&dir, advice, "");
    let iso = fleet(&dir, Iso8583 { profile: without, ..Iso8583::default() }).unwrap();
    assert_eq!(iso.firmware.confirm_permille, 0, "where there are no advices none is sent");
    let other_refusals = self::profile(&dir, "S1 = \"51\"", "S1 = \"61\"");
    assert!(fleet(&dir, Iso8583 { profile: other_refusals, ..Iso8583::default() }).is_ok());
    let profile = profile(&dir, "dialect = \"nac\"", "dialect = \"iso87a\"");
    let iso = fleet(&dir, Iso8583 { profile, ..Iso8583::default() }).unwrap();
    assert!(!iso.firmware.dialect.has_tpdu(), "another dialect is spoken");
}
