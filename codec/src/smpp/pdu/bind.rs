//! bind_receiver, bind_transmitter, bind_transceiver and their answers (SMPP 3.4, 4.1).

use std::fmt;

use super::declare::{Value, Written};
use crate::smpp::reader::Source;
use crate::smpp::text::Text;
use crate::smpp::writer::Writer;

/// The version of the protocol spoken here, as `interface_version` says it.
pub const INTERFACE_VERSION: u8 = 0x34;

/// A password. It is neither shown nor printed.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Password<'a>(pub &'a [u8]);

body! {
    /// Opens a session: who the application is.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Bind<'a> {
        /// Name of the application at the centre; at most 15 octets.
        system_id: Text<'a> [16];
        /// Its password; at most 8 octets.
        password: Password<'a> [9];
        /// Kind of application, often `USSD`; at most 12 octets.
        system_type: Text<'a> [13];
        /// Version that the application speaks: [`INTERFACE_VERSION`].
        interface_version: u8;
        /// Type of the numbers in `address_range`.
        addr_ton: u8;
        /// Numbering plan of the numbers in `address_range`.
        addr_npi: u8;
        /// Addresses that the application serves, as a regular expression; at most 40 octets.
        address_range: Text<'a> [41], last;
    }
}

impl fmt::Debug for Bind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bind")
            .field("system_id", &self.system_id)
            .field("system_type", &self.system_type)
            .field("interface_version", &self.interface_version)
            .field("addr_ton", &self.addr_ton)
            .field("addr_npi", &self.addr_npi)
            .field("address_range", &self.address_range)
            .finish_non_exhaustive()
    }
}

body! {
    /// Answers a bind; what the centre speaks may follow as `sc_interface_version`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct BindResp<'a> {
        /// Name of the centre; at most 15 octets. Empty, and not sent, with an error.
        system_id: Text<'a> [16], last;
    }
}
