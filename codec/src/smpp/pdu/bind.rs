//! bind_receiver, bind_transmitter, bind_transceiver and their answers (SMPP 3.4, 4.1).

use std::fmt;

use crate::smpp::error::EncodeError;
use crate::smpp::reader::Source;
use crate::smpp::text::{Text, TextField};
use crate::smpp::writer::Writer;

/// The version of the protocol spoken here, as `interface_version` says it.
pub const INTERFACE_VERSION: u8 = 0x34;

const SYSTEM_ID: TextField = TextField::sized("system_id", 16);
const PASSWORD: TextField = TextField::sized("password", 9);
const SYSTEM_TYPE: TextField = TextField::sized("system_type", 13);
const ADDRESS_RANGE: TextField = TextField::sized("address_range", 41);

/// A password. It is neither shown nor printed.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Password<'a>(pub &'a [u8]);

/// Opens a session: who the application is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bind<'a> {
    /// Name of the application at the centre; at most 15 octets.
    pub system_id: Text<'a>,
    /// Its password; at most 8 octets.
    pub password: Password<'a>,
    /// Kind of application, often `USSD`; at most 12 octets.
    pub system_type: Text<'a>,
    /// Version that the application speaks: [`INTERFACE_VERSION`].
    pub interface_version: u8,
    /// Type of the numbers in `address_range`.
    pub addr_ton: u8,
    /// Numbering plan of the numbers in `address_range`.
    pub addr_npi: u8,
    /// Addresses that the application serves, as a regular expression; at most 40 octets.
    pub address_range: Text<'a>,
}

impl<'a> Bind<'a> {
    pub(super) fn decode<S: Source<'a>>(source: &mut S) -> Result<Self, S::Error> {
        Ok(Self {
            system_id: source.text(&SYSTEM_ID)?,
            password: Password(source.text(&PASSWORD)?.0),
            system_type: source.text(&SYSTEM_TYPE)?,
            interface_version: source.byte("interface_version")?,
            addr_ton: source.byte("addr_ton")?,
            addr_npi: source.byte("addr_npi")?,
            address_range: source.last_text(&ADDRESS_RANGE)?,
        })
    }

    pub(super) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text(&SYSTEM_ID, self.system_id)?;
        writer.text(&PASSWORD, Text(self.password.0))?;
        writer.text(&SYSTEM_TYPE, self.system_type)?;
        writer.byte(self.interface_version);
        writer.byte(self.addr_ton);
        writer.byte(self.addr_npi);
        writer.text(&ADDRESS_RANGE, self.address_range)
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

/// Answers a bind; what the centre speaks may follow as `sc_interface_version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BindResp<'a> {
    /// Name of the centre; at most 15 octets. Empty, and not sent, with an error.
    pub system_id: Text<'a>,
}

impl<'a> BindResp<'a> {
    pub(super) fn decode<S: Source<'a>>(source: &mut S) -> Result<Self, S::Error> {
        Ok(Self { system_id: source.last_text(&SYSTEM_ID)? })
    }

    pub(super) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text(&SYSTEM_ID, self.system_id)
    }
}
