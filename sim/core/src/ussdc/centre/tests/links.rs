//! Connections: binds, framing, windows, silence, loss.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::{prop_assert, proptest};
use tillgate_codec::smpp::{
    Bind, Body, CommandId, CommandStatus, Header, INTERFACE_VERSION, Password, Pdu, Text,
};

use super::{Pair, settings};
use crate::time::Span;
use crate::ussdc::centre::{Centre, Input, Output, Status, Violation};
use crate::ussdc::variant::Variant;

fn bind(system_id: &'static str, password: &'static str) -> Bind<'static> {
    Bind {
        system_id: Text::new(system_id),
        password: Password(password.as_bytes()),
        system_type: Text(&[]),
        interface_version: INTERFACE_VERSION,
        addr_ton: 0,
        addr_npi: 0,
        address_range: Text(&[]),
    }
}

fn give(pair: &mut Pair, link: u32, body: Body<'_>) -> Vec<(CommandId, CommandStatus)> {
    let mut bytes = Vec::new();
    Pdu::new(7, body).encode(&mut bytes).unwrap();
    pair.sent.clear();
    pair.centre.handle(pair.now, Input::Received { link, bytes: &bytes });
    pair.drain();
    pair.sent.clone()
}

#[test]
fn name_and_password_are_checked_when_there_are_some() {
    let mut known = settings(Variant::standard());
    (known.system_id, known.password) = (Some("shop".to_owned()), Some("secret".to_owned()));
    for (system_id, password, status) in [
        ("shop", "secret", CommandStatus::OK),
        ("shop", "guess", CommandStatus::INVALID_PASSWORD),
        ("shed", "secret", CommandStatus::INVALID_SYSTEM_ID),
    ] {
        let mut pair = Pair::new(known.clone());
        let sent = give(&mut pair, 1, Body::BindTransceiver(bind(system_id, password)));
        assert_eq!(sent, [(CommandId::BIND_TRANSCEIVER_RESP, status)]);
        let is_closed = pair.seen.contains(&Output::Close { link: 1 });
        assert_eq!(is_closed, status != CommandStatus::OK);
    }
}

#[test]
fn a_receiver_and_a_transmitter_make_a_pair() {
    let mut pair = Pair::new(settings(Variant::standard()));
    pair.centre.handle(pair.now, Input::Opened { link: 2 });
    give(&mut pair, 1, Body::BindReceiver(bind("shop", "")));
    give(&mut pair, 2, Body::BindTransmitter(bind("shop", "")));
    let sent = give(&mut pair, 2, Body::BindTransmitter(bind("shop", "")));
    assert_eq!(sent, [(CommandId::BIND_TRANSMITTER_RESP, CommandStatus::ALREADY_BOUND)]);
    pair.centre.handle(pair.now, Input::Dial { handset: 0, dialled: "*123#" });
    let begin = pair.drain();
    assert!(pair.application.receive(&begin));
    let octets = pair.application.sent();
    let [resp, menu] = split(&octets);
    pair.centre.handle(pair.now, Input::Received { link: 1, bytes: resp });
    // A receiver may not submit.
    pair.centre.handle(pair.now, Input::Received { link: 2, bytes: menu });
    pair.drain();
    assert!(pair.seen.iter().any(|output| matches!(output, Output::Screen { .. })));
    pair.centre.handle(pair.now, Input::Received { link: 1, bytes: menu });
    pair.drain();
    assert_eq!(pair.statuses(), [Status::Bad(Violation::NotBound)]);
}

fn split(octets: &[u8]) -> [&[u8]; 2] {
    let length = Header::decode(octets).unwrap().length;
    octets.split_at(usize::try_from(length).unwrap()).into()
}

#[test]
fn nothing_but_a_bind_is_served_before_the_bind_and_there_is_a_time_for_it() {
    let mut pair = Pair::new(settings(Variant::standard()));
    let sent = give(&mut pair, 1, Body::SubmitSm(Default::default()));
    assert_eq!(sent, [(CommandId::SUBMIT_SM_RESP, CommandStatus::INVALID_BIND_STATUS)]);
    assert_eq!(pair.faults(), [Violation::NotBound]);
    pair.wait(Span::s(10));
    assert!(pair.seen.contains(&Output::Close { link: 1 }));
}

#[test]
fn the_stream_may_be_cut_anywhere() {
    let mut pair = Pair::new(settings(Variant::standard()));
    pair.application.bind("shop", "");
    for octet in pair.application.sent() {
        pair.centre.handle(pair.now, Input::Received { link: 1, bytes: &[octet] });
    }
    let sent = pair.drain();
    assert!(pair.application.receive(&sent));
    assert_eq!(pair.application.counts().bound, 1);
}

#[test]
fn what_cannot_be_read_is_answered_with_its_sequence_number() {
    let mut pair = Pair::bound(settings(Variant::standard()));
    let header = |length, command| Header {
        length,
        command,
        status: CommandStatus::OK,
        sequence: 0x8000_0001,
    };
    // A bind without its fields, a command that does not exist, and an impossible length.
    let cases = [
        (header(16, CommandId::SUBMIT_SM), CommandStatus::INVALID_COMMAND_LENGTH),
        (header(16, CommandId(0x77)), CommandStatus::INVALID_COMMAND_ID),
        (header(15, CommandId::SUBMIT_SM), CommandStatus::INVALID_COMMAND_LENGTH),
    ];
    for (header, status) in cases {
        pair.centre.handle(pair.now, Input::Received { link: 1, bytes: &header.encode() });
        let sent = pair.drain();
        let nack = Header::decode(&sent).unwrap();
        assert_eq!((nack.command, nack.status), (CommandId::GENERIC_NACK, status));
        assert_eq!(nack.sequence, 0x8000_0001);
    }
    assert!(pair.seen.contains(&Output::Close { link: 1 }), "after an impossible length");
    assert!(pair.faults().contains(&Violation::Sequence));
}

