//! ISO 8583: bytes to field ranges.

use crate::iso8583::samples;

use crate::counting::allocations;
use samples::{all, dialects, of, unhex};
use tillgate_codec::iso8583::{Fields, Message};

#[test]
fn decoding_any_sample_allocates_nothing() {
    for (dialect, samples) in all() {
        let mut fields = Fields::new();
        for sample in samples {
            let message = sample.message(dialect);
            let calls = allocations(|| {
                let view = dialect.view(message, &mut fields).unwrap();
                assert!(view.numbers().all(|number| view.wire(number).is_some()));
                assert!(view.number(11).is_some() || !view.has(11));
            });
            assert_eq!(calls, 0, "{}: {}", dialect.name(), sample.name);
        }
    }
}

#[test]
fn decoding_a_wrong_message_allocates_nothing() {
    let (dialect, samples) = of("nac");
    let mut fields = Fields::new();
    let message = samples[0].message(dialect);
    let calls = allocations(|| {
        for end in 0..message.len() {
            assert!(dialect.decode(&message[..end], &mut fields).is_err());
        }
    });
    assert_eq!(calls, 0);
}

#[test]
fn encoding_into_room_allocates_little_and_owning_a_message_thrice() {
    let (dialect, samples) = of("iso87b");
    let mut fields = Fields::new();
    let view = dialect.view(samples[0].message(dialect), &mut fields).unwrap();
    assert!(allocations(|| drop(Message::from_view(&view))) <= 3);
    let message = Message::from_view(&view);
    let mut out = Vec::with_capacity(1_024);
    let calls = allocations(|| dialect.encode(&message, &mut out).unwrap());
    assert_eq!(calls, 0, "values that need no filling up are sent without a copy");
}

#[test]
fn the_samples_are_there() {
    assert!(dialects().len() >= 7 && unhex("0a 0B") == [10, 11]);
}
