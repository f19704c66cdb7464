//! PDUs for people: tables, JSON, and JSON back to octets.
use crate::smpp_common::{octets, raw, samples};
use tillgate_codec::iso8583::Reveal;
use tillgate_codec::smpp::{
    Body, CommandId, DataCoding, Pdu, ShortMessage, encode_json, render_json, table,
};

fn sample(name: &str) -> Vec<u8> {
    octets(&samples().into_iter().find(|(found, _)| *found == name).unwrap().1)
}

#[test]
fn json_says_what_a_pdu_says() {
    let found = render_json(&sample("deliver_sm_begin"), Reveal::Masked).unwrap();
    let expected = concat!(
        r#"{"protocol":"smpp","length":76,"command":"deliver_sm","status":0,"#,
        r#""status_name":"ESME_ROK","sequence":1,"fields":{"service_type":"USSD","#,
        r#""source_addr_ton":1,"source_addr_npi":1,"source_addr":"491751234567","#,
        r#""dest_addr_ton":0,"dest_addr_npi":1,"destination_addr":"737","esm_class":0,"#,
        r#""protocol_id":0,"priority_flag":0,"schedule_delivery_time":"","validity_period":"","#,
        r#""registered_delivery":0,"replace_if_present_flag":0,"data_coding":0,"#,
        r#""sm_default_msg_id":0,"short_message":"2A3733372A3123"},"text":"*737*1#","tlvs":["#,
        r#"{"tag":"0501","name":"ussd_service_op","value":"01","meaning":"PSSR indication"},"#,
        r#"{"tag":"1383","name":"its_session_info","value":"0700","#,
        r#""meaning":"session 7, dialogue 0"},"#,
        r#"{"tag":"0204","name":"user_message_reference","value":"0009","meaning":"9"}]}"#,
    );
    assert_eq!(found, expected);
}

#[test]
fn a_table_shows_offset_octets_field_and_value() {
    let found = table(&sample("deliver_sm_input_ucs2"), Reveal::Masked);
    let expected = "\
offset  octets                   field                     value
     0  00 00 00 43              command_length            67
     4  00 00 00 05              command_id                deliver_sm
     8  00 00 00 00              command_status            ESME_ROK
    12  00 00 00 02              sequence_number           2
    16  55 53 53 44 00           service_type              USSD
    21  01                       source_addr_ton           1
    22  01                       source_addr_npi           1
    23  34 39 31 37 35 31 32 33  source_addr               491751234567
    31  34 35 36 37 00
    36  00                       dest_addr_ton             0
    37  01                       dest_addr_npi             1
    38  37 33 37 00              destination_addr          737
    42  00                       esm_class                 0
    43  00                       protocol_id               0
    44  00                       priority_flag             0
    45  00                       schedule_delivery_time
    46  00                       validity_period
    47  00                       registered_delivery       0
    48  00                       replace_if_present_flag   0
    49  08                       data_coding               8
    50  00                       sm_default_msg_id         0
    51  04 04 14 04 30           short_message             \"Да\"
    56  05 01 00 01 12           ussd_service_op           USSR confirm
    61  13 83 00 02 07 02        its_session_info          session 7, dialogue 1
";
    assert_eq!(found, expected);
}

