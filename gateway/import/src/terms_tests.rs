//! Services with all their properties, as CSV and as TOML: what is read, and in `faults` what is refused.

mod faults;

use tillgate_store_core::{
    AccountCheck, AccountField, AccountForm, AmountSource, BusinessDate, ChargeBase, ChargeKind,
    ChargeRule, CommissionRule, Fulfilment, Language, Lookup, MoneyFlow, ProductId, ReceiptTag,
    ReceiptTemplate, Registry, RegistryRecord, ReversalRule, Rounding, Service, ServiceId,
    TerminalId, Velocity,
};

use crate::Existing;
use crate::tests::{PSK, commits, read};

const HEADER: &str = "id,name,kind,currency,route,amount_min,amount_max,open_amount,hours,status,\
                      velocity_count,velocity_window_s,velocity_day_amount,account,account_label,\
                      account_length,account_picture,account_check,lookup,money,reversal";

const WATER: &str = "30,Water,provider,EUR,topup,1,500,lookup,06:00-22:00,active,5,60,900,bill,\
                     Bill number,10-12,,luhn,required,credit,within 600";

const TOML: &str = r#"# A bill.
[[service]]
id = 30
name = "Water"
kind = "provider"
currency = "EUR"
route = "topup"
amount_min = 1
amount_max = 500.00
open_amount = "lookup"
hours = "06:00-22:00"
status = "active"
account = { form = "bill", label = "Bill number", length = "10-12", check = "luhn" }
lookup = "required"
money = "credit"
reversal = "within 600"
velocity = { count = 5, window_s = 60, day_amount = 900 }

[[service.product]]
id = 1
name = "Basic"
amount = 9.99

[[service.commission]]
level = 0
percent = 1.25
fixed = 0.10
rounding = "half_up"
from = 2026-01-01

[[service.charge]]
kind = "fee"
percent = 1
fixed = 0.50
from = 2026-01-01

[[service.charge]]
kind = "tax"
percent = "16"
of = "fee"
rounding = "up"
from = "2026-01-01"

[[service.receipt]]
language = "en"
text = """
{service}
Paid {total} {currency}
"""

[[service]]
id = 31
name = "Cards"
kind = "stock"
currency = 978
amount_min = "5"
amount_max = 50
open_amount = false
account = "none"
"#;

/// The same as [`TOML`], in one CSV file for each table.
fn tables() -> Vec<(&'static str, String)> {
    vec![
        (
            "services.csv",
            format!("{HEADER}\n{WATER}\n31,Cards,stock,978,,5,50,false,,,,,,none,,,,,,,\n"),
        ),
        ("products.csv", "service,id,name,amount\n30,1,Basic,9.99\n".to_owned()),
        (
            "commissions.csv",
            "service,level,percent,fixed,rounding,from\n30,0,1.25,0.10,half_up,2026-01-01\n".into(),
        ),
        (
            "charges.csv",
            "service,kind,percent,fixed,of,rounding,from\n30,fee,1,0.50,,,2026-01-01\n\
             30,tax,16,,fee,up,2026-01-01\n"
                .to_owned(),
        ),
        (
            "receipts.csv",
            "service,language,text\n30,en,{service}\\nPaid {total} {currency}\n".to_owned(),
        ),
    ]
}

fn tables_but(name: &str, text: &str) -> Vec<(&'static str, String)> {
    let mut files = tables();
    files.iter_mut().find(|file| file.0 == name).unwrap().1 = text.to_owned();
    files
}

fn date() -> BusinessDate {
    BusinessDate::from_ymd(2026, 1, 1).unwrap()
}

fn records(files: &[(&str, String)]) -> Vec<RegistryRecord> {
    read(files, &Registry::new(), Existing::Refuse).unwrap_or_else(|e| panic!("{e}")).change.records
}

/// The registry after the files, over what it had.
fn apply(registry: &mut Registry, files: &[(&str, String)]) {
    let plan = read(files, registry, Existing::Replace).unwrap_or_else(|e| panic!("{e}"));
    plan.change.records.iter().for_each(|record| registry.apply(record));
}

fn service(registry: &Registry, id: u16) -> Service {
    registry.service(ServiceId(id)).unwrap().clone()
}

