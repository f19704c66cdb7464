//! What is on the screens, without their keys.

use tillgate_codec::link::message::Answer;
use tillgate_store_core::{BusinessDate, Service};
use tillgate_types::Currency;
use zeroize::Zeroizing;

use super::draft::Draft;
use super::limits::HOLDER_CHARS_MAX;
use super::texts::{Key, Tongue, Values};
use super::{Menu, View};

/// Bytes that a screen is built in: it does not grow, so that no PIN is left in freed memory. The
/// longest has a receipt of 512 bytes and lines of 160 characters around it.
const SCREEN_BYTES: usize = 2_048;

/// A screen that is being written; wiped on drop.
pub(super) fn blank() -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(SCREEN_BYTES))
}

/// The line of a key: what is typed, and what it does.
pub(super) fn key_line(tongue: &Tongue, typed: &str, key: Key) -> String {
    let mut line = format!("{typed} ");
    tongue.put(key, &Values::default(), &mut line);
    line
}

/// The lines of the keys that lead back and on.
pub(super) struct Keys {
    pub(super) back: String,
    pub(super) more: String,
    /// With a line feed before it, as pages have it.
    pub(super) footer: String,
}

impl Keys {
    pub(super) fn of(menu: &Menu, tongue: &Tongue) -> Self {
        let more = key_line(tongue, &menu.more, Key::More);
        let footer = format!("\n{more}");
        Self { back: key_line(tongue, &menu.back, Key::Back), more, footer }
    }
}

/// What a sale in the making says.
pub(super) fn values<'a>(
    draft: &'a Draft,
    service: &'a Service,
    date: BusinessDate,
    again_min: Option<u64>,
) -> Values<'a> {
    Values {
        service: &service.name,
        product: draft.product(service).map_or("", |product| &product.name),
        label: service.account.as_ref().map_or("", |field| &field.label),
        account: draft.account.as_str(),
        amount: draft.amount,
        charged: draft.charged(service, date),
        bounds: draft.bounds(service),
        currency: Currency::numbered(service.currency),
        minutes: again_min.unwrap_or_default(),
        ..Values::default()
    }
}

/// All that is to be confirmed.
pub(super) fn order(
    tongue: &Tongue,
    draft: &Draft,
    service: &Service,
    date: BusinessDate,
    again_min: Option<u64>,
    out: &mut String,
) {
    let values = values(draft, service, date, again_min);
    if again_min.is_some() {
        tongue.line(Key::AgainLine, &values, out);
    }
    line(values.service, out);
    line(values.product, out);
    if !values.account.is_empty() {
        tongue.line(Key::AccountLine, &values, out);
    }
    let holder = draft.holder.as_str();
    if !holder.is_empty() {
        out.push('\n');
        let end = holder.char_indices().nth(HOLDER_CHARS_MAX).map_or(holder.len(), |(at, _)| at);
        tongue.foreign(&holder[..end], out);
    }
    tongue.line(Key::AmountLine, &values, out);
    if values.charged > 0 {
        tongue.line(Key::FeeLine, &values, out);
    }
}

/// Asks for the account, or for an amount. What is due is shown above the amount; in the place of
/// that, what is wrong with an entry.
pub(super) fn prompt(
    tongue: &Tongue,
    key: Key,
    draft: &Draft,
    service: &Service,
    out: &mut String,
) {
    let values = values(draft, service, BusinessDate::default(), None);
    if key == Key::EnterAmount && draft.due > 0 && out.is_empty() {
        tongue.line(Key::FoundAmount, &Values { amount: draft.due, ..values }, out);
    }
    tongue.line(key, &values, out);
}

/// An approved sale. The PIN is first, so that no page cuts it; without a service, which a repeat
/// does not name, there is the printed receipt.
pub(super) fn receipt(
    tongue: &Tongue,
    answer: &Answer<'_>,
    draft: &Draft,
    service: Option<&Service>,
    currency: Option<Currency>,
    out: &mut String,
) {
    let (serial, pin, expiry) = answer
        .voucher
        .map_or(("", "", BusinessDate::default()), |slip| (slip.serial, slip.pin, slip.expiry));
    let values = Values {
        service: service.map_or("", |service| &service.name),
        label: service.and_then(|of| of.account.as_ref()).map_or("", |field| &field.label),
        account: draft.account.as_str(),
        amount: answer.amount_minor,
        charged: answer.fee_minor.saturating_add(answer.tax_minor),
        currency,
        balance: answer.balance_minor.unwrap_or_default(),
        pin,
        serial,
        expiry,
        reference: answer.reference,
        rrn: answer.rrn,
        stan: answer.stan,
        ..Values::default()
    };
    let printed = service.is_none() && !answer.lines.is_empty();
    let lines = [
        (Key::PinLine, !pin.is_empty()),
        (Key::SerialLine, !serial.is_empty()),
        (Key::RrnLine, !answer.rrn.is_empty()),
        (Key::Sold, service.is_some()),
        (Key::AccountLine, !values.account.is_empty()),
        (Key::AmountLine, !printed),
        (Key::FeeLine, !printed && values.charged > 0),
        (Key::ReferenceLine, !answer.reference.is_empty()),
        (Key::ExpiryLine, !pin.is_empty()),
        (Key::BalanceLine, answer.balance_minor.is_some()),
    ];
    lines.iter().filter(|(_, shown)| *shown).for_each(|(key, _)| tongue.line(*key, &values, out));
    if printed {
        tongue.foreign_lines(answer.lines, out);
    }
}

/// Minutes since the same sale was ordered, if that is to be said.
pub(super) fn again_min(menu: &Menu, draft: &Draft, view: &View<'_>) -> Option<u64> {
    let age = view.sold.sold(&draft.content())?;
    (age <= menu.again()).then_some(age.0 / 60_000_000_000)
}

/// Appends somebody's name as a line.
fn line(text: &str, out: &mut String) {
    if text.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push('\n');
    }
    plain(text, out);
}

/// Appends a name of the registry, without control characters.
pub(super) fn plain(text: &str, out: &mut String) {
    out.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
}
