//! Services with all their properties: each column right and wrong, and the same as TOML.

use tillgate_store_core::{
    AccountCheck, AccountField, AccountForm, AmountSource, BusinessDate, ChargeBase, ChargeKind,
    ChargeRule, CommissionRule, Fulfilment, Language, Lookup, MoneyFlow, ProductId, ReceiptTag,
    ReceiptTemplate, Registry, RegistryRecord, ReversalRule, Rounding, Service, ServiceId,
    TerminalId, Velocity,
};

use crate::Existing;
use crate::tests::{PSK, commits, read, said};

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
    assert_eq!(plan.counts.sentence(), "2 services, 1 receipts");
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
fn a_wrong_property_is_told_with_its_column_and_what_is_expected() {
    let stock = [("kind", "stock"), ("route", "")];
    let with = |cells: &[(&'static str, &'static str)]| [&stock, cells].concat();
    for (cells, expected) in [
        (vec![("kind", "gift")], ":3 (kind): found \"gift\", expected voucher or stock or topup"),
        (with(&[("account", "card")]), ":14 (account): found \"card\", expected none: no provider"),
        (vec![("account", "x")], ":14 (account): found \"x\", expected phone or meter or contract"),
        (vec![("account_label", "A label that is far too long for it")], ":15 (account_label)"),
        (vec![("account_length", "0-4")], ":16 (account_length): found \"0-4\", expected a length"),
        (vec![("account_length", "9-8")], ":16 (account_length)"),
        (vec![("account_length", "25")], ":16 (account_length)"),
        (vec![("account_picture", "9 9")], ":17 (account_picture): found \"9 9\", expected a pict"),
        (vec![("account_picture", "999"), ("account_length", "4")], ":17 (account_picture)"),
        (vec![("account_picture", "99999*"), ("account_length", "4")], ":17 (account_picture)"),
        (
            vec![("account_check", "crc")],
            ":18 (account_check): found \"crc\", expected none or luhn",
        ),
        (
            vec![("account", "none"), ("account_label", "A")],
            ":15 (account_label): found \"A\", expe",
        ),
        (
            vec![("lookup", "may")],
            ":19 (lookup): found \"may\", expected none or offered or requir",
        ),
        (vec![("account", "none"), ("lookup", "offered")], ":19 (lookup): found \"offered\", expe"),
        (vec![("open_amount", "lookup")], ":19 (lookup): found nothing, expected required: the"),
        (vec![("open_amount", "lookup"), ("lookup", "offered")], ":19 (lookup): found \"offered\""),
        (
            vec![("money", "cash")],
            ":20 (money): found \"cash\", expected debit or credit or nothing",
        ),
        (
            vec![("reversal", "maybe")],
            ":21 (reversal): found \"maybe\", expected never, operator, un",
        ),
        (vec![("reversal", "within 0")], ":21 (reversal)"),
        (vec![("reversal", "within 1h")], ":21 (reversal)"),
        (with(&[("open_amount", "yes")]), ":8 (open_amount): found \"yes\", expected no: vouchers"),
        (with(&[("open_amount", "lookup")]), ":8 (open_amount): found \"lookup\", expected no"),
        (
            with(&[("account", "bill"), ("lookup", "offered")]),
            ":19 (lookup): found \"offered\", exp",
        ),
        (
            with(&[("money", "credit")]),
            ":20 (money): found \"credit\", expected debit: a card sale",
        ),
        (
            with(&[("reversal", "until_confirmed")]),
            ":21 (reversal): found \"until_confirmed\", expe",
        ),
    ] {
        let said = said(&row(&cells));
        assert!(said.contains(&format!("services.csv:2{expected}")), "{said}\n{expected}");
        assert!(said.ends_with("1 fault; nothing was imported"), "{said}");
    }
    for (word, rule) in [
        ("never", ReversalRule::Never),
        ("operator", ReversalRule::ByOperator),
        ("until_confirmed", ReversalRule::UntilConfirmed),
        ("within 3600", ReversalRule::Within(3_600)),
    ] {
        assert_eq!(of_row(&[("reversal", word)]).reversal, rule);
    }
    assert_eq!(of_row(&[("lookup", "offered")]).lookup, Lookup::Offered);
    assert_eq!(of_row(&[("account_length", "7")]).account.unwrap().length_min, 7);
}

