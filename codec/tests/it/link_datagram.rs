//! Datagrams: each opens by itself, for one terminal, one key and one direction, and nothing else.

use proptest::prelude::*;
use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::datagram::{
    BodyTooLong, COUNTER_MAX, Exchange, FrameError, GatewayFrame, Gathered, HEADER_BYTES, Header,
    Keys, PARTS_MAX, PartError, Parts, REQUEST_BODY_BYTES_MAX, REQUEST_OVERHEAD_BYTES, SYMBOLS_MIN,
    TagError, TerminalFrame,
};
use tillgate_codec::link::message::TerminalMessage;
use tillgate_codec::link::record::RefusalCode;
use tillgate_codec::ussd::armour::{FRAME_BYTES_MAX, Form};

use crate::common::{counting, down_bytes, downward, up_bytes, upward};

const HEADER: Header =
    Header { key_id: 1, terminal: 70_042, counter: 0x01_0203_0405, is_last: false };

fn keys() -> Keys {
    Keys::new(&Psk::new(counting(0)))
}

/// A request that carries `body`, and what opens its reply.
fn request(header: Header, body: &[u8]) -> (Vec<u8>, Exchange) {
    let mut frame = Vec::new();
    let exchange = keys().seal(&header, body, &mut frame).unwrap();
    (frame, exchange)
}

/// What a gateway with these keys finds in a frame: the header and the body.
fn opened_with(keys: &Keys, frame: &[u8]) -> Option<(Header, Vec<u8>, Exchange)> {
    let Ok(TerminalFrame::Request(request)) = TerminalFrame::decode(frame) else { return None };
    let mut body = b"kept".to_vec();
    let found = keys.open(&request, &mut body);
    assert!(found.is_ok() || body == b"kept", "nothing is left behind after an error");
    Some((request.header, body.split_off(4), found.ok()?))
}

fn opened(frame: &[u8]) -> Option<(Header, Vec<u8>, Exchange)> {
    opened_with(&keys(), frame)
}

/// What a terminal makes of the frames of a reply, in the order given.
fn gathered(frames: &[Vec<u8>]) -> Result<Option<Vec<u8>>, PartError> {
    let mut gathered = Gathered::default();
    let mut whole = None;
    for frame in frames {
        let Ok(GatewayFrame::Part { index, last, chunk }) = GatewayFrame::decode(frame) else {
            panic!("a part of ours");
        };
        whole = gathered.take(index, last, chunk)?.map(<[u8]>::to_vec);
    }
    Ok(whole)
}

fn frames(parts: &Parts) -> Vec<Vec<u8>> {
    (0..=parts.last())
        .map(|index| {
            let mut frame = Vec::new();
            assert!(parts.frame(index, &mut frame));
            frame
        })
        .collect()
}

#[test]
fn every_message_of_a_terminal_fits_one_frame_of_160_symbols() {
    let room = Form::Text.frame_bytes_max(160).unwrap();
    for layout in TerminalMessage::LAYOUTS {
        assert!(REQUEST_OVERHEAD_BYTES + layout.bytes_max() <= room, "{}", layout.name);
        assert!(Form::Text.symbols(REQUEST_OVERHEAD_BYTES + layout.bytes_max()) <= SYMBOLS_MIN);
    }
    assert_eq!((room, SYMBOLS_MIN), (115, 149));
}

#[test]
fn a_short_sale_fits_what_a_handset_dials() {
    let sale = upward().into_iter().find(|(name, _)| *name == "sale").unwrap().1;
    let (frame, _) = request(HEADER, &up_bytes(&sale));
    assert!(frame.len() <= Form::Digits.frame_bytes_max(160).unwrap(), "{}", frame.len());
}

#[test]
fn every_message_comes_back_and_so_does_its_reply_in_parts() {
    for (_, message) in upward() {
        let body = up_bytes(&message);
        let header = Header { is_last: body[0].is_multiple_of(2), ..HEADER };
        let (frame, terminal) = request(header, &body);
        let (found, open, gateway) = opened(&frame).unwrap();
        assert_eq!((found, &open), (header, &body));
        for (name, reply) in downward() {
            for frame_bytes in [47, 85, 115, FRAME_BYTES_MAX] {
                let (reply, mut sealed, mut back) = (down_bytes(&reply), Vec::new(), Vec::new());
                gateway.seal([7; 8], &reply, &mut sealed).unwrap();
                let parts = Parts::new(sealed, frame_bytes).unwrap();
                let frames = frames(&parts);
                assert!(frames.iter().all(|frame| frame.len() <= frame_bytes), "{name}");
                let whole = gathered(&frames).unwrap().unwrap();
                assert_eq!(whole.len(), parts.bytes());
                terminal.open(&whole, &mut back).unwrap();
                assert_eq!(back, reply, "{name}");
            }
        }
    }
}

