//! `tillgate stock returns` and `tillgate stock voids`: lists for issuers of vouchers, as CSV.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};
use tillgate_core::report::{ReturnLine, VoidLine, csv_header, csv_row};
use tillgate_store_core::BusinessDate;
use tillgate_types::Currency;

use crate::cli::gateway::Gateway;
use crate::cli::values;
use crate::client::Client;
use crate::exit::Failure;

/// Print the withdrawn vouchers as CSV, for their issuer; never a PIN
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate stock returns --service 10 > returns.csv
  tillgate stock returns --service 10 --after-change 4711 > returns-2.csv

One row per voucher: service, product, serial, batch (the issuer's number; empty without control
totals), face_minor and currency when it was loaded, expiry, change (the row of the audit log). The
totals are on standard error, with the highest change: what the next list goes on after.")]
pub(super) struct Returns {
    /// Only those of this service
    #[arg(long, value_name = "ID")]
    service: Option<u16>,
    /// Only those that later changes withdrew
    #[arg(long, value_name = "CHANGE", default_value_t = 0)]
    after_change: u64,
}

/// Print the sold vouchers that their issuer has to void, or has voided, as CSV; never a PIN
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate stock voids --from 2026-11-01 --to 2026-11-30 > voids.csv

One row per voucher, by its sale: transaction, service, product, serial, face_minor, currency, expiry,
state and void (the issuer's reference). State is claimed (its terminal wanted to take the sale back:
have it voided, then propose the refund), proposed (a second operator has still to approve the refund)
or refunded. The totals are on standard error.")]
pub(super) struct Voids {
    /// First business date
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    from: Option<BusinessDate>,
    /// Last business date
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    to: Option<BusinessDate>,
}

impl Returns {
    pub(super) fn run(self, gateway: &Gateway) -> Result<(), Failure> {
        let service = self.service.map(|id| format!("&service={id}")).unwrap_or_default();
        let path = format!("/api/v1/stock/returns?after_change={}{service}", self.after_change);
        let vouchers = all(&gateway.client()?, &path)?;
        let change = vouchers.iter().filter_map(|line| line.get("change")?.as_u64()).max();
        print(gateway, &csv_header::<ReturnLine>(), vouchers)?;
        if let Some(change) = change {
            eprintln!("The next list goes on with --after-change {change}.");
        }
        Ok(())
    }
}

impl Voids {
    pub(super) fn run(self, gateway: &Gateway) -> Result<(), Failure> {
        let date = |name, date: Option<BusinessDate>| {
            date.map(|date| format!("&{name}={date}")).unwrap_or_default()
        };
        let path = format!(
            "/api/v1/stock/voids?limit=1000{}{}",
            date("from", self.from),
            date("to", self.to)
        );
        let vouchers = all(&gateway.client()?, &path)?;
        print(gateway, &csv_header::<VoidLine>(), vouchers)
    }
}

/// The vouchers of every page.
fn all(client: &Client, path: &str) -> Result<Vec<Value>, Failure> {
    let (mut vouchers, mut after) = (Vec::new(), String::new());
    loop {
        let mut page = client.get(&format!("{path}{after}"))?;
        if let Some(lines) = page.get_mut("vouchers").and_then(Value::as_array_mut) {
            vouchers.append(lines);
        }
        match page.get("next").and_then(Value::as_str) {
            Some(next) => {
                let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
                after = format!("&after={next}");
            }
            None => return Ok(vouchers),
        }
    }
}

/// The list on standard output, and what it comes to on standard error.
fn print(gateway: &Gateway, header: &str, vouchers: Vec<Value>) -> Result<(), Failure> {
    let text: String =
        std::iter::once(header.to_owned()).chain(vouchers.iter().map(csv_row)).collect();
    let totals = totals(&vouchers);
    gateway.print(&json!({ "vouchers": vouchers }), &text)?;
    eprintln!("{totals}");
    Ok(())
}

/// Counts and sums by state and currency, as one line for people.
fn totals(vouchers: &[Value]) -> String {
    let mut sums = BTreeMap::<(&str, u16), (u64, i64)>::new();
    for line in vouchers {
        let number = |name| line.get(name).and_then(Value::as_i64).unwrap_or(0);
        let currency = u16::try_from(number("currency")).unwrap_or(0);
        let state = line.get("state").and_then(Value::as_str).unwrap_or_default();
        let (count, sum) = sums.entry((state, currency)).or_default();
        *count += 1;
        *sum = sum.saturating_add(number("face_minor"));
    }
    let parts = sums.into_iter().map(|((state, currency), (count, sum))| {
        let amount = match Currency::numbered(currency) {
            Some(currency) => format!("{} {}", currency.major(sum), currency.alpha),
            None => format!("{sum} of currency {currency}"),
        };
        let state = if state.is_empty() { String::new() } else { format!("{state}: ") };
        format!("{state}{count} vouchers, {amount}")
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "No vouchers.".to_owned() } else { format!("{}.", parts.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_comes_to_is_said_by_state_and_currency() {
        let line = |state: &str, face_minor: u64, currency: u16| json!({ "state": state, "face_minor": face_minor, "currency": currency });
        let lines =
            [line("claimed", 500, 978), line("refunded", 250, 978), line("claimed", 7, 978)];
        assert_eq!(
            totals(&lines),
            "claimed: 2 vouchers, 5.07 EUR; refunded: 1 vouchers, 2.50 EUR."
        );
        let plain = [json!({ "face_minor": 500, "currency": 392 })];
        assert_eq!(totals(&plain), "1 vouchers, 500 JPY.");
        assert_eq!(totals(&[]), "No vouchers.");
    }
}
