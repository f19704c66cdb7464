//! The gateway's own client of ISO 8583 hosts against this host: two implementations that share
//! the codec alone, over a connection that the tests play.

use tillgate_codec::iso8583::{KeyEncryptionKey, MacPadding};
use tillgate_core::provider::iso8583::{
    Action, Connection, Host, HostSettings as Client, Now, Profile,
};
use tillgate_core::provider::{Exchange, ProviderRequest, ProviderRequestKind, ProviderResult};
use tillgate_store_core::{Key, ProductId, ProviderOutcome, SellerId, ServiceId, TerminalId, Text};

use super::*;
use crate::provider::script::Kind;

const DEADLINE: Span = Span::s(10);
/// Longer than any answer of these tests takes.
const PATIENCE: Span = Span::s(20);
/// Unix milliseconds at [`Moment`] 0.
const WALL_MS: u64 = 1_795_000_000_000;
/// How often a request is repeated until it has an outcome.
const ATTEMPTS: u32 = 8;
const KEY: [u8; 16] = [0x42; 16];
const KEK: [u8; 16] = *b"sixteen bytes!!!";

struct Pair {
    gateway: Host,
    host: IsoHost,
    now: Moment,
    wire: Option<(Connection, u64)>,
    connections: u64,
    done: Vec<ProviderResult>,
    late: Vec<ProviderResult>,
}

impl Pair {
    fn new(profile: &str, script: Script) -> Self {
        let profile = parsed(Profile::builtin(profile).unwrap());
        let mac = profile.has_mac().then(|| MacSettings {
            algorithm: MacAlgorithm::Retail,
            key: KEY.to_vec(),
            key_encryption_key: None,
            ..mac_settings()
        });
        let key = profile.has_mac().then(|| MacKey::retail(&KEY, MacPadding::Zeros));
        Self::of(profile, (mac, key, None), script)
    }

    /// Under codes of this algorithm whose key the host sends; `kek` is what the gateway opens it
    /// with, `edit` changes its profile.
    fn exchanging(
        algorithm: MacAlgorithm,
        kek: [u8; 16],
        edit: impl FnOnce(String) -> String,
        script: Script,
    ) -> Self {
        let word: &str = if algorithm == MacAlgorithm::AesCmac { "cmac" } else { "retail" };
        let exchange = "[network.key_exchange]\ncode = \"161\"\nfield = 48\nevery_s = 60\n\n";
        let text =
            Profile::builtin("nac-host").unwrap().replace("\"retail\"", &format!("{word:?}"));
        let text = text.replace("[network.fields]", &format!("{exchange}[network.fields]"));
        let profile = parsed(&edit(text));
        let mac = MacSettings {
            algorithm,
            key: KEY.to_vec(),
            key_encryption_key: Some(KEK.to_vec()),
            ..mac_settings()
        };
        let fixed = profile.needs_fixed_key().then(|| profile.mac_key(&KEY).unwrap());
        let kek = profile.key_encryption_key(&kek).unwrap();
        Self::of(profile, (Some(mac), fixed, Some(kek)), script)
    }

    fn of(
        profile: Profile,
        (mac, key, kek): (Option<MacSettings>, Option<MacKey>, Option<KeyEncryptionKey>),
        script: Script,
    ) -> Self {
        let mut settings = HostSettings::new(profile.dialect().clone());
        settings.mac = mac;
        let client = Client { connections: 1, window: 8, entropy: 7 };
        let now = Moment(0).after(Span::s(1));
        let gateway = Host::new(profile, key, client).with_key_exchange(kek);
        let host = IsoHost::new(settings, script, now).unwrap();
        let (done, late) = (Vec::new(), Vec::new());
        let mut pair = Self { gateway, host, now, wire: None, connections: 0, done, late };
        pair.gateway.tick(pair.at());
        pair.run(PATIENCE);
        pair
    }

    fn at(&self) -> Now {
        Now { at: self.now, wall_ms: WALL_MS + self.now.0 / 1_000_000 }
    }

    /// Lets both do everything until that time has passed.
    fn run(&mut self, span: Span) {
        let end = self.now.after(span);
        loop {
            while self.act() {}
            let next =
                self.gateway.deadline().into_iter().chain(self.host.deadline(self.now)).min();
            match next.filter(|at| *at <= end) {
                Some(at) => self.now = self.now.max(at),
                None => break,
            }
            self.gateway.tick(self.at());
        }
        self.now = end;
    }