#[test]
fn every_prefix_of_a_frame_is_refused() {
    let (frame, _) = request(HEADER, &up_bytes(&upward()[2].1));
    for length in 0..frame.len() {
        let prefix = &frame[..length];
        match TerminalFrame::decode(prefix) {
            Ok(TerminalFrame::Request(_)) => assert!(opened(prefix).is_none(), "{length}"),
            Ok(TerminalFrame::Next { .. }) => panic!("{length}"),
            Err(error) => assert_eq!(error.refusal(), RefusalCode::MALFORMED, "{length}"),
        }
    }
    for frame in [&TerminalFrame::next(3)[..], &GatewayFrame::refusal(RefusalCode::DENIED)] {
        assert!(
            TerminalFrame::decode(&frame[..1]).is_err()
                && GatewayFrame::decode(&frame[..1]).is_err()
        );
    }
}

#[test]
fn a_changed_bit_anywhere_in_a_request_is_refused() {
    let (frame, _) = request(HEADER, &up_bytes(&upward()[0].1));
    for at in 0..frame.len() {
        for bit in 0..8 {
            let mut changed = frame.clone();
            changed[at] ^= 1 << bit;
            assert!(opened(&changed).is_none(), "byte {at}, bit {bit}");
        }
    }
    assert!(opened(&frame).is_some());
}

#[test]
fn a_changed_bit_anywhere_in_a_reply_is_refused() {
    let (frame, terminal) = request(HEADER, b"\x06");
    let (_, _, gateway) = opened(&frame).unwrap();
    let mut sealed = Vec::new();
    gateway.seal([9; 8], &down_bytes(&downward()[0].1), &mut sealed).unwrap();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            let mut out = Vec::new();
            assert_eq!(terminal.open(&changed, &mut out), Err(TagError), "byte {at}, bit {bit}");
            assert!(out.is_empty());
        }
    }
    for length in 0..sealed.len() {
        assert_eq!(terminal.open(&sealed[..length], &mut Vec::new()), Err(TagError), "{length}");
    }
}

#[test]
fn a_reply_opens_for_its_own_request_only() {
    let other = Header { counter: HEADER.counter + 1, ..HEADER };
    let as_last = Header { is_last: true, ..HEADER };
    // The low four bytes of the counter, which the nonce has, are the same.
    let far = Header { counter: HEADER.counter ^ 1 << 39, ..HEADER };
    let (frame, terminal) = request(HEADER, b"\x06");
    let mut sealed = Vec::new();
    opened(&frame).unwrap().2.seal([1; 8], b"\x82", &mut sealed).unwrap();
    for header in [other, as_last, far] {
        let (_, wrong) = request(header, b"\x06");
        assert_eq!(wrong.open(&sealed, &mut Vec::new()), Err(TagError), "{header:?}");
    }
    assert_eq!(terminal.open(&sealed, &mut Vec::new()), Ok(()));
}

#[test]
fn a_frame_of_the_other_direction_or_of_another_key_is_refused() {
    let (frame, exchange) = request(HEADER, b"\x06");
    assert!(opened_with(&Keys::new(&Psk::new(counting(1))), &frame).is_none());
    let mut sealed = Vec::new();
    exchange.seal([0; 8], b"\x06", &mut sealed).unwrap();
    let turned = [&frame[..HEADER_BYTES], &sealed[8..]].concat();
    assert!(opened(&turned).is_none(), "what the gateway sealed is no request");
    assert_eq!(exchange.open(&frame[HEADER_BYTES - 8..], &mut Vec::new()), Err(TagError));
}

#[test]
fn two_replies_to_one_request_share_no_nonce() {
    let (frame, _) = request(HEADER, b"\x06");
    let (_, _, gateway) = opened(&frame).unwrap();
    let sealed = [[1; 8], [2; 8]].map(|salt| {
        let mut sealed = Vec::new();
        gateway.seal(salt, &[0; 64], &mut sealed).unwrap();
        sealed.split_off(8)
    });
    assert_ne!(sealed[0], sealed[1], "one plain text under one nonce would give the same");
}

#[test]
fn the_nonce_of_a_request_has_every_bit_of_its_counter() {
    let mut seen = std::collections::BTreeSet::new();
    for bit in 0..40 {
        let (frame, _) = request(Header { counter: 1 << bit, ..HEADER }, &[0; 16]);
        assert!(seen.insert(frame[HEADER_BYTES..][..16].to_vec()), "bit {bit}");
    }
    let (frame, _) = request(Header { counter: COUNTER_MAX, ..HEADER }, b"");
    assert_eq!(opened(&frame).unwrap().0.counter, COUNTER_MAX);
}

