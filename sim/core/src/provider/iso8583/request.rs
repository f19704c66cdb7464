//! A request as the host reads it.

use tillgate_codec::iso8583::{Mti, Tpdu, View};
use tillgate_store_core::luhn;
use tillgate_store_core::record::masked_card;

use super::super::script::Kind;
use super::book::DealKey;
use super::settings::{CHIP, ECHOED, HostSettings};
use crate::sales_log::digest;

/// What the host needs of a request, copied out of its bytes. It may hold a card number, so it has
/// no `Debug`.
pub(super) struct Asked {
    pub mti: Mti,
    pub tpdu: Option<Tpdu>,
    pub header: Vec<u8>,
    /// What the answer repeats.
    pub echoed: Vec<(u8, Vec<u8>)>,
    pub key: DealKey,
    /// DE4; 0 without one.
    pub amount_minor: u64,
    /// DE49.
    pub currency: String,
    /// DE37.
    pub rrn: String,
    pub reference: String,
    /// In full.
    pub account: String,
    pub account_masked: String,
    /// What was looked up.
    pub lookup: String,
    /// DE70.
    pub network_code: u64,
    /// DE90.
    pub original: Option<DealKey>,
    pub kind: Option<Kind>,
    /// What the chip of the card says.
    pub chip: Option<Vec<u8>>,
}

/// Processing codes of these beginnings ask (ISO 8583:1987 annex A: 30 to 39, inquiries): what is to
/// be paid on an account, and what came of the request that DE90 names.
const LOOKUP_PROCESSING: &str = "31";
const INQUIRY_PROCESSING: &str = "32";
/// Where STAN and DE7 of the original are in DE90.
const ORIGINAL_STAN: std::ops::Range<usize> = 4..10;
const ORIGINAL_TRANSMITTED: std::ops::Range<usize> = 10..20;
/// Card numbers and tracks.
const CARD_FIELDS: [u8; 2] = [2, 35];

impl Asked {
    pub(super) fn read(view: &View<'_>, settings: &HostSettings) -> Self {
        let text = |number: u8| {
            let bytes = view.value(number).unwrap_or_default();
            String::from_utf8_lossy(&bytes).trim_end().to_owned()
        };
        let echoed = ECHOED.into_iter().chain([settings.reference_field]);
        let echoed = echoed.filter_map(|number| Some((number, view.value(number)?)));
        let (account, account_masked) = account(view, settings, &text);
        let terminal: Box<str> = text(41).into();
        let transmitted =
            if view.has(7) { text(7) } else { format!("{}{}", text(13), text(12)) }.into();
        let original = original(&text(90), &terminal);
        Self {
            mti: view.mti(),
            tpdu: view.tpdu(),
            header: view.header().to_vec(),
            echoed: echoed.collect(),
            key: DealKey { terminal, stan: stan(&text(11)), transmitted },
            amount_minor: view.number(4).unwrap_or(0),
            currency: text(49),
            rrn: text(37),
            reference: text(settings.reference_field),
            account,
            account_masked,
            lookup: text(settings.lookup_field),
            network_code: view.number(70).unwrap_or(0),
            original,
            kind: kind(view.mti(), &text(3)),
            chip: view.value(CHIP),
        }
    }

    /// A hash of what makes it the same request again.
    pub(super) fn content(&self) -> u64 {
        let Self { account, amount_minor, currency, lookup, .. } = self;
        digest(format!("{account}/{amount_minor}/{currency}/{lookup}").as_bytes())
    }
}

fn kind(mti: Mti, processing: &str) -> Option<Kind> {
    match (mti.class(), mti.0[2]) {
        (b'8', b'0') => Some(Kind::Network),
        (b'1' | b'2', b'0') if processing.starts_with(LOOKUP_PROCESSING) => Some(Kind::Lookup),
        (b'1' | b'2', b'0') if processing.starts_with(INQUIRY_PROCESSING) => Some(Kind::Inquiry),
        (b'1' | b'2', b'0') => Some(Kind::Sale),
        (b'1' | b'2', b'2') => Some(Kind::Advice),
        (b'4', b'0' | b'2') => Some(Kind::Reversal),
        _ => None,
    }
}

fn account(
    view: &View<'_>,
    settings: &HostSettings,
    text: &impl Fn(u8) -> String,
) -> (String, String) {
    let Some(number) = settings.account_fields.iter().copied().find(|number| view.has(*number))
    else {
        return (String::new(), String::new());
    };
    let value = text(number);
    let account = value.split(['=', 'D']).next().unwrap_or_default().to_owned();
    let of_card = CARD_FIELDS.contains(&number) || settings.dialect.is_masked(number);
    // A card may come as an account too.
    let is_card = of_card || ((13..=19).contains(&account.len()) && luhn(&account));
    let shown = if is_card { masked_card(&account).to_string() } else { account.clone() };
    (account, shown)
}

/// A STAN of digits; others have a number of their own that no STAN has.
fn stan(text: &str) -> u32 {
    text.parse().unwrap_or(u32::MAX)
}

fn original(text: &str, terminal: &str) -> Option<DealKey> {
    let transmitted = text.get(ORIGINAL_TRANSMITTED)?.into();
    let stan = text.get(ORIGINAL_STAN)?.parse().ok()?;
    Some(DealKey { terminal: terminal.into(), stan, transmitted })
}
