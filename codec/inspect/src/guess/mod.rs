//! `tillgate decode --guess`: which wire, dialect and frame length bytes of unknown origin have.
//!
//! Every reading is tried on every message, or on the beginning of every stream. A reading's score
//! is the mean over them: 100 reads everything and looks right in every way, below 60 something
//! does not decode.

mod ranked;

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use tillgate_codec::iso8583::{Dialect, ErrorJson, Guess, Reveal};
use tillgate_codec::link::record::{RecordType, deframe};
use tillgate_codec::link::render::{body_json, record_json};
use tillgate_codec::smpp;

use crate::frame::FrameName;
use crate::input::{self, Form, Piece, Source, Taking};
use crate::limits::{GUESS_BYTES_MAX, GUESS_SAMPLES_MAX};
use crate::out::{Out, Stop};
use ranked::{DECODES, Ranked, Tried, Tries, table, understood};

/// How a ranking is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// For people, the best ones only.
    Table,
    /// A line of JSON for each.
    Json,
}

/// Bytes that belong together, or the beginning of them.
struct Sample {
    bytes: Vec<u8>,
    origin: Origin,
    /// There are more than are looked at.
    is_cut: bool,
    /// Bytes that follow are not its continuation.
    is_closed: bool,
}

/// What bytes are taken for without being asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A message that has its line, and no other in it.
    Line,
    /// A message; decoding wants `--stream` for several.
    Block,
    /// A stream.
    Stream,
}

#[derive(Default)]
struct Cut<'a> {
    messages: Vec<&'a [u8]>,
    /// It is to be decoded with `--stream`.
    is_stream: bool,
}

#[derive(Default)]
struct Guessing {
    samples: Vec<Sample>,
    /// Every line is a message.
    is_lines: bool,
    /// The first thing that is not even bytes.
    unread: Option<ErrorJson>,
    lanes: FxHashMap<u64, usize>,
}

/// Frame lengths that are tried with every dialect, beside its own.
const FRAMES: [&str; 9] = [
    "none",
    "binary2",
    "binary2-self",
    "bcd2",
    "bcd2-self",
    "ascii4",
    "ascii4-self",
    "binary4",
    "binary4-self",
];

/// Lengths of headers that are tried where nothing decodes.
const HEADERS: std::ops::RangeInclusive<usize> = 1..=26;
/// What a reading loses whose header no table has.
const HEADER_PENALTY: u8 = 4;
/// Least score of such a reading: among many of them some decode by chance.
const BEHIND_HEADER_MIN: u8 = 84;

/// Guesses about everything in the sources, and shows the ranking.
///
/// # Errors
/// [`Stop`]; also when nothing reads the bytes.
pub fn run(
    sources: &[Source],
    mut taking: Taking,
    dialects: &[(String, Dialect)],
    shown: Shown,
    out: &mut Out<'_>,
) -> Result<(), Stop> {
    let (mut ranking, mut unread) = rank_all(sources, &taking, dialects)?;
    let can_repeat = !sources.iter().any(|source| matches!(source, Source::Standard));
    if !taking.raw && can_repeat && !decodes(&ranking) {
        // Digits may be the message itself, in ASCII.
        taking.raw = true;
        let (mut raw, _) = rank_all(sources, &taking, dialects)?;
        raw.iter_mut().for_each(|ranked| ranked.options.insert_str(0, "--raw "));
        if decodes(&raw) {
            (ranking, unread) = (raw, None);
        }
    }
    if let Some(error) = unread {
        return Err(Stop::Reported(error.to_string()));
    }
    if ranking.is_empty() {
        return Err(Stop::Refused("there are no bytes to guess about".to_owned()));
    }
    match shown {
        Shown::Json => {
            ranking.iter().try_for_each(|ranked| out.text(&ranked.json().to_string()))?;
        }
        Shown::Table => table(&ranking, out)?,
    }
    out.flush()?;
    if decodes(&ranking) {
        return Ok(());
    }
    let text = "nothing reads these bytes; what comes closest is named first";
    Err(Stop::Refused(text.to_owned()))
}

