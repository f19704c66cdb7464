//! Keys of terminals from the hello to the writer: they overlap, end, and take their sessions
//! along.

use crate::support::{Rig, code_of, keys, reversal, terminal, voucher_sale};
use tillgate_codec::link::channel::{Initiator, Psk, StaticSecret, Suite};
use tillgate_codec::link::message::{
    Balance, Confirm, Logon, Lookup, Ping, Repeat, Settle, TerminalMessage, Totals,
};
use tillgate_codec::link::record::HEADER_BYTES;
use tillgate_core::claims::{Claim, ClaimRefusal, Claims};
use tillgate_core::id::SessionId;
use tillgate_core::limits::ClaimLimits;
use tillgate_core::processing::{self, Effect, Greeting, HelloRefusal};
use tillgate_core::transaction::Content;
use tillgate_store_core::vault::terminal_context;
use tillgate_store_core::{Change, RegistryRecord, Store, Terminal, TerminalId};

const OLD: (u8, [u8; 32]) = (1, [7; 32]);
const NEW: (u8, [u8; 32]) = (2, [8; 32]);
const WHO: TerminalId = TerminalId(100);

const LOGON: TerminalMessage<'static> =
    TerminalMessage::Logon(Logon { firmware: "test", catalogue: 0, versions: 1 });

fn claims() -> Claims {
    Claims::new(ClaimLimits::default())
}

/// A hello with this key; the generation of the key that it was accepted with.
fn shake(
    rig: &Rig,
    claims: &mut Claims,
    (key_id, psk): (u8, [u8; 32]),
    counter: u64,
) -> Result<u32, HelloRefusal> {
    let (mut hello, mut reply) = (Vec::new(), Vec::new());
    let psk = Psk::new(psk);
    let suite = Suite::NnPsk0;
    Initiator::start(suite, 100, key_id, &psk, None, counter, [5; 32], &mut hello).expect("keys");
    let session = SessionId { reactor: 0, slot: 0, generation: 0 };
    let received = rig.now;
    let claim = |claim: &Claim| claims.claim(received, claim);
    let greeting = Greeting { session, received, hello: &hello[HEADER_BYTES..] };
    let entropy = [6; 32];
    let shaken =
        processing::handshake(greeting, &rig.directory, &keys(), claim, entropy, &mut reply)?;
    assert!(!reply.is_empty());
    Ok(shaken.opened.age.generation)
}

fn change(rig: &mut Rig, edit: impl FnOnce(&mut Terminal)) {
    let mut record = rig.directory.registry.terminal(WHO).expect("it is there").clone();
    edit(&mut record);
    let records = vec![RegistryRecord::Terminal(record)];
    rig.change(Change { records, ..Change::default() });
}

fn add_new_key(rig: &mut Rig) {
    change(rig, |terminal| {
        let sealed = keys().vault.seal(&terminal_context(WHO, NEW.0), [3; 12], &NEW.1);
        terminal.add_key(NEW.0, sealed.expect("short")).expect("there is room");
    });
}

/// Logs on over a session of this key and says whether the session goes on.
fn logs_on(rig: &mut Rig, generation: u32) -> bool {
    (rig.key_generation, rig.logged_on) = (generation, false);
    rig.ask(100, &LOGON);
    let content = rig.replies.pop().expect("one reply").content;
    matches!(content, Content::Welcome { .. })
}

/// The hello is for another gateway, which only curve arithmetic can tell: a key over its rate, or
/// one that says an old hello again, does not come so far.
#[test]
fn a_key_over_its_rate_is_refused_before_any_curve_arithmetic() {
    let rig = Rig::new();
    let mut hello = Vec::new();
    let (psk, foreign) = (Psk::new(OLD.1), StaticSecret::new([1; 32]).public());
    let suite = Suite::NkPsk0;
    Initiator::start(suite, 100, OLD.0, &psk, Some(&foreign), 9, [5; 32], &mut hello)
        .expect("keys");
    let answer = |claimed: Result<(), ClaimRefusal>| {
        let (hello, mut reply) = (&hello[HEADER_BYTES..], Vec::new());
        let claim = |_: &Claim| claimed.map(|()| None);
        let session = SessionId { reactor: 0, slot: 0, generation: 0 };
        let greeting = Greeting { session, received: rig.now, hello };
        let entropy = [6; 32];
        processing::handshake(greeting, &rig.directory, &keys(), claim, entropy, &mut reply)
            .map(drop)
    };
    assert_eq!(answer(Ok(())), Err(HelloRefusal::Noise));
    assert_eq!(answer(Err(ClaimRefusal::TooFast)), Err(HelloRefusal::TooFast));
    assert_eq!(answer(Err(ClaimRefusal::Replayed)), Err(HelloRefusal::Replayed));
}

#[test]
fn a_used_up_counter_locks_out_neither_the_terminal_s_next_key_nor_the_operator() {
    let (mut rig, mut claims) = (Rig::new(), claims());
    assert_eq!(shake(&rig, &mut claims, OLD, u64::MAX), Err(HelloRefusal::CounterTooFar));
    let mut counter = tillgate_store_core::Counter::new(WHO);
    counter.raise(0, u64::MAX, false);
    claims.load(&counter);
    assert_eq!(shake(&rig, &mut claims, OLD, 9), Err(HelloRefusal::Replayed));
    add_new_key(&mut rig);
    assert_eq!(shake(&rig, &mut claims, NEW, 1), Ok(1));
    change(&mut rig, |terminal| terminal.reset_counters().expect("numbers are left"));
    assert_eq!(shake(&rig, &mut claims, OLD, 1), Ok(2));
}

