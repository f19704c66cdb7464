//! The channel: what it carries, and everything that it must refuse.

use crate::common::{Ends, bodies, ends, sealed};
use tillgate_codec::limits::{BODY_BYTES_MAX, RECORD_BYTES_MAX};
use tillgate_codec::link::channel::{Channel, ChannelError, SEAL_OVERHEAD_BYTES, Suite};

/// Opens a copy, which a refusal spoils. That a refusal changes nothing else, each test shows by
/// opening the record that is in order afterwards.
fn refused(channel: &mut Channel, record: &[u8], expected: ChannelError, what: &str) {
    assert_eq!(channel.open(&mut record.to_vec()), Err(expected), "{what}");
}

#[test]
fn both_suites_carry_every_sample_both_ways() {
    for suite in [Suite::NkPsk0, Suite::NnPsk0] {
        let (mut terminal, mut gateway) = ends(suite).channels();
        for (name, body) in bodies() {
            let mut record = sealed(&mut terminal, &body);
            assert_eq!(record.len(), body.len() + SEAL_OVERHEAD_BYTES);
            assert_eq!(gateway.open(&mut record).unwrap(), body, "{name}");
            let mut record = sealed(&mut gateway, &body);
            assert_eq!(terminal.open(&mut record).unwrap(), body, "{name}");
        }
    }
}

#[test]
fn the_same_body_never_looks_the_same_twice() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let [first, second] = [(); 2].map(|()| sealed(&mut terminal, b"same"));
    assert_ne!(first, second);
    assert_ne!(first, sealed(&mut gateway, b"same"));
}

#[test]
fn a_flipped_bit_anywhere_is_refused_and_changes_nothing() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let record = sealed(&mut terminal, b"one sale");
    for index in 0..record.len() {
        for bit in 0..8 {
            let mut flipped = record.clone();
            flipped[index] ^= 1 << bit;
            let found = gateway.open(&mut flipped).unwrap_err();
            let expected = if index < 4 { ChannelError::NotSealed } else { ChannelError::Tag };
            assert_eq!(found, expected, "byte {index}, bit {bit}");
        }
    }
    assert_eq!(gateway.open(&mut record.clone()).unwrap(), b"one sale");
}

#[test]
fn a_truncated_or_lengthened_record_is_refused_and_changes_nothing() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let record = sealed(&mut terminal, b"one sale");
    for length in 0..record.len() {
        let cut = &record[..length];
        refused(&mut gateway, cut, ChannelError::NotSealed, "cut");
        if length >= 4 {
            // The same cut with a header that agrees with it.
            let mut cut = cut.to_vec();
            cut[3] = u8::try_from(length - 4).unwrap();
            refused(&mut gateway, &cut, ChannelError::Tag, "cut to fit");
        }
    }
    let long = [&record[..], &[0]].concat();
    refused(&mut gateway, &long, ChannelError::NotSealed, "one byte more");
    assert_eq!(gateway.open(&mut record.clone()).unwrap(), b"one sale");
}

#[test]
fn a_replayed_record_is_refused() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let [first, second] = [b"1", b"2"].map(|body| sealed(&mut terminal, body));
    assert_eq!(gateway.open(&mut first.clone()).unwrap(), b"1");
    refused(&mut gateway, &first, ChannelError::Tag, "replayed");
    assert_eq!(gateway.open(&mut second.clone()).unwrap(), b"2");
    refused(&mut gateway, &second, ChannelError::Tag, "replayed");
}

#[test]
fn a_record_out_of_order_is_refused() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let [first, second] = [b"1", b"2"].map(|body| sealed(&mut terminal, body));
    refused(&mut gateway, &second, ChannelError::Tag, "too early");
    assert_eq!(gateway.open(&mut first.clone()).unwrap(), b"1");
    assert_eq!(gateway.open(&mut second.clone()).unwrap(), b"2");
}

#[test]
fn a_record_of_another_session_is_refused() {
    let (mut terminal, _) = ends(Suite::NkPsk0).channels();
    let again = Ends { counter: 259, entropy_gateway: [8; 32], ..ends(Suite::NkPsk0) };
    let (_, mut gateway) = again.channels();
    let record = sealed(&mut terminal, b"1");
    refused(&mut gateway, &record, ChannelError::Tag, "another session");
}

#[test]
fn a_record_that_comes_back_to_its_sender_is_refused() {
    let (mut terminal, _) = ends(Suite::NkPsk0).channels();
    let record = sealed(&mut terminal, b"1");
    refused(&mut terminal, &record, ChannelError::Tag, "reflected");
}

#[test]
fn records_of_other_types_are_not_opened() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let record = sealed(&mut terminal, b"1");
    for kind in [0, 1, 2, 4, 9] {
        let mut other = record.clone();
        other[0] = kind;
        refused(&mut gateway, &other, ChannelError::NotSealed, "another type");
    }
}

#[test]
fn the_longest_body_is_carried_and_a_longer_one_refused() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let mut record = Vec::new();
    let length = BODY_BYTES_MAX + 1;
    let outcome = terminal.seal(&vec![1; length], &mut record);
    assert_eq!((outcome, record.len()), (Err(ChannelError::TooLong { length }), 0));
    let body = vec![1; BODY_BYTES_MAX];
    terminal.seal(&body, &mut record).unwrap();
    assert_eq!(record.len(), RECORD_BYTES_MAX);
    assert_eq!(gateway.open(&mut record).unwrap(), body);
}

#[test]
fn sealing_appends_and_leaves_what_was_there() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let mut out = b"before".to_vec();
    terminal.seal(b"1", &mut out).unwrap();
    assert_eq!(&out[..6], b"before");
    assert_eq!(gateway.open(&mut out[6..]).unwrap(), b"1");
}
