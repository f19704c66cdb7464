//! Promises 2 and 3 where nothing is written: a balance is what the durable legs leave of the
//! seller's float, and a repeat tells the sale that it names, or the last one of its date.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tillgate_codec::link::message::{Answer, TerminalMessage};
use tillgate_core::id::SessionId;
use tillgate_core::transaction::{Answered, Content, Origin, Reply};
use tillgate_store_core::{BusinessDate, Key, ResponseCode, TerminalId, Transaction};

use super::Checker;
use crate::time::Moment;

const UNABLE_TO_LOCATE: ResponseCode = ResponseCode(*b"25");

#[derive(Default)]
pub(super) struct Reads {
    /// What came over a session at a moment. With another request at the same moment nobody can
    /// say which one is answered.
    asked: FxHashMap<(SessionId, u64), Vec<Asked>>,
    /// What the writer said is left, until it is on its way.
    told: FxHashMap<(SessionId, u32), i64>,
    /// When each row became durable.
    born: FxHashMap<Key, Moment>,
    /// Every sale, whether a handset's, and when it became durable.
    sales: BTreeMap<(bool, TerminalId, BusinessDate, u32), Moment>,
}

#[derive(Clone, Copy)]
struct Asked {
    what: What,
    /// Which state of the registry the operator had been notified of when it came.
    acknowledged: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Balance,
    Repeat(Key),
    Other,
}

impl Reads {
    /// Nobody waits any more.
    pub(super) fn crashed(&mut self) {
        self.asked.clear();
        self.told.clear();
    }

    pub(super) fn entered(&mut self, origin: Origin, body: &[u8], acknowledged: usize) {
        let what = match TerminalMessage::decode(body) {
            Ok(TerminalMessage::Balance(_)) => What::Balance,
            Ok(TerminalMessage::Repeat(repeat)) => {
                let (date, stan) = (repeat.date, repeat.stan);
                What::Repeat(Key { date, terminal: origin.terminal, stan })
            }
            _ => What::Other,
        };
        let asked = self.asked.entry((origin.session, origin.received.0)).or_default();
        asked.push(Asked { what, acknowledged });
    }

    /// A row is durable.
    pub(super) fn durable(&mut self, at: Moment, row: &Transaction, of_handset: bool) {
        let key = row.key;
        self.born.insert(key, at);
        if row.kind.is_sale() {
            self.sales.insert((of_handset, key.terminal, key.date, key.stan), at);
        }
    }

    /// Whether a row was durable when a request came.
    pub(super) fn was_there(&self, key: &Key, received: Moment) -> bool {
        self.born.get(key).is_some_and(|since| *since <= received)
    }

    /// What was asked, where only one thing can be meant.
    fn asked(&self, origin: Origin) -> Option<Asked> {
        match self.asked.get(&(origin.session, origin.received.0)).map(Vec::as_slice) {
            Some([asked]) => Some(*asked),
            _ => None,
        }
    }

    /// The last sale of a terminal's date, or of its handsets, that was durable when a request came.
    fn last_before(
        &self,
        of_handset: bool,
        terminal: TerminalId,
        date: BusinessDate,
        at: Moment,
    ) -> Option<u32> {
        let key = |stan| (of_handset, terminal, date, stan);
        let of_date = self.sales.range(key(0)..=key(u32::MAX)).rev();
        of_date.filter(|(_, since)| **since <= at).map(|((.., stan), _)| *stan).next()
    }
}

impl Checker {
    /// The transaction manager answers what was only asked.
    pub(super) fn read(&mut self, now: Moment, reply: &Reply) {
        let origin = reply.origin;
        let asked = self.reads.asked(origin);
        if let Content::Balance { stan, available_minor, .. } = &reply.content {
            self.reads.told.insert((origin.session, *stan), *available_minor);
        }
        let wrong = match (asked.map(|asked| asked.what), &reply.content) {
            (Some(What::Balance), Content::Balance { available_minor, .. }) => {
                let since = asked.map_or(0, |asked| asked.acknowledged);
                self.balance_otherwise(origin.terminal, since, *available_minor)
            }
            (Some(What::Repeat(key)), Content::Journalled(row) | Content::InProgress(row)) => {
                self.repeated_otherwise(origin, &key, row)
            }
            (Some(What::Repeat(key)), Content::Refused { kind: Answered::Sale, code, .. })
                if *code == UNABLE_TO_LOCATE =>
            {
                self.not_located(origin, &key)
            }
            _ => None,
        };
        if let Some((promise, text)) = wrong {
            self.violate(now, promise, format!("{}: {text}", origin.terminal));
        }
    }

    fn balance_otherwise(
        &self,
        terminal: TerminalId,
        since: usize,
        told_minor: i64,
    ) -> Option<(u8, String)> {
        let floats = self.versions.floats(since, terminal);
        let lefts: Vec<i64> = floats.iter().map(|float| self.money.left(float)).collect();
        let text = format!("with {told_minor} left, and {lefts:?} is");
        (!lefts.contains(&told_minor)).then_some((3, text))
    }

    fn repeated_otherwise(
        &self,
        origin: Origin,
        asked: &Key,
        row: &Transaction,
    ) -> Option<(u8, String)> {
        let told = row.key;
        let of_handset = self.is_of_handset(origin.session);
        if row.kind.is_sale() && self.is_handsets(&told) != of_handset {
            return Some((
                2,
                format!("a repeat of {asked} shows {told}, which is not its asker's"),
            ));
        }
        if asked.stan != 0 {
            let text = format!("a repeat of {asked} shows {told}");
            return (told != *asked).then_some((2, text));
        }
        let (terminal, date) = (asked.terminal, asked.date);
        let before = self.reads.last_before(of_handset, terminal, date, origin.received);
        let other = (told.terminal, told.date) != (asked.terminal, asked.date);
        let older = before.is_some_and(|before| told.stan < before);
        let text = format!("a repeat of the last sale of {} shows {told}", asked.date);
        (other || older || !row.kind.is_sale()).then_some((2, text))
    }

    fn not_located(&self, origin: Origin, asked: &Key) -> Option<(u8, String)> {
        let of_handset = self.is_of_handset(origin.session);
        let (terminal, date) = (asked.terminal, asked.date);
        let last = self.reads.last_before(of_handset, terminal, date, origin.received);
        let there = match asked.stan {
            0 => last.is_some(),
            _ => {
                let is_its = self.is_handsets(asked) == of_handset;
                is_its && self.reads.was_there(asked, origin.received)
            }
        };
        there.then(|| (2, format!("a repeat of {asked} finds nothing, and it is there")))
    }

    /// A balance, encoded, on its way to its session manager.
    pub(super) fn balance_answer(
        &mut self,
        origin: Origin,
        answer: &Answer<'_>,
    ) -> Option<(u8, String)> {
        let told = self.reads.told.remove(&(origin.session, answer.stan));
        let other = answer.code.is_approved() && answer.balance_minor != told;
        other.then(|| {
            (3, format!("with {:?} left, and the writer said {told:?}", answer.balance_minor))
        })
    }
}
