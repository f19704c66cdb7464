//! Withdrawn vouchers, for their issuer: serial and face value at the time they were loaded; never
//! a PIN, which is gone.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::Serialize;
use tillgate_store_core::record::Batch;
use tillgate_store_core::{
    ProductId, ReadRows, Record, RegistryRecord, Serial, Service, ServiceId, StoreError, Text,
    VoucherBatch, VoucherOf, Withdrawn, history, journal,
};

/// Which withdrawn vouchers are wanted; every condition holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedReturns {
    /// Only those of this service.
    pub service: Option<ServiceId>,
    /// Only those that later changes (rows of the audit log) withdrew.
    pub after_change: u64,
    /// Only those behind this one.
    pub after: Option<VoucherOf>,
}

/// A withdrawn voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReturnLine {
    /// The service.
    pub service: u16,
    /// The product.
    pub product: u16,
    /// The serial.
    pub serial: String,
    /// The issuer's number of its batch; empty: it came without control totals.
    pub batch: String,
    /// Face value when it was loaded, minor units; `None`: it cannot be found out any more.
    pub face_minor: Option<u64>,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Last day on which it would have been sold.
    pub expiry: String,
    /// The audit row of its withdrawal.
    pub change: u64,
}

/// A page of withdrawn vouchers, by service, product and serial.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Returns {
    /// The vouchers.
    pub vouchers: Vec<ReturnLine>,
    /// The `after` of the next page, if there may be one.
    pub next: Option<String>,
}

/// Reads a voucher as `10-1-S00000001`: service, product, serial.
#[must_use]
pub fn parse_voucher(text: &str) -> Option<VoucherOf> {
    let (service, rest) = text.split_once('-')?;
    let (product, serial) = rest.split_once('-')?;
    let [service, product] = [service.parse().ok()?, product.parse().ok()?];
    let serial = Text::from(serial).ok()?;
    Some(VoucherOf { service: ServiceId(service), product: ProductId(product), serial })
}

/// As [`parse_voucher`] reads it.
fn show_voucher(of: &VoucherOf) -> String {
    format!("{}-{}-{}", of.service, of.product, of.serial.as_str())
}

impl Returns {
    /// A page of at most `most` vouchers, for which at most `rows_max` rows are looked at.
    ///
    /// # Errors
    /// A row cannot be read.
    pub fn read(
        rows: &dyn ReadRows,
        wanted: &WantedReturns,
        (most, rows_max): (usize, usize),
    ) -> Result<Self, StoreError> {
        let WantedReturns { service, after_change, after } = *wanted;
        let first = VoucherOf { service: service.unwrap_or_default(), ..VoucherOf::default() };
        let (mut found, mut last, mut next) = (Vec::new(), None, None);
        let mut left = rows_max;
        Withdrawn::each(rows, after.unwrap_or(first), |row| {
            if service.is_some_and(|service| row.of.service != service) {
                return ControlFlow::Break(());
            }
            if after == Some(row.of) {
                return ControlFlow::Continue(());
            }
            if found.len() == most || left == 0 {
                next = last;
                return ControlFlow::Break(());
            }
            left -= 1;
            last = Some(row.of);
            if row.audit_no > after_change {
                found.push(row);
            }
            ControlFlow::Continue(())
        })?;
        let mut loads = Loads::read(rows)?;
        let vouchers = found.iter().map(|row| loads.line(rows, row)).collect::<Result<_, _>>()?;
        Ok(Self { vouchers, next: next.as_ref().map(show_voucher) })
    }
}

type Load = (ServiceId, ProductId, u64);

/// What vouchers were loaded with: control totals, or the service as it was.
struct Loads {
    batches: BTreeMap<Load, VoucherBatch>,
    services: BTreeMap<(ServiceId, u64), Option<Service>>,
}

