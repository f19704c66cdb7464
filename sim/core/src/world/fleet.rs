//! The terminals of a world, and what they want of the wire.

use std::sync::Arc;

use tillgate_codec::link::channel::{StaticPublic, Suite};
use tillgate_codec::link::message::BusinessDate;

use super::World;
use super::catalogue::{iso_offers, nac, offers};
use super::config::{Config, Stream};
use super::event::Event;
use super::network::{KEY_FIRST, Network, TERMINAL_FIRST, today};
use super::wire::{Caller, Item, Way};
use crate::firmware::{Delay, Firmware, Habits, LoadModel, Mix, Reconnect, WhenBlocked};
use crate::iso_terminal::{self, IsoTerminal};
use crate::limits::ANSWER_MARGIN;
use crate::provider::iso8583::MacAlgorithm;
use crate::sales_log::SalesLog;
use crate::terminal::{Identity, Input, Note, Output, Terminal};
use crate::time::{Moment, Span};

/// One point of sale.
pub(super) struct Post {
    pub(super) terminal: PointOfSale,
    /// The key that was entered last.
    pub(super) key_id: u8,
    /// The connection it holds for its own.
    conn: Option<usize>,
    /// Its call at its concentrator.
    pub(super) call: Option<u16>,
    armed: Option<Moment>,
}

/// A terminal of either kind.
pub(super) enum PointOfSale {
    /// Of the sealed link.
    Sealed(Box<Terminal>),
    /// Of another maker, at the listener.
    Iso(Box<IsoTerminal>),
}

impl PointOfSale {
    fn handle(&mut self, now: Moment, input: Input<'_>) {
        match self {
            Self::Sealed(terminal) => terminal.handle(now, input),
            Self::Iso(terminal) => terminal.handle(now, input),
        }
    }

    fn poll(&mut self) -> Option<Output<'_>> {
        match self {
            Self::Sealed(terminal) => terminal.poll(),
            Self::Iso(terminal) => terminal.poll(),
        }
    }

    fn deadline(&self) -> Option<Moment> {
        match self {
            Self::Sealed(terminal) => terminal.deadline(),
            Self::Iso(terminal) => terminal.deadline(),
        }
    }

    pub(super) fn book(&self) -> &SalesLog {
        match self {
            Self::Sealed(terminal) => terminal.book(),
            Self::Iso(terminal) => terminal.book(),
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        match self {
            Self::Sealed(terminal) => terminal.is_gone(),
            Self::Iso(terminal) => terminal.is_gone(),
        }
    }
}

/// What a terminal wants done, taken out of its hands.
enum Action {
    Send(Vec<u8>),
    Close,
    Connect,
}

/// The terminals of a configuration, switched on within the first seconds.
pub(super) fn fleet(config: &Config, gateway: StaticPublic) -> Vec<Post> {
    let mut rng = Stream::Size.rng(config.seed ^ 1);
    let [nk, nn] = [Some(gateway), None].map(|public| Arc::new(firmware(config, public)));
    let iso = iso(config).map(Arc::new);
    let post = |id: u32| {
        let keyed = rng.chance(config.shop.nk_permille);
        let firmware = Arc::clone(if keyed { &nk } else { &nn });
        let psk = Network::psk(config.seed, id, KEY_FIRST);
        let on = Moment::default().after(rng.between(Span::ZERO, Span::s(5)));
        let place = u16::try_from(id - TERMINAL_FIRST).unwrap_or(u16::MAX);
        let terminal = if config.is_iso(place) {
            let firmware = Arc::clone(&iso[usize::from(place % 2)]);
            let terminal = IsoTerminal::new(id, Some(&psk), firmware, config.seed, on);
            PointOfSale::Iso(Box::new(terminal))
        } else {
            let identity = Identity { terminal: id, key_id: KEY_FIRST, psk, handshakes: 0 };
            let terminal = Terminal::new(identity, firmware, config.seed, on);
            PointOfSale::Sealed(Box::new(terminal))
        };
        Post { terminal, key_id: KEY_FIRST, conn: None, call: None, armed: None }
    };
    (TERMINAL_FIRST..).take(usize::from(config.terminals)).map(post).collect()
}

