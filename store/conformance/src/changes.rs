//! Laws of the operator's changes.

use std::ops::ControlFlow;

use super::Factory;
use super::network::{
    TODAY, TOP_UPS, VOUCHERS, distributor, load, seller, service, terminal, voucher,
};
use super::world::{World, key};
use tillgate_store_core::ids::Text;
use tillgate_store_core::journal;
use tillgate_store_core::limits::CHAIN_MAX;
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{
    Audit, BridgeName, BridgeOrder, BridgeStatus, CommissionRule, Funding, RegistryRecord, Serial,
    Service, Services, Velocity, Voucher,
};
use tillgate_store_core::store::Store;
use tillgate_types::{BusinessDate, ProductId, SellerId, ServiceId, TerminalId};

const EXPIRY: BusinessDate = BusinessDate(TODAY.0 + 9);

/// What a refused change is refused for, by item.
fn refusals(outcome: Outcome) -> Vec<(String, usize)> {
    match outcome {
        Outcome::Rejected(list) => list.into_iter().map(|one| (one.what, one.index)).collect(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn count<R: tillgate_store_core::Record, F: Factory>(world: &World<F>) -> usize {
    let mut count = 0;
    let counted = journal::records::<R>(world.book().backend(), &[], |_| {
        count += 1;
        ControlFlow::Continue(())
    });
    counted.expect("every row is sound");
    count
}

/// One wrong item keeps everything out; the same change without it goes in, with one audit row.
pub fn a_change_is_applied_whole_or_not_at_all<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    let before = *world.book().head();
    let records = || vec![seller(3, 2, 700), terminal(4, 3)];
    let stock = || vec![voucher(ProductId(2), 1, EXPIRY)];
    let wrong = vec![voucher(ProductId(2), 1, EXPIRY), voucher(ProductId(9), 2, EXPIRY)];
    let funds = || vec![load("deposit", 3, 5_000)];
    let refused = refusals(world.change(records(), wrong, funds()));
    assert_eq!(refused, [("voucher S000002 of service 10".to_owned(), 1)]);
    assert_eq!(*world.book().head(), before, "nothing of it was written");
    assert_eq!(world.float(3).available(), 0);
    assert!(world.book().load_registry().is_ok_and(|stored| stored == world.registry));

    assert_eq!(world.change(records(), stock(), funds()), Outcome::Applied);
    assert_eq!(world.book().head().audit_no, before.audit_no + 1);
    assert_eq!(world.float(3).available(), 5_700);
    world.reopen();
    assert_eq!(count::<Audit, F>(&world), 3, "network, stock, this");
    assert!(world.registry.terminal(TerminalId(4)).is_some());
    assert_eq!(world.float(3).available(), 5_700);
    assert_eq!(world.sell(key(4, 1)).seq, 1);
}

/// Each wrong item is named with its place.
pub fn a_change_says_what_is_wrong_with_each_item<F: Factory>(factory: F) {
    let mut world = World::new(factory);
    let mut few = terminal(6, 1);
    if let RegistryRecord::Terminal(terminal) = &mut few {
        terminal.services = Services::Only(vec![VOUCHERS, ServiceId(99)]);
    }
    let mut costly = service(ServiceId(11), Velocity::default());
    if let RegistryRecord::Service(service) = &mut costly {
        let from = BusinessDate(8_000);
        service.commission.push(CommissionRule::percent(3, 9_800, from));
    }
    let half = Velocity { count_max: 1, ..Velocity::default() };
    let records = vec![
        terminal(5, 77),
        few,
        seller(5, 9, 0),
        seller(6, 1, -1),
        costly,
        service(ServiceId(12), half),
        distributor(8, Some(33)),
        distributor(9, None),
    ];
    let mut top_up_voucher = voucher(ProductId(1), 1, EXPIRY);
    top_up_voucher.service = TOP_UPS;
    let refused = refusals(world.change(records, vec![top_up_voucher], vec![load("", 1, 5)]));
    let expected = [
        ("terminal 00000005", 0),
        ("terminal 00000006", 1),
        ("seller 6", 3),
        ("service 11", 4),
        ("service 12", 5),
        ("distributor 8", 6),
        ("voucher S000001 of service 20", 0),
        ("float load ", 0),
    ];
    assert_eq!(refused, expected.map(|(what, index)| (what.to_owned(), index)));
    let twice = refusals(world.change(vec![terminal(5, 1), terminal(5, 1)], vec![], vec![]));
    assert_eq!(twice, [("terminal 00000005".to_owned(), 1)]);
}

/// A reference counts once, whoever repeats it; for something else it is refused.
pub fn a_float_load_happens_once_per_reference<F: Factory>(factory: F) {
    let mut world = World::new(factory);
    let twice = vec![load("A", 1, 1_000), load("A", 1, 1_000), load("B", 1, 50)];
    assert_eq!(world.change(vec![], vec![], twice), Outcome::Applied);
    world.reopen();
    assert_eq!(world.change(vec![], vec![], vec![load("A", 1, 1_000)]), Outcome::Applied);
    assert_eq!(world.float(1).posted_minor, 1_050);
    assert_eq!(count::<Funding, F>(&world), 2);
    for other in [load("A", 1, 999), load("A", 2, 1_000), load("C", 1, 0), load("C", 9, 1)] {
        assert_eq!(refusals(world.change(vec![], vec![], vec![other])).len(), 1);
    }
    assert_eq!(refusals(world.change(vec![], vec![], vec![load("D", 1, -1_051)])).len(), 1);
    assert_eq!(world.change(vec![], vec![], vec![load("D", 1, -1_050)]), Outcome::Applied);
    assert_eq!(world.float(1).posted_minor, 0);
}

/// Also when it was sold long ago.
pub fn a_serial_of_a_service_is_loaded_once<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 2);
    world.sell(key(1, 1));
    world.reopen();
    let again: Vec<Voucher> = (0..3).map(|n| voucher(ProductId(1), n, EXPIRY)).collect();
    let expected = [0, 1].map(|n| (format!("voucher S{n:06} of service 10"), n));
    assert_eq!(refusals(world.change(vec![], again, vec![])), expected);
    let twice = vec![voucher(ProductId(1), 7, EXPIRY), voucher(ProductId(1), 7, TODAY)];
    assert_eq!(refusals(world.change(vec![], twice, vec![])).len(), 1);
    let other = vec![voucher(ProductId(2), 0, EXPIRY)];
    let refused = refusals(world.change(vec![], other, vec![]));
    assert_eq!(refused.len(), 1, "the same card as another denomination would be sold twice");
    let both = vec![voucher(ProductId(1), 8, EXPIRY), voucher(ProductId(2), 8, EXPIRY)];
    assert_eq!(refusals(world.change(vec![], both, vec![])).len(), 1);
    let new = vec![voucher(ProductId(2), 9, EXPIRY)];
    assert_eq!(world.change(vec![], new, vec![]), Outcome::Applied);
    assert_eq!(count::<Serial, F>(&world), 3);
}

