//! Samples: their JSON, their bytes again, every prefix, every split, every byte changed.

use crate::effort::cases;
use crate::iso8583::samples::{all, of};
use tillgate_codec::iso8583::{
    Dialect, Fields, Message, Reveal, decode_json, encode_json, listing,
};

/// Decodes; and if that works, everything else must work too and give the same bytes.
pub(crate) fn decodes_and_comes_back(dialect: &Dialect, message: &[u8]) -> bool {
    let mut fields = Fields::new();
    let view = match dialect.view(message, &mut fields) {
        Ok(view) => view,
        Err(error) => {
            assert!(error.offset() <= message.len(), "{}: {error}", dialect.name());
            assert!(!dialect.explain(&error).is_empty());
            assert!(listing(dialect, message, Reveal::Masked).contains("wrong here"));
            return false;
        }
    };
    let mut again = Vec::new();
    dialect.encode(&Message::from_view(&view), &mut again).unwrap();
    assert_eq!(again, message, "{}", dialect.name());
    let json = decode_json(dialect, message, Reveal::Clear).unwrap();
    assert_eq!(encode_json(dialect, &json).unwrap(), message, "{}: {json}", dialect.name());
    assert!(!listing(dialect, message, Reveal::Masked).contains("wrong here"));
    true
}

#[test]
fn every_sample_decodes_to_its_json_and_encodes_back() {
    for (dialect, samples) in all() {
        for sample in samples {
            let name = format!("{}: {}", dialect.name(), sample.name);
            let json = decode_json(dialect, &sample.bytes, Reveal::Clear);
            assert_eq!(json.as_deref(), Ok(sample.json), "{name}");
            assert_eq!(encode_json(dialect, sample.json).as_ref(), Ok(&sample.bytes), "{name}");
            assert!(decodes_and_comes_back(dialect, sample.message(dialect)), "{name}");
        }
    }
}

#[test]
fn every_prefix_of_a_sample_is_told_to_be_truncated() {
    for (dialect, samples) in all() {
        for sample in samples {
            let message = sample.message(dialect);
            // A field that takes whatever is left is whole with less.
            let open_end = dialect.name() == "switch";
            for end in 0..message.len() {
                let mut fields = Fields::new();
                match dialect.decode(&message[..end], &mut fields) {
                    Ok(()) => assert!(open_end && fields.has(127), "{} {end}", dialect.name()),
                    Err(error) => {
                        assert_eq!(error.kind(), "truncated", "{} {end}", dialect.name());
                        assert!(error.offset() <= end);
                    }
                }
            }
        }
    }
}

#[test]
fn a_prefix_leaves_the_fields_before_the_wrong_one() {
    let (dialect, samples) = of("iso87b");
    let message = samples[0].message(dialect);
    let mut whole = Fields::new();
    dialect.decode(message, &mut whole).unwrap();
    for end in 0..message.len() {
        let mut fields = Fields::new();
        let error = dialect.decode(&message[..end], &mut fields).unwrap_err();
        let before: Vec<u8> =
            whole.numbers().take_while(|number| Some(*number) != error.field()).collect();
        if error.field() > Some(1) {
            assert_eq!(fields.numbers().collect::<Vec<_>>(), before);
            assert!(before.iter().all(|number| fields.span(*number) == whole.span(*number)));
        }
    }
}

#[test]
fn bytes_after_a_sample_are_told_to_be_trailing() {
    for (dialect, samples) in all() {
        for sample in samples.iter().filter(|_| dialect.name() != "switch") {
            let mut message = sample.message(dialect).to_vec();
            message.push(0);
            let error = dialect.decode(&message, &mut Fields::new()).unwrap_err();
            assert_eq!((error.kind(), error.offset()), ("trailing", message.len() - 1));
        }
    }
}

#[test]
fn a_sample_with_any_byte_changed_fails_or_comes_back_the_same() {
    for (dialect, samples) in all() {
        for sample in samples {
            let mut message = sample.message(dialect).to_vec();
            for index in (0..message.len()).step_by(cases(1, 4)) {
                let changes = [0x01, 0x0f, 0x10, 0x20, 0x80, 0xff];
                for change in changes.iter().cycle().skip(index / 4).take(cases(changes.len(), 1)) {
                    message[index] ^= change;
                    decodes_and_comes_back(dialect, &message);
                    message[index] ^= change;
                }
            }
        }
    }
}

#[test]
fn every_split_of_a_stream_gives_the_same_frames() {
    for (dialect, samples) in all() {
        let framing = dialect.framing();
        let mut stream = Vec::new();
        for sample in samples {
            let message = sample.message(dialect);
            framing.append_frame(message, &mut stream).unwrap();
        }
        // A keep-alive ends the stream.
        framing.append_frame(&[], &mut stream).unwrap();
        let frames = |pieces: [&[u8]; 2]| {
            let (mut kept, mut found) = (Vec::new(), Vec::new());
            for piece in pieces {
                kept.extend_from_slice(piece);
                while let Some(frame) = framing.deframe(&kept).unwrap() {
                    found.push(kept[frame.message].to_vec());
                    kept.drain(..frame.end);
                }
            }
            assert!(kept.is_empty());
            found
        };
        let whole = frames([&stream, &[]]);
        assert_eq!(whole.len(), samples.len() + 1);
        for split in 0..stream.len() {
            assert_eq!(frames([&stream[..split], &stream[split..]]), whole);
        }
    }
}
