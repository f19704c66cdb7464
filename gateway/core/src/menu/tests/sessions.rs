//! Log-on, balance, receipts, PIN, language, and the ways through a menu.

use tillgate_codec::link::message::{
    Answer, AnswerKind, GatewayMessage, Listing, Reject, TerminalMessage,
};
use tillgate_store_core::{RegistryRecord, ResponseCode, ServiceId};

use super::super::limits::{DIALOG_BYTES_MAX, KEPT_BYTES_MAX};
use super::super::{Dialog, Menu};
use super::{DAY, Done, PIN, Phone, answer, language, services, slip};

#[test]
fn a_dialog_is_small() {
    let bytes = size_of::<Dialog>() + KEPT_BYTES_MAX;
    assert!(bytes <= DIALOG_BYTES_MAX, "{bytes}");
}

#[test]
fn nobody_sees_the_menu_before_the_pin() {
    let mut phone = Phone::new();
    assert_eq!(phone.dial("*123#"), Done::Continue);
    assert_eq!(phone.screen, "Enter your PIN");
    assert_eq!(phone.walk(&["12"]), "A PIN has 4 to 8 digits.\nEnter your PIN");
    assert_eq!(phone.enter(" ٨٣٦٢ "), Done::LogOn, "digits of another script");
    assert_eq!(phone.pins, [PIN]);
    assert_eq!(phone.enter(PIN), Done::Nothing, "the answer is awaited");
    assert_eq!(phone.welcome(ResponseCode(*b"55")), Done::Continue);
    assert_eq!(phone.screen, "Wrong PIN.\nEnter your PIN");
    assert_eq!(phone.enter(PIN), Done::LogOn);
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Continue);
    assert!(phone.screen.starts_with("Main menu\n1 Vouchers"));
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Nothing, "not awaited");
}

#[test]
fn a_wrong_pin_is_asked_for_a_few_times_and_a_locked_one_not_at_all() {
    let mut phone = Phone::new();
    phone.dial("*123#");
    for _ in 0..3 {
        phone.enter("9999");
        assert_eq!(phone.welcome(ResponseCode(*b"55")), Done::Continue);
    }
    phone.enter("9999");
    assert_eq!(phone.welcome(ResponseCode(*b"55")), Done::End);
    assert_eq!(phone.screen, "Wrong PIN.");
    for (code, text) in [
        (ResponseCode(*b"75"), "Too many wrong PINs. Wait, or call your distributor."),
        (ResponseCode::TERMINAL_INACTIVE, "You may not sell now (58). Call your distributor."),
        (ResponseCode::MALFUNCTION, "Not available now (96). Try again later."),
    ] {
        phone.dial("*123#");
        phone.enter(PIN);
        assert_eq!(phone.welcome(code), Done::End);
        assert_eq!(phone.screen, text);
        assert_eq!(phone.enter("1"), Done::Nothing);
    }
}

#[test]
fn the_balance_is_shown_and_the_menu_goes_on() {
    let mut phone = Phone::logged_on();
    assert_eq!(phone.enter("4"), Done::Request);
    let TerminalMessage::Balance(asked) = phone.asks() else { panic!("no balance") };
    assert_eq!((asked.stan, asked.date), (1_201, DAY));
    let balance = Answer { kind: AnswerKind::Balance, ..answer(1_201, ResponseCode::APPROVED) };
    assert_eq!(phone.answer(&GatewayMessage::Answer(balance)), Done::Continue);
    assert_eq!(phone.screen, "Balance 123.45 EUR\n0 Back");
    assert!(phone.walk(&["0"]).starts_with("Main menu"));
}

#[test]
fn the_last_receipt_is_shown_again_as_it_was_printed() {
    let mut phone = Phone::logged_on();
    assert_eq!(phone.enter("5"), Done::Request);
    let TerminalMessage::Repeat(asked) = phone.asks() else { panic!("no repeat") };
    assert_eq!((asked.stan, asked.date), (0, DAY));
    let lines = "MOBILE ONE 5.00 EUR\nDial *104*PIN#\n";
    let sold = Answer { voucher: Some(slip()), lines, ..answer(1_150, ResponseCode::APPROVED) };
    assert_eq!(phone.answer(&GatewayMessage::Answer(sold)), Done::Continue);
    assert!(phone.screen.starts_with("PIN 4711-0815-2342-9001\n"), "{}", phone.screen);
    assert!(phone.screen.contains("\nMOBILE ONE 5.00 EUR\nDial *104*PIN#"), "{}", phone.screen);
    phone.walk(&["0"]);
    phone.enter("5");
    let none = answer(0, ResponseCode::UNABLE_TO_LOCATE);
    phone.answer(&GatewayMessage::Answer(none));
    assert_eq!((phone.screen.as_str(), phone.sales()), ("No sale today.\n0 Back", 0));
}

