//! What is wrong with an import, place by place.

use std::fmt;

use crate::limits::FAULTS_SHOWN_MAX;

/// A row of one of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowPlace {
    /// Index among the sources.
    pub(crate) file: u16,
    /// From 1.
    pub(crate) line: u32,
}

/// One wrong thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// From 1; 0 when the fault is not in one line.
    pub line: u32,
    /// Number of the field in its line (of TOML: of the character), from 1; 0 when it is not in one.
    pub column: u16,
    /// The column's name; empty when the fault is not in one.
    pub name: &'static str,
    /// What was found and what is expected.
    pub text: String,
}

/// All of them: the first ones in full, the rest as a number.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// At most [`FAULTS_SHOWN_MAX`].
    pub shown: Vec<Fault>,
    /// All, shown or not.
    pub total: usize,
    /// Nobody looked further after these.
    pub(crate) is_cut: bool,
}

impl RowPlace {
    /// The place, for a fault of another row.
    pub(crate) fn seen_from(self, other: Self) -> String {
        let elsewhere = if self.file == other.file { "" } else { " of another file" };
        format!("line {}{elsewhere}", self.line)
    }
}

impl Faults {
    /// Takes one in, or only counts it.
    pub(crate) fn push(&mut self, fault: impl FnOnce() -> Fault) {
        self.total += 1;
        if self.shown.len() < FAULTS_SHOWN_MAX {
            self.shown.push(fault());
        }
    }

    /// How many there are, and what follows.
    pub fn verdict(&self) -> String {
        let plural = if self.total == 1 { "" } else { "s" };
        let more = if self.is_cut { " or more" } else { "" };
        let verdict = format!("{}{more} fault{plural}; nothing was imported", self.total);
        match self.total - self.shown.len() {
            0 => verdict,
            more => format!("... and {more} more\n{verdict}"),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        if !self.name.is_empty() {
            write!(f, " ({})", self.name)?;
        }
        write!(f, ": {}", self.text)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.shown {
            writeln!(f, "{fault}")?;
        }
        f.write_str(&self.verdict())
    }
}
