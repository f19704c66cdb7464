//! A provider's HTTP API as a table: what is sent for each kind of request, and what the answers
//! mean. The table is a *profile*, a TOML file; some are [`BUILTIN`].
//!
//! ```text
//!   written.rs   TOML as it is written
//!   profile.rs   ─▶ Profile, with every fault and its place
//!   section.rs   which requests a profile has
//!   text.rs      "/topups/{reference}" ─▶ a text for this request, escaped by where it is written
//!   json.rs      bodies of requests; strict reading of answers
//!   sign.rs      an HMAC of a request that is sent, in its headers
//!   callback.rs  what the provider posts by itself, signed
//!   answer.rs    the first rule that an answer matches ─▶ ProviderResult
//!   usable.rs    what could never work
//!   check.rs     what `tillgate bridge check` shows
//! ```
//!
//! The rules of [`http_json`](super::http_json) hold for every profile: an answer counts only for
//! the request whose reference and amount it repeats, and whatever matches no rule leaves the
//! outcome UNKNOWN. A profile may say of a rule that the API does not repeat one of them; that is
//! a warning, and never allowed where money would move on an answer that names no order.

mod answer;
mod callback;
mod check;
mod json;
mod profile;
mod section;
mod sign;
mod text;
mod usable;
mod written;

use std::collections::BTreeMap;

use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use tillgate_types::ResponseCode;
use zeroize::Zeroizing;

use self::answer::{Answer, Said};
use self::callback::CallbackPlan;
pub use self::callback::{CallbackReader, Unsigned};
pub use self::check::{SAMPLE_SECRET, Unfit};
use self::json::Body;
use self::section::Section;
use self::sign::Signing;
use self::text::{Field, Place, Source, Template};
use super::{Capabilities, Provider, ProviderRequest, ProviderRequestKind, ProviderResult};
use crate::time::UnixMillis;

/// The profiles that come with the gateway: name and text. They have the shape of public APIs and
/// are not certified by whoever runs those.
pub const BUILTIN: &[(&str, &str)] = &[
    ("bills", include_str!("profiles/bills.toml")),
    ("dingconnect", include_str!("profiles/dingconnect.toml")),
    ("dtone", include_str!("profiles/dtone.toml")),
    ("dtone-confirm", include_str!("profiles/dtone-confirm.toml")),
    ("reloadly", include_str!("profiles/reloadly.toml")),
    ("tillgate", include_str!("profiles/tillgate.toml")),
];

const JSON: &str = "application/json";

/// What is wrong, or doubtful, at a place of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Bytes from the beginning of the text.
    pub at: usize,
    /// What it is, and what to do.
    pub text: String,
}

/// A checked profile.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Which API it is for.
    pub about: String,
    /// The same reference again has no second effect and gets the same answer.
    repeatable: bool,
    sign: Option<Signing>,
    callback: Option<CallbackPlan>,
    /// In the order of [`Section::ALL`].
    operations: [Option<Operation>; Section::ALL.len()],
    /// The provider's codes of declines and ours; empty where the provider uses ours.
    codes: BTreeMap<String, ResponseCode>,
    /// What an operator should know before money depends on it.
    pub warnings: Vec<Flaw>,
}

/// What is sent for one kind of request, and how its answers are read.
#[derive(Clone, Debug)]
struct Operation {
    method: Method,
    path: Template,
    query: Vec<(String, Template)>,
    headers: Vec<(HeaderName, Template)>,
    body: Option<Body>,
    answer: Answer,
}

/// What an installation adds to a profile.
#[derive(Clone, Default)]
pub struct Settings {
    /// `{secret.NAME}`.
    pub secrets: BTreeMap<String, Zeroizing<String>>,
    /// `{value.NAME}`.
    pub values: BTreeMap<String, String>,
    /// `{product_code}`: what the provider calls a product, by `SERVICE/PRODUCT` or `SERVICE`.
    pub products: BTreeMap<String, String>,
}

impl Settings {
    fn product_code(&self, request: &ProviderRequest) -> Option<&str> {
        let service = request.service.0.to_string();
        let exactly = self.products.get(&format!("{service}/{}", request.product.0));
        exactly.or_else(|| self.products.get(&service)).map(String::as_str)
    }
}

/// A provider whose API a profile describes.
pub struct HttpTemplate {
    profile: Profile,
    settings: Settings,
    /// `HOST:PORT`, the `Host` header.
    authority: String,
    /// The path of the configured URL, without a slash at its end.
    base: String,
    /// What was created and never carried out may be ordered again or taken back: it counts as
    /// never received.
    may_renew: bool,
}

impl HttpTemplate {
    /// A provider at a URL's `authority` (`HOST:PORT`) and `path`.
    ///
    /// # Errors
    /// Everything that the configuration lacks for this profile, or claims without it.
    pub fn new(
        profile: Profile,
        settings: Settings,
        (authority, path): (String, &str),
        capabilities: Capabilities,
    ) -> Result<Self, Vec<Unfit>> {
        let unfit = check::unfit(&profile, &settings, capabilities);
        if !unfit.is_empty() {
            return Err(unfit);
        }
        let base = path.trim_end_matches('/').to_owned();
        let may_renew = capabilities.idempotent || capabilities.reversal;
        Ok(Self { profile, settings, authority, base, may_renew })
    }

    fn message(&self, section: Section, request: &ProviderRequest) -> Option<Request<Vec<u8>>> {
        self.profile.message(section, request, &self.settings, (&self.authority, &self.base))
    }

