//! The words of a dialect table: types, encodings, units, sides.

/// A closed set of words that a table may use for a key.
pub(crate) trait Word: Copy + 'static {
    /// What the word says, for error messages: `"an encoding"`.
    const WHAT: &'static str;
    /// Every word with its meaning.
    const ALL: &'static [(&'static str, Self)];

    /// The meaning of a word.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
    }

    /// The word for a meaning.
    fn text(self) -> &'static str
    where
        Self: PartialEq,
    {
        Self::ALL.iter().find(|(_, meaning)| *meaning == self).map_or("", |(word, _)| *word)
    }

    /// Every word, for error messages.
    fn allowed() -> String {
        Self::ALL.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
    }
}

/// Type of a field, the standard's letters (ISO 8583:1987 section 4.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// `n`: decimal digits.
    Numeric,
    /// `x+n`: `C` or `D`, then digits. The sign is one of the units.
    Signed,
    /// `z`: track 2 and 3 code set, `0` to `?` of ISO 7813; packed, any nibble with `D` for `=`.
    Track,
    /// `a`: letters and space.
    Alpha,
    /// `an`: letters, digits and space.
    Alphanumeric,
    /// `ans`: printable characters.
    Printable,
    /// `text`: any byte; shown as ISO 8859-1.
    Text,
    /// `b`: binary; the length counts bytes.
    Binary,
}

impl Word for Kind {
    const WHAT: &'static str = "a type";
    const ALL: &'static [(&'static str, Self)] = &[
        ("n", Self::Numeric),
        ("x+n", Self::Signed),
        ("z", Self::Track),
        ("a", Self::Alpha),
        ("an", Self::Alphanumeric),
        ("ans", Self::Printable),
        ("text", Self::Text),
        ("b", Self::Binary),
    ];
}

/// How values, MTI and bitmaps travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Coding {
    /// One character a byte, ASCII.
    Ascii,
    /// One character a byte, EBCDIC code page 037.
    Cp037,
    /// One character a byte, EBCDIC code page 500 (International).
    Cp500,
    /// One character a byte, EBCDIC code page 1047 (Open Systems).
    Cp1047,
    /// One character a byte, EBCDIC code page 1140: 037 with the euro sign.
    Cp1140,
    /// Two digits a byte.
    Bcd,
    /// As it is.
    Binary,
    /// Two upper-case hexadecimal digits a byte, ASCII.
    Hex,
    /// Two lower-case hexadecimal digits a byte, ASCII.
    HexLower,
    /// Two upper-case hexadecimal digits a byte, EBCDIC.
    HexEbcdic,
}

impl Word for Coding {
    const WHAT: &'static str = "an encoding";
    const ALL: &'static [(&'static str, Self)] = &[
        ("ascii", Self::Ascii),
        ("cp037", Self::Cp037),
        ("cp500", Self::Cp500),
        ("cp1047", Self::Cp1047),
        ("cp1140", Self::Cp1140),
        ("bcd", Self::Bcd),
        ("binary", Self::Binary),
        ("hex", Self::Hex),
        ("hex-lower", Self::HexLower),
        ("ebcdic-hex", Self::HexEbcdic),
    ];
}

impl Coding {
    /// Whether the encoding has one byte a character.
    pub(crate) const fn is_characters(self) -> bool {
        matches!(self, Self::Ascii) || self.is_ebcdic()
    }

    /// Whether the encoding has one EBCDIC character a byte.
    pub(crate) const fn is_ebcdic(self) -> bool {
        matches!(self, Self::Cp037 | Self::Cp500 | Self::Cp1047 | Self::Cp1140)
    }

    /// Whether the encoding has two hexadecimal digits a byte.
    pub(crate) const fn is_hex(self) -> bool {
        matches!(self, Self::Hex | Self::HexLower | Self::HexEbcdic)
    }

