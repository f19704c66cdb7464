//! A PDU as JSON, and back.
//!
//! ```json
//! {"protocol":"smpp","length":70,"command":"deliver_sm","status":0,"status_name":"ESME_ROK",
//!  "sequence":2,"fields":{"service_type":"USSD",…,"short_message":"31"},"text":"1",
//!  "tlvs":[{"tag":"0501","name":"ussd_service_op","value":"12","meaning":"USSR confirm"}]}
//! ```
//!
//! Numbers are numbers, C-octet strings are texts (octets over 0x7F as Latin 1), octets are
//! upper-case hexadecimal.

use serde_json::{Map, Value, json};

use super::super::pdu::Pdu;
use super::super::tag::Tag;
use super::document::Document;
use super::mask;
use super::mask::MessageMask;
use super::message::{Message, meaning};
use super::rows::{self, dissect};
use crate::document::{MASKED, wrong};
use crate::iso8583::{ErrorJson, Reveal, hex};

/// One PDU as a JSON object on one line.
///
/// # Errors
/// [`ErrorJson`] when the bytes are not exactly one PDU that can be read.
pub fn render_json(bytes: &[u8], reveal: Reveal) -> Result<String, ErrorJson> {
    let dissected = dissect(bytes);
    let pdu = dissected.read?;
    let message = Message::of(&pdu);
    let header = message.as_ref().map_or(&[][..], |message| message.header);
    let (text, mask) = MessageMask::of(message.and_then(|message| message.text), reveal);
    let mut is_masked = mask == MessageMask::Hidden;
    let mut fields = Map::new();
    for row in &dissected.rows {
        let hidden = mask::hides(row.name, reveal, mask);
        is_masked |= hidden;
        let value = match row.value {
            _ if hidden => MASKED.into(),
            rows::Value::Number(number) => number.into(),
            rows::Value::Text(text) => {
                text.0.iter().map(|octet| char::from(*octet)).collect::<String>().into()
            }
            rows::Value::Octets(octets) => hex::text(octets).into(),
        };
        fields.insert(row.name.to_owned(), value);
    }
    let mut document = json!({
        "protocol": "smpp",
        "length": bytes.len(),
        "command": pdu.body.command().to_string(),
        "status": pdu.status.0,
        "status_name": pdu.status.to_string(),
        "sequence": pdu.sequence,
        "fields": fields,
    });
    if !header.is_empty() {
        document["udh"] = hex::text(header).into();
    }
    if let Some(text) = text {
        document["text"] = text.into();
    }
    document["tlvs"] = tlvs(&pdu, mask);
    let ignored = pdu.tlvs.ignored();
    if ignored > 0 {
        document["ignored"] = ignored.into();
    }
    if is_masked {
        document[MASKED] = true.into();
    }
    Ok(document.to_string())
}

fn tlvs(pdu: &Pdu<'_>, mask: MessageMask) -> Value {
    let shown = pdu.tlvs.iter().map(|tlv| {
        let mut shown = json!({ "tag": format!("{:04X}", tlv.tag.0) });
        if let Some(name) = tlv.tag.name() {
            shown["name"] = name.into();
        }
        shown["value"] = match tlv.tag {
            Tag::MESSAGE_PAYLOAD if mask == MessageMask::Hidden => MASKED.into(),
            _ => hex::text(tlv.value).into(),
        };
        if let Some(meaning) = meaning(tlv) {
            shown["meaning"] = meaning.into();
        }
        shown
    });
    shown.collect()
}

/// The octets of a PDU described as [`render_json`] does.
///
/// `length`, `status_name`, `udh` and the `name` and `meaning` of a TLV follow from the rest and
/// are not looked at, with two exceptions: a TLV without `tag` is found by its `name`, and without
/// a `short_message` the message is made of `udh` and `text`. Fields that are left out are 0 or
/// empty; a field or member that does not exist is refused, and so is a `text` that is not that of
/// the message.
///
/// # Errors
/// [`ErrorJson`] when the document is not such a description, or the PDU would break the
/// specification.
pub fn encode_json(json: &str) -> Result<Vec<u8>, ErrorJson> {
    let document = Document::parse(json)?;
    let tlvs = document.tlvs();
    let pdu = document.pdu(&tlvs)?;
    let mut out = Vec::new();
    pdu.encode(&mut out)?;
    if let Some(expected) = document.text() {
        let found = Message::of(&pdu).and_then(|message| message.text);
        if found.as_deref() != Some(expected) {
            let message = "the text is not that of the message: leave one of them out";
            return Err(wrong("text", message));
        }
    }
    Ok(out)
}
