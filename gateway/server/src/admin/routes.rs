//! Everything the API answers, as one table: each route with its path, who may, and the handler,
//! whose types say the rest. Whom a request's head lets in is decided before its body is read, so
//! the table is looked up there; filters of warp know a route only once they have it all, and
//! cannot say what they match for the description.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tillgate_core::access::Access;
use tillgate_edge::{Admission, Class, Peer, Refusal, Router, guard};
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::app::App;
use super::error::{Answer, ApiError};
use super::limits::{BODY_TIME_MAX, STRANGER_BODY_TIME_MAX};
use super::openapi::{self, Document};
use super::route::{Call, Given, Route};
use super::{
    backup, bridges, handsets, history, import, journal, keys, login, orders, routing, status,
    stock, terminals, transactions, ussd, withdrawal,
};

#[rustfmt::skip]
fn table() -> Vec<Route> {
    use Access::{Open, Read, Write};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    vec![
        Route::new(GET, "/healthz", Open, status::health, ("Health", "The process runs")),
        Route::new(GET, "/readyz", Open, status::ready, ("Ready",
            "Sales are taken; 503 while not. `pending`: transactions without an outcome yet")),
        Route::new(GET, "/metrics", Open, status::metrics, ("Metrics", "Counters for Prometheus")),
        Route::new(GET, "/api/openapi.json", Open, document, ("OpenApi", "This document")),
        Route::new(GET, "/api/v1/openapi.json", Open, document, ("OpenApiV1", "This document")),
        Route::new(POST, "/api/v1/login", Open, login::log_in, ("LogIn",
            "Name and password for a token; it ends 15 minutes after its last use")),
        Route::new(POST, "/api/v1/logout", Read, login::log_out, ("LogOut", "End this login")),
        Route::new(GET, "/api/v1/status", Read, status::status, ("Status", "The state of the whole")),
        Route::new(GET, "/api/v1/terminals", Read, terminals::list, ("Terminals",
            "Terminals by id; `next` is the `after` of the next page")),
        Route::new(GET, "/api/v1/terminals/{id}", Read, terminals::show, ("Terminal",
            "One terminal, with its seller and float")),
        Route::new(GET, "/api/v1/terminals/{id}/commands/{command}", Read, terminals::command, ("Command",
            "Whether a pushed command was acknowledged")),
        Route::new(POST, "/api/v1/terminals/{id}/block", Write, orders::block, ("Block",
            "Stop a terminal from selling, from the next sale on")),
        Route::new(POST, "/api/v1/terminals/{id}/unblock", Write, orders::unblock, ("Unblock",
            "Let a terminal sell again")),
        Route::new(POST, "/api/v1/terminals/{id}/message", Write, orders::message, ("Message",
            "Show a text on a terminal's screen, if it is online")),
        Route::new(POST, "/api/v1/terminals/{id}/keys", Write, keys::change, ("Keys",
            "Adds a key (`add`, with key_id and psk), ends one (`retire`, with key_id), or lets \
             every counter begin at 0 (`reset_counters`). Sessions of keys that are not in force \
             any more end at once; older keys end when a newer one has logged on")),
        Route::new(GET, "/api/v1/journal", Read, journal::page, ("Journal",
            "Transactions by date, terminal and STAN; never a PIN")),
        Route::new(GET, "/api/v1/transactions", Read, transactions::open, ("Transactions",
            "Transactions without an outcome or with something due; `next` is the `after` of the \
             next page")),
        Route::new(GET, "/api/v1/transactions/{key}", Read, transactions::show, ("Transaction",
            "One transaction")),
        Route::new(POST, "/api/v1/transactions/{key}/resolve", Write, transactions::resolve, ("Resolve",
            "The operator's word about an open transaction, with a row in the audit log; answers \
             with the transaction as it is then")),
        Route::new(GET, "/api/v1/settlements/differences", Read, transactions::differences, ("Differences",
            "Settlements of a business date whose totals are not the gateway's; `next` is the \
             `after` of the next page")),
        Route::new(GET, "/api/v1/history", Read, history::history, ("History",
            "Versions of a distributor, seller, terminal or service, newest first; `next` is the \
             `after` of the next page. With `at_ms`, the one of that time, and the distributors above \
             a seller or terminal then")),
        Route::new(POST, "/api/v1/import", Write, import::import, ("Import",
            "CSV files as one change: all of it or nothing; 409 lists every wrong field")),
        Route::new(POST, "/api/v1/backup", Write, backup::begin, ("Backup",
            "Begin a backup: a checkpoint on the gateway's own disk, for `tillgate backup` to \
             copy; it takes the place of the one before")),
    ].into_iter().chain(supply()).chain(handsets()).collect()
}

