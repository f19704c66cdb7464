//! A route as sales look it up.

use arrayvec::ArrayVec;
use rustc_hash::FxHashMap;
use tillgate_store_core::limits::SUBSCRIBER_BYTES_MAX;
use tillgate_store_core::{BridgeStatus, DistributorId, Hours, Route, RouteRule, Text};

use super::{Candidates, Finding, Place, Question, mix};
use crate::limits::{CANDIDATES_MAX, DISTRIBUTOR_LEVELS_MAX};

/// The buckets that may match one sale: every length of prefix, for each distributor and for none.
const BUCKETS_MAX: usize = (SUBSCRIBER_BYTES_MAX + 1) * (DISTRIBUTOR_LEVELS_MAX + 1);

#[derive(Debug)]
pub(super) struct Compiled {
    /// In the order in which they are tried.
    pub(super) rules: Vec<CompiledRule>,
    /// The ranks of the rules with this prefix and distributor, ascending.
    buckets: FxHashMap<Bucket, Vec<u16>>,
    /// The lengths that prefixes have, ascending.
    lengths: Vec<usize>,
    /// Whether a rule has a distributor.
    asks_for_chain: bool,
}

type Bucket = (Text<SUBSCRIBER_BYTES_MAX>, Option<DistributorId>);

#[derive(Debug)]
pub(super) struct CompiledRule {
    /// Its place in the file, from 1.
    pub(super) no: u16,
    pub(super) rule: RouteRule,
    /// `None`: not in the configuration.
    pub(super) bridge: Option<u16>,
    /// What it may do.
    pub(super) status: BridgeStatus,
}

/// The bridges of the rules that are equal, with their weights.
type Group = ArrayVec<(u16, u32), CANDIDATES_MAX>;

