//! The operator: one order at a time, given again until its result is known.

use tillgate_core::orders;
use tillgate_core::transaction::{ControlOrder, Controlled, PushedCommand};
use tillgate_store_core::withdrawal::Place;
use tillgate_store_core::{
    BridgeStatus, BusinessDate, Change, CommissionRule, Hours, Key, ProductId, RegistryRecord,
    Resolution, ServiceId, Services, Status, TerminalId,
};

use super::World;
use super::catalogue::{LANGUAGES, print_otherwise};
use super::config::{Config, Stream, number};
use super::event::Event;
use super::gateway::Process;
use super::handsets::orders::GivenPin;
use super::network::Network;
use super::{handsets, market, rekey, suspend};
use crate::rng::Rng;
use crate::time::{Moment, Span};

/// How long the operator waits for a result before the order is given again.
const PATIENCE: Span = Span::s(10);

pub(super) struct Operator {
    rng: Rng,
    /// For what is sold when, and where.
    assortment: Rng,
    /// For who belongs to whom, what it costs and where it goes; and how often of 1000.
    pub(super) market: Rng,
    pub(super) market_permille: u16,
    /// For who gets another key; and how often of 1000.
    pub(super) keys: Rng,
    pub(super) keys_permille: u16,
    /// For which bridges are taken out of service; and how often of 1000.
    pub(super) suspend: Rng,
    pub(super) suspend_permille: u16,
    /// For which handsets are changed; how often of 1000, and how many there are.
    pub(super) handsets: Rng,
    pub(super) handsets_share: (u16, u16),
    /// A PIN that was given to a handset, until its holder knows it.
    pub(super) given_pin: Option<GivenPin>,
    /// For which vouchers are taken out of sale, and when.
    pub(super) recall: Rng,
    pub(super) seed: u64,
    /// The registry as the operator knows it to be.
    pub(super) records: Vec<RegistryRecord>,
    outstanding: Option<Outstanding>,
    tickets: u64,
    /// Everything is as it was at the start, and stays so.
    pub(super) restored: bool,
}

struct Outstanding {
    /// The ticket under which it was given first, and last.
    first: u64,
    ticket: u64,
    plan: Plan,
    given: Moment,
}

/// A ticket and what is ordered under it.
type Given = Option<(u64, ControlOrder)>;

/// The note of the change that puts everything back as it was.
const RESTORED: &str = "all is forgiven";

/// Something to do.
#[derive(Clone)]
pub(super) enum Plan {
    /// Change the registry, load stock or float.
    Change { change: Change, tell: Vec<(TerminalId, PushedCommand)> },
    /// Say the outcome of a transaction.
    Resolve { key: Key, verdict: Resolution },
    /// Take vouchers out of sale.
    Withdraw { service: ServiceId, product: ProductId, vouchers: Vec<Place>, note: String },
}

impl Plan {
    /// What the gateway makes of a wish.
    pub(super) fn of(order: ControlOrder) -> Option<Self> {
        match order {
            ControlOrder::Change { change, tell } => Some(Self::Change { change, tell }),
            ControlOrder::Resolve { key, verdict, .. } => Some(Self::Resolve { key, verdict }),
            ControlOrder::Withdraw { service, product, vouchers, note } => {
                Some(Self::Withdraw { service, product, vouchers, note })
            }
            ControlOrder::Refund { .. } => None,
        }
    }

    fn order(&self) -> ControlOrder {
        match self.clone() {
            Self::Change { change, tell } => ControlOrder::Change { change, tell },
            Self::Resolve { key, verdict } => {
                ControlOrder::Resolve { key, verdict, note: "the provider was asked".to_owned() }
            }
            Self::Withdraw { service, product, vouchers, note } => {
                ControlOrder::Withdraw { service, product, vouchers, note }
            }
        }
    }
}

