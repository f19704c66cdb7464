//! `tillgate decode`: messages in any form, shown.

use std::path::{Path, PathBuf};

use clap::Args;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};
use tillgate_codec::iso8583::{ErrorJson, Reveal};

use super::guess::{self, Shown};
use super::input::{self, Form, Piece, Skipped, Source, Taking};
use super::keys::{self, MacOptions};
use super::out::{Out, Stop};
use super::place::Place;
use super::reading::{Reading, Wire};
use super::stream::{Found, Stream};
use super::{Protocol, WireOptions, dialect};
use crate::exit::Failure;

/// Show what messages say: from hexadecimal, dumps, raw files and network captures
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate decode --dialect iso87b 0800802000000000000004000000000000000000070301
  tillgate decode --dialect my-host.toml --table - < dump.txt
  tillgate decode --guess 0800802000000000000004000000000000000000070301
  tillgate decode --dialect nac --port 7500 capture.pcap | head
  tillgate decode --protocol smpp --stream --raw smpp.bin
  tillgate decode --protocol link --body 071b0105

What is given:
  Digits may stand as people have them: 0800, 08 00, 0x08,0x00, \"\\x08\\x00\". So may dumps
  with offsets: xxd, hexdump -C, od -t x1, tcpdump -X, Wireshark. Binary files and captures
  (pcap, pcapng) are known by their first bytes; an ASCII message as it stands needs --raw.
  Captures are put together by TCP connection.

What is shown:
  One message is one line of JSON. Several are a line each, which also says where: file, line,
  offset; in captures time, source, destination and direction (up: from the end that opened the
  connection). What is wrong is a line of JSON on standard error, and exit code 1 at the end. A
  message that is wrong does not stop those behind it, as long as the frames can be followed.

Card numbers, tracks, PINs, passwords and vouchers are masked unless --reveal. Sealed records of
the terminal link stay sealed: their keys come from an exchange that no capture holds.")]
pub(crate) struct Decode {
    /// The bytes, or files; - reads standard input
    #[arg(value_name = "HEX|FILE", required_unless_present = "file")]
    given: Vec<String>,
    /// A file, whatever its name looks like; may be given several times
    #[arg(long, value_name = "FILE", conflicts_with = "given")]
    file: Vec<PathBuf>,
    /// Take bytes as they are, even if they look like text
    #[arg(long)]
    raw: bool,
    /// Every line, or argument, is a message
    #[arg(long, conflicts_with_all = ["stream", "raw"])]
    lines: bool,
    /// Messages follow one another, each behind its frame length
    #[arg(long)]
    stream: bool,
    /// Only connections of this TCP port in a capture; may be given several times
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
    /// Try every wire, dialect and frame length, best first; --dialect adds tables
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
        match self.read() {
            Ok(()) | Err(Stop::Gone) => Ok(()),
            Err(Stop::Failure(failure)) => Err(failure),
        }
    }

    fn read(self) -> Result<(), Stop> {
        let sources = self.sources()?;
        let form = match (self.lines, self.stream) {
            (true, _) => Form::Lines,
            (_, true) => Form::Stream,
            _ => Form::Messages,
        };
        let taking = Taking { form, raw: self.raw, ports: self.port.clone() };
        if self.guess {
            let shown = if self.json { Shown::Json } else { Shown::Table };
            return guess::run(&sources, taking, &dialect::all(&self.wire.dialect)?, shown);
        }
        let reading = self.reading()?;
        if self.stream && !reading.is_framed() {
            let text = "--stream: these messages have no frame length to follow; --frame gives \
                        one, --lines takes a message from every line";
            return Err(Failure::usage(text).into());
        }
        let is_live = sources.iter().any(|source| matches!(source, Source::Standard));
        let mut decoder = Decoder {
            reading: &reading,
            is_table: self.table,
            is_live,
            out: Out::new(),
            streams: FxHashMap::default(),
            first: None,
        };
        if form != Form::Messages {
            decoder.out.locate();
        }
        let skipped = input::read(&sources, &taking, &mut |piece| decoder.take(piece))?;
        decoder.end(&skipped)
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
                _ => Err(Failure::usage("- stands alone: standard input is all that is read")),
            };
        }
        if self.raw && !self.given.iter().any(|argument| Path::new(argument).exists()) {
            return Ok(vec![Source::Arguments(self.given.join(" "))]);
        }
        if !self.raw && self.given.iter().all(|argument| input::is_hex(argument)) {
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

/// Shows messages as they come.
struct Decoder<'r> {
    reading: &'r Reading,
    is_table: bool,
    /// Somebody may be waiting for each message.
    is_live: bool,
    out: Out,
    streams: FxHashMap<u64, Stream>,
    /// The only message so far: if it stays so, it is shown without its place.
    first: Option<(Place, Vec<u8>)>,
}

