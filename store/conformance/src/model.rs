//! What the ledger should answer, by the plainest means: maps, sums and full scans. It shares
//! nothing with the ledger but the words of commands and outcomes, and knows floats only; that
//! everything else adds up is [`super::balance`]'s.

mod life;
mod pins;
mod settle;

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Answer, Shape};
use tillgate_store_core::command::{
    Advice, Begin, Change, Command, ContentDigest, VerificationResult, Withdraw,
};
use tillgate_store_core::ids::{BridgeTag, Key};
use tillgate_store_core::record::{FollowUp, Kind, RegistryRecord, State, Velocity, VoucherBatch};
use tillgate_types::{BusinessDate, ResponseCode, TerminalId};

/// A seller's money.
#[derive(Clone, Copy, Debug, Default)]
pub struct Float {
    /// Sum of what was posted.
    pub posted_minor: i64,
    /// Held for open sales.
    pub reserved_minor: i64,
    /// How far below zero it may go.
    pub credit_minor: i64,
}

#[derive(Clone, Debug)]
struct Row {
    shape: Shape,
    digest: [u8; 16],
    seller: u32,
    service: u16,
    amount_minor: u64,
    at_ms: u64,
    day: BusinessDate,
    reprints: u8,
    /// Who proposed a refund.
    proposer: Option<String>,
    /// Of a reversal.
    original: Option<Key>,
}

/// The model.
#[derive(Debug, Default)]
pub struct Model {
    seq: u64,
    rows: BTreeMap<Key, Row>,
    /// Product, expiry, serial.
    stock: BTreeSet<(u16, BusinessDate, String)>,
    /// Serials; the walk sells vouchers of one service.
    loaded: BTreeSet<String>,
    /// Numbers of batches; the walk has one issuer.
    batches: BTreeSet<String>,
    /// By terminal and day; the walk's clock does not go back.
    reprints: BTreeMap<(TerminalId, u64), u16>,
    /// By seller.
    pub floats: BTreeMap<u32, Float>,
    references: BTreeMap<String, (u32, i64)>,
    counters: BTreeMap<(TerminalId, u32), (u64, bool)>,
    /// By row key, the versions of a registry record without keys, oldest first, each with the time
    /// of the change that made it.
    pub versions: BTreeMap<Vec<u8>, Vec<(u64, RegistryRecord)>>,
}

impl Model {
    /// Keys of rows, open ones only or all, in order.
    pub fn keys(&self, open_only: bool) -> Vec<Key> {
        let open = |row: &Row| row.shape.is_undecided() || row.shape.due.is_some();
        let rows = self.rows.iter().filter(|(_, row)| !open_only || open(row));
        rows.map(|(key, _)| *key).collect()
    }

    /// The amount of a row.
    pub fn amount_minor(&self, key: &Key) -> Option<u64> {
        self.rows.get(key).map(|row| row.amount_minor)
    }

    /// The bridge that a row's order went to last.
    pub fn bridge(&self, key: &Key) -> Option<BridgeTag> {
        self.rows.get(key)?.shape.way.last().copied()
    }

