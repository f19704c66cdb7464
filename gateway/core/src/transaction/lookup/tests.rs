//! What is kept of what was found, and for how long.

use super::*;
use crate::time::Span;

fn found(token: u64, until: Moment) -> Found {
    let request = LookupRequest {
        stan: 1,
        date: BusinessDate(9_800),
        service: ServiceId(30),
        product: ProductId(0),
        currency: 404,
        amount_minor: 0,
        account: Text::new(),
        seller: SellerId(1),
        bridges: Candidates::new(),
        charges: ChargeRules::default(),
    };
    Found { token, request, bridge: 0, amounts_minor: (1, 1), reference: Text::new(), until }
}

#[test]
fn what_was_found_is_forgotten_at_its_end_and_watched_by_one_alarm() {
    let (mut lookups, begin) = (Lookups::default(), Moment(0));
    let after = |seconds| begin.after(Span::s(seconds));
    for (terminal, end) in [(1, 300), (2, 301), (1, 302)] {
        lookups.keep(begin, TerminalId(terminal), found(end, after(end)));
    }
    assert_eq!((lookups.watch(), lookups.watch()), (Some(after(301)), None));
    lookups.watched = false;
    lookups.forget(after(301));
    assert_eq!((lookups.found.len(), lookups.watch()), (1, Some(after(302))));
    lookups.forget(after(302));
    assert!(lookups.found.is_empty() && lookups.oldest.is_empty());
}

#[test]
fn a_terminal_that_looks_up_again_and_again_leaves_nothing_behind() {
    let (mut lookups, end) = (Lookups::default(), Moment(u64::MAX));
    lookups.keep(Moment(0), TerminalId(1), found(1, end));
    for token in 2..200_000 {
        lookups.keep(Moment(0), TerminalId(2), found(token, end));
    }
    assert!(lookups.found.len() == 2 && lookups.oldest.len() <= 2 * FOUND_MAX);
}