    /// Whether there was anything to do.
    fn act(&mut self) -> bool {
        let mut acted = false;
        while let Some(action) = self.gateway.next_action() {
            acted = true;
            match action {
                Action::Connect(connection) => {
                    self.connections += 1;
                    self.wire = Some((connection, self.connections));
                    self.host.connected(self.now, self.connections);
                    self.gateway.connected(self.at(), connection);
                }
                Action::Close(connection) => {
                    if let Some((_, id)) = self.wire.take_if(|(of, _)| *of == connection) {
                        self.host.disconnected(id);
                    }
                }
                Action::Done(_, result) => self.done.push(result),
                Action::Late(_, result) => self.late.push(result),
                Action::Note(_) => {}
            }
        }
        if let Some((connection, id)) = self.wire {
            let mut bytes = Vec::new();
            self.gateway.take_output(connection, &mut bytes);
            if !bytes.is_empty() {
                acted = true;
                self.host.receive(self.now, id, &bytes);
            }
        }
        while let Some(output) = self.host.poll(self.now) {
            acted = true;
            let Some((connection, id)) = self.wire else { continue };
            match output {
                Output::Send { connection: to, bytes } if to == id => {
                    self.gateway.received(self.at(), connection, &bytes);
                }
                Output::Close { connection: of } if of == id => {
                    self.wire = None;
                    self.gateway.lost(self.at(), connection);
                }
                _ => {}
            }
        }
        acted
    }

    /// The result of a request.
    fn ask(&mut self, kind: ProviderRequestKind, stan: u32, attempt: u32) -> ProviderResult {
        // A connection that was lost comes back first.
        for _ in 0..ATTEMPTS {
            if self.gateway.connections_up() > 0 {
                break;
            }
            self.run(PATIENCE);
        }
        self.done.clear();
        let request = request(kind, stan, attempt);
        self.gateway.request(self.at(), Exchange::new(request, self.now, DEADLINE));
        self.run(PATIENCE);
        assert_eq!(self.done.len(), 1, "{kind:?} {stan}: {:?}", self.done);
        self.done.remove(0)
    }

    /// Carries a sale to its end as the gateway does: without an outcome it is taken back, and so
    /// is a late approval of a decline. Gives whether the sale is approved.
    fn sell(&mut self, stan: u32) -> bool {
        self.late.clear();
        let result = self.ask(ProviderRequestKind::Authorize, stan, 1);
        let late = self.late.iter().any(is_approved);
        match result {
            result if is_approved(&result) => return true,
            ProviderResult::Outcome(
                ProviderOutcome::Declined { .. } | ProviderOutcome::NotSent { .. },
            ) if !late => return false,
            _ => {}
        }
        for attempt in 1..=ATTEMPTS {
            let result = self.ask(ProviderRequestKind::Reverse, stan, attempt);
            if result == ProviderResult::Outcome(ProviderOutcome::Reversed) {
                return false;
            }
        }
        panic!("sale {stan} has no end");
    }

    fn is_in_the_book(&self, stan: u32) -> bool {
        let deals = self.host.book().deals();
        let mut of = deals.iter().filter(|(key, _)| key.stan == stan);
        of.any(|(_, deal)| {
            assert!(deal.times <= 1, "{stan} was carried out twice");
            deal.amount_minor == 500 && deal.status_at(self.now).word() == "approved"
        })
    }
}

fn parsed(text: &str) -> Profile {
    Profile::parse(text, |name| Dialect::builtin(name).ok_or_else(String::new)).unwrap()
}

fn is_approved(result: &ProviderResult) -> bool {
    matches!(result, ProviderResult::Outcome(ProviderOutcome::Approved { .. }))
}

fn request(kind: ProviderRequestKind, stan: u32, attempt: u32) -> ProviderRequest {
    let sale = Key { terminal: TerminalId(70_001), stan, ..Key::default() };
    let is_lookup = kind == ProviderRequestKind::Lookup;
    ProviderRequest {
        kind,
        key: sale,
        sale,
        at_ms: WALL_MS,
        seller: SellerId(7),
        rrn: if is_lookup { Text::new() } else { Text::from(&format!("{stan:012}")).unwrap() },
        bridge: 0,
        reference: Text::from(&format!("{stan:032x}")).unwrap(),
        provider_reference: Text::new(),
        service: ServiceId(20),
        product: ProductId(0),
        amount_minor: if is_lookup { 0 } else { 500 },
        currency: 936,
        subscriber: Text::from("233200000001").unwrap(),
        lookup: Text::new(),
        attempt,
    }
}

fn script(seed: u64, rules: Vec<Rule>) -> Script {
    Script { seed, rules, ..Script::default() }
}

const SOON: Span = Span::s(3);
const AFTER_THE_DEADLINE: Span = Span::s(15);

fn effects() -> Vec<Effect> {
    vec![
        Effect::Answer,
        Effect::Decline("51".to_owned()),
        Effect::Lose,
        Effect::Silent,
        Effect::Pending(SOON),
        Effect::Duplicate(SOON),
        Effect::Late(SOON),
        Effect::Late(AFTER_THE_DEADLINE),
        Effect::Reorder(SOON),
        Effect::Truncate,
        Effect::Cut,
        Effect::Half,
        Effect::Disconnect,
        Effect::Garbage,
        Effect::ApproveThenDecline(SOON),
        Effect::DeclineThenApprove(SOON),
        Effect::WrongReference,
        Effect::WrongStan,
        Effect::WrongAmount,
        Effect::WrongMac,
        Effect::Earlier,
    ]
}