#[test]
fn a_copied_hello_and_a_wrong_key_are_refused_before_any_arithmetic() {
    let (rig, mut claims) = (Rig::new(), claims());
    assert_eq!(shake(&rig, &mut claims, OLD, 5), Ok(0));
    assert_eq!(shake(&rig, &mut claims, OLD, 5), Err(HelloRefusal::Replayed));
    let wrong = (OLD.0, [9; 32]);
    assert_eq!(shake(&rig, &mut claims, wrong, 6), Err(HelloRefusal::WrongMac));
    assert_eq!(shake(&rig, &mut claims, NEW, 6), Err(HelloRefusal::UnknownKey));
    assert_eq!(shake(&rig, &mut claims, OLD, 6), Ok(0), "a stranger used nothing up");
}

#[test]
fn both_keys_open_sessions_until_the_new_one_has_logged_on() {
    let (mut rig, mut claims) = (Rig::new(), claims());
    add_new_key(&mut rig);
    assert!(rig.rekeyed.is_empty(), "a key more ends no session");
    assert_eq!(shake(&rig, &mut claims, NEW, 1), Ok(1));
    assert_eq!(shake(&rig, &mut claims, OLD, 1), Ok(0));
    assert!(logs_on(&mut rig, 0) && rig.rekeyed.is_empty());
    assert!(logs_on(&mut rig, 1));
    let rekeyed = rig.rekeyed.pop().expect("the old key has ended");
    assert_eq!((rekeyed.terminal, rekeyed.generations.as_slice()), (WHO, &[1][..]));
    assert_eq!(shake(&rig, &mut claims, OLD, 2), Err(HelloRefusal::UnknownKey));
    assert!(!logs_on(&mut rig, 0), "a handshake that was under way is of no use");
    assert!(logs_on(&mut rig, 1) && rig.rekeyed.is_empty(), "once is enough");
    let counter = rig.book.counter(WHO).expect("a sound row");
    assert_eq!(counter.keys().iter().map(|key| key.proved).collect::<Vec<_>>(), [true]);
    let mut directory = tillgate_core::directory::Directory::new(
        rig.book.load_registry().expect("a sound store"),
        &[],
    );
    directory.load(&counter);
    assert!(!directory.holds_key(WHO, 0) && directory.holds_key(WHO, 1), "also after a restart");
}

#[test]
fn a_replaced_key_ends_its_sessions_and_the_handshakes_under_way() {
    let (mut rig, mut claims) = (Rig::new(), claims());
    let generation = shake(&rig, &mut claims, OLD, 1).expect("the key is in force");
    change(&mut rig, |terminal| {
        let sealed = keys().vault.seal(&terminal_context(WHO, OLD.0), [3; 12], &NEW.1);
        terminal.replace_keys(OLD.0, sealed.expect("short")).expect("numbers are left");
    });
    assert_eq!(rig.rekeyed.pop().expect("a key is gone").generations.as_slice(), [1]);
    rig.key_generation = generation;
    rig.ask(100, &TerminalMessage::Sale(voucher_sale(1)));
    let content = rig.replies.pop().expect("one reply").content;
    assert_eq!(processing::effect(&content), Effect::End);
    assert_eq!(rig.float().posted_minor, 100_000, "nothing was sold");
}

#[test]
fn a_change_that_keeps_the_key_ends_no_session() {
    let mut rig = Rig::new();
    change(&mut rig, |terminal| terminal.reason = "moved".to_owned());
    rig.change(Change {
        records: vec![RegistryRecord::Terminal(terminal(101))],
        ..Change::default()
    });
    assert!(rig.rekeyed.is_empty());
}

#[test]
fn nothing_but_logon_ping_and_acknowledgement_is_served_before_the_logon() {
    let mut rig = Rig::new();
    assert_eq!(rig.code(100, &voucher_sale(1)), "00");
    let before = *rig.book.head();
    rig.logged_on = false;
    let date = voucher_sale(1).date;
    let totals = Totals::default();
    let settle = Settle { stan: 4, date, settled_date: date, currency: 404, totals };
    let refused = [
        TerminalMessage::Sale(voucher_sale(2)),
        TerminalMessage::Balance(Balance { stan: 3, date }),
        TerminalMessage::Repeat(Repeat { stan: 1, date }),
        TerminalMessage::Confirm(Confirm { stan: 1, date }),
        reversal(5, 1),
        TerminalMessage::Settle(settle),
        TerminalMessage::Lookup(Lookup::SAMPLE),
    ];
    for message in &refused {
        rig.ask(100, message);
        let body = rig.reply_bytes();
        assert!(body.windows(2).any(|two| two == b"L1"), "{message:?}");
        assert!(!body.windows(6).any(|pin| pin.iter().all(u8::is_ascii_digit)), "no PIN");
    }
    assert_eq!(*rig.book.head(), before, "no row was written");
    rig.ask(100, &TerminalMessage::Ping(Ping { nonce: 7 }));
    assert!(matches!(rig.replies.pop().expect("a pong").content, Content::Pong { nonce: 7 }));
    rig.ask(100, &LOGON);
    let welcome = rig.replies.pop().expect("a welcome").content;
    assert_eq!(processing::effect(&welcome), Effect::LoggedOn);
    rig.logged_on = true;
    assert_eq!(code_of(&mut rig, &refused[0]), "00", "the STAN was not used up");
}
