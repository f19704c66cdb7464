//! submit_sm, deliver_sm and their answers (SMPP 3.4, 4.4 and 4.6).

use std::fmt;

use super::address::{Address, AddressFields};
use crate::smpp::coding::DataCoding;
use crate::smpp::error::EncodeError;
use crate::smpp::reader::Source;
use crate::smpp::text::{Text, TextField};
use crate::smpp::writer::Writer;

pub(super) const SERVICE_TYPE: TextField = TextField::sized("service_type", 6);
const SOURCE: AddressFields = AddressFields {
    ton: "source_addr_ton",
    npi: "source_addr_npi",
    number: TextField::sized("source_addr", 21),
};
const DESTINATION: AddressFields = AddressFields {
    ton: "dest_addr_ton",
    npi: "dest_addr_npi",
    number: TextField::sized("destination_addr", 21),
};
const SCHEDULE: TextField = TextField::sized("schedule_delivery_time", 17);
const VALIDITY: TextField = TextField::sized("validity_period", 17);
const MESSAGE_ID: TextField = TextField::sized("message_id", 65);

/// Bit of `esm_class` that says that the message begins with a user data header.
const UDH_INDICATOR: u8 = 0x40;

/// A message with its text: submit_sm and deliver_sm have the same fields.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ShortMessage<'a> {
    /// Kind of service: `USSD` here; at most 5 octets.
    pub service_type: Text<'a>,
    /// Who sends.
    pub source: Address<'a>,
    /// Who receives.
    pub destination: Address<'a>,
    /// Mode, type and features (SMPP 3.4, 5.2.12).
    pub esm_class: u8,
    /// Protocol identifier of the network.
    pub protocol_id: u8,
    /// Priority, 0 to 3.
    pub priority_flag: u8,
    /// Time to deliver at: empty, or 16 octets.
    pub schedule_delivery_time: Text<'a>,
    /// Time to give up at: empty, or 16 octets.
    pub validity_period: Text<'a>,
    /// Which receipts are wanted (SMPP 3.4, 5.2.17).
    pub registered_delivery: u8,
    /// Whether to replace an earlier message.
    pub replace_if_present_flag: u8,
    /// Alphabet of the text.
    pub data_coding: DataCoding,
    /// A predefined message of the centre; 0 for none.
    pub sm_default_msg_id: u8,
    /// The text, at most 254 octets; empty if it is in a `message_payload`.
    pub short_message: &'a [u8],
}

impl<'a> ShortMessage<'a> {
    #[inline]
    pub(super) fn decode<S: Source<'a>>(source: &mut S) -> Result<Self, S::Error> {
        Ok(Self {
            service_type: source.text(&SERVICE_TYPE)?,
            source: Address::decode(&SOURCE, source)?,
            destination: Address::decode(&DESTINATION, source)?,
            esm_class: source.byte("esm_class")?,
            protocol_id: source.byte("protocol_id")?,
            priority_flag: source.byte("priority_flag")?,
            schedule_delivery_time: source.text(&SCHEDULE)?,
            validity_period: source.text(&VALIDITY)?,
            registered_delivery: source.byte("registered_delivery")?,
            replace_if_present_flag: source.byte("replace_if_present_flag")?,
            data_coding: DataCoding(source.byte("data_coding")?),
            sm_default_msg_id: source.byte("sm_default_msg_id")?,
            short_message: source.short_message()?,
        })
    }

    pub(super) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text(&SERVICE_TYPE, self.service_type)?;
        self.source.encode(&SOURCE, writer)?;
        self.destination.encode(&DESTINATION, writer)?;
        writer.byte(self.esm_class);
        writer.byte(self.protocol_id);
        writer.byte(self.priority_flag);
        writer.text(&SCHEDULE, self.schedule_delivery_time)?;
        writer.text(&VALIDITY, self.validity_period)?;
        writer.byte(self.registered_delivery);
        writer.byte(self.replace_if_present_flag);
        writer.byte(self.data_coding.0);
        writer.byte(self.sm_default_msg_id);
        writer.short_message(self.short_message)
    }

    /// `message` in two parts: the user data header, with its length octet, if `esm_class` says
    /// that there is one and it is whole; then the text.
    #[must_use]
    pub fn split_header<'m>(&self, message: &'m [u8]) -> (&'m [u8], &'m [u8]) {
        let length = match message.first() {
            Some(length) if self.esm_class & UDH_INDICATOR != 0 => usize::from(*length) + 1,
            _ => 0,
        };
        message.split_at_checked(length).unwrap_or((&[], message))
    }
}

impl fmt::Debug for ShortMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text may have a voucher's PIN in it.
        f.debug_struct("ShortMessage")
            .field("service_type", &self.service_type)
            .field("source", &self.source)
            .field("destination", &self.destination)
            .field("esm_class", &self.esm_class)
            .field("data_coding", &self.data_coding)
            .field("short_message_bytes", &self.short_message.len())
            .finish_non_exhaustive()
    }
}

/// Answers a submit_sm, a deliver_sm or a data_sm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MessageResp<'a> {
    /// Name of the message at the centre; at most 64 octets. Always empty in a deliver_sm_resp;
    /// empty, and not sent, in a submit_sm_resp with an error.
    pub message_id: Text<'a>,
}

impl<'a> MessageResp<'a> {
    pub(super) fn decode<S: Source<'a>>(source: &mut S) -> Result<Self, S::Error> {
        Ok(Self { message_id: source.last_text(&MESSAGE_ID)? })
    }

    pub(super) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text(&MESSAGE_ID, self.message_id)
    }
}
