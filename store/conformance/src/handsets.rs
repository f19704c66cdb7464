//! Handsets: whose PIN opens what, and how often somebody may guess.

use super::Factory;
use super::network::{PRICE_MINOR, TODAY, sealed, terminal};
use super::world::{World, key, rejected, repeat, settlement};
use tillgate_store_core::command::{
    Asker, Begin, Change, Command, ContentDigest, PinTry, Repeat, SetPin,
};
use tillgate_store_core::limits::{HANDSET_STANS_FROM, PIN_CHANGES_MAX, PIN_DELAYS_MS, STAN_MAX};
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{
    Former, Handset, PinHash, Record, RegistryRecord, Status, Totals,
};
use tillgate_store_core::rows::{Family, ReadRows};
use tillgate_store_core::store::Store;
use tillgate_types::{BusinessDate, Msisdn, ResponseCode, TerminalId};

const WRONG: Outcome = Outcome::Refused(ResponseCode::INCORRECT_PIN);
const LOCKED: Outcome = Outcome::Refused(ResponseCode::PIN_TRIES_EXCEEDED);

fn msisdn(last: u64) -> Msisdn {
    Msisdn::of_number(255_712_000_000 + last).expect("12 digits")
}

fn handset(last: u64, revision: u32) -> Handset {
    let pin = Some(PinHash { key: sealed(7), tag: [revision.to_be_bytes()[3]; 32] });
    let (terminal, status) = (TerminalId(1), Status::Active);
    Handset { msisdn: msisdn(last), terminal, status, revision, initial: false, pin }
}

fn record(handset: Handset) -> Vec<RegistryRecord> {
    vec![RegistryRecord::Handset(handset)]
}

impl<F: Factory> World<F> {
    fn with_handsets(factory: F) -> Self {
        let mut world = Self::new(factory);
        let records = vec![
            RegistryRecord::Handset(handset(1, 1)),
            terminal(1, 1),
            RegistryRecord::Handset(handset(2, 1)),
        ];
        assert_eq!(world.change(records, vec![], vec![]), Outcome::Applied);
        world
    }

    fn entered(&self, last: u64, matched: bool) -> Command {
        let (msisdn, at_ms) = (msisdn(last), self.now_ms);
        Command::PinTry(PinTry { msisdn, revision: 1, matched, at_ms })
    }

    fn enter(&mut self, last: u64, matched: bool) -> Outcome {
        let command = self.entered(last, matched);
        self.run(command)
    }

    fn set_pin(&mut self, handset: Handset) -> Outcome {
        let at_ms = self.now_ms;
        self.run(Command::SetPin(SetPin { handset, at_ms }))
    }
}

/// Each wrong PIN makes the next one wait longer, one too many locks the handset, across restarts and
/// whatever is entered meanwhile; other handsets go on, also one of the same terminal.
pub fn a_guessed_pin_locks_its_handset_and_no_other<F: Factory>(factory: F) {
    let mut world = World::with_handsets(factory);
    for delay_ms in PIN_DELAYS_MS {
        assert_eq!(world.enter(1, false), WRONG);
        world.reopen();
        if delay_ms > 0 {
            world.now_ms += delay_ms - 1;
            assert_eq!(world.enter(1, true), LOCKED, "the right one, too early");
            assert_eq!(world.enter(1, false), LOCKED);
        }
        world.now_ms += delay_ms.min(1);
    }
    assert_eq!(world.enter(1, false), LOCKED);
    world.now_ms += 86_400_000_000;
    world.reopen();
    assert_eq!(world.enter(1, true), LOCKED);
    // An import that repeats what is there.
    assert_eq!(world.change(record(handset(1, 1)), vec![], vec![]), Outcome::Applied);
    assert_eq!(world.enter(1, true), LOCKED);
    assert_eq!(world.enter(2, true), Outcome::Applied);
    let unlocked = Handset { revision: 2, ..handset(1, 1) };
    assert_eq!(world.change(record(unlocked), vec![], vec![]), Outcome::Applied);
    let again = Command::PinTry(PinTry {
        msisdn: msisdn(1),
        revision: 2,
        matched: true,
        at_ms: world.now_ms,
    });
    assert_eq!(world.run(again), Outcome::Applied);
}

