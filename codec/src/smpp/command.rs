//! Command ids: what a PDU is.

use super::codes::codes;

codes! {
    /// A command id (SMPP 3.4, 5.1.2). Unknown ones stay visible; a peer gets a generic_nack with
    /// [`CommandStatus::INVALID_COMMAND_ID`](super::CommandStatus::INVALID_COMMAND_ID) for them.
    CommandId(u32) {
        GENERIC_NACK = 0x8000_0000, "generic_nack", "Answers what could not be read.";
        BIND_RECEIVER = 0x0000_0001, "bind_receiver", "Opens a session that only receives.";
        BIND_RECEIVER_RESP = 0x8000_0001, "bind_receiver_resp", "Answers bind_receiver.";
        BIND_TRANSMITTER = 0x0000_0002, "bind_transmitter", "Opens a session that only submits.";
        BIND_TRANSMITTER_RESP = 0x8000_0002, "bind_transmitter_resp", "Answers bind_transmitter.";
        QUERY_SM = 0x0000_0003, "query_sm", "Asks for a message's state; not read here.";
        QUERY_SM_RESP = 0x8000_0003, "query_sm_resp", "Answers query_sm; not read here.";
        SUBMIT_SM = 0x0000_0004, "submit_sm", "Application to centre: a message.";
        SUBMIT_SM_RESP = 0x8000_0004, "submit_sm_resp", "Answers submit_sm.";
        DELIVER_SM = 0x0000_0005, "deliver_sm", "Centre to application: a message.";
        DELIVER_SM_RESP = 0x8000_0005, "deliver_sm_resp", "Answers deliver_sm.";
        UNBIND = 0x0000_0006, "unbind", "Closes the session.";
        UNBIND_RESP = 0x8000_0006, "unbind_resp", "Answers unbind.";
        REPLACE_SM = 0x0000_0007, "replace_sm", "Replaces a message; not read here.";
        REPLACE_SM_RESP = 0x8000_0007, "replace_sm_resp", "Answers replace_sm; not read here.";
        CANCEL_SM = 0x0000_0008, "cancel_sm", "Cancels a message; not read here.";
        CANCEL_SM_RESP = 0x8000_0008, "cancel_sm_resp", "Answers cancel_sm; not read here.";
        BIND_TRANSCEIVER = 0x0000_0009, "bind_transceiver", "Opens a session for both ways.";
        BIND_TRANSCEIVER_RESP = 0x8000_0009, "bind_transceiver_resp", "Answers bind_transceiver.";
        OUTBIND = 0x0000_000B, "outbind", "Asks the application to bind; not read here.";
        ENQUIRE_LINK = 0x0000_0015, "enquire_link", "Still there?";
        ENQUIRE_LINK_RESP = 0x8000_0015, "enquire_link_resp", "Answers enquire_link.";
        SUBMIT_MULTI = 0x0000_0021, "submit_multi", "A message to several; not read here.";
        SUBMIT_MULTI_RESP = 0x8000_0021, "submit_multi_resp", "Answers submit_multi; not read here.";
        ALERT_NOTIFICATION = 0x0000_0102, "alert_notification", "Subscriber is back; not read here.";
        DATA_SM = 0x0000_0103, "data_sm", "A message either way, its text in a TLV.";
        DATA_SM_RESP = 0x8000_0103, "data_sm_resp", "Answers data_sm.";
    }
}

/// The bit that makes an answer of a request.
const RESPONSE_BIT: u32 = 0x8000_0000;

impl CommandId {
    /// Whether it answers something; unknown ids count by their highest bit.
    #[must_use]
    pub const fn is_response(self) -> bool {
        self.0 & RESPONSE_BIT != 0
    }

    /// The answer to this request.
    #[must_use]
    pub const fn response(self) -> Self {
        Self(self.0 | RESPONSE_BIT)
    }
}
