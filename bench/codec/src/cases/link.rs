//! The terminals' own protocol: with the record around the body, and the body alone.

use crate::messages::{answer, channels, sale};
use crate::walkers::{self, Opener, Sealer};
use crate::work::{Work, again, fresh};
use std::hint::black_box;
use tillgate_codec::link::message::{GatewayMessage, TerminalMessage};
use tillgate_codec::link::record::deframe;

/// Key of the walkers' channel.
const KEY: [u8; 32] = [7; 32];
const OURS: &str = "it is ours";

fn sale_body() -> Vec<u8> {
    let mut body = Vec::new();
    sale().encode(&mut body);
    body
}

pub(super) fn open() -> Box<dyn Work> {
    let (mut terminal, mut gateway) = channels();
    let body = sale_body();
    fresh(
        move |record| terminal.seal(&body, record).expect(OURS),
        move |record| {
            let found = deframe(record).expect(OURS).expect(OURS);
            let body = gateway.open(&mut record[..found.end]).expect(OURS);
            black_box(TerminalMessage::decode(body).expect(OURS));
        },
    )
}

pub(super) fn walk_open() -> Box<dyn Work> {
    let (mut terminal, mut gateway) = (Sealer::new(KEY), Opener::new(KEY));
    let body = sale_body();
    fresh(
        move |record| terminal.seal(&body, record).expect(OURS),
        move |record| {
            let body = gateway.open(record).expect(OURS);
            black_box(walkers::sale(body).expect(OURS));
        },
    )
}

pub(super) fn seal() -> Box<dyn Work> {
    let (_, mut gateway) = channels();
    let (answer, mut body, mut out) = (answer(), room(), room());
    again(move || {
        body.clear();
        out.clear();
        black_box(&answer).encode(&mut body);
        gateway.seal(&body, &mut out).expect(OURS);
        black_box(&out);
    })
}

pub(super) fn walk_seal() -> Box<dyn Work> {
    let GatewayMessage::Answer(answer) = answer() else { unreachable!("it is an answer") };
    let (mut gateway, mut body, mut out) = (Sealer::new(KEY), room(), room());
    again(move || {
        body.clear();
        out.clear();
        walkers::answer(black_box(&answer), &mut body).expect(OURS);
        gateway.seal(&body, &mut out).expect(OURS);
        black_box(&out);
    })
}

pub(super) fn decode() -> Box<dyn Work> {
    let body = sale_body();
    again(move || {
        black_box(TerminalMessage::decode(black_box(&body)).expect(OURS));
    })
}

pub(super) fn walk_decode() -> Box<dyn Work> {
    let body = sale_body();
    again(move || {
        black_box(walkers::sale(black_box(&body)).expect(OURS));
    })
}

pub(super) fn encode() -> Box<dyn Work> {
    let (answer, mut body) = (answer(), room());
    again(move || {
        body.clear();
        black_box(&answer).encode(&mut body);
        black_box(&body);
    })
}

pub(super) fn walk_encode() -> Box<dyn Work> {
    let GatewayMessage::Answer(answer) = answer() else { unreachable!("it is an answer") };
    let mut body = room();
    again(move || {
        body.clear();
        walkers::answer(black_box(&answer), &mut body).expect(OURS);
        black_box(&body);
    })
}

fn room() -> Vec<u8> {
    Vec::with_capacity(2_048)
}
