//! data_sm (SMPP 3.4, 4.7); its answer is a [`MessageResp`](super::MessageResp).

use super::address::{Address, AddressFields};
use super::message::SERVICE_TYPE;
use crate::smpp::coding::DataCoding;
use crate::smpp::error::EncodeError;
use crate::smpp::reader::Source;
use crate::smpp::text::{Text, TextField};
use crate::smpp::writer::Writer;

const SOURCE: AddressFields = AddressFields {
    ton: "source_addr_ton",
    npi: "source_addr_npi",
    number: TextField::sized("source_addr", 65),
};
const DESTINATION: AddressFields = AddressFields {
    ton: "dest_addr_ton",
    npi: "dest_addr_npi",
    number: TextField::sized("destination_addr", 65),
};

/// A message whose text is in the optional parameter `message_payload`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DataSm<'a> {
    /// Kind of service: `USSD` here; at most 5 octets.
    pub service_type: Text<'a>,
    /// Who sends.
    pub source: Address<'a>,
    /// Who receives.
    pub destination: Address<'a>,
    /// Mode, type and features (SMPP 3.4, 5.2.12).
    pub esm_class: u8,
    /// Which receipts are wanted (SMPP 3.4, 5.2.17).
    pub registered_delivery: u8,
    /// Alphabet of the text.
    pub data_coding: DataCoding,
}

impl<'a> DataSm<'a> {
    pub(super) fn decode<S: Source<'a>>(source: &mut S) -> Result<Self, S::Error> {
        Ok(Self {
            service_type: source.text(&SERVICE_TYPE)?,
            source: Address::decode(&SOURCE, source)?,
            destination: Address::decode(&DESTINATION, source)?,
            esm_class: source.byte("esm_class")?,
            registered_delivery: source.byte("registered_delivery")?,
            data_coding: DataCoding(source.byte("data_coding")?),
        })
    }

    pub(super) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text(&SERVICE_TYPE, self.service_type)?;
        self.source.encode(&SOURCE, writer)?;
        self.destination.encode(&DESTINATION, writer)?;
        writer.byte(self.esm_class);
        writer.byte(self.registered_delivery);
        writer.byte(self.data_coding.0);
        Ok(())
    }
}
