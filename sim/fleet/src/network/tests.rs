//! What is made can be read again.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

/// Of one import, in the gateway: CHANGE_ITEMS_MAX of its store.
const IMPORT_RECORDS_MAX: usize = 100_000;

fn options() -> NetworkOptions {
    NetworkOptions {
        seed: 7,
        terminals: 120,
        iso8583: 0,
        sellers: 12,
        vouchers: 1_000,
        vouchers_from: 0,
        float_minor: 1_000_000,
        currency: Currency::parse("USD").unwrap(),
        bridge: Some("topup".to_owned()),
        stock_only: false,
    }
}

#[test]
fn a_network_that_was_made_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let made = generate(dir.path(), &options()).unwrap();
    assert_eq!(made.parts, [dir.path()]);
    let network = Network::read(dir.path()).unwrap();
    assert_eq!(network.terminals.len(), 120);
    assert_ne!(network.terminals[0].psk, network.terminals[1].psk);
    let [vouchers, topups] = &network.services[..] else { panic!("{:?}", network.services) };
    assert_eq!(vouchers.products, [(1, 100), (2, 500), (3, 1_000)]);
    assert_eq!((topups.open, topups.is_voucher), (Some((50, 10_000)), false));
    let mut pins = BTreeSet::new();
    Network::vouchers(dir.path(), |_, _, _, pin| assert!(pins.insert(pin.to_owned()))).unwrap();
    assert_eq!(pins.len(), 1_000);
}

#[test]
fn terminals_of_another_maker_are_the_last_ones_with_a_profile_for_their_listener() {
    let dir = tempfile::tempdir().unwrap();
    generate(dir.path(), &NetworkOptions { iso8583: 20, ..options() }).unwrap();
    let network = Network::read(dir.path()).unwrap();
    assert_eq!((network.terminals.len(), network.iso_terminals.len()), (100, 20));
    let last = network.iso_terminals.last().unwrap();
    assert_eq!((last.id, &*last.listener, last.psk.is_some()), (120, LISTENER, true));
    let text = std::fs::read_to_string(dir.path().join(PROFILE)).unwrap();
    let dialect = |name: &str| Ok(tillgate_codec::iso8583::Dialect::builtin(name).unwrap());
    let profile = tillsim_core::iso_terminal::Profile::parse(&text, dialect).unwrap();
    assert!(profile.has_mac() && text.contains("[products]\n\"501001\" = \"10/1\"\n"), "{text}");
    let dir = tempfile::tempdir().unwrap();
    let error = generate(dir.path(), &NetworkOptions { iso8583: 121, ..options() }).unwrap_err();
    assert!(error.to_string().contains("more than there are"), "{error}");
}

#[test]
fn a_column_that_need_not_be_there_says_which_service_needs_a_lookup() {
    let dir = tempfile::tempdir().unwrap();
    generate(dir.path(), &options()).unwrap();
    assert!(Network::read(dir.path()).unwrap().services.iter().all(|found| !found.needs_lookup));
    let services = "id,kind,currency,amount_min,amount_max,open_amount,status,reversal,lookup\n\
                    1,stock,USD,1,5,no,active,never,\n2,provider,USD,1,5,lookup,active,,required\n";
    std::fs::write(dir.path().join("services.csv"), services).unwrap();
    let network = Network::read(dir.path()).unwrap();
    let found: Vec<_> =
        network.services.iter().map(|found| (found.is_voucher, found.needs_lookup)).collect();
    assert_eq!(found, [(true, false), (false, true)]);
}

#[test]
fn the_same_seed_makes_the_same_files_and_another_one_other_keys() {
    let dirs: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    for (dir, seed) in dirs.iter().zip([1, 1, 2]) {
        generate(dir.path(), &NetworkOptions { seed, ..options() }).unwrap();
    }
    for name in ["terminals.csv", "vouchers.csv", "sellers.csv"] {
        let read = |place: usize| std::fs::read(dirs[place].path().join(name)).unwrap();
        assert_eq!(read(0), read(1), "{name}");
        assert_eq!(read(0) == read(2), name == "sellers.csv", "{name}");
    }
}

#[test]
fn a_large_network_comes_in_parts_that_one_import_can_take() {
    let dir = tempfile::tempdir().unwrap();
    let large = NetworkOptions { terminals: 100_000, vouchers: 100_000, ..options() };
    let made = generate(dir.path(), &large).unwrap();
    assert_eq!(made.parts.len(), 3);
    assert_eq!(Network::read(dir.path()).unwrap().terminals.len(), 100_000);
    let mut vouchers = 0;
    Network::vouchers(dir.path(), |_, _, _, _| vouchers += 1).unwrap();
    assert_eq!(vouchers, 100_000);
}

/// Rows of a file without its header; none when there is no such file.
fn rows(part: &Path, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(part.join(name)).unwrap_or_default();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn every_part_of_a_network_with_many_sellers_fits_one_import_and_names_what_is_there_already() {
    let dir = tempfile::tempdir().unwrap();
    // As a million terminals come with 100,000 sellers, whose rows alone were over the bound.
    let large =
        NetworkOptions { terminals: 100_000, sellers: 60_000, vouchers: 5_000, ..options() };
    let made = generate(dir.path(), &large).unwrap();
    assert_eq!(made.parts, parts(dir.path()).unwrap(), "all are printed, in their order");
    let (mut sellers, mut floats, mut terminals) = (BTreeSet::new(), 0, 0);
    for part in &made.parts {
        let records: usize = ["distributors", "sellers", "services", "terminals", "vouchers"]
            .map(|table| rows(part, &format!("{table}.csv")).len())
            .iter()
            .sum();
        let loads = rows(part, "floats.csv");
        let here = records + loads.len();
        assert!(here <= IMPORT_RECORDS_MAX, "{part:?}: {here}");
        let column = |row: &String, place| row.split(',').nth(place).unwrap().to_owned();
        sellers.extend(rows(part, "sellers.csv").iter().map(|row| column(row, 0)));
        for (name, count) in [("floats.csv", &mut floats), ("terminals.csv", &mut terminals)] {
            for row in rows(part, name) {
                *count += 1;
                assert!(sellers.contains(&column(&row, 1)), "{part:?}: {name}: {row}");
            }
        }
    }
    assert_eq!((sellers.len(), floats, terminals), (60_000, 60_000, 100_000));
}

#[test]
fn errors_name_the_file_and_the_line() {
    let dir = tempfile::tempdir().unwrap();
    generate(dir.path(), &options()).unwrap();
    let path = dir.path().join("terminals.csv");
    std::fs::write(&path, "id,seller,psk,services,status\n1,1,xyz,all,active\n").unwrap();
    let error = Network::read(dir.path()).unwrap_err().to_string();
    assert!(error.ends_with("terminals.csv:2: psk is not 64 hexadecimal digits"), "{error}");
    let products = dir.path().join("products.csv");
    std::fs::write(&products, "service,id,name,amount\n10,1,A,12.\n").unwrap();
    let error = Network::read(dir.path()).unwrap_err().to_string();
    let end = "products.csv:2: amount \"12.\", expected an amount in USD with at most 2 decimals, \
               as 12.50";
    assert!(error.ends_with(end), "{error}");
    std::fs::remove_file(products).unwrap();
    std::fs::write(&path, "id,seller,services,status\n").unwrap();
    let error = Network::read(dir.path()).unwrap_err().to_string();
    assert!(error.ends_with("terminals.csv:1: the column \"psk\" is missing"), "{error}");
}