    /// Whether a value of this type may travel so.
    pub(crate) const fn carries(self, kind: Kind) -> bool {
        match kind {
            Kind::Numeric | Kind::Signed | Kind::Track => {
                self.is_characters() || matches!(self, Self::Bcd)
            }
            Kind::Alpha | Kind::Alphanumeric | Kind::Printable | Kind::Text => self.is_characters(),
            Kind::Binary => matches!(self, Self::Binary) || self.is_hex(),
        }
    }
}

/// How the length of a variable field travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PrefixCoding {
    /// Digits, one ASCII character each.
    Ascii,
    /// Digits, two a byte; `LLL` takes two bytes.
    Bcd,
    /// A big-endian number in as many bytes as BCD would take.
    Binary,
    /// Digits, one EBCDIC character each.
    Ebcdic,
}

impl Word for PrefixCoding {
    const WHAT: &'static str = "an encoding of a length";
    const ALL: &'static [(&'static str, Self)] = &[
        ("ascii", Self::Ascii),
        ("bcd", Self::Bcd),
        ("binary", Self::Binary),
        ("ebcdic", Self::Ebcdic),
    ];
}

/// What a length prefix counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// Digits or characters of the value; of binary sent as text, its hexadecimal digits.
    Digits,
    /// Bytes of the packed value; of binary sent as text, the bytes that the text stands for.
    Bytes,
}

impl Word for Unit {
    const WHAT: &'static str = "a unit of length";
    const ALL: &'static [(&'static str, Self)] =
        &[("digits", Self::Digits), ("bytes", Self::Bytes)];
}

/// A side, of padding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    /// Before the value.
    Left,
    /// After the value.
    Right,
}

impl Word for Side {
    const WHAT: &'static str = "a side";
    const ALL: &'static [(&'static str, Self)] = &[("left", Self::Left), ("right", Self::Right)];
}

/// How the sign of an `x+n` field travels when its digits are packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sign {
    /// As an ASCII letter in a byte of its own before the digits.
    Byte,
    /// As an EBCDIC letter in a byte of its own before the digits.
    EbcdicByte,
    /// As the first nibble, hexadecimal C or D.
    Nibble,
}

impl Word for Sign {
    const WHAT: &'static str = "a form of sign";
    const ALL: &'static [(&'static str, Self)] =
        &[("byte", Self::Byte), ("ebcdic-byte", Self::EbcdicByte), ("nibble", Self::Nibble)];
}

/// What a printed form hides of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mask {
    /// Nothing.
    Shown,
    /// All but the first six and last four digits (PCI DSS 3.4.1).
    Pan,
    /// The card number as [`Mask::Pan`] does, and everything after it.
    Track,
    /// Everything.
    Secret,
}

impl Word for Mask {
    const WHAT: &'static str = "a mask";
    const ALL: &'static [(&'static str, Self)] = &[
        ("none", Self::Shown),
        ("pan", Self::Pan),
        ("track", Self::Track),
        ("secret", Self::Secret),
    ];
}

/// How sub-fields lie in a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LayoutWord {
    Positional,
    Bitmap,
    Tlv,
    Ber,
}

impl Word for LayoutWord {
    const WHAT: &'static str = "a layout";
    const ALL: &'static [(&'static str, Self)] = &[
        ("positional", Self::Positional),
        ("bitmap", Self::Bitmap),
        ("tlv", Self::Tlv),
        ("ber", Self::Ber),
    ];
}

/// How the length before a whole message travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameCoding {
    /// No length: the transport keeps message boundaries.
    None,
    /// Big-endian number.
    Binary,
    /// Digits, two a byte.
    Bcd,
    /// Digits, one ASCII character each.
    Ascii,
}

impl Word for FrameCoding {
    const WHAT: &'static str = "an encoding of the frame length";
    const ALL: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("binary", Self::Binary),
        ("bcd", Self::Bcd),
        ("ascii", Self::Ascii),
    ];
}
