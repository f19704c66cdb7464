//! From the document to the profile. All that is wrong is collected, so that it is reported at once.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};
use tillgate_codec::ussd::{Alphabet, Room};
use toml::Spanned;

use super::document::{AnswerDocument, Document, Names, RepeatDocument, RuleDocument};
use super::{AnswerForm, AnswerPlan, BodyForm, HttpProfile, Method, Repeat, Rule};
use crate::iso8583::fault::{Faults, ProfileError};
use crate::time::Span;
use crate::ussd::profile::room;

/// Aggregators give an application 15 seconds.
const ANSWER_S: u64 = 13;
const ANSWER_S_MAX: u64 = 60;
/// The longest session of an aggregator that is known.
const SESSION_S: u64 = 180;
const SESSION_S_MAX: u64 = 900;

const LATE: &str = "Your request is being processed. Please check later.";
const OVER: &str = "This session is over. Please dial again.";
const BUSY: &str = "The service is busy. Please try again later.";

pub(super) fn profile(source: &str, document: &Document) -> Result<HttpProfile, ProfileError> {
    let mut found = Faults::new(source);
    let faults = &mut found;
    if document.name.get_ref().is_empty() {
        faults.spanned(&document.name, "name: a profile needs one");
    }
    let request = &document.request;
    check_request(document, faults);
    let answer = answer(&document.answer, faults);
    let room = document.room.as_ref().map_or(Room::FULL, |of| room(of.get_ref(), faults));
    let mut text = |name: &str, said: &Option<Spanned<String>>, usual: &str| {
        let text = said.as_ref().map_or(usual, |text| text.get_ref().as_str());
        let alphabet = Alphabet::choose(text);
        let fits = alphabet.length(text).is_some_and(|length| length <= room.of(alphabet));
        if let Some(said) = said.as_ref().filter(|_| !fits) {
            faults.spanned(said, format!("{name}: it is longer than `room` allows"));
        }
        text.to_owned()
    };
    let late = text("late", &document.texts.late, LATE);
    let over = text("over", &document.texts.over, OVER);
    let busy = text("busy", &document.texts.busy, BUSY);
    let mut seconds = |name: &str, said: &Option<Spanned<u64>>, usual: u64, most: u64| {
        let value = said.as_ref().map_or(usual, |value| *value.get_ref());
        if let Some(said) = said.as_ref().filter(|_| !(1..=most).contains(&value)) {
            faults.spanned(said, format!("{name}: 1 to {most} seconds are expected"));
        }
        Span::s(value)
    };
    let answer_time = seconds("answer_s", &document.times.answer_s, ANSWER_S, ANSWER_S_MAX);
    let session_time = seconds("session_s", &document.times.session_s, SESSION_S, SESSION_S_MAX);
    let profile = HttpProfile {
        name: document.name.get_ref().clone(),
        about: document.about.clone(),
        methods: request.method.get_ref().clone(),
        body: request.body,
        session: request.session.as_ref().map(names),
        subscriber: names(&request.subscriber),
        service_code: request.service_code.as_ref().map(names).unwrap_or_default(),
        text: names(&request.text),
        is_cumulative: request.cumulative,
        has_shortcut: request.shortcut.as_ref().is_some_and(|shortcut| *shortcut.get_ref()),
        id: request.id.as_ref().map(names).unwrap_or_default(),
        begin: request.begin.as_ref().map(rule),
        ended: request.ended.as_ref().map(rule),
        answer,
        late,
        over,
        busy,
        answer_time,
        session_time,
        room,
        abort_texts: document.abort_texts.iter().map(|text| text.get_ref().clone()).collect(),
    };
    found.result(Some(profile))
}

fn check_request(document: &Document, faults: &mut Faults<'_>) {
    let request = &document.request;
    let methods = request.method.get_ref();
    if methods.is_empty() {
        faults.spanned(&request.method, "method: \"GET\", \"POST\" or both are expected");
    }
    if request.body == BodyForm::Json && methods.contains(&Method::Get) {
        faults.spanned(&request.method, "method: a GET has no JSON; use \"POST\"");
    }
    if let Some(shortcut) = request.shortcut.as_ref().filter(|of| *of.get_ref()) {
        if !request.cumulative {
            faults.spanned(shortcut, "shortcut: only cumulative texts have one; remove it");
        }
        if request.session.is_none() {
            faults.spanned(shortcut, "shortcut: `session` is needed to know that it begins");
        }
    }
    for abort in &document.abort_texts {
        if abort.get_ref().trim().is_empty() {
            faults.spanned(abort, "abort_texts: an empty text may be an input");
        }
    }
}

