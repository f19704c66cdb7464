//! The centre's side of a link, as options.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tillsim_core::time::Span;
use tillsim_core::ussdc::centre::Settings;
use tillsim_core::ussdc::subscribers::Subscribers;
use tillsim_core::ussdc::variant::Variant;

use crate::exit::Refusal;
use crate::files::read_text;
use crate::text;

/// The centre's side of a link.
#[derive(Args)]
#[command(next_help_heading = "Link")]
pub(super) struct LinkOptions {
    /// Name that an application must bind with; without it, all do
    #[arg(long, value_name = "NAME")]
    system_id: Option<String>,
    /// File with the password that it must bind with
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// How long an application has for each text
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = text::span)]
    application_timeout: Span,
    /// How long a subscriber has for each answer
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = text::span)]
    subscriber_timeout: Span,
    /// How long a dialog may last
    #[arg(long, value_name = "DURATION", default_value = "180s", value_parser = text::span)]
    session_timeout: Span,
    /// How long an application has to answer a PDU, and to bind
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = text::span)]
    response_timeout: Span,
    /// Silence after which the centre sends enquire_link
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = text::span)]
    enquire: Span,
    /// Messages of the centre without an answer, at most
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    window: usize,
    /// How long the centre takes to answer a message
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = text::span)]
    answer_after: Span,
    /// Messages of the application without an answer, at most; 0 for any number
    #[arg(long, value_name = "N", default_value_t = 0)]
    submit_window: usize,
    /// Messages of the application refused as too many
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    throttle: u16,
    /// Session keys before one is used again, if the profile has more
    #[arg(long, value_name = "N", default_value_t = u32::MAX, hide_default_value = true)]
    keys: u32,
}

impl LinkOptions {
    pub(super) fn settings(
        &self,
        variant: Variant,
        subscribers: Arc<Subscribers>,
        service_code: &str,
    ) -> Result<Settings, Refusal> {
        let spans = [
            ("--application-timeout", self.application_timeout),
            ("--subscriber-timeout", self.subscriber_timeout),
            ("--session-timeout", self.session_timeout),
            ("--response-timeout", self.response_timeout),
            ("--enquire", self.enquire),
        ];
        if let Some((name, _)) = spans.iter().find(|(_, span)| *span < Span::ms(1)) {
            return Err(Refusal(format!("{name}: at least 1ms is needed")));
        }
        if self.window == 0 || self.keys == 0 {
            return Err(Refusal("--window and --keys: at least 1 is needed".to_owned()));
        }
        Ok(Settings {
            system_id: self.system_id.clone(),
            password: password(self.password_file.as_deref())?,
            application: self.application_timeout,
            subscriber: self.subscriber_timeout,
            session: self.session_timeout,
            response: self.response_timeout,
            enquire: self.enquire,
            window: self.window,
            answer_after: self.answer_after,
            submit_window: self.submit_window,
            throttle_permille: self.throttle,
            keys: self.keys,
            ..Settings::new(variant, subscribers, service_code)
        })
    }
}

/// The first line of a password's file.
pub(in super::super) fn password(path: Option<&Path>) -> Result<Option<String>, Refusal> {
    let Some(path) = path else { return Ok(None) };
    let text = read_text(path)?;
    let first = text.lines().next().unwrap_or("").to_owned();
    if first.is_empty() {
        return Err(Refusal::about(path.display(), "the password must be in the first line"));
    }
    Ok(Some(first))
}
