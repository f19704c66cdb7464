//! The TOML of a provider: where it listens, what it speaks, whom it mistreats and how.
//!
//! A value that cannot be is refused with its line; `docs/simulation.md` describes every key.

mod rule;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use smart_default::SmartDefault;
use tillgate_codec::iso8583::Dialect;
use tillsim_core::firmware::Delay;
use tillsim_core::provider::iso8583::{HostSettings, MacAlgorithm, MacSettings};
use tillsim_core::provider::script::{Outage, Reach, Script};
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
    pub(crate) host: HostPlan,
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
    mac: Option<MacPart>,
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
        let File { seed, latency, idempotent, iso8583, rule, outage } = file;
        let host = iso8583.ok_or("section [iso8583] is missing: nothing would be served")?;
        let host = at(source, host, |part| part.resolve(base))?;
        let rules = rule.into_iter().map(|rule| at(source, rule, RulePart::resolve));
        let outages = outage.into_iter().map(|outage| at(source, outage, OutagePart::resolve));
        let latency = latency.map_or(Script::default().latency, |Latency(latency)| latency);
        let (rules, outages) =
            (rules.collect::<Result<_, _>>()?, outages.collect::<Result<_, _>>()?);
        let script = Script { seed, latency, idempotent, rules, outages };
        Ok(Self { script, host })
    }

    /// What the file says, for whoever checks it.
    pub(crate) fn summary(&self) -> String {
        let (rules, outages) = (self.script.rules.len(), self.script.outages.len());
        let dialect = self.host.settings.dialect.name();
        format!("valid: iso8583 ({dialect}), {rules} rules, {outages} outages")
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

fn put<T>(to: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *to = value;
    }
}

/// A dialect by its name, or by the path of its table.
fn dialect(name: &str, base: &Path) -> Result<Dialect, String> {
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
