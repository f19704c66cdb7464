use tillgate_store_core::vault::{terminal_context, voucher_context};
use tillgate_store_core::{
    BusinessDate, Change, Command, Memory, Outcome, ProductId, Registry, RegistryRecord, Secret,
    ServiceId, Services, Store, TerminalId, Vault,
};

use crate::{Context, Existing, Faults, Plan, Source, make_missing_keys, plan};
use zeroize::Zeroizing;

type LedgerStore = tillgate_store_core::LedgerStore<Memory>;

pub(crate) const PSK: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A small network that is right.
pub(crate) fn network() -> Vec<(&'static str, String)> {
    vec![
        ("distributors.csv", "id,parent,name,status\n2,1,North,active\n1,,Top,\n".to_owned()),
        (
            "sellers.csv",
            "id,distributor,name,currency,credit_limit,status\n7,2,Kiosk,EUR,50.00,active\n"
                .to_owned(),
        ),
        (
            "services.csv",
            "id,name,kind,currency,route,amount_min,amount_max,open_amount,hours,status,\
             velocity_count,velocity_window_s,velocity_day_amount\n\
             10,Talk,voucher,EUR,,5,50,no,,active,,,\n\
             20,Air,topup,978,topup,1.00,100,yes,06:00-24:00,active,10,60,250\n"
                .to_owned(),
        ),
        ("products.csv", "service,id,name,amount\n10,1,Talk 5,5.00\n20,3,Plan,9.99\n".to_owned()),
        ("commissions.csv", "service,level,percent,from\n10,0,4.25,2026-01-01\n".to_owned()),
        ("terminals.csv", format!("id,seller,psk,services,status\n70001,7,{PSK},10;20,active\n")),
        ("vouchers.csv", "service,product,serial,pin,expiry\n10,1,S1,12345678,2027-01-31\n".into()),
        ("floats.csv", "reference,seller,amount\nD-1,7,100\n".to_owned()),
    ]
}

/// The network with one file replaced.
pub(crate) fn network_but(name: &str, text: &str) -> Vec<(&'static str, String)> {
    let mut files = network();
    files.iter_mut().find(|file| file.0 == name).unwrap().1 = text.to_owned();
    files
}

fn sources(files: &[(&str, String)]) -> Vec<Source> {
    files
        .iter()
        .map(|(name, text)| Source::of_text(name, Zeroizing::new(text.clone())).unwrap())
        .collect()
}

pub(crate) fn vault() -> Vault {
    Vault::new(1, [0x11; 32])
}

pub(crate) fn read(
    files: &[(&str, String)],
    known: &Registry,
    existing: Existing,
) -> Result<Plan, Faults> {
    plan_of(&sources(files), known, existing)
}

pub(crate) fn plan_of(
    sources: &[Source],
    known: &Registry,
    existing: Existing,
) -> Result<Plan, Faults> {
    let context = Context {
        known,
        bridges: &["topup".to_owned()],
        listeners: &["pos-a".to_owned()],
        vault: &vault(),
        today: BusinessDate::from_ymd(2026, 11, 23).unwrap(),
        at_ms: 1_795_000_000_000,
        existing,
        nonce: &|| [3; 12],
        random: &|| [4; 32],
    };
    plan(sources, &context, "test")
}

pub(crate) fn said(files: &[(&str, String)]) -> String {
    read(files, &Registry::new(), Existing::Refuse).err().unwrap().to_string()
}

fn commit(book: &mut LedgerStore, change: Change) -> Outcome {
    let (mut commands, mut outcomes) = (vec![Command::Change(change)], Vec::new());
    book.commit(&mut commands, &mut outcomes).unwrap();
    outcomes.pop().unwrap()
}

/// Whether an empty store takes a change.
pub(crate) fn commits(change: Change) -> bool {
    commit(&mut book(), change) == Outcome::Applied
}

fn book() -> LedgerStore {
    LedgerStore::open(Memory::default(), [1; 8]).unwrap()
}

