//! Promises 1, 3, 4 and 6 over each durable write: what rows may become, whose the vouchers are,
//! what is open, and that the chain goes on.

use tillgate_core::time::UnixMillis;
use tillgate_store_core::{
    AccountKind, AccountRow, Audit, Batch, BusinessDate, Counter, Family, FollowUp, Funding,
    Handset, Key, Kind, PinTries, Record, RegistryRecord, Serial, State, StoreError, Text,
    Transaction, Voucher,
};

use super::Checker;
use super::handed::Clock;
use crate::time::Moment;
use crate::world::disk::Change;
use crate::world::network::VoucherName;

/// What was found wrong: the promise and the words.
pub(super) type Violations = Vec<(u8, String)>;

/// What one write did, sorted by what it is about.
#[derive(Default)]
pub(super) struct Write {
    pub(super) rows: Vec<(Option<Transaction>, Transaction)>,
    accounts: Vec<AccountRow>,
    records: Vec<RegistryRecord>,
    /// Vouchers that came into the stock.
    pub(super) loaded: Vec<VoucherName>,
    /// Vouchers that left the stock.
    taken: Vec<VoucherName>,
    /// Handsets, and what is remembered of wrong PINs.
    handsets: (Vec<Handset>, Vec<PinTries>),
    /// What the gateway itself writes into the audit log.
    notes: Vec<String>,
}

impl Checker {
    /// What is for sale of a product, the oldest expiry first.
    pub(in crate::world) fn unsold(&self, product: (u16, u16)) -> Vec<(BusinessDate, Text<24>)> {
        self.stock.get(&product).into_iter().flatten().copied().collect()
    }

    /// Takes a durable write into the books, and says what is wrong with it.
    pub(super) fn read_write(&mut self, clock: Clock, write: &[Change], found: &mut Violations) {
        let at = clock.0;
        let mut done = Write::default();
        self.money.begin();
        for change in write {
            if let Err(error) = self.read_change(change, &mut done, found) {
                found.push((11, format!("what was written cannot be read: {error}")));
            }
        }
        for record in &done.records {
            if let RegistryRecord::Seller(seller) = record {
                self.money.allow(seller.id.0, seller.credit_limit_minor);
            }
        }
        self.read_handsets(at, std::mem::take(&mut done.handsets), found);
        let mut taken = std::mem::take(&mut done.taken);
        for (old, new) in &done.rows {
            self.read_row(old.as_ref(), new, &mut taken, found);
            self.clock.stamps(old.as_ref(), new);
            match old {
                None => {
                    self.read_new(at, new, &done, found);
                    self.read_frame_row(new, found);
                    self.read_owner(new, found);
                    if new.kind.is_sale() {
                        self.spend(new);
                    }
                }
                Some(old) => {
                    found.extend(changed(old, new).map(|text| (1, format!("{}: {text}", new.key))));
                    self.read_taken_back(old, new, found);
                    self.read_confirmed(old, new, found);
                }
            }
            let ends = |old: &Transaction| is_unknown(old) && !is_unknown(new);
            let tells = |old: &Transaction| ends(old) || old.balance_minor != new.balance_minor;
            if old.as_ref().is_none_or(tells) {
                let wrong = self.money.check_balance(new);
                found.extend(wrong.map(|text| (3, format!("{}: {text}", new.key))));
            }
            self.read_change_of(clock, (old.as_ref(), new), found);
            found.extend(self.read_bridge(at, old.as_ref(), new));
            self.read_due(at, new);
            let was_named = old.as_ref().is_some_and(|old| old.reversed_by.is_some());
            if new.kind.is_sale() && new.reversed_by.is_some() && !was_named {
                self.named.insert(new.key, at);
            }
            if old.is_none() && new.voucher.is_some() {
                self.shown(at, new);
            }
            if old.is_none() {
                let of_handset = self.is_handsets(&new.key);
                self.reads.durable(at, new, of_handset);
            }
        }
        for note in std::mem::take(&mut done.notes) {
            self.read_batch_note(&note, &done, found);
        }
        self.weigh(at, &done.rows);
        self.withdrawals.end(&done.rows, (taken, &done.loaded), found);
        if !done.records.is_empty() {
            self.sessions.keys_changed = true;
            self.suspensions.change(at, &done.records);
            self.versions.change(done.records);
        }
        for row in &done.accounts {
            found.extend(self.money.check(&row.id, &row.account).map(|text| (3, text)));
            self.check_floor(row, &done.rows, found);
        }
    }

