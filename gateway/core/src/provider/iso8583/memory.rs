//! Requests that have their result and may still receive an answer: a late one, or another one.

use std::collections::VecDeque;

use arrayvec::ArrayVec;
use rustc_hash::FxHashMap;
use zeroize::Zeroizing;

use super::super::ProviderRequest;
use super::limits::{KEY_BYTES_MAX, REMEMBERED};
use crate::time::Moment;

/// The type of the answer and the bytes of the key's fields: what an answer finds its request by.
pub(super) type MuxKey = ArrayVec<u8, KEY_BYTES_MAX>;

/// A request as it was sent.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) request: ProviderRequest,
    /// Without its frame; card data was never in it.
    pub(super) sent: Zeroizing<Vec<u8>>,
    pub(super) owed: Owed,
    until: Moment,
}

/// Answers that are still owed to requests with one key.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Owed {
    count: u32,
    /// The earliest attempt that one of them may be an answer to.
    first: u32,
    /// No host answers later than [`REMEMBERED`] after the last of them was given up, however
    /// often the same is asked since.
    until: Moment,
}

impl Owed {
    /// Whether one may still come.
    pub(super) fn is_any(self, now: Moment) -> bool {
        self.count > 0 && now < self.until
    }

    /// The earliest attempt that an answer to this one may be of.
    pub(super) fn earliest(self, now: Moment, attempt: u32) -> u32 {
        if self.is_any(now) { self.first.min(attempt) } else { attempt }
    }

    /// One more, to this attempt, which was given up now.
    pub(super) fn and_one(self, now: Moment, attempt: u32) -> Self {
        let earlier = if self.is_any(now) { self.count } else { 0 };
        let first = self.earliest(now, attempt);
        Self { count: earlier + 1, first, until: now.after(REMEMBERED) }
    }

    /// One of them has come.
    pub(super) fn less_one(self) -> Self {
        Self { count: self.count.saturating_sub(1), ..self }
    }
}

/// A bounded number of them, each for [`REMEMBERED`].
#[derive(Debug)]
pub(super) struct Memory {
    entries: FxHashMap<MuxKey, Remembered>,
    /// When each is forgotten, oldest first; one that was replaced has another time by now.
    order: VecDeque<(Moment, MuxKey)>,
    most: usize,
}

impl Memory {
    pub(super) fn new(most: usize) -> Self {
        Self { entries: FxHashMap::default(), order: VecDeque::new(), most }
    }

    pub(super) fn get(&self, key: &MuxKey) -> Option<&Remembered> {
        self.entries.get(key)
    }

    pub(super) fn take(&mut self, key: &MuxKey) -> Option<Remembered> {
        self.entries.remove(key)
    }

    /// Keeps a request; the oldest makes room for it and leaves its buffer.
    pub(super) fn keep(
        &mut self,
        now: Moment,
        key: MuxKey,
        (request, sent, owed): (ProviderRequest, Zeroizing<Vec<u8>>, Owed),
    ) -> Option<Zeroizing<Vec<u8>>> {
        let is_full = self.order.len() >= self.most;
        let forgotten = if is_full { self.forget_first() } else { None };
        let until = now.after(REMEMBERED);
        self.order.push_back((until, key.clone()));
        self.entries.insert(key, Remembered { request, sent, owed, until });
        forgotten
    }

    /// Forgets what is too old.
    pub(super) fn tick(&mut self, now: Moment) {
        while self.order.front().is_some_and(|(until, _)| *until <= now) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        let (until, key) = self.order.pop_front()?;
        let is_it = self.entries.get(&key).is_some_and(|entry| entry.until == until);
        if is_it { self.entries.remove(&key).map(|entry| entry.sent) } else { None }
    }
}
