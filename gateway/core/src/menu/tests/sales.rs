//! Sales by menu.

use tillgate_codec::link::message::{Answer, Found, GatewayMessage, Lookup, Sale, TerminalMessage};
use tillgate_codec::ussd::Room;
use tillgate_store_core::{Hours, RegistryRecord, ResponseCode, Services, Status};

use super::{BILL, DAY, Done, EUR, Phone, answer, found, language, services, slip};
use crate::time::Span;

#[test]
fn a_voucher_is_chosen_confirmed_and_shown_with_its_pin() {
    let mut phone = Phone::logged_on();
    assert_eq!(
        phone.screen,
        "Main menu\n1 Vouchers\n2 Top-up\n3 Bills\n4 Balance\n5 Last receipt\n6 Last transactions\n7 Settings"
    );
    assert_eq!(phone.walk(&["1"]), "Northwind voucher\n1 Five 5.00\n2 Ten 10.00\n0 Back");
    assert_eq!(phone.walk(&["2"]), "Northwind voucher\nTen\nAmount 10.00 EUR\n1 Confirm\n0 Cancel");
    assert_eq!(phone.enter("1"), Done::Request);
    assert_eq!(
        phone.asks(),
        TerminalMessage::Sale(Sale {
            stan: 1_201,
            date: DAY,
            service: 10,
            product: 2,
            amount_minor: 1_000,
            currency: EUR,
            subscriber: "",
            token: 0,
            fee_minor: 0,
        })
    );
    let approved = answer(1_201, ResponseCode::APPROVED);
    let sold = Answer { voucher: Some(slip()), amount_minor: 1_000, ..approved };
    assert_eq!(phone.answer(&GatewayMessage::Answer(sold)), Done::End);
    assert_eq!(
        phone.screen,
        "PIN 4711-0815-2342-9001\nSerial 8944501200017\nRRN 632704001201\n\
         Sold: Northwind voucher\nAmount 10.00 EUR\nValid until 2029-01-01\nBalance 123.45 EUR"
    );
    assert_eq!(phone.enter("1"), Done::Nothing, "it is over");
}

#[test]
fn a_top_up_asks_for_account_and_amount_and_says_what_is_wrong_with_them() {
    let mut phone = Phone::logged_on();
    assert_eq!(phone.walk(&["2"]), "Northwind top-up\nPhone:\n0 Back");
    assert_eq!(phone.walk(&["07 12"]), "Not a valid Phone.\nNorthwind top-up\nPhone:\n0 Back");
    assert_eq!(
        phone.walk(&["0712345678"]),
        "Northwind top-up\nAmount in EUR, 1.00 to 100.00:\n0 Back"
    );
    for wrong in ["0.50", "5.005", "100.01"] {
        assert!(phone.walk(&[wrong]).starts_with("Wrong amount.\n"), "{wrong}");
    }
    assert_eq!(
        phone.walk(&["5,5"]),
        "Northwind top-up\nPhone 0712345678\nAmount 5.50 EUR\n1 Confirm\n0 Cancel"
    );
    assert_eq!(phone.enter("1"), Done::Request);
    let TerminalMessage::Sale(sale) = phone.asks() else { panic!("no sale") };
    assert_eq!((sale.product, sale.amount_minor, sale.subscriber), (0, 550, "0712345678"));
}

#[test]
fn a_bill_is_looked_up_and_paid_with_what_was_found_and_shown() {
    let mut phone = Phone::logged_on();
    phone.walk(&["3", "1"]);
    assert_eq!(phone.screen, "City Water\nBill number:\n0 Back");
    assert!(phone.walk(&["4400123457"]).starts_with("Not a valid Bill number."));
    assert_eq!(phone.enter(BILL), Done::Request);
    let lookup = Lookup {
        stan: 1_201,
        date: DAY,
        service: 30,
        product: 0,
        amount_minor: 0,
        subscriber: BILL,
    };
    assert_eq!(phone.asks(), TerminalMessage::Lookup(lookup));
    assert_eq!(phone.answer(&GatewayMessage::Found(found(ResponseCode::APPROVED))), Done::Continue);
    assert_eq!(
        phone.screen,
        "City Water\nBill number 4400123453\nDr. A. Mustermann-Sc\nAmount 87.40 EUR\n\
         Fee 1.37, total 88.77\n1 Confirm\n0 Cancel"
    );
    assert_eq!(phone.enter("1"), Done::Request);
    let TerminalMessage::Sale(sale) = phone.asks() else { panic!("no sale") };
    assert_eq!((sale.stan, sale.token, sale.fee_minor, sale.amount_minor), (1_201, 99, 137, 8_740));
}

