//! Sales in one dialled string.

use tillgate_codec::link::message::{Found, GatewayMessage, TerminalMessage};
use tillgate_store_core::{RegistryRecord, ResponseCode};

use super::super::Menu;
use super::{BILL, Done, PIN, Phone, answer, found, services};
use crate::time::Span;

#[test]
fn a_short_cut_with_the_pin_shows_nothing_but_the_result() {
    for dialled in ["*123*1*20*0712345678*5*8362#", "*123*1*20*0712345678*5*8362"] {
        let mut phone = Phone::new();
        assert_eq!(phone.dial(dialled), Done::LogOn);
        assert_eq!(phone.pins, [PIN]);
        assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Request);
        let TerminalMessage::Sale(sale) = phone.asks() else { panic!("no sale") };
        assert_eq!((sale.service, sale.product, sale.amount_minor), (20, 0, 500));
        assert_eq!((sale.subscriber, sale.fee_minor, sale.stan), ("0712345678", 0, 1_201));
        let sold = GatewayMessage::Answer(answer(1_201, ResponseCode::APPROVED));
        assert_eq!(phone.answer(&sold), Done::End);
        assert!(phone.screen.starts_with("RRN 632704001201\nSold: Northwind top-up\n"));
    }
}

#[test]
fn a_short_cut_without_the_pin_is_confirmed_by_it() {
    let mut phone = Phone::new();
    assert_eq!(phone.dial("*123*1*50*778899*5#"), Done::Continue);
    assert_eq!(
        phone.screen,
        "Electricity\nMeter 778899\nAmount 5.00 EUR\nFee 0.55, total 5.55\nEnter your PIN to confirm"
    );
    assert_eq!(phone.enter("1111"), Done::LogOn);
    assert_eq!(phone.welcome(ResponseCode(*b"55")), Done::Continue);
    assert!(phone.screen.starts_with("Wrong PIN.\nElectricity\n"), "{}", phone.screen);
    assert_eq!(phone.enter(PIN), Done::LogOn);
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Request);
    let TerminalMessage::Sale(sale) = phone.asks() else { panic!("no sale") };
    assert_eq!((sale.service, sale.fee_minor), (50, 55));
    assert_eq!(phone.sales(), 1);
}

#[test]
fn what_a_short_cut_leaves_out_or_gets_wrong_is_asked() {
    for (dialled, screen) in [
        ("*123*1*20#", "Northwind top-up\nPhone:\n0 Back"),
        ("*123*1*20**5*8362#", "Northwind top-up\nPhone:\n0 Back"),
        ("*123*1*20*07;x*5*8362#", "Not a valid Phone.\nNorthwind top-up\nPhone:\n0 Back"),
        ("*123*1*20*0712*0,5*8362#", "Wrong amount.\nNorthwind top-up\nAmount in EUR"),
        ("*123*1*20*0712#", "Northwind top-up\nAmount in EUR"),
        ("*123*1*10#", "Northwind voucher\n1 Five 5.00"),
        ("*123*1*10**7*8362#", "Wrong amount.\nNorthwind voucher\n1 Five 5.00"),
        ("*123*1*77*0712*5*8362#", "You may not sell this.\nMain menu"),
        ("*123*1*40*4111111111111111*5*8362#", "You may not sell this.\nMain menu"),
        ("*123*1**0712*5*8362#", "You may not sell this.\nMain menu"),
        ("*123*1*10*0712345678*5*8362#", "Unknown short-cut.\nMain menu"),
    ] {
        let mut phone = Phone::new();
        let has_pin = dialled.ends_with("8362#");
        let mut reason = String::new();
        if !has_pin {
            assert_eq!(phone.dial(dialled), Done::Continue, "{dialled}");
            assert!(phone.screen.ends_with("Enter your PIN"), "{}", phone.screen);
            assert_eq!(phone.enter(PIN), Done::LogOn);
        } else {
            assert_eq!(phone.dial(dialled), Done::LogOn, "{dialled}");
        }
        assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Continue);
        reason.push_str(&phone.screen);
        assert!(reason.starts_with(screen), "{dialled}: {reason}");
        assert_eq!(phone.sales(), 0);
    }
}

