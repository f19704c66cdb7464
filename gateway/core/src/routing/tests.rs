use proptest::prelude::*;
use tillgate_store_core::{BusinessDate, Hours, RouteRule, Text};

use super::*;

const KES: u16 = 404;

fn rule(bridge: &str) -> RouteRule {
    RouteRule::to(Text::from(bridge).unwrap())
}

fn with_prefix(bridge: &str, prefix: &str) -> RouteRule {
    RouteRule { prefix: Text::from(prefix).unwrap(), ..rule(bridge) }
}

/// Bridges `b0`, `b1`, ... and the route `airtime`.
fn routes(bridges: usize, rules: Vec<RouteRule>) -> Routes {
    let names: Vec<String> = (0..bridges).map(|no| format!("b{no}")).collect();
    let mut routes = Routes::new(&names, &Registry::new());
    routes.apply(&Route { name: Text::from("airtime").unwrap(), rules });
    routes
}

fn question(account: &str) -> Question<'_> {
    Question {
        account,
        amount_minor: Some(1_000),
        currency: KES,
        chain: &[],
        minute: 600,
        spread: 7,
    }
}

fn key(stan: u32) -> Key {
    Key { date: BusinessDate(9_824), terminal: TerminalId(70_001), stan }
}

#[test]
fn a_service_that_names_a_bridge_goes_there_and_a_name_of_nothing_goes_nowhere() {
    let routes = routes(2, vec![rule("b0")]);
    assert_eq!(routes.choose("b1", &question("1"))[..], [1]);
    assert_eq!(routes.choose("airtime", &question("1"))[..], [0]);
    assert!(routes.choose("nothing", &question("1")).is_empty());
    assert!(routes.choose("", &question("1")).is_empty());
    assert_eq!(routes.explain("nothing", &question("1")), None);
    assert_eq!(routes.explain("b1", &question("1")).unwrap().candidates, ["b1"]);
}

#[test]
fn lower_priorities_come_first_and_among_equals_the_longest_prefix() {
    let rules = vec![
        RouteRule { priority: 2, ..with_prefix("b3", "25471") },
        with_prefix("b0", ""),
        with_prefix("b1", "2547"),
        with_prefix("b2", "25471"),
    ];
    let routes = routes(4, rules);
    assert_eq!(routes.choose("airtime", &question("254710"))[..], [2, 1, 0, 3]);
    assert_eq!(routes.choose("airtime", &question("254720"))[..], [1, 0]);
    assert_eq!(routes.choose("airtime", &question("1"))[..], [0]);
    assert_eq!(routes.choose("airtime", &question(""))[..], [0]);
}

#[test]
fn equal_rules_share_the_sales_by_weight_and_the_same_sale_goes_the_same_way() {
    let shares = [("b0", 700), ("b1", 200), ("b2", 100)];
    let rules = shares.map(|(bridge, weight)| RouteRule { weight, ..rule(bridge) });
    let routes = routes(3, rules.to_vec());
    let mut firsts = [0_u32; 3];
    for stan in 1..=10_000 {
        let asked = Question { spread: spread(&key(stan)), ..question("1") };
        let chosen = routes.choose("airtime", &asked);
        assert_eq!(chosen, routes.choose("airtime", &asked));
        assert_eq!(chosen.len(), 3, "the others follow, for a failover");
        firsts[usize::from(chosen[0])] += 1;
    }
    for (sales, (_, weight)) in firsts.into_iter().zip(shares) {
        let expected = u32::from(weight) * 10;
        assert!(sales.abs_diff(expected) < 150, "{firsts:?}");
    }
}

#[test]
fn a_transaction_keeps_its_place_over_updates_of_the_program() {
    assert_eq!(spread(&key(1)), 0x9d38_a347_69fd_1aa9);
    assert_ne!(spread(&key(1)), spread(&key(2)));
}

#[test]
fn each_condition_of_a_rule_is_named_when_it_does_not_hold() {
    let group = DistributorId(5);
    let rules = vec![
        rule("gone"),
        with_prefix("b0", "9"),
        RouteRule { distributor: Some(group), ..rule("b1") },
        RouteRule { currency: 978, ..rule("b2") },
        RouteRule { currency: KES, amount_to_minor: 999, ..rule("b3") },
        RouteRule { hours: Some(Hours { from_min: 1_320, to_min: 360 }), ..rule("b4") },
        rule("b5"),
        RouteRule { priority: 9, ..rule("b5") },
    ];
    let routes = routes(6, rules);
    let explained = routes.explain("airtime", &question("254")).unwrap();
    assert_eq!(explained.candidates, ["b5"]);
    let found = |no: u16| explained.rules.iter().find(|found| found.rule == no).unwrap();
    let expected = [
        (1, Finding::NoBridge, "no bridge of the configuration is called gone"),
        (2, Finding::Prefix, "the account does not begin with 9"),
        (3, Finding::Distributor, "the seller is not below distributor 5"),
        (4, Finding::Currency, "for EUR only"),
        (5, Finding::Amount, "for amounts from 0.00 to 9.99 only"),
        (6, Finding::Hours, "from 22:00 to 06:00 only, and it is 10:00"),
        (7, Finding::Taken, "takes the sale"),
        (8, Finding::Again, "an earlier rule has the same bridge"),
    ];
    for (no, finding, why) in expected {
        assert_eq!((found(no).finding, found(no).why.as_str()), (finding, why));
    }
    let asked = Question { chain: &[DistributorId(4), group], minute: 5, ..question("9") };
    let asked = Question { amount_minor: Some(999), ..asked };
    let mut all = routes.choose("airtime", &asked).to_vec();
    assert_eq!(all.remove(0), 0, "the longest prefix");
    all.sort_unstable();
    assert_eq!(all, [1, 3, 4, 5]);
}

