//! Whose answer an answer is, and what it means.

use super::{Bench, Connection, Message, Note, answer, approved, profile, request};
use crate::provider::ProviderRequestKind::{Advise, Authorize, Inquire, Lookup, Reverse};
use crate::provider::{ProviderOutcome, ProviderRequest, ProviderResult, Text};
use tillgate_store_core::ResponseCode;

/// A bench with one request that was written, and its message.
fn asked(request: ProviderRequest) -> (Bench, Connection, Message) {
    let mut bench = Bench::up();
    bench.ask(request);
    let connection = bench.connection(0);
    let message = bench.written(connection).remove(0);
    (bench, connection, message)
}

const NOT_SENT: ProviderResult =
    ProviderResult::Outcome(ProviderOutcome::NotSent { code: ResponseCode::PROVIDER_UNAVAILABLE });

#[test]
fn a_sale_has_the_fields_of_its_profile() {
    let (_, _, message) = asked(request(Authorize, 42));
    for (number, text) in [
        (3, "500000"),
        (4, "000000002500"),
        (7, "1118110640"),
        (11, "000042"),
        (41, "00070001"),
        (42, "000000000000007"),
        (49, "404"),
        (102, "254700000000"),
    ] {
        assert_eq!(message.text(number), Some(text), "field {number}");
    }
    assert!(!message.has(48), "a template without a value leaves its field out");
}

#[test]
fn each_kind_s_answers_mean_what_the_profile_says() {
    let declined = |code: &[u8; 2]| {
        ProviderResult::Outcome(ProviderOutcome::Declined {
            code: ResponseCode(*code),
            reference: Text::new(),
            chip: None,
        })
    };
    let outcome = ProviderResult::Outcome;
    for (kind, code, expected) in [
        (Authorize, "00", approved()),
        (Authorize, "51", declined(b"51")),
        (Authorize, "09", ProviderResult::Pending),
        (Authorize, "96", ProviderResult::UNKNOWN),
        (Authorize, "25", ProviderResult::UNKNOWN),
        (Inquire, "00", approved()),
        (Inquire, "25", ProviderResult::NotFound { attempt: 1 }),
        (Reverse, "00", outcome(ProviderOutcome::Reversed)),
        (Reverse, "21", outcome(ProviderOutcome::ReversalDeclined)),
        (Reverse, "51", ProviderResult::UNKNOWN),
        (Advise, "00", outcome(ProviderOutcome::AdviceAcknowledged)),
        (Lookup, "14", ProviderResult::Lookup(Err(ResponseCode(*b"14")))),
        (Lookup, "96", ProviderResult::Lookup(Err(ResponseCode::PROVIDER_UNAVAILABLE))),
    ] {
        let (mut bench, connection, message) = asked(request(kind, 1));
        bench.say(connection, &answer(&message, code));
        assert_eq!(*bench.result(), expected, "{kind:?} {code}");
    }
}

#[test]
fn an_answer_without_a_code_leaves_the_sale_unknown() {
    let (mut bench, connection, message) = asked(request(Authorize, 1));
    let mut said = answer(&message, "00");
    said.remove(39);
    bench.say(connection, &said);
    assert_eq!(*bench.result(), ProviderResult::UNKNOWN);
}

#[test]
fn the_host_s_reference_is_kept() {
    let (mut bench, connection, message) = asked(request(Authorize, 1));
    let mut said = answer(&message, "00");
    said.set(38, "A1B2C3").set(37, "632200000099");
    bench.say(connection, &said);
    let reference = Text::from("A1B2C3").unwrap();
    assert_eq!(
        *bench.result(),
        ProviderResult::Outcome(ProviderOutcome::Approved { reference, chip: None })
    );
}

