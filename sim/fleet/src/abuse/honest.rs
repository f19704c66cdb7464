//! Honest terminals at tills: a voucher now and then, and how long it took.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tillgate_codec::link::message::{GatewayMessage, ResponseCode, Sale, TerminalMessage};

use super::link::{Door, Link};
use crate::driver::latencies;
use crate::network::{Network, NetworkTerminal};

/// Between a till's sales: a busy one, so that a phase of seconds gives a p99.
const THINK: Duration = Duration::from_millis(100);
/// Before it connects again.
const AGAIN: Duration = Duration::from_millis(200);

/// What honest terminals saw in one phase.
pub(crate) struct Seen {
    /// From a sale's first byte to its whole answer, in microseconds; a terminal that had to
    /// connect first waited for that too.
    pub(crate) sales: Histogram<u64>,
    pub(crate) approved: u64,
    /// Sales answered in another way.
    pub(crate) declined: u64,
    /// Connections lost, or not made.
    pub(crate) cut: u64,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self { sales: latencies(), approved: 0, declined: 0, cut: 0 }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.sales.add(other.sales).expect("the same digits");
        self.approved += other.approved;
        self.declined += other.declined;
        self.cut += other.cut;
    }
}

/// What they sell: the first voucher of the network.
#[derive(Clone, Copy)]
pub(super) struct Ware {
    service: u16,
    product: u16,
    amount_minor: u64,
    currency: u16,
}

impl Ware {
    pub(super) fn of(network: &Network) -> Option<Self> {
        let service = network.services.iter().find(|service| service.is_voucher)?;
        let (product, amount_minor) = *service.products.first()?;
        let (service, currency) = (service.id, service.currency.number);
        Some(Self { service, product, amount_minor, currency })
    }

    pub(super) fn sale(&self, stan: u32, date: super::link::Welcomed) -> Sale<'static> {
        let Self { service, product, amount_minor, currency } = *self;
        let date = date.date;
        let (subscriber, token, fee_minor) = ("", 0, 0);
        Sale { stan, date, service, product, amount_minor, currency, subscriber, token, fee_minor }
    }
}

/// Sells over all of these terminals until `stop`.
pub(super) fn sell(
    door: Door<'_>,
    terminals: &[NetworkTerminal],
    ware: Ware,
    stop: &AtomicBool,
) -> Seen {
    let mut all = Seen::new();
    scope(|scope| {
        let tills: Vec<_> = terminals
            .iter()
            .map(|terminal| scope.spawn(move || till(door, terminal, ware, stop)))
            .collect();
        for till in tills {
            all.add(till.join().expect("a till does not panic"));
        }
    });
    all
}

fn till(door: Door<'_>, terminal: &NetworkTerminal, ware: Ware, stop: &AtomicBool) -> Seen {
    let mut seen = Seen::new();
    let mut link = None;
    let mut stan = 0;
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        if link.is_none() {
            link = Link::log_on(door, terminal);
            stan = link.as_ref().map_or(stan, |(_, welcomed)| welcomed.stan_last.max(stan));
        }
        let answer = link.as_mut().and_then(|(link, welcomed)| {
            stan += 1;
            link.ask(&TerminalMessage::Sale(ware.sale(stan, *welcomed)))
        });
        match answer.as_deref().map(GatewayMessage::decode) {
            Some(Ok(GatewayMessage::Answer(answer))) => {
                let us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
                seen.sales.saturating_record(us);
                let approved = answer.code == ResponseCode::APPROVED;
                seen.approved += u64::from(approved);
                seen.declined += u64::from(!approved);
                sleep(THINK);
            }
            _ => {
                seen.cut += 1;
                link = None;
                sleep(AGAIN);
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::Seen;

    #[test]
    fn a_slow_sale_counts_for_as_long_as_it_took() {
        let mut seen = Seen::new();
        for us in [300, 50_000, 5_000_000] {
            seen.sales.saturating_record(us);
            let most = seen.sales.max();
            assert!(most.abs_diff(us) <= us / 1_000, "{us} us are reported as {most}");
        }
    }
}
