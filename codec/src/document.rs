//! JSON descriptions of messages, as far as the link and SMPP have them in common.

use serde_json::{Map, Value};

use crate::iso8583::{ErrorJson, hex};

/// What replaces masked text, and the member that says so.
pub(crate) const MASKED: &str = "masked";

/// The members of a description; `allowed` has the names that there are.
///
/// # Errors
/// A text that is no object of such members, or one that was masked.
pub(crate) fn members(json: &str, allowed: &str) -> Result<Map<String, Value>, ErrorJson> {
    let value: Value =
        serde_json::from_str(json).map_err(|error| ErrorJson::of_syntax(json, &error))?;
    let Value::Object(members) = value else {
        return Err(wrong("", "a JSON object is expected"));
    };
    let is_known = |name: &str| allowed.split(' ').any(|known| known == name);
    if let Some(name) = members.keys().find(|name| !is_known(name)) {
        return Err(wrong(name, "no such member"));
    }
    if members.get(MASKED).is_some_and(|masked| *masked != Value::Bool(false)) {
        return Err(wrong(MASKED, "a masked message cannot be encoded"));
    }
    Ok(members)
}

/// The bytes of a string of hexadecimal digits; `None` for anything else.
pub(crate) fn octets(value: &Value) -> Option<Vec<u8>> {
    hex::parse(value.as_str()?.as_bytes()).ok()
}

/// The error of a member of a description that is not as it should be.
pub(crate) fn wrong(field: &str, message: impl Into<String>) -> ErrorJson {
    ErrorJson { field: Some(field.to_owned()), ..ErrorJson::of_kind("member", message) }
}
