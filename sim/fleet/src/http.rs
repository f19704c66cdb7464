//! A small HTTP client for the gateway's admin interface and the provider's book.

use std::time::Duration;

use hyper::header::AUTHORIZATION;
use hyper::{StatusCode, Uri};
use ureq::{Agent, Error};

use crate::exit::{About, Refusal};

/// Longest answer: a book of a million deals.
const BODY_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// From a request to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// One server, over connections that are made again when they are lost.
pub struct Client {
    agent: Agent,
    base: String,
    bearer: Option<String>,
}

impl Client {
    /// A client of the server at `base`, for example `http://127.0.0.1:7401`; nothing is sent yet.
    ///
    /// # Errors
    /// [`Refusal`] when `base` is not a plain HTTP address.
    pub fn new(base: &str, bearer: Option<String>) -> Result<Self, Refusal> {
        let uri: Uri = base.parse().map_err(|_| Refusal::about(base, "is not an address"))?;
        if uri.scheme_str() != Some("http") {
            return Err(Refusal::about(base, "must begin with http://"));
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        Ok(Self { agent, base: base.trim_end_matches('/').to_owned(), bearer })
    }

    /// Gets `path`, which begins with a slash; gives status and body.
    ///
    /// # Errors
    /// [`Refusal`] when no whole answer came.
    pub fn get(&self, path: &str) -> Result<(StatusCode, Vec<u8>), Refusal> {
        let url = format!("{}{path}", self.base);
        let ask = || {
            let mut request = self.agent.get(&url);
            if let Some(bearer) = &self.bearer {
                request = request.header(AUTHORIZATION, format!("Bearer {bearer}"));
            }
            let mut answer = request.call()?;
            let body = answer.body_mut().with_config().limit(BODY_BYTES_MAX).read_to_vec()?;
            Ok((answer.status(), body))
        };
        let answered = ask().map_err(|error| match error {
            Error::Timeout(_) => "no answer in time".to_owned(),
            Error::Io(error) => error.to_string(),
            error => error.to_string(),
        });
        answered.about(&url)
    }
}
