//! Requests: what is sent, and what has no form.

use tillgate_store_core::{ProductId, ServiceId, Text};

use super::profiles::MINIMAL;
use super::{Authorize, OURS, builtin, of, order, parsed, word};
use crate::provider::{Provider, ProviderRequest};

#[test]
fn a_request_is_written_with_every_value_escaped_by_its_place() {
    let provider = builtin("reloadly");
    let subscriber = Text::from("07\"00\\ \u{e9}/..?#&").unwrap();
    let request = ProviderRequest { subscriber, ..order(Authorize) };
    let message = provider.request(&request).unwrap();
    assert_eq!(message.uri().to_string(), "/api/topups");
    assert_eq!(message.headers()["authorization"], "Bearer s3cret");
    assert!(message.headers()["authorization"].is_sensitive());
    assert_eq!(message.headers()["host"], "provider.example:443");
    let body: serde_json::Value = serde_json::from_slice(message.body()).unwrap();
    assert_eq!(body["recipientPhone"]["number"], subscriber.as_str());
    assert_eq!(body["operatorId"], 520);
    let text = std::str::from_utf8(message.body()).unwrap();
    assert!(text.contains("\"amount\":25.00,"), "a decimal as it is written: {text}");
    let path = parsed(&MINIMAL.replace("/p/{reference}", "/p/{account}/{reference}"));
    let message = of(path).request(&request).unwrap();
    let expected = format!("/api/p/07%2200%5C%20%C3%A9%2F..%3F%23%26/{OURS}");
    assert_eq!(message.uri().to_string(), expected);
}

#[test]
fn a_request_without_a_form_is_never_sent_and_says_nothing_about_the_provider() {
    let other = ProviderRequest { service: ServiceId(21), ..order(Authorize) };
    assert!(builtin("reloadly").request(&other).is_none(), "no code of its product");
    let by_path = of(parsed(&MINIMAL.replace("/p/{reference}", "/p/{account}/{reference}")));
    for account in ["", ".", ".."] {
        let subscriber = Text::from(account).unwrap();
        let request = ProviderRequest { subscriber, ..order(Authorize) };
        assert!(by_path.request(&request).is_none(), "{account:?} is another resource");
    }
    let by_header =
        of(parsed(&format!("{MINIMAL}\n[authorize.headers]\nX-Account = \"{{account}}\"")));
    let subscriber = Text::from("1\r\nX-Evil: 1").unwrap();
    assert!(by_header.request(&ProviderRequest { subscriber, ..order(Authorize) }).is_none());
    assert_eq!(word(Some(other.inexpressible())), "declined");
    let again = ProviderRequest { attempt: 2, ..other };
    assert_eq!(word(Some(again.inexpressible())), "unknown");
}

#[test]
fn a_product_has_the_code_of_its_own_or_of_its_service() {
    let provider = builtin("dingconnect");
    for (product, code) in [(0, "520"), (7, "521"), (8, "520")] {
        let product = ProductId(product);
        let message = provider.request(&ProviderRequest { product, ..order(Authorize) }).unwrap();
        let body: serde_json::Value = serde_json::from_slice(message.body()).unwrap();
        assert_eq!(body["SkuCode"], code);
    }
}
