//! The TOML of a provider: where it listens, what it speaks, whom it mistreats and how.
//!
//! A value that cannot be is refused with its line; `docs/simulation.md` describes every key.

mod rule;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use smart_default::SmartDefault;
use tillgate_codec::iso8583::Dialect;
use tillgate_types::Currency;
use tillsim_core::firmware::Delay;
use tillsim_core::provider::iso8583::{HostSettings, MacAlgorithm, MacSettings};
use tillsim_core::provider::script::{Outage, Reach, Script};
use tillsim_core::provider::shapes::{Shape, ShapeSettings};
use tillsim_core::time::Span;
use toml::Spanned;

use self::rule::RulePart;
use crate::exit::{About, Refusal};
use crate::files::read_text;
use crate::text;

/// What one process serves.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) script: Script,
    pub(crate) host: Option<HostPlan>,
    pub(crate) http: Option<HttpPlan>,
}

/// A provider in the shape of a public HTTP API.
#[derive(Debug)]
pub(crate) struct HttpPlan {
    pub(crate) listen: SocketAddr,
    pub(crate) settings: ShapeSettings,
}

/// What a file serves, and so what its rules may say.
#[derive(Clone, Copy)]
struct Served {
    host: bool,
    http: Option<Shape>,
}

/// An ISO 8583 host.
#[derive(Debug)]
pub(crate) struct HostPlan {
    pub(crate) listen: SocketAddr,
    /// Where `GET /book` is answered.
    pub(crate) book: Option<SocketAddr>,
    pub(crate) log: Option<PathBuf>,
    pub(crate) settings: HostSettings,
}

#[derive(Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
struct File {
    #[default = 1]
    seed: u64,
    latency: Option<Latency>,
    #[default = true]
    idempotent: bool,
    iso8583: Option<Spanned<HostPart>>,
    http: Option<Spanned<HttpPart>>,
    rule: Vec<Spanned<RulePart>>,
    outage: Vec<Spanned<OutagePart>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostPart {
    listen: SocketAddr,
    book: Option<SocketAddr>,
    log: Option<PathBuf>,
    dialect: String,
    reference_field: Option<u8>,
    account_fields: Option<Vec<u8>>,
    found_field: Option<u8>,
    lookup_field: Option<u8>,
    name_field: Option<u8>,
    text_field: Option<u8>,
    sign_on: Option<bool>,
    unknown_original: Option<String>,
    chip_answer: Option<KeyText>,
    mac: Option<MacPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpPart {
    listen: SocketAddr,
    shape: Word<Shape>,
    currency: Option<String>,
    callback_secret: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MacPart {
    algorithm: Word<MacAlgorithm>,
    key: KeyText,
    key_encryption_key: Option<KeyText>,
    #[serde(default = "key_field")]
    key_field: u8,
    #[serde(default = "refusal")]
    refusal: String,
}

fn key_field() -> u8 {
    48
}

fn refusal() -> String {
    "A0".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutagePart {
    from: Duration,
    to: Duration,
    reach: Word<Reach>,
}

/// A text that is read by a function of its own, so that its error has its line.
macro_rules! read_as {
    ($name:ident, $inner:ty, $from:ty, $read:expr) => {
        #[derive(Clone, Deserialize)]
        #[serde(try_from = "Text")]
        struct $name($inner);

        impl TryFrom<Text> for $name {
            type Error = String;

            fn try_from(text: Text) -> Result<Self, String> {
                let read: fn(&str) -> Result<$inner, String> = $read;
                read(&text.0).map(Self)
            }
        }
    };
}

/// A text, or a number as a text.
#[derive(Deserialize)]
#[serde(from = "toml::Value")]
struct Text(String);

impl From<toml::Value> for Text {
    fn from(value: toml::Value) -> Self {
        match value {
            toml::Value::String(text) => Self(text),
            other => Self(other.to_string()),
        }
    }
}

read_as!(Duration, Span, Text, text::span);
read_as!(Latency, Delay, Text, text::delay);
read_as!(Percent, u16, Text, text::permille);
read_as!(KeyText, Vec<u8>, Text, |text| {
    hex::decode(text).map_err(|_| "a key is hexadecimal digits, two for each byte".to_owned())
});

/// A word of a list.
struct Word<T>(T);

impl<'de, T: std::str::FromStr + strum::VariantNames> Deserialize<'de> for Word<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| {
            let known = T::VARIANTS.join(", ");
            serde::de::Error::custom(format!("{text:?} is not one of {known}"))
        })
    }
}

impl Plan {
    /// Reads a file; the paths in it are relative to it.
    ///
    /// # Errors
    /// [`Refusal`] with file, line and what is wrong there.
    pub(crate) fn load(path: &Path) -> Result<Self, Refusal> {
        let source = read_text(path)?;
        Self::read(&source, path.parent().unwrap_or(Path::new(""))).about(path.display())
    }