    fn read(
        &self,
        section: Section,
        request: &ProviderRequest,
        answer: &Response<Vec<u8>>,
    ) -> Option<Said> {
        let operation = self.profile.operation(section)?;
        operation.answer.read(request, answer.status(), answer.body(), &self.profile.codes)
    }
}

impl Profile {
    fn operation(&self, section: Section) -> Option<&Operation> {
        let at = Section::ALL.iter().position(|known| *known == section)?;
        self.operations[at].as_ref()
    }

    /// The message of a request, if it has a form here.
    fn message(
        &self,
        section: Section,
        request: &ProviderRequest,
        settings: &Settings,
        (authority, base): (&str, &str),
    ) -> Option<Request<Vec<u8>>> {
        let operation = self.operation(section)?;
        let mut uri = base.to_owned();
        operation.path.write(&mut uri, Place::Path, request, settings)?;
        if uri.is_empty() {
            uri.push('/');
        }
        for (n, (name, value)) in operation.query.iter().enumerate() {
            uri.push(if n > 0 { '&' } else { '?' });
            uri.push_str(name);
            uri.push('=');
            value.write(&mut uri, Place::Query, request, settings)?;
        }
        let mut builder = Request::builder().method(&operation.method).uri(uri);
        builder = builder.header(HOST, authority).header(ACCEPT, JSON);
        for (name, template) in &operation.headers {
            let mut text = String::new();
            template.write(&mut text, Place::Header, request, settings)?;
            let mut value = HeaderValue::try_from(text).ok()?;
            value.set_sensitive(template.fields().any(|field| matches!(field, Field::Secret(_))));
            builder = builder.header(name, value);
        }
        let mut text = String::new();
        if let Some(body) = &operation.body {
            body.write(&mut text, request, settings)?;
            builder = builder.header(CONTENT_TYPE, JSON);
        }
        builder.body(text.into_bytes()).ok()
    }
}

impl Operation {
    /// A placeholder that stands where a value is compulsory, though requests of this section may
    /// have none. A confirmation has what its order was answered with.
    fn missing(&self, section: Section) -> Option<Source> {
        use Section::{Authorize, Inquire, Lookup};
        let may_lack = |source: Source| match source {
            Source::ProviderReference => matches!(section, Authorize | Inquire | Lookup),
            Source::LookupReference => true,
            Source::Rrn => section == Lookup,
            _ => false,
        };
        let query = self.query.iter().map(|(_, template)| template);
        let headers = self.headers.iter().map(|(_, template)| template);
        let compulsory = query.chain(headers).chain([&self.path]).flat_map(Template::fields);
        compulsory.into_iter().find_map(|field| match field {
            Field::Of(source) if may_lack(*source) => Some(*source),
            _ => None,
        })
    }

    /// Every placeholder of its request.
    fn fields(&self) -> impl Iterator<Item = &Field> {
        let mut inside = Vec::new();
        if let Some(body) = &self.body {
            body.fields(&mut inside);
        }
        let query = self.query.iter().map(|(_, template)| template);
        let templates = query.chain(self.headers.iter().map(|(_, template)| template));
        templates.chain([&self.path]).flat_map(Template::fields).chain(inside)
    }
}

impl Provider for HttpTemplate {
    type Message = Request<Vec<u8>>;
    type Answer = Response<Vec<u8>>;

    fn request(&self, request: &ProviderRequest) -> Option<Request<Vec<u8>>> {
        self.message(Section::of(request.kind), request)
    }

    fn seal(&self, message: Request<Vec<u8>>, at: UnixMillis) -> Option<Request<Vec<u8>>> {
        match &self.profile.sign {
            Some(sign) => sign.sign(message, &self.settings, at),
            None => Some(message),
        }
    }

    fn interpret(
        &self,
        request: &ProviderRequest,
        answer: &Response<Vec<u8>>,
    ) -> Option<ProviderResult> {
        match self.read(Section::of(request.kind), request, answer)? {
            Said::Result(result) => Some(result),
            // Its confirmation may be on its way.
            Said::Created(_) if request.kind == ProviderRequestKind::Inquire => {
                let attempt = request.attempt;
                let unseen = ProviderResult::NotFound { attempt };
                Some(if self.may_renew { unseen } else { ProviderResult::Pending })
            }
            Said::Created(_) => None,
        }
    }

    fn doubt(&self, request: &ProviderRequest, answer: &Response<Vec<u8>>) -> &'static str {
        let operation = self.profile.operation(Section::of(request.kind));
        operation.map_or("the profile has no such request", |operation| {
            operation.answer.doubt(request, answer.status(), answer.body())
        })
    }

    fn has_two_steps(&self) -> bool {
        self.profile.operation(Section::Confirm).is_some()
    }

    fn created(
        &self,
        request: &ProviderRequest,
        answer: &Response<Vec<u8>>,
    ) -> Option<ProviderRequest> {
        if request.kind != ProviderRequestKind::Authorize || !self.has_two_steps() {
            return None;
        }
        match self.read(Section::Authorize, request, answer)? {
            Said::Created(provider_reference) => {
                Some(ProviderRequest { provider_reference, ..*request })
            }
            Said::Result(_) => None,
        }
    }

    fn confirmation(&self, created: &ProviderRequest) -> Option<Request<Vec<u8>>> {
        self.message(Section::Confirm, created)
    }

    fn interpret_confirmation(
        &self,
        created: &ProviderRequest,
        answer: &Response<Vec<u8>>,
    ) -> Option<ProviderResult> {
        match self.read(Section::Confirm, created, answer)? {
            Said::Result(result) => Some(result),
            Said::Created(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
