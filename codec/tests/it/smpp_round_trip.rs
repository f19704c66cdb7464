//! PDUs made up by proptest: every one comes back as it was, and no octets cause a panic.

use crate::smpp_common::{any_pdu, octets, raw};
use proptest::prelude::*;
use tillgate_codec::iso8583::Reveal;
use tillgate_codec::smpp::{CommandId, Pdu, deframe, encode_json, render_json, table};

/// Commands that are read, and some that are not.
fn command() -> impl Strategy<Value = u32> {
    let read = prop_oneof![
        1..10_u32,
        Just(CommandId::ENQUIRE_LINK.0),
        Just(CommandId::DATA_SM.0),
        any::<u32>(),
    ];
    (read, any::<bool>()).prop_map(|(id, resp)| if resp { CommandId(id).response().0 } else { id })
}

/// Octets that look like fields: many NULs, some letters, some lengths.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![3 => Just(0), 3 => b'0'..=b'9', 2 => 0..6_u8, 1 => any::<u8>()];
    proptest::collection::vec(octet, 0..120)
}

/// Everything that is offered for one PDU; what can be read can be shown and, if it keeps to the
/// specification, comes back.
fn survives(octets: &[u8]) -> Result<(), TestCaseError> {
    let read = Pdu::decode(octets);
    let listed = table(octets, Reveal::Masked);
    prop_assert_eq!(listed.contains("(wrong here)"), read.is_err());
    let shown = render_json(octets, Reveal::Clear);
    prop_assert_eq!(shown.is_ok(), read.is_ok());
    match read {
        Ok(pdu) => {
            let mut again = Vec::new();
            if pdu.encode(&mut again).is_ok() {
                prop_assert_eq!(Pdu::decode(&again), Ok(pdu));
                let encoded = encode_json(&shown.expect("as above"));
                prop_assert_eq!(encoded.as_ref(), Ok(&again));
            }
        }
        Err(error) => prop_assert!(error.offset <= octets.len() && !error.field.is_empty()),
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_pdu_comes_back_as_it_was(pdu in any_pdu()) {
        let octets = octets(&pdu);
        prop_assert_eq!(Pdu::decode(&octets), Ok(pdu));
        prop_assert_eq!(deframe(&octets).map(|frame| frame.map(|frame| frame.range)),
            Ok(Some(0..octets.len())));
        survives(&octets)?;
    }

    #[test]
    fn a_changed_pdu_is_read_or_refused_without_a_panic(
        pdu in any_pdu(),
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4),
    ) {
        let mut octets = octets(&pdu);
        for (at, octet) in changes {
            // The length stays, so that the body is looked at.
            let at = 4 + at % (octets.len() - 4);
            octets[at] = octet;
        }
        survives(&octets)?;
    }

    #[test]
    fn a_body_that_is_cut_short_is_read_or_refused_without_a_panic(
        pdu in any_pdu(), cut in any::<usize>(),
    ) {
        let body = &octets(&pdu)[16..];
        let kept = cut % (body.len() + 1);
        survives(&raw(pdu.body.command().0, 1, &body[..kept]))?;
    }

    #[test]
    fn any_body_is_read_or_refused_without_a_panic(command in command(), body in body()) {
        survives(&raw(command, 1, &body))?;
    }
}