/// One row of services.csv over the least that a service says.
fn row(cells: &[(&str, &str)]) -> [(&'static str, String); 1] {
    let names: Vec<&str> = HEADER.split(',').collect();
    let mut row: Vec<&str> = "30,S,topup,EUR,topup,1,100,,,,,,,,,,,,,,".split(',').collect();
    for (name, value) in cells {
        row[names.iter().position(|column| column == name).unwrap()] = value;
    }
    [("services.csv", format!("{HEADER}\n{}\n", row.join(",")))]
}

fn of_row(cells: &[(&str, &str)]) -> Service {
    let mut registry = Registry::new();
    apply(&mut registry, &row(cells));
    service(&registry, 30)
}

#[test]
fn every_column_of_a_service_and_its_tables_is_read() {
    let mut registry = Registry::new();
    apply(&mut registry, &tables());
    let text = "{service}\nPaid {total} {currency}";
    let expected = Service {
        account: Some(AccountField {
            label: "Bill number".to_owned(),
            form: AccountForm::Bill,
            length_min: 10,
            length_max: 12,
            picture: String::new(),
            check: AccountCheck::Luhn,
        }),
        lookup: Lookup::Required,
        money: MoneyFlow::Credit,
        reversal: ReversalRule::Within(600),
        route: "topup".to_owned(),
        amount_min_minor: 100,
        amount_max_minor: 50_000,
        amount: AmountSource::Lookup,
        hours: Some(tillgate_store_core::Hours { from_min: 360, to_min: 1_320 }),
        products: vec![tillgate_store_core::Product {
            id: ProductId(1),
            name: "Basic".to_owned(),
            amount_minor: 999,
            stock: tillgate_store_core::StockRules::default(),
        }],
        commission: vec![CommissionRule {
            fixed_minor: 10,
            rounding: Rounding::HalfUp,
            ..CommissionRule::percent(0, 125, date())
        }],
        velocity: Velocity { count_max: 5, window_s: 60, day_amount_max_minor: 90_000 },
        charges: vec![
            ChargeRule {
                kind: ChargeKind::Fee,
                fixed_minor: 50,
                basis_points: 100,
                base: ChargeBase::Amount,
                rounding: Rounding::Down,
                from: date(),
            },
            ChargeRule {
                kind: ChargeKind::Tax,
                fixed_minor: 0,
                basis_points: 1_600,
                base: ChargeBase::Fee,
                rounding: Rounding::Up,
                from: date(),
            },
        ],
        receipts: vec![(Language(*b"en"), ReceiptTag::of(text))],
        ..Service::new(ServiceId(30), "Water", Fulfilment::Provider, 978)
    };
    assert_eq!(service(&registry, 30), expected);
    assert_eq!(registry.receipt(ReceiptTag::of(text)), Some(text));
    assert_eq!(service(&registry, 31).account, None);
    let plan = read(&tables(), &Registry::new(), Existing::Refuse).unwrap();
    assert_eq!(
        plan.counts.sentence(),
        "2 services, 1 product, 1 commission rule, 2 charges, 1 receipt"
    );
    assert!(commits(plan.change), "the ledger takes it");
}

#[test]
fn services_as_toml_give_the_change_that_their_csv_files_give() {
    assert_eq!(records(&[("services.toml", TOML.to_owned())]), records(&tables()));
}

#[test]
fn what_is_not_said_is_as_usual_and_stays_as_stored_in_an_update() {
    let topup = of_row(&[]);
    assert_eq!(topup.account, Some(AccountField::of(AccountForm::Phone)));
    assert_eq!((topup.lookup, topup.money), (Lookup::None, MoneyFlow::Debit));
    assert_eq!(topup.reversal, ReversalRule::UntilConfirmed);
    let stock = of_row(&[("kind", "stock"), ("route", "")]);
    assert_eq!((stock.account, stock.reversal), (None, ReversalRule::ByOperator));

    let mut registry = Registry::new();
    apply(&mut registry, &tables());
    let before = service(&registry, 30);
    apply(&mut registry, &row(&[("name", "Water"), ("amount_max", "500")]));
    assert_eq!(service(&registry, 30), before);
    let files = [
        ("commissions.csv", "service,level,percent,from\n30,0,2,2026-01-01\n".to_owned()),
        ("charges.csv", "service,kind,percent,from,fixed\n30,tax,,2026-01-01,0.10\n".to_owned()),
        ("receipts.csv", "service,language,text\n30,de,Bezahlt\n30,en,Paid\n".to_owned()),
    ];
    apply(&mut registry, &files);
    let after = service(&registry, 30);
    let rule = after.commission[0];
    assert_eq!((rule.basis_points, rule.fixed_minor, rule.rounding), (200, 10, Rounding::HalfUp));
    let tax = after.charges[1];
    assert_eq!((tax.basis_points, tax.fixed_minor, tax.base), (1_600, 10, ChargeBase::Fee));
    let tags = [(*b"en", "Paid"), (*b"de", "Bezahlt")];
    let tags = tags.map(|(language, text)| (Language(language), ReceiptTag::of(text)));
    assert_eq!(after.receipts, tags);
}

#[test]
fn an_update_changes_one_part_of_an_account_and_clears_what_it_says_in_words() {
    let mut registry = Registry::new();
    let meter = [("account", "meter"), ("account_picture", "M99*"), ("account_check", "mod97")];
    apply(&mut registry, &row(&meter));
    let field = |registry: &Registry| service(registry, 30).account.unwrap();
    assert_eq!(field(&registry).label, "Meter");
    apply(&mut registry, &row(&[("account", "bill")]));
    let bill = field(&registry);
    assert_eq!((bill.label.as_str(), bill.picture.as_str()), ("Bill", "M99*"));
    assert_eq!(bill.check, AccountCheck::Mod97);
    let cleared = [("account_picture", "none"), ("account_check", "none")];
    apply(&mut registry, &row(&cleared));
    assert_eq!(field(&registry), AccountField::of(AccountForm::Bill));
    apply(&mut registry, &row(&[("account", "none")]));
    assert_eq!(service(&registry, 30).account, None);
}

#[test]
fn a_rule_or_receipt_of_the_store_is_replaced_only_in_an_update() {
    let mut registry = Registry::new();
    apply(&mut registry, &tables());
    let refused = |name: &'static str, text: &str| {
        let files = [(name, text.to_owned())];
        read(&files, &registry, Existing::Refuse).err().map(|faults| faults.to_string())
    };
    let charges = "service,kind,percent,from\n30,fee,2,2026-01-01\n";
    let said = refused("charges.csv", charges).unwrap();
    assert!(said.contains("charges.csv:2:4 (from): this rule is in the store already"), "{said}");
    let said = refused("receipts.csv", "service,language,text\n30,en,Other\n").unwrap();
    assert!(said.contains("receipts.csv:2:2 (language): en is in the store already"), "{said}");
    let same = "service,language,text\n30,en,{service}\\nPaid {total} {currency}\n";
    assert_eq!(refused("receipts.csv", same), None, "the same receipt again");
}

