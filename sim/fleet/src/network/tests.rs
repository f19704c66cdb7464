//! What is made can be read again.

use std::collections::BTreeSet;

use super::*;

fn wishes() -> Wishes {
    Wishes {
        seed: 7,
        terminals: 120,
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
    let made = generate(dir.path(), &wishes()).unwrap();
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
fn the_same_seed_makes_the_same_files_and_another_one_other_keys() {
    let dirs: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    for (dir, seed) in dirs.iter().zip([1, 1, 2]) {
        generate(dir.path(), &Wishes { seed, ..wishes() }).unwrap();
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
    let large = Wishes { terminals: 100_000, vouchers: 100_000, ..wishes() };
    let made = generate(dir.path(), &large).unwrap();
    assert_eq!(made.parts.len(), 3);
    assert_eq!(Network::read(dir.path()).unwrap().terminals.len(), 100_000);
    let mut vouchers = 0;
    Network::vouchers(dir.path(), |_, _, _, _| vouchers += 1).unwrap();
    assert_eq!(vouchers, 100_000);
}

#[test]
fn errors_name_the_file_and_the_line() {
    let dir = tempfile::tempdir().unwrap();
    generate(dir.path(), &wishes()).unwrap();
    let path = dir.path().join("terminals.csv");
    std::fs::write(&path, "id,seller,psk,services,status\n1,1,xyz,all,active\n").unwrap();
    let error = Network::read(dir.path()).unwrap_err().to_string();
    assert!(error.ends_with("terminals.csv:2: psk is not 64 hexadecimal digits"), "{error}");
    std::fs::write(&path, "id,seller,services,status\n").unwrap();
    let error = Network::read(dir.path()).unwrap_err().to_string();
    assert!(error.ends_with("terminals.csv:1: the column \"psk\" is missing"), "{error}");
}