/// PINs that are entered at the same moment are counted one by one.
pub fn pins_of_one_batch_are_counted_one_by_one<F: Factory>(factory: F) {
    let mut world = World::with_handsets(factory);
    let wrong = world.entered(1, false);
    let outcomes = world.commit(vec![wrong.clone(), wrong.clone(), wrong, world.entered(1, true)]);
    assert_eq!(outcomes, [WRONG, WRONG, LOCKED, LOCKED]);
}

/// A right PIN forgives wrong ones; after none it writes nothing. A clock that is set back opens
/// nothing earlier.
pub fn a_right_pin_forgives_wrong_ones<F: Factory>(factory: F) {
    let mut world = World::with_handsets(factory);
    let before = world.book().head().batch_no;
    assert_eq!(world.enter(1, true), Outcome::Applied);
    assert_eq!(world.book().head().batch_no, before);
    for _ in 0..PIN_DELAYS_MS.len() * 2 {
        assert_eq!(world.enter(1, false), WRONG);
        assert_eq!(world.enter(1, true), Outcome::Applied);
    }
    assert_eq!([world.enter(1, false), world.enter(1, false)], [WRONG, WRONG]);
    world.now_ms -= 3_600_000;
    assert_eq!(world.enter(1, true), LOCKED);
}

/// A PIN that was compared with a record of before a change says nothing, and neither does one of no
/// handset.
pub fn a_pin_of_another_revision_opens_nothing<F: Factory>(factory: F) {
    let mut world = World::with_handsets(factory);
    let changed = handset(1, 2);
    assert_eq!(world.change(record(changed), vec![], vec![]), Outcome::Applied);
    assert_eq!(world.enter(1, true), WRONG);
    assert_eq!(world.enter(9, true), WRONG);
    for _ in 0..PIN_DELAYS_MS.len() + 2 {
        assert_eq!(world.enter(1, false), WRONG, "nor is it counted");
    }
}

/// A change is made from the state that is in force; one that repeats it changes nothing. What is
/// kept of the past has no PIN.
pub fn a_handset_is_changed_from_what_it_is<F: Factory>(factory: F) {
    let mut world = World::with_handsets(factory);
    for stale in
        [handset(1, 3), Handset { terminal: TerminalId(2), ..handset(1, 1) }, handset(3, 2)]
    {
        assert!(rejected(&world.change(record(stale), vec![], vec![])));
    }
    let nobody = Handset { terminal: TerminalId(77), ..handset(1, 2) };
    assert!(rejected(&world.change(record(nobody), vec![], vec![])));
    assert_eq!(world.change(record(handset(1, 1)), vec![], vec![]), Outcome::Applied);
    let blocked = Handset { status: Status::Blocked, ..handset(1, 2) };
    assert_eq!(world.change(record(blocked), vec![], vec![]), Outcome::Applied);
    let rows: &dyn ReadRows = world.book().backend();
    let mut pins = 0;
    rows.scan(Family::History, &[], &mut |key, value| {
        let former = Former::decode(key, value).expect("sound");
        let Some(RegistryRecord::Handset(kept)) = former.record else {
            return std::ops::ControlFlow::Continue(());
        };
        pins += u32::from(kept.pin.is_some());
        assert_eq!(kept.revision, 1);
        std::ops::ControlFlow::Continue(())
    })
    .expect("rows can be read");
    assert_eq!(pins, 0);
}

/// Its holder changes the PIN a few times a day, with a row in the audit log each.
pub fn a_holder_changes_the_pin_so_often_a_day<F: Factory>(factory: F) {
    let mut world = World::with_handsets(factory);
    let before = world.book().head().audit_no;
    let mut revision = 1;
    for _ in 0..PIN_CHANGES_MAX {
        revision += 1;
        assert_eq!(world.set_pin(handset(1, revision)), Outcome::Applied);
        world.reopen();
    }
    let changes = u64::from(PIN_CHANGES_MAX);
    assert_eq!(world.book().head().audit_no, before + changes);
    let more = Outcome::Refused(ResponseCode::VELOCITY_LIMIT);
    assert_eq!(world.set_pin(handset(1, revision + 1)), more);
    assert_eq!(world.set_pin(handset(2, 2)), Outcome::Applied, "another's");
    world.now_ms += 86_400_000;
    assert!(rejected(&world.set_pin(handset(1, revision + 2))), "it is not the next revision");
    assert_eq!(world.set_pin(handset(1, revision + 1)), Outcome::Applied);
    let operators = Change {
        at_ms: world.now_ms,
        actor: "operator".to_owned(),
        records: record(handset(1, revision + 2)),
        ..Change::default()
    };
    assert_eq!(
        world.run(Command::Change(operators)),
        Outcome::Applied,
        "operators are not counted"
    );
}

