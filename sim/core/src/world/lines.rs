//! Bridges, the lines behind them, and the providers at their ends. What a bridge sends, and what
//! an answer or a lost connection means, is the gateway's own code: [`HttpJson`], [`Exchange`] and
//! [`Intake`]. Here are the queue, the connections and what happens to them.
//!
//! ```text
//!   writer ──request──▶ bridge ──message──▶ provider     queued, lost, late, or never sent
//!        ◀──result───        ◀──message──               lost, late, lying, or reported twice
//!                 └─ reports by its deadline; or forgets all about it
//! ```

mod books;
mod host;
mod hosts;
mod socket;
mod sockets;

use http::{Request, Response};
use tillgate_core::card::CardData;
use tillgate_core::provider::http_json::HttpJson;
use tillgate_core::provider::{
    self, Exchange, Intake, Provider as _, ProviderRequest, ProviderRequestKind, ProviderResult,
    Step,
};
use tillgate_store_core::{Key, ProviderOutcome, ResponseCode, Text};

pub(super) use self::host::HostEvent;
use self::host::HostLine;
use super::config::{self, Stream};
use super::event::Event;
use super::queue::Queue;
use crate::provider::{Honesty, HttpProvider, Lies};
use crate::rng::Rng;
use crate::time::{Moment, Span};

/// Something on a line.
pub(super) struct Message {
    bridge: usize,
    ticket: usize,
    leg: Leg,
}

enum Leg {
    There(Box<Request<Vec<u8>>>),
    Back(Box<Response<Vec<u8>>>, Honesty),
}

/// One request of a bridge.
struct Ticket {
    life: u32,
    exchange: Exchange,
    /// Whether the writer still waits for its result.
    open: bool,
    /// Nothing is ever reported of it.
    forgotten: bool,
}

/// How much later than a bridge's patience a late message is, at most: below the gateway's own
/// belief that nothing can be on its way any more.
const LATE_MAX: Span = Span::s(30);

/// The same of what waited in a bridge's queue until then: it may be late on top of it.
const QUEUED_LATE_MAX: Span = Span::s(25);

/// Of 1000 requests on a bad line, how many find that their kept connection has ended.
const STALE_PERMILLE: u16 = 60;

/// One bridge and its provider.
struct Line {
    config: config::Bridge,
    http_json: HttpJson,
    provider: HttpProvider,
    /// In the place of the two, if it speaks ISO 8583.
    host: Option<Box<HostLine>>,
    /// Of the process of this life.
    intake: (u32, Intake),
    /// What its writer received last.
    shunned_until: Moment,
    /// Requests that wait in its queue, as the world counts them.
    waiting: usize,
}

/// All of them.
pub(super) struct Lines {
    lines: Vec<Line>,
    tickets: Vec<Ticket>,
    rng: Rng,
    memory: Rng,
    queue: Rng,
    connections: Rng,
    pub(super) calm: bool,
    /// Deals whose providers still have to say that they were done after all.
    pub(super) callbacks: u32,
}

impl Lines {
    pub(super) fn new(bridges: &[config::Bridge], seed: u64) -> Self {
        Self {
            lines: (0..)
                .zip(bridges)
                .map(|(place, bridge)| Line::new(place, bridge, seed))
                .collect(),
            tickets: Vec::new(),
            rng: Stream::LineRun.rng(seed),
            memory: Stream::ForgetRun.rng(seed),
            queue: Stream::QueueRun.rng(seed),
            connections: Stream::ConnectionRun.rng(seed),
            calm: false,
            callbacks: 0,
        }
    }

