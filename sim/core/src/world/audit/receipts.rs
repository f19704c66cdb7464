//! Promise 1: the receipt of a sale is what the template of its moment makes of its row, written
//! anew from docs/operations.md.

use rustc_hash::FxHashMap;
use tillgate_codec::link::message::VoucherSlip;
use tillgate_store_core::{AccountKind, ReceiptTag, RegistryRecord, Transaction};

use crate::world::catalogue::{KES, USD};

/// Every template that was ever durable.
#[derive(Default)]
pub(super) struct Receipts(FxHashMap<ReceiptTag, String>);

impl Receipts {
    /// A record is durable.
    pub(super) fn read(&mut self, record: &RegistryRecord) {
        if let RegistryRecord::Receipt(template) = record {
            self.0.insert(template.tag, template.text.clone());
        }
    }

    /// What is printed for a row; `None` of a template that is not there.
    pub(super) fn print(
        &self,
        row: &Transaction,
        slip: Option<&VoucherSlip<'_>>,
    ) -> Option<String> {
        if row.terms.receipt == ReceiptTag::NONE {
            return Some(String::new());
        }
        let template = self.0.get(&row.terms.receipt)?;
        let (mut printed, mut rest) = (String::new(), &template[..]);
        while let Some((before, after)) = rest.split_once('{') {
            printed.push_str(before);
            if let Some(after) = after.strip_prefix('{') {
                printed.push('{');
                rest = after;
                continue;
            }
            let (place, after) = after.split_once('}')?;
            printed.push_str(&value(place, row, slip)?);
            rest = after;
        }
        printed.push_str(rest);
        Some(printed)
    }
}

fn value(place: &str, row: &Transaction, slip: Option<&VoucherSlip<'_>>) -> Option<String> {
    // Both currencies of a world have hundredths.
    let money = |minor: u64| format!("{}.{:02}", minor / 100, minor % 100);
    let (fee, tax) = (row.terms.fee_minor, row.terms.tax_minor);
    Some(match place {
        "amount" => money(row.amount_minor),
        "fee" => money(fee),
        "tax" => money(tax),
        // By card the customer pays the amount; what is charged is kept from the seller.
        "total" if is_credited(row) => money(row.amount_minor),
        "total" => money(row.amount_minor + fee + tax),
        "currency" if row.currency == KES => "KES".to_owned(),
        "currency" if row.currency == USD => "USD".to_owned(),
        "account" => row.subscriber.to_string(),
        "rrn" => row.rrn().to_string(),
        "reference" => row.provider_reference.to_string(),
        "date" => row.key.date.to_string(),
        "serial" => slip.map_or(String::new(), |slip| slip.serial.to_owned()),
        "pin" => slip.map_or(String::new(), |slip| slip.pin.to_owned()),
        "expiry" => slip.map_or(String::new(), |slip| slip.expiry.to_string()),
        "terminal" => format!("{:08}", row.key.terminal.0),
        "seller" => row.seller.0.to_string(),
        "service" => row.service.0.to_string(),
        "product" => row.product.0.to_string(),
        _ => return None,
    })
}

fn is_credited(row: &Transaction) -> bool {
    row.legs.iter().any(|leg| leg.account.kind == AccountKind::SellerSettlement)
}
