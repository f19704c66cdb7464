//! Standard output and standard error of reading messages: lines of JSON, or tables.

use std::io::{self, BufWriter, Stdout, Write};

use serde_json::{Map, Value};
use tillgate_codec::iso8583::ErrorJson;

use super::place::Place;
use crate::exit::{Exit, Failure};

/// Why the reading ends early.
pub(super) enum Stop {
    /// Whoever read standard output has gone (`| head`): no failure.
    Gone,
    /// Something that the user must know.
    Failure(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Where messages and errors are shown.
pub(super) struct Out {
    stdout: BufWriter<Stdout>,
    /// Messages and errors are shown with their places.
    located: bool,
    /// Messages that were read, for the summary.
    pub(super) read: u64,
    /// Errors shown.
    pub(super) wrong: u64,
}

impl Out {
    pub(super) fn new() -> Self {
        Self { stdout: BufWriter::new(io::stdout()), located: false, read: 0, wrong: 0 }
    }

    /// From now on there are several messages.
    pub(super) fn locate(&mut self) {
        self.located = true;
    }

    /// Whether there are several messages.
    pub(super) fn is_located(&self) -> bool {
        self.located
    }

    /// A message as one line of JSON.
    pub(super) fn json(&mut self, place: &Place, json: &str) -> Result<(), Stop> {
        self.read += 1;
        if self.located { self.text(&spliced(place, json)) } else { self.text(json) }
    }

    /// A message as a table, or as much of it as can be read.
    pub(super) fn table(&mut self, place: &Place, table: &str, is_read: bool) -> Result<(), Stop> {
        self.read += u64::from(is_read);
        if self.located {
            self.text(&format!("== {}", place.head()))?;
        }
        self.text(table)
    }

    /// A line, or several.
    pub(super) fn text(&mut self, text: &str) -> Result<(), Stop> {
        self.write(|stdout| writeln!(stdout, "{text}"))
    }

    /// Anything else.
    pub(super) fn write(
        &mut self,
        write: impl FnOnce(&mut BufWriter<Stdout>) -> io::Result<()>,
    ) -> Result<(), Stop> {
        write(&mut self.stdout).map_err(stop)
    }

    /// Brings everything before to its reader.
    pub(super) fn flush(&mut self) -> Result<(), Stop> {
        self.stdout.flush().map_err(stop)
    }

    /// What is wrong, as one line of JSON on standard error.
    pub(super) fn error(&mut self, place: &Place, error: &ErrorJson) -> Result<(), Stop> {
        self.wrong += 1;
        self.flush()?;
        let json = error.to_string();
        self.note(&if self.located { spliced(place, &json) } else { json });
        Ok(())
    }

    /// A line on standard error; nobody is left to tell if that has gone.
    pub(super) fn note(&mut self, text: &str) {
        writeln!(io::stderr().lock(), "{text}").ok();
    }

    /// Ends with the summary where there is something to say, and the exit code.
    pub(super) fn end(mut self, left_out: Map<String, Value>) -> Result<(), Stop> {
        self.flush()?;
        if self.located && (self.wrong > 0 || !left_out.is_empty()) {
            let mut counts = Map::new();
            counts.insert("messages".into(), self.read.into());
            counts.insert("wrong".into(), self.wrong.into());
            counts.extend(left_out);
            let summary = Map::from_iter([("summary".to_owned(), counts.into())]);
            self.note(&Value::Object(summary).to_string());
        }
        if self.wrong == 0 {
            return Ok(());
        }
        // All that is wrong has been told.
        Err(Failure { exit: Exit::Reported, text: String::new() }.into())
    }
}

fn stop(error: io::Error) -> Stop {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Stop::Gone;
    }
    Failure::refused(format!("standard output: {error}")).into()
}

/// An object with the members of a place put before its own.
fn spliced(place: &Place, json: &str) -> String {
    let head = Value::Object(place.json()).to_string();
    match (head.strip_suffix('}'), json.strip_prefix('{')) {
        (Some(head), Some(rest)) => format!("{head},{rest}"),
        _ => json.to_owned(),
    }
}
