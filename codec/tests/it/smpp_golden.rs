//! The octets of every sample, as committed in `testdata/smpp/pdus.txt`: they may never change.
//!
//! The file has one `name = hex` a line. Set `TILLGATE_WRITE_GOLDEN` to write it anew after a
//! deliberate change.
#![expect(clippy::disallowed_methods, reason = "a test may write its own files when told to")]

use std::fs;
use std::path::PathBuf;

use crate::smpp_common::{hex, octets, samples};
use tillgate_codec::smpp::{CommandId, Pdu, deframe};

#[test]
fn every_sample_has_the_committed_octets() {
    let found: String =
        samples().iter().map(|(name, pdu)| format!("{name} = {}\n", hex(&octets(pdu)))).collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/smpp/pdus.txt");
    if std::env::var_os("TILLGATE_WRITE_GOLDEN").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    for (expected, found) in expected.lines().zip(found.lines()) {
        assert_eq!(expected, found);
    }
    assert_eq!(expected.lines().count(), found.lines().count());
}

#[test]
fn every_sample_is_read_back_from_its_octets() {
    for (name, pdu) in samples() {
        let octets = octets(&pdu);
        let frame = deframe(&octets).unwrap().unwrap();
        assert_eq!(frame.range, 0..octets.len(), "{name}");
        assert_eq!(frame.header.command, pdu.body.command(), "{name}");
        let decoded = Pdu::decode(&octets).unwrap();
        assert_eq!(decoded, pdu, "{name}");
    }
}

#[test]
fn every_command_that_is_read_has_a_sample() {
    let commands: Vec<CommandId> = samples().iter().map(|(_, pdu)| pdu.body.command()).collect();
    for request in [
        CommandId::BIND_RECEIVER,
        CommandId::BIND_TRANSMITTER,
        CommandId::BIND_TRANSCEIVER,
        CommandId::UNBIND,
        CommandId::ENQUIRE_LINK,
        CommandId::SUBMIT_SM,
        CommandId::DELIVER_SM,
        CommandId::DATA_SM,
    ] {
        assert!(commands.contains(&request), "{request}");
        assert!(commands.contains(&request.response()), "{}", request.response());
        assert!(request.response().is_response() && !request.is_response());
    }
    assert!(commands.contains(&CommandId::GENERIC_NACK));
}

#[test]
fn the_end_of_a_dialog_is_hexadecimal_11_on_the_wire() {
    // Others send 0x17 for it: the specification's table is decimal.
    let (_, end) = samples().into_iter().find(|(name, _)| *name == "submit_sm_end").unwrap();
    assert!(hex(&octets(&end)).contains("0501000111"));
}