/// A terminal and its handsets may come to the same number: neither receives, confirms, takes back or
/// counts what the other has sold under it.
pub fn a_terminal_and_its_handsets_do_not_reach_each_others_sales<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 100_000, 4);
    let now_ms = world.now_ms;
    let by = |asker, stan| Command::Repeat(Repeat { asker, ..repeat(key(1, stan), now_ms) });
    let own = world.sell(key(1, 3));
    let digest = ContentDigest::of_handset([7; 16]);
    let begin = Begin { digest, ..world.voucher_sale(key(1, HANDSET_STANS_FROM)) };
    let Outcome::Done(handsets) = world.run(Command::Begin(begin)) else { panic!("it is sold") };
    assert!(handsets.is_of_handset() && !own.is_of_handset());
    for _ in 0..2 {
        assert_eq!(world.run(by(Asker::Terminal, HANDSET_STANS_FROM)), Outcome::NotFound);
        assert_eq!(
            world.run(by(Asker::Handset, HANDSET_STANS_FROM)),
            Outcome::Duplicate(handsets.clone())
        );
        assert_eq!(world.run(by(Asker::Handset, 3)), Outcome::NotFound);
        // The last one of each.
        assert_eq!(world.run(by(Asker::Terminal, 0)), Outcome::Duplicate(own.clone()));
        assert_eq!(world.run(by(Asker::Handset, 0)), Outcome::Duplicate(handsets.clone()));
        // Each goes on counting after its own.
        let last = |asker| world.book().last_stan(TerminalId(1), TODAY, asker);
        assert_eq!(last(Asker::Terminal), Ok(3));
        assert_eq!(last(Asker::Handset), Ok(HANDSET_STANS_FROM));
        world.reopen();
    }
    // A number that a terminal of a listener has used, or that is refused for ever, is not given again.
    world.sell(key(1, HANDSET_STANS_FROM + 1));
    world.reverse(key(1, STAN_MAX + 7), key(1, HANDSET_STANS_FROM + 2), PRICE_MINOR);
    for _ in 0..2 {
        let last = |asker| world.book().last_stan(TerminalId(1), TODAY, asker);
        assert_eq!(last(Asker::Handset), Ok(HANDSET_STANS_FROM + 2));
        assert_eq!(last(Asker::Terminal), Ok(STAN_MAX + 7));
        world.reopen();
    }
    let tomorrow = BusinessDate(TODAY.0 + 1);
    let first = world.book().last_stan(TerminalId(1), tomorrow, Asker::Handset);
    assert_eq!(first, Ok(HANDSET_STANS_FROM - 1));
    assert_eq!(world.confirm(key(1, HANDSET_STANS_FROM)), Outcome::NotFound);
    let (code, _, original) = world.reverse(key(1, 10), key(1, HANDSET_STANS_FROM), PRICE_MINOR);
    assert_eq!((code, original), (ResponseCode::NOT_REVERSIBLE, None));
    assert_eq!(world.row(key(1, HANDSET_STANS_FROM)), Some(handsets));
    let (sales_count, sales_minor) = (2, 2 * PRICE_MINOR);
    let (reversals_count, reversals_minor) = (1, PRICE_MINOR);
    let claimed = Totals { sales_count, sales_minor, reversals_count, reversals_minor };
    let settled = world.run(Command::Settle(settlement(key(1, 11), TODAY, claimed, now_ms)));
    let Outcome::Done(settled) = settled else { panic!("it is counted, not {settled:?}") };
    assert_eq!(settled.code, ResponseCode::APPROVED, "what its handset sold is no part of it");
}
