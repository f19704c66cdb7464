//! Codec, walkers and peers find the same in the messages that they are measured with.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeMap;
use tillgate_bench_codec::messages::{
    Golden, PAGE, answer, ascii64, bcd64, deliver_sm, deliver_sm_bytes, mixed, nac_sale,
    open_ascii, sale,
};
use tillgate_bench_codec::peers::{self, Core, Rs, Values};
use tillgate_bench_codec::walkers::{self, Delivered, Found, Gsm7, Walked};
use tillgate_codec::iso8583::Fields;
use tillgate_codec::link::message::{GatewayMessage, TerminalMessage};
use tillgate_codec::smpp::{Body, Pdu};
use tillgate_codec::ussd::{Alphabet, gsm7};

type Walker = fn(&[u8], &mut Walked) -> Option<()>;

const WALKED: [(fn() -> Golden, Walker); 4] = [
    (bcd64, walkers::bcd),
    (ascii64, walkers::ascii),
    (mixed, walkers::ascii),
    (nac_sale, walkers::nac),
];

/// The ranges that the codec finds; `None` if it refuses the message.
fn ranges(golden: &Golden, bytes: &[u8]) -> Option<Vec<Found>> {
    let mut fields = Fields::new();
    golden.dialect.decode(bytes, &mut fields).ok()?;
    let found = |number| {
        let span = fields.span(number).unwrap();
        Found { number, start: span.start, bytes: span.bytes }
    };
    Some(fields.numbers().map(found).collect())
}

#[test]
fn walkers_find_the_ranges_that_the_codec_finds() {
    for (golden, walker) in WALKED {
        let (golden, mut walked) = (golden(), Walked::default());
        walker(&golden.bytes, &mut walked).unwrap();
        assert!(walked.fields().len() > 10);
        assert_eq!(Some(walked.fields()), ranges(&golden, &golden.bytes).as_deref());
    }
}

#[test]
fn walkers_check_what_the_codec_checks_whatever_byte_is_changed_or_missing() {
    for (golden, walker) in WALKED {
        let (golden, mut walked) = (golden(), Walked::default());
        let mut bytes = golden.bytes.clone();
        let mut refused = 0;
        for at in 0..bytes.len() {
            for value in 0..=u8::MAX {
                bytes[at] = value;
                let ours = ranges(&golden, &bytes);
                // Walkers know one bitmap.
                if ours.iter().flatten().any(|found| found.number > 64) {
                    continue;
                }
                let theirs = walker(&bytes, &mut walked).map(|()| walked.fields());
                assert_eq!(theirs, ours.as_deref(), "{} at {at}", golden.dialect.name());
                refused += usize::from(ours.is_none());
            }
            bytes[at] = golden.bytes[at];
            assert_eq!(walker(&bytes[..at], &mut walked), None);
        }
        assert!(refused > bytes.len(), "half of all bytes do not belong where they are put");
    }
}

#[test]
fn peers_find_the_values_that_the_codec_finds_and_write_the_same_bytes() {
    let golden = open_ascii();
    let mut fields = Fields::new();
    let view = golden.dialect.view(&golden.bytes, &mut fields).unwrap();
    let value = |number| (number, view.wire(number).unwrap().to_vec());
    let ours: Values = view.numbers().map(value).collect::<BTreeMap<_, _>>();
    let rs = Rs::decode(&golden.dialect, &golden.bytes).unwrap();
    assert_eq!((rs.values(), rs.encode()), (ours.clone(), Some(golden.bytes.clone())));
    let core = Core::decode(&golden.bytes).unwrap();
    let theirs = core.values();
    for (number, value) in &ours {
        assert_eq!(theirs.get(number), Some(value), "{number}");
    }
    assert_eq!(core.encode(), golden.bytes);
}

