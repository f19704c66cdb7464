//! Promise 9 at the routes: a bridge where nobody answers does not take the sales that another one
//! of their route would take; and only such a bridge is passed over.

use std::collections::BTreeMap;

use tillgate_store_core::BridgeTag;

use super::Checker;
use crate::time::Moment;

/// What the writer has received about each bridge, and when: from then on until that moment.
#[derive(Default)]
pub(super) struct Shunned(BTreeMap<BridgeTag, Vec<(Moment, Moment)>>);

impl Shunned {
    /// When a bridge was shunned: from, and until.
    fn spans(&self, bridge: BridgeTag) -> impl Iterator<Item = (Moment, Moment)> {
        let told = self.0.get(&bridge).map_or(&[][..], Vec::as_slice);
        let next = told.iter().skip(1).map(|(from, _)| *from).chain([Moment(u64::MAX)]);
        told.iter().zip(next).map(|((from, until), next)| (*from, (*until).min(next)))
    }

    /// Whether it was at some moment from `since` to `at`.
    pub(super) fn was(&self, (since, at): (Moment, Moment), bridge: BridgeTag) -> bool {
        self.spans(bridge).any(|(from, until)| from <= at && since < until)
    }

    /// Whether it was all the time from `since` to `at`.
    pub(super) fn was_throughout(&self, (since, at): (Moment, Moment), bridge: BridgeTag) -> bool {
        self.spans(bridge).any(|(from, until)| from <= since && at < until)
    }

    /// A new process knows nothing.
    pub(super) fn crashed(&mut self) {
        self.0.clear();
    }
}

impl Checker {
    /// The writer is notified that sales are to shun a bridge until then.
    pub(in super::super) fn shuns(&mut self, now: Moment, bridge: u16, until: Moment) {
        if let Some(tag) = self.orders.bridges.get(usize::from(bridge)).copied() {
            self.shunned.0.entry(tag).or_default().push((now, until));
        }
    }
}
