//! Streams that are split, damaged and lack bytes.

use tillgate_codec::iso8583::{Dialect, Reveal};

use super::{Found, Place, Reading, Stream};
use crate::reading::Wire;

fn reading() -> Reading {
    let dialect = Box::new(Dialect::builtin("iso87b").unwrap());
    Reading { wire: Wire::Iso8583 { dialect, key: None }, reveal: Reveal::Masked }
}

/// An echo behind its length, 25 bytes.
fn echo(stan: u8) -> Vec<u8> {
    let message = [
        &[0x08, 0x00, 0x80, 0x20, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, stan][..],
        &[3, 1],
    ];
    [&[0, 23][..], &message.concat()].concat()
}

/// What a stream gave: `@offset` of messages, `!kind@offset` of errors.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    fn take(&mut self, found: &Found<'_>) {
        self.0.push(match found {
            Found::Message(place, bytes) => format!("{}@{}", bytes[22], place.offset),
            Found::Wrong(place, error) => format!("!{}@{}", error.kind, place.offset),
        });
    }
}

fn run(pieces: &[&[u8]], is_segment: bool) -> Vec<String> {
    let (reading, mut stream, mut told) = (reading(), Stream::default(), Told::default());
    for piece in pieces {
        let give = |found: Found<'_>| {
            told.take(&found);
            Ok::<(), ()>(())
        };
        stream.push(&reading, &Place::default(), piece, is_segment, give).unwrap();
    }
    stream
        .end(|found| {
            told.take(&found);
            Ok::<(), ()>(())
        })
        .unwrap();
    told.0
}

#[test]
fn every_split_of_a_stream_gives_the_same_messages() {
    let whole = [echo(1), vec![0, 0], echo(2)].concat();
    for at in 0..=whole.len() {
        let (first, second) = whole.split_at(at);
        assert_eq!(run(&[first, second], false), ["1@0", "2@27"], "split at {at}");
    }
    let bytes: Vec<&[u8]> = whole.chunks(1).collect();
    assert_eq!(run(&bytes, true), ["1@0", "2@27"]);
}

#[test]
fn of_a_message_in_many_pieces_two_places_are_kept_and_the_next_one_has_its_own() {
    let (reading, mut stream) = (reading(), Stream::default());
    let whole = [echo(1), echo(2)].concat();
    let mut lines = Vec::new();
    for (line, byte) in (1..).zip(&whole) {
        let place = Place { line: Some(line), ..Place::default() };
        let give = |found: Found<'_>| match found {
            Found::Message(place, _) => {
                lines.push(place.line);
                Ok(())
            }
            Found::Wrong(..) => Err("nothing is wrong"),
        };
        stream.push(&reading, &place, &[*byte], false, give).unwrap();
        assert!(stream.marks.len() <= 2, "{}", stream.marks.len());
    }
    assert_eq!(lines, [Some(1), Some(26)]);
}

#[test]
fn a_stream_that_is_cut_says_so_at_every_prefix() {
    let whole = [echo(1), echo(2)].concat();
    for end in 26..whole.len() {
        assert_eq!(run(&[&whole[..end]], false), ["1@0", "!truncated@25"], "prefix of {end}");
    }
}

#[test]
fn a_length_that_cannot_be_ends_a_stream_and_segments_find_it_again() {
    let nonsense = [0xff; 10];
    let pieces = [&echo(1)[..], &nonsense, &nonsense, &echo(2), &echo(3)];
    let found = run(&pieces, true);
    assert_eq!(found, ["1@0", "!frame@25", "!skipped@25", "2@45", "3@70"]);
    assert_eq!(run(&pieces, false), ["1@0", "!frame@25", "!skipped@25"]);
}

#[test]
fn a_gap_is_told_and_passed_over() {
    let (reading, mut stream, mut told) = (reading(), Stream::default(), Told::default());
    let place = Place::default();
    let mut give = |found: Found<'_>| {
        told.take(&found);
        Ok::<(), ()>(())
    };
    stream.push(&reading, &place, &echo(1)[..10], true, &mut give).unwrap();
    stream.gap(&place, 15, &mut give).unwrap();
    stream.push(&reading, &place, &echo(2)[5..], true, &mut give).unwrap();
    stream.push(&reading, &place, &echo(3), true, &mut give).unwrap();
    stream.end(&mut give).unwrap();
    assert_eq!(told.0, ["!gap@10", "!skipped@25", "3@45"]);
}
