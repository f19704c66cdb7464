//! Bodies of answers.

use http::{HeaderValue, header};
use serde_json::Value;
use warp::reply::Response;

/// JSON.
pub(super) fn json(value: &Value) -> Response {
    typed(value.to_string(), "application/json")
}

/// One JSON object a line.
pub(super) fn ndjson(text: String) -> Response {
    typed(text, "application/x-ndjson")
}

/// Rows of a table.
pub(super) fn csv(text: String) -> Response {
    typed(text, "text/csv; charset=utf-8; header=present")
}

/// Prometheus' exposition format.
pub(super) fn prometheus(text: String) -> Response {
    typed(text, "text/plain; version=0.0.4; charset=utf-8")
}

fn typed(body: String, kind: &'static str) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