#[test]
fn a_lookup_s_answer_has_the_amount_and_whose_account_it_is() {
    let (mut bench, connection, message) = asked(request(Lookup, 1));
    let mut said = answer(&message, "00");
    said.set_number(4, 12_345).set(37, "BILL00000001").set(48, "A CUSTOMER").set(63, "Due today");
    bench.say(connection, &said);
    let ProviderResult::Lookup(Ok(bill)) = bench.result() else { panic!("nothing found") };
    assert_eq!((bill.amount_minor, bill.name.as_str()), (12_345, "A CUSTOMER"));
    assert_eq!((bill.reference.as_str(), bill.text.as_str()), ("BILL00000001", "Due today"));
}

#[test]
fn an_answer_that_does_not_repeat_what_it_must_is_nobody_s() {
    for (number, other) in [(3, "500001"), (4, "2501"), (7, "1118110641"), (49, "840")] {
        let (mut bench, connection, message) = asked(request(Authorize, 42));
        let mut said = answer(&message, "00");
        said.set(number, other);
        bench.say(connection, &said);
        said.remove(number);
        bench.say(connection, &said);
        assert!(bench.done.is_empty(), "field {number}");
        let unmatched = |note: &&Note| matches!(note, Note::Unmatched(..));
        assert_eq!(bench.notes.iter().filter(unmatched).count(), 2);
        bench.say(connection, &answer(&message, "00"));
        assert_eq!(*bench.result(), approved(), "the right one still counts");
    }
}

#[test]
fn answers_may_come_in_any_order_and_find_their_own_requests() {
    let mut bench = Bench::up();
    (1..=4).for_each(|stan| bench.ask(request(Authorize, stan)));
    let connection = bench.connection(0);
    let asked = bench.written(connection);
    for (index, code) in [(2, "00"), (0, "51"), (3, "00"), (1, "14")] {
        bench.say(connection, &answer(&asked[index], code));
        let (request, result) = bench.done.last().unwrap();
        assert_eq!(request.sale.stan, u32::try_from(index).unwrap() + 1);
        assert_eq!(*result == approved(), code == "00");
    }
}

#[test]
fn a_request_whose_key_is_in_flight_is_refused() {
    let (mut bench, connection, message) = asked(request(Authorize, 1));
    let mut other = request(Authorize, 1);
    other.reference = Text::from("ff").unwrap();
    bench.ask(other);
    assert_eq!(*bench.result(), NOT_SENT);
    assert_eq!(bench.notes.last(), Some(&Note::Duplicate));
    bench.say(connection, &answer(&message, "00"));
    assert_eq!(bench.done[1].1, approved(), "the first one's answer is the first one's");
}

#[test]
fn an_answer_after_the_deadline_is_handed_on_once_and_to_nobody_else() {
    let (mut bench, connection, message) = asked(request(Authorize, 1));
    bench.wait(10_000);
    assert_eq!(*bench.result(), ProviderResult::UNKNOWN);
    // Another sale with the same key must not receive it.
    let mut other = request(Authorize, 1);
    other.reference = Text::from("ff").unwrap();
    bench.ask(other);
    assert_eq!(bench.done[1].1, NOT_SENT);
    bench.say(connection, &answer(&message, "00"));
    assert_eq!(bench.late, [(request(Authorize, 1), approved())]);
    // One that contradicts it, or repeats it, is handed on once more and then forgotten.
    bench.say(connection, &answer(&message, "51"));
    bench.say(connection, &answer(&message, "51"));
    assert_eq!(bench.late.len(), 2);
    assert!(matches!(bench.notes.last(), Some(Note::Unmatched(..))));
}

#[test]
fn an_answer_that_comes_before_the_next_attempt_has_left_is_handed_on() {
    let (mut bench, connection, message) = asked(request(Authorize, 1));
    bench.wait(10_000);
    assert_eq!(*bench.result(), ProviderResult::UNKNOWN);
    let again = ProviderRequest { attempt: 2, ..request(Authorize, 1) };
    bench.ask(again);
    for _ in 0..2 {
        bench.say(connection, &answer(&message, "00"));
        assert_eq!(bench.late, [(again, approved())], "no second one is owed");
    }
    let asked = bench.written(connection);
    assert_eq!(asked.len(), 1);
    bench.say(connection, &answer(&asked[0], "00"));
    assert_eq!(bench.done[1].1, approved(), "and it has an answer of its own");
}

