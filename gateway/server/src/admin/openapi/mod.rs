//! The description of the API (OpenAPI 3.1), made from the table that the router reads.

mod schema;

use http::Method;
use serde_json::{Map, Value, json};

use self::schema::{
    any_object, applied_schema, array, boolean, bounded, command_schema, differences_query,
    error_schema, import_schema, integer, journal_query, keys_request, nullable, object,
    open_query, resolve_schema, status_schema, string, terminal_schema, terminals_query,
    transaction_schema,
};
use super::auth::Access;
use super::limits::{MESSAGE_BYTES_MAX, REASON_BYTES_MAX};
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
const KEY: &str = "DATE-TERMINAL-STAN as 2026-11-23-00070001-000012";

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
            let schema = match name {
                "key" => json!({ "type": "string", "description": KEY }),
                _ => json!({ "type": "integer", "minimum": 0 }),
            };
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

fn about_keys() -> About {
    About {
        request: Some(keys_request()),
        ..plain(
            "Adds a key (`add`, with key_id and psk), ends one (`retire`, with key_id), or lets \
             every counter begin at 0 (`reset_counters`). Sessions of keys that are not in \
             force any more end at once; older keys end when a newer one has logged on",
            object(&[
                ("terminal", integer()),
                ("applied", boolean()),
                ("keys", array(any_object())),
            ]),
        )
    }
}

fn about(endpoint: Endpoint) -> About {
    match endpoint {
        Endpoint::Health => plain("The process runs", object(&[("status", string())])),
        Endpoint::Ready => plain(
            "Sales are taken; 503 while not. `pending`: transactions without an outcome yet",
            object(&[("status", string()), ("pending", integer())]),
        ),
        Endpoint::Metrics => {
            About { answer: (TEXT, string()), ..plain("Counters for Prometheus", Value::Null) }
        }
        Endpoint::OpenApi => {
            plain("This document", object(&[("openapi", string()), ("paths", any_object())]))
        }
        Endpoint::LogIn => About {
            request: Some(object(&[("user", string()), ("password", string())])),
            ..plain(
                "Name and password for a token; it ends 15 minutes after its last use",
                object(&[("token", string()), ("role", string()), ("expires_s", integer())]),
            )
        },
        Endpoint::LogOut => plain("End this login", object(&[("done", boolean())])),
        Endpoint::Status => plain("The state of the whole", status_schema()),
        Endpoint::Terminals => About {
            query: terminals_query(),
            ..plain(
                "Terminals by id; `next` is the `after` of the next page",
                object(&[("terminals", array(terminal_schema())), ("next", nullable("integer"))]),
            )
        },
        Endpoint::Terminal => plain("One terminal, with its seller and float", terminal_schema()),
        Endpoint::Command => plain("Whether a pushed command was acknowledged", command_schema()),
        Endpoint::Block => About {
            request: Some(bounded("reason", REASON_BYTES_MAX)),
            ..plain("Stop a terminal from selling, from the next sale on", applied_schema())
        },
        Endpoint::Unblock => plain("Let a terminal sell again", applied_schema()),
        Endpoint::Keys => about_keys(),
        Endpoint::Message => About {
            request: Some(bounded("text", MESSAGE_BYTES_MAX)),
            ..plain("Show a text on a terminal's screen, if it is online", applied_schema())
        },
        Endpoint::Journal
        | Endpoint::Transactions
        | Endpoint::Transaction
        | Endpoint::Resolve
        | Endpoint::Differences => about_transactions(endpoint),
        Endpoint::Backup => plain(
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
            ..plain(
                "CSV files as one change: all of it or nothing; 409 lists every wrong field",
                object(&[("applied", boolean()), ("counts", any_object()), ("summary", string())]),
            )
        },
    }
}

/// Of the endpoints below journal, transactions and settlements.
fn about_transactions(endpoint: Endpoint) -> About {
    match endpoint {
        Endpoint::Journal => About {
            query: journal_query(),
            answer: (NDJSON, transaction_schema()),
            ..plain("Transactions by date, terminal and STAN; never a PIN", Value::Null)
        },
        Endpoint::Transactions => About {
            query: open_query(),
            ..plain(
                "Transactions without an outcome or with something due; `next` is the `after` of \
                 the next page",
                object(&[
                    ("transactions", array(transaction_schema())),
                    ("next", nullable("string")),
                ]),
            )
        },
        Endpoint::Transaction => plain("One transaction", transaction_schema()),
        Endpoint::Resolve => About {
            request: Some(resolve_schema()),
            ..plain(
                "The operator's word about an open transaction, with a row in the audit log; \
                 answers with the transaction as it stands then",
                transaction_schema(),
            )
        },
        _ => About {
            query: differences_query(),
            ..plain(
                "Settlements of a business date whose totals are not the gateway's; `next` is the \
                 `after` of the next page",
                object(&[
                    ("date", string()),
                    ("differences", array(transaction_schema())),
                    ("next", nullable("string")),
                ]),
            )
        },
    }
}

/// An answer in JSON to a request without a body.
fn plain(summary: &'static str, answer: Value) -> About {
    About { summary, query: Vec::new(), request: None, answer: (JSON, answer) }
}