    fn read_change(
        &mut self,
        change: &Change,
        done: &mut Write,
        found: &mut Violations,
    ) -> Result<(), StoreError> {
        let Change { family, key, value } = change;
        let Some(value) = value else {
            self.read_removal(*family, key, done, found);
            return Ok(());
        };
        match family {
            Family::Journal => {
                let new = Transaction::decode(key, value)?;
                let old = self.journal.insert(new.key, new.clone());
                self.money.replace(old.as_ref(), &new);
                done.rows.push((old, new));
            }
            Family::Open => {
                self.open.extend(Key::from_bytes(key));
            }
            Family::Accounts => done.accounts.push(AccountRow::decode(key, value)?),
            Family::Registry => {
                let record = RegistryRecord::decode(key, value)?;
                self.receipts.read(&record);
                if let RegistryRecord::Handset(handset) = &record {
                    done.handsets.0.push(handset.clone());
                }
                done.records.push(record);
            }
            Family::Funding => self.money.load(&Funding::decode(key, value)?.legs),
            Family::Batches => {
                let no = Batch::decode(key, value)?.no;
                if no != self.batch_no + 1 {
                    found.push((11, format!("batch {no} follows batch {}", self.batch_no)));
                }
                self.batch_no = no;
            }
            Family::Stock => {
                if let Some((name, expiry)) = voucher_of(key) {
                    self.stock.entry((name.0, name.1)).or_default().insert((expiry, name.2));
                    done.loaded.push(name);
                }
            }
            Family::Counters => {
                found.extend(self.hellos.durable(&Counter::decode(key, value)?));
                self.sessions.keys_changed = true;
            }
            Family::Serials => {
                let row = Serial::decode(key, value)?;
                if !self.serials.insert((row.service.0, row.serial)) {
                    found.push((4, format!("serial {} is loaded a second time", row.serial)));
                }
            }
            Family::Audit => {
                let row = Audit::decode(key, value)?;
                self.withdrawals.log(row.no);
                // The only thing that a start writes in its own name.
                if row.actor == "tillgate serve" {
                    self.clock.set_back(UnixMillis(row.at_ms));
                }
                if row.actor == "gateway" {
                    done.notes.push(row.note);
                }
            }
            Family::Supply => self.withdrawals.read(key, value)?,
            Family::Handsets => done.handsets.1.push(PinTries::decode(key, value)?),
            Family::Meta | Family::History => {}
        }
        Ok(())
    }

    fn read_removal(
        &mut self,
        family: Family,
        key: &[u8],
        done: &mut Write,
        found: &mut Violations,
    ) {
        match family {
            Family::Open => {
                if let Some(key) = Key::from_bytes(key) {
                    self.open.remove(&key);
                }
            }
            Family::Stock => {
                if let Some((name, expiry)) = voucher_of(key) {
                    let shelf = self.stock.entry((name.0, name.1)).or_default();
                    shelf.remove(&(expiry, name.2));
                    done.taken.push(name);
                }
            }
            other => found.push((1, format!("a row of {} was removed", other.name()))),
        }
    }

    fn read_row(
        &mut self,
        old: Option<&Transaction>,
        new: &Transaction,
        taken: &mut Vec<VoucherName>,
        found: &mut Violations,
    ) {
        let key = new.key;
        if self.seqs.insert(new.seq, key).is_some_and(|other| other != key) {
            found.push((1, format!("{key}: its number is another transaction's, too")));
        }
        let is_open = self.journal.get(&key).is_some_and(is_open);
        if self.open.contains(&key) != is_open {
            found.push((6, format!("{key}: {:?}, and open is {}", new.state, !is_open)));
        }
        if let Some(dispensed) = &new.voucher {
            let name = (new.service.0, new.product.0, dispensed.serial);
            if self.sold.insert(name, key).is_some_and(|other| other != key) {
                found.push((4, format!("{key}: its voucher was sold before")));
            }
            let is_new = old.is_none_or(|old| old.voucher.is_none());
            if is_new && dispensed.expiry < key.date {
                let text = format!("{key}: its voucher expired on {}", dispensed.expiry);
                found.push((4, text));
            }
            match taken.iter().position(|taken| *taken == name) {
                Some(place) => drop(taken.swap_remove(place)),
                None if is_new => found.push((4, format!("{key}: its voucher stays in stock"))),
                None => {}
            }
        }
    }

