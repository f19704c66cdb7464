//! Writing to standard output for somebody who may have stopped listening.

use std::io::{Write, stdout};

/// Writes a line; a reader that went away is no error, what was to be done is done.
pub(super) fn line(text: &str) {
    let mut stdout = stdout().lock();
    drop(writeln!(stdout, "{text}").and_then(|()| stdout.flush()));
}
