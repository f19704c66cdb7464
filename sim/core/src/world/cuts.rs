//! Every cut of one sale: its connection ends after each byte, in each direction, in every way,
//! and the process is killed after each event, with what was not synced lost or kept. Nothing is
//! drawn: the list is complete for the sale that it is about.

use super::World;
use super::config::{Agreement, Bridge, Config, Host, Tweaks};
use super::fault::{Fault, Faults};
use super::report::{Report, Violation};
use super::wire::{Ill, Mishap, Way};
use crate::provider::iso8583::MacAlgorithm;
use crate::sales_log::{Entry, State};
use crate::time::Span;

/// What is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ware {
    /// A voucher from stock: intent and outcome are one durable write.
    Voucher,
    /// A top-up through a bridge: the outcome is another write.
    TopUp,
    /// A top-up that goes on to a second bridge, because the first one cannot be reached.
    Rerouted,
    /// A bill: looked up, then paid with the token, through a bridge.
    Bill,
    /// A top-up through an ISO 8583 host: what is cut is the host's connection.
    Host,
    /// The same, taken back by its customer.
    HostReversal,
    /// A voucher, sold by a terminal of another maker over the listener.
    IsoVoucher,
    /// A top-up that a terminal of another maker sells and takes back.
    IsoReversal,
    /// A top-up that such a terminal confirms by an advice, of which its provider is notified.
    IsoAdvice,
    /// A card sale with chip data, over the listener and through an ISO 8583 host: what is cut is the
    /// terminal's connection.
    IsoCard,
    /// The same, and what is cut is the host's connection.
    IsoCardHost,
}

impl Ware {
    fn is_host(self) -> bool {
        self.host().is_some()
    }

    fn is_cut_at_host(self) -> bool {
        self.is_host() && self != Self::IsoCard
    }

    fn is_iso(self) -> bool {
        use Ware::{IsoAdvice, IsoCard, IsoCardHost, IsoReversal, IsoVoucher};
        matches!(self, IsoVoucher | IsoReversal | IsoAdvice | IsoCard | IsoCardHost)
    }

    fn is_taken_back(self) -> bool {
        matches!(self, Self::HostReversal | Self::IsoReversal)
    }

    fn host(self) -> Option<Host> {
        match self {
            Self::Voucher
            | Self::TopUp
            | Self::Rerouted
            | Self::Bill
            | Self::IsoVoucher
            | Self::IsoReversal
            | Self::IsoAdvice => None,
            Self::Host => Some(Host::faultless(Agreement::Exchange(MacAlgorithm::Retail))),
            Self::HostReversal | Self::IsoCard | Self::IsoCardHost => {
                Some(Host::faultless(Agreement::Codes))
            }
        }
    }
}

/// What befalls a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// Nothing.
    Undisturbed,
    /// The connection ends after that many bytes of one direction.
    Cut {
        /// Which direction.
        way: Way,
        /// Bytes that pass before.
        at: usize,
        /// Who learns of it.
        ill: Ill,
    },
    /// The process is killed after that many events.
    Kill {
        /// How many.
        event: u64,
        /// Whether what was not synced survives all the same.
        kept: bool,
    },
}

/// A process that will be killed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kill {
    event: u64,
    kept: bool,
}

/// The ways for a connection to end.
const ENDS: [Ill; 4] = [Ill::Reset, Ill::Silence, Ill::GatewayUnaware, Ill::TerminalUnaware];

/// Everything that can befall one sale of a ware. If it does not come off undisturbed, that is
/// all there is to try.
#[must_use]
pub fn trials(ware: Ware) -> Vec<Trial> {
    let (report, bytes) = play(ware, Trial::Undisturbed);
    let mut trials = vec![Trial::Undisturbed];
    if !report.passed() {
        return trials;
    }
    for (way, bytes) in [Way::Up, Way::Down].into_iter().zip(bytes) {
        for at in 0..bytes {
            trials.extend(ENDS.map(|ill| Trial::Cut { way, at, ill }));
        }
    }
    for event in 1..=report.counts.events {
        trials.extend([false, true].map(|kept| Trial::Kill { event, kept }));
    }
    trials
}

/// One sale and what befalls it: it must be sold exactly once all the same; through a host whose
/// connection breaks, or behind a process that is killed, at most once.
#[must_use]
pub fn attempt(ware: Ware, trial: Trial) -> Report {
    play(ware, trial).0
}

/// Whether the sale may come to nothing: what a host has not received is declined.
fn may_fail(ware: Ware, trial: Trial) -> bool {
    match trial {
        Trial::Undisturbed => false,
        Trial::Cut { .. } => ware.is_cut_at_host(),
        Trial::Kill { .. } => ware.is_host(),
    }
}

