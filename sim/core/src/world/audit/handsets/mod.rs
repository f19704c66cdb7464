//! Promises 1, 2, 7, 8 and 10 at handsets: what is ordered was confirmed, once; what is shown as sold is
//! durable and their own; whoever asks is a handset as it is now; and nobody waits too long.

mod orders;
mod pins;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use tillgate_codec::link::message::{GatewayMessage, TerminalMessage};
use tillgate_core::id::SessionId;
use tillgate_core::processing::{HandsetAsk, HandsetOrigin};
use tillgate_core::transaction::Origin;
use tillgate_core::ussd::SayKind;
use tillgate_store_core::{Handset, Key, PinTries, State, Status};

use self::orders::{Credit, Order};
use self::pins::PinAsk;
use super::Checker;
use crate::time::{Moment, Span};
use crate::world::config::Config;
use crate::world::gateway::Cause;
use crate::world::network::{Network, VoucherName};

pub(super) struct Handsets {
    /// The number of the links' thread among the reactors.
    reactor: u16,
    /// Each handset as it is durable.
    records: BTreeMap<u64, Handset>,
    /// The PINs that each may have had, by its revision.
    pins: BTreeMap<(u64, u32), Vec<String>>,
    /// What is remembered of wrong PINs.
    tries: BTreeMap<u64, PinTries>,
    /// Wrong PINs that became durable.
    failures: BTreeMap<u64, u32>,
    /// PINs that are looked at.
    pin_asks: FxHashMap<SessionId, PinAsk>,
    /// Every PIN that was typed.
    digits: FxHashSet<[u8; 8]>,
    /// What each subscriber has confirmed, in the last dialogs.
    credits: BTreeMap<u64, Vec<Credit>>,
    /// Whose dialog a session is.
    dialogs: FxHashMap<SessionId, HandsetOrigin>,
    /// Rows that were shown as sold.
    shown: BTreeSet<Key>,
    /// What was ordered in this life.
    orders: Vec<Order>,
    /// Which handset's dialog has made a row.
    pub(super) owners: FxHashMap<Key, HandsetOrigin>,
    /// Dialogs that nobody sees any more.
    unseen: FxHashSet<SessionId>,
    /// When those came that are not answered yet.
    waiting: BTreeMap<(Moment, u64), SessionId>,
    entered: u64,
}

impl Handsets {
    pub(super) fn new(config: &Config) -> Self {
        let mut pins: BTreeMap<(u64, u32), Vec<String>> = BTreeMap::new();
        for place in 0..config.handsets.count {
            let pin = Network::handset_pin(config.seed, place);
            pins.insert((Network::msisdn(place), 1), vec![pin]);
        }
        Self {
            reactor: config.ussd(),
            records: BTreeMap::new(),
            pins,
            tries: BTreeMap::new(),
            failures: BTreeMap::new(),
            pin_asks: FxHashMap::default(),
            digits: FxHashSet::default(),
            credits: BTreeMap::new(),
            dialogs: FxHashMap::default(),
            shown: BTreeSet::new(),
            orders: Vec::new(),
            owners: FxHashMap::default(),
            unseen: FxHashSet::default(),
            waiting: BTreeMap::new(),
            entered: 0,
        }
    }

    pub(super) fn crashed(&mut self) {
        self.pin_asks.clear();
        self.dialogs.clear();
        self.orders.clear();
        self.unseen.clear();
        self.waiting.clear();
    }

    /// How many subscribers wait for an answer.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.values().filter(|session| !self.unseen.contains(session)).count()
    }

    /// Whether it may be used.
    fn is_active(&self, msisdn: u64) -> bool {
        self.records.get(&msisdn).is_some_and(|handset| handset.status == Status::Active)
    }

    /// How long the oldest has waited.
    pub(super) fn waited(&self, now: Moment) -> Option<Span> {
        self.waiting.first_key_value().map(|((since, _), _)| now.since(*since))
    }
}

