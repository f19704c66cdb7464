//! Simulated HTTP providers in the shapes of public top-up APIs, without their sockets.
//!
//! ```text
//!  receive ─▶ shape reads ─▶ script ─▶ ShapedProvider ─▶ shape writes ─▶ Response: when, and how whole
//!                                         │   └ deals
//!                                         └──▶ poll: callbacks with their signature
//! ```
//!
//! A shape knows names and places in requests and answers ([`Shape`]); what is done, and what is
//! said about it, is here and the same for all shapes. The shapes of others take a reference of ours
//! once: the same one again is refused as a duplicate, and its outcome is found out by asking.

mod amount;
mod callbacks;
mod deal;
mod dingconnect;
mod dtone;
mod reloadly;
mod serve;
#[cfg(test)]
mod tests;
mod tillgate;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use serde_json::{Value, json};
use strum::{EnumString, IntoStaticStr, VariantNames};

use self::callbacks::Callbacks;
use self::deal::Deals;
use self::tillgate::OwnSaid;
use super::script::{Director, Effect, Reach, Script};
use super::{DealStatus, FoundBill};
use crate::limits::HOST_GARBAGE_BYTES_MAX;
use crate::rng::Rng;
use crate::sales_log::digest;
use crate::time::{Moment, Span};

pub use self::callbacks::{Callback, SIGNATURE, TIMESTAMP};
pub use self::deal::{Order, ShapedDeal};

/// Whose API it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Shape {
    /// The gateway's own JSON dialect.
    Tillgate,
    /// `customIdentifier`, synchronous or not, status and report.
    Reloadly,
    /// HTTP 200 with a `ResultCode`, list query.
    DingConnect,
    /// Create, confirm, callback.
    DtOne,
}

/// What is agreed with a shaped provider.
#[derive(Clone, Debug)]
pub struct ShapeSettings {
    pub shape: Shape,
    /// ISO 4217, where requests do not name one.
    pub currency: String,
    /// Decimals of amounts.
    pub decimals: u8,
    /// The key of the callbacks' HMAC-SHA256.
    pub callback_secret: String,
}

/// How an answer leaves.
#[derive(Debug)]
pub enum Delivery {
    /// All of it.
    Whole(Response<Vec<u8>>),
    /// Half of the body, then the end of the connection.
    Cut(Response<Vec<u8>>),
    /// Half of the body, and nothing ever after.
    Half(Response<Vec<u8>>),
    /// The end of the connection in its place.
    Disconnect,
    /// Nothing at all.
    Never,
}

/// What a request asks, in any shape.
enum Asked {
    Order(Order),
    /// Answered before it is carried out.
    OrderAsync(Order),
    /// Carried out when it is confirmed.
    Create(Order),
    Confirm(u64),
    /// Would it be carried out?
    Validate(Order),
    Status(u64),
    List(String),
    /// Take it back, also if it never came.
    Reverse(Order),
    /// The customer has it.
    Note(String),
    /// What is to be paid on an account of a service?
    Bill(u16, Order),
}

