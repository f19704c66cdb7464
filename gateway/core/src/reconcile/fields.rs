//! Records of a statement: the values of columns, in each of the formats.

use tillgate_codec::iso8583::{Dialect, Fields, View};

use super::columns::{Column, ColumnMap, Layout};

/// Longest line of a statement, bytes.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// One record of the file.
pub(super) enum Record<'a> {
    Csv { row: &'a csv::StringRecord, header: Option<&'a csv::StringRecord> },
    Fixed(&'a str),
    Message(&'a View<'a>),
}

impl Record<'_> {
    /// The value of a column, without blanks around it; empty where it is not there.
    pub(super) fn value(&self, column: &Column) -> String {
        let found = match (self, column) {
            (Self::Csv { row, .. }, Column::Number(at)) => {
                row.get(usize::from(*at).saturating_sub(1)).map(str::to_owned)
            }
            (Self::Csv { row, header }, Column::Name(name)) => header
                .and_then(|header| header.iter().position(|heading| heading.trim() == name))
                .and_then(|at| row.get(at).map(str::to_owned)),
            (Self::Fixed(line), Column::Places { from, to }) => {
                let (from, to) = (usize::from(*from), usize::from(*to));
                Some(line.chars().skip(from - 1).take(to + 1 - from).collect())
            }
            (Self::Message(view), Column::Name(_)) => Some(view.mti().to_string()),
            (Self::Message(view), Column::Number(number)) => {
                u8::try_from(*number).ok().and_then(|number| view.text(number))
            }
            _ => None,
        };
        found.unwrap_or_default().trim().to_owned()
    }

    /// The first column, for trailers.
    pub(super) fn begins_with(&self, text: &str) -> bool {
        match self {
            Self::Csv { row, .. } => row.get(0).is_some_and(|first| first.trim() == text),
            Self::Fixed(line) => line.starts_with(text),
            Self::Message(_) => false,
        }
    }
}

/// Calls `take` with the number of each record and the record: a line's, or a message's place among
/// the messages.
///
/// # Errors
/// What cannot be read, with its number; or what `take` says.
pub(super) fn records(
    bytes: &[u8],
    map: &ColumnMap,
    dialect: Option<&Dialect>,
    take: &mut dyn FnMut(u32, &Record<'_>) -> Result<(), String>,
) -> Result<(), String> {
    match (map.format, dialect) {
        (Layout::Csv, _) => separated(bytes, map, take),
        (Layout::Fixed, _) => lines(bytes, map.skip, take),
        (Layout::Iso8583, Some(dialect)) => messages(bytes, dialect, take),
        (Layout::Iso8583, None) => Err("the dialect is missing".to_owned()),
    }
}

type Take<'a> = &'a mut dyn FnMut(u32, &Record<'_>) -> Result<(), String>;

fn separated(bytes: &[u8], map: &ColumnMap, take: Take<'_>) -> Result<(), String> {
    let mut rest = bytes;
    for _ in 0..map.skip {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        rest = &rest[end..];
    }
    let rest = rest.strip_prefix("\u{feff}".as_bytes()).unwrap_or(rest);
    let mut builder = csv::ReaderBuilder::new();
    let delimiter = u8::try_from(map.delimiter).unwrap_or(b',');
    builder.delimiter(delimiter).has_headers(map.header).flexible(true);
    let mut reader = builder.from_reader(rest);
    let place = |error: csv::Error| {
        let line = error.position().map_or(0, csv::Position::line) + u64::from(map.skip);
        format!("line {line}: it cannot be read as CSV in UTF-8")
    };
    let header = if map.header { Some(reader.headers().map_err(place)?.clone()) } else { None };
    if let Some(header) = &header {
        check_header(map, header)?;
    }
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(place)? {
        let line = row.position().map_or(0, csv::Position::line) + u64::from(map.skip);
        let number = u32::try_from(line).map_err(|_| "the file has too many lines")?;
        if row.as_slice().len() > LINE_BYTES_MAX {
            return Err(format!("line {number}: it is longer than {LINE_BYTES_MAX} bytes"));
        }
        take(number, &Record::Csv { row: &row, header: header.as_ref() })?;
    }
    Ok(())
}

/// Every named column is there, and once.
fn check_header(map: &ColumnMap, header: &csv::StringRecord) -> Result<(), String> {
    let columns = &map.columns;
    for column in [&columns.reference, &columns.amount].into_iter().chain(&columns.status) {
        let Column::Name(name) = column else { continue };
        match header.iter().filter(|heading| heading.trim() == name).count() {
            1 => {}
            0 => {
                let headings: Vec<&str> = header.iter().collect();
                let found = headings.join(", ");
                return Err(format!("there is no column {name:?}; the file has {found:.300}"));
            }
            _ => return Err(format!("two columns are called {name:?}; name it by its number")),
        }
    }
    Ok(())
}

fn lines(bytes: &[u8], skip: u32, take: Take<'_>) -> Result<(), String> {
    let all = (1_u32..).zip(bytes.split(|byte| *byte == b'\n'));
    for (number, line) in all.skip_while(|(number, _)| *number <= skip) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > LINE_BYTES_MAX {
            return Err(format!("line {number}: it is longer than {LINE_BYTES_MAX} bytes"));
        }
        let text = std::str::from_utf8(line).map_err(|_| format!("line {number}: not UTF-8"))?;
        if !text.trim().is_empty() {
            take(number, &Record::Fixed(text))?;
        }
    }
    Ok(())
}

fn messages(mut bytes: &[u8], dialect: &Dialect, take: Take<'_>) -> Result<(), String> {
    let mut fields = Fields::new();
    let mut number = 0;
    while !bytes.is_empty() {
        number += 1;
        let fault = |why: String| format!("message {number}: {why}");
        let frame = dialect.framing().deframe(bytes).map_err(|e| fault(dialect.explain(&e)))?;
        let frame = frame.ok_or_else(|| fault("the file ends within it".to_owned()))?;
        let message = bytes.get(frame.message.clone()).unwrap_or(&[]);
        if !message.is_empty() {
            let view = dialect.view(message, &mut fields);
            let view = view.map_err(|error| fault(dialect.explain(&error)))?;
            take(number, &Record::Message(&view))?;
        }
        bytes = bytes.get(frame.end..).unwrap_or(&[]);
    }
    Ok(())
}
