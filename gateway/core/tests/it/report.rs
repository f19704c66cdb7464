//! What is shown of the journal, over a store in memory.

use tillgate_core::id::{SessionAge, SessionId};
use tillgate_core::online::Presence;
use tillgate_core::report::{
    Names, Page, RecordKind, StockList, Terminals, Waiting, WantedTerminals, differences, open,
    version_at, versions,
};
use tillgate_store_conformance::MemoryFactory;
use tillgate_store_conformance::network::{PRICE_MINOR, TODAY, VOUCHERS, distributor, seller};
use tillgate_store_conformance::world::{World, key, settlement};
use tillgate_store_core::{BusinessDate, Command, FollowUp, StoreId, TerminalId, Totals};

fn keys(page: Page) -> (Vec<u32>, Option<String>) {
    let (lines, next) = page.filled(&Names::new(StoreId(*b"lawstore"), []));
    let stan = |line| serde_json::to_value(line).unwrap()["stan"].as_u64().unwrap();
    (lines.iter().map(|line| u32::try_from(stan(line)).unwrap()).collect(), next)
}

#[test]
fn pages_of_open_transactions_show_each_of_them_once() {
    let mut world = World::stocked(MemoryFactory, 10_000, 0);
    for stan in 1..=5 {
        world.begin_top_up(key(1, stan), 100);
    }
    let rows = world.book().backend();
    let page =
        |after, most, rows_max| keys(open(rows, after, None, Page::new(most, rows_max)).unwrap());
    let next = Some("2026-03-01-00000001-000002".to_owned());
    assert_eq!(page(None, 2, 100), (vec![1, 2], next));
    assert_eq!(page(Some(key(1, 2)), 3, 100), (vec![3, 4, 5], None));
    assert_eq!(page(Some(key(1, 5)), 2, 100), (vec![], None));
    let bounded = page(None, 100, 4);
    assert_eq!(bounded, (vec![1, 2, 3, 4], Some("2026-03-01-00000001-000004".to_owned())));
}

#[test]
fn only_settlements_that_differ_are_differences() {
    let mut world = World::stocked(MemoryFactory, 10_000, 0);
    let claimed = |sales_count| Totals { sales_count, ..Totals::default() };
    for (stan, sales) in [(1, 0), (2, 7), (3, 9)] {
        let settle = settlement(key(1, stan), TODAY, claimed(sales), world.now_ms);
        world.run(Command::Settle(settle));
    }
    let of = |date| differences(world.book().backend(), date, None, Page::new(10, 10)).unwrap();
    assert_eq!(keys(of(TODAY)), (vec![2, 3], None));
    assert_eq!(keys(of(BusinessDate(TODAY.0 + 1))), (vec![], None));
}

#[test]
fn who_waits_for_whom_is_counted_with_the_oldest() {
    let mut world = World::stocked(MemoryFactory, 10_000, 0);
    let begun = world.now_ms;
    for stan in 1..=3 {
        world.begin_top_up(key(1, stan), 100);
        world.now_ms += 1_000;
    }
    world.mark_follow_up(key(1, 3), FollowUp::Operator);
    let [operator, provider] = Waiting::count(world.book().backend(), 100).unwrap();
    let count = |waiting: &Waiting| waiting.by_kind().map(|(_, count)| count).sum::<u64>();
    assert_eq!((count(&operator), count(&provider)), (1, 2));
    assert_eq!(provider.oldest_s(begun + 5_000), 5);
    let [_, bounded] = Waiting::count(world.book().backend(), 1).unwrap();
    assert_eq!(count(&bounded), 1);
}

#[test]
fn stock_that_has_expired_is_not_for_sale() {
    let mut world = World::stocked(MemoryFactory, PRICE_MINOR.cast_signed(), 4);
    world.sell(key(1, 1));
    let services = StockList::services(&world.registry);
    let of = |today: BusinessDate| {
        let list = StockList::read(world.book().backend(), &services, today).unwrap();
        let first = &list.products[0];
        assert_eq!((first.service, first.product), (VOUCHERS.0, 1));
        [first.for_sale, first.expired, first.sold, first.loaded]
    };
    assert_eq!(of(TODAY), [3, 0, 1, 4]);
    assert_eq!(of(BusinessDate(TODAY.0 + 101)), [0, 3, 1, 4]);
}

#[test]
fn pages_of_a_records_versions_show_each_of_them_once() {
    let mut world = World::stocked(MemoryFactory, 10_000, 0);
    for above in [1, 2, 1] {
        world.now_ms += 1_000;
        world.change(vec![seller(1, above, 0), distributor(2, Some(1))], vec![], vec![]);
    }
    let rows = world.book().backend();
    let subject = (RecordKind::Seller, 1);
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = versions(rows, subject, after, 1).unwrap();
        let page = serde_json::to_value(page).unwrap();
        seen.push(page["versions"][0]["record"]["distributor"].as_u64());
        after = page["next"].as_u64();
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, [Some(1), Some(2), Some(1), Some(2), None]);
    for none in [(RecordKind::Service, 70_000), (RecordKind::Seller, 9)] {
        for found in [versions(rows, none, None, 9), version_at(rows, none, 0)] {
            let found = serde_json::to_value(found.unwrap()).unwrap();
            assert_eq!(found["versions"], serde_json::json!([]), "it never existed");
        }
    }
    let then = version_at(rows, subject, world.now_ms - 1).unwrap();
    let then = serde_json::to_value(then).unwrap();
    assert_eq!(then["jurisdiction"], serde_json::json!([2, 1]));
    assert_eq!(then["versions"][0]["until_ms"].as_u64(), Some(world.now_ms));
}

#[test]
fn pages_of_terminals_show_each_of_those_that_are_wanted_once() {
    let world = World::new(MemoryFactory);
    let rows = world.book().backend();
    let session = SessionId { reactor: 0, slot: 0, generation: 0 };
    let age = SessionAge { generation: 0, counter: 1 };
    let online = |id: TerminalId| (id.0 == 2).then_some(Presence { session, age, since_ms: 9 });
    let page = |wanted, after: Option<u32>, most| {
        let page = Terminals::page(rows, &online, wanted, after.map(TerminalId), most).unwrap();
        let page = serde_json::to_value(page).unwrap();
        let row = |row: &serde_json::Value| row["terminal"].as_u64().unwrap();
        let found: Vec<u64> = page["terminals"].as_array().unwrap().iter().map(row).collect();
        (found, page["next"].as_u64())
    };
    assert_eq!(page(None, None, (2, 100)), (vec![1, 2], Some(2)));
    assert_eq!(page(None, Some(2), (2, 100)), (vec![3], None));
    assert_eq!(page(Some(WantedTerminals::Online), None, (9, 100)), (vec![2], None));
    assert_eq!(page(Some(WantedTerminals::Offline), None, (9, 2)), (vec![1], Some(2)));
    assert_eq!(page(Some(WantedTerminals::Blocked), None, (9, 100)), (vec![], None));
    assert_eq!(page(None, Some(u32::MAX), (9, 100)), (vec![], None));
}