/// What is sold by whom holds the line, and by whom hangs up.
fn iso(config: &Config) -> [iso_terminal::Firmware; 2] {
    let sealed = firmware(config, None);
    [false, true].map(|hangs_up| iso_terminal::Firmware {
        dialect: nac().clone(),
        mac: Some(iso_terminal::Mac { algorithm: MacAlgorithm::Retail, key_bytes: 16 }),
        codes: Vec::new(),
        stan_floor: 0,
        mix: Mix::new(iso_offers(config).collect()).unwrap_or_default(),
        custom: sealed.custom,
        retry_permille: sealed.retry_permille,
        confirm_permille: sealed.confirm_permille,
        upload_permille: config.shop.upload_permille,
        habits: Habits {
            settles: sealed.habits.settles || config.shop.iso_settles,
            ..sealed.habits
        },
        knows_issuer: true,
        hangs_up,
        reconnect: sealed.reconnect,
        connect: sealed.connect,
        answer: Span(config.writer.answer.0 + ANSWER_MARGIN.0),
        test_after: Span::s(50),
        cutoff_min: config.days.cutoff_min,
        day: BusinessDate(today(config)),
    })
}

pub(super) fn firmware(config: &Config, gateway: Option<StaticPublic>) -> Firmware {
    Firmware {
        suite: if gateway.is_some() { Suite::NkPsk0 } else { Suite::NnPsk0 },
        gateway,
        version: "world-1".to_owned(),
        mix: Mix::new(offers(config)).expect("the catalogue is not empty"),
        custom: if config.scripted.is_some() {
            LoadModel::Sent
        } else {
            LoadModel::Think(Delay::Exponential(config.think))
        },
        confirm_permille: config.shop.confirm_permille,
        retry_permille: config.shop.retry_permille,
        habits: config.shop.habits,
        when_blocked: if config.shop.stubborn { WhenBlocked::Try } else { WhenBlocked::Obey },
        reconnect: Reconnect::FullJitter { base: Span::ms(500), cap: Span::s(8) },
        connect: Span::s(5),
        logon: Span::s(10),
        ping: None,
    }
}

impl World {
    /// Gives a terminal an input and does what it wants.
    pub(super) fn tell_terminal(&mut self, place: usize, input: Input<'_>) {
        self.fleet[place].terminal.handle(self.now, input);
        self.drain_terminal(place);
    }

    /// Does what a terminal wants.
    pub(super) fn drain_terminal(&mut self, place: usize) {
        let post = &mut self.fleet[place];
        let (mut actions, mut notes) = (Vec::new(), Vec::new());
        while let Some(output) = post.terminal.poll() {
            match output {
                Output::Send(bytes) => actions.push(Action::Send(bytes.to_vec())),
                Output::Close => actions.push(Action::Close),
                Output::Connect => actions.push(Action::Connect),
                Output::Note(note) => notes.push(note),
            }
        }
        for note in notes {
            self.heard(place, note);
        }
        for action in actions {
            self.grant(place, action);
        }
        self.arm_terminal(place);
    }

    /// A terminal's deadline, or what is left of one that was put off.
    pub(super) fn terminal_due(&mut self, place: usize) {
        let post = &mut self.fleet[place];
        if post.armed != Some(self.now) {
            return;
        }
        post.armed = None;
        if post.terminal.deadline().is_some_and(|at| at <= self.now) {
            self.tell_terminal(place, Input::Deadline);
        } else {
            self.arm_terminal(place);
        }
    }

