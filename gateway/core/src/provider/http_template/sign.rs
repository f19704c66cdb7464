//! Signatures of requests: an HMAC over what the profile says, in headers that the profile names.
//!
//! A request is signed when it is sent, so that a repeat has a time of its own.

use http::{HeaderName, HeaderValue, Request};
use ring::{digest, hmac};
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

use super::Settings;
use super::text::Template;
use crate::time::{UnixMillis, utc};

/// How requests are signed.
#[derive(Clone, Debug)]
pub(super) struct Signing {
    pub(super) algorithm: Algorithm,
    /// Which of `bridge.secrets` is the key.
    pub(super) secret: String,
    /// What is signed.
    pub(super) text: Template<Part>,
    /// What is added to the request.
    pub(super) headers: Vec<(HeaderName, Template<Part>)>,
}

/// RFC 2104 over a function of FIPS 180-4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Algorithm {
    HmacSha256,
    HmacSha512,
}

impl Algorithm {
    pub(super) fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::HmacSha256 => hmac::HMAC_SHA256,
            Self::HmacSha512 => hmac::HMAC_SHA512,
        }
    }
}

/// What a placeholder of a signature stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Of(Source),
    /// `{value.NAME}`: of the configuration.
    Value(String),
}

/// What a request that is sent has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Source {
    Method,
    /// With the query.
    Path,
    Body,
    BodySha256,
    BodySha512,
    /// The moment, Unix seconds.
    SentS,
    /// The moment, Unix milliseconds.
    SentMs,
    /// The moment, RFC 3339 in UTC.
    Sent,
    /// Hexadecimal digits; in headers only.
    Signature,
}

impl Part {
    /// # Errors
    /// It is none, with those that there are.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        if let Ok(source) = name.parse() {
            return Ok(Self::Of(source));
        }
        match name.split_once('.') {
            Some(("value", of)) if !of.is_empty() => Ok(Self::Value(of.to_owned())),
            _ => {
                let known: Vec<&str> = Source::iter().map(Into::into).collect();
                let known = known.join(", ");
                Err(format!(
                    "{{{name}}} is not a placeholder of a signature; there are {known} and value.NAME"
                ))
            }
        }
    }
}

impl Signing {
    /// Every placeholder.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        let templates = self.headers.iter().map(|(_, template)| template).chain([&self.text]);
        templates.flat_map(Template::fields)
    }

    /// Adds the signature's headers to a request that is sent at `at`. `None` if a value has no
    /// form in a header: nothing leaves unsigned.
    pub(super) fn sign(
        &self,
        mut request: Request<Vec<u8>>,
        settings: &Settings,
        at: UnixMillis,
    ) -> Option<Request<Vec<u8>>> {
        let secret = settings.secrets.get(&self.secret)?;
        let key = hmac::Key::new(self.algorithm.hmac(), secret.as_bytes());
        let text = self.fill(&self.text, &request, settings, at, "");
        let signature = hex::encode(hmac::sign(&key, &text));
        for (name, template) in &self.headers {
            let value = self.fill(template, &request, settings, at, &signature);
            request.headers_mut().insert(name, HeaderValue::from_bytes(&value).ok()?);
        }
        Some(request)
    }

    fn fill(
        &self,
        template: &Template<Part>,
        request: &Request<Vec<u8>>,
        settings: &Settings,
        at: UnixMillis,
        signature: &str,
    ) -> Vec<u8> {
        let sha = |algorithm| hex::encode(digest::digest(algorithm, request.body()));
        template.fill(|part| match part {
            Part::Value(name) => settings.values.get(name).cloned().unwrap_or_default().into(),
            Part::Of(source) => match source {
                Source::Method => request.method().as_str().into(),
                Source::Path => {
                    request.uri().path_and_query().map_or("/", |path| path.as_str()).into()
                }
                Source::Body => request.body().clone(),
                Source::BodySha256 => sha(&digest::SHA256).into(),
                Source::BodySha512 => sha(&digest::SHA512).into(),
                Source::SentS => (at.0 / 1_000).to_string().into(),
                Source::SentMs => at.0.to_string().into(),
                Source::Sent => utc(at).into(),
                Source::Signature => signature.into(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signing(algorithm: Algorithm) -> Signing {
        let template = |text| Template::parse_by(text, Part::parse).unwrap();
        let header = |name, text| (HeaderName::from_static(name), template(text));
        Signing {
            algorithm,
            secret: "key".to_owned(),
            text: template("{method}\n{path}\n{sent_s}\n{value.id}\n{body}"),
            headers: vec![
                header("x-sent", "{sent}"),
                header("x-signature", "v1={signature}"),
                header("x-digest", "{body_sha256}"),
            ],
        }
    }

    fn settings() -> Settings {
        Settings {
            secrets: [("key".to_owned(), String::from("k").into())].into(),
            values: [("id".to_owned(), "ID".to_owned())].into(),
            ..Settings::default()
        }
    }

    fn signed(algorithm: Algorithm, uri: &str, body: &str, at: u64) -> Request<Vec<u8>> {
        let request = Request::post(uri).body(body.as_bytes().to_vec()).unwrap();
        signing(algorithm).sign(request, &settings(), UnixMillis(at)).unwrap()
    }

    #[test]
    fn a_signature_is_over_what_the_profile_says_and_can_be_made_again() {
        let at = 1_795_773_600_999;
        for (algorithm, hmac) in
            [(Algorithm::HmacSha256, hmac::HMAC_SHA256), (Algorithm::HmacSha512, hmac::HMAC_SHA512)]
        {
            let request = signed(algorithm, "/a?b=c", "{}", at);
            let key = hmac::Key::new(hmac, b"k");
            let tag = hmac::sign(&key, b"POST\n/a?b=c\n1795773600\nID\n{}");
            let expected = format!("v1={}", hex::encode(tag));
            assert_eq!(request.headers()["x-signature"], expected.as_str());
            assert_eq!(request.headers()["x-sent"], "2026-11-27T10:00:00Z");
        }
        // SHA-256 of "{}".
        let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(signed(Algorithm::HmacSha256, "/", "{}", at).headers()["x-digest"], digest);
    }

    #[test]
    fn another_body_path_or_second_has_another_signature() {
        let of = |uri, body, at| {
            signed(Algorithm::HmacSha256, uri, body, at).headers()["x-signature"].clone()
        };
        let one = of("/a", "{}", 1_000);
        assert_eq!(one, of("/a", "{}", 1_999));
        for other in [of("/b", "{}", 1_000), of("/a", "{ }", 1_000), of("/a", "{}", 2_000)] {
            assert_ne!(one, other);
        }
    }
}
