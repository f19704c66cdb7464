//! Standard output and standard error of reading messages: lines of JSON, or tables.

use std::fmt::Display;
use std::io::{self, Write};

use serde_json::{Map, Value, json};
use tillgate_codec::iso8583::ErrorJson;

use crate::place::Place;

/// Why the reading ends early.
#[derive(Debug)]
pub enum Stop {
    /// Whoever read the output has gone (`| head`): no failure.
    Gone,
    /// What is wrong has been reported, or is this line of JSON.
    Reported(String),
    /// The input cannot be read as it is, or as the options say.
    Usage(String),
    /// There is nothing to show, or nowhere to show it.
    Refused(String),
}

impl Stop {
    pub(crate) fn usage(name: &str, what: &dyn Display) -> Self {
        Self::Usage(format!("{name}: {what}"))
    }
}

/// Where messages and errors are shown.
pub struct Out<'o> {
    stdout: &'o mut dyn Write,
    stderr: &'o mut dyn Write,
    /// Messages and errors are shown with their places.
    located: bool,
    /// Messages that were read, for the summary.
    pub(crate) read: u64,
    /// Errors shown.
    pub(crate) wrong: u64,
}

impl<'o> Out<'o> {
    /// Messages go to the one (it is flushed where it matters), errors to the other.
    pub fn new(stdout: &'o mut dyn Write, stderr: &'o mut dyn Write) -> Self {
        Self { stdout, stderr, located: false, read: 0, wrong: 0 }
    }

    /// From now on there are several messages.
    pub(crate) fn locate(&mut self) {
        self.located = true;
    }

    pub(crate) fn is_located(&self) -> bool {
        self.located
    }

    /// A message as one line of JSON.
    pub(crate) fn json(&mut self, place: &Place, json: &str) -> Result<(), Stop> {
        self.read += 1;
        if self.located { self.text(&spliced(place, json)) } else { self.text(json) }
    }

    /// A message as a table, or as much of it as can be read.
    pub(crate) fn table(&mut self, place: &Place, table: &str, is_read: bool) -> Result<(), Stop> {
        self.read += u64::from(is_read);
        if self.located {
            self.text(&format!("== {}", place.head()))?;
        }
        self.text(table)
    }

    /// A line, or several.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Stop> {
        writeln!(self.stdout, "{text}").map_err(stop)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.stdout.write_all(bytes).map_err(stop)
    }

    /// Brings everything before to its reader.
    pub(crate) fn flush(&mut self) -> Result<(), Stop> {
        self.stdout.flush().map_err(stop)
    }

    /// What is wrong, as one line of JSON on standard error.
    pub(crate) fn error(&mut self, place: &Place, error: &ErrorJson) -> Result<(), Stop> {
        self.wrong += 1;
        self.flush()?;
        let json = error.to_string();
        self.note(&if self.located { spliced(place, &json) } else { json });
        Ok(())
    }

    /// A line on standard error; nobody is left to tell if that has gone.
    pub(crate) fn note(&mut self, text: &str) {
        // In one piece: others may write there too.
        self.stderr.write_all(format!("{text}\n").as_bytes()).ok();
    }

    /// Ends with the summary where there is something to say, and the exit code.
    pub(crate) fn end(mut self, left_out: Map<String, Value>) -> Result<(), Stop> {
        self.flush()?;
        if self.located && (self.wrong > 0 || !left_out.is_empty()) {
            let counts = [("messages", self.read), ("wrong", self.wrong)];
            let counts = counts.map(|(name, count)| (name.to_owned(), Value::from(count)));
            let counts: Map<_, _> = counts.into_iter().chain(left_out).collect();
            self.note(&json!({ "summary": counts }).to_string());
        }
        if self.wrong == 0 {
            return Ok(());
        }
        // All that is wrong has been told.
        Err(Stop::Reported(String::new()))
    }
}

fn stop(error: io::Error) -> Stop {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Stop::Gone;
    }
    Stop::Refused(format!("standard output: {error}"))
}

/// An object with the members of a place put before its own.
fn spliced(place: &Place, json: &str) -> String {
    let head = Value::Object(place.json()).to_string();
    match (head.strip_suffix('}'), json.strip_prefix('{')) {
        (Some(head), Some(rest)) => format!("{head},{rest}"),
        _ => json.to_owned(),
    }
}
