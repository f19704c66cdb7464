//! `CON` and `END`: the answers of a USSD application over HTTP, as most aggregators want them.

/// The outcome of the session after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Turn {
    /// `CON`: the subscriber is to answer.
    Continue,
    /// `END`: it is over.
    End,
}

impl Turn {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Continue => "CON",
            Self::End => "END",
        }
    }
}

/// An answer: a word, a space, a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Whether the session goes on.
    pub turn: Turn,
    /// What the subscriber reads.
    pub text: &'a str,
}

/// A body begins with neither `CON` nor `END`; aggregators end the session for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("CON or END is expected at offset {offset}")]
pub struct ReplyError {
    /// Where the word should be in the body, in bytes.
    pub offset: usize,
}

impl<'a> Reply<'a> {
    /// Appends the body to `out`.
    pub fn encode(&self, out: &mut String) {
        out.push_str(self.turn.word());
        out.push(' ');
        out.push_str(self.text);
    }

    /// Reads a body: white space before the word, either case, and a line feed instead of the space
    /// are taken as well.
    ///
    /// # Errors
    /// [`ReplyError`] when the body begins with another word.
    pub fn decode(body: &'a str) -> Result<Self, ReplyError> {
        let start = body.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
        let wrong = ReplyError { offset: body.len() - start.len() };
        let (word, rest) = start.split_at_checked(3).ok_or(wrong)?;
        let turn = [Turn::Continue, Turn::End]
            .into_iter()
            .find(|turn| word.eq_ignore_ascii_case(turn.word()))
            .ok_or(wrong)?;
        match rest.chars().next() {
            None => Ok(Self { turn, text: rest }),
            Some(separator) if separator.is_whitespace() => {
                Ok(Self { turn, text: &rest[separator.len_utf8()..] })
            }
            Some(_) => Err(wrong),
        }
    }
}

/// What the subscriber has just entered, where the aggregator sends all inputs of the session
/// joined by `*`: `now` without `before`.
///
/// Splitting at the last `*` would be wrong, because an input may contain one. A text that does not
/// continue the last one is taken as it is.
#[must_use]
pub fn newest_input<'a>(before: &str, now: &'a str) -> &'a str {
    match now.strip_prefix(before) {
        Some(rest) if before.is_empty() => rest,
        Some("") => "",
        Some(rest) => rest.strip_prefix('*').unwrap_or(now),
        None => now,
    }
}