#[test]
fn the_last_sales_are_listed_by_pages() {
    let mut phone = Phone::logged_on();
    assert_eq!(phone.enter("6"), Done::Request);
    let TerminalMessage::Recent(asked) = phone.asks() else { panic!("no recent") };
    assert_eq!((asked.stan, asked.date, asked.count), (1_201, DAY, 5));
    let lines: String =
        (0..5).map(|n| format!("14:0{n} Northwind top-up\u{7} 5.0{n} 0712345678 OK\n")).collect();
    let listing = |code, lines| Listing { stan: 1_201, date: DAY, code, lines };
    let all = GatewayMessage::Listing(listing(ResponseCode::APPROVED, &lines));
    assert_eq!(phone.answer(&all), Done::Continue);
    assert!(phone.screen.starts_with("14:00 Northwind top-up  5.00 0712345678 OK\n"));
    assert!(phone.screen.ends_with("\n98 More"), "{}", phone.screen);
    let end = "14:04 Northwind top-up  5.04 0712345678 OK\n0 Back";
    assert!(phone.walk(&["98"]).ends_with(end), "{}", phone.screen);
    phone.walk(&["0"]);
    for (code, lines, text) in [
        (ResponseCode::APPROVED, "", "No sale today.\n0 Back"),
        (ResponseCode::MALFUNCTION, "", "Not available now (96). Try again later."),
    ] {
        phone.enter("6");
        phone.answer(&GatewayMessage::Listing(listing(code, lines)));
        assert_eq!(phone.screen, text);
        phone.enter("0");
    }
}

#[test]
fn a_pin_is_changed_by_who_knows_the_old_one_and_to_no_weak_one() {
    let mut phone = Phone::logged_on();
    assert_eq!(phone.walk(&["7", "1"]), "Enter your present PIN\n0 Back");
    assert_eq!(phone.walk(&[PIN]), "Enter a new PIN of 4 to 8 digits\n0 Back");
    for weak in ["1234", "0000", "1987", PIN] {
        assert!(phone.walk(&[weak]).starts_with("That PIN is easy to guess."), "{weak}");
        phone.walk(&["00", "7", "1", PIN]);
    }
    assert_eq!(phone.walk(&["7052"]), "Enter the new PIN again\n0 Back");
    assert!(phone.walk(&["7053"]).starts_with("The two PINs differ.\nEnter a new PIN"));
    phone.walk(&["7052"]);
    assert_eq!(phone.enter("7052"), Done::ChangePin);
    assert_eq!(phone.pins.last().unwrap(), "8362>7052");
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Continue);
    assert!(phone.screen.starts_with("Your PIN is changed.\nMain menu"));

    phone.walk(&["7", "1", "1357", "7052"]);
    phone.enter("7052");
    assert_eq!(phone.welcome(ResponseCode(*b"55")), Done::Continue);
    assert!(phone.screen.starts_with("Wrong PIN.\nEnter your present PIN"));
    phone.walk(&["1357", "7052"]);
    phone.enter("7052");
    assert_eq!(phone.welcome(ResponseCode(*b"75")), Done::End);
}

#[test]
fn a_pin_that_others_know_is_changed_before_anything_else() {
    let mut phone = Phone::new();
    phone.must_change_pin = true;
    assert_eq!(phone.dial("*123*1*20*0712345678*5*8362#"), Done::LogOn);
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Continue);
    assert!(phone.screen.starts_with("Choose a PIN of your own first.\nEnter your present PIN"));
    for way_out in ["0", "00"] {
        assert!(phone.walk(&[way_out]).contains("Enter your present PIN"), "{}", phone.screen);
    }
    assert!(phone.walk(&[PIN, PIN]).starts_with("That PIN is easy to guess."), "the same again");
    phone.walk(&["7052"]);
    assert_eq!(phone.enter("7052"), Done::ChangePin);
    assert_eq!(phone.pins.last().unwrap(), "8362>7052");
    phone.must_change_pin = false;
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Continue);
    assert!(phone.screen.starts_with("Your PIN is changed.\nMain menu"), "{}", phone.screen);
    assert_eq!(phone.sales(), 0);
}

#[test]
fn the_terminal_s_language_decides_and_the_person_may_choose_another() {
    let mut phone = Phone::new();
    phone.terminal.language = language("sw");
    phone.dial("*123#");
    assert_eq!(phone.screen, "Weka PIN yako");
    phone.enter(PIN);
    phone.welcome(ResponseCode::APPROVED);
    let languages = phone.walk(&["7", "2"]);
    assert_eq!(languages, "Lugha\n1 English\n2 Kiswahili\n3 Francais\n4 العربية\n0 Rudi");
    assert!(phone.walk(&["4"]).starts_with("القائمة الرئيسية\n1 قسائم"));
    phone.terminal.language = language("xx");
    phone.dial("*123#");
    assert_eq!(phone.screen, "Enter your PIN");
}

