//! Bridges, the lines behind them, and the providers at their ends.
//!
//! ```text
//!   writer ──order──▶ bridge ──message──▶ provider     queued, lost, late, or never sent
//!        ◀──found──        ◀──message──              lost, late, or reported twice
//!                 └─ gives up at its deadline: unknown; or forgets all about it
//! ```

use tillgate_core::provider::{ProviderRequest, ProviderRequestKind, ProviderResult};
use tillgate_store_core::{Code, Key, ProviderOutcome, Text};

use super::config::{self, Stream};
use super::event::Event;
use super::queue::Queue;
use crate::provider::{DealStatus, Provider, ProviderTransaction, Request, Reversal, Say};
use crate::rng::Rng;
use crate::time::{Moment, Span};

/// Something on a line.
pub(super) struct Message {
    bridge: usize,
    ticket: usize,
    leg: Leg,
}

enum Leg {
    There(Box<ProviderRequest>),
    Back(Say),
}

/// One errand of a bridge.
struct Ticket {
    life: u32,
    key: Key,
    purpose: ProviderRequestKind,
    attempt: u32,
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

/// One bridge and its provider.
struct Line {
    config: config::Bridge,
    provider: Provider,
}

/// All of them.
pub(super) struct Lines {
    lines: Vec<Line>,
    tickets: Vec<Ticket>,
    rng: Rng,
    memory: Rng,
    queue: Rng,
    pub(super) calm: bool,
    /// Deals whose providers still have to say that they were done after all.
    pub(super) callbacks: u32,
}

impl Lines {
    pub(super) fn new(bridges: &[config::Bridge], seed: u64) -> Self {
        let line = |bridge: &config::Bridge| Line {
            config: bridge.clone(),
            provider: Provider::new(bridge.behaviour.clone()),
        };
        let lines = bridges.iter().map(line).collect();
        Self {
            lines,
            tickets: Vec::new(),
            rng: Stream::LineRun.rng(seed),
            memory: Stream::ForgetRun.rng(seed),
            queue: Stream::QueueRun.rng(seed),
            calm: false,
            callbacks: 0,
        }
    }

    /// Takes an order; a result comes back by its deadline, unless the bridge forgets it.
    pub(super) fn order(
        &mut self,
        queue: &mut Queue,
        now: Moment,
        life: u32,
        order: ProviderRequest,
    ) {
        let bridge = usize::from(order.bridge);
        let ticket = self.tickets.len();
        let forgotten = self.memory.chance(self.lines[bridge].config.forgotten_permille);
        let forgotten = forgotten && !self.calm;
        self.tickets.push(Ticket {
            life,
            key: order.key,
            purpose: order.kind,
            attempt: order.attempt,
            open: true,
            forgotten,
        });
        let unsent = self.lines[bridge].config.unsent_permille;
        if self.befalls(unsent) {
            self.tickets[ticket].open = false;
            let first = order.kind == ProviderRequestKind::Authorize && order.attempt <= 1;
            let first = first || self.lines[bridge].config.admits;
            let finding = if first {
                ProviderOutcome::NotSent { code: Code(*b"91") }
            } else {
                ProviderOutcome::Unknown
            };
            let found = Event::ProviderResult {
                life,
                key: order.key,
                found: ProviderResult::Outcome(finding),
            };
            return queue.push(now.after(Span::ms(1)), found);
        }
        if !forgotten {
            let patience = now.after(self.lines[bridge].config.deadline);
            queue.push(patience, Event::GiveUp { life, ticket });
        }
        let message = Message { bridge, ticket, leg: Leg::There(Box::new(order)) };
        match self.wait(bridge) {
            None => self.carry(queue, now, message),
            Some(wait) if wait < self.lines[bridge].config.deadline => {
                queue.push(now.after(wait), Event::Leave { life, message });
            }
            Some(_) => {}
        }
    }

    /// An order leaves its bridge's queue. One that waited long may take long on its way, too.
    pub(super) fn left(&mut self, queue: &mut Queue, now: Moment, message: Message) {
        let on_its_way = self.queue.between(Span::ZERO, QUEUED_LATE_MAX);
        let slow = !self.calm && self.queue.chance(300);
        self.carry(queue, if slow { now.after(on_its_way) } else { now }, message);
    }

    /// How long an order waits in its bridge's queue; as long as the bridge has, or longer: it is
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

    /// Something has arrived; gives what the writer is told because of it, and in which life.
    pub(super) fn arrived(&mut self, queue: &mut Queue, now: Moment, message: Message) {
        let Message { bridge, ticket, leg } = message;
        match leg {
            Leg::There(order) => {
                let (after, say) = self.lines[bridge].hear(now, &order);
                if say != Say::Nothing {
                    let back = Message { bridge, ticket, leg: Leg::Back(say) };
                    self.carry(queue, now.after(after), back);
                }
            }
            Leg::Back(say) => self.report(queue, now, bridge, ticket, say),
        }
    }

