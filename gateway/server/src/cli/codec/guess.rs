//! `tillgate decode --guess`: which wire, dialect and frame length bytes of unknown origin have.
//!
//! Every reading is tried on every message, or on the beginning of every stream. A reading's score is
//! the mean over them: 100 reads everything and looks right in every way, below 60 something does
//! not decode.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use tillgate_codec::iso8583::{Dialect, ErrorJson, FrameCoding, Guess, Reveal};
use tillgate_codec::link::record::{RecordType, deframe};
use tillgate_codec::link::render::{body_json, record_json};
use tillgate_codec::smpp;

use super::FrameName;
use super::input::Piece;
use super::limits::{GUESS_BYTES_MAX, GUESS_ROWS_MAX, GUESS_SAMPLES_MAX};
use super::out::{Out, Stop};
use super::place::Place;
use crate::exit::Failure;

/// How a ranking is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Table,
    Json,
}

/// A message, or the beginning of a stream.
struct Sample {
    bytes: Vec<u8>,
    is_stream: bool,
    /// Bytes that follow are not its continuation.
    is_closed: bool,
}

/// Collects what is guessed about.
#[derive(Default)]
pub(super) struct Guessing {
    samples: Vec<Sample>,
    lanes: FxHashMap<u64, usize>,
}

/// A way to read everything that was given, and how well it does.
struct Ranked {
    /// What to give `tillgate decode`.
    options: String,
    protocol: &'static str,
    dialect: Option<String>,
    frame: String,
    score: u8,
    messages: usize,
    decoded: usize,
    error: Option<ErrorJson>,
}

/// One message tried: its score, and what is wrong.
type Tried = (u8, Option<ErrorJson>);

/// Score from which on a message decodes; as that of [`Guess`].
const DECODES: u8 = 60;
/// The most that a message gets that does not decode.
const UNDERSTOOD_MAX: usize = 40;
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

impl Guessing {
    /// Takes what there is to guess about; more than enough is left out.
    pub(super) fn take(&mut self, piece: Piece) -> Result<(), Stop> {
        match piece {
            Piece::Whole { bytes, .. } => self.sample(&bytes, false),
            Piece::Next { lane, bytes, .. } => match self.lanes.get(&lane) {
                Some(index) => self.samples[*index].add(&bytes),
                None if self.samples.len() < GUESS_SAMPLES_MAX => {
                    self.lanes.insert(lane, self.samples.len());
                    self.sample(&bytes, true);
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
                let kind = kind.to_owned();
                let error = ErrorJson { kind, field: None, subfield: None, offset: 0, message };
                let mut out = Out::new();
                out.error(&Place::default(), &error)?;
                return out.end(serde_json::Map::new());
            }
        }
        Ok(())
    }

    fn sample(&mut self, bytes: &[u8], is_stream: bool) {
        if self.samples.len() < GUESS_SAMPLES_MAX {
            let mut sample = Sample { bytes: Vec::new(), is_stream, is_closed: false };
            sample.add(bytes);
            self.samples.push(sample);
        }
    }

    /// Shows every reading, best first.
    pub(super) fn rank(self, dialects: &[(String, Dialect)], shown: Shown) -> Result<(), Stop> {
        self.samples
            .iter()
            .find(|sample| !sample.bytes.is_empty())
            .ok_or_else(|| Failure::refused("there are no bytes to guess about"))?;
        let mut ranking = vec![self.smpp(), self.records(), self.bodies()];
        for (name, dialect) in dialects {
            let own = FrameName(dialect.framing()).to_string();
            let others = FRAMES.into_iter().filter(|frame| *frame != own).map(str::to_owned);
            let frames = std::iter::once(own.clone()).chain(others);
            ranking.extend(frames.map(|frame| self.iso8583(name, dialect, &own, frame)));
        }
        ranking.retain(|ranked| ranked.messages > 0);
        // The sort is stable: of equals, the dialect's own frame length stays first.
        ranking.sort_by_key(|ranked| std::cmp::Reverse(ranked.score));
        let mut out = Out::new();
        match shown {
            Shown::Json => {
                ranking.iter().try_for_each(|ranked| out.text(&ranked.json().to_string()))?;
            }
            Shown::Table => table(&ranking, &mut out)?,
        }
        out.flush()?;
        if ranking.first().is_some_and(|best| best.decoded > 0) {
            return Ok(());
        }
        let text = "nothing reads these bytes; what comes closest is named first";
        Err(Failure::refused(text).into())
    }

    /// The reading of a dialect behind one kind of frame length.
    fn iso8583(&self, name: &str, dialect: &Dialect, own: &str, frame: String) -> Ranked {
        let framing = frame.parse::<FrameName>().map_or(dialect.framing(), |named| named.0);
        let cut = |rest: &[u8]| match framing.deframe(rest) {
            Ok(Some(frame)) => Some((frame.message, frame.end)),
            Ok(None) | Err(_) => None,
        };
        let attempt = |message: &[u8]| {
            let guess = Guess::of(dialect, message);
            (guess.score, guess.error)
        };
        let is_framed = framing.coding != FrameCoding::None;
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
            Err(error) => (understood(error.offset, body.len()), Some(error)),
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
            let messages = sample.cut(is_framed, &cut);
            let tried: Vec<Tried> = messages.into_iter().map(&attempt).collect();
            tries.add(tried);
        }
        tries
    }
}

