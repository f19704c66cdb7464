//! What a provider's file says, by reference.

use rustc_hash::FxHashMap;
use serde::Deserialize;
use tillgate_codec::iso8583::Dialect;
use tillgate_types::decimal;

use super::columns::{AmountForm, ColumnMap, Decimal, Unit};
use super::fields::{Record, records};

/// Most records of one statement.
const LINES_MAX: u32 = 20_000_000;

/// What a line says about its reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was carried out.
    Done,
    /// It was not.
    NotDone,
    /// It was taken back.
    Reversed,
    /// Nothing: it is no sale.
    Ignored,
}

/// One line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file.
    pub number: u32,
    /// Whose it is.
    pub reference: String,
    /// What it says.
    pub outcome: Outcome,
    /// Minor units.
    pub amount_minor: u64,
}

/// What all lines of one reference say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stated {
    /// The first of them.
    pub(super) line: u32,
    /// How often it was carried out.
    pub(super) done: u32,
    /// The sum of that.
    pub(super) done_minor: u64,
    pub(super) reversed: bool,
    /// A row of the journal was found for it.
    pub(super) used: bool,
}

/// A provider's file, read whole.
#[derive(Debug, Default)]
pub struct Statement {
    pub(super) stated: FxHashMap<String, Stated>,
    /// Lines that count.
    pub lines: u32,
}

impl Statement {
    /// Reads a file.
    ///
    /// # Errors
    /// What cannot be read, with its line; control totals that are not those of the lines. Nothing
    /// of such a file counts.
    pub fn read(bytes: &[u8], map: &ColumnMap, dialect: Option<&Dialect>) -> Result<Self, String> {
        let mut statement = Self::default();
        let mut sums = ControlSums::default();
        records(bytes, map, dialect, &mut |number, record| {
            if let Some(trailer) = &map.trailer
                && record.begins_with(&trailer.starts_with)
            {
                return sums.check(number, record, map);
            }
            if sums.closed {
                return Err(format!("line {number}: there is more behind the trailer"));
            }
            let (line, signed) = line(number, record, map)?;
            sums.count += 1;
            sums.minor += i128::from(signed);
            if sums.count > LINES_MAX {
                return Err(format!("it has more than {LINES_MAX} lines; split it by day"));
            }
            statement.add(&line)
        })?;
        if map.trailer.is_some() && !sums.closed {
            return Err("it has no trailer: it was cut short, or is not whole yet".to_owned());
        }
        Ok(statement)
    }

    fn add(&mut self, line: &Line) -> Result<(), String> {
        if line.outcome == Outcome::Ignored {
            return Ok(());
        }
        if line.reference.is_empty() {
            return Err(format!("line {}: it has no reference", line.number));
        }
        self.lines += 1;
        let stated = self.stated.entry(line.reference.clone()).or_default();
        if stated.line == 0 {
            stated.line = line.number;
        }
        match line.outcome {
            Outcome::Done => {
                stated.done += 1;
                let sum = stated.done_minor.checked_add(line.amount_minor);
                stated.done_minor =
                    sum.ok_or_else(|| format!("line {}: the amounts add up too far", line.number))?;
            }
            Outcome::Reversed => stated.reversed = true,
            Outcome::NotDone | Outcome::Ignored => {}
        }
        Ok(())
    }
}

/// One record as a line, and its amount with the sign that it has in the file.
fn line(number: u32, record: &Record<'_>, map: &ColumnMap) -> Result<(Line, i64), String> {
    let columns = &map.columns;
    let mut outcome = Outcome::Done;
    if !columns.status.is_empty() {
        let parts: Vec<String> = columns.status.iter().map(|column| record.value(column)).collect();
        let text = parts.join(" ");
        let known = map.status.get(&text).copied();
        outcome = known.ok_or_else(|| {
            format!("line {number}: the status {text:?} is not in [status] of the column map")
        })?;
    }
    if outcome == Outcome::Ignored {
        let line = Line { number, reference: String::new(), outcome, amount_minor: 0 };
        // A trailer counts what it is, too; what is not even an amount adds nothing.
        return Ok((line, amount(&record.value(&columns.amount), map).unwrap_or(0)));
    }
    let signed = amount(&record.value(&columns.amount), map)
        .map_err(|why| format!("line {number}: {why}"))?;
    if signed < 0 {
        outcome = Outcome::Reversed;
    }
    let reference = record.value(&columns.reference);
    let amount_minor = signed.unsigned_abs();
    Ok((Line { number, reference, outcome, amount_minor }, signed))
}

fn amount(text: &str, map: &ColumnMap) -> Result<i64, String> {
    let AmountForm { unit, decimal: point } = map.amount;
    let decimals = match unit {
        Unit::Minor => 0,
        Unit::Major => map.currency().map_or(0, |currency| currency.decimals),
    };
    // The other sign may group thousands: "1.250,00" is read as it stands or not at all.
    let plain = match point {
        Decimal::Comma if !text.contains('.') => text.replacen(',', ".", 1),
        Decimal::Comma => String::new(),
        Decimal::Point => text.to_owned(),
    };
    decimal(&plain, decimals).ok_or_else(|| {
        let sign = if point == Decimal::Comma { "comma" } else { "point" };
        format!("the amount is {text:?}; expected digits with at most {decimals} behind a {sign}")
    })
}

#[derive(Default)]
struct ControlSums {
    count: u32,
    minor: i128,
    closed: bool,
}

impl ControlSums {
    /// Holds the trailer against the lines before it.
    fn check(&mut self, number: u32, record: &Record<'_>, map: &ColumnMap) -> Result<(), String> {
        let Some(trailer) = &map.trailer else { return Ok(()) };
        if let Some(column) = &trailer.count {
            let said = record.value(column);
            if said.parse() != Ok(self.count) {
                let count = self.count;
                return Err(format!(
                    "line {number}: it counts {said} lines, and there are {count}"
                ));
            }
        }
        if let Some(column) = &trailer.sum {
            let said = record.value(column);
            if amount(&said, map).map(i128::from) != Ok(self.minor) {
                let sum = self.minor;
                return Err(format!(
                    "line {number}: its sum is {said}, and the lines have {sum} minor units"
                ));
            }
        }
        self.closed = true;
        Ok(())
    }
}