impl Decoder<'_> {
    fn take(&mut self, piece: Piece) -> Result<(), Stop> {
        match piece {
            Piece::Whole { place, bytes } if !self.out.is_located() && self.first.is_none() => {
                self.first = Some((place, bytes));
                return Ok(());
            }
            Piece::Whole { place, bytes } => {
                self.several()?;
                self.message(&place, &bytes)?;
            }
            Piece::Next { lane, place, bytes, is_segment } => {
                if matches!(self.reading.wire, Wire::Bodies) {
                    let text = "--body: nothing on a connection says where a body ends; without \
                                --body its records are read, and bodies are given one by one";
                    return Err(Failure::usage(text).into());
                }
                self.several()?;
                let mut stream = self.streams.remove(&lane).unwrap_or_default();
                let reading = self.reading;
                let give = |found: Found<'_>| self.found(found);
                stream.push(reading, &place, &bytes, is_segment, give)?;
                self.streams.insert(lane, stream);
            }
            Piece::Gap { lane, place, bytes } => {
                self.several()?;
                let mut stream = self.streams.remove(&lane).unwrap_or_default();
                stream.gap(&place, bytes, |found| self.found(found))?;
                self.streams.insert(lane, stream);
            }
            Piece::End { lane } => {
                if let Some(stream) = self.streams.remove(&lane) {
                    stream.end(|found| self.found(found))?;
                }
            }
            Piece::Unread { kind, place, message } => {
                if self.first.is_some() {
                    self.several()?;
                }
                self.out.error(&place, &ErrorJson::of_kind(kind, message))?;
            }
        }
        if self.is_live { self.out.flush() } else { Ok(()) }
    }

    /// There are several messages: from now on they are shown with their places.
    fn several(&mut self) -> Result<(), Stop> {
        self.out.locate();
        match self.first.take() {
            Some((place, bytes)) => self.message(&place, &bytes),
            None => Ok(()),
        }
    }

    fn found(&mut self, found: Found<'_>) -> Result<(), Stop> {
        match found {
            Found::Message(place, bytes) => self.message(&place, bytes),
            Found::Wrong(place, error) => self.out.error(&place, &error),
        }
    }

    fn message(&mut self, place: &Place, bytes: &[u8]) -> Result<(), Stop> {
        let read = self.reading.json(bytes);
        if self.is_table {
            let mut table = self.reading.table(bytes);
            if let Ok(Some(word)) = read.as_ref().map(|read| read.code) {
                table.push_str(&format!("authentication code: {word}\n"));
            }
            self.out.table(place, &table, read.is_ok())?;
        }
        match read {
            Ok(read) => {
                if !self.is_table {
                    self.out.json(place, &read.json)?;
                }
                match read.forged {
                    Some(error) => self.out.error(place, &error),
                    None => Ok(()),
                }
            }
            Err(error) => self.out.error(place, &error),
        }
    }

    fn end(mut self, skipped: &Skipped) -> Result<(), Stop> {
        if let Some((place, bytes)) = self.first.take() {
            self.message(&place, &bytes)?;
        }
        if self.out.read == 0 && self.out.wrong == 0 {
            let message = match skipped.packets {
                0 => "there are no bytes to read".to_owned(),
                packets => format!("no bytes of TCP were asked for; {packets} packets hold no TCP"),
            };
            self.out.error(&Place::default(), &ErrorJson::of_kind("truncated", message))?;
        }
        let counts = [("lines_skipped", skipped.lines), ("ip_fragments", skipped.fragments)];
        let left_out = counts.into_iter().filter(|(_, count)| *count > 0);
        let left_out: Map<String, Value> =
            left_out.map(|(name, count)| (name.to_owned(), count.into())).collect();
        self.out.end(left_out)
    }
}
