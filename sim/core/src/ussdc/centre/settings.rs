//! How a centre behaves.

use std::sync::Arc;

use crate::time::Span;
use crate::ussdc::subscribers::Subscribers;
use crate::ussdc::variant::Variant;

/// How a centre behaves.
#[derive(Clone)]
pub struct Settings {
    pub variant: Variant,
    pub subscribers: Arc<Subscribers>,
    /// What applications call the centre's service: the destination of what subscribers say.
    pub service_code: String,
    /// What it calls the service of the subscribers from that handset on: terminals that send frames.
    pub terminals: Option<(u32, String)>,
    /// Name and password that an application binds with; without, all do.
    pub system_id: Option<String>,
    pub password: Option<String>,
    /// How long an application has for each text.
    pub application: Span,
    /// How long a subscriber has for each answer.
    pub subscriber: Span,
    /// How long a dialog lasts.
    pub session: Span,
    /// From a connection to its bind, and from any PDU of the centre to its answer.
    pub response: Span,
    /// Silence after which the centre asks whether the link is still there.
    pub enquire: Span,
    /// Messages of the centre without an answer, at most; further ones wait.
    pub window: usize,
    /// How long the centre takes to answer a message.
    pub answer_after: Span,
    /// Messages of the application without an answer, at most.
    pub submit_window: usize,
    /// Of 1000 messages of the application, how many are refused as too many (0x58 and 0x14 in turn).
    pub throttle_permille: u16,
    /// How many session keys there are before one is used again; the vendor has no more.
    pub keys: u32,
}

impl Settings {
    /// A centre with the usual time limits (Africa's Talking, Clickatell).
    #[must_use]
    pub fn new(variant: Variant, subscribers: Arc<Subscribers>, service_code: &str) -> Self {
        Self {
            variant,
            subscribers,
            service_code: service_code.to_owned(),
            terminals: None,
            system_id: None,
            password: None,
            application: Span::s(15),
            subscriber: Span::s(60),
            session: Span::s(180),
            response: Span::s(10),
            enquire: Span::s(30),
            window: 1_000,
            answer_after: Span::ZERO,
            submit_window: 0,
            throttle_permille: 0,
            keys: u32::MAX,
        }
    }

    /// What the application knows the service of a handset by.
    pub(super) fn service_code_of(&self, handset: u32) -> &str {
        match &self.terminals {
            Some((first, code)) if handset >= *first => code,
            _ => &self.service_code,
        }
    }
}
