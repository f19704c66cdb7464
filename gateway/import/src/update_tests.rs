//! What an update keeps, and what faults never repeat.

use tillgate_store_core::{
    AccountField, AccountForm, AmountSource, DistributorId, Registry, RegistryRecord, SellerId,
    Service, ServiceId, Status, TerminalId, Velocity,
};

use crate::Existing;
use crate::tests::{network, network_but, read, said};

/// The network in the store, everything in it blocked and limited.
pub(crate) fn stored() -> Registry {
    let plan = read(&network(), &Registry::new(), Existing::Refuse).unwrap();
    let mut registry = Registry::new();
    for mut record in plan.change.records {
        match &mut record {
            RegistryRecord::Distributor(record) => record.status = Status::Blocked,
            RegistryRecord::Seller(record) => record.status = Status::Blocked,
            RegistryRecord::Receipt(_)
            | RegistryRecord::Route(_)
            | RegistryRecord::Bridge(_)
            | RegistryRecord::Handset(_) => {}
            RegistryRecord::Service(record) => {
                record.status = Status::Blocked;
                record.account = Some(AccountField::of(AccountForm::Meter));
            }
            RegistryRecord::Terminal(record) => {
                record.status = Status::Blocked;
                record.reason = "reported stolen".to_owned();
            }
        }
        registry.apply(&record);
    }
    registry
}

/// The store after an update with these files.
fn updated(files: &[(&str, &str)]) -> Registry {
    let mut registry = stored();
    update(&mut registry, files);
    registry
}

fn update(registry: &mut Registry, files: &[(&str, &str)]) {
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    let plan = read(&files, registry, Existing::Replace).unwrap();
    plan.change.records.iter().for_each(|record| registry.apply(record));
}

const SERVICES: &str = "id,name,kind,currency,route,amount_min,amount_max,open_amount,hours,status,\
                        velocity_count,velocity_window_s,velocity_day_amount";

fn air(row: &str) -> Service {
    let text = format!("{SERVICES}\n20,Air,topup,978,topup,1.00,100,{row}\n");
    updated(&[("services.csv", &text)]).service(ServiceId(20)).unwrap().clone()
}

#[test]
fn an_update_with_empty_cells_keeps_a_stolen_terminal_blocked_and_everything_else_as_it_is() {
    let before = stored();
    let mut registry = stored();
    // Each time it is sealed, a key has other bytes.
    let terminal_before = registry.terminal(TerminalId(70_001)).cloned();
    update(
        &mut registry,
        &[
            ("distributors.csv", "id,parent,name,status\n2,,North,\n1,,Top,\n"),
            ("sellers.csv", "id,distributor,name,currency,credit_limit,status\n7,2,Kiosk,EUR,,\n"),
            ("terminals.csv", "id,seller,psk,services,status\n70001,7,,,\n"),
        ],
    );
    for id in [1, 2].map(DistributorId) {
        assert_eq!(registry.distributor(id), before.distributor(id));
    }
    assert_eq!(registry.distributor(DistributorId(2)).unwrap().parent, Some(DistributorId(1)));
    assert_eq!(registry.seller(SellerId(7)), before.seller(SellerId(7)));
    assert_eq!(registry.seller(SellerId(7)).unwrap().credit_limit_minor, 5_000);
    let terminal = registry.terminal(TerminalId(70_001)).unwrap();
    assert_eq!(Some(terminal), terminal_before.as_ref());
    assert_eq!((terminal.status, terminal.reason.as_str()), (Status::Blocked, "reported stolen"));
    assert_eq!(&air(",,,,,"), before.service(ServiceId(20)).unwrap());
}

#[test]
fn an_update_clears_what_it_says_in_words() {
    let registry = updated(&[
        ("distributors.csv", "id,parent,name,status\n2,none,North,active\n"),
        (
            "sellers.csv",
            "id,distributor,name,currency,credit_limit,status\n7,2,Kiosk,EUR,0,active\n",
        ),
        ("terminals.csv", "id,seller,psk,services,status\n70001,7,,all,active\n"),
    ]);
    let north = registry.distributor(DistributorId(2)).unwrap();
    assert_eq!((north.parent, north.status), (None, Status::Active));
    let kiosk = registry.seller(SellerId(7)).unwrap();
    assert_eq!((kiosk.credit_limit_minor, kiosk.status), (0, Status::Active));
    let terminal = registry.terminal(TerminalId(70_001)).unwrap();
    assert_eq!((terminal.status, terminal.reason.as_str()), (Status::Active, ""));
    assert_eq!(terminal.services, tillgate_store_core::Services::All);
    let air = air("no,always,active,0,0,0");
    assert_eq!((air.amount, air.hours, air.status), (AmountSource::Products, None, Status::Active));
    assert_eq!(air.velocity, Velocity::default());
}

#[test]
fn a_new_record_with_an_empty_status_is_active_also_in_an_update() {
    let registry = updated(&[("distributors.csv", "id,parent,name,status\n3,1,South,\n")]);
    assert_eq!(registry.distributor(DistributorId(3)).unwrap().status, Status::Active);
}

#[test]
fn a_service_says_what_its_accounts_are_and_they_are_never_cards() {
    let text = |account: &str| {
        format!("{SERVICES},account\n20,Air,topup,978,topup,1.00,100,yes,,,,,,{account}\n")
    };
    for (word, form) in [
        ("", AccountForm::Phone),
        ("phone", AccountForm::Phone),
        ("meter", AccountForm::Meter),
        ("contract", AccountForm::Contract),
        ("card", AccountForm::Card),
    ] {
        let files = [("services.csv", text(word))];
        let plan = read(&files, &Registry::new(), Existing::Refuse).unwrap();
        let account = plan.change.records.iter().find_map(|record| match record {
            RegistryRecord::Service(service) => service.account.clone(),
            _ => None,
        });
        assert_eq!(account, Some(AccountField::of(form)), "{word}");
    }
}

#[test]
fn a_fault_never_repeats_a_pin_or_a_key() {
    // Without a header the first row stands in its place.
    let headless = said(&network_but("vouchers.csv", "10,1,S1,12345678,2027-01-31\n"));
    assert!(headless.contains("missing column") && !headless.contains("12345678"), "{headless}");
    // In the wrong column.
    let key = "0f".repeat(32);
    let shifted = format!("id,seller,psk,services,status\n70001,{key},7,,\n");
    let refused = said(&network_but("terminals.csv", &shifted));
    assert!(refused.contains("64 hexadecimal digits") && !refused.contains("0f0f"), "{refused}");
}
