//! PDUs made up by proptest, all within the specification.
//!
//! Texts and octets are leaked on purpose: a test's PDUs borrow what outlives them.

use proptest::collection::vec;
use proptest::prelude::*;
use tillgate_codec::smpp::{
    Address, Bind, BindResp, Body, CommandStatus, DataCoding, DataSm, MessageResp, Password, Pdu,
    ShortMessage, Tag, Text, Tlv, Tlvs,
};

fn text(bytes_max: usize) -> impl Strategy<Value = Text<'static>> {
    vec(1..0x80_u8, 0..=bytes_max).prop_map(|octets| Text(octets.leak()))
}

/// A time is there with all its sixteen characters, or not at all.
fn time() -> impl Strategy<Value = Text<'static>> {
    prop_oneof![3 => Just(Text::new("")), 1 => Just(Text::new("000000003000000R"))]
}

fn octets(bytes_max: usize) -> impl Strategy<Value = &'static [u8]> {
    vec(any::<u8>(), 0..=bytes_max).prop_map(|octets| &*octets.leak())
}

fn address(bytes_max: usize) -> impl Strategy<Value = Address<'static>> {
    (any::<u8>(), any::<u8>(), text(bytes_max)).prop_map(|(ton, npi, number)| Address {
        ton,
        npi,
        number,
    })
}

fn coding() -> impl Strategy<Value = DataCoding> {
    any::<u8>().prop_map(DataCoding)
}

fn bind() -> impl Strategy<Value = Bind<'static>> {
    let texts = (text(15), text(8), text(12), text(40));
    (texts, any::<[u8; 3]>()).prop_map(|((system_id, password, system_type, range), numbers)| {
        let [interface_version, addr_ton, addr_npi] = numbers;
        let (password, address_range) = (Password(password.0), range);
        Bind {
            system_id,
            password,
            system_type,
            interface_version,
            addr_ton,
            addr_npi,
            address_range,
        }
    })
}

fn short_message() -> impl Strategy<Value = ShortMessage<'static>> {
    let texts = (text(5), address(20), address(20), time(), time());
    (texts, any::<[u8; 6]>(), coding(), octets(254)).prop_map(
        |(texts, numbers, data_coding, short_message)| {
            let (service_type, source, destination, schedule, validity) = texts;
            let [esm_class, protocol_id, priority_flag, registered, replace, predefined] = numbers;
            ShortMessage {
                service_type,
                source,
                destination,
                esm_class,
                protocol_id,
                priority_flag,
                schedule_delivery_time: schedule,
                validity_period: validity,
                registered_delivery: registered,
                replace_if_present_flag: replace,
                data_coding,
                sm_default_msg_id: predefined,
                short_message,
            }
        },
    )
}

fn data_sm() -> impl Strategy<Value = DataSm<'static>> {
    (text(5), address(64), address(64), any::<[u8; 2]>(), coding()).prop_map(
        |(service_type, source, destination, [esm_class, registered_delivery], data_coding)| {
            DataSm {
                service_type,
                source,
                destination,
                esm_class,
                registered_delivery,
                data_coding,
            }
        },
    )
}

/// Parameters with the sizes that the specification gives them, and vendors' of any size.
fn tlv() -> impl Strategy<Value = Tlv<'static>> {
    let fixed = prop_oneof![
        Just((Tag::USSD_SERVICE_OP, 1)),
        Just((Tag::ITS_SESSION_INFO, 2)),
        Just((Tag::USER_MESSAGE_REFERENCE, 2)),
        Just((Tag::SAR_MSG_REF_NUM, 2)),
        Just((Tag::SAR_TOTAL_SEGMENTS, 1)),
        Just((Tag::SAR_SEGMENT_SEQNUM, 1)),
        Just((Tag::QOS_TIME_TO_LIVE, 4)),
        Just((Tag::SC_INTERFACE_VERSION, 1)),
        Just((Tag::USER_RESPONSE_CODE, 1)),
        Just((Tag::USSD_SESSION_ID, 4)),
    ];
    let fixed = (fixed, any::<[u8; 4]>()).prop_map(|((tag, size), value)| {
        let value: &'static [u8] = value[..size].to_vec().leak();
        Tlv::new(tag, value)
    });
    let vendor =
        (0x1400..0x3FFF_u16, octets(40)).prop_map(|(tag, value)| Tlv::new(Tag(tag), value));
    prop_oneof![3 => fixed, 1 => vendor]
}

pub(crate) fn any_status() -> impl Strategy<Value = CommandStatus> {
    prop_oneof![
        3 => Just(CommandStatus::OK),
        1 => prop_oneof![0..0x100_u32, 0x400..0x500_u32, any::<u32>()].prop_map(CommandStatus),
    ]
}

pub(crate) fn any_sequence() -> impl Strategy<Value = u32> {
    prop_oneof![1..100_u32, any::<u32>(), Just(0), Just(u32::MAX)]
}

fn body() -> impl Strategy<Value = Body<'static>> {
    let binds = (0..3_u8, bind()).prop_map(|(which, bind)| match which {
        0 => Body::BindReceiver(bind),
        1 => Body::BindTransmitter(bind),
        _ => Body::BindTransceiver(bind),
    });
    let bind_resps = (0..3_u8, text(15)).prop_map(|(which, system_id)| match which {
        0 => Body::BindReceiverResp(BindResp { system_id }),
        1 => Body::BindTransmitterResp(BindResp { system_id }),
        _ => Body::BindTransceiverResp(BindResp { system_id }),
    });
    let messages = (any::<bool>(), short_message()).prop_map(|(submit, message)| match submit {
        true => Body::SubmitSm(message),
        false => Body::DeliverSm(message),
    });
    let resps = (0..3_u8, text(64)).prop_map(|(which, message_id)| match which {
        0 => Body::SubmitSmResp(MessageResp { message_id }),
        1 => Body::DeliverSmResp(MessageResp { message_id }),
        _ => Body::DataSmResp(MessageResp { message_id }),
    });
    let bare = prop_oneof![
        Just(Body::Unbind),
        Just(Body::UnbindResp),
        Just(Body::EnquireLink),
        Just(Body::EnquireLinkResp),
        Just(Body::GenericNack),
    ];
    prop_oneof![binds, bind_resps, messages, resps, data_sm().prop_map(Body::DataSm), bare]
}

/// Any PDU within the specification. Requests bring no optional parameters with a bind, and bare
/// PDUs none at all.
pub(crate) fn any_pdu() -> impl Strategy<Value = Pdu<'static>> {
    (any_status(), any_sequence(), body(), vec(tlv(), 0..6)).prop_map(
        |(status, sequence, body, tlvs)| {
            let may_have_tlvs = matches!(
                body,
                Body::SubmitSm(_)
                    | Body::DeliverSm(_)
                    | Body::DataSm(_)
                    | Body::SubmitSmResp(_)
                    | Body::DeliverSmResp(_)
                    | Body::DataSmResp(_)
            );
            let tlvs = if may_have_tlvs { Tlvs::list(tlvs.leak()) } else { Tlvs::NONE };
            Pdu { status, sequence, body, tlvs }
        },
    )
}