/// What an answer says, in any shape.
enum Said<'a> {
    Order(&'a ShapedDeal, DealStatus),
    /// Taken; the outcome comes later.
    Accepted(&'a ShapedDeal),
    Duplicate,
    Status(Option<(&'a ShapedDeal, DealStatus)>),
    List(Option<(&'a ShapedDeal, DealStatus)>),
    /// The book is full.
    Full,
    /// In the gateway's own dialect alone.
    Own(OwnSaid<'a>),
}

/// A request that cannot be read, and its answer.
type Problem = (StatusCode, Value);

/// A provider with its book.
pub struct ShapedProvider {
    settings: ShapeSettings,
    director: Director,
    deals: Deals,
    callbacks: Callbacks,
    earlier: Option<(StatusCode, Value)>,
}

/// What the answer is about.
enum Answer {
    Order(String),
    Accepted(String),
    Duplicate,
    Status(Option<String>),
    List(Option<String>),
    Full,
    Reversed(String),
    Refused(String),
    Noted(String),
    Found(String, FoundBill),
    NotFound(String, String),
}

/// Keeps draws of bytes apart from those of rules.
const GARBAGE_STREAM: u64 = 0x4741_5242_4147_4532;

impl ShapedProvider {
    /// A provider with an empty book, whose script begins now.
    #[must_use]
    pub fn new(settings: ShapeSettings, script: Script, now: Moment) -> Self {
        let director = Director::new(script, now);
        let (deals, callbacks) = (Deals::default(), Callbacks::default());
        Self { settings, director, deals, callbacks, earlier: None }
    }

    /// The script at work, for the shell that opens and closes the listener.
    #[must_use]
    pub fn director(&self) -> &Director {
        &self.director
    }

    /// A deal by our reference.
    #[must_use]
    pub fn deal(&self, reference: &str) -> Option<&ShapedDeal> {
        self.deals.get(reference)
    }

    /// The book: one deal a line.
    #[must_use]
    pub fn lines(&self, now: Moment) -> String {
        self.deals.lines(now)
    }

    /// Takes a request; gives its answer and how long it takes.
    pub fn receive(&mut self, now: Moment, request: &Request<Vec<u8>>) -> (Span, Delivery) {
        if matches!(self.director.outage(now), Some((Reach::Silent, _))) {
            return (Span::ZERO, Delivery::Never);
        }
        let read = match self.settings.shape {
            Shape::Tillgate => tillgate::read(request),
            Shape::Reloadly => reloadly::read(request, &self.settings),
            Shape::DingConnect => dingconnect::read(request, &self.settings),
            Shape::DtOne => dtone::read(request, &self.settings),
        };
        match read {
            Ok(asked) => self.serve(now, asked),
            Err((status, body)) => (Span::ZERO, Delivery::Whole(response(status, &body))),
        }
    }

    /// The next callback that is due.
    pub fn poll(&mut self, now: Moment) -> Option<Callback> {
        self.callbacks.next(now, &self.deals, &self.settings)
    }

    /// When the next callback is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.callbacks.deadline()
    }

    fn deliver(&mut self, now: Moment, answer: &Answer, effect: &Effect) -> Delivery {
        let (status, body) = self.written(now, answer, effect);
        let earlier = self.earlier.replace((status, body.clone()));
        let whole = response(status, &body);
        match effect {
            Effect::Silent => Delivery::Never,
            Effect::Disconnect => Delivery::Disconnect,
            Effect::Truncate | Effect::Cut => Delivery::Cut(whole),
            Effect::Half => Delivery::Half(whole),
            Effect::Garbage => Delivery::Whole(self.garbage(&body)),
            Effect::Earlier => {
                let (status, body) = earlier.unwrap_or((status, body));
                Delivery::Whole(response(status, &body))
            }
            _ => Delivery::Whole(whole),
        }
    }

    fn written(&self, now: Moment, answer: &Answer, effect: &Effect) -> (StatusCode, Value) {
        let find = |reference: &String| {
            self.deals.get(reference).map(|deal| (distorted(deal, effect), deal.said_at(now)))
        };
        let found = match answer {
            Answer::Order(reference)
            | Answer::Accepted(reference)
            | Answer::Reversed(reference)
            | Answer::Refused(reference)
            | Answer::Noted(reference) => find(reference),
            Answer::Status(reference) | Answer::List(reference) => {
                reference.as_ref().and_then(find)
            }
            Answer::Duplicate | Answer::Full | Answer::Found(..) | Answer::NotFound(..) => None,
        };
        let found = found.as_ref().map(|(deal, status)| (deal, *status));
        let said = match (answer, found) {
            (Answer::Order(_), Some((deal, status))) => Said::Order(deal, status),
            (Answer::Accepted(_), Some((deal, _))) => Said::Accepted(deal),
            (Answer::Duplicate, _) => Said::Duplicate,
            (Answer::Status(_), found) => Said::Status(found),
            (Answer::List(_), found) => Said::List(found),
            (Answer::Reversed(_), Some((deal, _))) => Said::Own(OwnSaid::Reversed(deal)),
            (Answer::Refused(_), Some((deal, _))) => Said::Own(OwnSaid::Refused(deal)),
            (Answer::Noted(_), Some((deal, _))) => Said::Own(OwnSaid::Noted(deal)),
            (Answer::Noted(_), None) => Said::List(None),
            (Answer::Found(reference, bill), _) => {
                Said::Own(OwnSaid::Found(reference, bill.clone()))
            }
            (Answer::NotFound(reference, code), _) => Said::Own(OwnSaid::NotFound(reference, code)),
            (_, None) => Said::Full,
            (Answer::Full, Some(_)) => Said::Full,
        };
        match self.settings.shape {
            Shape::Tillgate => tillgate::write(&said),
            Shape::Reloadly => reloadly::write(&said, &self.settings),
            Shape::DingConnect => dingconnect::write(&said, &self.settings),
            Shape::DtOne => dtone::write(&said, &self.settings),
        }
    }

    fn garbage(&self, body: &Value) -> Response<Vec<u8>> {
        let stream = digest(body.to_string().as_bytes()) ^ GARBAGE_STREAM;
        let mut rng = Rng::new(self.director.script().seed, stream);
        let length = 1 + rng.below(HOST_GARBAGE_BYTES_MAX);
        let bytes = (0..length).map(|_| u8::try_from(rng.below(256)).unwrap_or(0)).collect();
        response(StatusCode::OK, &json!({})).map(|_| bytes)
    }
}

/// The deal as a wrong answer has it.
fn distorted(deal: &ShapedDeal, effect: &Effect) -> ShapedDeal {
    let mut deal = deal.clone();
    match effect {
        Effect::WrongReference => {
            let other = digest(deal.order.reference.as_bytes());
            deal.order.reference = format!("{other:032x}");
        }
        Effect::WrongAmount => deal.order.amount_minor = deal.order.amount_minor.saturating_add(1),
        _ => {}
    }
    deal
}

/// The JSON of a request.
fn body(request: &Request<Vec<u8>>) -> Result<Value, Problem> {
    serde_json::from_slice(request.body())
        .map_err(|error| (StatusCode::BAD_REQUEST, json!({"message": error.to_string()})))
}

/// A text, or a number as a text; empty for anything else.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// A parameter of the query. References need no escapes.
fn query(request: &Request<Vec<u8>>, name: &str) -> String {
    let query = request.uri().query().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
        .next()
        .unwrap_or_default()
}

fn response(status: StatusCode, body: &Value) -> Response<Vec<u8>> {
    let mut response = Response::new(body.to_string().into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
