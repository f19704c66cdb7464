//! Where a verified sale goes.

use tillgate_store_core::limits::SUBSCRIBER_BYTES_MAX;
use tillgate_store_core::{Begin, Command, Lookup, ResponseCode, Text, VerificationResult};

use super::commit::{CommitContext, Way};
use super::{Origin, TransactionManager};
use crate::card::CardData;
use crate::routing::Candidates;
use crate::time::Moment;

impl TransactionManager {
    /// A verified sale: it goes to the first bridge of its route that has room and is well, or where
    /// what it pays was looked up.
    pub(super) fn on_sale(
        &mut self,
        now: Moment,
        origin: Origin,
        (mut begin, account, card): (Begin, Text<SUBSCRIBER_BYTES_MAX>, Option<Box<CardData>>),
        (mut bridges, token, lookup): (Candidates, u64, Lookup),
    ) {
        if let Some(found_at) = self.lookups.found_at(&begin.key, token)
            && bridges.contains(&found_at)
        {
            bridges.retain(|bridge| *bridge == found_at);
        }
        let wanted = bridges.first().copied();
        self.bridges.prefer_well(now, &mut bridges);
        bridges.retain(|bridge| !self.is_full(*bridge));
        let full = begin.kind.has_provider() && bridges.is_empty();
        let bridge = bridges.first().copied().or(wanted);
        if (self.draining || full) && matches!(begin.verdict, VerificationResult::Accepted { .. }) {
            // Journalled like any decline, so that a retry receives the same answer.
            begin.verdict = VerificationResult::Refused(ResponseCode::PROVIDER_UNAVAILABLE);
        }
        if matches!(begin.verdict, VerificationResult::Accepted { .. }) {
            match self.lookups.redeem(now, (&begin, &account, bridge), token, lookup) {
                Ok(reference) => begin.terms.lookup = reference,
                Err(code) => begin.verdict = VerificationResult::Refused(code),
            }
        }
        if let Some(bridge) = bridge {
            begin.bridge = self.bridges.tag(bridge);
            bridges.retain(|other| *other != bridge);
        }
        let (key, way) = (begin.key, Way { account, card, alternatives: bridges });
        self.push_staged(Command::Begin(begin), CommitContext::Sale { origin, key, way });
    }

    /// Whether a bridge is to get no more top-ups: the operator says so, or what is pending has its
    /// limits, and one provider that is dead must not use them up for the others.
    pub(super) fn is_full(&self, bridge: u16) -> bool {
        let most = self.limits.pending_max;
        let share = if self.bridges.count() > 1 { most.div_ceil(2) } else { most };
        !self.bridges.is_active(bridge)
            || self.pending.len() >= most
            || self.bridges.held(bridge) >= share
    }
}
