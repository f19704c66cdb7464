//! iso8583_rs: fields by name in a hash map, from a specification file that it finds by an
//! environment variable.

use super::Values;
use iso8583_rs::iso8583::iso_spec::{IsoMsg, Spec, spec};
use std::fmt::Write;
use std::sync::OnceLock;
use tillgate_codec::iso8583::Dialect;

/// A message of theirs.
pub struct Rs(IsoMsg);

impl Rs {
    /// Reads a message of a dialect in ASCII under a binary bitmap. The first dialect stays.
    #[must_use]
    pub fn decode(dialect: &Dialect, bytes: &[u8]) -> Option<Self> {
        // It takes a vector, and leaves it as it is.
        specification(dialect).parse(&mut bytes.to_vec()).ok().map(Self)
    }

    /// Writes it.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        self.0.assemble().ok()
    }

    /// Its values.
    #[must_use]
    pub fn values(&self) -> Values {
        let number = |name: &str| name.strip_prefix("field")?.parse().ok();
        let named = self.0.fd_map.iter();
        named.filter_map(|(name, value)| Some((number(name)?, value.clone()))).collect()
    }
}

fn specification(dialect: &Dialect) -> &'static Spec {
    static SPECIFICATION: OnceLock<&Spec> = OnceLock::new();
    SPECIFICATION.get_or_init(|| {
        let name = format!("tillgate-bench-{}.yaml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, yaml(dialect)).expect("the folder for temporary files takes a file");
        // SAFETY: nothing else here writes the environment or reads it past Rust's own lock.
        unsafe { std::env::set_var("SPEC_FILE", &path) };
        let specification = spec("");
        // They keep what they read; a file left behind would do no harm.
        drop(std::fs::remove_file(&path));
        specification
    })
}

/// A dialect's fields 2 to 64 as they describe them.
fn yaml(dialect: &Dialect) -> String {
    let mut text = "name: open\nid: 1\nheader_fields:\n  - {name: mti, id: 1, type: Fixed, len: 4, \
        data_encoding: ASCII}\nmessages:\n  - name: sale\n    id: 1\n    selector: ['0200']\n    \
        fields:\n      - {name: message_type, id: 1, type: Fixed, len: 4, data_encoding: ASCII}\n      \
        - name: bitmap\n        id: 2\n        type: Bitmapped\n        len: 0\n        \
        data_encoding: BINARY\n        children:\n"
        .to_owned();
    for number in 2..=64 {
        let Some(field) = dialect.field(number) else { continue };
        let data = if field.kind == "b" { "BINARY" } else { "ASCII" };
        let (kind, len) = match (field.units_min == field.units_max, field.units_max) {
            (true, units) => ("Fixed", units),
            (false, 0..=99) => ("Variable, len_encoding: ASCII", 2),
            (false, _) => ("Variable, len_encoding: ASCII", 3),
        };
        writeln!(
            text,
            "          - {{name: field{number}, id: {number}, type: {kind}, len: {len}, \
             data_encoding: {data}, position: {number}}}"
        )
        .expect("a string takes everything");
    }
    text
}
