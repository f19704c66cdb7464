//! Command statuses: the outcome of a request.

use super::codes::codes;

codes! {
    /// A command status (SMPP 3.4, 5.1.3). Unknown ones stay visible: vendors define their own from
    /// 0x400 to 0x4ff, and beyond, and none of them may kill a link.
    CommandStatus(u32) {
        OK = 0x00, "ESME_ROK", "No error.";
        INVALID_MESSAGE_LENGTH = 0x01, "ESME_RINVMSGLEN", "Message length is invalid.";
        INVALID_COMMAND_LENGTH = 0x02, "ESME_RINVCMDLEN", "Command length is invalid.";
        INVALID_COMMAND_ID = 0x03, "ESME_RINVCMDID", "Invalid command id.";
        INVALID_BIND_STATUS = 0x04, "ESME_RINVBNDSTS", "Not allowed in this bind state.";
        ALREADY_BOUND = 0x05, "ESME_RALYBND", "Already bound.";
        INVALID_PRIORITY = 0x06, "ESME_RINVPRTFLG", "Invalid priority flag.";
        INVALID_REGISTERED_DELIVERY = 0x07, "ESME_RINVREGDLVFLG", "Invalid registered delivery.";
        SYSTEM_ERROR = 0x08, "ESME_RSYSERR", "System error.";
        INVALID_SOURCE = 0x0A, "ESME_RINVSRCADR", "Invalid source address.";
        INVALID_DESTINATION = 0x0B, "ESME_RINVDSTADR", "Invalid destination address.";
        INVALID_MESSAGE_ID = 0x0C, "ESME_RINVMSGID", "Invalid message id.";
        BIND_FAILED = 0x0D, "ESME_RBINDFAIL", "Bind failed.";
        INVALID_PASSWORD = 0x0E, "ESME_RINVPASWD", "Invalid password.";
        INVALID_SYSTEM_ID = 0x0F, "ESME_RINVSYSID", "Invalid system id.";
        CANCEL_FAILED = 0x11, "ESME_RCANCELFAIL", "cancel_sm failed.";
        REPLACE_FAILED = 0x13, "ESME_RREPLACEFAIL", "replace_sm failed.";
        QUEUE_FULL = 0x14, "ESME_RMSGQFUL", "Message queue is full: come again later.";
        INVALID_SERVICE_TYPE = 0x15, "ESME_RINVSERTYP", "Invalid service type.";
        INVALID_DESTINATION_COUNT = 0x33, "ESME_RINVNUMDESTS", "Invalid number of destinations.";
        INVALID_LIST_NAME = 0x34, "ESME_RINVDLNAME", "Invalid distribution list name.";
        INVALID_DESTINATION_FLAG = 0x40, "ESME_RINVDESTFLAG", "Invalid destination flag.";
        INVALID_REPLACE_REQUEST = 0x42, "ESME_RINVSUBREP", "submit_sm with replace_if_present.";
        INVALID_ESM_CLASS = 0x43, "ESME_RINVESMCLASS", "Invalid esm_class.";
        CANNOT_SUBMIT_TO_LIST = 0x44, "ESME_RCNTSUBDL", "Cannot submit to a distribution list.";
        SUBMIT_FAILED = 0x45, "ESME_RSUBMITFAIL", "submit_sm or submit_multi failed.";
        INVALID_SOURCE_TON = 0x48, "ESME_RINVSRCTON", "Invalid type of source number.";
        INVALID_SOURCE_NPI = 0x49, "ESME_RINVSRCNPI", "Invalid numbering plan of the source.";
        INVALID_DESTINATION_TON = 0x50, "ESME_RINVDSTTON", "Invalid type of destination number.";
        INVALID_DESTINATION_NPI = 0x51, "ESME_RINVDSTNPI", "Invalid plan of the destination.";
        INVALID_SYSTEM_TYPE = 0x53, "ESME_RINVSYSTYP", "Invalid system type.";
        INVALID_REPLACE_FLAG = 0x54, "ESME_RINVREPFLAG", "Invalid replace_if_present flag.";
        INVALID_MESSAGE_COUNT = 0x55, "ESME_RINVNUMMSGS", "Invalid number of messages.";
        THROTTLED = 0x58, "ESME_RTHROTTLED", "Over the allowed rate: come again later.";
        INVALID_SCHEDULE = 0x61, "ESME_RINVSCHED", "Invalid scheduled delivery time.";
        INVALID_EXPIRY = 0x62, "ESME_RINVEXPIRY", "Invalid validity period.";
        INVALID_DEFAULT_MESSAGE = 0x63, "ESME_RINVDFTMSGID", "Predefined message not found.";
        TEMPORARY_ERROR = 0x64, "ESME_RX_T_APPN", "Receiver's temporary error.";
        PERMANENT_ERROR = 0x65, "ESME_RX_P_APPN", "Receiver's permanent error.";
        REJECTED = 0x66, "ESME_RX_R_APPN", "Receiver rejects the message.";
        QUERY_FAILED = 0x67, "ESME_RQUERYFAIL", "query_sm failed.";
        INVALID_TLVS = 0xC0, "ESME_RINVOPTPARSTREAM", "Error in the optional part of the body.";
        TLV_NOT_ALLOWED = 0xC1, "ESME_ROPTPARNOTALLWD", "Optional parameter not allowed.";
        INVALID_TLV_LENGTH = 0xC2, "ESME_RINVPARLEN", "Invalid parameter length.";
        TLV_MISSING = 0xC3, "ESME_RMISSINGOPTPARAM", "Expected optional parameter is missing.";
        INVALID_TLV_VALUE = 0xC4, "ESME_RINVOPTPARAMVAL", "Invalid optional parameter value.";
        DELIVERY_FAILED = 0xFE, "ESME_RDELIVERYFAILURE", "Delivery failed (data_sm_resp).";
        UNKNOWN_ERROR = 0xFF, "ESME_RUNKNOWNERR", "Unknown error.";
    }
}
