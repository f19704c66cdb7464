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

    /// The words of these meanings, for error messages.
    fn words(allowed: impl Fn(Self) -> bool) -> String {
        let words = Self::ALL.iter().filter(|(_, meaning)| allowed(*meaning));
        words.map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
    }
}

/// Declares such sets: each variant with its word.
macro_rules! words {
    ($(
        $(#[$outer:meta])*
        $visible:vis enum $Set:ident, $what:literal {
            $($(#[$inner:meta])* $Variant:ident = $word:literal,)+
        }
    )+) => {$(
        $(#[$outer])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        $visible enum $Set {
            $($(#[$inner])* $Variant,)+
        }

        impl Word for $Set {
            const WHAT: &'static str = $what;
            const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$Variant)),+];
        }
    )+};
}

words! {
    /// Type of a field, the standard's letters (ISO 8583:1987 section 4.3).
    pub(crate) enum Kind, "a type" {
        /// `n`: decimal digits.
        Numeric = "n",
        /// `x+n`: `C` or `D`, then digits. The sign is one of the units.
        Signed = "x+n",
        /// `z`: track 2 and 3 code set, `0` to `?` of ISO 7813; packed, any nibble with `D` for `=`.
        Track = "z",
        /// `a`: letters and space.
        Alpha = "a",
        /// `an`: letters, digits and space.
        Alphanumeric = "an",
        /// `ans`: printable characters.
        Printable = "ans",
        /// `text`: any byte; shown as ISO 8859-1.
        Text = "text",
        /// `b`: binary; the length counts bytes.
        Binary = "b",
    }

    /// How values, MTI and bitmaps travel.
    pub(crate) enum Coding, "an encoding" {
        /// One character a byte, ASCII.
        Ascii = "ascii",
        /// One character a byte, EBCDIC code page 037.
        Cp037 = "cp037",
        /// One character a byte, EBCDIC code page 500 (International).
        Cp500 = "cp500",
        /// One character a byte, EBCDIC code page 1047 (Open Systems).
        Cp1047 = "cp1047",
        /// One character a byte, EBCDIC code page 1140: 037 with the euro sign.
        Cp1140 = "cp1140",
        /// Two digits a byte.
        Bcd = "bcd",
        /// As it is.
        Binary = "binary",
        /// Two upper-case hexadecimal digits a byte, ASCII.
        Hex = "hex",
        /// Two lower-case hexadecimal digits a byte, ASCII.
        HexLower = "hex-lower",
        /// Two upper-case hexadecimal digits a byte, EBCDIC.
        HexEbcdic = "ebcdic-hex",
    }

    /// How the length of a variable field travels.
    pub(crate) enum PrefixCoding, "an encoding of a length" {
        /// Digits, one ASCII character each.
        Ascii = "ascii",
        /// Digits, two a byte; `LLL` takes two bytes.
        Bcd = "bcd",
        /// A big-endian number in as many bytes as BCD would take.
        Binary = "binary",
        /// Digits, one EBCDIC character each.
        Ebcdic = "ebcdic",
    }

    /// What a length prefix counts.
    pub(crate) enum Unit, "a unit of length" {
        /// Digits or characters of the value; of binary sent as text, its hexadecimal digits.
        Digits = "digits",
        /// Bytes of the packed value; of binary sent as text, the bytes that the text stands for.
        Bytes = "bytes",
    }

    /// A side, of padding.
    pub(crate) enum Side, "a side" {
        /// Before the value.
        Left = "left",
        /// After the value.
        Right = "right",
    }

    /// How the sign of an `x+n` field travels when its digits are packed.
    pub(crate) enum Sign, "a form of sign" {
        /// As an ASCII letter in a byte of its own before the digits.
        Byte = "byte",
        /// As an EBCDIC letter in a byte of its own before the digits.
        EbcdicByte = "ebcdic-byte",
        /// As the first nibble, hexadecimal C or D.
        Nibble = "nibble",
    }

    /// What a printed form hides of a value.
    pub(crate) enum Mask, "a mask" {
        /// Nothing.
        Shown = "none",
        /// All but the first six and last four digits (PCI DSS 3.4.1).
        Pan = "pan",
        /// The card number as [`Mask::Pan`] does, and everything after it.
        Track = "track",
        /// Everything.
        Secret = "secret",
    }

    /// How sub-fields lie in a field.
    pub(crate) enum LayoutWord, "a layout" {
        Positional = "positional",
        Bitmap = "bitmap",
        Tlv = "tlv",
        Ber = "ber",
    }

    /// How the length before a whole message travels.
    pub enum FrameCoding, "an encoding of the frame length" {
        /// No length: the transport keeps message boundaries.
        None = "none",
        /// Big-endian number.
        Binary = "binary",
        /// Digits, two a byte.
        Bcd = "bcd",
        /// Digits, one ASCII character each.
        Ascii = "ascii",
    }
}

impl PrefixCoding {
    /// How many values a byte has.
    pub(crate) const fn base(self) -> usize {
        match self {
            Self::Ascii | Self::Ebcdic => 10,
            Self::Bcd => 100,
            Self::Binary => 256,
        }
    }

    /// The greatest number that this many bytes say.
    pub(crate) fn greatest(self, bytes: usize) -> usize {
        self.base().saturating_pow(u32::try_from(bytes).unwrap_or(u32::MAX)) - 1
    }
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
