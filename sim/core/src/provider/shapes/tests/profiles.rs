//! The gateway's own profiles against these providers: two implementations of the same public API,
//! over a connection that the tests play.

use std::collections::BTreeMap;

use tillgate_core::provider::http_template::{BUILTIN, HttpTemplate, Profile, Settings};
use tillgate_core::provider::{
    Capabilities, Event, Exchange, Provider, ProviderRequest, ProviderRequestKind, ProviderResult,
    Step,
};
use tillgate_core::time::UnixMillis;
use tillgate_store_core::{Key, ProductId, ProviderOutcome, SellerId, ServiceId, Text};

use super::*;

/// Profiles and whom they are for.
const PAIRS: [(&str, Shape); 4] = [
    ("reloadly", Shape::Reloadly),
    ("dingconnect", Shape::DingConnect),
    ("dtone", Shape::DtOne),
    ("dtone-confirm", Shape::DtOne),
];
const DEADLINE: Span = Span::s(10);

fn gateway(name: &str) -> HttpTemplate {
    let text = BUILTIN.iter().find(|(known, _)| *known == name).unwrap().1;
    let secret = |name: &str| (name.to_owned(), "secret".to_owned().into());
    let settings = Settings {
        secrets: ["token", "api_key", "basic", "callback_key"].map(secret).into(),
        values: BTreeMap::from(
            [("country", "KE"), ("callback_url", "http://127.0.0.1:1/topup")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        ),
        products: BTreeMap::from([("20".to_owned(), "520".to_owned())]),
    };
    let url = ("provider.example:80".to_owned(), "");
    let claims = Capabilities { inquiry: true, ..Capabilities::default() };
    HttpTemplate::new(Profile::parse(text).unwrap(), settings, url, claims).ok().unwrap()
}

fn request(kind: ProviderRequestKind, attempt: u32) -> ProviderRequest {
    ProviderRequest {
        kind,
        key: Key::default(),
        sale: Key::default(),
        at_ms: 1_795_000_000_000,
        seller: SellerId(7),
        rrn: Text::from("632600000001").unwrap(),
        bridge: 0,
        reference: Text::from(REFERENCE).unwrap(),
        provider_reference: Text::new(),
        service: ServiceId(20),
        product: ProductId(0),
        amount_minor: 500,
        currency: 978,
        subscriber: Text::from("254700000000").unwrap(),
        lookup: Text::new(),
        attempt,
    }
}

impl Peer {
    /// The result of a request, by the gateway's rules.
    fn result(&mut self, gateway: &HttpTemplate, request: ProviderRequest) -> ProviderResult {
        let mut exchange = Exchange::new(request, self.now, DEADLINE);
        if gateway.has_two_steps() {
            exchange.has_two_steps();
        }
        let (mut created, mut step) = (None, exchange.begin(self.now));
        loop {
            let event = match step {
                Step::Connect => Event::Connected,
                Step::Send => self.send_by(gateway, &request, &mut created, exchange.due()),
                Step::Done(result) => return result,
            };
            step = exchange.handle(self.now, event);
        }
    }

    fn send_by(
        &mut self,
        gateway: &HttpTemplate,
        request: &ProviderRequest,
        created: &mut Option<ProviderRequest>,
        due: Moment,
    ) -> Event {
        let message = match &created {
            Some(created) => gateway.confirmation(created),
            None => gateway.request(request),
        };
        let message = message.and_then(|message| gateway.seal(message, UnixMillis(0))).unwrap();
        let (takes, delivery) = self.provider.receive(self.now, &message);
        let answer = match delivery {
            _ if self.now.after(takes) >= due => None,
            Delivery::Whole(answer) => Some(answer),
            Delivery::Cut(_) | Delivery::Disconnect => return Event::Lost,
            Delivery::Half(_) | Delivery::Never => None,
        };
        self.now = answer.as_ref().map_or(due, |_| self.now.after(takes));
        let Some(answer) = answer else { return Event::Deadline };
        if let Some(created) = created {
            return Event::Answered(gateway.interpret_confirmation(created, &answer));
        }
        *created = gateway.created(request, &answer);
        match created {
            Some(_) => Event::Created,
            None => Event::Answered(gateway.interpret(request, &answer)),
        }
    }

    /// Asks until there is an outcome; [`None`] if there is none after many questions.
    fn outcome(&mut self, gateway: &HttpTemplate, first: ProviderResult) -> Option<bool> {
        let mut result = first;
        for attempt in 1..=20 {
            match result {
                ProviderResult::Outcome(ProviderOutcome::Approved { .. }) => return Some(true),
                ProviderResult::Outcome(
                    ProviderOutcome::Declined { .. } | ProviderOutcome::NotSent { .. },
                )
                | ProviderResult::NotFound { .. } => return Some(false),
                _ => {}
            }
            self.wait(Span::s(60));
            result = self.result(gateway, request(ProviderRequestKind::Inquire, attempt));
        }
        None
    }
}

#[test]
fn a_sale_by_every_profile_ends_as_the_provider_says() {
    for (name, shape) in PAIRS {
        let gateway = gateway(name);
        for (effect, expected) in [
            (Effect::Answer, true),
            (Effect::Pending(LATER), true),
            (Effect::Decline("X1".to_owned()), false),
        ] {
            let mut peer = Peer::doing(shape, effect);
            let first = peer.result(&gateway, request(ProviderRequestKind::Authorize, 1));
            assert_eq!(peer.outcome(&gateway, first), Some(expected), "{name}");
            assert_eq!(peer.status().1, u32::from(expected), "{name}");
        }
    }
}

#[test]
fn whatever_becomes_of_an_answer_no_sale_is_declined_that_was_carried_out() {
    for (name, shape) in PAIRS {
        let gateway = gateway(name);
        for effect in [
            Effect::Silent,
            Effect::Lose,
            Effect::Disconnect,
            Effect::Cut,
            Effect::Half,
            Effect::Garbage,
            Effect::WrongReference,
            Effect::WrongAmount,
            Effect::Late(Span::s(30)),
        ] {
            for on in [Kind::Sale, Kind::Lookup] {
                let rules = vec![Rule { on: vec![on], effect: effect.clone(), ..Rule::default() }];
                let mut peer = Peer::with(shape, Script { rules, ..Script::default() });
                let first = peer.result(&gateway, request(ProviderRequestKind::Authorize, 1));
                let outcome = peer.outcome(&gateway, first);
                let done = peer.provider.deal(REFERENCE).is_some_and(|deal| deal.times > 0);
                match outcome {
                    Some(approved) => assert_eq!(approved, done, "{name} {effect:?} {on:?}"),
                    // Only what is created and perhaps being confirmed stays open.
                    None => assert_eq!((name, done), ("dtone-confirm", false), "{effect:?} {on:?}"),
                }
            }
        }
    }
}

#[test]
fn what_is_created_and_not_confirmed_is_never_carried_out() {
    let gateway = gateway("dtone-confirm");
    let not_sent = request(ProviderRequestKind::Authorize, 1).not_sent();
    for (effect, said) in [
        (Effect::Silent, not_sent.clone()),
        (Effect::Cut, not_sent.clone()),
        // What was answered may say anything: the sale goes nowhere else.
        (Effect::WrongAmount, ProviderResult::UNKNOWN),
        (Effect::Late(Span::s(8)), not_sent),
    ] {
        // Kind of the first step in a provider's script.
        let rules = vec![Rule { on: vec![Kind::Lookup], effect, ..Rule::default() }];
        let mut peer = Peer::with(Shape::DtOne, Script { rules, ..Script::default() });
        let result = peer.result(&gateway, request(ProviderRequestKind::Authorize, 1));
        assert_eq!(result, said);
        peer.wait(Span::s(3_600));
        assert_eq!(peer.provider.deal(REFERENCE).unwrap().times, 0);
        // The same order again says nothing about it.
        let again = peer.result(&gateway, request(ProviderRequestKind::Authorize, 2));
        assert_eq!(again, ProviderResult::UNKNOWN);
        let asked = peer.result(&gateway, request(ProviderRequestKind::Inquire, 1));
        assert_eq!(asked, ProviderResult::Pending);
    }
}

#[test]
fn the_provider_s_callbacks_are_believed_when_they_are_signed_and_say_what_was_done() {
    let gateway = gateway("dtone-confirm");
    let reader = gateway.callbacks().unwrap().unwrap();
    let order = request(ProviderRequestKind::Authorize, 1);
    for (effect, said, signed) in [
        (Effect::Pending(LATER), Some(true), true),
        (Effect::Decline("X1".to_owned()), Some(false), true),
        (Effect::WrongMac, None, false),
        (Effect::WrongAmount, None, true),
        (Effect::WrongReference, None, true),
    ] {
        let what = format!("{effect:?}");
        let mut peer = Peer::doing(Shape::DtOne, effect);
        peer.result(&gateway, order);
        peer.wait(LATER);
        let callback = peer.provider.poll(peer.now).unwrap();
        let head = Request::post("/topup")
            .header(TIMESTAMP, "1795000000")
            .header(SIGNATURE, callback.signature(1_795_000_000));
        let (head, ()) = head.body(()).unwrap().into_parts();
        let verified = reader.verify(&head, &callback.body, UnixMillis(1_795_000_060_000));
        assert_eq!(verified.is_ok(), signed, "{what}");
        let old = reader.verify(&head, &callback.body, UnixMillis(1_795_000_301_000));
        assert!(old.is_err(), "{what}");
        let outcome = reader.read(&order, &callback.body).map(|result| match result {
            ProviderResult::Outcome(ProviderOutcome::Approved { .. }) => true,
            ProviderResult::Outcome(ProviderOutcome::Declined { .. }) => false,
            other => panic!("{other:?}"),
        });
        assert_eq!(outcome.filter(|_| signed), said, "{what}");
    }
}
