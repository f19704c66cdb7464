//! Which dialect bytes of unknown origin are likely to be.

use super::decode::fields::Fields;
use super::dialect::Dialect;
use super::error::DecodeError;
use super::error_json::ErrorJson;
use super::mti::Mti;
use super::tpdu::TPDU_ID;

/// One dialect tried on the bytes.
#[derive(Debug, Clone)]
pub struct Guess {
    /// Name of the dialect.
    pub dialect: String,
    /// Whether the bytes were taken with a frame length before them.
    pub framed: bool,
    /// 0 to 100: 100 decodes and looks like a message in every way; below 50 it does not decode.
    pub score: u8,
    /// What is wrong, where it does not decode.
    pub error: Option<ErrorJson>,
}

/// Score of bytes that decode, before what speaks for or against them.
const DECODES: u8 = 60;
/// The most that they get more, for the share of them that was understood behind the headers.
const UNDERSTOOD_MAX: usize = 32;
/// The most that bytes get whose beginning is none.
const NOT_BEGUN_MAX: usize = 4;

/// Tries every dialect, with and without frame length; the likeliest first.
#[must_use]
pub fn guess(bytes: &[u8], dialects: &[Dialect]) -> Vec<Guess> {
    let mut guesses = Vec::with_capacity(dialects.len() * 2);
    for dialect in dialects {
        guesses.push(attempt(dialect, bytes, 0));
        if let Ok(Some(frame)) = dialect.framing().deframe(bytes)
            && frame.message.start > 0
            && frame.end == bytes.len()
        {
            guesses.push(attempt(dialect, bytes, frame.message.start));
        }
    }
    // The sort is stable: of equals, the dialect named first stays first.
    guesses.sort_by_key(|guess| std::cmp::Reverse(guess.score));
    guesses
}

impl Guess {
    /// What bytes get that do not decode, if their beginning looks like one of a message.
    pub(crate) const BEGINS: u8 = 8;

    /// Tries one dialect on one message without its frame length.
    #[must_use]
    pub fn of(dialect: &Dialect, message: &[u8]) -> Self {
        attempt(dialect, message, 0)
    }
}

fn attempt(dialect: &Dialect, bytes: &[u8], start: usize) -> Guess {
    let mut fields = Fields::new();
    let message = bytes.get(start..).unwrap_or(&[]);
    let (score, error) = match dialect.decode(message, &mut fields) {
        Ok(()) => (likeness(dialect, &fields, message), None),
        Err(error) => {
            let score = understood(dialect, &fields, &error, message.len());
            let error = ErrorJson::of_decoding(dialect, &error.at(error.offset() + start));
            (score, Some(error))
        }
    };
    Guess { dialect: dialect.name().to_owned(), framed: start > 0, score, error }
}

/// How much of a message that does not decode was understood. Bytes of TPDU and header say nothing,
/// since any would do; what does not belong to the dialect halves the rest.
fn understood(dialect: &Dialect, fields: &Fields, error: &DecodeError, length: usize) -> u8 {
    let is_begun = error.field() > Some(1) || error.is_behind();
    let body = fields.body();
    let (done, all) = if is_begun {
        (error.offset().saturating_sub(body), length.saturating_sub(body).max(1))
    } else {
        (error.offset(), length.max(1))
    };
    let points = if is_begun {
        usize::from(Guess::BEGINS) + (done * UNDERSTOOD_MAX / all).min(UNDERSTOOD_MAX)
    } else {
        (done * NOT_BEGUN_MAX / all).min(NOT_BEGUN_MAX)
    };
    let mti = fields.mti();
    let signs = [
        is_tpdu(fields),
        is_tpdu(fields),
        !is_begun || dialect.version.is_none_or(|version| version == mti.version()),
        !is_begun || is_known_version(mti),
        !is_begun || is_known_class(mti),
        !is_begun || has_known_ends(mti),
    ];
    let wrong = signs.iter().filter(|holds| !**holds).count();
    u8::try_from(points >> wrong).unwrap_or(0)
}

/// How much a message that decodes looks like one: its type, its TPDU, the fields that every
/// transaction has, how many of its bytes were checked digits rather than opaque.
fn likeness(dialect: &Dialect, fields: &Fields, message: &[u8]) -> u8 {
    let mti = fields.mti();
    let version = dialect.version.unwrap_or(mti.version());
    let signs = [
        (mti.version() == version, 12),
        (is_known_version(mti), 4),
        (is_known_class(mti), 4),
        (has_known_ends(mti), 4),
        (fields.has(11), 5),
        (fields.has(3) || mti.class() == b'8', 1),
        (is_tpdu(fields), 8),
        (checked_share(dialect, fields, message) >= 50, 2),
    ];
    DECODES + signs.iter().filter(|(holds, _)| *holds).map(|(_, points)| points).sum::<u8>()
}

fn is_tpdu(fields: &Fields) -> bool {
    fields.tpdu().is_none_or(|tpdu| tpdu.0[0] == TPDU_ID)
}

fn is_known_version(mti: Mti) -> bool {
    matches!(mti.version(), b'0'..=b'2')
}

fn is_known_class(mti: Mti) -> bool {
    matches!(mti.class(), b'1'..=b'6' | b'8')
}

/// Whether function and origin are among those that the standard has.
fn has_known_ends(mti: Mti) -> bool {
    matches!(mti.0[2], b'0'..=b'5') && matches!(mti.0[3], b'0'..=b'5')
}

/// Per cent of the message's bytes that lie in fields whose characters are checked.
fn checked_share(dialect: &Dialect, fields: &Fields, message: &[u8]) -> usize {
    let checked = |number: &u8| dialect.plan(*number).is_some_and(|plan| !plan.is_opaque());
    let numbers = fields.numbers().filter(checked);
    let bytes =
        numbers.filter_map(|number| fields.span(number)).map(|span| usize::from(span.bytes));
    bytes.sum::<usize>() * 100 / message.len().max(1)
}
