//! A bridge to an ISO 8583 host. What its connections mean is the gateway's own code:
//! [`Host`](tillgate_core::provider::iso8583::Host); here is what drives it, which is tasks and
//! sockets in the server, and the host at the other end.
//!
//! ```text
//!   Take ─▶ waiting ─▶ Host ─bytes─▶ Socket ─pieces─▶ IsoHost ─▶ its book
//!   Report ◀────────── Host ◀─pieces── Socket ◀─bytes── IsoHost
//! ```
//!
//! A process has its own [`Client`], which ends with it; the host and its book live on.

use std::collections::{BTreeMap, VecDeque};

use tillgate_codec::iso8583::View;
use tillgate_core::provider::iso8583::{Action, Host, Now};
use tillgate_core::provider::{Exchange, ProviderRequest, ProviderResult};
use tillgate_store_core::{ProviderOutcome, Text};

use super::socket::Socket;
use crate::provider::iso8583::{DealKey, DealKind, IsoHost, Output};
use crate::provider::{DealStatus, ProviderTransaction};
use crate::rng::Rng;
use crate::time::{Moment, Span};
use crate::world::audit::{Checker, HostFrames};
use crate::world::config;
use crate::world::event::Event;
use crate::world::queue::Queue;
use crate::world::wire::{Mishap, Way};

/// Something that happens to a bridge to a host. A socket is named by its number.
pub(in crate::world) enum HostEvent {
    /// A request has waited in the bridge's queue for as long as it had to.
    Take(Box<Exchange>),
    /// The client's deadline.
    Tick,
    /// The host's.
    Poll,
    /// An attempt to connect came to this: the socket is open, or it was refused.
    Opened(u64),
    Refused(u64),
    /// A socket takes more bytes to write.
    Written(u64),
    /// Bytes arrive at an end of a socket, or its end does.
    Bytes(u64, Way, Vec<u8>),
    Ended(u64, Way),
}

/// When it happens, and in which life of the process.
pub(in crate::world) struct HostTurn<'a> {
    pub(in crate::world) queue: &'a mut Queue,
    pub(in crate::world) witness: &'a mut Checker,
    pub(in crate::world) now: Moment,
    pub(in crate::world) wall_ms: u64,
    pub(in crate::world) calm: bool,
}

/// What comes of a turn.
pub(super) enum Report {
    /// A request has left the bridge's queue.
    Taken,
    Done(Exchange, ProviderResult),
    Late(ProviderRequest, ProviderResult),
    /// The host has said no to something that its book has as done.
    TwoFaced(String, ProviderResult),
}

/// The gateway's end, of one process.
struct Client {
    life: u32,
    host: Host,
    waiting: VecDeque<Exchange>,
    /// For when its deadline is in the queue of events.
    armed: Option<Moment>,
}

/// See the module.
pub(super) struct HostLine {
    pub(super) bridge: u16,
    pub(super) config: config::Host,
    pub(super) dead_from: Option<Moment>,
    client: Option<Client>,
    provider: IsoHost,
    polled: Option<Moment>,
    pub(super) sockets: BTreeMap<u64, Socket>,
    pub(super) opened: u64,
    /// What befalls the first socket, whatever the seed wants.
    pub(super) fixed: Option<Mishap>,
    pub(super) frames: HostFrames,
    pub(super) rng: Rng,
    reports: Vec<Report>,
}

impl HostTurn<'_> {
    fn now(&self) -> Now {
        Now { at: self.now, wall_ms: self.wall_ms }
    }
}

impl HostLine {
    pub(super) fn new(bridge: u16, of: &config::Bridge, host: &config::Host, rng: Rng) -> Self {
        let settings = host.agreement.settings();
        let frames = HostFrames::new(settings.dialect.clone(), host.agreement);
        let provider = IsoHost::new(settings, host.script.clone(), Moment::default());
        Self {
            bridge,
            config: host.clone(),
            dead_from: of.dead_from,
            client: None,
            provider: provider.expect("its dialect has room for everything"),
            polled: None,
            sockets: BTreeMap::new(),
            opened: 0,
            fixed: None,
            frames,
            rng,
            reports: Vec::new(),
        }
    }

    /// The process that lives; 0: none.
    pub(super) fn life(&self) -> u32 {
        self.client.as_ref().map_or(0, |client| client.life)
    }

    /// Whether the process's requests have a connection to go to, or may wait for one.
    pub(super) fn is_within_reach(&self, now: Moment) -> bool {
        self.client.as_ref().is_some_and(|client| client.host.is_within_reach(now))
    }

