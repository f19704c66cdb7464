//! What a profile says that could never work: it is refused, or warned of, before a sale depends on
//! it.

use http::HeaderName;
use toml::Spanned;

use super::answer::{Answer, Literal, Meaning, Rule};
use super::profile::Compiler;
use super::section::Section;
use super::text::{Field, Source};
use super::written::{AnswerText, ProfileText};
use super::{Operation, Profile};

impl Profile {
    /// Whether any answer of these sections can mean that.
    fn means(&self, sections: &[Section], meaning: Meaning) -> bool {
        let answers = sections.iter().filter_map(|section| self.operation(*section));
        answers.flat_map(|operation| &operation.answer.rules).any(|rule| rule.is == meaning)
    }
}

impl Rule {
    /// Whether it matches every answer that `other` matches.
    fn covers(&self, other: &Self) -> bool {
        let has_status = self.http.is_empty()
            || (!other.http.is_empty() && other.http.iter().all(|code| self.http.contains(code)));
        let is_within = |of: &[Literal], all: &[Literal]| of.iter().all(|one| all.contains(one));
        let has_values = self.json.iter().all(|(path, literals)| {
            other.json.iter().any(|(place, values)| place == path && is_within(values, literals))
        });
        has_status && has_values
    }
}

impl Compiler {
    /// Rules that no answer reaches, and values that none of them reads.
    pub(super) fn usable_answer(&mut self, section: Section, answer: &Answer, text: &AnswerText) {
        for (n, (rule, written)) in answer.rules.iter().zip(&text.rule).enumerate() {
            let at = written.span().start;
            if answer.rules.iter().take(n).any(|earlier| earlier.covers(rule)) {
                let why = "this rule is never reached: an earlier one matches every answer that it \
                           matches; put it before that one, or remove it";
                self.fault(at, why);
            }
            if let (Some(code), true) = (&written.as_ref().code, rule.is != Meaning::Declined) {
                self.fault(code.span().start, "code is of rules that are \"declined\"; remove it");
            }
        }
        let found: [(&str, &Option<Spanned<String>>); 5] = [
            ("lookup_reference", &text.lookup_reference),
            ("amount_min", &text.amount_min),
            ("amount_max", &text.amount_max),
            ("name", &text.name),
            ("text", &text.text),
        ];
        for (key, path) in found {
            if let (Some(path), true) = (path, section != Section::Lookup) {
                let why = format!("answer.{key} is read of [lookup] only; remove it");
                self.fault(path.span().start, why);
            }
        }
    }

    /// An order that is created first needs its confirmation, and the other way round.
    pub(super) fn two_steps(
        &mut self,
        text: &ProfileText,
        operations: &[Option<Operation>; Section::ALL.len()],
    ) {
        let [authorize, confirm, inquire, ..] = operations;
        let means = |operation: &Option<Operation>, meaning| {
            let rules = operation.iter().flat_map(|operation| &operation.answer.rules);
            rules.into_iter().any(|rule| rule.is == meaning)
        };
        let at = text.authorize.span().start;
        let Some((confirm, confirm_at)) = confirm.as_ref().zip(text.confirm.as_ref()) else {
            if means(authorize, Meaning::Created) || means(inquire, Meaning::Created) {
                let why = "a rule that is \"created\" needs a section [confirm]: nothing would ever \
                           carry the order out";
                self.fault(at, why);
            }
            return;
        };
        if !means(authorize, Meaning::Created) {
            let why = "[confirm] is never sent: no rule of [authorize] is \"created\"";
            self.fault(confirm_at.span().start, why);
        }
        let mut fields = confirm.fields();
        let named = fields.any(|field| *field == Field::Of(Source::ProviderReference));
        let given = authorize.as_ref().and_then(|of| of.answer.provider_reference.as_ref());
        if named && given.is_none() {
            let why = "[confirm] says {provider_reference}, and [authorize] has no \
                       answer.provider_reference to take it from";
            self.fault(confirm_at.span().start, why);
        }
        if means(authorize, Meaning::Approved) || means(authorize, Meaning::Pending) {
            let why = "[authorize] may be approved or pending without [confirm]: an order whose \
                       answer is lost before its confirmation counts as not sent, so that such \
                       an answer must not be a rule here. What matches none is UNKNOWN";
            self.fault(at, why);
        }
    }

    /// What the sections of a profile lack together.
    pub(super) fn usable(&mut self, profile: &Profile, text: &ProfileText) {
        use Section::{Authorize, Confirm, Inquire, Lookup};
        let at = text.authorize.span().start;
        let asks = profile.operation(Inquire).is_some() || profile.callback.is_some();
        let first = [Authorize, Confirm];
        if !asks && !profile.means(&first, Meaning::Approved) {
            let why = "no sale is ever approved: no answer says so, and there is neither [inquire] \
                       nor [callback] to find it out by";
            self.fault(at, why);
        } else if !asks && profile.means(&first, Meaning::Pending) {
            let why = "an answer may be \"pending\", and there is neither [inquire] nor [callback]: \
                       an operator has to find out the outcome of each";
            self.warn(at, why);
        }
        let reads = |section: &Section| {
            profile.operation(*section).is_some_and(|operation| operation.answer.code.is_some())
        };
        let codes = [Authorize, Confirm, Inquire, Lookup].iter().any(reads)
            || profile.callback.as_ref().is_some_and(|plan| plan.answer.code.is_some());
        if let (Some(code), false) = (text.codes.values().next(), codes) {
            let why =
                "[codes] has no use: no section has answer.code, where the code of a decline is";
            self.warn(code.span().start, why);
        }
        let places = [
            Some(&text.authorize),
            text.confirm.as_ref(),
            text.inquire.as_ref(),
            text.reverse.as_ref(),
            text.advise.as_ref(),
            text.lookup.as_ref(),
        ];
        for (section, place) in Section::ALL.into_iter().zip(places) {
            let (Some(operation), Some(place)) = (profile.operation(section), place) else {
                continue;
            };
            let at = place.span().start;
            let signs = |name: &HeaderName| {
                let sign = profile.sign.as_ref();
                sign.is_some_and(|sign| sign.headers.iter().any(|(other, _)| other == name))
            };
            if let Some((name, _)) = operation.headers.iter().find(|(name, _)| signs(name)) {
                let why = format!("header {name} is one of [sign.headers], which replaces it");
                self.fault(at, why);
            }
            if profile.sample(section, "provider.example").is_none() {
                let name = section.name();
                let why = format!(
                    "[{name}] makes no request of a sample sale: its path, query or headers are \
                     none of a URL or of HTTP"
                );
                self.fault(at, why);
            }
        }
    }
}

/// Whether every `%` of a path's plain text begins an escape (RFC 3986 2.1).
pub(super) fn has_whole_escapes(text: &str) -> bool {
    let mut pieces = text.split('%');
    // Before the first.
    pieces.next();
    pieces.all(|piece| {
        piece.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    })
}
