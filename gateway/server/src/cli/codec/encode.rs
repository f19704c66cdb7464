//! `tillgate encode`: JSON to bytes, the inverse of `tillgate decode`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Cursor};
use std::path::PathBuf;

use clap::Args;
use tillgate_inspect::Out;
use tillgate_inspect::encode::{self, Writing};

use super::keys::MacOptions;
use super::{Protocol, WireOptions, ended};
use crate::exit::Failure;

/// Encode messages from JSON and print their bytes in hexadecimal
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate encode --dialect iso87b '{\"mti\":\"0800\",\"fields\":{\"11\":\"000007\",\"70\":\"301\"}}'
  tillgate decode --dialect nac --reveal - < dump.txt | tillgate encode --dialect nac -
  tillgate encode --protocol link '{\"message\":\"ping\",\"fields\":{\"nonce\":5}}'
  tillgate encode --dialect nac --raw --file messages.json > stream.bin

The JSON is what `tillgate decode --reveal` prints: what it adds (offset, time and the like, length,
mac) is optional. A member \"length\" puts an ISO 8583 message behind its frame length. Several
messages follow one another; each gives a line.")]
pub(crate) struct Encode {
    /// The messages; - reads standard input
    #[arg(value_name = "JSON", required_unless_present = "file")]
    json: Option<String>,
    /// Read the messages from a file
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    file: Option<PathBuf>,
    #[command(flatten)]
    wire: WireOptions,
    #[command(flatten)]
    mac: MacOptions,
    /// Write raw bytes, one message after another
    #[arg(long)]
    raw: bool,
}

impl Encode {
    pub(in crate::cli) fn run(self) -> Result<(), Failure> {
        let writing = match self.wire.protocol {
            Protocol::Iso8583 => Writing::Iso8583(Box::new(self.wire.dialect()?), self.mac.key()?),
            other => {
                self.wire.refuse_dialects()?;
                if self.mac.is_given() {
                    return Err(Failure::usage("--mac belongs to --protocol iso8583"));
                }
                if other == Protocol::Smpp { Writing::Smpp } else { Writing::Link }
            }
        };
        let (source, name): (Box<dyn BufRead>, String) = match (self.json, self.file) {
            (_, Some(file)) => {
                let name = file.display().to_string();
                let opened = File::open(&file)
                    .map_err(|error| Failure::usage(format!("{name}: {error}")))?;
                (Box::new(BufReader::new(opened)), name)
            }
            (Some(json), None) if json != "-" => {
                (Box::new(Cursor::new(json.into_bytes())), "the argument".to_owned())
            }
            _ => (Box::new(BufReader::new(io::stdin())), "standard input".to_owned()),
        };
        let (mut stdout, mut stderr) = (BufWriter::new(io::stdout()), io::stderr());
        let out = Out::new(&mut stdout, &mut stderr);
        ended(encode::run(source, name, &writing, self.raw, out))
    }
}
