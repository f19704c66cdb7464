//! Bridges whose providers are ISO 8583 hosts: the agreement with each, how bad its connections
//! are, and what it does to whom.

use tillgate_codec::iso8583::{Dialect, KeyEncryptionKey, MacKey};
use tillgate_core::limits::TransactionLimits;
use tillgate_core::provider::iso8583::{Host as Client, HostSettings as Connections, Profile};

use super::{Bridge, Stream, number};
use crate::firmware::Delay;
use crate::provider::iso8583::{HostSettings, MacAlgorithm, MacSettings};
use crate::provider::script::{Effect, Kind, Outage, Reach, Rule, Script};
use crate::rng::Rng;
use crate::time::Span;
use crate::world::fault::{Fault, Faults};

/// Of 1000 bridges, how many lead to a host.
const HOSTS_PERMILLE: u16 = 400;

/// How long a world with thieves and hosts asks about a sale at most.
const EXPIRE_MAX: Span = Span::s(2_400);

/// The key of authentication codes, and the one that session keys travel under.
const KEY: [u8; 16] = [0x42; 16];
const KEY_ENCRYPTION_KEY: [u8; 16] = *b"sixteen bytes!!!";

/// A host and what lies between it and its bridge.
#[derive(Clone, Debug)]
pub(in crate::world) struct Host {
    pub(in crate::world) agreement: Agreement,
    pub(in crate::world) connections: usize,
    /// Requests in flight on each.
    pub(in crate::world) window: usize,
    pub(in crate::world) script: Script,
    /// What it does once the chaos is over.
    pub(in crate::world) calm: Vec<Rule>,
    /// Of 1000 attempts to connect, how many are refused, and how many are not answered at all.
    pub(in crate::world) refused_permille: u16,
    pub(in crate::world) unanswered_permille: u16,
    /// Of 1000 connections, how many end at some byte.
    pub(in crate::world) mishap_permille: u16,
    /// Of 1000 writes, how many arrive in pieces, how many stand still on their way, and after how
    /// many the gateway's socket takes nothing for a while.
    pub(in crate::world) split_permille: u16,
    pub(in crate::world) stall_permille: u16,
    pub(in crate::world) blocked_permille: u16,
}

/// How gateway and host talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::world) enum Agreement {
    /// In ASCII, without authentication codes.
    Plain,
    /// In packed digits, with codes under a key that both have.
    Codes,
    /// The same under keys that the host sends.
    Exchange(MacAlgorithm),
}

impl Agreement {
    fn text(self) -> String {
        let built_in = |name| Profile::builtin(name).expect("it is built in").to_owned();
        let Self::Exchange(algorithm) = self else {
            return built_in(if self == Self::Plain { "iso87-host" } else { "nac-host" });
        };
        let word = if algorithm == MacAlgorithm::AesCmac { "\"cmac\"" } else { "\"retail\"" };
        let exchange = "[network.key_exchange]\ncode = \"161\"\nfield = 48\nevery_s = 60\n\n";
        let text = built_in("nac-host").replace("\"retail\"", word);
        text.replace("[network.fields]", &format!("{exchange}[network.fields]"))
    }

    /// The gateway's side of it.
    pub(in crate::world) fn profile(self) -> Profile {
        let dialect = |name: &str| Dialect::builtin(name).ok_or_else(String::new);
        Profile::parse(&self.text(), dialect).expect("it is one of ours")
    }

    /// The host's side of it.
    pub(in crate::world) fn settings(self) -> HostSettings {
        let name = if self == Self::Plain { "iso87a" } else { "nac" };
        let dialect = Dialect::builtin(name).expect("it is built in");
        let mac = |algorithm, key_encryption_key| MacSettings {
            algorithm,
            key: KEY.to_vec(),
            key_encryption_key,
            key_field: 48,
            refusal: "A0".to_owned(),
        };
        let mac = match self {
            Self::Plain => None,
            Self::Codes => Some(mac(MacAlgorithm::Retail, None)),
            Self::Exchange(algorithm) => Some(mac(algorithm, Some(KEY_ENCRYPTION_KEY.to_vec()))),
        };
        HostSettings { mac, is_issuer: true, ..HostSettings::new(dialect) }
    }

    /// The key that both have, where every code is made with it.
    pub(in crate::world) fn fixed_key(self) -> Option<MacKey> {
        (self == Self::Codes).then(|| MacAlgorithm::Retail.key(&KEY)).flatten()
    }

    fn key_encryption_key(self, profile: &Profile) -> Option<KeyEncryptionKey> {
        let key = || profile.key_encryption_key(&KEY_ENCRYPTION_KEY);
        matches!(self, Self::Exchange(_)).then(|| key().expect("it is long enough"))
    }
}

impl Host {
    /// The gateway's end of it, as a process has it when it starts.
    pub(in crate::world) fn client(&self, entropy: u64) -> Client {
        let profile = self.agreement.profile();
        let (connections, window) = (self.connections, self.window);
        let settings = Connections { connections, window, entropy };
        let key = self.agreement.key_encryption_key(&profile);
        Client::new(profile, self.agreement.fixed_key(), settings).with_key_exchange(key)
    }

    /// A host that does nothing but answer at once.
    pub(in crate::world) fn faultless(agreement: Agreement) -> Self {
        let latency = Delay::Fixed(Span::ms(2));
        Self {
            agreement,
            connections: 1,
            window: 8,
            script: Script { latency, ..Script::default() },
            calm: Vec::new(),
            refused_permille: 0,
            unanswered_permille: 0,
            mishap_permille: 0,
            split_permille: 0,
            stall_permille: 0,
            blocked_permille: 0,
        }
    }
}

