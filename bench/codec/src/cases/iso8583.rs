//! ISO 8583 messages.

use crate::messages::{Golden, open_ascii};
use crate::peers::{Core, Rs};
use crate::walkers::Walked;
use crate::work::{Work, again};
use std::hint::black_box;
use tillgate_codec::iso8583::{Fields, Message};

pub(super) fn ranges(golden: Golden) -> Box<dyn Work> {
    let mut fields = Fields::new();
    again(move || {
        golden.dialect.decode(black_box(&golden.bytes), &mut fields).expect("it is ours");
        black_box(&fields);
    })
}

pub(super) fn walk(
    golden: Golden,
    walker: impl Fn(&[u8], &mut Walked) -> Option<()> + 'static,
) -> Box<dyn Work> {
    let mut walked = Walked::default();
    again(move || {
        walker(black_box(&golden.bytes), &mut walked).expect("it is ours");
        black_box(&walked);
    })
}

pub(super) fn owned(golden: Golden) -> Box<dyn Work> {
    let mut fields = Fields::new();
    again(move || {
        let view = golden.dialect.view(black_box(&golden.bytes), &mut fields).expect("it is ours");
        black_box(Message::from_view(&view));
    })
}

pub(super) fn encode(golden: Golden) -> Box<dyn Work> {
    let mut out = Vec::with_capacity(1_024);
    again(move || {
        out.clear();
        golden.dialect.encode(black_box(&golden.message), &mut out).expect("it is ours");
        black_box(&out);
    })
}

pub(super) fn rs_decode() -> Box<dyn Work> {
    let golden = open_ascii();
    again(move || {
        black_box(Rs::decode(&golden.dialect, black_box(&golden.bytes)).expect("a test reads it"));
    })
}

pub(super) fn rs_encode() -> Box<dyn Work> {
    let golden = open_ascii();
    let message = Rs::decode(&golden.dialect, &golden.bytes).expect("a test reads it");
    again(move || {
        black_box(black_box(&message).encode());
    })
}

pub(super) fn core_decode() -> Box<dyn Work> {
    let golden = open_ascii();
    again(move || {
        black_box(Core::decode(black_box(&golden.bytes)).expect("a test reads it"));
    })
}

pub(super) fn core_encode() -> Box<dyn Work> {
    let message = Core::decode(&open_ascii().bytes).expect("a test reads it");
    again(move || {
        black_box(black_box(&message).encode());
    })
}
