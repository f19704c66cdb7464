//! The HTTP of a simulated provider, without its sockets: requests as messages, answers as
//! messages, and when they leave. `tillsim provider` and the simulated world both use it.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use rustc_hash::FxHashSet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::lies::{Honesty, Liar, Lies};
use super::{FoundBill, Provider, ProviderBehaviour, Request as Sale, Reversal, Say};
use crate::rng::Rng;
use crate::sales_log::digest;
use crate::time::{Moment, Span};

/// A provider that speaks JSON over HTTP.
pub struct HttpProvider {
    provider: Provider,
    liar: Liar,
    seed: u64,
    /// References whose approval was sent before.
    told: FxHashSet<String>,
}

/// Keeps the draws of other references apart from those about requests.
const RENAMED_STREAM: u64 = 0x4E41_4D45_4E41_4D45;

/// What comes of a request.
pub struct Answer {
    /// When the answer leaves.
    pub after: Span,
    /// `None`: it never does.
    pub response: Option<Response<Vec<u8>>>,
    /// Whether it is about the request.
    pub honesty: Honesty,
}

#[derive(Deserialize)]
struct TopUp {
    reference: String,
    service: u16,
    amount_minor: u64,
    #[serde(default)]
    subscriber: String,
    #[serde(default)]
    lookup_reference: String,
    #[serde(default = "first")]
    attempt: u32,
}

#[derive(Deserialize)]
struct TakeBack {
    service: u16,
    amount_minor: u64,
    #[serde(default = "first")]
    attempt: u32,
}

impl TopUp {
    fn request(&self) -> Sale<'_> {
        Sale {
            reference: &self.reference,
            service: self.service,
            amount_minor: self.amount_minor,
            subscriber: &self.subscriber,
            lookup: &self.lookup_reference,
            attempt: self.attempt,
        }
    }
}

fn first() -> u32 {
    1
}

impl HttpProvider {
    /// A provider with an empty book.
    #[must_use]
    pub fn new(behaviour: ProviderBehaviour) -> Self {
        let (seed, told) = (behaviour.seed, FxHashSet::default());
        Self { liar: Liar::new(seed), seed, told, provider: Provider::new(behaviour) }
    }

    /// The provider behind the HTTP.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Takes a request.
    pub fn receive(&mut self, now: Moment, request: &Request<Vec<u8>>, lies: Lies) -> Answer {
        let mut parts = request.uri().path().rsplit('/');
        let (last, before) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let said = match (request.method(), last) {
            (&Method::POST, "reversal") => self.reverse(now, before, request.body()),
            (&Method::POST, "confirmation") => {
                Ok((before.to_owned(), Span::ZERO, self.provider.confirm(before)))
            }
            (&Method::POST, "lookup") => self.lookup(request.body()),
            (&Method::POST, _) => self.top_up(now, request.body()),
            (&Method::GET, _) => {
                Ok((last.to_owned(), Span::ZERO, self.provider.inquiry(now, last)))
            }
            _ => Err((StatusCode::METHOD_NOT_ALLOWED, "only GET and POST are known here".into())),
        };
        // Of an account that is not there an amount says nothing.
        let amountless = last == "lookup" && matches!(said, Ok((_, _, Say::Declined(_))));
        let lies = if amountless { Lies { amount_permille: 0, ..lies } } else { lies };
        match said {
            Ok((reference, after, say)) => self.answer(&reference, after, say, lies),
            Err((status, error)) => Answer {
                after: Span::ZERO,
                response: Some(response(status, &json!({"error": error}))),
                honesty: Honesty::True,
            },
        }
    }

    fn top_up(&mut self, now: Moment, body: &[u8]) -> Result<(String, Span, Say), Problem> {
        let sale: TopUp = read(body)?;
        let (after, say) = self.provider.request(now, &sale.request());
        Ok((sale.reference, after, say))
    }

    fn lookup(&mut self, body: &[u8]) -> Result<(String, Span, Say), Problem> {
        let asked: TopUp = read(body)?;
        let (after, say) = self.provider.lookup(&asked.request());
        Ok((asked.reference, after, say))
    }

    fn reverse(
        &mut self,
        now: Moment,
        reference: &str,
        body: &[u8],
    ) -> Result<(String, Span, Say), Problem> {
        let TakeBack { service, amount_minor, attempt } = read(body)?;
        let reversal = Reversal { reference, service, amount_minor, attempt };
        let (after, say) = self.provider.reverse(now, &reversal);
        Ok((reference.to_owned(), after, say))
    }

    /// Whether an approval that was sent before comes with another reference this time.
    fn is_renamed(&mut self, reference: &str, permille: u16) -> bool {
        // A provider that never does it remembers nothing for it.
        let again = permille > 0 && !self.told.insert(reference.to_owned());
        let stream = digest(reference.as_bytes()) ^ RENAMED_STREAM;
        again && Rng::new(self.seed, stream).chance(permille)
    }

    fn answer(&mut self, reference: &str, after: Span, say: Say, lies: Lies) -> Answer {
        let (status, mut body) = match say {
            Say::Approved(mut own) => {
                if self.is_renamed(reference, lies.renamed_permille) {
                    own.push_str("-2");
                }
                (StatusCode::OK, json!({"status": "approved", "provider_reference": own}))
            }
            Say::Declined(code) => {
                let body = json!({"status": "declined", "code": code, "provider_reference": ""});
                (StatusCode::OK, body)
            }
            Say::Pending => (StatusCode::ACCEPTED, json!({"status": "pending"})),
            Say::Reversed => (StatusCode::OK, json!({"status": "reversed"})),
            Say::Refused => (StatusCode::CONFLICT, json!({"status": "refused"})),
            Say::Found(FoundBill { reference, amount_minor, range_minor, name }) => {
                let (low, high) = range_minor;
                let body = json!({
                    "status": "found",
                    "lookup_reference": reference,
                    "amount_minor": amount_minor,
                    "amount_min_minor": low,
                    "amount_max_minor": high,
                    "name": name,
                });
                (StatusCode::OK, body)
            }
            Say::Noted => (StatusCode::OK, json!({"status": "noted"})),
            Say::Unknown => (StatusCode::NOT_FOUND, json!({"status": "unknown"})),
            Say::Nothing => return Answer { after, response: None, honesty: Honesty::True },
        };
        body["reference"] = json!(reference);
        if let Some(amount) = self.provider.amount_minor(reference) {
            body["amount_minor"] = json!(amount);
        }
        let (status, body, honesty) = self.liar.tell(lies, status, body);
        Answer { after, response: Some(response(status, &body)), honesty }
    }
}

type Problem = (StatusCode, String);

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

fn response(status: StatusCode, body: &Value) -> Response<Vec<u8>> {
    let mut response = Response::new(body.to_string().into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
