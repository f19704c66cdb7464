//! What an answer means: the first rule that it matches, if it repeats what it has to.

use std::collections::BTreeMap;

use http::StatusCode;
use tillgate_store_core::{ProviderOutcome, Text};
use tillgate_types::{Currency, ResponseCode, decimal};

use super::json::{Malformed, Path, Value};
use super::section::Section;
use crate::provider::answer::Found;
use crate::provider::http_json;
use crate::provider::{ProviderRequest, ProviderRequestKind, ProviderResult};

/// Where everything is in the answers to one kind of request.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) reference: Option<Path>,
    pub(super) amount: Option<Amount>,
    pub(super) currency: Option<Path>,
    pub(super) provider_reference: Option<Path>,
    pub(super) code: Option<Path>,
    pub(super) lookup: Lookup,
    pub(super) rules: Vec<Rule>,
}

/// Where an amount is.
#[derive(Clone, Debug)]
pub(super) enum Amount {
    /// As a decimal number of the currency's major unit.
    Decimal(Path),
    /// As a whole number of minor units.
    Minor(Path),
}

/// Where what a lookup found is.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookup {
    pub(super) reference: Option<Path>,
    pub(super) low: Option<Path>,
    pub(super) high: Option<Path>,
    pub(super) name: Option<Path>,
    pub(super) text: Option<Path>,
}

/// An answer that has one of these statuses and all of these values.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Any status if there are none.
    pub(super) http: Vec<u16>,
    /// Each path has one of its values.
    pub(super) json: Vec<(Path, Vec<Literal>)>,
    pub(super) is: Meaning,
    /// The answer is nothing without our reference.
    pub(super) repeats_reference: bool,
    /// The answer is nothing without our amount.
    pub(super) repeats_amount: bool,
    /// Of a decline, where the profile states it.
    pub(super) code: Option<ResponseCode>,
}

/// A value that a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    /// A list without elements.
    Nothing,
    Text(String),
    /// A number or truth value, as it is written.
    Raw(String),
}

/// What an answer says about its request.
pub(super) enum Said {
    /// Its result.
    Result(ProviderResult),
    /// It is carried out once it is confirmed; the provider's reference, empty if it cannot be
    /// kept whole.
    Created(Text<32>),
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(super) enum Meaning {
    Created,
    Approved,
    Declined,
    Pending,
    NotFound,
    Reversed,
    Refused,
    Noted,
    Found,
}

impl Meaning {
    /// What the answers to the requests of a section can say.
    pub(super) fn of(section: Section) -> &'static [Self] {
        match section {
            Section::Authorize => &[Self::Created, Self::Approved, Self::Declined, Self::Pending],
            Section::Confirm | Section::Callback => {
                &[Self::Approved, Self::Declined, Self::Pending]
            }
            Section::Inquire => {
                &[Self::Created, Self::Approved, Self::Declined, Self::Pending, Self::NotFound]
            }
            Section::Reverse => &[Self::Reversed, Self::Refused],
            Section::Advise => &[Self::Noted, Self::Refused],
            Section::Lookup => &[Self::Found, Self::Declined],
        }
    }

    /// Whether a rule for it may do without our reference: no sale is approved or taken back
    /// because of it. That an inquiry was refused says nothing about the sale, and neither does
    /// that one confirmation was.
    pub(super) fn may_be_unnamed(self, section: Section) -> bool {
        match self {
            Self::Pending | Self::NotFound => section != Section::Callback,
            Self::Declined => matches!(section, Section::Authorize | Section::Lookup),
            _ => false,
        }
    }
}

impl Answer {
    /// What an answer says about a request; `None` if that is nothing.
    pub(super) fn read(
        &self,
        request: &ProviderRequest,
        status: StatusCode,
        body: &[u8],
        codes: &BTreeMap<String, ResponseCode>,
    ) -> Option<Said> {
        let document = Value::document(body)?;
        let rule = self.rule(status, document)?;
        self.repeats(rule, request, document)?;
        let word = |path: &Option<Path>| Some(at(document, path)?.and_then(Value::word));
        let given = word(&self.provider_reference)?.unwrap_or_default();
        let reference = http_json::reference(&given);
        if rule.is == Meaning::Created {
            // Half of it would name another order.
            let is_whole = *reference == *given;
            return Some(Said::Created(if is_whole { reference } else { Text::new() }));
        }
        let code = match rule.code {
            Some(code) => code,
            None => {
                let given = word(&self.code)?.unwrap_or_default();
                match codes.get(&given) {
                    Some(code) => *code,
                    None if codes.is_empty() => http_json::code(&given),
                    None => ResponseCode::NOT_HONOURED,
                }
            }
        };
        let outcome = match rule.is {
            Meaning::Created | Meaning::Pending => {
                return Some(Said::Result(ProviderResult::Pending));
            }
            Meaning::NotFound => {
                let attempt = request.attempt;
                return Some(Said::Result(ProviderResult::NotFound { attempt }));
            }
            Meaning::Found => return self.found(request, document).map(Said::Result),
            Meaning::Declined if request.kind == ProviderRequestKind::Lookup => {
                return Some(Said::Result(ProviderResult::Lookup(Err(code))));
            }
            Meaning::Approved => ProviderOutcome::Approved { reference, chip: None },
            Meaning::Declined => ProviderOutcome::Declined { code, reference, chip: None },
            Meaning::Reversed => ProviderOutcome::Reversed,
            Meaning::Refused => ProviderOutcome::ReversalDeclined,
            Meaning::Noted => ProviderOutcome::AdviceAcknowledged,
        };
        Some(Said::Result(ProviderResult::Outcome(outcome)))
    }

