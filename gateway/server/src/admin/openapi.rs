//! The description of the API (OpenAPI 3.1), from the types of the routes.

use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tillgate_core::access::Access;

use super::error::ErrorAnswer;
use super::route::{Description, Route};

/// The whole document.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    openapi: &'static str,
    info: Value,
    /// By path, then by method.
    paths: Map<String, Value>,
    components: Value,
}

pub(super) fn document(routes: &[Route]) -> Document {
    let mut description = Description::default();
    let error = json!(description.answers.subschema_for::<ErrorAnswer>());
    let mut paths = Map::new();
    for route in routes {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        let method = route.method.as_str().to_lowercase();
        methods[method] = operation(route, &mut description, &error);
    }
    let mut schemas = description.inputs.take_definitions(true);
    schemas.extend(description.answers.take_definitions(true));
    Document {
        openapi: "3.1.0",
        info: json!({
            "title": "Tillgate admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Show the installation's token (admin.token), or one from \
                            POST /api/v1/login, as Authorization: Bearer TOKEN. Amounts are in \
                            minor units of the currency, times in Unix milliseconds.",
        }),
        paths,
        components: json!({
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas,
        }),
    }
}

fn operation(route: &Route, description: &mut Description, error: &Value) -> Value {
    description.names = route.names().into_iter();
    let answer = (route.describe)(description);
    let parameters = std::mem::take(&mut description.parameters);
    let mut responses = Map::new();
    responses.insert("200".to_owned(), json!({ "description": "Done", "content": answer }));
    for status in refusals(route) {
        let about = status.canonical_reason().unwrap_or_default();
        let content = json!({ "application/json": { "schema": error } });
        let refusal = json!({ "description": about, "content": content });
        responses.insert(status.as_str().to_owned(), refusal);
    }
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "parameters": parameters,
        "responses": responses,
    });
    if route.access != Access::Open {
        operation["security"] = json!([{ "token": [] }]);
    }
    if let Some(schema) = description.body.take() {
        let content = json!({ "application/json": { "schema": schema } });
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

/// With what it may be refused: by the door in front of it, for who asks, and for what is asked.
fn refusals(route: &Route) -> impl Iterator<Item = StatusCode> {
    let (post, open) = (route.method == Method::POST, route.access == Access::Open);
    let write = route.access == Access::Write;
    [
        (StatusCode::BAD_REQUEST, true),
        (StatusCode::UNAUTHORIZED, !open || post),
        (StatusCode::FORBIDDEN, write),
        (StatusCode::NOT_FOUND, route.path.contains('{')),
        (StatusCode::REQUEST_TIMEOUT, true),
        (StatusCode::CONFLICT, write),
        (StatusCode::LENGTH_REQUIRED, true),
        (StatusCode::PAYLOAD_TOO_LARGE, true),
        (StatusCode::TOO_MANY_REQUESTS, open && post),
        (StatusCode::INTERNAL_SERVER_ERROR, true),
        (StatusCode::SERVICE_UNAVAILABLE, true),
    ]
    .into_iter()
    .filter_map(|(status, may)| may.then_some(status))
}
