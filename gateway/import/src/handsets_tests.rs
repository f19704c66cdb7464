//! Handsets: what an import makes of them, keeps of them, and never shows.

use tillgate_store_core::{Handset, Msisdn, Registry, RegistryRecord, Status, TerminalId};

use crate::Existing;
use crate::tests::{network, read, said, vault};

const NUMBER: &str = "255712345678";

fn files(handsets: &str) -> Vec<(&'static str, String)> {
    let mut files = network();
    files.push(("handsets.csv", handsets.to_owned()));
    files
}

fn stored(handsets: &str) -> Registry {
    let mut registry = Registry::new();
    take(&mut registry, &files(handsets), Existing::Refuse);
    registry
}

fn take(registry: &mut Registry, files: &[(&str, String)], existing: Existing) {
    let plan = read(files, registry, existing).map_err(|faults| faults.to_string()).unwrap();
    plan.change.records.iter().for_each(|record| registry.apply(record));
}

fn update(registry: &mut Registry, handsets: &str) -> Handset {
    take(registry, &[("handsets.csv", handsets.to_owned())], Existing::Replace);
    handset(registry)
}

fn handset(registry: &Registry) -> Handset {
    registry.handset(Msisdn::of(NUMBER).unwrap()).unwrap().clone()
}

fn opens(handset: &Handset, pin: &str) -> bool {
    handset.pin.as_ref().is_some_and(|hash| hash.is_of(&vault(), handset.msisdn, pin.as_bytes()))
}

#[test]
fn a_handset_sells_for_a_terminal_of_the_same_import_with_a_pin_to_be_changed() {
    let registry = stored("msisdn,terminal,pin\n+255712345678,70001,2580\n");
    let handset = handset(&registry);
    assert_eq!((handset.terminal, handset.revision), (TerminalId(70_001), 1));
    assert_eq!((handset.status, handset.initial), (Status::Active, true));
    assert!(opens(&handset, "2580") && !opens(&handset, "2581"));
    let plan = read(
        &files("msisdn,terminal,pin\n255712345678,70001,2580\n"),
        &Registry::new(),
        Existing::Refuse,
    );
    let shown = format!("{:?}", plan.unwrap().change);
    assert!(!shown.contains("2580"), "the PIN is nowhere in clear");
}

#[test]
fn an_update_keeps_what_it_does_not_say_and_what_it_repeats() {
    let mut registry = stored("msisdn,terminal,pin,initial\n255712345678,70001,2580,no\n");
    let first = handset(&registry);
    assert!(!first.initial);
    let row = "msisdn,terminal,pin,status,initial\n255712345678,70001";
    assert_eq!(update(&mut registry, &format!("{row},,,\n")), first, "its dialogs go on");
    assert_eq!(update(&mut registry, &format!("{row},2580,active,no\n")), first);
    let blocked = update(&mut registry, &format!("{row},,blocked,\n"));
    assert_eq!((blocked.revision, blocked.status), (2, Status::Blocked));
    assert!(opens(&blocked, "2580"));
    let still = update(&mut registry, &format!("{row},,,\n"));
    assert_eq!(still, blocked, "nothing said is not unblocked");
    let other = update(&mut registry, &format!("{row},9137,active,\n"));
    assert_eq!((other.revision, other.initial), (3, true));
    assert!(opens(&other, "9137") && !opens(&other, "2580"));
}

#[test]
fn what_is_wrong_with_a_handset_is_said_without_its_pin() {
    for (row, expected) in [
        ("0712345678,70001,2580", "found \"0712345678\", expected a number with its country code"),
        ("255712345678,70009,2580", "found \"70009\", expected a terminal that exists"),
        ("255712345678,70001,258", "found 3 characters, expected 4 to 8 digits, or nothing"),
        ("255712345678,70001,123456789", "found 9 characters, expected 4 to 8 digits"),
        ("255712345678,70001,25a0", "found 4 characters"),
    ] {
        let said = said(&files(&format!("msisdn,terminal,pin\n{row}\n")));
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains("2580"), "{said}");
    }
    let twice = said(&files("msisdn,terminal,pin\n255712345678,70001,\n+255712345678,70001,\n"));
    assert!(twice.contains("given before") || twice.contains("255712345678"), "{twice}");
    let headless = said(&files("255712345678,70001,25801478\n"));
    assert!(!headless.contains("25801478"), "{headless}");
}

#[test]
fn a_stored_handset_is_not_replaced_without_being_told_so() {
    let registry = stored("msisdn,terminal,pin\n255712345678,70001,\n");
    assert!(handset(&registry).pin.is_none(), "nobody logs on with it yet");
    let files = [("handsets.csv", "msisdn,terminal,pin\n255712345678,70001,2580\n".to_owned())];
    assert!(read(&files, &registry, Existing::Refuse).is_err());
    let plan = read(&files, &registry, Existing::Replace).unwrap_or_else(|_| panic!("it may"));
    assert!(matches!(&plan.change.records[..], [RegistryRecord::Handset(of)] if of.revision == 2));
}