#[test]
fn what_is_wrong_with_a_frame_is_said_with_its_offset() {
    let (frame, _) = request(HEADER, b"\x06");
    let with = |at: usize, byte: u8| {
        let mut changed = frame.clone();
        changed[at] = byte;
        changed
    };
    let no_counter = [&frame[..6], &[0; 5], &frame[11..]].concat();
    for (frame, error, refusal) in [
        (vec![], FrameError::Empty, 3),
        (with(0, 0x50), FrameError::Type { found: 0x50 }, 2),
        (with(0, 0x52), FrameError::Type { found: 0x52 }, 2),
        (with(11, 2), FrameError::Flags { found: 2 }, 3),
        (with(11, 0x81), FrameError::Flags { found: 0x81 }, 3),
        (no_counter, FrameError::Counter, 3),
        (frame[..27].to_vec(), FrameError::Length { kind: 0x51, length: 27 }, 3),
        (vec![0x53], FrameError::Length { kind: 0x53, length: 1 }, 3),
        (vec![0x53, 1, 1], FrameError::Length { kind: 0x53, length: 3 }, 3),
    ] {
        let found = TerminalFrame::decode(&frame).unwrap_err();
        assert_eq!((found, found.refusal()), (error, RefusalCode(refusal)));
        assert!(!found.to_string().is_empty());
    }
    for (frame, error) in [
        (&[][..], FrameError::Empty),
        (&[0x52, 0x00], FrameError::Length { kind: 0x52, length: 2 }),
        (&[0x52, 0x10, 1], FrameError::Index { index: 1, last: 0 }),
        (&[0x54], FrameError::Length { kind: 0x54, length: 1 }),
        (&[0x54, 4, 0], FrameError::Length { kind: 0x54, length: 3 }),
        (&[0x51, 0], FrameError::Type { found: 0x51 }),
    ] {
        assert_eq!(GatewayFrame::decode(frame), Err(error));
    }
    let unknown = GatewayFrame::Refusal(RefusalCode(77));
    assert_eq!(GatewayFrame::decode(&[0x54, 77]), Ok(unknown), "an unknown code stays visible");
}

#[test]
fn parts_that_do_not_continue_the_reply_are_refused() {
    let parts = Parts::new((0..40).collect(), 12).unwrap();
    let frames = frames(&parts);
    assert_eq!(frames.len(), 4);
    assert_eq!(gathered(&frames[..3]), Ok(None), "not whole");
    let lost = [frames[0].clone(), frames[2].clone()];
    assert_eq!(gathered(&lost), Err(PartError::Order { found: 2, expected: 1 }));
    let twice = [frames[0].clone(), frames[0].clone()];
    assert_eq!(gathered(&twice), Err(PartError::Order { found: 0, expected: 1 }));
    let mut of_another = frames[1].clone();
    of_another[1] = 0x12;
    assert_eq!(
        gathered(&[frames[0].clone(), of_another]),
        Err(PartError::Last { found: 2, first: 3 })
    );
    assert!(!parts.frame(4, &mut Vec::new()), "there are four");
}

#[test]
fn a_body_or_a_reply_over_its_bound_is_refused() {
    let mut out = Vec::new();
    let length = REQUEST_BODY_BYTES_MAX + 1;
    let found = keys().seal(&HEADER, &vec![0; length], &mut out).err();
    assert_eq!(found, Some(BodyTooLong { length }));
    let (frame, exchange) = request(HEADER, &[0; REQUEST_BODY_BYTES_MAX]);
    assert_eq!(frame.len(), FRAME_BYTES_MAX);
    assert!(exchange.seal([0; 8], &[0; 2_057], &mut out).is_err() && out.is_empty());
    assert!(exchange.seal([0; 8], &[0; 2_056], &mut out).is_ok());
    assert_eq!(Parts::new(out.clone(), FRAME_BYTES_MAX).unwrap().last(), 15);
    assert_eq!(Parts::new(out, FRAME_BYTES_MAX - 1), Err(BodyTooLong { length: 2_080 }));
    assert_eq!(Parts::new(vec![0; PARTS_MAX], 3).unwrap().last(), 15);
    assert!(Parts::new(vec![0], 2).is_err() && Parts::new(vec![], 9).is_err());
}

proptest! {
    #[test]
    fn every_request_and_every_reply_comes_back(
        key_id in any::<u8>(), terminal in any::<u32>(), counter in 1..=COUNTER_MAX,
        is_last in any::<bool>(), salt in any::<[u8; 8]>(), frame_bytes in 47..=FRAME_BYTES_MAX,
        body in proptest::collection::vec(any::<u8>(), 0..=REQUEST_BODY_BYTES_MAX),
        reply in proptest::collection::vec(any::<u8>(), 0..=696),
    ) {
        let header = Header { key_id, terminal, counter, is_last };
        let (frame, terminal) = request(header, &body);
        let (found, open, gateway) = opened(&frame).unwrap();
        prop_assert_eq!((found, open), (header, body));
        let (mut sealed, mut back) = (Vec::new(), Vec::new());
        gateway.seal(salt, &reply, &mut sealed).unwrap();
        let frames = frames(&Parts::new(sealed, frame_bytes).unwrap());
        terminal.open(&gathered(&frames).unwrap().unwrap(), &mut back).unwrap();
        prop_assert_eq!(back, reply);
    }

    #[test]
    fn no_bytes_make_either_end_panic(bytes in proptest::collection::vec(any::<u8>(), 0..=140)) {
        prop_assert!(opened(&bytes).is_none());
        if let Ok(GatewayFrame::Part { index, last, chunk }) = GatewayFrame::decode(&bytes) {
            prop_assert!(index <= last && usize::from(last) < PARTS_MAX && !chunk.is_empty());
        }
    }
}
