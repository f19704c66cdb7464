//! SMPP, its texts, and the armour of links that carry only text.

use crate::counting::allocations;
use crate::smpp_common::{octets, raw, samples};
use tillgate_codec::smpp::limits::PDU_BYTES_MAX;
use tillgate_codec::smpp::{CommandId, Pdu, deframe};
use tillgate_codec::ussd::armour::{self, FRAME_BYTES_MAX, Form};
use tillgate_codec::ussd::{Alphabet, Pager, Room, gsm7, septets};

#[test]
fn cutting_reading_and_writing_pdus_do_not_allocate() {
    let mut out = Vec::with_capacity(PDU_BYTES_MAX);
    for (name, pdu) in samples() {
        let octets = octets(&pdu);
        out.clear();
        let found = allocations(|| {
            let frame = deframe(&octets).unwrap().unwrap();
            let pdu = Pdu::decode(&octets[frame.range]).unwrap();
            let tags = pdu.tlvs.iter().count();
            assert!(pdu.tlvs.ussd_service_op().is_none() || tags > 0);
            pdu.encode(&mut out).unwrap();
        });
        assert_eq!(found, 0, "{name}");
        assert_eq!(out, octets, "{name}");
    }
}

#[test]
fn a_refused_pdu_does_not_allocate() {
    let octets = raw(CommandId::DELIVER_SM.0, 1, b"USSD\0\x01\x01");
    assert_eq!(allocations(|| assert!(Pdu::decode(&octets).is_err())), 0);
}

#[test]
fn texts_are_written_packed_and_read_without_an_allocation() {
    let text = "1. Sale €5 {new}\n2. Float\n0. Exit";
    let (mut octets, mut packed) = (Vec::with_capacity(200), Vec::with_capacity(200));
    let mut shown = String::with_capacity(200);
    let found = allocations(|| {
        assert_eq!(Alphabet::choose(text), Alphabet::Gsm7);
        gsm7::encode(text, &mut octets).unwrap();
        septets::pack(&octets, &mut packed);
        assert!(septets::unpack(&packed).eq(octets.iter().copied()));
        Alphabet::Gsm7.decode(&octets, &mut shown);
        let pager = Pager::new(text, "\n9. More", Room { septets: 20, units: 20 }).unwrap();
        assert!(pager.pages().count() > 1);
    });
    assert_eq!((found, shown.as_str()), (0, text));
}

#[test]
fn armour_is_put_on_and_taken_off_without_an_allocation() {
    let frame = [0xA5; FRAME_BYTES_MAX];
    let (mut text, mut back) = (Vec::with_capacity(400), Vec::with_capacity(200));
    for form in [Form::Text, Form::Digits] {
        text.clear();
        back.clear();
        let found = allocations(|| {
            armour::encode(form, &frame, &mut text).unwrap();
            assert_eq!(armour::decode(&text, &mut back), Ok(form));
        });
        assert_eq!(found, 0);
        assert_eq!(back, frame);
    }
}