    fn read(source: &str, base: &Path) -> Result<Self, String> {
        let file: File = toml::from_str(source).map_err(|error| error.to_string())?;
        let File { seed, latency, idempotent, iso8583, http, rule, outage } = file;
        let host = iso8583.map(|part| at(source, part, |part| part.resolve(base))).transpose()?;
        let http = http.map(|part| at(source, part, HttpPart::resolve)).transpose()?;
        if host.is_none() && http.is_none() {
            return Err("it has neither [iso8583] nor [http]: nothing would be served".to_owned());
        }
        let shape = http.as_ref().map(|http| http.settings.shape);
        let served = Served { host: host.is_some(), http: shape };
        let rules = rule.into_iter().map(|rule| at(source, rule, |rule| rule.resolve(served)));
        let outages = outage.into_iter().map(|outage| at(source, outage, OutagePart::resolve));
        let latency = latency.map_or(Script::default().latency, |Latency(latency)| latency);
        let (rules, outages) =
            (rules.collect::<Result<_, _>>()?, outages.collect::<Result<_, _>>()?);
        let script = Script { seed, latency, idempotent, rules, outages };
        Ok(Self { script, host, http })
    }

    /// What the file says, for whoever checks it.
    pub(crate) fn summary(&self) -> String {
        let (rules, outages) = (self.script.rules.len(), self.script.outages.len());
        let host = self.host.as_ref().map(|host| host.settings.dialect.name());
        let host = host.map(|dialect| format!("iso8583 ({dialect}), "));
        let http = self.http.as_ref().map(|http| <&str>::from(http.settings.shape));
        let http = http.map(|shape| format!("http ({shape}), "));
        let (host, http) = (host.unwrap_or_default(), http.unwrap_or_default());
        format!("valid: {host}{http}{rules} rules, {outages} outages")
    }
}

/// Resolves a part; what is wrong with it is reported with the line on which it begins.
fn at<T, R>(
    source: &str,
    part: Spanned<T>,
    resolve: impl FnOnce(T) -> Result<R, String>,
) -> Result<R, String> {
    let before = source.get(..part.span().start).unwrap_or(source);
    let line = before.matches('\n').count() + 1;
    resolve(part.into_inner()).map_err(|error| format!("line {line}: {error}"))
}

impl HostPart {
    fn resolve(self, base: &Path) -> Result<HostPlan, String> {
        let dialect = dialect(&self.dialect, base)?;
        let mut settings = HostSettings::new(dialect);
        put(&mut settings.reference_field, self.reference_field);
        put(&mut settings.account_fields, self.account_fields);
        put(&mut settings.found_field, self.found_field);
        put(&mut settings.lookup_field, self.lookup_field);
        put(&mut settings.name_field, self.name_field);
        put(&mut settings.text_field, self.text_field);
        put(&mut settings.sign_on, self.sign_on);
        put(&mut settings.unknown_original, self.unknown_original);
        settings.chip_answer = self.chip_answer.map(|KeyText(bytes)| bytes);
        settings.mac = self.mac.map(|mac| MacSettings {
            algorithm: mac.algorithm.0,
            key: mac.key.0,
            key_encryption_key: mac.key_encryption_key.map(|KeyText(key)| key),
            key_field: mac.key_field,
            refusal: mac.refusal,
        });
        settings.check()?;
        let log = self.log.map(|log| base.join(log));
        Ok(HostPlan { listen: self.listen, book: self.book, log, settings })
    }
}

/// The currency where a script names none.
const CURRENCY: &str = "EUR";

impl HttpPart {
    fn resolve(self) -> Result<HttpPlan, String> {
        let Word(shape) = self.shape;
        let currency = self.currency.unwrap_or_else(|| CURRENCY.to_owned());
        let known = Currency::parse(&currency)
            .and_then(|found| Some((found.alpha.to_owned(), u8::try_from(found.decimals).ok()?)));
        let (currency, decimals) =
            known.ok_or_else(|| format!("currency {currency:?} is none of ISO 4217"))?;
        let callback_secret = match (shape, self.callback_secret) {
            (Shape::DtOne, None) => {
                let text =
                    "callback_secret is missing: callbacks of shape dtone are signed with it";
                return Err(text.to_owned());
            }
            (Shape::DtOne, Some(secret)) => secret,
            (_, None) => String::new(),
            (_, Some(_)) => {
                return Err("callback_secret belongs to shape dtone alone".to_owned());
            }
        };
        let settings = ShapeSettings { shape, currency, decimals, callback_secret };
        Ok(HttpPlan { listen: self.listen, settings })
    }
}

fn put<T>(to: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *to = value;
    }
}

/// A dialect by its name, or by the path of its table.
pub(crate) fn dialect(name: &str, base: &Path) -> Result<Dialect, String> {
    if let Some(dialect) = Dialect::builtin(name) {
        return Ok(dialect);
    }
    let text = match Dialect::example_table(name) {
        Some(text) => text.to_owned(),
        None if !name.ends_with(".toml") => {
            let known: Vec<&str> =
                Dialect::builtin_names().chain(Dialect::example_names()).collect();
            let known = known.join(", ");
            return Err(format!("dialect {name:?} is neither a file *.toml nor one of {known}"));
        }
        None => read_text(&base.join(name)).map_err(|error| error.to_string())?,
    };
    Dialect::parse(&text).map_err(|error| format!("dialect {name}: {error}"))
}

impl OutagePart {
    fn resolve(self) -> Result<Outage, String> {
        let (Duration(from), Duration(to)) = (self.from, self.to);
        match from < to {
            true => Ok(Outage { from, to, reach: self.reach.0 }),
            false => Err("an outage ends after it begins: to must be over from".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