#[test]
fn what_is_ignored_is_shown_as_such() {
    let octets = raw(CommandId::ENQUIRE_LINK.0, 1, b"\x04\x28\0\x01\x5C\x13\x83\0\x02\x07");
    let shown = table(&octets, Reveal::Masked);
    assert!(shown.contains("congestion_state          92\n"), "{shown}");
    assert!(shown.ends_with("(ignored)                 no whole parameter\n"), "{shown}");
    let shown = render_json(&octets, Reveal::Masked).unwrap();
    assert!(shown.ends_with(r#","ignored":5}"#), "{shown}");
}

#[test]
fn every_sample_comes_back_from_its_json() {
    for (name, pdu) in samples() {
        let octets = octets(&pdu);
        let shown = render_json(&octets, Reveal::Clear).unwrap();
        assert_eq!(encode_json(&shown).as_deref(), Ok(&octets[..]), "{name}: {shown}");
    }
}

#[test]
fn passwords_and_long_numbers_are_masked_and_a_masked_pdu_is_not_encoded() {
    for (name, secrets) in [
        ("bind_transceiver", ["s3cret", "733363726574", "73 33 63 72"]),
        ("submit_sm_end", ["4711", "34373131", "34 37 31 31"]),
        ("query_sm", ["3700", "37 00", "000000\""]),
    ] {
        let octets = sample(name);
        let json = render_json(&octets, Reveal::Masked).unwrap();
        let table = table(&octets, Reveal::Masked);
        for secret in secrets {
            assert!(!json.contains(secret) && !table.contains(secret), "{json}\n{table}");
        }
        let error = encode_json(&json).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("masked"));
    }
    let payload = raw(CommandId::DATA_SM.0, 1, b"\0\0\0\0\0\0\0\0\0\0\x04\x24\0\x0C111122223333");
    let (json, table) =
        (render_json(&payload, Reveal::Masked).unwrap(), table(&payload, Reveal::Masked));
    assert!(json.contains(r#""value":"masked""#) && table.contains("(masked)"), "{json}\n{table}");
}

#[test]
fn debugging_shows_neither_passwords_nor_texts() {
    for (name, secret) in [("bind_transceiver", "s3cret"), ("submit_sm_end", "PIN")] {
        let octets = sample(name);
        let shown = format!("{:?}", Pdu::decode(&octets).unwrap());
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_short_description_is_enough() {
    let found = encode_json(r#"{"command":"enquire_link","sequence":7}"#).unwrap();
    assert_eq!(found, raw(CommandId::ENQUIRE_LINK.0, 7, &[]));
    let found = encode_json(
        r#"{"command":"submit_sm","fields":{"data_coding":8},"text":"Да",
            "tlvs":[{"name":"ussd_service_op","value":"02"}]}"#,
    );
    let found = found.unwrap();
    let pdu = Pdu::decode(&found).unwrap();
    let expected = ShortMessage {
        data_coding: DataCoding::UCS2,
        short_message: &[4, 0x14, 4, 0x30],
        ..ShortMessage::default()
    };
    assert_eq!(pdu.body, Body::SubmitSm(expected));
    assert_eq!(pdu.tlvs.iter().count(), 1);
    let found = encode_json(r#"{"command":"0x00000123","status":"ESME_RTHROTTLED"}"#).unwrap();
    assert_eq!(found[4..12], [0, 0, 1, 0x23, 0, 0, 0, 0x58]);
}

#[test]
fn what_is_wrong_with_a_description_is_said_with_its_member() {
    for (json, kind, field, offset) in [
        ("{", "json", None, 1),
        ("{}\n x", "json", None, 4),
        ("[]", "member", Some(""), 0),
        ("{}", "member", Some("command"), 0),
        (r#"{"command":"unbound"}"#, "member", Some("command"), 0),
        (r#"{"command":"unbind","seq":1}"#, "member", Some("seq"), 0),
        (r#"{"command":"unbind","sequence":4294967296}"#, "member", Some("sequence"), 0),
        (r#"{"command":"unbind","status":"OK"}"#, "member", Some("status"), 0),
        (r#"{"command":"unbind","fields":[]}"#, "member", Some("fields"), 0),
        (r#"{"command":"unbind","fields":{"x":1}}"#, "member", Some("x"), 0),
        (r#"{"command":"unbind","tlvs":[1]}"#, "member", Some("tlvs"), 0),
        (r#"{"command":"unbind","tlvs":[{"name":"x"}]}"#, "member", Some("tag"), 0),
        (r#"{"command":"unbind","tlvs":[{"tag":"1","value":"1"}]}"#, "member", Some("value"), 0),
        (r#"{"command":"unbind","text":"x"}"#, "member", Some("short_message"), 0),
        (r#"{"command":"data_sm","fields":{"esm_class":256}}"#, "member", Some("esm_class"), 0),
        (r#"{"command":"data_sm","fields":{"esm_class":"1"}}"#, "member", Some("esm_class"), 0),
        (r#"{"command":"data_sm","fields":{"source_addr":1}}"#, "member", Some("source_addr"), 0),
        (
            r#"{"command":"data_sm","fields":{"service_type":"USSD12"}}"#,
            "too-long",
            Some("service_type"),
            0,
        ),
        (r#"{"command":"submit_sm","text":"1 Д"}"#, "content", Some("text"), 2),
        (
            r#"{"command":"submit_sm","fields":{"short_message":"31"},"text":"2"}"#,
            "member",
            Some("text"),
            0,
        ),
    ] {
        let error = encode_json(json).unwrap_err();
        let found = (error.kind.as_str(), error.field.as_deref(), error.offset);
        assert_eq!(found, (kind, field, offset), "{json}: {}", error.message);
    }
}

#[test]
fn what_is_wrong_with_a_pdu_is_said_for_scripts() {
    let octets = raw(CommandId::DELIVER_SM.0, 7, b"USSD\0\x01\x01\0\0\x01");
    let expected = concat!(
        r#"{"error":{"kind":"truncated","field":"destination_addr","offset":26,"message":"#,
        r#""deliver_sm: destination_addr at offset 26: needs 1 octets, only 0 remain"}}"#,
    );
    assert_eq!(render_json(&octets, Reveal::Masked).unwrap_err().to_string(), expected);
    let listed = table(&octets, Reveal::Masked);
    assert!(
        listed.contains("    25  01                       dest_addr_npi             1\n"),
        "{listed}"
    );
    let last = "    26                           (wrong here)              deliver_sm: destination_addr \
        at offset 26: needs 1 octets, only 0 remain\n";
    assert!(listed.ends_with(last), "{listed}");
}
