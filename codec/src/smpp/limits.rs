//! Every bound of the SMPP codec, with its reason.
//!
//! What is accepted is bounded by these alone; what is sent keeps to the sizes of the
//! specification, which are beside each field in `pdu`.

/// Octets of a PDU's header: length, id, status, sequence number (SMPP 3.4, 3.2.1).
pub const HEADER_BYTES: usize = 16;

/// Longest PDU, in octets, header included.
///
/// A session may have to hold one whole PDU while it trickles in. A USSD text with every optional
/// parameter in use needs under 1,000; Kannel, the most common peer, sends and takes at most 7,424.
pub const PDU_BYTES_MAX: usize = 8_192;

/// Longest C-octet string that is accepted, in octets without its NUL.
///
/// The longest field of the specification has 64. Vendors overrun the shorter ones (a password of
/// more than 8 octets, an address of more than 20), never this.
pub const TEXT_BYTES_MAX: usize = 128;

/// Longest `short_message` that is sent, in octets (SMPP 3.4, 5.2.21 and 5.2.22). One octet of
/// length lets a peer send 255, which is accepted.
pub const SHORT_MESSAGE_BYTES_MAX: usize = 254;

/// Longest TLV that fits a PDU, in octets, without its tag and length.
pub const TLV_BYTES_MAX: usize = PDU_BYTES_MAX - HEADER_BYTES - 4;

const _: () = assert!(TLV_BYTES_MAX <= 0xFFFF, "a TLV's length field has 16 bits");
const _: () = assert!(SHORT_MESSAGE_BYTES_MAX <= 0xFF, "sm_length has 8 bits");
const _: () = assert!(TEXT_BYTES_MAX >= 64, "every field of the specification is accepted");
