//! Laws of numbering, of starting again and of damage.

use super::Factory;
use super::network::{PRICE_MINOR, TODAY};
use super::world::{World, approved, key, repeat, reversal, settlement};
use tillgate_store_core::command::{Asker, Command, VerificationResult};
use tillgate_store_core::error::StoreError;
use tillgate_store_core::ids::Key;
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{Batch, Record, Totals};
use tillgate_store_core::rows::{Engine, Family, ReadRows};
use tillgate_store_core::store::Store;
use tillgate_store_core::write_set::WriteSet;
use tillgate_store_core::{Ledger, LedgerStore, Visit};
use tillgate_types::{BusinessDate, ResponseCode, TerminalId};

/// Sales of every end, reversals and tombstones all take the next number; nothing else does.
pub fn numbers_have_no_gap_over_every_kind_of_row<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    let sale = world.voucher_sale(key(1, 1));
    let mut refused = world.voucher_sale(key(1, 2));
    refused.verdict = VerificationResult::Refused(ResponseCode(*b"57"));
    let none_left = world.voucher_sale(key(1, 3));
    let top_up = world.top_up(key(1, 4), 100);
    let mut commands: Vec<_> =
        [sale.clone(), sale, refused, none_left, top_up].map(Command::Begin).to_vec();
    commands.push(reversal(key(1, 5), key(1, 1), PRICE_MINOR, world.now_ms));
    commands.push(reversal(key(1, 6), key(1, 4), 100, world.now_ms));
    commands.push(reversal(key(1, 7), key(1, 99), 100, world.now_ms));
    let settle = settlement(key(1, 8), TODAY, Totals::default(), world.now_ms);
    commands.push(Command::Settle(settle));
    let terminal = TerminalId(1);
    commands.push(Command::Logon { terminal, generation: 0, counter: 1, proved: false });
    let numbers: Vec<u64> = world.commit(commands).iter().map(number_of).collect();
    assert_eq!(numbers, [1, 1, 2, 3, 4, 5, 6, 7, 9, 0]);
    assert_eq!(world.book().head().seq, 9, "the tombstone is the eighth");
    world.reopen();
    assert_eq!(world.sell(key(1, 10)).seq, 10);
}

fn number_of(outcome: &Outcome) -> u64 {
    match outcome {
        Outcome::Done(row) | Outcome::Duplicate(row) => row.seq,
        Outcome::Reversed { reversal, .. } => reversal.seq,
        _ => 0,
    }
}

/// Whatever can be asked is answered the same after a restart.
pub fn a_restart_changes_nothing<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 3);
    world.sell(key(1, 41));
    world.begin_top_up(key(1, 42), 500);
    world.begin_top_up(key(2, 7), 300);
    world.finish(key(2, 7), approved());
    let terminal = TerminalId(2);
    world.run(Command::Logon { terminal, generation: 0, counter: 11, proved: true });
    let asked = |world: &World<F>| {
        let book = world.book();
        (
            *book.head(),
            [world.float(1), world.float(2)],
            [1, 2, 3].map(|terminal| {
                let terminal = TerminalId(terminal);
                (
                    book.last_stan(terminal, TODAY, Asker::Terminal),
                    book.last_stan(terminal, BusinessDate(TODAY.0 + 1), Asker::Terminal),
                    book.counter(terminal),
                )
            }),
            book.open_transactions(),
            book.store_id(),
            book.last_at_ms(),
            book.load_registry(),
        )
    };
    let before = asked(&world);
    assert_eq!((before.2[0].0.clone(), before.2[0].1.clone()), (Ok(42), Ok(0)));
    world.reopen();
    assert!(asked(&world) == before, "the store is as it was left");
}

/// Promise 11: head and chains must end together.
pub fn a_lost_tail_is_seen_at_the_start<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 3);
    let old_head = *world.book().head();
    world.sell(key(1, 1));
    let head = *world.book().head();
    let batch_key = head.batch_no.to_be_bytes();
    let engine = world.take_engine();
    let mut value = Vec::new();
    assert_eq!(engine.get(Family::Batches, &batch_key, &mut value), Ok(true));
    let last = Batch::decode(&batch_key, &value).expect("the last batch is sound");
    let forged = Batch { content: last.content ^ 1, ..last };
    let mut flipped = value.clone();
    flipped[9] ^= 4;
    let encoded = |record: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        record(&mut out);
        Some(out)
    };
    let damages = [
        (Family::Batches, batch_key.to_vec(), None),
        (Family::Batches, batch_key.to_vec(), Some(flipped)),
        (Family::Batches, batch_key.to_vec(), encoded(&|out| forged.encode(out))),
        (Family::Batches, (head.batch_no + 1).to_be_bytes().to_vec(), Some(value)),
        (Family::Meta, b"head".to_vec(), None),
        (Family::Meta, b"head".to_vec(), encoded(&|out| old_head.encode(out))),
        (Family::Audit, head.audit_no.to_be_bytes().to_vec(), None),
    ];
    let loaded = Ledger::load(&engine).expect("undamaged, it opens");
    assert!(loaded.is_some_and(|ledger| *ledger.head() == head));
    for (family, key, value) in damages {
        let damaged = Damaged { engine: &engine, family, key, value };
        let error = Ledger::load(&damaged).map(|_| ()).expect_err("damaged, it must not open");
        assert!(matches!(error, StoreError::Broken(_) | StoreError::Damaged { .. }), "{error}");
    }
}

