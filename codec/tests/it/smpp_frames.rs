//! Frames: the stream is cut the same however it arrives, and what is wrong can be answered.

use crate::smpp_common::{octets, raw, samples};
use proptest::prelude::*;
use tillgate_codec::smpp::limits::{HEADER_BYTES, PDU_BYTES_MAX};
use tillgate_codec::smpp::{
    CommandId, CommandStatus, DecodeErrorKind, FrameError, Header, Pdu, deframe,
};

/// Feeds the pieces as a reader does: append, take what is complete, keep the rest.
fn pdus(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Result<usize, FrameError>) {
    let mut kept = Vec::new();
    let mut found = Vec::new();
    for piece in pieces {
        kept.extend_from_slice(piece);
        loop {
            match deframe(&kept) {
                Ok(Some(frame)) => {
                    found.push(kept[frame.range.clone()].to_vec());
                    kept.drain(frame.range);
                }
                Ok(None) => break,
                Err(error) => return (found, Err(error)),
            }
        }
    }
    (found, Ok(kept.len()))
}

#[test]
fn every_split_of_a_stream_gives_the_same_pdus() {
    let all: Vec<Vec<u8>> = samples().iter().map(|(_, pdu)| octets(pdu)).collect();
    let stream = all.concat();
    for split in 0..=stream.len() {
        let (found, end) = pdus(&[&stream[..split], &stream[split..]]);
        assert_eq!(found, all, "split at {split}");
        assert_eq!(end, Ok(0));
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(pdus(&bytes), (all, Ok(0)));
}

#[test]
fn every_prefix_of_a_sample_is_incomplete_as_a_frame_and_wrong_as_a_pdu() {
    for (name, pdu) in samples() {
        let octets = octets(&pdu);
        for length in 0..octets.len() {
            assert_eq!(deframe(&octets[..length]), Ok(None), "{name}, prefix of {length}");
            assert!(Pdu::decode(&octets[..length]).is_err(), "{name}, prefix of {length}");
        }
    }
}

#[test]
fn an_impossible_length_is_wrong_and_its_sequence_number_known_with_the_header() {
    for length in [0, 4, 15, 8193, 0x4745_5420, u32::MAX] {
        let header = Header {
            length,
            command: CommandId(0x2F),
            status: CommandStatus(0x2054),
            sequence: 0x9F88_F124,
        };
        let mut stream = header.encode().to_vec();
        assert_eq!(deframe(&stream[..HEADER_BYTES - 1]), Ok(None));
        assert_eq!(deframe(&stream), Err(FrameError { header }));
        stream.extend_from_slice(b"anything");
        assert_eq!(deframe(&stream), Err(FrameError { header }));
    }
}

#[test]
fn a_pdu_of_the_greatest_length_is_taken() {
    let body = vec![0; PDU_BYTES_MAX - HEADER_BYTES];
    let octets = raw(CommandId::ENQUIRE_LINK.0, 1, &body);
    assert_eq!(deframe(&octets).unwrap().unwrap().range, 0..PDU_BYTES_MAX);
}

#[test]
fn whatever_is_wrong_in_a_body_leaves_the_sequence_number_for_an_answer() {
    let octets = raw(CommandId::DELIVER_SM.0, 0xFFFF_FFF0, b"USSD");
    let error = Pdu::decode(&octets).unwrap_err();
    assert_eq!((error.command, error.sequence), (CommandId::DELIVER_SM, 0xFFFF_FFF0));
    let nack = octets_of_nack(error.sequence);
    assert_eq!(nack, raw_with_status(CommandId::GENERIC_NACK.0, 2, 0xFFFF_FFF0));
}

fn octets_of_nack(sequence: u32) -> Vec<u8> {
    octets(&Pdu::nack(CommandStatus::INVALID_COMMAND_LENGTH, sequence))
}

fn raw_with_status(command: u32, status: u8, sequence: u32) -> Vec<u8> {
    let mut octets = raw(command, sequence, &[]);
    octets[11] = status;
    octets
}

#[test]
fn a_pdu_must_be_exactly_as_long_as_it_says() {
    let mut octets = raw(CommandId::ENQUIRE_LINK.0, 5, &[]);
    octets.push(0);
    let error = Pdu::decode(&octets).unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::Length { declared: 16, found: 17 });
    assert_eq!((error.field, error.offset), ("command_length", 0));
    assert_eq!(
        error.to_string(),
        "enquire_link: command_length at offset 0: the length stated is 16, 17 octets are there"
    );
}

proptest! {
    #[test]
    fn any_octets_are_cut_or_refused_the_same_in_any_pieces(
        bytes in proptest::collection::vec(prop_oneof![3 => 0..20_u8, 1 => any::<u8>()], 0..80),
        size in 1..9_usize,
    ) {
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        prop_assert_eq!(pdus(&pieces), pdus(&[&bytes]));
        prop_assert_eq!(Header::decode(&bytes).is_some(), bytes.len() >= HEADER_BYTES);
    }
}
