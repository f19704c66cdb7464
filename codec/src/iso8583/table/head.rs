//! What a table says of the whole message: frame, headers, MTI, bitmaps and defaults.

use super::reader::{Given, Section, Wrong};
use super::row::{Fillers, fillers};
use crate::iso8583::constant::Constant;
use crate::iso8583::dialect::{Header, HeaderLength, Leading};
use crate::iso8583::framing::{Around, Framing};
use crate::iso8583::limits::{HEADER_BYTES_MAX, MESSAGE_BYTES_MAX, RESERVED_BYTES_MAX};
use crate::iso8583::schema::{Coding, FrameCoding, Kind, PrefixCoding, Side, Sign, Unit, Word};

/// What rows fall back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults {
    pub(super) numeric: Coding,
    pub(super) track: Coding,
    pub(super) text: Coding,
    pub(super) binary: Coding,
    pub(super) length: PrefixCoding,
    pub(super) unit: Unit,
    pub(super) pad: Side,
    pub(super) pad_variable: Side,
    pub(super) digit: Fillers,
    pub(super) sign: Sign,
}

/// Everything of a table but its fields.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) framing: Framing,
    pub(super) tpdu: Leading,
    pub(super) header: Header,
    pub(super) mti: Coding,
    pub(super) bitmap: Coding,
    pub(super) bitmaps: usize,
    pub(super) version: Option<u8>,
    pub(super) defaults: Defaults,
}

const KEYS: &str = "name, about, base, frame, tpdu, header, header_starts, mti, bitmap, bitmaps, \
                    version, defaults, fields";
const FRAME_KEYS: &str = "length, bytes, counts_itself, max, before, reserved, start, end, lrc, \
                          counts_ends";
const DEFAULT_KEYS: &str =
    "numeric, track, text, binary, length, unit, pad, pad_variable, digit, sign";

impl Head {
    /// What holds where neither table nor base says anything: everything in ASCII.
    pub(super) fn plain() -> Self {
        Self {
            name: String::new(),
            about: String::new(),
            framing: Framing {
                message_bytes_max: 8_192,
                ..Framing::of(FrameCoding::Binary, 2, false)
            },
            tpdu: Leading::Never,
            header: Header { length: HeaderLength::Fixed(0), starts: Constant::default() },
            mti: Coding::Ascii,
            bitmap: Coding::Hex,
            bitmaps: 2,
            version: None,
            defaults: Defaults {
                numeric: Coding::Ascii,
                track: Coding::Ascii,
                text: Coding::Ascii,
                binary: Coding::Hex,
                length: PrefixCoding::Ascii,
                unit: Unit::Digits,
                pad: Side::Left,
                pad_variable: Side::Right,
                digit: Fillers::ZERO,
                sign: Sign::Byte,
            },
        }
    }

    /// This table's head over the base's.
    pub(super) fn read(section: &Section<'_>, base: Self) -> Result<Self, Wrong> {
        section.only(KEYS)?;
        let Some(name) = section.string("name")? else {
            return Err(Wrong::new(section.span(), "the table needs a `name`"));
        };
        if name.value.is_empty() {
            return Err(Wrong::new(name.span, "`name` is empty"));
        }
        let version = section.number("version", 0..=9)?.and_then(|v| u8::try_from(v.value).ok());
        Ok(Self {
            name: name.value,
            about: section.string("about")?.map_or_else(String::new, |about| about.value),
            framing: match section.section("frame")? {
                Some(frame) => framing(&frame, base.framing)?,
                None => base.framing,
            },
            tpdu: tpdu(section, base.tpdu)?,
            header: header(section, base.header)?,
            mti: one_of(section, "mti", base.mti, Kind::Numeric)?,
            bitmap: one_of(section, "bitmap", base.bitmap, Kind::Binary)?,
            bitmaps: or(section.number("bitmaps", 1..=3)?, base.bitmaps),
            version: version.map(|digit| b'0' + digit).or(base.version),
            defaults: match section.section("defaults")? {
                Some(defaults) => read_defaults(&defaults, base.defaults)?,
                None => base.defaults,
            },
        })
    }
}

/// `true`, `false` or `"optional"`.
fn tpdu(section: &Section<'_>, base: Leading) -> Result<Leading, Wrong> {
    if section.is_text("tpdu") {
        let parse = |text: &str| (text == "optional").then_some(Leading::Optional);
        let wrong = |_: &str| "`tpdu` is expected to be true, false or \"optional\"".to_owned();
        return Ok(or(section.parsed("tpdu", parse, wrong)?, base));
    }
    let given = section.flag("tpdu")?;
    Ok(given.map_or(base, |given| if given.value { Leading::Always } else { Leading::Never }))
}