#[test]
fn a_wrong_charge_commission_or_receipt_is_told_with_its_column() {
    let (charges, commissions) = (
        "service,kind,percent,fixed,of,rounding,from",
        "service,level,percent,fixed,rounding,from",
    );
    for (file, text, expected) in [
        (
            "charges.csv",
            format!("{charges}\n30,toll,1,,,,2026-01-01\n"),
            ":2 (kind): found \"toll\"",
        ),
        ("charges.csv", format!("{charges}\n9,fee,1,,,,2026-01-01\n"), ":1 (service): found \"9\""),
        ("charges.csv", format!("{charges}\n30,fee,101,,,,2026-01-01\n"), ":3 (percent): found"),
        (
            "charges.csv",
            format!("{charges}\n30,fee,,,,,2026-01-01\n"),
            ":3 (percent): found nothing",
        ),
        ("charges.csv", format!("{charges}\n30,fee,,0.005,,,2026-01-01\n"), ":4 (fixed): found"),
        ("charges.csv", format!("{charges}\n30,fee,,-1,,,2026-01-01\n"), ":4 (fixed): found"),
        (
            "charges.csv",
            format!("{charges}\n30,fee,1,,fee,,2026-01-01\n"),
            ":5 (of): found \"fee\"",
        ),
        (
            "charges.csv",
            format!("{charges}\n30,tax,1,,net,,2026-01-01\n"),
            ":5 (of): found \"net\"",
        ),
        ("charges.csv", format!("{charges}\n30,tax,1,,,even,2026-01-01\n"), ":6 (rounding): found"),
        ("charges.csv", format!("{charges}\n30,tax,1,,,,today\n"), ":7 (from): found \"today\""),
        (
            "commissions.csv",
            format!("{commissions}\n30,0,,,,2026-01-01\n"),
            ":3 (percent): found no",
        ),
        ("commissions.csv", format!("{commissions}\n30,0,,x,,2026-01-01\n"), ":4 (fixed): found"),
        (
            "commissions.csv",
            format!("{commissions}\n30,0,1,,x,2026-01-01\n"),
            ":5 (rounding): found",
        ),
        (
            "receipts.csv",
            "service,language,text\n30,eng,A\n".into(),
            ":2 (language): found \"eng\"",
        ),
        ("receipts.csv", "service,language,text\n30,en,\n".into(), ":3 (text): a receipt has 1 to"),
        (
            "receipts.csv",
            "service,language,text\n30,en,{amout}\n".into(),
            ":3 (text): \"amout\" is no",
        ),
    ] {
        let said = said(&tables_but(file, &text));
        assert!(said.contains(&format!("{file}:2{expected}")), "{said}\nexpected {expected}");
        assert!(said.ends_with("1 fault; nothing was imported"), "{said}");
    }
    let twice = format!("{charges}\n30,fee,1,,,,2026-01-01\n30,fee,2,,,,2026-01-01\n");
    let said = said(&tables_but("charges.csv", &twice));
    assert!(said.contains("charges.csv:3:2 (kind): fee was given before, in line 2"), "{said}");
    let twice = "service,language,text\n30,en,A\n30,en,B\n";
    let said = self::said(&tables_but("receipts.csv", twice));
    assert!(said.contains("receipts.csv:3:2 (language): en was given before, in line 2"), "{said}");
}

/// The faults of [`TOML`] with one text replaced.
fn toml_said(old: &str, new: &str) -> String {
    assert!(TOML.contains(old));
    said(&[("services.toml", TOML.replacen(old, new, 1))])
}

