//! Laws of float, postings and reservations.

use super::Factory;
use super::network::CURRENCY;
use super::world::{World, approved, done, key};
use tillgate_store_core::command::{Command, Finish, ProviderOutcome};
use tillgate_store_core::ids::{AccountId, AccountKind, BridgeTag, Text};
use tillgate_store_core::record::{Account, State};
use tillgate_store_core::store::Store;
use tillgate_types::ResponseCode;

/// A sale's legs are those of the rules, to the minor unit, and a restart keeps them.
pub fn a_sale_posts_every_leg_of_the_commission_rules<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 5);
    let sold = world.sell(key(1, 1));
    assert_eq!(
        (sold.state, sold.code, sold.balance_minor),
        (State::Approved, ResponseCode::APPROVED, Some(9_000))
    );
    let expected = [
        (AccountKind::SellerFloat, 1, 9_000),
        (AccountKind::SellerCommission, 1, 50),
        (AccountKind::DistributorCommission, 2, 20),
        (AccountKind::DistributorCommission, 1, 10),
        (AccountKind::ProviderClearing, 10, 920),
        (AccountKind::Funding, 0, -20_000),
    ];
    for _ in 0..2 {
        for (kind, owner, posted_minor) in expected {
            let id = AccountId { kind, owner, currency: CURRENCY };
            assert_eq!(world.book().account(&id).posted_minor, posted_minor, "{id}");
        }
        world.reopen();
    }
}

/// Promise 3: the float ends at the credit limit, exactly.
pub fn float_never_goes_below_the_credit_limit<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 1_500, 9);
    assert_eq!(world.sell(key(1, 1)).code, ResponseCode::APPROVED);
    let poor = world.sell(key(1, 2));
    assert_eq!((poor.state, poor.code), (State::Declined, ResponseCode::INSUFFICIENT_FLOAT));
    assert_eq!((poor.balance_minor, poor.voucher), (Some(500), None));
    assert_eq!(world.begin_top_up(key(1, 3), 501).code, ResponseCode::INSUFFICIENT_FLOAT);
    assert_eq!(world.begin_top_up(key(1, 4), 500).state, State::Intent, "down to nothing");
    assert_eq!(world.begin_top_up(key(1, 5), 1).code, ResponseCode::INSUFFICIENT_FLOAT);

    for stan in 1..=6 {
        assert_eq!(world.sell(key(3, stan)).code, ResponseCode::APPROVED, "on credit");
    }
    assert_eq!(world.sell(key(3, 7)).code, ResponseCode::INSUFFICIENT_FLOAT);
    assert_eq!(world.begin_top_up(key(3, 8), 500).balance_minor, Some(0));
    assert_eq!(world.float(2).posted_minor, -4_500);
}

/// A top-up's money is held once, then posted or given back.
pub fn reserved_money_is_posted_or_released_once<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    let begun = world.begin_top_up(key(1, 1), 500);
    assert_eq!((begun.state, begun.balance_minor), (State::Intent, Some(9_500)));
    assert_eq!((world.float(1).posted_minor, world.float(1).reserved_minor), (10_000, 500));
    let finished = done(world.finish(key(1, 1), approved()));
    assert_eq!((finished.state, finished.code), (State::Approved, ResponseCode::APPROVED));
    assert_eq!((&*finished.provider_reference, finished.balance_minor), ("P-1", Some(9_500)));
    assert_eq!((world.float(1).posted_minor, world.float(1).reserved_minor), (9_500, 0));

    let code = ResponseCode(*b"14");
    let findings = [
        ProviderOutcome::Declined { code, reference: Text::new(), chip: None },
        ProviderOutcome::NotSent { code },
    ];
    for (stan, finding) in (2..).zip(findings) {
        world.begin_top_up(key(1, stan), 700);
        world.reopen();
        assert_eq!(world.float(1).reserved_minor, 700);
        let row = done(world.finish(key(1, stan), finding));
        assert_eq!((row.state, row.code, row.legs.len()), (State::Declined, code, 0));
        assert_eq!(row.balance_minor, Some(9_500));
        assert_eq!((world.float(1).posted_minor, world.float(1).reserved_minor), (9_500, 0));
    }
    assert!(world.book().open_transactions().expect("the engine reads").is_empty());
}

/// Promise 6: silence keeps the money until somebody knows.
pub fn an_unknown_outcome_stays_reserved_also_after_a_restart<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 0);
    world.begin_top_up(key(1, 1), 500);
    let row = done(world.finish(key(1, 1), ProviderOutcome::Unknown));
    assert_eq!((row.state, row.code), (State::Unknown, ResponseCode::LATE_RESPONSE));
    assert_eq!(done(world.finish(key(1, 1), ProviderOutcome::Unknown)), row, "still unknown");
    world.reopen();
    assert_eq!(world.book().open_transactions(), Ok(vec![row]));
    assert_eq!(world.float(1).reserved_minor, 500);
    let row = done(world.finish(key(1, 1), approved()));
    assert_eq!(row.state, State::Approved, "the provider did it after all");
    let expected = Account { posted_minor: 9_500, ..Account::default() };
    assert_eq!(world.float(1), expected);
}

/// A second finding is harmless, whatever it says.
pub fn finishing_a_final_sale_changes_nothing<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000, 1);
    let sold = world.sell(key(1, 1));
    world.begin_top_up(key(1, 2), 500);
    let finish =
        |result| Command::Finish(Finish { key: key(1, 2), at_ms: 1, by: BridgeTag::NONE, result });
    let outcomes = world.commit(vec![
        finish(approved()),
        finish(approved()),
        finish(ProviderOutcome::NotSent { code: ResponseCode(*b"91") }),
        finish(ProviderOutcome::Unknown),
    ]);
    let rows: Vec<_> = outcomes.into_iter().map(done).collect();
    assert!(rows.iter().all(|row| row == &rows[0]) && rows[0].state == State::Approved);
    assert_eq!(done(world.finish(key(1, 1), ProviderOutcome::Unknown)), sold, "a voucher is final");
    assert_eq!(world.finish(key(1, 3), approved()), tillgate_store_core::Outcome::NotFound);
    assert_eq!(world.float(1).posted_minor, 8_500);
}
