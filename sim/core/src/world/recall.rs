//! What issuers have the operator do: load batches with their control totals, and take vouchers out
//! of sale that would be sold next.

use tillgate_core::transaction::ControlOrder;
use tillgate_store_core::withdrawal::Place;
use tillgate_store_core::{BatchOf, ProductId, ServiceId, Text, Voucher, VoucherBatch};

use super::catalogue::{KES, PRODUCTS, VOUCHERS};
use super::config::number;
use super::operator::{Operator, Plan};

/// Of 1000 orders, how many are recalls.
const RECALLS_PERMILLE: u16 = 60;

/// Numbers that an issuer gives its batches: now and then one that it gave before.
const NUMBERS: u64 = 20;
/// Of 1000 batches, how many have a wrong total.
const WRONG_PERMILLE: u16 = 100;

impl Operator {
    /// The control totals of vouchers of one product; now and then wrong, or of a batch that was
    /// loaded before: then the ledger refuses them.
    pub(super) fn totals(&mut self, vouchers: &[Voucher]) -> Vec<VoucherBatch> {
        let number = format!("B-{}", self.recall.below(NUMBERS));
        let wrong = u64::from(self.recall.chance(WRONG_PERMILLE));
        let (Some(one), Ok(number)) = (vouchers.first(), Text::from(&number)) else {
            return Vec::new();
        };
        let of = BatchOf { number, service: one.service, product: one.product };
        let price = PRODUCTS.iter().find(|(product, _)| *product == one.product.0);
        // Serials here are of one length.
        let serials = || vouchers.iter().map(|voucher| voucher.serial);
        vec![VoucherBatch {
            of,
            batch_no: 0,
            count: u64::try_from(vouchers.len()).unwrap_or(0) + wrong,
            face_minor: price.map_or(0, |(_, price)| *price),
            currency: KES,
            first: serials().min().unwrap_or_default(),
            last: serials().max().unwrap_or_default(),
        }]
    }

    /// Whether the next order is a recall.
    pub(super) fn recalls(&mut self) -> bool {
        self.recall.chance(RECALLS_PERMILLE)
    }

    /// One or two of the vouchers of a product that are in stock, as a look at the rows found them.
    pub(super) fn recall(&mut self, unsold: impl FnOnce((u16, u16)) -> Vec<Place>) -> Option<Plan> {
        let place =
            usize::from(number(&mut self.recall, u16::try_from(PRODUCTS.len()).unwrap_or(1)));
        let (product, _) = *PRODUCTS.get(place)?;
        let mut vouchers = unsold((VOUCHERS, product));
        vouchers.truncate(1 + usize::from(number(&mut self.recall, 2)));
        let (service, product) = (ServiceId(VOUCHERS), ProductId(product));
        let note = "recalled by its issuer".to_owned();
        Plan::of(ControlOrder::Withdraw { service, product, vouchers, note })
    }
}