/// An engine with one row changed, added or (`None`) lost.
struct Damaged<'a> {
    engine: &'a dyn ReadRows,
    family: Family,
    key: Vec<u8>,
    value: Option<Vec<u8>>,
}

impl ReadRows for Damaged<'_> {
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        if (family, key) != (self.family, &self.key[..]) {
            return self.engine.get(family, key, out);
        }
        out.clear();
        out.extend_from_slice(self.value.as_deref().unwrap_or_default());
        Ok(self.value.is_some())
    }

    fn scan(&self, family: Family, from: &[u8], visit: Visit<'_>) -> Result<(), StoreError> {
        self.engine.scan(family, from, visit)
    }

    fn last_before(
        &self,
        family: Family,
        key: &[u8],
        out_key: &mut Vec<u8>,
    ) -> Result<bool, StoreError> {
        let mut found = self.engine.last_before(family, key, out_key)?;
        if family != self.family || self.key[..] >= *key {
            return Ok(found);
        }
        if self.value.is_none() && found && *out_key == self.key {
            found = self.engine.last_before(family, &self.key, out_key)?;
        } else if self.value.is_some() && (!found || *out_key < self.key) {
            out_key.clone_from(&self.key);
            found = true;
        }
        Ok(found)
    }
}

/// After a failed write nothing is acknowledged any more, and what was before is still there.
pub fn an_error_of_the_engine_stops_the_store<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 3);
    let sold = world.sell(key(1, 1));
    let next = world.voucher_sale(key(1, 2));
    let failing = Failing { engine: world.take_engine() };
    let mut book = LedgerStore::open(failing, *b"lawstore").expect("it reads");
    let mut outcomes = vec![Outcome::Applied];
    for expected in [StoreError::Engine("disk full".to_owned()), StoreError::Stopped] {
        let mut commands = vec![Command::Begin(next.clone())];
        assert_eq!(book.commit(&mut commands, &mut outcomes), Err(expected));
        assert!(outcomes.is_empty(), "nothing may be acknowledged");
    }
    world.put_engine(book.into_backend().engine).expect("it opens");
    assert_eq!((world.row(key(1, 1)), world.row(key(1, 2))), (Some(sold), None));
    assert_eq!(world.sell(key(1, 2)).seq, 2);
}

/// An engine whose disk is full.
struct Failing<E> {
    engine: E,
}

impl<E: ReadRows> ReadRows for Failing<E> {
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        self.engine.get(family, key, out)
    }

    fn scan(&self, family: Family, from: &[u8], visit: Visit<'_>) -> Result<(), StoreError> {
        self.engine.scan(family, from, visit)
    }

    fn last_before(
        &self,
        family: Family,
        key: &[u8],
        out_key: &mut Vec<u8>,
    ) -> Result<bool, StoreError> {
        self.engine.last_before(family, key, out_key)
    }
}

impl<E: ReadRows> Engine for Failing<E> {
    fn write(&mut self, _set: &WriteSet, _batch_no: u64) -> Result<(), StoreError> {
        Err(StoreError::Engine("disk full".to_owned()))
    }
}

/// Reversals and tombstones lie behind it, other dates beside it; a restart finds the same.
pub fn the_last_sale_of_a_date_is_told_or_none<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 4);
    let now_ms = world.now_ms;
    let last = |days: u16, stan| {
        let date = BusinessDate(TODAY.0 - 1 + days);
        Command::Repeat(repeat(Key { date, ..key(1, stan) }, now_ms))
    };
    assert_eq!(world.run(last(1, 0)), Outcome::NotFound);
    let yesterday = world.sell(Key { date: BusinessDate(TODAY.0 - 1), ..key(1, 7) });
    assert_eq!(world.run(last(1, 0)), Outcome::NotFound, "another day's sale is not repeated");
    world.sell(key(1, 5));
    let sold = world.sell(key(1, 9));
    for stan in 0..200 {
        world.reverse(key(1, 100 + stan), key(1, 1_000 + stan), PRICE_MINOR);
    }
    // A gateway once had a wrong clock.
    world.sell(Key { date: BusinessDate(TODAY.0 + 60), ..key(2, 1) });
    for _ in 0..2 {
        assert_eq!(world.run(last(1, 0)), Outcome::Duplicate(sold.clone()));
        assert_eq!(world.run(last(0, 0)), Outcome::Duplicate(yesterday.clone()));
        assert_eq!(world.run(last(2, 0)), Outcome::NotFound);
        world.reopen();
    }
    let next = world.voucher_sale(key(1, 2_000));
    let outcomes = world.commit(vec![Command::Begin(next), last(1, 0), last(1, 2_000)]);
    let [Outcome::Done(next), Outcome::Duplicate(told), Outcome::Duplicate(again)] = &outcomes[..]
    else {
        panic!("a repeat behind its sale finds it, not {outcomes:?}");
    };
    assert_eq!((told, again), (next, next));
    assert_eq!(
        world.book().last_stan(TerminalId(1), TODAY, Asker::Terminal),
        Ok(2_000),
        "tombstones count"
    );
}
