//! A bridge whose provider is described by a profile, over real sockets.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tillgate_codec::link::message::ResponseCode;
use tillgate_config::Profile;
use tillgate_store_core::State;

use super::Installation;
use super::lies::{code, http, liar, row};
use super::network::TOP_UPS;
use crate::config::{ProfileSource, Secret};
use crate::keyfile;
use crate::serve::clock::{Clock, ClockTrust};
use crate::serve::gateway::Gateway;

/// What a provider in the shape of the profile `reloadly` has carried out.
fn transaction(order: &Value, amount: &str) -> String {
    let reference = order["customIdentifier"].as_str().unwrap();
    format!(
        r#"{{"transactionId":4602843,"status":"SUCCESSFUL","customIdentifier":"{reference}","requestedAmount":{amount},"requestedAmountCurrencyCode":"KES"}}"#
    )
}

fn installation(provider: SocketAddr, product: &str) -> Installation {
    let mut installation = Installation::with_provider(Some(provider));
    let file = installation.config.file.with_file_name("reloadly.token");
    keyfile::write_new(&file, "s3cret\n").unwrap();
    let bridge = &mut installation.config.bridges[0];
    let source = ProfileSource::Builtin("reloadly".to_owned());
    bridge.profile = Some(Profile { source, place: (7, 1) });
    bridge.secrets = [("token".to_owned(), Secret::File(file))].into();
    bridge.values = [("country".to_owned(), "KE".to_owned())].into();
    bridge.products = [(product.to_owned(), "520".to_owned())].into();
    (bridge.idempotent, bridge.inquiry) = (false, true);
    installation
}

#[test]
fn a_sale_by_a_profile_is_asked_about_until_an_answer_repeats_its_amount() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let (book, order) = (Arc::clone(&seen), Mutex::new(Value::Null));
    let (provider, _) = liar(move |line, body, _| {
        book.lock().unwrap().push(line.to_owned());
        let mut order = order.lock().unwrap();
        if line.starts_with("POST") {
            *order = serde_json::from_str(body).unwrap();
            // 2500.00 in the place of 25.00.
            return http("200 OK", &transaction(&order, "2500"));
        }
        let list = format!(r#"{{"content":[{}],"totalElements":1}}"#, transaction(&order, "25.0"));
        http("200 OK", &list)
    });
    let installation = installation(provider, &TOP_UPS.to_string());
    let served = installation.serve();
    assert_eq!(code(&served, 1), ResponseCode::APPROVED);
    assert_eq!(row(&served, 1).provider_reference.as_str(), "4602843");
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0], "POST /topups/topups HTTP/1.1");
    assert!(seen[1].starts_with("GET /topups/topups/reports/transactions?customIdentifier="));
    served.stop();
    installation.verify();
}

#[test]
fn a_product_without_a_code_is_declined_and_no_byte_of_it_leaves() {
    let requests = Arc::new(AtomicUsize::new(0));
    let received = Arc::clone(&requests);
    let (provider, _) = liar(move |_, _, _| {
        received.fetch_add(1, Ordering::Relaxed);
        http("500 Internal Server Error", "{}")
    });
    let installation = installation(provider, "9999");
    let served = installation.serve();
    for stan in 1..=20 {
        assert_eq!(code(&served, stan), ResponseCode::INVALID_TRANSACTION);
        assert_eq!(row(&served, stan).state, State::Declined);
    }
    assert_eq!(served.metric("tillgate_bridge_open{bridge=\"topup\"}"), 0, "the breaker is closed");
    served.stop();
    assert_eq!(requests.load(Ordering::Relaxed), 0);
    installation.verify();
}

#[test]
fn what_a_bridge_lacks_for_its_profile_is_refused_at_the_start() {
    let refused = |change: fn(&mut crate::config::Bridge)| {
        let mut installation = installation("127.0.0.1:9".parse().unwrap(), "20");
        change(&mut installation.config.bridges[0]);
        let started = Gateway::start(&installation.config, Clock::start(ClockTrust::Checked));
        started.err().unwrap().text
    };
    let said = refused(|bridge| bridge.reversal = true);
    assert!(said.contains("tillgate.toml:7:1: bridge \"topup\": reversal: claimed"), "{said}");
    let said = refused(|bridge| bridge.secrets.clear());
    assert!(said.contains("{secret.token}"), "{said}");
    let said = refused(|bridge| {
        let id = Secret::Credential("token".to_owned());
        bridge.secrets = [("token".to_owned(), id)].into();
    });
    assert!(said.contains("LoadCredential=token:FILE"), "{said}");
    let said = refused(|bridge| {
        let source = ProfileSource::Builtin("reloady".to_owned());
        bridge.profile = Some(Profile { source, place: (7, 1) });
    });
    assert!(said.contains("there is no profile \"reloady\""), "{said}");
}
