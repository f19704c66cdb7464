//! Messages from any source, shown as they come.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};
use tillgate_codec::iso8583::ErrorJson;

use crate::input::{self, Form, Piece, Skipped, Source, Taking};
use crate::out::{Out, Stop};
use crate::place::Place;
use crate::reading::{Reading, Wire};
use crate::stream::{Found, Stream};

/// Shows every message of the sources, as JSON or as tables.
///
/// # Errors
/// [`Stop`]; also when something was wrong, which has been reported.
pub fn run<'r>(
    sources: &[Source],
    taking: &Taking,
    reading: &'r Reading,
    is_table: bool,
    mut out: Out<'r>,
) -> Result<(), Stop> {
    if taking.form != Form::Messages {
        out.locate();
    }
    let is_live = sources.iter().any(|source| matches!(source, Source::Standard));
    let streams = FxHashMap::default();
    let mut decoder = Decoder { reading, is_table, is_live, out, streams, first: None };
    let skipped = input::read(sources, taking, &mut |piece| decoder.take(piece))?;
    decoder.end(&skipped)
}

struct Decoder<'r> {
    reading: &'r Reading,
    is_table: bool,
    /// Somebody may be waiting for each message.
    is_live: bool,
    out: Out<'r>,
    streams: FxHashMap<u64, Stream>,
    /// The only message so far: if it stays so, it is shown without its place.
    first: Option<(Place, Vec<u8>)>,
}

impl Decoder<'_> {
    fn take(&mut self, piece: Piece) -> Result<(), Stop> {
        match piece {
            Piece::Whole { place, bytes } if !self.out.is_located() && self.first.is_none() => {
                self.first = Some((place, bytes));
                return Ok(());
            }
            Piece::Whole { place, bytes } => {
                self.several()?;
                self.message(&place, &bytes)?;
            }
            Piece::Next { lane, place, bytes, is_segment } => {
                if matches!(self.reading.wire, Wire::Bodies) {
                    let text = "--body: nothing on a connection says where a body ends; without \
                                --body its records are read, and bodies are given one by one";
                    return Err(Stop::Usage(text.to_owned()));
                }
                self.several()?;
                let mut stream = self.streams.remove(&lane).unwrap_or_default();
                let reading = self.reading;
                let give = |found: Found<'_>| self.found(found);
                stream.push(reading, &place, &bytes, is_segment, give)?;
                self.streams.insert(lane, stream);
            }
            Piece::Gap { lane, place, bytes } => {
                self.several()?;
                let mut stream = self.streams.remove(&lane).unwrap_or_default();
                stream.gap(&place, bytes, |found| self.found(found))?;
                self.streams.insert(lane, stream);
            }
            Piece::End { lane } => {
                if let Some(stream) = self.streams.remove(&lane) {
                    stream.end(|found| self.found(found))?;
                }
            }
            Piece::Unread { kind, place, message } => {
                if self.first.is_some() {
                    self.several()?;
                }
                self.out.error(&place, &ErrorJson::of_kind(kind, message))?;
            }
        }
        if self.is_live { self.out.flush() } else { Ok(()) }
    }

    /// There are several messages: from now on they are shown with their places.
    fn several(&mut self) -> Result<(), Stop> {
        self.out.locate();
        match self.first.take() {
            Some((place, bytes)) => self.message(&place, &bytes),
            None => Ok(()),
        }
    }

    fn found(&mut self, found: Found<'_>) -> Result<(), Stop> {
        match found {
            Found::Message(place, bytes) => self.message(&place, bytes),
            Found::Wrong(place, error) => self.out.error(&place, &error),
        }
    }

    fn message(&mut self, place: &Place, bytes: &[u8]) -> Result<(), Stop> {
        let read = self.reading.json(bytes);
        if self.is_table {
            let mut table = self.reading.table(bytes);
            if let Ok(Some(word)) = read.as_ref().map(|read| read.code) {
                table.push_str(&format!("authentication code: {word}\n"));
            }
            self.out.table(place, &table, read.is_ok())?;
        }
        match read {
            Ok(read) => {
                if !self.is_table {
                    self.out.json(place, &read.json)?;
                }
                match read.forged {
                    Some(error) => self.out.error(place, &error),
                    None => Ok(()),
                }
            }
            Err(error) => self.out.error(place, &error),
        }
    }

    fn end(mut self, skipped: &Skipped) -> Result<(), Stop> {
        if let Some((place, bytes)) = self.first.take() {
            self.message(&place, &bytes)?;
        }
        if self.out.read == 0 && self.out.wrong == 0 {
            let message = match skipped.packets {
                0 => "there are no bytes to read".to_owned(),
                packets => format!("no TCP data matched --port; {packets} packets were not TCP"),
            };
            self.out.error(&Place::default(), &ErrorJson::of_kind("truncated", message))?;
        }
        let counts = [("lines_skipped", skipped.lines), ("ip_fragments", skipped.fragments)];
        let left_out = counts.into_iter().filter(|(_, count)| *count > 0);
        let left_out: Map<String, Value> =
            left_out.map(|(name, count)| (name.to_owned(), count.into())).collect();
        self.out.end(left_out)
    }
}
