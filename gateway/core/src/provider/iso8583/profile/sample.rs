//! Made-up requests: the smallest and the largest, to check templates with, and one to show.

use tillgate_codec::iso8583::{MacKey, MacPadding, Reveal, listing};
use tillgate_store_core::{BusinessDate, Key, ProductId, SellerId, ServiceId, TerminalId, Text};

use super::super::super::{ProviderRequest, ProviderRequestKind};
use super::super::messages::{Subjects, encode};
use super::{KINDS, Profile};

/// Which of the made-up requests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Smallest,
    Usual,
    Largest,
}

/// 2026-11-18T11:06:40Z.
const AT_MS: u64 = 1_795_000_000_000;

pub(super) fn request(kind: ProviderRequestKind, size: Size) -> ProviderRequest {
    let of = |small: u64, usual: u64, large: u64| match size {
        Size::Smallest => small,
        Size::Usual => usual,
        Size::Largest => large,
    };
    let text = |usual: &str, large: usize| match size {
        Size::Smallest => String::new(),
        Size::Usual => usual.to_owned(),
        Size::Largest => "9".repeat(large),
    };
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let short = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
    let sale = Key {
        date: BusinessDate(9_818),
        terminal: TerminalId(narrow(of(1, 70_001, 99_999_999))),
        stan: narrow(of(1, 42, 999_999)),
    };
    let account = text("254700000000", 24);
    ProviderRequest {
        kind,
        key: sale,
        sale,
        at_ms: AT_MS,
        seller: SellerId(narrow(of(1, 7, u64::from(u32::MAX)))),
        rrn: Text::from("632200000042").unwrap_or_default(),
        bridge: 0,
        reference: Text::from("00112233445566778899aabbccddeeff").unwrap_or_default(),
        provider_reference: Text::from(&text("P-1", 32)).unwrap_or_default(),
        service: ServiceId(short(of(1, 20, 65_535))),
        product: ProductId(short(of(0, 1, 65_535))),
        amount_minor: of(1, 2_500, 999_999_999_999),
        currency: 404,
        subscriber: Text::from(if account.is_empty() { "1" } else { &account }).unwrap_or_default(),
        lookup: Text::from(&text("BILL-1", 32)).unwrap_or_default(),
        attempt: 1,
    }
}

impl Profile {
    /// A made-up message of each kind, decoded, card data hidden: its heading and its listing.
    #[must_use]
    pub fn samples(&self) -> Vec<(String, String)> {
        let mac = self.has_mac().then(|| MacKey::retail(&[0; 16], MacPadding::Zeros));
        let mut shown = Vec::new();
        for (kind, word) in KINDS {
            let Some(plan) = self.plan(kind) else { continue };
            let mut bytes = Vec::new();
            let request = request(kind, Size::Usual);
            let subject = Subjects { profile: self, mac: mac.as_ref() };
            if encode(subject, (&request, None), &mut bytes).is_ok() {
                let heading = format!("{word}: {}, answered by {}", plan.mti, plan.answer);
                shown.push((heading, listing(&self.dialect, &bytes, Reveal::Masked)));
            }
        }
        shown
    }
}