#[test]
fn a_network_becomes_one_change_that_the_ledger_takes() {
    let plan = read(&network(), &Registry::new(), Existing::Refuse).unwrap();
    assert_eq!(
        plan.change.note,
        "import: 2 distributors, 1 seller, 2 services, 2 products, 1 commission rule, 1 terminal, \
         1 voucher, 1 float load"
    );
    let mut book = book();
    assert_eq!(commit(&mut book, plan.change), Outcome::Applied);
    let registry = book.load_registry().unwrap();
    let seller = registry.seller(tillgate_store_core::SellerId(7)).unwrap();
    assert_eq!(book.account(&seller.float()).available(), 15_000);
    let air = registry.service(ServiceId(20)).unwrap();
    assert_eq!((air.amount_max_minor, air.hours.unwrap().to_min), (10_000, 1_440));
    assert_eq!(registry.service(ServiceId(10)).unwrap().commission[0].basis_points, 425);
    let terminal = registry.terminal(TerminalId(70_001)).unwrap();
    assert_eq!(terminal.services, Services::Only(vec![ServiceId(10), ServiceId(20)]));
}

#[test]
fn keys_and_pins_are_sealed_for_their_place_and_are_nowhere_else() {
    let plan = read(&network(), &Registry::new(), Existing::Refuse).unwrap();
    let shown = format!("{:?}", plan.change);
    assert!(!shown.contains("12345678") && !shown.contains(PSK));
    let voucher = &plan.change.vouchers[0];
    let mut out = Secret::new();
    let place = voucher_context(ServiceId(10), ProductId(1), &voucher.serial);
    vault().open(&place, &voucher.pin, &mut out).unwrap();
    assert_eq!(out.as_bytes(), b"12345678");
    let terminal = plan.change.records.iter().find_map(|record| match record {
        RegistryRecord::Terminal(terminal) => Some(terminal),
        _ => None,
    });
    let terminal = terminal.unwrap();
    vault()
        .open(&terminal_context(terminal.id, 1), &terminal.newest_key().sealed, &mut out)
        .unwrap();
    assert_eq!(hex::encode(out.as_bytes()), PSK);
}

#[test]
fn a_wrong_field_is_told_with_file_line_column_what_was_found_and_what_is_expected() {
    for (file, text, expected) in [
        (
            "sellers.csv",
            "id,distributor,name,currency,credit_limit,status\n7,2,Kiosk,EUR,50.005,active\n",
            "sellers.csv:2:5 (credit_limit): found \"50.005\", expected an amount in EUR with at \
             most 2 decimals, as 12.50",
        ),
        (
            "sellers.csv",
            "id,distributor,name,currency,credit_limit,status\n\n7,9,Kiosk,EUR,0,active\n",
            "sellers.csv:3:2 (distributor): found \"9\", expected a distributor that exists",
        ),
        (
            "terminals.csv",
            "psk,id,seller,services,status\nabcd,70001,7,,active\n",
            "terminals.csv:2:1 (psk): found 4 characters, expected 64 hexadecimal digits",
        ),
        (
            "terminals.csv",
            "id,seller,psk,services,status\n70001,8,,,active\n",
            "terminals.csv:2:2 (seller): found \"8\", expected a seller that exists",
        ),
        (
            "vouchers.csv",
            "service,product,serial,pin,expiry\n10,1,S1,12345678,2026-11-22\n",
            "vouchers.csv:2:5 (expiry): found \"2026-11-22\", expected 2026-11-23 or later",
        ),
        (
            "vouchers.csv",
            "service,product,serial,pin,expiry\n10,2,S1,12345678,2027-01-31\n",
            "vouchers.csv:2:2 (product): found \"2\", expected a product of service 10",
        ),
        (
            "products.csv",
            "service,id,name,amount\n10,1,Talk 500,500.00\n",
            "products.csv:2:4 (amount): found \"500.00\", expected an amount within the limits",
        ),
        (
            "commissions.csv",
            "service,level,percent,from\n10,0,400,2026-01-01\n",
            "commissions.csv:2:3 (percent): found \"400\", expected a percentage from 0 to 100",
        ),
        (
            "floats.csv",
            "reference,seller,amount\nD 1,7,100\n",
            "floats.csv:2:1 (reference): found \"D 1\", expected 1 to 32 letters, digits or signs",
        ),
        (
            "distributors.csv",
            "id,parent,name,status\n1,,Top,asleep\n2,1,North,\n",
            "distributors.csv:2:4 (status): found \"asleep\", expected active or blocked or nothing",
        ),
    ] {
        let said = said(&network_but(file, text));
        assert!(said.contains(expected), "{said}\nexpected: {expected}");
    }
}

