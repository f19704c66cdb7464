//! Standard output, for people and for pipes.

use std::io::{self, Write};

use crate::exit::Failure;

/// Writes `text` and a line end to standard output. A reader that has gone away (`| head`) is
/// no failure.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::refused(format!("standard output: {error}"))),
    }
}