#[test]
fn services_with_one_text_share_its_template() {
    let files = tables_but("receipts.csv", "service,language,text\n30,en,Thanks\n31,en,Thanks\n");
    let templates = records(&files).into_iter().filter_map(|record| match record {
        RegistryRecord::Receipt(template) => Some(template),
        _ => None,
    });
    assert_eq!(templates.collect::<Vec<_>>(), [ReceiptTemplate::of("Thanks")]);
}

#[test]
fn a_terminal_has_a_language() {
    let registry = crate::update_tests::stored();
    let mut terminals = registry.clone();
    let mut language = |header: &str, cell: &str| {
        let row = format!("id,seller,psk,services,status{header}\n70001,7,{PSK},,{cell}\n");
        apply(&mut terminals, &[("terminals.csv", row)]);
        terminals.terminal(TerminalId(70_001)).unwrap().language.as_str().to_owned()
    };
    assert_eq!(language("", ""), "");
    assert_eq!(language(",language", ",de"), "de");
    assert_eq!(language(",language", ","), "de", "as stored");
    assert_eq!(language("", ""), "de", "as stored");
    assert_eq!(language(",language", ",none"), "");
    let wrong = "id,seller,psk,services,status,language\n70001,7,,,,DE\n".to_owned();
    let faults = read(&[("terminals.csv", wrong)], &registry, Existing::Replace).err().unwrap();
    let said = faults.to_string();
    assert!(said.contains("terminals.csv:2:6 (language): found \"DE\", expected a language as en"));
}

#[test]
fn the_demo_networks_bill_payment_is_read() {
    let mut registry = Registry::new();
    let text = include_str!("../../../demo/services.toml").to_owned();
    apply(&mut registry, &[("services.toml", text)]);
    let bill = service(&registry, 30);
    assert_eq!((bill.amount, bill.lookup), (AmountSource::Lookup, Lookup::Required));
    assert_eq!((bill.charges.len(), bill.commission.len(), bill.receipts.len()), (2, 2, 1));
    assert!(bill.account.unwrap().accepts("4000000002"));
}

#[test]
fn a_terminal_uses_the_sealed_link_or_one_listener() {
    let registry = crate::update_tests::stored();
    let mut terminals = registry.clone();
    let mut listener = |header: &str, cell: &str| {
        let row = format!("id,seller,psk,services,status{header}\n70001,7,{PSK},,{cell}\n");
        apply(&mut terminals, &[("terminals.csv", row)]);
        terminals.terminal(TerminalId(70_001)).unwrap().listener.clone()
    };
    assert_eq!(listener("", ""), "", "the sealed link");
    assert_eq!(listener(",listener", ",pos-a"), "pos-a");
    assert_eq!(listener("", ""), "pos-a", "as stored");
    assert_eq!(listener(",listener", ",none"), "");
    let wrong = "id,seller,psk,services,status,listener\n70001,7,,,,Pos A\n".to_owned();
    let faults = read(&[("terminals.csv", wrong)], &registry, Existing::Replace).err().unwrap();
    let said = faults.to_string();
    assert!(said.contains("terminals.csv:2:6 (listener): found \"Pos A\", expected"), "{said}");
    assert!(said.contains("or none; configured: pos-a"), "{said}");
}
