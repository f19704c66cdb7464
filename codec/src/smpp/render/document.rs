//! A JSON description of a PDU, taken apart.

use serde_json::{Map, Value};

use super::super::coding::DataCoding;
use super::super::command::CommandId;
use super::super::pdu::{Body, Pdu};
use super::super::reader::Source;
use super::super::status::CommandStatus;
use super::super::tag::Tag;
use super::super::text::Text;
use super::super::tlv::{Tlv, Tlvs};
use crate::document::{self, wrong};
use crate::iso8583::ErrorJson;

const MEMBERS: &str =
    "protocol length command status status_name sequence fields udh text tlvs ignored masked";

/// Fields whose value is written in hexadecimal.
const OCTETS: [&str; 2] = ["short_message", "body"];

pub(super) struct Document {
    command: CommandId,
    status: CommandStatus,
    sequence: u32,
    text: Option<String>,
    fields: Vec<(String, Given)>,
    tlvs: Vec<(Tag, Vec<u8>)>,
}

enum Given {
    Number(u8),
    Octets(Vec<u8>),
}

impl Document {
    pub(super) fn parse(json: &str) -> Result<Self, ErrorJson> {
        let members = document::members(json, MEMBERS)?;
        let text = match members.get("text") {
            Some(text) => Some(string("text", text)?.to_owned()),
            None => None,
        };
        let mut document = Self {
            command: command(&members)?,
            status: status(&members)?,
            sequence: number("sequence", members.get("sequence"))?,
            text,
            fields: fields(&members)?,
            tlvs: tlvs(&members)?,
        };
        document.compose(&members)?;
        Ok(document)
    }

    /// Makes the message of `udh` and `text` if it is not given in octets.
    fn compose(&mut self, members: &Map<String, Value>) -> Result<(), ErrorJson> {
        let is_given = self.fields.iter().any(|(name, _)| name == "short_message")
            || self.tlvs.iter().any(|(tag, _)| *tag == Tag::MESSAGE_PAYLOAD);
        let Some(text) = self.text.as_deref().filter(|_| !is_given) else {
            return Ok(());
        };
        let mut octets = match members.get("udh") {
            Some(udh) => octets("udh", udh)?,
            None => Vec::new(),
        };
        let coding = self.fields.iter().find_map(|(name, given)| match given {
            Given::Number(coding) if name == "data_coding" => Some(DataCoding(*coding)),
            _ => None,
        });
        let Some(alphabet) = coding.unwrap_or_default().alphabet() else {
            let message = "the data_coding has no alphabet: give short_message in hexadecimal";
            return Err(wrong("text", message));
        };
        alphabet.encode(text, &mut octets).map_err(|error| ErrorJson {
            field: Some("text".to_owned()),
            offset: error.offset,
            ..ErrorJson::of_kind("content", error.to_string())
        })?;
        if !octets.is_empty() {
            self.fields.push(("short_message".to_owned(), Given::Octets(octets)));
        }
        Ok(())
    }

    /// The text that the message must have.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    pub(super) fn tlvs(&self) -> Vec<Tlv<'_>> {
        self.tlvs.iter().map(|(tag, value)| Tlv::new(*tag, value)).collect()
    }

    /// The PDU, with those parameters.
    pub(super) fn pdu<'a>(&'a self, tlvs: &'a [Tlv<'a>]) -> Result<Pdu<'a>, ErrorJson> {
        let mut fields = Fields { given: &self.fields, used: Vec::new() };
        let body = Body::decode(self.command, &mut fields)?;
        let unused = self.fields.iter().find(|(name, _)| !fields.used.contains(&name.as_str()));
        if let Some((name, _)) = unused {
            return Err(wrong(name, format!("{} has no such field", self.command)));
        }
        Ok(Pdu { status: self.status, sequence: self.sequence, body, tlvs: Tlvs::list(tlvs) })
    }
}

/// The fields of a description as the source of a body.
struct Fields<'a> {
    given: &'a [(String, Given)],
    used: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    fn find(&mut self, name: &'static str) -> Option<&'a Given> {
        self.used.push(name);
        self.given.iter().find(|(given, _)| given == name).map(|(_, given)| given)
    }
}

