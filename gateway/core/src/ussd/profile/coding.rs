//! Alphabets by `data_coding`, in both directions.

use tillgate_codec::smpp::DataCoding;
use tillgate_codec::ussd::{Alphabet, Room};

/// Which alphabet a `data_coding` means, and which value says which alphabet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coding {
    /// What this centre means otherwise than usual.
    pub read: Vec<(DataCoding, Alphabet)>,
    /// In the order in which they are tried.
    pub write: Vec<(Alphabet, DataCoding)>,
}

impl Coding {
    /// The alphabet of a text that came. What nobody knows is read as the default alphabet: most
    /// inputs are digits.
    #[must_use]
    pub fn alphabet(&self, coding: DataCoding) -> Alphabet {
        let known = self.read.iter().find(|(known, _)| *known == coding);
        known.map(|(_, alphabet)| *alphabet).or(coding.alphabet()).unwrap_or(Alphabet::Gsm7)
    }

    /// The first alphabet that has all characters of a text and room for it.
    #[must_use]
    pub fn choose(&self, text: &str, room: Room) -> Option<(Alphabet, DataCoding)> {
        let fits = |(alphabet, _): &&(Alphabet, DataCoding)| {
            alphabet.length(text).is_some_and(|length| length <= room.of(*alphabet))
        };
        self.write.iter().find(fits).copied()
    }
}
