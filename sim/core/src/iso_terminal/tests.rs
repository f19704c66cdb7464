//! A terminal against messages that a test writes, without any gateway behind them.

use tillgate_codec::iso8583::{Fields, MacPadding, MacVerdict, Message, Mti};
use tillgate_codec::link::message::ResponseCode;

use super::*;
use crate::firmware::{Delay, Offer, OfferKind};
use crate::sales_log::{Settlement, State};
use crate::terminal::Trouble;

mod profile;

const TERMINAL: u32 = 100;

fn psk(byte: u8) -> Psk {
    Psk::new([byte; 32])
}

fn key(byte: u8) -> MacKey {
    MacKey::retail(&[byte; 16], MacPadding::Zeros)
}

fn firmware() -> Firmware {
    let offer = Offer {
        service: 10,
        product: 2,
        amount_min_minor: 500,
        amount_max_minor: 500,
        currency: 404,
        kind: OfferKind::Voucher,
        weight: 1,
    };
    Firmware {
        dialect: Dialect::builtin("nac").unwrap(),
        mac: Some(Mac { algorithm: MacAlgorithm::Retail, key_bytes: 16 }),
        codes: Vec::new(),
        stan_floor: 0,
        mix: Mix::new(vec![offer]).unwrap(),
        custom: LoadModel::Sent,
        retry_permille: 0,
        confirm_permille: 0,
        upload_permille: 0,
        habits: Habits::default(),
        knows_issuer: true,
        hangs_up: false,
        reconnect: Reconnect::Fixed(Span::s(1)),
        connect: Span::s(5),
        answer: Span::s(20),
        test_after: Span::s(60),
        cutoff_min: 120,
        day: BusinessDate::from_ymd(2_026, 11, 20).unwrap(),
    }
}

/// One terminal, and what reaches the other end.
struct Bench {
    terminal: IsoTerminal,
    now: Moment,
    notes: Vec<Note>,
    sent: Vec<Vec<u8>>,
    connects: u32,
    closed: bool,
}

impl Bench {
    fn new(firmware: Firmware) -> Self {
        let now = Moment(0);
        let terminal = IsoTerminal::new(TERMINAL, Some(&psk(7)), Arc::new(firmware), 1, now);
        let (notes, sent) = (Vec::new(), Vec::new());
        Self { terminal, now, notes, sent, connects: 0, closed: false }
    }

    /// Switched on and logged on at 23:30 of 23 November.
    fn logged_on(firmware: Firmware) -> Self {
        let mut bench = Self::new(firmware);
        bench.input(Input::Begin);
        bench.connect();
        let logon = bench.asked("0800");
        assert_eq!(logon.text(3), Some("920000"));
        bench.answer(&logon, "00", &[(12, "233000"), (13, "1123")]);
        bench
    }

    fn input(&mut self, input: Input<'_>) {
        self.terminal.handle(self.now, input);
        while let Some(output) = self.terminal.poll() {
            match output {
                Output::Connect => self.connects += 1,
                Output::Send(bytes) => self.sent.push(bytes.to_vec()),
                Output::Close => self.closed = true,
                Output::Note(note) => self.notes.push(note),
            }
        }
    }

    fn wait(&mut self) {
        self.now = self.terminal.deadline().expect("something is due");
        self.input(Input::Deadline);
    }

    fn connect(&mut self) {
        let before = self.connects;
        while self.connects == before {
            self.wait();
        }
        self.input(Input::Connected);
    }

    fn sell(&mut self) {
        let intended = self.now;
        self.input(Input::Customer { intended });
    }

    /// The one message that was sent, if it is of that type and has the terminal's code.
    fn asked(&mut self, mti: &str) -> Message {
        let [framed] = &std::mem::take(&mut self.sent)[..] else { panic!("one message") };
        let (dialect, mut fields) = (Dialect::builtin("nac").unwrap(), Fields::new());
        let view = dialect.view(&framed[2..], &mut fields).unwrap();
        assert_eq!(view.mti().as_str(), mti);
        assert_eq!(view.verify_mac(&key(7)), MacVerdict::Valid);
        Message::from_view(&view)
    }

    fn frame<V: AsRef<[u8]>>(
        asked: &Message,
        code: &str,
        with: &[(u8, V)],
        key: &MacKey,
    ) -> Vec<u8> {
        let mut answer = Message::new(asked.mti.answer().unwrap());
        answer.tpdu = asked.tpdu.map(tillgate_codec::iso8583::Tpdu::swapped);
        for number in [3, 4, 11, 12, 13, 24, 41, 49].into_iter().filter(|field| asked.has(*field)) {
            answer.set_bytes(number, asked.bytes(number).unwrap());
        }
        answer.set(39, code);
        for (number, value) in with {
            answer.set_bytes(*number, value.as_ref());
        }
        let (dialect, mut bytes, mut framed) =
            (Dialect::builtin("nac").unwrap(), Vec::new(), Vec::new());
        dialect.encode_with_mac(&mut answer, key, &mut bytes).unwrap();
        dialect.framing().append_frame(&bytes, &mut framed).unwrap();
        framed
    }