impl Loads {
    fn read(rows: &dyn ReadRows) -> Result<Self, StoreError> {
        let mut batches = BTreeMap::new();
        VoucherBatch::each(rows, |batch| {
            batches.insert((batch.of.service, batch.of.product, batch.batch_no), batch);
            ControlFlow::Continue(())
        })?;
        Ok(Self { batches, services: BTreeMap::new() })
    }

    fn line(&mut self, rows: &dyn ReadRows, row: &Withdrawn) -> Result<ReturnLine, StoreError> {
        let VoucherOf { service, product, serial } = row.of;
        let key = Serial { service, product, serial, batch_no: 0 }.key();
        let loaded = journal::record::<Serial>(rows, &key, &mut Vec::new())?;
        let batch_no = loaded.map_or(0, |loaded| loaded.batch_no);
        let (batch, face_minor, currency) = match self.batches.get(&(service, product, batch_no)) {
            Some(batch) => {
                (batch.of.number.as_str().to_owned(), Some(batch.face_minor), batch.currency)
            }
            None => {
                let then = self.service(rows, service, batch_no)?;
                let product = then.and_then(|then| then.product(product));
                let currency = then.map_or(0, |then| then.currency);
                (String::new(), product.map(|product| product.amount_minor), currency)
            }
        };
        Ok(ReturnLine {
            service: service.0,
            product: product.0,
            serial: serial.as_str().to_owned(),
            batch,
            face_minor,
            currency,
            expiry: row.expiry.to_string(),
            change: row.audit_no,
        })
    }

