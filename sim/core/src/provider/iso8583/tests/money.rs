//! What costs money: sales, repeats, reversals, advices.

use super::{HostSettings, Peer, REFERENCE, key, reversal, sale};
use crate::provider::script::{Effect, Rule, Script};
use crate::time::Span;
use tillgate_codec::iso8583::{Dialect, Mti};

#[test]
fn a_sale_is_answered_with_what_it_said_and_is_in_the_book() {
    let mut peer = Peer::new(Script::default());
    let got = peer.ask(sale(12, 500));
    assert_eq!((got.message.mti.as_str(), got.code()), ("0210", "00"));
    for number in [3, 4, 7, 11, 37, 41, 49, 62] {
        assert_eq!(
            got.message.text(number),
            sale(12, 500).text(number).map(|text| { if number == 11 { "000012" } else { text } }),
            "{number}"
        );
    }
    assert_eq!(got.message.text(38).map(str::len), Some(6));
    let deal = peer.host.book().deal(&key(12)).unwrap();
    assert_eq!((&*deal.reference, &*deal.account), (REFERENCE, "233200000001"));
    assert_eq!((deal.amount_minor, &*deal.currency, deal.times), (500, "936", 1));
}

#[test]
fn a_sale_with_chip_data_is_answered_for_the_chip_as_the_script_says() {
    let chip = vec![0x91, 2, 0x30, 0x30];
    let mut peer = Peer::with("iso87a", Script::default(), |settings| {
        settings.chip_answer = Some(chip.clone());
    });
    let mut with_chip = sale(12, 500);
    with_chip.set_bytes(55, &[0x9f, 0x26, 1, 7]);
    assert_eq!(peer.ask(with_chip).message.bytes(55), Some(&chip[..]));
    assert!(!peer.ask(sale(13, 500)).message.has(55), "nothing for a sale without");
    let settings = HostSettings {
        chip_answer: Some(vec![0; 1_000]),
        ..HostSettings::new(Dialect::builtin("iso87a").unwrap())
    };
    assert!(settings.check().unwrap_err().contains("chip_answer"));
}

#[test]
fn a_repeat_gets_the_same_answer_and_costs_nothing() {
    let mut peer = Peer::new(Script::default());
    let first = peer.ask(sale(12, 500));
    for mti in [Mti::FINANCIAL_REQUEST, Mti::FINANCIAL_REQUEST.repeat()] {
        let mut again = sale(12, 500);
        again.mti = mti;
        assert_eq!(peer.ask(again).bytes, first.bytes);
    }
    assert_eq!(peer.deal(12), Some(("approved", 1)));
}

#[test]
fn a_host_without_idempotency_does_it_twice_and_its_book_shows_it_twice() {
    let mut peer = Peer::new(Script { idempotent: false, ..Script::default() });
    peer.ask(sale(12, 500));
    assert_eq!(peer.ask(sale(12, 500)).code(), "00");
    assert_eq!(peer.deal(12), Some(("approved", 2)));
    assert_eq!(peer.host.book().lines(peer.now).lines().count(), 2);
}

#[test]
fn the_same_key_with_other_content_is_refused() {
    let mut peer = Peer::new(Script::default());
    peer.ask(sale(12, 500));
    assert_eq!(peer.ask(sale(12, 501)).code(), "94");
    assert_eq!(peer.host.book().deal(&key(12)).unwrap().amount_minor, 500);
}

#[test]
fn a_reversal_takes_its_original_back_once_and_for_all() {
    let mut peer = Peer::new(Script::default());
    peer.ask(sale(12, 500));
    for stan in [13, 13, 14] {
        let got = peer.ask(reversal(stan, 12, 500));
        assert_eq!((got.message.mti.as_str(), got.code()), ("0430", "00"));
    }
    assert_eq!(peer.deal(12).unwrap().0, "reversed");
    assert_eq!(peer.ask(sale(12, 500)).code(), "05", "it is not done again");
}

#[test]
fn a_reversal_of_another_amount_or_of_nothing_named_has_no_effect() {
    let mut peer = Peer::new(Script::default());
    peer.ask(sale(12, 500));
    assert_eq!(peer.ask(reversal(13, 12, 400)).code(), "13");
    let mut nameless = reversal(14, 12, 500);
    nameless.remove(90);
    assert_eq!(peer.ask(nameless).code(), "30");
    assert_eq!(peer.deal(12), Some(("approved", 1)));
}