    fn answer(&mut self, asked: &Message, code: &str, with: &[(u8, &str)]) {
        let mut framed = Self::frame(asked, code, with, &key(7));
        self.input(Input::Received(&mut framed));
    }

    fn state(&self) -> State {
        self.terminal.book().entries().last().unwrap().state
    }
}

/// The values of what makes a request the same.
fn content(message: &Message) -> Vec<Option<String>> {
    let fields = [3, 4, 11, 12, 13, 24, 25, 41, 42, 49, 102];
    fields.map(|field| message.text(field).map(str::to_owned)).to_vec()
}

const SLIP: &[(u8, &str)] =
    &[(37, "632700000001"), (48, ""), (60, "S0000001"), (61, "PIN0000001"), (63, "paid")];

#[test]
fn a_sale_has_the_date_and_time_that_the_logon_set() {
    let mut bench = Bench::logged_on(firmware());
    bench.now = bench.now.after(Span::s(1_800));
    bench.input(Input::Customer { intended: Moment(0) });
    let sale = bench.asked("0200");
    let text = |field| sale.text(field).unwrap().to_owned();
    assert_eq!((text(12), text(13)), ("000000".to_owned(), "1124".to_owned()));
    assert_eq!((text(3), text(4)), ("501002".to_owned(), "000000000500".to_owned()));
    let asked = bench.terminal.book().entries()[0].asked;
    let date = BusinessDate::from_ymd(2_026, 11, 23).unwrap();
    assert_eq!((asked.date, asked.stan), (date, 1), "before the cut-off at 02:00");
    bench.answer(&sale, "00", SLIP);
    assert_eq!(bench.state(), State::Approved);
    assert_ne!(bench.terminal.book().entries()[0].pin, 0);
}

#[test]
fn a_sale_that_is_not_answered_is_repeated_with_the_same_content_over_a_new_connection() {
    let mut bench = Bench::logged_on(firmware());
    bench.sell();
    let first = bench.asked("0200");
    bench.wait();
    assert!(bench.closed && bench.notes.contains(&Note::Trouble(Trouble::AnswerTimeout)));
    bench.connect();
    let again = bench.asked("0201");
    assert_eq!(content(&again), content(&first));
    bench.answer(&again, "09", &[]);
    bench.wait();
    let again = bench.asked("0201");
    bench.answer(&again, "00", SLIP);
    assert_eq!(bench.state(), State::Approved);
}

#[test]
fn a_sale_given_up_is_reversed_until_that_is_acknowledged() {
    let habits = Habits { give_back_permille: 1_000, ..Habits::default() };
    let mut bench = Bench::logged_on(Firmware { habits, ..firmware() });
    bench.sell();
    let sale = bench.asked("0200");
    bench.input(Input::Closed);
    bench.connect();
    let reversal = bench.asked("0420");
    assert_eq!(content(&reversal), content(&sale));
    for _ in 0..3 {
        bench.wait();
        bench.connect();
        assert_eq!(content(&bench.asked("0421")), content(&sale));
    }
    bench.answer(&reversal, "00", &[]);
    assert_eq!(bench.state(), State::Reversed);
}

#[test]
fn a_sale_that_stands_although_it_was_given_up_is_asked_about() {
    let habits = Habits { give_back_permille: 1_000, ..Habits::default() };
    let mut bench = Bench::logged_on(Firmware { habits, ..firmware() });
    bench.sell();
    bench.asked("0200");
    bench.input(Input::Closed);
    bench.connect();
    let reversal = bench.asked("0420");
    bench.answer(&reversal, "21", &[]);
    let again = bench.asked("0201");
    bench.answer(&again, "00", SLIP);
    assert_eq!(bench.state(), State::Approved);
}

#[test]
fn an_answer_without_the_terminal_s_code_is_not_believed() {
    let mut bench = Bench::logged_on(firmware());
    bench.sell();
    let sale = bench.asked("0200");
    let mut forged = Bench::frame(&sale, "00", SLIP, &key(8));
    bench.input(Input::Received(&mut forged));
    assert!(bench.closed && bench.notes.contains(&Note::Trouble(Trouble::BadSeal)));
    assert_eq!(bench.state(), State::InDoubt);
}

