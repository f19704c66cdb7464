//! The host's own book: one deal for each request that may cost money.

use rustc_hash::FxHashMap;
use serde::Serialize;
use strum::IntoStaticStr;

use super::super::DealStatus;
use crate::sales_log::digest;
use crate::time::Moment;

/// What makes a request the same as an earlier one: DE41, DE11 and DE7 (DE13 and DE12 where the
/// dialect's messages have no DE7).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DealKey {
    pub terminal: Box<str>,
    pub stan: u32,
    pub transmitted: Box<str>,
}

/// What a deal came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum DealKind {
    /// 0100.
    Authorisation,
    /// 0200.
    Sale,
    /// 0120, 0220 of a request that the host did not have.
    Advice,
    /// Only a reversal arrived so far: if the request comes late, it is declined.
    Unseen,
}

/// One deal.
pub struct Deal {
    pub kind: DealKind,
    /// The gateway's own reference, from the field that the settings name.
    pub reference: Box<str>,
    /// DE37.
    pub rrn: Box<str>,
    /// Card numbers with their middle hidden.
    pub account: Box<str>,
    /// A hash of account, amount and currency, so that other content under the same key is seen.
    pub content: u64,
    /// In minor units of `currency`.
    pub amount_minor: u64,
    /// DE49.
    pub currency: Box<str>,
    /// What it pays, if that was looked up.
    pub lookup: Box<str>,
    pub status: DealStatus,
    /// DE39 of a decline.
    pub code: Box<str>,
    /// DE38; empty if it was never approved.
    pub authorisation: Box<str>,
    /// How often it was carried out; more than once only without idempotency.
    pub times: u32,
    /// Reversals that named it.
    pub reversals: u32,
    /// Whether an advice said that the customer has it.
    pub confirmed: bool,
}

/// A deal as a line of the log and of `GET /book`; later lines of the same `deal` replace earlier ones.
#[derive(Serialize)]
struct Line<'a> {
    deal: String,
    kind: &'static str,
    reference: &'a str,
    rrn: &'a str,
    terminal: &'a str,
    stan: u32,
    transmitted: &'a str,
    account: &'a str,
    amount_minor: u64,
    currency: &'a str,
    lookup_reference: &'a str,
    status: &'static str,
    code: &'a str,
    authorisation: &'a str,
    times: u32,
    reversals: u32,
    confirmed: bool,
    at_ms: u64,
}

/// All deals.
#[derive(Default)]
pub struct IsoBook {
    deals: FxHashMap<DealKey, Deal>,
}

impl Deal {
    /// Its state now: what is pending is done once its time has come.
    #[must_use]
    pub fn status_at(&self, now: Moment) -> DealStatus {
        match self.status {
            DealStatus::Pending(until) if until <= now => DealStatus::Approved,
            status => status,
        }
    }

    fn line(&self, key: &DealKey, now: Moment) -> String {
        let DealKey { terminal, stan, transmitted } = key;
        let line = Line {
            deal: format!("{}/{stan:06}/{transmitted}", terminal.trim()),
            kind: self.kind.into(),
            reference: &self.reference,
            rrn: &self.rrn,
            terminal: terminal.trim(),
            stan: *stan,
            transmitted,
            account: &self.account,
            amount_minor: self.amount_minor,
            currency: &self.currency,
            lookup_reference: &self.lookup,
            status: self.status_at(now).word(),
            code: &self.code,
            authorisation: &self.authorisation,
            times: self.times,
            reversals: self.reversals,
            confirmed: self.confirmed,
            at_ms: now.0 / 1_000_000,
        };
        // A struct of texts and numbers always has a JSON form.
        serde_json::to_string(&line).unwrap_or_default()
    }
}

impl IsoBook {
    /// A deal by its key.
    #[must_use]
    pub fn deal(&self, key: &DealKey) -> Option<&Deal> {
        self.deals.get(key)
    }

    pub(super) fn deal_mut(&mut self, key: &DealKey) -> Option<&mut Deal> {
        self.deals.get_mut(key)
    }

    pub(super) fn insert(&mut self, key: DealKey, deal: Deal) {
        self.deals.insert(key, deal);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.deals.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deals.is_empty()
    }

    /// All deals in the order of their keys.
    #[must_use]
    pub fn deals(&self) -> Vec<(&DealKey, &Deal)> {
        let mut deals: Vec<_> = self.deals.iter().collect();
        deals.sort_unstable_by_key(|(key, _)| *key);
        deals
    }

    /// A deal as a line of JSON, without its end of line.
    #[must_use]
    pub fn line(&self, key: &DealKey, now: Moment) -> Option<String> {
        self.deals.get(key).map(|deal| deal.line(key, now))
    }

    /// Every deal as a line; a deal that was carried out twice has two lines.
    #[must_use]
    pub fn lines(&self, now: Moment) -> String {
        let mut lines = String::new();
        for (key, deal) in self.deals() {
            let line = deal.line(key, now);
            for _ in 0..deal.times.max(1) {
                lines.push_str(&line);
                lines.push('\n');
            }
        }
        lines
    }
}

impl DealKey {
    /// The same number for a request and its repeats.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let Self { terminal, stan, transmitted } = self;
        digest(format!("{terminal}/{stan}/{transmitted}").as_bytes())
    }
}
