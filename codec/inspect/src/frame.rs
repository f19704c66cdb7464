//! Frame lengths and headers by their names on the command line.

use std::fmt;
use std::str::FromStr;

use tillgate_codec::iso8583::limits::HEADER_BYTES_MAX;
use tillgate_codec::iso8583::{FrameCoding, Framing};

/// The length of a header on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderBytes(pub usize);

impl FromStr for HeaderBytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(bytes) if bytes <= HEADER_BYTES_MAX => Ok(Self(bytes)),
            _ => Err(format!("0 to {HEADER_BYTES_MAX} bytes are possible")),
        }
    }
}

/// A frame length by its name on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameName(pub Framing);

/// Every name with its coding.
const CODINGS: [(&str, FrameCoding); 3] =
    [("binary", FrameCoding::Binary), ("bcd", FrameCoding::Bcd), ("ascii", FrameCoding::Ascii)];
/// What a name ends with if the length counts itself.
const COUNTS_ITSELF: &str = "-self";

impl FromStr for FrameName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "none" {
            return Ok(Self(Framing::of(FrameCoding::None, 0, false)));
        }
        let (plain, counts_itself) = match name.strip_suffix(COUNTS_ITSELF) {
            Some(plain) => (plain, true),
            None => (name, false),
        };
        let found = CODINGS.iter().find_map(|(word, coding)| {
            let bytes: usize = plain.strip_prefix(word)?.parse().ok()?;
            let bytes_max = if *coding == FrameCoding::Ascii { 8 } else { 4 };
            (1..=bytes_max).contains(&bytes).then_some((*coding, bytes))
        });
        let Some((coding, bytes)) = found else {
            return Err(
                "none, binary1 to binary4, bcd1 to bcd4, ascii1 to ascii8 are known, each also \
                 with -self"
                    .to_owned(),
            );
        };
        Ok(Self(Framing::of(coding, bytes, counts_itself)))
    }
}

impl fmt::Display for FrameName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Framing { coding, bytes, counts_itself, .. } = self.0;
        match CODINGS.iter().find(|(_, known)| *known == coding) {
            None => f.write_str("none"),
            Some((word, _)) => {
                write!(f, "{word}{bytes}{}", if counts_itself { COUNTS_ITSELF } else { "" })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FrameName;

    #[test]
    fn a_frame_length_is_shown_as_it_is_given() {
        for name in ["none", "binary2", "binary4-self", "bcd2", "ascii4", "ascii8-self"] {
            assert_eq!(name.parse::<FrameName>().unwrap().to_string(), name);
        }
        for name in ["", "binary", "binary0", "binary5", "bcd-self", "ascii9", "hex2"] {
            assert!(name.parse::<FrameName>().is_err(), "{name}");
        }
    }
}
