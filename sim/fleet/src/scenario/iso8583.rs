//! `[iso8583]`: terminals of other makers, at an ISO 8583 listener of the gateway.
//!
//! Which terminals they are, the network says: those with that listener in the column `listener` of
//! terminals.csv. Their keys are where those of other terminals are.

mod profile;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use smart_default::SmartDefault;
use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::message::BusinessDate;
use tillsim_core::firmware::{Firmware, Mix, OfferKind};
use tillsim_core::iso_terminal;
use tillsim_core::time::Span;

use self::profile::Profile;
use super::resolve::{CONNECT, address, offers};
use super::{Model, Offer, Scenario};
use crate::exit::{About, Refusal};
use crate::network::{IsoNetworkTerminal, Network};
use crate::run::IsoFleet;
use crate::text;

/// Where no journal tells which numbers were used, those of a day begin at ten a second since
/// midnight (UTC), so that a run does not repeat those of the run before.
const NUMBERS_PER_S: u64 = 10;
const DAY_S: u64 = 86_400;

/// Terminals of other makers. What they do beside selling is as in `[terminal]`.
#[derive(Clone, Debug, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct Iso8583 {
    /// Where the listener is.
    #[default = "127.0.0.1:7410"]
    pub address: String,
    /// Its profile, a name or a file, as in the gateway's configuration.
    #[default = "nac-terminal"]
    pub profile: String,
    /// Its name; needed where the network has terminals of several.
    pub listener: Option<String>,
    /// How many of its terminals take part; all of them by default.
    pub terminals: Option<usize>,
    /// The first of them, counted from 0: for several processes with a part of them each.
    pub first: usize,
    /// A file with keys, as `tillgate import --keys-out` writes it, beside those in the network.
    pub keys: Option<PathBuf>,
    /// What is bought from them; by default that of `[[mix]]` which the profile has a code for.
    pub mix: Vec<Offer>,
    /// When the gateway's business day ends: `calendar.cutoff` of its configuration.
    #[default = "00:00"]
    pub cutoff: String,
    /// How long they wait for an answer.
    #[default = "30s"]
    pub answer: String,
    /// Silence after which they test the line.
    #[default = "60s"]
    pub line_test: String,
    /// Whether they close the connection after each sale.
    pub hangs_up: bool,
    /// Of 100 settlements that agree, how many are followed by the batch; of those that differ all,
    /// unless it is 0.
    pub upload_percent: f64,
}

/// What `[iso8583]` comes to, but for what all terminals of the scenario have in common.
pub(super) struct Resolved {
    listener: String,
    address: SocketAddr,
    profile: Profile,
    terminals: Vec<IsoNetworkTerminal>,
    mix: Mix,
    cutoff_min: u16,
    answer: Span,
    line_test: Span,
    hangs_up: bool,
    upload_permille: u16,
}

impl Iso8583 {
    /// Paths in the file are relative to it.
    pub(super) fn relative_to(&mut self, base: &Path) {
        if profile::is_file(&self.profile) {
            self.profile = base.join(&self.profile).to_string_lossy().into_owned();
        }
        if let Some(keys) = &mut self.keys {
            *keys = base.join(&*keys);
        }
    }
}

/// Reads what the section names and checks what it says.
///
/// # Errors
/// [`Refusal`] that says which value is wrong and what is expected.
pub(super) fn resolve(scenario: &Scenario, network: &Network) -> Result<Option<Resolved>, Refusal> {
    let Some(iso) = &scenario.iso8583 else { return Ok(None) };
    let profile = Profile::read(&iso.profile)?;
    let mut network = network.clone();
    if let Some(file) = &iso.keys {
        network.keys(file)?;
    }
    let mix = mix(scenario, iso, &network, &profile)?;
    let (listener, terminals) = terminals(iso, network.iso_terminals, &profile)?;
    let span = |name: &str, value: &str| text::span(value).about(format_args!("iso8583.{name}"));
    Ok(Some(Resolved {
        listener,
        address: address(&iso.address).about("iso8583.address")?,
        profile,
        terminals,
        mix,
        cutoff_min: cutoff(&iso.cutoff)?,
        answer: span("answer", &iso.answer)?,
        line_test: span("line_test", &iso.line_test)?,
        hangs_up: iso.hangs_up,
        upload_permille: text::permille_of(iso.upload_percent).ok_or_else(|| {
            let percent = iso.upload_percent;
            Refusal(format!("iso8583.upload_percent: {percent} is not from 0 to 100"))
        })?,
    }))
}

