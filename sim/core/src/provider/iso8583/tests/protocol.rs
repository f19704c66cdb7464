//! Connections, network management, authentication codes, frames.

use proptest::prelude::*;
use tillgate_codec::iso8583::{Dialect, Fields, MacKey, MacVerdict, Mti};

use super::{Peer, key, mac_settings, network, reversal, sale};
use crate::provider::iso8583::{HostSettings, IsoHost, Output};
use crate::provider::script::{Outage, Reach, Script};
use crate::time::{Moment, Span};

#[test]
fn nothing_is_served_before_the_sign_on_and_after_the_sign_off() {
    let mut peer = Peer::with("iso87a", Script::default(), |settings| settings.sign_on = true);
    assert_eq!(peer.ask(sale(1, 500)).code(), "91");
    assert_eq!(peer.ask(network(2, "301")).code(), "00", "an echo needs none");
    let got = peer.ask(network(3, "001"));
    assert_eq!((got.code(), got.message.mti.as_str()), ("00", "0810"));
    assert_eq!(got.message.text(70), Some("001"));
    assert_eq!(peer.ask(sale(4, 500)).code(), "00");
    assert_eq!(peer.ask(network(5, "002")).code(), "00");
    assert_eq!(peer.ask(sale(6, 500)).code(), "91");
    assert_eq!((peer.deal(1), peer.deal(6)), (None, None));
}

#[test]
fn what_the_host_does_not_know_is_refused() {
    let mut peer = Peer::new(Script::default());
    assert_eq!(peer.ask(network(1, "999")).code(), "12");
    assert_eq!(peer.ask(network(2, "161")).code(), "12", "there are no keys to exchange");
    let mut settlement = sale(3, 500);
    settlement.mti = Mti::SETTLEMENT_REQUEST;
    assert_eq!(peer.ask(settlement).code(), "12");
    let mut answer = sale(4, 500);
    answer.mti = Mti::parse("0210").unwrap();
    assert!(peer.send(answer).is_empty());
}

#[test]
fn a_wrong_or_missing_code_is_refused_without_effect() {
    let mut peer = Peer::with("iso87a", Script::default(), |settings| {
        settings.mac = Some(mac_settings());
    });
    assert_eq!(peer.ask(sale(1, 500)).code(), "A0");
    peer.mac = MacKey::aes_cmac(&[8; 16]);
    assert_eq!(peer.ask(sale(2, 500)).code(), "A0");
    assert_eq!(peer.ask(reversal(3, 1, 500)).code(), "A0");
    assert!(peer.host.book().is_empty());
    peer.mac = MacKey::aes_cmac(&[7; 16]);
    let got = peer.ask(sale(4, 500));
    assert_eq!((got.code(), peer.deal(4)), ("00", Some(("approved", 1))));
    let message = &got.bytes[2..];
    let mut fields = Fields::new();
    let view = peer.dialect.view(message, &mut fields).unwrap();
    assert_eq!(view.verify_mac(peer.mac.as_ref().unwrap()), MacVerdict::Valid);
}

#[test]
fn a_session_key_takes_the_place_of_the_agreed_key_in_answers() {
    let mut peer = Peer::with("iso87a", Script::default(), |settings| {
        settings.mac = Some(mac_settings());
    });
    peer.mac = MacKey::aes_cmac(&[7; 16]);
    let got = peer.ask(network(1, "161"));
    assert_eq!((got.code(), got.message.text(48).map(str::len)), ("00", Some(38)));
    let mut fields = Fields::new();
    let view = peer.dialect.view(&got.bytes[2..], &mut fields).unwrap();
    let agreed = MacKey::aes_cmac(&[7; 16]).unwrap();
    assert_eq!(view.verify_mac(&agreed), MacVerdict::Valid, "the peer has no other key yet");
    let session = peer.host.session_keys[0];
    peer.mac = MacKey::aes_cmac(&session);
    let got = peer.ask(sale(2, 500));
    let mut fields = Fields::new();
    let view = peer.dialect.view(&got.bytes[2..], &mut fields).unwrap();
    assert_eq!(view.verify_mac(&MacKey::aes_cmac(&session).unwrap()), MacVerdict::Valid);
    assert_ne!(peer.ask(network(3, "161")).message.text(48), got.message.text(48));
    assert_eq!(peer.ask(sale(4, 500)).code(), "00", "the key before is known for a while");
}

#[test]
fn the_transport_header_is_swapped_in_the_answer() {
    let mut peer = Peer::with("nac", Script::default(), |_| {});
    let got = peer.ask(sale(1, 500));
    assert_eq!(got.message.tpdu.unwrap().to_string(), "6080010009");
    assert_eq!((got.code(), got.message.number(4)), ("00", Some(500)));
}

#[test]
fn every_built_in_dialect_is_served_or_refused_with_a_reason() {
    for name in Dialect::builtin_names() {
        let made = HostSettings::new(Dialect::builtin(name).unwrap()).check();
        let is_1987 = ["iso87a", "iso87b", "nac", "cards-ebcdic"].contains(&name);
        assert_eq!(made.is_ok(), is_1987, "{name}: {made:?}");
    }
}