    /// Runs a command.
    pub fn answer(&mut self, command: &Command) -> Answer {
        match command {
            Command::Begin(begin) => self.begin(begin),
            Command::Finish(finish) => self.finish(finish),
            Command::Reroute(reroute) => self.reroute(reroute),
            Command::BatchRecord(_) => Answer::Applied,
            Command::Confirm(confirm) => {
                let Some(row) = self.rows.get_mut(&confirm.original) else {
                    return Answer::NotFound;
                };
                let stands = row.shape.state == State::Approved && row.shape.reversed_by.is_none();
                if row.shape.is_sale() && stands && !row.shape.confirmed {
                    row.shape.confirmed = true;
                    let owed = confirm.advice == Advice::Owed && row.shape.kind.has_provider();
                    if row.shape.kind.dispenses() && row.proposer.is_none() {
                        row.shape.due = None;
                    } else if owed && row.shape.due.is_none() {
                        row.shape.due = Some(FollowUp::Advice);
                    }
                }
                Answer::Done(row.shape.clone())
            }
            Command::Reverse(reverse) => self.reverse(reverse),
            Command::Repeat(repeat) => self.repeat(repeat),
            Command::Refund(order) => self.refund(order),
            Command::DueFollowUp { key, what, .. } => self.mark_follow_up(key, *what),
            Command::Resolve(resolve) => self.resolve(resolve),
            Command::Settle(settle) => self.settle(settle),
            Command::Logon { terminal, generation, counter, proved } => {
                let (high, was) = self.counters.entry((*terminal, *generation)).or_default();
                if counter <= high && (*was || !proved) {
                    return Answer::Conflict;
                }
                *high = *counter.max(high);
                *was |= proved;
                Answer::Applied
            }
            Command::Change(change) => self.change(change),
            Command::Withdraw(withdraw) => self.withdraw(withdraw),
            // The walk has no handsets: `handsets` has.
            Command::Reseal(_) | Command::PinTry(_) | Command::SetPin(_) => Answer::Applied,
        }
    }

    fn find_duplicate(&self, key: &Key, digest: &ContentDigest) -> Option<Answer> {
        let row = self.rows.get(key)?;
        Some(match row.shape.kind {
            Kind::Tombstone => Answer::Late,
            _ if !digest.is_of(&row.digest) => Answer::Conflict,
            _ if row.shape.state == State::Reversed => Answer::Late,
            _ => Answer::Duplicate(row.shape.clone()),
        })
    }

    fn available(&self, seller: u32) -> i64 {
        let float = self.floats.get(&seller).copied().unwrap_or_default();
        float.posted_minor - float.reserved_minor + float.credit_minor
    }

    fn float(&mut self, seller: u32) -> &mut Float {
        self.floats.entry(seller).or_default()
    }

    fn write(&mut self, key: Key, mut row: Row) -> Shape {
        self.seq += 1;
        row.shape.seq = self.seq;
        let shape = row.shape.clone();
        self.rows.insert(key, row);
        shape
    }

    fn begin(&mut self, begin: &Begin) -> Answer {
        match self.find_duplicate(&begin.key, &begin.digest) {
            Some(Answer::Duplicate(_)) => return self.tell(&begin.key, begin.at_ms),
            Some(answer) => return answer,
            None => {}
        }
        let (seller, amount) = (begin.seller.0, minor(begin.amount_minor));
        let mut shape = Shape::blank(begin.kind, State::Declined, ResponseCode::APPROVED);
        if begin.kind.has_provider() {
            shape.way.push(begin.bridge);
        }
        let product = begin.product.0;
        let least_days = match &begin.verdict {
            VerificationResult::Accepted { least_days, .. } => *least_days,
            VerificationResult::Refused(_) => 0,
        };
        let until = BusinessDate(begin.today.0 + least_days);
        let voucher = self.stock.iter().find(|(of, expiry, _)| *of == product && *expiry >= until);
        match &begin.verdict {
            VerificationResult::Refused(code) => shape.code = *code,
            VerificationResult::Accepted { velocity, .. } => {
                if self.is_too_fast(begin, velocity) {
                    shape.code = ResponseCode::VELOCITY_LIMIT;
                } else if self.available(seller) < amount {
                    shape.code = ResponseCode::INSUFFICIENT_FLOAT;
                } else if begin.kind.has_provider() {
                    (shape.state, shape.code) = (State::Intent, ResponseCode::IN_PROGRESS);
                    self.float(seller).reserved_minor += amount;
                } else if let Some(voucher) = voucher.cloned() {
                    self.stock.remove(&voucher);
                    shape.state = State::Approved;
                    shape.serial = Some(voucher.2);
                    self.float(seller).posted_minor -= amount;
                } else {
                    shape.code = ResponseCode::OUT_OF_STOCK;
                }
                shape.balance_minor = Some(self.available(seller));
            }
        }
        let (service, amount_minor) = (begin.service.0, begin.amount_minor);
        let (digest, at_ms) = (begin.digest.values, begin.at_ms);
        let mut row = Row::blank(shape, digest, at_ms);
        (row.seller, row.service, row.amount_minor) = (seller, service, amount_minor);
        row.day = begin.today;
        Answer::Done(self.write(begin.key, row))
    }