impl Resolved {
    /// The fleet, with the customers and habits of the scenario's other terminals.
    pub(super) fn fleet(
        self,
        scenario: &Scenario,
        others: &Arc<Firmware>,
    ) -> Result<IsoFleet, Refusal> {
        let (listener, address, terminals) = (self.listener, self.address, self.terminals);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let floor = match scenario.gateway.admin {
            Some(_) => 0,
            None => now % DAY_S * NUMBERS_PER_S,
        };
        let firmware = iso_terminal::Firmware {
            dialect: self.profile.dialect,
            mac: self.profile.mac,
            mix: self.mix,
            codes: self.profile.codes,
            stan_floor: u32::try_from(floor).unwrap_or(0),
            custom: others.custom,
            retry_permille: others.retry_permille,
            confirm_permille: if self.profile.has_advices { others.confirm_permille } else { 0 },
            upload_permille: if self.profile.has_uploads { self.upload_permille } else { 0 },
            habits: others.habits,
            // A card's issuer is somewhere behind the gateway's host.
            knows_issuer: false,
            hangs_up: self.hangs_up,
            reconnect: others.reconnect,
            connect: CONNECT,
            answer: self.answer,
            test_after: self.line_test,
            cutoff_min: self.cutoff_min,
            day: BusinessDate::of_unix(now).unwrap_or_default(),
        };
        let widest = terminals.last().map_or(0, |terminal| terminal.id);
        firmware.check(widest).about(format_args!("iso8583.profile {:?}", self.profile.name))?;
        Ok(IsoFleet { listener, address, terminals, firmware: Arc::new(firmware) })
    }
}

/// The name of the listener, and its terminals that take part.
fn terminals(
    iso: &Iso8583,
    mut known: Vec<IsoNetworkTerminal>,
    profile: &Profile,
) -> Result<(String, Vec<IsoNetworkTerminal>), Refusal> {
    let mut names: Vec<&str> = known.iter().map(|terminal| &*terminal.listener).collect();
    names.sort_unstable();
    names.dedup();
    let listener = match (&iso.listener, &names[..]) {
        (_, []) => {
            let text = "iso8583: no active terminal of the network is enabled for a listener; give \
                        terminals.csv a column `listener` with its name";
            return Err(Refusal(text.to_owned()));
        }
        (None, [name]) => (*name).to_owned(),
        (Some(name), names) if names.contains(&name.as_str()) => name.clone(),
        (said, names) => {
            let (said, names) = (said.as_deref().unwrap_or("missing"), names.join(", "));
            let text = format!("iso8583.listener is {said}; the network has terminals of {names}");
            return Err(Refusal(text));
        }
    };
    known.retain(|terminal| terminal.listener == listener);
    let (first, there) = (iso.first, known.len());
    let wanted = iso.terminals.unwrap_or(there.saturating_sub(first));
    if wanted == 0 || first.saturating_add(wanted) > there {
        let text = format!(
            "iso8583: {wanted} terminals from place {first} on: listener {listener} has {there}"
        );
        return Err(Refusal(text));
    }
    known.drain(..first);
    known.truncate(wanted);
    let Some(mac) = profile.mac else { return Ok((listener, known)) };
    for IsoNetworkTerminal { id, psk, .. } in &known {
        if psk.and_then(|psk| mac.key(&Psk::new(psk))).is_none() {
            return Err(Refusal(format!(
                "terminal {id} has no key for its authentication codes in terminals.csv or \
                 terminal-keys.csv; name the file that `tillgate import --keys-out` wrote as \
                 iso8583.keys"
            )));
        }
    }
    Ok((listener, known))
}

/// What the terminals can ask for: what needs no lookup, and has a code in the profile.
fn mix(
    scenario: &Scenario,
    iso: &Iso8583,
    network: &Network,
    profile: &Profile,
) -> Result<Mix, Refusal> {
    let (key, parts) = match iso.mix.is_empty() {
        true => ("mix", &scenario.mix),
        false => ("iso8583.mix", &iso.mix),
    };
    let mut sold = offers(key, parts, &network.services)?;
    let can = |kind: OfferKind, service: u16, product: u16| {
        let mut codes = profile.codes.iter();
        kind != OfferKind::Bill && codes.any(|of| (of.service, of.product) == (service, product))
    };
    let lacks = sold.iter().find(|offer| !can(offer.kind, offer.service, offer.product));
    if let (Some(offer), false) = (lacks, iso.mix.is_empty()) {
        let why = match offer.kind {
            OfferKind::Bill => "needs a lookup, which these terminals cannot ask for".to_owned(),
            _ => format!("has no processing code in [products] of {:?}", profile.name),
        };
        return Err(Refusal(format!("{key}: {}/{} {why}", offer.service, offer.product)));
    }
    sold.retain(|offer| can(offer.kind, offer.service, offer.product));
    match Mix::new(sold) {
        Some(mix) => Ok(mix),
        None if scenario.load.model == Model::Idle => Ok(Mix::default()),
        None => Err(Refusal(format!(
            "iso8583: nothing to sell: [products] of the profile {:?} names nothing that the \
             network sells (docs/iso8583.md, section 2)",
            profile.name
        ))),
    }
}

/// `hh:mm` as minutes after midnight.
fn cutoff(text: &str) -> Result<u16, Refusal> {
    let parts = text.split_once(':').and_then(|(hours, minutes)| {
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
    });
    parts.ok_or_else(|| {
        Refusal(format!("iso8583.cutoff is {text:?}; write it as in the gateway: \"03:00\""))
    })
}

#[cfg(test)]
mod tests;
