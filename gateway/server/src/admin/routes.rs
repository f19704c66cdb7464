//! Everything the API answers, as one table: the router reads it, and so does the OpenAPI
//! document, so that neither can know a route that the other does not.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::Value;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};

use super::auth::{Access, Caller};
use super::error::{self, ApiError};
use super::limits::{BODY_BYTES_MAX, IMPORT_BODY_BYTES_MAX};
use super::{
    App, backup, import, journal, keys, login, openapi, orders, status, terminals, transactions,
};

/// What is done for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Health,
    Ready,
    Metrics,
    OpenApi,
    LogIn,
    LogOut,
    Status,
    Terminals,
    Terminal,
    Command,
    Block,
    Unblock,
    Message,
    Keys,
    Journal,
    Transactions,
    Transaction,
    Resolve,
    Differences,
    Import,
    Backup,
}

/// One line of the table.
pub(super) struct Route {
    /// GET or POST.
    pub(super) method: Method,
    /// With `{name}` for what varies.
    pub(super) path: &'static str,
    /// What is done.
    pub(super) endpoint: Endpoint,
    /// Who may.
    pub(super) access: Access,
}

const fn get(path: &'static str, endpoint: Endpoint, access: Access) -> Route {
    Route { method: Method::GET, path, endpoint, access }
}

const fn post(path: &'static str, endpoint: Endpoint, access: Access) -> Route {
    Route { method: Method::POST, path, endpoint, access }
}

/// All of them.
pub(super) static ROUTES: [Route; 22] = [
    get("/healthz", Endpoint::Health, Access::Open),
    get("/readyz", Endpoint::Ready, Access::Open),
    get("/metrics", Endpoint::Metrics, Access::Open),
    get("/api/openapi.json", Endpoint::OpenApi, Access::Open),
    get("/api/v1/openapi.json", Endpoint::OpenApi, Access::Open),
    post("/api/v1/login", Endpoint::LogIn, Access::Open),
    post("/api/v1/logout", Endpoint::LogOut, Access::Read),
    get("/api/v1/status", Endpoint::Status, Access::Read),
    get("/api/v1/terminals", Endpoint::Terminals, Access::Read),
    get("/api/v1/terminals/{id}", Endpoint::Terminal, Access::Read),
    get("/api/v1/terminals/{id}/commands/{command}", Endpoint::Command, Access::Read),
    post("/api/v1/terminals/{id}/block", Endpoint::Block, Access::Write),
    post("/api/v1/terminals/{id}/unblock", Endpoint::Unblock, Access::Write),
    post("/api/v1/terminals/{id}/message", Endpoint::Message, Access::Write),
    post("/api/v1/terminals/{id}/keys", Endpoint::Keys, Access::Write),
    get("/api/v1/journal", Endpoint::Journal, Access::Read),
    get("/api/v1/transactions", Endpoint::Transactions, Access::Read),
    get("/api/v1/transactions/{key}", Endpoint::Transaction, Access::Read),
    post("/api/v1/transactions/{key}/resolve", Endpoint::Resolve, Access::Write),
    get("/api/v1/settlements/differences", Endpoint::Differences, Access::Read),
    post("/api/v1/import", Endpoint::Import, Access::Write),
    post("/api/v1/backup", Endpoint::Backup, Access::Write),
];

impl Route {
    /// The longest body it takes.
    pub(super) fn body_bytes_max(&self) -> u64 {
        match self.endpoint {
            Endpoint::Import => IMPORT_BODY_BYTES_MAX,
            _ if self.method == Method::POST => BODY_BYTES_MAX,
            _ => 0,
        }
    }

    /// What varies in `path`, in order, if it has this route's shape.
    fn parameters(&self, path: &str) -> Option<Vec<String>> {
        let (mut given, mut parameters) = (path.split('/'), Vec::new());
        for part in self.path.split('/') {
            let found = given.next()?;
            if part.starts_with('{') {
                parameters.push(found.to_owned());
            } else if part != found {
                return None;
            }
        }
        if given.next().is_none() { Some(parameters) } else { None }
    }
}

/// A request whose caller may make it.
struct Admitted {
    endpoint: Endpoint,
    parameters: Vec<String>,
    query: String,
    caller: Caller,
}