/// The ranking of everything in the sources, and the first thing in them that is not even bytes.
fn rank_all(
    sources: &[Source],
    taking: &Taking,
    dialects: &[(String, Dialect)],
) -> Result<(Vec<Ranked>, Option<ErrorJson>), Stop> {
    let is_lines = taking.form == Form::Lines;
    let mut guessing = Guessing { is_lines, ..Guessing::default() };
    input::read(sources, taking, &mut |piece| guessing.take(piece))?;
    let has_bytes = guessing.samples.iter().any(|sample| !sample.bytes.is_empty());
    let ranking = if has_bytes { guessing.rank(dialects) } else { Vec::new() };
    Ok((ranking, guessing.unread))
}

fn decodes(ranking: &[Ranked]) -> bool {
    ranking.first().is_some_and(|best| best.decoded > 0)
}

impl Guessing {
    /// Takes what there is to guess about; more than enough is left out.
    fn take(&mut self, piece: Piece) -> Result<(), Stop> {
        match piece {
            Piece::Whole { bytes, .. } if self.is_lines => self.sample(&bytes, Origin::Line),
            Piece::Whole { bytes, .. } => self.sample(&bytes, Origin::Block),
            Piece::Next { lane, bytes, .. } => match self.lanes.get(&lane) {
                Some(index) => self.samples[*index].add(&bytes),
                None if self.samples.len() < GUESS_SAMPLES_MAX => {
                    self.lanes.insert(lane, self.samples.len());
                    self.sample(&bytes, Origin::Stream);
                }
                None => {}
            },
            Piece::Gap { lane, .. } => {
                if let Some(index) = self.lanes.get(&lane) {
                    self.samples[*index].is_closed = true;
                }
            }
            Piece::End { lane } => {
                self.lanes.remove(&lane);
            }
            Piece::Unread { kind, message, .. } => {
                self.unread.get_or_insert(ErrorJson::of_kind(kind, message));
            }
        }
        Ok(())
    }

    fn sample(&mut self, bytes: &[u8], origin: Origin) {
        if self.samples.len() < GUESS_SAMPLES_MAX {
            let mut sample = Sample::new(origin);
            sample.add(bytes);
            self.samples.push(sample);
        }
    }

    /// Every reading that finds a message, best first.
    fn rank(&self, dialects: &[(String, Dialect)]) -> Vec<Ranked> {
        let mut ranking = vec![self.smpp(), self.records(), self.bodies()];
        ranking.extend(self.dialects(dialects, None));
        if !ranking.iter().any(|ranked| ranked.decoded > 0) {
            // Perhaps a header is in the way that no table has.
            let headers = HEADERS.flat_map(|bytes| self.dialects(dialects, Some(bytes)));
            ranking.extend(headers.filter(|ranked| ranked.score >= BEHIND_HEADER_MIN));
        }
        ranking.retain(|ranked| ranked.messages > 0);
        // The sort is stable: of equals, the dialect's own frame length stays first.
        ranking.sort_by_key(|ranked| std::cmp::Reverse(ranked.score));
        ranking
    }

    /// The readings of every dialect, with this many bytes of header if they are not its own.
    fn dialects(&self, dialects: &[(String, Dialect)], header: Option<usize>) -> Vec<Ranked> {
        let mut ranking = Vec::new();
        for (name, dialect) in dialects {
            let own = FrameName(dialect.framing()).to_string();
            let dialect = match header {
                Some(bytes) => Cow::Owned(dialect.clone().with_header_bytes(bytes)),
                None => Cow::Borrowed(dialect),
            };
            let others = FRAMES.into_iter().filter(|frame| *frame != own).map(str::to_owned);
            for frame in std::iter::once(own.clone()).chain(others) {
                let mut ranked = self.iso8583(name, &dialect, &own, frame);
                if let Some(bytes) = header {
                    ranked.options.push_str(&format!(" --header {bytes}"));
                    ranked.score = ranked.score.saturating_sub(HEADER_PENALTY);
                }
                ranking.push(ranked);
            }
        }
        ranking
    }

    /// The reading of a dialect behind one kind of frame length.
    fn iso8583(&self, name: &str, dialect: &Dialect, own: &str, frame: String) -> Ranked {
        // The dialect's own has a bound of its own, too.
        let other = frame.parse::<FrameName>().ok().filter(|_| frame != own);
        let framing = other.map_or(dialect.framing(), |named| named.0);
        let cut = |rest: &[u8]| match framing.deframe(rest) {
            Ok(Some(frame)) => Some((frame.message, frame.end)),
            Ok(None) | Err(_) => None,
        };
        let attempt = |message: &[u8]| {
            let guess = Guess::of(dialect, message);
            (guess.score, guess.error)
        };
        let is_framed = framing.is_delimited();
        let tried = self.try_all(is_framed, cut, attempt);
        let own =
            if is_framed && frame != own { format!(" --frame {frame}") } else { String::new() };
        let options = format!("--dialect {name}{own}");
        Ranked { dialect: Some(name.to_owned()), frame, ..tried.ranked("iso8583", options) }
    }

