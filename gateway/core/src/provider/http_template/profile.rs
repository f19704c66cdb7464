//! What a profile says ([`ProfileText`]) into what is used ([`Profile`]), with every fault and
//! where it is.

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderName, Method};
use tillgate_types::ResponseCode;
use toml::Spanned;
use toml::de::{DeString, DeTable};

use super::answer::{Amount, Answer, Literal, Lookup, Meaning, Rule};
use super::json::{Body, BodyText, Path};
use super::section::Section;
use super::sign::{Part, Signing, Source as Sign};
use super::text::{Field, Source, Template, percent};
use super::usable::has_whole_escapes;
use super::written::{
    AnswerText, OperationText, PARTS, ProfileText, Repeat, RuleText, SignText, Words,
};
use super::{Flaw, Operation, Profile};
use crate::provider::http_json::code;

/// Headers that the gateway sets.
const OURS: [HeaderName; 5] = [HOST, ACCEPT, CONTENT_TYPE, CONTENT_LENGTH, TRANSFER_ENCODING];

/// Sections and keys of the whole file that no profile has.
fn unknown_parts(text: &str) -> Vec<Flaw> {
    let Ok(table) = DeTable::parse(text) else { return Vec::new() };
    let unknown = table.get_ref().keys().filter(|key| !PARTS.contains(&key.get_ref().as_ref()));
    let flaw = |key: &Spanned<DeString<'_>>| Flaw {
        at: key.span().start,
        text: format!("unknown section `{}`; there are {}", key.get_ref(), PARTS.join(", ")),
    };
    unknown.map(flaw).collect()
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// Everything that is wrong with it; where it is not TOML of this shape, the first such thing.
    pub fn parse(text: &str) -> Result<Self, Vec<Flaw>> {
        let read: ProfileText = toml::from_str(text).map_err(|error| {
            // A section whose name is misspelt is worth more than what is missing for it.
            let unknown = || unknown_parts(text);
            let missing = error.message().starts_with("missing field").then(unknown);
            let at = error.span().map_or(0, |span| span.start);
            let error = vec![Flaw { at, text: error.message().replace('\n', "; ") }];
            missing.filter(|unknown| !unknown.is_empty()).unwrap_or(error)
        })?;
        let ProfileText { about, repeatable, headers, codes, .. } = &read;
        let mut compiler = Compiler::default();
        let headers = compiler.headers(headers);
        let codes = codes.iter().map(|(theirs, ours)| (theirs.clone(), compiler.code(ours)));
        let codes = codes.collect();
        let written = [
            Some(&read.authorize),
            read.confirm.as_ref(),
            read.inquire.as_ref(),
            read.reverse.as_ref(),
            read.advise.as_ref(),
            read.lookup.as_ref(),
        ];
        let operations = std::array::from_fn(|n| {
            written[n].map(|text| compiler.operation(Section::ALL[n], text, &headers))
        });
        compiler.two_steps(&read, &operations);
        let sign = read.sign.as_ref().map(|text| compiler.sign(text));
        let callback = read.callback.as_ref().map(|text| compiler.callback(text));
        let (about, repeatable, warnings) = (about.clone(), *repeatable, Vec::new());
        let mut profile = Self { about, repeatable, sign, callback, operations, codes, warnings };
        if compiler.faults.is_empty() {
            compiler.usable(&profile, &read);
        }
        profile.warnings = compiler.warnings;
        if compiler.faults.is_empty() { Ok(profile) } else { Err(compiler.faults) }
    }
}

/// Collects what is wrong; every method gives back something usable, so that the other faults are
/// found too.
#[derive(Default)]
pub(super) struct Compiler {
    faults: Vec<Flaw>,
    warnings: Vec<Flaw>,
}

impl Compiler {
    pub(super) fn fault(&mut self, at: usize, text: impl Into<String>) {
        self.faults.push(Flaw { at, text: text.into() });
    }

    pub(super) fn warn(&mut self, at: usize, text: impl Into<String>) {
        self.warnings.push(Flaw { at, text: text.into() });
    }

    /// What `parse` makes of a text, or the fault at its place.
    pub(super) fn parsed<T>(
        &mut self,
        text: &Spanned<String>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        parse(text.as_ref()).map_err(|why| self.fault(text.span().start, why)).ok()
    }

