//! Addresses: a number, or a name, with its type and numbering plan.

use super::declare::{Value, Written};
use crate::smpp::reader::Source;
use crate::smpp::text::Text;
use crate::smpp::writer::Writer;

/// An address: a subscriber, a short code, a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Address<'a> {
    /// Type of number (SMPP 3.4, 5.2.5): 0 unknown, 1 international, 2 national, 5 alphanumeric.
    pub ton: u8,
    /// Numbering plan indicator (SMPP 3.4, 5.2.6): 0 unknown, 1 E.164.
    pub npi: u8,
    /// The number or name; at most 20 octets in a submit_sm or deliver_sm, 64 in a data_sm.
    pub number: Text<'a>,
}

/// The three fields of an address, as the specification calls them.
fn names(field: &str) -> [&'static str; 3] {
    match field {
        "source" => ["source_addr_ton", "source_addr_npi", "source_addr"],
        _ => ["dest_addr_ton", "dest_addr_npi", "destination_addr"],
    }
}

impl<'a> Value<'a> for Address<'a> {
    #[inline]
    fn read<S: Source<'a>>(source: &mut S, field: &'static str) -> Result<Self, S::Error> {
        let [ton, npi, number] = names(field);
        let (ton, npi) = (source.byte(ton)?, source.byte(npi)?);
        Ok(Self { ton, npi, number: source.text(number)? })
    }

    fn write(self, writer: &mut Writer<'_>, field: &'static str, size: usize) -> Written {
        let [_, _, number] = names(field);
        writer.byte(self.ton);
        writer.byte(self.npi);
        self.number.write(writer, number, size)
    }
}
