//! What is agreed between a host and who connects to it.

use tillgate_codec::iso8583::Dialect;

use super::keys::MacAlgorithm;
use crate::issuer;

/// The agreement.
#[derive(Clone, Debug)]
pub struct HostSettings {
    pub dialect: Dialect,
    /// Carries the gateway's own reference (32 characters), in requests and answers.
    pub reference_field: u8,
    /// Where the account is, in the order in which they are tried; a track gives its card number.
    pub account_fields: Vec<u8>,
    /// Names what was looked up, in the answer to a lookup.
    pub found_field: u8,
    /// Names what was looked up, in a payment.
    pub lookup_field: u8,
    /// The holder's name, in the answer to a lookup.
    pub name_field: u8,
    /// A text to be shown, in the answer to a lookup.
    pub text_field: u8,
    /// Whether nothing but 0800 is served before a connection's sign-on.
    pub sign_on: bool,
    /// DE39 for a reversal of what never arrived: 00 or 25.
    pub unknown_original: String,
    /// DE55 of the answer to a sale that has chip data: authentication data and scripts of the issuer.
    pub chip_answer: Option<Vec<u8>>,
    /// Whether it has the keys of test cards: without a `chip_answer` their chips get one of their own.
    pub is_issuer: bool,
    /// Authentication codes; without them codes are neither checked nor made.
    pub mac: Option<MacSettings>,
}

/// The agreement about authentication codes.
#[derive(Clone)]
pub struct MacSettings {
    pub algorithm: MacAlgorithm,
    /// Until a key exchange, and after it for whoever still has it.
    pub key: Vec<u8>,
    /// Encrypts session keys; without one a key exchange is refused.
    pub key_encryption_key: Option<Vec<u8>>,
    /// Where a session key travels.
    pub key_field: u8,
    /// DE39 for a wrong or missing code.
    pub refusal: String,
}

impl std::fmt::Debug for MacSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MacSettings({:?})", self.algorithm)
    }
}

/// Fields that an answer repeats as they came, beside the reference.
pub(super) const ECHOED: [u8; 11] = [3, 4, 7, 11, 12, 13, 24, 37, 41, 42, 49];
/// Chip data.
pub(super) const CHIP: u8 = 55;
/// Characters of the gateway's reference.
const REFERENCE_CHARS: usize = 32;
/// Characters of a session key with its check value.
const SEALED_CHARS: usize = 38;
/// Characters of what names a bill: it fits DE37.
pub(super) const LOOKUP_CHARS: usize = 12;
/// Characters of names and texts that lookups answer.
const TEXT_CHARS: usize = 24;

impl HostSettings {
    /// The usual agreement in that dialect: reference in DE62, account in DE102, DE2 or DE35, no
    /// authentication codes.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            reference_field: 62,
            account_fields: vec![102, 2, 35],
            found_field: 37,
            lookup_field: 48,
            name_field: 48,
            text_field: 63,
            sign_on: true,
            unknown_original: "00".to_owned(),
            chip_answer: None,
            is_issuer: false,
            mac: None,
        }
    }

    /// DE55 of the answer to a sale of the card whose chip says that.
    pub(super) fn answer_to(&self, chip: &[u8]) -> Option<Vec<u8>> {
        let issued = || issuer::answer(chip).filter(|_| self.is_issuer);
        self.chip_answer.clone().or_else(issued)
    }

    /// Whether the dialect has room for what was agreed.
    ///
    /// # Errors
    /// The first field without, and what it needs.
    pub fn check(&self) -> Result<(), String> {
        let name = self.dialect.name();
        let room = |key: &str, number: u8, chars: usize| match self.dialect.field(number) {
            None => Err(format!("{key}: dialect {name} has no field {number}")),
            Some(field) if field.units_max < chars => Err(format!(
                "{key}: field {number} of dialect {name} has no room for {chars} characters"
            )),
            Some(_) => Ok(()),
        };
        room("reference_field", self.reference_field, REFERENCE_CHARS)?;
        room("found_field", self.found_field, LOOKUP_CHARS)?;
        room("lookup_field", self.lookup_field, LOOKUP_CHARS)?;
        room("name_field", self.name_field, TEXT_CHARS)?;
        room("text_field", self.text_field, TEXT_CHARS)?;
        room("original data elements", 90, 42)?;
        if let Some(chip) = &self.chip_answer {
            room("chip_answer", CHIP, chip.len().max(1))?;
            if self.dialect.field(CHIP).is_some_and(|field| field.kind != "b") {
                return Err(format!("chip_answer: field {CHIP} of dialect {name} is not binary"));
            }
        }
        if self.dialect.field(39).is_none_or(|field| field.units_max != 2) {
            return Err(format!(
                "dialect {name}: its field 39 is no response code of two characters; the simulated \
                 host has the codes of ISO 8583:1987"
            ));
        }
        if !self.dialect.framing().is_delimited() {
            return Err(format!(
                "dialect {name}: messages have no frame, so no stream carries them"
            ));
        }
        let code = |key: &str, code: &str| match code.len() {
            2 => Ok(()),
            _ => Err(format!("{key}: {code:?} is no response code of two characters")),
        };
        code("unknown_original", &self.unknown_original)?;
        let Some(mac) = &self.mac else { return Ok(()) };
        code("mac.refusal", &mac.refusal)?;
        room("mac.key_field", mac.key_field, SEALED_CHARS)?;
        let algorithm: &str = mac.algorithm.into();
        if mac.algorithm.key(&mac.key).is_none() {
            return Err(format!("mac.key: {algorithm} has no key of {} bytes", mac.key.len()));
        }
        let kek = mac.key_encryption_key.as_ref();
        match kek.filter(|kek| mac.algorithm.key(kek).is_none()) {
            None => Ok(()),
            Some(kek) => {
                let bytes = kek.len();
                Err(format!("mac.key_encryption_key: {algorithm} has no key of {bytes} bytes"))
            }
        }
    }
}