    fn read_due(&mut self, at: Moment, new: &Transaction) {
        match new.due.map(|due| due.what) {
            Some(FollowUp::Operator) => {
                self.manual.entry(new.key).or_insert(at);
            }
            _ => drop(self.manual.remove(&new.key)),
        }
        if new.state == State::Declined && new.due.is_some() {
            self.owed.insert(new.key);
        }
    }

    /// A request that came just now.
    fn read_new(&self, at: Moment, new: &Transaction, write: &Write, found: &mut Violations) {
        self.read_settlement(new, write, found);
        if new.kind == Kind::Reversal {
            self.read_reversal(new, write, found);
        }
        if new.kind.is_sale() {
            self.read_sale(at, new, write, found);
        }
    }

    /// A float from which a sale was just granted covers it.
    fn check_floor(
        &self,
        row: &AccountRow,
        rows: &[(Option<Transaction>, Transaction)],
        found: &mut Violations,
    ) {
        if row.id.kind != AccountKind::SellerFloat {
            return;
        }
        let account = &row.account;
        let limit = self.versions.credit_limit(row.id.owner);
        let granted = rows.iter().any(|(old, new)| {
            let of_float = new.legs.iter().any(|leg| leg.account == row.id);
            old.is_none() && new.kind.is_sale() && of_float && takes(new)
        });
        let left = account.posted_minor - account.reserved_minor + limit;
        if granted && left < 0 {
            found.push((3, format!("{}: a sale left it {} beyond its limit", row.id, -left)));
        }
        if account.floor_minor != -limit {
            found.push((7, format!("{}: its floor is not its seller's limit", row.id)));
        }
    }
}

/// Whether its outcome is not known.
pub(super) fn is_unknown(row: &Transaction) -> bool {
    matches!(row.state, State::Intent | State::Unknown)
}

/// Whether somebody still has to act.
fn is_open(row: &Transaction) -> bool {
    is_unknown(row) || row.due.is_some()
}

fn takes(row: &Transaction) -> bool {
    row.kind.is_sale() && (is_unknown(row) || row.state == State::Approved)
}

/// What may not change from one version of a row to the next.
fn changed(old: &Transaction, new: &Transaction) -> Option<String> {
    let content = |row: &Transaction| {
        (
            (row.seq, row.kind, row.digest, row.seller, row.service, row.product),
            (row.amount_minor, row.currency, row.subscriber, row.at_ms, row.original),
        )
    };
    if content(old) != content(new) {
        return Some("its content changed".to_owned());
    }
    if old.voucher.is_some() && old.voucher != new.voucher {
        return Some("its voucher changed".to_owned());
    }
    if old.confirmed_ms > 0 && new.state == State::Reversed {
        return Some("taken back after its receipt was confirmed".to_owned());
    }
    if old.confirmed_ms > 0 && old.confirmed_ms != new.confirmed_ms {
        return Some("confirmed a second time".to_owned());
    }
    if !is_unknown(old) && old.chip != new.chip {
        return Some("what its chip receives changed".to_owned());
    }
    if old.kind.dispenses() && new.state == State::Reversed && new.refund.is_none() {
        return Some("taken back, and its PIN has left".to_owned());
    }
    if old.terms != new.terms {
        return Some("its terms changed".to_owned());
    }
    if takes(new) && old.legs != new.legs {
        return Some("its legs changed".to_owned());
    }
    let allowed = old.state == new.state
        || match new.state {
            State::Unknown => old.state == State::Intent && new.kind.is_sale(),
            State::Approved | State::Declined => is_unknown(old),
            State::Reversed => old.state == State::Approved && new.kind.is_sale(),
            State::Intent => false,
        };
    (!allowed).then(|| format!("{:?} became {:?}", old.state, new.state))
}

/// A voucher's name, and its last day.
fn voucher_of(key: &[u8]) -> Option<(VoucherName, BusinessDate)> {
    let mut reader = tillgate_store_core::record::wire::Reader::new(key, Voucher::VERSION);
    let (service, product) = reader.get().ok()?;
    let expiry = reader.get().ok()?;
    let serial = tillgate_store_core::record::wire::text(reader.rest()).ok()?;
    Some(((service, product, serial), expiry))
}

/// The stock's keys are read here by their parts: service, product, expiry, serial.
const _: fn(&Voucher) -> tillgate_store_core::record::KeyBytes = Voucher::key;
