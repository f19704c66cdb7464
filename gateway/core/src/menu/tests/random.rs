//! Dialogs with whatever people, networks and providers may say.

use proptest::prelude::*;
use tillgate_codec::link::message::{Answer, AnswerKind, Found, GatewayMessage, TerminalMessage};
use tillgate_codec::ussd::Room;
use tillgate_store_core::ResponseCode;

use super::{BILL, DAY, Done, PIN, Phone, answer, found, language, slip};
use crate::time::Span;

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    Enter(String),
    Answer(usize),
    Late,
    Dial(String),
}

fn typed() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[1-3]".prop_map(String::from),
        2 => "[0-9]".prop_map(String::from),
        2 => Just(PIN.to_owned()),
        2 => Just(BILL.to_owned()),
        2 => prop_oneof![Just("98"), Just("00"), Just("0712345678"), Just("5,00")].prop_map(String::from),
        1 => "[0-9*#.,+-]{0,30}",
        1 => "\\PC{0,60}",
        1 => "[\\x00-\\x7f٠-٩]{0,300}",
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let dialled = prop_oneof![
        Just("*123#".to_owned()),
        Just("*123*1*20*0712345678*5*8362#".to_owned()),
        Just("*123*1*50*77*5#".to_owned()),
        "(\\*[0-9]{0,11}){0,9}#?",
        "\\PC{0,40}",
    ];
    let event = prop_oneof![
        12 => typed().prop_map(Event::Enter),
        6 => (0_usize..12).prop_map(Event::Answer),
        1 => Just(Event::Late),
        1 => dialled.prop_map(Event::Dial),
    ];
    prop::collection::vec(event, 1..60)
}

/// One of the answers that may come, for the latest request or not.
fn say(phone: &mut Phone, which: usize) -> Done {
    let codes = [
        ResponseCode::APPROVED,
        ResponseCode::APPROVED,
        ResponseCode::NO_SUCH_SUBSCRIBER,
        ResponseCode::LATE_RESPONSE,
        ResponseCode(*b"55"),
        ResponseCode(*b"ZZ"),
    ];
    let code = codes[which % codes.len()];
    let stan = match phone.asked.last().map(|body| TerminalMessage::decode(body).unwrap()) {
        Some(TerminalMessage::Sale(sale)) => sale.stan,
        Some(TerminalMessage::Balance(balance)) => balance.stan,
        _ => 1_201,
    };
    let long = "W".repeat(32);
    let sale = Answer {
        voucher: (which > 5).then(slip),
        reference: if which > 3 { &long } else { "" },
        lines: "Line one\nLine \u{1b}two\nLine three of a receipt that is printed\n",
        ..answer(stan, code)
    };
    let mut done = phone.welcome(code);
    for kind in [AnswerKind::Sale, AnswerKind::Balance] {
        if done == Done::Nothing {
            done = phone.answer(&GatewayMessage::Answer(Answer { kind, ..sale }));
        }
    }
    if done == Done::Nothing {
        let stan = match phone.asked.last().map(|body| TerminalMessage::decode(body).unwrap()) {
            Some(TerminalMessage::Lookup(lookup)) => lookup.stan,
            _ => 0,
        };
        let max = if which > 5 { u64::MAX } else { 0 };
        let name = "Ωmega \u{7} Ğ 名前 of a holder with a long name";
        let found = Found { stan, amount_max_minor: max, name, ..found(code) };
        done = phone.answer(&GatewayMessage::Found(found));
    }
    done
}

/// Whether the screen is the last page of a confirmation, in any language.
fn confirms(screen: &str) -> bool {
    let ends = ["0 Cancel", "0 Ghairi", "0 Annuler", "0 إلغاء"];
    let with_pin = ["to confirm", "kuthibitisha", "pour confirmer", "للتأكيد"];
    ends.iter().chain(&with_pin).any(|end| screen.ends_with(end))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_entry_breaks_a_dialog_and_nothing_is_sold_without_a_confirmation(
        events in events(),
        arabic in any::<bool>(),
        short in any::<bool>(),
        again in any::<bool>(),
        logged_on in any::<bool>(),
    ) {
        let mut phone = Phone::new();
        if arabic { phone.terminal.language = language("ar"); }
        if short { phone.room = Room::SHORT; }
        if again { phone.sold = Some(Span::s(100)); }
        if logged_on { phone.log_on(); } else { phone.dial("*123#"); }
        // What the person has seen and done since the last sale.
        let mut with_pin = false;
        for event in events {
            let (before, sales) = (phone.screen.clone(), phone.sales());
            let (mut entered, mut welcomed) = (String::new(), false);
            let done = match event {
                Event::Enter(text) => {
                    let done = phone.enter(&text);
                    entered = text;
                    done
                }
                Event::Answer(which) => {
                    welcomed = true;
                    say(&mut phone, which)
                }
                Event::Late => phone.late(),
                Event::Dial(dialled) => {
                    with_pin = dialled.trim_end_matches('#').ends_with(PIN);
                    phone.dial(&dialled)
                }
            };
            if phone.sales() > sales {
                prop_assert_eq!(phone.sales(), sales + 1);
                let by_key = confirms(&before) && matches!(entered.trim(), "1" | "١");
                let by_pin = welcomed && (confirms(&before) || with_pin && !again);
                prop_assert!(by_key || by_pin, "{before:?} {entered:?}");
                with_pin = false;
                let TerminalMessage::Sale(sale) = phone.asks() else { panic!("no sale") };
                let least = if sale.service == 10 { 500 } else { 100 };
                prop_assert!(sale.date == DAY && sale.amount_minor >= least && sale.service != 40);
            }
            prop_assert!(done != Done::End || phone.enter("1") == Done::Nothing);
        }
    }

    #[test]
    fn an_amount_is_never_read_as_another_one(text in "\\PC{0,24}|[0-9.,*# -]{0,24}") {
        let euro = tillgate_types::Currency::parse("EUR").unwrap();
        if let Some(minor) = super::super::amount::minor(&text, euro) {
            let shown = euro.major(i128::from(minor));
            let plain = text.replacen(',', ".", 1);
            let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
            let whole = whole.trim_start_matches('0');
            let whole = if whole.is_empty() { "0" } else { whole };
            prop_assert_eq!(shown, format!("{whole}.{part:0<2}"));
        }
    }

    #[test]
    fn no_text_breaks_the_reading_of_a_menu(text in "\\PC{0,200}|(\\[\\[?[a-z.]{1,9}\\]?\\]\n|[a-z_]{1,9} = [\"\\[{a-z0-9}\\]]{1,12}\n){0,12}") {
        let _result = super::super::Menu::parse(&text);
    }
}