impl Operator {
    /// An operator who knows what was loaded at the opening.
    pub(super) fn new(config: &Config, opening: &Change) -> Self {
        let seed = config.seed;
        // What handsets are like, their holders change, too: it is read from the registry.
        let is_told = |record: &&RegistryRecord| !matches!(record, RegistryRecord::Handset(_));
        Self {
            rng: Stream::OperatorRun.rng(seed),
            assortment: Stream::AssortmentRun.rng(seed),
            market: Stream::MarketRun.rng(seed),
            market_permille: market::share(config),
            keys: Stream::KeysRun.rng(seed),
            keys_permille: rekey::share(config),
            suspend: Stream::SuspendRun.rng(seed),
            suspend_permille: suspend::share(config),
            handsets: Stream::HandsetOrders.rng(seed),
            handsets_share: handsets::orders::share(config),
            given_pin: None,
            recall: Stream::RecallRun.rng(seed),
            seed,
            records: opening.records.iter().filter(is_told).cloned().collect(),
            outstanding: None,
            tickets: 0,
            restored: false,
        }
    }

    /// The next thing to do, or the last one again; `None`: wait.
    fn next(&mut self, now: Moment, think: impl FnOnce(&mut Self) -> Option<Plan>) -> Given {
        if let Some(outstanding) = &mut self.outstanding {
            if outstanding.given.after(PATIENCE) > now {
                return None;
            }
            self.tickets += 1;
            outstanding.ticket = self.tickets;
            outstanding.given = now;
            return Some((self.tickets, outstanding.plan.order()));
        }
        let plan = think(self)?;
        self.tickets += 1;
        let (ticket, order) = (self.tickets, plan.order());
        self.outstanding = Some(Outstanding { first: ticket, ticket, plan, given: now });
        Some((ticket, order))
    }

    /// Unblocks everything, so that what is under way can finish.
    fn restore(&mut self) -> Option<Plan> {
        if self.restored {
            return None;
        }
        let records = self.records.iter().cloned().map(|mut record| {
            match &mut record {
                RegistryRecord::Distributor(record) => record.status = Status::Active,
                RegistryRecord::Seller(record) => record.status = Status::Active,
                RegistryRecord::Service(record) => {
                    record.status = Status::Active;
                    record.hours = None;
                }
                RegistryRecord::Bridge(record) => record.status = BridgeStatus::Active,
                RegistryRecord::Receipt(_)
                | RegistryRecord::Route(_)
                | RegistryRecord::Handset(_) => {}
                RegistryRecord::Terminal(record) => {
                    record.status = Status::Active;
                    record.reason.clear();
                    record.services = Services::All;
                }
            }
            record
        });
        let (records, note) = (records.collect(), RESTORED.to_owned());
        self.change(Change { records, note, ..Change::default() })
    }

    /// A change of the registry as the gateway makes an order of it.
    pub(super) fn change(&self, change: Change) -> Option<Plan> {
        let status = |id| self.terminals().find(|terminal| terminal.id == id).map(|it| it.status);
        Plan::of(orders::change_registry(change, status))
    }

    fn think(&mut self, (today, minute): (u16, u16), network: &mut Network) -> Option<Plan> {
        let mut change = Change::default();
        match self.rng.below(10) {
            0 => {
                change.vouchers = network.vouchers(1 + number(&mut self.rng, 2), 5, today);
                change.batches = self.totals(&change.vouchers);
            }
            1 => {
                let sellers = self
                    .records
                    .iter()
                    .filter(|record| matches!(record, RegistryRecord::Seller(_)));
                let count = u64::try_from(sellers.count()).unwrap_or(0);
                let seller = u32::try_from(1 + self.rng.below(count)).unwrap_or(1);
                let amount = i64::try_from(self.rng.below(20_000)).unwrap_or(0) - 5_000;
                change.funds.push(network.funding(seller, amount));
            }
            _ => {
                let count = u64::try_from(self.records.len()).unwrap_or(0);
                let place = usize::try_from(self.rng.below(count)).unwrap_or(0);
                let mut record = self.records.get(place)?.clone();
                self.alter(&mut record, today);
                self.assort(&mut record, minute);
                let RegistryRecord::Terminal(terminal) = record else {
                    change.records.push(record);
                    change.note = "as the operator pleases".to_owned();
                    return self.change(change);
                };
                return Plan::of(match terminal.status {
                    Status::Active => orders::block(terminal, "fees are due".to_owned()),
                    Status::Blocked => orders::unblock(terminal),
                });
            }
        }
        change.note = "as the operator pleases".to_owned();
        self.change(change)
    }