#[test]
fn an_answer_that_arrives_byte_by_byte_is_read() {
    let mut bench = Bench::logged_on(firmware());
    bench.sell();
    let sale = bench.asked("0200");
    for byte in Bench::frame(&sale, "00", SLIP, &key(7)) {
        bench.input(Input::Received(&mut [byte]));
    }
    assert_eq!(bench.state(), State::Approved);
    assert!(!bench.closed);
}

#[test]
fn an_answer_that_changes_is_noticed_and_one_that_comes_twice_is_not() {
    for (serial, changed) in [("S0000001", false), ("S0000002", true)] {
        let mut bench = Bench::logged_on(Firmware { retry_permille: 1_000, ..firmware() });
        bench.sell();
        let sale = bench.asked("0200");
        bench.answer(&sale, "00", SLIP);
        let again = bench.asked("0201");
        let mut with = SLIP.to_vec();
        with[2] = (60, serial);
        bench.answer(&again, "00", &with);
        assert_eq!(bench.terminal.book().entries()[0].wrong.answer_changed, changed);
    }
}

#[test]
fn totals_are_settled_when_it_is_stopped() {
    let habits = Habits { settles: true, ..Habits::default() };
    let mut bench = Bench::logged_on(Firmware { habits, ..firmware() });
    bench.sell();
    let sale = bench.asked("0200");
    bench.answer(&sale, "00", SLIP);
    bench.input(Input::Stop);
    let close = bench.asked("0500");
    assert_eq!(close.text(63), Some("00010000000005000000000000000000"));
    assert_eq!(close.text(11), Some("000002"));
    bench.answer(&close, "95", &[]);
    assert_eq!(bench.terminal.book().settlement(), Settlement::Differed);
    assert!(bench.terminal.is_gone() && bench.closed);
}

#[test]
fn an_approved_sale_is_confirmed_until_that_is_acknowledged() {
    let mut bench = Bench::logged_on(Firmware { confirm_permille: 1_000, ..firmware() });
    bench.sell();
    let sale = bench.asked("0200");
    bench.answer(&sale, "00", SLIP);
    let advice = bench.asked("0220");
    assert_eq!(content(&advice), content(&sale));
    bench.input(Input::Closed);
    bench.connect();
    assert_eq!(content(&bench.asked("0221")), content(&sale));
    let back = bench.now.after(Span::s(9));
    bench.input(Input::PowerCut { back });
    bench.connect();
    assert_eq!(content(&bench.asked("0221")), content(&sale));
    bench.answer(&advice, "09", &[]);
    bench.wait();
    assert_eq!(content(&bench.asked("0221")), content(&sale));
    assert!(!bench.terminal.book().entries()[0].confirmed);
    bench.answer(&advice, "00", &[]);
    assert!(bench.terminal.book().entries()[0].confirmed && bench.sent.is_empty());
}

#[test]
fn a_batch_is_uploaded_record_by_record_and_the_totals_are_settled_again() {
    for (code, upload_permille, uploads) in
        [("95", 1, true), ("95", 0, false), ("00", 1_000, true), ("00", 0, false)]
    {
        let habits = Habits { settles: true, ..Habits::default() };
        let mut bench = Bench::logged_on(Firmware { habits, upload_permille, ..firmware() });
        for code in ["00", "51", "00"] {
            bench.sell();
            let sale = bench.asked("0200");
            bench.answer(&sale, code, SLIP);
        }
        bench.input(Input::Stop);
        let close = bench.asked("0500");
        assert_eq!(close.text(3), Some("920000"));
        bench.answer(&close, code, &[]);
        if !uploads {
            assert!(bench.terminal.is_gone(), "{code}");
            continue;
        }
        for (own, sale) in [("000005", "0200000001"), ("000006", "0200000003")] {
            let record = bench.asked("0320");
            assert!(record.text(60).unwrap().starts_with(sale) && record.text(11) == Some(own));
            bench.input(Input::Closed);
            bench.connect();
            assert_eq!(content(&bench.asked("0321")), content(&record));
            bench.answer(&record, "00", &[]);
        }
        let again = bench.asked("0500");
        assert_eq!((again.text(3), again.text(11)), (Some("960000"), Some("000007")));
        assert_eq!(again.text(63), close.text(63));
        bench.answer(&again, code, &[]);
        assert!(bench.terminal.is_gone());
        let uploads = bench.terminal.book().uploads();
        assert_eq!(uploads.iter().map(|upload| upload.stan).collect::<Vec<_>>(), [1, 3]);
    }
}

