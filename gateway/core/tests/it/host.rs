//! What a request over an ISO 8583 host costs in the steady state.

use crate::counting::allocations;
use tillgate_codec::iso8583::{Dialect, Fields, Message};
use tillgate_core::provider::iso8583::{Action, Connection, Host, HostSettings, Now, Profile};
use tillgate_core::provider::{Exchange, ProviderRequest, ProviderRequestKind};
use tillgate_core::time::{Moment, Span};
use tillgate_store_core::{Key, ProductId, SellerId, ServiceId, Text};

/// Allocations of one sale from the queue to its result: the message's arena and places, one text
/// for each field that is computed, the two texts that are read from the answer.
const PER_REQUEST_MAX: u64 = 24;
const WARM_UP: u32 = 2_000;
const COUNTED: u32 = 1_000;

fn now(ms: u64) -> Now {
    Now { at: Moment(Span::ms(ms).0), wall_ms: 1_795_000_000_000 + ms }
}

fn request(stan: u32) -> ProviderRequest {
    let sale = Key { stan, ..Key::default() };
    ProviderRequest {
        kind: ProviderRequestKind::Authorize,
        key: sale,
        sale,
        at_ms: 1_795_000_000_000,
        seller: SellerId(7),
        rrn: Text::from("632600000001").unwrap(),
        bridge: 0,
        reference: Text::from("00112233445566778899aabbccddeeff").unwrap(),
        provider_reference: Text::new(),
        service: ServiceId(20),
        product: ProductId(0),
        amount_minor: 2_500,
        currency: 404,
        subscriber: Text::from("254700000000").unwrap(),
        lookup: Text::new(),
        attempt: 1,
    }
}

/// The frame of the honest answer to a frame.
fn answer(dialect: &Dialect, frame: &[u8]) -> Vec<u8> {
    let mut fields = Fields::new();
    let mut answer = Message::from_view(&dialect.view(&frame[2..], &mut fields).unwrap());
    answer.mti = answer.mti.answer().unwrap();
    answer.set(38, "A1B2C3").set(39, "00");
    let mut framed = Vec::new();
    dialect.encode_framed(&answer, &mut framed).unwrap();
    framed
}

#[test]
fn a_request_allocates_a_bounded_number_of_times_however_many_there_were() {
    let text = Profile::builtin("iso87-host").unwrap().replace("sign_on = \"001\"\n", "");
    let profile =
        Profile::parse(&text, |name| Dialect::builtin(name).ok_or_else(String::new)).unwrap();
    let dialect = profile.dialect().clone();
    let settings = HostSettings { connections: 1, window: 8, entropy: 1 };
    let mut host = Host::new(profile, None, settings);
    let connection = Connection { index: 0, attempt: 1 };
    host.tick(now(1));
    host.connected(now(1), connection);
    while host.next_action().is_some() {}
    let mut output = Vec::with_capacity(4_096);
    let (mut counted, mut done) = (0, 0);
    for stan in 1..=WARM_UP + COUNTED {
        let now = now(u64::from(stan));
        let mut asked = allocations(|| {
            host.request(now, Exchange::new(request(stan), now.at, Span::s(10)));
            output.clear();
            host.take_output(connection, &mut output);
        });
        let answer = answer(&dialect, &output);
        asked += allocations(|| {
            host.received(now, connection, &answer);
            while let Some(action) = host.next_action() {
                done += u32::from(matches!(action, Action::Done(..)));
            }
        });
        counted += if stan > WARM_UP { asked } else { 0 };
    }
    assert_eq!(done, WARM_UP + COUNTED);
    let most = u64::from(COUNTED) * PER_REQUEST_MAX;
    assert!(counted <= most, "{counted} allocations for {COUNTED} requests");
}