/// The report, and how many bytes each way the first connection carried.
fn play(ware: Ware, trial: Trial) -> (Report, [usize; 2]) {
    let prepare = |world: &mut World| match trial {
        Trial::Undisturbed => {}
        Trial::Cut { way, at, ill } if ware.is_cut_at_host() => {
            world.lines.befall(Mishap { way, at, ill });
        }
        Trial::Cut { way, at, ill } => world.wire.fixed = Some(Mishap { way, at, ill }),
        Trial::Kill { event, kept } => world.kill = Some(Kill { event, kept }),
    };
    let mut bytes = [0; 2];
    let look = |world: &mut World| {
        bytes = [Way::Up, Way::Down].map(|way| match ware.is_cut_at_host() {
            true => world.lines.carried(way),
            false => world.wire.sent(0, way),
        });
        let wanted = if ware.is_taken_back() { State::Reversed } else { State::Approved };
        let sold = world.fleet[0].terminal.book().entries().iter();
        let is_confirmed =
            |entry: &Entry| entry.confirmed || !ware.is_iso() || entry.state != State::Approved;
        let sold = sold.filter(|entry| entry.state == wanted && is_confirmed(entry)).count();
        if world.witness.violations.is_empty() && sold != 1 && !(may_fail(ware, trial) && sold == 0)
        {
            let text = format!("{sold} sales came off, and one was to");
            world.witness.violations.push(Violation { promise: 1, at: world.now, text });
        }
    };
    (World::play(script(ware), &Tweaks::default(), prepare, look), bytes)
}

/// A world of one terminal, one customer and no trouble.
fn script(ware: Ware) -> Config {
    let without = Fault::ALL.iter().copied().fold(Faults::NONE, Faults::with);
    let tweaks = Tweaks { terminals: Some(1), chaos_s: Some(200), without, ..Tweaks::default() };
    let mut config = Config::draw(1, &tweaks);
    config.scripted = Some(ware);
    config.reactors = 1;
    config.shop.vouchers = 3;
    config.shop.float_minor = 1_000_000;
    config.shop.confirm_permille = 1_000;
    config.shop.retry_permille = 0;
    config.shop.velocity = 0;
    config.writer.answer = Span::s(15);
    match ware {
        Ware::Voucher | Ware::IsoVoucher => config.bridges.clear(),
        Ware::TopUp
        | Ware::Rerouted
        | Ware::Bill
        | Ware::Host
        | Ware::HostReversal
        | Ware::IsoReversal
        | Ware::IsoAdvice
        | Ware::IsoCard
        | Ware::IsoCardHost => {
            config.bridges.truncate(1);
            for bridge in &mut config.bridges {
                bridge.behaviour.declined_permille = 0;
                bridge.behaviour.idempotent = true;
                bridge.capabilities.idempotent = true;
                bridge.host = ware.host();
                bridge.capabilities.reversal |= ware.is_host() || ware.is_taken_back();
                bridge.capabilities.advice |= ware.is_iso();
            }
        }
    }
    if ware.is_taken_back() {
        config.shop.habits.cancel_permille = 1_000;
    }
    config.iso_permille = if ware.is_iso() { 1_000 } else { 0 };
    config.concentrators = 0;
    config.handsets.count = 0;
    (config.listener.shared, config.listener.window) = (false, 1);
    config.routed = ware == Ware::Rerouted;
    if config.routed {
        let second = Bridge { name: "second".to_owned(), ..config.bridges[0].clone() };
        config.bridges[0].unsent_permille = 1_000;
        config.bridges.push(second);
    }
    config
}

impl World {
    /// Kills the process when its moment has come.
    pub(super) fn kill_if_due(&mut self) {
        let Some(Kill { event, kept }) = self.kill else { return };
        if self.counts.events == event
            && let Some(process) = &mut self.process
        {
            process.decide_loss(kept);
            self.crash();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sale_through_a_host_may_come_to_nothing_only_if_what_is_cut_is_behind_its_terminal() {
        let cut = Trial::Cut { way: Way::Up, at: 1, ill: Ill::Reset };
        let kill = Trial::Kill { event: 1, kept: true };
        for (ware, may) in [
            (Ware::IsoCard, [false, false, true]),
            (Ware::IsoCardHost, [false, true, true]),
            (Ware::TopUp, [false; 3]),
        ] {
            let trials = [Trial::Undisturbed, cut, kill];
            assert_eq!(trials.map(|trial| may_fail(ware, trial)), may, "{ware:?}");
        }
    }
}
