//! Addresses: a number, or a name, with its type and numbering plan.

use crate::smpp::error::EncodeError;
use crate::smpp::reader::Source;
use crate::smpp::text::{Text, TextField};
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

/// The three fields of an address.
pub(super) struct AddressFields {
    pub(super) ton: &'static str,
    pub(super) npi: &'static str,
    pub(super) number: TextField,
}

impl<'a> Address<'a> {
    #[inline]
    pub(super) fn decode<S: Source<'a>>(
        fields: &AddressFields,
        source: &mut S,
    ) -> Result<Self, S::Error> {
        Ok(Self {
            ton: source.byte(fields.ton)?,
            npi: source.byte(fields.npi)?,
            number: source.text(&fields.number)?,
        })
    }

    pub(super) fn encode(
        &self,
        fields: &AddressFields,
        writer: &mut Writer<'_>,
    ) -> Result<(), EncodeError> {
        writer.byte(self.ton);
        writer.byte(self.npi);
        writer.text(&fields.number, self.number)
    }
}