#[test]
fn a_full_window_lets_messages_wait_in_their_order() {
    let mut narrow = settings(Variant::standard());
    narrow.window = 1;
    let mut pair = Pair::bound(narrow);
    for handset in 0..3 {
        pair.centre.handle(pair.now, Input::Dial { handset, dialled: "*123#" });
    }
    pair.centre.handle(pair.now, Input::HangUp { handset: 1 });
    let sent = pair.drain();
    assert_eq!(pair.sent.len(), 1, "the others wait");
    assert!(pair.application.receive(&sent));
    pair.settle();
    assert_eq!(pair.application.counts().begins, 2, "the second has hung up unheard");
    assert_eq!((pair.application.counts().releases, pair.faults()), (0, vec![]));
}

#[test]
fn a_link_that_does_not_answer_enquire_link_is_lost_with_its_dialogs() {
    let mut pair = Pair::bound(settings(Variant::standard()));
    pair.dial(0);
    pair.now = pair.now.after(Span::s(30));
    pair.centre.handle(pair.now, Input::Tick);
    let sent = pair.drain();
    assert_eq!(Header::decode(&sent).unwrap().command, CommandId::ENQUIRE_LINK);
    pair.now = pair.now.after(Span::s(10));
    pair.centre.handle(pair.now, Input::Tick);
    pair.drain();
    assert_eq!(pair.faults(), [Violation::EnquireUnanswered]);
    assert_eq!(pair.statuses(), [Status::LinkLost]);
    assert!(pair.seen.contains(&Output::Close { link: 1 }));
    pair.dial(0);
    assert_eq!(pair.statuses()[1], Status::NoLink);
}

#[test]
fn a_link_from_which_nothing_comes_is_given_up_although_subscribers_dial() {
    let mut pair = Pair::bound(settings(Variant::standard()));
    for handset in 0..8 {
        pair.centre.handle(pair.now, Input::Dial { handset, dialled: "*123#" });
        pair.now = pair.now.after(Span::s(5));
        pair.centre.handle(pair.now, Input::Tick);
        pair.drain();
    }
    assert_eq!(pair.faults(), [Violation::EnquireUnanswered]);
    assert_eq!(pair.statuses()[..6], [Status::Bad(Violation::DeliverUnanswered); 6]);
    assert!(pair.seen.contains(&Output::Close { link: 1 }));
}

#[test]
fn a_link_in_use_is_asked_and_lives_on() {
    let mut pair = Pair::bound(settings(Variant::standard()));
    for _ in 0..5 {
        pair.wait(Span::s(30));
    }
    assert_eq!((pair.faults(), pair.centre.receivers()), (vec![], 1));
    let asked = (CommandId::ENQUIRE_LINK, CommandStatus::OK);
    assert_eq!(pair.sent.iter().filter(|sent| **sent == asked).count(), 5);
}

#[test]
fn a_refused_begin_ends_its_dialog_and_is_no_fault() {
    let mut pair = Pair::bound(settings(Variant::standard()));
    pair.centre.handle(pair.now, Input::Dial { handset: 0, dialled: "*123#" });
    let sequence = Header::decode(&pair.drain()).unwrap().sequence;
    let mut bytes = Vec::new();
    Pdu::nack(CommandStatus::TEMPORARY_ERROR, sequence).encode(&mut bytes).unwrap();
    pair.give(Input::Received { link: 1, bytes: &bytes });
    assert_eq!((pair.statuses(), pair.faults()), (vec![Status::Rejected], vec![]));
}

#[test]
fn an_unbind_is_answered_before_the_connection_closes() {
    let mut pair = Pair::bound(settings(Variant::standard()));
    assert_eq!(give(&mut pair, 1, Body::Unbind), [(CommandId::UNBIND_RESP, CommandStatus::OK)]);
    assert_eq!(pair.seen, [Output::Close { link: 1 }]);
    pair.give(Input::Closed { link: 1 });
    assert_eq!(pair.seen[1], Output::Unbound { link: 1 });
}

proptest! {
    #[test]
    fn no_octets_end_the_centre(pieces in vec(vec(any::<u8>(), 0..60), 1..20), bound in any::<bool>()) {
        let mut pair = if bound {
            Pair::bound(settings(Variant::standard()))
        } else {
            Pair::new(settings(Variant::standard()))
        };
        for mut piece in pieces {
            // Half of them begin like a PDU.
            if let [first, rest @ ..] = &mut piece[..] && *first < 128 && rest.len() >= 7 {
                let length = u8::try_from(rest.len() + 1).unwrap();
                let command = rest[6] & 0xF;
                *first = 0;
                rest[..7].copy_from_slice(&[0, 0, length, 0, 0, 0, command]);
            }
            pair.centre.handle(pair.now, Input::Received { link: 1, bytes: &piece });
            pair.drain();
        }
        let end: &Centre = &pair.centre;
        prop_assert!(end.open_dialogs() == 0);
    }
}