impl Sample {
    fn add(&mut self, bytes: &[u8]) {
        let room = GUESS_BYTES_MAX - self.bytes.len().min(GUESS_BYTES_MAX);
        if !self.is_closed {
            self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
            // What was cut off has no continuation.
            self.is_closed = bytes.len() > room;
            self.is_stream |= self.is_closed;
        }
    }

    /// The messages in it; none if it cannot be cut so to its end.
    fn cut(
        &self,
        is_framed: bool,
        cut: impl Fn(&[u8]) -> Option<(std::ops::Range<usize>, usize)>,
    ) -> Vec<&[u8]> {
        if !is_framed {
            return if self.is_stream { Vec::new() } else { vec![&self.bytes] };
        }
        let mut messages = Vec::new();
        let mut rest = self.bytes.as_slice();
        while let Some((message, end)) = cut(rest).filter(|(_, end)| *end > 0) {
            if !message.is_empty() {
                messages.push(&rest[message]);
            }
            rest = &rest[end..];
        }
        if rest.is_empty() || self.is_stream { messages } else { Vec::new() }
    }
}

/// All messages tried with one reading.
#[derive(Default)]
struct Tries {
    samples: usize,
    /// Sum of the mean scores of all samples.
    scores: usize,
    messages: usize,
    decoded: usize,
    error: Option<ErrorJson>,
}

impl Tries {
    fn add(&mut self, tried: Vec<Tried>) {
        self.samples += 1;
        let sum: usize = tried.iter().map(|(score, _)| usize::from(*score)).sum();
        self.scores += sum / tried.len().max(1);
        self.messages += tried.len();
        self.decoded += tried.iter().filter(|(score, _)| *score >= DECODES).count();
        let first = tried.into_iter().find_map(|(_, error)| error);
        self.error = self.error.take().or(first);
    }

    fn ranked(self, protocol: &'static str, options: String) -> Ranked {
        let score = u8::try_from(self.scores / self.samples.max(1)).unwrap_or(100);
        let Self { messages, decoded, error, .. } = self;
        let (dialect, frame) = (None, String::new());
        Ranked { options, protocol, dialect, frame, score, messages, decoded, error }
    }
}

/// The score of a message that was understood up to that offset.
fn understood(offset: usize, length: usize) -> u8 {
    let share = offset * UNDERSTOOD_MAX / length.max(1);
    u8::try_from(share.min(UNDERSTOOD_MAX)).unwrap_or(0)
}

impl Ranked {
    fn json(&self) -> Value {
        let mut json = json!({ "score": self.score, "protocol": self.protocol });
        if let Some(dialect) = &self.dialect {
            json["dialect"] = dialect.as_str().into();
            json["frame"] = self.frame.as_str().into();
        }
        json["options"] = self.options.as_str().into();
        json["messages"] = self.messages.into();
        json["decoded"] = self.decoded.into();
        if let Some(error) = &self.error {
            let error: Value = serde_json::from_str(&error.to_string()).unwrap_or_default();
            json["error"] = error["error"].clone();
        }
        json
    }

    /// What a person reads: how it is framed, and what is wrong.
    fn notes(&self) -> String {
        let framed = match self.frame.as_str() {
            "" => String::new(),
            "none" => "unframed".to_owned(),
            frame => format!("behind {frame}"),
        };
        match &self.error {
            None => framed,
            Some(error) if framed.is_empty() => error.message.clone(),
            Some(error) => format!("{framed}; {}", error.message),
        }
    }
}

fn table(ranking: &[Ranked], out: &mut Out) -> Result<(), Stop> {
    out.text(&format!("{:>5}  {:<40}  {:>9}  notes", "score", "tillgate decode ...", "decoded"))?;
    for ranked in ranking.iter().take(GUESS_ROWS_MAX) {
        let decoded = format!("{} of {}", ranked.decoded, ranked.messages);
        let (score, options, notes) = (ranked.score, &ranked.options, ranked.notes());
        let line = format!("{score:>5}  {options:<40}  {decoded:>9}  {notes}");
        out.text(line.trim_end())?;
    }
    match ranking.len().saturating_sub(GUESS_ROWS_MAX) {
        0 => Ok(()),
        more => out.text(&format!("       and {more} more, none of them better; --json lists all")),
    }
}
