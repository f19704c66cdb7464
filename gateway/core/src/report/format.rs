//! A transaction as text.

use schemars::{JsonSchema, schema_for};
use serde::Deserialize;
use serde_json::{Value, json};
use tillgate_store_core::Transaction;

use super::line::{Names, TransactionLine, line};

/// How a transaction is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line
    #[default]
    Jsonl,
    /// Comma-separated values with a header, as in RFC 4180 but for the line ends
    Csv,
}

impl Format {
    /// What comes before the first transaction.
    #[must_use]
    pub fn header(self) -> String {
        match self {
            Self::Jsonl => String::new(),
            Self::Csv => csv_header::<TransactionLine>(),
        }
    }

    /// A transaction with its line end.
    #[must_use]
    pub fn row(self, transaction: &Transaction, names: &Names) -> String {
        let line = json!(line(transaction, names));
        match self {
            Self::Jsonl => format!("{line}\n"),
            Self::Csv => csv_row(&line),
        }
    }
}

/// The names of the members of a line, as the first row of a CSV file.
#[must_use]
pub fn csv_header<T: JsonSchema>() -> String {
    let schema = schema_for!(T);
    let members = schema.get("properties").and_then(Value::as_object);
    let names: Vec<&str> = members.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    format!("{}\n", names.join(","))
}

/// The members of a line as a row of a CSV file.
#[must_use]
pub fn csv_row(line: &Value) -> String {
    let members = line.as_object().into_iter().flatten();
    let cells: Vec<String> = members.map(|(_, value)| cell(value)).collect();
    format!("{}\n", cells.join(","))
}

/// What a formula begins with, at one spreadsheet or another (OWASP, "CSV injection").
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A value as a cell: null is empty, an object is its JSON, and what could be taken for a
/// separator is quoted. A text that a spreadsheet would take for a formula, because of what
/// somebody else wrote into it, gets an apostrophe in front; numbers stay numbers.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) if text.starts_with(FORMULA) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_a_formula_and_a_negative_number_stays_one() {
        for formula in ["=HYPERLINK(\"x\")", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"] {
            let found = cell(&json!(formula));
            assert!(found.trim_start_matches('"').starts_with('\''), "{found}");
        }
        assert_eq!(cell(&json!(-250)), "-250");
        assert_eq!(cell(&json!("a=b")), "a=b");
    }

    #[test]
    fn a_cell_survives_separators_and_quotes() {
        let texts = ["plain", "a,b", "say \"so\"", "two\nlines", ""];
        let row: Vec<String> = texts.iter().map(|text| cell(&json!(text))).collect();
        let row = format!("{}\n", row.join(","));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
        let read = reader.records().next().unwrap().unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), texts);
        assert_eq!((cell(&Value::Null), cell(&json!(-5))), (String::new(), "-5".to_owned()));
    }
}