/// A number of bytes, or `"counted"`; and how it begins if it may be left out.
fn header(section: &Section<'_>, base: Header) -> Result<Header, Wrong> {
    let mut header = base;
    if section.is_text("header") {
        let parse = |text: &str| (text == "counted").then_some(HeaderLength::Counted);
        let wrong = |_: &str| {
            format!(
                "`header` is expected to be a number from 0 to {HEADER_BYTES_MAX} or \"counted\""
            )
        };
        header.length = or(section.parsed("header", parse, wrong)?, header.length);
    } else if let Some(given) = section.number("header", 0..=HEADER_BYTES_MAX)? {
        header.length = HeaderLength::Fixed(given.value);
        header.starts = Constant::default();
    }
    if let Some(given) = section.constant("header_starts")? {
        let fits = match header.length {
            HeaderLength::Fixed(bytes) => given.value.len() <= bytes,
            HeaderLength::Counted => true,
        };
        if !fits {
            let message = "`header_starts` has more bytes than the header";
            return Err(Wrong::new(given.span, message));
        }
        header.starts = given.value;
    }
    Ok(header)
}

/// The value given, or another.
pub(super) fn or<T>(given: Option<Given<T>>, other: T) -> T {
    given.map_or(other, |given| given.value)
}

/// An encoding among those that values of this type have.
fn one_of(section: &Section<'_>, key: &str, other: Coding, kind: Kind) -> Result<Coding, Wrong> {
    match section.word(key)? {
        Some(given) => among(&given, key, |coding| coding.carries(kind)),
        None => Ok(other),
    }
}

/// The encoding given, if it is one of those allowed.
pub(super) fn among(
    given: &Given<Coding>,
    key: &str,
    allowed: impl Fn(Coding) -> bool,
) -> Result<Coding, Wrong> {
    if allowed(given.value) {
        return Ok(given.value);
    }
    let words = Coding::words(allowed);
    let message = format!("`{key}` cannot have this encoding; allowed: {words}");
    Err(Wrong::new(given.span.clone(), message))
}

fn framing(section: &Section<'_>, base: Framing) -> Result<Framing, Wrong> {
    section.only(FRAME_KEYS)?;
    let coding = or(section.word::<FrameCoding>("length")?, base.coding);
    let bytes = section.number("bytes", 1..=8)?;
    let bytes_span = bytes.as_ref().and_then(|bytes| bytes.span.clone());
    let usual = match coding {
        FrameCoding::None => 0,
        FrameCoding::Binary | FrameCoding::Bcd => 2,
        FrameCoding::Ascii => 4,
    };
    let framing = Framing {
        coding,
        bytes: if coding == FrameCoding::None { 0 } else { or(bytes, usual) },
        counts_itself: or(section.flag("counts_itself")?, base.counts_itself),
        message_bytes_max: or(
            section.number("max", 1..=MESSAGE_BYTES_MAX)?,
            base.message_bytes_max,
        ),
        around: around(section, base.around)?,
    };
    let places_max = if coding == FrameCoding::Bcd { 4 } else { 8 };
    if framing.bytes > places_max {
        let message = format!("at most {places_max} bytes of this encoding make a length");
        return Err(Wrong::new(bytes_span, message));
    }
    let Around { before, reserved, start, end, lrc, .. } = framing.around;
    let is_bare = coding == FrameCoding::None;
    if is_bare && (!before.is_empty() || reserved > 0) {
        let message = "`before` and `reserved` need a length, and there is none";
        return Err(Wrong::new(section.span(), message));
    }
    if is_bare && end.is_empty() && (lrc || !start.is_empty()) {
        let message = "without a length the frame needs an `end`";
        return Err(Wrong::new(section.span(), message));
    }
    Ok(framing)
}

fn around(section: &Section<'_>, base: Around) -> Result<Around, Wrong> {
    Ok(Around {
        before: or(section.constant("before")?, base.before),
        reserved: or(section.number("reserved", 0..=RESERVED_BYTES_MAX)?, base.reserved),
        start: or(section.constant("start")?, base.start),
        end: or(section.constant("end")?, base.end),
        lrc: or(section.flag("lrc")?, base.lrc),
        counts_ends: or(section.flag("counts_ends")?, base.counts_ends),
    })
}

fn read_defaults(section: &Section<'_>, base: Defaults) -> Result<Defaults, Wrong> {
    section.only(DEFAULT_KEYS)?;
    Ok(Defaults {
        numeric: one_of(section, "numeric", base.numeric, Kind::Numeric)?,
        track: one_of(section, "track", base.track, Kind::Track)?,
        text: one_of(section, "text", base.text, Kind::Text)?,
        binary: one_of(section, "binary", base.binary, Kind::Binary)?,
        length: or(section.word("length")?, base.length),
        unit: or(section.word("unit")?, base.unit),
        pad: or(section.word("pad")?, base.pad),
        pad_variable: or(section.word("pad_variable")?, base.pad_variable),
        digit: or(fillers(section)?, base.digit),
        sign: or(section.word("sign")?, base.sign),
    })
}
