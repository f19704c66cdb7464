//! The links of the thread, of both kinds, with what the shell keeps of each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tillgate_core::id::SessionId;
use tillgate_core::time::Moment;
use tillgate_core::ussd::Say;
use tillgate_core::ussd::http::{self, HttpLink, HttpRequest};
use tillgate_core::ussd::smpp::{self, LinkState, SmppLink};
use tokio::sync::oneshot;

use super::http::{Answered, Asked};
use super::{Bearer, Link};
use crate::config::Address;
use crate::serve::metrics::LinkMetrics;
use crate::serve::supervisor::Report;

pub(super) enum LinkEnd {
    Smpp(Box<SmppEnd>),
    Http(Box<HttpEnd>),
}

pub(super) struct SmppEnd {
    pub(super) link: SmppLink,
    pub(super) address: Address,
    pub(super) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// The state that was reported last.
    shown: LinkState,
    /// Connections whose TLS is not there yet.
    pub(super) shaking: Vec<SessionId>,
    /// Of each connection the attempt that is under way, or open.
    pub(super) wanted: [Option<u32>; 2],
}

pub(super) struct HttpEnd {
    pub(super) link: HttpLink,
    /// Who waits for an answer, by ticket.
    pub(super) waiting: BTreeMap<u64, oneshot::Sender<Answered>>,
    next: u64,
    gone: Arc<AtomicBool>,
    is_shown: bool,
}

impl LinkEnd {
    pub(super) fn new(of: Link, seed: u64, now: Moment) -> Self {
        match of.bearer {
            Bearer::Smpp(smpp) => Self::Smpp(Box::new(SmppEnd {
                link: SmppLink::new(smpp.config, seed, now),
                address: smpp.address,
                tls: smpp.tls,
                shown: LinkState::Waiting,
                shaking: Vec::new(),
                wanted: [None; 2],
            })),
            Bearer::Http { config, gone } => Self::Http(Box::new(HttpEnd {
                link: HttpLink::new(*config, now),
                waiting: BTreeMap::new(),
                next: 0,
                gone,
                is_shown: false,
            })),
        }
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        match self {
            Self::Smpp(end) => end.link.deadline(),
            Self::Http(end) => end.link.deadline(),
        }
    }

    pub(super) fn is_drained(&self) -> bool {
        match self {
            Self::Smpp(end) => end.link.is_drained(),
            Self::Http(end) => end.link.is_drained(),
        }
    }

    pub(super) fn tick(&mut self, now: Moment) {
        match self {
            Self::Smpp(end) => end.link.handle(now, smpp::Input::Deadline),
            Self::Http(end) => end.link.handle(now, http::Input::Deadline),
        }
    }

    pub(super) fn drain(&mut self, now: Moment) {
        match self {
            Self::Smpp(end) => end.link.handle(now, smpp::Input::Drain),
            Self::Http(end) => end.link.handle(now, http::Input::Drain),
        }
    }

    pub(super) fn say(&mut self, now: Moment, say: Say<'_>) {
        match self {
            Self::Smpp(end) => end.link.handle(now, smpp::Input::Say(say)),
            Self::Http(end) => end.link.handle(now, http::Input::Say(say)),
        }
    }

    /// Publishes its counters; what has changed about it, if operators want to know.
    pub(super) fn show(&mut self, link: u16, metrics: &LinkMetrics) -> Option<Report> {
        match self {
            Self::Smpp(end) => {
                let status = end.link.status();
                metrics.publish(&status);
                if status.state == end.shown || !is_news(end.shown, status.state) {
                    end.shown = status.state;
                    return None;
                }
                let down = status.down.map(|down| down.to_string()).unwrap_or_default();
                Some(Report::LinkState { link, state: status.state.label(), down })
            }
            Self::Http(end) => {
                metrics.publish_http(&end.link.status());
                let state = "listening";
                (!end.is_shown).then(|| Report::LinkState { link, state, down: String::new() })
            }
        }
    }

    /// The report has left.
    pub(super) fn note_shown(&mut self) {
        match self {
            Self::Smpp(end) => end.shown = end.link.status().state,
            Self::Http(end) => end.is_shown = true,
        }
    }
}

impl HttpEnd {
    /// Takes a request; its answer goes where it says.
    pub(super) fn ask(&mut self, now: Moment, asked: Asked) {
        let Asked { method, query, headers, body, peer, answer, .. } = asked;
        let ticket = self.next;
        self.next = ticket.wrapping_add(1);
        if answer.is_closed() {
            // It hung up before this came, and its flag may have been seen already.
            self.gone.store(true, Ordering::Release);
        }
        self.waiting.insert(ticket, answer);
        let (method, query, headers, body) = (&method, query.as_str(), &headers, &body[..]);
        let request = HttpRequest { method, query, headers, body, peer };
        self.link.handle(now, http::Input::Request { ticket, request });
    }

    /// Whose client has hung up, where one has.
    pub(super) fn gone(&mut self) -> Vec<u64> {
        if !self.gone.swap(false, Ordering::Acquire) {
            return Vec::new();
        }
        let gone = self.waiting.extract_if(.., |_, answer| answer.is_closed());
        gone.map(|(ticket, _)| ticket).collect()
    }
}

/// Whether operators want to know: that a link is up or down, not how it comes up.
fn is_news(before: LinkState, now: LinkState) -> bool {
    let is_up = |state| matches!(state, LinkState::Bound | LinkState::Throttled);
    is_up(before) != is_up(now) || (is_up(now) && before != now) || now == LinkState::Waiting
}
