//! How well a reading does, and how a ranking is shown.

use serde_json::{Value, json};
use tillgate_codec::iso8583::ErrorJson;

use crate::limits::GUESS_ROWS_MAX;
use crate::out::{Out, Stop};

/// A way to read everything that was given, and how well it does.
pub(super) struct Ranked {
    /// What to give `tillgate decode`.
    pub(super) options: String,
    pub(super) protocol: &'static str,
    pub(super) dialect: Option<String>,
    pub(super) frame: String,
    pub(super) score: u8,
    pub(super) messages: usize,
    pub(super) decoded: usize,
    pub(super) error: Option<ErrorJson>,
}

/// One message tried: its score, and what is wrong.
pub(super) type Tried = (u8, Option<ErrorJson>);

/// Score from which on a message decodes; as that of [`Guess`](tillgate_codec::iso8583::Guess).
pub(super) const DECODES: u8 = 60;
/// The most that a message gets that does not decode.
const UNDERSTOOD_MAX: usize = 40;
/// All messages tried with one reading.
#[derive(Default)]
pub(super) struct Tries {
    samples: usize,
    /// Sum of the mean scores of all samples.
    scores: usize,
    messages: usize,
    decoded: usize,
    is_stream: bool,
    error: Option<ErrorJson>,
}

impl Tries {
    /// Adds the messages of a sample, and whether it is to be decoded as a stream.
    pub(super) fn add(&mut self, tried: Vec<Tried>, is_stream: bool) {
        self.samples += 1;
        self.is_stream |= is_stream;
        let sum: usize = tried.iter().map(|(score, _)| usize::from(*score)).sum();
        self.scores += sum / tried.len().max(1);
        self.messages += tried.len();
        self.decoded += tried.iter().filter(|(score, _)| *score >= DECODES).count();
        let first = tried.into_iter().find_map(|(_, error)| error);
        self.error = self.error.take().or(first);
    }

    pub(super) fn ranked(self, protocol: &'static str, mut options: String) -> Ranked {
        if self.is_stream {
            options.push_str(" --stream");
        }
        let score = u8::try_from(self.scores / self.samples.max(1)).unwrap_or(100);
        let Self { messages, decoded, error, .. } = self;
        let (dialect, frame) = (None, String::new());
        Ranked { options, protocol, dialect, frame, score, messages, decoded, error }
    }
}

/// The score of a message that was understood up to that offset.
pub(super) fn understood(offset: usize, length: usize) -> u8 {
    let share = offset * UNDERSTOOD_MAX / length.max(1);
    u8::try_from(share.min(UNDERSTOOD_MAX)).unwrap_or(0)
}

impl Ranked {
    pub(super) fn json(&self) -> Value {
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

pub(super) fn table(ranking: &[Ranked], out: &mut Out<'_>) -> Result<(), Stop> {
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
