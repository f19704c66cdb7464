//! Each way in which the host may misbehave.

use super::{Peer, REFERENCE, network, sale};
use crate::provider::iso8583::{HostSettings, Output};
use crate::provider::script::{Effect, Kind, Rule, Script};
use crate::time::Span;

const LATE: Span = Span::s(3);

/// Response codes, each with its milliseconds.
type Answers = Vec<(String, u64)>;
/// Status and number of times.
type InBook = Option<(&'static str, u32)>;

fn codes(effect: Effect) -> (Answers, InBook) {
    let mut peer = Peer::doing(effect);
    let got = peer.send(sale(12, 500));
    let codes = got.iter().map(|got| (got.code().to_owned(), got.after.as_us() / 1_000));
    (codes.collect(), peer.deal(12))
}

#[test]
fn answers_come_as_often_as_late_and_as_contradictory_as_the_script_says() {
    let approved = Some(("approved", 1));
    let (no, yes) = (|ms| ("05".to_owned(), ms), |ms| ("00".to_owned(), ms));
    let cases = [
        (Effect::Answer, vec![yes(2)], approved),
        (Effect::Decline("51".into()), vec![("51".to_owned(), 2)], Some(("declined", 0))),
        (Effect::Lose, vec![], None),
        (Effect::Silent, vec![], approved),
        (Effect::Duplicate(LATE), vec![yes(2), yes(3_002)], approved),
        (Effect::Late(LATE), vec![yes(3_000)], approved),
        (Effect::Reorder(LATE), vec![yes(3_002)], approved),
        (Effect::ApproveThenDecline(LATE), vec![yes(2), no(3_002)], approved),
        (Effect::DeclineThenApprove(LATE), vec![no(2), yes(3_002)], approved),
        (Effect::Disconnect, vec![], approved),
        (Effect::Earlier, vec![yes(2)], approved),
    ];
    for (effect, answers, deal) in cases {
        assert_eq!(codes(effect.clone()), (answers, deal), "{effect:?}");
    }
}

#[test]
fn an_answer_that_is_held_back_lets_the_next_one_go_first() {
    let rule = Rule { amount_minor: (500, 500), effect: Effect::Reorder(LATE), ..Rule::default() };
    let mut peer = Peer::new(Script { rules: vec![rule], ..Script::default() });
    let frames = [peer.frame(&mut sale(1, 500)), peer.frame(&mut sale(2, 600))].concat();
    let begun = peer.now;
    peer.host.receive(begun, 1, &frames);
    let outputs = peer.drain();
    let sent = outputs.iter().filter_map(|output| match output {
        Output::Send { bytes, .. } => peer.read(bytes, begun).message.number(11),
        _ => None,
    });
    assert_eq!(sent.collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn each_wrong_echo_is_wrong_in_what_it_is_named_after() {
    let mut honest = Peer::new(Script::default());
    let honest = honest.ask(sale(12, 500));
    let cases = [
        (Effect::WrongReference, vec![37, 62]),
        (Effect::WrongStan, vec![11]),
        (Effect::WrongAmount, vec![4]),
    ];
    for (effect, expected) in cases {
        let mut peer = Peer::doing(effect.clone());
        let got = peer.ask(sale(12, 500)).message;
        let differs = |number: &u8| got.text(*number) != honest.message.text(*number);
        let numbers: Vec<u8> = honest.message.numbers().filter(differs).collect();
        assert_eq!(
            numbers,
            {
                let mut expected = expected;
                expected.sort_unstable();
                expected
            },
            "{effect:?}"
        );
        assert_eq!(peer.deal(12), Some(("approved", 1)));
    }
    assert_eq!(honest.message.text(62), Some(REFERENCE));
}

#[test]
fn a_wrong_code_is_wrong_in_the_code_alone() {
    let with = |effect| {
        let rules = vec![Rule { effect, ..Rule::default() }];
        let mut peer = Peer::with("iso87a", Script { rules, ..Script::default() }, |settings| {
            settings.mac = Some(super::mac_settings());
        });
        peer.mac = tillgate_codec::iso8583::MacKey::aes_cmac(&[7; 16]);
        peer.ask(sale(12, 500)).message
    };
    let (honest, wrong) = (with(Effect::Answer), with(Effect::WrongMac));
    let differs = |number: &u8| honest.bytes(*number) != wrong.bytes(*number);
    assert_eq!(honest.numbers().filter(differs).collect::<Vec<_>>(), [64]);
}

#[test]
fn frames_break_off_where_the_script_says() {
    let whole = Peer::new(Script::default()).ask(sale(12, 500)).bytes;
    for (effect, ends) in [(Effect::Truncate, true), (Effect::Cut, true), (Effect::Half, false)] {
        let mut peer = Peer::doing(effect.clone());
        let frame = peer.frame(&mut sale(12, 500));
        peer.host.receive(peer.now, 1, &frame);
        let outputs = peer.drain();
        let [Output::Log(_), Output::Send { bytes, .. }, rest @ ..] = &outputs[..] else {
            panic!("{effect:?}: {outputs:?}");
        };
        assert_eq!(rest == [Output::Close { connection: 1 }], ends, "{effect:?}");
        let deframed = peer.dialect.framing().deframe(bytes).unwrap();
        if effect == Effect::Truncate {
            assert!(deframed.is_some_and(|frame| frame.end == bytes.len()), "a whole frame");
            assert!(peer.dialect.view(&bytes[2..], &mut Default::default()).is_err());
        } else {
            assert!(deframed.is_none() && whole.starts_with(bytes), "{effect:?}");
        }
        if effect == Effect::Half {
            assert!(peer.send(network(13, "301")).is_empty(), "nothing follows half a frame");
        }
    }
}

#[test]
fn a_repeat_after_any_trouble_is_answered_and_done_once() {
    let troubles = [Effect::Lose, Effect::Silent, Effect::Late(LATE), Effect::Garbage];
    for effect in troubles {
        let mut peer = Peer::doing(effect.clone());
        let frame = peer.frame(&mut sale(12, 500));
        peer.host.receive(peer.now, 1, &frame);
        peer.drain();
        let mut repeat = sale(12, 500);
        repeat.mti = repeat.mti.repeat();
        assert_eq!(peer.ask(repeat).code(), "00", "{effect:?}");
        assert_eq!(peer.deal(12), Some(("approved", 1)), "{effect:?}");
    }
}

#[test]
fn an_answer_of_before_comes_in_the_place_of_the_answer() {
    let rule = Rule { every: 2, effect: Effect::Earlier, ..Rule::default() };
    let mut peer = Peer::new(Script { rules: vec![rule], ..Script::default() });
    let first = peer.ask(sale(1, 500));
    assert_eq!(peer.ask(sale(2, 600)).bytes, first.bytes);
    assert_eq!(peer.deal(2), Some(("approved", 1)));
}

#[test]
fn a_rule_about_reversals_leaves_sales_alone() {
    let effect = Effect::Decline("21".into());
    let rule = Rule { on: vec![Kind::Reversal], effect, ..Rule::default() };
    let mut peer = Peer::new(Script { rules: vec![rule], ..Script::default() });
    assert_eq!(peer.ask(sale(1, 500)).code(), "00");
    assert_eq!(peer.ask(super::reversal(2, 1, 500)).code(), "21");
    assert_eq!(peer.deal(1), Some(("approved", 1)));
}

#[test]
fn settings_show_no_key() {
    let mut settings =
        HostSettings::new(tillgate_codec::iso8583::Dialect::builtin("iso87a").unwrap());
    settings.mac = Some(super::mac_settings());
    assert!(!format!("{:?}", settings.mac).contains('7'));
}