    fn alter(&mut self, record: &mut RegistryRecord, today: u16) {
        let rng = &mut self.rng;
        match record {
            RegistryRecord::Distributor(record) => turn(&mut record.status),
            RegistryRecord::Seller(record) if rng.chance(500) => turn(&mut record.status),
            RegistryRecord::Seller(record) => {
                record.credit_limit_minor = i64::try_from(rng.below(20_000)).unwrap_or(0);
            }
            RegistryRecord::Service(record) => match rng.below(5) {
                0 => turn(&mut record.status),
                1 => record.amount_max_minor = 4_000 + rng.below(60_000),
                2 => {
                    record.velocity.window_s = 60;
                    record.velocity.count_max = u32::from(number(rng, 6));
                }
                3 => print_otherwise(record, rng),
                _ => record.commission.push(CommissionRule::percent(
                    u8::try_from(rng.below(3)).unwrap_or(0),
                    u32::from(number(rng, 900)),
                    // A past date too: what is posted from now on obeys it at once.
                    BusinessDate(today - 1 + number(rng, 3)),
                )),
            },
            // A terminal is blocked or unblocked.
            RegistryRecord::Terminal(_)
            | RegistryRecord::Receipt(_)
            | RegistryRecord::Route(_)
            | RegistryRecord::Bridge(_)
            | RegistryRecord::Handset(_) => {}
        }
    }

    /// Now and then changes when a service is open, or what a terminal may sell.
    fn assort(&mut self, record: &mut RegistryRecord, minute: u16) {
        const DAY: u16 = 1_440;
        let rng = &mut self.assortment;
        if !rng.chance(300) {
            return;
        }
        match record {
            RegistryRecord::Service(record) => {
                // It opens, or closes, about now.
                let from_min = (minute + DAY - 2 + number(rng, 4)) % DAY;
                let length = [1, 2, DAY / 2, DAY - 2][usize::from(number(rng, 4))];
                let hours = Hours { from_min, to_min: (from_min + length) % DAY };
                record.hours = if rng.chance(300) { None } else { Some(hours) };
            }
            RegistryRecord::Terminal(record) => {
                let services = self.records.iter().filter_map(|record| match record {
                    RegistryRecord::Service(service) => Some(service.id),
                    _ => None,
                });
                let some: Vec<ServiceId> = services.filter(|_| rng.chance(600)).collect();
                record.services =
                    if rng.chance(300) { Services::All } else { Services::Only(some) };
                record.language = LANGUAGES[usize::from(number(rng, 4))];
            }
            RegistryRecord::Seller(_)
            | RegistryRecord::Distributor(_)
            | RegistryRecord::Receipt(_)
            | RegistryRecord::Route(_)
            | RegistryRecord::Bridge(_)
            | RegistryRecord::Handset(_) => {}
        }
    }

    /// What was said under a ticket of the order that is outstanding, if it is a verdict.
    fn verdict(&self, ticket: u64) -> Option<(Key, Resolution)> {
        let last = self.outstanding.as_ref()?;
        match &last.plan {
            Plan::Resolve { key, verdict } if (last.first..=last.ticket).contains(&ticket) => {
                Some((*key, *verdict))
            }
            _ => None,
        }
    }

    /// The terminals whose records an order has changed, if this is its result.
    fn keyed(&self, ticket: u64, result: &Controlled) -> Vec<TerminalId> {
        let last = self.outstanding.as_ref().filter(|last| last.ticket == ticket);
        let (Controlled::Applied { .. }, Some(Plan::Change { change, .. })) =
            (result, last.map(|last| &last.plan))
        else {
            return Vec::new();
        };
        let terminals = change.records.iter().filter_map(|record| match record {
            RegistryRecord::Terminal(terminal) => Some(terminal.id),
            _ => None,
        });
        terminals.collect()
    }

