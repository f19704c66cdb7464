//! A page for Prometheus, exposition format 0.0.4.

use std::fmt::{Arguments, Display, Write};

use super::Histogram;

/// A page that is being written; it ends with a line end.
#[derive(Default)]
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn text(self) -> String {
        self.0
    }

    pub(crate) fn one(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, kind(name), help);
        self.line(format_args!("{name} {value}"));
    }

    /// A metric with a series for each value of one label.
    pub(crate) fn by<L: Display>(
        &mut self,
        label: &str,
        (name, help): (&str, &str),
        series: impl IntoIterator<Item = (L, u64)>,
    ) {
        let series = series.into_iter();
        self.each(name, help, series.map(|(of, value)| (format!("{label}=\"{of}\""), value)));
    }

    /// A metric with a series for each set of labels.
    pub(crate) fn each(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (String, u64)>,
    ) {
        self.head(name, kind(name), help);
        for (labels, value) in series {
            self.line(format_args!("{name}{{{labels}}} {value}"));
        }
    }

    /// A histogram for each set of labels; these are empty or end with a comma.
    pub(crate) fn histograms<'a>(
        &mut self,
        name: &str,
        help: &str,
        of: impl IntoIterator<Item = (String, &'a Histogram)>,
    ) {
        self.head(name, "histogram", help);
        for (labels, histogram) in of {
            histogram.render(name, &labels, self);
        }
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    pub(super) fn line(&mut self, text: Arguments<'_>) {
        writeln!(self.0, "{text}").expect("writing to a String does not fail");
    }
}

/// What only goes up says so in its name.
fn kind(name: &str) -> &'static str {
    if name.ends_with("_total") { "counter" } else { "gauge" }
}
