//! Rules of a script: whom they are about, and the words for what they do.

use serde::Deserialize;
use tillsim_core::provider::script::{Effect, Kind, Rule};
use tillsim_core::provider::shapes::Shape;
use tillsim_core::time::Span;

use super::{Duration, Latency, Percent, Served, Word};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulePart {
    #[serde(default)]
    on: Vec<Word<Kind>>,
    #[serde(default)]
    account_prefix: String,
    #[serde(default)]
    amount_minor_min: u64,
    amount_minor_max: Option<u64>,
    #[serde(default = "one")]
    every: u64,
    percent: Option<Percent>,
    #[serde(default)]
    repeats: bool,
    latency: Option<Latency>,
    r#do: String,
    code: Option<String>,
    after: Option<Duration>,
}

fn one() -> u64 {
    1
}

/// The words for effects that need nothing, and those that need a span.
pub(super) const PLAIN: [(&str, Effect); 13] = [
    ("answer", Effect::Answer),
    ("lose", Effect::Lose),
    ("silent", Effect::Silent),
    ("truncate", Effect::Truncate),
    ("cut", Effect::Cut),
    ("half", Effect::Half),
    ("disconnect", Effect::Disconnect),
    ("garbage", Effect::Garbage),
    ("wrong-reference", Effect::WrongReference),
    ("wrong-stan", Effect::WrongStan),
    ("wrong-amount", Effect::WrongAmount),
    ("wrong-mac", Effect::WrongMac),
    ("earlier", Effect::Earlier),
];
pub(super) type Timed = fn(Span) -> Effect;
pub(super) const TIMED: [(&str, Timed); 6] = [
    ("pending", Effect::Pending),
    ("duplicate", Effect::Duplicate),
    ("late", Effect::Late),
    ("reorder", Effect::Reorder),
    ("approve-then-decline", Effect::ApproveThenDecline),
    ("decline-then-approve", Effect::DeclineThenApprove),
];
const DECLINE: &str = "decline";

/// Longest code of a decline over HTTP.
const CODE_CHARS_MAX: usize = 64;

/// Whether a code may decline: of an ISO 8583 host two letters or digits that are no approval.
fn is_decline(code: &str, served: Served) -> bool {
    let is_word = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_graphic());
    is_word && code.len() <= CODE_CHARS_MAX && (!served.host || code.len() == 2 && code != "00")
}

impl Served {
    /// Whether anything that is served can do that.
    fn can(self, effect: &Effect) -> bool {
        let over_http = |shape| match effect {
            Effect::Reorder(_) | Effect::WrongStan => false,
            Effect::Duplicate(_) | Effect::WrongMac => shape == Shape::DtOne,
            _ => true,
        };
        self.host || self.http.is_some_and(over_http)
    }
}

impl RulePart {
    fn effect(&self, served: Served) -> Result<Effect, String> {
        let is_decline = |code: &str| is_decline(code, served);
        let word = self.r#do.as_str();
        let plain = PLAIN.iter().find(|(known, _)| *known == word);
        let timed = TIMED.iter().find(|(known, _)| *known == word);
        match (word, plain, timed, &self.code, &self.after) {
            (DECLINE, _, _, Some(code), None) if is_decline(code) => {
                Ok(Effect::Decline(code.clone()))
            }
            (DECLINE, _, _, _, None) => Err(format!(
                "do = {DECLINE:?} needs the code of a decline, as code = \"51\"; of an ISO 8583 host \
                 it has two characters"
            )),
            (_, None, None, _, _) if word != DECLINE => {
                let words = PLAIN.iter().map(|(word, _)| *word);
                let words = [DECLINE].into_iter().chain(words).chain(TIMED.map(|(word, _)| word));
                let words = words.collect::<Vec<_>>().join(", ");
                Err(format!("do = {word:?} is not one of {words}"))
            }
            (_, Some((_, effect)), _, None, None) => Ok(effect.clone()),
            (_, _, Some((_, timed)), None, Some(Duration(after))) => Ok(timed(*after)),
            (_, _, Some(_), None, None) => {
                Err(format!("do = {word:?} needs a time, as after = \"3s\""))
            }
            (_, _, _, Some(_), _) if word != DECLINE => {
                Err(format!("do = {word:?} takes no code; it belongs to do = {DECLINE:?}"))
            }
            _ => Err(format!("do = {word:?} takes no after")),
        }
    }

    pub(super) fn resolve(self, served: Served) -> Result<Rule, String> {
        let effect = self.effect(served)?;
        if !served.can(&effect) {
            let (word, shape) = (&self.r#do, served.http.map_or("", <&str>::from));
            return Err(format!("do = {word:?} is not possible over HTTP in shape {shape}"));
        }
        if self.every == 0 {
            return Err("every is 0; 1 is each request, 2 every second one".to_owned());
        }
        let amount_minor = (self.amount_minor_min, self.amount_minor_max.unwrap_or(u64::MAX));
        if amount_minor.0 > amount_minor.1 {
            return Err("amount_minor_min is over amount_minor_max".to_owned());
        }
        Ok(Rule {
            on: self.on.into_iter().map(|Word(kind)| kind).collect(),
            account_prefix: self.account_prefix,
            amount_minor,
            every: self.every,
            permille: self.percent.map_or(1_000, |Percent(permille)| permille),
            repeats: self.repeats,
            latency: self.latency.map(|Latency(latency)| latency),
            effect,
        })
    }
}
