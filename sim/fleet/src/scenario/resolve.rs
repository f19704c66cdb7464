//! From a scenario to an order that can be carried out: files read, texts parsed, bounds checked.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tillgate_codec::link::channel::{StaticPublic, Suite};
use tillsim_core::firmware::{
    self, Firmware, Habits, LoadModel, Mix, OfferKind, Reconnect, WhenBlocked,
};
use tillsim_core::time::Span;

use super::{Blocked, Load, Model, Offer, Policy, Scenario, Terminal, iso8583};
use crate::driver::{Open, Phase, Plan};
use crate::exit::{About, Refusal};
use crate::files::read_text;
use crate::network::{self, Network, Service};
use crate::number::whole;
use crate::run::{Admin, Course, Order, Sources};
use crate::text;

/// From the connection attempt to the connection.
pub(super) const CONNECT: Span = Span::s(10);
/// From the connection to the welcome, with room for a gateway that is busy with handshakes.
const LOGON: Span = Span::s(30);

/// Reads what the scenario names and checks what it says.
///
/// # Errors
/// [`Refusal`] that says which value is wrong and what is expected.
pub fn resolve(scenario: &Scenario) -> Result<Order, Refusal> {
    let network_dir = scenario.network.clone().ok_or_else(|| {
        Refusal("no network: give --network DIR, or `network` in the scenario".to_owned())
    })?;
    let mut network = Network::read(&network_dir)?;
    let count =
        scenario.terminals.unwrap_or(network.terminals.len().saturating_sub(scenario.first));
    let known = network.terminals.len();
    let iso = iso8583::resolve(scenario, &network)?;
    if (count == 0 && iso.is_none()) || scenario.first + count > known {
        let text = format!(
            "{count} terminals from place {} on: the network has {known} active terminals of the \
             sealed link",
            scenario.first
        );
        return Err(Refusal(text));
    }
    network.terminals.drain(..scenario.first);
    network.terminals.truncate(count);
    let firmware = Arc::new(firmware(scenario, &network.services)?);
    let iso8583 = iso.map(|iso| iso.fleet(scenario, &firmware)).transpose()?;
    let seconds = seconds("seconds", scenario.seconds)?;
    let plan = Plan {
        target: address(&scenario.gateway.address)?,
        listener: iso8583.as_ref().map(|iso| iso.address),
        sources: sources(scenario.connect.sources),
        connects_per_s: scenario.connect.per_s.max(1),
        cuts_per_s: scenario.faults.cuts_per_s.clamp(0.0, 10_000.0),
        seed: scenario.seed,
        epoch: Instant::now(),
    };
    let course = Course {
        plan,
        open: open(&scenario.load)?,
        threads: scenario.connect.threads.clamp(1, 64),
        online_within: self::seconds("connect.within_seconds", scenario.connect.within_seconds)?,
        sell: (seconds > Span::ZERO).then_some(seconds),
        drain: self::seconds("drain_seconds", scenario.drain_seconds)?,
    };
    let gateway = &scenario.gateway;
    let providers = gateway.provider.iter().chain(&gateway.providers).cloned().collect();
    let sources = Sources { admin: admin(scenario)?, providers, network_dir };
    let (terminals, expect) = (network.terminals, scenario.expect.clone());
    Ok(Order { course, terminals, firmware, iso8583, sources, expect })
}

/// The gateway's public key from its file: 64 hexadecimal digits.
///
/// # Errors
/// [`Refusal`] naming the file.
pub fn public_key(file: &Path) -> Result<StaticPublic, Refusal> {
    let key = network::unhex(&read_text(file)?);
    key.map(StaticPublic)
        .ok_or_else(|| Refusal::about(file.display(), "is not a key of 64 hexadecimal digits"))
}

fn firmware(scenario: &Scenario, services: &[Service]) -> Result<Firmware, Refusal> {
    let terminal = &scenario.terminal;
    let gateway = scenario.gateway.public_key.as_deref().map(public_key).transpose()?;
    let percent = |name: &str, value: f64| {
        text::permille_of(value)
            .ok_or_else(|| Refusal(format!("terminal.{name}: {value} is not from 0 to 100")))
    };
    let custom = match scenario.load.model {
        Model::Closed => LoadModel::Think(text::delay(&scenario.load.think).about("load.think")?),
        Model::Open => LoadModel::Sent,
        Model::Idle => LoadModel::None,
    };
    let mix = mix(scenario, services)?;
    if custom != LoadModel::None && mix.offers().is_empty() {
        return Err(Refusal("nothing to sell: the network has no active service".to_owned()));
    }
    let ping = terminal.ping.as_deref().map(text::span).transpose();
    Ok(Firmware {
        suite: if gateway.is_some() { Suite::NkPsk0 } else { Suite::NnPsk0 },
        gateway,
        version: format!("tillsim-{}", env!("CARGO_PKG_VERSION")),
        mix,
        custom,
        confirm_permille: percent("confirm_percent", terminal.confirm_percent)?,
        retry_permille: percent("retry_percent", terminal.retry_percent)?,
        habits: Habits {
            cancel_permille: percent("cancel_percent", terminal.cancel_percent)?,
            give_back_permille: percent("give_back_percent", terminal.give_back_percent)?,
            repeat_permille: percent("repeat_percent", terminal.repeat_percent)?,
            clash_permille: percent("clash_percent", terminal.clash_percent)?,
            late_permille: percent("late_percent", terminal.late_percent)?,
            misuse_permille: 0,
            settles: terminal.settles,
        },
        when_blocked: match terminal.when_blocked {
            Blocked::Obey => WhenBlocked::Obey,
            Blocked::Try => WhenBlocked::Try,
        },
        reconnect: reconnect(terminal)?,
        connect: CONNECT,
        logon: LOGON,
        ping: ping.about("terminal.ping")?,
    })
}

