//! The profile of a listener, as its terminals take it: dialect, authentication codes, and the
//! processing codes of products.
//!
//! The gateway's own reader says what is wrong with it. Where its messages have what, and which codes
//! they read, the terminals know by themselves: as the profile `nac-terminal` says. One that says
//! otherwise is refused.

use std::path::Path;

use tillgate_codec::iso8583::Dialect;
use tillgate_codec::link::message::ResponseCode;
use tillsim_core::iso_terminal::{Mac, ProductCode, Profile as ListenerProfile};
use tillsim_core::provider::iso8583::MacAlgorithm;
use toml::{Table, Value};

use crate::exit::{About, Refusal};
use crate::files::read_text;
use crate::provider::dialect;

/// What these terminals speak.
const USUAL: &str = "nac-terminal";

/// Bytes of a key for authentication codes, unless the profile says otherwise.
const MAC_KEY_BYTES: i64 = 16;

/// Messages that the terminals send only where the profile has them.
const OPTIONAL: [&str; 2] = ["advice", "upload"];

/// Messages that the terminals send, with the fields that their answers must repeat, and those that
/// they read in them.
const MESSAGES: [(&str, &[i64], &[&str]); 7] = [
    ("logon", &[11, 41], &["12", "13"]),
    ("echo", &[11, 41], &[]),
    ("sale", &[4, 11, 41], &["37", "48", "60", "61"]),
    ("reversal", &[4, 11, 41], &[]),
    ("advice", &[4, 11, 41], &[]),
    ("upload", &[4, 11, 41], &[]),
    ("settlement", &[11, 41], &[]),
];

/// Codes that the terminals read: approved, the outcome is to come, taken back or of another date (12,
/// as B1 and R1 are shown), a sale that stands, other content, another date, totals that differ. Of any
/// other they only tell that it is a refusal.
const CODES: [&str; 9] = ["00", "09", "12", "21", "68", "94", "95", "B1", "R1"];

pub(super) struct Profile {
    /// As the scenario names it.
    pub(super) name: String,
    pub(super) dialect: Dialect,
    pub(super) mac: Option<Mac>,
    /// Processing codes of products.
    pub(super) codes: Vec<ProductCode>,
    /// Whether sales are confirmed by an advice.
    pub(super) has_advices: bool,
    /// Whether a batch is uploaded.
    pub(super) has_uploads: bool,
}

/// A name without slash or dot is one of the gateway's own profiles, as in its configuration.
pub(super) fn is_file(name: &str) -> bool {
    name.contains(['/', '.'])
}

impl Profile {
    /// Reads a profile by its name, or from its file.
    ///
    /// # Errors
    /// [`Refusal`] with file and line, or with what the terminals do not speak.
    pub(super) fn read(name: &str) -> Result<Self, Refusal> {
        let builtin = |name: &str| {
            ListenerProfile::builtin(name).map(str::to_owned).ok_or_else(|| {
                let known: Vec<&str> = ListenerProfile::builtin_names().collect();
                let known = known.join(", ");
                let text =
                    format!("iso8583.profile is {name:?}; there is {known}, or a file as pos.toml");
                Refusal(text)
            })
        };
        let text = if is_file(name) { read_text(Path::new(name))? } else { builtin(name)? };
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        let parsed = ListenerProfile::parse(&text, |name| dialect(name, folder));
        let parsed = parsed.map_err(|error| {
            let faults = error.faults.iter();
            let lines = faults.map(|fault| format!("{name}:{}: {}", fault.line, fault.text));
            Refusal(lines.collect::<Vec<_>>().join("\n"))
        })?;
        let table: Table = text.parse().about(name)?;
        if let Some(what) = unlike(&table, &builtin(USUAL)?.parse().about(USUAL)?) {
            let text = format!(
                "{name}: {what}. The terminals of tillsim speak as {USUAL} does; dialect, mac, \
                 products, carry, codes of other refusals and what else is in answers may be \
                 otherwise"
            );
            return Err(Refusal(text));
        }
        let mac = table.get("mac").and_then(Value::as_str).and_then(|word| {
            let algorithm = match word {
                "retail" => MacAlgorithm::Retail,
                "retail2" => MacAlgorithm::RetailOne,
                _ => MacAlgorithm::AesCmac,
            };
            let bytes = table.get("mac_key_bytes").and_then(Value::as_integer);
            let key_bytes = usize::try_from(bytes.unwrap_or(MAC_KEY_BYTES)).ok()?;
            Some(Mac { algorithm, key_bytes })
        });
        let (name, dialect) = (name.to_owned(), parsed.dialect().clone());
        let codes = codes(&table).map_err(|what| Refusal(format!("{name}: {what}")))?;
        let [has_advices, has_uploads] = OPTIONAL.map(|kind| message(&table, kind).is_some());
        Ok(Self { name, dialect, mac, codes, has_advices, has_uploads })
    }
}