#[test]
fn an_amount_that_a_lookup_leaves_open_is_asked_within_its_bounds() {
    let mut phone = Phone::logged_on();
    phone.walk(&["3", "1"]);
    phone.enter(BILL);
    let open =
        Found { amount_min_minor: 1_000, amount_max_minor: 8_740, ..found(ResponseCode::APPROVED) };
    phone.answer(&GatewayMessage::Found(open));
    assert_eq!(
        phone.screen,
        "To pay: 87.40 EUR\nCity Water\nAmount in EUR, 10.00 to 87.40:\n0 Back"
    );
    assert!(phone.walk(&["87.41"]).starts_with("Wrong amount."));
    assert!(phone.walk(&["20"]).contains("Amount 20.00 EUR\nFee 0.70, total 20.70"));
}

#[test]
fn an_unknown_account_is_asked_again_a_few_times() {
    let mut phone = Phone::logged_on();
    phone.walk(&["3", "1"]);
    for _ in 0..3 {
        phone.enter(BILL);
        let unknown = found(ResponseCode::NO_SUCH_SUBSCRIBER);
        assert_eq!(phone.answer(&GatewayMessage::Found(unknown)), Done::Continue);
        assert!(phone.screen.starts_with("Unknown number.\nCity Water"), "{}", phone.screen);
    }
    phone.enter(BILL);
    let unknown = found(ResponseCode::NO_SUCH_SUBSCRIBER);
    assert_eq!(phone.answer(&GatewayMessage::Found(unknown)), Done::End);
    assert_eq!(phone.screen, "Too many wrong entries. Dial again.");
}

#[test]
fn a_lookup_that_is_only_offered_does_not_hold_up_a_sale() {
    for (service, goes_on) in [("2", true), ("1", false)] {
        let mut phone = Phone::logged_on();
        phone.walk(&["3", service]);
        phone.enter(BILL);
        let down = found(ResponseCode::PROVIDER_UNAVAILABLE);
        let done = phone.answer(&GatewayMessage::Found(down));
        if goes_on {
            assert!(phone.screen.starts_with("Electricity\nAmount in EUR"), "{}", phone.screen);
        } else {
            assert_eq!(done, Done::End);
            assert_eq!(phone.screen, "Not sold (91).\nThe provider cannot be reached.");
        }
    }
}

#[test]
fn a_sale_goes_out_once_for_each_confirmation() {
    let mut phone = Phone::logged_on();
    phone.walk(&["1", "1"]);
    assert_eq!(phone.enter("1"), Done::Request);
    for _ in 0..5 {
        assert_eq!(phone.enter("1"), Done::Nothing);
    }
    assert_eq!(phone.sales(), 1);
    // Answers of other requests are not its answer.
    let other = answer(1_200, ResponseCode::APPROVED);
    assert_eq!(phone.answer(&GatewayMessage::Answer(other)), Done::Nothing);
    assert_eq!(phone.answer(&GatewayMessage::Found(found(ResponseCode::APPROVED))), Done::Nothing);
    let approved = answer(1_201, ResponseCode::APPROVED);
    assert_eq!(phone.answer(&GatewayMessage::Answer(approved)), Done::End);
    assert_eq!(phone.answer(&GatewayMessage::Answer(approved)), Done::Nothing);
    assert_eq!((phone.enter("1"), phone.sales()), (Done::Nothing, 1));
}

#[test]
fn a_refused_sale_ends_with_its_reason_and_is_not_sent_again() {
    for (code, text) in [
        (ResponseCode::INSUFFICIENT_FLOAT, "Not sold (51).\nYour balance is too low."),
        (
            ResponseCode::DUPLICATE,
            "Not sold (94).\nThe request number was used before. Dial again.",
        ),
        (ResponseCode::WRONG_DATE, "Not sold (B1).\nThe date has changed. Dial again."),
        (ResponseCode(*b"ZZ"), "Not sold (ZZ)."),
    ] {
        let mut phone = Phone::logged_on();
        phone.walk(&["1", "1"]);
        phone.enter("1");
        assert_eq!(phone.answer(&GatewayMessage::Answer(answer(1_201, code))), Done::End);
        assert_eq!((phone.screen.as_str(), phone.sales()), (text, 1));
    }
}

