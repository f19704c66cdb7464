//! A provider of a protocol of its own: one line of text for each request and each answer, over
//! TCP. It exists only here, to show what a provider consists of: `provider.rs`, `bridge.toml` and
//! `tests.rs`; `docs/bridges.md` section 5 is the guide. This file is what the gateway does with
//! it. Run it with `cargo run -p tillgate-examples --example line_provider`.

mod provider;
#[cfg(test)]
mod tests;

use provider::{LineProvider, Settings, deframe};
use tillgate_core::provider::{
    Event, Exchange, Provider, ProviderRequest, ProviderRequestKind, ProviderResult, Step,
};
use tillgate_core::time::{Moment, Span};
use tillgate_store_core::{Key, ProductId, SellerId, ServiceId, Text};

/// What a shell does with a request, here with a provider that is a function: lend a connection,
/// send, split off the answer, and report every event to the exchange.
fn carry_out(
    provider: &LineProvider,
    request: ProviderRequest,
    remote: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> ProviderResult {
    let now = Moment::default();
    let deadline = Span::s(u64::from(provider.settings.deadline_s));
    let mut exchange = Exchange::new(request, now, deadline);
    let mut step = exchange.begin(now);
    loop {
        let event = match step {
            Step::Connect => Event::Connected,
            Step::Send => match provider.request(exchange.request()).map(|line| remote(&line)) {
                None => Event::Inexpressible,
                Some(None) => Event::Lost,
                Some(Some(received)) => match deframe(&received) {
                    Ok(Some(line)) => {
                        let answer = line.to_vec();
                        Event::Answered(provider.interpret(exchange.request(), &answer))
                    }
                    Ok(None) | Err(_) => Event::Lost,
                },
            },
            Step::Done(result) => return result,
        };
        step = exchange.handle(now, event);
    }
}

/// A sale as the transaction manager hands it over.
fn sale() -> ProviderRequest {
    let text = "letters and digits that fit";
    ProviderRequest {
        kind: ProviderRequestKind::Authorize,
        key: Key::default(),
        sale: Key::default(),
        at_ms: 1_795_000_000_000,
        seller: SellerId(7),
        rrn: Text::from("632600000001").unwrap_or_default(),
        bridge: 0,
        reference: Text::from("00000000000000070000000000000001").expect(text),
        provider_reference: Text::new(),
        service: ServiceId(20),
        product: ProductId(0),
        amount_minor: 2_500,
        currency: 404,
        lookup: Text::new(),
        subscriber: Text::from("254700000000").expect(text),
        attempt: 1,
    }
}

/// The provider as its table configures it.
fn configured() -> Result<LineProvider, String> {
    Ok(LineProvider { settings: Settings::read(include_str!("bridge.toml"))? })
}

fn main() -> Result<(), String> {
    let provider = configured()?;
    let Settings { name, address, .. } = &provider.settings;
    let approves = |_: &[u8]| Some(format!("{} 2500 APPROVED L-1\n", sale().reference).into());
    println!("bridge    {name} at {address}");
    let message = provider.request(&sale()).unwrap_or_default();
    println!("sent      {:?}", String::from_utf8_lossy(&message));
    println!("answered  {:?}", carry_out(&provider, sale(), approves));
    println!("cut off   {:?}", carry_out(&provider, sale(), |_| None));
    Ok(())
}