fn reconnect(terminal: &Terminal) -> Result<Reconnect, Refusal> {
    let span = |name, value: &str| text::span(value).about(name);
    let base = span("terminal.reconnect_base", &terminal.reconnect_base)?;
    let cap = span("terminal.reconnect_cap", &terminal.reconnect_cap)?;
    Ok(match terminal.reconnect {
        Policy::FullJitter => Reconnect::FullJitter { base, cap },
        Policy::Exponential => Reconnect::Exponential { base, cap },
        Policy::Fixed => Reconnect::Fixed(base),
    })
}

/// The scenario's mix, or else the whole catalogue with equal weights.
fn mix(scenario: &Scenario, services: &[Service]) -> Result<Mix, Refusal> {
    match Mix::new(offers("mix", &scenario.mix, services)?) {
        Some(mix) => Ok(mix),
        None if scenario.mix.is_empty() => Ok(Mix::default()),
        None => Err(Refusal("mix: every weight is 0".to_owned())),
    }
}

/// What `mix` names, or else the whole catalogue with equal weights.
pub(super) fn offers(
    key: &str,
    mix: &[Offer],
    services: &[Service],
) -> Result<Vec<firmware::Offer>, Refusal> {
    let mut offers = Vec::new();
    for part in mix {
        let found = services.iter().find(|service| service.id == part.service);
        let offer = found.and_then(|service| offer(service, part.product, part.weight));
        offers.push(offer.ok_or_else(|| {
            let (service, product) = (part.service, part.product);
            Refusal(format!("{key}: service {service} has no product {product} in the network"))
        })?);
    }
    if mix.is_empty() {
        for service in services {
            let products = service.products.iter().map(|(product, _)| *product);
            let open = service.open.map(|_| 0);
            offers.extend(products.chain(open).filter_map(|product| offer(service, product, 1)));
        }
    }
    Ok(offers)
}

fn offer(service: &Service, product: u16, weight: u32) -> Option<firmware::Offer> {
    let (amount_min_minor, amount_max_minor) = match product {
        0 => service.open?,
        _ => {
            let (_, amount) = service.products.iter().find(|(id, _)| *id == product)?;
            (*amount, *amount)
        }
    };
    Some(firmware::Offer {
        service: service.id,
        product,
        amount_min_minor,
        amount_max_minor,
        currency: service.currency.number,
        kind: match service {
            network::Service { is_voucher: true, .. } => OfferKind::Voucher,
            network::Service { takes_card: true, .. } => OfferKind::Card,
            network::Service { needs_lookup: true, .. } => OfferKind::Bill,
            _ => OfferKind::TopUp,
        },
        weight,
    })
}

fn open(load: &Load) -> Result<Option<Open>, Refusal> {
    if load.model != Model::Open {
        return Ok(None);
    }
    if load.phases.is_empty() {
        let text = "load.phases: an open load needs its rates, as \
                    phases = [{ to = 200, seconds = 10 }]";
        return Err(Refusal(text.to_owned()));
    }
    let mut phases = Vec::new();
    for part in &load.phases {
        let from_per_s = part.from.unwrap_or(part.to);
        if ![from_per_s, part.to].iter().all(|rate| (0.0..=1e7).contains(rate)) {
            return Err(Refusal("load.phases: rates are from 0 to 10,000,000".to_owned()));
        }
        let lasts = seconds("load.phases.seconds", part.seconds)?;
        phases.push(Phase { from_per_s, to_per_s: part.to, lasts });
    }
    Ok(Some(Open { phases, even: load.even }))
}

fn admin(scenario: &Scenario) -> Result<Option<Admin>, Refusal> {
    let Some(base) = scenario.gateway.admin.clone() else { return Ok(None) };
    let token = scenario.gateway.token.as_deref().map(read_text).transpose()?;
    let token = token.map(|token| token.trim().to_owned());
    Ok(Some(Admin { base, token }))
}

/// The address of a host and a port.
///
/// # Errors
/// [`Refusal`] when there is none.
pub(crate) fn address(text: &str) -> Result<SocketAddr, Refusal> {
    text.to_socket_addrs().about(text)?.next().ok_or_else(|| Refusal::about(text, "has no address"))
}

fn seconds(name: &str, value: f64) -> Result<Span, Refusal> {
    if !(0.0..=1e7).contains(&value) {
        return Err(Refusal(format!("{name}: {value} is not a number of seconds")));
    }
    Ok(Span(whole(value * 1e9)))
}

/// 127.16.0.1 and so on: all of 127/8 is this machine, without any being set up.
fn sources(count: u16) -> Vec<Ipv4Addr> {
    let address = |number: u16| {
        let [high, low] = (number / 250 * 256 + number % 250 + 1).to_be_bytes();
        Ipv4Addr::new(127, 16, high, low)
    };
    (0..count.min(60_000)).map(address).collect()
}