impl Checker {
    /// Whether an answer is a handset's.
    pub(super) fn is_of_handset(&self, session: SessionId) -> bool {
        session.reactor == self.handsets.reactor && !self.is_datagram(session)
    }

    /// A dialog asks something; gives the registry's state that the operator knows of.
    pub(in crate::world) fn handset_entered(
        &mut self,
        now: Moment,
        (origin, from): (Origin, HandsetOrigin),
        ask: &HandsetAsk<'_>,
    ) -> usize {
        self.handsets.entered += 1;
        let number = self.handsets.entered;
        self.handsets.waiting.insert((now, number), origin.session);
        self.handsets.dialogs.insert(origin.session, from);
        let HandsetAsk::Message(body) = ask else { return self.versions.acknowledged() };
        self.take_request(now, origin, (body, Some(from.dialog)));
        let wrong = match TerminalMessage::decode(body) {
            Ok(TerminalMessage::Sale(sale)) => self.is_unconfirmed(now, (origin, from), &sale),
            Ok(TerminalMessage::Repeat(repeat)) if repeat.stan != 0 => {
                let key = Key { date: repeat.date, terminal: origin.terminal, stan: repeat.stan };
                self.is_of_another_order(origin, key)
            }
            _ => None,
        };
        if let Some((promise, text)) = wrong {
            let msisdn = from.msisdn.number();
            self.violate(now, promise, format!("handset {msisdn}: {text}"));
        }
        self.versions.acknowledged()
    }

    /// A pool thread has just verified what a dialog asks.
    pub(in crate::world) fn handset_verified(
        &mut self,
        now: Moment,
        (origin, from): (Origin, HandsetOrigin),
        ask: &HandsetAsk<'_>,
        acknowledged: usize,
    ) {
        match ask {
            HandsetAsk::Message(body) => {
                self.verify_request(now, origin, (body, Some(from.dialog)), acknowledged);
            }
            HandsetAsk::LogOn { pin } => self.pin_is_looked_at(now, (origin, from), pin, None),
            HandsetAsk::ChangePin { old, new } => {
                self.pin_is_looked_at(now, (origin, from), old, Some(new));
            }
        }
    }

    /// What a dialog asks goes on to the writer.
    pub(in crate::world) fn served_handset(
        &mut self,
        now: Moment,
        origin: Origin,
        from: HandsetOrigin,
    ) {
        let msisdn = from.msisdn.number();
        let is_it = self.handsets.records.get(&msisdn).is_some_and(|handset| {
            handset.status == Status::Active
                && (handset.terminal, handset.revision) == (origin.terminal, origin.generation)
        });
        if !is_it {
            let text = format!("handset {msisdn}: served, and it is blocked or another one by now");
            self.violate(now, 7, text);
        }
    }

    /// An answer is on its way to a dialog.
    pub(in crate::world) fn handset_answered(&mut self, now: Moment, origin: Origin, body: &[u8]) {
        let session = origin.session;
        let asked = self.handsets.waiting.iter().find(|(_, of)| **of == session);
        if let Some(key) = asked.map(|(key, _)| *key) {
            self.handsets.waiting.remove(&key);
        }
        match GatewayMessage::decode(body) {
            Ok(GatewayMessage::Welcome(welcome)) => self.pin_is_answered(now, origin, welcome.code),
            Ok(GatewayMessage::Answer(answer)) => self.order_is_answered(origin, &answer),
            Ok(_) => {}
            Err(_) => {
                self.handsets.pin_asks.remove(&session);
                self.order_has_ended(origin);
            }
        }
    }

    /// A dialog is over for its subscriber: what is asked in it goes on without.
    pub(in crate::world) fn dialog_is_over(&mut self, msisdn: u64) {
        let Handsets { dialogs, unseen, .. } = &mut self.handsets;
        let its = dialogs.iter().filter(|(_, from)| from.msisdn.number() == msisdn);
        unseen.extend(its.map(|(session, _)| *session));
    }

