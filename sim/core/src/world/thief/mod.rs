//! Thieves: whoever holds a terminal's key and keeps no rule. A thief speaks the protocol, on up
//! to two connections at once, and does with it what no till would do. It keeps no book: what it
//! receives is the auditors' to judge.
//!
//! ```text
//!   turn ─▶ call | hang up | leave a connection open and call anew | act (`acts`)
//! ```

mod acts;
mod bills;
mod flood;

use tillgate_codec::link::channel::{Channel, Initiator, Psk, StaticPublic, Suite};
use tillgate_codec::link::message::{GatewayMessage, Logon, MESSAGE_VERSION, TerminalMessage};
use tillgate_codec::link::record::{RecordType, deframe};

use self::acts::Sold;
pub(super) use self::bills::Overheard;
use self::flood::{Flood, Spree};
use super::World;
use super::catalogue::offers;
use super::config::{Config, Stream, number};
use super::event::Event;
use super::network::{KEY_FIRST, Network, TERMINAL_FIRST};
use super::wire::{Caller, Item, Way};
use crate::firmware::Mix;
use crate::rng::Rng;
use crate::time::Span;

/// Connections of a thief at once.
const LINKS_MAX: usize = 2;

/// Between two turns of a thief, on average.
const TURN: Span = Span::s(2);

pub(super) struct Thief {
    terminal: u32,
    psk: Psk,
    /// The highest handshake counter used.
    counter: u64,
    gateway: Option<StaticPublic>,
    rng: Rng,
    mix: Mix,
    /// In the order in which they were called.
    links: Vec<Link>,
    date: u16,
    stan: u32,
    sold: Vec<Sold>,
    /// What was paid last with a token that it was given.
    paid: Option<Overheard>,
    flood: Flood,
}

/// One connection of a thief.
struct Link {
    conn: usize,
    phase: Phase,
    partial: Vec<u8>,
}

enum Phase {
    Calling,
    Shaking(Box<Initiator>),
    Linked(Channel),
}

/// The thieves of a world: their terminals are numbered behind those of the honest.
pub(super) fn thieves(config: &Config, gateway: StaticPublic, today: u16) -> Vec<Thief> {
    let first = TERMINAL_FIRST + u32::from(config.terminals);
    let thief = |terminal: u32| {
        let mut rng = Stream::ThiefRun.rng(config.seed ^ u64::from(terminal) << 8);
        Thief {
            terminal,
            psk: Network::psk(config.seed, terminal, KEY_FIRST),
            counter: 0,
            gateway: rng.chance(500).then_some(gateway),
            rng,
            mix: Mix::new(offers(config)).expect("the catalogue is not empty"),
            links: Vec::new(),
            date: today,
            stan: 0,
            sold: Vec::new(),
            paid: None,
            flood: Flood::new(config, terminal),
        }
    };
    (first..).take(usize::from(config.thieves)).map(thief).collect()
}

impl Thief {
    /// The connection is open: the hello.
    fn connected(&mut self, conn: usize) -> Option<Vec<u8>> {
        let counter = self.next_counter();
        let suite = if self.gateway.is_some() { Suite::NkPsk0 } else { Suite::NnPsk0 };
        let (entropy, mut hello) = (self.rng.bytes(), Vec::new());
        let started = Initiator::start(
            suite,
            self.terminal,
            KEY_FIRST,
            &self.psk,
            self.gateway.as_ref(),
            counter,
            entropy,
            &mut hello,
        );
        let link = self.links.iter_mut().find(|link| link.conn == conn)?;
        link.phase = Phase::Shaking(Box::new(started.ok()?));
        Some(hello)
    }

    /// Bytes arrived; what goes back, or nothing any more if the connection makes no sense.
    fn received(&mut self, conn: usize, bytes: &[u8]) -> Option<Vec<u8>> {
        let place = self.links.iter().position(|link| link.conn == conn)?;
        let mut all = std::mem::take(&mut self.links[place].partial);
        all.extend_from_slice(bytes);
        let (mut used, mut out) = (0, Vec::new());
        while let Some(record) = deframe(&all[used..]).ok()? {
            let whole = &mut all[used..used + record.end];
            used += record.end;
            let link = &mut self.links[place];
            match (record.kind, std::mem::replace(&mut link.phase, Phase::Calling)) {
                (RecordType::HELLO_REPLY, Phase::Shaking(initiator)) => {
                    let mut channel = initiator.finish(&whole[record.range]).ok()?;
                    // Who has the key may forget to log on.
                    if self.rng.chance(900) {
                        channel.seal(&logon(), &mut out).ok()?;
                    }
                    link.phase = Phase::Linked(channel);
                }
                (RecordType::SEALED, Phase::Linked(mut channel)) => {
                    if let GatewayMessage::Welcome(welcome) =
                        GatewayMessage::decode(channel.open(whole).ok()?).ok()?
                    {
                        (self.date, self.stan) = (welcome.date.0, self.stan.max(welcome.stan_last));
                    }
                    link.phase = Phase::Linked(channel);
                }
                _ => return None,
            }
        }
        all.drain(..used);
        self.links[place].partial = all;
        Some(out)
    }