    /// Takes a request; a result is reported, unless the bridge forgets it. `false` if the queue
    /// holds more than it has room for then.
    pub(super) fn order(
        &mut self,
        queue: &mut Queue,
        now: Moment,
        life: u32,
        (request, card): (ProviderRequest, Option<Box<CardData>>),
    ) -> bool {
        let bridge = usize::from(request.bridge);
        let line = &mut self.lines[bridge];
        if line.intake(life).admit(now, &request).is_err() {
            let found = request.not_sent();
            let ProviderRequest { key, bridge, .. } = request;
            let refused = Event::ProviderResult { life, key, bridge, found };
            queue.push(now.after(Span(1)), refused);
            return true;
        }
        if line.host.is_some() {
            return self.order_of_host(queue, now, life, (request, card));
        }
        let ticket = self.tickets.len();
        let forgotten = self.memory.chance(line.config.forgotten_permille) && !self.calm;
        let exchange = Exchange::new(request, now, line.config.deadline).with_card(card);
        self.tickets.push(Ticket { life, exchange, open: true, forgotten });
        self.lines[bridge].waiting += 1;
        let fits = self.lines[bridge].waiting <= self.lines[bridge].config.room;
        match self.wait(bridge) {
            None => self.begin(queue, now, now, ticket),
            Some(wait) => queue.push(now.after(wait), Event::Leave { life, ticket }),
        }
        fits
    }

    /// The next bridge that sales are to shun otherwise than the writer of this life knows.
    pub(super) fn shunned(&mut self, life: u32) -> Option<(u16, Moment)> {
        for (bridge, line) in (0..).zip(&mut self.lines) {
            let until = line.intake(life).shun_until();
            if std::mem::replace(&mut line.shunned_until, until) != until {
                return Some((bridge, until));
            }
        }
        None
    }

    /// A request leaves its bridge's queue. One that waited long may take long on its way, too,
    /// also when it is calm by then.
    pub(super) fn left(&mut self, queue: &mut Queue, now: Moment, ticket: usize) {
        let on_its_way = self.queue.between(Span::ZERO, QUEUED_LATE_MAX);
        let slow = self.queue.chance(300);
        self.begin(queue, now, if slow { now.after(on_its_way) } else { now }, ticket);
    }

    /// Runs a request's exchange until its message is on the line.
    fn begin(&mut self, queue: &mut Queue, now: Moment, leaves: Moment, ticket: usize) {
        let bridge = self.bridge_of(ticket);
        let unsent_permille = self.lines[bridge].config.unsent_permille;
        let refused = self.befalls(unsent_permille);
        let life = self.tickets[ticket].life;
        self.lines[bridge].intake(life).taken();
        self.lines[bridge].waiting -= 1;
        let exchange = &mut self.tickets[ticket].exchange;
        let mut step = if exchange.may_go_without_card() {
            exchange.begin(now)
        } else {
            Step::Done(exchange.has_no_form())
        };
        loop {
            let event = match step {
                Step::Connect if refused => provider::Event::Refused,
                Step::Connect => provider::Event::Connected,
                Step::Send if unsent_permille > 0 && self.is_stale() => provider::Event::Stale,
                Step::Send => break,
                Step::Done(result) => {
                    // A lookup has nothing that could be admitted.
                    let kind = self.tickets[ticket].exchange.request().kind;
                    let asks = kind == ProviderRequestKind::Lookup;
                    let admits = self.lines[bridge].config.admits && !asks;
                    let not_sent = ProviderOutcome::NotSent { code: ResponseCode(*b"91") };
                    let result = if admits { ProviderResult::Outcome(not_sent) } else { result };
                    return self.done(queue, now, ticket, result);
                }
            };
            step = self.tickets[ticket].exchange.handle(now, event);
        }
        let Ticket { life, ref exchange, forgotten, .. } = self.tickets[ticket];
        if !forgotten {
            let event = provider::Event::Deadline;
            queue.push(exchange.due(), Event::Connection { life, ticket, event });
        }
        let message = self.lines[bridge].http_json.request(exchange.request());
        let message = message.expect("it has a form for every request");
        self.carry(queue, leaves, Message { bridge, ticket, leg: Leg::There(Box::new(message)) });
    }