    /// The gateway says something to a subscriber.
    pub(in crate::world) fn shows(
        &mut self,
        now: Moment,
        msisdn: u64,
        (kind, cause): (SayKind, Cause),
        text: &str,
        pins: &FxHashMap<VoucherName, String>,
    ) {
        let goes_on = (kind, cause) == (SayKind::Continue, Cause::Link);
        if goes_on && !self.handsets.is_active(msisdn) {
            let text = format!("handset {msisdn}: its dialog goes on, and it is blocked");
            self.violate(now, 7, text);
        }
        let wrong = self.shows_otherwise(now, msisdn, kind, text, pins);
        let wrong = wrong.or_else(|| {
            self.handsets.bears_pin(text.as_bytes()).then(|| (10, "a PIN is shown".to_owned()))
        });
        if let Some((promise, found)) = wrong {
            self.violate(now, promise, format!("handset {msisdn}: {found}: {text:?}"));
        }
        if text.contains("Sold: ") {
            let row = rrn_of(text).and_then(|rrn| self.references.get(rrn));
            self.handsets.shown.extend(row);
        }
    }

    /// What was shown as sold stays so.
    pub(super) fn close_handsets(&mut self, now: Moment) {
        let stands =
            |key: &Key| self.journal.get(key).is_some_and(|row| row.state == State::Approved);
        let lost = self.handsets.shown.iter().find(|key| !stands(key));
        if let Some(key) = lost.copied() {
            self.violate(now, 1, format!("{key}: shown as sold, and the journal has it otherwise"));
        }
    }

    /// How many sales handsets have made.
    pub(in crate::world) fn handset_sales(&self) -> usize {
        self.handsets.owners.len()
    }

    /// Octets on their way to a centre.
    pub(in crate::world) fn leaves_for_centre(&mut self, now: Moment, bytes: &[u8]) {
        if self.handsets.bears_pin(bytes) {
            self.violate(now, 10, "a PIN of a handset crosses the wire".to_owned());
        }
    }

    /// What is wrong with a text that names a sale.
    fn shows_otherwise(
        &self,
        now: Moment,
        msisdn: u64,
        kind: SayKind,
        text: &str,
        pins: &FxHashMap<VoucherName, String>,
    ) -> Option<(u8, String)> {
        if text.contains("Ordered ") && !self.was_ordered(now, msisdn, text) {
            return Some((2, "asked whether once more, and nothing was ordered".to_owned()));
        }
        let rrn = rrn_of(text)?;
        let Some(row) = self.references.get(rrn).and_then(|key| self.journal.get(key)) else {
            return Some((5, format!("shown {rrn}, which is no durable row's")));
        };
        let handset = self.handsets.records.get(&msisdn);
        if handset.is_none_or(|handset| handset.terminal != row.key.terminal) {
            return Some((7, format!("shown {}, which is of another terminal", row.key)));
        }
        if !matches!(row.state, State::Approved | State::Reversed) {
            return Some((1, format!("shown {}, which is {:?}", row.key, row.state)));
        }
        let is_fresh = text.contains("Sold: ");
        let owner = self.handsets.owners.get(&row.key).map(|from| from.msisdn.number());
        if (is_fresh || kind == SayKind::Notify) && owner != Some(msisdn) {
            return Some((1, format!("shown {} as its own, which is of {owner:?}", row.key)));
        }
        let minor = row.amount_minor;
        let amount = format!("Amount {}.{:02}", minor / 100, minor % 100);
        if is_fresh && !text.contains(&amount) {
            return Some((1, format!("shown {} without {amount}", row.key)));
        }
        let shown = text.lines().find_map(|line| line.strip_prefix("PIN "))?;
        let serial = row.voucher.as_ref()?.serial;
        let name = (row.service.0, row.product.0, serial);
        let is_its = pins.get(&name).is_some_and(|pin| pin == shown);
        (!is_its).then(|| (4, format!("shown a voucher that is not that of {}", row.key)))
    }
}

/// The reference of the sale that a text is about.
fn rrn_of(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("RRN "))
}