#[test]
fn an_outcome_that_is_open_is_not_called_a_decline() {
    for code in [ResponseCode::IN_PROGRESS, ResponseCode::LATE_RESPONSE, ResponseCode::MALFUNCTION]
    {
        let mut phone = Phone::logged_on();
        phone.walk(&["1", "1"]);
        phone.enter("1");
        assert_eq!(phone.answer(&GatewayMessage::Answer(answer(1_201, code))), Done::End);
        assert!(phone.screen.starts_with("In progress, number 632704001201."), "{}", phone.screen);
    }
    let mut phone = Phone::logged_on();
    phone.walk(&["1", "1"]);
    phone.enter("1");
    let down = Answer { rrn: "", ..answer(1_201, ResponseCode::MALFUNCTION) };
    phone.answer(&GatewayMessage::Answer(down));
    assert_eq!(phone.screen, "Not sold (96).", "nothing was journalled");
}

#[test]
fn a_late_answer_ends_the_dialog_with_a_number_and_is_still_made_a_text() {
    let mut phone = Phone::logged_on();
    assert_eq!(phone.late(), Done::Nothing, "nothing is awaited");
    phone.walk(&["1", "1"]);
    phone.enter("1");
    assert_eq!(phone.late(), Done::End);
    assert!(phone.screen.starts_with("In progress, number 1201."), "{}", phone.screen);
    assert_eq!((phone.late(), phone.enter("1")), (Done::Nothing, Done::Nothing));
    let sold = Answer { voucher: Some(slip()), ..answer(1_201, ResponseCode::APPROVED) };
    assert_eq!(phone.answer(&GatewayMessage::Answer(sold)), Done::End);
    assert!(phone.screen.starts_with("PIN 4711-0815-2342-9001\n"), "{}", phone.screen);
    assert_eq!((phone.enter("1"), phone.sales()), (Done::Nothing, 1));

    let mut phone = Phone::logged_on();
    phone.enter("4");
    assert_eq!(phone.late(), Done::End);
    assert_eq!(phone.screen, "No answer yet. Try again later.");
}

#[test]
fn the_same_sale_of_minutes_ago_is_said_before_it_is_confirmed() {
    let mut phone = Phone::logged_on();
    phone.sold = Some(Span::s(185));
    assert!(phone.walk(&["1", "1"]).starts_with("Ordered 3 min ago! Once more?\nNorthwind"));
    assert_eq!(phone.enter("1"), Done::Request, "it was shown");
    // It was ordered by another dialog while this one asked.
    let mut phone = Phone::logged_on();
    phone.walk(&["1", "1"]);
    phone.sold = Some(Span::s(5));
    assert!(phone.walk(&["1"]).starts_with("Ordered 0 min ago! Once more?\n"));
    assert_eq!((phone.enter("1"), phone.sales()), (Done::Request, 1));
    // Longer ago than the menu says.
    let mut phone = Phone::logged_on();
    phone.sold = Some(Span::s(601));
    assert!(phone.walk(&["1", "1"]).starts_with("Northwind voucher"));
}

#[test]
fn a_fee_that_changed_since_it_was_shown_is_shown_again() {
    let mut phone = Phone::logged_on();
    phone.walk(&["2", "0712345678", "5"]);
    let mut service = services()[1].clone();
    service.charges.clone_from(&services()[2].charges);
    phone.registry.apply(&RegistryRecord::Service(service));
    assert!(phone.walk(&["1"]).contains("Fee 0.55, total 5.55"));
    assert_eq!(phone.enter("1"), Done::Request);
    let TerminalMessage::Sale(sale) = phone.asks() else { panic!("no sale") };
    assert_eq!(sale.fee_minor, 55);
}

#[test]
fn only_what_the_terminal_may_sell_now_is_shown() {
    let mut phone = Phone::logged_on();
    let mut shown = |change: &dyn Fn(&mut Phone)| {
        change(&mut phone);
        phone.walk(&["00"]).to_owned()
    };
    let all = shown(&|_| {});
    assert!(all.contains("1 Vouchers\n2 Top-up\n3 Bills"));
    let only = shown(&|phone| {
        phone.terminal.services = Services::Only(vec![tillgate_store_core::ServiceId(20)]);
    });
    assert!(only.starts_with("Main menu\n1 Top-up\n2 Balance"), "{only}");
    let none = shown(&|phone| {
        phone.terminal.services = Services::All;
        for mut service in services() {
            match service.id.0 {
                10 => service.status = Status::Blocked,
                20 => service.hours = Some(Hours { from_min: 0, to_min: 600 }),
                _ => service.currency = 840,
            }
            phone.registry.apply(&RegistryRecord::Service(service));
        }
    });
    assert!(none.starts_with("Main menu\n1 Balance"), "{none}");
}

