//! `tillgate decode`: messages in any form, shown.

use std::fs::File;
use std::io::{self, BufWriter, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use tillgate_codec::iso8583::Reveal;
use tillgate_inspect::guess::{self, Shown};
use tillgate_inspect::input::{Form, Source, Taking, is_hex};
use tillgate_inspect::reading::{Reading, Wire};
use tillgate_inspect::{Out, decode};

use super::keys::{self, MacOptions};
use super::{Protocol, WireOptions, dialect, ended};
use crate::exit::Failure;

/// Decode messages from hexadecimal, dumps, raw files and network captures
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate decode --dialect iso87b 0800802000000000000004000000000000000000070301
  tillgate decode --dialect my-host.toml --table - < dump.txt
  tillgate decode --guess 0800802000000000000004000000000000000000070301
  tillgate decode --dialect nac --port 7500 capture.pcap | head
  tillgate decode --protocol smpp --stream --raw smpp.bin
  tillgate decode --protocol link --body 071b0105

Input:
  Digits in any of these forms: 0800, 08 00, 0x08,0x00, \"\\x08\\x00\"; and dumps with offsets: xxd,
  hexdump -C, od -t x1, tcpdump -X, Wireshark. Binary files and captures (pcap, pcapng) are detected
  by their first bytes; a plain ASCII message needs --raw. Captures are reassembled by connection.

Output:
  One line of JSON for each message, with its place: file, line, offset; in captures time, source,
  destination and direction (up: from the end that opened the connection). Errors are lines of JSON
  on standard error, and make the exit code 1. An invalid message does not stop those after it, as
  long as the frames can be followed.

Card numbers, tracks, PINs, passwords and vouchers are masked unless --reveal. Sealed records of the
terminal link stay sealed: no capture contains their keys.")]
pub(crate) struct Decode {
    /// The bytes, or files; - reads standard input
    #[arg(value_name = "HEX|FILE", required_unless_present = "file")]
    given: Vec<String>,
    /// A file, even if its name looks like hexadecimal; may be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "given")]
    file: Vec<PathBuf>,
    /// Read the input as raw bytes, even if it looks like text
    #[arg(long)]
    raw: bool,
    /// Each line, or argument, is one message
    #[arg(long, conflicts_with_all = ["stream", "raw"])]
    lines: bool,
    /// Messages follow one another, each after its frame length
    #[arg(long)]
    stream: bool,
    /// Only connections of this TCP port in a capture; may be repeated
    #[arg(long, value_name = "PORT")]
    port: Vec<u16>,
    #[command(flatten)]
    wire: WireOptions,
    /// For the terminal link: message bodies, before sealing or after opening
    #[arg(long)]
    body: bool,
    /// For the terminal link: check hellos with the terminal's key (64 hexadecimal digits in a file
    /// that only its owner reads)
    #[arg(long, value_name = "FILE", conflicts_with = "body")]
    psk_file: Option<PathBuf>,
    #[command(flatten)]
    mac: MacOptions,
    /// Show offset, bytes, field and value line by line
    #[arg(long)]
    table: bool,
    /// Rank every wire, dialect and frame length that fits; --dialect adds tables
    #[arg(long, conflicts_with_all = ["table", "body", "psk_file", "mac", "frame", "header"])]
    guess: bool,
    /// The ranking of --guess as lines of JSON
    #[arg(long, requires = "guess")]
    json: bool,
    /// Show card data, PINs, passwords and vouchers
    #[arg(long)]
    reveal: bool,
}

impl Decode {
    pub(in crate::cli) fn run(self) -> Result<(), Failure> {
        let sources = self.sources()?;
        let form = match (self.lines, self.stream) {
            (true, _) => Form::Lines,
            (_, true) => Form::Stream,
            _ => Form::Messages,
        };
        let taking = Taking { form, raw: self.raw, ports: self.port.clone(), open };
        let (mut stdout, mut stderr) = (BufWriter::new(io::stdout()), io::stderr());
        let mut out = Out::new(&mut stdout, &mut stderr);
        if self.guess {
            let shown = if self.json { Shown::Json } else { Shown::Table };
            let dialects = dialect::all(&self.wire.dialect)?;
            return ended(guess::run(&sources, taking, &dialects, shown, &mut out));
        }
        let reading = self.reading()?;
        if self.stream && !reading.is_framed() {
            let text = "--stream: these messages have no frame length to follow; --frame gives \
                        one, --lines takes a message from every line";
            return Err(Failure::usage(text));
        }
        ended(decode::run(&sources, &taking, &reading, self.table, out))
    }

    fn reading(&self) -> Result<Reading, Failure> {
        let reveal = if self.reveal { Reveal::Clear } else { Reveal::Masked };
        if self.wire.protocol != Protocol::Iso8583 {
            self.wire.refuse_dialects()?;
            if self.mac.is_given() {
                return Err(Failure::usage("--mac belongs to --protocol iso8583"));
            }
        }
        if self.wire.protocol != Protocol::Link && (self.body || self.psk_file.is_some()) {
            return Err(Failure::usage("--body and --psk-file belong to --protocol link"));
        }
        let wire = match self.wire.protocol {
            Protocol::Iso8583 => {
                Wire::Iso8583 { dialect: Box::new(self.wire.dialect()?), key: self.mac.key()? }
            }
            Protocol::Smpp => Wire::Smpp,
            Protocol::Link if self.body => Wire::Bodies,
            Protocol::Link => {
                let psk = self.psk_file.as_deref().map(keys::psk).transpose()?;
                Wire::Records { psk }
            }
        };
        Ok(Reading { wire, reveal })
    }

    /// Arguments are files if they are no digits and there are such files.
    fn sources(&self) -> Result<Vec<Source>, Failure> {
        if !self.file.is_empty() {
            return Ok(self.file.iter().cloned().map(Source::File).collect());
        }
        if self.given.iter().any(|argument| argument == "-") {
            return match self.given.as_slice() {
                [_] => Ok(vec![Source::Standard]),
                _ => Err(Failure::usage("- cannot be combined with other inputs")),
            };
        }
        if self.raw && !self.given.iter().any(|argument| Path::new(argument).exists()) {
            return Ok(vec![Source::Arguments(self.given.join(" "))]);
        }
        if !self.raw && self.given.iter().all(|argument| is_hex(argument)) {
            return Ok(vec![Source::Arguments(self.given.join("\n"))]);
        }
        let looks_like_file = |argument: &String| argument.contains(['/', '.']);
        if self
            .given
            .iter()
            .any(|argument| Path::new(argument).exists() || looks_like_file(argument))
        {
            return Ok(self.given.iter().map(|file| Source::File(file.into())).collect());
        }
        Ok(vec![Source::Arguments(self.given.join("\n"))])
    }
}

/// A file, or standard input. The message is the whole line once the name precedes it.
fn open(source: &Source) -> io::Result<Box<dyn Read + Send>> {
    let Source::File(file) = source else { return Ok(Box::new(io::stdin())) };
    let opened = File::open(file)?;
    match opened.metadata() {
        Ok(found) if found.is_dir() => Err(io::Error::other("is a directory")),
        _ => Ok(Box::new(opened)),
    }
}
