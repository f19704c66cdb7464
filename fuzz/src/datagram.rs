//! Datagrams: requests, replies in parts.

use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::datagram::{
    GatewayFrame, Gathered, Header, Keys, Parts, REQUEST_BODY_BYTES_MAX, TerminalFrame,
};
use tillgate_codec::ussd::armour::FRAME_BYTES_MAX;

/// Any frame is refused, or is the one frame of what it carries; any body comes back, and so does
/// its reply in parts; a frame that is changed on the way is refused.
///
/// The first byte says where a frame is changed, the second how, and how long parts are; the rest is
/// a frame, a body and a reply.
pub fn datagram(data: &[u8]) {
    let [at, mask, rest @ ..] = data else {
        return;
    };
    any_frame(rest);
    let keys = Keys::new(&Psk::new([1; 32]));
    let body = &rest[..rest.len().min(REQUEST_BODY_BYTES_MAX)];
    let counter = (u64::from(*at) << 32 | u64::from(*mask)).max(1);
    let header = Header { key_id: *mask, terminal: 7, counter, is_last: mask % 2 == 1 };
    let (mut frame, mut open) = (Vec::new(), Vec::new());
    let terminal = keys.seal(&header, body, &mut frame).expect("a body within its bound");
    assert!(frame.len() <= FRAME_BYTES_MAX);
    let Ok(TerminalFrame::Request(request)) = TerminalFrame::decode(&frame) else {
        panic!("a request of ours");
    };
    let gateway = keys.open(&request, &mut open).expect("sealed with the same key");
    assert_eq!((request.header, &open[..]), (header, body));
    let place = usize::from(*at) % frame.len();
    frame[place] ^= mask;
    if let (Ok(TerminalFrame::Request(changed)), true) = (TerminalFrame::decode(&frame), *mask != 0)
    {
        assert!(keys.open(&changed, &mut open).is_err());
    }
    let (mut sealed, mut back) = (Vec::new(), Vec::new());
    gateway.seal([*at; 8], rest, &mut sealed).unwrap_or_default();
    let Ok(parts) = Parts::new(sealed, usize::from(*mask)) else {
        return;
    };
    let mut gathered = Gathered::default();
    for index in 0..=parts.last() {
        let mut frame = Vec::new();
        assert!(parts.frame(index, &mut frame) && frame.len() <= usize::from(*mask).max(3));
        let Ok(GatewayFrame::Part { index, last, chunk }) = GatewayFrame::decode(&frame) else {
            panic!("a part of ours");
        };
        if let Some(whole) = gathered.take(index, last, chunk).expect("in order") {
            terminal.open(whole, &mut back).expect("the reply to this request");
        }
    }
    assert_eq!(back, rest);
}

fn any_frame(bytes: &[u8]) {
    let keys = Keys::new(&Psk::new([1; 32]));
    match TerminalFrame::decode(bytes) {
        Ok(TerminalFrame::Request(request)) => {
            let (mut body, mut again) = (Vec::new(), Vec::new());
            if keys.open(&request, &mut body).is_ok() && body.len() <= REQUEST_BODY_BYTES_MAX {
                assert!(keys.seal(&request.header, &body, &mut again).is_ok());
                assert_eq!(again, bytes);
            }
        }
        Ok(TerminalFrame::Next { index }) => assert_eq!(bytes, TerminalFrame::next(index)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match GatewayFrame::decode(bytes) {
        Ok(GatewayFrame::Part { index, last, chunk }) => {
            let found = Gathered::default().take(index, last, chunk).map(|whole| whole.is_some());
            assert_eq!(found.ok(), (index == 0).then_some(last == 0));
        }
        Ok(GatewayFrame::Refusal(code)) => assert_eq!(bytes, GatewayFrame::refusal(code)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