    fn forget(&mut self, conn: usize) {
        self.links.retain(|link| link.conn != conn);
    }
}

fn logon() -> Vec<u8> {
    let mut body = Vec::new();
    let logon = Logon { firmware: "lost-1", catalogue: 0, versions: MESSAGE_VERSION };
    TerminalMessage::Logon(logon).encode(&mut body);
    body
}

impl World {
    /// A thief's turn, until the calm.
    pub(super) fn thief_turn(&mut self, place: usize) {
        let thief = &mut self.thieves[place];
        if self.calm {
            for link in std::mem::take(&mut thief.links) {
                self.hang_up(link.conn);
            }
            return;
        }
        if let Some((spree, pause)) = thief.flood.turn() {
            self.thief_floods(place, &spree);
            return self.queue.push(self.now.after(pause), Event::Thief(place));
        }
        let (linked, room) = (thief.links.len(), thief.links.len() < LINKS_MAX);
        match thief.rng.below(100) {
            0..6 if linked > 0 => {
                let conn = thief.links.remove(0).conn;
                self.hang_up(conn);
            }
            // The older connection stays, and may still be spoken over.
            6..14 if room => self.thief_calls(place),
            _ if linked == 0 => self.thief_calls(place),
            _ => self.thief_acts(place),
        }
        let pause = self.thieves[place].rng.exponential(TURN);
        self.queue.push(self.now.after(pause).after(Span::ms(20)), Event::Thief(place));
    }

    fn thief_calls(&mut self, place: usize) {
        let (caller, reactors) = (Some(Caller::Thief(place)), self.config.reactors);
        let conn = self.wire.call(&mut self.queue, self.now, caller, reactors);
        let link = Link { conn, phase: Phase::Calling, partial: Vec::new() };
        self.thieves[place].links.push(link);
    }

    fn thief_floods(&mut self, place: usize, spree: &Spree) {
        match spree {
            Spree::Redial => {
                for link in std::mem::take(&mut self.thieves[place].links) {
                    self.hang_up(link.conn);
                }
                self.thief_calls(place);
            }
            Spree::Burst(count) => {
                for _ in 0..*count {
                    if !self.thieves[place].links.is_empty() {
                        self.thief_acts(place);
                    }
                }
            }
        }
    }

    fn thief_acts(&mut self, place: usize) {
        let thief = &mut self.thieves[place];
        let linked = thief.links.len();
        let chosen = usize::from(number(&mut thief.rng, u16::try_from(linked).unwrap_or(1)));
        let bodies = thief.act(self.overheard.as_ref());
        let link = &mut thief.links[chosen];
        let conn = link.conn;
        let Phase::Linked(channel) = &mut link.phase else { return };
        let mut out = Vec::new();
        for body in &bodies {
            if channel.seal(body, &mut out).is_err() {
                return;
            }
        }
        self.thief_sends(conn, &out);
    }

    /// A thief's connection is open.
    pub(super) fn thief_connected(&mut self, place: usize, conn: usize) {
        match self.thieves[place].connected(conn) {
            Some(hello) => self.thief_sends(conn, &hello),
            None => self.thieves[place].forget(conn),
        }
    }

    /// Something arrives at a thief.
    pub(super) fn thief_receives(&mut self, place: usize, conn: usize, item: Item) {
        let back = match item {
            Item::Bytes(bytes) => self.thieves[place].received(conn, &bytes),
            Item::End | Item::Reset => None,
        };
        match back {
            Some(bytes) => self.thief_sends(conn, &bytes),
            None => {
                self.thieves[place].forget(conn);
                self.hang_up(conn);
            }
        }
    }

    fn thief_sends(&mut self, conn: usize, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.trace.note(self.now, b't', bytes);
            self.wire.send(&mut self.queue, self.now, (conn, Way::Up), bytes);
        }
    }

    fn hang_up(&mut self, conn: usize) {
        self.wire.conns[conn].held_open = false;
        self.wire.end(&mut self.queue, self.now, conn, Way::Up);
    }
}
