//! The check of a menu against services.

use tillgate_codec::ussd::Room;
use tillgate_store_core::{Registry, RegistryRecord, Service, ServiceId};

use super::super::Menu;
use super::{registry, services};

fn faults(menu: &str, registry: &Registry, room: Room) -> String {
    let faults = Menu::parse(menu).unwrap().check(registry, room);
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

/// The registry with one of the services changed.
fn changed(at: usize, change: impl FnOnce(&mut Service)) -> Registry {
    let mut registry = registry();
    let mut service = services()[at].clone();
    change(&mut service);
    registry.apply(&RegistryRecord::Service(service));
    registry
}

#[test]
fn the_menu_that_comes_with_the_gateway_fits_in_every_language() {
    for room in [Room::FULL, Room::SHORT] {
        assert_eq!(faults(Menu::builtin(), &registry(), room), "");
    }
}

#[test]
fn a_screen_that_does_not_fit_is_named_with_language_length_and_what_is_allowed() {
    let long = changed(1, |service| service.name = "N".repeat(128));
    let said = faults(Menu::builtin(), &long, Room::FULL);
    let line = said.lines().find(|line| line.starts_with("enter_account of service 20")).unwrap();
    assert!(line.contains("(ar): ") && line.contains(" characters, 80 are allowed"), "{line}");
    assert!(!said.contains("enter_account of service 20 (N) (en)"));

    let label = changed(1, |service| service.account.as_mut().unwrap().label = "L".repeat(90));
    let said = faults(Menu::builtin(), &label, Room::FULL);
    assert!(said.contains("(en): ") && said.contains(" characters, 182 are allowed"), "{said}");

    // One character beyond the GSM alphabet, and a name that fits does not any more.
    let wide = changed(1, |service| service.name = format!("{}ğ", "N".repeat(70)));
    assert!(faults(Menu::builtin(), &wide, Room::FULL).contains("(en): "));
}

#[test]
fn the_pin_of_a_voucher_is_on_the_first_page_or_the_menu_is_at_fault() {
    let text =
        format!("{}\n[text.ar]\npin_line = \"{} {{pin}}\"\n", Menu::builtin(), "ا".repeat(60));
    let said = faults(&text, &registry(), Room::FULL);
    let line = said.lines().find(|line| line.contains("receipt of service 10")).unwrap();
    assert!(line.contains("(ar)") && line.contains("shorten pin_line"), "{line}");
}

#[test]
fn services_that_are_not_there_or_not_for_menus_are_named() {
    let with = |item: &str| format!("{}\n{item}", Menu::builtin());
    let said = faults(&with("[[item]]\nsell = { service = [77] }"), &registry(), Room::FULL);
    assert!(said.contains("service 77 is not in the registry"), "{said}");
    assert!(said.contains("no service of the registry is in it"), "{said}");
    let said = faults(&with("[[item]]\nsell = { service = [40] }"), &registry(), Room::FULL);
    assert!(said.contains("service 40 (Card refill) is not sold by menus"), "{said}");
    let short = "[[shortcut]]\nkey = \"2\"\nservice = 10\nproduct = 9\nparts = [\"account\"]";
    let said = faults(&with(short), &registry(), Room::FULL);
    assert!(said.contains("short-cut 2: service 10 asks for no account"), "{said}");
    assert!(said.contains("short-cut 2: service 10 has no product 9"), "{said}");
}

#[test]
fn a_check_reports_a_bounded_number_of_faults() {
    let mut registry = registry();
    for id in 100..200 {
        let mut service = services()[1].clone();
        (service.id, service.name) = (ServiceId(id), "N".repeat(128));
        registry.apply(&RegistryRecord::Service(service));
    }
    let faults = Menu::parse(Menu::builtin()).unwrap().check(&registry, Room::FULL);
    assert_eq!(faults.len(), 100);
}
