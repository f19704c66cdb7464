//! What is special about `[[bridge]]`.

use std::ops::RangeInclusive;

use tillgate_store_core::BridgeTag;

use super::HttpUrl;
use super::reader::{Key, Reader};
use super::sections::BridgeKind;

/// A bridge's name is a column of `services.csv` and a metric label.
const NAME_BYTES_MAX: usize = 32;

impl<'a> Reader<'a> {
    pub(super) fn bridge_kind(&mut self, key: Key<'a>) -> BridgeKind {
        self.require(&key, "\"http\"");
        self.choice(key, &[("http", BridgeKind::Http)])
    }

    pub(super) fn bridge_name(&mut self, key: Key<'a>) -> String {
        let Some((at, name)) = self.text(key, "topup") else { return String::new() };
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let tag = BridgeTag::of(&name);
        if name.len() > NAME_BYTES_MAX || !name.bytes().all(letter) {
            let allowed = format!("allowed are 1 to {NAME_BYTES_MAX} of a-z 0-9 _ -");
            self.fault(at, format!("bridge.name is {name:?}; {allowed}"));
        } else if self.bridges.contains(&name) {
            self.fault(at, format!("two bridges are called {name:?}; names are unique"));
        } else if let Some(other) = self.bridges.iter().find(|other| BridgeTag::of(other) == tag) {
            let text = format!(
                "{name:?} cannot be distinguished from {other:?} in the journal, which keeps a hash \
                 of the name; rename the newer bridge"
            );
            self.fault(at, text);
        }
        self.bridges.insert(name.clone());
        name
    }

    pub(super) fn url(&mut self, key: Key<'a>, example: &str) -> HttpUrl {
        let read = self.text(key, example).and_then(|(at, text)| {
            HttpUrl::parse(&text).map_err(|why| self.fault(at, format!("bridge.url: {why}"))).ok()
        });
        read.unwrap_or(HttpUrl { host: String::new(), port: 0, path: String::new() })
    }

    /// A bridge must give up before the terminal's answer is due.
    pub(super) fn deadline(
        &mut self,
        key: Key<'a>,
        allowed: RangeInclusive<i64>,
        usual: u16,
    ) -> u16 {
        let (at, answer_s) = (key.place(), self.answer_s);
        let deadline_s = self.number(key, allowed, usual);
        if deadline_s >= answer_s {
            let text = format!(
                "bridge.deadline_s is {deadline_s} and transactions.answer_s is {answer_s}; a \
                 bridge must give up before the terminal's answer is due: allowed are 1 to {}",
                answer_s - 1
            );
            self.fault(at, text);
        }
        deadline_s
    }
}
