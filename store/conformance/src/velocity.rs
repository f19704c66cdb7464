//! Laws of the limits per terminal and service.

use super::Factory;
use super::network::{TODAY, TOP_UPS, service};
use super::world::{World, approved, key};
use tillgate_store_core::command::ProviderOutcome;
use tillgate_store_core::ids::Key;
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::Velocity;
use tillgate_types::{BusinessDate, ResponseCode};

fn limited<F: Factory>(factory: F, velocity: Velocity) -> World<F> {
    let mut world = World::stocked(factory, 1_000_000, 0);
    assert_eq!(world.change(vec![service(TOP_UPS, velocity)], vec![], vec![]), Outcome::Applied);
    world
}

/// At most this many in any window, per terminal; a restart forgets none.
pub fn a_terminal_sells_no_more_often_than_its_service_allows<F: Factory>(factory: F) {
    let velocity = Velocity { count_max: 3, window_s: 60, day_amount_max_minor: 0 };
    let mut world = limited(factory, velocity);
    for (stan, restart) in [(1, false), (2, true), (3, true)] {
        assert_eq!(world.begin_top_up(key(1, stan), 100).code, ResponseCode::IN_PROGRESS);
        if restart {
            world.reopen();
        }
        world.now_ms += 10_000;
    }
    let refused = world.begin_top_up(key(1, 4), 100);
    assert_eq!((refused.code, refused.legs.len()), (ResponseCode::VELOCITY_LIMIT, 0));
    assert_eq!(
        world.begin_top_up(key(2, 1), 100).code,
        ResponseCode::IN_PROGRESS,
        "another terminal"
    );
    // The first sale leaves the window 60 s after it came; it is now 30 s later.
    world.now_ms += 29_999;
    assert_eq!(world.begin_top_up(key(1, 5), 100).code, ResponseCode::VELOCITY_LIMIT);
    world.now_ms += 1;
    assert_eq!(world.begin_top_up(key(1, 6), 100).code, ResponseCode::IN_PROGRESS);
    assert_eq!(world.begin_top_up(key(1, 7), 100).code, ResponseCode::VELOCITY_LIMIT);
}

/// So much on a business date, per terminal; a new date begins anew.
pub fn a_day_has_no_more_sales_than_its_amount<F: Factory>(factory: F) {
    let velocity = Velocity { count_max: 0, window_s: 0, day_amount_max_minor: 1_000 };
    let mut world = limited(factory, velocity);
    assert_eq!(world.begin_top_up(key(1, 1), 600).code, ResponseCode::IN_PROGRESS);
    assert_eq!(world.begin_top_up(key(1, 2), 401).code, ResponseCode::VELOCITY_LIMIT);
    world.reopen();
    assert_eq!(world.begin_top_up(key(1, 3), 401).code, ResponseCode::VELOCITY_LIMIT);
    assert_eq!(
        world.begin_top_up(key(1, 4), 400).code,
        ResponseCode::IN_PROGRESS,
        "to the last unit"
    );
    let tomorrow = Key { date: BusinessDate(TODAY.0 + 1), ..key(1, 1) };
    let early = world.begin_top_up(tomorrow, 1_000).code;
    assert_eq!(
        early,
        ResponseCode::VELOCITY_LIMIT,
        "the gateway's date counts, not the terminal's"
    );
    world.today = tomorrow.date;
    let tomorrow = Key { stan: 2, ..tomorrow };
    assert_eq!(world.begin_top_up(tomorrow, 1_000).code, ResponseCode::IN_PROGRESS);
    assert_eq!(world.begin_top_up(key(1, 5), 100).code, ResponseCode::VELOCITY_LIMIT, "a late one");
}

/// Three dates may be on a terminal's sales; there is one window, and it is of real time.
pub fn a_window_holds_whatever_dates_a_terminal_puts_on_its_sales<F: Factory>(factory: F) {
    let velocity = Velocity { count_max: 3, window_s: 86_400, day_amount_max_minor: 0 };
    let mut world = limited(factory, velocity);
    let mut granted = 0;
    for (round, date) in [TODAY.0 + 1, TODAY.0 - 1, TODAY.0].into_iter().enumerate() {
        for stan in 1..=3 {
            world.now_ms += 1_000;
            let key = Key { date: BusinessDate(date), ..key(1, stan) };
            granted += u32::from(world.begin_top_up(key, 100).code == ResponseCode::IN_PROGRESS);
        }
        if round == 1 {
            world.reopen();
        }
    }
    assert_eq!(granted, 3, "sold within nine seconds, three are the most in 24 hours");
}

/// What did not take place is not held against the terminal.
pub fn a_declined_sale_does_not_count<F: Factory>(factory: F) {
    let velocity = Velocity { count_max: 2, window_s: 60, day_amount_max_minor: 1_000 };
    let mut world = limited(factory, velocity);
    let not_sent = || ProviderOutcome::NotSent { code: ResponseCode(*b"91") };
    for stan in 1..=4 {
        assert_eq!(world.begin_top_up(key(1, stan), 900).code, ResponseCode::IN_PROGRESS);
        world.finish(key(1, stan), not_sent());
    }
    world.begin_top_up(key(1, 5), 900);
    world.reopen();
    world.finish(key(1, 5), not_sent());
    assert_eq!(world.begin_top_up(key(1, 6), 500).code, ResponseCode::IN_PROGRESS);
    world.finish(key(1, 6), approved());
    assert_eq!(world.begin_top_up(key(1, 7), 500).code, ResponseCode::IN_PROGRESS);
    assert_eq!(world.begin_top_up(key(1, 8), 100).code, ResponseCode::VELOCITY_LIMIT);
}

/// Also what was sold while there was no limit, whatever the limit was before.
pub fn a_limit_set_later_counts_what_was_sold_before<F: Factory>(factory: F) {
    let velocity = Velocity { count_max: 2, window_s: 60, day_amount_max_minor: 0 };
    let wider = Velocity { count_max: 4, ..velocity };
    let mut world = limited(factory, velocity);
    let mut stan = 0;
    let mut sell = |world: &mut World<F>, velocity, expected| {
        let limits = vec![service(TOP_UPS, velocity)];
        assert_eq!(world.change(limits, vec![], vec![]), Outcome::Applied);
        stan += 1;
        assert_eq!(world.begin_top_up(key(1, stan), 100).code, expected);
    };
    sell(&mut world, velocity, ResponseCode::IN_PROGRESS);
    sell(&mut world, Velocity::default(), ResponseCode::IN_PROGRESS);
    sell(&mut world, velocity, ResponseCode::VELOCITY_LIMIT);
    sell(&mut world, Velocity::default(), ResponseCode::IN_PROGRESS);
    sell(&mut world, wider, ResponseCode::IN_PROGRESS);
    sell(&mut world, wider, ResponseCode::VELOCITY_LIMIT);
}
