//! SMPP: frames, PDUs, and their forms for people.

use tillgate_codec::iso8583::Reveal;
use tillgate_codec::smpp::limits::{HEADER_BYTES, PDU_BYTES_MAX};
use tillgate_codec::smpp::{FrameError, Pdu, deframe, encode_json, render_json, table};

/// A stream gives the same PDUs however it is split, and each of them, or the whole input with its
/// length set right, is read or refused: what is read can be shown, and comes back the same if it
/// may be sent.
///
/// The first byte says how long the pieces are; the rest is the stream.
pub fn smpp(data: &[u8]) {
    let Some((&size, stream)) = data.split_first() else {
        return;
    };
    let whole = cut(stream, stream.len().max(1));
    assert_eq!(cut(stream, usize::from(size).max(1)), whole);
    for pdu in &whole.0 {
        read(pdu);
    }
    if (HEADER_BYTES..=PDU_BYTES_MAX).contains(&stream.len()) {
        let mut pdu = stream.to_vec();
        let length = u32::try_from(pdu.len()).expect("at most PDU_BYTES_MAX");
        pdu[..4].copy_from_slice(&length.to_be_bytes());
        read(&pdu);
    }
}

type Cut = (Vec<Vec<u8>>, Result<usize, FrameError>);

/// The PDUs of a stream that arrives in pieces, and the bytes left over or the error.
fn cut(stream: &[u8], piece_bytes: usize) -> Cut {
    let mut kept = Vec::new();
    let mut pdus = Vec::new();
    for piece in stream.chunks(piece_bytes) {
        kept.extend_from_slice(piece);
        loop {
            match deframe(&kept) {
                Ok(Some(frame)) => pdus.push(kept.drain(frame.range).collect()),
                Ok(None) => break,
                Err(error) => return (pdus, Err(error)),
            }
        }
    }
    (pdus, Ok(kept.len()))
}

fn read(octets: &[u8]) {
    let read = Pdu::decode(octets);
    let shown = render_json(octets, Reveal::Clear);
    let masked = render_json(octets, Reveal::Masked);
    assert_eq!(table(octets, Reveal::Masked).contains("(wrong here)"), read.is_err());
    assert_eq!(masked.is_ok(), read.is_ok());
    match (read, shown) {
        (Ok(pdu), Ok(shown)) => {
            let mut again = Vec::new();
            if pdu.encode(&mut again).is_ok() {
                assert_eq!(Pdu::decode(&again), Ok(pdu));
                assert_eq!(encode_json(&shown).as_ref(), Ok(&again));
            }
        }
        (Err(error), Err(_)) => {
            assert!(error.offset <= octets.len() && !error.to_string().is_empty());
        }
        (read, shown) => panic!("{read:?} {shown:?}"),
    }
}
