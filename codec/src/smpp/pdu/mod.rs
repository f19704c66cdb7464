//! PDUs: header, mandatory fields, optional parameters.
//!
//! One file per family. `declare.rs` says what a declaration of fields makes: the struct, `decode`,
//! `encode`.

#[macro_use]
mod declare;
mod address;
mod bind;
mod data_sm;
mod message;

pub use address::Address;
pub use bind::{Bind, BindResp, INTERFACE_VERSION, Password};
pub use data_sm::DataSm;
pub use message::{MessageResp, ShortMessage};

use super::command::CommandId;
use super::error::{DecodeError, EncodeError, EncodeErrorKind};
use super::header::Header;
use super::reader::{Reader, Source};
use super::status::CommandStatus;
use super::tag::Tag;
use super::tlv::Tlvs;
use super::writer::Writer;

/// One PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pdu<'a> {
    /// The outcome of the request; [`CommandStatus::OK`] in requests.
    pub status: CommandStatus,
    /// Comes back in the answer. Ours count from 1 to 0x7fffffff (SMPP 3.4, 3.2); the peer's are
    /// echoed as they came.
    pub sequence: u32,
    /// What it is, with its mandatory fields.
    pub body: Body<'a>,
    /// Its optional parameters. Any PDU may bring some.
    pub tlvs: Tlvs<'a>,
}

/// A PDU that is not read here. A request gets a generic_nack with
/// [`CommandStatus::INVALID_COMMAND_ID`](crate::smpp::CommandStatus::INVALID_COMMAND_ID), an
/// answer is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other<'a> {
    /// What it is.
    pub command: CommandId,
    /// Everything behind the header.
    pub octets: &'a [u8],
}

impl<'a> Other<'a> {
    fn decode<S: Source<'a>>(command: CommandId, source: &mut S) -> Result<Self, S::Error> {
        Ok(Self { command, octets: source.octets("body")? })
    }
}

/// Declares the bodies: fields, if there are any, and command.
macro_rules! bodies {
    ($($Body:ident $(($Fields:ident))? = $COMMAND:ident;)+) => {
        /// The mandatory fields of a PDU. What each is for, its [`CommandId`] says.
        #[expect(missing_docs, reason = "they are named as the commands are")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Body<'a> {
            $($Body $(($Fields<'a>))?,)+
            /// A command that is not read here.
            Other(Other<'a>),
        }

        impl<'a> Body<'a> {
            /// What the PDU is.
            #[must_use]
            pub const fn command(&self) -> CommandId {
                match self {
                    $(Self::$Body { .. } => CommandId::$COMMAND,)+
                    Self::Other(other) => other.command,
                }
            }

            /// Reads the mandatory fields of that command.
            pub(super) fn decode<S: Source<'a>>(
                command: CommandId,
                source: &mut S,
            ) -> Result<Self, S::Error> {
                Ok(match command {
                    $(CommandId::$COMMAND => Self::$Body $(($Fields::decode(source)?))?,)+
                    command => Self::Other(Other::decode(command, source)?),
                })
            }

            fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
                $($(if let Self::$Body(fields) = self {
                    return $Fields::encode(fields, writer);
                })?)+
                if let Self::Other(other) = self {
                    writer.octets(other.octets);
                }
                Ok(())
            }
        }
    };
}

bodies! {
    BindReceiver(Bind) = BIND_RECEIVER;
    BindReceiverResp(BindResp) = BIND_RECEIVER_RESP;
    BindTransmitter(Bind) = BIND_TRANSMITTER;
    BindTransmitterResp(BindResp) = BIND_TRANSMITTER_RESP;
    BindTransceiver(Bind) = BIND_TRANSCEIVER;
    BindTransceiverResp(BindResp) = BIND_TRANSCEIVER_RESP;
    Unbind = UNBIND;
    UnbindResp = UNBIND_RESP;
    EnquireLink = ENQUIRE_LINK;
    EnquireLinkResp = ENQUIRE_LINK_RESP;
    SubmitSm(ShortMessage) = SUBMIT_SM;
    SubmitSmResp(MessageResp) = SUBMIT_SM_RESP;
    DeliverSm(ShortMessage) = DELIVER_SM;
    DeliverSmResp(MessageResp) = DELIVER_SM_RESP;
    DataSm(DataSm) = DATA_SM;
    DataSmResp(MessageResp) = DATA_SM_RESP;
    GenericNack = GENERIC_NACK;
}

impl Body<'_> {
    /// Whether the answer to a failed request says nothing: its body is then left out.
    fn is_empty_answer(&self) -> bool {
        match self {
            Self::BindReceiverResp(resp)
            | Self::BindTransmitterResp(resp)
            | Self::BindTransceiverResp(resp) => resp.system_id.0.is_empty(),
            Self::SubmitSmResp(resp) => resp.message_id.0.is_empty(),
            _ => false,
        }
    }
}

impl<'a> Pdu<'a> {
    /// A request, or an answer that all is well, without optional parameters.
    #[must_use]
    pub const fn new(sequence: u32, body: Body<'a>) -> Self {
        Self { status: CommandStatus::OK, sequence, body, tlvs: Tlvs::NONE }
    }

    /// A generic_nack: the answer to what could not be read.
    #[must_use]
    pub const fn nack(status: CommandStatus, sequence: u32) -> Self {
        Self { status, sequence, body: Body::GenericNack, tlvs: Tlvs::NONE }
    }

    /// Reads one whole PDU, as [`deframe`](super::deframe) finds it.
    ///
    /// # Errors
    /// [`DecodeError`] names command, sequence number, field and offset of what is wrong.
    pub fn decode(pdu: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(pdu)?;
        let header = reader.header();
        let body = Body::decode(header.command, &mut reader)?;
        let Header { status, sequence, .. } = header;
        Ok(Self { status, sequence, body, tlvs: Tlvs::wire(reader.rest()) })
    }

    /// Appends the whole PDU to `out`.
    ///
    /// # Errors
    /// [`EncodeError`] when the PDU would break the specification; `out` is then as it was.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        let result = self.append(out);
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    fn append(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let Self { status, sequence, body, tlvs } = self;
        let command = body.command();
        let header = Header { length: 0, command, status: *status, sequence: *sequence };
        let mut writer = Writer::start(&header, out);
        if self.has_two_texts() {
            return Err(writer.error("short_message", EncodeErrorKind::TwoTexts));
        }
        // SMPP 3.4, 4.1 and 4.4.2: an answer with an error has no body.
        let no_body = *status != CommandStatus::OK && body.is_empty_answer();
        if !no_body || tlvs.iter().next().is_some() {
            body.encode(&mut writer)?;
        }
        for tlv in tlvs {
            writer.tlv(tlv)?;
        }
        writer.finish()
    }

    fn has_two_texts(&self) -> bool {
        match &self.body {
            Body::SubmitSm(message) | Body::DeliverSm(message) => {
                !message.short_message.is_empty() && self.tlvs.find(Tag::MESSAGE_PAYLOAD).is_some()
            }
            _ => false,
        }
    }

    /// The message's octets: `short_message`, or where that is empty `message_payload`; `None` for
    /// PDUs that carry no message.
    #[must_use]
    pub fn message(&self) -> Option<&'a [u8]> {
        let short = match &self.body {
            Body::SubmitSm(message) | Body::DeliverSm(message) => message.short_message,
            Body::DataSm(_) => &[],
            _ => return None,
        };
        match self.tlvs.find(Tag::MESSAGE_PAYLOAD) {
            Some(payload) if short.is_empty() => Some(payload.value),
            _ => Some(short),
        }
    }
}
