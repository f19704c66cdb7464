//! What goes into a [`super::HttpLink`] and what comes out of it.

use core::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::super::dialog::{DialogEvent, Say};

/// One thing that happened.
pub enum Input<'a> {
    /// A request waits for its answer under this number of the shell's.
    Request { ticket: u64, request: HttpRequest<'a> },
    /// Its client has gone: there is nobody to answer.
    Gone { ticket: u64 },
    /// Something to say in a dialog of this link.
    Say(Say<'a>),
    /// The moment that [`super::HttpLink::deadline`] named has come.
    Deadline,
    /// No new session begins; those that wait are answered.
    Drain,
}

/// The parts of a request. There is no `Debug`: texts may be PINs, and the query may have the secret.
#[derive(Clone, Copy)]
pub struct HttpRequest<'a> {
    pub method: &'a Method,
    /// Without the question mark.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub peer: IpAddr,
}

/// One thing to do.
#[derive(Debug)]
pub enum Output<'a> {
    /// The one answer of a request.
    Respond { ticket: u64, answer: HttpAnswer<'a> },
    /// For the owner of the dialogs.
    Event(DialogEvent<'a>),
}

/// The parts of an answer.
#[derive(Clone, Copy)]
pub struct HttpAnswer<'a> {
    pub status: StatusCode,
    pub content_type: &'a HeaderValue,
    pub headers: &'a [(HeaderName, HeaderValue)],
    pub body: &'a str,
}

/// Without the body, which may have a voucher's PIN.
impl std::fmt::Debug for HttpAnswer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// A link, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpStatus {
    /// Sessions that go on.
    pub sessions: usize,
    /// Requests without an answer.
    pub waiting: usize,
    pub stats: HttpStats,
}

/// Counters of a link since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpStats {
    pub requests: u64,
    pub begins: u64,
    pub inputs: u64,
    /// Sessions that subscriber or network have ended.
    pub aborts: u64,
    pub ends: u64,
    /// Requests that got the answer of the one that they repeat.
    pub repeats: u64,
    /// Requests whose answer was not there in time.
    pub late: u64,
    /// From a network that may not, or without the secret.
    pub denied: u64,
    /// Requests that could not be read.
    pub unreadable: u64,
    /// Requests while another of the same session waits.
    pub conflicts: u64,
    /// Of sessions that are over, or not known.
    pub over: u64,
    /// No room for a session, or on the way down.
    pub busy: u64,
    pub unsayable: u64,
}
