//! Dialects and the samples of each, whose bytes were written by hand and not by this codec.

use std::sync::LazyLock;
use tillgate_codec::iso8583::Dialect;

/// A sample message.
pub(crate) struct Sample {
    /// What it is.
    pub(crate) name: &'static str,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// The JSON that it decodes to, nothing hidden.
    pub(crate) json: &'static str,
}

impl Sample {
    /// The message without its frame length.
    pub(crate) fn message<'a>(&'a self, dialect: &Dialect) -> &'a [u8] {
        let framed = self.json.contains("\"length\":");
        &self.bytes[if framed { dialect.framing().bytes } else { 0 }..]
    }
}

/// Table and samples of every dialect, built in or example: one without samples is a failure here.
fn sources() -> &'static [(&'static str, String)] {
    static SOURCES: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/iso8583");
        let source = |name| {
            let table = Dialect::builtin_table(name).or_else(|| Dialect::example_table(name));
            let samples = std::fs::read_to_string(format!("{folder}/{name}.txt"));
            (table.unwrap(), samples.unwrap_or_else(|error| panic!("{name}.txt: {error}")))
        };
        Dialect::builtin_names().chain(Dialect::example_names()).map(source).collect()
    });
    &SOURCES
}

/// A table with what none of the dialects has; for samples only.
const EVERY_KIND: (&str, &str) = (
    include_str!("../../../testdata/iso8583/every-kind.toml"),
    include_str!("../../../testdata/iso8583/every-kind.txt"),
);

/// Every dialect, built in or example; compiled once for all tests.
pub(crate) fn dialects() -> &'static [Dialect] {
    static DIALECTS: LazyLock<Vec<Dialect>> = LazyLock::new(|| {
        sources().iter().map(|(table, _)| Dialect::parse(table).unwrap()).collect()
    });
    &DIALECTS
}

/// Every dialect with its samples, [`EVERY_KIND`] last; made once for all tests.
pub(crate) fn all() -> &'static [(Dialect, Vec<Sample>)] {
    static ALL: LazyLock<Vec<(Dialect, Vec<Sample>)>> = LazyLock::new(|| {
        let of = |table, text| (Dialect::parse(table).unwrap(), samples(text));
        let every_kind = of(EVERY_KIND.0, EVERY_KIND.1);
        sources().iter().map(|(table, text)| of(table, text)).chain([every_kind]).collect()
    });
    &ALL
}

/// A dialect by name with its samples.
pub(crate) fn of(name: &str) -> &'static (Dialect, Vec<Sample>) {
    all().iter().find(|(dialect, _)| dialect.name() == name).unwrap()
}

fn samples(text: &'static str) -> Vec<Sample> {
    let mut samples = Vec::new();
    for block in text.split("\n\n") {
        let line = |key| block.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        let (name, json) = (line("name = "), line("json = "));
        samples.push(Sample { name, bytes: unhex(line("hex = ")), json });
    }
    assert!(!samples.is_empty());
    samples
}

/// The bytes of hexadecimal text.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