fn names(of: &Names) -> Vec<String> {
    match of {
        Names::One(name) => vec![name.clone()],
        Names::Several(names) => names.clone(),
    }
}

fn rule(of: &RuleDocument) -> Rule {
    Rule { field: names(&of.field), values: of.values.clone() }
}

fn answer(document: &AnswerDocument, faults: &mut Faults<'_>) -> AnswerPlan {
    let form = *document.form.get_ref();
    let text_field = match (&document.text_field, form) {
        (Some(field), AnswerForm::Json) => field.get_ref().clone(),
        (None, AnswerForm::Json) => {
            let text = "answer: form \"json\" needs `text_field`, the field with the text";
            faults.spanned(&document.form, text);
            String::new()
        }
        (Some(field), _) => {
            faults.spanned(field, "text_field: only form \"json\" has one; remove it");
            String::new()
        }
        (None, _) => String::new(),
    };
    let repeat = match document.repeat.as_ref().map(|repeat| repeat.get_ref().clone()) {
        Some(RepeatDocument::All(true)) => Repeat::All,
        Some(RepeatDocument::Fields(fields)) => Repeat::Fields(fields),
        Some(RepeatDocument::All(false)) | None => Repeat::Fields(Vec::new()),
    };
    if let Some(said) = document.repeat.as_ref().filter(|_| form != AnswerForm::Json) {
        faults.spanned(said, "repeat: only form \"json\" repeats fields; remove it");
    }
    let usual = if form == AnswerForm::Json { "application/json" } else { "text/plain" };
    let content_type = match &document.content_type {
        None => HeaderValue::from_static(usual),
        Some(said) => HeaderValue::from_str(said.get_ref()).unwrap_or_else(|_| {
            faults.spanned(said, "content_type: it is no value of a header");
            HeaderValue::from_static(usual)
        }),
    };
    let headers = [&document.continue_headers, &document.end_headers];
    let headers = headers.map(|of| self::headers(of, faults));
    let fields = [&document.continue_fields, &document.end_fields];
    let fields = fields.map(|of| self::fields(of, form, faults));
    let is_marked = match form {
        AnswerForm::ConEnd => true,
        AnswerForm::Text => headers[0] != headers[1],
        AnswerForm::Json => fields[0] != fields[1] || headers[0] != headers[1],
    };
    if !is_marked {
        faults.spanned(
            &document.form,
            "answer: nothing says whether the session goes on; the headers or fields of \
             `continue` and `end` are the same",
        );
    }
    AnswerPlan { form, content_type, text_field, repeat, headers, fields }
}

fn headers(
    document: &BTreeMap<String, Spanned<String>>,
    faults: &mut Faults<'_>,
) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    for (name, value) in document {
        match (name.parse(), HeaderValue::from_str(value.get_ref())) {
            (Ok(name), Ok(value)) => headers.push((name, value)),
            _ => faults.spanned(value, format!("{name:?} with this value is no header")),
        }
    }
    headers
}

fn fields(
    document: &BTreeMap<String, Spanned<toml::Value>>,
    form: AnswerForm,
    faults: &mut Faults<'_>,
) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in document {
        if form != AnswerForm::Json {
            faults.spanned(value, format!("{name}: only form \"json\" has fields; remove it"));
        }
        let made = match value.get_ref() {
            toml::Value::String(text) => Value::String(text.clone()),
            toml::Value::Boolean(is_so) => Value::Bool(*is_so),
            toml::Value::Integer(number) => Value::from(*number),
            _ => {
                faults.spanned(value, format!("{name}: a text, a number or a truth is expected"));
                continue;
            }
        };
        fields.insert(name.clone(), made);
    }
    fields
}