impl<'a> Source<'a> for Fields<'a> {
    type Error = ErrorJson;

    fn byte(&mut self, field: &'static str) -> Result<u8, ErrorJson> {
        match self.find(field) {
            None => Ok(0),
            Some(Given::Number(number)) => Ok(*number),
            Some(Given::Octets(_)) => Err(wrong(field, "a number from 0 to 255 is expected")),
        }
    }

    fn text(&mut self, field: &'static str) -> Result<Text<'a>, ErrorJson> {
        self.octets(field).map(Text)
    }

    fn last_text(&mut self, field: &'static str) -> Result<Text<'a>, ErrorJson> {
        self.text(field)
    }

    fn short_message(&mut self) -> Result<&'a [u8], ErrorJson> {
        self.octets("short_message")
    }

    fn octets(&mut self, field: &'static str) -> Result<&'a [u8], ErrorJson> {
        match self.find(field) {
            None => Ok(&[]),
            Some(Given::Octets(octets)) => Ok(octets),
            Some(Given::Number(_)) => Err(wrong(field, "a string is expected")),
        }
    }
}

fn command(members: &Map<String, Value>) -> Result<CommandId, ErrorJson> {
    let expected = "the name of a command, or 0x and eight digits, is expected";
    let unknown = || wrong("command", expected);
    let name = members.get("command").and_then(Value::as_str).ok_or_else(unknown)?;
    let by_number = || u32::from_str_radix(name.strip_prefix("0x")?, 16).ok().map(CommandId);
    CommandId::from_name(name).or_else(by_number).ok_or_else(unknown)
}

fn status(members: &Map<String, Value>) -> Result<CommandStatus, ErrorJson> {
    match (members.get("status"), members.get("status_name").and_then(Value::as_str)) {
        (Some(Value::String(name)), _) => {
            CommandStatus::from_name(name).ok_or_else(|| wrong("status", "no status has that name"))
        }
        (None, Some(name)) => CommandStatus::from_name(name)
            .ok_or_else(|| wrong("status_name", "no status has that name")),
        (status, _) => number("status", status).map(CommandStatus),
    }
}

fn fields(members: &Map<String, Value>) -> Result<Vec<(String, Given)>, ErrorJson> {
    let Some(fields) = members.get("fields") else {
        return Ok(Vec::new());
    };
    let no_object = || wrong("fields", "an object is expected");
    let given = fields.as_object().ok_or_else(no_object)?.iter().map(|(name, value)| {
        let given = match value {
            Value::Number(_) => Given::Number(number(name, Some(value))?),
            _ if OCTETS.contains(&name.as_str()) => Given::Octets(octets(name, value)?),
            _ => Given::Octets(latin1(name, string(name, value)?)?),
        };
        Ok((name.clone(), given))
    });
    given.collect()
}

fn tlvs(members: &Map<String, Value>) -> Result<Vec<(Tag, Vec<u8>)>, ErrorJson> {
    let Some(tlvs) = members.get("tlvs") else {
        return Ok(Vec::new());
    };
    let no_array = || wrong("tlvs", "an array of objects is expected");
    let given = tlvs.as_array().ok_or_else(no_array)?.iter().map(|tlv| {
        let tlv = tlv.as_object().ok_or_else(no_array)?;
        let by_number = |tag: &str| u16::from_str_radix(tag, 16).ok().map(Tag);
        let tag = match (tlv.get("tag"), tlv.get("name")) {
            (Some(tag), _) => tag.as_str().and_then(by_number),
            (None, name) => name.and_then(Value::as_str).and_then(Tag::from_name),
        };
        let tag = tag.ok_or_else(|| wrong("tag", "four digits are expected"))?;
        let value = match tlv.get("value") {
            Some(value) => octets("value", value)?,
            None => Vec::new(),
        };
        Ok((tag, value))
    });
    given.collect()
}

/// An unsigned number that fits; 0 if it is left out.
fn number<N: TryFrom<u64>>(name: &str, value: Option<&Value>) -> Result<N, ErrorJson> {
    let number = value.map_or(Some(0), Value::as_u64).and_then(|number| N::try_from(number).ok());
    number.ok_or_else(|| {
        let bits = 8 * size_of::<N>();
        wrong(name, format!("an unsigned number of {bits} bits is expected"))
    })
}

fn string<'v>(name: &str, value: &'v Value) -> Result<&'v str, ErrorJson> {
    value.as_str().ok_or_else(|| wrong(name, "a string is expected"))
}

fn octets(name: &str, value: &Value) -> Result<Vec<u8>, ErrorJson> {
    string(name, value)?;
    document::octets(value)
        .ok_or_else(|| wrong(name, "an even number of hexadecimal digits is expected"))
}

/// One octet for each character.
fn latin1(name: &str, text: &str) -> Result<Vec<u8>, ErrorJson> {
    let octet = |character| u8::try_from(u32::from(character)).ok();
    text.chars()
        .map(octet)
        .collect::<Option<_>>()
        .ok_or_else(|| wrong(name, "only characters of Latin 1 are expected"))
}
