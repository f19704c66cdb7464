//! Lookups, and what is paid with their tokens.

use tillgate_codec::link::message::{Found, Lookup, Sale};

use super::*;

fn shop() -> Pair {
    let voucher = firmware(thinking()).mix.offers()[0];
    let bill = Offer { service: 30, product: 0, kind: OfferKind::Bill, ..voucher };
    let mix = Mix::new(vec![bill]).unwrap();
    let mut pair = Pair::online(Firmware { mix, ..firmware(thinking()) });
    pair.until_deadline();
    pair
}

fn found(stan: u32, code: ResponseCode, token: u64) -> GatewayMessage<'static> {
    GatewayMessage::Found(Found {
        stan,
        date: DATE,
        code,
        token,
        amount_minor: 500,
        amount_min_minor: 0,
        amount_max_minor: 0,
        fee_minor: 7,
        currency: 840,
        name: "A. Customer",
        lines: "",
        valid_s: 300,
    })
}

impl Pair {
    /// The lookup that the terminal sent: its STAN and its account.
    fn lookup(&mut self) -> (u32, String) {
        let body = self.bodies.remove(0);
        let Ok(TerminalMessage::Lookup(Lookup { stan, service: 30, subscriber, .. })) =
            TerminalMessage::decode(&body)
        else {
            panic!("no lookup: {body:02x?}")
        };
        (stan, subscriber.to_owned())
    }

    /// The payment that the terminal sent: its STAN, its token and what was shown.
    fn payment(&mut self) -> (u32, u64, u64) {
        let body = self.bodies.remove(0);
        let Ok(TerminalMessage::Sale(Sale { stan, token, fee_minor, .. })) =
            TerminalMessage::decode(&body)
        else {
            panic!("no payment: {body:02x?}")
        };
        (stan, token, fee_minor)
    }
}

#[test]
fn a_token_that_is_no_good_any_more_is_looked_up_again_and_the_new_one_pays() {
    let mut pair = shop();
    let (stan, account) = pair.lookup();
    pair.say(&found(stan, ResponseCode::APPROVED, 70));
    assert_eq!(pair.payment(), (stan, 70, 7), "a lookup uses no number up");
    pair.answer(stan, ResponseCode::LOOK_UP_AGAIN);
    assert_eq!(pair.state(0), State::Declined(ResponseCode::LOOK_UP_AGAIN));
    assert_eq!(pair.lookup(), (stan + 1, account));
    pair.say(&found(stan + 1, ResponseCode::APPROVED, 71));
    assert_eq!(pair.payment(), (stan + 1, 71, 7));
    pair.answer(stan + 1, ResponseCode::APPROVED);
    assert_eq!(pair.state(1), State::Approved);
}

#[test]
fn a_lookup_that_is_not_possible_now_is_asked_again_after_a_pause_but_not_for_ever() {
    let mut pair = shop();
    let (stan, account) = pair.lookup();
    for _ in 0..3 {
        pair.say(&found(stan, ResponseCode::PROVIDER_UNAVAILABLE, 0));
        assert!(pair.bodies.is_empty());
        pair.until_deadline();
        assert_eq!(pair.lookup(), (stan, account.clone()));
    }
    pair.say(&found(stan, ResponseCode::PROVIDER_UNAVAILABLE, 0));
    pair.until_deadline();
    assert_ne!(pair.lookup().1, account, "the next customer");
    assert!(pair.terminal.book().entries().is_empty());
}

/// It was taken for the sale before it, or for one that the book does not have.
#[test]
fn a_power_cut_during_a_lookup_leaves_nothing_in_doubt() {
    let mut pair = shop();
    pair.lookup();
    pair.give(Input::PowerCut { back: pair.now });
    pair.log_on();
    assert_eq!(pair.terminal.book().in_doubt(), 0);
    assert!(pair.terminal.book().entries().is_empty());
}
