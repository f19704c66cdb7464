//! A table that people read: offset, bytes in hexadecimal, field, value.

use crate::iso8583::hex;

/// Bytes that one line shows.
const LINE_BYTES: usize = 8;

/// The lines of a table.
pub(crate) struct Lines(String);

impl Lines {
    /// A table with its heads; `bytes` is what the wire's own standard calls them.
    pub(crate) fn new(bytes: &str) -> Self {
        let mut lines = Self(String::new());
        lines.row("offset", bytes, "field", "value");
        lines
    }

    /// One field, with further lines where its bytes are many.
    pub(crate) fn line(&mut self, offset: usize, bytes: &[u8], field: &str, value: &str) {
        let mut chunks = bytes.chunks(LINE_BYTES).map(spaced);
        self.row(&offset.to_string(), &chunks.next().unwrap_or_default(), field, value);
        for (index, chunk) in chunks.enumerate() {
            let offset = offset + (index + 1) * LINE_BYTES;
            self.row(&offset.to_string(), &chunk, "", "");
        }
    }

    /// The whole table.
    pub(crate) fn text(self) -> String {
        self.0
    }

    fn row(&mut self, offset: &str, bytes: &str, field: &str, value: &str) {
        let width = 3 * LINE_BYTES - 1;
        let line = format!("{offset:>6}  {bytes:<width$}  {field:<24}  {value}");
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }
}

/// Hexadecimal with a space between bytes.
fn spaced(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| hex::text(&[*byte])).collect::<Vec<_>>().join(" ")
}
