//! Answers as bytes, and the ways in which they may be wrong.

use tillgate_codec::iso8583::{EncodeError, MacKey, Message};

use super::super::script::Kind;
use super::request::Asked;
use super::settings::{CHIP, HostSettings};

/// What an answer says beside what it repeats.
#[derive(Clone, Default)]
pub(super) struct Reply {
    /// DE39.
    pub code: String,
    /// Further fields.
    pub fields: Vec<(u8, String)>,
}

/// How an answer differs from the one that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distortion {
    None,
    Reference,
    Stan,
    Amount,
    Mac,
}

/// Approved (ISO 8583:1987 field 39).
pub(super) const APPROVED: &str = "00";
/// Do not honour.
pub(super) const DO_NOT_HONOUR: &str = "05";
/// Request in progress.
pub(super) const IN_PROGRESS: &str = "09";
/// Invalid transaction.
pub(super) const INVALID_TRANSACTION: &str = "12";
/// Invalid amount.
pub(super) const INVALID_AMOUNT: &str = "13";
/// Unable to locate the record: nothing of that key arrived.
pub(super) const UNKNOWN_ORIGINAL: &str = "25";
/// Format error.
pub(super) const FORMAT_ERROR: &str = "30";
/// Issuer or switch is inoperative: the connection did not sign on.
pub(super) const NOT_SIGNED_ON: &str = "91";
/// Duplicate transmission: the same key with other content.
pub(super) const DUPLICATE: &str = "94";
/// System malfunction.
pub(super) const MALFUNCTION: &str = "96";
/// Cryptographic error: no key for a session key.
pub(super) const NO_KEY: &str = "81";

impl Reply {
    pub(super) fn code(code: &str) -> Self {
        Self { code: code.to_owned(), fields: Vec::new() }
    }

    pub(super) fn with(mut self, number: u8, text: impl Into<String>) -> Self {
        self.fields.push((number, text.into()));
        self
    }
}

/// An answer without its frame.
pub(super) fn message(
    settings: &HostSettings,
    asked: &Asked,
    reply: &Reply,
    distortion: Distortion,
    key: Option<&MacKey>,
) -> Result<Vec<u8>, EncodeError> {
    let mti = asked.mti.answer().unwrap_or(asked.mti);
    let mut message = Message::new(mti).with_header(&asked.header);
    message.tpdu = asked.tpdu.map(tillgate_codec::iso8583::Tpdu::swapped);
    for (number, value) in &asked.echoed {
        message.set_bytes(*number, value);
    }
    for (number, text) in &reply.fields {
        message.set(*number, text);
    }
    if asked.network_code > 0 {
        message.set(70, &format!("{:03}", asked.network_code));
    }
    let chip = asked.chip.as_deref().filter(|_| asked.kind == Some(Kind::Sale));
    if let Some(answer) = chip.and_then(|chip| settings.answer_to(chip)) {
        message.set_bytes(CHIP, &answer);
    }
    message.set(39, &reply.code);
    match distortion {
        Distortion::None | Distortion::Mac => {}
        Distortion::Amount => {
            message.set(4, &format!("{:012}", asked.amount_minor.saturating_add(1)));
        }
        Distortion::Stan => {
            message.set(11, &format!("{:06}", (asked.key.stan % 999_999) + 1));
        }
        Distortion::Reference => {
            for number in [37, settings.reference_field] {
                let turned = message.bytes(number).map(another);
                turned.into_iter().for_each(|value| {
                    message.set_bytes(number, &value);
                });
            }
        }
    }
    let mut bytes = Vec::with_capacity(256);
    match key {
        Some(key) => settings.dialect.encode_with_mac(&mut message, key, &mut bytes)?,
        None => settings.dialect.encode(&message, &mut bytes)?,
    }
    Ok(bytes)
}

/// The same text with its last digit turned into another.
fn another(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    if let Some(last) = text.iter_mut().rev().find(|byte| byte.is_ascii_alphanumeric()) {
        *last = if *last == b'7' { b'3' } else { b'7' };
    }
    text
}