impl Compiled {
    pub(super) fn of(route: &Route, bridges: &FxHashMap<String, Place>) -> Self {
        let compiled = (1..).zip(&route.rules).map(|(no, rule)| {
            let place = bridges.get(rule.bridge.as_str()).copied();
            let status = place.map_or(BridgeStatus::Active, |(_, status)| status);
            CompiledRule { no, rule: rule.clone(), bridge: place.map(|(index, _)| index), status }
        });
        let mut rules: Vec<CompiledRule> = compiled.collect();
        rules.sort_by_key(CompiledRule::precedence);
        let mut buckets: FxHashMap<Bucket, Vec<u16>> = FxHashMap::default();
        for (rank, CompiledRule { rule, .. }) in (0..).zip(&rules) {
            buckets.entry((rule.prefix, rule.distributor)).or_default().push(rank);
        }
        let mut lengths: Vec<usize> = rules.iter().map(|rule| rule.rule.prefix.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let asks_for_chain = rules.iter().any(|compiled| compiled.rule.distributor.is_some());
        Self { rules, buckets, lengths, asks_for_chain }
    }

    /// A bridge may do something else from now on.
    pub(super) fn order(&mut self, bridge: u16, status: BridgeStatus) {
        for compiled in self.rules.iter_mut().filter(|compiled| compiled.bridge == Some(bridge)) {
            compiled.status = status;
        }
    }

    pub(super) fn asks_for_chain(&self) -> bool {
        self.asks_for_chain
    }

    pub(super) fn choose(&self, question: &Question<'_>) -> Candidates {
        self.walk(question, |_, _| {})
    }

    /// The candidates; `note` receives what is found about each rule that is looked at, by rank.
    pub(super) fn walk(
        &self,
        question: &Question<'_>,
        mut note: impl FnMut(u16, Finding),
    ) -> Candidates {
        let (mut chosen, mut group, mut level) = (Candidates::new(), Group::new(), None);
        let mut matching = self.matching(question);
        while let Some(rank) = next_rank(&mut matching) {
            let compiled = &self.rules[usize::from(rank)];
            if level != Some(compiled.level()) {
                share_out(&mut group, question.spread, &mut chosen);
                level = Some(compiled.level());
            }
            if chosen.is_full() {
                note(rank, Finding::Enough);
                break;
            }
            let finding = compiled.refusal(question).unwrap_or_else(|| {
                // A rule that is refused for its bridge does not come here.
                let bridge = compiled.bridge.unwrap_or_default();
                if chosen.contains(&bridge) {
                    return Finding::Again;
                }
                let weight = u32::from(compiled.rule.weight);
                let full = chosen.len() + group.len() >= CANDIDATES_MAX;
                match group.iter_mut().find(|(found, _)| *found == bridge) {
                    Some((_, sum)) => *sum = sum.saturating_add(weight),
                    None if full => return Finding::Enough,
                    None => group.push((bridge, weight)),
                }
                Finding::Taken
            });
            note(rank, finding);
        }
        share_out(&mut group, question.spread, &mut chosen);
        chosen
    }

    /// The buckets of a question.
    fn matching(&self, question: &Question<'_>) -> ArrayVec<&[u16], BUCKETS_MAX> {
        let mut matching = ArrayVec::new();
        let account = question.account;
        for prefix in self.lengths.iter().map_while(|length| account.get(..*length)) {
            let Ok(prefix) = Text::from(prefix) else { break };
            let above = question.chain.iter().map(|distributor| Some(*distributor));
            for distributor in std::iter::once(None).chain(above) {
                if let Some(ranks) = self.buckets.get(&(prefix, distributor))
                    && matching.try_push(&ranks[..]).is_err()
                {
                    return matching;
                }
            }
        }
        matching
    }
}

/// Takes the lowest rank off the buckets.
fn next_rank(buckets: &mut ArrayVec<&[u16], BUCKETS_MAX>) -> Option<u16> {
    let lowest =
        buckets.iter_mut().filter(|ranks| !ranks.is_empty()).min_by_key(|ranks| ranks[0])?;
    let (rank, rest) = lowest.split_first()?;
    *lowest = rest;
    Some(*rank)
}

/// Puts equal rules' bridges behind the chosen ones, each drawn by its weight among those left.
fn share_out(group: &mut Group, spread: u64, chosen: &mut Candidates) {
    let mut draw = spread;
    while !group.is_empty() {
        draw = mix(draw.wrapping_add(1));
        let total: u64 = group.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = draw % total.max(1);
        let place = group.iter().position(|(_, weight)| {
            let weight = u64::from(*weight);
            let here = left < weight;
            left = left.saturating_sub(weight);
            here
        });
        let (bridge, _) = group.remove(place.unwrap_or_default());
        chosen.push(bridge);
    }
}

impl CompiledRule {
    /// Rules of one level are equal, but for their weights.
    fn level(&self) -> (u16, usize) {
        (self.rule.priority, SUBSCRIBER_BYTES_MAX - self.rule.prefix.len())
    }

    fn precedence(&self) -> (u16, usize, u16) {
        let (priority, shortness) = self.level();
        (priority, shortness, self.no)
    }

    /// Why the rule does not take the sale; `None`: it does.
    pub(super) fn refusal(&self, question: &Question<'_>) -> Option<Finding> {
        let rule = &self.rule;
        let outside =
            |minor: u64| !(rule.amount_from_minor..=rule.amount_to_minor).contains(&minor);
        let above = |distributor: DistributorId| question.chain.contains(&distributor);
        if self.bridge.is_none() {
            Some(Finding::NoBridge)
        } else if self.status != BridgeStatus::Active {
            Some(Finding::NotActive)
        } else if !question.account.starts_with(rule.prefix.as_str()) {
            Some(Finding::Prefix)
        } else if rule.distributor.is_some_and(|distributor| !above(distributor)) {
            Some(Finding::Distributor)
        } else if rule.currency != 0 && rule.currency != question.currency {
            Some(Finding::Currency)
        } else if question.amount_minor.is_some_and(outside) {
            Some(Finding::Amount)
        } else if rule.hours.is_some_and(|hours: Hours| !hours.contain(question.minute)) {
            Some(Finding::Hours)
        } else {
            None
        }
    }
}
