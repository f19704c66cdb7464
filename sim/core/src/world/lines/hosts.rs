//! Lines that lead to ISO 8583 hosts: their queue, and where results go.

use tillgate_core::card::CardData;
use tillgate_core::provider::{Exchange, ProviderRequest};

use super::Lines;
use super::host::{HostEvent, HostTurn, Report};
use crate::time::{Moment, Span};
use crate::world::World;
use crate::world::event::Event;
use crate::world::queue::Queue;
use crate::world::wire::{Mishap, Way};

/// How long after a host's no somebody says that it was a yes, at least: its own second answer may
/// come before.
const SAID_LATER: Span = Span::s(40);

impl Lines {
    /// A request that was admitted: it waits in the queue, and then for a connection.
    pub(super) fn order_of_host(
        &mut self,
        queue: &mut Queue,
        now: Moment,
        life: u32,
        (request, card): (ProviderRequest, Option<Box<CardData>>),
    ) -> bool {
        let bridge = usize::from(request.bridge);
        let wait = self.wait(bridge).unwrap_or(Span(1));
        let line = &mut self.lines[bridge];
        line.waiting += 1;
        let exchange = Exchange::new(request, now, line.config.deadline).with_card(card);
        let exchange = Box::new(exchange);
        let (bridge, event) = (request.bridge, HostEvent::Take(exchange));
        queue.push(now.after(wait), Event::Host { bridge, life, event });
        line.waiting <= line.config.room
    }

    /// A process has started.
    pub(in super::super) fn started(&mut self, turn: &mut HostTurn<'_>, life: u32) {
        for line in &mut self.lines {
            if let Some(host) = &mut line.host {
                host.started(turn, life);
            }
        }
    }

    /// The process is gone.
    pub(in super::super) fn ended(&mut self, queue: &mut Queue, now: Moment) {
        for host in self.lines.iter_mut().filter_map(|line| line.host.as_mut()) {
            host.ended(queue, now);
        }
    }

    /// The chaos is over.
    pub(in super::super) fn calm_down(&mut self) {
        self.calm = true;
        for host in self.lines.iter_mut().filter_map(|line| line.host.as_mut()) {
            host.calm_down();
        }
    }

    /// Something happens to a bridge to a host.
    fn host(&mut self, turn: &mut HostTurn<'_>, (bridge, life): (u16, u32), event: HostEvent) {
        let line = &mut self.lines[usize::from(bridge)];
        let Some(host) = &mut line.host else { return };
        let reports = host.handle(turn, life, event);
        let life = host.life();
        let within_reach = host.is_within_reach(turn.now);
        line.intake(life).reached(within_reach);
        for report in reports {
            let line = &mut self.lines[usize::from(bridge)];
            let now = turn.now;
            match report {
                Report::Taken => {
                    line.intake(life).taken();
                    line.waiting -= 1;
                }
                Report::Done(exchange, found) => {
                    let ProviderRequest { key, kind, .. } = *exchange.request();
                    match exchange.is_telling() {
                        true => line.intake(life).observe(now, kind, &found),
                        false => line.intake(life).pass_over(now, kind),
                    }
                    if !self.memory.chance(line.config.forgotten_permille) || self.calm {
                        turn.queue.push(now, Event::ProviderResult { life, key, bridge, found });
                    }
                }
                Report::Late(ProviderRequest { key, .. }, found) => {
                    turn.queue.push(now, Event::ProviderResult { life, key, bridge, found });
                }
                Report::TwoFaced(reference, found) => {
                    if let Some(key) = turn.witness.key_of(&reference) {
                        self.callbacks += 1;
                        let later = now.after(SAID_LATER);
                        turn.queue.push(later, Event::Callback { key, bridge, found });
                    }
                }
            }
        }
    }

    /// What befalls the first connection of the first bridge.
    pub(in super::super) fn befall(&mut self, mishap: Mishap) {
        if let Some(host) = self.lines.first_mut().and_then(|line| line.host.as_mut()) {
            host.fixed = Some(mishap);
        }
    }

    /// Bytes that connection carried.
    pub(in super::super) fn carried(&self, way: Way) -> usize {
        let host = self.lines.first().and_then(|line| line.host.as_ref());
        host.map_or(0, |host| host.carried(way))
    }
}

impl World {
    /// Bridges to hosts open their connections.
    pub(in super::super) fn hosts_started(&mut self) {
        let (life, wall_ms) = (self.life, self.wall().0);
        let (queue, witness) = (&mut self.queue, &mut self.witness);
        let mut turn = HostTurn { queue, witness, now: self.now, wall_ms, calm: self.calm };
        self.lines.started(&mut turn, life);
    }

    /// Something happens to a bridge to a host.
    pub(in super::super) fn host(&mut self, bridge: u16, life: u32, event: HostEvent) {
        let wall_ms = self.wall().0;
        let (queue, witness) = (&mut self.queue, &mut self.witness);
        let mut turn = HostTurn { queue, witness, now: self.now, wall_ms, calm: self.calm };
        self.lines.host(&mut turn, (bridge, life), event);
    }
}