/// What sales are made of: bridges and stock.
#[rustfmt::skip]
fn supply() -> [Route; 7] {
    use Access::{Read, Write};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    [
        Route::new(GET, "/api/v1/routes/explain", Read, routing::explain, ("ExplainRoute",
            "Where a sale of a service would go now: every rule of its route, and why it takes the \
             sale or does not")),
        Route::new(GET, "/api/v1/bridges", Read, bridges::list, ("Bridges",
            "Bridges of the configuration: what each may do, and how it does")),
        Route::new(POST, "/api/v1/bridges/{bridge}/status", Write, bridges::order, ("OrderBridge",
            "Suspend, drain or resume a bridge; in force for the next sale when it is answered")),
        Route::new(GET, "/api/v1/stock", Read, stock::list, ("Stock",
            "The voucher stock of every product: for sale, near its expiry, unsellable, sold, and \
             the alarms about it")),
        Route::new(POST, "/api/v1/stock/withdraw", Write, withdrawal::withdraw, ("Withdraw",
            "Take unsold vouchers out of sale for good: those of a product by batch or expiry, or \
             serials. At most 500 at a time; `next` is the `after` of the next order")),
        Route::new(GET, "/api/v1/stock/returns", Read, withdrawal::returns, ("Returns",
            "Withdrawn vouchers for their issuer, by service, product and serial; never a PIN. \
             `next` is the `after` of the next page")),
        Route::new(GET, "/api/v1/stock/voids", Read, withdrawal::voided, ("Voids",
            "Sold vouchers that their issuer has to void or has voided: of sales that were refunded \
             or wait for it. `next` is the `after` of the next page")),
    ]
}

/// Sellers without a terminal of their own.
#[rustfmt::skip]
fn handsets() -> [Route; 4] {
    use Access::{Read, Write};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    [
        Route::new(GET, "/api/v1/ussd/links", Read, ussd::list, ("UssdLinks",
            "Links to USSD centres: the state of each, and why it was closed last")),
        Route::new(GET, "/api/v1/handsets", Read, handsets::list, ("Handsets",
            "Handsets by number; never a PIN. `next` is the `after` of the next page")),
        Route::new(GET, "/api/v1/handsets/{msisdn}", Read, handsets::show, ("Handset",
            "One handset, and whether it is locked")),
        Route::new(POST, "/api/v1/handsets/{msisdn}", Write, handsets::change, ("ChangeHandset",
            "Block or unblock a handset, unlock it after wrong PINs, or give it another PIN, which its \
             holder has to change first. Its dialogs end")),
    ]
}

async fn document(_: Call, (): ()) -> Answer<Document> {
    Ok(openapi::document(&table()))
}

/// The API behind its door. Admission looks at the request's head alone: the body is read only
/// for those who may send one, and only as much of it as the route takes. The path is taken from
/// the request itself, which the acceptor has checked; warp's own `path::full` panics without one.
pub(super) struct Api {
    app: Arc<App>,
    routes: Arc<[Route]>,
}

#[derive(Clone)]
pub(super) struct Admitted {
    route: usize,
    call: Call,
    given: Given,
}

type Body = UnsyncBoxBody<Bytes, warp::Error>;

impl Api {
    pub(super) fn new(app: Arc<App>) -> Self {
        Self { app, routes: table().into() }
    }

    fn admit_head(&self, peer: &Peer, head: &Parts) -> Answer<Admission<Admitted>> {
        let path = head.uri.path();
        let fitting = self.routes.iter().enumerate().filter_map(|(number, route)| {
            route.parameters(path).map(|parameters| (number, route, parameters))
        });
        let fitting: Vec<_> = fitting.collect();
        if fitting.is_empty() {
            let text =
                format!("there is no {path:.200}; GET /api/openapi.json lists what there is");
            return Err(ApiError::not_found(text));
        }
        let Some((number, route, parameters)) =
            fitting.into_iter().find(|(_, route, _)| route.method == head.method)
        else {
            let text = format!("{path:.200} does not take {}", head.method);
            return Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", text));
        };
        let app = &self.app;
        let caller = app.auth.admit(peer, &head.headers, route.access, app.handle.clock.now())?;
        let class = match route.access {
            Access::Open if route.method == Method::GET => Class::Health,
            Access::Open => Class::Stranger,
            Access::Read | Access::Write => Class::Known,
        };
        let query = head.uri.query().unwrap_or_default().to_owned();
        let given = Given { parameters: parameters.into_iter(), query, body: Bytes::new() };
        let ticket = Admitted { route: number, call: Call { app: Arc::clone(app), caller }, given };
        let body_time = if class == Class::Known { BODY_TIME_MAX } else { STRANGER_BODY_TIME_MAX };
        Ok(Admission { ticket, class, body_bytes: route.body_bytes_max, body_time })
    }
}

impl Router for Api {
    type Ticket = Admitted;
    type Body = Body;

    fn admit(
        &self,
        peer: &Peer,
        head: &Parts,
    ) -> Result<Admission<Admitted>, http::Response<Body>> {
        self.admit_head(peer, head).map_err(|refused| boxed(refused.response()))
    }

    async fn answer(&self, ticket: Admitted, mut request: Request<Bytes>) -> http::Response<Body> {
        request.extensions_mut().insert(ticket);
        let routes = TowerToHyperService::new(warp::service(filter(Arc::clone(&self.routes))));
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

fn filter(routes: Arc<[Route]>) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone {
    warp::ext::get::<Admitted>()
        .and(warp::body::bytes())
        .then(move |Admitted { route, call, given }: Admitted, body: Bytes| {
            let answering = (routes[route].answer)(call, Given { body, ..given });
            async { answering.await.unwrap_or_else(ApiError::response) }
        })
        .recover(|_: Rejection| async {
            Ok::<_, Infallible>(ApiError::internal("a request without its admission").response())
        })
        .unify()
}

fn boxed(response: Response) -> http::Response<Body> {
    response.map(BodyExt::boxed_unsync)
}
