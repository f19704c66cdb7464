//! What the listener's profile, the journal and a driver say.

use super::*;

#[test]
fn numbers_go_on_above_those_that_the_journal_has_of_the_date() {
    let mut bench = Bench::new(firmware());
    let date = BusinessDate::from_ymd(2_026, 11, 23).unwrap();
    bench.terminal = IsoTerminal::new(TERMINAL, Some(&psk(7)), Arc::new(firmware()), 1, Moment(0))
        .resumed(date, 41);
    bench.input(Input::Begin);
    bench.connect();
    let logon = bench.asked("0800");
    bench.answer(&logon, "00", &[(12, "233000"), (13, "1123")]);
    assert_eq!(bench.terminal.book().opening(), Some((date, 41)), "rows up to there are earlier");
    bench.sell();
    assert_eq!(bench.asked("0200").text(11), Some("000042"));
}

#[test]
fn numbers_of_a_new_date_begin_above_the_floor_and_end_before_they_leave_their_field() {
    let mut bench = Bench::logged_on(Firmware { stan_floor: 999_997, ..firmware() });
    bench.sell();
    let sale = bench.asked("0200");
    assert_eq!(sale.text(11), Some("999998"));
    bench.answer(&sale, "00", SLIP);
    bench.sell();
    assert!(bench.sent.is_empty() && bench.notes.contains(&Note::TurnedAway));
    let habits = Habits { settles: true, ..Habits::default() };
    let mut bench = Bench::logged_on(Firmware { stan_floor: 999_998, habits, ..firmware() });
    bench.sell();
    bench.input(Input::Stop);
    assert_eq!(bench.asked("0500").text(11), Some("999999"), "the totals have a number left");
}

#[test]
fn a_terminal_without_a_number_for_its_totals_leaves_without_them() {
    let habits = Habits { settles: true, ..Habits::default() };
    let of = |stan_floor| Firmware { stan_floor, habits, upload_permille: 1_000, ..firmware() };
    let mut bench = Bench::logged_on(of(999_999));
    bench.input(Input::Stop);
    assert!(bench.sent.is_empty() && bench.terminal.is_gone());
    assert_eq!(bench.terminal.book().settlement(), Settlement::None);
    // The first settlement has the last number; there is none for a batch and the second one.
    let mut bench = Bench::logged_on(of(999_998));
    bench.input(Input::Stop);
    let close = bench.asked("0500");
    bench.answer(&close, "00", &[]);
    assert!(bench.sent.is_empty() && bench.terminal.is_gone());
    assert_eq!(bench.terminal.book().settlement(), Settlement::Agreed);
}

#[test]
fn totals_of_a_date_that_may_have_sales_of_an_earlier_run_differ_with_reason() {
    for (stan_floor, expected) in [(0, Settlement::Differed), (500, Settlement::Excused)] {
        let habits = Habits { settles: true, ..Habits::default() };
        let mut bench = Bench::logged_on(Firmware { stan_floor, habits, ..firmware() });
        assert_eq!(bench.terminal.book().opening().unwrap().1, stan_floor);
        bench.input(Input::Stop);
        let close = bench.asked("0500");
        bench.answer(&close, "95", &[]);
        assert_eq!(bench.terminal.book().settlement(), expected);
    }
}

#[test]
fn without_codes_and_without_a_tpdu_a_sale_is_the_same_and_its_code_is_the_profile_s() {
    let dialect = Dialect::builtin("iso87a").unwrap();
    let codes = vec![ProductCode { service: 10, product: 2, code: *b"123456" }];
    let firmware = Firmware { dialect, mac: None, codes, retry_permille: 1_000, ..firmware() };
    firmware.check(TERMINAL).unwrap();
    let (dialect, framing) = (firmware.dialect.clone(), firmware.dialect.framing());
    let mut bench = Bench::new(firmware);
    bench.input(Input::Begin);
    bench.connect();
    for (mti, code, with) in [
        ("0800", "00", &[(12, "233000"), (13, "1123")][..]),
        ("0200", "00", &[(37, "632700000001"), (60, "S1"), (61, "P1")]),
        ("0201", "00", &[(37, "632700000001"), (60, "S1"), (61, "P2")]),
    ] {
        if mti == "0200" {
            bench.sell();
        }
        let framed = bench.sent.pop().expect(mti);
        let mut fields = Fields::new();
        let frame = framing.deframe(&framed).unwrap().unwrap();
        let view = dialect.view(&framed[frame.message], &mut fields).unwrap();
        assert_eq!((view.mti().as_str(), view.tpdu(), view.has(64)), (mti, None, false));
        let asked = Message::from_view(&view);
        if mti == "0200" {
            assert_eq!(asked.text(3), Some("123456"));
        }
        let mut answer = Message::new(asked.mti.answer().unwrap());
        for number in [3, 4, 11, 12, 13, 41].into_iter().filter(|field| asked.has(*field)) {
            answer.set_bytes(number, asked.bytes(number).unwrap());
        }
        answer.set(39, code);
        for (number, text) in with {
            answer.set(*number, text);
        }
        let (mut bytes, mut out) = (Vec::new(), Vec::new());
        dialect.encode(&answer, &mut bytes).unwrap();
        framing.append_frame(&bytes, &mut out).unwrap();
        bench.input(Input::Received(&mut out));
    }
    assert!(bench.terminal.book().entries()[0].wrong.answer_changed, "to its last byte");
}

#[test]
fn whoever_counts_is_told_once_of_each_time_that_it_is_online() {
    let mut bench = Bench::logged_on(firmware());
    bench.input(Input::Closed);
    bench.connect();
    let told = |notes: &[Note], note| notes.iter().filter(|told| **told == note).count();
    assert_eq!((told(&bench.notes, Note::Online), told(&bench.notes, Note::Offline)), (2, 1));
    bench.sell();
    let sale = bench.asked("0200");
    bench.answer(&sale, "12", &[]);
    let logon = bench.asked("0800");
    bench.answer(&logon, "00", &[(12, "233000"), (13, "1123")]);
    assert_eq!(told(&bench.notes, Note::Online), 2, "it never was offline");
}

#[test]
fn what_does_not_fit_the_dialect_is_said_before_anything_is_sent() {
    let mut dear = firmware();
    let offer = Offer { amount_max_minor: 10_u64.pow(13), ..dear.mix.offers()[0] };
    dear.mix = Mix::new(vec![offer]).unwrap();
    let said = dear.check(TERMINAL).unwrap_err();
    assert!(said.starts_with("0200 of these terminals: "), "{said}");
    let mac = Some(Mac { algorithm: MacAlgorithm::Retail, key_bytes: 24 });
    assert!(Firmware { mac, ..firmware() }.check(TERMINAL).is_err());
    firmware().check(99_999_999).unwrap();
}

#[test]
fn one_that_has_hung_up_until_its_next_customer_can_be_made_to_settle_at_once() {
    let custom = LoadModel::Think(Delay::Fixed(Span::s(600)));
    let habits = Habits { settles: true, ..Habits::default() };
    let mut bench = Bench::logged_on(Firmware { custom, habits, hangs_up: true, ..firmware() });
    assert!(bench.closed, "nobody is there yet");
    bench.input(Input::Stop);
    bench.terminal.connect_now(bench.now);
    assert_eq!(bench.terminal.deadline(), Some(bench.now));
    bench.connect();
    assert_eq!(bench.asked("0500").text(11), Some("000001"));
}