    /// A process has started.
    pub(super) fn started(&mut self, turn: &mut HostTurn<'_>, life: u32) {
        let host = self.config.client(self.rng.throw());
        self.client = Some(Client { life, host, waiting: VecDeque::new(), armed: None });
        self.handle(turn, life, HostEvent::Tick);
    }

    /// The process is gone, and its ends of all sockets; what it has written is on its way.
    pub(super) fn ended(&mut self, queue: &mut Queue, now: Moment) {
        self.client = None;
        self.sockets.retain(|_, socket| socket.is_accepted);
        for (number, socket) in &mut self.sockets {
            if std::mem::take(&mut socket.is_held) {
                let at = socket.after(now, Way::Down, Span::ms(1));
                push(queue, at, (self.bridge, 0), HostEvent::Ended(*number, Way::Down));
            }
        }
    }

    /// What comes of an event; `life` is that of the process that it is about.
    pub(super) fn handle(
        &mut self,
        turn: &mut HostTurn<'_>,
        life: u32,
        event: HostEvent,
    ) -> Vec<Report> {
        let now = turn.now();
        let mut client = self.client.take();
        let living = client.as_mut().filter(|client| client.life == life);
        match (event, living) {
            (HostEvent::Take(exchange), Some(client)) => client.waiting.push_back(*exchange),
            (HostEvent::Tick, Some(client)) => {
                client.armed = None;
                client.host.tick(now);
            }
            (HostEvent::Take(_) | HostEvent::Tick, None) => {}
            (HostEvent::Poll, _) => self.polled = None,
            (event, living) => self.on_socket(turn, living, event),
        }
        if let Some(client) = &mut client {
            self.drive(turn, client);
        }
        self.client = client;
        self.poll(turn);
        std::mem::take(&mut self.reports)
    }

    /// Something about a socket; `client` is the process that has it, while it lives.
    fn on_socket(
        &mut self,
        turn: &mut HostTurn<'_>,
        client: Option<&mut Client>,
        event: HostEvent,
    ) {
        let now = turn.now();
        let (HostEvent::Opened(number)
        | HostEvent::Refused(number)
        | HostEvent::Written(number)
        | HostEvent::Bytes(number, ..)
        | HostEvent::Ended(number, _)) = event
        else {
            return;
        };
        let Some(socket) = self.sockets.get_mut(&number) else { return };
        let connection = socket.connection;
        let client = client.filter(|_| socket.is_held);
        match event {
            HostEvent::Opened(_) => {
                let Some(client) = client else { return };
                socket.is_accepted = true;
                self.provider.connected(turn.now, number);
                client.host.connected(now, connection);
            }
            HostEvent::Written(_) => socket.is_blocked = false,
            HostEvent::Bytes(_, Way::Down, bytes) => {
                if socket.is_accepted {
                    self.provider.receive(turn.now, number, &bytes);
                }
            }
            HostEvent::Bytes(_, Way::Up, bytes) => {
                let Some(client) = client else { return };
                self.frames.read(turn.witness, (turn.now, self.bridge), &mut socket.heard, &bytes);
                client.host.received(now, connection, &bytes);
            }
            HostEvent::Ended(_, Way::Down) => {
                if std::mem::take(&mut socket.is_accepted) {
                    self.provider.disconnected(number);
                }
            }
            HostEvent::Ended(_, Way::Up) | HostEvent::Refused(_) => {
                socket.is_held = false;
                if let Some(client) = client {
                    client.host.lost(now, connection);
                }
            }
            HostEvent::Take(_) | HostEvent::Tick | HostEvent::Poll => {}
        }
        if !socket.is_held && !socket.is_accepted {
            self.sockets.remove(&number);
        }
    }

    /// One turn of the task that owns the client, as it is in the server.
    fn drive(&mut self, turn: &mut HostTurn<'_>, client: &mut Client) {
        while client.host.wants_request()
            && let Some(exchange) = client.waiting.pop_front()
        {
            self.reports.push(Report::Taken);
            turn.witness.host_takes(self.bridge, &exchange);
            turn.witness.logged(turn.now, &exchange);
            client.host.request(turn.now(), exchange);
        }
        while let Some(action) = client.host.next_action() {
            match action {
                Action::Connect(connection) => self.connect(turn, client.life, connection),
                Action::Close(connection) => self.close(turn, connection),
                Action::Done(exchange, result) => {
                    let request = exchange.request();
                    turn.witness.host_done(turn.now, self.bridge, request, &result);
                    self.reports.push(Report::Done(exchange, result));
                }
                Action::Late(request, result) => {
                    turn.witness.host_late(turn.now, self.bridge, &request, &result);
                    self.reports.push(Report::Late(request, result));
                }
                Action::Note(note) => turn.witness.logged(turn.now, &note),
            }
        }
        turn.witness.host_turn_ends(turn.now, self.bridge);
        self.flush(turn, (client.life, &mut client.host));
        let due = client.host.deadline();
        if let Some(at) = due.filter(|at| client.armed.is_none_or(|armed| *at < armed)) {
            let at = at.max(turn.now.after(Span(1)));
            client.armed = Some(at);
            push(turn.queue, at, (self.bridge, client.life), HostEvent::Tick);
        }
    }

