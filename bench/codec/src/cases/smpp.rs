//! A deliver_sm. Reading it ends with the dialog's two numbers, which a gateway needs at once.

use crate::messages::{deliver_sm, deliver_sm_bytes};
use crate::peers;
use crate::walkers;
use crate::work::{Work, again};
use std::hint::black_box;
use tillgate_codec::smpp::{Pdu, deframe};

pub(super) fn decode() -> Box<dyn Work> {
    let bytes = deliver_sm_bytes();
    again(move || {
        let bytes = black_box(&bytes);
        let frame = deframe(bytes).expect("it is ours").expect("it is whole");
        let pdu = Pdu::decode(&bytes[frame.range]).expect("it is ours");
        black_box((pdu, pdu.tlvs.ussd_service_op(), pdu.tlvs.its_session_info()));
    })
}

pub(super) fn walk() -> Box<dyn Work> {
    let bytes = deliver_sm_bytes();
    again(move || {
        black_box(walkers::deliver_sm(black_box(&bytes)).expect("it is ours"));
    })
}

pub(super) fn rusmpp_decode() -> Box<dyn Work> {
    let bytes = deliver_sm_bytes();
    again(move || {
        black_box(peers::rusmpp(black_box(&bytes)).expect("a test reads it"));
    })
}

pub(super) fn smpp_codec_decode() -> Box<dyn Work> {
    let bytes = deliver_sm_bytes();
    again(move || {
        black_box(peers::smpp_codec(black_box(&bytes)).expect("a test reads it"));
    })
}

pub(super) fn encode() -> Box<dyn Work> {
    let (pdu, mut out) = (deliver_sm(), Vec::with_capacity(256));
    again(move || {
        out.clear();
        black_box(&pdu).encode(&mut out).expect("it is ours");
        black_box(&out);
    })
}

pub(super) fn rusmpp_encode() -> Box<dyn Work> {
    // Lent for as long as the program runs: a command of theirs borrows its octets.
    let command = peers::rusmpp(deliver_sm_bytes().leak()).expect("a test reads it");
    let mut out = [0; 256];
    again(move || {
        black_box(peers::rusmpp_bytes(black_box(&command), &mut out));
        black_box(&out);
    })
}

pub(super) fn smpp_codec_encode() -> Box<dyn Work> {
    let message = peers::smpp_codec(&deliver_sm_bytes()).expect("a test reads it");
    let mut out = Vec::with_capacity(256);
    again(move || {
        out.clear();
        peers::smpp_codec_bytes(black_box(&message), &mut out).expect("a test reads it");
        black_box(&out);
    })
}
