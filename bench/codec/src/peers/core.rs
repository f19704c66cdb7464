//! iso8583-core: every field an owned value in a hash map.

use super::Values;
use iso8583_core::field::{Field, FieldValue};
use iso8583_core::message::ISO8583Message;

/// A message of theirs.
pub struct Core(ISO8583Message);

impl Core {
    /// Reads a message.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        ISO8583Message::from_bytes(bytes).ok().map(Self)
    }

    /// Writes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// Its values.
    #[must_use]
    pub fn values(&self) -> Values {
        let value = |number| {
            let value = self.0.get_field(Field::from_number(number).ok()?)?;
            Some(match value {
                FieldValue::String(text) => (number, text.as_bytes().to_vec()),
                FieldValue::Binary(bytes) => (number, bytes.clone()),
            })
        };
        (2..=64).filter_map(value).collect()
    }
}
