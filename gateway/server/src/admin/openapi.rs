//! The description of the API (OpenAPI 3.1), made from the table that the router reads.

use http::Method;
use serde_json::{Map, Value, json};

use super::auth::Access;
use super::limits::{
    MESSAGE_BYTES_MAX, REASON_BYTES_MAX, TERMINALS_PER_PAGE_MAX, TRANSACTIONS_PER_PAGE_MAX,
};
use super::routes::{Endpoint, ROUTES, Route};

/// What the table does not say about an endpoint.
struct About {
    summary: &'static str,
    /// Name, schema, meaning.
    query: Vec<(&'static str, Value, &'static str)>,
    /// Schema of the body, where there is one.
    request: Option<Value>,
    /// Media type and schema of the answer; of one line where it is NDJSON.
    answer: (&'static str, Value),
}

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";
const TEXT: &str = "text/plain";

/// The whole document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for route in &ROUTES {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods.insert(route.method.as_str().to_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tillgate admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Show the installation's token (admin.token), or one from \
                            POST /api/v1/login, as Authorization: Bearer TOKEN. Amounts are in \
                            minor units of the currency, times in Unix milliseconds.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": { "Error": error_schema() },
        },
    })
}

fn operation(route: &Route) -> Value {
    let about = about(route.endpoint);
    let mut parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let schema = json!({ "type": "integer", "minimum": 0 });
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    parameters.extend(about.query.into_iter().map(|(name, schema, meaning)| {
        json!({ "name": name, "in": "query", "schema": schema, "description": meaning })
    }));
    let (media, schema) = about.answer;
    let mut operation = json!({
        "operationId": format!("{:?}", route.endpoint),
        "summary": about.summary,
        "parameters": parameters,
        "responses": {
            "200": { "description": "Done", "content": { media: { "schema": schema } } },
            "default": {
                "description": "Not done, and why",
                "content": { JSON: { "schema": { "$ref": "#/components/schemas/Error" } } },
            },
        },
    });
    if let Some(object) = operation.as_object_mut() {
        if route.access != Access::Open {
            object.insert("security".to_owned(), json!([{ "token": [] }]));
        }
        if let (Some(schema), &Method::POST) = (about.request, &route.method) {
            let body = json!({ "required": true, "content": { JSON: { "schema": schema } } });
            object.insert("requestBody".to_owned(), body);
        }
    }
    operation
}

fn about(endpoint: Endpoint) -> About {
    let about = |summary, answer| About {
        summary,
        query: Vec::new(),
        request: None,
        answer: (JSON, answer),
    };
    match endpoint {
        Endpoint::Health => about("The process runs", object(&[("status", string())])),
        Endpoint::Ready => about("Sales are taken; 503 while not", object(&[("status", string())])),
        Endpoint::Metrics => {
            About { answer: (TEXT, string()), ..about("Counters for Prometheus", Value::Null) }
        }
        Endpoint::OpenApi => {
            about("This document", object(&[("openapi", string()), ("paths", any_object())]))
        }
        Endpoint::LogIn => About {
            request: Some(object(&[("user", string()), ("password", string())])),
            ..about(
                "Name and password for a token; it ends 15 minutes after its last use",
                object(&[("token", string()), ("role", string()), ("expires_s", integer())]),
            )
        },
        Endpoint::LogOut => about("End this login", object(&[("done", boolean())])),
        Endpoint::Status => about("The state of the whole", status_schema()),
        Endpoint::Terminals => About {
            query: terminals_query(),
            ..about(
                "Terminals by id; `next` is the `after` of the next page",
                object(&[("terminals", array(terminal_schema())), ("next", nullable("integer"))]),
            )
        },
        Endpoint::Terminal => about("One terminal, with its seller and float", terminal_schema()),
        Endpoint::Command => about("Whether a pushed command was acknowledged", command_schema()),
        Endpoint::Block => About {
            request: Some(bounded("reason", REASON_BYTES_MAX)),
            ..about("Stop a terminal from selling, from the next sale on", applied_schema())
        },
        Endpoint::Unblock => about("Let a terminal sell again", applied_schema()),
        Endpoint::Message => About {
            request: Some(bounded("text", MESSAGE_BYTES_MAX)),
            ..about("Show a text on a terminal's screen, if it is online", applied_schema())
        },
        Endpoint::Journal => About {
            query: journal_query(),
            answer: (NDJSON, transaction_schema()),
            ..about("Transactions by date, terminal and STAN; never a PIN", Value::Null)
        },
        Endpoint::Backup => about(
            "Begin a backup: a checkpoint on the gateway's own disk, for `tillgate backup` to \
             copy; it takes the place of the one before",
            object(&[
                ("checkpoint", string()),
                ("batch_no", integer()),
                ("hash", string()),
                ("begun_ms", integer()),
            ]),
        ),
        Endpoint::Import => About {
            request: Some(import_schema()),
            ..about(
                "CSV files as one change: all of it or nothing; 409 lists every wrong field",
                object(&[("applied", boolean()), ("counts", any_object()), ("summary", string())]),
            )
        },
    }
}

fn terminals_query() -> Vec<(&'static str, Value, &'static str)> {
    let states = json!({ "type": "string", "enum": ["active", "blocked", "online", "offline"] });
    vec![
        ("state", states, "Only these"),
        ("limit", page_length(TERMINALS_PER_PAGE_MAX), "At most so many; 100 unless given"),
        ("after", integer(), "Only those with a higher id"),
    ]
}

fn journal_query() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("after", string(), "DATE-TERMINAL-STAN as 2026-11-23-00070001-000012: only later keys"),
        ("limit", page_length(TRANSACTIONS_PER_PAGE_MAX), "At most so many; 1000 unless given"),
        ("from", string(), "First business date, as 2026-11-23"),
        ("to", string(), "Last business date"),
        ("terminal", integer(), "Only this terminal's"),
        ("format", json!({ "type": "string", "enum": ["jsonl", "csv"] }), "jsonl unless given"),
    ]
}

fn import_schema() -> Value {
    let files = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    json!({
        "type": "object",
        "required": ["files"],
        "properties": { "files": files, "update": boolean(), "dry_run": boolean() },
    })
}

fn status_schema() -> Value {
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

fn terminal_schema() -> Value {
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

fn command_schema() -> Value {
    object(&[
        ("terminal", integer()),
        ("command", integer()),
        ("acknowledged", boolean()),
        ("result", nullable("string")),
        ("at_ms", nullable("integer")),
    ])
}

fn applied_schema() -> Value {
    let command = object(&[("terminal", integer()), ("command", integer())]);
    object(&[("applied", boolean()), ("online", boolean()), ("commands", array(command))])
}

fn transaction_schema() -> Value {
    object(&[
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
    ])
}

fn error_schema() -> Value {
    object(&[("error", object(&[("code", string()), ("message", string())]))])
}

/// An object with exactly these as its required members; it may have more.
fn object(members: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn bounded(name: &str, bytes_max: usize) -> Value {
    object(&[(name, json!({ "type": "string", "minLength": 1, "maxLength": bytes_max }))])
}

fn page_length(most: usize) -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": most })
}

fn any_object() -> Value {
    json!({ "type": "object" })
}

fn array(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn nullable(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

fn string() -> Value {
    json!({ "type": "string" })
}

fn integer() -> Value {
    json!({ "type": "integer" })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}
