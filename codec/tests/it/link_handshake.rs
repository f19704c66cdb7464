//! The handshake: who is let in, who is not, and that refusing is cheap.
//!
//! The MAC is computed here a second time, from the page on the wire and not by the code under
//! test.

use crate::common;

use crate::common::{Ends, ends, payload, signed};
use tillgate_codec::link::channel::{
    HELLO_BYTES, HELLO_OFFER_BYTES, HandshakeError, Hello, HelloError, Initiator, Psk,
    StaticSecret, Suite,
};
use tillgate_codec::link::record::RecordType;

const BOTH: [Suite; 2] = [Suite::NkPsk0, Suite::NnPsk0];

/// Changes the hello record of `ends` and signs it again, as somebody who holds the key could.
fn signed_again(ends: &Ends, change: impl Fn(&mut [u8])) -> Vec<u8> {
    let (_, mut record) = ends.start();
    change(&mut record[4..]);
    signed(ends, record)
}

fn refusal(ends: &Ends, record: &[u8]) -> HandshakeError {
    ends.accept(record).err().expect("the gateway must refuse it")
}

#[test]
fn a_hello_signed_from_the_page_alone_is_accepted() {
    for suite in BOTH {
        let ends = ends(suite);
        let record = signed_again(&ends, |_| {});
        assert_eq!(record, ends.start().1);
        assert_eq!(ends.accept(&record).unwrap().0.counter, ends.counter);
    }
}

#[test]
fn a_wrong_pre_shared_key_is_refused_by_the_mac() {
    for suite in BOTH {
        let (_, record) = ends(suite).start();
        let other = Ends { psk: Psk::new([0xEE; 32]), ..ends(suite) };
        assert_eq!(refusal(&other, &record), HandshakeError::Mac);
    }
}

#[test]
fn a_changed_byte_anywhere_behind_the_suite_is_refused_by_the_mac() {
    for suite in BOTH {
        let ends = ends(suite);
        let (_, record) = ends.start();
        for index in 5..record.len() {
            let mut changed = record.clone();
            changed[index] ^= 0x10;
            assert_eq!(refusal(&ends, &changed), HandshakeError::Mac, "byte {index}");
        }
    }
}

#[test]
fn a_changed_suite_is_refused_by_the_mac() {
    let (_, mut record) = ends(Suite::NkPsk0).start();
    record[4] = 2;
    assert_eq!(refusal(&ends(Suite::NnPsk0), &record), HandshakeError::Mac);
}

#[test]
fn garbage_under_a_wrong_mac_never_reaches_the_curve() {
    for suite in BOTH {
        let ends = ends(suite);
        let (_, mut record) = ends.start();
        for garbage in [0x00, 0x5A, 0xFF] {
            record[34..].fill(garbage);
            assert_eq!(refusal(&ends, &record), HandshakeError::Mac);
        }
    }
}

#[test]
fn garbage_under_a_right_mac_is_refused_by_noise() {
    for suite in BOTH {
        let ends = ends(suite);
        for garbage in [0x00, 0x5A, 0xFF] {
            let record = signed_again(&ends, |hello| hello[30..].fill(garbage));
            assert_eq!(refusal(&ends, &record), HandshakeError::Noise);
        }
    }
}

#[test]
fn a_replayed_counter_is_refused_before_the_curve() {
    for suite in BOTH {
        let ends = ends(suite);
        // Garbage that Noise would refuse shows that it is not asked.
        let garbage = signed_again(&ends, |hello| hello[30..].fill(0x5A));
        for record in [&ends.start().1, &garbage] {
            for high in [ends.counter, ends.counter + 1, u64::MAX] {
                let expected = HandshakeError::Replayed { counter: ends.counter, high };
                assert_eq!(ends.accept_above(high, record).err(), Some(expected));
            }
        }
    }
}

