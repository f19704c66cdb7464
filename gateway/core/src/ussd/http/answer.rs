//! How an answer is made.

use serde_json::{Map, Value};
use tillgate_codec::ussd::http::{Reply, Turn};
use zeroize::Zeroizing;

use super::profile::{AnswerForm, HttpProfile};

/// An answer that was made. It is kept for a while, for requests that are repeated.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) turn: Turn,
    pub(super) body: Zeroizing<String>,
}

pub(super) fn make(
    profile: &HttpProfile,
    turn: Turn,
    text: &str,
    repeat: Map<String, Value>,
) -> Made {
    let mut body = Zeroizing::new(String::new());
    match profile.answer.form {
        AnswerForm::ConEnd => Reply { turn, text }.encode(&mut body),
        AnswerForm::Text => body.push_str(text),
        AnswerForm::Json => {
            let mut object = repeat;
            object.insert(profile.answer.text_field.clone(), Value::from(text));
            let fields = &profile.answer.fields[index(turn)];
            object.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
            *body = Value::Object(object).to_string();
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
