//! What the API says when it does not do what it was asked to.

use std::fmt;

use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;
use warp::reply::Response;

use super::route::Reply;

pub(super) type Answer<T> = Result<T, ApiError>;

#[derive(Clone, Debug)]
pub(super) struct ApiError(Box<Reason>);

/// Its body.
#[derive(Serialize, JsonSchema)]
pub(super) struct ErrorAnswer {
    error: Reason,
}

/// Why something was not done.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Reason {
    #[serde(skip)]
    status: StatusCode,
    /// A word for programs.
    code: &'static str,
    /// A sentence for people.
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<FaultList>,
}

/// What is wrong with an import.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct FaultList {
    /// How many, shown or not.
    pub(super) total: usize,
    pub(super) shown: Vec<FaultPlace>,
}

/// One wrong field of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct FaultPlace {
    pub(super) file: String,
    /// From 1; 0 when the fault is not in one line.
    pub(super) line: u32,
    /// Number of the field in its line, from 1; 0 when it is not in one field.
    pub(super) column: u16,
    pub(super) name: &'static str,
    pub(super) text: String,
    /// All of that as a sentence.
    pub(super) message: String,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl fmt::Display) -> Self {
        Self(Box::new(Reason { status, code, message: message.to_string(), faults: None }))
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

    /// The same with every fault of an import.
    pub(super) fn with(mut self, faults: FaultList) -> Self {
        self.0.faults = Some(faults);
        self
    }

    pub(super) fn response(self) -> Response {
        let status = self.0.status;
        let mut response = ErrorAnswer { error: *self.0 }.reply();
        *response.status_mut() = status;
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"tillgate\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