    fn is_stale(&mut self) -> bool {
        !self.calm && self.connections.chance(STALE_PERMILLE)
    }

    /// How long a request waits in its bridge's queue; as long as the bridge has, or longer: it is
    /// given up on without having left.
    fn wait(&mut self, bridge: usize) -> Option<Span> {
        let config::Bridge { deadline, queued_permille, .. } = self.lines[bridge].config;
        if self.calm || !self.queue.chance(queued_permille) {
            return None;
        }
        let short = self.queue.between(Span::ZERO, Span(deadline.0 + deadline.0 / 8));
        let long = Span(deadline.0 - self.queue.between(Span(1), Span::s(1)).0);
        Some(if self.queue.chance(400) { long } else { short })
    }

    /// The request whose message is about to reach its provider.
    pub(super) fn reaches(&self, message: &Message) -> Option<ProviderRequest> {
        let request = || *self.tickets[message.ticket].exchange.request();
        matches!(message.leg, Leg::There(_)).then(request)
    }

    /// Something has arrived; an answer about something else gives what it was read as, which must
    /// be nothing.
    pub(super) fn arrived(
        &mut self,
        queue: &mut Queue,
        now: Moment,
        message: Message,
    ) -> Option<(Key, ProviderResult)> {
        let Message { bridge, ticket, leg } = message;
        let line = &mut self.lines[bridge];
        match leg {
            Leg::There(request) => {
                let lies = if self.calm { Lies::default() } else { line.config.lies };
                let answer = line.provider.receive(now, &request, lies);
                let response = Box::new(answer.response?);
                let leg = Leg::Back(response, answer.honesty);
                self.carry(queue, now.after(answer.after), Message { bridge, ticket, leg });
                None
            }
            Leg::Back(response, honesty) => {
                let request = *self.tickets[ticket].exchange.request();
                let found = line.http_json.interpret(&request, &response);
                let believed = (honesty == Honesty::Lie).then(|| found.clone()).flatten();
                self.report(queue, now, ticket, found);
                believed.map(|found| (request.key, found))
            }
        }
    }

    /// The connection of a request ends, or its time does: what it means, unless it has its result.
    pub(super) fn happened(
        &mut self,
        queue: &mut Queue,
        now: Moment,
        ticket: usize,
        event: provider::Event,
    ) {
        let Ticket { exchange, open: true, forgotten: false, .. } = &mut self.tickets[ticket]
        else {
            return;
        };
        if let Step::Done(result) = exchange.handle(now, event) {
            self.done(queue, now, ticket, result);
        }
    }

    /// An answer, with its meaning.
    fn report(
        &mut self,
        queue: &mut Queue,
        now: Moment,
        ticket: usize,
        found: Option<ProviderResult>,
    ) {
        let config::Bridge { twice_permille, two_faced_permille, .. } =
            self.lines[self.bridge_of(ticket)].config;
        let again = self.befalls(twice_permille);
        let Ticket { life, ref mut exchange, open, forgotten } = self.tickets[ticket];
        // What comes after the bridge gave up reaches the writer only if the bridge listens on.
        if forgotten || !(open || again) {
            return;
        }
        let ProviderRequest { key, kind, bridge, .. } = *exchange.request();
        let approved =
            matches!(found, Some(ProviderResult::Outcome(ProviderOutcome::Approved { .. })));
        let result = match exchange.handle(now, provider::Event::Answered(found)) {
            Step::Done(result) => result,
            step => unreachable!("an answer ends an exchange, and not with {step:?}"),
        };
        let later = |rng: &mut Rng| now.after(rng.between(Span::ms(1), Span::s(20)));
        let done = approved && kind == ProviderRequestKind::Authorize;
        if done && !self.calm && self.rng.chance(two_faced_permille) {
            // First it says no; that it was done is reported later, until somebody listens.
            queue.push(later(&mut self.rng), Event::Callback { key, bridge, found: result });
            self.callbacks += 1;
            let (code, reference) = (ResponseCode(*b"05"), Text::new());
            let declined = ProviderOutcome::Declined { code, reference, chip: None };
            return self.done(queue, now, ticket, ProviderResult::Outcome(declined));
        }
        if again {
            let found = result.clone();
            queue.push(later(&mut self.rng), Event::ProviderResult { life, key, bridge, found });
        }
        self.done(queue, now, ticket, result);
    }

