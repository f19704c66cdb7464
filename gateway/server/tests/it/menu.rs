//! `tillgate menu` as its users call it.

use std::fs;

use crate::codec::fed;
use crate::docs::root;

#[test]
fn the_menu_that_comes_with_the_gateway_passes_its_check_with_the_demo() {
    let demo = root().join("demo");
    for args in [vec![], vec!["--data", demo.to_str().unwrap()], vec!["--room", "160"]] {
        let said = fed(&[&["menu", "check", "default"], args.as_slice()].concat(), b"");
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(said.out.starts_with("default: menu shop, "), "{}", said.out);
        assert!(said.out.contains("services fits 1"), "{}", said.out);
    }
}

#[test]
fn a_check_names_file_and_line_or_screen_language_and_lengths() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("shop.toml");
    let path = file.to_str().unwrap();
    let shown = fed(&["menu", "show"], b"");
    fs::write(&file, shown.out.replace("action = \"balance\"", "action = \"balances\"")).unwrap();
    let said = fed(&["menu", "check", path], b"");
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(
        said.err.contains("shop.toml:2") && said.err.contains("unknown variant"),
        "{}",
        said.err
    );

    fs::write(&file, shown.out).unwrap();
    let said = fed(&["menu", "check", path, "--room", "60"], b"");
    assert_eq!(said.code, 1, "{}", said.out);
    let line = said.err.lines().find(|line| line.contains("enter_amount of service 20")).unwrap();
    assert!(line.contains("characters, ") && line.contains(" are allowed"), "{line}");

    let said = fed(&["menu", "check", "no-such.toml"], b"");
    assert!(said.code == 3 && said.err.contains("no-such.toml: "), "{}", said.err);
}

#[test]
fn a_menu_is_walked_through_by_a_script() {
    let said = fed(&["menu", "try", "default"], b"8362\n1\n1\n1\n1\n*123#\n8362\n4\n");
    assert_eq!(said.code, 0, "{}", said.err);
    for text in [
        "| Enter your PIN |\n+----------------+ 14/182 GSM\n> 8362\n",
        "| 1 Vouchers          |\n",
        "| 1 Northwind prepaid voucher |\n",
        "| 1 Northwind 5 5.00        |\n",
        "| 1 Confirm                 |\n",
        "| PIN 4711-0815-2342-0001         |\n",
        "The dialog is over; what is dialled next begins another.\ndial> *123#\n",
        "| Balance 995.00 EUR |\n",
    ] {
        assert!(said.out.contains(text), "{text}\n{}", said.out);
    }
}

#[test]
fn codes_and_late_answers_are_tried_too_in_any_language() {
    let script = "8362\n1\n1\n1\n:code 51\n1\n\n:code 55\n1111\n8362\n1\n1\n1\n:late\n1\n";
    let said = fed(&["menu", "try", "default", "--language", "sw"], script.as_bytes());
    for text in [
        "| Weka PIN yako |",
        "| Haikuuzwa (51).       |\n| Salio lako halitoshi. |",
        "| PIN si sahihi. |\n| Weka PIN yako  |",
        "| Inashughulikiwa, namba 1. Usiuze",
        "Later, as a notification:\n",
        "| PIN 4711-0815-2342-0001",
    ] {
        assert!(said.out.contains(text), "{text}\n{}", said.out);
    }
    let said = fed(&["menu", "try", "default", "--language", "xx"], b"");
    assert!(said.code == 2 && said.err.contains("it has en, sw, fr, ar"), "{}", said.err);
}

#[test]
fn a_short_cut_that_is_dialled_twice_asks_first() {
    let dial = "*123*1*20*0712345678*5*8362#";
    let script = format!("{dial}\n1\n");
    let said = fed(&["menu", "try", "default", "--dial", dial], script.as_bytes());
    assert_eq!(said.out.matches("| Sold: Northwind top-up").count(), 2, "{}", said.out);
    let (first, second) = said.out.split_once("dial> ").unwrap();
    assert!(!first.contains("Confirm") && second.contains("Ordered 0 min ago! Once more?"));
}

#[test]
fn the_texts_of_each_language_can_be_printed() {
    for language in ["en", "sw", "fr", "ar"] {
        let said = fed(&["menu", "show", "--texts", language], b"");
        assert!(said.out.starts_with("title = \""), "{}", said.out);
    }
    let said = fed(&["menu", "show", "--texts", "de"], b"");
    assert!(said.code == 2 && said.err.contains("there are en, sw, fr, ar"), "{}", said.err);
}