#[test]
fn back_goes_one_step_and_home_all_of_them() {
    let mut phone = Phone::logged_on();
    phone.walk(&["1", "2"]);
    assert!(phone.walk(&["0"]).starts_with("Main menu"), "cancelled");
    assert!(phone.walk(&["2", "0712345678", "0"]).starts_with("Northwind top-up\nPhone"));
    assert!(phone.walk(&["0"]).starts_with("Main menu"), "the only service of its item");
    assert!(phone.walk(&["3", "2"]).starts_with("Electricity\nMeter"));
    assert!(phone.walk(&["0"]).starts_with("Bills\n1 City Water"));
    assert!(phone.walk(&["0"]).starts_with("Main menu"));
    assert!(phone.walk(&["7"]).starts_with("Settings\n1 Change PIN\n2 Language\n0 Back"));
    assert!(
        phone.walk(&["1", PIN, "0"]).starts_with("Settings") || phone.screen.starts_with("Main")
    );
    assert!(phone.walk(&["00"]).starts_with("Main menu"));
    assert_eq!(phone.sales(), 0);
}

#[test]
fn wrong_entries_are_asked_again_a_few_times() {
    let mut phone = Phone::logged_on();
    for wrong in ["8", "x", ""] {
        assert!(phone.walk(&[wrong]).starts_with("No such choice.\nMain menu\n1 Vouchers"));
    }
    assert_eq!(phone.enter("01"), Done::End);
    assert_eq!(phone.screen, "Too many wrong entries. Dial again.");
    let mut phone = Phone::logged_on();
    for _ in 0..5 {
        phone.walk(&["8", "9", "1", "00"]);
    }
    let long = "1".repeat(5_000);
    assert!(phone.walk(&[&long]).starts_with("No such choice."));
}

#[test]
fn a_long_list_is_shown_by_pages_of_at_most_nine() {
    let mut phone = Phone::new();
    for id in 60..80 {
        let mut service = services()[1].clone();
        (service.id, service.name) = (ServiceId(id), format!("Top-up of operator {id}"));
        phone.registry.apply(&RegistryRecord::Service(service));
    }
    phone.log_on();
    let mut seen = vec![phone.walk(&["2"]).to_owned()];
    while phone.screen.contains("\n98 More") {
        seen.push(phone.walk(&["98"]).to_owned());
    }
    let all = seen.concat();
    assert!(
        seen.len() > 2 && (60..80).all(|id| all.contains(&format!("operator {id}\n"))),
        "{all}"
    );
    assert!(phone.walk(&["98"]).starts_with("No such choice."), "there are no more");
    assert_eq!(phone.walk(&["0"]), seen[0], "back to the first page");
    // The choice is counted on the page that is shown.
    phone.walk(&["98"]);
    let name = phone.screen.lines().find_map(|line| line.strip_prefix("2 ")).unwrap().to_owned();
    assert!(phone.walk(&["2"]).starts_with(&name));
}

#[test]
fn a_reject_and_an_unwanted_message_lead_nowhere_dangerous() {
    let mut phone = Phone::logged_on();
    let reject = GatewayMessage::Reject(Reject {
        message: 6,
        code: ResponseCode::FORMAT_ERROR,
        stan: None,
        date: None,
        time_s: 0,
    });
    assert_eq!(phone.answer(&reject), Done::Nothing);
    phone.enter("4");
    assert_eq!(phone.answer(&reject), Done::End);
    assert_eq!(phone.screen, "Not available now (30). Try again later.");
}

#[test]
fn keys_and_texts_are_those_of_the_file() {
    let text = "name = \"m\"\nabout = \"a\"\nlanguages = [\"en\"]\n[keys]\nback = \"#\"\nhome = \"*\"\n\
                [text.en]\nenter_pin = \"Secret?\"\n[[item]]\nsell = \"all\"\n";
    let mut phone = Phone::with(text);
    phone.log_on();
    assert!(Menu::parse(text).unwrap().name() == "m");
    assert_eq!(phone.screen, "Main menu\n1 Sell");
    assert!(phone.walk(&["1"]).ends_with("4 Electricity\n# Back"), "{}", phone.screen);
    assert_eq!(phone.walk(&["#"]), "Main menu\n1 Sell");
    phone.dial("*123#");
    assert_eq!(phone.screen, "Secret?");
}
