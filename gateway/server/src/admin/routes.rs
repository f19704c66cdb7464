//! Everything the API answers, as one table: the router reads it, and so does the OpenAPI
//! document, so that neither can know a route that the other does not.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tillgate_edge::{Admission, Class, Peer, Refusal, Router, guard};
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::auth::{Access, Caller};
use super::error::ApiError;
use super::limits::{BODY_BYTES_MAX, BODY_TIME_MAX, IMPORT_BODY_BYTES_MAX, STRANGER_BODY_TIME_MAX};
use super::{
    App, backup, import, journal, keys, login, openapi, orders, status, terminals, transactions,
};
use crate::wiped::Wiped;

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
    fn body_bytes_max(&self) -> u64 {
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
#[derive(Clone)]
pub(super) struct Admitted {
    endpoint: Endpoint,
    parameters: Vec<String>,
    query: String,
    caller: Caller,
}

/// The API behind its door. Admission looks at the request's head alone: the body is read only
/// for those who may send one, and only as much of it as the route takes. The path is taken from
/// the request itself, which the acceptor has checked; warp's own `path::full` panics without one.
pub(super) struct Api(pub(super) Arc<App>);

/// Of an answer.
type Body = UnsyncBoxBody<Bytes, warp::Error>;

impl Router for Api {
    type Ticket = Admitted;
    type Body = Body;

    fn admit(
        &self,
        peer: &Peer,
        head: &Parts,
    ) -> Result<Admission<Admitted>, http::Response<Body>> {
        admit(&self.0, peer, head).map_err(|refused| boxed(refused.response()))
    }

    async fn answer(&self, ticket: Admitted, mut request: Request<Bytes>) -> http::Response<Body> {
        request.extensions_mut().insert(ticket);
        let routes = TowerToHyperService::new(warp::service(filter(Arc::clone(&self.0))));
        let Ok(response) = routes.call(request.map(Full::new)).await;
        boxed(response)
    }

    fn refuse(&self, refusal: Refusal) -> http::Response<Body> {
        boxed(ApiError::new(refusal.status(), refusal.code(), refusal.text()).response())
    }

    fn panicked(&self, panicked: &guard::Panicked) {
        tracing::error!(%panicked, "an admin request {panicked}; only that request ended");
    }
}

fn boxed(response: Response) -> http::Response<Body> {
    response.map(BodyExt::boxed_unsync)
}

/// What is done for an admitted request, as a filter.
fn filter(app: Arc<App>) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone {
    warp::ext::get::<Admitted>()
        .and(warp::body::bytes())
        .then(move |admitted: Admitted, body: Bytes| {
            let app = Arc::clone(&app);
            async move { dispatch(app, admitted, body).await.unwrap_or_else(ApiError::response) }
        })
        .recover(|_: Rejection| async {
            Ok::<_, Infallible>(ApiError::internal("a request without its admission").response())
        })
        .unify()
}

fn admit(app: &App, peer: &Peer, head: &Parts) -> Result<Admission<Admitted>, ApiError> {
    let path = head.uri.path();
    let fitting: Vec<(&Route, Vec<String>)> = ROUTES
        .iter()
        .filter_map(|route| route.parameters(path).map(|parameters| (route, parameters)))
        .collect();
    if fitting.is_empty() {
        let text = format!("there is no {path:.200}; GET /api/openapi.json lists what there is");
        return Err(ApiError::not_found(text));
    }
    let Some((route, parameters)) =
        fitting.into_iter().find(|(route, _)| route.method == head.method)
    else {
        let text = format!("{path:.200} does not take {}", head.method);
        return Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", text));
    };
    let caller = app.auth.admit(peer, &head.headers, route.access, app.handle.clock.now())?;
    let class = match route.access {
        Access::Open if route.method == Method::GET => Class::Health,
        Access::Open => Class::Stranger,
        Access::Read | Access::Write => Class::Known,
    };
    let query = head.uri.query().unwrap_or_default().to_owned();
    let ticket = Admitted { endpoint: route.endpoint, parameters, query, caller };
    let body_time = if class == Class::Known { BODY_TIME_MAX } else { STRANGER_BODY_TIME_MAX };
    Ok(Admission { ticket, class, body_bytes: route.body_bytes_max(), body_time })
}

async fn dispatch(app: Arc<App>, request: Admitted, body: Bytes) -> Result<Response, ApiError> {
    let Admitted { endpoint, parameters, query, caller } = request;
    let id = || terminals::id(parameters.first());
    match endpoint {
        Endpoint::Health => Ok(status::health()),
        Endpoint::Ready => status::ready(&app),
        Endpoint::Metrics => Ok(status::metrics(app).await),
        Endpoint::OpenApi => Ok(super::answer::json(&openapi::document())),
        Endpoint::LogIn => login::log_in(app, &caller, &*read_json(&body)?).await,
        Endpoint::LogOut => Ok(login::log_out(&app, &caller)),
        Endpoint::Status => status::status(app).await,
        Endpoint::Terminals => terminals::list(app, &query).await,
        Endpoint::Terminal => terminals::show(app, id()?).await,
        Endpoint::Command => terminals::command(&app, id()?, parameters.get(1)),
        Endpoint::Block => orders::block(app, id()?, &*read_json(&body)?, &caller).await,
        Endpoint::Unblock => orders::unblock(app, id()?, &caller).await,
        Endpoint::Message => orders::message(app, id()?, &*read_json(&body)?, &caller).await,
        Endpoint::Keys => keys::change(app, id()?, &*read_json(&body)?, &caller).await,
        Endpoint::Journal => journal::page(app, &query).await,
        Endpoint::Transactions => transactions::open(app, &query).await,
        Endpoint::Transaction => transactions::show(app, parameters.first()).await,
        Endpoint::Resolve => {
            transactions::resolve(app, parameters.first(), &*read_json(&body)?, &caller).await
        }
        Endpoint::Differences => transactions::differences(app, &query).await,
        Endpoint::Import => import::import(app, body, &caller).await,
        Endpoint::Backup => backup::begin(app, &caller).await,
    }
}

fn read_json(body: &Bytes) -> Result<Wiped, ApiError> {
    let json = serde_json::from_slice(body);
    json.map(Wiped).map_err(|e| ApiError::bad_request(format!("body: {e}")))
}

/// Runs something that blocks on a thread for that.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(|| guard::call(work)).await {
        Ok(Ok(result)) => result,
        // Counted and logged like any other panic of the request.
        Ok(Err(panicked)) => panicked.resume(),
        Err(error) => Err(ApiError::internal(error)),
    }
}
