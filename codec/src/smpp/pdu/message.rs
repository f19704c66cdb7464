//! submit_sm, deliver_sm and their answers (SMPP 3.4, 4.4 and 4.6).

use std::fmt;

use super::Address;
use super::declare::{Value, Written};
use crate::smpp::coding::DataCoding;
use crate::smpp::reader::Source;
use crate::smpp::text::Text;
use crate::smpp::writer::Writer;

/// Bit of `esm_class` that says that the message begins with a user data header.
const UDH_INDICATOR: u8 = 0x40;

body! {
    /// A message with its text: submit_sm and deliver_sm have the same fields.
    #[derive(Clone, Copy, PartialEq, Eq, Default)]
    pub struct ShortMessage<'a> {
        /// Kind of service: `USSD` here; at most 5 octets.
        service_type: Text<'a> [6];
        /// Who sends.
        source: Address<'a> [21];
        /// Who receives.
        destination: Address<'a> [21];
        /// Mode, type and features (SMPP 3.4, 5.2.12).
        esm_class: u8;
        /// Protocol identifier of the network.
        protocol_id: u8;
        /// Priority, 0 to 3.
        priority_flag: u8;
        /// Time to deliver at: empty, or 16 octets.
        schedule_delivery_time: Text<'a> [17];
        /// Time to give up at: empty, or 16 octets.
        validity_period: Text<'a> [17];
        /// Which receipts are wanted (SMPP 3.4, 5.2.17).
        registered_delivery: u8;
        /// Whether to replace an earlier message.
        replace_if_present_flag: u8;
        /// Alphabet of the text.
        data_coding: DataCoding;
        /// A predefined message of the centre; 0 for none.
        sm_default_msg_id: u8;
        /// The text, at most 254 octets; empty if it is in a `message_payload`.
        short_message: &'a [u8];
    }
}

impl ShortMessage<'_> {
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

body! {
    /// Answers a submit_sm, a deliver_sm or a data_sm.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct MessageResp<'a> {
        /// Name of the message at the centre; at most 64 octets. Always empty in a deliver_sm_resp;
        /// empty, and not sent, in a submit_sm_resp with an error.
        message_id: Text<'a> [65], last;
    }
}