/// A terminal that has sent a sale of a card with a chip.
fn of_a_card(knows_issuer: bool) -> (Bench, Message) {
    let offer = Offer { kind: OfferKind::Card, ..firmware().mix.offers()[0] };
    let mix = || Mix::new(vec![offer]).unwrap();
    let mut bench = Bench::logged_on(Firmware { mix: mix(), knows_issuer, ..firmware() });
    loop {
        bench.sell();
        let sale = bench.asked("0200");
        if sale.bytes(55).is_some_and(|chip| issued(chip).is_some()) {
            return (bench, sale);
        }
        bench.answer(&sale, "00", SLIP);
    }
}

fn issued(chip: &[u8]) -> Option<Vec<u8>> {
    crate::issuer::passed_on(crate::issuer::answer(chip))
}

#[test]
fn an_answer_for_another_chip_is_noticed() {
    for (is_right, knows_issuer) in [(true, true), (false, true), (false, false)] {
        let (mut bench, sale) = of_a_card(knows_issuer);
        let mut chip = issued(sale.bytes(55).unwrap()).unwrap();
        chip[5] ^= u8::from(!is_right);
        let mut framed = Bench::frame(&sale, "00", &[(55, chip)], &key(7));
        bench.notes.clear();
        bench.input(Input::Received(&mut framed));
        let noticed = bench.notes.contains(&Note::Trouble(Trouble::ChipAnswer));
        let wrong = !is_right && knows_issuer;
        assert_eq!((noticed, bench.state()), (wrong, State::Approved));
    }
}

#[test]
fn a_new_key_is_used_from_a_new_logon_on_and_answers_to_the_old_one_are_read() {
    let mut bench = Bench::logged_on(firmware());
    bench.sell();
    let sale = bench.asked("0200");
    bench.input(Input::Rekey { key_id: 2, psk: psk(8), reconnect: false });
    bench.answer(&sale, "00", SLIP);
    assert_eq!(bench.state(), State::Approved);
    let [logon] = &bench.sent[..] else { panic!("a logon") };
    let (dialect, mut fields) = (Dialect::builtin("nac").unwrap(), Fields::new());
    let view = dialect.view(&logon[2..], &mut fields).unwrap();
    assert_eq!((view.mti().as_str(), view.verify_mac(&key(8))), ("0800", MacVerdict::Valid));
}

#[test]
fn a_refusal_that_may_be_about_the_date_is_followed_by_a_logon() {
    let mut bench = Bench::logged_on(firmware());
    bench.sell();
    let sale = bench.asked("0200");
    bench.answer(&sale, "12", &[]);
    assert_eq!(bench.state(), State::Declined(ResponseCode(*b"12")));
    assert_eq!(bench.asked("0800").text(3), Some("920000"));
}

#[test]
fn a_quiet_line_is_tested_and_one_that_is_closed_after_each_sale_is_not() {
    let mut bench = Bench::logged_on(firmware());
    bench.wait();
    let test = bench.asked("0800");
    assert_eq!(test.text(3), Some("990000"));
    bench.answer(&test, "00", &[]);
    let custom = LoadModel::Think(Delay::Fixed(Span::s(200)));
    let mut bench = Bench::logged_on(Firmware { custom, hangs_up: true, ..firmware() });
    assert!(bench.closed, "nobody is there yet");
    bench.connect();
    assert_eq!(bench.now, Moment(0).after(Span::s(200)));
    bench.asked("0200");
}

#[test]
fn what_is_in_the_book_survives_a_loss_of_power() {
    for seed in 0..8 {
        let mut bench = Bench::logged_on(firmware());
        bench.terminal.rng = Rng::new(seed, 1);
        bench.sell();
        let sale = bench.asked("0200");
        let back = bench.now.after(Span::s(9));
        bench.input(Input::PowerCut { back });
        bench.connect();
        assert_eq!(bench.now, back);
        let framed = bench.sent.last().unwrap().clone();
        let (dialect, mut fields) = (Dialect::builtin("nac").unwrap(), Fields::new());
        let view = dialect.view(&framed[2..], &mut fields).unwrap();
        assert!(["0201", "0420"].contains(&view.mti().as_str()));
        assert_eq!(content(&Message::from_view(&view)), content(&sale));
    }
}

#[test]
fn bytes_that_are_no_answers_of_the_terminal_end_the_connection_and_no_more() {
    for garbage in [vec![0xFF; 9], vec![0, 4, 1, 2, 3, 4], vec![0, 5, 0x60, 0, 0, 0, 0]] {
        let mut bench = Bench::logged_on(firmware());
        bench.sell();
        bench.asked("0200");
        bench.input(Input::Received(&mut garbage.clone()));
        bench.wait();
        assert!(bench.closed, "{garbage:?}");
        assert_eq!(bench.state(), State::InDoubt);
    }
    assert_eq!(Mti::parse("0210"), Mti::parse("0200").and_then(Mti::answer));
}
