//! What a USSD message does, and which session it belongs to.

use super::codes::codes;

codes! {
    /// Value of `ussd_service_op` (SMPP 3.4, 5.3.2.44). From 32 on they are the vendors'; those
    /// named here were seen with more than one.
    UssdServiceOp(u8) {
        PSSD_INDICATION = 0x00, "PSSD indication", "Centre to application: data from the phone.";
        PSSR_INDICATION = 0x01, "PSSR indication", "Centre to application: a subscriber dialled.";
        USSR_REQUEST = 0x02, "USSR request", "Application to centre: a text that wants an answer.";
        USSN_REQUEST = 0x03, "USSN request", "Application to centre: a text that wants none.";
        PSSD_RESPONSE = 0x10, "PSSD response", "Application to centre: ends what PSSD began.";
        PSSR_RESPONSE = 0x11, "PSSR response", "Application to centre: the last text, and the end.";
        USSR_CONFIRM = 0x12, "USSR confirm", "Centre to application: the subscriber's answer.";
        USSN_CONFIRM = 0x13, "USSN confirm", "Centre to application: the text was displayed.";
        VENDOR_END = 0x20, "vendor 0x20 (end)", "Application to centre: the end, with some.";
        VENDOR_RELEASE_REQUEST = 0x80, "vendor 0x80 (USSREL request)", "Application ends it.";
        VENDOR_RELEASE_INDICATION =
            0x81, "vendor 0x81 (USSREL indication)", "Network or subscriber ended it.";
    }
}

/// Value of `its_session_info` (SMPP 3.4, 5.3.2.43).
///
/// ```text
///  15            8 7             1  0
/// +---------------+--------------+-----+
/// | session       | dialogue seq | end |
/// +---------------+--------------+-----+
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItsSessionInfo(pub u16);

impl ItsSessionInfo {
    /// Number of the session.
    #[must_use]
    pub const fn session(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// Number of the dialogue within the session, 0 to 127.
    #[must_use]
    pub const fn dialogue(self) -> u8 {
        self.0.to_be_bytes()[1] >> 1
    }

    /// Whether the session ends with this message.
    #[must_use]
    pub const fn ends(self) -> bool {
        self.0 & 1 == 1
    }

    /// The octets on the wire.
    #[must_use]
    pub const fn octets(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }
}
