//! What a simulated provider does to whom: rules that are tried in their order, and outages.
//!
//! A rule names the requests it is about (kind, account, amount, every Nth, a share of them) and one
//! [`Effect`]. The first rule that matches a request decides; a request that no rule matches is
//! carried out and answered. Shares are drawn from (seed, request), never from the order in which
//! requests arrive, and a repeat is answered properly unless its rule says `repeats`, so every
//! request comes to its end.

use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::firmware::Delay;
use crate::rng::Rng;
use crate::sales_log::digest;
use crate::time::{Moment, Span};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// To do something that costs money: 0100, 0200.
    Sale,
    /// What is to be paid on an account: processing code 31.
    Lookup,
    /// To note what was done elsewhere, or that the customer has it: 0120, 0220.
    Advice,
    /// To take a request back: 0400, 0420.
    Reversal,
    /// The outcome of an earlier request, by its reference.
    Inquiry,
    /// Sign-on, sign-off, echo, key exchange: 0800.
    Network,
}

impl Kind {
    /// Keeps the draws of a sale apart from those of its reversal, which may have the same key.
    fn stream(self) -> u64 {
        digest(<&str>::from(self).as_bytes())
    }
}

/// What a rule does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Carried out and answered.
    Answer,
    /// Refused with this code, without effect.
    Decline(String),
    /// Neither carried out nor answered.
    Lose,
    /// Carried out, never answered.
    Silent,
    /// Accepted; carried out after this span.
    Pending(Span),
    /// Answered twice, the second time after this span.
    Duplicate(Span),
    /// Carried out at once, answered after this span.
    Late(Span),
    /// Answered after the connection's next answer, or after this span if there is none.
    Reorder(Span),
    /// Half a message in a whole frame, then the end of the connection.
    Truncate,
    /// Half a frame, then the end of the connection.
    Cut,
    /// Half a frame, and nothing ever after on this connection.
    Half,
    /// The end of the connection in the place of an answer.
    Disconnect,
    /// Random bytes in the place of an answer.
    Garbage,
    /// Carried out and approved; after this span a decline of the same request.
    ApproveThenDecline(Span),
    /// Carried out, but declined; after this span the approval.
    DeclineThenApprove(Span),
    /// An answer about another reference.
    WrongReference,
    /// An answer about another STAN.
    WrongStan,
    /// An answer about another amount.
    WrongAmount,
    /// An answer whose authentication code is wrong.
    WrongMac,
    /// The connection's answer before this one, once more.
    Earlier,
}

impl Effect {
    /// Whether a request is carried out under it.
    #[must_use]
    pub const fn carries_out(&self) -> bool {
        !matches!(self, Self::Decline(_) | Self::Lose)
    }
}

/// The requests of a rule, and what is done with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Requests of these kinds; all if empty.
    pub on: Vec<Kind>,
    /// Accounts that begin so.
    pub account_prefix: String,
    /// Least and greatest amount in minor units.
    pub amount_minor: (u64, u64),
    /// Every Nth of the requests that the conditions above select; 1 is each of them.
    pub every: u64,
    /// Of 1000 that are left.
    pub permille: u16,
    /// Whether repeats of a request are treated in the same way.
    pub repeats: bool,
    /// From the request to its answer; the script's own if `None`.
    pub latency: Option<Delay>,
    /// What is done.
    pub effect: Effect,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            on: Vec::new(),
            account_prefix: String::new(),
            amount_minor: (0, u64::MAX),
            every: 1,
            permille: 1_000,
            repeats: false,
            latency: None,
            effect: Effect::Answer,
        }
    }
}

/// How a provider is out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Reach {
    /// It accepts no connection and ends those that it has.
    Refuse,
    /// It accepts connections and bytes, and drops the bytes.
    Silent,
}

/// A time in which a provider is out of reach, counted from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    pub from: Span,
    pub to: Span,
    pub reach: Reach,
}

/// The behaviour of a provider.
#[derive(Clone, Debug)]
pub struct Script {
    /// For every decision.
    pub seed: u64,
    /// From a request to its answer.
    pub latency: Delay,
    /// Whether a repeated request is carried out once. `false` is for showing that an audit finds it.
    pub idempotent: bool,
    pub rules: Vec<Rule>,
    pub outages: Vec<Outage>,
}

impl Default for Script {
    fn default() -> Self {
        let latency = Delay::Fixed(Span::ms(2));
        Self { seed: 1, latency, idempotent: true, rules: Vec::new(), outages: Vec::new() }
    }
}

/// What is known of a request when a rule is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub kind: Kind,
    /// In full, also where the book has it masked.
    pub account: &'a str,
    pub amount_minor: u64,
    /// The same for a request and its repeats; a reversal may have that of its original.
    pub digest: u64,
    pub is_repeat: bool,
}

/// A script at work.
pub struct Director {
    script: Script,
    /// Requests that each rule selected so far.
    selected: Vec<u64>,
    begun: Moment,
}

/// Keeps the draws of rules apart from one another.
const RULE_STREAM: u64 = 0x5255_4C45_0000_0001;

impl Director {
    /// A script that begins now.
    #[must_use]
    pub fn new(script: Script, now: Moment) -> Self {
        Self { selected: vec![0; script.rules.len()], script, begun: now }
    }

    #[must_use]
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// Other rules from now on.
    pub fn follow(&mut self, rules: Vec<Rule>) {
        (self.selected, self.script.rules) = (vec![0; rules.len()], rules);
    }