/// Whichever of its services it is loaded for, whenever the issuer was named; others have serials
/// of their own.
pub fn a_serial_of_an_issuer_is_loaded_once<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 2);
    let other = ServiceId(11);
    let named = |id: ServiceId, issuer: &str| {
        let RegistryRecord::Service(vouchers) = service(VOUCHERS, Velocity::default()) else {
            panic!("a service");
        };
        let issuer = Text::from(issuer).expect("short");
        RegistryRecord::Service(Service { id, issuer, ..vouchers })
    };
    let of = |service: ServiceId, number: u16| Voucher {
        service,
        ..voucher(ProductId(2), number, EXPIRY)
    };
    let apart = vec![named(other, "")];
    assert_eq!(world.change(apart, vec![of(other, 0)], vec![]), Outcome::Applied);
    world.reopen();
    let joined = || vec![named(VOUCHERS, "ACME"), named(other, "ACME")];
    let expected = [("voucher S000001 of service 11".to_owned(), 0)];
    assert_eq!(refusals(world.change(joined(), vec![of(other, 1)], vec![])), expected);
    assert_eq!(world.change(joined(), vec![], vec![]), Outcome::Applied);
    world.reopen();
    let refused = refusals(world.change(vec![], vec![of(other, 1)], vec![]));
    assert_eq!(refused, expected, "sold or not, it is the issuer's one card");
    let both = vec![of(VOUCHERS, 8), of(other, 8)];
    assert_eq!(refusals(world.change(vec![], both, vec![])).len(), 1);
    let third = vec![named(ServiceId(12), "Bolt")];
    let same = vec![Voucher { service: ServiceId(12), ..of(other, 1) }];
    assert_eq!(world.change(third, same, vec![]), Outcome::Applied);
}

