//! Top-ups through the HTTP bridge: approvals, declines, silence, breaks, nobody there.

use std::net::TcpListener;
use std::time::Instant;

use tillgate_codec::link::message::ResponseCode;

use super::network::{FIRST_TERMINAL, top_up_sale};
use super::provider::{APPROVED, BREAKING, DECLINED, Provider, SILENT};
use super::terminal::answer;
use super::{Installation, Served, wait_for};

fn code(served: &Served, stan: u32, subscriber: &str) -> ResponseCode {
    let body = served.till(FIRST_TERMINAL).sell(&top_up_sale(stan, subscriber));
    answer(&body).code
}

#[test]
fn a_provider_approves_and_declines_and_is_asked_once_each() {
    let provider = Provider::start();
    let installation = Installation::with_provider(Some(provider.address));
    let served = installation.serve();
    assert_eq!(code(&served, 1, APPROVED), ResponseCode::APPROVED);
    assert_eq!(code(&served, 2, DECLINED), ResponseCode::NO_SUCH_SUBSCRIBER);
    assert_eq!(code(&served, 1, APPROVED), ResponseCode::APPROVED);
    assert_eq!(provider.seen(), ["POST /topups HTTP/1.1", "POST /topups HTTP/1.1"]);
    served.stop();
    installation.verify();
}

#[test]
fn silence_is_asked_about_and_the_inquiry_s_answer_is_the_terminal_s() {
    let provider = Provider::start();
    let installation = Installation::with_provider(Some(provider.address));
    let served = installation.serve();
    let began = Instant::now();
    assert_eq!(code(&served, 1, SILENT), ResponseCode::APPROVED);
    assert!(began.elapsed().as_secs() < 4, "before the answer is due");
    assert_eq!(code(&served, 2, BREAKING), ResponseCode::APPROVED);
    let seen = provider.seen();
    assert_eq!(seen.iter().filter(|line| line.starts_with("POST")).count(), 2, "{seen:?}");
    assert!(seen.iter().filter(|line| line.starts_with("GET /topups/")).count() >= 2, "{seen:?}");
    assert_eq!(served.metric("tillgate_transactions_pending"), 0);
    served.stop();
    installation.verify();
}

#[test]
fn where_nobody_listens_the_sale_is_declined_with_91_and_nothing_stays_reserved() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let installation = Installation::with_provider(Some(nobody));
    let served = installation.serve();
    assert_eq!(code(&served, 1, APPROVED), ResponseCode::PROVIDER_UNAVAILABLE);
    assert_eq!(code(&served, 1, APPROVED), ResponseCode::PROVIDER_UNAVAILABLE);
    let series = "tillgate_bridge_results_total{bridge=\"topup\",result=\"not_sent\"}";
    assert_eq!(served.metric(series), 1);
    served.stop();
    let verdict = installation.verify();
    assert_eq!(verdict.counts.transactions, 1);
}

#[test]
fn a_provider_that_takes_no_orders_is_left_alone_until_one_gets_through() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let installation = Installation::with_provider(Some(nobody));
    let served = installation.serve();
    for stan in 1..=12 {
        assert_eq!(code(&served, stan, APPROVED), ResponseCode::PROVIDER_UNAVAILABLE);
    }
    assert!(served.metric("tillgate_bridge_held_back_total{bridge=\"topup\"}") >= 1);
    assert_eq!(served.metric("tillgate_bridge_open{bridge=\"topup\"}"), 1);
    served.stop();
    installation.verify();
}

#[test]
fn an_order_without_an_outcome_is_found_out_after_a_restart() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut installation = Installation::with_provider(Some(silent.local_addr().unwrap()));
    let served = installation.serve();
    // Accepted by the kernel, never answered: unknown, and so is every inquiry.
    assert_eq!(code(&served, 1, SILENT), ResponseCode::IN_PROGRESS);
    served.stop();
    drop(silent);

    let provider = Provider::start();
    let url = format!("http://{}/topups", provider.address);
    installation.config.bridges[0].url = crate::config::HttpUrl::parse(&url).unwrap();
    let served = installation.serve();
    wait_for("the inquiry", || served.metric("tillgate_transactions_pending") == 0);
    assert_eq!(code(&served, 1, SILENT), ResponseCode::APPROVED);
    served.stop();
    installation.verify();
}
