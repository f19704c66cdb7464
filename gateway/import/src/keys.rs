//! Keys for terminals that come without one.

use std::fmt::Write;

use zeroize::Zeroizing;

use crate::source::terminal::{ID, KEY_ID, PSK};
use crate::source::{Column, Form, Source, Table};
use crate::terminals::KEY_ID_DEFAULT;

/// A terminal's id and key number as they are in the file (shorter than this, or the reader refuses
/// them), and 64 digits.
const MADE_LINE_BYTES_MAX: usize = 128;

/// No number is longer.
const NUMBER_BYTES_MAX: usize = 20;

/// Fills every empty `psk` of the terminal files with what `random` gives and returns what was
/// made, as the text of a CSV file with the columns `terminal,key_id,psk`; `None` when nothing was
/// missing. Files that are no CSV with these columns stay as they are: [`crate::plan`] says what is
/// wrong with them.
pub fn make_missing_keys(
    sources: &mut [Source],
    random: &dyn Fn() -> [u8; 32],
) -> Option<Zeroizing<String>> {
    // All the room that it may need: a buffer that grows leaves keys behind in memory.
    let terminals = sources.iter().filter(|source| is_readable(source));
    let lines: usize = terminals.map(|source| source.text.lines().count() + 1).sum();
    let mut made = Zeroizing::new(String::with_capacity(lines * MADE_LINE_BYTES_MAX));
    made.push_str("terminal,key_id,psk\n");
    let header_bytes = made.len();
    for source in sources.iter_mut().filter(|source| is_readable(source)) {
        if let Some(text) = with_keys(source, &mut made, random) {
            source.text = text;
        }
    }
    (made.len() > header_bytes).then_some(made)
}

fn is_readable(source: &Source) -> bool {
    source.table == Some(Table::Terminals) && source.form != Form::Closed
}

/// The same file with a key in every row; rows keep their lines.
fn with_keys(
    source: &Source,
    made: &mut String,
    random: &dyn Fn() -> [u8; 32],
) -> Option<Zeroizing<String>> {
    let mut lines = source.text.split_inclusive('\n');
    let header = lines.next()?;
    let fields: Vec<&str> = header.trim().split(',').map(str::trim).collect();
    let place = |column: Column| fields.iter().position(|name| *name == column.name);
    let (id, psk, key_id) = (place(ID)?, place(PSK)?, place(KEY_ID));
    let room = source.text.len() + (source.text.lines().count() + 1) * MADE_LINE_BYTES_MAX;
    let mut out = Zeroizing::new(String::with_capacity(room));
    out.push_str(header);
    for line in lines {
        let mut cells: Vec<&str> = line.trim_end().split(',').collect();
        // No column of this file needs quotes; a line with some is left for the reader to judge.
        let short = [Some(id), key_id]
            .into_iter()
            .flatten()
            .all(|at| cells.get(at).is_some_and(|cell| cell.trim().len() <= NUMBER_BYTES_MAX));
        let plain = cells.len() == fields.len() && !line.contains('"') && short;
        if !plain || !cells[psk].trim().is_empty() {
            out.push_str(line);
            continue;
        }
        let key = Zeroizing::new(random());
        let key = Zeroizing::new(hex::encode(key.as_slice()));
        let number = key_id.map_or("", |at| cells[at].trim());
        let number = if number.is_empty() { &KEY_ID_DEFAULT.to_string() } else { number };
        writeln!(made, "{},{number},{}", cells[id].trim(), key.as_str())
            .expect("writing to a String does not fail");
        cells[psk] = &key;
        for (at, cell) in cells.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { "," });
            out.push_str(cell);
        }
        out.push('\n');
    }
    Some(out)
}
