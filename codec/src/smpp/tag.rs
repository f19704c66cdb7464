//! Tags: what an optional parameter is.

use super::codes::codes;

codes! {
    /// The tag of an optional parameter (SMPP 3.4, 5.3.2). Unknown ones stay visible; vendors have
    /// theirs from 0x1400 to 0x3fff.
    Tag(u16) {
        DEST_ADDR_SUBUNIT = 0x0005, "dest_addr_subunit", "Part of the receiving equipment.";
        DEST_NETWORK_TYPE = 0x0006, "dest_network_type", "Network of the destination.";
        DEST_BEARER_TYPE = 0x0007, "dest_bearer_type", "Bearer at the destination; 4 is USSD.";
        DEST_TELEMATICS_ID = 0x0008, "dest_telematics_id", "Telematics interworking.";
        SOURCE_ADDR_SUBUNIT = 0x000D, "source_addr_subunit", "Part of the sending equipment.";
        SOURCE_NETWORK_TYPE = 0x000E, "source_network_type", "Network of the source.";
        SOURCE_BEARER_TYPE = 0x000F, "source_bearer_type", "Bearer at the source; 4 is USSD.";
        SOURCE_TELEMATICS_ID = 0x0010, "source_telematics_id", "Telematics interworking.";
        QOS_TIME_TO_LIVE = 0x0017, "qos_time_to_live", "Seconds to keep the message.";
        PAYLOAD_TYPE = 0x0019, "payload_type", "Kind of the message_payload.";
        ADDITIONAL_STATUS_INFO_TEXT = 0x001D, "additional_status_info_text", "Why, in words.";
        RECEIPTED_MESSAGE_ID = 0x001E, "receipted_message_id", "Message that a receipt is for.";
        MS_MSG_WAIT_FACILITIES = 0x0030, "ms_msg_wait_facilities", "Message waiting indicator.";
        PRIVACY_INDICATOR = 0x0201, "privacy_indicator", "Level of privacy.";
        SOURCE_SUBADDRESS = 0x0202, "source_subaddress", "Subaddress of the source.";
        DEST_SUBADDRESS = 0x0203, "dest_subaddress", "Subaddress of the destination.";
        USER_MESSAGE_REFERENCE = 0x0204, "user_message_reference", "Reference; a session for some.";
        USER_RESPONSE_CODE = 0x0205, "user_response_code", "Answer of the user.";
        SOURCE_PORT = 0x020A, "source_port", "Port of the source.";
        DESTINATION_PORT = 0x020B, "destination_port", "Port of the destination.";
        SAR_MSG_REF_NUM = 0x020C, "sar_msg_ref_num", "Reference of a message in segments.";
        LANGUAGE_INDICATOR = 0x020D, "language_indicator", "Language of the text.";
        SAR_TOTAL_SEGMENTS = 0x020E, "sar_total_segments", "How many segments.";
        SAR_SEGMENT_SEQNUM = 0x020F, "sar_segment_seqnum", "Which segment, from 1 on.";
        SC_INTERFACE_VERSION = 0x0210, "sc_interface_version", "Version that the centre speaks.";
        CALLBACK_NUM_PRES_IND = 0x0302, "callback_num_pres_ind", "Presentation of the callback.";
        CALLBACK_NUM_ATAG = 0x0303, "callback_num_atag", "Text with the callback number.";
        NUMBER_OF_MESSAGES = 0x0304, "number_of_messages", "Messages in a mailbox.";
        CALLBACK_NUM = 0x0381, "callback_num", "Number to call back.";
        DPF_RESULT = 0x0420, "dpf_result", "Whether the delivery pending flag was set.";
        SET_DPF = 0x0421, "set_dpf", "Set the delivery pending flag.";
        MS_AVAILABILITY_STATUS = 0x0422, "ms_availability_status", "Whether the phone is there.";
        NETWORK_ERROR_CODE = 0x0423, "network_error_code", "Network and its own error code.";
        MESSAGE_PAYLOAD = 0x0424, "message_payload", "The text, instead of short_message.";
        DELIVERY_FAILURE_REASON = 0x0425, "delivery_failure_reason", "Why delivery failed.";
        MORE_MESSAGES_TO_SEND = 0x0426, "more_messages_to_send", "More will follow.";
        MESSAGE_STATE = 0x0427, "message_state", "State of the message of a receipt.";
        CONGESTION_STATE = 0x0428, "congestion_state", "Load of the centre, 0 to 100 (SMPP 5.0).";
        USSD_SERVICE_OP = 0x0501, "ussd_service_op", "What a USSD message does.";
        DISPLAY_TIME = 0x1201, "display_time", "How the text is displayed.";
        SMS_SIGNAL = 0x1203, "sms_signal", "Alert of the phone.";
        MS_VALIDITY = 0x1204, "ms_validity", "How long the phone keeps the text.";
        ALERT_ON_MESSAGE_DELIVERY = 0x130C, "alert_on_message_delivery", "Alert when delivered.";
        ITS_REPLY_TYPE = 0x1380, "its_reply_type", "How the user may answer.";
        ITS_SESSION_INFO = 0x1383, "its_session_info", "Session, dialogue and end of a session.";
        USSD_SESSION_ID = 0x1501, "ussd_session_id", "Session of four octets (SMPP+ 1.13, a vendor).";
    }
}
