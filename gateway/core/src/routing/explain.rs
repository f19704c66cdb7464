//! Why a sale goes where it goes: what [`super::Routes::choose`] finds about each rule.

use schemars::JsonSchema;
use serde::Serialize;
use tillgate_store_core::BridgeStatus;
use tillgate_types::Currency;

use super::compiled::{Compiled, CompiledRule};
use super::{Candidates, Question};

/// What is found about a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It takes the sale.
    Taken,
    /// Its bridge is not in the configuration.
    NoBridge,
    /// Its bridge is draining or suspended.
    NotActive,
    /// The account begins otherwise.
    Prefix,
    /// The seller is not below its distributor.
    Distributor,
    /// The sale is in another currency.
    Currency,
    /// The amount is outside its bounds.
    Amount,
    /// It is outside its hours.
    Hours,
    /// A rule that is tried earlier has the same bridge.
    Again,
    /// As many bridges as a sale may try precede it.
    Enough,
}

/// The outcome of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Explained {
    /// The bridge that a service names without a route.
    pub bridge: Option<String>,
    /// What the operator lets that bridge do: active, draining or suspended.
    pub status: Option<String>,
    /// In the order in which they are tried.
    pub rules: Vec<ExplainedRule>,
    /// Names of the bridges that the sale may go to, the first choice first.
    pub candidates: Vec<String>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedRule {
    /// Its place in the route's file, from 1.
    pub rule: u16,
    pub bridge: String,
    pub priority: u16,
    pub weight: u16,
    pub prefix: String,
    pub finding: Finding,
    /// The finding in words.
    pub why: String,
}

impl Explained {
    /// One that takes no sales is no candidate.
    pub(super) fn bridge(name: &str, status: BridgeStatus) -> Self {
        let active = status == BridgeStatus::Active;
        let candidates = Some(name.to_owned()).filter(|_| active).into_iter().collect();
        let status = Some(status.label().to_owned());
        Self { bridge: Some(name.to_owned()), status, rules: Vec::new(), candidates }
    }
}

impl Compiled {
    pub(super) fn explain(&self, question: &Question<'_>) -> Explained {
        let mut noted = vec![None; self.rules.len()];
        let chosen = self.walk(question, |rank, finding| {
            noted[usize::from(rank)] = Some(finding);
        });
        let rules = self.rules.iter().zip(noted).map(|(compiled, noted)| {
            // The walk leaves out what its buckets exclude, and what follows enough candidates.
            let finding = noted.or_else(|| compiled.refusal(question)).unwrap_or(Finding::Enough);
            compiled.explained(finding, question)
        });
        let candidates = self.names(&chosen);
        Explained { bridge: None, status: None, rules: rules.collect(), candidates }
    }

    fn names(&self, chosen: &Candidates) -> Vec<String> {
        let name = |bridge: &u16| {
            let rule = self.rules.iter().find(|compiled| compiled.bridge == Some(*bridge));
            rule.map(|compiled| compiled.rule.bridge.to_string())
        };
        chosen.iter().filter_map(name).collect()
    }
}

impl CompiledRule {
    fn explained(&self, finding: Finding, question: &Question<'_>) -> ExplainedRule {
        let Self { no, rule, .. } = self;
        let major = |minor: u64| {
            let currency = Currency::numbered(rule.currency);
            let major = |currency: Currency| Some(currency.major(i64::try_from(minor).ok()?));
            currency.and_then(major).unwrap_or_else(|| minor.to_string())
        };
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let why = match finding {
            Finding::Taken => "takes the sale".to_owned(),
            Finding::NoBridge => {
                format!("no bridge of the configuration is called {}", rule.bridge)
            }
            Finding::NotActive => format!("its bridge is {}", self.status.label()),
            Finding::Prefix => format!("the account does not begin with {}", rule.prefix),
            Finding::Distributor => {
                let distributor = rule.distributor.unwrap_or_default();
                format!("the seller is not below distributor {distributor}")
            }
            Finding::Currency => {
                let wanted = Currency::numbered(rule.currency).map_or("another", |it| it.alpha);
                format!("for {wanted} only")
            }
            Finding::Amount => {
                let (from, to) = (major(rule.amount_from_minor), major(rule.amount_to_minor));
                format!("for amounts from {from} to {to} only")
            }
            Finding::Hours => {
                let hours = rule.hours.map(|hours| (clock(hours.from_min), clock(hours.to_min)));
                let (from, to) = hours.unwrap_or_default();
                format!("from {from} to {to} only, and it is {}", clock(question.minute))
            }
            Finding::Again => "an earlier rule has the same bridge".to_owned(),
            Finding::Enough => "as many bridges as a sale may try precede it".to_owned(),
        };
        ExplainedRule {
            rule: *no,
            bridge: rule.bridge.to_string(),
            priority: rule.priority,
            weight: rule.weight,
            prefix: rule.prefix.to_string(),
            finding,
            why,
        }
    }
}