/// A limit is lowered only as far as the float is not in use; the currency stays.
pub fn a_credit_limit_covers_what_is_used<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 100, 5);
    for stan in 1..=3 {
        assert!(world.sell(key(3, stan)).code.is_approved());
    }
    world.begin_top_up(key(3, 4), 100);
    assert_eq!(world.float(2).available(), 2_000);
    let expected = [("seller 2".to_owned(), 0)];
    assert_eq!(refusals(world.change(vec![seller(2, 1, 2_999)], vec![], vec![])), expected);
    assert_eq!(world.change(vec![seller(2, 1, 3_000)], vec![], vec![]), Outcome::Applied);
    assert_eq!(world.float(2).available(), 0);
    let paid = vec![load("paid", 2, 3_000)];
    assert_eq!(world.change(vec![seller(2, 1, 0)], vec![], paid), Outcome::Applied);
    world.reopen();
    assert_eq!(world.float(2).available(), 0);
    let mut foreign = seller(2, 1, 0);
    if let RegistryRecord::Seller(seller) = &mut foreign {
        seller.currency = 978;
    }
    assert_eq!(refusals(world.change(vec![foreign], vec![], vec![])), expected);
    assert!(world.registry.seller(SellerId(2)).is_some_and(|seller| seller.currency == 840));
}

/// Neither by what is added nor by what is hung elsewhere; a bridge's order, which sorts before all
/// distributors, once hid those that were stored.
pub fn the_tree_has_no_circle_and_no_more_levels_than_allowed<F: Factory>(factory: F) {
    let mut world = World::new(factory);
    let most = u32::try_from(CHAIN_MAX).expect("fits");
    let suspended = BridgeOrder {
        bridge: BridgeName::from("a").expect("fits"),
        status: BridgeStatus::Suspended,
        reason: "maintenance".to_owned(),
    };
    let suspended = vec![RegistryRecord::Bridge(suspended)];
    assert_eq!(world.change(suspended, vec![], vec![]), Outcome::Applied);
    // 1 and 2 are there; 3 below 2, and so on down to the last level.
    let chain = (3..=most).map(|id| distributor(id, Some(id - 1))).collect();
    assert_eq!(world.change(chain, vec![], vec![]), Outcome::Applied);
    let deeper = vec![distributor(most + 1, Some(most))];
    assert_eq!(refusals(world.change(deeper, vec![], vec![])).len(), 1);
    let raised = vec![distributor(50, None), distributor(1, Some(50))];
    assert_eq!(refusals(world.change(raised, vec![], vec![])).len(), 1);
    let circle = vec![distributor(1, Some(4))];
    assert_eq!(refusals(world.change(circle, vec![], vec![])).len(), 1);
    assert_eq!(refusals(world.change(vec![distributor(60, Some(60))], vec![], vec![])).len(), 1);
    let shorter = vec![distributor(4, Some(1)), distributor(51, Some(most))];
    assert_eq!(world.change(shorter, vec![], vec![]), Outcome::Applied);
    let chain =
        world.registry.chain(tillgate_store_core::DistributorId(51)).map(|chain| chain.len());
    assert_eq!(chain, Ok(CHAIN_MAX - 1));
}