#[test]
fn a_wrong_row_does_not_make_the_rows_that_refer_to_it_wrong() {
    let files = network_but(
        "sellers.csv",
        "id,distributor,name,currency,credit_limit,status\n7,2,Kiosk,Euro,50,active\n",
    );
    let said = said(&files);
    assert!(
        said.contains("an ISO 4217 currency") && said.ends_with("1 fault; nothing was imported")
    );
}

#[test]
fn circles_depth_and_missing_parents_of_the_tree_are_told_at_their_rows() {
    let header = "id,parent,name,status\n";
    let circle = said(&network_but("distributors.csv", &format!("{header}1,2,A,\n2,1,B,\n")));
    assert!(circle.contains("distributors.csv:2:2 (parent): hangs below itself: 1 -> 2 -> 1"));
    let missing = said(&network_but("distributors.csv", &format!("{header}2,5,A,\n")));
    assert!(missing.contains(":2:2 (parent): found \"5\", expected a distributor that exists"));
    let chain: String = (1..=9)
        .map(|id| {
            format!("{id},{},D{id},\n", if id == 1 { String::new() } else { (id - 1).to_string() })
        })
        .collect();
    let deep = said(&network_but("distributors.csv", &format!("{header}{chain}")));
    assert!(deep.contains("distributors.csv:10:2 (parent): is more than 8 levels deep"), "{deep}");
}

#[test]
fn what_is_given_twice_is_told_with_the_line_of_the_first() {
    let vouchers = "service,product,serial,pin,expiry\n10,1,S1,12345678,2027-01-31\n\
                    10,1,S1,87654321,2027-01-31\n10,1,S2,12345678,2027-01-31\n";
    let said_vouchers = said(&network_but("vouchers.csv", vouchers));
    assert!(said_vouchers.contains(":3:3 (serial): S1 was given before, in line 2"));
    assert!(said_vouchers.contains(":4:4 (pin): the same value was given before, in line 2"));
    assert!(!said_vouchers.contains("12345678"), "a PIN is never shown");
    let twice = format!("id,seller,psk,services,status\n1,7,{PSK},,\n1,7,{PSK},,\n");
    let said_terminals = said(&network_but("terminals.csv", &twice));
    assert!(
        said_terminals.contains("terminals.csv:3:1 (id): 00000001 was given before, in line 2")
    );
}

#[test]
fn a_header_names_what_is_missing_and_what_is_unknown() {
    let said = said(&network_but("floats.csv", "reference,seler,amount\nD-1,7,1\n"));
    assert!(said.contains(
        "floats.csv:1: header: missing column seller; unknown column \"seler\"; expected \
         reference,seller,amount"
    ));
    let semicolons = self::said(&network_but("floats.csv", "reference;seller;amount\nD-1;7;1\n"));
    assert!(semicolons.contains("fields are not separated by commas"));
    let empty = self::said(&network_but("floats.csv", ""));
    assert!(empty.contains("is empty, expected the header reference,seller,amount"), "{empty}");
    let short = self::said(&network_but("floats.csv", "reference,seller,amount\nD-1,7\n"));
    assert!(short.contains("floats.csv:2: found 2 fields, expected 3"), "{short}");
}

