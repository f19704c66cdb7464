//! `tillgate decode`, `tillgate encode` and `tillgate dialect`: what is on the wires, on paste.
//!
//! ```text
//! input --Piece--> stream --message--> reading --JSON, table--> out
//!                                  `-> guess
//! ```

mod decode;
mod dialect;
mod encode;
mod guess;
mod input;
mod keys;
pub(crate) mod limits;
mod out;
mod place;
mod reading;
mod stream;

use std::fmt;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use tillgate_codec::iso8583::limits::{HEADER_BYTES_MAX, MESSAGE_BYTES_MAX};
use tillgate_codec::iso8583::{Around, Dialect, FrameCoding, Framing};

use crate::exit::Failure;

pub(super) use decode::Decode;
pub(super) use dialect::DialectCommand;
pub(super) use encode::Encode;

/// The wires that can be read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Protocol {
    /// ISO 8583, by a dialect
    Iso8583,
    /// SMPP 3.4
    Smpp,
    /// The terminal link: records in the clear, or (with --body) what terminal and gateway say
    Link,
}

/// Which wire, and which dialect of it.
#[derive(Args)]
struct WireOptions {
    /// The wire
    #[arg(long, value_enum, default_value = "iso8583")]
    protocol: Protocol,
    /// A dialect that `tillgate dialect list` shows, or a table in a file
    #[arg(long, value_name = "NAME|FILE.toml")]
    dialect: Vec<String>,
    /// Another frame length than the dialect's: none, or binary, bcd or ascii and its bytes, as in
    /// binary2; with -self if it counts itself, as in binary2-self
    #[arg(long, value_name = "KIND")]
    frame: Option<FrameName>,
    /// Another header than the dialect's: so many bytes between TPDU and MTI
    #[arg(long, value_name = "BYTES")]
    header: Option<HeaderBytes>,
}

impl WireOptions {
    /// The dialect of ISO 8583, with the frame length that was asked for.
    fn dialect(&self) -> Result<Dialect, Failure> {
        let name = match self.dialect.as_slice() {
            [name] => name,
            [] => {
                let names = dialect::builtin_names();
                let text = format!(
                    "--dialect is needed for ISO 8583: one of {names}, or a table; \
                     --guess finds out which"
                );
                return Err(Failure::usage(text));
            }
            _ => return Err(Failure::usage("several dialects are for --guess only")),
        };
        let dialect = dialect::find(name)?;
        let dialect = match self.frame {
            None => dialect,
            Some(FrameName(framing)) => dialect.with_framing(framing),
        };
        Ok(match self.header {
            None => dialect,
            Some(HeaderBytes(bytes)) => dialect.with_header_bytes(bytes),
        })
    }

    /// Options of ISO 8583 must not be given for another wire.
    fn refuse_dialects(&self) -> Result<(), Failure> {
        if self.dialect.is_empty() && self.frame.is_none() && self.header.is_none() {
            return Ok(());
        }
        Err(Failure::usage("--dialect, --frame and --header belong to --protocol iso8583"))
    }
}

/// The length of a header on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HeaderBytes(usize);

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
struct FrameName(Framing);

/// Every name with its coding.
const CODINGS: [(&str, FrameCoding); 3] =
    [("binary", FrameCoding::Binary), ("bcd", FrameCoding::Bcd), ("ascii", FrameCoding::Ascii)];
/// What a name ends with if the length counts itself.
const COUNTS_ITSELF: &str = "-self";

impl FrameName {
    const NONE: Self = Self(Framing {
        coding: FrameCoding::None,
        bytes: 0,
        counts_itself: false,
        message_bytes_max: MESSAGE_BYTES_MAX,
        around: Around::NONE,
    });
}

impl FromStr for FrameName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "none" {
            return Ok(Self::NONE);
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
        let message_bytes_max = MESSAGE_BYTES_MAX;
        let around = Around::NONE;
        Ok(Self(Framing { coding, bytes, counts_itself, message_bytes_max, around }))
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
