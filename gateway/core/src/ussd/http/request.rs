//! What a request says: its fields, and which session and subscriber they name.

use arrayvec::{ArrayString, ArrayVec};
use http::{Method as HttpMethod, StatusCode};
use ring::digest;
use serde_json::Value;
use tillgate_types::Msisdn;
use zeroize::Zeroizing;

use super::event::HttpRequest;
use super::object::{Object, Repeated};
use super::profile::{AnswerForm, BodyForm, HttpProfile, Method, Repeat, Rule};
use super::session::Id;
use crate::ussd::dialog::{DialogAddress, SessionKey};
use crate::ussd::limits::{BODY_BYTES_MAX, FIELDS_MAX, HTTP_TEXT_BYTES_MAX, SESSION_KEY_BYTES_MAX};

/// Type of number and numbering plan: international, ISDN; unknown, ISDN.
const NUMBERING: [u8; 4] = [1, 1, 0, 1];

/// A request that was read.
pub(super) struct Call {
    pub(super) id: Id,
    pub(super) at: DialogAddress,
    pub(super) text: Zeroizing<String>,
    /// What names the request, or nothing.
    pub(super) request_id: Option<SessionKey>,
    /// Whether the profile's rule says that it begins a session.
    pub(super) begins: bool,
    pub(super) ended: bool,
    /// What the answer repeats, as an object of JSON, or nothing.
    pub(super) repeat: Repeated,
}

struct Fields {
    rows: Vec<(String, Zeroizing<String>)>,
    /// Of a JSON body.
    object: Object,
}

/// Reads a request; the status says what is wrong with one that cannot be.
pub(super) fn read(profile: &HttpProfile, request: &HttpRequest<'_>) -> Result<Call, StatusCode> {
    let method = match *request.method {
        HttpMethod::GET => Some(Method::Get),
        HttpMethod::POST => Some(Method::Post),
        _ => None,
    };
    if !method.is_some_and(|method| profile.methods.contains(&method)) {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let fields = Fields::read(profile, request)?;
    let wrong = StatusCode::BAD_REQUEST;
    let text = fields.first(&profile.text).unwrap_or_default();
    if text.len() > HTTP_TEXT_BYTES_MAX {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    // A `+` that was not escaped has become a space.
    let subscriber = fields.first(&profile.subscriber).ok_or(wrong)?.trim();
    let subscriber = subscriber.strip_prefix("00").unwrap_or(subscriber);
    let msisdn = Msisdn::of(subscriber).ok_or(wrong)?;
    let key = match &profile.session {
        None => SessionKey::new(),
        Some(names) => named(fields.first(names).filter(|id| !id.is_empty()).ok_or(wrong)?),
    };
    let code = fields.first(&profile.service_code).unwrap_or_default().trim();
    let service_code = ArrayString::from(code).map_err(|_| wrong)?;
    Ok(Call {
        id: (msisdn, key.clone()),
        at: DialogAddress {
            msisdn,
            key,
            service_code,
            numbering: NUMBERING,
            echo: ArrayVec::new(),
        },
        text: Zeroizing::new(text.to_owned()),
        request_id: fields.first(&profile.id).filter(|id| !id.is_empty()).map(named),
        begins: profile.begin.as_ref().is_some_and(|rule| fields.keeps(rule)),
        ended: profile.ended.as_ref().is_some_and(|rule| fields.keeps(rule))
            || profile.is_abort_text(text),
        repeat: fields.repeated(profile)?,
    })
}

/// What names a session or a request: its id, or a digest of one that is long.
fn named(id: &str) -> SessionKey {
    SessionKey::try_from(id.as_bytes()).unwrap_or_else(|_| {
        let digest = digest::digest(&digest::SHA256, id.as_bytes());
        digest.as_ref().iter().copied().take(SESSION_KEY_BYTES_MAX).collect()
    })
}

impl Fields {
    /// Those of the query, then those of the body.
    fn read(profile: &HttpProfile, request: &HttpRequest<'_>) -> Result<Self, StatusCode> {
        if request.body.len() > BODY_BYTES_MAX || request.query.len() > BODY_BYTES_MAX {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let mut fields = Self { rows: Vec::new(), object: Object::default() };
        fields.add_form(request.query.as_bytes());
        match profile.body {
            BodyForm::None => {}
            BodyForm::Form => fields.add_form(request.body),
            BodyForm::Json => {
                let read = serde_json::from_slice(request.body);
                fields.object = Object(read.map_err(|_| StatusCode::BAD_REQUEST)?);
                for (name, value) in &fields.object.0 {
                    let text = match value {
                        Value::String(text) => text.clone(),
                        Value::Number(number) => number.to_string(),
                        Value::Bool(is_so) => is_so.to_string(),
                        Value::Null | Value::Array(_) | Value::Object(_) => continue,
                    };
                    fields.rows.push((name.clone(), Zeroizing::new(text)));
                }
            }
        }
        if fields.rows.len() > FIELDS_MAX {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        Ok(fields)
    }

    fn add_form(&mut self, octets: &[u8]) {
        let rows = form_urlencoded::parse(octets).take(FIELDS_MAX + 1);
        self.rows.extend(
            rows.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))),
        );
    }

    /// The first of these names that there is.
    fn first(&self, names: &[String]) -> Option<&str> {
        let value = |name: &String| self.rows.iter().find(|(known, _)| known == name);
        names.iter().find_map(value).map(|(_, value)| value.as_str())
    }

    fn keeps(&self, rule: &Rule) -> bool {
        self.first(&rule.field).is_some_and(|value| {
            rule.values.is_empty()
                || rule.values.iter().any(|known| known.eq_ignore_ascii_case(value.trim()))
        })
    }

    fn repeated(mut self, profile: &HttpProfile) -> Result<Repeated, StatusCode> {
        if profile.answer.form != AnswerForm::Json {
            return Ok(Repeated::default());
        }
        let object = match &profile.answer.repeat {
            Repeat::All => std::mem::take(&mut self.object),
            Repeat::Fields(names) => {
                let mut repeated = Object::default();
                for name in names {
                    let value = self.object.0.remove(name);
                    let text = || self.first(std::slice::from_ref(name)).map(Value::from);
                    if let Some(value) = value.or_else(text) {
                        repeated.0.insert(name.clone(), value);
                    }
                }
                repeated
            }
        };
        object.held().ok_or(StatusCode::PAYLOAD_TOO_LARGE)
    }
}
