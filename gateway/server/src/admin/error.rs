//! What the API says when it does not do what it was asked to.

use std::fmt;

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use warp::reply::Response;

use super::answer;

/// A refusal; its body is `{"error":{"code","message"}}`.
#[derive(Clone, Debug)]
pub(super) struct ApiError(Box<Reason>);

#[derive(Clone, Debug)]
struct Reason {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// More about it, beside the message.
    detail: Option<(&'static str, Value)>,
}

impl ApiError {
    /// A refusal of this status.
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl fmt::Display) -> Self {
        Self(Box::new(Reason { status, code, message: message.to_string(), detail: None }))
    }

    /// 400.
    pub(super) fn bad_request(message: impl fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 404.
    pub(super) fn not_found(message: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 409: the change was refused as a whole.
    pub(super) fn refused(message: impl fmt::Display) -> Self {
        Self::new(StatusCode::CONFLICT, "refused", message)
    }

    /// 503, to be tried again.
    pub(super) fn busy(message: impl fmt::Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message)
    }

    /// 500, for what the operator must see in the log.
    pub(super) fn internal(message: impl fmt::Display) -> Self {
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message);
        tracing::error!(message = error.0.message, "admin request failed");
        error
    }

    /// The same with more about it.
    pub(super) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.0.detail = Some((name, value));
        self
    }

    /// As a response.
    pub(super) fn response(self) -> Response {
        let Reason { status, code, message, detail } = *self.0;
        let mut error = json!({ "code": code, "message": message });
        if let (Some((name, value)), Some(object)) = (detail, error.as_object_mut()) {
            object.insert(name.to_owned(), value);
        }
        let mut response = answer::json(&json!({ "error": error }));
        *response.status_mut() = status;
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"tillgate\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
