//! One sample of every PDU, and of every turn of a USSD dialog.

use tillgate_codec::smpp::{
    Address, Bind, BindResp, Body, CommandId, CommandStatus, DataCoding, DataSm, INTERFACE_VERSION,
    MessageResp, Other, Password, Pdu, ShortMessage, Tag, Text, Tlv, Tlvs, UssdServiceOp,
};

const SUBSCRIBER: Address<'static> = Address { ton: 1, npi: 1, number: Text::new("491751234567") };
const SHORT_CODE: Address<'static> = Address { ton: 0, npi: 1, number: Text::new("737") };

const BIND: Bind<'static> = Bind {
    system_id: Text::new("tillgate"),
    password: Password(b"s3cret"),
    system_type: Text::new("USSD"),
    interface_version: INTERFACE_VERSION,
    addr_ton: 0,
    addr_npi: 1,
    address_range: Text::new("737"),
};

const CENTRE: BindResp<'static> = BindResp { system_id: Text::new("ussdc") };

const BEGIN: [Tlv<'static>; 3] = [
    Tlv::new(Tag::USSD_SERVICE_OP, &[UssdServiceOp::PSSR_INDICATION.0]),
    Tlv::new(Tag::ITS_SESSION_INFO, &[7, 0]),
    Tlv::new(Tag::USER_MESSAGE_REFERENCE, &[0, 9]),
];
const MENU: [Tlv<'static>; 2] = [
    Tlv::new(Tag::USSD_SERVICE_OP, &[UssdServiceOp::USSR_REQUEST.0]),
    Tlv::new(Tag::ITS_SESSION_INFO, &[7, 0]),
];
const INPUT: [Tlv<'static>; 2] = [
    Tlv::new(Tag::USSD_SERVICE_OP, &[UssdServiceOp::USSR_CONFIRM.0]),
    Tlv::new(Tag::ITS_SESSION_INFO, &[7, 2]),
];
const END: [Tlv<'static>; 2] = [
    Tlv::new(Tag::USSD_SERVICE_OP, &[UssdServiceOp::PSSR_RESPONSE.0]),
    Tlv::new(Tag::ITS_SESSION_INFO, &[7, 3]),
];
const ABORT: [Tlv<'static>; 2] = [
    Tlv::new(Tag::USSD_SERVICE_OP, &[UssdServiceOp::VENDOR_RELEASE_INDICATION.0]),
    Tlv::new(Tag::USSD_SESSION_ID, &[0, 0, 1, 0x2C]),
];
const DATA: [Tlv<'static>; 2] = [
    Tlv::new(Tag::USSD_SERVICE_OP, &[UssdServiceOp::USSN_REQUEST.0]),
    Tlv::new(Tag::MESSAGE_PAYLOAD, b"Your float is low"),
];
const VERSION: [Tlv<'static>; 1] = [Tlv::new(Tag::SC_INTERFACE_VERSION, &[INTERFACE_VERSION])];
const CONGESTED: [Tlv<'static>; 1] = [Tlv::new(Tag::CONGESTION_STATE, &[92])];

const fn from_subscriber(short_message: &'static [u8]) -> ShortMessage<'static> {
    message(SUBSCRIBER, SHORT_CODE, DataCoding::DEFAULT, short_message)
}

const fn to_subscriber(short_message: &'static [u8]) -> ShortMessage<'static> {
    message(SHORT_CODE, SUBSCRIBER, DataCoding::DEFAULT, short_message)
}

const fn message(
    source: Address<'static>,
    destination: Address<'static>,
    data_coding: DataCoding,
    short_message: &'static [u8],
) -> ShortMessage<'static> {
    ShortMessage {
        service_type: Text::new("USSD"),
        source,
        destination,
        esm_class: 0,
        protocol_id: 0,
        priority_flag: 0,
        schedule_delivery_time: Text::new(""),
        validity_period: Text::new(""),
        registered_delivery: 0,
        replace_if_present_flag: 0,
        data_coding,
        sm_default_msg_id: 0,
        short_message,
    }
}

fn with(pdu: Pdu<'static>, tlvs: &'static [Tlv<'static>]) -> Pdu<'static> {
    Pdu { tlvs: Tlvs::list(tlvs), ..pdu }
}

fn failed(status: CommandStatus, pdu: Pdu<'static>) -> Pdu<'static> {
    Pdu { status, ..pdu }
}

/// What a centre sends when a subscriber dials: the PDU that is measured.
pub(crate) fn ussd_deliver_sm() -> Pdu<'static> {
    with(Pdu::new(1, Body::DeliverSm(from_subscriber(b"*737*1#"))), &BEGIN)
}

/// Samples by name: the name is also that of the committed octets.
pub(crate) fn samples() -> Vec<(&'static str, Pdu<'static>)> {
    let mut samples = session();
    samples.extend(dialog());
    samples
}

fn session() -> Vec<(&'static str, Pdu<'static>)> {
    let refused = BindResp::default();
    vec![
        ("bind_receiver", Pdu::new(1, Body::BindReceiver(BIND))),
        ("bind_receiver_resp", Pdu::new(1, Body::BindReceiverResp(CENTRE))),
        ("bind_transmitter", Pdu::new(2, Body::BindTransmitter(BIND))),
        ("bind_transmitter_resp", Pdu::new(2, Body::BindTransmitterResp(CENTRE))),
        ("bind_transceiver", Pdu::new(3, Body::BindTransceiver(BIND))),
        ("bind_transceiver_resp", with(Pdu::new(3, Body::BindTransceiverResp(CENTRE)), &VERSION)),
        (
            "bind_transceiver_resp_wrong_password",
            failed(
                CommandStatus::INVALID_PASSWORD,
                Pdu::new(3, Body::BindTransceiverResp(refused)),
            ),
        ),
        ("enquire_link", Pdu::new(0x7FFF_FFFF, Body::EnquireLink)),
        ("enquire_link_resp", with(Pdu::new(0x9F88_F124, Body::EnquireLinkResp), &CONGESTED)),
        ("unbind", Pdu::new(9, Body::Unbind)),
        ("unbind_resp", Pdu::new(9, Body::UnbindResp)),
        ("generic_nack", Pdu::nack(CommandStatus::INVALID_COMMAND_ID, 10)),
        (
            "query_sm",
            Pdu::new(10, Body::Other(Other { command: CommandId::QUERY_SM, octets: b"7\0\0\0\0" })),
        ),
    ]
}

fn dialog() -> Vec<(&'static str, Pdu<'static>)> {
    let nothing = MessageResp::default();
    let accepted = MessageResp { message_id: Text::new("8d1f") };
    let ucs2 = message(SUBSCRIBER, SHORT_CODE, DataCoding::UCS2, &[0x04, 0x14, 0x04, 0x30]);
    let data_sm = DataSm {
        service_type: Text::new("USSD"),
        source: SHORT_CODE,
        destination: SUBSCRIBER,
        ..DataSm::default()
    };
    vec![
        ("deliver_sm_begin", ussd_deliver_sm()),
        ("deliver_sm_resp", Pdu::new(1, Body::DeliverSmResp(nothing))),
        (
            "submit_sm_menu",
            with(Pdu::new(1, Body::SubmitSm(to_subscriber(b"1. Sale\n2. Float\n0. Exit"))), &MENU),
        ),
        ("submit_sm_resp", Pdu::new(1, Body::SubmitSmResp(accepted))),
        ("deliver_sm_input", with(Pdu::new(2, Body::DeliverSm(from_subscriber(b"1"))), &INPUT)),
        ("deliver_sm_input_ucs2", with(Pdu::new(2, Body::DeliverSm(ucs2)), &INPUT)),
        (
            "submit_sm_end",
            with(Pdu::new(2, Body::SubmitSm(to_subscriber(b"Sold. PIN 4711-0815-2342"))), &END),
        ),
        (
            "submit_sm_resp_throttled",
            failed(CommandStatus::THROTTLED, Pdu::new(2, Body::SubmitSmResp(nothing))),
        ),
        ("deliver_sm_abort", with(Pdu::new(3, Body::DeliverSm(from_subscriber(b""))), &ABORT)),
        ("data_sm_notify", with(Pdu::new(3, Body::DataSm(data_sm)), &DATA)),
        ("data_sm_resp", Pdu::new(3, Body::DataSmResp(accepted))),
    ]
}
