//! Where messages come from: arguments, standard input, files; text, raw bytes, captures.
//!
//! ```text
//! Source --head--> Kind   text    lines --hex, dump--> blocks
//!                         raw     chunks
//!                         capture packets --packet--> segments --tcp--> bytes in order
//! ```
//!
//! All of it leaves as pieces, as it is read: nothing is read whole but a single message.

mod capture;
mod decimal;
mod dump;
mod hex;
mod kind;
mod literal;
mod packet;
mod tcp;
mod text;

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::PathBuf;

use crate::count;
use crate::limits::{CHUNK_BYTES, LINE_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::out::Stop;
use crate::place::Place;
use capture::Ended;
use kind::{Kind, fill, head_of};
use packet::Found;
use tcp::{Connections, Event, What};
use text::{Block, Text, Unread};

pub use text::Form;

/// Where bytes come from.
pub enum Source {
    /// Digits on the command line.
    Arguments(String),
    /// Standard input.
    Standard,
    /// A file.
    File(PathBuf),
}

impl Source {
    /// As errors name it.
    fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Arguments(_) => "the argument".into(),
            Self::Standard => "standard input".into(),
            Self::File(file) => file.display().to_string().into(),
        }
    }
}

/// How inputs are taken.
pub struct Taking {
    /// How a text or a raw file holds messages.
    pub form: Form,
    /// Bytes as they are, whatever they look like.
    pub raw: bool,
    /// Ports of the connections that are looked at; all, if empty.
    pub ports: Vec<u16>,
    /// Opens whatever is not an argument; nothing here touches files.
    pub open: fn(&Source) -> io::Result<Box<dyn Read + Send>>,
}

/// What an input gives, in order.
pub(crate) enum Piece {
    /// A whole message, as far as the input can tell.
    Whole { place: Place, bytes: Vec<u8> },
    /// The next bytes of a stream. A segment is likely to begin with a message.
    Next { lane: u64, place: Place, bytes: Vec<u8>, is_segment: bool },
    /// Bytes of a stream that were not captured.
    Gap { lane: u64, place: Place, bytes: u64 },
    /// A stream is over.
    End { lane: u64 },
    /// Something that cannot be read.
    Unread { kind: &'static str, place: Place, message: String },
}

/// What was left out, to be reported at the end.
#[derive(Default)]
pub(crate) struct Skipped {
    /// Lines of a dump that are none of its rows.
    pub(crate) lines: u64,
    /// Packets that hold no TCP.
    pub(crate) packets: u64,
    /// Fragments of IP packets.
    pub(crate) fragments: u64,
}

/// Whether a text is hexadecimal in a form that people have it in.
pub fn is_hex(text: &str) -> bool {
    let is_read =
        |line: &str| hex::Digits::default().line(line).is_ok() || literal::python(line).is_some();
    text.lines().all(is_read)
}

/// Takes pieces; an error ends the reading.
pub(crate) type Take<'t> = dyn FnMut(Piece) -> Result<(), Stop> + 't;

pub(crate) fn read(
    sources: &[Source],
    taking: &Taking,
    take: &mut Take<'_>,
) -> Result<Skipped, Stop> {
    let mut skipped = Skipped::default();
    for (index, source) in sources.iter().enumerate() {
        let file = match source {
            Source::File(file) if sources.len() > 1 => Some(file.display().to_string()),
            _ => None,
        };
        // Lanes of different sources never meet.
        let first_lane = count(index) << 40;
        let mut run = Run { taking, file, first_lane, skipped: &mut skipped, take };
        match source {
            Source::Arguments(text) if taking.raw => {
                run.any(Cursor::new(text.as_bytes()), &source.name())?;
            }
            Source::Arguments(text) => run.text(Cursor::new(text.as_bytes()))?,
            Source::Standard | Source::File(_) => {
                let name = source.name();
                let opened = (taking.open)(source);
                run.any(opened.map_err(|error| Stop::usage(&name, &error))?, &name)?;
            }
        }
    }
    Ok(skipped)
}

struct Run<'r, 't> {
    taking: &'r Taking,
    file: Option<String>,
    first_lane: u64,
    skipped: &'r mut Skipped,
    take: &'r mut Take<'t>,
}

impl Run<'_, '_> {
    /// Looks at the beginning to see what the source is.
    fn any(&mut self, mut source: impl Read + Send, name: &str) -> Result<(), Stop> {
        let head = head_of(&mut source).map_err(|error| Stop::usage(name, &error))?;
        let kind = if self.taking.raw { Kind::Raw } else { Kind::of(&head) };
        let whole = Cursor::new(head).chain(source);
        match kind {
            Kind::Text => self.text(BufReader::new(whole)),
            Kind::Raw if self.taking.form == Form::Stream => self.raw_stream(whole, name),
            Kind::Raw => self.raw_message(whole, name),
            Kind::Capture => self.capture(whole),
            Kind::Not(what) => Err(Stop::usage(name, &what)),
        }
    }

    fn place(&self, offset: u64) -> Place {
        Place { file: self.file.clone(), offset, ..Place::default() }
    }

    fn raw_message(&mut self, source: impl Read, name: &str) -> Result<(), Stop> {
        let mut bytes = Vec::new();
        let bound = count(MESSAGE_BYTES_MAX) + 1;
        source.take(bound).read_to_end(&mut bytes).map_err(|error| Stop::usage(name, &error))?;
        let place = self.place(0);
        if bytes.len() > MESSAGE_BYTES_MAX {
            let message = format!(
                "longer than a message can be ({MESSAGE_BYTES_MAX} bytes): use --stream for framed \
                 messages one after another"
            );
            return (self.take)(Piece::Unread { kind: "too-long", place, message });
        }
        (self.take)(Piece::Whole { place, bytes })
    }

