//! Card data leaves once, as it came, and is not remembered; what the chip receives comes back.

use super::{Bench, Message, Note, answer, approved, profile, request};
use crate::card::{CardData, CardPart};
use crate::provider::ProviderRequestKind::Authorize;
use crate::provider::{ProviderOutcome, ProviderResult, Text};
use tillgate_store_core::ChipAnswer;

const PIN_BLOCK: [u8; 8] = [0x3c, 0x9a, 0x11, 0xf0, 0x77, 0x52, 0xee, 0x04];
const CHIP: [u8; 5] = [0x9f, 0x26, 2, 0xca, 0xfe];

fn card() -> Option<Box<CardData>> {
    let mut card = Box::<CardData>::default();
    for (part, value) in [
        (CardPart::PinBlock, &PIN_BLOCK[..]),
        (CardPart::Chip, &CHIP),
        (CardPart::EntryMode, b"0051"),
        (CardPart::Track2, b"4111111111111111=2512"),
    ] {
        card.add(part, value).unwrap();
    }
    Some(card)
}

fn has_card(message: &Message) -> bool {
    message.bytes(52) == Some(&PIN_BLOCK)
        && message.bytes(55) == Some(&CHIP)
        && message.text(22) == Some("051")
        && message.text(35) == Some("4111111111111111=2512")
        && !message.has(53)
}

#[test]
fn card_data_is_in_the_message_that_leaves_and_in_nothing_that_is_kept() {
    let mut bench = Bench::up();
    bench.ask_with(request(Authorize, 42), card());
    let connection = bench.connection(0);
    let asked = bench.written(connection).remove(0);
    assert!(has_card(&asked));
    let entry = bench.host.in_flight.values().next().unwrap();
    assert!(entry.exchange.card().is_none() && entry.whole.is_none());
    let kept = entry.sent.clone();
    let holds = |secret: &[u8]| kept.windows(secret.len()).any(|part| part == secret);
    assert!(!holds(&PIN_BLOCK) && !holds(&CHIP) && !holds(b"4111111111111111"));
    assert!(bench.host.scratch.is_empty());
    let mut answer = answer(&asked, "00");
    answer.remove(55);
    bench.say(connection, &answer);
    assert_eq!(*bench.result(), approved());
}

#[test]
fn a_sale_whose_proof_of_the_holder_has_no_place_is_not_sent_without_it() {
    for (field, word) in
        [("52 = \"{card.pin_block}\"\n", "pin_block"), ("55 = \"{card.chip}\"\n", "chip")]
    {
        let without = profile("iso87-host", |text| text.replace(field, ""));
        let mut bench = Bench::of(without, None, (1, 8));
        bench.sign_on(0);
        bench.notes.clear();
        bench.ask_with(request(Authorize, 42), card());
        let connection = bench.connection(0);
        assert!(bench.written(connection).is_empty(), "{word}");
        assert_eq!(*bench.result(), request(Authorize, 42).inexpressible());
        let said = format!("no field is {{card.{word}}}, and the terminal sent one");
        assert_eq!(bench.notes, [Note::Unsendable(said)]);
    }
}

#[test]
fn what_was_never_written_leaves_whole_over_the_next_connection() {
    let mut bench = Bench::up();
    bench.ask_with(request(Authorize, 42), card());
    let connection = bench.connection(0);
    bench.lose(connection);
    assert!(bench.done.is_empty(), "it waits");
    bench.wait(1_000);
    bench.sign_on(0);
    let connection = bench.connection(0);
    assert!(has_card(&bench.written(connection)[0]));
}

#[test]
fn a_late_answer_to_a_card_sale_still_counts() {
    let mut bench = Bench::up();
    bench.ask_with(request(Authorize, 42), card());
    let connection = bench.connection(0);
    let asked = bench.written(connection).remove(0);
    bench.wait(11_000);
    assert_eq!(*bench.result(), ProviderResult::UNKNOWN);
    let mut late = answer(&asked, "00");
    late.set_bytes(55, &[0x91, 1, 7]);
    bench.say(connection, &late);
    let chip = ChipAnswer::new(&[0x91, 1, 7]);
    let expected = ProviderOutcome::Approved { reference: Text::new(), chip };
    assert_eq!(bench.late[0].1, ProviderResult::Outcome(expected));
}

#[test]
fn what_the_host_answers_for_the_chip_comes_back_unless_it_has_cardholder_data() {
    let long = [&[0x86, 0x82, 1, 0x28][..], &[7; 0x128]].concat();
    for (said, kept) in
        [(&[0x91, 2, 7, 8][..], true), (&[0x5a, 2, 0x41, 0x11], false), (&long, false)]
    {
        let mut bench = Bench::up();
        bench.ask_with(request(Authorize, 42), card());
        let connection = bench.connection(0);
        let asked = bench.written(connection).remove(0);
        let mut answer = answer(&asked, "00");
        answer.set_bytes(55, said);
        bench.say(connection, &answer);
        let chip = ChipAnswer::new(said).filter(|_| kept);
        let expected = ProviderOutcome::Approved { reference: Text::new(), chip };
        assert_eq!(*bench.result(), ProviderResult::Outcome(expected), "the outcome stands");
        let withheld = bench.notes.iter().any(|note| matches!(note, Note::ChipWithheld(..)));
        assert_eq!(withheld, !kept);
    }
}

#[test]
fn chip_data_that_a_late_answer_may_not_pass_on_has_a_warning_too() {
    for (said, is_withheld) in
        [(&[0x91, 1, 7][..], false), (&[0xff, 1, 4, 0x5a, 2, 0x41, 0x11], true)]
    {
        let mut bench = Bench::up();
        bench.ask_with(request(Authorize, 42), card());
        let connection = bench.connection(0);
        let asked = bench.written(connection).remove(0);
        bench.wait(11_000);
        let mut late = answer(&asked, "00");
        late.set_bytes(55, said);
        bench.say(connection, &late);
        assert_eq!(bench.late.len(), 1, "the outcome stands");
        let notes = bench.notes.iter().filter(|note| matches!(note, Note::ChipWithheld(..)));
        assert_eq!(notes.count(), usize::from(is_withheld));
    }
}

#[test]
fn what_waits_of_a_host_s_frame_is_in_memory_that_is_wiped() {
    let mut bench = Bench::up();
    bench.ask_with(request(Authorize, 42), card());
    let connection = bench.connection(0);
    let asked = bench.written(connection).remove(0);
    let mut answer = answer(&asked, "00");
    answer.set_bytes(55, &[0x91, 1, 7]);
    let framed = bench.framed(&answer);
    let (first, second) = framed.split_at(framed.len() / 2);
    bench.receive(connection, first);
    let inbound: &zeroize::Zeroizing<Vec<u8>> = &bench.host.links[0].inbound;
    assert_eq!(inbound.as_slice(), first);
    bench.receive(connection, &[second, first].concat());
    assert_eq!(bench.host.links[0].inbound.as_slice(), first, "what was read is gone");
    assert!(matches!(bench.result(), ProviderResult::Outcome(_)));
}
