//! How an answer is made.

use serde_json::Value;
use tillgate_codec::ussd::http::{Reply, Turn};
use zeroize::Zeroizing;

use super::object::{Object, Repeated};
use super::profile::{AnswerForm, HttpProfile};

/// An answer that was made. It is kept for a while, for requests that are repeated.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) turn: Turn,
    pub(super) body: Zeroizing<String>,
}

/// More than the fields of a profile take in an answer.
const FIELDS_BYTES: usize = 512;

pub(super) fn make(profile: &HttpProfile, turn: Turn, text: &str, repeat: &Repeated) -> Made {
    let mut body = Zeroizing::new(String::new());
    match profile.answer.form {
        AnswerForm::ConEnd => Reply { turn, text }.encode(&mut body),
        AnswerForm::Text => body.push_str(text),
        AnswerForm::Json => {
            let mut object = Object::of(repeat);
            object.0.insert(profile.answer.text_field.clone(), Value::from(text));
            let fields = &profile.answer.fields[index(turn)];
            object.0.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
            // Escaped characters take six octets; it does not grow, so that nothing is left behind.
            let mut octets = Vec::with_capacity(repeat.len() + 6 * text.len() + FIELDS_BYTES);
            serde_json::to_writer(&mut octets, &object.0).unwrap_or_default();
            *body = String::from_utf8(octets).unwrap_or_default();
        }
    }
    Made { turn, body }
}

/// Where a profile has what it sets for a turn.
pub(super) const fn index(turn: Turn) -> usize {
    match turn {
        Turn::Continue => 0,
        Turn::End => 1,
    }
}
