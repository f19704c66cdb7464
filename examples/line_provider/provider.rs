//! The provider: one file, as `gateway/core/src/provider/http_json.rs` is for the one that serves.
//!
//! ```text
//!   AUTHORIZE merchant reference amount currency subscriber attempt     reference amount APPROVED own-reference
//!   INQUIRE   merchant reference amount currency subscriber attempt     reference amount DECLINED code
//!                                                                       reference amount PENDING
//!                                                                       reference 0 UNKNOWN
//! ```

use serde::Deserialize;
use tillgate_core::provider::{Provider, ProviderRequest, ProviderRequestKind, ProviderResult};
use tillgate_store_core::{ProviderOutcome, ResponseCode, Text};

/// Longest answer; a provider that sends more without a line feed is cut off.
const ANSWER_BYTES_MAX: usize = 256;

/// Its table of the configuration: `bridge.toml` beside this file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// What services are routed by.
    pub(crate) name: String,
    /// Where the provider is: host and port.
    pub(crate) address: String,
    /// What the provider calls us: letters and digits.
    pub(crate) merchant: String,
    /// How long a request may take, seconds.
    pub(crate) deadline_s: u32,
}

/// The protocol.
pub(crate) struct LineProvider {
    /// As configured.
    pub(crate) settings: Settings,
}

impl Settings {
    /// Reads the table.
    ///
    /// # Errors
    /// What is wrong with it, where, and what is expected there.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let settings: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let plain =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
        // A space or a line feed in it would be another word or another request.
        if !plain(&settings.merchant) {
            return Err(format!("merchant: `{}` is not letters and digits", settings.merchant));
        }
        if !(1..=119).contains(&settings.deadline_s) {
            return Err(format!("deadline_s: {} is not from 1 to 119", settings.deadline_s));
        }
        Ok(settings)
    }
}

impl Provider for LineProvider {
    type Message = Vec<u8>;
    type Answer = Vec<u8>;

    fn request(&self, request: &ProviderRequest) -> Option<Vec<u8>> {
        let verb = match request.kind {
            ProviderRequestKind::Authorize => "AUTHORIZE",
            _ => "INQUIRE",
        };
        let merchant = &self.settings.merchant;
        let ProviderRequest { reference, amount_minor, currency, subscriber, attempt, .. } =
            request;
        let text = format!(
            "{verb} {merchant} {reference} {amount_minor} {currency} {subscriber} {attempt}\n"
        );
        Some(text.into())
    }

    fn interpret(&self, request: &ProviderRequest, answer: &Vec<u8>) -> Option<ProviderResult> {
        let line = std::str::from_utf8(answer).ok()?.strip_suffix('\n')?;
        let words: Vec<&str> = line.split(' ').collect();
        let (reference, amount, rest) = match *words.as_slice() {
            [reference, amount, ref rest @ ..] => (reference, amount, rest),
            _ => return None,
        };
        if reference != &*request.reference {
            return None;
        }
        if request.kind == ProviderRequestKind::Inquire && rest == ["UNKNOWN"] {
            return Some(ProviderResult::NotFound { attempt: request.attempt });
        }
        if amount != request.amount_minor.to_string() {
            return None;
        }
        Some(ProviderResult::Outcome(match *rest {
            ["APPROVED", own] => {
                ProviderOutcome::Approved { reference: Text::from(own).ok()?, chip: None }
            }
            ["DECLINED", code] => {
                let code = ResponseCode(<[u8; 2]>::try_from(code.as_bytes()).ok()?);
                // A decline is final: it has no code that approves or makes a terminal ask again.
                let final_code = ![*b"00", *b"09", *b"68"].contains(&code.0);
                let digits = code.0.iter().all(u8::is_ascii_digit);
                let code = if final_code && digits { code } else { ResponseCode(*b"05") };
                ProviderOutcome::Declined { code, reference: Text::new(), chip: None }
            }
            ["PENDING"] => return Some(ProviderResult::Pending),
            _ => return None,
        }))
    }
}

/// The first whole answer in what was received; `Ok(None)` while it is incomplete.
pub(crate) fn deframe(received: &[u8]) -> Result<Option<&[u8]>, ProviderResult> {
    match received.iter().take(ANSWER_BYTES_MAX).position(|byte| *byte == b'\n') {
        Some(end) => Ok(received.get(..=end)),
        None if received.len() >= ANSWER_BYTES_MAX => Err(ProviderResult::UNKNOWN),
        None => Ok(None),
    }
}
