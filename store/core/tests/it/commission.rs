//! Who gets what of a sale.

use tillgate_store_conformance::network::{TODAY, VOUCHERS, seller, service};
use tillgate_store_core::commission::{BASIS, CommissionError, legs};
use tillgate_store_core::limits::AMOUNT_MINOR_MAX;
use tillgate_store_core::{
    AccountKind, BusinessDate, CommissionRule, DistributorId, RegistryRecord, Seller, Service,
    Velocity,
};

fn parties() -> (Service, Seller) {
    match (service(VOUCHERS, Velocity::default()), seller(1, 2, 0)) {
        (RegistryRecord::Service(service), RegistryRecord::Seller(seller)) => (service, seller),
        _ => panic!("the network has other records"),
    }
}

fn rule(level: u8, basis_points: u32, from: u16) -> CommissionRule {
    CommissionRule::percent(level, basis_points, BusinessDate(from))
}

#[test]
fn legs_sum_to_zero_whatever_is_dropped_by_rounding() {
    let (mut service, seller) = parties();
    let chain = [1, 2, 3, 4, 5, 6, 7, 8].map(DistributorId);
    service.commission = (0..8).map(|level| rule(level, 333 + u32::from(level), 0)).collect();
    for amount_minor in [1, 29, 30, 999, 1_000_003, AMOUNT_MINOR_MAX] {
        for levels in 0..=chain.len() {
            let legs = legs(&service, &seller, &chain[..levels], amount_minor, TODAY).unwrap().0;
            assert_eq!(legs.iter().map(|leg| leg.amount_minor).sum::<i64>(), 0);
            assert_eq!(legs[0].account.kind, AccountKind::SellerFloat);
            assert!(legs[1..].iter().all(|leg| leg.amount_minor > 0), "no empty legs");
        }
    }
}

#[test]
fn the_rule_in_force_is_the_latest_that_has_begun() {
    let (mut service, seller) = parties();
    service.commission = vec![rule(0, 300, TODAY.0), rule(0, 100, 0), rule(0, 900, TODAY.0 + 1)];
    let earned = |date| {
        let legs = legs(&service, &seller, &[], 10_000, BusinessDate(date)).unwrap().0;
        legs[1].amount_minor
    };
    assert_eq!([TODAY.0 - 1, TODAY.0, TODAY.0 + 1].map(earned), [100, 300, 900]);
}

#[test]
fn what_cannot_be_posted_is_refused() {
    let (mut service, mut seller) = parties();
    let of = |service: &Service, seller: &Seller, amount_minor| {
        legs(service, seller, &[DistributorId(2)], amount_minor, TODAY).unwrap_err()
    };
    assert_eq!(of(&service, &seller, 0), CommissionError::Amount);
    assert_eq!(of(&service, &seller, AMOUNT_MINOR_MAX + 1), CommissionError::Amount);
    service.commission = vec![rule(0, 6_000, 0), rule(1, 4_001, 0)];
    assert_eq!(of(&service, &seller, 100_000), CommissionError::TooMuch);
    service.commission = vec![rule(0, u32::try_from(BASIS).unwrap() + 1, 0)];
    assert_eq!(of(&service, &seller, 1), CommissionError::TooMuch);
    seller.currency += 1;
    assert_eq!(of(&service, &seller, 1), CommissionError::Currency);
}
