//! Orders of two steps over real sockets: what ends between them, and what a restart finds.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tillgate_codec::link::message::ResponseCode;
use tillgate_config::Profile;
use tillgate_store_core::State;

use super::lies::{code, http, liar, row};
use super::network::TOP_UPS;
use super::{Installation, wait_for};
use crate::config::{ProfileSource, Secret};
use crate::keyfile;

/// What a provider in the shape of the profile `dtone-confirm` does with one order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Ends the connection behind each answer.
    Closing,
    /// Ends it in place of the answer to the creation, or to the confirmation.
    LosingCreation,
    LosingConfirmation,
}

#[derive(Default)]
struct Book {
    reference: String,
    /// 1 created, 4 expired, 7 completed.
    class: u8,
    /// Request lines without references.
    seen: Vec<&'static str>,
}

fn provider(manner: Manner) -> (SocketAddr, Arc<Mutex<Book>>) {
    let book: Arc<Mutex<Book>> = Arc::default();
    let kept = Arc::clone(&book);
    let (address, _) = liar(move |line, body, _| {
        let mut book = kept.lock().unwrap();
        let (step, lost) = if line.starts_with("GET") {
            let named = line.split("external_id=").nth(1).unwrap();
            named.split(' ').next().unwrap().clone_into(&mut book.reference);
            ("ask", false)
        } else if line.contains("/99/confirm ") {
            book.class = 7;
            ("confirm", manner == Manner::LosingConfirmation)
        } else {
            let order: Value = serde_json::from_str(body).unwrap();
            order["external_id"].as_str().unwrap().clone_into(&mut book.reference);
            book.class = 1;
            ("create", manner == Manner::LosingCreation)
        };
        book.seen.push(step);
        let Book { reference, class, .. } = &*book;
        let said = format!(
            r#"{{"id":99,"external_id":"{reference}","source":{{"amount":25.00,"unit":"KES"}},"status":{{"class":{{"id":{class}}}}}}}"#
        );
        match (step, lost) {
            // An answer that is cut off: the connection is not used again.
            (_, true) => {
                b"HTTP/1.1 201 Created\r\ncontent-length: 9\r\nconnection: close\r\n\r\n".to_vec()
            }
            ("ask", _) => http("200 OK", &format!("[{said}]")),
            _ => http("201 Created\r\nconnection: close", &said),
        }
    });
    (address, book)
}

fn installation(provider: SocketAddr) -> Installation {
    let mut installation = Installation::with_provider(Some(provider));
    let file = installation.config.file.with_file_name("basic");
    keyfile::write_new(&file, "a:b\n").unwrap();
    let bridge = &mut installation.config.bridges[0];
    let source = ProfileSource::Builtin("dtone-confirm".to_owned());
    bridge.profile = Some(Profile { source, place: (7, 1) });
    bridge.secrets = [("basic".to_owned(), Secret::File(file))].into();
    bridge.values = [("callback_url".to_owned(), "http://127.0.0.1:9/".to_owned())].into();
    bridge.products = [(TOP_UPS.to_string(), "7".to_owned())].into();
    (bridge.idempotent, bridge.inquiry, bridge.connections) = (false, true, 1);
    installation
}

#[test]
fn an_order_is_confirmed_on_a_fresh_connection_where_its_own_was_closed() {
    let (provider, book) = provider(Manner::Closing);
    let installation = installation(provider);
    let served = installation.serve();
    assert_eq!(code(&served, 1), ResponseCode::APPROVED);
    assert_eq!(book.lock().unwrap().seen, ["create", "confirm"]);
    assert_eq!(row(&served, 1).provider_reference.as_str(), "99");
    served.stop();
    installation.verify();
}

#[test]
fn an_order_whose_creation_has_no_answer_is_declined_and_never_confirmed() {
    let (provider, book) = provider(Manner::LosingCreation);
    let installation = installation(provider);
    let served = installation.serve();
    assert_eq!(code(&served, 1), ResponseCode::PROVIDER_UNAVAILABLE);
    assert_eq!(row(&served, 1).state, State::Declined);
    served.stop();
    installation.verify();
    let book = book.lock().unwrap();
    assert_eq!((book.class, &*book.seen), (1, &["create"][..]));
}

#[test]
fn an_order_whose_confirmation_has_no_answer_is_asked_about() {
    let (provider, book) = provider(Manner::LosingConfirmation);
    let installation = installation(provider);
    let served = installation.serve();
    assert_eq!(code(&served, 1), ResponseCode::APPROVED);
    assert_eq!(book.lock().unwrap().seen, ["create", "confirm", "ask"]);
    served.stop();
    installation.verify();
}

#[test]
fn after_a_crash_between_the_steps_a_created_order_is_neither_approved_nor_declined() {
    let (provider, book) = provider(Manner::Closing);
    let installation = installation(provider);
    installation.leave_intent(1);
    // Created, and nobody knows whether its confirmation left.
    book.lock().unwrap().class = 1;
    let served = installation.serve();
    wait_for("questions", || book.lock().unwrap().seen.len() >= 3);
    assert!(book.lock().unwrap().seen.iter().all(|step| *step == "ask"));
    assert_eq!(row(&served, 1).state, State::Unknown);
    // It expires at the provider.
    book.lock().unwrap().class = 4;
    wait_for("the outcome", || row(&served, 1).state == State::Declined);
    served.stop();
    installation.verify();
}