#[test]
fn the_clear_part_is_bound_even_by_somebody_who_holds_the_key() {
    for suite in BOTH {
        let ends = ends(suite);
        for (index, what) in [(1, "key id"), (5, "terminal"), (13, "counter")] {
            let record = signed_again(&ends, |hello| hello[index] ^= 0x40);
            assert_eq!(refusal(&ends, &record), HandshakeError::Noise, "{what}");
        }
    }
}

#[test]
fn a_terminal_that_expects_another_gateway_is_refused() {
    let terminal = ends(Suite::NkPsk0);
    let gateway = Ends { secret: StaticSecret::new([0xAB; 32]), ..ends(Suite::NkPsk0) };
    let (_, record) = terminal.start();
    assert_eq!(refusal(&gateway, &record), HandshakeError::Noise);
}

#[test]
fn a_gateway_without_the_right_key_cannot_finish_a_handshake() {
    for suite in BOTH {
        let ends = ends(suite);
        let (initiator, hello) = ends.start();
        let (_, reply) = ends.accept(&hello).unwrap();
        let other = Ends { entropy_terminal: [3; 32], ..common::ends(suite) };
        let (stranger, _) = other.start();
        let reply = payload(RecordType::HELLO_REPLY, &reply);
        assert_eq!(stranger.finish(reply).err(), Some(HandshakeError::Noise));
        assert!(initiator.finish(reply).is_ok());
    }
}

#[test]
fn a_changed_byte_anywhere_in_the_reply_is_refused() {
    for suite in BOTH {
        let ends = ends(suite);
        let (_, hello) = ends.start();
        let (_, reply) = ends.accept(&hello).unwrap();
        for index in 4..reply.len() {
            let mut changed = reply.clone();
            changed[index] ^= 0x01;
            let (initiator, _) = ends.start();
            let found = initiator.finish(&changed[4..]).err();
            assert_eq!(found, Some(HandshakeError::Noise), "byte {index}");
        }
    }
}

#[test]
fn a_reply_of_another_length_is_refused() {
    for length in (0..48).chain([49, 64, 2048]) {
        let (initiator, _) = ends(Suite::NkPsk0).start();
        let found = initiator.finish(&vec![9; length]).err();
        assert_eq!(found, Some(HandshakeError::Malformed { length }));
    }
}

#[test]
fn a_hello_of_another_length_or_suite_is_not_read() {
    let (_, record) = ends(Suite::NkPsk0).start();
    let long = [&record[4..], &[0; 3]].concat();
    for length in (0..HELLO_BYTES).chain([HELLO_BYTES + 1, HELLO_OFFER_BYTES + 1]) {
        assert_eq!(Hello::decode(&long[..length]), Err(HelloError::Length { length }));
    }
    for code in [0, 3, 255] {
        let mut other = record[4..].to_vec();
        other[0] = code;
        assert_eq!(Hello::decode(&other), Err(HelloError::Suite { code }));
    }
}

#[test]
fn a_gateway_key_is_needed_where_the_pattern_uses_it() {
    let ends = ends(Suite::NkPsk0);
    let start = |suite| {
        let mut out = Vec::new();
        let started = Initiator::start(suite, 1, 1, &ends.psk, None, 1, [1; 32], &mut out);
        (started.err(), out.len())
    };
    assert_eq!(start(Suite::NkPsk0), (Some(HandshakeError::GatewayKeyMissing), 0));
    assert_eq!(start(Suite::NnPsk0), (None, 4 + HELLO_BYTES));
}

#[test]
fn a_gateway_key_of_small_order_is_refused() {
    let ends = ends(Suite::NkPsk0);
    let zero = tillgate_codec::link::channel::StaticPublic([0; 32]);
    let mut out = Vec::new();
    let started =
        Initiator::start(Suite::NkPsk0, 1, 1, &ends.psk, Some(&zero), 1, [1; 32], &mut out);
    assert_eq!((started.err(), out.len()), (Some(HandshakeError::Noise), 0));
}
