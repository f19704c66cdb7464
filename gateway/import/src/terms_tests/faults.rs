//! Properties that are wrong: where it is said, and what is expected.

use tillgate_store_core::{Lookup, ReversalRule};

use super::{TOML, of_row, row, tables, tables_but};
use crate::tests::said;

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