    fn smpp(&self) -> Ranked {
        let cut = |rest: &[u8]| {
            let frame = smpp::deframe(rest).ok()??;
            Some((frame.range.clone(), frame.range.end))
        };
        let attempt = |pdu: &[u8]| match smpp::Pdu::decode(pdu) {
            Ok(pdu) if pdu.body.command().name().is_some() => (100, None),
            // Anything with its own length in front looks like a PDU of an unknown command.
            Ok(_) => (DECODES / 2, None),
            Err(error) => (understood(error.offset, pdu.len()), Some(error.into())),
        };
        self.try_all(true, cut, attempt).ranked("smpp", "--protocol smpp".to_owned())
    }

    fn records(&self) -> Ranked {
        let cut = |rest: &[u8]| {
            let record = deframe(rest).ok()??;
            Some((0..record.end, record.end))
        };
        let attempt = |record: &[u8]| match record_json(record) {
            // Nothing in a sealed record can be checked but its length.
            Ok(_) if record.first() == Some(&RecordType::SEALED.0) => (90, None),
            Ok(_) => (100, None),
            Err(error) => (understood(error.offset, record.len()), Some(error)),
        };
        self.try_all(true, cut, attempt).ranked("link", "--protocol link".to_owned())
    }

    fn bodies(&self) -> Ranked {
        let attempt = |body: &[u8]| match body_json(body, Reveal::Masked) {
            Ok(json) if json.contains("\"tag_") => (70, None),
            Ok(_) => (95, None),
            // A body begins with whatever its first byte is: what follows says little of the rest.
            Err(error) => (understood(error.offset, body.len()) / 2, Some(error)),
        };
        let whole = |rest: &[u8]| Some((0..rest.len(), rest.len()));
        let ranked = self.try_all(false, whole, attempt);
        ranked.ranked("link", "--protocol link --body".to_owned())
    }

    /// Cuts every sample into messages and tries each.
    fn try_all(
        &self,
        is_framed: bool,
        cut: impl Fn(&[u8]) -> Option<(std::ops::Range<usize>, usize)>,
        attempt: impl Fn(&[u8]) -> Tried,
    ) -> Tries {
        let mut tries = Tries::default();
        for sample in &self.samples {
            let Cut { messages, is_stream } = sample.cut(is_framed, &cut);
            let tried: Vec<Tried> = messages.into_iter().map(&attempt).collect();
            tries.add(tried, is_stream);
        }
        tries
    }
}

impl Sample {
    fn new(origin: Origin) -> Self {
        Self { bytes: Vec::new(), origin, is_cut: false, is_closed: false }
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = GUESS_BYTES_MAX - self.bytes.len().min(GUESS_BYTES_MAX);
        if !self.is_closed {
            self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
            // What was cut off has no continuation.
            self.is_cut = bytes.len() > room;
            self.is_closed = self.is_cut;
        }
    }

    /// The messages in it; none if it cannot be cut so to its end.
    fn cut(
        &self,
        is_framed: bool,
        cut: impl Fn(&[u8]) -> Option<(std::ops::Range<usize>, usize)>,
    ) -> Cut<'_> {
        let is_open = self.is_cut || self.origin == Origin::Stream;
        if !is_framed {
            let messages = if is_open { Vec::new() } else { vec![self.bytes.as_slice()] };
            return Cut { messages, is_stream: false };
        }
        let mut messages = Vec::new();
        let (mut rest, mut frames) = (self.bytes.as_slice(), 0);
        while let Some((message, end)) = cut(rest).filter(|(_, end)| *end > 0) {
            if !message.is_empty() {
                messages.push(&rest[message]);
            }
            frames += 1;
            rest = &rest[end..];
        }
        let is_single = frames == 1 && rest.is_empty();
        match self.origin {
            Origin::Line if !is_single => Cut::default(),
            _ if !rest.is_empty() && !is_open => Cut::default(),
            Origin::Block => Cut { messages, is_stream: !is_single },
            Origin::Line | Origin::Stream => Cut { messages, is_stream: false },
        }
    }
}