    /// A bridge's patience has ended; what it says then, if nothing was said before.
    pub(super) fn gave_up(&mut self, ticket: usize) -> Option<(Key, ProviderResult)> {
        let ticket = &mut self.tickets[ticket];
        std::mem::take(&mut ticket.open)
            .then_some((ticket.key, ProviderResult::Outcome(ProviderOutcome::Unknown)))
    }

    /// How a deal stands in some provider's book, as a person at the telephone is told.
    pub(super) fn standing(&self, now: Moment, reference: &str) -> Option<DealStatus> {
        let asked = self.lines.iter().map(|line| line.provider.standing(now, reference));
        asked.flatten().next()
    }

    /// Every provider's book as it stands now, by bridge.
    pub(super) fn books(&self, now: Moment) -> Vec<Vec<(&str, ProviderTransaction)>> {
        self.lines.iter().map(|line| line.provider.book(now)).collect()
    }

    fn report(&mut self, queue: &mut Queue, now: Moment, bridge: usize, ticket: usize, say: Say) {
        let twice = self.lines[bridge].config.twice_permille;
        let again = self.befalls(twice);
        let Ticket { life, key, purpose, attempt, open, forgotten } = &mut self.tickets[ticket];
        let (life, key) = (*life, *key);
        if *forgotten {
            return;
        }
        // What comes after the bridge gave up reaches the writer only if the bridge listens on.
        if !std::mem::take(open) && !again {
            return;
        }
        let two_faced = self.lines[bridge].config.two_faced_permille;
        let done = matches!(say, Say::Approved(_)) && *purpose == ProviderRequestKind::Authorize;
        let Some(found) = found(*purpose, *attempt, say) else { return };
        if done && !self.calm && self.rng.chance(two_faced) {
            // First it says no; that it was done is reported later, until somebody listens.
            let later = now.after(self.rng.between(Span::ms(1), Span::s(20)));
            queue.push(later, Event::Callback { key, found });
            self.callbacks += 1;
            let code = Code(*b"05");
            let found =
                ProviderResult::Outcome(ProviderOutcome::Declined { code, reference: Text::new() });
            return queue.push(now, Event::ProviderResult { life, key, found });
        }
        if again {
            let later = now.after(self.rng.between(Span::ms(1), Span::s(20)));
            queue.push(later, Event::ProviderResult { life, key, found: found.clone() });
        }
        queue.push(now, Event::ProviderResult { life, key, found });
    }

    fn carry(&mut self, queue: &mut Queue, from: Moment, message: Message) {
        let config::Bridge { latency, lost_permille, late_permille, deadline, .. } =
            self.lines[message.bridge].config;
        let dead_from = self.lines[message.bridge].config.dead_from;
        if dead_from.is_some_and(|dead| dead <= from) || self.befalls(lost_permille) {
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
    fn hear(&mut self, now: Moment, order: &ProviderRequest) -> (Span, Say) {
        match order.kind {
            ProviderRequestKind::Authorize => self.provider.request(
                now,
                &Request {
                    reference: &order.reference,
                    service: order.service.0,
                    amount_minor: order.amount_minor,
                    subscriber: &order.subscriber,
                    attempt: order.attempt,
                },
            ),
            ProviderRequestKind::Inquire => {
                (Span::ms(1), self.provider.inquiry(now, &order.reference))
            }
            ProviderRequestKind::Reverse => self.provider.reverse(
                now,
                &Reversal {
                    reference: &order.reference,
                    service: order.service.0,
                    amount_minor: order.amount_minor,
                    attempt: order.attempt,
                },
            ),
            ProviderRequestKind::Advise => (Span::ms(1), self.provider.confirm(&order.reference)),
        }
    }
}

/// What an answer means, as a bridge reads it; `None` for nonsense.
fn found(purpose: ProviderRequestKind, attempt: u32, say: Say) -> Option<ProviderResult> {
    Some(match say {
        Say::Approved(reference) => {
            let reference = Text::from(&reference).ok()?;
            ProviderResult::Outcome(ProviderOutcome::Approved { reference })
        }
        Say::Declined(code) => {
            let code = Code(<[u8; 2]>::try_from(code.as_bytes()).ok()?);
            ProviderResult::Outcome(ProviderOutcome::Declined { code, reference: Text::new() })
        }
        Say::Pending => ProviderResult::Pending,
        Say::Reversed => ProviderResult::Outcome(ProviderOutcome::Reversed),
        Say::Refused => ProviderResult::Outcome(ProviderOutcome::ReversalDeclined),
        Say::Noted => ProviderResult::Outcome(ProviderOutcome::AdviceAcknowledged),
        Say::Unknown if purpose == ProviderRequestKind::Inquire => {
            ProviderResult::NotFound { attempt }
        }
        Say::Unknown if purpose == ProviderRequestKind::Advise => {
            ProviderResult::Outcome(ProviderOutcome::ReversalDeclined)
        }
        Say::Unknown | Say::Nothing => return None,
    })
}