#[test]
fn a_service_that_was_blocked_meanwhile_is_not_asked_further() {
    let mut phone = Phone::logged_on();
    phone.walk(&["2"]);
    let mut service = services()[1].clone();
    service.status = Status::Blocked;
    phone.registry.apply(&RegistryRecord::Service(service));
    assert!(phone.walk(&["0712345678"]).starts_with("You may not sell this.\nMain menu\n"));
}

#[test]
fn a_menu_with_nothing_to_sell_says_so() {
    let mut phone = Phone::with(
        "name = \"m\"\nabout = \"a\"\nlanguages = [\"en\"]\n[[item]]\nsell = \"all\"\n",
    );
    phone.terminal.services = Services::Only(Vec::new());
    phone.log_on();
    assert_eq!(phone.screen, "Main menu\nNothing to sell just now.");
}

#[test]
fn a_new_service_appears_by_its_data() {
    let mut phone = Phone::logged_on();
    let mut service = services()[1].clone();
    service.id = tillgate_store_core::ServiceId(25);
    "Bluetel top-up".clone_into(&mut service.name);
    phone.registry.apply(&RegistryRecord::Service(service));
    assert_eq!(phone.walk(&["2"]), "Top-up\n1 Northwind top-up\n2 Bluetel top-up\n0 Back");
    assert_eq!(phone.walk(&["2"]), "Bluetel top-up\nPhone:\n0 Back");
}

#[test]
fn a_confirmation_that_is_longer_than_a_page_is_confirmed_on_the_last() {
    let mut phone = Phone::new();
    phone.room = Room::SHORT;
    phone.terminal.language = language("ar");
    phone.log_on();
    phone.walk(&["3", "1"]);
    phone.enter(BILL);
    phone.answer(&GatewayMessage::Found(found(ResponseCode::APPROVED)));
    assert!(phone.screen.starts_with("City Water\nBill number 4400123453"), "{}", phone.screen);
    assert!(phone.screen.ends_with("\n98 المزيد"), "{}", phone.screen);
    assert_eq!(phone.enter("1"), Done::Continue, "not before the last page");
    while !phone.screen.ends_with("0 إلغاء") {
        assert!(phone.screen.ends_with("\n98 المزيد"), "{}", phone.screen);
        phone.walk(&["98"]);
    }
    assert_eq!(phone.enter("١"), Done::Request, "{}", phone.screen);
}

#[test]
fn the_pin_of_a_voucher_is_on_the_first_page_and_the_rest_on_the_next() {
    let mut phone = Phone::new();
    phone.room = Room::SHORT;
    phone.terminal.language = language("ar");
    phone.log_on();
    phone.walk(&["1", "1"]);
    assert_eq!(phone.enter("1"), Done::Request);
    let sold = Answer { voucher: Some(slip()), ..answer(1_201, ResponseCode::APPROVED) };
    assert_eq!(phone.answer(&GatewayMessage::Answer(sold)), Done::Continue);
    assert!(phone.screen.starts_with("الرمز 4711-0815-2342-9001\n"), "{}", phone.screen);
    let mut read = phone.screen.clone();
    while phone.enter("98") == Done::Continue {
        read.push_str(&phone.screen);
    }
    read.push_str(&phone.screen);
    for value in ["8944501200017", "632704001201", "5.00 EUR", "2029-01-01", "123.45"] {
        assert!(read.contains(value), "{value}: {read}");
    }
}

#[test]
fn a_holder_from_abroad_does_not_halve_the_room() {
    let mut phone = Phone::logged_on();
    phone.walk(&["3", "1"]);
    phone.enter(BILL);
    let name = "Ğül\u{1b}\nÖzdemir\u{202e}";
    phone.answer(&GatewayMessage::Found(Found { name, ..found(ResponseCode::APPROVED) }));
    assert!(phone.screen.contains("\n?ül  Özdemir?\n"), "{}", phone.screen);
}