    /// A request has a result, which is reported.
    fn done(&mut self, queue: &mut Queue, now: Moment, ticket: usize, result: ProviderResult) {
        let bridge = self.bridge_of(ticket);
        let line = &mut self.lines[bridge];
        let Ticket { life, ref exchange, ref mut open, forgotten } = self.tickets[ticket];
        let ProviderRequest { key, kind, bridge, .. } = *exchange.request();
        if std::mem::take(open) {
            match exchange.is_telling() {
                true => line.intake(life).observe(now, kind, &result),
                false => line.intake(life).pass_over(now, kind),
            }
        }
        if forgotten {
            return;
        }
        let unsent = matches!(&result, ProviderResult::Outcome(ProviderOutcome::NotSent { .. }));
        let twice_permille = self.lines[usize::from(bridge)].config.twice_permille;
        if unsent && self.befalls(twice_permille) {
            let again = now.after(self.rng.between(Span::ms(1), Span::s(5)));
            let found = result.clone();
            queue.push(again, Event::ProviderResult { life, key, bridge, found });
        }
        queue.push(now, Event::ProviderResult { life, key, bridge, found: result });
    }

    fn bridge_of(&self, ticket: usize) -> usize {
        usize::from(self.tickets[ticket].exchange.request().bridge)
    }

    fn carry(&mut self, queue: &mut Queue, from: Moment, message: Message) {
        let config::Bridge { latency, lost_permille, late_permille, deadline, dead_from, .. } =
            self.lines[message.bridge].config;
        if dead_from.is_some_and(|dead| dead <= from) {
            return;
        }
        if self.befalls(lost_permille) {
            if self.connections.chance(500) {
                // With its connection, which somebody notices.
                let (ticket, event) = (message.ticket, provider::Event::Lost);
                let at = from.after(self.connections.between(Span::ms(1), deadline));
                let life = self.tickets[ticket].life;
                queue.push(at, Event::Connection { life, ticket, event });
            }
            return;
        }
        let mut at = from.after(self.rng.between(latency.0, latency.1));
        if self.befalls(late_permille) {
            at = at.after(self.rng.between(deadline.min(LATE_MAX), LATE_MAX));
        }
        queue.push(at, Event::Line(message));
    }

    fn befalls(&mut self, permille: u16) -> bool {
        !self.calm && self.rng.chance(permille)
    }
}

impl Line {
    fn new(place: u16, bridge: &config::Bridge, seed: u64) -> Self {
        let rng = Stream::HostRun.rng(seed ^ u64::from(place));
        let host = bridge.host.as_ref();
        let host = host.map(|host| Box::new(HostLine::new(place, bridge, host, rng)));
        let (authority, path) = ("provider.example:80".to_owned(), "/topups".to_owned());
        Self {
            config: bridge.clone(),
            http_json: HttpJson { authority, path },
            provider: HttpProvider::new(bridge.behaviour.clone()),
            host,
            intake: (0, Intake::new(bridge.room, bridge.sales_per_s)),
            shunned_until: Moment::default(),
            waiting: 0,
        }
    }

    /// The intake of a process; a new one starts with a closed breaker and an empty queue.
    fn intake(&mut self, life: u32) -> &mut Intake {
        if life > self.intake.0 {
            self.intake = (life, Intake::new(self.config.room, self.config.sales_per_s));
            self.shunned_until = Moment::default();
            self.waiting = 0;
        }
        &mut self.intake.1
    }
}