    /// The result of a ticket. That of an older ticket of the same order is not waited for any
    /// more: the last one says its state.
    fn hear(&mut self, ticket: u64, result: &Controlled) {
        let Some(last) = &self.outstanding else { return };
        if last.ticket != ticket {
            return;
        }
        if let (Controlled::Applied { .. }, Plan::Change { change, .. }) = (result, &last.plan) {
            self.restored |= change.note == RESTORED;
            let is_told = |record: &&RegistryRecord| !matches!(record, RegistryRecord::Handset(_));
            for new in change.records.iter().filter(is_told) {
                match self.records.iter_mut().find(|old| old.key() == new.key()) {
                    Some(old) => old.clone_from(new),
                    // The first order about it.
                    None => self.records.push(new.clone()),
                }
            }
        }
        self.outstanding = None;
    }
}

impl World {
    /// The operator's turn.
    pub(super) fn operate(&mut self) {
        let (calendar, wall) = (&self.config.calendar, self.wall());
        let today = (calendar.date(wall).0, calendar.minute_of_day(wall));
        let manual = self.ripe();
        let (calm, network) = (self.calm, &mut self.network);
        let Some(caller) = self.callers.turn(self.now, &mut self.witness) else {
            return self.next_turn();
        };
        let witness = &self.witness;
        let directory = self.process.as_ref().map(Process::directory);
        let bridges = self.config.bridges.iter().map(|bridge| bridge.name.clone());
        let given = self.operator.next(self.now, |operator| match manual {
            Some(plan) => Some(plan),
            None if calm => operator.restore(),
            None if operator.suspends() => operator.order_bridge(&bridges.collect::<Vec<_>>()),
            None if operator.minds_handsets() => operator.order_handset(network, directory?),
            None if operator.recalls() => operator.recall(|product| witness.unsold(product)),
            None if operator.rekeys() => operator.rekey(network, directory?),
            None if operator.trades() => operator.trade(today.0, network),
            None => operator.think(today, network),
        });
        if let Some((msisdn, revision, pin)) = self.operator.given_pin.take() {
            self.witness.gives_pin(msisdn, revision, pin.clone());
            self.tell_pin(msisdn, pin);
        }
        if let Some((ticket, order)) = given {
            if let ControlOrder::Resolve { key, verdict, .. } = &order {
                self.witness.verdict(*key, *verdict);
            }
            self.say(|| match &order {
                ControlOrder::Resolve { key, verdict, .. } => format!("resolve {key}: {verdict}"),
                ControlOrder::Refund { key, .. } => format!("refund {key}"),
                ControlOrder::Change { change, .. } => {
                    format!("change of {} records", change.records.len())
                }
                ControlOrder::Withdraw { vouchers, .. } => {
                    format!("withdrawal of {} vouchers", vouchers.len())
                }
            });
            let at = (ticket, self.wall());
            let control = Box::new(orders::signed(order, &caller, "from the world", at));
            let at = self.now.after(self.pool_delay());
            let life = self.life;
            self.queue.push(at, Event::Control { life, control });
        }
        self.next_turn();
    }

    fn next_turn(&mut self) {
        let pause = match self.config.operator_every {
            Some(mean) if !self.calm => self.operator.rng.exponential(mean),
            _ => Span::s(2),
        };
        self.queue.push(self.now.after(pause).after(Span(1)), Event::Operator);
    }

    /// The operator receives the outcome of an order.
    pub(super) fn controlled(&mut self, ticket: u64, result: &Controlled) {
        self.witness.controlled(result);
        let keyed = self.operator.keyed(ticket, result);
        if let Controlled::Applied { .. } = result
            && let Some((key, verdict)) = self.operator.verdict(ticket)
        {
            self.witness.resolved(key, verdict);
        }
        self.operator.hear(ticket, result);
        self.send_technicians(&keyed);
        self.counts.orders += 1;
    }
}

fn turn(status: &mut Status) {
    *status = match status {
        Status::Active => Status::Blocked,
        Status::Blocked => Status::Active,
    };
}
