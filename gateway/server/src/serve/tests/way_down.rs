//! Draining: what is in flight is answered, what is new is refused, the store is closed.

use std::time::Duration;

use tillgate_codec::link::message::{ResponseCode, TerminalMessage};
use tillgate_core::drain::Drained;

use super::network::{FIRST_TERMINAL, top_up_sale, voucher_sale};
use super::provider::{Provider, SILENT, SLOW};
use super::terminal::{Till, answer};
use super::{Installation, wait_for};
use crate::serve::view::Stage;

#[test]
fn a_drain_answers_what_is_in_flight_closes_the_rest_and_refuses_newcomers() {
    let provider = Provider::start();
    let installation = Installation::with_provider(Some(provider.address));
    let served = installation.serve();
    let mut idle = served.till(FIRST_TERMINAL);
    idle.sell(&voucher_sale(1));
    let mut busy = served.till(FIRST_TERMINAL + 1);
    busy.say(&TerminalMessage::Sale(top_up_sale(1, SLOW)));
    wait_for("the order to leave", || !provider.seen().is_empty());

    served.signal();
    assert!(idle.hear().is_none(), "an idle session ends at once");
    assert_eq!(served.handle.view.stage(), Stage::Draining);
    let newcomer = Till::try_connect(served.address, FIRST_TERMINAL + 2);
    assert!(newcomer.is_err(), "nobody is let in any more");
    let body = busy.hear().unwrap();
    assert_eq!(answer(&body).code, ResponseCode::APPROVED);
    assert!(busy.hear().is_none(), "and then it ends");
    assert_eq!(served.join(), Drained::Fully);
    assert_eq!(installation.verify().counts.transactions, 2);
}

#[test]
fn a_drain_does_not_wait_for_a_provider_beyond_the_answer() {
    let provider = Provider::start();
    let mut installation = Installation::with_provider(Some(provider.address));
    installation.config.bridges[0].idempotent = false;
    installation.config.bridges[0].deadline_s = 3;
    let served = installation.serve();
    let mut till = served.till(FIRST_TERMINAL);
    till.say(&TerminalMessage::Sale(top_up_sale(1, SILENT)));
    wait_for("the order to leave", || !provider.seen().is_empty());
    let began = std::time::Instant::now();
    assert_eq!(served.stop(), Drained::Fully);
    assert!(began.elapsed() < Duration::from_secs(9), "took {:?}", began.elapsed());
    let body = till.hear().unwrap();
    let code = answer(&body).code;
    assert!(matches!(code, ResponseCode::IN_PROGRESS | ResponseCode::APPROVED), "{code}");
    installation.verify();
}
