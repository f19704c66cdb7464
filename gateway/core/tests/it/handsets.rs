//! Handsets: a PIN in the place of a key, and the same verification and journal behind it.

use tillgate_codec::link::message::{GatewayMessage, Logon, Recent, TerminalMessage, Welcome};
use tillgate_core::processing::{
    HandsetAsk, HandsetOrigin, PIN_ENTROPY_BYTES, Processed, decode_handset,
};
use tillgate_core::time::{Calendar, Span};
use tillgate_core::transaction::{Input, Origin};
use tillgate_store_core::limits::{HANDSET_STANS_FROM, PIN_CHANGES_MAX, PIN_DELAYS_MS, STAN_MAX};
use tillgate_store_core::{
    Change, Handset, Msisdn, PinHash, RegistryRecord, ResponseCode, State, Status, TerminalId,
};

use crate::support::{Rig, answer, keys, sale, today, top_up_key, top_up_sale, voucher_sale};

const PIN: &[u8] = b"2580";

fn msisdn() -> Msisdn {
    Msisdn::of("254712345678").unwrap()
}

fn handset(revision: u32, pin: &[u8]) -> Handset {
    let pin = PinHash::of(&keys().vault, msisdn(), pin, &[5; 32], [5; 12]).ok();
    let (terminal, status) = (TerminalId(100), Status::Active);
    Handset { msisdn: msisdn(), terminal, status, revision, initial: false, pin }
}

/// A dialog of the handset, which has logged on.
struct Dialog {
    rig: Rig,
    revision: u32,
    dialog: u64,
    logged_on: bool,
}

impl Dialog {
    fn new() -> Self {
        Self::of(Rig::new())
    }

    fn of(rig: Rig) -> Self {
        let mut dialog = Self { rig, revision: 1, dialog: 7, logged_on: true };
        dialog.write(handset(1, PIN));
        dialog
    }

    fn write(&mut self, handset: Handset) {
        let records = vec![RegistryRecord::Handset(handset)];
        self.rig.change(Change { records, ..Change::default() });
    }

    fn processed(&self, ask: &HandsetAsk<'_>) -> Processed {
        let rig = &self.rig;
        let session = tillgate_core::id::SessionId { reactor: 0, slot: 1, generation: 0 };
        let origin = Origin {
            session,
            terminal: TerminalId(100),
            received: rig.now,
            generation: self.revision,
            logged_on: self.logged_on,
        };
        let from = HandsetOrigin { msisdn: msisdn(), dialog: self.dialog };
        let at = (rig.wall, &Calendar::default());
        decode_handset(ask, from, origin, at, (&rig.directory, &keys()), || [9; PIN_ENTROPY_BYTES])
    }

    fn ask(&mut self, ask: &HandsetAsk<'_>) -> Vec<u8> {
        match self.processed(ask) {
            Processed::Ask(ask) => self.rig.input(Input::Ask(ask)),
            Processed::Reply(reply) => self.rig.replies.push(reply),
        }
        self.rig.reply_bytes()
    }

    fn log_on(&mut self, pin: &[u8]) -> Welcome {
        welcome(&self.ask(&HandsetAsk::LogOn { pin }))
    }

    fn change_pin(&mut self, old: &[u8], new: &[u8]) -> ResponseCode {
        welcome(&self.ask(&HandsetAsk::ChangePin { old, new })).code
    }

    fn message(&mut self, message: &TerminalMessage<'_>) -> Vec<u8> {
        let mut body = Vec::new();
        message.encode(&mut body);
        self.ask(&HandsetAsk::Message(&body))
    }
}

