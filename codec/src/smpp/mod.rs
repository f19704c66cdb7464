//! SMPP 3.4: the way to an operator's USSD centre.
//!
//! ```text
//! TCP octets --deframe--> Frame --Pdu::decode--> Pdu { status, sequence, body, tlvs }
//! ```
//!
//! * [`deframe`] cuts the stream into bounded PDUs without copying.
//! * [`Pdu`] is one of them. Decoding borrows from the caller's buffer and does not allocate;
//!   encoding appends to it.
//! * [`Tlvs`] are its optional parameters, read one by one as tag, length and raw value.
//! * [`render_json`], [`table`] and [`encode_json`] are for people; they share
//!   [`Reveal`](crate::iso8583::Reveal) and [`ErrorJson`](crate::iso8583::ErrorJson) with ISO 8583.
//!
//! Liberal in what is accepted, strict in what is sent: `docs/smpp.md` lists both. What is wrong
//! is said with field and offset, and always with the sequence number, so that a peer gets at
//! least a generic_nack ([`Pdu::nack`]).

mod codes;
mod coding;
mod command;
mod error;
mod header;
pub mod limits;
mod pdu;
mod reader;
mod render;
mod session;
mod status;
mod tag;
mod text;
mod tlv;
mod writer;

pub use coding::DataCoding;
pub use command::CommandId;
pub use error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
pub use header::{Frame, FrameError, Header, deframe};
pub use pdu::{
    Address, Bind, BindResp, Body, DataSm, INTERFACE_VERSION, MessageResp, Other, Password, Pdu,
    ShortMessage,
};
pub use render::{encode_json, render_json, table};
pub use session::{ItsSessionInfo, UssdServiceOp};
pub use status::CommandStatus;
pub use tag::Tag;
pub use text::Text;
pub use tlv::{Tlv, TlvIter, Tlvs};
