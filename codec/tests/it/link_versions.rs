//! The versions of the link: what is chosen, and that nobody on the way can change the choice.
use crate::common::{Ends, ends, hex, payload, signed, testdata};
use tillgate_codec::link::channel::{
    HELLO_BYTES, HELLO_OFFER_BYTES, HandshakeError, Hello, HelloError, Suite, Versions,
};
use tillgate_codec::link::record::RecordType;

const BOTH: [Suite; 2] = [Suite::NkPsk0, Suite::NnPsk0];

const fn versions(lowest: u8, highest: u8) -> Versions {
    Versions { lowest, highest }
}

/// The versions that both ends end up with.
fn agreed(ends: &Ends, offer: Versions, spoken: Versions) -> Result<u8, HandshakeError> {
    let (initiator, hello) = ends.start_offering(offer);
    let (accepted, reply) = ends.accept_speaking(spoken, &hello)?;
    let mut terminal = initiator.finish(payload(RecordType::HELLO_REPLY, &reply))?;
    let mut gateway = accepted.channel;
    let mut record = Vec::new();
    terminal.seal(b"a body", &mut record).unwrap();
    assert_eq!(gateway.open(&mut record), Ok(&b"a body"[..]));
    assert_eq!(terminal.version(), gateway.version());
    Ok(gateway.version())
}

#[test]
fn the_highest_version_that_both_ends_speak_is_spoken() {
    for suite in BOTH {
        let ends = ends(suite);
        for (offer, spoken, version) in [
            (versions(1, 1), versions(1, 1), Some(1)),
            (versions(1, 3), versions(1, 1), Some(1)),
            (versions(1, 3), versions(1, 2), Some(2)),
            (versions(2, 3), versions(1, 200), Some(3)),
            (versions(1, 255), versions(255, 255), Some(255)),
            (versions(2, 3), versions(1, 1), None),
            (versions(1, 1), versions(2, 2), None),
        ] {
            let found = agreed(&ends, offer, spoken);
            assert_eq!(found, version.ok_or(HandshakeError::Version), "{offer:?} {spoken:?}");
        }
    }
}

#[test]
fn a_terminal_that_offers_nothing_speaks_version_1_in_the_bytes_of_before() {
    for (suite, file) in
        [(Suite::NkPsk0, "session_nkpsk0.txt"), (Suite::NnPsk0, "session_nnpsk0.txt")]
    {
        let ends = ends(suite);
        let (initiator, hello) = ends.start();
        let (accepted, reply) = ends.accept_speaking(versions(1, 9), &hello).unwrap();
        let text = testdata(file);
        assert!(text.contains(&hex(&hello)) && text.contains(&hex(&reply)));
        assert_eq!(accepted.channel.version(), 1);
        assert_eq!(initiator.finish(&reply[4..]).unwrap().version(), 1);
        let later = ends.accept_speaking(versions(2, 9), &hello).err();
        assert_eq!(later, Some(HandshakeError::Version), "version 1 may be retired");
    }
}

#[test]
fn an_offer_that_is_changed_on_the_way_is_refused() {
    for suite in BOTH {
        let ends = ends(suite);
        let (_, hello) = ends.start_offering(versions(1, 3));
        let mut lowered = hello.clone();
        lowered[19] = 1;
        let mut taken_out = hello.clone();
        taken_out.drain(18..20);
        taken_out[3] = u8::try_from(HELLO_BYTES).unwrap();
        for changed in [lowered, taken_out] {
            let found = ends.accept_speaking(versions(1, 3), &changed).err();
            assert_eq!(found, Some(HandshakeError::Mac));
        }
    }
}

/// A thief with the key can sign what he likes: Noise still binds the clear part.
#[test]
fn an_offer_that_is_changed_and_signed_again_is_refused_by_noise() {
    for suite in BOTH {
        let ends = ends(suite);
        let (_, mut hello) = ends.start_offering(versions(1, 3));
        hello[19] = 1;
        let found = ends.accept_speaking(versions(1, 3), &signed(&ends, hello)).err();
        assert_eq!(found, Some(HandshakeError::Noise));
    }
}

#[test]
fn a_choice_that_is_changed_on_the_way_is_refused() {
    for suite in BOTH {
        let ends = ends(suite);
        let (_, hello) = ends.start_offering(versions(1, 3));
        let (_, reply) = ends.accept_speaking(versions(1, 3), &hello).unwrap();
        for index in 4..reply.len() {
            let mut changed = reply.clone();
            changed[index] ^= 2;
            let (initiator, _) = ends.start_offering(versions(1, 3));
            let found = initiator.finish(&changed[4..]).err();
            assert_eq!(found, Some(HandshakeError::Noise), "byte {index}");
        }
    }
}

#[test]
fn an_offer_and_a_reply_without_a_choice_do_not_go_together() {
    let ends = ends(Suite::NkPsk0);
    let offer = versions(1, 3);
    let (_, with) = ends.accept_speaking(offer, &ends.start_offering(offer).1).unwrap();
    let (_, without) = ends.accept(&ends.start().1).unwrap();
    let refused = |found: Option<HandshakeError>| {
        assert!(matches!(found, Some(HandshakeError::Malformed { .. })), "{found:?}");
    };
    refused(ends.start_offering(offer).0.finish(&without[4..]).err());
    refused(ends.start().0.finish(&with[4..]).err());
}

#[test]
fn a_range_of_no_version_is_no_hello() {
    let ends = ends(Suite::NkPsk0);
    let (_, hello) = ends.start_offering(versions(1, 3));
    for (lowest, highest) in [(0, 0), (0, 1), (2, 1), (255, 254)] {
        let mut payload = hello[4..].to_vec();
        assert_eq!(payload.len(), HELLO_OFFER_BYTES);
        payload[14..16].copy_from_slice(&[lowest, highest]);
        let offer = versions(lowest, highest);
        assert_eq!(Hello::decode(&payload), Err(HelloError::Versions { offer }));
    }
}

#[test]
fn a_changed_byte_anywhere_in_an_offering_hello_is_refused_by_the_mac() {
    for suite in BOTH {
        let ends = ends(suite);
        let (_, hello) = ends.start_offering(versions(1, 255));
        for index in 5..hello.len() {
            let mut changed = hello.clone();
            changed[index] ^= 0x10;
            if matches!(Hello::decode(&changed[4..]), Err(HelloError::Versions { .. })) {
                continue;
            }
            let found = ends.accept_speaking(versions(1, 255), &changed).err();
            assert_eq!(found, Some(HandshakeError::Mac), "byte {index}");
        }
    }
}