#[test]
fn ids_of_the_store_are_refused_unless_an_update_is_wanted() {
    let mut book = book();
    let first = read(&network(), &Registry::new(), Existing::Refuse).unwrap();
    commit(&mut book, first.change);
    let registry = book.load_registry().unwrap();
    let mut files = network();
    files.retain(|file| file.0 != "vouchers.csv" && file.0 != "floats.csv");
    let refused = read(&files, &registry, Existing::Refuse).err().unwrap().to_string();
    assert!(refused.contains("sellers.csv:2:1 (id): 7 is in the store already; --update"));
    files.iter_mut().find(|file| file.0 == "terminals.csv").unwrap().1 =
        "id,seller,psk,services,status\n70001,7,,,blocked\n".to_owned();
    let update = read(&files, &registry, Existing::Replace).unwrap();
    assert_eq!(commit(&mut book, update.change), Outcome::Applied);
    let after = book.load_registry().unwrap();
    let (old, new) = (registry.terminal(TerminalId(70_001)), after.terminal(TerminalId(70_001)));
    assert_eq!(old.unwrap().keys(), new.unwrap().keys(), "an empty psk keeps the key");
    let generation_after = |psk: &str| {
        let mut files = files.clone();
        files.iter_mut().find(|file| file.0 == "terminals.csv").unwrap().1 =
            format!("id,seller,psk,services,status\n70001,7,{psk},,active\n");
        let update = read(&files, &registry, Existing::Replace).unwrap();
        update.change.records.iter().find_map(|record| match record {
            RegistryRecord::Terminal(terminal) => Some(terminal.newest_key().generation),
            _ => None,
        })
    };
    assert_eq!(generation_after(PSK), Some(0), "the same key again is the same key");
    assert_eq!(generation_after(&PSK.replace(&PSK[..2], "ee")), Some(1), "another one is not");
}

#[test]
fn a_serial_that_was_loaded_before_is_led_back_to_its_line() {
    let mut book = book();
    let first = read(&network(), &Registry::new(), Existing::Refuse).unwrap();
    commit(&mut book, first.change);
    let registry = book.load_registry().unwrap();
    let files = [(
        "vouchers-2.csv",
        "service,product,serial,pin,expiry\n10,1,S9,99999999,2027-01-31\n\
         10,1,S1,55555555,2027-01-31\n"
            .to_owned(),
    )];
    let mut second = read(&files, &registry, Existing::Refuse).unwrap();
    let Outcome::Rejected(rejections) = commit(&mut book, std::mem::take(&mut second.change))
    else {
        panic!("a serial was loaded twice")
    };
    let faults = second.explain(rejections).to_string();
    assert!(
        faults.contains("vouchers-2.csv:3: voucher S1 of service 10: loaded before"),
        "{faults}"
    );
}

#[test]
fn a_long_list_of_faults_is_cut_and_counted() {
    let rows: String = (0..1_000).map(|n| format!("10,1,S{n},1,2027-01-31\n")).collect();
    let said =
        said(&network_but("vouchers.csv", &format!("service,product,serial,pin,expiry\n{rows}")));
    assert!(said.ends_with("... and 950 more\n1000 faults; nothing was imported"), "{said}");
}

#[test]
fn missing_keys_are_made_and_handed_out() {
    let files = network_but(
        "terminals.csv",
        &format!("id,seller,psk,services,status\n1,7,,,\n2,7,{PSK},,"),
    );
    let mut sources = sources(&files);
    let key = || std::array::from_fn(|at| u8::try_from(at).unwrap());
    let made = make_missing_keys(&mut sources, &key).unwrap();
    let lines: Vec<&str> = made.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with("1,1,") && lines[1].len() == 68, "{}", lines[1].len());
    let context = Context {
        known: &Registry::new(),
        bridges: &["topup".to_owned()],
        listeners: &["pos-a".to_owned()],
        vault: &vault(),
        today: BusinessDate(9_000),
        at_ms: 1,
        existing: Existing::Refuse,
        nonce: &|| [3; 12],
        random: &|| [4; 32],
    };
    let plan = plan(&sources, &context, "test").ok().unwrap();
    assert_eq!(plan.counts.terminals, 2);
    assert!(make_missing_keys(&mut sources, &key).is_none());
}