    /// The first rule that an answer matches.
    fn rule(&self, status: StatusCode, document: Value<'_>) -> Option<&Rule> {
        for rule in &self.rules {
            if rule.matches(status, document).ok()? {
                return Some(rule);
            }
        }
        None
    }

    /// Why an answer says nothing about a request.
    pub(super) fn doubt(
        &self,
        request: &ProviderRequest,
        status: StatusCode,
        body: &[u8],
    ) -> &'static str {
        let Some(document) = Value::document(body) else { return "its body is no JSON" };
        let Some(rule) = self.rule(status, document) else { return "no rule matches it" };
        let lacks =
            |path: &Option<Path>| path.is_some() && matches!(at(document, path), Some(None));
        let amount = match &self.amount {
            Some(Amount::Decimal(path) | Amount::Minor(path)) => document.at(path).ok().flatten(),
            None => None,
        };
        if rule.repeats_reference && lacks(&self.reference) {
            return "it has no reference where the profile has it";
        }
        if rule.repeats_amount && self.amount.is_some() && amount.is_none() {
            return "it has no amount where the profile has it";
        }
        match self.repeats(rule, request, document) {
            None => "it has another reference, amount or currency",
            Some(()) => "it says nothing that it can say about this request",
        }
    }

    /// An answer is about a request only if it repeats its reference and amount; where the rule
    /// does not ask for one of them, it must not be another one either.
    fn repeats(&self, rule: &Rule, request: &ProviderRequest, document: Value<'_>) -> Option<()> {
        match at(document, &self.reference)? {
            Some(value) => (value.text()? == *request.reference).then_some(())?,
            // That a repeat was refused says nothing about the attempt before it.
            None if rule.is == Meaning::Declined && request.attempt > 1 => return None,
            None => (!rule.repeats_reference).then_some(())?,
        }
        // A lookup finds out the amount; the others repeat it.
        match self.amount(request, document)? {
            _ if request.kind == ProviderRequestKind::Lookup => {}
            Some(amount) => (amount == request.amount_minor).then_some(())?,
            None => (!rule.repeats_amount).then_some(())?,
        }
        let Some(value) = at(document, &self.currency)? else { return Some(()) };
        let ours = Currency::numbered(request.currency)?;
        let theirs = value.word()?;
        let number: Option<u16> = theirs.parse().ok();
        (theirs == ours.alpha || number == Some(ours.number)).then_some(())
    }

    /// The amount in minor units, if it is there; `None` if it is there and no amount.
    fn amount(&self, request: &ProviderRequest, document: Value<'_>) -> Option<Option<u64>> {
        match &self.amount {
            None => Some(None),
            Some(Amount::Decimal(path) | Amount::Minor(path)) => {
                self.minor(request, document, Some(path))
            }
        }
    }

    /// As [`Answer::amount`], of another path in the same unit.
    fn minor(
        &self,
        request: &ProviderRequest,
        document: Value<'_>,
        path: Option<&Path>,
    ) -> Option<Option<u64>> {
        let Some(path) = path else { return Some(None) };
        let Some(value) = document.at(path).ok()? else { return Some(None) };
        let word = value.word()?;
        if let Some(Amount::Minor(_)) = self.amount {
            let digits = word.bytes().all(|byte| byte.is_ascii_digit());
            return word.parse().ok().filter(|_| digits).map(Some);
        }
        exact(&word, Currency::numbered(request.currency)?.decimals).map(Some)
    }

    /// What a lookup found.
    fn found(&self, request: &ProviderRequest, document: Value<'_>) -> Option<ProviderResult> {
        let Lookup { reference, low, high, name, text } = &self.lookup;
        let word = |path: &Option<Path>| Some(at(document, path)?.and_then(Value::word));
        let bound = |path: &Option<Path>| self.minor(request, document, path.as_ref());
        let found = Found {
            reference: &word(reference)??,
            amount_minor: self.amount(request, document)?.unwrap_or(0),
            low_minor: bound(low)?.unwrap_or(0),
            high_minor: bound(high)?.unwrap_or(0),
            name: &word(name)?.unwrap_or_default(),
            text: &word(text)?.unwrap_or_default(),
        };
        Some(ProviderResult::Lookup(Ok(Box::new(found.bill()?))))
    }
}

impl Rule {
    fn matches(&self, status: StatusCode, document: Value<'_>) -> Result<bool, Malformed> {
        if !self.http.is_empty() && !self.http.contains(&status.as_u16()) {
            return Ok(false);
        }
        for (path, literals) in &self.json {
            let Some(value) = document.at(path)? else { return Ok(false) };
            if !literals.iter().any(|literal| literal.is(value)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Literal {
    fn is(&self, value: Value<'_>) -> bool {
        match self {
            Self::Nothing => value.elements().is_some_and(|elements| elements.is_empty()),
            Self::Text(text) => value.text().is_some_and(|found| found == *text),
            Self::Raw(raw) => value.raw() == raw,
        }
    }
}

/// The value at a path, if there is one; `None` if the answer counts for nothing.
fn at<'a>(document: Value<'a>, path: &Option<Path>) -> Option<Option<Value<'a>>> {
    match path {
        Some(path) => document.at(path).ok(),
        None => Some(None),
    }
}

/// A decimal number as a whole number of its smallest unit, exactly; zeros behind the last decimal
/// change nothing.
fn exact(text: &str, decimals: u32) -> Option<u64> {
    let mut text = text;
    if let Some((whole, fraction)) = text.split_once('.') {
        let excess = fraction.len().saturating_sub(usize::try_from(decimals).ok()?);
        let zeros = fraction.len() - fraction.trim_end_matches('0').len();
        text = &text[..text.len() - excess.min(zeros)];
        if text.len() == whole.len() + 1 && !fraction.is_empty() {
            text = whole;
        }
    }
    u64::try_from(decimal(text, decimals)?).ok()
}
