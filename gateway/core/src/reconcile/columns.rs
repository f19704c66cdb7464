//! The column map of a statement, a TOML table.

use std::collections::BTreeMap;

use serde::Deserialize;
use tillgate_types::Currency;

use super::statement::Outcome;

/// How a provider's file is read, and what may be done about what it says.
///
/// ```toml
/// format = "csv"              # csv, fixed or iso8583
/// header = true               # csv: the first line names the columns
/// delimiter = ";"             # csv; a comma unless it is given
/// skip = 1                    # lines before the header or the first record
/// dialect = "iso87b"          # iso8583: a dialect, built in or a file
/// currency = "EUR"
///
/// [columns]                   # a name or a number (csv), { from, to } (fixed), a field (iso8583)
/// reference = "Client reference"
/// amount = "Amount"
/// status = ["Type", "Result"] # joined by a space; without it every line is a sale carried out
///
/// [amount]
/// unit = "major"              # or minor; a negative amount is a reversal
/// decimal = ","               # a point unless it is given
///
/// [status]                    # every text that occurs
/// "SALE OK" = "done"
/// "SALE FAILED" = "not_done"
/// "REFUND OK" = "reversed"
/// "FEE OK" = "ignored"
///
/// [trailer]                   # of the last record: both are compared
/// starts_with = "TOTAL"       # its first column
/// count = 2
/// sum = 3
///
/// [rules]
/// match_by = "reference"      # or rrn, provider_reference
/// absent = "operator"         # or declined: what is open here and not in the file was not done
/// late = "operator"           # or take_back: what was declined here and is in the file
/// edge_minutes = 60           # sales so near the cut-off may be in another day's file
/// ```
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMap {
    /// What the file is made of.
    pub format: Layout,
    #[serde(default)]
    pub(super) header: bool,
    #[serde(default = "comma")]
    pub(super) delimiter: char,
    #[serde(default)]
    pub(super) skip: u32,
    /// Of `iso8583`: the name of a built-in dialect, or the path of a table.
    pub dialect: Option<String>,
    currency: String,
    pub(super) columns: Columns,
    #[serde(default)]
    pub(super) amount: AmountForm,
    #[serde(default)]
    pub(super) status: BTreeMap<String, Outcome>,
    pub(super) trailer: Option<Trailer>,
    #[serde(default)]
    pub(super) rules: Rules,
}

/// What a statement is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Separated values (RFC 4180).
    Csv,
    /// Lines whose fields are at fixed places.
    Fixed,
    /// ISO 8583 messages, each in the frame of its dialect.
    Iso8583,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// A field of a message, or a column by its place; the first one is 1.
    Number(u16),
    /// A column by its heading; of a message, `mti`.
    Name(String),
    /// Places in a line, both included; the first one is 1.
    Places {
        /// The first one.
        from: u16,
        /// The last one.
        to: u16,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Columns {
    pub(super) reference: Column,
    pub(super) amount: Column,
    #[serde(default)]
    pub(super) status: Vec<Column>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AmountForm {
    #[serde(default)]
    pub(super) unit: Unit,
    #[serde(default)]
    pub(super) decimal: Decimal,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unit {
    #[default]
    Minor,
    Major,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Decimal {
    #[default]
    #[serde(rename = ".")]
    Point,
    #[serde(rename = ",")]
    Comma,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trailer {
    pub(super) starts_with: String,
    pub(super) count: Option<Column>,
    pub(super) sum: Option<Column>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rules {
    pub(super) match_by: MatchBy,
    pub(super) absent: Absent,
    pub(super) late: Late,
    pub(super) edge_minutes: u16,
}

impl Default for Rules {
    fn default() -> Self {
        let (match_by, absent, late) = (MatchBy::Reference, Absent::Operator, Late::Operator);
        Self { match_by, absent, late, edge_minutes: 60 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MatchBy {
    Reference,
    Rrn,
    ProviderReference,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Absent {
    Operator,
    Declined,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Late {
    Operator,
    TakeBack,
}

const fn comma() -> char {
    ','
}

impl ColumnMap {
    /// Reads the text of a column map.
    ///
    /// # Errors
    /// What is wrong, with its line.
    pub fn read(text: &str) -> Result<Self, String> {
        let map: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
            format!("line {line}: {}", error.message())
        })?;
        map.check()?;
        Ok(map)
    }

    /// Of every amount in the file.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        Currency::parse(&self.currency)
    }

    fn check(&self) -> Result<(), String> {
        if self.currency().is_none() {
            let text = &self.currency;
            return Err(format!("currency is {text:?}; expected a code of ISO 4217, as EUR"));
        }
        if !self.delimiter.is_ascii() {
            return Err(format!("delimiter is {:?}; expected one ASCII character", self.delimiter));
        }
        if (self.format == Layout::Iso8583) != self.dialect.is_some() {
            let text = "dialect belongs to format = \"iso8583\", and only to it";
            return Err(text.to_owned());
        }
        if self.format == Layout::Iso8583 && self.trailer.is_some() {
            return Err("a trailer is a line; format = \"iso8583\" has none".to_owned());
        }
        if self.columns.status.is_empty() != self.status.is_empty() {
            let text = "columns.status and [status] go together: where the texts stand, and what \
                        each of them means";
            return Err(text.to_owned());
        }
        let Columns { reference, amount, status } = &self.columns;
        let trailer = self.trailer.iter().flat_map(|trailer| [&trailer.count, &trailer.sum]);
        let mut columns = [reference, amount].into_iter().chain(status).chain(trailer.flatten());
        columns.try_for_each(|column| self.check_column(column))
    }

    fn check_column(&self, column: &Column) -> Result<(), String> {
        let wanted = match (self.format, column) {
            (Layout::Csv, Column::Number(1..)) => return Ok(()),
            (Layout::Csv, Column::Name(_)) if self.header => return Ok(()),
            (Layout::Fixed, Column::Places { from, to }) if (1..=*to).contains(from) => {
                return Ok(());
            }
            (Layout::Iso8583, Column::Number(2..=128)) => return Ok(()),
            (Layout::Iso8583, Column::Name(name)) if name == "mti" => return Ok(()),
            (Layout::Csv, Column::Name(_)) => "a number, or header = true and a name",
            (Layout::Csv, _) => "the name or the number of a column, the first one is 1",
            (Layout::Fixed, _) => "{ from, to }, the first place of a line is 1",
            (Layout::Iso8583, _) => "a field from 2 to 128, or \"mti\"",
        };
        Err(format!("a column is {column}; expected {wanted}"))
    }
}

impl std::fmt::Display for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => write!(f, "{name:?}"),
            Self::Places { from, to } => write!(f, "{{ from = {from}, to = {to} }}"),
        }
    }
}