#[test]
fn settings_that_cannot_work_are_refused_with_the_field() {
    let said = |change: &dyn Fn(&mut HostSettings)| {
        let mut settings = HostSettings::new(Dialect::builtin("iso87a").unwrap());
        change(&mut settings);
        settings.check().unwrap_err()
    };
    let text = said(&|settings| settings.reference_field = 38);
    assert!(text.contains("reference_field: field 38"), "{text}");
    let text = said(&|settings| settings.lookup_field = 200);
    assert!(text.contains("no field 200"), "{text}");
    let text = said(&|settings| settings.mac.get_or_insert(mac_settings()).key = vec![1; 5]);
    assert!(text.contains("mac.key: aes-cmac has no key of 5 bytes"), "{text}");
    let text = said(&|settings| settings.unknown_original = "025".to_owned());
    assert!(text.contains("unknown_original"), "{text}");
}

#[test]
fn the_log_line_of_a_deal_precedes_its_answer() {
    let mut peer = Peer::new(Script::default());
    let frame = peer.frame(&mut sale(12, 500));
    peer.host.receive(peer.now, 1, &frame);
    let outputs = peer.drain();
    assert!(
        matches!(&outputs[..], [Output::Log(line), Output::Send { .. }]
            if line.contains("\"status\":\"approved\"") && line.contains("00070001/000012/1127183000")),
        "{outputs:?}"
    );
}

#[test]
fn an_outage_ends_connections_or_swallows_what_they_bring() {
    for reach in [Reach::Refuse, Reach::Silent] {
        let outage = Outage { from: Span::s(10), to: Span::s(20), reach };
        let mut peer = Peer::new(Script { outages: vec![outage], ..Script::default() });
        peer.now = peer.now.after(Span::s(10));
        let is_closed = peer.drain() == [Output::Close { connection: 1 }];
        assert_eq!(is_closed, reach == Reach::Refuse);
        let frame = peer.frame(&mut sale(12, 500));
        peer.host.receive(peer.now, 1, &frame);
        assert!(peer.drain().is_empty() && peer.host.book().is_empty());
        peer.host.connected(peer.now, 2);
        assert_eq!(peer.drain().is_empty(), reach == Reach::Silent);
        peer.now = peer.now.after(Span::s(10));
        peer.host.connected(peer.now, 3);
        peer.host.receive(peer.now, 3, &frame);
        assert_eq!((peer.drain().len(), peer.deal(12)), (2, Some(("approved", 1))));
    }
}

fn requests(peer: &Peer) -> Vec<u8> {
    [sale(1, 500), reversal(2, 1, 500), network(3, "301"), sale(4, 900)]
        .iter_mut()
        .flat_map(|message| peer.frame(message))
        .collect()
}

fn sent(outputs: &[Output]) -> Vec<u8> {
    let sent = outputs.iter().filter_map(|output| match output {
        Output::Send { bytes, .. } => Some(bytes.clone()),
        _ => None,
    });
    sent.flatten().collect()
}

#[test]
fn every_prefix_and_every_split_of_the_stream_leads_to_the_same_book() {
    let mut whole = Peer::new(Script::default());
    let stream = requests(&whole);
    whole.host.receive(whole.now, 1, &stream);
    let (expected, lines) = (sent(&whole.drain()), whole.host.book().lines(Moment(0)));
    for split in 0..=stream.len() {
        let mut peer = Peer::new(Script::default());
        let begun = peer.now;
        peer.host.receive(begun, 1, &stream[..split]);
        let mut outputs = Vec::new();
        outputs.extend(std::iter::from_fn(|| peer.host.poll(begun)));
        assert!(!outputs.iter().any(|output| matches!(output, Output::Close { .. })), "{split}");
        peer.host.receive(begun, 1, &stream[split..]);
        outputs.extend(peer.drain());
        assert_eq!(sent(&outputs), expected, "{split}");
        assert_eq!(peer.host.book().lines(Moment(0)), lines, "{split}");
    }
}

proptest! {
    /// Whatever one connection brings, another one is served.
    #[test]
    fn garbage_costs_its_own_connection_only(garbage: Vec<u8>, at in 0_usize..600, byte: u8) {
        let mut peer = Peer::new(Script::default());
        peer.host.connected(peer.now, 2);
        peer.host.receive(peer.now, 2, &garbage);
        let mut damaged = requests(&peer);
        let at = at % damaged.len();
        damaged[at] = byte;
        peer.host.connected(peer.now, 3);
        peer.host.receive(peer.now, 3, &damaged);
        peer.drain();
        let echo = peer.ask(network(9, "301"));
        prop_assert_eq!(echo.code(), "00");
        let mut own = sale(77, 100);
        own.set(41, "00070077");
        let own = peer.ask(own);
        prop_assert_eq!(own.code(), "00");
    }

    #[test]
    fn no_settings_and_no_clock_stop_it(times in proptest::collection::vec(0_u64..5_000, 1..20)) {
        let dialect = Dialect::builtin("iso87b").unwrap();
        let mut host = IsoHost::new(HostSettings::new(dialect), Script::default(), Moment(0)).unwrap();
        for (connection, ms) in (1..).zip(times) {
            let now = Moment(0).after(Span::ms(ms));
            host.connected(now, connection);
            host.receive(now, connection, &[0, 3, 1, 2, 3]);
            while host.poll(now).is_some() {}
            host.disconnected(connection);
        }
        prop_assert!(host.book().deal(&key(1)).is_none());
    }
}