#[test]
fn a_fault_of_toml_names_the_line_and_the_place_in_it() {
    for (old, new, expected) in [
        ("id = 30\n", "", "services.toml:2 (id): found nothing, expected a whole number"),
        ("id = 30", "id = 0", "services.toml:3:6 (id): found \"0\", expected a whole number"),
        ("\"topup\"", "\"north\"", "services.toml:7:9 (route): found \"north\", expected a bridge"),
        ("500.00", "5e2", "services.toml:9:14 (amount_max): found \"5e2\", expected"),
        ("length = \"10-12\"", "length = 99", "services.toml:13:60 (account_length): found \"99\""),
        ("check = \"luhn\"", "check = \"\u{20ac}\"", "services.toml:13:77 (account_check): found"),
        (
            "lookup = \"required\"\n",
            "",
            "services.toml:2 (lookup): found nothing, expected required",
        ),
        (
            "amount = 9.99",
            "amount = 999",
            "services.toml:22:10 (amount): found \"999\", expected an",
        ),
        ("percent = 1.25", "percent = 1.255", "services.toml:26:11 (percent): found \"1.255\""),
        (
            "of = \"fee\"",
            "of = \"net\"",
            "services.toml:40:6 (of): found \"net\", expected amount or",
        ),
        (
            "kind = \"tax\"\npercent = \"16\"\nof = \"fee\"",
            "kind = \"fee\"\npercent = 2",
            "services.toml:38:8 (kind): fee was given before, in line",
        ),
        ("{total}", "{totl}", "services.toml:46:8 (text): \"totl\" is no place of a receipt"),
        ("id = 31", "id = 30", "services.toml:52:6 (id): 30 was given before, in line 2"),
    ] {
        let said = toml_said(old, new);
        assert!(said.contains(expected), "{said}\nexpected {expected}");
    }
}

#[test]
fn toml_that_is_not_in_the_form_of_a_service_is_told_with_what_is() {
    for (old, new, expected) in [
        ("id = 30", "id = ", "services.toml:3:6: "),
        ("id = 30", "id = 30\nid = 31", "services.toml:4:1: duplicate key"),
        (
            "id = 30",
            "idd = 30",
            "services.toml:3:1: unknown key \"idd\" of [[service]]; known are id",
        ),
        (
            "form = ",
            "from = ",
            "services.toml:13:13: unknown key \"from\" of account; known are form",
        ),
        ("level = 0", "levels = 0", "services.toml:25:1: unknown key \"levels\" of [[commission]]"),
        (
            "# A bill.",
            "x = 1",
            "services.toml:1:1: unknown key \"x\" of the file; known are service",
        ),
        ("\"Water\"", "7", "services.toml:4:8: found a number, expected a text"),
        ("id = 30", "id = true", "services.toml:3:6: found true or false, expected a number"),
        ("account = {", "account = [1] # {", "services.toml:13:11: found a list, expected a text"),
        (
            "velocity = {",
            "velocity = 5 # {",
            "services.toml:17:12: found a number, expected velocity",
        ),
        ("[[service.product]]", "[service.product]", "found a table, expected [[product]]"),
        ("from = 2026-01-01", "from = 2026", "found a number, expected a date as 2026-12-31"),
    ] {
        let said = toml_said(old, new);
        assert!(said.contains(expected), "{said}\nexpected {expected}");
    }
    let said = toml_said("[[service]]\nid = 30", "[[service]]\nid = true\nnme = 1");
    assert!(said.ends_with("2 faults; nothing was imported"), "{said}");
    assert!(self::said(&[("services.toml", String::new())]).contains("has no [[service]]"));
    let list = self::said(&[("services.toml", "service = [1]".to_owned())]);
    assert!(list.contains("services.toml:1:12: found a number, expected [[service]]"), "{list}");
}

#[test]
fn a_service_of_two_files_names_both() {
    let mut files = tables();
    files.push(("services.toml", TOML.to_owned()));
    let said = said(&files);
    let expected = "services.toml:3:6 (id): 30 was given before, in line 2 of another file";
    assert!(said.contains(expected), "{said}");
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
