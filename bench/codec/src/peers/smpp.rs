//! rusmpp-core and smpp-codec.

use rusmpp_core::command::borrowed::Command;
use rusmpp_core::decode::borrowed::DecodeWithLength;
use rusmpp_core::encode::{Encode, Length};
use smpp_codec::pdus::DeliverSmRequest;

/// Most optional parameters that rusmpp keeps, in place.
pub const RUSMPP_TLVS_MAX: usize = 16;

/// Reads a whole PDU with rusmpp-core, whose command starts behind the length.
#[must_use]
pub fn rusmpp(pdu: &[u8]) -> Option<Command<'_, RUSMPP_TLVS_MAX>> {
    let body = pdu.get(4..)?;
    let (command, used) = Command::decode(body, body.len()).ok()?;
    (used == body.len()).then_some(command)
}

/// Writes over all of `out` what rusmpp-core makes of a command; how many bytes it was.
#[must_use]
pub fn rusmpp_bytes(command: &Command<'_, RUSMPP_TLVS_MAX>, out: &mut [u8]) -> Option<usize> {
    let bytes = 4 + command.length();
    let (length, body) = out.get_mut(..bytes)?.split_first_chunk_mut()?;
    *length = u32::try_from(bytes).ok()?.to_be_bytes();
    Some(4 + command.encode(body))
}

/// Reads a whole deliver_sm with smpp-codec.
#[must_use]
pub fn smpp_codec(pdu: &[u8]) -> Option<DeliverSmRequest> {
    DeliverSmRequest::decode(pdu).ok()
}

/// Appends what smpp-codec makes of a deliver_sm.
#[must_use]
pub fn smpp_codec_bytes(message: &DeliverSmRequest, out: &mut Vec<u8>) -> Option<()> {
    message.encode(out).ok()
}