    /// Whatever the host has to send, and when it is to be asked again.
    fn poll(&mut self, turn: &mut HostTurn<'_>) {
        while let Some(output) = self.provider.poll(turn.now) {
            match output {
                Output::Send { connection, bytes } => {
                    self.notice_two_faces(turn.now, &bytes);
                    self.carry(turn, connection, Way::Up, &bytes);
                }
                Output::Close { connection } => {
                    let Some(socket) = self.sockets.get_mut(&connection) else { continue };
                    socket.is_accepted = false;
                    let at = socket.after(turn.now, Way::Up, Span::ms(1));
                    let life = socket.life;
                    if socket.is_held && !socket.is_silent {
                        let ended = HostEvent::Ended(connection, Way::Up);
                        push(turn.queue, at, (self.bridge, life), ended);
                    }
                }
                Output::Log(_) | Output::Note(_) => {}
            }
        }
        let due = self.provider.deadline(turn.now);
        if let Some(at) = due.filter(|at| self.polled.is_none_or(|polled| *at < polled)) {
            let at = at.max(turn.now.after(Span(1)));
            self.polled = Some(at);
            push(turn.queue, at, (self.bridge, 0), HostEvent::Poll);
        }
    }

    /// A refusal of what the book has as done: somebody has to say so until it is read.
    fn notice_two_faces(&mut self, now: Moment, bytes: &[u8]) {
        let (provider, reports) = (&self.provider, &mut self.reports);
        self.frames.each(bytes, |view| {
            if let Some((reference, found)) = contradiction(provider, now, view) {
                reports.push(Report::TwoFaced(reference, found));
            }
        });
    }

    /// The chaos is over.
    pub(super) fn calm_down(&mut self) {
        self.provider.follow(self.config.calm.clone());
        for socket in self.sockets.values_mut() {
            socket.mishap = None;
        }
    }

    /// The book as it is now; deals that the gateway's reference names.
    pub(super) fn book(&self, now: Moment) -> Vec<(&str, ProviderTransaction)> {
        let deals = self.provider.book().deals().into_iter().map(|(_, deal)| deal);
        let asked =
            deals.filter(|deal| matches!(deal.kind, DealKind::Authorisation | DealKind::Sale));
        let entry = |deal: &crate::provider::iso8583::Deal| ProviderTransaction {
            service: 0,
            amount_minor: deal.amount_minor,
            subscriber: deal.account.clone(),
            lookup: deal.lookup.clone(),
            standing: deal.status_at(now),
            times: deal.times,
            confirmed: deal.confirmed,
        };
        asked.map(|deal| (&*deal.reference, entry(deal))).collect()
    }

    pub(super) fn standing(&self, now: Moment, reference: &str) -> Option<DealStatus> {
        let deals = self.provider.book().deals();
        let mut named = deals.iter().filter(|(_, deal)| &*deal.reference == reference);
        named.next().map(|(_, deal)| deal.status_at(now))
    }

    /// Bytes that the first socket carried each way.
    pub(super) fn carried(&self, way: Way) -> usize {
        self.sockets.get(&1).map_or(0, |socket| socket.carried(way))
    }
}

/// What the book says otherwise than a refusal that is sent.
fn contradiction(
    provider: &IsoHost,
    now: Moment,
    view: &View<'_>,
) -> Option<(String, ProviderResult)> {
    let text = |number| view.text(number).unwrap_or_default();
    if &view.mti().0 != b"0210" || matches!(text(39).as_str(), "00" | "09") {
        return None;
    }
    let terminal = text(41).trim().into();
    let key = DealKey { terminal, stan: text(11).parse().ok()?, transmitted: text(7).into() };
    let deal = provider.book().deal(&key)?;
    let reference = Text::from(&deal.authorisation).ok()?;
    let found = ProviderResult::Outcome(ProviderOutcome::Approved { reference, chip: None });
    let is_done = deal.status_at(now) == DealStatus::Approved;
    is_done.then(|| (deal.reference.to_string(), found))
}

pub(super) fn push(queue: &mut Queue, at: Moment, (bridge, life): (u16, u32), event: HostEvent) {
    queue.push(at, Event::Host { bridge, life, event });
}