#[test]
fn a_late_answer_is_forgotten_after_five_minutes() {
    let (mut bench, connection, message) = asked(request(Authorize, 1));
    bench.wait(10_000);
    for _ in 0..6 {
        bench.wait(50_000);
        let alive = bench.written(connection);
        alive.iter().for_each(|echo| bench.say(connection, &answer(echo, "00")));
    }
    bench.say(connection, &answer(&message, "00"));
    assert!(bench.late.is_empty());
}

#[test]
fn what_a_lost_connection_means_depends_on_whether_a_byte_had_left() {
    let mut bench = Bench::up();
    let connection = bench.connection(0);
    bench.ask(request(Authorize, 1));
    assert_eq!(bench.written(connection).len(), 1);
    bench.ask(request(Authorize, 2));
    bench.lose(connection);
    assert_eq!(*bench.result(), ProviderResult::UNKNOWN);
    bench.wait(9_999);
    bench.host.connected(bench.now(), bench.connection(0));
    bench.wait(1);
    assert_eq!(bench.done[1].1, NOT_SENT, "no byte of it had left");
}

#[test]
fn a_request_that_was_never_written_goes_out_on_the_next_connection() {
    let mut bench = Bench::up();
    let connection = bench.connection(0);
    bench.ask(request(Authorize, 2));
    bench.lose(connection);
    bench.wait(1_000);
    bench.sign_on(0);
    let connection = bench.connection(0);
    let asked = bench.written(connection);
    bench.say(connection, &answer(&asked[0], "00"));
    assert_eq!(*bench.result(), approved());
}

#[test]
fn a_repeat_differs_from_the_first_attempt_in_its_type_alone() {
    for (kind, first, repeat) in [(Authorize, "0200", "0201"), (Reverse, "0420", "0421")] {
        let (_, _, one) = asked(request(kind, 7));
        let (_, _, two) = asked(ProviderRequest { attempt: 2, ..request(kind, 7) });
        assert_eq!((one.mti.as_str(), two.mti.as_str()), (first, repeat));
        assert!(one.numbers().eq(two.numbers()));
        assert!(one.numbers().all(|number| one.bytes(number) == two.bytes(number)));
    }
    let (_, _, reversal) = asked(request(Reverse, 7));
    assert_eq!(reversal.text(90), Some("020000000711181106400000000000000000000000"));
}

#[test]
fn not_found_is_of_the_earliest_question_that_is_owed_an_answer() {
    let (mut bench, connection, first) = asked(request(Inquire, 1));
    bench.wait(10_000);
    bench.ask(ProviderRequest { attempt: 2, ..request(Inquire, 1) });
    let second = bench.written(connection).remove(0);
    bench.say(connection, &answer(&first, "25"));
    let of_first = ProviderResult::NotFound { attempt: 1 };
    assert_eq!(bench.done[1].1, of_first, "it may be the first one's answer");
    bench.say(connection, &answer(&second, "25"));
    bench.ask(ProviderRequest { attempt: 3, ..request(Inquire, 1) });
    let third = bench.written(connection).remove(0);
    bench.say(connection, &answer(&third, "25"));
    assert_eq!(bench.done[2].1, ProviderResult::NotFound { attempt: 3 });
}

#[test]
fn a_question_whose_answer_never_comes_does_not_keep_not_found_from_counting_for_ever() {
    let (mut bench, connection, _) = asked(request(Inquire, 1));
    bench.wait(10_000);
    let mut results = Vec::new();
    for attempt in 2..=12 {
        // More often than answers are forgotten.
        bench.wait(30_000);
        bench.ask(ProviderRequest { attempt, ..request(Inquire, 1) });
        let mut written = bench.written(connection);
        let question = written.pop().unwrap();
        written.iter().for_each(|echo| bench.say(connection, &answer(echo, "00")));
        bench.say(connection, &answer(&question, "25"));
        results.push(bench.done.last().unwrap().1.clone());
    }
    let of_first = ProviderResult::NotFound { attempt: 1 };
    let old = results.iter().take_while(|result| **result == of_first);
    assert_eq!(old.count(), 9, "it may be the first one's for five minutes: {results:?}");
    assert_eq!(results[9], ProviderResult::NotFound { attempt: 11 });
}