    /// What is done with a request, and how long its answer takes.
    pub fn decide(&mut self, facts: &Facts<'_>) -> (Effect, Span) {
        let Script { seed, rules, latency, .. } = &self.script;
        let digest = facts.digest ^ facts.kind.stream();
        let mut latency_rng = Rng::new(*seed, digest);
        for (number, rule) in (1_u64..).zip(rules) {
            if !rule.selects(facts) || (facts.is_repeat && !rule.repeats) {
                continue;
            }
            let place = usize::try_from(number - 1).unwrap_or(usize::MAX);
            let Some(selected) = self.selected.get_mut(place) else { continue };
            *selected += 1;
            let stream = digest ^ RULE_STREAM.wrapping_mul(number);
            if selected.is_multiple_of(rule.every.max(1))
                && Rng::new(*seed, stream).chance(rule.permille)
            {
                let latency = rule.latency.unwrap_or(*latency);
                return (rule.effect.clone(), latency.draw(&mut latency_rng));
            }
        }
        (Effect::Answer, latency.draw(&mut latency_rng))
    }

    /// How the provider is out of reach now, and until when; `None` while it is in reach.
    #[must_use]
    pub fn outage(&self, now: Moment) -> Option<(Reach, Moment)> {
        let since = now.since(self.begun);
        let outage = self.script.outages.iter().find(|o| o.from <= since && since < o.to)?;
        Some((outage.reach, self.begun.after(outage.to)))
    }

    /// When the next outage of that kind begins.
    #[must_use]
    pub fn next_outage(&self, now: Moment, reach: Reach) -> Option<Moment> {
        let of_kind = self.script.outages.iter().filter(|outage| outage.reach == reach);
        of_kind.map(|outage| self.begun.after(outage.from)).filter(|from| *from > now).min()
    }
}

impl Rule {
    fn selects(&self, facts: &Facts<'_>) -> bool {
        (self.on.is_empty() || self.on.contains(&facts.kind))
            && facts.account.starts_with(&self.account_prefix)
            && (self.amount_minor.0..=self.amount_minor.1).contains(&facts.amount_minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(digest: u64) -> Facts<'static> {
        Facts { kind: Kind::Sale, account: "2332", amount_minor: 500, digest, is_repeat: false }
    }

    fn director(rules: Vec<Rule>) -> Director {
        Director::new(Script { rules, ..Script::default() }, Moment(0))
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let rule = |prefix: &str, effect| Rule {
            account_prefix: prefix.to_owned(),
            effect,
            ..Rule::default()
        };
        let mut director = director(vec![
            rule("9", Effect::Lose),
            rule("23", Effect::Cut),
            rule("", Effect::Half),
        ]);
        assert_eq!(director.decide(&facts(1)).0, Effect::Cut);
        let other = Facts { account: "5", ..facts(1) };
        assert_eq!(director.decide(&other).0, Effect::Half);
    }

    #[test]
    fn a_repeat_is_answered_unless_its_rule_says_otherwise() {
        for (repeats, effect) in [(false, Effect::Answer), (true, Effect::Silent)] {
            let rule = Rule { repeats, effect: Effect::Silent, ..Rule::default() };
            let repeat = Facts { is_repeat: true, ..facts(1) };
            assert_eq!(director(vec![rule]).decide(&repeat).0, effect);
        }
    }

    #[test]
    fn every_third_request_is_every_third_that_the_conditions_select() {
        let rule = Rule {
            on: vec![Kind::Sale],
            amount_minor: (500, 500),
            every: 3,
            effect: Effect::Cut,
            ..Rule::default()
        };
        let mut director = director(vec![rule]);
        let mut cut = Vec::new();
        for number in 1..=9 {
            let other = Facts { amount_minor: 501, ..facts(number) };
            assert_eq!(director.decide(&other).0, Effect::Answer);
            if director.decide(&facts(number)).0 == Effect::Cut {
                cut.push(number);
            }
        }
        assert_eq!(cut, [3, 6, 9]);
    }

    #[test]
    fn shares_depend_on_the_request_and_not_on_the_order() {
        let rule = || Rule { permille: 300, effect: Effect::Cut, ..Rule::default() };
        let hit = |digests: &mut dyn Iterator<Item = u64>| {
            let mut director = director(vec![rule()]);
            let hit = digests.filter(|digest| director.decide(&facts(*digest)).0 == Effect::Cut);
            let mut hit: Vec<u64> = hit.collect();
            hit.sort_unstable();
            hit
        };
        let forwards = hit(&mut (0..1_000));
        assert_eq!(forwards, hit(&mut (0..1_000).rev()));
        assert!((250..350).contains(&forwards.len()), "{}", forwards.len());
    }

    #[test]
    fn an_outage_has_a_beginning_and_an_end() {
        let outage = Outage { from: Span::s(2), to: Span::s(3), reach: Reach::Refuse };
        let script = Script { outages: vec![outage], ..Script::default() };
        let director = Director::new(script, Moment(0).after(Span::s(10)));
        let at = |s| Moment(0).after(Span::s(s));
        assert_eq!(director.next_outage(at(10), Reach::Refuse), Some(at(12)));
        assert_eq!(director.next_outage(at(10), Reach::Silent), None);
        assert_eq!(director.outage(at(11)), None);
        assert_eq!(director.outage(at(12)), Some((Reach::Refuse, at(13))));
        assert_eq!(director.outage(at(13)), None);
    }
}
