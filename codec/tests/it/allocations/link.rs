//! The terminals' own protocol.

use crate::allocations::link_common::{bodies, downward, ends, sealed, upward};
use crate::counting::allocations;
use tillgate_codec::limits::RECORD_BYTES_MAX;
use tillgate_codec::link::channel::Suite;
use tillgate_codec::link::message::{GatewayMessage, TerminalMessage};
use tillgate_codec::link::record::deframe;

#[test]
fn sealing_and_opening_do_not_allocate() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let mut record = Vec::with_capacity(RECORD_BYTES_MAX);
    for (name, body) in bodies() {
        let found = allocations(|| {
            record.clear();
            terminal.seal(&body, &mut record).unwrap();
            assert!(deframe(&record).unwrap().is_some());
            gateway.open(&mut record).unwrap();
        });
        assert_eq!(found, 0, "{name}");
    }
}

#[test]
fn a_refused_record_does_not_allocate() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let mut record = sealed(&mut terminal, b"one sale");
    record[10] ^= 1;
    assert_eq!(allocations(|| assert!(gateway.open(&mut record).is_err())), 0);
}

#[test]
fn reading_and_writing_messages_do_not_allocate() {
    let mut out = Vec::with_capacity(RECORD_BYTES_MAX);
    for (name, message) in upward() {
        out.clear();
        assert_eq!(allocations(|| message.encode(&mut out)), 0, "{name}");
        assert_eq!(allocations(|| assert!(TerminalMessage::decode(&out).is_ok())), 0, "{name}");
        assert_eq!(allocations(|| assert!(GatewayMessage::decode(&out).is_err())), 0, "{name}");
    }
    for (name, message) in downward() {
        out.clear();
        assert_eq!(allocations(|| message.encode(&mut out)), 0, "{name}");
        assert_eq!(allocations(|| assert!(GatewayMessage::decode(&out).is_ok())), 0, "{name}");
        assert_eq!(allocations(|| assert!(TerminalMessage::decode(&out).is_err())), 0, "{name}");
    }
}