/// Processing codes by service and product.
fn codes(profile: &Table) -> Result<Vec<ProductCode>, String> {
    let mut codes = Vec::new();
    let products = profile.get("products").and_then(Value::as_table);
    for (code, product) in products.into_iter().flatten() {
        let wrong = || format!("products: {code:?} = {product} is no code of six digits");
        let code = code.as_bytes().try_into().map_err(|_| wrong())?;
        let of = product.as_str().ok_or_else(wrong)?;
        let (service, product) = of.split_once('/').unwrap_or((of, "0"));
        let number = |text: &str| text.trim().parse::<u16>().map_err(|_| wrong());
        let (service, product) = (number(service)?, number(product)?);
        codes.push(ProductCode { service, product, code });
    }
    Ok(codes)
}

/// The first thing in a profile that the terminals do not speak.
fn unlike(profile: &Table, usual: &Table) -> Option<String> {
    let section = |table: &Table| table.get("request").and_then(Value::as_table).cloned();
    let (mut found, usual_request) = (section(profile)?, section(usual)?);
    found.remove("default_currency");
    let keys = usual_request.keys().chain(found.keys());
    for key in keys {
        if let Some(what) = other(&format!("request.{key}"), found.get(key), usual_request.get(key))
        {
            return Some(what);
        }
    }
    let unlike = |message| unlike_message(profile, usual, message);
    unlike_codes(profile, usual).or_else(|| MESSAGES.iter().find_map(unlike))
}

/// A code that the terminals read and that is shown otherwise, or another that is shown as one of them.
fn unlike_codes(profile: &Table, usual: &Table) -> Option<String> {
    let known = ResponseCode::ALL.iter().map(ToString::to_string);
    let read = CODES.into_iter().map(str::to_owned);
    read.chain(known).find_map(|code| {
        let (found, usual) = (shown(profile, &code), shown(usual, &code));
        let is_read = [&*code, found].iter().any(|code| CODES.contains(code));
        (is_read && found != usual)
            .then(|| format!("codes.{code} is shown as {found:?}, not {usual:?}"))
    })
}

/// A code of the gateway as a profile shows it.
fn shown<'a>(profile: &'a Table, code: &'a str) -> &'a str {
    let codes = profile.get("codes");
    let listed = codes.and_then(|codes| codes.get(code).or_else(|| codes.get("other")));
    listed.and_then(Value::as_str).unwrap_or(code)
}

/// The message of a kind.
fn message<'a>(profile: &'a Table, kind: &str) -> Option<&'a Value> {
    let is_it = |message: &&Value| message.get("kind").and_then(Value::as_str) == Some(kind);
    profile.get("message")?.as_array()?.iter().find(is_it)
}

fn unlike_message(
    profile: &Table,
    usual: &Table,
    (kind, repeated, read): &(&str, &[i64], &[&str]),
) -> Option<String> {
    let usual = message(usual, kind)?;
    let Some(found) = message(profile, kind) else {
        let text = format!("it has no message of kind {kind}");
        return (!OPTIONAL.contains(kind)).then_some(text);
    };
    for key in ["mti", "when", "original", "totals", "mac"] {
        if let Some(what) = other(&format!("{key} of {kind}"), found.get(key), usual.get(key)) {
            return Some(what);
        }
    }
    let echo = found.get("echo").and_then(Value::as_array);
    let echo: Vec<i64> = echo.into_iter().flatten().filter_map(Value::as_integer).collect();
    if let Some(field) = repeated.iter().find(|field| !echo.contains(field)) {
        return Some(format!("the answer to {kind} does not repeat field {field}"));
    }
    let filled = |message: &Value, field: &str| message.get("answer")?.get(field).cloned();
    read.iter().find_map(|field| {
        let (found, usual) = (filled(found, field), filled(usual, field));
        other(&format!("field {field} of the answer to {kind}"), found.as_ref(), usual.as_ref())
    })
}

/// In words, that a value is not the usual one.
fn other(what: &str, found: Option<&Value>, usual: Option<&Value>) -> Option<String> {
    let word = |value: Option<&Value>| value.map_or("missing".to_owned(), ToString::to_string);
    (found != usual).then(|| format!("{what} is {}, not {}", word(found), word(usual)))
}
