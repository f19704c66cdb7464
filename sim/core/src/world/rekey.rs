//! Rekeying: the operator gives terminals other keys while they are online, and a technician enters
//! them a while later. Until then the old key serves if the new one was added to it.

use tillgate_core::directory::Directory;
use tillgate_core::orders::{self, KeyChange};
use tillgate_store_core::{Change, RegistryRecord, Terminal, TerminalId};

use super::World;
use super::config::{Config, number};
use super::event::Event;
use super::fault::Fault;
use super::network::{KEY_FIRST, Network, TERMINAL_FIRST};
use super::operator::{Operator, Plan};
use crate::terminal::Input;
use crate::time::Span;

/// Of 1000 orders, how many change a terminal's keys.
pub(super) fn share(config: &Config) -> u16 {
    let alone = [Fault::Operator, Fault::Market].into_iter().all(|other| !config.faults.has(other));
    match (config.faults.has(Fault::Keys), alone) {
        (false, _) => 0,
        (true, false) => 400,
        (true, true) => 1_000,
    }
}

impl Operator {
    /// Whether the next order changes keys.
    pub(super) fn rekeys(&mut self) -> bool {
        let share = self.keys_permille;
        self.keys.chance(share)
    }

    /// Another key for some terminal: beside the old ones, or in their place; or an old one ends,
    /// or its counters begin anew.
    pub(super) fn rekey(&mut self, network: &mut Network, directory: &Directory) -> Option<Plan> {
        let count = u64::try_from(self.terminals().count()).unwrap_or(0);
        let place = usize::try_from(self.keys.below(count)).unwrap_or(0);
        let mut terminal = self.terminals().nth(place)?.clone();
        // No number is used twice: the highest is the newest.
        let newest = terminal.keys().last().map_or(KEY_FIRST, |key| key.id);
        let next = newest.checked_add(1)?;
        let sealed = network.sealed_psk(self.seed, terminal.id, next);
        let change = match number(&mut self.keys, 10) {
            0..5 => KeyChange::Add { key_id: next, sealed },
            5..7 => KeyChange::Retire(terminal.keys().first()?.id),
            7..9 => {
                // From a file.
                terminal.replace_keys(next, sealed).ok()?;
                let records = vec![RegistryRecord::Terminal(terminal)];
                let note = "another key".to_owned();
                return self.change(Change { records, note, ..Change::default() });
            }
            _ => KeyChange::ResetCounters,
        };
        Plan::of(orders::change_keys(terminal, change, directory).ok()?)
    }

    pub(super) fn terminals(&self) -> impl Iterator<Item = &Terminal> {
        self.records.iter().filter_map(|record| match record {
            RegistryRecord::Terminal(terminal) => Some(terminal),
            _ => None,
        })
    }

    /// The number of a terminal's newest key.
    fn newest_key(&self, id: TerminalId) -> Option<u8> {
        let terminal = self.terminals().find(|terminal| terminal.id == id)?;
        terminal.keys().last().map(|key| key.id)
    }
}

impl World {
    /// Records of these terminals have changed: whoever has another key now gets it entered.
    pub(super) fn send_technicians(&mut self, terminals: &[TerminalId]) {
        for id in terminals {
            let place = usize::try_from(id.0 - TERMINAL_FIRST).unwrap_or(usize::MAX);
            // Thieves are left with the key that they have.
            let is_there = place < self.fleet.len() || self.has_ussd_post(place);
            if !is_there || !self.config.faults.has(Fault::Keys) {
                continue;
            }
            let way = match self.calm {
                true => Span::ZERO,
                false => self.operator.keys.between(Span::ms(50), Span::s(15)),
            };
            self.queue.push(self.now.after(way), Event::Rekey(place));
        }
    }

    /// A technician has come to a terminal.
    pub(super) fn enter_key(&mut self, place: usize) {
        let id = TERMINAL_FIRST + u32::try_from(place).unwrap_or(0);
        let Some(key_id) = self.operator.newest_key(TerminalId(id)) else { return };
        if place >= self.fleet.len() {
            return self.enter_ussd_key(place, key_id);
        }
        if self.fleet[place].key_id == key_id {
            return;
        }
        self.fleet[place].key_id = key_id;
        self.say(|| format!("terminal {place}: a technician enters key {key_id}"));
        self.enter_ussd_key(place, key_id);
        let psk = Network::psk(self.config.seed, id, key_id);
        let reconnect = self.operator.keys.chance(500);
        self.tell_terminal(place, Input::Rekey { key_id, psk, reconnect });
    }
}
