//! data_sm (SMPP 3.4, 4.7); its answer is a [`MessageResp`](super::MessageResp).

use super::Address;
use super::declare::{Value, Written};
use crate::smpp::coding::DataCoding;
use crate::smpp::reader::Source;
use crate::smpp::text::Text;
use crate::smpp::writer::Writer;

body! {
    /// A message whose text is in the optional parameter `message_payload`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct DataSm<'a> {
        /// Kind of service: `USSD` here; at most 5 octets.
        service_type: Text<'a> [6];
        /// Who sends.
        source: Address<'a> [65];
        /// Who receives.
        destination: Address<'a> [65];
        /// Mode, type and features (SMPP 3.4, 5.2.12).
        esm_class: u8;
        /// Which receipts are wanted (SMPP 3.4, 5.2.17).
        registered_delivery: u8;
        /// Alphabet of the text.
        data_coding: DataCoding;
    }
}