    fn raw_stream(&mut self, mut source: impl Read, name: &str) -> Result<(), Stop> {
        let lane = self.first_lane;
        let mut offset = 0;
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let filled = fill(&mut source, &mut chunk, |_| true);
            let filled = filled.map_err(|error| Stop::usage(name, &error))?;
            if filled == 0 {
                return (self.take)(Piece::End { lane });
            }
            let (place, bytes) = (self.place(offset), chunk[..filled].to_vec());
            (self.take)(Piece::Next { lane, place, bytes, is_segment: false })?;
            offset += count(filled);
        }
    }

    fn text(&mut self, mut source: impl BufRead) -> Result<(), Stop> {
        let mut text = Text::new(self.taking.form);
        let mut connections = Connections::default();
        let mut line = Vec::new();
        let mut last_lane = 0;
        let failure = |error: io::Error| Stop::usage("input", &error);
        loop {
            let is_long = read_line(&mut source, &mut line).map_err(failure)?;
            let read = if line.is_empty() {
                text.end()
            } else if is_long {
                Err(text.long_line())
            } else {
                text.line(without_marks(&String::from_utf8_lossy(&line)))
            };
            match read {
                Ok(Some(block)) => {
                    last_lane = last_lane.max(block.lane);
                    self.block(block, &mut connections)?;
                }
                Ok(None) => {}
                Err(Unread { line, offset, message }) => {
                    let place = Place { line: Some(line), ..self.place(offset) };
                    let message = format!("line {line}: {message}");
                    (self.take)(Piece::Unread { kind: "hex", place, message })?;
                    if self.taking.form != Form::Lines {
                        break;
                    }
                    if is_long {
                        source.skip_until(b'\n').map_err(failure)?;
                    }
                }
            }
            if line.is_empty() {
                break;
            }
        }
        self.skipped.lines += text.skipped();
        let mut events = Vec::new();
        connections.end(&mut events);
        self.events(events)?;
        for lane in 0..=last_lane {
            let lane = self.lane_of(lane);
            (self.take)(Piece::End { lane })?;
        }
        Ok(())
    }

    /// Lanes of a text's blocks lie above those of its connections.
    fn lane_of(&self, lane: usize) -> u64 {
        self.first_lane + (1 << 39) + count(lane)
    }

    fn block(&mut self, block: Block, connections: &mut Connections) -> Result<(), Stop> {
        let Block { line, offset, lane, is_start, is_packet, bytes } = block;
        if let Some(segment) = packet::of_dump(&bytes).filter(|_| is_packet) {
            let mut events = Vec::new();
            if self.is_asked_for(segment.source.port(), segment.destination.port()) {
                connections.push(&segment, None, &mut events);
            }
            return self.events(events);
        }
        let place = Place { line: Some(line), ..self.place(offset) };
        if self.taking.form != Form::Stream {
            return (self.take)(Piece::Whole { place, bytes });
        }
        let lane = self.lane_of(lane);
        if is_start {
            (self.take)(Piece::End { lane })?;
        }
        (self.take)(Piece::Next { lane, place, bytes, is_segment: false })
    }

    fn capture(&mut self, source: impl Read + Send) -> Result<(), Stop> {
        let mut connections = Connections::default();
        let mut events = Vec::new();
        let ended = capture::read(source, |packet| {
            match packet::dissect(packet.link, packet.bytes) {
                Found::Segment(segment) => {
                    if self.is_asked_for(segment.source.port(), segment.destination.port()) {
                        connections.push(&segment, packet.time_ns, &mut events);
                    }
                }
                Found::Fragment => self.skipped.fragments += 1,
                Found::Other => self.skipped.packets += 1,
            }
            self.events(std::mem::take(&mut events))
        });
        connections.end(&mut events);
        if !matches!(ended, Err(Ended::Stopped(_))) {
            self.events(events)?;
        }
        match ended {
            Ok(()) => Ok(()),
            Err(Ended::Stopped(stop)) => Err(stop),
            Err(Ended::Unread(message)) => {
                let place = self.place(0);
                (self.take)(Piece::Unread { kind: "capture", place, message })
            }
        }
    }

    fn is_asked_for(&self, source: u16, destination: u16) -> bool {
        let ports = &self.taking.ports;
        ports.is_empty() || ports.contains(&source) || ports.contains(&destination)
    }

    fn events(&mut self, events: Vec<Event>) -> Result<(), Stop> {
        for Event { lane, way, time_ns, what } in events {
            let lane = self.first_lane + lane;
            let place = Place { time_ns, way: Some(way), ..self.place(0) };
            (self.take)(match what {
                What::Bytes(bytes) => Piece::Next { lane, place, bytes, is_segment: true },
                What::Gap(bytes) => Piece::Gap { lane, place, bytes },
                What::End => Piece::End { lane },
            })?;
        }
        Ok(())
    }
}

/// Reads a line with its end, nothing at the end of the text; whether it is longer than any that is
/// taken, of which the rest is still to be read.
fn read_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let bound = count(LINE_BYTES_MAX) + 1;
    source.take(bound).read_until(b'\n', line)?;
    Ok(line.len() > LINE_BYTES_MAX && !line.ends_with(b"\n"))
}

/// A line without its end and without the byte order mark that some editors put first.
fn without_marks(line: &str) -> &str {
    line.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r'])
}
