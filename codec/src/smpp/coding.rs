//! `data_coding`: which alphabet a text is in.

use crate::ussd::Alphabet;

/// The alphabet of a text (SMPP 3.4, 5.2.19). Unknown values stay visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct DataCoding(pub u8);

impl DataCoding {
    /// The centre's default, which for USSD is the GSM 03.38 default alphabet.
    pub const DEFAULT: Self = Self(0);
    /// International Alphabet 5, which is ASCII.
    pub const IA5: Self = Self(1);
    /// Latin 1, ISO 8859-1.
    pub const LATIN1: Self = Self(3);
    /// Octets without an alphabet.
    pub const BINARY: Self = Self(4);
    /// UCS-2, big-endian.
    pub const UCS2: Self = Self(8);
    /// The default alphabet as a cell broadcast's data coding scheme (GSM 03.38, 5), which some
    /// centres pass through.
    pub const CBS_GSM7: Self = Self(0x0F);
    /// UCS-2 likewise.
    pub const CBS_UCS2: Self = Self(0x48);

    /// The alphabet, if it is one that can be read here.
    ///
    /// A link's profile may know better: what 0 means is up to the centre.
    #[must_use]
    pub const fn alphabet(self) -> Option<Alphabet> {
        match self {
            // 0xF0 to 0xF3: the default alphabet with a message class (GSM 03.38, 4).
            Self::DEFAULT | Self::CBS_GSM7 | Self(0xF0..=0xF3) => Some(Alphabet::Gsm7),
            Self::IA5 => Some(Alphabet::Ascii),
            Self::LATIN1 => Some(Alphabet::Latin1),
            Self::UCS2 | Self::CBS_UCS2 => Some(Alphabet::Ucs2),
            _ => None,
        }
    }
}