    fn is_too_fast(&self, begin: &Begin, velocity: &Velocity) -> bool {
        let (mut count, mut day_minor) = (0, begin.amount_minor);
        for (key, row) in &self.rows {
            let sale = row.shape.is_sale();
            let same = key.terminal == begin.key.terminal && row.service == begin.service.0;
            if !sale || !same || row.shape.state == State::Declined {
                continue;
            }
            if row.at_ms + u64::from(velocity.window_s) * 1_000 > begin.at_ms {
                count += 1;
            }
            if row.day == begin.today {
                day_minor += row.amount_minor;
            }
        }
        (velocity.count_max > 0 && count >= velocity.count_max)
            || (velocity.day_amount_max_minor > 0 && day_minor > velocity.day_amount_max_minor)
    }

    fn change(&mut self, change: &Change) -> Answer {
        let mut loaded = self.loaded.clone();
        for voucher in &change.vouchers {
            if !loaded.insert(voucher.serial.to_string()) {
                return Answer::Rejected;
            }
        }
        if !change.batches.iter().all(|batch| self.agrees(batch, change)) {
            return Answer::Rejected;
        }
        let mut references = self.references.clone();
        let mut floats = self.floats.clone();
        for load in &change.funds {
            let content = (load.seller.0, load.amount_minor);
            match references.insert(load.reference.to_string(), content) {
                Some(before) if before != content => return Answer::Rejected,
                Some(_) => {}
                None => floats.entry(content.0).or_default().posted_minor += content.1,
            }
        }
        let before = std::mem::replace(&mut self.floats, floats);
        if change.funds.iter().any(|load| self.available(load.seller.0) < 0) {
            self.floats = before;
            return Answer::Rejected;
        }
        (self.loaded, self.references) = (loaded, references);
        self.batches.extend(change.batches.iter().map(|batch| batch.of.number.to_string()));
        for voucher in &change.vouchers {
            let serial = voucher.serial.to_string();
            self.stock.insert((voucher.product.0, voucher.expiry, serial));
        }
        for record in &change.records {
            let (versions, keyless) = (
                self.versions.entry(record.key().to_vec()).or_default(),
                record.clone().without_keys(),
            );
            if versions.last().is_none_or(|(_, last)| *last != keyless) {
                versions.push((change.at_ms, keyless));
            }
        }
        Answer::Applied
    }
}

impl Model {
    /// The walk gives one batch at a time, of all vouchers of the change.
    fn agrees(&self, batch: &VoucherBatch, change: &Change) -> bool {
        let mut serials: Vec<&str> = change.vouchers.iter().map(|one| &*one.serial).collect();
        serials.sort_unstable();
        let ends = serials.first().zip(serials.last());
        !self.batches.contains(&*batch.of.number)
            && batch.count == u64::try_from(serials.len()).expect("few")
            && ends == Some((&&*batch.first, &&*batch.last))
    }

    fn withdraw(&mut self, order: &Withdraw) -> Answer {
        let vouchers = order.vouchers.iter();
        let gone = vouchers.filter(|(expiry, serial)| {
            self.stock.remove(&(order.product.0, *expiry, serial.to_string()))
        });
        Answer::Withdrawn(u64::try_from(gone.count()).expect("few"))
    }
}

impl Row {
    fn blank(shape: Shape, digest: [u8; 16], at_ms: u64) -> Self {
        Self {
            shape,
            digest,
            seller: 0,
            service: 0,
            amount_minor: 0,
            at_ms,
            day: BusinessDate(0),
            reprints: 0,
            proposer: None,
            original: None,
        }
    }
}

fn minor(amount_minor: u64) -> i64 {
    i64::try_from(amount_minor).expect("the walk's amounts are small")
}
