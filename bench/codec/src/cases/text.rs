//! A page of text in the GSM default alphabet.

use crate::messages::PAGE;
use crate::walkers::Gsm7;
use crate::work::{Work, again};
use smpp_codec::encoding::{gsm_7bit_decode, gsm_7bit_encode};
use std::hint::black_box;
use tillgate_codec::ussd::{Alphabet, gsm7};

fn octets() -> Vec<u8> {
    let mut octets = Vec::new();
    gsm7::encode(PAGE, &mut octets).expect("the page is in the alphabet");
    octets
}

pub(super) fn decode() -> Box<dyn Work> {
    let (octets, mut out) = (octets(), String::with_capacity(512));
    again(move || {
        out.clear();
        Alphabet::Gsm7.decode(black_box(&octets), &mut out);
        black_box(&out);
    })
}

pub(super) fn walk_decode() -> Box<dyn Work> {
    let (octets, mut out, tables) = (octets(), String::with_capacity(512), Gsm7::default());
    again(move || {
        out.clear();
        tables.decode(black_box(&octets), &mut out);
        black_box(&out);
    })
}

pub(super) fn smpp_codec_decode() -> Box<dyn Work> {
    let octets = octets();
    again(move || {
        black_box(gsm_7bit_decode(black_box(&octets)));
    })
}

pub(super) fn encode() -> Box<dyn Work> {
    let mut out = Vec::with_capacity(256);
    again(move || {
        out.clear();
        Alphabet::Gsm7.encode(black_box(PAGE), &mut out).expect("the page is in the alphabet");
        black_box(&out);
    })
}

pub(super) fn walk_encode() -> Box<dyn Work> {
    let (mut out, tables) = (Vec::with_capacity(256), Gsm7::default());
    again(move || {
        out.clear();
        tables.encode(black_box(PAGE), &mut out).expect("the page is in the alphabet");
        black_box(&out);
    })
}

pub(super) fn smpp_codec_encode() -> Box<dyn Work> {
    again(|| {
        black_box(gsm_7bit_encode(black_box(PAGE))).expect("a test writes it");
    })
}