#[test]
fn a_sale_that_arrives_after_its_reversal_is_declined() {
    for code in ["00", "25"] {
        let mut peer = Peer::with("iso87a", Script::default(), |settings| {
            settings.unknown_original = code.to_owned();
        });
        assert_eq!(peer.ask(reversal(13, 12, 500)).code(), code);
        assert_eq!(peer.ask(reversal(13, 12, 500)).code(), code, "and the repeat alike");
        assert_eq!(peer.ask(sale(12, 500)).code(), "05");
        assert_eq!(peer.ask(sale(12, 500)).code(), "05");
        assert_eq!(peer.deal(12), Some(("reversed", 0)));
    }
}

#[test]
fn what_is_pending_is_done_later_unless_it_is_taken_back() {
    let pending = || {
        let effect = Effect::Pending(Span::s(5));
        let rules = vec![Rule { effect, ..Rule::default() }];
        Peer::new(Script { rules, ..Script::default() })
    };
    let mut peer = pending();
    assert_eq!(peer.ask(sale(12, 500)).code(), "09");
    // `send` lets all time pass.
    assert_eq!(peer.deal(12), Some(("approved", 1)));
    assert_eq!(peer.ask(sale(12, 500)).code(), "00");
    let mut peer = pending();
    let frames = [peer.frame(&mut sale(12, 500)), peer.frame(&mut reversal(13, 12, 500))];
    for frame in frames {
        peer.host.receive(peer.now, 1, &frame);
    }
    peer.drain();
    assert_eq!(peer.deal(12).unwrap().0, "reversed");
}

#[test]
fn an_advice_confirms_what_the_book_has_and_is_booked_otherwise() {
    let mut peer = Peer::new(Script::default());
    peer.ask(sale(12, 500));
    let mut advice = reversal(13, 12, 500);
    advice.mti = Mti::FINANCIAL_ADVICE;
    assert_eq!(peer.ask(advice).code(), "00");
    let deal = peer.host.book().deal(&key(12)).unwrap();
    assert!(deal.confirmed && deal.times == 1);
    let mut advice = sale(14, 700);
    advice.mti = Mti::FINANCIAL_ADVICE;
    let got = peer.ask(advice);
    assert_eq!((got.message.mti.as_str(), got.code()), ("0230", "00"));
    assert_eq!(peer.deal(14), Some(("approved", 1)));
}

#[test]
fn a_lookup_answers_the_same_bill_and_books_nothing() {
    let lookup = |stan| {
        let mut message = sale(stan, 0);
        message.mti = Mti::AUTHORISATION_REQUEST;
        message.set(3, "310000");
        message
    };
    let mut peer = Peer::new(Script::default());
    let (first, second) = (peer.ask(lookup(12)), peer.ask(lookup(13)));
    assert_eq!((first.code(), first.message.mti.as_str()), ("00", "0110"));
    assert!(first.message.number(4).unwrap() > 0);
    for number in [4, 37, 48, 63] {
        assert!(first.message.has(number), "{number}");
        assert_eq!(first.message.text(number), second.message.text(number));
    }
    assert!(peer.host.book().is_empty());
}

#[test]
fn an_inquiry_tells_the_outcome_of_the_request_that_it_names() {
    let inquiry = |stan, of| {
        let mut message = reversal(stan, of, 500);
        message.mti = Mti::AUTHORISATION_REQUEST;
        message.set(3, "320000");
        message
    };
    let mut peer = Peer::new(Script::default());
    assert_eq!(peer.ask(inquiry(11, 12)).code(), "25");
    let sold = peer.ask(sale(12, 500));
    let got = peer.ask(inquiry(13, 12));
    assert_eq!((got.code(), got.message.text(38)), ("00", sold.message.text(38)));
    peer.ask(reversal(14, 12, 500));
    assert_eq!(peer.ask(inquiry(15, 12)).code(), "05");
    peer.ask(reversal(16, 99, 500));
    assert_eq!(peer.ask(inquiry(17, 99)).code(), "25", "only its reversal arrived");
    assert_eq!(peer.deal(13), None, "a question is no deal");
}

#[test]
fn a_card_number_is_masked_in_the_book_and_its_log() {
    let mut peer = Peer::new(Script::default());
    let mut message = sale(12, 500);
    message.remove(102);
    message.set(2, "5444433332222111");
    assert_eq!(peer.ask(message).code(), "00");
    let lines = peer.host.book().lines(peer.now);
    assert!(lines.contains("544443******2111") && !lines.contains("33332222"), "{lines}");
    // Also where it comes as an account.
    let mut message = sale(13, 500);
    message.set(102, "4111111111111111");
    assert_eq!(peer.ask(message).code(), "00");
    let lines = peer.host.book().lines(peer.now);
    assert!(lines.contains("411111******1111") && !lines.contains("4111111111111111"), "{lines}");
}