fn welcome(body: &[u8]) -> Welcome {
    match GatewayMessage::decode(body).unwrap() {
        GatewayMessage::Welcome(welcome) => welcome,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_handset_logs_on_with_its_pin_and_sells_as_its_terminal() {
    let mut dialog = Dialog::new();
    let welcome = dialog.log_on(PIN);
    assert_eq!(
        (welcome.code, welcome.date, welcome.stan_last),
        (ResponseCode::APPROVED, today(), HANDSET_STANS_FROM - 1)
    );
    let body = dialog.message(&TerminalMessage::Sale(voucher_sale(HANDSET_STANS_FROM)));
    assert_eq!(answer(&body).code, ResponseCode::APPROVED);
    assert!(answer(&body).voucher.is_some());
    assert_eq!(dialog.rig.row(HANDSET_STANS_FROM).key.terminal, TerminalId(100));
    assert_eq!(dialog.log_on(PIN).stan_last, HANDSET_STANS_FROM);
    let again = dialog.message(&TerminalMessage::Sale(voucher_sale(HANDSET_STANS_FROM)));
    assert_eq!(again, body, "the same request of the same dialog gets the same bytes");
}

#[test]
fn a_terminal_and_its_handsets_have_numbers_of_their_own() {
    let mut dialog = Dialog::new();
    let used_up = dialog.message(&TerminalMessage::Sale(voucher_sale(STAN_MAX + 1)));
    assert_eq!(answer(&used_up).code, ResponseCode::DUPLICATE, "there a listener's reversals are");
    for stan in [HANDSET_STANS_FROM, STAN_MAX] {
        dialog.rig.ask(100, &sale(stan));
        assert_eq!(dialog.rig.reply_code(), "94");
        assert!(dialog.rig.row_if_any(stan).is_none(), "it takes no number from a handset");
    }
    let last = dialog.message(&TerminalMessage::Sale(voucher_sale(STAN_MAX)));
    assert!(answer(&last).code.is_approved());
    dialog.rig.ask(100, &sale(HANDSET_STANS_FROM - 1));
    assert!(dialog.rig.row_if_any(HANDSET_STANS_FROM - 1).is_some());
}

#[test]
fn two_dialogs_that_come_to_the_same_number_never_get_one_voucher() {
    let mut dialog = Dialog::new();
    let first = dialog.message(&TerminalMessage::Sale(voucher_sale(1)));
    dialog.dialog += 1;
    let second = dialog.message(&TerminalMessage::Sale(voucher_sale(1)));
    assert_eq!(answer(&first).code, ResponseCode::APPROVED);
    assert_eq!(answer(&second).code, ResponseCode::DUPLICATE);
    dialog.rig.ask(100, &sale(1));
    assert_eq!(dialog.rig.reply_code(), "94", "nor does the sealed link");
}

#[test]
fn a_sale_in_progress_is_not_sent_twice_and_its_repeat_waits_for_it() {
    let mut dialog = Dialog::new();
    let sell = |dialog: &Dialog| {
        let mut body = Vec::new();
        TerminalMessage::Sale(top_up_sale(1)).encode(&mut body);
        dialog.processed(&HandsetAsk::Message(&body))
    };
    for _ in 0..2 {
        let Processed::Ask(ask) = sell(&dialog) else { panic!("it is verified") };
        dialog.rig.input(Input::Ask(ask));
    }
    assert_eq!(dialog.rig.forwards.len(), 1);
    dialog.rig.approve(top_up_key(1));
    let codes = dialog.rig.replies.iter().map(|reply| dialog.rig.body_of(reply));
    let codes: Vec<Vec<u8>> = codes.collect();
    assert!(codes.iter().any(|body| answer_code(body) == Some(ResponseCode::APPROVED)));
    assert_eq!(dialog.rig.row(1).state, State::Approved);
}

fn answer_code(body: &[u8]) -> Option<ResponseCode> {
    match GatewayMessage::decode(body) {
        Ok(GatewayMessage::Answer(answer)) => Some(answer.code),
        _ => None,
    }
}

#[test]
fn a_wrong_pin_is_counted_and_the_right_one_waits_for_it() {
    let mut dialog = Dialog::new();
    for wrong in [&b"2581"[..], b"258"] {
        assert_eq!(dialog.log_on(wrong).code, ResponseCode::INCORRECT_PIN);
    }
    assert_eq!(dialog.log_on(PIN).code, ResponseCode::PIN_TRIES_EXCEEDED);
    dialog.rig.pass(Span::ms(PIN_DELAYS_MS[1]));
    assert_eq!(dialog.log_on(PIN).code, ResponseCode::APPROVED);
    for delay_ms in PIN_DELAYS_MS {
        assert_eq!(dialog.log_on(b"").code, ResponseCode::INCORRECT_PIN);
        dialog.rig.pass(Span::ms(delay_ms));
    }
    assert_eq!(dialog.log_on(b"").code, ResponseCode::PIN_TRIES_EXCEEDED);
    dialog.rig.pass(Span::s(1_000_000));
    let mut dialog = Dialog { rig: dialog.rig.restart(), ..dialog };
    assert_eq!(dialog.log_on(PIN).code, ResponseCode::PIN_TRIES_EXCEEDED, "after a restart too");
}

#[test]
fn whatever_changes_about_a_handset_ends_its_dialogs() {
    for changed in [
        Handset { status: Status::Blocked, ..handset(2, PIN) },
        Handset { terminal: TerminalId(101), ..handset(2, PIN) },
        handset(2, b"9137"),
    ] {
        let mut dialog = Dialog::new();
        dialog.write(changed);
        let sale = TerminalMessage::Sale(voucher_sale(1));
        assert!(dialog.message(&sale).is_empty(), "nothing is said in it any more");
        assert!(dialog.ask(&HandsetAsk::LogOn { pin: PIN }).is_empty());
        assert_eq!(dialog.rig.row_if_any(1), None);
    }
}

#[test]
fn a_blocked_terminal_is_refused_over_a_handset_too() {
    let mut dialog = Dialog::new();
    let mut blocked = dialog.rig.directory.registry.terminal(TerminalId(100)).unwrap().clone();
    blocked.status = Status::Blocked;
    let records = vec![RegistryRecord::Terminal(blocked)];
    dialog.rig.change(Change { records, ..Change::default() });
    assert_eq!(dialog.log_on(PIN).code, ResponseCode::TERMINAL_INACTIVE);
    let body = dialog.message(&TerminalMessage::Sale(voucher_sale(1)));
    assert_eq!(answer(&body).code, ResponseCode::TERMINAL_INACTIVE);
}

#[test]
fn its_holder_changes_the_pin_and_the_old_one_is_void() {
    let mut dialog = Dialog::new();
    assert_eq!(dialog.change_pin(b"0000", b"9137"), ResponseCode::INCORRECT_PIN);
    assert_eq!(dialog.change_pin(PIN, b"9137"), ResponseCode::APPROVED);
    assert!(dialog.ask(&HandsetAsk::LogOn { pin: b"9137" }).is_empty(), "of the dialog before");
    dialog.revision = 2;
    assert_eq!(dialog.log_on(PIN).code, ResponseCode::INCORRECT_PIN);
    assert_eq!(dialog.log_on(b"9137").code, ResponseCode::APPROVED);
    for _ in 1..PIN_CHANGES_MAX {
        assert_eq!(dialog.change_pin(b"9137", b"9137"), ResponseCode::APPROVED);
        dialog.revision += 1;
    }
    assert_eq!(dialog.change_pin(b"9137", PIN), ResponseCode::VELOCITY_LIMIT);
    assert_eq!(dialog.log_on(b"9137").code, ResponseCode::APPROVED);
}

#[test]
fn a_pin_that_others_know_sells_nothing_before_it_is_changed() {
    let mut dialog = Dialog::new();
    dialog.write(Handset { initial: true, ..handset(2, PIN) });
    dialog.revision = 2;
    assert_eq!(dialog.log_on(PIN).code, ResponseCode::APPROVED);
    let sale = TerminalMessage::Sale(voucher_sale(1));
    let body = dialog.message(&sale);
    assert_eq!(answer(&body).code, ResponseCode::NOT_LOGGED_ON);
    assert_eq!(dialog.change_pin(PIN, b"9137"), ResponseCode::APPROVED);
    dialog.revision = 3;
    let body = dialog.message(&sale);
    assert_eq!(answer(&body).code, ResponseCode::APPROVED);
}

#[test]
fn nothing_is_served_before_a_pin_was_entered() {
    let mut dialog = Dialog::new();
    dialog.logged_on = false;
    let body = dialog.message(&TerminalMessage::Sale(voucher_sale(1)));
    assert_eq!(answer(&body).code, ResponseCode::NOT_LOGGED_ON);
    let body = dialog.message(&TerminalMessage::Logon(Logon::SAMPLE));
    let rejected = GatewayMessage::decode(&body).unwrap();
    assert!(matches!(rejected, GatewayMessage::Reject(_)), "a logon without a PIN");
    let body = dialog.ask(&HandsetAsk::Message(b"\xFF"));
    assert!(matches!(GatewayMessage::decode(&body), Ok(GatewayMessage::Reject(_))));
}

#[test]
fn a_handset_without_a_pin_opens_to_nobody() {
    let mut dialog = Dialog::new();
    dialog.write(Handset { pin: None, ..handset(2, PIN) });
    dialog.revision = 2;
    for pin in [PIN, b"", b"\0"] {
        assert_ne!(dialog.log_on(pin).code, ResponseCode::APPROVED);
    }
}

#[test]
fn a_pin_of_one_number_is_none_of_another() {
    let vault = keys().vault;
    let other = Msisdn::of("254712345679").unwrap();
    let mut dialog = Dialog::new();
    let stolen = PinHash::of(&vault, other, PIN, &[5; 32], [5; 12]).ok();
    dialog.write(Handset { pin: stolen, ..handset(2, PIN) });
    dialog.revision = 2;
    assert_eq!(dialog.log_on(PIN).code, ResponseCode::INCORRECT_PIN, "a row copied in the store");
}

#[test]
fn the_last_sales_are_listed_by_the_clock_on_the_wall() {
    let mut rig = Rig::new();
    rig.sell(100, &voucher_sale(1));
    rig.pass(Span::s(60));
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(2)));
    rig.pass(Span::s(60));
    rig.replies.clear();
    let lines = |rig: &mut Rig, count| {
        rig.ask(100, &TerminalMessage::Recent(Recent { stan: 9, date: today(), count }));
        let body = rig.reply_bytes();
        match GatewayMessage::decode(&body).unwrap() {
            GatewayMessage::Listing(listing) => {
                assert_eq!((listing.stan, listing.code), (9, ResponseCode::APPROVED));
                listing.lines.to_owned()
            }
            other => panic!("{other:?}"),
        }
    };
    let listed = lines(&mut rig, 5);
    let listed: Vec<&str> = listed.lines().collect();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed[0].starts_with("12:01 ") && listed[0].ends_with(" ..."), "{listed:?}");
    assert!(listed[0].contains("254") && listed[1].starts_with("12:00 "), "{listed:?}");
    assert!(listed[1].ends_with(" OK"), "{listed:?}");
    assert_eq!(lines(&mut rig, 1).lines().count(), 1);
    rig.approve(top_up_key(2));
    rig.replies.clear();
    assert!(lines(&mut rig, 1).ends_with(" OK\n"));
    for stan in 3..40 {
        rig.sell(100, &voucher_sale(stan));
    }
    assert_eq!(lines(&mut rig, 200).lines().count(), 5, "no more than a screen holds");
}
