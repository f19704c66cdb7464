//! Records: the stream is cut the same however it arrives, and what is wrong is seen at once.
use crate::common::{bodies, ends, sealed};
use proptest::prelude::*;
use tillgate_codec::limits::PAYLOAD_BYTES_MAX;
use tillgate_codec::link::channel::Suite;
use tillgate_codec::link::record::{
    HEADER_BYTES, Record, RecordError, RecordType, Refusal, RefusalCode, RefusalError, VERSION,
    deframe,
};

/// A hello, every sample message sealed, an empty record and a refusal, one after the other.
fn stream() -> Vec<u8> {
    let ends = ends(Suite::NkPsk0);
    let (_, mut stream) = ends.start();
    let (mut terminal, _) = ends.channels();
    for (_, body) in bodies() {
        stream.extend_from_slice(&sealed(&mut terminal, &body));
    }
    stream.extend_from_slice(&[3, VERSION, 0, 0]);
    Refusal { code: RefusalCode::BUSY, retry_after_s: 300 }.encode(&mut stream);
    stream
}

/// Feeds the pieces as a reader does: append, take what is complete, keep the rest.
fn records(pieces: &[&[u8]]) -> Vec<(RecordType, Vec<u8>)> {
    let mut kept = Vec::new();
    let mut found = Vec::new();
    for piece in pieces {
        kept.extend_from_slice(piece);
        while let Some(record) = deframe(&kept).unwrap() {
            found.push((record.kind, kept[record.range].to_vec()));
            kept.drain(..record.end);
        }
    }
    assert!(kept.is_empty(), "the stream ends with a whole record");
    found
}

#[test]
fn every_split_of_a_stream_gives_the_same_records() {
    let stream = stream();
    let whole = records(&[&stream]);
    assert_eq!(whole.len(), bodies().len() + 3);
    for split in 0..=stream.len() {
        assert_eq!(records(&[&stream[..split], &stream[split..]]), whole, "split at {split}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(records(&bytes), whole);
}

#[test]
fn every_prefix_of_a_record_is_incomplete() {
    let (_, record) = ends(Suite::NkPsk0).start();
    for length in 0..record.len() {
        assert_eq!(deframe(&record[..length]), Ok(None), "prefix of {length}");
    }
}

#[test]
fn a_wrong_header_is_refused_at_its_first_wrong_byte() {
    for kind in [0, 5, 0x16, 0xFF] {
        assert_eq!(deframe(&[kind]), Err(RecordError::UnknownType(RecordType(kind))));
    }
    assert_eq!(deframe(&[1, 2]), Err(RecordError::Version { found: 2 }));
    assert_eq!(deframe(&[1, 1, 8]), Ok(None));
    assert_eq!(deframe(&[1, 1, 8, 1]), Err(RecordError::TooLong { declared: 2049 }));
    assert_eq!(deframe(&[1, 1, 8, 0]), Ok(None));
}

#[test]
fn a_record_of_the_greatest_length_is_taken() {
    let mut bytes = vec![0; HEADER_BYTES + PAYLOAD_BYTES_MAX + 1];
    bytes[..HEADER_BYTES].copy_from_slice(&[3, 1, 8, 0]);
    let end = HEADER_BYTES + PAYLOAD_BYTES_MAX;
    let record = Record { kind: RecordType::SEALED, range: HEADER_BYTES..end, end };
    assert_eq!(deframe(&bytes), Ok(Some(record)));
}

#[test]
fn a_refusal_comes_back_as_it_was() {
    let refusal = Refusal { code: RefusalCode::BUSY, retry_after_s: 300 };
    let mut bytes = Vec::new();
    refusal.encode(&mut bytes);
    assert_eq!(bytes, [4, 1, 0, 3, 1, 1, 0x2C]);
    assert_eq!(Refusal::decode(&bytes[4..]), Ok(refusal));
    for length in [0, 1, 2, 4] {
        assert_eq!(Refusal::decode(&[0; 4][..length]), Err(RefusalError { length }));
    }
}

#[test]
fn an_unknown_refusal_stays_visible() {
    let refusal = Refusal::decode(&[200, 0, 0]).unwrap();
    assert_eq!(refusal.code.to_string(), "unknown refusal 200");
}

proptest! {
    #[test]
    fn any_bytes_are_cut_or_refused_without_a_panic(
        bytes in proptest::collection::vec(prop_oneof![0..9_u8, any::<u8>()], 0..40),
    ) {
        if let Ok(Some(record)) = deframe(&bytes) {
            prop_assert_eq!(record.range.start, HEADER_BYTES);
            prop_assert_eq!(record.range.end, record.end);
            prop_assert!(record.end <= bytes.len());
        }
    }
}
