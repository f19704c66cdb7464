//! What a dialog over SMPP costs in the steady state.

use std::sync::Arc;

use crate::counting::allocations;
use tillgate_codec::smpp::{
    Address, Body, CommandId, CommandStatus, Header, Pdu, ShortMessage, Tag, Text, Tlv, Tlvs,
    deframe,
};
use tillgate_core::time::{Moment, Span};
use tillgate_core::ussd::profile::SmppProfile;
use tillgate_core::ussd::smpp::{Connection, Input, Output, SmppConfig, SmppLink};
use tillgate_core::ussd::{DialogAddress, DialogEvent, Say, SayKind};

const WARM_UP: u32 = 2_000;
const COUNTED: u32 = 1_000;

/// What a link has done with one input.
#[derive(Default)]
struct Done {
    sent: Vec<u8>,
    at: Option<DialogAddress>,
    said: u32,
}

fn drain(link: &mut SmppLink, done: &mut Done) {
    while let Some(output) = link.poll() {
        match output {
            Output::Send(_, octets) => done.sent.extend_from_slice(octets),
            Output::Event(DialogEvent::Begin { at, .. } | DialogEvent::Input { at, .. }) => {
                done.at = Some(at.clone());
            }
            Output::Event(DialogEvent::Said { .. }) => done.said += 1,
            _ => {}
        }
    }
}

fn deliver(sequence: u32, op: u8, text: &[u8], session: u16) -> Vec<u8> {
    let address = |number| Address { ton: 1, npi: 1, number: Text::new(number) };
    let message = ShortMessage {
        service_type: Text::new("USSD"),
        source: address("255712345678"),
        destination: address("123"),
        short_message: text,
        ..ShortMessage::default()
    };
    let (op, session) = ([op], session.to_be_bytes());
    let tlvs = [Tlv::new(Tag::USSD_SERVICE_OP, &op), Tlv::new(Tag::ITS_SESSION_INFO, &session)];
    let pdu = Pdu { tlvs: Tlvs::list(&tlvs), ..Pdu::new(sequence, Body::DeliverSm(message)) };
    let mut octets = Vec::new();
    pdu.encode(&mut octets).unwrap();
    octets
}

/// The answer to the last PDU that was sent.
fn answer(sent: &[u8]) -> [u8; 16] {
    let (mut rest, mut last) = (sent, None);
    while let Some(frame) = deframe(rest).unwrap() {
        last = Some(frame.header);
        rest = &rest[frame.range.end..];
    }
    let Header { command, sequence, .. } = last.unwrap();
    let command = CommandId(command.0 | 0x8000_0000);
    Header { length: 16, command, status: CommandStatus::OK, sequence }.encode()
}

#[test]
fn a_dialog_over_smpp_allocates_nothing_in_the_steady_state() {
    let profile = SmppProfile::parse(SmppProfile::builtin("standard").unwrap()).unwrap();
    let config = SmppConfig::new(Arc::new(profile), "till", "secret");
    let mut link = SmppLink::new(config, 1, Moment(0));
    let mut done = Done { sent: Vec::with_capacity(4_096), ..Done::default() };
    let connection = Connection { index: 0, attempt: 1 };
    link.handle(Moment(1), Input::Deadline);
    drain(&mut link, &mut done);
    link.handle(Moment(1), Input::Connected(connection));
    drain(&mut link, &mut done);
    let bound = answer(&done.sent);
    link.handle(Moment(1), Input::Received(connection, &bound));
    drain(&mut link, &mut done);
    let mut counted = 0;
    for n in 1..=WARM_UP + COUNTED {
        let now = Moment(Span::ms(u64::from(n)).0);
        let session = u16::try_from(n % 256).unwrap() << 8;
        let begin = deliver(2 * n, 1, b"*123#", session);
        let input = deliver(2 * n + 1, 0x12, b"1", session | 2);
        let steps = [(begin, SayKind::Continue, "1. Airtime"), (input, SayKind::End, "Thank you")];
        for (octets, kind, text) in steps {
            done.sent.clear();
            let mut asked = allocations(|| {
                link.handle(now, Input::Received(connection, &octets));
                drain(&mut link, &mut done);
                let at = done.at.take().unwrap();
                let by = now.after(Span::s(13));
                link.handle(now, Input::Say(Say { ticket: 1, at: &at, kind, text, by }));
                drain(&mut link, &mut done);
            });
            let answer = answer(&done.sent);
            asked += allocations(|| {
                link.handle(now, Input::Received(connection, &answer));
                drain(&mut link, &mut done);
            });
            counted += if n > WARM_UP { asked } else { 0 };
        }
    }
    assert_eq!(done.said, 2 * (WARM_UP + COUNTED));
    assert_eq!(counted, 0, "allocations in {COUNTED} dialogs");
}