/// Makes some of the bridges lead to hosts, as bad as their lines and providers are; gives the
/// writer's limits.
pub(super) fn draw(
    seed: u64,
    faults: Faults,
    bridges: &mut [Bridge],
    (writer, thieves): (TransactionLimits, u16),
) -> TransactionLimits {
    let mut rng = Stream::Hosts.rng(seed);
    for bridge in &mut *bridges {
        let is_host = rng.chance(HOSTS_PERMILLE);
        let host = draw_host(&mut rng, faults, bridge);
        bridge.host = is_host.then_some(host);
    }
    // A host cannot be asked about a thief's STAN that its field has no place for: such a sale is
    // the operator's before the world ends.
    let is_short = thieves > 0 && bridges.iter().any(|bridge| bridge.host.is_some());
    let expire = if is_short { writer.expire.min(EXPIRE_MAX) } else { writer.expire };
    TransactionLimits { expire, ..writer }
}

fn draw_host(rng: &mut Rng, faults: Faults, bridge: &Bridge) -> Host {
    let agreements = [
        Agreement::Plain,
        Agreement::Codes,
        Agreement::Exchange(MacAlgorithm::Retail),
        Agreement::Exchange(MacAlgorithm::AesCmac),
    ];
    let agreement = agreements[usize::from(number(rng, 4))];
    let connections = usize::from(1 + number(rng, 3));
    let window = usize::from(1 + number(rng, 8));
    let [mishap, split, stall, blocked, unanswered] =
        [700, 900, 60, 300, 150].map(|most| number(rng, most));
    let line = |permille| if faults.has(Fault::Line) { permille } else { 0 };
    let (script, calm) = (draw_script(rng, faults, bridge), calm_rules(bridge));
    Host {
        agreement,
        connections,
        window,
        script,
        calm,
        refused_permille: bridge.unsent_permille,
        unanswered_permille: line(unanswered),
        mishap_permille: line(mishap),
        split_permille: split,
        stall_permille: line(stall),
        blocked_permille: line(blocked),
    }
}

fn draw_script(rng: &mut Rng, faults: Faults, bridge: &Bridge) -> Script {
    let outage = |rng: &mut Rng| {
        let from = rng.between(Span::s(2), Span::s(80));
        let to = Span(from.0 + rng.between(Span::ms(200), Span::s(20)).0);
        let reach = if rng.chance(500) { Reach::Refuse } else { Reach::Silent };
        Outage { from, to, reach }
    };
    let outages = [(); 2].map(|()| outage(rng));
    let outages = outages[..usize::from(number(rng, 3))].to_vec();
    Script {
        seed: rng.throw(),
        latency: bridge.behaviour.latency,
        idempotent: bridge.behaviour.idempotent,
        rules: rules(rng, faults, bridge),
        outages: if faults.has(Fault::Line) { outages } else { Vec::new() },
    }
}

fn rule(on: &[Kind], permille: u16, effect: Effect) -> Rule {
    Rule { on: on.to_vec(), permille, effect, ..Rule::default() }
}

/// Refusals are a host's own business, and so is what is lost the first time.
fn calm_rules(bridge: &Bridge) -> Vec<Rule> {
    let behaviour = &bridge.behaviour;
    let declined = Effect::Decline("14".to_owned());
    vec![
        rule(&[Kind::Sale], behaviour.declined_permille, declined),
        rule(&[Kind::Sale], behaviour.pending_permille, Effect::Pending(behaviour.pending)),
        rule(&[Kind::Sale, Kind::Reversal, Kind::Advice], behaviour.deaf_permille, Effect::Lose),
        rule(&[Kind::Sale, Kind::Reversal], behaviour.silent_permille, Effect::Silent),
    ]
}

fn rules(rng: &mut Rng, faults: Faults, bridge: &Bridge) -> Vec<Rule> {
    use Kind::{Advice, Inquiry, Lookup, Network, Reversal, Sale};
    let mut rules = Vec::new();
    let after = rng.between(Span::ms(1), Span::s(20));
    let late = rng.between(bridge.deadline, Span(bridge.deadline.0 + Span::s(15).0));
    let asked = [Sale, Reversal, Advice, Inquiry, Lookup];
    let own = [
        (&asked[..], 30, Effect::WrongReference),
        (&asked, 30, Effect::WrongStan),
        (&asked, 30, Effect::WrongAmount),
        (&asked, 30, Effect::WrongMac),
        (&asked, 30, Effect::Earlier),
        (&asked, 20, Effect::Truncate),
        (&asked, 20, Effect::Garbage),
        (&asked, 20, Effect::Half),
        (&[Sale], 60, Effect::ApproveThenDecline(after)),
        (&[Sale], 120, Effect::DeclineThenApprove(after)),
        (&[Network], 100, Effect::Silent),
        (&[Network], 60, Effect::Late(Span::s(4))),
        (&[Network], 40, Effect::WrongStan),
    ];
    let way = [
        (&asked[..], 40, Effect::Cut),
        (&asked, 40, Effect::Disconnect),
        (&asked, 100, Effect::Reorder(Span::s(3))),
        (&asked, 100, Effect::Duplicate(after)),
        (&asked, 100, Effect::Late(late)),
        (&[Network], 60, Effect::Disconnect),
    ];
    for (fault, list) in [(Fault::Provider, &own[..]), (Fault::Line, &way)] {
        for (on, most, effect) in list {
            let permille = number(rng, *most);
            let is_bad = faults.has(fault);
            rules.extend(is_bad.then(|| rule(on, permille, effect.clone())));
        }
    }
    rules.extend(calm_rules(bridge));
    rules
}
