//! Frames of every kind, whole and in parts.

use super::{Around, Constant, FrameCoding, Framing};

fn framing(coding: FrameCoding, bytes: usize, counts_itself: bool) -> Framing {
    let around = Around::default();
    Framing { coding, bytes, counts_itself, message_bytes_max: 9_999, around }
}

#[test]
fn a_frame_is_found_only_when_it_is_whole() {
    for (coding, bytes) in [
        (FrameCoding::Binary, 2),
        (FrameCoding::Binary, 4),
        (FrameCoding::Bcd, 2),
        (FrameCoding::Ascii, 4),
    ] {
        for counts_itself in [false, true] {
            let framing = framing(coding, bytes, counts_itself);
            let mut stream = Vec::new();
            framing.append_frame(&[7; 300], &mut stream).unwrap();
            assert_eq!(stream.len(), bytes + 300);
            for cut in 0..stream.len() {
                assert_eq!(framing.deframe(&stream[..cut]).unwrap(), None);
            }
            stream.push(9);
            let frame = framing.deframe(&stream).unwrap().unwrap();
            assert_eq!((frame.message, frame.end), (bytes..bytes + 300, bytes + 300));
        }
    }
}

#[test]
fn a_length_that_is_no_number_closes_the_stream() {
    let error = framing(FrameCoding::Bcd, 2, false).deframe(&[0x01, 0x2a]).unwrap_err();
    assert_eq!((error.kind(), error.offset()), ("frame", 1));
    assert!(framing(FrameCoding::Ascii, 4, false).deframe(b"00x0").is_err());
}

#[test]
fn a_length_shorter_than_itself_is_refused() {
    assert!(framing(FrameCoding::Binary, 2, true).deframe(&[0, 1]).is_err());
}

#[test]
fn a_length_over_the_bound_is_refused_before_the_bytes_arrive() {
    assert!(framing(FrameCoding::Binary, 4, false).deframe(&[0xff; 4]).is_err());
    assert!(
        framing(FrameCoding::Binary, 2, false).append_frame(&[0; 10_000], &mut vec![]).is_err()
    );
}

#[test]
fn a_zero_length_is_a_keep_alive() {
    let frame = framing(FrameCoding::Binary, 2, false).deframe(&[0, 0, 1]).unwrap().unwrap();
    assert_eq!((frame.message.len(), frame.end), (0, 2));
}

fn mark(bytes: &[u8]) -> Constant {
    Constant::new(bytes).unwrap()
}

/// Frames with something around the message, and the bytes of one that holds `0800`.
fn surrounded() -> [(Framing, Vec<u8>); 5] {
    let (stx, etx) = (mark(&[2]), mark(&[3]));
    let with = |coding, bytes, around| Framing { around, ..framing(coding, bytes, false) };
    let plain = Around::default();
    [
        // Two reserved bytes behind the length.
        (
            with(FrameCoding::Binary, 2, Around { reserved: 2, ..plain }),
            b"\x00\x04\x00\x000800".to_vec(),
        ),
        // A serial line: STX, ETX, LRC of what lies between, no length.
        (
            with(FrameCoding::None, 0, Around { start: stx, end: etx, lrc: true, ..plain }),
            b"\x020800\x03\x0b".to_vec(),
        ),
        // A till: STX before a packed length, the check byte over length, message and ETX.
        (
            with(FrameCoding::Bcd, 2, Around { before: stx, end: etx, lrc: true, ..plain }),
            b"\x02\x00\x040800\x03\x0f".to_vec(),
        ),
        // The same line behind a length that counts all of it.
        (
            with(
                FrameCoding::Binary,
                2,
                Around { start: stx, end: etx, lrc: true, counts_ends: true, ..plain },
            ),
            b"\x00\x07\x020800\x03\x0b".to_vec(),
        ),
        // Letters before the digits of a length.
        (
            with(FrameCoding::Ascii, 4, Around { before: mark(b"ISO"), ..plain }),
            b"ISO00040800".to_vec(),
        ),
    ]
}

#[test]
fn what_stands_around_a_message_is_sent_and_read() {
    for (framing, bytes) in surrounded() {
        let mut sent = Vec::new();
        framing.append_frame(b"0800", &mut sent).unwrap();
        assert_eq!(sent, bytes, "{framing:?}");
        for end in 0..bytes.len() {
            assert_eq!(framing.deframe(&bytes[..end]), Ok(None), "{framing:?} {end}");
        }
        let stream = [&bytes[..], b"x"].concat();
        let frame = framing.deframe(&stream).unwrap().unwrap();
        assert_eq!((&stream[frame.message], frame.end), (&b"0800"[..], bytes.len()));
    }
}

#[test]
fn another_mark_or_check_byte_closes_the_stream() {
    for (framing, bytes) in surrounded() {
        let reserved = framing.reserved();
        let message = framing.head_bytes()..framing.head_bytes() + 4;
        let length = framing.around.before.len()..reserved.start;
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 0x40;
            let told = framing.deframe(&broken);
            let is_free = reserved.contains(&at) || message.contains(&at);
            if is_free && !framing.around.lrc {
                assert!(matches!(told, Ok(Some(_))), "{framing:?} {at}");
            } else if length.contains(&at) || framing.coding == FrameCoding::None {
                assert!(!matches!(told, Ok(Some(_))), "{framing:?} {at}");
            } else {
                assert!(told.is_err_and(|error| error.kind() == "frame"), "{framing:?} {at}");
            }
        }
    }
}

#[test]
fn a_frame_without_its_end_is_bounded() {
    let (framing, _) = surrounded().into_iter().nth(1).unwrap();
    let endless = [&[2_u8][..], &[b'0'; 10_000]].concat();
    assert!(framing.deframe(&endless).is_err());
    assert_eq!(framing.deframe(&endless[..9_000]), Ok(None));
}

#[test]
fn a_keep_alive_has_nothing_around_it() {
    for (framing, _) in surrounded().into_iter().filter(|(f, _)| f.coding != FrameCoding::None) {
        let mut sent = Vec::new();
        framing.append_frame(b"", &mut sent).unwrap();
        let frame = framing.deframe(&sent).unwrap().unwrap();
        assert_eq!((frame.message.len(), frame.end), (0, sent.len()));
    }
}
