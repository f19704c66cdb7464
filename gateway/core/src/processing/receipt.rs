//! Receipts: a template of the registry, filled in with the values of a row. Nothing else goes into
//! one, so that the same request is printed the same again, whatever the registry says by then.

use std::fmt::{self, Write};

use tillgate_codec::limits::LINES_BYTES_MAX;
use tillgate_codec::link::message::VoucherSlip;
use tillgate_store_core::record::{Part, parts};
use tillgate_store_core::{Registry, ResponseCode, State, Text, Transaction};
use tillgate_types::Currency;

/// Bytes that end at the first text that does not fit: half of an amount is worse than none.
#[derive(Default)]
struct Lines {
    text: Text<LINES_BYTES_MAX>,
    full: bool,
}

impl Write for Lines {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.full |= self.text.try_push_str(text).is_err();
        if self.full { Err(fmt::Error) } else { Ok(()) }
    }
}

/// The receipt of an approved sale.
pub(super) fn receipt(
    template: &str,
    row: &Transaction,
    voucher: Option<&VoucherSlip<'_>>,
) -> Text<LINES_BYTES_MAX> {
    let mut lines = Lines::default();
    for part in parts(template) {
        let written = match part {
            Part::Text(text) => lines.write_str(text),
            Part::Place(place) => fill(&mut lines, place, row, voucher),
        };
        if written.is_err() {
            break;
        }
    }
    lines.text
}

/// The last sales, a line each: as many as fit, the last one first.
pub(super) fn listing(
    sales: &[Transaction],
    registry: &Registry,
    ahead_min: u16,
) -> Text<LINES_BYTES_MAX> {
    let mut lines = Text::new();
    for row in sales {
        let mut line = Lines::default();
        if list(&mut line, row, registry, ahead_min).is_err() {
            break;
        }
        if lines.try_push_str(&line.text).is_err() {
            break;
        }
    }
    lines
}

fn list(lines: &mut Lines, row: &Transaction, registry: &Registry, ahead_min: u16) -> fmt::Result {
    let minute = row.at_ms / 60_000 + u64::from(ahead_min);
    write!(lines, "{:02}:{:02}", minute / 60 % 24, minute % 60)?;
    match registry.service(row.service).map(|service| service.name.as_str()) {
        Some(name) => write!(lines, " {}", &name[..name.floor_char_boundary(LISTED_NAME_BYTES)])?,
        None => write!(lines, " {}", row.service)?,
    }
    match Currency::numbered(row.currency) {
        Some(currency) => write!(lines, " {}", currency.major(row.amount_minor))?,
        None => write!(lines, " {}", row.amount_minor)?,
    }
    if !row.subscriber.is_empty() {
        write!(lines, " {}", row.subscriber)?;
    }
    match (row.is_answered(), row.state) {
        (false, _) => lines.write_str(" ...\n"),
        (true, State::Approved) => lines.write_str(" OK\n"),
        (true, State::Reversed) => writeln!(lines, " {}", ResponseCode::REVERSED),
        (true, _) => writeln!(lines, " {}", row.code),
    }
}

/// Of the name of a service in a listing, bytes.
const LISTED_NAME_BYTES: usize = 16;

fn fill(
    lines: &mut Lines,
    place: &str,
    row: &Transaction,
    voucher: Option<&VoucherSlip<'_>>,
) -> fmt::Result {
    let currency = Currency::numbered(row.currency);
    let mut money = |minor: u64| match currency {
        Some(currency) => lines.write_str(&currency.major(minor)),
        None => write!(lines, "{minor}"),
    };
    match place {
        "amount" => money(row.amount_minor),
        "fee" => money(row.terms.fee_minor),
        "tax" => money(row.terms.tax_minor),
        "total" => money(row.total_minor()),
        "currency" => lines.write_str(currency.map_or("", |currency| currency.alpha)),
        "account" => lines.write_str(&row.subscriber),
        "rrn" => lines.write_str(&row.rrn()),
        "reference" => lines.write_str(&row.provider_reference),
        "date" => write!(lines, "{}", row.key.date),
        "serial" => lines.write_str(voucher.map_or("", |voucher| voucher.serial)),
        "pin" => lines.write_str(voucher.map_or("", |voucher| voucher.pin)),
        "expiry" => match voucher {
            Some(voucher) => write!(lines, "{}", voucher.expiry),
            None => Ok(()),
        },
        "terminal" => write!(lines, "{}", row.key.terminal),
        "seller" => write!(lines, "{}", row.seller),
        "service" => write!(lines, "{}", row.service),
        "product" => write!(lines, "{}", row.product),
        // The ledger refuses a template with any other.
        _ => Ok(()),
    }
}