    /// Something arrives at a terminal over a connection it may have forgotten.
    pub(super) fn terminal_receives(&mut self, conn: usize, item: Item) {
        if !self.wire.conns[conn].held_open {
            return;
        }
        let place = match self.wire.conns[conn].caller {
            Some(Caller::Terminal(place)) if self.fleet[place].conn == Some(conn) => place,
            Some(Caller::Thief(place)) => return self.thief_receives(place, conn, item),
            Some(Caller::Concentrator(of)) => return self.concentrator_receives(of, conn, item),
            _ => return,
        };
        if !self.calm && self.power_rng.chance(self.config.shop.power_permille) {
            return self.cut_power(place, conn);
        }
        match item {
            Item::Bytes(mut bytes) => self.tell_terminal(place, Input::Received(&mut bytes)),
            Item::End | Item::Reset => {
                self.fleet[place].conn = None;
                self.wire.conns[conn].held_open = false;
                self.tell_terminal(place, Input::Closed);
            }
        }
    }

    /// The connection that a terminal asked for is open.
    pub(super) fn terminal_connected(&mut self, conn: usize) {
        match self.wire.conns[conn].caller {
            Some(Caller::Terminal(place)) if self.fleet[place].conn == Some(conn) => {
                self.tell_terminal(place, Input::Connected);
            }
            Some(Caller::Thief(place)) if self.wire.conns[conn].held_open => {
                self.thief_connected(place, conn);
            }
            Some(Caller::Concentrator(of)) => self.concentrator_connected(of, conn),
            _ => {}
        }
    }

    /// Whatever was about to arrive is lost, with everything that only the terminal's memory held;
    /// the gateway learns nothing of it.
    fn cut_power(&mut self, place: usize, conn: usize) {
        self.fleet[place].conn = None;
        self.wire.conns[conn].held_open = false;
        self.wire.silence(conn);
        self.lose_power(place);
    }

    pub(super) fn lose_power(&mut self, place: usize) {
        self.counts.power_cuts += 1;
        let back = self.now.after(self.power_rng.between(Span::s(1), Span::s(15)));
        self.tell_terminal(place, Input::PowerCut { back });
    }

    fn grant(&mut self, place: usize, action: Action) {
        let now = self.now;
        match action {
            Action::Send(bytes) => {
                if let PointOfSale::Iso(_) = self.fleet[place].terminal {
                    self.stranger.overhears(&bytes);
                }
                if let Some(call) = self.fleet[place].call {
                    return self.send_through(place, call, &bytes);
                }
                if let Some(conn) = self.fleet[place].conn {
                    self.trace.note(now, b's', &bytes);
                    self.wire.send(&mut self.queue, now, (conn, Way::Up), &bytes);
                }
            }
            Action::Close if self.fleet[place].call.is_some() => self.hang_up_call(place),
            Action::Close => {
                if let Some(conn) = self.fleet[place].conn.take() {
                    self.wire.conns[conn].held_open = false;
                    self.wire.end(&mut self.queue, now, conn, Way::Up);
                }
            }
            Action::Connect => {
                let is_iso = matches!(self.fleet[place].terminal, PointOfSale::Iso(_));
                if is_iso && self.config.concentrators > 0 {
                    return self.call_through(place);
                }
                let caller = Some(Caller::Terminal(place));
                let (queue, config) = (&mut self.queue, &self.config);
                let conn = match self.fleet[place].terminal {
                    PointOfSale::Iso(_) => self.wire.call_port(queue, now, caller, config.port()),
                    PointOfSale::Sealed(_) => self.wire.call(queue, now, caller, config.reactors),
                };
                self.fleet[place].conn = Some(conn);
            }
        }
    }

    pub(super) fn heard(&mut self, place: usize, note: Note) {
        self.say(|| format!("terminal {place}: {note:?}"));
        match note {
            Note::Finished(_) => self.counts.sales += 1,
            Note::Online => self.counts.logons += 1,
            Note::Ready if self.counts.sales == 0 => {
                let intended = self.now;
                self.tell_terminal(place, Input::Customer { intended });
            }
            Note::Trouble(trouble) => self.witness.trouble(self.now, place, trouble),
            _ => {}
        }
    }

    fn arm_terminal(&mut self, place: usize) {
        let post = &mut self.fleet[place];
        let Some(at) = post.terminal.deadline() else { return };
        if post.armed.is_none_or(|armed| at < armed) {
            let at = at.max(self.now);
            post.armed = Some(at);
            self.queue.push(at, Event::Terminal(place));
        }
    }
}