    fn template(&mut self, text: &Spanned<String>) -> Template {
        self.parsed(text, Template::parse).unwrap_or_default()
    }

    fn place(&mut self, text: Option<&Spanned<String>>) -> Option<Path> {
        text.and_then(|text| self.parsed(text, Path::parse))
    }

    fn code(&mut self, text: &Spanned<String>) -> ResponseCode {
        let ours = code(text.as_ref());
        if ours.0 != *text.as_ref().as_bytes() {
            let why = "expected two digits that may decline a sale: not 00, 09 or 68 \
                       (docs/bridges.md)";
            self.fault(text.span().start, format!("code {:?}: {why}", text.as_ref()));
        }
        ours
    }

    fn part(&mut self, text: &Spanned<String>) -> Template<Part> {
        self.parsed(text, |text| Template::parse_by(text, Part::parse)).unwrap_or_default()
    }

    fn sign(&mut self, text: &Spanned<SignText>) -> Signing {
        let (at, text) = (text.span().start, text.as_ref());
        let SignText { algorithm, secret, .. } = text;
        let mut headers = Vec::new();
        for (name, value) in &text.headers {
            let template = self.part(value);
            match name.parse::<HeaderName>() {
                Ok(name) if OURS.contains(&name) => {
                    let why = format!("header {name} is set by the gateway; remove it");
                    self.fault(value.span().start, why);
                }
                Ok(name) => headers.push((name, template)),
                Err(_) => {
                    self.fault(value.span().start, format!("{name:?} is not a header's name"))
                }
            }
        }
        let signed = self.part(&text.text);
        let has =
            |template: &Template<Part>, of| template.fields().any(|part| *part == Part::Of(of));
        if !headers.iter().any(|(_, template)| has(template, Sign::Signature)) {
            self.fault(at, "[sign.headers] has no {signature}");
        }
        if has(&signed, Sign::Signature) {
            self.fault(text.text.span().start, "{signature} cannot be part of what is signed");
        }
        let body = [Sign::Body, Sign::BodySha256, Sign::BodySha512];
        if !body.into_iter().any(|of| has(&signed, of)) {
            let why = "what is signed has no {body}, {body_sha256} or {body_sha512}: on the way the \
                       amount could be changed";
            self.warn(text.text.span().start, why);
        }
        Signing { algorithm: *algorithm, secret: secret.clone(), text: signed, headers }
    }

    fn headers(&mut self, words: &Words) -> Vec<(HeaderName, Template)> {
        let mut headers = Vec::new();
        for (name, value) in words {
            let template = self.template(value);
            let at = value.span().start;
            match name.parse::<HeaderName>() {
                Ok(name) if OURS.contains(&name) => {
                    self.fault(at, format!("header {name} is set by the gateway; remove it"));
                }
                Ok(_) if !template.plain().all(is_printable) => {
                    self.fault(at, "a header has printable ASCII characters only");
                }
                Ok(name) if headers.iter().any(|(other, _)| *other == name) => {
                    self.fault(at, format!("header {name} is there twice"));
                }
                Ok(name) => headers.push((name, template)),
                Err(_) => self.fault(at, format!("{name:?} is not a header's name")),
            }
        }
        headers
    }