/// A deliver_sm as the codec reads it, in the walker's words.
fn delivered<'a>(pdu: &Pdu<'a>) -> Delivered<'a> {
    let Body::DeliverSm(message) = pdu.body else { panic!("{pdu:?}") };
    let (source, destination) = (message.source, message.destination);
    let texts = [
        message.service_type,
        source.number,
        destination.number,
        message.schedule_delivery_time,
        message.validity_period,
    ];
    Delivered {
        header: [pdu.status.0, pdu.sequence],
        texts: texts.map(|text| text.0),
        numbers: [
            source.ton,
            source.npi,
            destination.ton,
            destination.npi,
            message.esm_class,
            message.protocol_id,
            message.priority_flag,
            message.registered_delivery,
            message.replace_if_present_flag,
            message.data_coding.0,
            message.sm_default_msg_id,
        ],
        short_message: message.short_message,
        service_op: pdu.tlvs.ussd_service_op().map(|op| op.0),
        session: pdu.tlvs.its_session_info().map(|session| session.0),
    }
}

#[test]
fn all_read_the_same_deliver_sm_and_write_the_same_octets() {
    let bytes = deliver_sm_bytes();
    let ours = delivered(&Pdu::decode(&bytes).unwrap());
    assert_eq!(walkers::deliver_sm(&bytes), Some(ours));
    assert!(ours.service_op.is_some() && ours.session.is_some());
    for end in 0..bytes.len() {
        assert!(Pdu::decode(&bytes[..end]).is_err());
        assert_eq!(walkers::deliver_sm(&bytes[..end]), None);
    }
    let command = peers::rusmpp(&bytes).unwrap();
    assert_eq!(command.sequence_number(), deliver_sm().sequence);
    let mut out = [0; 256];
    let used = peers::rusmpp_bytes(&command, &mut out).unwrap();
    assert_eq!(out[..used], bytes);
    let message = peers::smpp_codec(&bytes).unwrap();
    assert_eq!(message.short_message, ours.short_message);
    let mut out = Vec::new();
    peers::smpp_codec_bytes(&message, &mut out).unwrap();
    assert_eq!(out, bytes);
}

#[test]
fn all_read_and_write_the_same_page() {
    let (mut octets, mut shown, tables) = (Vec::new(), String::new(), Gsm7::default());
    gsm7::encode(PAGE, &mut octets).unwrap();
    Alphabet::Gsm7.decode(&octets, &mut shown);
    assert_eq!(shown, PAGE);
    let (mut walked, mut text) = (Vec::new(), String::new());
    tables.encode(PAGE, &mut walked).unwrap();
    tables.decode(&octets, &mut text);
    assert_eq!((walked, text.as_str()), (octets.clone(), PAGE));
    assert_eq!(smpp_codec::encoding::gsm_7bit_encode(PAGE), Ok(octets.clone()));
    assert_eq!(smpp_codec::encoding::gsm_7bit_decode(&octets), PAGE);
    for octet in 0..=127 {
        let (mut ours, mut theirs) = (String::new(), String::new());
        for pair in [[octet, b'1'], [0x1b, octet]] {
            Alphabet::Gsm7.decode(&pair, &mut ours);
            tables.decode(&pair, &mut theirs);
        }
        assert_eq!(ours, theirs);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let text: String = gsm7::decode(&[octet]).collect();
        let (one, other) = (gsm7::encode(&text, &mut ours), tables.encode(&text, &mut theirs));
        assert_eq!((one.ok(), ours), (other, theirs));
    }
}

#[test]
fn walkers_read_and_write_the_bodies_of_the_link() {
    let (TerminalMessage::Sale(sale), GatewayMessage::Answer(answer)) = (sale(), answer()) else {
        panic!("a sale and its answer")
    };
    let (mut body, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    TerminalMessage::Sale(sale).encode(&mut body);
    assert_eq!(walkers::sale(&body), Some(sale));
    for at in 0..body.len() {
        let right = body[at];
        for value in 0..=u8::MAX {
            body[at] = value;
            let read = match TerminalMessage::decode(&body) {
                Ok(TerminalMessage::Sale(sale)) => Some(sale),
                _ => None,
            };
            assert_eq!(walkers::sale(&body), read, "{value} at {at}");
        }
        body[at] = right;
    }
    GatewayMessage::Answer(answer).encode(&mut ours);
    walkers::answer(&answer, &mut theirs).unwrap();
    assert_eq!(theirs, ours);
}