#[test]
fn a_lookup_has_no_amount_yet_and_every_amount_matches() {
    let routes =
        routes(1, vec![RouteRule { currency: KES, amount_from_minor: 5_000, ..rule("b0") }]);
    assert!(routes.choose("airtime", &question("1")).is_empty());
    let lookup = Question { amount_minor: None, ..question("1") };
    assert_eq!(routes.choose("airtime", &lookup)[..], [0]);
}

#[test]
fn no_sale_has_more_candidates_than_it_may_try() {
    let rules = (0..12).map(|no| rule(&format!("b{no}"))).collect();
    let routes = routes(12, rules);
    assert_eq!(routes.choose("airtime", &question("1")).len(), CANDIDATES_MAX);
    let explained = routes.explain("airtime", &question("1")).unwrap();
    let of = |finding| explained.rules.iter().filter(|rule| rule.finding == finding).count();
    assert_eq!((of(Finding::Taken), of(Finding::Enough)), (CANDIDATES_MAX, 4));
}

/// Counted, not timed: of a thousand rules a sale looks at those of its own prefix and seller.
#[test]
fn a_sale_looks_at_the_few_rules_that_may_take_it_however_many_there_are() {
    let prefixed = (0..500).map(|no| with_prefix("b0", &format!("2547{no:03}")));
    let grouped =
        (0..499).map(|no| RouteRule { distributor: Some(DistributorId(no)), ..rule("b1") });
    let rules: Vec<_> = prefixed.chain(grouped).chain([rule("b2")]).collect();
    assert_eq!(rules.len(), 1_000);
    let routes = routes(3, rules);
    let asked = Question { chain: &[DistributorId(17), DistributorId(3)], ..question("254712345") };
    let mut looked_at = 0;
    let chosen = routes.route("airtime").unwrap().walk(&asked, |_, _| looked_at += 1);
    assert_eq!((chosen.len(), looked_at), (3, 4), "a prefix, two distributors, and the last");
}

prop_compose! {
    fn any_rule()(
        bridge in 0..5_u8,
        priority in 1..4_u16,
        weight in 1..5_u16,
        prefix in "[12]{0,3}",
        currency in prop_oneof![Just(0_u16), Just(KES), Just(978)],
        most in 1..4_u64,
        distributor in prop::option::of(1..4_u32),
        hours in prop::option::of((0..4_u16, 4..8_u16)),
    ) -> RouteRule {
        RouteRule {
            priority,
            weight,
            prefix: Text::from(&prefix).unwrap(),
            currency,
            amount_to_minor: if currency == 0 { u64::MAX } else { most * 400 },
            distributor: distributor.map(DistributorId),
            hours: hours.map(|(from_min, to_min)| Hours { from_min: from_min * 150, to_min: to_min * 150 }),
            ..rule(&format!("b{bridge}"))
        }
    }
}

proptest! {
    /// Rule by rule, without an index.
    #[test]
    fn the_index_finds_what_reading_every_rule_finds(
        rules in prop::collection::vec(any_rule(), 1..40),
        account in "[12]{0,5}",
        chain in prop::collection::vec((1..5_u32).prop_map(DistributorId), 0..4),
        (amount_minor, minute, spread) in (0..2_000_u64, 0..1_440_u16, any::<u64>()),
    ) {
        let of_file = rules.clone();
        let routes = routes(4, rules);
        let asked = Question { amount_minor: Some(amount_minor), chain: &chain, minute, spread,
            ..question(&account) };
        let takes = |rule: &&RouteRule| {
            rule.bridge.as_str() != "b4"
                && account.starts_with(rule.prefix.as_str())
                && [0, KES].contains(&rule.currency)
                && amount_minor <= rule.amount_to_minor
                && rule.distributor.is_none_or(|above| chain.contains(&above))
                && rule.hours.is_none_or(|hours| (hours.from_min..hours.to_min).contains(&minute))
        };
        let level = |rule: &&RouteRule| (rule.priority, usize::MAX - rule.prefix.len());
        let mut matching: Vec<&RouteRule> = of_file.iter().filter(takes).collect();
        matching.sort_by_key(level);
        let mut levels: Vec<Vec<String>> = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for equal in matching.chunk_by(|a, b| level(a) == level(b)) {
            let mut fresh: Vec<String> = equal.iter().map(|rule| rule.bridge.to_string()).collect();
            fresh.sort();
            fresh.dedup();
            fresh.retain(|bridge| !seen.contains(bridge));
            seen.extend(fresh.iter().cloned());
            levels.push(fresh);
        }
        let explained = routes.explain("airtime", &asked).unwrap();
        let mut rest = explained.candidates.as_slice();
        for mut level in levels {
            let (now, later) = rest.split_at(level.len().min(rest.len()));
            let mut now = now.to_vec();
            now.sort();
            level.sort();
            prop_assert_eq!(now, level);
            rest = later;
        }
        prop_assert!(rest.is_empty());
        let taken = |found: &&ExplainedRule| found.finding == Finding::Taken;
        let taken: Vec<u16> = explained.rules.iter().filter(taken).map(|found| found.rule).collect();
        for no in taken {
            prop_assert!(takes(&&of_file[usize::from(no) - 1]), "rule {}", no);
        }
    }
}
