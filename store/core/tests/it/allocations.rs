//! What the ledger allocates per sale: nothing, once its buffers have their size.

use std::ops::ControlFlow;

use crate::counting::allocations;
use tillgate_store_conformance::network::{TODAY, VOUCHERS, service, voucher};
use tillgate_store_conformance::world::{World, key};
use tillgate_store_conformance::{Factory, MemoryFactory};
use tillgate_store_core::{
    Advice, Asker, BusinessDate, Command, Confirm, Engine, Family, LedgerStore, Memory, Outcome,
    ProductId, ReadRows, ResponseCode, Store, StoreError, Velocity, WriteSet,
};

/// Reads the model's rows and drops what is written, so that only the ledger allocates.
struct Sink(Memory);

impl ReadRows for Sink {
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        self.0.get(family, key, out)
    }

    fn scan(
        &self,
        family: Family,
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.0.scan(family, from, visit)
    }

    fn last_before(
        &self,
        family: Family,
        key: &[u8],
        out_key: &mut Vec<u8>,
    ) -> Result<bool, StoreError> {
        self.0.last_before(family, key, out_key)
    }
}

impl Engine for Sink {
    fn write(&mut self, set: &WriteSet, _batch_no: u64) -> Result<(), StoreError> {
        assert!(!set.is_empty());
        Ok(())
    }
}

const WARM_UP: u32 = 1_024;
const SALES: u32 = 1_024;
const BATCH: u32 = 32;

#[test]
fn a_thousand_voucher_sales_allocate_nothing() {
    let unlimited = Velocity::default();
    let limited = Velocity { count_max: 900, window_s: 60, day_amount_max_minor: u64::MAX };
    for velocity in [unlimited, limited] {
        let counted = sell(velocity);
        assert_eq!(counted, 0, "allocations in {SALES} sales and confirmations");
    }
}

fn sell(velocity: Velocity) -> u64 {
    let vouchers = u16::try_from(WARM_UP + SALES).expect("few");
    let mut world = World::stocked(MemoryFactory, 1_000_000_000, 0);
    let expiry = BusinessDate(TODAY.0 + 30);
    let stock = (0..vouchers).map(|number| voucher(ProductId(1), number, expiry)).collect();
    let changed = world.change(vec![service(VOUCHERS, velocity)], stock, vec![]);
    assert_eq!(changed, Outcome::Applied);
    // Every sale's commands are made beforehand: they are not the ledger's.
    let sales = (0..WARM_UP + SALES).map(|number| {
        let key = key(number % 3 + 1, number + 1);
        let mut begin = world.voucher_sale(key);
        begin.at_ms += u64::from(number) * 100;
        let advice = Advice::NotOwed;
        let confirm =
            Confirm { asker: Asker::Terminal, original: key, amount_minor: None, at_ms: 1, advice };
        [Command::Begin(begin), Command::Confirm(confirm)]
    });
    let mut sales: Vec<Command> = sales.flatten().collect();
    sales.reverse();
    let engine = MemoryFactory.reopen(world.take_engine());
    let mut book = LedgerStore::open(Sink(engine), *b"counting").expect("it opens");

    let mut commands = Vec::with_capacity(sales.len());
    let mut outcomes = Vec::with_capacity(sales.len());
    let mut run = |sales: u32, from: &mut Vec<Command>| {
        allocations(|| {
            for _ in 0..sales / BATCH {
                for _ in 0..2 * BATCH {
                    commands.extend(from.pop());
                }
                book.commit(&mut commands, &mut outcomes).expect("nothing fails");
                let granted = outcomes.iter().all(|outcome| match outcome {
                    Outcome::Done(row) => {
                        row.code == ResponseCode::APPROVED && row.voucher.is_some()
                    }
                    _ => false,
                });
                assert!(granted);
            }
        })
    };
    assert!(run(WARM_UP, &mut sales) > 0, "buffers grow at first, or nothing is counted");
    run(SALES, &mut sales)
}
