//! What an acceptor says when it does not pass a request on, and what it has counted.

use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;

/// Why the acceptor does not pass a request on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The target is no path of this server.
    Target,
    /// All places of its class are taken.
    Busy,
    /// The body does not say how long it is.
    LengthRequired,
    /// The body is longer than the route takes.
    TooLarge,
    /// The body broke off or is not one.
    Broken,
    /// The body or the answer took too long.
    Late,
    /// A defect of ours; the request ends, nothing else does.
    Panicked,
}

impl Refusal {
    /// All of them, in the order of [`Counts::refused`].
    pub const ALL: [Self; 7] = [
        Self::Target,
        Self::Busy,
        Self::LengthRequired,
        Self::TooLarge,
        Self::Broken,
        Self::Late,
        Self::Panicked,
    ];

    /// The status of the answer.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Target | Self::Broken => StatusCode::BAD_REQUEST,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::LengthRequired => StatusCode::LENGTH_REQUIRED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A word for programs: of the answer and of the metric.
    pub fn code(self) -> &'static str {
        match self {
            Self::Target => "bad_target",
            Self::Busy => "busy",
            Self::LengthRequired => "length_required",
            Self::TooLarge => "too_large",
            Self::Broken => "bad_request",
            Self::Late => "timeout",
            Self::Panicked => "internal",
        }
    }

    /// A sentence for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Target => {
                "the request's target must be a path that begins with a slash; this server is no \
                 proxy and takes no CONNECT"
            }
            Self::Busy => "too many requests of this kind are being answered; try again shortly",
            Self::LengthRequired => "send the body with a Content-Length",
            Self::TooLarge => "the body is longer than this takes",
            Self::Broken => "the request could not be read to its end",
            Self::Late => "the request did not arrive, or could not be answered, in time",
            Self::Panicked => "a defect of the gateway; its log says where",
        }
    }
}

/// What an acceptor has counted.
#[derive(Default)]
pub struct Counts {
    /// Silent peers that made room for others.
    pub(crate) evicted: AtomicU64,
    pub(crate) refused: [AtomicU64; Refusal::ALL.len()],
    pub(crate) panics: AtomicU64,
}

impl Counts {
    /// Silent peers that made room for new connections.
    pub fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    /// Requests refused, in the order of [`Refusal::ALL`].
    pub fn refused(&self) -> [u64; Refusal::ALL.len()] {
        std::array::from_fn(|index| self.refused[index].load(Ordering::Relaxed))
    }

    /// Panics that ended a request or a connection.
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }
}