#[test]
fn an_amount_of_a_product_is_the_product() {
    let mut phone = Phone::new();
    assert_eq!(phone.dial("*123*1*10**10*8362#"), Done::LogOn);
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Request);
    let TerminalMessage::Sale(sale) = phone.asks() else { panic!("no sale") };
    assert_eq!((sale.service, sale.product, sale.amount_minor), (10, 2, 1_000));
    // Two of one price: the person chooses.
    let mut phone = Phone::new();
    let mut service = services()[0].clone();
    service.products[1].amount_minor = 500;
    phone.registry.apply(&RegistryRecord::Service(service));
    phone.dial("*123*1*10**5*8362#");
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Continue);
    assert!(phone.screen.contains("1 Five 5.00\n2 Ten 5.00"), "{}", phone.screen);
}

#[test]
fn a_bill_is_shown_before_a_short_cut_pays_it() {
    let mut phone = Phone::new();
    assert_eq!(phone.dial(&format!("*123*1*30*{BILL}*20*{PIN}#")), Done::LogOn);
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Request);
    assert!(matches!(phone.asks(), TerminalMessage::Lookup(_)));
    let open =
        Found { amount_min_minor: 1_000, amount_max_minor: 8_740, ..found(ResponseCode::APPROVED) };
    assert_eq!(phone.answer(&GatewayMessage::Found(open)), Done::Continue);
    assert!(phone.screen.contains("Amount 20.00 EUR\nFee 0.70, total 20.70\n1 Confirm"));
    assert_eq!((phone.sales(), phone.enter("1")), (0, Done::Request));
}

#[test]
fn a_short_cut_that_was_just_run_does_not_sell_twice() {
    let mut phone = Phone::new();
    phone.sold = Some(Span::s(61));
    assert_eq!(phone.dial("*123*1*20*0712345678*5*8362#"), Done::LogOn);
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Continue);
    assert!(phone.screen.starts_with("Ordered 1 min ago! Once more?\n"), "{}", phone.screen);
    assert_eq!(phone.sales(), 0);
    assert_eq!(phone.enter("1"), Done::Request);

    // Without the PIN it is said above it, and the PIN confirms.
    assert_eq!(phone.dial("*123*1*20*0712345678*5#"), Done::Continue);
    assert!(phone.screen.starts_with("Ordered 1 min ago!"), "{}", phone.screen);
    phone.enter(PIN);
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Request);

    // It was run between the PIN's screen and the PIN.
    phone.sold = None;
    phone.dial("*123*1*20*0712345678*5#");
    phone.enter(PIN);
    phone.sold = Some(Span::s(1));
    assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Continue);
    assert!(phone.screen.starts_with("Ordered 0 min ago!"), "{}", phone.screen);
}

#[test]
fn what_is_no_short_cut_opens_the_menu() {
    for (dialled, known) in [
        ("", true),
        ("*123#", true),
        ("123", true),
        ("*123*", true),
        ("hello", true),
        ("*123*9#", false),
        ("*123*1*20*0712*5*8362*7#", false),
        ("*123**#", false),
    ] {
        let mut phone = Phone::new();
        assert_eq!(phone.dial(dialled), Done::Continue, "{dialled}");
        let screen = if known { "Enter your PIN" } else { "Unknown short-cut.\nEnter your PIN" };
        assert_eq!(phone.screen, screen, "{dialled}");
    }
}

#[test]
fn a_service_code_may_have_parts_of_its_own_and_the_order_of_parts_is_data() {
    let menu = format!("codes = [\"*384\", \"*384*7\"]\n{}", Menu::builtin());
    let menu = format!(
        "{menu}\n[[shortcut]]\nkey = \"5\"\nservice = 20\nparts = [\"amount\", \"account\", \"pin\"]\n"
    );
    for dialled in ["*384*7*5*10*0712*8362#", "*384*5*10*0712*8362#", "*99*5*10*0712*8362#"] {
        let mut phone = Phone::with(&menu);
        assert_eq!(phone.dial(dialled), Done::LogOn, "{dialled}");
        assert_eq!(phone.welcome(ResponseCode::APPROVED), Done::Request);
        let TerminalMessage::Sale(sale) = phone.asks() else { panic!("no sale") };
        assert_eq!((sale.amount_minor, sale.subscriber), (1_000, "0712"));
    }
    let mut phone = Phone::with(&menu);
    assert_eq!(phone.dial("*384*7#"), Done::Continue);
    assert_eq!(phone.screen, "Enter your PIN", "the code itself");
}