#[test]
fn a_wrong_code_of_authentication_counts_for_nothing() {
    let nac = || profile("nac-host", |text| text);
    let mut bench = Bench::of(nac(), Some([3; 16]), (1, 8));
    bench.sign_on(0);
    bench.ask(request(Authorize, 1));
    let connection = bench.connection(0);
    let message = bench.written(connection).remove(0);
    assert!(message.has(128), "the request carries its code");
    let said = answer(&message, "00");
    let forger = Bench::of(nac(), Some([4; 16]), (1, 8));
    let framed = forger.framed(&said);
    bench.receive(connection, &framed);
    let bare = Bench::of(nac(), None, (1, 8)).framed(&said);
    bench.receive(connection, &bare);
    assert!(bench.done.is_empty());
    assert_eq!(bench.notes.last(), Some(&Note::Unauthentic(connection)));
    bench.say(connection, &said);
    assert_eq!(*bench.result(), approved());
}

#[test]
fn every_split_of_the_bytes_gives_the_same_results() {
    let (bench, _, message) = asked(request(Authorize, 1));
    let framed = bench.framed(&answer(&message, "00"));
    for cut in 0..=framed.len() {
        let (mut bench, connection, _) = asked(request(Authorize, 1));
        bench.receive(connection, &framed[..cut]);
        assert_eq!(bench.done.len(), usize::from(cut == framed.len()), "{cut}");
        bench.receive(connection, &framed[cut..]);
        assert_eq!(*bench.result(), approved(), "{cut}");
        // And lost at each byte: unknown, never declined.
        let (mut bench, connection, _) = asked(request(Authorize, 1));
        bench.receive(connection, &framed[..cut]);
        bench.lose(connection);
        let lost = if cut == framed.len() { approved() } else { ProviderResult::UNKNOWN };
        assert_eq!(*bench.result(), lost, "{cut}");
    }
}

#[test]
fn any_byte_of_an_answer_may_be_wrong_and_no_other_result_comes_of_it() {
    let (bench, _, message) = asked(request(Authorize, 1));
    let framed = bench.framed(&answer(&message, "00"));
    for at in 0..framed.len() {
        for bit in 0..8 {
            let mut wrong = framed.clone();
            wrong[at] ^= 1 << bit;
            let (mut bench, connection, _) = asked(request(Authorize, 1));
            bench.receive(connection, &wrong);
            let believed = bench.done.iter().filter(|(_, result)| *result == approved()).count();
            assert!(believed == 0 || is_free(&framed, at), "byte {at}, bit {bit}");
        }
    }
}

/// Whether an answer need not repeat this byte: local time and date, and the seller's number.
fn is_free(framed: &[u8], at: usize) -> bool {
    let text = String::from_utf8_lossy(framed);
    let times = text.find("0000011106401118").map_or(0, |stan| stan + 6);
    let seller = text.find("000000000000007").unwrap_or(0);
    (times..times + 10).contains(&at) || (seller..seller + 15).contains(&at)
}

#[test]
fn a_value_that_does_not_fit_declines_its_sale_and_says_nothing_about_the_host() {
    let mut bench = Bench::up();
    let mut large = request(Authorize, 1);
    large.amount_minor = 1_000_000_000_000;
    bench.ask(large);
    assert_eq!(*bench.result(), large.inexpressible());
    assert_ne!(large.inexpressible(), large.not_sent(), "which the breaker would count");
    assert!(matches!(bench.notes.last(), Some(Note::Unsendable(_))));
}
