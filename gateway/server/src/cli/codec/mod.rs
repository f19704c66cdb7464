//! `tillgate decode`, `tillgate encode` and `tillgate dialect`: options, files and keys of what
//! [`tillgate_inspect`] does.

mod decode;
pub(super) mod dialect;
mod encode;
mod keys;

use clap::{Args, ValueEnum};
use tillgate_codec::iso8583::Dialect;
use tillgate_inspect::Stop;
use tillgate_inspect::frame::{FrameName, HeaderBytes};

use crate::exit::{Exit, Failure};

pub(super) use decode::Decode;
pub(super) use dialect::DialectCommand;
pub(super) use encode::Encode;

/// How a command ends that showed messages.
fn ended(shown: Result<(), Stop>) -> Result<(), Failure> {
    match shown {
        Ok(()) | Err(Stop::Gone) => Ok(()),
        Err(Stop::Reported(text)) => Err(Failure { exit: Exit::Reported, text }),
        Err(Stop::Usage(text)) => Err(Failure::usage(text)),
        Err(Stop::Refused(text)) => Err(Failure::refused(text)),
    }
}

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
    /// Frame length, if not the dialect's: none, or binary, bcd or ascii and its bytes, as in
    /// binary2; with -self if it counts itself, as in binary2-self
    #[arg(long, value_name = "KIND")]
    frame: Option<FrameName>,
    /// Bytes of header between TPDU and MTI, if not the dialect's
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
