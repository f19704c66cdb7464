//! What is wrong with an import, place by place.

use std::fmt;

use super::limits::FAULTS_SHOWN_MAX;

/// A row of one of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowPlace {
    /// Index among the sources.
    pub(super) file: u16,
    /// From 1.
    pub(super) line: u32,
}

/// One wrong thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The file.
    pub(crate) file: String,
    /// From 1; 0 when the fault is not in one line.
    pub(crate) line: u32,
    /// Number of the field in its line, from 1; 0 when it is not in one field.
    pub(crate) column: u16,
    /// The column's name.
    pub(crate) name: &'static str,
    /// What was found and what is expected.
    pub(crate) text: String,
}

/// All of them: the first ones in full, the rest as a number.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// At most [`FAULTS_SHOWN_MAX`].
    pub(crate) shown: Vec<Fault>,
    /// All, shown or not.
    pub(crate) total: usize,
    /// Nobody looked further after these.
    pub(super) is_cut: bool,
}

impl Faults {
    /// Takes one in, or only counts it.
    pub(super) fn push(&mut self, fault: impl FnOnce() -> Fault) {
        self.total += 1;
        if self.shown.len() < FAULTS_SHOWN_MAX {
            self.shown.push(fault());
        }
    }

    /// How many there are, and what follows.
    pub(crate) fn verdict(&self) -> String {
        let plural = if self.total == 1 { "" } else { "s" };
        let more = if self.is_cut { " or more" } else { "" };
        let verdict = format!("{}{more} fault{plural}; nothing was imported", self.total);
        match self.total - self.shown.len() {
            0 => verdict,
            more => format!("... and {more} more\n{verdict}"),
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
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
            write!(f, ":{} ({})", self.column, self.name)?;
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