#[test]
fn the_gateway_and_the_host_agree_about_every_sale_whatever_the_host_does() {
    for profile in ["iso87-host", "nac-host"] {
        for effect in effects() {
            let what = format!("{profile}: {effect:?}");
            let rule = Rule { on: vec![Kind::Sale], effect, ..Rule::default() };
            let mut pair = Pair::new(profile, script(1, vec![rule]));
            for stan in 1..=3 {
                let is_approved = pair.sell(stan);
                assert_eq!(is_approved, pair.is_in_the_book(stan), "{what}, sale {stan}");
            }
        }
    }
}

#[test]
fn they_agree_when_reversals_are_mistreated_too() {
    for seed in 0..12 {
        let rules = effects().into_iter().map(|effect| Rule {
            on: match effect {
                // A reversal that is refused for good is an operator's business.
                Effect::Decline(_) | Effect::DeclineThenApprove(_) => vec![Kind::Sale],
                _ => vec![Kind::Sale, Kind::Reversal],
            },
            permille: 60,
            effect,
            ..Rule::default()
        });
        let mut pair = Pair::new("iso87-host", script(seed, rules.collect()));
        for stan in 1..=20 {
            let is_approved = pair.sell(stan);
            assert_eq!(is_approved, pair.is_in_the_book(stan), "seed {seed}, sale {stan}");
        }
    }
}

#[test]
fn they_agree_about_questions_and_confirmations() {
    for profile in ["iso87-host", "nac-host"] {
        let mut pair = Pair::new(profile, Script::default());
        let bill = pair.ask(ProviderRequestKind::Lookup, 1, 1);
        assert!(
            matches!(&bill, ProviderResult::Lookup(Ok(bill)) if bill.amount_minor > 0),
            "{bill:?}"
        );
        let unseen = pair.ask(ProviderRequestKind::Inquire, 2, 1);
        assert_eq!(unseen, ProviderResult::NotFound { attempt: 1 });
        assert!(pair.sell(2));
        assert!(is_approved(&pair.ask(ProviderRequestKind::Inquire, 2, 2)));
        let noted = pair.ask(ProviderRequestKind::Advise, 2, 1);
        assert_eq!(noted, ProviderResult::Outcome(ProviderOutcome::AdviceAcknowledged));
        let deals = pair.host.book().deals();
        assert!(deals.iter().any(|(key, deal)| key.stan == 2 && deal.confirmed));
        assert_eq!(deals.len(), 1);
    }
}

/// Both algorithms, and network messages with and without codes.
fn exchanges() -> Vec<(MacAlgorithm, bool)> {
    let algorithms = [MacAlgorithm::Retail, MacAlgorithm::AesCmac];
    algorithms.into_iter().flat_map(|of| [(of, false), (of, true)]).collect()
}

fn with_network_codes(has: bool) -> impl FnOnce(String) -> String {
    move |text| if has { text.replace("answer_s = 10", "answer_s = 10\nmac = true") } else { text }
}

#[test]
fn sales_go_on_under_keys_that_the_host_sends_and_renews() {
    for (algorithm, has_codes) in exchanges() {
        let edit = with_network_codes(has_codes);
        let mut pair = Pair::exchanging(algorithm, KEK, edit, Script::default());
        // A key lives for a minute, and a sale takes twenty seconds here.
        for stan in 1..=12 {
            assert!(
                pair.sell(stan) && pair.is_in_the_book(stan),
                "{algorithm:?} {has_codes} {stan}"
            );
        }
        assert_eq!(pair.connections, 1);
    }
}

#[test]
fn nothing_leaves_under_a_key_that_cannot_be_opened() {
    for (algorithm, has_codes) in exchanges() {
        let edit = with_network_codes(has_codes);
        let mut pair = Pair::exchanging(algorithm, *b"another key this", edit, Script::default());
        for stan in 1..=3 {
            let asked = request(ProviderRequestKind::Authorize, stan, 1);
            let result = pair.ask(ProviderRequestKind::Authorize, stan, 1);
            assert_eq!(result, asked.not_sent(), "{algorithm:?} {has_codes}");
        }
        assert_eq!(pair.host.book().deals().len(), 0);
    }
}

#[test]
fn they_agree_about_every_sale_while_keys_change_and_messages_are_mistreated() {
    for effect in effects() {
        let what = format!("{effect:?}");
        let on = match effect {
            // Refused for good it is an operator's business.
            Effect::Decline(_) => vec![Kind::Sale],
            _ => vec![Kind::Sale, Kind::Network],
        };
        let rule = Rule { on, permille: 400, effect, ..Rule::default() };
        let script = script(5, vec![rule]);
        let mut pair = Pair::exchanging(MacAlgorithm::Retail, KEK, |text| text, script);
        for stan in 1..=12 {
            let is_approved = pair.sell(stan);
            assert_eq!(is_approved, pair.is_in_the_book(stan), "{what}, sale {stan}");
        }
    }
}