/// The whole API as one filter. The body is read only for callers who are known, and only as
/// much of it as the route takes.
pub(super) fn filter(
    app: Arc<App>,
) -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone {
    let admitting = Arc::clone(&app);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and_then(move |method: Method, path: FullPath, query: String, headers: HeaderMap| {
            let admitted = admit(&admitting, &method, path.as_str(), query, &headers);
            async move { admitted.map_err(warp::reject::custom) }
        })
        .and(warp::body::bytes())
        .and_then(move |admitted: Admitted, body: Bytes| {
            let app = Arc::clone(&app);
            async move {
                let answered = dispatch(app, admitted, body).await;
                Ok::<Response, Rejection>(answered.unwrap_or_else(ApiError::response))
            }
        })
        .recover(|rejection: Rejection| async move {
            Ok::<Response, Infallible>(error::of_rejection(&rejection).response())
        })
        .map(Reply::into_response)
}

fn admit(
    app: &App,
    method: &Method,
    path: &str,
    query: String,
    headers: &HeaderMap,
) -> Result<Admitted, ApiError> {
    let fitting: Vec<(&Route, Vec<String>)> = ROUTES
        .iter()
        .filter_map(|route| route.parameters(path).map(|parameters| (route, parameters)))
        .collect();
    if fitting.is_empty() {
        let text = format!("there is no {path:.200}; GET /api/openapi.json lists what there is");
        return Err(ApiError::not_found(text));
    }
    let Some((route, parameters)) = fitting.into_iter().find(|(route, _)| route.method == method)
    else {
        let text = format!("{path:.200} does not take {method}");
        return Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", text));
    };
    let caller = app.auth.admit(headers, route.access, app.handle.clock.now())?;
    check_length(headers, route.body_bytes_max())?;
    Ok(Admitted { endpoint: route.endpoint, parameters, query, caller })
}

/// A body must say how long it is, and that must not be too long; hyper holds it to its word.
fn check_length(headers: &HeaderMap, most: u64) -> Result<(), ApiError> {
    if headers.contains_key(header::TRANSFER_ENCODING) {
        let text = "send the body with a Content-Length";
        return Err(ApiError::new(StatusCode::LENGTH_REQUIRED, "length_required", text));
    }
    let Some(length) = headers.get(header::CONTENT_LENGTH) else { return Ok(()) };
    let length: Option<u64> = length.to_str().ok().and_then(|text| text.parse().ok());
    match length {
        Some(length) if length <= most => Ok(()),
        Some(length) => {
            let text = format!("{length} bytes are too many; this takes at most {most}");
            Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text))
        }
        None => Err(ApiError::bad_request("Content-Length is not a number")),
    }
}

async fn dispatch(app: Arc<App>, request: Admitted, body: Bytes) -> Result<Response, ApiError> {
    let Admitted { endpoint, parameters, query, caller } = request;
    let id = || terminals::id(parameters.first());
    match endpoint {
        Endpoint::Health => Ok(status::health()),
        Endpoint::Ready => status::ready(&app),
        Endpoint::Metrics => Ok(status::metrics(&app)),
        Endpoint::OpenApi => Ok(super::answer::json(&openapi::document())),
        Endpoint::LogIn => login::log_in(app, &read_json(&body)?).await,
        Endpoint::LogOut => Ok(login::log_out(&app, &caller)),
        Endpoint::Status => status::status(app).await,
        Endpoint::Terminals => terminals::list(app, &query).await,
        Endpoint::Terminal => terminals::show(app, id()?).await,
        Endpoint::Command => terminals::command(&app, id()?, parameters.get(1)),
        Endpoint::Block => orders::block(app, id()?, &read_json(&body)?, &caller).await,
        Endpoint::Unblock => orders::unblock(app, id()?, &caller).await,
        Endpoint::Message => orders::message(app, id()?, &read_json(&body)?, &caller).await,
        Endpoint::Keys => keys::change(app, id()?, &read_json(&body)?, &caller).await,
        Endpoint::Journal => journal::page(app, &query).await,
        Endpoint::Transactions => transactions::open(app, &query).await,
        Endpoint::Transaction => transactions::show(app, parameters.first()).await,
        Endpoint::Resolve => {
            transactions::resolve(app, parameters.first(), &read_json(&body)?, &caller).await
        }
        Endpoint::Differences => transactions::differences(app, &query).await,
        Endpoint::Import => import::import(app, body, &caller).await,
        Endpoint::Backup => backup::begin(app, &caller).await,
    }
}

fn read_json(body: &Bytes) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|e| ApiError::bad_request(format!("body: {e}")))
}

/// Runs something that blocks on a thread for that.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ApiError::internal(error)),
    }
}