    /// A service as the change that the store's batch was left it.
    fn service(
        &mut self,
        rows: &dyn ReadRows,
        id: ServiceId,
        batch_no: u64,
    ) -> Result<Option<&Service>, StoreError> {
        if let Entry::Vacant(vacant) = self.services.entry((id, batch_no)) {
            let key = batch_no.to_be_bytes();
            let batch = journal::record::<Batch>(rows, &key, &mut Vec::new())?;
            let at_ms = batch.map_or(0, |batch| batch.at_ms);
            let audit_no = history::last_audit(rows, at_ms)?;
            vacant.insert(match history::as_of(rows, &Service::key_of(id), audit_no)?.record {
                Some(RegistryRecord::Service(service)) => Some(service),
                _ => None,
            });
        }
        Ok(self.services.get(&(id, batch_no)).and_then(Option::as_ref))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tillgate_store_core::{
        BatchOf, BusinessDate, Change, Command, Fulfilment, LedgerStore, Memory, Outcome, Product,
        Sealed, StockRules, Store, Voucher, Withdraw,
    };

    const SERVICE: ServiceId = ServiceId(10);
    const EXPIRY: BusinessDate = BusinessDate(9_800);

    fn commit(book: &mut LedgerStore<Memory>, command: Command) -> Outcome {
        let mut outcomes = Vec::new();
        book.commit(&mut vec![command], &mut outcomes).unwrap();
        outcomes.pop().unwrap()
    }

    fn priced(amount_minor: u64) -> Vec<RegistryRecord> {
        let mut service = Service::new(SERVICE, "Talk", Fulfilment::Stock, 978);
        let (name, stock) = ("Talk".to_owned(), StockRules::default());
        (service.amount_min_minor, service.amount_max_minor) = (1, 100_000);
        service.products = vec![Product { id: ProductId(1), name, amount_minor, stock }];
        vec![RegistryRecord::Service(service)]
    }

    fn vouchers(from: u8, to: u8) -> Vec<Voucher> {
        let voucher = |number| {
            let serial = Text::from(&format!("S{number}")).unwrap();
            let bytes = [number; 20].into_iter().collect();
            let pin = Sealed { kek_id: 1, nonce: [number; 12], bytes };
            Voucher { service: SERVICE, product: ProductId(1), serial, expiry: EXPIRY, pin }
        };
        (from..=to).map(voucher).collect()
    }

    fn load(book: &mut LedgerStore<Memory>, change: Change) {
        assert_eq!(commit(book, Command::Change(change)), Outcome::Applied);
    }

    fn withdraw(book: &mut LedgerStore<Memory>, numbers: &[u8]) {
        let serial = |number| (EXPIRY, Text::from(&format!("S{number}")).unwrap());
        let vouchers: Vec<_> = numbers.iter().map(serial).collect();
        let (actor, note) = ("ann".to_owned(), "recalled".to_owned());
        let product = ProductId(1);
        let order = Withdraw { at_ms: 90, actor, note, service: SERVICE, product, vouchers };
        let count = u64::try_from(numbers.len()).unwrap();
        assert_eq!(commit(book, Command::Withdraw(order)), Outcome::Withdrawn(count));
    }

    #[test]
    fn a_voucher_is_returned_at_the_face_value_that_it_was_loaded_with() {
        let mut book = LedgerStore::open(Memory::new(), [1; 8]).unwrap();
        let plain = vouchers(1, 2);
        load(
            &mut book,
            Change { at_ms: 10, records: priced(500), vouchers: plain, ..<_>::default() },
        );
        let counted = vouchers(3, 4);
        let number = Text::from("B-7").unwrap();
        let of = BatchOf { number, service: SERVICE, product: ProductId(1) };
        let (first, last) = (counted[0].serial, counted[1].serial);
        let (count, face_minor, currency) = (2, 500, 978);
        let batch = VoucherBatch { of, batch_no: 0, count, face_minor, currency, first, last };
        let batches = vec![batch];
        load(&mut book, Change { at_ms: 20, vouchers: counted, batches, ..<_>::default() });
        load(&mut book, Change { at_ms: 30, records: priced(700), ..<_>::default() });
        load(&mut book, Change { at_ms: 40, vouchers: vouchers(5, 5), ..<_>::default() });
        withdraw(&mut book, &[1, 3]);
        let first_change = book.head().audit_no;
        withdraw(&mut book, &[5]);

        let rows = book.backend();
        let all = Returns::read(rows, &WantedReturns::default(), (10, 100)).unwrap();
        let short = |returns: &Returns| -> Vec<(String, String, Option<u64>)> {
            let of = |line: &ReturnLine| (line.serial.clone(), line.batch.clone(), line.face_minor);
            returns.vouchers.iter().map(of).collect()
        };
        let line =
            |serial: &str, batch: &str, face| (serial.to_owned(), batch.to_owned(), Some(face));
        let expected = [line("S1", "", 500), line("S3", "B-7", 500), line("S5", "", 700)];
        assert_eq!((short(&all), &all.next), (expected.to_vec(), &None));
        assert_eq!((all.vouchers[0].currency, all.vouchers[0].change), (978, first_change));

        let later = WantedReturns { after_change: first_change, ..WantedReturns::default() };
        assert_eq!(short(&Returns::read(rows, &later, (10, 100)).unwrap()), expected[2..]);
        let other = WantedReturns { service: Some(ServiceId(9)), ..WantedReturns::default() };
        assert_eq!(Returns::read(rows, &other, (10, 100)).unwrap(), Returns::default());

        let (mut wanted, mut pages) = (WantedReturns::default(), Vec::new());
        for _ in 0..3 {
            let page = Returns::read(rows, &wanted, (1, 100)).unwrap();
            pages.extend(short(&page));
            wanted.after = page.next.as_deref().and_then(parse_voucher);
        }
        assert_eq!(pages, expected, "page by page");
        assert_eq!(wanted.after, None);
    }

    #[test]
    fn a_voucher_is_named_by_service_product_and_serial() {
        let of = parse_voucher("10-1-S-1").unwrap();
        assert_eq!((of.service.0, of.product.0, of.serial.as_str()), (10, 1, "S-1"));
        assert_eq!(show_voucher(&of), "10-1-S-1");
        for wrong in ["", "10", "10-1", "x-1-S", "10-99999-S"] {
            assert_eq!(parse_voucher(wrong), None, "{wrong}");
        }
    }
}