    fn operation(
        &mut self,
        section: Section,
        text: &Spanned<OperationText>,
        common: &[(HeaderName, Template)],
    ) -> Operation {
        let (at, text) = (text.span().start, text.as_ref());
        let method = self.parsed(&text.method, |method| match method {
            "GET" | "POST" | "PUT" | "PATCH" | "DELETE" => {
                Ok(method.parse().expect("one of these"))
            }
            other => Err(format!("method {other:?}; allowed: GET, POST, PUT, PATCH, DELETE")),
        });
        let method: Method = method.unwrap_or_default();
        let path = self.template(&text.path);
        let plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte);
        let starts = text.path.as_ref().starts_with('/') || text.path.as_ref().is_empty();
        let is_path = |text: &str| text.bytes().all(plain) && has_whole_escapes(text);
        if !starts || !path.plain().all(is_path) {
            let why = "a path begins with / and has no query, fragment, space or single %";
            self.fault(text.path.span().start, format!("path {:?}: {why}", text.path.as_ref()));
        }
        let body = text
            .body
            .as_ref()
            .map(|body| Body::compile(body, &mut |at, text| self.faults.push(Flaw { at, text })));
        if let (true, Some(body)) = (method == Method::GET, &text.body) {
            self.fault(body.span().start, "a GET request has no body; use [..query]");
        }
        let mut headers = common.to_vec();
        for (name, value) in self.headers(&text.headers) {
            headers.retain(|(other, _)| *other != name);
            headers.push((name, value));
        }
        let query = text.query.iter().map(|(name, value)| {
            let mut encoded = String::new();
            percent(&mut encoded, name);
            (encoded, self.template(value))
        });
        let query = query.collect();
        let answer = self.answer(section, at, &text.answer);
        let operation = Operation { method, path, query, headers, body, answer };
        if let Some(source) = operation.missing(section) {
            let source: &str = source.into();
            let why = "where a value is compulsory (path, query, header), and these requests may \
                       have none: they would never be sent";
            self.fault(at, format!("[{}] says {{{source}}} {why}", section.name()));
        }
        let says = |source| operation.fields().any(|field| *field == Field::Of(source));
        let names = match section {
            Section::Confirm => says(Source::Reference) || says(Source::ProviderReference),
            _ => says(Source::Reference),
        };
        if !names {
            let why = "says {reference} nowhere: the gateway knows a sale by its own reference \
                       only, and after a lost answer it has no other";
            self.fault(at, format!("[{}] {why}", section.name()));
        }
        operation
    }

    pub(super) fn answer(&mut self, section: Section, at: usize, text: &AnswerText) -> Answer {
        let decimal = self.place(text.amount.as_ref()).map(Amount::Decimal);
        let minor = self.place(text.amount_minor.as_ref()).map(Amount::Minor);
        if let (Some(_), Some(_), Some(text)) = (&decimal, &minor, &text.amount_minor) {
            self.fault(text.span().start, "amount and amount_minor: keep the one that is there");
        }
        let mut answer = Answer {
            reference: self.place(text.reference.as_ref()),
            amount: decimal.or(minor),
            currency: self.place(text.currency.as_ref()),
            provider_reference: self.place(text.provider_reference.as_ref()),
            code: self.place(text.code.as_ref()),
            lookup: Lookup {
                reference: self.place(text.lookup_reference.as_ref()),
                low: self.place(text.amount_min.as_ref()),
                high: self.place(text.amount_max.as_ref()),
                name: self.place(text.name.as_ref()),
                text: self.place(text.text.as_ref()),
            },
            rules: Vec::new(),
        };
        if section == Section::Lookup && answer.lookup.reference.is_none() {
            let why =
                "[lookup] needs answer.lookup_reference: a payment names what was found by it";
            self.fault(at, why);
        }
        answer.rules = text.rule.iter().map(|rule| self.rule(section, &answer, rule)).collect();
        self.usable_answer(section, &answer, text);
        let means = |meaning| answer.rules.iter().any(|rule| rule.is == meaning);
        let needed = match section {
            Section::Authorize if means(Meaning::Pending) || means(Meaning::Created) => None,
            Section::Confirm if means(Meaning::Pending) => None,
            Section::Authorize | Section::Confirm | Section::Callback => Some(Meaning::Approved),
            Section::Inquire => Some(Meaning::Approved),
            Section::Reverse => Some(Meaning::Reversed),
            Section::Advise => Some(Meaning::Noted),
            Section::Lookup => Some(Meaning::Found),
        };
        if let Some(needed) = needed.filter(|needed| !means(*needed)) {
            let needed: &str = needed.into();
            self.fault(at, format!("[{}] has no rule that is = {needed:?}", section.name()));
        }
        answer
    }

    fn rule(&mut self, section: Section, answer: &Answer, text: &Spanned<RuleText>) -> Rule {
        let (at, text) = (text.span().start, text.as_ref());
        let json = text.json.iter().filter_map(|(path, value)| {
            let path = Path::parse(path).map_err(|why| self.fault(value.span().start, why)).ok()?;
            Some((path, self.literals(value)))
        });
        let json: Vec<_> = json.collect();
        for status in text.http.iter().filter(|status| !(100..=599).contains(status.as_ref())) {
            self.fault(status.span().start, format!("{} is no HTTP status", status.as_ref()));
        }
        if section == Section::Callback {
            if let Some(status) = text.http.first() {
                let why = "a callback is a request and has no HTTP status; remove it";
                self.fault(status.span().start, why);
            }
            if json.is_empty() {
                let why = "a rule of [callback] needs a value in json: what else would tell one \
                           outcome from another?";
                self.fault(at, why);
            }
        } else if text.http.is_empty() && json.is_empty() {
            let why = "a rule without http and json would believe an error page that repeats the \
                       request";
            self.fault(at, why);
        }
        let is = *text.is.as_ref();
        let allowed = Meaning::of(section);
        if !allowed.contains(&is) {
            let words: Vec<&str> = allowed.iter().map(Into::into).collect();
            let why = format!("an answer to [{}] is one of {}", section.name(), words.join(", "));
            self.fault(text.is.span().start, why);
        }
        let stated = text.repeats.as_ref().map(|repeats| repeats.as_ref().as_slice());
        // What was never received has no amount, and neither has what is being asked for.
        let amount_free = is == Meaning::NotFound || section == Section::Lookup;
        let repeats = |what| {
            stated
                .map_or(what == Repeat::Reference || !amount_free, |stated| stated.contains(&what))
        };
        let rule = Rule {
            http: text.http.iter().map(|status| *status.as_ref()).collect(),
            json,
            is,
            repeats_reference: repeats(Repeat::Reference),
            repeats_amount: repeats(Repeat::Amount) && !amount_free,
            code: text.code.as_ref().map(|code| self.code(code)),
        };
        self.check_repeats(section, answer, &rule, at);
        rule
    }

    /// A rule may do without our reference or amount only where the profile says so, and never
    /// where an answer about another order would be believed.
    fn check_repeats(&mut self, section: Section, answer: &Answer, rule: &Rule, at: usize) {
        let is: &str = rule.is.into();
        let (wants_amount, has) = (section != Section::Lookup, &answer.amount);
        if rule.repeats_reference && answer.reference.is_none() {
            let why = "needs answer.reference, the path of our reference in the answer";
            self.fault(at, format!("a rule that is {is:?} {why}"));
        }
        if rule.repeats_amount && wants_amount && has.is_none() {
            let why = "needs answer.amount or answer.amount_minor; if the API repeats no amount, \
                       write repeats = [\"reference\"]";
            self.fault(at, format!("a rule that is {is:?} {why}"));
        }
        if !rule.repeats_reference && !rule.is.may_be_unnamed(section) {
            let why = "without our reference would believe an answer about another order; only \
                       \"pending\", \"not_found\" and the \"declined\" of [authorize] and \
                       [lookup] may do without";
            self.fault(at, format!("a rule that is {is:?} {why}"));
        } else if !rule.repeats_reference && rule.json.is_empty() {
            let why = "without our reference needs a value in json: an error page has the same \
                       HTTP status";
            self.fault(at, format!("a rule that is {is:?} {why}"));
        } else if !rule.repeats_reference {
            let why = "is believed without our reference: it counts for whatever was asked last";
            self.warn(at, format!("[{}] {is:?} {why} on that connection", section.name()));
        } else if !rule.repeats_amount && wants_amount && rule.is != Meaning::NotFound {
            let why = "is believed without our amount: what the provider carried out is found by \
                       comparing its file only";
            self.warn(at, format!("[{}] {is:?} {why}", section.name()));
        }
    }

    fn literals(&mut self, value: &Spanned<BodyText>) -> Vec<Literal> {
        match value.as_ref() {
            BodyText::Text(text) => vec![Literal::Text(text.clone())],
            BodyText::Literal(raw) => vec![Literal::Raw(raw.clone())],
            BodyText::List(list) if list.is_empty() => vec![Literal::Nothing],
            BodyText::List(list) => list.iter().flat_map(|value| self.literals(value)).collect(),
            BodyText::Object(_) => {
                let why = "expected a text, a number, true or false, or a list of them; write \
                           \"a.b\" = 1 for a value inside an object";
                self.fault(value.span().start, why);
                Vec::new()
            }
        }
    }
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
