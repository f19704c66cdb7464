//! The schemas of queries, bodies and answers.

use serde_json::{Map, Value, json};
use tillgate_store_core::limits::REFERENCE_BYTES_MAX;

use crate::admin::limits::{NOTE_BYTES_MAX, TERMINALS_PER_PAGE_MAX, TRANSACTIONS_PER_PAGE_MAX};

pub(super) fn terminals_query() -> Vec<(&'static str, Value, &'static str)> {
    let states = json!({ "type": "string", "enum": ["active", "blocked", "online", "offline"] });
    vec![
        ("state", states, "Only these"),
        ("limit", page_length(TERMINALS_PER_PAGE_MAX), "At most so many; 100 unless given"),
        ("after", integer(), "Only those with a higher id"),
    ]
}

pub(super) fn journal_query() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("after", string(), "DATE-TERMINAL-STAN as 2026-11-23-00070001-000012: only later keys"),
        ("limit", page_length(TRANSACTIONS_PER_PAGE_MAX), "At most so many; 1000 unless given"),
        ("from", string(), "First business date, as 2026-11-23"),
        ("to", string(), "Last business date"),
        ("terminal", integer(), "Only this terminal's"),
        ("format", json!({ "type": "string", "enum": ["jsonl", "csv"] }), "jsonl unless given"),
    ]
}

pub(super) fn differences_query() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("date", string(), "The business date, as 2026-11-23; must be given"),
        ("after", string(), "Only those with a later key"),
        ("limit", page_length(TRANSACTIONS_PER_PAGE_MAX), "At most so many; 100 unless given"),
    ]
}

pub(super) fn open_query() -> Vec<(&'static str, Value, &'static str)> {
    let awaits = json!({ "type": "string", "enum": ["operator", "provider"] });
    vec![
        ("awaits", awaits, "Only those that wait for this one"),
        ("after", string(), "Only those with a later key"),
        ("limit", page_length(TRANSACTIONS_PER_PAGE_MAX), "At most so many; 100 unless given"),
    ]
}

pub(super) fn resolve_schema() -> Value {
    let words = ["approved", "declined", "done", "refund", "approve-refund", "cancel-refund"];
    let verdict = json!({ "type": "string", "enum": words });
    let note = json!({ "type": "string", "minLength": 1, "maxLength": NOTE_BYTES_MAX });
    let void = json!({ "type": "string", "maxLength": REFERENCE_BYTES_MAX });
    json!({
        "type": "object",
        "required": ["as", "note"],
        "properties": { "as": verdict, "note": note, "void": void },
    })
}

pub(super) fn import_schema() -> Value {
    let files = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    json!({
        "type": "object",
        "required": ["files"],
        "properties": { "files": files, "update": boolean(), "dry_run": boolean() },
    })
}

pub(super) fn status_schema() -> Value {
    object(&[
        ("version", string()),
        ("stage", string()),
        ("store", string()),
        ("uptime_s", integer()),
        ("time_ms", integer()),
        ("online", integer()),
        ("registered", any_object()),
        ("transactions", integer()),
        ("batches", integer()),
        ("audits", integer()),
    ])
}

pub(super) fn terminal_schema() -> Value {
    object(&[
        ("terminal", integer()),
        ("seller", integer()),
        ("status", string()),
        ("reason", string()),
        ("online", boolean()),
        ("online_since_ms", nullable("integer")),
        ("services", json!({ "type": ["string", "array"] })),
        ("key_id", integer()),
    ])
}

pub(super) fn keys_request() -> Value {
    json!({
        "type": "object",
        "required": ["action"],
        "properties": {
            "action": { "enum": ["add", "retire", "reset_counters"] },
            "key_id": { "type": "integer", "minimum": 0, "maximum": 255 },
            "psk": { "type": "string", "pattern": "^[0-9A-Fa-f]{64}$" },
        },
    })
}

pub(super) fn command_schema() -> Value {
    object(&[
        ("terminal", integer()),
        ("command", integer()),
        ("acknowledged", boolean()),
        ("result", nullable("string")),
        ("at_ms", nullable("integer")),
    ])
}

pub(super) fn applied_schema() -> Value {
    let command = object(&[("terminal", integer()), ("command", integer())]);
    object(&[("applied", boolean()), ("online", boolean()), ("commands", array(command))])
}

pub(super) fn transaction_schema() -> Value {
    object(&[
        ("transaction", string()),
        ("date", string()),
        ("terminal", integer()),
        ("stan", integer()),
        ("seq", integer()),
        ("kind", string()),
        ("state", string()),
        ("code", string()),
        ("rrn", string()),
        ("reference", string()),
        ("seller", integer()),
        ("service", integer()),
        ("product", integer()),
        ("amount_minor", integer()),
        ("currency", integer()),
        ("subscriber_masked", string()),
        ("serial", nullable("string")),
        ("provider_reference", string()),
        ("balance_minor", nullable("integer")),
        ("at_ms", integer()),
        ("finished_ms", integer()),
        ("confirmed", boolean()),
        ("original", nullable("string")),
        ("reversed_by", nullable("string")),
        ("due", nullable("object")),
        ("settlement", nullable("object")),
        ("refund", nullable("object")),
        ("other_reference", string()),
    ])
}

pub(super) fn error_schema() -> Value {
    object(&[("error", object(&[("code", string()), ("message", string())]))])
}

/// An object with exactly these as its required members; it may have more.
pub(super) fn object(members: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

pub(super) fn bounded(name: &str, bytes_max: usize) -> Value {
    object(&[(name, json!({ "type": "string", "minLength": 1, "maxLength": bytes_max }))])
}

fn page_length(most: usize) -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": most })
}

pub(super) fn any_object() -> Value {
    json!({ "type": "object" })
}

pub(super) fn array(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

pub(super) fn nullable(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

pub(super) fn string() -> Value {
    json!({ "type": "string" })
}

pub(super) fn integer() -> Value {
    json!({ "type": "integer" })
}

pub(super) fn boolean() -> Value {
    json!({ "type": "boolean" })
}
